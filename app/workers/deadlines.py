"""The sweep: fires every mark that is due, set-based, in four messages for up to a thousand deadlines of all kinds.

1 begin · 2 lock the matters of what is due, skipping those that somebody else holds · 3 under a fresh snapshot look again
what is still due, insert the marks, and do their effects: fold by matter, move each matter once, tell, hand over, open,
emit · 4 commit. The primary key of `mark` is what makes a mark fire once; whatever dies before 4 leaves nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

import asyncpg

from app.kernel.crash import crash_point
from app.kernel.database import Database, begin
from app.kernel.ids import NOBODY

BATCH = 1000
IDLE_SECONDS = 1.0
BACK_OFF_SECONDS = 0.02

_DUE = """
SELECT d.id, app_now() AS now FROM deadline d JOIN matter m ON m.id = d.matter_id
 WHERE d.next_at <= (SELECT app_now()) ORDER BY d.next_at LIMIT $1 FOR NO KEY UPDATE OF m SKIP LOCKED"""

# `fired` counts the marks that were dealt with; a mark that a late stop has already written is not fired again.
# All that a matter's marks want is folded into one row and carried along in it: nothing is joined to it again, since the
# planner expects a row where a thousand come, and would compare each with each. A seat is looked up once a place.
_FIRE = """
WITH due AS MATERIALIZED (
  SELECT d.id, d.matter_id, d.place_id, d.kind, d.policy_id, x.percent, x.due, x.ordinal
    FROM deadline d CROSS JOIN LATERAL unnest(d.percents, d.times) WITH ORDINALITY x(percent, due, ordinal)
   WHERE d.id = ANY($1::uuid[]) AND d.stopped_at IS NULL AND d.next_at <= $2 AND x.ordinal > d.fired AND x.due <= $2),
k AS (
  INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)
  SELECT id, percent, matter_id, place_id, due, $2 FROM due),
f AS (
  UPDATE deadline d SET fired = last.ordinal
    FROM (SELECT id, max(ordinal) AS ordinal FROM due GROUP BY id) last WHERE d.id = last.id),
fold AS MATERIALIZED (
  SELECT due.matter_id, due.place_id,
         jsonb_agg(DISTINCT jsonb_build_object('deadline', due.kind, 'percent', due.percent)) AS marks,
         bool_or(e.primitive = 'open_pool') AS open_pool,
         (array_agg(e.target ORDER BY e.percent DESC) FILTER (WHERE e.primitive = 'set_holder'))[1] AS holder_role,
         jsonb_agg(jsonb_build_object('primitive', e.primitive, 'target', e.target, 'payload', jsonb_build_object(
                     'deadline', due.kind, 'deadline_id', due.id, 'percent', due.percent, 'to', e.target)))
           FILTER (WHERE e.primitive IN ('notify', 'event')) AS told
    FROM due LEFT JOIN policy_effect e ON e.policy_id = due.policy_id AND e.percent = due.percent
   GROUP BY due.matter_id, due.place_id),
wanted AS MATERIALIZED (
  SELECT x.*, seat.person_id AS holder_id
    FROM (SELECT place_id, holder_role, array_agg(matter_id) AS ids, array_agg(open_pool) AS opens, array_agg(marks) AS marks,
                 array_agg(told) AS told
            FROM fold GROUP BY place_id, holder_role) g
    LEFT JOIN LATERAL holders_of(g.place_id, g.holder_role) seat ON g.holder_role IS NOT NULL AND seat.ordinal = 1
    CROSS JOIN LATERAL unnest(g.ids, g.opens, g.marks, g.told) x(matter_id, open_pool, marks, told)),
m AS (
  UPDATE matter t SET open_pool = t.open_pool OR coalesce(w.open_pool, false),
                      holder_id = coalesce(w.holder_id, t.holder_id), changed_at = $2
    FROM wanted w WHERE t.id = w.matter_id
  RETURNING t.id, t.kind, t.version, t.place_id, t.state, t.requester_id, t.assignee_id, w.marks, w.told),
h AS (
  INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
  SELECT id, version, place_id, 'mark', state, state, $3, 'system', $2, jsonb_build_object('marks', marks) FROM m),
o AS (
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by,
                      created_at, retry_at, attempts)
  SELECT gen_random_uuid(), CASE e.primitive WHEN 'event' THEN 'event' ELSE 'notice' END,
         CASE e.primitive WHEN 'event' THEN e.target ELSE 'deadline.mark' END, m.kind, m.id, m.place_id,
         CASE WHEN e.primitive = 'notify' AND e.target = 'assignee' THEN m.assignee_id
              WHEN e.primitive = 'notify' AND e.target = 'requester' THEN m.requester_id END,
         CASE WHEN e.primitive = 'notify' AND e.target NOT IN ('assignee', 'requester') THEN e.target END,
         e.payload, $3, $2, $2, 0
    FROM m CROSS JOIN LATERAL jsonb_to_recordset(m.told) e(primitive text, target text, payload jsonb)
   WHERE e.target <> 'assignee' OR m.assignee_id IS NOT NULL)
SELECT (SELECT count(*) FROM due) AS marks, (SELECT count(*) FROM m) AS matters"""

_NEXT = """
SELECT least(extract(epoch FROM min(d.next_at) - app_now()), 3600)::float AS wait FROM deadline d WHERE d.next_at IS NOT NULL"""


async def sweep_once(connection: asyncpg.Connection, limit: int = BATCH) -> int:
    """Fire what is due, up to `limit` deadlines; answers how many matters were moved. 0: nothing due, or all of it locked."""
    await connection.execute(begin(NOBODY))
    try:
        crash_point("sweep", 1)
        due = await connection.fetch(_DUE, limit)
        crash_point("sweep", 2)
        if not due:
            await connection.execute("ROLLBACK")
            return 0
        ids: list[UUID] = [row["id"] for row in due]
        now: datetime = max(row["now"] for row in due)
        fired = await connection.fetchrow(_FIRE, ids, now, NOBODY)
        crash_point("sweep", 3)
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
    crash_point("sweep", 4)
    return int(fired["matters"])


async def sweep_forever(database: Database, beat: Callable[[], Awaitable[None]]) -> None:
    """Sweep until cancelled: sleeps exactly until the next mark is due, at most a second, since an earlier one may come.

    When all that is due is locked by others it backs off for some milliseconds instead of spinning.
    """
    while True:
        async with database.pool.acquire() as connection:
            fired = await sweep_once(connection)
            wait = 0.0 if fired else await connection.fetchval(_NEXT)
        await beat()
        if not fired:
            wait = IDLE_SECONDS if wait is None else wait
            await asyncio.sleep(BACK_OFF_SECONDS if wait <= 0 else min(wait, IDLE_SECONDS))
