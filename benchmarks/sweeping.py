"""The sweep of 20,000 due deadlines among 100,000 open ones: ours, by one worker and by two, and one statement by hand."""

import asyncio
import sys
from time import perf_counter

import asyncpg
import uvloop

from app.kernel.database import Database
from app.workers.deadlines import BACK_OFF_SECONDS, sweep_once

OPEN = 100_000
DUE = 20_000
POLICY = "00000000-0000-7000-8000-000000000001"

BY_HAND = f"""
WITH due AS MATERIALIZED (
  SELECT d.id, d.matter_id, d.place_id, d.times[2] AS due FROM deadline d WHERE d.next_at <= app_now() FOR NO KEY UPDATE),
k AS (INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)
      SELECT id, 100, matter_id, place_id, due, now() FROM due),
f AS (UPDATE deadline d SET fired = 2 FROM due WHERE d.id = due.id),
m AS (UPDATE matter t SET open_pool = true, changed_at = now() FROM due WHERE t.id = due.matter_id
      RETURNING t.id, t.kind, t.version, t.place_id, t.state, due.id AS deadline_id),
h AS (INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
      SELECT id, version, place_id, 'mark', state, state, '{"0" * 8}-0000-0000-0000-{"0" * 12}'::uuid, 'system', now(),
             '{{"marks": [{{"percent": 100, "deadline": "respond"}}]}}'::jsonb FROM m),
o AS (INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_role, payload, created_by, created_at,
                          retry_at, attempts)
      SELECT gen_random_uuid(), 'notice', 'deadline.mark', kind, id, place_id, 'dispatcher',
             jsonb_build_object('deadline', 'respond', 'deadline_id', deadline_id, 'percent', 100),
             '{"0" * 8}-0000-0000-0000-{"0" * 12}'::uuid, now(), now(), 0 FROM m)
SELECT count(*) FROM m"""
"""The same effect as the sweep's, by somebody who knows the one policy that is due and runs alone."""

_LEFT = "SELECT EXISTS (SELECT 1 FROM deadline WHERE next_at <= app_now())"


async def ours(url: str) -> int:
    """Sweep in batches until nothing is due; answers how many matters were moved."""
    database = await Database.connect(url, size=1)
    moved = 0
    async with database.pool.acquire() as connection:
        await _go()
        while True:
            batch = await sweep_once(connection)
            moved += batch
            if not batch:
                if not await connection.fetchval(_LEFT):
                    break
                await asyncio.sleep(BACK_OFF_SECONDS)
    await database.close()
    return moved


async def by_hand(url: str) -> int:
    """The floor."""
    connection = await asyncpg.connect(url, command_timeout=120)
    await _go()
    moved: int = await connection.fetchval(BY_HAND)
    await connection.close()
    return moved


async def _go() -> None:
    """Say that one is ready, and wait for the start."""
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)


async def main() -> None:
    """Work as `python -m benchmarks.sweeping ours|by_hand URL`; prints the seconds of clock it took and how many were moved."""
    work = ours if sys.argv[1] == "ours" else by_hand
    moved = await work(sys.argv[2])
    print(perf_counter(), moved, flush=True)


if __name__ == "__main__":
    uvloop.run(main())
