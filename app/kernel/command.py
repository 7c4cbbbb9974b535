"""The door: how every command runs, in four messages to Postgres.

1 BEGIN with the actor's id · 2 lock the subject and load what the verb has to know · the verb decides, in microseconds and
without I/O · 3 write everything in one statement · 4 COMMIT. The answer leaves after the commit. A lost race (a receipt
that a twin wrote first, a version that moved) rolls back and runs again; a repetition gets the first one's receipt.
"""

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import structlog
from sqlmodel import SQLModel

from app.kernel.calendar_store import calendar, know
from app.kernel.change import Change, Row
from app.kernel.crash import crash_point
from app.kernel.database import Database, begin
from app.kernel.deadlines import NoDeadlinePolicy, Policy, Timing, opening
from app.kernel.errors import Busy, KeyReused, NotSignedIn, Refusal, TextRefused
from app.kernel.ids import NOBODY, new_id
from app.kernel.matter import LiveDeadline, Matter, Pause, TimedDeadline, columns_of
from app.kernel.rules import Actor, Role
from app.kernel.statements import Shape, write
from app.kernel.text import folded
from app.kernel.verbs import Verb

ATTEMPTS = 8

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command answers, and answers again when repeated: the subject, and its state and version after it."""

    id: UUID
    state: str
    version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Key:
    """An idempotency key with the operation that it belongs to and a fingerprint of the whole request."""

    operation: str
    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and by which log-in (`family`): one that was ended, or a person who was disabled, is refused at once."""

    person_id: UUID
    family: UUID


SYSTEM_CALLER = Caller(NOBODY, NOBODY)


class _Again(Exception):
    """Somebody came first: what was loaded is old."""


async def execute(
    database: Database,
    verb: Verb[Any, Any],
    caller: Caller,
    key: Key | None,
    subject_id: UUID | None,
    inputs: dict[str, Any],
) -> Receipt:
    """Run `verb` for `caller`, once, however often it is asked with the same key.

    Raises:
        Refusal: what the verb refuses; its `missing` also for what the actor may not see; KeyReused for another request under
            the same key; NotSignedIn for a disabled person or an ended log-in; TextRefused for a text that is not fit to be read
            by others; Busy when races do not end.
    """
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(random.uniform(0, min(0.1, 0.005 * 2**attempt)))  # noqa: S311 - spreading, not secrecy
        try:
            async with database.pool.acquire() as connection:
                return await _once(connection, verb, caller, key, subject_id, inputs)
        except (asyncpg.UniqueViolationError, asyncpg.ForeignKeyViolationError) as error:
            # A twin under the same key may have come first: then the second look finds its receipt.
            if error.constraint_name in verb.conflicts and (attempt or key is None):
                raise verb.conflicts[error.constraint_name] from None
        except asyncpg.InsufficientPrivilegeError:
            # A role ended between the look and the writing, and the walls were first: the second look refuses by its rules.
            if attempt:
                raise
        except (_Again, asyncpg.DeadlockDetectedError, asyncpg.SerializationError):
            continue
    raise Busy


async def _once(
    connection: asyncpg.Connection,
    verb: Verb[Any, Any],
    caller: Caller,
    key: Key | None,
    subject_id: UUID | None,
    inputs: dict[str, Any],
) -> Receipt:
    await connection.execute(begin(caller.person_id, subject_id if verb.joins else None))
    try:
        crash_point(verb.name, 1)
        row = await _load(connection, verb, caller, key, subject_id, inputs)
        crash_point(verb.name, 2)
        if not row["active"]:
            raise NotSignedIn
        if row["receipt"] is not None and key is not None:
            if row["fingerprint"] != key.fingerprint:
                raise KeyReused
            stored = orjson.loads(row["receipt"])
            if stored.get("refused"):
                raise Refusal.named(stored["refused"])
            await connection.execute("ROLLBACK")
            return Receipt(UUID(stored["id"]), stored["state"], stored["version"], datetime.fromisoformat(stored["at"]))
        if not row["found"]:
            raise verb.missing
        if row["refused"] is not None:
            raise _refused(verb, row)
        policies = {p["kind"]: Policy.of(p) for p in orjson.loads(row["policies"] or "[]")}
        others = {UUID(i): Policy.of(p) for i, p in orjson.loads(row["others"] or "{}").items() if p is not None}
        timed = orjson.loads(row["timed"] or "[]")
        found = (*policies.values(), *others.values())
        await know(connection, [i for p in found for i in (p.hours_id, p.workdays_id)] + pinned(timed))
        changes = _decide(verb, row, timed, others, caller.person_id, inputs)
        receipt = Receipt(changes[0].id, changes[0].state, changes[0].version + 1, changes[0].at)
        await _apply(connection, changes, policies, receipt, key)
        crash_point(verb.name, 3)
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
    crash_point(verb.name, 4)
    if changes[0].refusal is not None:
        raise changes[0].refusal
    return receipt


async def _load(
    connection: asyncpg.Connection,
    verb: Verb[Any, Any],
    caller: Caller,
    key: Key | None,
    subject_id: UUID | None,
    inputs: dict[str, Any],
) -> asyncpg.Record:
    """Message 2, sent once more when the snapshot is older than the lock, or when the row left the actor's view meanwhile."""
    texts = {"read_by_others": _folded(verb, inputs)} if verb.read_by_others else {}
    values = (
        caller.person_id,
        key.key if key else None,
        _json({"id": subject_id, **inputs, **texts}),
        verb.kind,
        list(verb.starts),
        key.operation if key else None,
        caller.family,
    )
    row = await connection.fetchrow(verb.statement, *values)
    if verb.is_matter and (not row["found"] or row["seen"] != row["version"]):
        row = await connection.fetchrow(verb.statement, *values)
        if row["found"] and row["seen"] != row["version"]:
            raise _Again
    return row


def _folded(verb: Verb[Any, Any], inputs: Mapping[str, Any]) -> dict[str, str]:
    """The texts that others will read, folded as the refused terms are, by their place in the body: "note", "steps/0",
    and of "papers/note", "papers/0/note"."""
    found = {}
    for name, part in (path.partition("/")[::2] for path in verb.read_by_others):
        said = inputs.get(name)
        if isinstance(said, str):
            found[name] = folded(said)
        elif said is not None:
            texts = enumerate(one[part] if part else one for one in said)
            found |= {"/".join((name, str(n), *filter(None, [part]))): folded(text) for n, text in texts if text}
    return found


def _refused(verb: Verb[Any, Any], row: asyncpg.Record) -> TextRefused:
    """The log says which term it was, by its id: for the administrator who is asked why."""
    terms = orjson.loads(row["refused"])
    _log.info("text refused", kind=verb.kind, action=verb.name, place_id=str(row["place_id"]), terms=terms)
    return TextRefused.at(terms)


def _decide(
    verb: Verb[Any, Any],
    row: asyncpg.Record,
    timed: list[dict[str, Any]],
    others: Mapping[UUID, Policy],
    actor_id: UUID,
    inputs: dict[str, Any],
) -> list[Change]:
    actor = _actor(actor_id, row)
    loaded: Any = orjson.loads(row["facts"]) if row["facts"] is not None else None
    if verb.is_matter:
        if verb.detail_type is None or row["kind"] != verb.kind:
            raise verb.missing
        # What a matter is about may be hidden from somebody who still sees the matter: no rule lets such a one move it.
        detail = verb.detail_type.validate_python(loaded["detail"]) if loaded["detail"] else None
        matter = _matter(row, detail, timed, others)
        extra = {"facts": verb.facts_type.validate_python(loaded["facts"])} if verb.facts_type else {}
        decided = verb.decide(matter, actor, row["now"], **extra, **inputs)
    else:
        facts = verb.facts_type.validate_python(loaded) if verb.facts_type else None
        decided = verb.decide(facts, actor, row["now"], **inputs)
    return decided if isinstance(decided, list) else [decided]


_NO_OFFICE = b'{"seat": [], "unit": null, "parts": []}'


def _actor(actor_id: UUID, row: asyncpg.Record) -> Actor:
    office: dict[str, Any] = orjson.loads(row["office"] or _NO_OFFICE)
    return Actor(
        actor_id,
        frozenset(map(Role, row["roles"])),
        row["team"],
        frozenset(map(Role, office["seat"])),
        office["unit"],
        frozenset(office["parts"]),
    )


def _matter(
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


async def _apply(
    connection: asyncpg.Connection,
    changes: list[Change],
    policies: Mapping[str, Policy],
    receipt: Receipt,
    key: Key | None,
) -> None:
    """Message 3. Fewer rows than changes means that a version moved since it was seen."""
    shape, values = _bind(changes, policies, receipt, key)
    written = await connection.fetch(write(shape), *values)
    if len(written) != len(changes):
        raise _Again


def _bind(
    changes: list[Change], policies: Mapping[str, Policy], receipt: Receipt, key: Key | None
) -> tuple[Shape, list[Any]]:
    values: list[Any] = [_json([_columns(change) for change in changes])]
    stopped = [d for c in changes if c.matter for d in c.matter.live if d.kind in c.stops]
    if stopped:
        values.append([d.id for d in stopped])
    starts = [start for change in changes for start in _starts(change, policies)]
    if starts:
        values.append(_json(starts))
    retimes = [retime.row() for change in changes for retime in change.retimes]
    if retimes:
        values.append(_json(retimes))
    events = [_event(change, event) for change in changes for event in change.events]
    if events:
        values.append(_json(events))
    if key is not None:
        # A refusal that is stored (a wrong code that is counted) is what the repetition gets as well.
        refused = {"refused": changes[0].refusal.code} if changes[0].refusal else {}
        stored = {**_fields(receipt), **refused}
        values += [changes[0].actor.id, key.operation, key.key, key.fingerprint, _json(stored)]
    inserts: dict[str, list[dict[str, Any]]] = {}
    patches: dict[tuple[str, str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for change in changes:
        for new in change.rows:
            inserts.setdefault(str(new.table.__tablename__), []).append(_row(new))
        for patch in change.patches:
            primary = next(iter(patch.table.__table__.primary_key)).name  # type: ignore[attr-defined]
            columns = tuple(sorted(set(patch.values) - {primary}))
            patches.setdefault((str(patch.table.__tablename__), primary, columns), []).append(patch.values)
    values += [_json(rows) for rows in patches.values()]
    values += [_json(rows) for rows in inserts.values()]
    shape = Shape(
        new=any(c.matter is not None and c.version == 0 for c in changes),
        moved=any(c.matter is not None and c.version > 0 for c in changes),
        record=changes[0].matter is None,
        stops=bool(stopped),
        late=any(d.next_at is not None and d.next_at <= changes[0].at for d in stopped),
        starts=bool(starts),
        retimes=bool(retimes),
        events=bool(events),
        receipt=key is not None,
        patches=tuple(patches),
        inserts=tuple(inserts),
    )
    return shape, values


_MATTER = (
    "category", "round", "requester_id", "beneficiary_id", "assignee_id", "team_id", "seat_id", "unit_id",
    "holder_id", "open_pool",
)  # fmt: skip


def _columns(change: Change) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "id": change.id,
        "kind": change.kind,
        "place_id": change.place_id,
        "state": change.state,
        "from_state": change.from_state,
        "version": change.version,
        "action": change.action,
        "actor_id": change.actor.id,
        "through": change.through,
        "at": change.at,
        "note": change.remark,
    }
    if change.matter is not None:
        for name in _MATTER:
            columns[name] = change.columns.get(name, getattr(change.matter, name))
    return columns


WAITS_FOR_OPENING = "deadline.waits_for_opening"


def _starts(change: Change, policies: Mapping[str, Policy]) -> list[dict[str, Any]]:
    """The rows of the deadlines that start. Where time does not count yet, the requester is told so, once a command; an
    appointed or promised moment waits for no opening."""
    rows, begun = [], []
    for kind in change.starts:
        if kind not in policies or change.matter is None:
            raise NoDeadlinePolicy(kind)
        policy = policies[kind]
        round_number = change.columns.get("round", change.matter.round)
        begins, until = change.anchors.get(kind, (None, None))
        on = calendar(policy.calendar, policy.hours_id, policy.workdays_id)
        timing = policy.begin(on, begins or change.at, round_number, until)
        about = {"id": new_id(), "matter_id": change.id, "place_id": change.place_id, "round": round_number}
        rows.append(about | policy.row(timing))
        if kind not in change.anchors:
            begun.append((kind, timing))
    if change.matter is not None and (waiting := opening(begun)) is not None:
        change.tell(change.matter.requester_id, WAITS_FOR_OPENING, **waiting)
    return rows


def _event(change: Change, event: Any) -> dict[str, Any]:
    return {
        "id": event.id,
        "subject_id": change.id,
        "sort": event.sort,
        "topic": event.topic,
        "to_person": event.to_person,
        "to_role": event.to_role,
        "payload": event.payload,
        "place_id": event.place_id,
    }


def _fields(value: Any) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _row(new: Row) -> dict[str, Any]:
    return {name: new.values[name] if name in new.values else default() for name, default in _columns_of(new.table)}


@cache
def _columns_of(table: type[SQLModel]) -> tuple[tuple[str, Callable[[], Any]], ...]:
    """Each column with what makes its default. Rows are plain values: a model object costs ten times as much to make."""
    fields = table.model_fields
    return tuple(
        (column.name, partial(fields[column.name].get_default, call_default_factory=True))
        for column in table.__table__.columns  # type: ignore[attr-defined]
        if column.computed is None
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    """What orjson does not take: sealed bytes as Postgres reads a bytea, and asyncpg's own UUIDs."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)


def statements_of(verbs: Sequence[Verb[Any, Any]]) -> tuple[str, ...]:
    """Message 2 of each verb, to be prepared when a connection is made."""
    return tuple(dict.fromkeys(verb.statement for verb in verbs))
