"""The door: how every command runs, in four messages to Postgres.

1 BEGIN with the actor's id · 2 lock the subject and load what the verb has to know · the verb decides, in microseconds and
without I/O · 3 write everything in one statement · 4 COMMIT. The answer leaves after the commit. A lost race (a receipt
that a twin wrote first, a version that moved) rolls back and runs again; a repetition gets the first one's receipt.
"""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import asyncpg
import orjson
import structlog
from pydantic import TypeAdapter

from app.kernel.calendar_store import know
from app.kernel.change import Change
from app.kernel.crash import crash_point
from app.kernel.database import Database, begin
from app.kernel.deadlines import Policy
from app.kernel.doubles import Double
from app.kernel.errors import Busy, KeyReused, NotSignedIn, Refusal, TextRefused
from app.kernel.ids import NOBODY
from app.kernel.jsonb import dump
from app.kernel.loading import actor_of, matter_of, pinned
from app.kernel.private_numbers import why_private
from app.kernel.rules import Actor
from app.kernel.text import folded
from app.kernel.verbs import Verb
from app.kernel.writing import bind, write

ATTEMPTS = 8

_log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command answers, and answers again when repeated: the subject, its state – as people call it, where it is a matter –
    and version after it, of what was asked for while the same was open its doubles, and what its own operation says besides."""

    id: UUID
    state: str
    version: int
    at: datetime
    doubles: tuple[Double, ...] = ()
    state_label: str | None = None
    said: dict[str, Any] = field(default_factory=dict, hash=False)


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


_STORED: Final = TypeAdapter(Receipt)

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
            return _STORED.validate_python(stored)
        if not row["found"]:
            raise verb.missing
        _demand_fit_texts(verb, inputs, row)
        policies = {p["kind"]: Policy.of(p) for p in orjson.loads(row["policies"] or "[]")}
        others = {UUID(i): Policy.of(p) for i, p in orjson.loads(row["others"] or "{}").items() if p is not None}
        timed = orjson.loads(row["timed"] or "[]")
        found = (*policies.values(), *others.values())
        await know(connection, [i for p in found for i in (p.hours_id, p.workdays_id)] + pinned(timed))
        changes = _decide(verb, row, timed, others, caller.person_id, inputs)
        first = changes[0]
        receipt = Receipt(
            first.id, first.state, first.version + 1, first.at, first.doubles, first.state_label, first.said
        )
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
    said = {field: folded(text) for field, text in _read_by_others(verb, inputs).items()}
    texts = {"read_by_others": said} if verb.read_by_others else {}
    values = (
        caller.person_id,
        key.key if key else None,
        dump({"id": subject_id, **inputs, **texts}),
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


def _read_by_others(verb: Verb[Any, Any], inputs: Mapping[str, Any]) -> dict[str, str]:
    """The texts that others will read, by their place in the body: "note", "steps/0", and of "papers/note", "papers/0/note"."""
    found = {}
    for name, part in (path.partition("/")[::2] for path in verb.read_by_others):
        said = inputs.get(name)
        if isinstance(said, str):
            found[name] = said
        elif said is not None:
            texts = enumerate(one[part] if part else one for one in said)
            found |= {"/".join((name, str(n), *filter(None, [part]))): text for n, text in texts if text}
    return found


def _demand_fit_texts(verb: Verb[Any, Any], inputs: Mapping[str, Any], row: asyncpg.Record) -> None:
    """That what others will read holds no refused term and no private number. Raises TextRefused. The log says which term it
    was, by its id: for the administrator who is asked why."""
    if row["refused"] is not None:
        terms = orjson.loads(row["refused"])
        _log.info("text refused", kind=verb.kind, action=verb.name, place_id=str(row["place_id"]), terms=terms)
        raise TextRefused.at(terms)
    why = {field: why_private(text, field) for field, text in _read_by_others(verb, inputs).items()}
    if private := {field: reason for field, reason in why.items() if reason is not None}:
        raise TextRefused.because(private)


def _decide(
    verb: Verb[Any, Any],
    row: asyncpg.Record,
    timed: list[dict[str, Any]],
    others: Mapping[UUID, Policy],
    actor_id: UUID,
    inputs: dict[str, Any],
) -> list[Change]:
    """What the verb decides, as a list."""
    decided = _ask(verb, row, timed, others, actor_of(actor_id, row), inputs)
    return decided if isinstance(decided, list) else [decided]


def _ask(
    verb: Verb[Any, Any],
    row: asyncpg.Record,
    timed: list[dict[str, Any]],
    others: Mapping[UUID, Policy],
    actor: Actor,
    inputs: dict[str, Any],
) -> Any:
    loaded: Any = orjson.loads(row["facts"]) if row["facts"] is not None else None
    if verb.is_matter:
        if verb.detail_type is None or row["kind"] != verb.kind:
            raise verb.missing
        # What a matter is about may be hidden from somebody who still sees the matter: no rule lets such a one move it.
        detail = verb.detail_type.validate_python(loaded["detail"]) if loaded["detail"] else None
        matter = matter_of(row, detail, timed, others)
        extra = {"facts": verb.facts_type.validate_python(loaded["facts"])} if verb.facts_type else {}
        try:
            return verb.decide(matter, actor, row["now"], **extra, **inputs)
        except Refusal as refused:
            verb.explain(refused, matter)
            raise
    facts = verb.facts_type.validate_python(loaded) if verb.facts_type else None
    return verb.decide(facts, actor, row["now"], **inputs)


async def _apply(
    connection: asyncpg.Connection,
    changes: list[Change],
    policies: Mapping[str, Policy],
    receipt: Receipt,
    key: Key | None,
) -> None:
    """Message 3. Fewer rows than changes means that a version moved since it was seen."""
    shape, values = bind(changes, policies, None if key is None else _kept(changes[0], receipt, key))
    written = await connection.fetch(write(shape), *values)
    if len(written) != len(changes):
        raise _Again


def _kept(change: Change, receipt: Receipt, key: Key) -> tuple[Any, ...]:
    """What a repetition gets: the receipt, or a refusal that is stored (a wrong code that is counted)."""
    stored = {name: getattr(receipt, name) for name in receipt.__slots__}
    if change.refusal is not None:
        stored["refused"] = change.refusal.code
    return (change.actor.id, key.operation, key.key, key.fingerprint, dump(stored))


def statements_of(verbs: Sequence[Verb[Any, Any]]) -> tuple[str, ...]:
    """Message 2 of each verb, to be prepared when a connection is made."""
    return tuple(dict.fromkeys(verb.statement for verb in verbs))
