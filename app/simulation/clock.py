"""The stepped clock: the owner sets `clock_shift`, and the worker is rung until nothing is due any more."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import asyncpg

from app.simulation.life import Standing

LOOK_SECONDS: Final = 0.003
STUCK_SECONDS: Final = 60.0

# The day goes on for as long as an order has a mark to come: a case that nobody solves is renewed for ever.
_STANDING: Final = """
SELECT c.now, (SELECT min(next_at) FROM deadline) <= c.now AS mark_due,
       (SELECT min(next_at) FROM deadline) AS next_mark,
       EXISTS (SELECT 1 FROM deadline d JOIN matter m ON m.id = d.matter_id
         WHERE d.next_at IS NOT NULL AND m.kind = 'order') AS goes_on,
       (SELECT count(*) FROM outbox WHERE failed_at IS NULL AND retry_at <= c.now) AS to_relay
  FROM (SELECT app_now() AS now) c"""

# Never back: the simulated clock runs on with the real one between two steps.
_STEP: Final = """
UPDATE clock_shift SET seconds = greatest(seconds, extract(epoch FROM $1::timestamptz - clock_timestamp())::float8)"""

_SENDING: Final = "SELECT count(*) FROM inbox_message WHERE delivery = 'due'"


class Stuck(Exception):
    """The worker does not get done what is due."""


class Clock:
    """The world of a simulation, by the owner's connection. `ring` makes the worker look at once."""

    def __init__(self, owner: asyncpg.Connection, ring: Callable[[], None]) -> None:
        self._owner = owner
        self._ring = ring

    async def begin(self, at: datetime) -> None:
        """Put the clock to the beginning, which may lie before today. Only before anything has happened."""
        await self._owner.execute(
            "UPDATE clock_shift SET seconds = extract(epoch FROM $1::timestamptz - clock_timestamp())::float8", at
        )

    async def step(self, to: datetime) -> None:
        """Put the clock forward to this moment."""
        await self._owner.execute(_STEP, to)

    async def rest(self) -> Standing:
        """Wait until no mark, no notice and no event is due. Raises Stuck after a minute."""
        until = time.monotonic() + STUCK_SECONDS
        while True:
            found = await self._owner.fetchrow(_STANDING)
            if not found["mark_due"] and not found["to_relay"]:
                return Standing(found["now"], found["next_mark"], goes_on=found["goes_on"])
            if time.monotonic() > until:
                raise Stuck(f"next mark {found['next_mark']}, {found['to_relay']} rows in the outbox")
            self._ring()
            await asyncio.sleep(LOOK_SECONDS)

    async def delivered(self, bell: Callable[[], Awaitable[None]]) -> int:
        """Ring for deliveries until no message waits to be pushed to WeChat, a minute at most; answers how many still do.
        Deliveries go by the real clock, so nothing in the simulated day waits for them."""
        until = time.monotonic() + STUCK_SECONDS
        while (left := await self._owner.fetchval(_SENDING)) and time.monotonic() < until:
            await bell()
            await asyncio.sleep(0.2)
        return int(left)
