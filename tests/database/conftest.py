"""A world of its own for each module, and the two roles that the system works under."""

from collections.abc import AsyncIterator

import pytest

from app.kernel.database import Database
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
