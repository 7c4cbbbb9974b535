"""Message 3 of the door: everything that one command changes, as one statement and its values.

The statement is constant for a shape (the parts that a change has), so each is planned once a connection. Several laws of
Postgres are at work here; core rules: all sub-statements see one snapshot, a row is moved at most once a statement, order
exists only where one sub-statement reads another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from sqlmodel import SQLModel

from app.kernel.calendar_store import calendar
from app.kernel.change import Change, Row
from app.kernel.deadlines import NoDeadlinePolicy, Policy, opening
from app.kernel.ids import new_id
from app.kernel.jsonb import dump


@dataclass(frozen=True, slots=True)
class Shape:
    """Which parts a change has; each shape has one constant statement. Parameters come in the order of these fields."""

    new: bool = False
    moved: bool = False
    record: bool = False
    stops: bool = False
    late: bool = False
    starts: bool = False
    retimes: bool = False
    events: bool = False
    receipt: bool = False
    sets: tuple[str, ...] = ()
    patches: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    inserts: tuple[str, ...] = ()


_CHANGE = """
ch AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(
  id uuid, kind text, category text, place_id uuid, state text, from_state text, version int, round int, requester_id uuid,
  beneficiary_id uuid, placed_by uuid, assignee_id uuid, team_id uuid, seat_id uuid, unit_id uuid, holder_id uuid, open_pool bool,
  action text, actor_id uuid, through text, at timestamptz, note jsonb))"""

_NEW = """
      INSERT INTO matter (id, kind, category, place_id, state, version, round, requester_id, beneficiary_id, placed_by,
                          assignee_id, team_id, seat_id, unit_id, holder_id, open_pool, moved_by, moved_in, created_at,
                          changed_at)
      SELECT id, kind, category, place_id, state, 1, round, requester_id, beneficiary_id, placed_by, assignee_id, team_id,
             seat_id, unit_id, holder_id, open_pool, actor_id, 0, at, at FROM ch WHERE version = 0 RETURNING id, version"""

# Only what changes is set: a trigger for a column that no change touches is not made ready.
_MOVED = """
      UPDATE matter t SET state = ch.state, changed_at = ch.at{sets}
        FROM ch WHERE ch.version > 0 AND t.id = ch.id AND t.version = ch.version RETURNING t.id, t.version"""

_HISTORY = """
h AS (INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
      SELECT w.id, w.version, ch.place_id, ch.action, ch.from_state, ch.state, ch.actor_id, ch.through, ch.at, ch.note
        FROM ch JOIN w USING (id))"""

_AUDIT = """
w AS MATERIALIZED (SELECT id, version + 1 AS version FROM ch),
a AS (INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
      SELECT id, version + 1, kind, place_id, action, actor_id, at, note FROM ch)"""

# One look at the matter instead of several a row (0013_fewer_looks.sql). A query that nothing reads is not run: the answer asks.
_STOPS = """
s AS (SELECT stop_deadlines(ch.id, ${n}::uuid[], ch.at) AS d FROM ch WHERE ch.version > 0)"""

# A stop that comes after a mark was due, and before the sweep: the mark stands, its notices go out – to whoever had the
# matter until then, as the snapshot has it – and effects that would move the holder or open the pool are no longer wanted.
_LATE = """
k AS (INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)
      SELECT (s.d).id, x.percent, (s.d).matter_id, (s.d).place_id, x.due, (s.d).stopped_at
        FROM s CROSS JOIN LATERAL unnest((s.d).percents, (s.d).times) x(percent, due) WHERE x.due <= (s.d).stopped_at
      ON CONFLICT DO NOTHING RETURNING deadline_id, percent),
lo AS (INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload,
                           created_by, created_at, retry_at, attempts)
       SELECT gen_random_uuid(), 'notice', 'deadline.mark', ch.kind, ch.id, ch.place_id,
              CASE e.target WHEN 'assignee' THEN was.assignee_id WHEN 'requester' THEN ch.requester_id END,
              CASE WHEN e.target NOT IN ('assignee', 'requester') THEN e.target END,
              jsonb_build_object('deadline', (s.d).kind, 'deadline_id', k.deadline_id, 'percent', k.percent, 'to', e.target,
                                 'late', true),
              ch.actor_id, ch.at, ch.at, 0
         FROM k JOIN s ON (s.d).id = k.deadline_id JOIN ch ON ch.id = (s.d).matter_id JOIN matter was ON was.id = ch.id
         JOIN policy_effect e ON e.policy_id = (s.d).policy_id AND e.percent = k.percent AND e.primitive = 'notify'
        WHERE e.target <> 'assignee' OR was.assignee_id IS NOT NULL)"""

STARTED = """id uuid, matter_id uuid, place_id uuid, kind text, round int, policy_id uuid, started_at timestamptz,
             due_at timestamptz, percents int[], times timestamptz[], budget_seconds int, hours_id uuid, workdays_id uuid,
             calendar_missing bool, pausable bool"""

_STARTS = f"""
d AS (INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                            budget_seconds, hours_id, workdays_id, calendar_missing, pausable)
      SELECT x.id, x.matter_id, x.place_id, x.kind, x.round, x.policy_id, x.started_at, x.due_at, x.percents, x.times, 0,
             x.budget_seconds, x.hours_id, x.workdays_id, x.calendar_missing, x.pausable
        FROM jsonb_to_recordset(${{n}}::jsonb) AS x({STARTED}) WHERE {{after}})"""

_RETIMES = """
t AS (UPDATE deadline d SET due_at = x.due_at, times = x.times, workdays_id = x.workdays_id, stopped_at = NULL,
                            calendar_missing = x.calendar_missing, revision = d.revision + 1,
                            policy_id = coalesce(x.policy_id, d.policy_id), percents = coalesce(x.percents, d.percents),
                            budget_seconds = coalesce(x.budget_seconds, d.budget_seconds), kept = coalesce(x.kept, d.kept),
                            extension_seconds = coalesce(x.extension_seconds, d.extension_seconds),
                            hours_id = CASE WHEN x.policy_id IS NULL THEN d.hours_id ELSE x.hours_id END,
                            pausable = d.pausable OR coalesce(x.pausable, false)
        FROM jsonb_to_recordset(${n}::jsonb) AS x(id uuid, due_at timestamptz, times timestamptz[], workdays_id uuid,
             calendar_missing bool, policy_id uuid, percents int[], budget_seconds int, extension_seconds int, kept int,
             hours_id uuid, pausable bool) WHERE d.id = x.id AND {after})"""

_EVENTS = """
o AS (INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by,
                          created_at, retry_at, attempts)
      SELECT x.id, x.sort, x.topic, ch.kind, ch.id, coalesce(x.place_id, ch.place_id), x.to_person, x.to_role, x.payload,
             ch.actor_id, ch.at, ch.at, 0
        FROM jsonb_to_recordset(${n}::jsonb) AS x(id uuid, subject_id uuid, sort text, topic text, to_person uuid,
             to_role text, payload jsonb, place_id uuid) JOIN ch ON ch.id = x.subject_id)"""

_RECEIPT = """
i AS (INSERT INTO idempotency (actor_id, operation, key, fingerprint, receipt, created_at)
      VALUES (${n}::uuid, ${n1}, ${n2}, ${n3}, ${n4}::jsonb, clock_timestamp()))"""


@cache
def write(shape: Shape) -> str:
    """Message 3: everything that one command changes. Answers a row (id, version) for each change that took place."""
    parts, number = [_CHANGE], 1
    if shape.record:
        parts.append(_AUDIT)
    else:
        moved = _MOVED.format(sets="".join(f", {column} = ch.{column}" for column in shape.sets))
        if shape.new and shape.moved:
            parts += [f"\nn AS ({_NEW})", f"\nm AS ({moved})", "\nw AS (SELECT * FROM n UNION ALL SELECT * FROM m)"]
        else:
            parts.append(f"\nw AS ({_NEW if shape.new else moved})")
        parts.append(_HISTORY)
    if shape.stops:
        number += 1
        parts.append(_STOPS.format(n=number))
    if shape.late:
        parts.append(_LATE)
    # What stops, and what starts or goes on, meet in a unique index: the latter has to read the stops to come after them.
    stopped = "(SELECT count(*) FROM s) >= 0" if shape.stops else "true"
    for part, wanted in ((_STARTS, shape.starts), (_RETIMES, shape.retimes), (_EVENTS, shape.events)):
        if wanted:
            number += 1
            parts.append(part.format(n=number, after=stopped))
    if shape.receipt:
        parts.append(_RECEIPT.format(n=number + 1, n1=number + 2, n2=number + 3, n3=number + 4, n4=number + 5))
        number += 5
    for index, (table, key, columns) in enumerate(shape.patches):
        number += 1
        sets = ", ".join(f"{column} = x.{column}" for column in columns)
        # Rows of one table that are patched in different ways may meet in a unique index: they change in the order given.
        before = [n for n, earlier in enumerate(shape.patches[:index]) if earlier[0] == table]
        later = "".join(f" AND (SELECT count(*) FROM p{n}) >= 0" for n in before)
        parts.append(
            f"\np{index} AS (UPDATE {table} t SET {sets}"
            f" FROM jsonb_populate_recordset(NULL::{table}, ${number}::jsonb) x WHERE t.{key} = x.{key}{later} RETURNING 1)"
        )
    # A row that takes the place of a patched one comes after it, where a unique index watches both.
    after = "".join(f" AND (SELECT count(*) FROM p{index}) >= 0" for index in range(len(shape.patches)))
    for index, table in enumerate(shape.inserts):
        number += 1
        parts.append(
            f"\nr{index} AS (INSERT INTO {table}"
            f" SELECT * FROM jsonb_populate_recordset(NULL::{table}, ${number}::jsonb) WHERE true{after})"
        )
    return "WITH" + ",".join(parts) + "\nSELECT id, version FROM w WHERE " + stopped


def bind(
    changes: list[Change], policies: Mapping[str, Policy], receipt: Sequence[Any] | None
) -> tuple[Shape, list[Any]]:
    """The shape of these changes with the values of its statement. `receipt`: actor, operation, key, fingerprint, and what a
    repetition gets. Raises NoDeadlinePolicy."""
    values: list[Any] = [dump([_columns(change) for change in changes])]
    stopped = [d for c in changes if c.matter for d in c.matter.live if d.kind in c.stops]
    if stopped:
        values.append([d.id for d in stopped])
    starts = [start for change in changes for start in _starts(change, policies)]
    if starts:
        values.append(dump(starts))
    retimes = [retime.row() for change in changes for retime in change.retimes]
    if retimes:
        values.append(dump(retimes))
    events = [_event(change, event) for change in changes for event in change.events]
    if events:
        values.append(dump(events))
    if receipt is not None:
        values += receipt
    inserts: dict[str, list[dict[str, Any]]] = {}
    patches: dict[tuple[str, str, tuple[str, ...]], list[dict[str, Any]]] = {}
    for change in changes:
        for new in change.rows:
            inserts.setdefault(str(new.table.__tablename__), []).append(_row(new))
        for patch in change.patches:
            primary = next(iter(patch.table.__table__.primary_key)).name  # type: ignore[attr-defined]
            columns = tuple(sorted(set(patch.values) - {primary}))
            patches.setdefault((str(patch.table.__tablename__), primary, columns), []).append(patch.values)
    values += [dump(rows) for rows in patches.values()]
    values += [dump(rows) for rows in inserts.values()]
    shape = Shape(
        new=any(c.matter is not None and c.version == 0 for c in changes),
        moved=any(c.matter is not None and c.version > 0 for c in changes),
        record=changes[0].matter is None,
        stops=bool(stopped),
        late=any(d.next_at is not None and d.next_at <= changes[0].at for d in stopped),
        starts=bool(starts),
        retimes=bool(retimes),
        events=bool(events),
        receipt=receipt is not None,
        sets=tuple(sorted({name for c in changes if c.version > 0 for name in c.columns})),
        patches=tuple(patches),
        inserts=tuple(inserts),
    )
    return shape, values


_MATTER = (
    "category", "round", "requester_id", "beneficiary_id", "placed_by", "assignee_id", "team_id", "seat_id",
    "unit_id", "holder_id", "open_pool",
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
    """The rows of the deadlines that start. Where time does not count yet, the requester is told so, once a command, or the
    office whose limits they are; an appointed or promised moment waits for no opening."""
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
        if change.waits is None:
            change.tell(change.matter.requester_id, WAITS_FOR_OPENING, **waiting)
        else:
            change.tell_office(change.waits, WAITS_FOR_OPENING, **waiting)
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
