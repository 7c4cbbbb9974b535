"""Jobs: arq runs deliveries when the relay rings, and the periodic work.

Redis is only the bell. Each job looks into Postgres for what there is to do, may run at any time and twice, and takes
an advisory lock, so that two workers do not do the same work. Losing Redis, or all that is in it, delays the jobs, no
more.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final

import asyncpg
import orjson
import structlog
from arq.connections import ArqRedis
from arq.cron import cron
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from app.domain.people.service import lapse_role
from app.kernel.command import SYSTEM_CALLER, Key, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.time import CHINA
from app.workers.deliveries import Deliveries

QUEUE: Final = "linli:jobs"
DELIVER: Final = "deliver"
JOB_SECONDS: Final = 60
"""arq keeps the job of a killed worker locked for this and ten seconds more; the period's next one runs meanwhile."""
RECEIPT_LIFE: Final = timedelta(hours=72)
RECEIPTS: Final = 1000
LOG_IN_MARGIN: Final = timedelta(days=1)
"""Longer than an access token may outlive the last refresh token of its log-in."""

TRANSIENT: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    RedisError,
)
"""What a lost, restarting or overloaded server raises: the next try may do, and no traceback is wanted."""

_LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtext($1))"

# Receipts are dated by the real clock.
_FORGET_RECEIPTS: Final = """
DELETE FROM idempotency WHERE (actor_id, operation, key) IN (
  SELECT actor_id, operation, key FROM idempotency WHERE created_at < statement_timestamp() - $1::interval
   ORDER BY created_at LIMIT $2)
RETURNING 1"""

# The promises' clock: a role ends by it. Whoever holds several is asked for each.
_ENDED: Final = """
SELECT id, version FROM role_grant
 WHERE role <> 'resident' AND ends_at <= app_now() AND handed_back_at IS NULL ORDER BY ends_at, id LIMIT $1"""
ENDED: Final = 200

_FORGET_LOG_INS: Final = "SELECT auth_session_forget(clock_timestamp() - $1::interval) AS forgotten"

_log: Final = structlog.get_logger("jobs")


class Jobs:
    """The work itself. A run belongs to this object, not to arq: when arq is cancelled, because Redis went away or the
    worker ends, a message that is being sent is not cut off. The next caller joins a run that is under way.
    """

    def __init__(self, database: Database, deliveries: Deliveries) -> None:
        self._database = database
        self._deliveries = deliveries
        self._running: dict[str, asyncio.Task[None]] = {}

    async def deliver(self) -> None:
        """Send what is due in the inboxes."""
        await self._alone("deliver", self._deliveries.run)

    async def forget_receipts(self) -> None:
        """Forget the receipts of commands that nobody repeats any more."""
        await self._alone("forget receipts", self._receipts)

    async def forget_log_ins(self) -> None:
        """Forget log-ins whose every token has expired."""
        await self._alone("forget log-ins", self._log_ins)

    async def end_roles(self) -> None:
        """Hand back what volunteers hold whose role has ended by its date (domain.md §3)."""
        await self._alone("end roles", lambda: end_roles(self._database))

    async def close(self, seconds: float) -> None:
        """Begin no further message, give what is under way `seconds` to end, and cancel the rest."""
        self._deliveries.stop()
        if self._running:
            _, late = await asyncio.wait(self._running.values(), timeout=seconds)
            for task in late:
                task.cancel()

    async def _alone(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        if name not in self._running:
            task = asyncio.create_task(self._guarded(name, work))
            self._running[name] = task
            task.add_done_callback(lambda _: self._running.pop(name))
        await asyncio.shield(self._running[name])

    async def _guarded(self, name: str, work: Callable[[], Awaitable[object]]) -> None:
        """Work while a transaction holds the job's lock, which no way of dying leaves behind. That transaction has
        written nothing and holds no snapshot, so it is in nobody's way.
        """
        try:
            async with self._database.pool.acquire() as connection, connection.transaction():
                if await connection.fetchval(_LOCK, f"linli job {name}"):
                    await work()
        except TRANSIENT as error:
            _log.warning("job put off", job=name, problem=type(error).__name__)
        except Exception:  # noqa: BLE001 - the next period tries again
            _log.exception("job failed", job=name)

    async def _receipts(self) -> None:
        batch, forgotten = RECEIPTS, 0
        while batch == RECEIPTS:
            batch = len(await self._database.call(_FORGET_RECEIPTS, RECEIPT_LIFE, RECEIPTS))
            forgotten += batch
        _log.info("receipts forgotten", count=forgotten)

    async def _log_ins(self) -> None:
        rows = await self._database.call(_FORGET_LOG_INS, LOG_IN_MARGIN)
        _log.info("log-ins forgotten", count=rows[0]["forgotten"])


async def end_roles(database: Database) -> None:
    """For each role that has ended by its date, and was not noticed yet: its holder is told, and what a volunteer held is handed
    back."""
    for grant in await database.call(_ENDED, ENDED):
        key = Key("job.lapse_role", f"{grant['id']}:{grant['version']}", "")
        # Somebody ended it meanwhile: then it was handed back with that.
        with suppress(Refusal):
            await execute(database, lapse_role, SYSTEM_CALLER, key, grant["id"], {})


class BeatingWorker(Worker):
    """arq's worker, whose every look at the queue is a beat of `jobs`: without Redis there is none."""

    beat: Callable[[], Awaitable[None]]

    async def heart_beat(self) -> None:
        await super().heart_beat()
        await self.beat()


async def work_forever(redis_url: str, jobs: Jobs, beat: Callable[[], Awaitable[None]]) -> None:
    """Run arq until it is cancelled or Redis is gone. Each run has a new worker: a broken one does not recover."""
    redis = connect(redis_url, retries=3)
    worker = BeatingWorker(
        functions=[func(_job(jobs.deliver), name=DELIVER)],
        cron_jobs=[
            cron(_job(jobs.deliver), name="deliver.periodic", second={0, 15, 30, 45}, run_at_startup=True),
            cron(_job(jobs.forget_receipts), name="receipts.forget", minute=17),
            cron(_job(jobs.forget_log_ins), name="log-ins.forget", hour=3, minute=0),
        ],
        redis_pool=redis,
        queue_name=QUEUE,
        handle_signals=False,
        max_jobs=4,
        job_timeout=JOB_SECONDS,
        keep_result=0,
        timezone=CHINA,  # type: ignore[arg-type]  # any tzinfo does
        job_serializer=_serialize,
        job_deserializer=orjson.loads,
    )
    worker.beat = beat
    try:
        await worker.main()
    finally:
        # Not arq's own close(): it asks Redis once more, and leaves connections open when that fails.
        for task in worker.tasks.values():
            task.cancel()
        with suppress(TimeoutError, RedisError):
            async with asyncio.timeout(1):
                await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
                await redis.aclose(close_connection_pool=True)


def _job(work: Callable[[], Awaitable[None]]) -> WorkerCoroutine:
    """As arq calls it."""

    async def job(ctx: dict[Any, Any], *_args: Any, **_kwargs: Any) -> None:  # noqa: ARG001 - arq's protocol
        await work()

    return job


class Bell:
    """Rings for a delivery at once instead of within the period. Not heard: the period does it."""

    def __init__(self, redis_url: str) -> None:
        self._redis = connect(redis_url, retries=0)

    async def ring(self) -> None:
        """Enqueue the one delivery job, unless it is there. Takes half a second at most, and never fails."""
        with suppress(OSError, RedisError):
            async with asyncio.timeout(0.5):
                await self._redis.enqueue_job(DELIVER, _job_id=DELIVER)

    async def close(self) -> None:
        with suppress(OSError, RedisError):
            async with asyncio.timeout(0.5):
                await self._redis.aclose(close_connection_pool=True)


def connect(redis_url: str, *, retries: int) -> ArqRedis:
    """A client that gives up on a silent server; its pool is empty until it is used.

    Made here, since arq reads URLs without decoding passwords and knows no time limit for an answer.
    """
    pool = ConnectionPool.from_url(
        redis_url,
        socket_timeout=2,
        socket_connect_timeout=1,
        retry=Retry(ExponentialBackoff(cap=2, base=0.1), retries),
        retry_on_error=[RedisConnectionError, RedisTimeoutError, OSError],
    )
    return ArqRedis(pool, _serialize, orjson.loads, QUEUE)


def _serialize(job: dict[str, Any]) -> bytes:
    return orjson.dumps(job, default=str)
