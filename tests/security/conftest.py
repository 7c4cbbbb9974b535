"""A database of its own in which two communities live side by side, and plain SQL as the application's role in it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import pytest

from app.domain.cases import board, callbacks, reporting, whistles
from app.domain.cases import service as cases
from app.domain.cases.models import Lane, WhistleKind
from app.domain.exclusions import service as exclusions
from app.domain.exclusions.models import ExclusionReason
from app.domain.orders import (
    appointments,
    dispatching,
    errands,
    outcomes,
    placing,
    promises,
    repository,
    service_days,
    shifts,
)
from app.domain.orders import service as orders
from app.domain.orders.kind_tables import Paper
from app.domain.people import service as people
from app.domain.representations import service as representations
from app.domain.representations.models import Relation
from app.domain.services import service as services
from app.domain.services.models import Evidence
from app.domain.teams import service as teams
from app.domain.teams import volunteers
from app.domain.units import service as units
from app.domain.units.models import Post
from app.kernel.command import execute
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.local.postgres import PostgresServer, create_database, drop_database
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.conftest import TEMPLATE
from tests.people import by_day
from tests.special import service_of, team_of
from tests.world import World, build, new_key

CHECKED = {"kind": Evidence.CHECKLIST, "text": "药名已核对", "sha256": None, "taken_at": None}


@dataclass
class Community:
    """One side of the street: who lives and works there, and its orders by what has become of them."""

    place: UUID
    resident: UUID
    volunteer: UUID
    dispatcher: UUID
    secretary: UUID
    station: UUID
    orders: dict[str, UUID] = field(default_factory=dict)
    team: UUID | None = None

    @property
    def people(self) -> dict[str, UUID]:
        return {name: getattr(self, name) for name in ("resident", "volunteer", "dispatcher", "secretary", "station")}

    @property
    def canaries(self) -> tuple[str, ...]:
        """What may stand in no row that the other side reads."""
        return tuple(str(found) for found in (self.place, *self.people.values(), *self.orders.values()))


@dataclass
class Neighbours:
    """Two communities of one street, in a database that nobody else uses."""

    database: str
    world: World
    app: Database
    east: Community
    west: Community
    stranger: UUID
    """Logged in, with no role anywhere."""


@pytest.fixture(scope="module")
async def neighbours(postgres: PostgresServer, worker_id: str) -> AsyncIterator[Neighbours]:
    name = f"linli_security_{worker_id}"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    world = await build(postgres.url("linli_owner", name))
    app = await Database.connect(postgres.url("linli_app", name), size=2)
    worker = await Database.connect(postgres.url("linli_worker", name), size=4)
    east, west = [await settle(world, side) for side in ("east", "west")]
    for community in (east, west):
        await live(world, app, community)
    await world.owner.execute("UPDATE clock_shift SET seconds = 1201")
    async with worker.pool.acquire() as connection:
        while await sweep_once(connection):
            pass
        await relay_notices(connection)
    await react_once(worker, REACTIONS)
    for community in (east, west):
        await exclude(world, app, community)
        community.orders["running"] = await order(world, app, community, "offer", "accept", "ask", "propose")
    yield Neighbours(name, world, app, east, west, await world.person("外人"))
    await app.close()
    await worker.close()
    await world.owner.close()
    drop_database(postgres, name)


async def settle(world: World, side: str) -> Community:
    place = getattr(world, side)
    roles = (Role.RESIDENT, Role.VOLUNTEER, Role.DISPATCHER, Role.SECRETARY, Role.STATION_STAFF)
    return Community(place, *[await world.person(f"{side} {role}", role, place) for role in roles])


async def order(world: World, app: Database, community: Community, *then: str) -> UUID:
    """An order of the community's resident, taken so far by the community's people."""
    inputs = {"service_id": world.service, "note": "请陪我去医院"}
    caller = await world.caller(community.resident)
    made = (await execute(app, placing.place, caller, new_key(), None, inputs)).id
    meet_at = by_day()
    steps = {
        "offer": (dispatching.offer, community.dispatcher, {"volunteer_id": community.volunteer}),
        "decline": (dispatching.decline, community.volunteer, {}),
        "accept": (dispatching.accept, community.volunteer, {}),
        "ask": (promises.ask, community.volunteer, {"question": "哪家医院?"}),
        "propose": (appointments.propose_appointment, community.volunteer, {"meet_at": meet_at}),
        "confirm": (appointments.confirm_appointment, community.resident, {"meet_at": meet_at}),
        "start": (orders.start, community.volunteer, {"fits_after": (0,)}),
        "deliver": (orders.deliver, community.volunteer, {"outcome": "已陪同", "evidence": [CHECKED]}),
        "rate": (outcomes.rate, community.resident, {"solved": "yes", "stars": 5, "reason": None}),
    }
    for step in then:
        verb, who, what = steps[step]
        await world.do(app, verb, who, made, **what)
    return made


async def live(world: World, app: Database, community: Community) -> None:
    """Something in every table."""
    then = ("offer", "accept", "ask", "propose", "confirm", "start", "deliver", "rate")
    community.orders["rated"] = await order(world, app, community, *then)
    community.orders["declined"] = await order(world, app, community, "offer", "decline")
    community.orders["missed"] = await order(world, app, community)
    secretary, dispatcher = await world.caller(community.secretary), await world.caller(community.dispatcher)
    async with app.reading(dispatcher.person_id, dispatcher.family) as connection:
        await repository.get_order(connection, community.orders["rated"])
    inputs = {"place_id": community.place, "next_id": community.secretary, "note": "晚上有人值班"}
    await execute(app, shifts.hand_over_shift, dispatcher, new_key(), None, inputs)
    inputs = {"place_id": community.place, "name": "理发", "description": "上门理发"}
    await execute(app, services.publish, secretary, new_key(), None, inputs)
    inputs = {"place_id": community.place, "role": Role.VOLUNTEER, "person_id": community.resident}
    await execute(app, people.grant_role, secretary, new_key(), None, inputs)
    await execute(app, people.update_me, await world.caller(community.resident), new_key(), None, {"name": b"\x01new"})
    await world.owner.execute(
        "INSERT INTO deadline_policy_draft SELECT gen_random_uuid(), $1, 'order', 'plan', '', '{}', $2, app_now()",
        community.place,
        world.people["管理员"],
    )
    await world.owner.execute(
        "INSERT INTO refused_term (id, place_id, term, folded, added_by, added_at, version)"
        " VALUES (gen_random_uuid(), $1, '加微信', '加微信', $2, app_now(), 1)",
        community.place,
        world.people["管理员"],
    )
    await live_specially(world, app, community)
    await world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE role = 'volunteer' AND person_id = $1", community.resident
    )
    # A resident who is represented, on their own phone and with a card.
    phone = community.resident.bytes
    await world.owner.execute(
        "UPDATE person SET phone_index = $2, phone_proved_at = app_now() WHERE id = $1", community.resident, phone
    )
    sealed = {"name": b"\x01mother", "phone": b"\x01phone", "phone_index": phone}
    naming = {"place_id": community.place, **sealed, "relation": Relation.FAMILY}
    station = await world.caller(community.station)
    named = await execute(app, representations.register, station, new_key(), None, naming)
    await world.do(app, representations.consent, community.resident, named.id)
    await world.do(
        app, representations.issue_card, community.station, community.resident, number=b"\x01", number_index=b"\x01"
    )
    await volunteer(world, app, community)
    await whistle(world, app, community)
    await call_back(world, app, community)


async def exclude(world: World, app: Database, community: Community) -> None:
    """A miss that shall not count, and waits for its review."""
    miss = "SELECT k.deadline_id FROM mark k WHERE k.matter_id = $1 AND k.percent = 100"
    missed = await world.owner.fetchval(miss, community.orders["missed"])
    inputs = {"deadline_id": missed, "reason": ExclusionReason.OUTAGE, "note": "停电"}
    dispatcher = await world.caller(community.dispatcher)
    await execute(app, exclusions.propose, dispatcher, new_key(), None, inputs)


async def volunteer(world: World, app: Database, community: Community) -> None:
    """A team with its lead, a skill, hours, and somebody who applies."""
    secretary, place = await world.caller(community.secretary), community.place
    inputs: dict[str, Any] = {"place_id": place, "name": "红马甲", "colour": "red", "lead_id": community.volunteer}
    community.team = (await execute(app, teams.create, secretary, new_key(), None, inputs)).id
    inputs = {"place_id": place, "person_id": community.volunteer, "code": "haircut", "licence": b"\x01licence"}
    await execute(app, volunteers.add_skill, secretary, new_key(), None, inputs)
    me = await world.caller(community.volunteer)
    await execute(app, volunteers.set_availability, me, new_key(), None, {"daily_capacity": 50})
    resident = await world.caller(community.resident)
    await execute(app, volunteers.apply, resident, new_key(), None, {"text": "想帮忙", "skills": ["haircut"]})


async def whistle(world: World, app: Database, community: Community) -> None:
    """A case that was whistled to a unit in which the volunteer works, with its result; somebody stands in. The unit is of the
    community's own, as none is made any more, so that each side has one."""
    administrator = await world.caller(world.people["管理员"])
    unit = await world.owner.fetchval(
        "INSERT INTO unit (id, place_id, name, kind, created_by, created_at, version)"
        " VALUES (gen_random_uuid(), $1, '城管办', 'department', $2, app_now(), 1) RETURNING id",
        community.place,
        administrator.person_id,
    )
    for person in (community.volunteer, community.dispatcher):
        joining = {"person_id": person, "post": Post.OFFICER}
        await execute(app, units.add_member, administrator, new_key(), unit, joining)
    await world.owner.execute(
        "INSERT INTO unit_deputy SELECT gen_random_uuid(), $1, $2, $3, $4, app_now(), app_now() + interval '1 day', $3,"
        " app_now(), 1",
        unit,
        community.place,
        community.volunteer,
        community.dispatcher,
    )
    inputs: dict[str, Any] = {"category": "lighting", "words": "路灯不亮"}
    resident = await world.caller(community.resident)
    case = (await execute(app, reporting.report, resident, new_key(), None, inputs)).id
    await world.do(app, cases.triage, community.dispatcher, case, lane=Lane.HARD)
    await world.do(app, cases.contact, community.dispatcher, case, channel="phone", text="已联系")
    asked = {"kind": WhistleKind.ROUTINE, "reason": "无权限", "lead_id": unit, "units": [unit]}
    await world.do(app, whistles.propose_whistle, community.dispatcher, case, **asked)
    await world.do(app, whistles.decide_whistle, community.secretary, case, approved=True)
    assignment = await world.owner.fetchval("SELECT matter_id FROM assignment_detail WHERE case_id = $1", case)
    for verb in (board.sign, board.report_in):
        await world.do(app, verb, community.volunteer, assignment)
    told = {"outcome": "已修", "answer": "已修好", "evidence": [{"kind": "photo", "text": "IMG"}]}
    await world.do(app, cases.submit_result, community.volunteer, case, **told)
    community.orders |= {"case": case, "assignment": assignment}
    await on_the_board(world, community, case, assignment)


async def call_back(world: World, app: Database, community: Community) -> None:
    """A case that was supervised, and whose reporter says that it is not solved."""
    inputs = {"category": "noise", "words": "半夜吵"}
    case = (await execute(app, reporting.report, await world.caller(community.resident), new_key(), None, inputs)).id
    await world.do(app, cases.triage, community.dispatcher, case, lane=Lane.BIG)
    await world.owner.execute(
        "INSERT INTO supervision (id, matter_id, place_id, round, deadline_id, kind, percent, step, seat_id, held_seat_id,"
        " raised_at) SELECT gen_random_uuid(), matter_id, place_id, 1, id, kind, 100, 'card', place_id, place_id, app_now()"
        " FROM deadline WHERE matter_id = $1 AND kind = 'resolve_community'",
        case,
    )
    told = {"outcome": "已劝", "answer": "已劝止", "evidence": [{"kind": "note", "text": "去过"}]}
    await world.do(app, cases.submit_result, community.dispatcher, case, **told)
    await world.do(app, callbacks.answer_callback, community.resident, case, solved=False)
    community.orders["called"] = case


async def on_the_board(world: World, community: Community, case: UUID, assignment: UUID) -> None:
    """Something in the other tables of a case and its assignment."""
    chief, officer = community.secretary, community.volunteer
    of_case = "FROM matter m JOIN case_detail d ON d.matter_id = m.id WHERE m.id = $1"
    of_unit = "FROM matter m WHERE m.id = $1"
    for matter, table, columns, values in (
        (
            case,
            "case_hanging",
            "owner, must_change, review_at, hung_by, hung_at",
            "'街道', '资金', app_now() + '1 day', $2, app_now()",
        ),
        (
            case,
            "case_minutes",
            "round, text, held_at, attended, written_by, written_at",
            "1, '会议', app_now(), '{}', $2, app_now()",
        ),
    ):
        await world.owner.execute(
            f"INSERT INTO {table} (id, matter_id, place_id, {columns}) SELECT gen_random_uuid(), m.id, m.place_id, {values}"
            f" {of_case}",
            matter,
            chief,
        )
    await world.owner.execute(
        "INSERT INTO case_promise (id, matter_id, place_id, round, unit_id, text, due_at, made_by, made_at)"
        f" SELECT gen_random_uuid(), m.id, m.place_id, 1, m.unit_id, '换灯', app_now() + '1 day', $2, app_now() {of_case}",
        case,
        officer,
    )
    await world.owner.execute(
        "INSERT INTO case_extension (id, matter_id, place_id, round, deadline_id, seconds, reason, asked_by, asked_at)"
        " SELECT gen_random_uuid(), g.matter_id, g.place_id, 1, g.id, 60, '等件', $2, app_now() FROM deadline g"
        " WHERE g.matter_id = $1 AND g.kind = 'resolve_routine'",
        case,
        officer,
    )
    await world.owner.execute(
        "INSERT INTO contest (id, matter_id, place_id, ground, proposed_id, contested_by, contested_at)"
        f" SELECT gen_random_uuid(), m.id, m.place_id, '不归我们', m.unit_id, $2, app_now() {of_unit}",
        assignment,
        officer,
    )
    for table, columns, values, rater in (
        ("unit_rating", "stars", "5", chief),
        ("whistle_rating", "valid, stars", "true, 5", officer),
    ):
        await world.owner.execute(
            f"INSERT INTO {table} (matter_id, place_id, unit_id, seat_id, {columns}, rated_by, rated_at)"
            f" SELECT m.id, m.place_id, m.unit_id, m.seat_id, {values}, $2, app_now() {of_unit}",
            assignment,
            rater,
        )


async def live_specially(world: World, app: Database, community: Community) -> None:
    """An errand under way with its papers out, and a service day with a booking."""
    resident, volunteer = await world.caller(community.resident), await world.caller(community.volunteer)
    errand, day_service = [
        await service_of(world, form, f"{form} {community.place}") for form in ("errand", "service_day")
    ]
    made = await execute(
        app, placing.place, resident, new_key(), None, {"service_id": UUID(errand), "note": "请陪我去医院"}
    )
    soon = datetime.now(UTC) + timedelta(days=2)
    await world.do(app, dispatching.offer, community.dispatcher, made.id, volunteer_id=community.volunteer)
    await world.do(app, dispatching.accept, community.volunteer, made.id)
    await world.do(app, errands.record_authority, community.resident, made.id, text="代我办证", until_at=soon)
    papers = [{"kind": Paper.ID_CARD, "copies": 1, "note": None}]
    await world.do(app, errands.hand_over_papers, community.volunteer, made.id, papers=papers, fits_after=(0,))
    team = await team_of(world, community.volunteer, community.place)
    opening = {"place_id": community.place, "team_id": UUID(team), "service_id": UUID(day_service)}
    slots = [service_days.Slot(by_day(days=2), 30, 2)]
    day = await execute(app, service_days.open_day, volunteer, new_key(), None, {**opening, "slots": slots})
    slot = await world.owner.fetchval("SELECT id FROM service_slot WHERE day_id = $1", day.id)
    booked = await execute(app, service_days.book, resident, new_key(), slot, {"note": "请陪我去医院"})
    community.orders |= {"errand": made.id, "booked": booked.id}


class AsPerson(Protocol):
    """Opens a transaction of the application's role for a person (None: nobody), rolled back at the end."""

    def __call__(self, person: UUID | None) -> AbstractAsyncContextManager[asyncpg.Connection]: ...


@pytest.fixture(scope="module")
async def as_person(neighbours: Neighbours, postgres: PostgresServer) -> AsyncIterator[AsPerson]:
    connection = await asyncpg.connect(postgres.url("linli_app", neighbours.database))

    @asynccontextmanager
    async def context(person: UUID | None) -> AsyncIterator[asyncpg.Connection]:
        transaction = connection.transaction()
        await transaction.start()
        try:
            if person is not None:
                await connection.execute("SELECT set_config('app.actor', $1, true)", str(person))
            yield connection
        finally:
            await transaction.rollback()

    yield context
    await connection.close()


async def refused(connection: asyncpg.Connection, statement: str, *values: Any) -> str:
    """Why Postgres refuses the statement: SQLSTATE. Fails when it does not, or when it quietly does nothing."""
    try:
        done = await connection.execute(statement, *values)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    return f"done: {done}"


async def tried(as_person: AsPerson, ids: Mapping[str, UUID], who: str, statement: str) -> str:
    """What Postgres answers when somebody of `ids` tries a statement, in which the ids stand by name; nothing of it stays."""
    async with as_person(ids[who]) as connection:
        return await refused(connection, statement.format(**ids, new=new_id()))


@pytest.fixture(scope="module")
async def ids(neighbours: Neighbours) -> dict[str, UUID]:
    n = neighbours
    neighbour = await n.world.person("邻居")
    await n.world.owner.execute(
        "INSERT INTO role_grant SELECT gen_random_uuid(), $1, place_id, role, starts_at, NULL, granted_by, 1 FROM role_grant"
        " WHERE person_id = $2 AND role = 'resident'",
        neighbour,
        n.east.resident,
    )
    head = await n.world.person("省管理员")
    province = await n.world.owner.fetchval("SELECT parent_id FROM place WHERE id = $1", n.world.street)
    await n.world.grant(head, Role.ADMINISTRATOR, province)
    question = "SELECT id FROM order_post WHERE kind = 'question' AND matter_id = $1"
    answered = await n.world.owner.fetchval(question, n.east.orders["rated"])
    await n.world.owner.execute(
        "INSERT INTO order_post (id, matter_id, place_id, round, kind, text, answers, posted_by, posted_at)"
        " SELECT gen_random_uuid(), matter_id, place_id, round, 'answer', '三院', id, $2, posted_at FROM order_post"
        " WHERE id = $1",
        answered,
        n.east.resident,
    )
    ended = "UPDATE appointment SET ended_at = app_now() WHERE matter_id = $1 RETURNING id"
    limit = "SELECT id FROM deadline WHERE matter_id = $1 AND kind = $2"
    running, foreign = n.east.orders["running"], n.west.orders["running"]
    return {
        **n.east.people,
        **n.east.orders,
        "foreign": foreign,
        "foreign_missed": n.west.orders["missed"],
        "foreign_deadline": await n.world.owner.fetchval(limit, foreign, "coordinate"),
        "foreign_question": await n.world.owner.fetchval(question, foreign),
        "respond": await n.world.owner.fetchval(limit, running, "respond"),
        "coordinate": await n.world.owner.fetchval(limit, running, "coordinate"),
        "answered": answered,
        "asked": await n.world.owner.fetchval(question, running),
        "ended": await n.world.owner.fetchval(ended, n.east.orders["rated"]),
        "province": province,
        "head": head,
        "standard_hours": UUID("00000000-0000-7000-8000-000000000101"),
        "standard_workdays": UUID("00000000-0000-7000-8000-000000000201"),
        "team": n.east.team,
        "foreign_team": n.west.team,
        "east": n.east.place,
        "west": n.west.place,
        "street": n.world.street,
        "stranger": n.stranger,
        "neighbour": neighbour,
        "administrator": n.world.people["管理员"],
    }


@pytest.fixture
async def owner(neighbours: Neighbours, postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    """Even the owner of the tables."""
    connection = await asyncpg.connect(postgres.url("linli_owner", neighbours.database))
    transaction = connection.transaction()
    await transaction.start()
    yield connection
    await transaction.rollback()
    await connection.close()


__all__ = ["AsPerson", "Community", "Neighbours", "new_id", "refused"]
