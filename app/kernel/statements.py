"""The SQL of the door: what a command reads in message 2 and writes in message 3.

Both are constant for a shape (the parts that a change has), so each is planned once a connection. Several laws of
Postgres are at work here; core rules: all sub-statements see one snapshot, a row is moved at most once a statement, order
exists only where one sub-statement reads another.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from app.kernel.ids import NOBODY

MATTER_SUBJECT = "SELECT * FROM matter WHERE id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"

# Everything that the moments of a deadline `d` with its policy `p` are computed from. Whoever writes a pause moves the
# matter's version.
TIMED = """jsonb_build_object(
           'id', d.id, 'kind', d.kind, 'started_at', d.started_at, 'budget_seconds', d.budget_seconds,
           'extension_seconds', d.extension_seconds, 'percents', d.percents, 'times', d.times, 'fired', d.fired,
           'stopped_at', d.stopped_at, 'calendar', p.calendar, 'hours_id', d.hours_id, 'workdays_id', d.workdays_id,
           'policy_id', d.policy_id, 'kept', d.kept, 'pause_limit_seconds', p.pause_limit_seconds,
           'pause_total_percent', p.pause_total_percent,
           'pauses', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.from_at, s.id), '[]')
                        FROM deadline_pause s WHERE s.deadline_id = d.id))"""

_TIMED = f"""(
  SELECT jsonb_agg({TIMED} ORDER BY d.started_at, d.id)
    FROM deadline d JOIN deadline_policy p ON p.id = d.policy_id
   WHERE d.matter_id = subject.id AND d.round = subject.round)"""

# What the actor is to a matter that officers hold: their roles at its seat, their post in its unit, their part in it.
_OFFICE = """CASE WHEN subject.seat_id IS NOT NULL THEN jsonb_build_object(
           'seat', app_roles(subject.seat_id, look.now), 'unit', app_unit(subject.unit_id),
           'parts', app_parts(subject.id)) END"""

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
    patches: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    inserts: tuple[str, ...] = ()


_CHANGE = """
ch AS MATERIALIZED (SELECT * FROM jsonb_to_recordset($1::jsonb) AS x(
  id uuid, kind text, category text, place_id uuid, state text, from_state text, version int, round int, requester_id uuid,
  beneficiary_id uuid, assignee_id uuid, team_id uuid, seat_id uuid, unit_id uuid, holder_id uuid, open_pool bool, action text,
  actor_id uuid, through text, at timestamptz, note jsonb))"""

_NEW = """
      INSERT INTO matter (id, kind, category, place_id, state, version, round, requester_id, beneficiary_id, assignee_id,
                          team_id, seat_id, unit_id, holder_id, open_pool, moved_by, moved_in, created_at, changed_at)
      SELECT id, kind, category, place_id, state, 1, round, requester_id, beneficiary_id, assignee_id, team_id, seat_id, unit_id,
             holder_id, open_pool, actor_id, 0, at, at FROM ch WHERE version = 0 RETURNING id, version"""

_MOVED = """
      UPDATE matter t SET state = ch.state, category = ch.category, round = ch.round, assignee_id = ch.assignee_id,
                          team_id = ch.team_id, seat_id = ch.seat_id, unit_id = ch.unit_id, holder_id = ch.holder_id,
                          open_pool = ch.open_pool, changed_at = ch.at
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
        if shape.new and shape.moved:
            parts += [f"\nn AS ({_NEW})", f"\nm AS ({_MOVED})", "\nw AS (SELECT * FROM n UNION ALL SELECT * FROM m)"]
        else:
            parts.append(f"\nw AS ({_NEW if shape.new else _MOVED})")
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
        parts.append(
            f"\np{index} AS (UPDATE {table} t SET {sets}"
            f" FROM jsonb_populate_recordset(NULL::{table}, ${number}::jsonb) x WHERE t.{key} = x.{key} RETURNING 1)"
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
