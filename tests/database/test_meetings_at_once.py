"""Two appointments of one volunteer at one time: of two confirmations at the same moment one is refused, and so it is by SQL."""

import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.domain.orders import appointments, dispatching
from app.domain.orders.appointment_errors import AppointmentDouble
from app.kernel.command import execute
from app.kernel.database import Database, begin
from app.kernel.errors import Refusal
from app.kernel.rules import Role
from tests.people import by_day
from tests.world import World, new_key

ROUNDS = 6
MEET = by_day()
NEARLY = MEET + timedelta(minutes=10)


async def two_proposals(world: World, app: Database) -> tuple[UUID, UUID]:
    """Two orders of one volunteer, who proposed nearly the same time for both."""
    volunteer = await world.person("忙人", Role.VOLUNTEER, world.east)
    orders = [(await world.place(app)).id for _ in range(2)]
    for order, meet_at in zip(orders, (MEET, NEARLY), strict=True):
        await world.do(app, dispatching.offer, "派单员", order, volunteer_id=volunteer)
        await world.do(app, dispatching.accept, volunteer, order)
        await world.do(app, appointments.propose_appointment, volunteer, order, meet_at=meet_at)
    return orders[0], orders[1]


async def test_of_two_confirmations_at_once_one_is_refused(world: World, app: Database) -> None:
    async def confirm(order: UUID, meet_at: object) -> object:
        caller = await world.caller(world.people["王奶奶"])
        try:
            receipt = await execute(
                app, appointments.confirm_appointment, caller, new_key(), order, {"meet_at": meet_at}
            )
        except Refusal as refusal:
            return type(refusal)
        return receipt.state

    for _ in range(ROUNDS):
        first, second = await two_proposals(world, app)
        done = await asyncio.gather(confirm(first, MEET), confirm(second, NEARLY))
        assert sorted(map(str, done)) == sorted(map(str, ("accepted", AppointmentDouble)))


async def test_plain_sql_confirms_no_second_one(world: World, app: Database) -> None:
    first, second = await two_proposals(world, app)
    await world.do(app, appointments.confirm_appointment, "王奶奶", first, meet_at=MEET)
    async with app.pool.acquire() as connection:
        await connection.execute(begin(world.people["王奶奶"]))
        with pytest.raises(asyncpg.CheckViolationError, match="somewhere else then"):
            await connection.execute(
                "UPDATE appointment SET confirmed_by = app_actor(), confirmed_at = app_now() WHERE matter_id = $1",
                second,
            )
        await connection.execute("ROLLBACK")


async def test_only_who_has_to_do_with_an_order_learns_when_its_volunteer_is_elsewhere(
    world: World, app: Database
) -> None:
    first, second = await two_proposals(world, app)
    await world.do(app, appointments.confirm_appointment, "王奶奶", first, meet_at=MEET)
    volunteer = await world.owner.fetchval("SELECT assignee_id FROM matter WHERE id = $1", second)
    stranger = await world.person("路人", Role.VOLUNTEER, world.east)
    for who, learns in ((world.people["王奶奶"], True), (volunteer, True), (stranger, False)):
        async with app.pool.acquire() as connection:
            await connection.execute(begin(who))
            for function in ("meets_near", "appointment_near"):
                told = await connection.fetchval(f"SELECT {function}($1, $2, $3)", second, volunteer, NEARLY)
                assert (told is not None) is learns, (function, who)
            assert await connection.fetchval("SELECT meets_near($1, $2, $3)", second, stranger, NEARLY) is None
            await connection.execute("ROLLBACK")
