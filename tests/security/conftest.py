"""A database of its own in which two communities live side by side, and plain SQL as the application's role in it."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import asyncpg
import pytest

from app.domain.orders import service as orders
from app.domain.people import service as people
from app.domain.services import service as services
from app.kernel.command import execute
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.local.postgres import PostgresServer, create_database, drop_database
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.conftest import TEMPLATE
from tests.world import World, build, new_key


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
        community.orders["running"] = await order(world, app, community, "offer", "accept")
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
    made = (await execute(app, orders.place, caller, new_key(), None, inputs)).id
    steps = {
        "offer": (orders.offer, community.dispatcher, {"volunteer_id": community.volunteer}),
        "accept": (orders.accept, community.volunteer, {}),
        "start": (orders.start, community.volunteer, {"code_fits": True}),
        "deliver": (orders.deliver, community.volunteer, {"outcome": "已陪同"}),
        "rate": (orders.rate, community.resident, {"solved": "yes", "stars": 5, "reason": None}),
    }
    for step in then:
        verb, who, what = steps[step]
        await world.do(app, verb, who, made, **what)
    return made


async def live(world: World, app: Database, community: Community) -> None:
    """Something in every table."""
    community.orders["rated"] = await order(world, app, community, "offer", "accept", "start", "deliver", "rate")
    community.orders["missed"] = await order(world, app, community)
    secretary = await world.caller(community.secretary)
    inputs = {"place_id": community.place, "name": "理发", "description": "上门理发"}
    await execute(app, services.publish, secretary, new_key(), None, inputs)
    inputs = {"place_id": community.place, "role": Role.VOLUNTEER, "person_id": community.resident}
    await execute(app, people.grant_role, secretary, new_key(), None, inputs)
    await execute(app, people.update_me, await world.caller(community.resident), new_key(), None, {"name": b"\x01new"})
    await world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE role = 'volunteer' AND person_id = $1", community.resident
    )


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


__all__ = ["AsPerson", "Community", "Neighbours", "new_id", "refused"]
