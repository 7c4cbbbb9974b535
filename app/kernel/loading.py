"""Message 2 of the door: the SQL of what a command has to know, and what its row becomes.

The SQL is constant for a verb, so it is planned once a connection. All sub-statements see one snapshot; what holds after the
lock is asked in functions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.kernel.calendar_store import calendar
from app.kernel.deadlines import Policy, Timing
from app.kernel.ids import NOBODY
from app.kernel.matter import LiveDeadline, Matter, Pause, TimedDeadline, columns_of
from app.kernel.rules import Actor, Role

MATTER_SUBJECT = "SELECT * FROM matter WHERE id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"

RUNS_ON = "CASE WHEN {0}.hours_id IS NULL THEN 'WALL' ELSE {1}.calendar END"
"""The calendar of a deadline, and not that of its policy: what has no hours runs around the clock, as an emergency's does."""

# Everything that the moments of a deadline `d` with its policy `p` are computed from. Whoever writes a pause moves the
# matter's version.
TIMED = f"""jsonb_build_object(
           'id', d.id, 'kind', d.kind, 'started_at', d.started_at, 'budget_seconds', d.budget_seconds,
           'extension_seconds', d.extension_seconds, 'percents', d.percents, 'times', d.times, 'fired', d.fired,
           'stopped_at', d.stopped_at, 'calendar', {RUNS_ON.format("d", "p")}, 'hours_id', d.hours_id,
           'workdays_id', d.workdays_id, 'policy_id', d.policy_id, 'kept', d.kept, 'pause_limit_seconds', p.pause_limit_seconds,
           'pause_total_percent', p.pause_total_percent,
           'pauses', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.from_at, s.id), '[]')
                        FROM deadline_pause s WHERE s.deadline_id = d.id))"""

_TIMED = f"""(
  SELECT jsonb_agg({TIMED} ORDER BY d.started_at, d.id)
    FROM deadline d JOIN deadline_policy p ON p.id = d.policy_id
   WHERE d.matter_id = subject.id AND d.round = subject.round)"""

# What the actor is to a matter that officers hold: their roles at its seat, their post in its unit, their part in it; to an
# order that is somebody else's, whether they keep papers of it: whoever has it needs no such right.
_OFFICE = """CASE WHEN subject.seat_id IS NOT NULL THEN jsonb_build_object(
           'seat', app_roles(subject.seat_id, look.now), 'unit', app_unit(subject.unit_id),
           'parts', app_parts(subject.id))
         WHEN subject.kind = 'order' AND subject.assignee_id IS DISTINCT FROM $1 AND app_keeps_papers(subject.id)
           THEN '{"seat": [], "unit": null, "parts": ["keeper"]}' END"""

_POLICIES = "policies_in_force(subject.place_id, $4, $5, {category})"
_OTHERS = """(
  SELECT jsonb_object_agg(d.id, policies_in_force(subject.place_id, $4, ARRAY[d.kind], {category}, d.started_at) -> 0)
    FROM deadline d WHERE d.matter_id = subject.id AND d.stopped_at IS NULL)"""

ABOUT_NOTHING: tuple[Any, ...] = (NOBODY, None, "{}", "", [], None, NOBODY)
"""Values for message 2 that find nothing: for a connection that gets ready."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Deadlines that a command may start on new matters of another kind beside its subject, at the same place; `category`
    is SQL for theirs."""

    kind: str
    starts: tuple[str, ...]
    category: str


@cache
def load(
    *,
    subject: str,
    facts: str | None,
    is_matter: bool,
    starts: bool,
    timed: bool = False,
    texts: bool = False,
    category: str | None = None,
    beside: Beside | None = None,
) -> str:
    """Message 2: an earlier receipt, the locked subject, the time after the lock, the actor's roles, the room's facts, and
    with `texts` which of those that others will read ($3, `read_by_others`) hold a refused term.

    $1 actor, $2 idempotency key (or NULL), $3 inputs as jsonb, $4 kind of matter, $5 kinds of deadlines that may start
    (then the subject has a category), $6 operation, $7 the log-in. With `category`, SQL for the one that the subject shall have,
    the policies are for it, and `others` are for each live deadline the one that held for it when the deadline started. The
    outer join keeps the receipt when the subject is no longer to be seen. `seen` is the version in the statement's snapshot:
    when it differs from the locked row's, another command came first and everything else that this statement read is old.
    """
    return f"""
WITH subject AS MATERIALIZED ({subject})
SELECT i.fingerprint, i.receipt, look.now, look.active, look.roles, look.seen, look.live,
       subject.*, subject.id IS NOT NULL AS found,
       {"CASE WHEN subject.team_id IS NOT NULL THEN app_team(subject.team_id) END" if is_matter else "NULL::text"} AS team,
       {_OFFICE if is_matter else "NULL::jsonb"} AS office,
       {_TIMED if timed else "NULL::jsonb"} AS timed,
       {_policies(starts, category, beside)} AS policies,
       {_OTHERS.format(category=category) if category else "NULL::jsonb"} AS others,
       {"refused_terms(subject.place_id, $3::jsonb -> 'read_by_others')" if texts else "NULL::jsonb"} AS refused,
       {facts or "NULL::jsonb"} AS facts
  FROM (VALUES ($2::text, $3::jsonb, $4::text, $5::text[], $6::text)) one(key, inputs, kind, starts, operation)
  LEFT JOIN idempotency i ON i.actor_id = $1 AND i.operation = one.operation AND i.key = one.key
  LEFT JOIN subject ON true
  CROSS JOIN LATERAL app_look($7, subject.place_id, {"subject.id" if is_matter else "NULL"}) look"""


def _policies(starts: bool, category: str | None, beside: Beside | None) -> str:
    own = _POLICIES.format(category=category or "subject.category") if starts else "NULL::jsonb"
    if beside is None:
        return own
    kinds = "{" + ",".join(beside.starts) + "}"
    others = f"policies_in_force(subject.place_id, '{beside.kind}', '{kinds}', {beside.category})"
    return f"coalesce({own}, '[]') || coalesce({others}, '[]')"


_NO_OFFICE = b'{"seat": [], "unit": null, "parts": []}'


def actor_of(actor_id: UUID, row: asyncpg.Record) -> Actor:
    office: dict[str, Any] = orjson.loads(row["office"] or _NO_OFFICE)
    return Actor(
        actor_id,
        frozenset(map(Role, row["roles"])),
        row["team"],
        frozenset(map(Role, office["seat"])),
        office["unit"],
        frozenset(office["parts"]),
    )


def matter_of(
    row: asyncpg.Record, detail: Any, timed: list[dict[str, Any]], others: Mapping[UUID, Policy]
) -> Matter[Any]:
    live = orjson.loads(row["live"]) if row["live"] is not None else ()
    running = tuple(
        LiveDeadline(UUID(d["id"]), d["kind"], datetime.fromisoformat(d["next_at"]) if d["next_at"] else None)
        for d in live
    )
    all_of_round = tuple(replace(one, other=others.get(one.id)) for one in map(timed_deadline, timed))
    return Matter(**columns_of(row), kind=row["kind"], detail=detail, live=running, timed=all_of_round)


def timed_deadline(found: Mapping[str, Any]) -> TimedDeadline:
    """A deadline out of the jsonb that message 2 (or a reading) has built; its calendar is known already."""
    pauses = tuple(
        Pause(
            UUID(p["id"]), p["reason"], p["text"], UUID(p["paused_by"]), p["paused_as"],
            _moment(p["from_at"]), _moment(p["until_at"]),
            disputed=p["disputed_at"] is not None, decided=p["decided_at"] is not None, annulled=p["annulled"],
        )
        for p in found["pauses"]
    )  # fmt: skip
    hours, workdays = (UUID(found[name]) if found[name] else None for name in PINNED)
    limit = found["pause_limit_seconds"]
    return TimedDeadline(
        id=UUID(found["id"]),
        kind=found["kind"],
        timing=Timing(
            _moment(found["started_at"]),
            timedelta(seconds=found["budget_seconds"]),
            tuple(found["percents"]),
            calendar(found["calendar"], hours, workdays),
            tuple((pause.from_at, pause.until_at) for pause in pauses if not pause.annulled),
        ),
        times=tuple(_moment(time) for time in found["times"]),
        fired=found["fired"],
        stopped_at=_moment(found["stopped_at"]) if found["stopped_at"] else None,
        pause_limit=None if limit is None else timedelta(seconds=limit),
        pause_total_percent=found["pause_total_percent"],
        calendar_name=found["calendar"],
        hours_id=hours,
        workdays_id=workdays,
        pauses=pauses,
        policy_id=UUID(found["policy_id"]),
        kept=found["kept"],
        extension=timedelta(seconds=found["extension_seconds"]),
    )


PINNED = ("hours_id", "workdays_id")


def pinned(timed: Iterable[Mapping[str, Any]]) -> list[UUID | None]:
    """The ids of the calendars' rows that these deadlines pin."""
    return [UUID(d[name]) for d in timed for name in PINNED if d[name]]


_moment = datetime.fromisoformat
