"""The composition root of time and queue: sweep, relay and arq beside each other in one process.

Each is kept alive by itself. Without Redis the deliveries and the clearing up wait; marks, notices, reactions and roles that
end go on; without Postgres all wait and try again.
"""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import asyncpg
import httpx
import structlog

from app.integrations.exposition import exposed
from app.integrations.wechat import WeChat
from app.kernel import crash, logging
from app.kernel.database import Database
from app.settings import Settings
from app.workers import metrics
from app.workers.deadlines import recalculate_once, sweep_forever
from app.workers.deliveries import Deliveries
from app.workers.jobs import TRANSIENT, Bell, Jobs, work_forever
from app.workers.outbox import relay_forever
from app.workers.reactions import REACTIONS, RECALCULATIONS

POOL: Final = 6
FIRST_PAUSE: Final = 0.2
LONGEST_PAUSE: Final = 2.0
STEADY_SECONDS: Final = 20.0
QUIET_AFTER: Final = 5
SAID_EVERY: Final = 30
BEAT_SECONDS: Final = 2.0
CALENDAR_SECONDS: Final = 5.0
GRACE_SECONDS: Final = 2.5
LOCAL_TEMPLATE: Final = "linli-notice"

_BEAT: Final = """
INSERT INTO heartbeat (name, at) VALUES ($1, clock_timestamp()) ON CONFLICT (name) DO UPDATE SET at = excluded.at"""

_log: Final = structlog.get_logger("worker")


class Stopping(Exception):
    """The worker is to end: raised between two transactions of a loop."""


class Pulse:
    """The beat of one loop: one statement in two seconds at most, and no failure of it stops the loop."""

    def __init__(self, name: str, database: Database, stopping: asyncio.Event) -> None:
        self._name = name
        self._database = database
        self._stopping = stopping
        self._next = 0.0

    async def beat(self) -> None:
        """Say that the loop is alive. Raises Stopping."""
        if self._stopping.is_set():
            raise Stopping
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        metrics.BEATS.labels(self._name).set_to_current_time()
        try:
            async with asyncio.timeout(BEAT_SECONDS):
                await self._database.call(_BEAT, self._name)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            _log.warning("no beat", loop=self._name, problem=type(error).__name__)


class Pauses:
    """The pauses of sweep and relay, which a simulation cuts short: its clock has stepped, they are to look again now."""

    def __init__(self) -> None:
        self._rings: list[asyncio.Event] = []

    def ring(self) -> None:
        """End the pause of each loop; of one that is at work, the next."""
        for ring in self._rings:
            ring.set()

    def of_a_loop(self) -> Callable[[float], Awaitable[None]]:
        """What one loop calls to wait for so many seconds at most."""
        ring = asyncio.Event()
        self._rings.append(ring)

        async def pause(seconds: float) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await ring.wait()
            ring.clear()

        return pause


async def keep(name: str, loop: Callable[[], Awaitable[None]], stopping: asyncio.Event) -> None:
    """Run `loop` again after whatever it dies of, with a pause that grows to two seconds; only Stopping ends it."""
    deaths = 0
    while not stopping.is_set():
        began = time.monotonic()
        problem: Exception | None = None
        try:
            await loop()
        except Stopping:
            return
        except Exception as error:  # noqa: BLE001 - a loop that ends would break every promise after it
            problem = error
        metrics.DEATHS.labels(name).inc()
        deaths = 1 if time.monotonic() - began > STEADY_SECONDS else deaths + 1
        if deaths <= QUIET_AFTER or deaths % SAID_EVERY == 0:
            if problem is None or isinstance(problem, TRANSIENT):
                _log.warning("loop interrupted", loop=name, problem=type(problem).__name__, deaths=deaths)
            else:
                _log.error("loop failed", loop=name, deaths=deaths, exc_info=problem)
        with suppress(TimeoutError):
            async with asyncio.timeout(min(FIRST_PAUSE * 2 ** min(deaths - 1, 10), LONGEST_PAUSE)):
                await stopping.wait()


async def run(settings: Settings, stopping: asyncio.Event, pauses: Pauses | None = None) -> None:
    """Work until `stopping` is set, then end between two transactions, within five seconds whatever hangs."""
    pauses = pauses or Pauses()
    sweep_pause, relay_pause = pauses.of_a_loop(), pauses.of_a_loop()
    template = settings.wechat_template or (LOCAL_TEMPLATE if settings.local else None)
    if template is None:
        _log.warning("no template of WeChat is set: messages stay in the inboxes")
    database = await Database.connect(settings.worker_url, size=POOL)
    watching = await Database.connect(settings.worker_url, size=1)
    bell = Bell(settings.redis_url)
    backlog = metrics.Backlog(watching)
    async with (
        httpx.AsyncClient() as http,
        exposed(metrics.REGISTRY, settings.metrics_host, settings.worker_metrics_port, [backlog]),
    ):
        wechat = WeChat(settings.wechat_url, settings.wechat_appid, settings.wechat_secret, http)
        jobs = Jobs(database, Deliveries(database, wechat, template))
        pulses = {name: Pulse(name, database, stopping).beat for name in ("sweep", "relay", "jobs", "calendars")}

        async def calendars() -> None:
            # What comes by its date: without Redis as well, since a promise hangs on it.
            while True:
                await pulses["calendars"]()
                await jobs.end_roles()
                if not await recalculate_once(database, RECALCULATIONS):
                    await asyncio.sleep(CALENDAR_SECONDS)

        loops: dict[str, Callable[[], Awaitable[None]]] = {
            "calendars": calendars,
            "sweep": lambda: sweep_forever(database, pulses["sweep"], sweep_pause),
            "relay": lambda: relay_forever(database, REACTIONS, pulses["relay"], bell.ring, relay_pause),
            "jobs": lambda: work_forever(settings.redis_url, jobs, pulses["jobs"]),
        }
        tasks = [asyncio.create_task(keep(name, loop, stopping), name=name) for name, loop in loops.items()]
        _log.info("worker started")
        try:
            await stopping.wait()
        finally:
            stopping.set()
            (_, late), _ = await asyncio.gather(asyncio.wait(tasks, timeout=GRACE_SECONDS), jobs.close(GRACE_SECONDS))
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=0.5)
            await bell.close()
            await database.close()  # what still waits for the database ends by this
            await watching.close()
    _log.info("worker ended", cancelled=[task.get_name() for task in late])


async def main(settings: Settings) -> None:
    """`linli worker`: runs until SIGTERM or SIGINT. In local mode SIGUSR1 makes sweep and relay look at once."""
    logging.configure(settings.local)
    stopping, pauses, loop = asyncio.Event(), Pauses(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if settings.local:
        crash.arm(settings.crash_at or None)
        loop.add_signal_handler(signal.SIGUSR1, pauses.ring)
    await run(settings, stopping, pauses)
