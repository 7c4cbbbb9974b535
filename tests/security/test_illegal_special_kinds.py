"""What the database refuses about service days, claims and pauses, even its owner; and what is not for whom it is about."""

from uuid import UUID

import asyncpg
import pytest

from app.kernel.rules import Role
from tests.security.conftest import AsPerson, Neighbours, new_id, refused, tried
from tests.security.illegal import BROKEN, NO_RIGHT, fill

DAY = (
    "INSERT INTO service_day (id, place_id, team_id, service_id, starts_at, opened_by, created_at, version)"
    " SELECT '{new}', '{west}', '{team}', s.id, app_now() + interval '1 day', app_actor(), app_now(), 1 FROM service s LIMIT 1"
)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE slot_booking SET live = NULL",
        "UPDATE slot_booking SET ended_at = app_now()",
        "UPDATE order_detail SET claimed_name = '西峪小学'",
        "UPDATE order_detail SET claimed_as = 'unit'",
        "UPDATE order_detail SET claimed_as = 'crowd', claimed_name = '西峪小学'",
        "UPDATE service SET paused_until = app_now()",
    ],
)
async def test_no_half_of_a_fact_is_kept(owner: asyncpg.Connection, statement: str) -> None:
    assert await refused(owner, statement) == BROKEN


async def test_a_lead_opens_no_day_where_the_team_does_not_serve(ids: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(ids["volunteer"]) as connection:
        assert await refused(connection, DAY.format(**ids, new=new_id())) == NO_RIGHT


async def test_who_was_complained_of_does_not_read_it(
    neighbours: Neighbours, ids: dict[str, UUID], as_person: AsPerson
) -> None:
    for reason in ("declined", "complaint"):
        await neighbours.world.owner.execute(
            "INSERT INTO order_refusal (id, matter_id, place_id, round, person_id, reason, refused_by, refused_at)"
            " VALUES (gen_random_uuid(), $1, $2, 7, $3, $4, $5, app_now())",
            ids["rated"], ids["east"], ids["volunteer"], reason, ids["resident"],
        )  # fmt: skip
    read = "SELECT array_agg(reason ORDER BY reason) FROM order_refusal WHERE round = 7"
    for who, seen in (("volunteer", ["declined"]), ("dispatcher", ["complaint", "declined"]), ("neighbour", None)):
        async with as_person(ids[who]) as connection:
            assert await connection.fetchval(read) == seen


async def test_who_represents_whom_is_told_to_those_whom_it_concerns(ids: dict[str, UUID], as_person: AsPerson) -> None:
    acts = "SELECT person_represents($1, $2)"
    whom = "SELECT jsonb_array_length(representatives_of($1))"
    for who, told in (("station", True), ("resident", True), ("dispatcher", False), ("stranger", False)):
        async with as_person(ids[who]) as connection:
            assert await connection.fetchval(acts, ids["station"], ids["resident"]) is told
    for who, number in (("dispatcher", 1), ("resident", 0), ("volunteer", 0), ("stranger", 0)):
        async with as_person(ids[who]) as connection:
            assert await connection.fetchval(whom, ids["rated"]) == number


@pytest.mark.parametrize(
    ("order", "statement"),
    [
        ("errand", "UPDATE order_authority SET ended_at = app_now(), ended_by = app_actor()"),
        ("booked", "UPDATE slot_booking SET live = NULL, ended_at = app_now()"),
    ],
)
async def test_whoever_merely_sees_an_order_ends_nothing_of_it(
    neighbours: Neighbours, ids: dict[str, UUID], as_person: AsPerson, order: str, statement: str
) -> None:
    """A volunteer of the community sees that an order of the pool is there; statements that read no column ask no policy of
    reading."""
    passer_by = await neighbours.world.person(f"路人{order}")
    await neighbours.world.grant(passer_by, Role.VOLUNTEER, neighbours.east.place)
    await neighbours.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", ids[order])
    async with as_person(passer_by) as connection:
        assert await connection.fetchval("SELECT count(*) FROM matter WHERE id = $1", ids[order]) == 1
        assert await connection.execute(statement) == "UPDATE 0"
    async with as_person(ids["resident"]) as connection:
        assert await connection.execute(statement) == "UPDATE 1"
    await neighbours.world.owner.execute("UPDATE matter SET open_pool = false WHERE id = $1", ids[order])


async def test_a_booking_is_ended_and_not_moved(ids: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(ids["resident"]) as connection:
        assert await refused(connection, "UPDATE slot_booking SET person_id = person_id") in (NO_RIGHT, BROKEN)


EVIDENCE = (
    "INSERT INTO order_evidence (id, matter_id, place_id, round, kind, text, sha256, taken_at, given_by, given_at)"
    " VALUES (gen_random_uuid(), '{errand}', '{east}', 1, 'checklist', {text}, {sha256}, NULL, {by}, app_now())"
)


@pytest.mark.parametrize(
    ("who", "more", "answer"),
    [
        ("volunteer", {"text": "'x'", "sha256": "NULL", "by": "'{resident}'"}, NO_RIGHT),
        ("resident", {"text": "'x'", "sha256": "NULL", "by": "app_actor()"}, NO_RIGHT),
        ("dispatcher", {"text": "'x'", "sha256": "NULL", "by": "app_actor()"}, NO_RIGHT),
        ("volunteer", {"text": "NULL", "sha256": "NULL", "by": "app_actor()"}, BROKEN),
        ("volunteer", {"text": "'x'", "sha256": "'0f'", "by": "app_actor()"}, BROKEN),
        ("volunteer", {"text": "'x'", "sha256": "NULL", "by": "app_actor()"}, "done: INSERT 0 1"),
    ],
    ids=["in another's name", "by the resident", "by the staff", "empty", "no digest", "by whoever serves"],
)
async def test_evidence_is_given_by_whoever_serves(
    ids: dict[str, UUID], as_person: AsPerson, who: str, more: dict[str, str], answer: str
) -> None:
    assert await tried(as_person, ids, who, fill(EVIDENCE, **more)) == answer


@pytest.mark.parametrize("order", ["errand", "booked"])
async def test_nobody_gives_themselves_papers_to_see_an_order(
    neighbours: Neighbours, ids: dict[str, UUID], as_person: AsPerson, order: str
) -> None:
    """Whoever has papers of an errand sees it: so only whoever serves an errand gives a receipt."""
    passer_by = await neighbours.world.person(f"好奇的人{order}")
    await neighbours.world.grant(passer_by, Role.VOLUNTEER, neighbours.east.place)
    await neighbours.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", ids[order])
    taken = (
        "INSERT INTO order_papers (id, matter_id, place_id, round, action, papers, acted_by, acted_at)"
        " SELECT gen_random_uuid(), id, place_id, round, '{action}', '[{{\"no\": 9}}]', app_actor(), app_now()"
        f" FROM matter WHERE id = '{ids[order]}'"
    )
    for action in ("handed_over", "returned"):
        async with as_person(passer_by) as connection:
            assert await refused(connection, taken.format(action=action)) == NO_RIGHT
    async with as_person(passer_by) as connection:
        assert not await connection.fetchval("SELECT app_keeps_papers($1)", ids[order])
