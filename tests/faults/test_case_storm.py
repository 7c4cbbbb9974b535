"""Thirty racers a case, with mixed commands, while limits fall due and a crew works: no second lead, no second limit that
governs, no mark twice (domain.md §5). Two hundred cases take minutes:

.venv/bin/python -m pytest -s -m slow tests/faults/test_case_storm.py
"""

import asyncio
from collections import Counter

import pytest

from tests.faults.case_storm import RACERS, Storm
from tests.faults.conftest import Arena
from tests.faults.test_races import crew, until_told

STEP_SECONDS = (0, 7201, 40_000, 90_000)
"""By so much the clock of promises goes on between two races: signing, checking, reporting in and resolving fall due."""

LATE = 0.3
"""So often the cases are late, and supervised, before they are raced."""

TOGETHER = 5
"""So many cases are raced at once."""

TWO_LEADS = "SELECT whistle_id FROM assignment_detail WHERE leads GROUP BY whistle_id HAVING count(*) > 1"
TWO_GOVERN = """
SELECT d.matter_id FROM deadline d JOIN matter m ON m.id = d.matter_id AND m.kind = 'case'
 WHERE d.stopped_at IS NULL AND EXISTS (SELECT 1 FROM promised_state p WHERE p.kind = 'case' AND d.kind = ANY (p.governs))
 GROUP BY d.matter_id HAVING count(*) > 1"""
MARKED_TWICE = """
SELECT deadline_id, percent FROM (
  SELECT deadline_id, percent, 'mark' AS sort FROM mark UNION ALL SELECT deadline_id, percent, 'card' FROM supervision) fired
 GROUP BY deadline_id, percent, sort HAVING count(*) > 1"""


@pytest.fixture(scope="module")
async def storm(arena: Arena) -> Storm:
    return await Storm.of(arena.street, seed=20)


async def raced(arena: Arena, storm: Storm, cases: int) -> None:
    """So many cases, each with its thirty racers; then whatever is still due, and what must be true."""
    storm.answers.clear()
    owner = arena.street.world.owner
    async with crew(arena, sweepers=2, relays=2) as failures:
        for first in range(0, cases, TOGETHER):
            numbers = range(first, min(first + TOGETHER, cases))
            stages = [await storm.stage(number) for number in numbers]
            if storm.chance.random() < LATE:
                await owner.execute("UPDATE clock_shift SET seconds = seconds + 3 * 86400.0")
                await until_told(arena)
            step = storm.chance.choice(STEP_SECONDS)
            racing = asyncio.gather(*[storm.race(await storm.racers(stage)) for stage in stages])
            await asyncio.sleep(storm.chance.uniform(0, 0.2))
            await owner.execute("UPDATE clock_shift SET seconds = seconds + $1", float(step))
            await racing
            await until_told(arena)
        await owner.execute("UPDATE clock_shift SET seconds = seconds + 8 * 86400.0")
        await until_told(arena)
    assert failures == []
    assert sum(storm.answers.values()) == cases * RACERS
    assert {status for _, status, _ in storm.answers} <= {200, 403, 404, 409}, storm.answers
    for twice in (TWO_LEADS, TWO_GOVERN, MARKED_TWICE):
        assert await owner.fetch(twice) == []
    assert await arena.broken() == []
    assert await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == 0


async def test_five_cases_are_raced(arena: Arena, storm: Storm) -> None:
    await raced(arena, storm, 5)


@pytest.mark.slow
async def test_two_hundred_cases_are_raced(arena: Arena, storm: Storm) -> None:
    await raced(arena, storm, 200)
    won, late = Counter[str](), Counter[str]()
    for (kind, status, _), times in storm.answers.items():
        (won if status == 200 else late)[kind] += times
    for kind in sorted(won | late):
        print(f"{kind}: {won[kind]} done, {late[kind]} refused")
    assert won.keys() == (won | late).keys(), "every kind of command won somewhere"
    marks = await arena.street.world.owner.fetchval("SELECT count(*) FROM mark")
    assert marks > 0
