"""By plain SQL: what a neighbour sees of a case before, in and after joining it (附议)."""

from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from app.domain.cases import extensions, joining, reporting
from app.domain.cases import service as cases
from app.kernel.database import Database, begin
from app.kernel.rules import Role
from tests.world import World, build

REPORT = {"category": "lighting", "words": "东门外的路灯不亮了"}


@pytest.fixture
async def world(owner_url: str) -> AsyncIterator[World]:
    made = await build(owner_url)
    yield made
    await made.owner.close()


@pytest.fixture
async def app(app_url: str) -> AsyncIterator[Database]:
    made = await Database.connect(app_url, size=2)
    yield made
    await made.close()


async def seen(app: Database, person, case, joins=None) -> tuple[int, int]:
    """How many rows of the matter, and of what it is about."""
    async with app.pool.acquire() as connection:
        await connection.execute(begin(person, joins))
        try:
            matter = await connection.fetchval("SELECT count(*) FROM matter WHERE id = $1", case)
            return matter, await connection.fetchval("SELECT count(*) FROM case_detail WHERE matter_id = $1", case)
        finally:
            await connection.execute("ROLLBACK")


async def test_only_a_neighbour_who_joins_this_case_is_let_in(world: World, app: Database, owner_url: str) -> None:
    neighbour = await world.person("李大爷", Role.RESIDENT, world.west)
    elsewhere = await build(owner_url)
    away = elsewhere.people["王奶奶"]
    await elsewhere.owner.close()
    case = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    other = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    assert await seen(app, neighbour, case) == (0, 0)
    assert await seen(app, neighbour, case, joins=other) == (0, 0), "it names another case"
    assert await seen(app, away, case, joins=case) == (0, 0), "of another street"
    volunteer = world.people["小李"]
    assert await seen(app, volunteer, case, joins=case) == (0, 0), "who does not live there"
    assert await seen(app, neighbour, case, joins=case) == (1, 1)
    await world.do(app, joining.join, neighbour, case, words="我家也是")
    assert await seen(app, neighbour, case) == (1, 1)
    assert await seen(app, neighbour, other) == (0, 0)


async def test_nobody_joins_for_somebody_else(world: World, app: Database) -> None:
    neighbour = await world.person("李大爷", Role.RESIDENT, world.west)
    case = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    async with app.pool.acquire() as connection:
        await connection.execute(begin(neighbour, case))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO case_reporter (id, matter_id, place_id, person_id, joined_at)"
                " SELECT gen_random_uuid(), id, place_id, $2, now() FROM matter WHERE id = $1",
                case,
                world.people["西居民"],
            )
        await connection.execute("ROLLBACK")


async def test_only_whoever_lives_there_or_works_on_it_sees_the_whole(world: World, app: Database) -> None:
    """Of those who joined; and nobody finds it by words that they may not read."""
    neighbour = await world.person("李大爷", Role.RESIDENT, world.east)
    stranger = await world.person("西大爷", Role.RESIDENT, world.west)
    case = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    found = "SELECT count(*) FROM find_cases($1, $2, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, 9)"

    async def of(person: UUID) -> tuple[bool, int, int, int]:
        async with app.pool.acquire() as connection:
            await connection.execute(begin(person))
            try:
                return (
                    await connection.fetchval("SELECT app_sees_whole($1)", case),
                    await connection.fetchval(found, "路灯", None),
                    await connection.fetchval(found, None, case),
                    await connection.fetchval(found, "路灯", case),
                )
            finally:
                await connection.execute("ROLLBACK")

    assert await of(stranger) == (False, 0, 0, 0)
    for person in (neighbour, stranger):
        await world.do(app, joining.join, person, case, words="我家也是")
    assert await of(neighbour) == (True, 1, 1, 1)
    assert await of(stranger) == (False, 0, 1, 0)
    assert await of(world.people["王奶奶"]) == (True, 1, 1, 1)
    assert await of(world.people["书记"]) == (True, 1, 1, 1)


async def test_whoever_joined_from_elsewhere_reads_nothing_that_was_written_on_the_way(
    world: World, app: Database
) -> None:
    """What officers wrote to the reporters, and how they whistled, extended, let hang and supervised it."""
    neighbour = await world.person("李大爷", Role.RESIDENT, world.east)
    stranger = await world.person("陌生人", Role.RESIDENT, world.west)
    case = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    for person in (neighbour, stranger):
        await world.do(app, joining.join, person, case, words="我家也是")
    await world.do(app, cases.triage, "书记", case)
    await world.do(app, cases.contact, "书记", case, channel="phone", text="已联系王奶奶")
    await world.do(app, cases.reply, "书记", case, text="明天来修")
    await world.do(app, extensions.request_extension, "书记", case, hours=1, reason="等件")

    async def written(person: UUID) -> list[int]:
        async with app.pool.acquire() as connection:
            await connection.execute(begin(person))
            try:
                return [
                    await connection.fetchval(f"SELECT count(*) FROM {table} WHERE matter_id = $1", case)
                    for table in ("case_post", "case_extension")
                ]
            finally:
                await connection.execute("ROLLBACK")

    assert await written(stranger) == [0, 0]
    assert await written(neighbour) == [1, 1], "the reply, and not how somebody else was reached"
    for person in (world.people["王奶奶"], world.people["书记"]):
        assert await written(person) == [2, 1]


async def test_whoever_does_not_read_the_extension_of_a_case_asks_for_no_second_one(
    world: World, app: Database
) -> None:
    """That there was one already is looked for with the eyes of whoever asks."""
    stranger = await world.person("陌生人", Role.RESIDENT, world.west)
    case = (await world.do(app, reporting.report, "王奶奶", None, **REPORT)).id
    await world.do(app, joining.join, stranger, case, words="我家也是")
    await world.do(app, cases.triage, "书记", case)
    await world.do(app, extensions.request_extension, "书记", case, hours=1, reason="等件")
    async with app.pool.acquire() as connection:
        await connection.execute(begin(stranger))
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO case_extension (id, matter_id, place_id, round, deadline_id, seconds, reason, asked_by, asked_at)"
                " SELECT gen_random_uuid(), matter_id, place_id, 2, id, 60, '再等', app_actor(), app_now() FROM deadline"
                " WHERE matter_id = $1 AND stopped_at IS NULL LIMIT 1",
                case,
            )
        await connection.execute("ROLLBACK")
