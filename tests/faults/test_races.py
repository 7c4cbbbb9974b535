"""Many at once, over real HTTP: one wins, one receipt, one outcome, four messages; and no error that nobody meant."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest

from app.kernel.database import Database
from app.main import create_app
from app.workers.deadlines import sweep_forever, sweep_once
from app.workers.outbox import relay_forever
from app.workers.reactions import REACTIONS
from tests.faults.conftest import Arena
from tests.faults.wire import Wire, counted
from tests.people import Someone
from tests.serving import serving
from tests.world import tireless

VOLUNTEERS = 30
TIMES = 20


async def placed(arena: Arena, resident: Someone, note: str = "请帮忙") -> str:
    """The path of a new order."""
    body = {"service_id": arena.street.service_id, "note": note}
    return f"/v1/orders/{(await resident.post('/v1/orders', body))['id']}"


@pytest.fixture(scope="module")
async def resident(arena: Arena) -> Someone:
    return await arena.street.resident("王秀英")


@pytest.fixture(scope="module")
async def dispatcher(arena: Arena) -> Someone:
    return await arena.street.with_role("张敏", "dispatcher")


@pytest.fixture(scope="module")
async def volunteers(arena: Arena) -> list[Someone]:
    made = [await arena.street.with_role(f"志愿者{number}", "volunteer") for number in range(VOLUNTEERS)]
    await tireless(arena.street.world.owner, *(someone.id for someone in made))
    return made


async def test_of_thirty_volunteers_one_gets_the_order_twenty_times(
    arena: Arena, resident: Someone, volunteers: list[Someone]
) -> None:
    for _ in range(TIMES):
        order = await placed(arena, resident)
        await open_to_all(arena, order)
        answers = await asyncio.gather(*(somebody.ask("POST", f"{order}/claim") for somebody in volunteers))
        assert Counter(answer.status_code for answer in answers) == {200: 1, 409: VOLUNTEERS - 1}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"transition-refused"}
        winner = next(s for s, answer in zip(volunteers, answers, strict=True) if answer.status_code == 200)
        task = (await winner.get("/v1/orders/tasks"))["items"][0]
        assert task["id"] == order.rsplit("/", 1)[1]
    assert await arena.broken() == []


async def open_to_all(arena: Arena, order: str) -> None:
    """As the missed response would: by the sweep, with its history."""
    owner = arena.street.world.owner
    await owner.execute("UPDATE clock_shift SET seconds = seconds + 1201")
    worker = await Database.connect(arena.settings.worker_url, size=1)
    async with worker.pool.acquire() as connection:
        assert await sweep_once(connection) >= 1
    await worker.close()
    assert await owner.fetchval("SELECT open_pool FROM matter WHERE id = $1::uuid", order.rsplit("/", 1)[1])


async def test_two_hundred_twins_with_one_key_get_one_receipt(arena: Arena, resident: Someone) -> None:
    owner = arena.street.world.owner
    before = await owner.fetchval("SELECT count(*) FROM matter")
    body = {"service_id": arena.street.service_id, "note": "请帮忙,只要一次"}
    twins = await asyncio.gather(*(resident.ask("POST", "/v1/orders", body, "two-hundred-twins") for _ in range(200)))
    assert {(twin.status_code, twin.content) for twin in twins} == {(200, twins[0].content)}
    assert await owner.fetchval("SELECT count(*) FROM matter") == before + 1
    other = await resident.ask("POST", "/v1/orders", {**body, "note": "另一件事"}, "two-hundred-twins")
    assert other.json()["code"] == "idempotency-key-reused"
    assert await arena.broken() == []


async def test_twins_of_a_move_get_one_receipt(
    arena: Arena, resident: Someone, dispatcher: Someone, volunteers: list[Someone]
) -> None:
    """The second twin may come when the first has already ended its own access: it still gets the receipt."""
    order = await placed(arena, resident)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteers[0].id)})
    twins = await asyncio.gather(
        *(volunteers[0].ask("POST", f"{order}/accept", None, "accept-twins") for _ in range(50))
    )
    assert {(twin.status_code, twin.content) for twin in twins} == {(200, twins[0].content)}
    cancels = await asyncio.gather(*(resident.ask("POST", f"{order}/cancel", {}, "cancel-twins") for _ in range(50)))
    assert {(twin.status_code, twin.content) for twin in cancels} == {(200, cancels[0].content)}
    assert json.loads(cancels[0].content)["version"] == 4
    assert await arena.broken() == []


async def test_an_answer_and_the_limit_meet_in_the_same_moment(
    arena: Arena, resident: Someone, dispatcher: Someone, volunteers: list[Someone]
) -> None:
    """200 offers fall due while they are accepted, two workers sweep, two relay: each offer is met or missed, never both."""
    chance = random.Random(2341)
    owner = arena.street.world.owner

    async def offered(volunteer: Someone) -> list[tuple[str, Someone]]:
        found = [(await placed(arena, resident), volunteer) for _ in range(20)]
        for order, _ in found:
            await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
        return found

    orders = [order for some in await asyncio.gather(*map(offered, volunteers[:10])) for order in some]
    due = {
        f"/v1/orders/{row['matter_id']}": row["due_at"]
        for row in await owner.fetch(
            "SELECT matter_id, due_at FROM deadline WHERE kind = 'offer' AND matter_id = ANY ($1::uuid[])",
            [order.rsplit("/", 1)[1] for order, _ in orders],
        )
    }
    now: datetime = await owner.fetchval(
        "UPDATE clock_shift SET seconds = seconds + extract(epoch FROM $1 - app_now()) - 0.5 RETURNING app_now()",
        min(due.values()),
    )
    loop = asyncio.get_running_loop()
    zero = loop.time()

    async def accept(order: str, volunteer: Someone) -> tuple[int, str]:
        # Most meet the sweep; the others come sooner, or meet the lapse that the relay brings some moments later.
        jitter = chance.uniform(-0.03, 0.03) if chance.random() < 0.6 else chance.uniform(-0.3, 1.5)
        await asyncio.sleep(zero + (due[order] - now).total_seconds() + jitter - loop.time())
        answer = await volunteer.ask("POST", f"{order}/accept")
        return answer.status_code, answer.json().get("code", answer.json().get("state"))

    async with crew(arena, sweepers=2, relays=2) as failures:
        answers = await asyncio.gather(*(accept(order, volunteer) for order, volunteer in orders))
        await until_told(arena)
    assert failures == []
    outcomes = Counter(answers)
    assert set(outcomes) <= {
        (200, "accepted"), (403, "not-allowed"), (404, "order-not-found"), (403, "order-passed-on"),
        (409, "transition-refused"),
    }, outcomes  # fmt: skip
    states = Counter()
    for (order, _), (status, _) in zip(orders, answers, strict=True):
        state = await owner.fetchval("SELECT state FROM matter WHERE id = $1::uuid", order.rsplit("/", 1)[1])
        assert state == ("accepted" if status == 200 else "submitted")
        states[state] += 1
    assert min(states["accepted"], states["submitted"]) > 0, f"no race took place: {states}"
    assert await arena.broken() == []
    deadlocks = await owner.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    assert deadlocks == 0
    assert await owner.fetchval("SELECT count(*) FROM outbox WHERE attempts > 0") == 0


async def until_told(arena: Arena) -> None:
    """Until nothing is due, and nothing waits to be told or answered."""
    while await arena.street.world.owner.fetchval(
        "SELECT EXISTS (SELECT 1 FROM outbox) OR EXISTS (SELECT 1 FROM deadline WHERE next_at <= app_now())"
    ):
        await asyncio.sleep(0.05)


class crew:  # noqa: N801 - reads as the context that it is
    """Sweepers and relays as the worker runs them, without its patience: what they raise is kept."""

    def __init__(self, arena: Arena, *, sweepers: int, relays: int) -> None:
        self.arena = arena
        self.counts = {"sweep": sweepers, "relay": relays}
        self.failures: list[BaseException] = []

    async def __aenter__(self) -> list[BaseException]:
        self.database = await Database.connect(self.arena.settings.worker_url, size=8)

        async def quiet() -> None:
            return None

        loops: list[Callable[[], Awaitable[Any]]] = [
            *([lambda: sweep_forever(self.database, quiet)] * self.counts["sweep"]),
            *([lambda: relay_forever(self.database, REACTIONS, quiet, quiet)] * self.counts["relay"]),
        ]
        self.tasks = [asyncio.ensure_future(self._kept(loop)) for loop in loops]
        return self.failures

    async def _kept(self, loop: Callable[[], Awaitable[Any]]) -> None:
        try:
            await loop()
        except Exception as error:  # noqa: BLE001 - any at all is a finding
            self.failures.append(error)

    async def __aexit__(self, *_: object) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self.database.close()


async def test_every_command_takes_four_messages_to_postgres(
    arena: Arena, resident: Someone, dispatcher: Someone, volunteers: list[Someone]
) -> None:
    """Counted on the wire between the API's pool and Postgres, with what the pool sends when it takes a connection back."""
    async with counted(arena.settings.database_url) as (wire, url):
        settings = arena.settings.model_copy(update={"database_url": url})
        async with serving(create_app(settings)) as api_url:
            life = Life(arena, wire, api_url, resident, dispatcher, volunteers[0])
            await life.live()
            await life.live()
    assert set(life.trips) == {"place", "offer", "accept", "start", "deliver", "rate", "claim", "cancel"}
    assert {verb: trips for verb, trips in life.trips.items() if trips > 4} == {}
    assert life.repeated == 3, "a repetition: BEGIN, the receipt, ROLLBACK"
    assert life.looked == 4, "a look at a contact is written down by the statement that reads it"


class Life:
    """Every verb of an order through an API whose way to Postgres is counted."""

    def __init__(
        self, arena: Arena, wire: Wire, api_url: str, resident: Someone, dispatcher: Someone, volunteer: Someone
    ) -> None:
        self.arena = arena
        self.wire = wire
        self.api_url = api_url
        self.resident, self.dispatcher, self.volunteer = resident, dispatcher, volunteer
        self.trips: dict[str, int] = {}
        self.repeated = self.looked = 0

    async def do(self, verb: str, who: Someone, path: str, body: dict[str, Any] | None = None, key: str = "") -> str:
        before = self.wire.trips
        answer = await who.ask("POST", self.api_url + path, body, key or None)
        assert answer.status_code == 200, answer.text
        await asyncio.sleep(0.02)  # what the pool would send on release
        self.trips[verb] = self.wire.trips - before
        return f"/v1/orders/{answer.json()['id']}"

    async def look(self, who: Someone, order: str) -> None:
        before = self.wire.trips
        assert (await who.get(self.api_url + order))["contact"]
        await asyncio.sleep(0.02)
        self.looked = self.wire.trips - before

    async def live(self) -> None:
        placing = {"service_id": self.arena.street.service_id, "note": "请帮忙"}
        order = await self.do("place", self.resident, "/v1/orders", placing)
        await self.do("offer", self.dispatcher, f"{order}/offer", {"volunteer_id": str(self.volunteer.id)})
        await self.do("accept", self.volunteer, f"{order}/accept")
        await self.look(self.volunteer, order)
        code = (await self.resident.get(order))["start_code"]
        await self.do("start", self.volunteer, f"{order}/start", {"code": code})
        await self.do("deliver", self.volunteer, f"{order}/deliver", {"outcome": "已完成"})
        await self.do("rate", self.resident, f"{order}/rate", {"solved": "yes", "stars": 5}, f"rate-{order[-12:]}")
        await self.do("again", self.resident, f"{order}/rate", {"solved": "yes", "stars": 5}, f"rate-{order[-12:]}")
        self.repeated = self.trips.pop("again")
        order = await self.do("place", self.resident, "/v1/orders", placing)
        await open_to_all(self.arena, order)
        await self.do("claim", self.volunteer, f"{order}/claim")
        await self.do("cancel", self.resident, f"{order}/cancel", {"reason": "不需要了"})


async def test_a_sweep_takes_four_messages_one_for_what_it_begins_and_one_for_the_next_moment(
    arena: Arena, resident: Someone
) -> None:
    owner = arena.street.world.owner
    async with counted(arena.settings.worker_url) as (wire, url):
        database = await Database.connect(url, size=1)

        async def batch() -> tuple[int, int]:
            for _ in range(5):
                await placed(arena, resident)
            await owner.execute("UPDATE clock_shift SET seconds = seconds + 1201")
            before = wire.trips
            async with database.pool.acquire() as connection:
                moved = await sweep_once(connection)
            await asyncio.sleep(0.02)
            return moved, wire.trips - before

        class Enough(Exception):
            pass

        async def enough() -> None:
            raise Enough

        # A policy costs one message more at its first sight, and a statement too: responses are missed first, then replies,
        # and at last what begins when a reply is missed.
        for _ in range(3):
            await batch()
        moved, trips = await batch()
        assert moved >= 5
        assert trips <= 5, (
            "replies were missed as well, and each began the secretary's own limit: their policies are read"
        )
        for _ in range(2):
            before = wire.trips
            with pytest.raises(Enough):
                await sweep_forever(database, enough)
            idle = wire.trips - before
        assert idle <= 4, "nothing due: BEGIN, the look, ROLLBACK, the next moment"
        await database.close()


async def test_a_refusal_that_was_counted_is_repeated_as_a_refusal(
    arena: Arena, resident: Someone, dispatcher: Someone, volunteers: list[Someone]
) -> None:
    """A wrong start code is stored before it is refused; the same request under the same key must not look accepted."""
    order = await placed(arena, resident)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteers[0].id)})
    await volunteers[0].post(f"{order}/accept")
    code = (await resident.get(order))["start_code"]
    wrong = {"code": f"{(int(code) + 1) % 10**6:06d}"}
    first = await volunteers[0].ask("POST", f"{order}/start", wrong, "wrong-code")
    again = await volunteers[0].ask("POST", f"{order}/start", wrong, "wrong-code")
    assert (first.status_code, first.json()["code"]) == (409, "start-code-wrong")
    assert (again.status_code, again.json()["code"]) == (409, "start-code-wrong")
    history = [row["action"] for row in (await resident.get(f"{order}/history"))["items"]]
    assert history.count("wrong_code") == 1
