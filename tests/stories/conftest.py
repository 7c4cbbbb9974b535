"""A street of its own for each story, peopled over HTTP but for its first administrator; and a worker that one can tick."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import pytest

from app.kernel.database import Database
from app.kernel.passwords import Passwords
from app.kernel.time import CHINA
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.people import Someone
from tests.world import World, build

PASSWORD = "a long enough pass phrase".replace(" ", "-")


@dataclass
class Street:
    """A street with two communities, its administrator, and whoever the story invites."""

    world: World
    api_url: str
    administrator: Someone
    service_id: str

    async def resident(self, name: str, community: str = "east") -> Someone:
        """Somebody who logs in by WeChat, says who they are, and chooses a community."""
        someone = await Someone.by_wechat(self.api_url, f"{name}@{self.world.street}")
        phone = f"139{someone.id.int % 10**8:08d}"
        await someone.put("/v1/me", {"name": name, "phone": phone, "address": "西峪东街 8 号院 2 号楼"})
        await someone.post("/v1/me/community", {"place_id": str(getattr(self.world, community))})
        return someone

    async def with_role(self, name: str, role: str, place: str = "east") -> Someone:
        """Somebody who logs in by WeChat and is given a role."""
        someone = await Someone.by_wechat(self.api_url, f"{name}@{self.world.street}")
        await someone.put("/v1/me", {"name": name, "phone": f"138{someone.id.int % 10**8:08d}"})
        body = {"place_id": str(getattr(self.world, place)), "role": role, "person_id": str(someone.id)}
        await self.administrator.post("/v1/roles", body)
        return someone


BEGINNING = datetime(2026, 9, 1, 8, tzinfo=CHINA)
"""Stories that put the clock to a day of the calendar begin before all of those days, whatever day it is today."""


FORGET_MATTERS = """
DO $$
DECLARE walls text[] := ARRAY(SELECT format('ALTER TABLE %s %%s TRIGGER %I', tgrelid::regclass, tgname) FROM pg_trigger
                               WHERE NOT tgisinternal AND tgtype & 32 <> 0);  -- that refuse a TRUNCATE
        wall text;
BEGIN
  FOREACH wall IN ARRAY walls LOOP EXECUTE format(wall, 'DISABLE'); END LOOP;
  TRUNCATE matter, outbox CASCADE;
  FOREACH wall IN ARRAY walls LOOP EXECUTE format(wall, 'ENABLE'); END LOOP;
END $$"""


@pytest.fixture
async def street(request: pytest.FixtureRequest, owner_url: str, api_url: str) -> AsyncIterator[Street]:
    world = await build(owner_url)
    if "clock" in request.fixturenames:
        await shift(world, BEGINNING)
    # What another test left behind in this database after it had moved the clock has not happened yet.
    if await world.owner.fetchval("SELECT EXISTS (SELECT 1 FROM matter WHERE changed_at > app_now())"):
        await world.owner.execute(FORGET_MATTERS)
    login_name = f"admin-{world.street.hex[-12:]}"
    passwords = Passwords()
    await world.owner.execute(
        "UPDATE person SET login_name = $2, password_hash = $3 WHERE id = $1",
        world.people["管理员"],
        login_name,
        await passwords.hash_password(PASSWORD),
    )
    # The world's names are not sealed by this API's key.
    await world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL, address_sealed = NULL WHERE id = ANY ($1)",
        list(world.people.values()),
    )
    administrator = await Someone.by_password(api_url, login_name, PASSWORD)
    body = {"place_id": str(world.street), "name": "陪同就医", "description": "陪老人去医院"}
    published = await administrator.post("/v1/services", body)
    yield Street(world, api_url, administrator, published["id"])
    # What has lived at another time does not stay: a worker of a later story would find it due before it began.
    if await world.owner.fetchval("SELECT seconds FROM clock_shift") != 0:
        await world.owner.execute(FORGET_MATTERS)
    await world.owner.execute("UPDATE clock_shift SET seconds = 0")
    await world.owner.close()


@pytest.fixture
async def alone(street: Street) -> None:
    """For a story that asks what is true of every matter: those that others left in this database, made by plain SQL some of
    them, are gone."""
    await street.world.owner.execute(FORGET_MATTERS)


async def shift(world: World, moment: datetime) -> None:
    """From now on it is `moment`."""
    seconds = (moment - datetime.now(CHINA)).total_seconds()
    await world.owner.execute("UPDATE clock_shift SET seconds = $1", seconds)


Later = Callable[[float], Awaitable[None]]


@pytest.fixture
async def later(worker_url: str, street: Street) -> AsyncIterator[Later]:
    """Step the clock of promises to so many seconds from the start, and let the worker do all that is due."""
    worker = await Database.connect(worker_url, size=4)

    async def step(seconds: float) -> None:
        await street.world.owner.execute("UPDATE clock_shift SET seconds = $1", float(seconds))
        busy = True
        while busy:
            async with worker.pool.acquire() as connection:
                busy = bool(await sweep_once(connection))
                busy |= bool(await relay_notices(connection))
            busy |= await react_once(worker, REACTIONS)

    yield step
    await worker.close()


Clock = Callable[[datetime], Awaitable[None]]


@pytest.fixture
async def clock(street: Street, later: Later) -> Clock:
    """Put the clock of promises to a moment, on a street whose limits are the standard ones; here people dispatch."""
    await street.world.owner.execute("ALTER TABLE policy_effect DISABLE TRIGGER effect_never_altered")
    await street.world.owner.execute("ALTER TABLE deadline_policy DISABLE TRIGGER policy_never_altered")
    await street.world.owner.execute(
        "DELETE FROM policy_effect WHERE policy_id IN (SELECT id FROM deadline_policy WHERE place_id = $1)",
        street.world.street,
    )
    await street.world.owner.execute(
        "DELETE FROM deadline_policy WHERE place_id = $1 AND deadline_kind <> 'dispatch'", street.world.street
    )
    await street.world.owner.execute(
        "UPDATE deadline_policy SET calendar = 'DUTY' WHERE place_id = $1", street.world.street
    )
    await street.world.owner.execute("ALTER TABLE policy_effect ENABLE TRIGGER effect_never_altered")
    await street.world.owner.execute("ALTER TABLE deadline_policy ENABLE TRIGGER policy_never_altered")

    async def step(moment: datetime) -> None:
        await later((moment - datetime.now(CHINA)).total_seconds())

    return step
