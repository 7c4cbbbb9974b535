"""The door: one command after another through the real database, as the application's role."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import service as orders
from app.kernel.command import Key, Receipt, execute
from app.kernel.database import Database
from app.kernel.errors import KeyReused, NotAllowed, NotFound, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.verbs import Verb
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


def key(name: str | None = None, fingerprint: str = "f") -> Key:
    return Key("operation", name or str(new_id()), fingerprint)


async def place(app: Database, world: World, who: str = "王奶奶", k: Key | None = None) -> Receipt:
    return await execute(
        app, orders.place, world.people[who], k or key(), None, {"service_id": world.service, "note": "陪我去医院"}
    )


async def do(app: Database, verb: Verb[Any, Any], who: UUID, order: UUID, **inputs: Any) -> Receipt:
    return await execute(app, verb, who, key(), order, inputs)


async def test_an_order_goes_all_the_way(app: Database, world: World) -> None:
    people = world.people
    placed = await place(app, world)
    assert (placed.state, placed.version) == ("submitted", 1)
    order = placed.id
    assert (await do(app, orders.offer, people["派单员"], order, volunteer_id=people["小李"])).state == "offered"
    assert (await do(app, orders.accept, people["小李"], order)).state == "accepted"
    assert (await do(app, orders.start, people["小李"], order, code_fits=True)).state == "in_service"
    assert (await do(app, orders.deliver, people["小李"], order, outcome="已陪同")).state == "delivered"
    rated = await do(app, orders.rate, people["王奶奶"], order, solved="yes", stars=5, reason=None)
    assert (rated.state, rated.version) == ("rated", 6)
    history = await world.owner.fetch("SELECT * FROM history WHERE matter_id = $1 ORDER BY version", order)
    assert [row["action"] for row in history] == ["place", "offer", "accept", "start", "deliver", "rate"]
    deadlines = await world.owner.fetch("SELECT kind, stopped_at FROM deadline WHERE matter_id = $1 ORDER BY started_at", order)
    assert [row["kind"] for row in deadlines] == ["respond", "offer", "finish"]
    assert all(row["stopped_at"] for row in deadlines)


async def test_two_hundred_twins_with_one_key_get_one_receipt(app: Database, world: World) -> None:
    k = key("twins")
    receipts = await asyncio.gather(*(place(app, world, k=k) for _ in range(200)))
    assert len(set(receipts)) == 1
    with pytest.raises(KeyReused):
        await place(app, world, k=Key("operation", "twins", "another request"))


async def test_thirty_volunteers_claim_one_order(app: Database, world: World) -> None:
    volunteers = [await world.person(f"志愿者{n}", orders.Role.VOLUNTEER, world.east) for n in range(30)]
    order = (await place(app, world)).id
    await world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", order)
    answers = await asyncio.gather(
        *(do(app, orders.claim, v, order) for v in volunteers), return_exceptions=True
    )
    assert sorted(type(a).__name__ for a in answers) == ["Receipt"] + ["TransitionRefused"] * 29


async def test_nobody_moves_what_they_cannot_see(app: Database, world: World) -> None:
    order = (await place(app, world)).id
    with pytest.raises(NotFound):
        await do(app, orders.cancel, world.people["西居民"], order)
    with pytest.raises(NotFound):
        await do(app, orders.offer, world.people["西派单员"], order, volunteer_id=world.people["小李"])
    with pytest.raises(NotAllowed):
        await do(app, orders.cancel, world.people["派单员"], order)
    with pytest.raises(TransitionRefused):
        await do(app, orders.rate, world.people["王奶奶"], order, solved="yes", stars=5, reason=None)
