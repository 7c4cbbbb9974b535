"""Sabotage: each policy of reading, opened or taken away, turns the tests of reading red. The list is the catalogue's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import pytest

from app.local.postgres import PostgresServer
from tests.security.conftest import Neighbours
from tests.security.reading import OPEN, found

READING = """
  SELECT tablename AS table, policyname AS name FROM pg_policies
   WHERE 'linli_app' = ANY (roles) AND cmd IN ('SELECT', 'ALL') AND NOT tablename = ANY ($1) ORDER BY 1, 2"""


@pytest.fixture
async def superuser(neighbours: Neighbours, postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url("postgres", neighbours.database))
    yield connection
    await connection.close()


@asynccontextmanager
async def spoiled(superuser: asyncpg.Connection, person: UUID, *statements: str) -> AsyncIterator[asyncpg.Connection]:
    """The application's role, as a person, in a transaction that has altered the policies and is rolled back."""
    transaction = superuser.transaction()
    await transaction.start()
    try:
        for statement in statements:
            await superuser.execute(statement)
        await superuser.execute("SET LOCAL ROLE linli_app")
        await superuser.execute("SELECT set_config('app.actor', $1, true)", str(person))
        yield superuser
    finally:
        await transaction.rollback()


async def policies(superuser: asyncpg.Connection) -> list[tuple[str, str]]:
    return [tuple(row) for row in await superuser.fetch(READING, list(OPEN))]


async def test_unspoiled_nothing_leaks_this_way_either(neighbours: Neighbours, superuser: asyncpg.Connection) -> None:
    async with spoiled(superuser, neighbours.west.resident) as connection:
        assert sum((await found(connection, neighbours.east.canaries)).values()) == 0


async def test_a_policy_that_is_opened_leaks(neighbours: Neighbours, superuser: asyncpg.Connection) -> None:
    tight = []
    for table, name in await policies(superuser):
        async with spoiled(superuser, neighbours.west.resident, f"ALTER POLICY {name} ON {table} USING (true)") as app:
            if not (await found(app, neighbours.east.canaries))[table]:
                tight.append(name)
    assert tight == []


async def test_a_policy_that_is_dropped_is_missed(neighbours: Neighbours, superuser: asyncpg.Connection) -> None:
    unmissed = []
    reads = await policies(superuser)
    assert len(reads) >= 16
    east = neighbours.east
    insiders = (east.resident, east.volunteer, east.secretary, neighbours.world.people["管理员"])
    for table, name in reads:
        dropped = f"DROP POLICY {name} ON {table}"
        for person in insiders:
            async with spoiled(superuser, person, dropped) as app:
                spoilt = (await found(app, neighbours.east.canaries))[table]
            async with spoiled(superuser, person) as app:
                whole = (await found(app, neighbours.east.canaries))[table]
            if spoilt < whole:
                break
        else:
            unmissed.append(name)
    assert unmissed == []


async def test_a_table_whose_policies_are_switched_off_leaks(
    neighbours: Neighbours, superuser: asyncpg.Connection
) -> None:
    tables = {table for table, _ in await policies(superuser)}
    for table in tables:
        off = f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"
        async with spoiled(superuser, neighbours.west.resident, off) as app:
            assert (await found(app, neighbours.east.canaries))[table], table
