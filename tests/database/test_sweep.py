"""The sweep and the relay: each mark once, effects folded, notices told, events answered."""

from app.domain.orders import dispatching
from app.kernel.database import Database
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.world import World


async def test_respond_is_missed_step_by_step(app: Database, world: World, worker: Database) -> None:
    order = (await world.place(app)).id

    async def later(seconds: int) -> None:
        await world.owner.execute("UPDATE clock_shift SET seconds = $1", seconds)
        async with worker.pool.acquire() as connection:
            while await sweep_once(connection):
                pass
            await relay_notices(connection)
        while await react_once(worker, REACTIONS):
            pass

    async def row():
        return await world.owner.fetchrow("SELECT * FROM matter WHERE id = $1", order)

    async def marks():
        """Of the response and the offer; the reply has stories of its own."""
        return [
            r["percent"]
            for r in await world.owner.fetch(
                "SELECT k.percent FROM mark k JOIN deadline d ON d.id = k.deadline_id"
                " WHERE k.matter_id = $1 AND d.kind IN ('respond', 'offer') ORDER BY 1",
                order,
            )
        ]

    try:
        await later(959)
        assert await marks() == []
        await later(961)
        assert await marks() == [80]
        assert not (await row())["open_pool"]
        await world.do(app, dispatching.offer, "派单员", order, volunteer_id=world.people["小李"])
        await later(961 + 481)
        assert await marks() == [80, 80, 100, 100]
        r = await row()
        assert (r["open_pool"], r["state"], r["assignee_id"]) == (True, "submitted", None)
        await later(1801)
        assert await marks() == [80, 80, 100, 100, 150]
        assert (await row())["holder_id"] == world.people["书记"]
        topics = await world.owner.fetch(
            "SELECT person_id, topic, payload FROM inbox_message WHERE subject_id = $1 ORDER BY created_at", order
        )
        told = [t for t in topics if t["person_id"] == world.people["书记"] and '"respond"' in t["payload"]]
        assert len(told) == 1
        r = await row()
        assert r["version"] == await world.owner.fetchval("SELECT count(*) FROM history WHERE matter_id = $1", order)
    finally:
        await world.owner.execute("UPDATE clock_shift SET seconds = 0")


async def test_a_late_stop_writes_the_marks(app: Database, world: World) -> None:
    order = (await world.place(app)).id
    await world.do(app, dispatching.offer, "派单员", order, volunteer_id=world.people["小李"])
    await world.owner.execute("UPDATE clock_shift SET seconds = 1300")
    try:
        await world.do(app, dispatching.accept, "小李", order)
    finally:
        await world.owner.execute("UPDATE clock_shift SET seconds = 0")
    marks = await world.owner.fetch(
        "SELECT d.kind, m.percent FROM mark m JOIN deadline d ON d.id = m.deadline_id WHERE m.matter_id = $1 ORDER BY 1, 2",
        order,
    )
    assert [tuple(m) for m in marks] == [("offer", 80), ("offer", 100), ("respond", 80), ("respond", 100)]
    assert (
        await world.owner.fetchval(
            "SELECT count(*) FROM outbox WHERE subject_id = $1 AND topic = 'deadline.mark'", order
        )
        == 3
    )


async def test_what_was_overslept_is_answered_in_the_order_in_which_it_was_due(
    app: Database, world: World, worker: Database
) -> None:
    """The offer lapses before the plan is missed: each order says so, whichever of its marks the sweep took first."""
    orders = [(await world.place(app)).id for _ in range(8)]
    for order in orders:
        await world.do(app, dispatching.offer, "派单员", order, volunteer_id=world.people["小李"])
    await world.owner.execute("UPDATE clock_shift SET seconds = 4 * 86400")
    try:
        async with worker.pool.acquire() as connection:
            while await sweep_once(connection):
                pass
        while await react_once(worker, REACTIONS):
            pass
    finally:
        await world.owner.execute("UPDATE clock_shift SET seconds = 0")
    told = await world.owner.fetch(
        "SELECT array_agg(action ORDER BY version) AS actions FROM history"
        " WHERE matter_id = ANY ($1) AND action IN ('lapse', 'convert') GROUP BY matter_id",
        orders,
    )
    assert [row["actions"] for row in told] == [["lapse", "convert"]] * len(orders)
