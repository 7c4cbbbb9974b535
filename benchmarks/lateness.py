"""How late marks fire when so many a second fall due, with the real worker: until the commit that makes them seen."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from app.kernel.vault import Vault
from benchmarks import world
from benchmarks.floors import NUMBER

RATE = 500
"""Deadlines that fall due in a second, evenly."""

SECONDS = 12
LEAD_SECONDS = 6
"""The first one falls due so long after the worker was started."""

GIVE_UP_SECONDS = 60.0

# Their first mark (80 % of respond, sixteen minutes) falls due one after the other.
_SPREAD = f"""
SET session_replication_role = replica;
WITH spread AS (
  SELECT d.id, now() + interval '{LEAD_SECONDS} seconds' + make_interval(secs => row_number() OVER (ORDER BY d.id) / {RATE}.0)
         - interval '16 minutes' AS at FROM deadline d)
UPDATE deadline d SET started_at = s.at, due_at = s.at + interval '20 minutes',
       times = ARRAY[s.at + interval '16 minutes', s.at + interval '20 minutes', s.at + interval '30 minutes']
  FROM spread s WHERE s.id = d.id;
SET session_replication_role = origin"""

_LATE = """
SELECT count(*) AS marks, count(DISTINCT deadline_id) AS deadlines,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY late) AS p50, percentile_cont(0.99) WITHIN GROUP (ORDER BY late) AS p99,
       max(late) AS most
  FROM (SELECT deadline_id, extract(epoch FROM pg_xact_commit_timestamp(xmin) - due_at)::float * 1000 AS late FROM mark) m"""


@dataclass(frozen=True, slots=True)
class Lateness:
    """Milliseconds from the due moment to the commit."""

    p50: float
    p99: float
    most: float


async def populate(connection: asyncpg.Connection, vault: Vault) -> None:
    """A street with open orders; `spread` sets their moments. The connection is a superuser's."""
    await world.populate(connection, vault)
    await world.add_orders(connection, "submitted", NUMBER, RATE * SECONDS)
    await connection.execute("VACUUM ANALYZE")


async def spread(connection: asyncpg.Connection) -> None:
    """Let them fall due from now on."""
    await connection.execute(_SPREAD)


async def measured(connection: asyncpg.Connection) -> Lateness:
    """Wait until every mark has fired, once, and tell how late. Raises RuntimeError when one is missing or there twice."""
    end = time.monotonic() + LEAD_SECONDS + SECONDS + GIVE_UP_SECONDS
    marks = 0
    while marks < RATE * SECONDS and time.monotonic() < end:
        await asyncio.sleep(0.5)
        marks = await connection.fetchval("SELECT count(*) FROM mark")
    row = await connection.fetchrow(_LATE)
    if (row["marks"], row["deadlines"]) != (RATE * SECONDS,) * 2:
        raise RuntimeError(f"{row['marks']} marks of {row['deadlines']} deadlines, not {RATE * SECONDS}")
    return Lateness(row["p50"], row["p99"], row["most"])
