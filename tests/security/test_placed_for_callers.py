"""What the staff placed for a caller, in plain SQL: theirs to read with what it is about, while they are on the staff there; and
nobody else's by it."""

from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from app.domain.cases import reporting
from app.domain.orders import placing
from app.domain.orders.models import Calling
from app.kernel.command import execute
from app.kernel.rules import Role
from tests.security.conftest import AsPerson, Neighbours
from tests.security.reading import found
from tests.world import new_key

ABOUT_AN_ORDER = {"matter", "order_detail", "order_contact", "history", "deadline"}
ABOUT_A_CASE = {"matter", "case_detail", "case_reporter", "history", "deadline", "hold"}


@dataclass
class Placed:
    clerk: UUID
    colleague: UUID
    order: UUID
    case: UUID


@pytest.fixture(scope="module")
async def placed(neighbours: Neighbours) -> Placed:
    """An order and a case of the eastern resident, by one of two clerks of the eastern station."""
    n, east = neighbours, neighbours.east
    clerk, colleague = [await n.world.person(name, Role.STATION_STAFF, east.place) for name in ("站员甲", "站员乙")]
    as_clerk = await n.world.caller(clerk)
    asked = {"channel": Calling.PHONE, "person_id": east.resident, "service_id": n.world.service, "note": "修灯"}
    order = (await execute(n.app, placing.place_for_caller, as_clerk, new_key(), None, asked)).id
    told = {"person_id": east.resident, "category": "noise", "words": "夜里吵"}
    case = (await execute(n.app, reporting.report_for_caller, as_clerk, new_key(), None, told)).id
    return Placed(clerk, colleague, order, case)


async def seen(connection: asyncpg.Connection, *matters: UUID) -> set[str]:
    """The tables in which this connection reads something about these matters, but for its own receipts and looks."""
    counts = await found(connection, [str(matter) for matter in matters])
    return {table for table, count in counts.items() if count} - {"idempotency"}


async def test_the_clerk_reads_what_they_placed_and_what_it_is_about(placed: Placed, as_person: AsPerson) -> None:
    async with as_person(placed.clerk) as connection:
        assert await seen(connection, placed.order) == ABOUT_AN_ORDER
        assert await seen(connection, placed.case) == ABOUT_A_CASE
        assert await connection.fetchval("SELECT app_sees_whole($1)", placed.case) is True


async def test_a_colleague_reads_the_order_while_it_is_under_way_and_nothing_of_the_case(
    placed: Placed, neighbours: Neighbours, as_person: AsPerson
) -> None:
    async with as_person(placed.colleague) as connection:
        assert await seen(connection, placed.order) == ABOUT_AN_ORDER
        assert await seen(connection, placed.case) == set()
        under_way = await connection.fetch("SELECT DISTINCT state FROM matter WHERE kind = 'order'")
    assert {row["state"] for row in under_way} <= {"submitted", "offered", "accepted", "in_service", "delivered"}


@pytest.mark.parametrize("who", ["western clerk", "stranger"])
async def test_another_place_reads_nothing_of_it(
    who: str, placed: Placed, neighbours: Neighbours, as_person: AsPerson
) -> None:
    others = {"western clerk": neighbours.west.station, "stranger": neighbours.stranger}
    async with as_person(others[who]) as connection:
        assert await seen(connection, placed.order, placed.case) == set()


@pytest.mark.parametrize(
    "left",
    [
        "UPDATE role_grant SET ends_at = app_now() WHERE person_id = $1",
        "UPDATE role_grant SET place_id = $2 WHERE person_id = $1",
        "UPDATE role_grant SET role = 'volunteer' WHERE person_id = $1",
    ],
    ids=["the role has ended", "another place", "another role"],
)
async def test_who_is_no_more_on_the_staff_there_reads_nothing_of_it(
    left: str, placed: Placed, neighbours: Neighbours, as_person: AsPerson
) -> None:
    owner, values = neighbours.world.owner, [placed.clerk, neighbours.west.place][: 1 + ("$2" in left)]
    before = await owner.fetchrow(
        "SELECT id, role, place_id, ends_at FROM role_grant WHERE person_id = $1", placed.clerk
    )
    await owner.execute(left, *values)
    try:
        async with as_person(placed.clerk) as connection:
            assert await seen(connection, placed.order, placed.case) == set()
            assert await connection.fetchval("SELECT app_sees($1)", placed.order) is False
            assert await connection.fetchval("SELECT app_sees_whole($1)", placed.case) is False
    finally:
        await owner.execute("UPDATE role_grant SET role = $2, place_id = $3, ends_at = $4 WHERE id = $1", *before)
