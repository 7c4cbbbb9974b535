"""Whose eyes a connection has: those of its transaction's actor, not of the one before, and no longer than the right lasts."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from sqlalchemy import text

from app.domain.orders import dispatching
from app.domain.orders.errors import OrderNotFound
from app.kernel.command import Caller, execute
from app.kernel.database import Database, begin
from app.kernel.rules import Role
from app.local.postgres import PostgresServer
from tests.security.conftest import AsPerson, Community, Neighbours, order
from tests.world import new_key

TIMES = 300


@pytest.fixture
async def narrow(neighbours: Neighbours, postgres: PostgresServer) -> AsyncIterator[Database]:
    """One connection for everybody."""
    database = await Database.connect(postgres.url("linli_app", neighbours.database), size=1)
    yield database
    await database.close()


async def readable(database: Database, neighbours: Neighbours, person: UUID) -> set[UUID]:
    caller = await neighbours.world.caller(person)
    async with database.reading(caller.person_id, caller.family) as connection:
        return set((await connection.execute(text("SELECT id FROM matter"))).scalars())


async def test_two_communities_share_one_connection_of_readers(neighbours: Neighbours, narrow: Database) -> None:
    sides, at_once = (neighbours.east, neighbours.west), asyncio.Semaphore(6)
    own = {side.place: await readable(narrow, neighbours, side.dispatcher) for side in sides}
    assert all(set(side.orders.values()) <= own[side.place] for side in sides)
    assert not own[sides[0].place] & own[sides[1].place]

    async def break_off(caller: Caller) -> None:
        async with narrow.reading(caller.person_id, caller.family) as connection:
            await connection.execute(text("SELECT id FROM matter"))
            raise ZeroDivisionError

    async def look(number: int, side: Community) -> set[UUID]:
        async with at_once:
            if number % 5 == 4:
                with pytest.raises(ZeroDivisionError):
                    await break_off(await neighbours.world.caller(side.dispatcher))
            return await readable(narrow, neighbours, side.dispatcher) - own[side.place]

    leaked = await asyncio.gather(*(look(n, sides[n % 2]) for n in range(TIMES)))
    assert set().union(*leaked) == set()


async def test_two_communities_share_one_connection_of_commands(neighbours: Neighbours, narrow: Database) -> None:
    """Each tries a move on the other's order: not there, three hundred times; and nothing of the actor stays behind."""
    sides = (neighbours.east, neighbours.west)

    async def intrude(number: int) -> None:
        here, there = sides[number % 2], sides[1 - number % 2]
        caller = await neighbours.world.caller(here.dispatcher)
        inputs = {"volunteer_id": here.volunteer}
        with pytest.raises(OrderNotFound):
            await execute(narrow, dispatching.offer, caller, new_key(), there.orders["missed"], inputs)

    await asyncio.gather(*(intrude(n) for n in range(TIMES)))
    await order(neighbours.world, narrow, neighbours.east)  # and one that commits
    left = await narrow.call(
        "SELECT current_setting('app.actor', true) AS actor, (SELECT count(*) FROM matter) AS seen"
    )
    assert tuple(left[0]) in (("", 0), (None, 0))


async def test_a_demotion_acts_with_the_next_command(neighbours: Neighbours) -> None:
    east, world = neighbours.east, neighbours.world
    deputy = await world.person("副派单员", Role.DISPATCHER, east.place)
    first, second = [await order(world, neighbours.app, east) for _ in range(2)]
    await world.do(neighbours.app, dispatching.offer, deputy, first, volunteer_id=east.volunteer)
    await world.owner.execute("UPDATE role_grant SET ends_at = app_now() WHERE person_id = $1", deputy)
    with pytest.raises(OrderNotFound):
        await world.do(neighbours.app, dispatching.offer, deputy, second, volunteer_id=east.volunteer)
    assert await readable(neighbours.app, neighbours, deputy) == set(), "not even what they moved"


async def test_whoever_ends_their_own_access_sees_it_to_the_end_of_the_transaction_and_no_longer(
    neighbours: Neighbours, as_person: AsPerson, postgres: PostgresServer
) -> None:
    east = neighbours.east
    offered = await order(neighbours.world, neighbours.app, east, "offer")
    row = "SELECT state FROM matter WHERE id = $1"
    async with neighbours.app.pool.acquire() as connection:
        await connection.execute(begin(east.volunteer))
        await connection.execute("UPDATE matter SET state = 'submitted', assignee_id = NULL WHERE id = $1", offered)
        assert await connection.fetchval(row, offered) == "submitted"
        await connection.execute("COMMIT")
        await connection.execute(begin(east.volunteer))
        assert await connection.fetchval(row, offered) is None
        await connection.execute("ROLLBACK")
    async with as_person(east.volunteer) as connection:
        for table in ("history", "deadline", "order_detail", "order_contact"):
            assert await connection.fetch(f"SELECT * FROM {table} WHERE matter_id = $1", offered) == []


async def test_a_role_of_tomorrow_or_of_yesterday_shows_nothing(neighbours: Neighbours) -> None:
    east, world = neighbours.east, neighbours.world
    deputy = await world.person("明天的派单员", Role.DISPATCHER, east.place)
    for period in ("starts_at = app_now() + interval '1 day'", "starts_at = '2026-01-01', ends_at = '2026-01-02'"):
        await world.owner.execute(f"UPDATE role_grant SET {period} WHERE person_id = $1", deputy)
        assert await readable(neighbours.app, neighbours, deputy) == set()
    await world.owner.execute("UPDATE role_grant SET ends_at = NULL WHERE person_id = $1", deputy)
    assert set(east.orders.values()) <= await readable(neighbours.app, neighbours, deputy)
