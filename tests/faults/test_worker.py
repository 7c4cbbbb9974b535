"""The real worker while its servers come and go: marks and notices go on without Redis, and arq comes back with it."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import psutil
import pytest

from app.domain.orders import dispatching
from app.integrations.wechat_standin import openid_of
from app.kernel.database import Database
from app.kernel.ids import NOBODY, new_id
from app.kernel.rules import Role
from app.local.home import free_port
from app.local.valkey import EmbeddedValkey
from app.settings import Settings
from app.workers.main import run
from tests.world import World, build

PATIENCE = 20
MOST_BYTES = 200 * 2**20


class OwnValkey:
    """A server that can be killed and started again at the same address."""

    def __init__(self, server: EmbeddedValkey) -> None:
        self._server = server

    def kill(self) -> None:
        assert self._server.process is not None
        self._server.process.kill()
        self._server.process.wait()

    async def start(self) -> None:
        self._server.spawn()
        await until(answers(self._server.answers))

    @property
    def url(self) -> str:
        return self._server.server.url


@pytest.fixture
def redis() -> Iterator[OwnValkey]:
    server = EmbeddedValkey(durable=False)
    with server:
        yield OwnValkey(server)


@pytest.fixture
async def world(owner_url: str) -> AsyncIterator[World]:
    made = await build(owner_url)
    await made.owner.execute("UPDATE inbox_message SET delivery = 'none' WHERE delivery = 'due'")
    yield made
    await made.owner.execute("UPDATE clock_shift SET seconds = 0")
    await made.owner.close()


@pytest.fixture
async def worker(
    settings: Settings, redis: OwnValkey, world: World, tmp_path: Path
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`linli worker` as a process of its own, working: each of its loops has beaten."""
    await world.owner.execute("DELETE FROM heartbeat")
    environment = {
        "LINLI_MODE": "local",
        "LINLI_WORKER_URL": settings.worker_url,
        "LINLI_REDIS_URL": redis.url,
        "LINLI_KEYRING": settings.keyring,
        "LINLI_INDEX_KEY": settings.index_key,
        "LINLI_WECHAT_URL": settings.wechat_url,
        "LINLI_WECHAT_APPID": settings.wechat_appid,
        "LINLI_WECHAT_SECRET": settings.wechat_secret,
    }
    others = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    log = tmp_path / "worker.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", "worker", env=others | environment, stdout=out, stderr=out
        )
    try:
        await until(lambda: world.owner.fetchval("SELECT count(*) = 4 FROM heartbeat"))
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        print(log.read_text())


async def until(holds: Callable[[], Awaitable[object]]) -> None:
    end = time.monotonic() + PATIENCE
    while not await holds():
        assert time.monotonic() < end, "it did not come to pass"
        await asyncio.sleep(0.05)


def answers(holds: Callable[[], object]) -> Callable[[], Awaitable[object]]:
    async def asked() -> object:
        return holds()

    return asked


async def all_beat(world: World, *names: str) -> None:
    """Wait until each of these loops has beaten once more."""
    since = await world.owner.fetchval("SELECT clock_timestamp()")
    asked = "SELECT count(*) = $3 FROM heartbeat WHERE name = ANY($1) AND at > $2"
    await until(lambda: world.owner.fetchval(asked, names, since, len(names)))


async def notify(world: World) -> UUID:
    """A notice for somebody new, as a command leaves it in the outbox."""
    person_id = await world.person(f"邻居-{new_id()}")
    await world.owner.execute("UPDATE person SET openid = $2 WHERE id = $1", person_id, openid_of(str(person_id)))
    await world.owner.execute(
        "INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_person, payload, created_by, created_at,"
        " retry_at, attempts) VALUES ($1, 'notice', 'order.accepted', 'order', $1, $2, '{}', $3, now(), now(), 0)",
        new_id(),
        person_id,
        NOBODY,
    )
    return person_id


def has_message(world: World, person_id: UUID, delivery: str | None = None) -> Callable[[], Awaitable[object]]:
    asked = "SELECT count(*) FROM inbox_message WHERE person_id = $1 AND delivery = coalesce($2, delivery)"
    return lambda: world.owner.fetchval(asked, person_id, delivery)


async def copies(settings: Settings, person_id: UUID) -> int:
    async with httpx.AsyncClient(base_url=settings.wechat_url) as http:
        answer = await http.get("/standin/messages", params={"openid": openid_of(str(person_id))})
    return len(answer.json()["messages"])


async def test_servers_come_and_go(
    worker: asyncio.subprocess.Process, world: World, redis: OwnValkey, settings: Settings, app_url: str
) -> None:
    app = await Database.connect(app_url, size=2)
    order = (await world.place(app)).id
    await app.close()
    await lose_connections(settings)
    before = await notify(world)
    await until(has_message(world, before, "sent"))

    redis.kill()
    meanwhile = await notify(world)
    await until(has_message(world, meanwhile))
    await world.owner.execute("UPDATE clock_shift SET seconds = 961")
    await until(lambda: world.owner.fetchval("SELECT count(*) FROM mark WHERE matter_id = $1", order))
    await world.owner.execute("UPDATE clock_shift SET seconds = 0")
    await all_beat(world, "sweep", "relay")

    await redis.start()
    after = await notify(world)
    for person_id in (meanwhile, after):
        await until(has_message(world, person_id, "sent"))
    await all_beat(world, "sweep", "relay", "jobs")
    assert [await copies(settings, person_id) for person_id in (before, meanwhile, after)] == [1, 1, 1]
    assert psutil.Process(worker.pid).memory_info().rss < MOST_BYTES
    worker.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await worker.wait() == 0


async def test_it_starts_and_ends_in_time_without_redis(settings: Settings, world: World) -> None:
    stopping = asyncio.Event()
    nowhere = settings.model_copy(update={"redis_url": f"redis://:none@127.0.0.1:{free_port()}/0"})
    working = asyncio.create_task(run(nowhere, stopping))
    await until(has_message(world, await notify(world)))
    stopping.set()
    async with asyncio.timeout(5):
        await working


async def test_a_role_ends_by_its_date_without_redis(settings: Settings, world: World, app_url: str) -> None:
    app = await Database.connect(app_url, size=2)
    passing = await world.person("短期志愿者", Role.RESIDENT, world.west)
    grant = await world.grant(passing, Role.VOLUNTEER, world.east)
    order = (await world.place(app)).id
    await world.do(app, dispatching.offer, "派单员", order, volunteer_id=passing)
    await world.do(app, dispatching.accept, passing, order)
    await app.close()
    await world.owner.execute("UPDATE role_grant SET ends_at = app_now() WHERE id = $1", grant)
    stopping = asyncio.Event()
    nowhere = settings.model_copy(update={"redis_url": f"redis://:none@127.0.0.1:{free_port()}/0"})
    working = asyncio.create_task(run(nowhere, stopping))
    await until(lambda: world.owner.fetchval("SELECT state = 'submitted' FROM matter WHERE id = $1", order))
    stopping.set()
    async with asyncio.timeout(5):
        await working


async def lose_connections(settings: Settings) -> None:
    """End every connection of the worker's role, as a restarting server does."""
    role = await asyncpg.connect(settings.worker_url)
    await role.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    await role.close()
