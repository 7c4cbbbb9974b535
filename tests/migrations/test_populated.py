"""A database that people lived in at 0003 comes to the newest version whole: nothing that must be true breaks, and its orders
go on."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import asyncpg
from alembic import command

from app import invariants
from app.domain.orders import dispatching, outcomes
from app.domain.orders import service as orders
from app.kernel.command import Caller, execute
from app.kernel.database import Database
from app.local.postgres import PostgresServer
from tests.conftest import migrate
from tests.migrations.test_schema import config
from tests.world import new_key, tireless

POPULATED = Path(__file__).with_name("populated_0003.sql")
STATES = {"submitted", "offered", "accepted", "in_service", "delivered", "rated", "closed_unrated", "cancelled"}
RESIDENT, VOLUNTEER = [UUID(f"0a000000-0000-7000-8000-00000000000{n}") for n in (1, 2)]


def order(number: int) -> UUID:
    return UUID(f"0e000000-0000-7000-8000-0000000000{number:02}")


def test_a_populated_database_comes_to_the_newest_version_whole_and_goes_on(
    another_database: Callable[..., str], postgres: PostgresServer
) -> None:
    url = another_database()
    command.upgrade(config(url), "0003")
    asyncio.run(populate(url))
    migrate(url)
    asyncio.run(live_on(url, postgres.url("linli_app", url.rpartition("/")[2])))


async def populate(url: str) -> None:
    owner = await asyncpg.connect(url)
    async with owner.transaction():
        await owner.execute(POPULATED.read_text("utf-8"))
    found = await owner.fetch("SELECT DISTINCT state FROM matter")
    assert {row["state"] for row in found} == STATES
    await owner.close()


async def live_on(url: str, app_url: str) -> None:
    owner, app = await asyncpg.connect(url), await Database.connect(app_url, size=1)
    assert [str(broken) for broken in await invariants.check(owner)] == []
    names = await owner.fetch("SELECT name FROM service ORDER BY created_at")
    assert [row["name"] for row in names] == ["陪同就医", "陪同就医(3)", "陪同就医(4)", "陪同就医(2)"], "no name twice"

    async def do(verb: object, who: UUID, number: int, **inputs: object) -> str:
        return (await execute(app, verb, Caller(who, who), new_key(), order(number), dict(inputs))).state  # type: ignore[arg-type]

    await tireless(owner, VOLUNTEER)
    assert await do(dispatching.accept, VOLUNTEER, 2) == "accepted"
    assert await do(dispatching.accept, VOLUNTEER, 9) == "accepted", "one that had been given back before"
    assert await do(dispatching.claim, VOLUNTEER, 10) == "accepted", "one whose response was missed"
    assert await do(orders.start, VOLUNTEER, 3, fits_after=(0,)) == "in_service"
    assert await do(orders.deliver, VOLUNTEER, 4, outcome="已陪同取药") == "delivered"
    rating = {"solved": "no", "stars": 2, "reason": "来得太晚"}
    assert await do(outcomes.rate, RESIDENT, 5, **rating) == "submitted", "and a new round begins"
    assert await do(outcomes.cancel, RESIDENT, 1) == "cancelled"
    assert [str(broken) for broken in await invariants.check(owner)] == []
    await app.close()
    await owner.close()
