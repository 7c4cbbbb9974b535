"""What the database holds when the simulation has come to its end: plain values, read by the owner in one snapshot."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import asyncpg

from app.kernel import invariants
from app.simulation.reckoning import Fired, Limit, Message

_ORDERS: Final = """
SELECT m.id::text, m.state, m.round, p.name AS community, m.created_at AS placed_at,
       (SELECT min(h.at) FROM history h WHERE h.matter_id = m.id AND h.action IN ('accept', 'claim')) AS accepted_at,
       (SELECT max(h.at) FROM history h WHERE h.matter_id = m.id AND h.action = 'deliver') AS delivered_at
  FROM matter m JOIN place p ON p.id = m.place_id WHERE m.kind = 'order' ORDER BY m.created_at, m.id"""

_LIMITS: Final = """
SELECT d.id::text, d.matter_id::text, d.kind, d.started_at, d.due_at, d.stopped_at, d.percents, d.times, d.fired,
       h.action AS stopped_by, h.to_state AS left_as
  FROM deadline d LEFT JOIN history h ON h.matter_id = d.matter_id AND h.at = d.stopped_at AND h.action <> 'mark'"""

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
    served: Sequence[tuple[str, str, int]] = ()
    """Every volunteer: name, character, how many orders they delivered."""
    refusals: Counter[tuple[str, str]] = field(default_factory=Counter)
    deliveries: Counter[str] = field(default_factory=Counter)
    races: int = 0
    crowded_races: int = 0
    unread: int = 0
    invariants: Sequence[tuple[str, str, str, int]] = ()
    """Name, Chinese, English, and how many rows break it."""


async def measure(owner: asyncpg.Connection, volunteers: Sequence[tuple[str, str, str]], **known: Any) -> Measured:
    """Read everything in one snapshot; `volunteers` are id, name and character, `known` what the run knows of itself."""
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        delivered = {row["person_id"]: row["times"] for row in await owner.fetch(_SERVED)}
        broken = {found.invariant.name: found.rows for found in await invariants.broken(owner)}
        return Measured(
            **known,
            orders=[OrderFact(**row) for row in await owner.fetch(_ORDERS)],
            actions=Counter(dict(await owner.fetch("SELECT action, count(*) FROM history GROUP BY 1"))),
            limits=[
                Limit(**{**row, "percents": tuple(row["percents"]), "times": tuple(row["times"])})
                for row in await owner.fetch(_LIMITS)
            ],
            fired=[Fired(**row) for row in await owner.fetch(_FIRED)],
            marks_wanted=[(row["kind"], p) for row in await owner.fetch(_MARKS_WANTED) for p in row["percents"]],
            told=[Told(**row) for row in await owner.fetch(_TOLD)],
            of_marks=[Message(**row) for row in await owner.fetch(_TOLD_OF_MARKS)],
            served=[(name, character, delivered.get(person, 0)) for person, name, character in volunteers],
            deliveries=Counter(dict(await owner.fetch("SELECT delivery, count(*) FROM inbox_message GROUP BY 1"))),
            invariants=[(i.name, i.zh, i.en, broken.get(i.name, 0)) for i in invariants.ALL],
        )
