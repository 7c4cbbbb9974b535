"""Exact crashes: a real process dies by kill -9 between two messages to Postgres, and leaves nothing half done.

Before COMMIT there is nothing at all; after it there is all of it. The same request, repeated under the same key to the
process that was started anew, has its effect once; every mark fires once and is told once; every invariant holds. On a
server of its own that forces its log to disk.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest

from app import invariants
from app.domain.deadlines import service as deadlines
from app.domain.deadlines.models import Effect, Limits, MarkPlan
from app.domain.orders import dispatching
from app.domain.orders.policy import FRESH
from app.domain.people import service as people
from app.kernel.calendars import CalendarName
from app.kernel.command import execute
from app.kernel.database import Database
from app.kernel.deadline_tables import Primitive
from app.kernel.ids import new_id
from app.kernel.tokens import AccessTokens
from app.local.home import free_port
from app.local.postgres import EmbeddedPostgres, PostgresServer, create_database, drop_database
from app.local.valkey import ValkeyServer
from app.settings import Settings
from app.workers.outbox import relay_notices
from tests.conftest import TEMPLATE, migrate
from tests.faults.conftest import settings_of
from tests.faults.programs import Program
from tests.world import World, build, new_key

pytestmark = pytest.mark.crash

KERNEL = ("matter", "history", "deadline", "mark", "outbox", "idempotency", "order_detail", "order_contact", "audit")
RESPOND = (
    MarkPlan(80, (Effect(Primitive.NOTIFY, "dispatcher"),)),
    MarkPlan(100, (Effect(Primitive.NOTIFY, "dispatcher"), Effect(Primitive.OPEN_POOL))),
    MarkPlan(150, (Effect(Primitive.SET_HOLDER, "secretary"), Effect(Primitive.NOTIFY, "secretary"))),
)
WHOLE = {
    "place": dict.fromkeys(
        ("matter", "history", "deadline", "outbox", "idempotency", "order_detail", "order_contact"), 1
    )
    | {"deadline": len(FRESH)},
    "accept": {"matter": 0, "history": 1, "deadline": 0, "outbox": 1, "idempotency": 1},
}
"""How many rows each table has more after the whole of a command; 0: changed."""

OFFER = (MarkPlan(80, (Effect(Primitive.NOTIFY, "assignee"),)), MarkPlan(100, ()))


@pytest.fixture(scope="module")
def durable() -> Iterator[PostgresServer]:
    with EmbeddedPostgres() as server:
        create_database(server, TEMPLATE)
        migrate(server.url("linli_owner", TEMPLATE))
        yield server


@dataclass
class Scene:
    """A database of its own with the tests' world; programs are started on it, and killed."""

    world: World
    settings: Settings
    app: Database
    log: Path

    def program(self, name: str, crash_at: str = "") -> Program:
        return Program(name, self.settings, self.log, crash_at)

    def api(self, crash_at: str = "") -> Program:
        program = self.program("api", crash_at)
        program.until_live()
        return program

    async def crash(self, name: str, point: str) -> None:
        """Start a program that dies at `point` of what it finds to do; what it leaves breaks no invariant."""
        with self.program(name, point) as program:
            assert program.died() == -9
        await self.holds()

    async def publish(self, kind: str, seconds: int, marks: tuple[MarkPlan, ...]) -> None:
        """Limits of seconds, by the verb that the administrator's operation runs."""
        inputs: dict[str, Any] = {
            "place_id": self.world.street,
            "matter_kind": "order",
            "deadline_kind": kind,
            "limits": Limits(CalendarName.WALL, seconds, None, marks),
        }
        caller = await self.world.caller(self.world.people["管理员"])
        await execute(self.app, deadlines.publish, caller, new_key(), None, inputs)

    async def offered(self) -> UUID:
        order = (await self.world.place(self.app)).id
        await self.world.do(self.app, dispatching.offer, "派单员", order, volunteer_id=self.world.people["小李"])
        return order

    async def tell(self) -> None:
        """Bring into the inboxes what waits, so that a worker finds nothing to do but what is due."""
        worker = await Database.connect(self.settings.worker_url, size=1)
        async with worker.pool.acquire() as connection:
            while await relay_notices(connection):
                pass
        await worker.close()

    async def ask(self, who: str, path: str, body: dict[str, Any] | None, key: str) -> httpx.Response:
        """A command over HTTP. Raises httpx.TransportError when the process dies of it."""
        caller = await self.world.caller(self.world.people[who])
        tokens = AccessTokens(self.settings.secret_key, timedelta(minutes=5))
        headers = {
            "Authorization": f"Bearer {tokens.issue(caller.person_id, caller.family).text}",
            "Idempotency-Key": key,
        }
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.settings.port}", timeout=20) as http:
            return await http.post(path, json=body, headers=headers)

    async def picture(self) -> dict[str, tuple[int, str]]:
        """How many rows each table of the kernel has, and a digest of them."""
        found = {}
        for table in KERNEL:
            row = await self.world.owner.fetchrow(
                f"SELECT count(*), coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM {table} t"
            )
            found[table] = tuple(row)
        return found

    async def count(self, sql: str, *values: Any) -> int:
        return int(await self.world.owner.fetchval(f"SELECT count(*) FROM {sql}", *values))

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not await holds():
            assert time.monotonic() < deadline, f"{what} did not come:\n{self.log.read_text(errors='replace')[-4000:]}"
            await asyncio.sleep(0.05)

    async def settled(self) -> bool:
        """Nothing is due, nothing waits to be told or answered."""
        return not await self.world.owner.fetchval(
            "SELECT EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM deadline WHERE next_at <= app_now())"
        )

    async def holds(self) -> None:
        assert [str(broken) for broken in await invariants.check(self.world.owner)] == []


@pytest.fixture
async def scene(
    durable: PostgresServer, valkey: ValkeyServer, standin_url: str, tmp_path: Path
) -> AsyncIterator[Scene]:
    name = f"crash_{new_id().hex[-12:]}"
    create_database(durable, name, template=TEMPLATE)
    settings = settings_of(durable, name, valkey.url, standin_url).model_copy(update={"port": free_port()})
    world = await build(settings.migration_url)
    app = await Database.connect(settings.database_url, size=2)
    yield Scene(world, settings, app, tmp_path / "log")
    await app.close()
    await world.owner.close()
    drop_database(durable, name)


@pytest.mark.parametrize("verb", ["place", "accept"])
async def test_a_command_is_done_or_not_at_all(scene: Scene, verb: str) -> None:
    """The process dies after each message in turn; the client repeats its request, under its key, to the next one."""
    if verb == "place":
        who, path, body = "王奶奶", "/v1/orders", {"service_id": str(scene.world.service), "note": "请帮忙"}
    else:
        who, path, body = "小李", f"/v1/orders/{await scene.offered()}/accept", None
    before = await scene.picture()

    async def crash_at(point: int) -> dict[str, tuple[int, str]]:
        with scene.api(f"{verb}:{point}") as api:
            with pytest.raises(httpx.TransportError):
                await scene.ask(who, path, body, "the-same-key")
            assert api.died() == -9
        await scene.holds()
        return await scene.picture()

    for point in (1, 2, 3):
        assert await crash_at(point) == before, f"{verb}:{point} left something"
    after = await crash_at(4)
    assert {table: after[table][0] - before[table][0] for table in KERNEL if after[table] != before[table]} == WHOLE[
        verb
    ]
    with scene.api():
        first = await scene.ask(who, path, body, "the-same-key")
        again = await scene.ask(who, path, body, "the-same-key")
        other = await scene.ask(who, path, body, "another-key")
    assert first.status_code == 200, first.text
    assert first.content == again.content
    receipt = first.json()
    row = await scene.world.owner.fetchrow(
        "SELECT h.action, h.to_state, i.receipt ->> 'state' FROM history h JOIN idempotency i"
        " ON i.receipt ->> 'id' = h.matter_id::text WHERE h.matter_id = $1 AND h.version = $2 AND i.key = 'the-same-key'",
        UUID(receipt["id"]),
        receipt["version"],
    )
    assert tuple(row) == (verb, receipt["state"], receipt["state"])
    if verb == "place":
        assert (other.status_code, await scene.count("history WHERE action = 'place'")) == (200, 2), (
            "two keys, two orders"
        )
    else:
        assert (other.status_code, await scene.count("history WHERE action = 'accept'")) == (409, 1)
        assert await scene.picture() == after, "the repetitions wrote nothing"
    await scene.holds()


async def test_a_sweep_is_done_or_not_at_all(scene: Scene) -> None:
    await scene.publish("respond", 1, RESPOND)
    made = [(await scene.world.place(scene.app)).id for _ in range(3)]
    await scene.tell()
    await asyncio.sleep(1.6)
    before = await scene.picture()
    for point in (1, 2, 3):
        await scene.crash("worker", f"sweep:{point}")
        assert await scene.picture() == before, f"sweep:{point} left something"
    await scene.crash("worker", "sweep:4")
    assert await scene.count("mark") == 9
    assert await scene.count("history WHERE action = 'mark'") == 3, "three marks of one matter are one change"
    assert await scene.count("outbox") + await scene.count("inbox_message WHERE topic = 'deadline.mark'") == 9
    with scene.program("worker"):
        await scene.until("the notices", scene.settled)
    assert await scene.count("mark") == 9
    assert await scene.count("history WHERE action = 'mark'") == 3
    of = scene.world.people
    for order in made:
        messages = await scene.world.owner.fetch(
            "SELECT person_id, payload ->> 'percent' AS percent FROM inbox_message"
            " WHERE subject_id = $1 AND topic = 'deadline.mark' ORDER BY 2",
            order,
        )
        assert [(message["percent"], message["person_id"]) for message in messages] == [
            ("100", of["派单员"]), ("150", of["书记"]), ("80", of["派单员"]),
        ]  # fmt: skip
        row = await scene.world.owner.fetchrow("SELECT open_pool, holder_id FROM matter WHERE id = $1", order)
        assert tuple(row) == (True, of["书记"])
    await scene.holds()


async def lapsing(scene: Scene) -> UUID:
    await scene.publish("offer", 1, OFFER)
    return await scene.offered()


async def matching(scene: Scene) -> UUID:
    await scene.publish("dispatch", 1, (MarkPlan(100, ()),))
    return (await scene.world.place(scene.app)).id


async def handing_back(scene: Scene) -> UUID:
    order = await scene.offered()
    grant = "SELECT id FROM role_grant WHERE person_id = $1 AND role = 'volunteer'"
    of_the_volunteer = await scene.world.owner.fetchval(grant, scene.world.people["小李"])
    await scene.world.do(scene.app, people.revoke_role, "管理员", of_the_volunteer)
    return order


@pytest.mark.parametrize(
    ("verb", "begins", "before", "after", "topic", "marks"),
    [
        ("lapse", lapsing, "offered", "submitted", "order.lapsed", 2),
        ("match", matching, "submitted", "offered", "order.offered", 1),
        ("hand_back", handing_back, "offered", "submitted", "order.handed_back", 0),
    ],
)
async def test_a_reaction_is_done_once(
    scene: Scene, verb: str, begins: Callable[[Scene], Awaitable[UUID]], before: str, after: str, topic: str, marks: int
) -> None:
    """The worker dies after each message of the verb, and between it and the event's removal."""
    order = await begins(scene)
    await scene.tell()
    told = await scene.count("inbox_message WHERE topic = $1", topic)
    await asyncio.sleep(1.1)
    states = {f"{verb}:1": before, f"{verb}:2": before, f"{verb}:3": before, f"{verb}:4": after, "reaction:1": after}
    for point, state in states.items():
        await scene.crash("worker", point)
        assert await scene.world.owner.fetchval("SELECT state FROM matter WHERE id = $1", order) == state, point
        assert await scene.count("outbox WHERE sort = 'event'") == 1, "the event goes last"
        assert await scene.count("history WHERE action = $1", verb) == int(state == after)
    with scene.program("worker"):
        await scene.until("the event's end", scene.settled)
    row = await scene.world.owner.fetchrow(
        "SELECT m.state, m.assignee_id IS NULL, d.failures FROM matter m JOIN order_detail d ON d.matter_id = m.id"
        " WHERE m.id = $1",
        order,
    )
    assert tuple(row) == (after, after == "submitted", int(verb == "lapse"))
    assert await scene.count("history WHERE action = $1", verb) == 1
    assert await scene.count("inbox_message WHERE topic = $1", topic) == told + 1
    assert await scene.count("mark") == marks
    await scene.holds()


async def test_a_notice_is_told_once(scene: Scene) -> None:
    for _ in range(3):
        await scene.offered()
    await scene.crash("worker", "relay:1")
    assert (await scene.count("outbox"), await scene.count("inbox_message")) == (0, 6)

    async def beating() -> bool:
        return await scene.count("heartbeat WHERE name = 'relay'") == 1

    with scene.program("worker"):
        await scene.until("the relay", beating)
    assert (await scene.count("outbox"), await scene.count("inbox_message")) == (0, 6)
    await scene.holds()
