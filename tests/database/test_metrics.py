"""What Prometheus reads from a real scrape: how late marks fired, what waits, what was answered; and who cannot read it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from uuid import UUID

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.api.census import census
from app.domain.notifications.models import Delivery
from app.integrations.exposition import exposed
from app.integrations.wechat import SendOutcome
from app.kernel.database import Database
from app.kernel.ids import NOBODY, new_id
from app.local.home import free_port
from app.local.postgres import PostgresServer, create_database, drop_database
from app.main import create_app
from app.settings import Settings
from app.workers import metrics
from app.workers.deadlines import sweep_once
from app.workers.main import run
from app.workers.outbox import ATTEMPTS, react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.conftest import TEMPLATE
from tests.serving import serving
from tests.world import World, build

WORDS = {
    "of": {"marks", "notices", "events", "parked", "deliveries"},
    "primitive": {"notify", "set_holder", "open_pool", "start", "event"},
    "outcome": {"done", "too_late", "failed", "parked", Delivery.NONE, *SendOutcome},
    "sort": {"notice", "event"},
    "cause": {"races", "database"},
}


class Page:
    """One scrape: the value of a series by its name and labels."""

    def __init__(self, text: str) -> None:
        self.samples = {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def __call__(self, name: str, **labels: str) -> float:
        return self.samples.get((name, tuple(sorted(labels.items()))), 0.0)

    def ours(self) -> list[tuple[str, dict[str, str]]]:
        return [(name, dict(labels)) for name, labels in self.samples if name.startswith("linli_")]


async def scrape(port: int) -> Page:
    async with httpx.AsyncClient(timeout=20) as http:
        answer = await http.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return Page(answer.text)


@dataclass
class Ground:
    """A world in a database of its own, since the numbers are of all that there is; and the worker's page, as it serves it."""

    world: World
    app: Database
    worker: Database
    port: int
    settings: Settings
    stop_serving: Callable[[], Awaitable[None]]

    async def shift(self, seconds: float) -> None:
        await self.world.owner.execute("UPDATE clock_shift SET seconds = $1", float(seconds))

    async def work(self) -> None:
        async with self.worker.pool.acquire() as connection:
            while await sweep_once(connection):
                pass
            while await relay_notices(connection):
                pass
        while await react_once(self.worker, REACTIONS):
            pass

    async def due(self, order: UUID, percent: int) -> float:
        """Seconds from now until a mark of its response."""
        found: float = await self.world.owner.fetchval(
            "SELECT extract(epoch FROM times[array_position(percents, $2)] - clock_timestamp())::float FROM deadline"
            " WHERE matter_id = $1 AND kind = 'respond'",
            order,
            percent,
        )
        return found


@pytest.fixture
async def ground(postgres: PostgresServer, worker_id: str, settings: Settings) -> AsyncIterator[Ground]:
    name = f"linli_metrics_{worker_id}"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    url = {role: postgres.url(f"linli_{role}", name) for role in ("owner", "app", "worker")}
    world = await build(url["owner"])
    app, worker = await Database.connect(url["app"], size=4), await Database.connect(url["worker"], size=4)
    watching, port = await Database.connect(url["worker"], size=1), free_port()
    own = settings.model_copy(update={"database_url": url["app"], "worker_url": url["worker"]})
    async with AsyncExitStack() as page:
        await page.enter_async_context(exposed(metrics.REGISTRY, "127.0.0.1", port, [metrics.Backlog(watching)]))
        yield Ground(world, app, worker, port, own, page.aclose)
    for database in (app, worker, watching):
        await database.close()
    await world.owner.close()
    drop_database(postgres, name)


def within(page: Page, name: str, seconds: str) -> float:
    return page(f"{name}_bucket", le=seconds)


async def test_a_mark_on_time_and_a_late_one_stand_in_their_buckets(ground: Ground) -> None:
    order = (await ground.world.place(ground.app)).id
    await ground.work()
    before = await scrape(ground.port)

    await ground.shift(await ground.due(order, 80) + 0.5)
    await ground.work()
    page = await scrape(ground.port)
    marks = page("linli_mark_lateness_seconds_count") - before("linli_mark_lateness_seconds_count")
    in_time = within(page, "linli_mark_lateness_seconds", "10.0") - within(
        before, "linli_mark_lateness_seconds", "10.0"
    )
    assert (marks, in_time) == (1, 1)
    assert page("linli_effects_total", primitive="notify") - before("linli_effects_total", primitive="notify") == 1
    assert page("linli_messages_total") - before("linli_messages_total") == 1
    assert page("linli_sweep_batch_seconds_count") - before("linli_sweep_batch_seconds_count") == 1

    before = page
    await ground.shift(await ground.due(order, 100) + 120)
    await ground.work()
    page = await scrape(ground.port)
    fired = page("linli_mark_lateness_seconds_count") - before("linli_mark_lateness_seconds_count")
    lateness = {
        seconds: within(page, "linli_mark_lateness_seconds", seconds)
        - within(before, "linli_mark_lateness_seconds", seconds)
        for seconds in ("60.0", "300.0")
    }
    assert (fired, lateness) == (1, {"60.0": 0, "300.0": 1})
    assert 120 <= page("linli_mark_lateness_seconds_sum") - before("linli_mark_lateness_seconds_sum") < 180
    assert (
        page("linli_effects_total", primitive="open_pool") - before("linli_effects_total", primitive="open_pool") == 1
    )


async def test_the_backlog_grows_while_nobody_works_and_falls_afterwards(ground: Ground) -> None:
    page = await scrape(ground.port)
    names = [("linli_backlog", {"of": of}) for of in sorted(WORDS["of"])]
    assert [page(name, **labels) for name, labels in names] == [0] * 5
    assert page("linli_backlog_known") == 1

    orders = [(await ground.world.place(ground.app)).id for _ in range(3)]
    await ground.shift(await ground.due(orders[2], 80) + 60)
    page = await scrape(ground.port)
    assert page("linli_backlog", of="marks") == 3
    assert 60 <= page("linli_backlog_oldest_seconds", of="marks") < 120
    assert page("linli_backlog", of="notices") == 3, "each order tells the dispatcher"

    async with ground.worker.pool.acquire() as connection:
        await sweep_once(connection)
        page = await scrape(ground.port)
        assert (page("linli_backlog", of="marks"), page("linli_backlog", of="notices")) == (0, 6)
        await relay_notices(connection)
    page = await scrape(ground.port)
    assert (page("linli_backlog", of="notices"), page("linli_backlog_oldest_seconds", of="notices")) == (0, 0)
    assert page("linli_backlog", of="deliveries") == 6, "they wait in the inbox for a push"
    await ground.world.owner.execute("UPDATE inbox_message SET delivery = 'sent' WHERE delivery = 'due'")
    assert (await scrape(ground.port))("linli_backlog", of="deliveries") == 0


async def test_what_cannot_be_told_or_answered_is_parked_and_counted(ground: Ground) -> None:
    before = await scrape(ground.port)
    put = (
        "INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, to_role, payload, created_by, created_at, retry_at,"
        " attempts) VALUES ($1, $2, 'nobody.knows', 'person', $1, $3, '{}', $4, app_now(), app_now(), $5)"
    )
    await ground.world.owner.execute(put, new_id(), "notice", "secretary", NOBODY, 0)
    await ground.world.owner.execute(put, new_id(), "event", None, NOBODY, ATTEMPTS - 1)
    await ground.world.owner.execute(put, new_id(), "event", None, NOBODY, 0)
    assert (await scrape(ground.port))("linli_backlog", of="events") == 2
    await ground.work()
    page = await scrape(ground.port)
    for name, labels, more in (
        ("linli_parked_total", {"sort": "notice"}, 1),
        ("linli_parked_total", {"sort": "event"}, 1),
        ("linli_reactions_total", {"outcome": "parked"}, 1),
        ("linli_reactions_total", {"outcome": "failed"}, 1),
    ):
        assert page(name, **labels) - before(name, **labels) == more, name
    assert page("linli_backlog", of="parked") == 2


async def test_a_database_that_does_not_answer_leaves_the_counts_and_says_so() -> None:
    gone = await Database.connect("postgresql://linli_worker:x@127.0.0.1:1/linli", size=1)
    found = free_port()
    async with exposed(metrics.REGISTRY, "127.0.0.1", found, [metrics.Backlog(gone)]):
        page = await scrape(found)
    await gone.close()
    assert page("linli_backlog_known") == 0
    assert not [name for name, _ in page.ours() if name == "linli_backlog"]
    assert "linli_mark_lateness_seconds_count" in {name for name, _ in page.ours()}


async def test_the_queries_of_the_backlog_go_along_indexes(ground: Ground) -> None:
    """Where there is much of everything: with tables of a page each the planner would rightly read them whole."""
    async with ground.worker.pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {metrics._BACKLOG}"))
    assert "Seq Scan" not in plan.replace("Seq Scan on clock_shift", "")
    assert {"deadline_next", "outbox_due", "outbox_given_up", "inbox_delivery"} <= set(
        re.findall(r"(?:using|Index Scan on) (\w+)", plan)
    )


async def test_a_scrape_that_waits_for_a_lock_holds_up_no_sweep(ground: Ground) -> None:
    order = (await ground.world.place(ground.app)).id
    await ground.shift(await ground.due(order, 80) + 1)
    waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'inbox_message'::regclass)"
    async with ground.world.owner.transaction(), ground.worker.pool.acquire() as connection:
        await ground.world.owner.execute("LOCK TABLE inbox_message IN ACCESS EXCLUSIVE MODE")
        asked = asyncio.create_task(scrape(ground.port))
        while not await ground.world.owner.fetchval(waiting):
            await asyncio.sleep(0.01)
        assert await sweep_once(connection) == 1
        assert not asked.done()
        page = await asked
    assert page("linli_backlog_known") == 0
    assert (await scrape(ground.port))("linli_backlog_known") == 1, "the next one is answered again"


async def test_the_api_counts_what_it_answered_by_operation(ground: Ground) -> None:
    found = free_port()
    app = create_app(ground.settings.model_copy(update={"api_metrics_port": found}))
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as http:
        before = await scrape(found)
        for path in ("/v1/health/live", "/v1/health/live", "/v1/me", "/v1/orders/nonsense", "/nowhere/李大爷", "/docs"):
            await http.get(path)
        assert (await http.get("/metrics")).status_code == 404, "not on the public port"
        page = await scrape(found)

    def more(**labels: str) -> float:
        return page("linli_api_requests_total", **labels) - before("linli_api_requests_total", **labels)

    assert more(operation="getLiveness", status="200") == 2
    assert more(operation="getMe", status="401") == 1
    assert more(operation="getOrder", status="422") + more(operation="getOrder", status="401") == 1
    assert (more(operation="page", status="404"), more(operation="page", status="200")) == (2, 1)
    timed = [p("linli_api_request_seconds_count", operation="getLiveness") for p in (page, before)]
    assert timed[0] - timed[1] == 2
    moved = {dict(labels).get("operation") for (name, labels), value in page.samples.items()
             if name == "linli_api_requests_total" and value != before.samples.get((name, labels))}  # fmt: skip
    assert moved == {"getLiveness", "getMe", "getOrder", "page"} <= {*census(app), "page"}


async def test_labels_are_a_few_known_words(ground: Ground) -> None:
    page = await scrape(ground.port)
    labels = [(name, word) for _, labels in page.ours() for name, word in labels.items() if name not in ("le", "loop")]
    assert {name for name, _ in labels} <= WORDS.keys()
    assert [(name, word) for name, word in labels if word not in WORDS[name]] == []


async def test_the_worker_itself_serves_its_page_and_its_loops_beat(ground: Ground) -> None:
    own, stopping = ground.settings.model_copy(update={"worker_metrics_port": free_port()}), asyncio.Event()
    await ground.stop_serving()
    running = asyncio.create_task(run(own, stopping))
    beats: set[str] = set()
    while beats != {"sweep", "relay", "jobs", "calendars"}:
        assert not running.done()
        with suppress(httpx.ConnectError):
            page = await scrape(own.worker_metrics_port)
            beats = {labels["loop"] for name, labels in page.ours() if name == "linli_loop_beat_timestamp_seconds"}
        await asyncio.sleep(0.02)
    assert page("linli_backlog_known") == 1
    stopping.set()
    await running
    with pytest.raises(httpx.ConnectError):
        await scrape(own.worker_metrics_port)


async def test_only_the_loopback_listens(ground: Ground) -> None:
    listening = [
        connection.laddr.ip
        for connection in psutil.Process().net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == ground.port
    ]
    assert listening == ["127.0.0.1"]


async def test_without_a_port_there_is_no_page() -> None:
    before = len(psutil.Process().net_connections("tcp"))
    async with exposed(metrics.REGISTRY, "127.0.0.1", 0):
        assert len(psutil.Process().net_connections("tcp")) == before
