"""What a caller says is passed on by who placed the order, in plain SQL: an authority says how it was given, and a rating is read
again by who passed it on, and never by the rated."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.orders import dispatching, errands, outcomes, placing, promises, service
from app.domain.orders.models import Abort, Calling
from app.kernel.command import execute
from app.kernel.rules import Role
from tests.security.conftest import AsPerson, Neighbours, tried
from tests.security.illegal import BROKEN, NO_RIGHT, fill
from tests.special import service_of
from tests.world import new_key, tireless

AUTHORITY = (
    "INSERT INTO order_authority (id, matter_id, place_id, agent_id, text, until_at, given_by, given_at, channel)"
    " VALUES (gen_random_uuid(), '{errand}', '{east}', '{agent}', 'x', app_now() + interval '1 day', {by}, app_now(),"
    " {channel})"
)


@pytest.fixture(scope="module")
async def called(neighbours: Neighbours) -> Mapping[str, UUID]:
    """An errand that a clerk placed for the eastern resident, and an agent has accepted; who is who."""
    n, east = neighbours, neighbours.east
    clerk, colleague = [await n.world.person(name, Role.STATION_STAFF, east.place) for name in ("站员甲", "站员乙")]
    # The agent works at the station as well, and speaks for nobody whom they serve.
    agent = await n.world.person("代办员", Role.VOLUNTEER, east.place)
    await n.world.grant(agent, Role.STATION_STAFF, east.place)
    await tireless(n.world.owner, agent)
    western = await n.world.person("西站员", Role.STATION_STAFF, n.west.place)
    wanted = UUID(await service_of(n.world, "errand", "代办老年证"))
    asked = {"channel": Calling.PHONE, "person_id": east.resident, "service_id": wanted, "note": "想办老年证"}
    placed = await execute(n.app, placing.place_for_caller, await n.world.caller(clerk), new_key(), None, asked)
    await n.world.do(n.app, dispatching.offer, east.dispatcher, placed.id, volunteer_id=agent)
    await n.world.do(n.app, dispatching.accept, agent, placed.id)
    return {
        "errand": placed.id, "east": east.place, "clerk": clerk, "colleague": colleague, "agent": agent,
        "resident": east.resident, "dispatcher": east.dispatcher, "western": western,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "by", "channel", "answer"),
    [
        ("clerk", "app_actor()", "'phone'", "done: INSERT 0 1"),
        ("clerk", "app_actor()", "NULL", NO_RIGHT),
        ("clerk", "'{resident}'", "'phone'", NO_RIGHT),
        ("clerk", "app_actor()", "'letter'", BROKEN),
        ("resident", "app_actor()", "NULL", "done: INSERT 0 1"),
        ("resident", "app_actor()", "'phone'", NO_RIGHT),
        ("colleague", "app_actor()", "'phone'", "done: INSERT 0 1"),
        ("colleague", "app_actor()", "NULL", NO_RIGHT),
        ("western", "app_actor()", "'phone'", NO_RIGHT),
        ("dispatcher", "app_actor()", "'phone'", "done: INSERT 0 1"),
        ("agent", "app_actor()", "NULL", NO_RIGHT),
        ("agent", "app_actor()", "'phone'", NO_RIGHT),
    ],
)
async def test_an_authority_is_given_by_whom_it_is_about_or_passed_on_by_the_staff_there(
    called: Mapping[str, UUID], as_person: AsPerson, who: str, by: str, channel: str, answer: str
) -> None:
    assert await tried(as_person, called, who, fill(AUTHORITY, by=by, channel=channel)) == answer


async def test_a_rating_is_read_again_by_who_passed_it_on(
    neighbours: Neighbours, called: Mapping[str, UUID], as_person: AsPerson
) -> None:
    n, errand, agent, clerk = neighbours, called["errand"], called["agent"], called["clerk"]
    soon = datetime.now(UTC) + timedelta(days=2)
    await n.world.do(n.app, errands.record_authority, clerk, errand, text="办证", until_at=soon, channel="phone")
    await n.world.do(n.app, promises.contact, called["dispatcher"], errand, channel="phone", text="在家")
    await n.world.do(n.app, errands.hand_over_papers, agent, errand, papers=[], unverified=True)
    await n.world.do(n.app, service.deliver, agent, errand, outcome="已办好")
    await n.world.do(n.app, outcomes.rate, clerk, errand, solved="yes", stars=5, reason=None)
    for who, seen in (("clerk", 1), ("resident", 1), ("dispatcher", 1), ("colleague", 0), ("agent", 0)):
        async with as_person(called[who]) as connection:
            assert await connection.fetchval("SELECT count(*) FROM rating WHERE matter_id = $1", errand) == seen


CHANGED = "UPDATE order_contact SET phone_sealed = '\\x00' WHERE matter_id = '{errand}'"


@pytest.mark.parametrize(
    ("who", "answer"),
    [
        ("resident", "done: UPDATE 1"),
        ("clerk", "done: UPDATE 1"),
        ("colleague", "done: UPDATE 1"),
        ("dispatcher", "done: UPDATE 1"),
        ("agent", "done: UPDATE 0"),
        ("western", "done: UPDATE 0"),
    ],
)
async def test_whom_to_go_to_is_changed_by_the_residents_side(
    neighbours: Neighbours, called: Mapping[str, UUID], as_person: AsPerson, who: str, answer: str
) -> None:
    """While it is under way; whoever serves it reads it, and changes nothing. Which order it belongs to, nobody changes."""
    errand = await under_way(neighbours, called)
    assert await tried(as_person, {**called, "errand": errand}, who, CHANGED) == answer
    moved = "UPDATE order_contact SET place_id = place_id WHERE matter_id = '{errand}'"
    assert await tried(as_person, {**called, "errand": errand}, who, moved) == NO_RIGHT


async def under_way(neighbours: Neighbours, called: Mapping[str, UUID]) -> UUID:
    """Another order of the caller's, that the agent has accepted."""
    n = neighbours
    asked = {"channel": Calling.PHONE, "person_id": called["resident"], "note": "请修灯"}
    asked["service_id"] = await n.world.owner.fetchval(
        "SELECT service_id FROM order_detail WHERE matter_id = $1", called["errand"]
    )
    placed = await execute(
        n.app, placing.place_for_caller, await n.world.caller(called["clerk"]), new_key(), None, asked
    )
    await n.world.do(n.app, dispatching.offer, called["dispatcher"], placed.id, volunteer_id=called["agent"])
    await n.world.do(n.app, dispatching.accept, called["agent"], placed.id)
    return placed.id


async def test_what_was_not_safe_is_no_text_that_whom_it_is_about_reads(
    neighbours: Neighbours, called: Mapping[str, UUID], as_person: AsPerson
) -> None:
    n, errand = neighbours, await under_way(neighbours, called)
    soon = datetime.now(UTC) + timedelta(days=2)
    await n.world.do(n.app, errands.record_authority, called["resident"], errand, text="办证", until_at=soon)
    await n.world.do(n.app, promises.contact, called["dispatcher"], errand, channel="phone", text="在家")
    await n.world.do(n.app, errands.hand_over_papers, called["agent"], errand, papers=[], unverified=True)
    await n.world.do(n.app, outcomes.call_off, called["resident"], errand, reason=Abort.UNSAFE, text="他喝了酒")
    said = "SELECT text FROM order_refusal WHERE matter_id = $1 UNION ALL SELECT cancel_reason FROM order_detail"
    for who, reads in (("agent", ["现场不安全"]), ("dispatcher", ["他喝了酒", "现场不安全"])):
        async with as_person(called[who]) as connection:
            rows = await connection.fetch(f"{said} WHERE matter_id = $1", errand)
            assert sorted(row[0] for row in rows) == reads
