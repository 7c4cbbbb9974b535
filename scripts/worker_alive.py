# ruff: noqa: INP001 – a program of its own
"""The health check of a worker's container: exit code 0 when a loop of a worker came round within the last minute."""

import asyncio
import os
import sys

import asyncpg


async def alive() -> bool:
    """Asks the heartbeats, as the worker's own role."""
    connection = await asyncpg.connect(os.environ["LINLI_WORKER_URL"], timeout=5)
    try:
        return bool(
            await connection.fetchval(
                "SELECT coalesce(max(at) > clock_timestamp() - interval '1 minute', false) FROM heartbeat"
            )
        )
    finally:
        await connection.close()


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(alive()) else 1)
