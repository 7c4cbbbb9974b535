"""A world of its own for each module, and the two roles that the system works under."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.kernel.database import Database
from app.local.postgres import PostgresServer
from tests.database.replay_ground import Ground, make_ground
from tests.world import World, build


@pytest.fixture(scope="module")
async def world(owner_url: str) -> AsyncIterator[World]:
    made = await build(owner_url)
    yield made
    await made.owner.close()


@pytest.fixture(scope="module")
async def app(app_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(app_url, size=10)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def worker(worker_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(worker_url, size=4)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def superuser(postgres: PostgresServer, worker_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url("postgres", worker_database))
    yield connection
    await connection.close()


@pytest.fixture(scope="module")
async def ground(owner_url: str, superuser: asyncpg.Connection) -> AsyncIterator[Ground]:
    """A past to replay on."""
    made = await make_ground(owner_url, superuser)
    yield made
    await made.world.owner.close()
