"""What is known of volunteers for one place, skill and moment, as SQL answers it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from pydantic import TypeAdapter

from app.domain.orders import dispatching
from app.domain.orders import service as orders
from app.domain.teams.fitness import Candidate, Unfit, unfit
from app.kernel.database import Database, begin
from app.kernel.ids import NOBODY, new_id
from app.kernel.rules import Role
from tests.world import LONG_AGO, World

CANDIDATE = TypeAdapter(Candidate)
MONDAY = datetime(2026, 3, 2, 2, tzinfo=UTC)  # 10:00 in China
FACTS = "SELECT f FROM volunteer_facts($1, $2, $3, $4) f"
DAYS = [[[8 * 3600, 12 * 3600], [14 * 3600, 18 * 3600]]] + [[]] * 5 + [[[0, 86400]]]


async def ask(
    world: World, at: datetime = MONDAY, *, place: UUID | None = None, people: list[UUID] | None = None, skill: str = ""
) -> dict[UUID, Candidate]:
    rows = await world.owner.fetch(FACTS, place or world.east, people, skill, at)
    return {c.person_id: c for c in (CANDIDATE.validate_python(orjson.loads(row[0])) for row in rows)}


async def one(world: World, person: UUID, at: datetime = MONDAY, **more: Any) -> Candidate:
    return (await ask(world, at, people=[person], **more))[person]


async def newcomer(world: World, place: UUID | None = None) -> UUID:
    return await world.person(f"志愿者 {new_id()}", Role.VOLUNTEER, place or world.east)


async def profile(world: World, person: UUID, **values: Any) -> None:
    given = {"daily_capacity": 3, "version": 1, **values}
    columns = ", ".join(given)
    blanks = ", ".join(f"${n}" for n in range(2, len(given) + 2))
    await world.owner.execute(
        f"INSERT INTO volunteer_profile (id, person_id, {columns}) VALUES (gen_random_uuid(), $1, {blanks})",
        person,
        *given.values(),
    )


async def test_without_names_it_is_every_live_volunteer_at_the_place_or_above(world: World) -> None:
    at_street, at_west = await newcomer(world, world.street), await newcomer(world, world.west)
    gone, disabled, east = await newcomer(world), await newcomer(world), await newcomer(world)
    await world.owner.execute("UPDATE role_grant SET ends_at = $2 WHERE person_id = $1", gone, MONDAY)
    await world.owner.execute("UPDATE person SET disabled_at = $2 WHERE id = $1", disabled, LONG_AGO)
    await world.grant(east, Role.VOLUNTEER, world.street)  # twice a volunteer, once in the answer
    found = await ask(world)
    assert {world.people["小李"], world.people["小赵"], at_street, east} <= found.keys()
    assert not {at_west, gone, disabled, world.people["王奶奶"], world.people["派单员"]} & found.keys()
    assert all(candidate.in_area for candidate in found.values())
    assert gone in await ask(world, MONDAY - timedelta(seconds=1))


async def test_with_names_it_is_those_and_says_who_is_in_the_area(world: World) -> None:
    west, east = await newcomer(world, world.west), await newcomer(world)
    found = await ask(world, people=[west, east, world.people["王奶奶"], east, new_id()])
    assert {person: c.in_area for person, c in found.items()} == {
        west: False,
        east: True,
        world.people["王奶奶"]: False,
    }
    assert await ask(world, people=[]) == {}


async def test_one_who_has_said_nothing_is_on_duty_with_the_standard_capacity(world: World) -> None:
    me = await newcomer(world)
    assert await one(world, me) == Candidate(
        me,
        in_area=True,
        skilled=True,
        on_duty=True,
        quiet=False,
        away=False,
        capacity=3,
        taken_today=0,
        recent=0,
        last_served_at=None,
        team_ids=(),
    )


@pytest.mark.parametrize(
    ("hours", "on_duty"),
    [
        (-3, False),
        (-2, True),
        (1.99, True),
        (2, False),
        (4, True),
        (8, False),
        (24, False),
        (-24, True),
        (-10.01, True),
    ],
)
async def test_hours_are_those_of_the_weekday_in_china(world: World, hours: float, on_duty: bool) -> None:
    me = await newcomer(world)
    await profile(world, me, week=orjson.dumps(DAYS).decode())
    assert (await one(world, me, MONDAY + timedelta(hours=hours))).on_duty is on_duty


@pytest.mark.parametrize(
    ("begin", "until", "hour", "quiet"),
    [
        (12 * 60, 14 * 60, 11.99, False),
        (12 * 60, 14 * 60, 12, True),
        (12 * 60, 14 * 60, 13.99, True),
        (12 * 60, 14 * 60, 14, False),
        (22 * 60, 7 * 60, 23, True),
        (22 * 60, 7 * 60, 0, True),
        (22 * 60, 7 * 60, 6.99, True),
        (22 * 60, 7 * 60, 7, False),
        (22 * 60, 0, 23.5, True),
        (22 * 60, 0, 0, False),
    ],
)
async def test_quiet_hours_may_run_across_midnight(
    world: World, begin: int, until: int, hour: float, quiet: bool
) -> None:
    me = await newcomer(world)
    await profile(world, me, quiet_from=begin, quiet_until=until)
    assert (await one(world, me, MONDAY + timedelta(hours=hour - 10))).quiet is quiet


async def test_away_ends_by_itself(world: World) -> None:
    me = await newcomer(world)
    await profile(world, me, away_until=MONDAY, daily_capacity=7)
    before = await one(world, me, MONDAY - timedelta(seconds=1))
    assert (before.away, before.capacity) == (True, 7)
    assert not (await one(world, me)).away


async def test_a_skill_counts_until_the_end_of_the_last_day_of_its_licence(world: World) -> None:
    me = await newcomer(world)
    skill = (
        "INSERT INTO skill (id, person_id, place_id, code, licence_until, seen_by, seen_at, ended_at, version)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, 1)"
    )
    for code, until, ended in (("haircut", None, None), ("nursing", date(2026, 3, 2), None), ("law", None, LONG_AGO)):
        await world.owner.execute(
            skill, me, world.east, code, until, world.people["书记"], LONG_AGO, ended and ended + timedelta(days=1)
        )
    last = datetime(2026, 3, 2, 15, 59, 59, tzinfo=UTC)
    asked = [("haircut", last), ("nursing", last), ("nursing", last + timedelta(seconds=1)), ("law", last), ("", last)]
    assert [(await one(world, me, at, skill=code)).skilled for code, at in asked] == [True, True, False, False, True]


async def test_teams_are_the_live_ones_that_serve_the_place(world: World) -> None:
    me = await newcomer(world, world.street)
    made = {}
    for name, place, ended, left in (
        ("street", world.street, None, None),
        ("east", world.east, None, None),
        ("west", world.west, None, None),
        ("disbanded", world.east, MONDAY, None),
        ("left", world.east, None, MONDAY),
    ):
        made[name] = new_id()
        lead = await newcomer(world, world.street)
        await world.owner.execute(
            "WITH t AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, disbanded_at,"
            " version) VALUES ($1, $2, $3, 'red', $4, CASE WHEN $6::timestamptz IS NULL THEN true END, $4, $5, $6, 1))"
            " INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, ended_at, version)"
            " SELECT gen_random_uuid(), $1, $2, x.id, CASE WHEN x.ended IS NULL THEN true END, $4, $5, x.ended, 1"
            " FROM (VALUES ($4::uuid, $6::timestamptz), ($7, coalesce($8, $6))) x(id, ended)",
            made[name], place, name, lead, LONG_AGO, ended, me, left,
        )  # fmt: skip
    assert set((await one(world, me)).team_ids) == {made["street"], made["east"]}
    assert set((await one(world, me, place=world.street)).team_ids) == {made["street"]}


async def test_what_one_holds_and_what_one_finished_today_counts_against_the_day(world: World, app: Database) -> None:
    me = await newcomer(world)
    await profile(world, me, daily_capacity=4)
    now = await world.owner.fetchval("SELECT app_now()")
    taken = []
    for steps in ((), ("accept",), ("accept", "start"), ("accept", "start", "deliver")):
        order = (await world.place(app)).id
        await world.do(app, dispatching.offer, "派单员", order, volunteer_id=me)
        for verb, inputs in (
            (dispatching.accept, {}),
            (orders.start, {"fits_after": (0,)}),
            (orders.deliver, {"outcome": "已陪同"}),
        ):
            if verb.name in steps:
                await world.do(app, verb, me, order, **inputs)
        later = await world.owner.fetchval("SELECT app_now()")
        taken.append(await one(world, me, later))
    if (now + timedelta(hours=8)).date() == (later + timedelta(hours=8)).date():
        assert [c.taken_today for c in taken] == [1, 2, 3, 4]
    assert [c.recent for c in taken] == [0, 0, 0, 1]
    assert now < taken[3].last_served_at < later
    assert Unfit.CAPACITY_USED in unfit(taken[3])
    tomorrow = await one(world, me, later + timedelta(days=1))
    assert (tomorrow.taken_today, tomorrow.recent) == (3, 1)
    after = await one(world, me, later + timedelta(days=28))
    assert (after.recent, after.last_served_at) == (0, taken[3].last_served_at)


@pytest.fixture
async def as_app(app: Database) -> Any:
    """Ask as the application's role for an actor."""

    async def seen(actor: UUID, place: UUID, people: list[UUID] | None) -> set[str]:
        async with app.pool.acquire() as connection:
            await connection.execute(begin(actor))
            try:
                rows = await connection.fetch(FACTS, place, people, "", MONDAY)
            finally:
                await connection.execute("ROLLBACK")
        return {orjson.loads(row[0])["person_id"] for row in rows}

    return seen


async def test_it_tells_whoever_dispatches_there_and_everybody_about_themselves(world: World, as_app: Any) -> None:
    me, other = world.people["小李"], world.people["小赵"]
    for who in ("派单员", "书记", "管理员"):
        assert {str(me), str(other)} <= await as_app(world.people[who], world.east, None)
    assert await as_app(me, world.east, [me]) == {str(me)}
    for who in (me, world.people["王奶奶"], world.people["西派单员"], NOBODY):
        assert await as_app(who, world.east, None) == set()
        assert await as_app(who, world.east, [other]) == set()
    assert await as_app(me, world.east, [me, other]) == set()


async def test_the_worker_asks_about_anybody(world: World, worker: Database) -> None:
    rows = await worker.call(FACTS, world.east, None, "", MONDAY)
    assert str(world.people["小李"]) in {orjson.loads(row[0])["person_id"] for row in rows}


async def test_a_lead_asks_about_the_members_of_their_team(world: World, as_app: Any) -> None:
    lead, member, outsider = [await newcomer(world) for _ in range(3)]
    await world.owner.execute(
        "WITH t AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, version)"
        " VALUES ($1, $2, '红队', 'red', $3, true, $3, $4, 1))"
        " INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
        " SELECT gen_random_uuid(), $1, $2, x, true, $3, $4, 1 FROM unnest($5::uuid[]) x",
        new_id(), world.east, lead, LONG_AGO, [lead, member],
    )  # fmt: skip
    assert await as_app(lead, world.east, [lead, member]) == {str(lead), str(member)}
    assert await as_app(lead, world.east, [outsider]) == set()
    assert await as_app(member, world.east, [lead]) == set()
