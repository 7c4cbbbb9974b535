"""The door: one command after another through the real database, as the application's role."""

import asyncio

import asyncpg
import pytest

from app.domain.orders import dispatching, outcomes
from app.domain.orders import service as orders
from app.kernel.database import Database, begin
from app.kernel.errors import KeyReused, NotAllowed, NotFound, TransitionRefused
from app.kernel.rules import Role
from tests.world import World, new_key


async def test_an_order_goes_all_the_way(app: Database, world: World) -> None:
    people = world.people
    placed = await world.place(app)
    assert (placed.state, placed.version) == ("submitted", 1)
    order = placed.id
    assert (await world.do(app, dispatching.offer, "派单员", order, volunteer_id=people["小李"])).state == "offered"
    assert (await world.do(app, dispatching.accept, "小李", order)).state == "accepted"
    assert (await world.do(app, orders.start, "小李", order, fits_after=(0,))).state == "in_service"
    assert (await world.do(app, orders.deliver, "小李", order, outcome="已陪同")).state == "delivered"
    rated = await world.do(app, outcomes.rate, "王奶奶", order, solved="yes", stars=5, reason=None)
    assert (rated.state, rated.version) == ("rated", 6)
    history = await world.owner.fetch("SELECT * FROM history WHERE matter_id = $1 ORDER BY version", order)
    assert [row["action"] for row in history] == ["place", "offer", "accept", "start", "deliver", "rate"]
    deadlines = await world.owner.fetch(
        "SELECT kind, stopped_at FROM deadline WHERE matter_id = $1 ORDER BY started_at", order
    )
    assert {row["kind"] for row in deadlines} == {
        "respond", "reply", "coordinate", "plan", "dispatch", "offer", "finish", "rating",
    }  # fmt: skip
    assert all(row["stopped_at"] for row in deadlines)


async def test_two_hundred_twins_with_one_key_get_one_receipt(app: Database, world: World) -> None:
    k = new_key("twins")
    receipts = await asyncio.gather(*(world.place(app, key=k) for _ in range(200)))
    assert len(set(receipts)) == 1
    with pytest.raises(KeyReused):
        await world.place(app, key=new_key("twins", "another request"))


async def test_thirty_volunteers_claim_one_order(app: Database, world: World) -> None:
    volunteers = [await world.person(f"志愿者{n}", Role.VOLUNTEER, world.east) for n in range(30)]
    order = (await world.place(app)).id
    await world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", order)
    answers = await asyncio.gather(
        *(world.do(app, dispatching.claim, v, order) for v in volunteers), return_exceptions=True
    )
    assert sorted(type(a).__name__ for a in answers) == ["Receipt"] + ["TransitionRefused"] * 29


async def test_nobody_moves_what_they_cannot_see(app: Database, world: World) -> None:
    order = (await world.place(app)).id
    with pytest.raises(NotFound):
        await world.do(app, outcomes.cancel, "西居民", order)
    with pytest.raises(NotFound):
        await world.do(app, dispatching.offer, "西派单员", order, volunteer_id=world.people["小李"])
    with pytest.raises(NotAllowed):
        await world.do(app, dispatching.offer, "王奶奶", order, volunteer_id=world.people["小李"])
    with pytest.raises(TransitionRefused):
        await world.do(app, outcomes.rate, "王奶奶", order, solved="yes", stars=5, reason=None)


async def test_what_was_not_begun_is_not_delivered(app: Database, world: World) -> None:
    order = (await world.place(app)).id
    await world.do(app, dispatching.offer, "派单员", order, volunteer_id=world.people["小李"])
    await world.do(app, dispatching.accept, "小李", order)
    with pytest.raises(TransitionRefused):
        await world.do(app, orders.deliver, "小李", order, outcome="已办妥")


async def test_whoever_loses_the_role_while_it_is_written_moves_nothing_without_its_deadlines(
    world: World, app: Database
) -> None:
    """What stops looks with eyes of its own, later than what moves: when the role ended in between, nothing of it is done."""
    leaver = await world.person("要走的派单员", Role.DISPATCHER, world.east)
    order = (await world.place(app)).id
    live = "SELECT id FROM deadline WHERE matter_id = $1 AND kind = 'dispatch'"
    dispatch = await world.owner.fetchval(live, order)
    both = (
        "WITH wait AS MATERIALIZED (SELECT pg_sleep(0.5)),"
        " s AS (SELECT stop_deadlines($1, ARRAY[$2::uuid], app_now()) FROM wait),"
        " w AS (UPDATE matter SET open_pool = true WHERE id = $1 RETURNING id)"
        " SELECT id FROM w WHERE (SELECT count(*) FROM s) >= 0"
    )
    async with app.pool.acquire() as connection:
        await connection.execute(begin(leaver))
        await connection.fetchval("SELECT version FROM matter WHERE id = $1", order)
        written = asyncio.create_task(connection.fetch(both, order, dispatch))
        await asyncio.sleep(0.2)
        await world.owner.execute("UPDATE role_grant SET ends_at = app_now() WHERE person_id = $1", leaver)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await written
        await connection.execute("ROLLBACK")
