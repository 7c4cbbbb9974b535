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
effect AS MATERIALIZED (
  SELECT due.*, e.primitive, e.target
    FROM due JOIN policy_effect e ON e.policy_id = due.policy_id AND e.percent = due.percent),
fold AS MATERIALIZED (
  SELECT due.matter_id, jsonb_agg(DISTINCT jsonb_build_object('deadline', due.kind, 'percent', due.percent)) AS marks
    FROM due GROUP BY due.matter_id),
wanted AS MATERIALIZED (
  SELECT matter_id, bool_or(primitive = 'open_pool') AS open_pool,
         (array_agg(target ORDER BY percent DESC) FILTER (WHERE primitive = 'set_holder'))[1] AS holder_role
    FROM effect WHERE primitive IN ('open_pool', 'set_holder') GROUP BY matter_id),
seat AS MATERIALIZED (
  SELECT s.place_id, s.role, h.person_id
    FROM (SELECT DISTINCT e.place_id, w.holder_role AS role FROM wanted w JOIN effect e USING (matter_id)
           WHERE w.holder_role IS NOT NULL) s
    CROSS JOIN LATERAL holders_of(s.place_id, s.role) h WHERE h.ordinal = 1),
m AS (
  UPDATE matter t SET open_pool = t.open_pool OR coalesce(w.open_pool, false),
                      holder_id = coalesce(seat.person_id, t.holder_id), changed_at = $2
    FROM fold LEFT JOIN wanted w USING (matter_id)
         LEFT JOIN (SELECT DISTINCT matter_id, place_id FROM due) at USING (matter_id)
         LEFT JOIN seat ON seat.place_id = at.place_id AND seat.role = w.holder_role
   WHERE t.id = fold.matter_id
  RETURNING t.id, t.kind, t.version, t.place_id, t.state, t.requester_id, t.assignee_id, fold.marks),
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
         jsonb_build_object('deadline', e.kind, 'deadline_id', e.id, 'percent', e.percent), $3, $2, $2, 0
    FROM effect e JOIN m ON m.id = e.matter_id
   WHERE e.primitive IN ('notify', 'event') AND (e.target <> 'assignee' OR m.assignee_id IS NOT NULL))
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
