"""Deliveries against the stand-in over real HTTP: each message once, the outcomes, back-off, deaths and leases."""

import asyncio
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from app.integrations.wechat import SendOutcome, WeChat
from app.integrations.wechat_standin import openid_of
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.workers.deliveries import OF_NO_MATTER, Deliveries, claim, content
from app.workers.jobs import Jobs
from tests.world import World

TEMPLATE = "linli-notice"
SEND = "/cgi-bin/message/subscribe/send"
WROTE = datetime(2026, 3, 1, 1, 5, tzinfo=UTC)

DIES = """
import asyncio, sys, httpx
from app.integrations.wechat import WeChat
from app.kernel import crash
from app.kernel.database import Database
from app.workers.deliveries import Deliveries

async def main(url, wechat, at):
    crash.arm(at)
    async with httpx.AsyncClient() as http:
        database = await Database.connect(url, size=4)
        await Deliveries(database, WeChat(wechat, "demo-appid", "demo-secret", http), "linli-notice").run()

asyncio.run(main(*sys.argv[1:]))
"""


class Watching(WeChat):
    """WeChat's client that counts who is being sent to at once. `http` reaches the stand-in's own paths as well."""

    def __init__(self, url: str, appid: str, secret: str, http: httpx.AsyncClient) -> None:
        super().__init__(url, appid, secret, http)
        self.http = http
        self.at_once: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.busiest = 0

    async def send_subscribe_message(self, openid: str, *rest: Any, **more: Any) -> SendOutcome:
        self.at_once[openid] += 1
        self.most[openid] = max(self.most[openid], self.at_once[openid])
        self.busiest = max(self.busiest, self.at_once.total())
        try:
            return await super().send_subscribe_message(openid, *rest, **more)
        finally:
            self.at_once[openid] -= 1


@pytest.fixture
async def wechat(standin_url: str, world: World) -> AsyncIterator[Watching]:
    """The stand-in with nothing in its memory, and nobody else's message due."""
    await world.owner.execute("UPDATE inbox_message SET delivery = 'none' WHERE delivery = 'due'")
    async with httpx.AsyncClient(base_url=standin_url) as http:
        await http.delete("/standin/messages")
        await http.delete("/standin/faults")
        yield Watching(standin_url, "demo-appid", "demo-secret", http)
        await http.delete("/standin/faults")


async def person(world: World, name: str) -> UUID:
    """Somebody new, whose openid is of WeChat's shape."""
    person_id = await world.person(f"{name}-{new_id()}")
    await world.owner.execute("UPDATE person SET openid = $2 WHERE id = $1", person_id, openid_of(str(person_id)))
    return person_id


async def tell(
    world: World, person_id: UUID, topic: str = "order.accepted", payload: str = "{}", later: int = 0
) -> UUID:
    message = new_id()
    await world.owner.execute(
        "INSERT INTO inbox_message (id, outbox_id, person_id, topic, subject_kind, subject_id, payload, nobody_in_post,"
        " created_at, version, delivery, attempts, retry_at)"
        " VALUES ($1, $1, $2, $3, 'order', $1, $4, false, $5, 1, 'due', 0, clock_timestamp())",
        message, person_id, topic, payload, WROTE + timedelta(minutes=later),
    )  # fmt: skip
    return message


async def state(world: World, message: UUID) -> tuple[str, int]:
    row = await world.owner.fetchrow("SELECT delivery, attempts FROM inbox_message WHERE id = $1", message)
    return row["delivery"], row["attempts"]


async def wait_seconds(world: World, message: UUID) -> float:
    """How long until it may be tried again."""
    return await world.owner.fetchval(
        "SELECT extract(epoch FROM retry_at - clock_timestamp())::float FROM inbox_message WHERE id = $1", message
    )


async def lease_ends(world: World) -> None:
    await world.owner.execute("UPDATE inbox_message SET retry_at = clock_timestamp() WHERE delivery = 'due'")


async def sent(wechat: Watching) -> list[dict[str, Any]]:
    """What arrived, the oldest first."""
    return (await wechat.http.get("/standin/messages", params={"limit": 1000})).json()["messages"][::-1]


async def fault(wechat: Watching, **told: Any) -> None:
    (await wechat.http.post("/standin/faults", json={"path": SEND, **told})).raise_for_status()


async def test_two_senders_send_each_once_and_in_turn(world: World, worker: Database, wechat: Watching) -> None:
    people = [await person(world, "邻居") for _ in range(10)]
    for later in range(15):
        for person_id in people:
            await tell(world, person_id, later=later)
    tried = await asyncio.gather(*(Deliveries(worker, wechat, TEMPLATE).run() for _ in range(2)))
    assert sum(tried) == 150
    messages = await sent(wechat)
    assert len({(message["openid"], message["data"]["time2"]) for message in messages}) == len(messages) == 150
    assert await world.owner.fetchval("SELECT count(*) FROM inbox_message WHERE delivery = 'sent'") >= 150
    assert 1 < wechat.busiest <= 16


async def test_one_person_gets_one_message_at_a_time_in_order(world: World, worker: Database, wechat: Watching) -> None:
    people = [await person(world, "邻居") for _ in range(4)]
    for later in reversed(range(5)):
        for person_id in people:
            await tell(world, person_id, later=later)
    assert await Deliveries(worker, wechat, TEMPLATE).run() == 20
    assert set(wechat.most.values()) == {1}
    messages = await sent(wechat)
    for person_id in people:
        mine = [message["data"]["time2"] for message in messages if message["openid"] == openid_of(str(person_id))]
        assert mine == [f"2026年3月1日 09:0{minute}" for minute in range(5, 10)]


async def test_a_second_worker_leaves_the_job_to_the_first(world: World, worker: Database, wechat: Watching) -> None:
    message = await tell(world, await person(world, "邻居"))
    async with worker.pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(hashtext('linli job deliver'))")
        await Jobs(worker, Deliveries(worker, wechat, TEMPLATE)).deliver()
    assert await state(world, message) == ("due", 0)
    await Jobs(worker, Deliveries(worker, wechat, TEMPLATE)).deliver()
    assert await state(world, message) == ("sent", 1)


async def test_what_becomes_of_messages_that_cannot_be_sent(world: World, worker: Database, wechat: Watching) -> None:
    deliveries = Deliveries(worker, wechat, TEMPLATE)
    refused = await tell(world, await person(world, "邻居"))
    await fault(wechat, kind="errcode", errcode=43101)
    await deliveries.run()
    assert await state(world, refused) == ("refused", 1)

    stranger = await tell(world, await world.person(f"生人-{new_id()}"))
    gone = await person(world, "离开的人")
    await world.owner.execute("UPDATE person SET disabled_at = clock_timestamp() WHERE id = $1", gone)
    to_gone = await tell(world, gone)
    broken = await tell(world, await person(world, "邻居"), topic="deadline.mark", payload="{}")
    assert await deliveries.run() == 3
    assert await state(world, stranger) == ("failed", 1)
    assert await state(world, to_gone) == ("none", 1)
    assert await state(world, broken) == ("due", 1)
    assert await sent(wechat) == []


async def test_without_a_template_all_wait(world: World, worker: Database, wechat: Watching) -> None:
    message = await tell(world, await person(world, "邻居"))
    assert await Deliveries(worker, wechat, None).run() == 0
    assert await state(world, message) == ("due", 0)


async def test_a_storm_is_waited_out(world: World, worker: Database, wechat: Watching) -> None:
    deliveries = Deliveries(worker, wechat, TEMPLATE)
    messages = [await tell(world, await person(world, "邻居")) for _ in range(3)]
    await fault(wechat, kind="status", status=500, times=6)
    pauses = []
    for _ in range(2):
        assert await deliveries.run() == 3
        assert await deliveries.run() == 0
        pauses.append(await wait_seconds(world, messages[0]))
        await lease_ends(world)
    assert pauses == [pytest.approx(30, abs=10), pytest.approx(60, abs=10)]
    assert await deliveries.run() == 3
    assert [await state(world, message) for message in messages] == [("sent", 3)] * 3
    assert len(await sent(wechat)) == 3


async def test_back_off_is_an_hour_at_most_and_the_twelfth_failure_the_last(
    world: World, worker: Database, wechat: Watching
) -> None:
    message = await tell(world, await person(world, "邻居"))
    await world.owner.execute("UPDATE inbox_message SET attempts = 10 WHERE id = $1", message)
    await fault(wechat, kind="status", times=2)
    await Deliveries(worker, wechat, TEMPLATE).run()
    assert await state(world, message) == ("due", 11)
    assert 3000 < await wait_seconds(world, message) <= 3600
    await lease_ends(world)
    await Deliveries(worker, wechat, TEMPLATE).run()
    assert await state(world, message) == ("failed", 12)


@pytest.mark.parametrize("death", [("deliver:1", 0, 1), ("deliver:2", 1, 2)])
async def test_a_killed_sender_sends_once_more_at_most(
    world: World, worker: Database, worker_url: str, wechat: Watching, death: tuple[str, int, int]
) -> None:
    at, before, after = death
    await tell(world, await person(world, "邻居"))
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", DIES, worker_url, str(wechat.http.base_url), at)
    assert await killed.wait() == -9
    deliveries = Deliveries(worker, wechat, TEMPLATE)
    assert await deliveries.run() == 0
    assert len(await sent(wechat)) == before
    await lease_ends(world)
    await deliveries.run()
    assert len(await sent(wechat)) == after


async def test_a_sender_whose_lease_has_ended_does_not_put_off_the_next_one(world: World, worker: Database) -> None:
    message = await tell(world, await person(world, "邻居"))
    first = await claim(worker)
    await lease_ends(world)
    second = await claim(worker)
    assert [row["attempts"] for row in first + second] == [1, 2]
    assert await claim(worker) == []
    assert await state(world, message) == ("due", 2)


async def test_stopping_gives_back_what_was_not_begun(world: World, worker: Database, wechat: Watching) -> None:
    person_id = await person(world, "邻居")
    messages = [await tell(world, person_id, later=later) for later in range(4)]
    await fault(wechat, kind="delay", seconds=0.3)
    deliveries = Deliveries(worker, wechat, TEMPLATE)
    jobs = Jobs(worker, deliveries)
    caller = asyncio.create_task(jobs.deliver())
    while not wechat.at_once.total():
        await asyncio.sleep(0.01)
    caller.cancel()  # as arq does when Redis is gone: the message under way is not cut off
    await jobs.close(5)
    assert [await state(world, message) for message in messages] == [("sent", 1)] + [("due", 0)] * 3
    assert await wait_seconds(world, messages[-1]) <= 0


async def test_old_receipts_and_log_ins_are_forgotten(world: World, worker: Database, wechat: Watching) -> None:
    actor, old, live = new_id(), new_id(), new_id()
    await world.owner.executemany(
        "INSERT INTO idempotency (actor_id, operation, key, fingerprint, receipt, created_at)"
        " VALUES ($1, 'test', $2, '', '{}', app_now() - $3::interval)",
        [(actor, "old", timedelta(hours=73)), (actor, "young", timedelta(hours=71))],
    )
    for family, days in ((old, -2), (live, 2)):
        await world.owner.execute(
            "INSERT INTO session (family, person_id, created_at) VALUES ($1, $2, clock_timestamp() - interval '30 d')",
            family, world.people["王奶奶"],
        )  # fmt: skip
        await world.owner.execute(
            "INSERT INTO refresh_token (family, seq, token_hash, issued_at, expires_at)"
            " VALUES ($1, 1, $2, clock_timestamp() - interval '30 d', clock_timestamp() + $3::interval)",
            family, bytes(32), timedelta(days=days),
        )  # fmt: skip
    jobs = Jobs(worker, Deliveries(worker, wechat, TEMPLATE))
    await jobs.forget_receipts()
    assert await world.owner.fetch("SELECT key FROM idempotency WHERE actor_id = $1", actor) == [("young",)]
    await jobs.forget_log_ins()
    families = await world.owner.fetch("SELECT family FROM session WHERE family = ANY($1)", [old, live])
    assert families == [(live,)]


def test_a_long_sentence_is_cut_to_what_the_template_holds() -> None:
    fields = content("deadline.mark", "order", {"deadline": "respond", "percent": 80}, WROTE)
    assert fields == {
        "thing1": "订单的响应时限即将到期(已用 80%)…",
        "time2": "2026年3月1日 09:05",
        "thing3": OF_NO_MATTER,
    }
    assert len(fields["thing1"]) == 20
