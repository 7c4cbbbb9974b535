"""What the worker tells Prometheus: how late marks fire, what its loops have done, and what waits (lateness, backlog).

What has been done is counted where it is done, after its commit. What waits is asked of Postgres when somebody scrapes: one
statement along indexes, on a connection of its own, with a short patience, so that no scrape holds up the sweep.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, Final

import asyncpg
import structlog
from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.integrations.exposition import registry
from app.kernel.database import Database
from app.kernel.deadline_tables import Primitive

REGISTRY: Final = registry()
PATIENCE_SECONDS: Final = 2.0
MOST: Final = 100_000
"""So many are counted; one more stands for any number beyond."""

_log: Final = structlog.get_logger("metrics")

MARK_LATENESS: Final = Histogram(
    "linli_mark_lateness_seconds",
    "From the moment at which a mark was due to the moment at which the sweep fired it, each mark once",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600),
    registry=REGISTRY,
)
SWEEP_SECONDS: Final = Histogram(
    "linli_sweep_batch_seconds",
    "A batch of the sweep that fired something, from its begin to its commit",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
EFFECTS: Final = Counter(
    "linli_effects_total", "Effects of marks, as the sweep has done them", ("primitive",), registry=REGISTRY
)
MESSAGES: Final = Counter("linli_messages_total", "Messages that the relay put into inboxes", registry=REGISTRY)
REACTIONS: Final = Counter(
    "linli_reactions_total", "Events that were answered: done, too_late, failed (tried again), parked", ("outcome",),
    registry=REGISTRY,
)  # fmt: skip
PARKED: Final = Counter("linli_parked_total", "Outbox rows that were parked", ("sort",), registry=REGISTRY)
DELIVERIES: Final = Counter(
    "linli_deliveries_total",
    "Messages that were pushed outside, by what became of them",
    ("outcome",),
    registry=REGISTRY,
)
BEATS: Final = Gauge(
    "linli_loop_beat_timestamp_seconds", "When a loop of the worker last beat", ("loop",), registry=REGISTRY
)
DEATHS: Final = Counter(
    "linli_loop_deaths_total", "How often a loop ended and was begun anew", ("loop",), registry=REGISTRY
)

# Known words are there from the beginning, at zero: what is not there yet cannot be seen to rise.
for _counter, _words in (
    (EFFECTS, tuple(Primitive)),
    (REACTIONS, ("done", "too_late", "failed", "parked")),
    (PARKED, ("notice", "event")),
):
    for _word in _words:
        _counter.labels(_word)


def fired(lateness: list[float], effects: dict[str, int], seconds: float) -> None:
    """A batch of the sweep is committed: how late each mark was, what it did, and how long it took."""
    SWEEP_SECONDS.observe(seconds)
    for late in lateness:
        MARK_LATENESS.observe(late)
    for primitive, number in effects.items():
        EFFECTS.labels(primitive).inc(number)


# Deadlines and notices wait by the promises' clock, deliveries by the real one. Each part is a range of one partial index.
_BACKLOG: Final = f"""
WITH clock AS MATERIALIZED (SELECT app_now() AS now, clock_timestamp() AS real)
SELECT 'marks' AS of, count(*) AS rows, extract(epoch FROM (SELECT now FROM clock) - min(x.at))::float AS oldest
  FROM (SELECT next_at AS at FROM deadline WHERE next_at <= (SELECT now FROM clock) ORDER BY next_at LIMIT {MOST + 1}) x
UNION ALL
SELECT s.sort || 's', count(x.at), extract(epoch FROM (SELECT now FROM clock) - min(x.at))::float
  FROM unnest(ARRAY['notice', 'event']) s(sort) LEFT JOIN LATERAL (
    SELECT retry_at AS at FROM outbox WHERE sort = s.sort AND failed_at IS NULL AND retry_at <= (SELECT now FROM clock)
     ORDER BY retry_at LIMIT {MOST + 1}) x ON true GROUP BY s.sort
UNION ALL
SELECT 'parked', count(*), extract(epoch FROM (SELECT now FROM clock) - min(x.at))::float
  FROM (SELECT failed_at AS at FROM outbox WHERE failed_at IS NOT NULL ORDER BY failed_at LIMIT {MOST + 1}) x
UNION ALL
SELECT 'deliveries', count(*), extract(epoch FROM (SELECT real FROM clock) - min(x.at))::float
  FROM (SELECT retry_at AS at FROM inbox_message WHERE delivery = 'due' AND retry_at <= (SELECT real FROM clock)
         ORDER BY retry_at LIMIT {MOST + 1}) x"""


class Backlog(Collector):
    """What is due and not done yet, asked at each scrape. When Postgres does not answer in time there are no numbers, and
    `linli_backlog_known` is 0."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._loop = asyncio.get_running_loop()

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """The names alone: to be registered nothing is asked."""
        yield from _families()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Called on the thread of a scrape, which waits for the loop; the loop waits for nobody."""
        waiting, oldest, known = _families()
        asked = asyncio.run_coroutine_threadsafe(self._ask(), self._loop)
        try:
            rows = asked.result(PATIENCE_SECONDS + 1)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            asked.cancel()
            _log.warning("backlog not known", problem=type(error).__name__)
            rows = []
        for row in rows:
            waiting.add_metric([row["of"]], row["rows"])
            oldest.add_metric([row["of"]], max(0.0, row["oldest"] or 0.0))
        known.add_metric([], float(bool(rows)))
        yield from (waiting, oldest, known)

    async def _ask(self) -> list[Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._database.call(_BACKLOG)


def _families() -> tuple[GaugeMetricFamily, GaugeMetricFamily, GaugeMetricFamily]:
    return (
        GaugeMetricFamily(
            "linli_backlog", f"What is due and not done; above {MOST}: that many or more", labels=("of",)
        ),
        GaugeMetricFamily(
            "linli_backlog_oldest_seconds", "How long the oldest of it is due; 0: nothing is", labels=("of",)
        ),
        GaugeMetricFamily("linli_backlog_known", "1 when Postgres said what waits, 0 when it did not answer in time"),
    )
