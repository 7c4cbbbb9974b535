"""The pauses of sweep and relay: as long as they were meant, unless somebody rings."""

import asyncio

import pytest

from app.workers.main import Pauses

LONG = 3600.0


async def test_a_ring_ends_the_pause_of_each_loop() -> None:
    pauses = Pauses()
    both = [asyncio.create_task(pauses.of_a_loop()(LONG)) for _ in range(2)]
    await asyncio.sleep(0)
    pauses.ring()
    async with asyncio.timeout(5):
        await asyncio.gather(*both)


async def test_a_ring_while_the_loop_works_ends_its_next_pause_and_no_other() -> None:
    pauses = Pauses()
    pause = pauses.of_a_loop()
    pauses.ring()
    async with asyncio.timeout(5):
        await pause(LONG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await pause(LONG)


async def test_without_a_ring_a_pause_ends_by_itself() -> None:
    async with asyncio.timeout(5):
        await Pauses().of_a_loop()(0.01)
