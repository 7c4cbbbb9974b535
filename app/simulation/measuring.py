"""What the database holds when the simulation has come to its end: plain values, read by the owner in one snapshot."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg

from app import invariants
from app.simulation.case_measuring import CasesMeasured, Rates, measure_cases
from app.simulation.profiles import Fate
from app.simulation.reckoning import Fired, Limit, Message

_ORDERS: Final = """
SELECT m.id::text, m.state, m.round, p.name AS community, m.created_at AS placed_at,
       (SELECT min(h.at) FROM history h WHERE h.matter_id = m.id
           AND h.action IN ('accept', 'claim', 'claim_wish', 'book')) AS accepted_at,
       (SELECT max(h.at) FROM history h WHERE h.matter_id = m.id AND h.action = 'deliver') AS delivered_at
  FROM matter m JOIN place p ON p.id = m.place_id WHERE m.kind = 'order' ORDER BY m.created_at, m.id"""

_LIMITS: Final = """
SELECT d.id::text, d.matter_id::text, d.kind, d.started_at, d.due_at, d.stopped_at, d.percents, d.times, d.fired,
       h.action AS stopped_by, h.to_state AS left_as, m.kind AS of
  FROM deadline d JOIN matter m ON m.id = d.matter_id
  LEFT JOIN history h ON h.matter_id = d.matter_id AND h.at = d.stopped_at AND h.action <> 'mark'"""

_ACTIONS: Final = """
SELECT action, count(*) FROM history h JOIN matter m ON m.id = h.matter_id WHERE m.kind = 'order' GROUP BY 1"""

_FIRED: Final = "SELECT deadline_id::text AS limit_id, percent, due_at, fired_at FROM mark"

_TOLD_OF_MARKS: Final = """
SELECT payload ->> 'deadline_id' AS limit_id, (payload ->> 'percent')::int AS percent, payload ->> 'to' AS target,
       person_id::text FROM inbox_message WHERE topic = 'deadline.mark'"""

_TOLD: Final = """
SELECT topic, payload ->> 'deadline' AS limit, (payload ->> 'percent')::int AS percent,
       coalesce(as_role, payload ->> 'to', CASE WHEN i.person_id = m.requester_id THEN 'requester' ELSE 'assignee' END) AS whom,
       count(*) AS times, count(*) FILTER (WHERE nobody_in_post) AS stood_in
  FROM inbox_message i JOIN matter m ON m.id = i.subject_id WHERE i.subject_kind = 'order' GROUP BY 1, 2, 3, 4"""

_MARKS_WANTED: Final = """
SELECT DISTINCT ON (deadline_kind) deadline_kind AS kind, percents FROM deadline_policy
 WHERE place_id IS NULL AND matter_kind = 'order' AND category = '' ORDER BY deadline_kind, version DESC"""

_SERVED: Final = """
SELECT h.actor_id::text AS person_id, count(*) AS times FROM history h WHERE h.action = 'deliver' GROUP BY 1"""


# How many the matcher found fit, among how many volunteers of the place at that moment.
_MATCHED: Final = """
SELECT (h.note ->> 'among')::int AS fit,
       (SELECT count(DISTINCT g.person_id) FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
         WHERE a.place_id = m.place_id AND g.role = 'volunteer' AND g.starts_at <= h.at
           AND (g.ends_at IS NULL OR g.ends_at > h.at)) AS among
  FROM history h JOIN matter m ON m.id = h.matter_id WHERE h.action = 'match'"""

_REASONS: Final = """
SELECT 'reject' AS action, reject_reason AS reason, count(*) AS times FROM order_detail WHERE reject_reason IS NOT NULL GROUP BY 2
UNION ALL
SELECT action, note ->> 'reason', count(*) FROM history WHERE action IN ('abort', 'call_off') GROUP BY 1, 2"""

_RATED: Final = "SELECT round, solved, count(*) AS times FROM rating GROUP BY 1, 2"

_KINDS: Final = """
SELECT d.form, m.state, count(*) AS times FROM order_detail d JOIN matter m ON m.id = d.matter_id
 WHERE d.form <> 'visit' GROUP BY 1, 2"""

_PLACED: Final = """
SELECT (SELECT count(*) FROM matter m
         WHERE m.kind = 'order' AND m.placed_by = m.requester_id AND m.requester_id <> m.beneficiary_id) AS represented,
       (SELECT count(*) FROM history WHERE action = 'start' AND note ? 'unverified') AS unverified,
       (SELECT count(DISTINCT h.matter_id) FROM history h JOIN matter m ON m.id = h.matter_id
         WHERE h.action IN ('offer', 'accept', 'assign') AND m.team_id IS NOT NULL) AS team,
       (SELECT coalesce(sum(s.capacity), 0) FROM service_slot s) AS places,
       (SELECT coalesce(sum(jsonb_array_length(p.papers)), 0) FROM order_papers p WHERE p.action = 'handed_over') AS papers_out,
       (SELECT coalesce(sum(jsonb_array_length(p.papers)), 0) FROM order_papers p WHERE p.action = 'returned') AS papers_back"""

# What happened on each order and case: actions, and marks as limit and percent. What a unit did belongs to its case.
_SHOWN: Final = """
SELECT coalesce(a.case_id, m.id)::text AS id, CASE m.kind WHEN 'order' THEN h.action ELSE m.kind || ' ' || h.action END AS what
  FROM history h JOIN matter m ON m.id = h.matter_id LEFT JOIN assignment_detail a ON a.matter_id = m.id
UNION
SELECT coalesce(a.case_id, m.id)::text, d.kind || ' ' || k.percent
  FROM mark k JOIN deadline d ON d.id = k.deadline_id JOIN matter m ON m.id = d.matter_id
  LEFT JOIN assignment_detail a ON a.matter_id = m.id"""


@dataclass(frozen=True, slots=True)
class Served:
    """A volunteer: how many orders they delivered, and how many they take a day."""

    name: str
    character: str
    times: int
    capacity: int


@dataclass(frozen=True, slots=True)
class OrderFact:
    """One order: where it ended, and when it was first accepted and last delivered (None: never)."""

    id: str
    state: str
    round: int
    community: str
    placed_at: datetime
    accepted_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Told:
    """How often somebody was told something. `stood_in`: how often an administrator in the place of an empty post."""

    topic: str
    limit: str | None
    percent: int | None
    whom: str
    times: int
    stood_in: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All that the report is made from."""

    command: str
    made_at: datetime
    profile: str
    profile_zh: str
    seed: int
    begins: datetime
    ended: datetime
    real_seconds: float
    requests: int
    orders: Sequence[OrderFact] = ()
    actions: Counter[str] = field(default_factory=Counter)
    limits: Sequence[Limit] = ()
    fired: Sequence[Fired] = ()
    marks_wanted: Sequence[tuple[str, int]] = ()
    told: Sequence[Told] = ()
    of_marks: Sequence[Message] = ()
    served: Sequence[Served] = ()
    """Every volunteer."""
    suggested: Sequence[tuple[int, int]] = ()
    """What dispatchers were shown when they looked: how many are fit, among how many volunteers."""
    matched: Sequence[tuple[int, int]] = ()
    """The same of the matcher's offers."""
    reasons: Sequence[tuple[str, str, int]] = ()
    """Action (reject, abort, call_off), reason, how often."""
    rated: Sequence[tuple[int, str, int]] = ()
    """Round, whether it was solved, how often."""
    kinds: Sequence[tuple[str, str, int]] = ()
    """Form other than a visit, state, how many orders."""
    placed: Mapping[str, int] = field(default_factory=dict)
    """Represented, unverified starts, orders of the team, places of service days, papers out and back."""
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    races: int = 0
    crowded_races: int = 0
    unread: int = 0
    unkept: Sequence[tuple[str, Sequence[str]]] = ()
    """Chinese of a fate, and what it is there for and has not shown."""
    invariants: Sequence[tuple[str, str, str, int]] = ()
    """Name, Chinese, English, and how many rows break it."""
    cases: CasesMeasured = field(default_factory=CasesMeasured)


async def measure(
    owner: asyncpg.Connection,
    volunteers: Sequence[tuple[str, str, str, int]],
    fates: Sequence[tuple[str, Fate]],
    rates: Rates,
    **known: Any,
) -> Measured:
    """Read everything in one snapshot; `volunteers` are id, name, character and capacity, `fates` those of orders and cases by
    id, `rates` what the system itself says of its units, `known` what the run knows of itself."""
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        delivered = {row["person_id"]: row["times"] for row in await owner.fetch(_SERVED)}
        broken = {found.invariant.name: found.rows for found in await invariants.broken(owner)}
        return Measured(
            **known,
            orders=[OrderFact(**row) for row in await owner.fetch(_ORDERS)],
            actions=Counter(dict(await owner.fetch(_ACTIONS))),
            limits=[
                Limit(**{**row, "percents": tuple(row["percents"]), "times": tuple(row["times"])})
                for row in await owner.fetch(_LIMITS)
            ],
            fired=[Fired(**row) for row in await owner.fetch(_FIRED)],
            marks_wanted=[(row["kind"], p) for row in await owner.fetch(_MARKS_WANTED) for p in row["percents"]],
            told=[Told(**row) for row in await owner.fetch(_TOLD)],
            of_marks=[Message(**row) for row in await owner.fetch(_TOLD_OF_MARKS)],
            served=[Served(name, zh, delivered.get(person, 0), most) for person, name, zh, most in volunteers],
            matched=[tuple(row) for row in await owner.fetch(_MATCHED)],
            reasons=[tuple(row) for row in await owner.fetch(_REASONS)],
            rated=[tuple(row) for row in await owner.fetch(_RATED)],
            kinds=[tuple(row) for row in await owner.fetch(_KINDS)],
            placed=dict(await owner.fetchrow(_PLACED) or {}),
            deliveries=Counter(dict(await owner.fetch("SELECT delivery, count(*) FROM inbox_message GROUP BY 1"))),
            unkept=await _unkept(owner, fates),
            cases=await measure_cases(owner, rates),
            invariants=[(i.name, i.zh, i.en, broken.get(i.name, 0)) for i in invariants.ALL],
        )


async def _unkept(owner: asyncpg.Connection, fates: Sequence[tuple[str, Fate]]) -> list[tuple[str, Sequence[str]]]:
    """What none of the affairs of a fate has shown."""
    happened: defaultdict[str, set[str]] = defaultdict(set)
    for row in await owner.fetch(_SHOWN):
        happened[row["id"]].add(row["what"])
    missing: dict[str, frozenset[str]] = {}
    for affair, fate in fates:
        missing[fate.zh] = missing.get(fate.zh, fate.shows) - happened[affair]
    return [(zh, sorted(what)) for zh, what in missing.items() if what]
