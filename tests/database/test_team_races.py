"""Two commands on one team or service at the same moment: each is done or refused for what it is, and nothing in between."""

import asyncio
from collections import Counter
from uuid import UUID

from app.domain.orders import dispatching, giving_back, placing, service_days
from app.domain.orders.errors import VolunteerNotQualified
from app.domain.orders.models import TakeBack
from app.domain.orders.service_day_errors import NobodyHosts
from app.domain.people import service as people
from app.domain.services import service as services
from app.domain.services.errors import ServiceWithdrawn
from app.domain.teams import service as teams
from app.domain.teams import volunteers
from app.domain.teams.errors import (
    AlreadyApplied,
    AlreadyDecided,
    AlreadyMember,
    LeadStays,
    NotAMember,
    TeamDisbanded,
    TeamNameTaken,
)
from app.kernel.command import SYSTEM_CALLER, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.kernel.verbs import Verb
from app.workers.outbox import react_once
from app.workers.reactions import REACTIONS
from tests.people import by_day
from tests.special import service_of
from tests.world import LONG_AGO, World, new_key

ROUNDS = 12


async def outcome(world: World, app: Database, verb: Verb, who: UUID, subject: UUID | None, **inputs: object) -> object:
    """The state of its receipt, or the class of the refusal."""
    try:
        return (await execute(app, verb, await world.caller(who), new_key(), subject, inputs)).state
    except Refusal as refusal:
        return type(refusal)


async def a_team(world: World, app: Database, *members: UUID) -> UUID:
    lead, *others = members
    secretary = await world.caller(world.people["书记"])
    inputs = {"place_id": world.east, "name": f"红马甲 {new_id()}", "colour": "red", "lead_id": lead}
    made = (await execute(app, teams.create, secretary, new_key(), None, inputs)).id
    for other in others:
        await execute(app, teams.add_member, secretary, new_key(), made, {"person_id": other})
    return made


async def test_who_is_made_lead_does_not_leave_in_the_same_moment(world: World, app: Database) -> None:
    lead, second = [await world.person(name, Role.VOLUNTEER, world.east) for name in ("甲", "乙")]
    for _ in range(ROUNDS):
        team = await a_team(world, app, lead, second)
        led, left = await asyncio.gather(
            outcome(world, app, teams.set_lead, lead, team, person_id=second),
            outcome(world, app, teams.remove_member, second, team, person_id=second),
        )
        assert (led, left) in (("set_lead", LeadStays), (NotAMember, "remove"))


async def open_orders(world: World, app: Database, number: int) -> list[UUID]:
    made = [(await world.place(app)).id for _ in range(number)]
    await world.owner.execute("UPDATE matter SET open_pool = true WHERE id = ANY ($1)", made)
    return made


async def test_claims_at_once_do_not_exceed_what_somebody_takes_a_day(world: World, app: Database) -> None:
    eager = await world.person("戊", Role.VOLUNTEER, world.east)
    await execute(app, volunteers.set_availability, await world.caller(eager), new_key(), None, {"daily_capacity": 2})
    orders = await open_orders(world, app, 6)
    claims = await asyncio.gather(*(outcome(world, app, dispatching.claim, eager, order) for order in orders))
    assert Counter(claims) == {"accepted": 2, VolunteerNotQualified: 4}


async def skilled_order(world: World, app: Database, skill: str) -> tuple[UUID, UUID]:
    """An order that takes a skill, and the limit after which the matcher has its turn."""
    service = await world.owner.fetchval(
        "SELECT id FROM service WHERE skill = $1 AND place_id = $2", skill, world.street
    )
    if service is None:
        service = await world.owner.fetchval(
            "INSERT INTO service (id, place_id, category, name, description, form, skill, published_by, created_at, version)"
            " VALUES (gen_random_uuid(), $1, '', $2, '护理', 'visit', $2, $3, $4, 1) RETURNING id",
            world.street, skill, world.people["管理员"], LONG_AGO,
        )  # fmt: skip
    inputs = {"service_id": service, "note": "请帮忙"}
    caller = await world.caller(world.people["王奶奶"])
    order = (await execute(app, placing.place, caller, new_key(), None, inputs)).id
    limit = "SELECT id FROM deadline WHERE matter_id = $1 AND kind = 'dispatch'"
    return order, await world.owner.fetchval(limit, order)


async def who_can(world: World, skill: str, place: UUID) -> tuple[UUID, UUID]:
    """Somebody who alone has a skill, and their role as a volunteer."""
    person = await world.person(skill, Role.RESIDENT, world.west)
    grant = await world.grant(person, Role.VOLUNTEER, place)
    await world.owner.execute(
        "INSERT INTO skill (id, person_id, place_id, code, seen_by, seen_at, version)"
        " VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, 1)",
        person, place, skill, world.people["管理员"], LONG_AGO,
    )  # fmt: skip
    return person, grant


async def test_matches_and_claims_at_once_do_not_exceed_what_somebody_takes_a_day(
    world: World, app: Database, worker: Database
) -> None:
    """Orders are matched by several workers while one is claimed: each chose before it knew of the others."""
    only, _ = await who_can(world, "care", world.east)
    await execute(app, volunteers.set_availability, await world.caller(only), new_key(), None, {"daily_capacity": 2})
    orders = [await skilled_order(world, app, "care") for _ in range(6)]
    await world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", orders[0][0])
    await asyncio.gather(
        outcome(world, app, dispatching.claim, only, orders[0][0]),
        *(
            execute(worker, dispatching.match, SYSTEM_CALLER, new_key(), order, {"deadline_id": limit})
            for order, limit in orders[1:]
        ),
    )
    taken = "SELECT count(*) FROM matter WHERE assignee_id = $1 AND state IN ('offered', 'accepted')"
    assert await world.owner.fetchval(taken, only) == 2
    opened = "SELECT count(*) FROM matter WHERE id = ANY ($1) AND state = 'submitted' AND open_pool"
    assert await world.owner.fetchval(opened, [order for order, _ in orders]) == 4


async def test_whoever_is_matched_while_losing_the_role_hands_back_or_is_not(
    world: World, app: Database, worker: Database
) -> None:
    handed = "SELECT count(*) FROM outbox WHERE topic = 'order.hand_back' AND payload ->> 'order_id' = $1"
    for number in range(ROUNDS):
        skill = f"care{number}"
        _, grant = await who_can(world, skill, world.east)
        order, limit = await skilled_order(world, app, skill)
        matched, revoked = await asyncio.gather(
            execute(worker, dispatching.match, SYSTEM_CALLER, new_key(), order, {"deadline_id": limit}),
            outcome(world, app, people.revoke_role, world.people["书记"], grant),
        )
        assert revoked == "revoke"
        assert await world.owner.fetchval(handed, str(order)) == (1 if matched.state == "offered" else 0)


async def test_whoever_claims_while_losing_the_role_is_refused_or_hands_back(world: World, app: Database) -> None:
    handed = "SELECT count(*) FROM outbox WHERE topic = 'order.hand_back' AND payload ->> 'order_id' = $1"
    for order in await open_orders(world, app, ROUNDS):
        leaver = await world.person("己", Role.RESIDENT, world.west)
        grant = await world.grant(leaver, Role.VOLUNTEER, world.east)
        claimed, _ = await asyncio.gather(
            outcome(world, app, dispatching.claim, leaver, order),
            outcome(world, app, people.revoke_role, world.people["书记"], grant),
        )
        assert await world.owner.fetchval(handed, str(order)) == (1 if claimed == "accepted" else 0)


async def test_what_somebody_took_after_they_had_come_back_is_not_handed_back(
    world: World, app: Database, worker: Database
) -> None:
    """The event of leaving waits in the outbox while the order comes back, the role is given again, and they take it anew."""
    volunteer = await world.person("壬", Role.RESIDENT, world.west)
    grant = await world.grant(volunteer, Role.VOLUNTEER, world.east)
    order = (await world.place(app)).id
    await world.do(app, dispatching.offer, "派单员", order, volunteer_id=volunteer)
    await world.do(app, dispatching.accept, volunteer, order)
    await world.do(app, people.revoke_role, "书记", grant)
    await world.do(app, giving_back.take_back, "派单员", order, reason=TakeBack.CANNOT_COME)
    await world.grant(volunteer, Role.VOLUNTEER, world.street)
    await world.do(app, dispatching.offer, "派单员", order, volunteer_id=volunteer)
    await world.do(app, dispatching.accept, volunteer, order)
    while await react_once(worker, REACTIONS):
        pass
    row = await world.owner.fetchrow("SELECT state, assignee_id FROM matter WHERE id = $1", order)
    assert tuple(row) == ("accepted", volunteer)


async def test_of_many_who_do_one_thing_at_once_one_does_it(world: World, app: Database) -> None:
    secretary, applicant = world.people["书记"], await world.person("新人", Role.RESIDENT, world.east)
    lead, member = [await world.person(name, Role.VOLUNTEER, world.east) for name in ("丙", "丁")]
    team = await a_team(world, app, lead)

    async def at_once(verb: Verb, who: UUID, subject: UUID | None, **inputs: object) -> Counter[object]:
        return Counter(await asyncio.gather(*(outcome(world, app, verb, who, subject, **inputs) for _ in range(6))))

    assert await at_once(teams.add_member, lead, team, person_id=member) == {"add": 1, AlreadyMember: 5}
    withdrawn = await at_once(services.withdraw, world.people["管理员"], world.service)
    assert withdrawn == {"withdraw": 1, ServiceWithdrawn: 5}
    assert await at_once(volunteers.apply, applicant, None, text="x", skills=[]) == {"apply": 1, AlreadyApplied: 5}
    application = await world.owner.fetchval("SELECT id FROM volunteer_application WHERE person_id = $1", applicant)
    decided = await at_once(volunteers.decide, secretary, application, approve=True)
    assert decided == {"approve": 1, AlreadyDecided: 5}
    said = await at_once(volunteers.set_availability, lead, None, daily_capacity=4)
    assert said == {"set": 6}
    versions = "SELECT count(*), max(version) FROM volunteer_profile WHERE person_id = $1"
    assert tuple(await world.owner.fetchrow(versions, lead)) == (1, 6)


async def test_of_teams_of_one_name_above_and_below_one_is_made(world: World, app: Database) -> None:
    lead = await world.person("壬", Role.VOLUNTEER, world.street)
    administrator = world.people["管理员"]
    for _ in range(ROUNDS):
        team = {"name": f"红马甲 {new_id()}", "colour": "red", "lead_id": lead}
        places = (world.street, world.east, world.street, world.west)
        made = await asyncio.gather(
            *(outcome(world, app, teams.create, administrator, None, place_id=place, **team) for place in places)
        )
        rows = await world.owner.fetch("SELECT place_id FROM team WHERE name = $1", team["name"])
        assert {row["place_id"] for row in rows} in (
            {world.street},
            {world.east},
            {world.west},
            {world.east, world.west},
        )
        assert Counter(made) == {"create": len(rows), TeamNameTaken: 4 - len(rows)}


async def test_nobody_joins_a_team_that_is_disbanded_in_the_same_moment(world: World, app: Database) -> None:
    lead, late = [await world.person(name, Role.VOLUNTEER, world.east) for name in ("庚", "辛")]
    live = "SELECT count(*) FROM team_member WHERE team_id = $1 AND live"
    for _ in range(ROUNDS):
        team = await a_team(world, app, lead)
        added, disbanded = await asyncio.gather(
            outcome(world, app, teams.add_member, lead, team, person_id=late),
            outcome(world, app, teams.disband, world.people["管理员"], team),
        )
        assert disbanded == "disband"
        assert added in ("add", TeamDisbanded)
        assert await world.owner.fetchval(live, team) == 0


async def test_a_slot_is_booked_when_the_lead_loses_the_role(world: World, app: Database) -> None:
    """It is not to be booked with who leads no more, or it goes back."""
    handed = "SELECT count(*) FROM outbox WHERE topic = 'order.hand_back' AND payload ->> 'person_id' = $1"
    service = await service_of(world, "service_day", "义诊日")
    for number in range(ROUNDS):
        lead = await world.person(f"队长{number}", Role.RESIDENT, world.west)
        grant = await world.grant(lead, Role.VOLUNTEER, world.east)
        team = await a_team(world, app, lead)
        opening = {"place_id": world.east, "team_id": team, "service_id": UUID(service)}
        slots = [service_days.Slot(by_day(days=2), 30, 2)]
        day = await execute(
            app, service_days.open_day, await world.caller(lead), new_key(), None, {**opening, "slots": slots}
        )
        slot = await world.owner.fetchval("SELECT id FROM service_slot WHERE day_id = $1", day.id)
        booked, revoked = await asyncio.gather(
            outcome(world, app, service_days.book, world.people["王奶奶"], slot, note="量血压"),
            outcome(world, app, people.revoke_role, world.people["书记"], grant),
        )
        assert revoked == "revoke"
        assert booked in ("accepted", NobodyHosts)
        assert await world.owner.fetchval(handed, str(lead)) == (1 if booked == "accepted" else 0)
