"""Every deadline's moments computed again from its start, budget, calendar and pauses, beside what is stored (domain.md §4.1)."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import orjson

from app.kernel.calendar_store import know
from app.kernel.loading import TIMED, pinned, timed_deadline

BATCH = 2000

_ALL = f"""
SELECT d.id, d.matter_id, d.kind, d.due_at, {TIMED} AS timed, p.percents AS wanted
  FROM deadline d JOIN deadline_policy p ON p.id = d.policy_id"""


async def differing(connection: asyncpg.Connection) -> AsyncIterator[dict[str, Any]]:
    """The deadlines whose stored moments are not those of the arithmetic, in the transaction at hand.

    A mark that fired before a pause was annulled, before more time was granted, or before the matter was re-categorised, keeps
    the moment at which it was due then; all others must agree.
    """
    rows: list[asyncpg.Record] = []
    async for row in connection.cursor(_ALL, prefetch=BATCH):
        rows.append(row)
        if len(rows) == BATCH:
            async for found in _of(connection, rows):
                yield found
            rows = []
    async for found in _of(connection, rows):
        yield found


async def _of(connection: asyncpg.Connection, rows: list[asyncpg.Record]) -> AsyncIterator[dict[str, Any]]:
    all_timed = [orjson.loads(row["timed"]) for row in rows]
    await know(connection, pinned(all_timed))
    for row, timed in zip(rows, all_timed, strict=True):
        deadline = timed_deadline(timed)
        # A budget of nothing computes to no moment at all.
        computed = deadline.timing.times() if deadline.timing.budget else ()
        kept = deadline.kept or 0
        loose = deadline.extension or any(pause.annulled for pause in deadline.pauses)
        free = max(kept, deadline.fired) if loose else kept
        before = deadline.timing.percents[:kept]
        wanted = (*before, *(percent for percent in row["wanted"] if percent > max(before, default=0)))
        due = deadline.times[deadline.timing.percents.index(100)]
        same = computed[free:] == deadline.times[free:] and due == row["due_at"] and wanted == deadline.timing.percents
        if not same:
            yield {"id": str(row["id"]), "matter_id": str(row["matter_id"]), "kind": row["kind"], "due_at": str(row["due_at"]),
                   "computed": [str(time) for time in computed]}  # fmt: skip
