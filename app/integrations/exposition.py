"""Metrics for Prometheus: a page of numbers on a port of its own, which only the inside of a network reaches.

prometheus-client serves it on a thread of its own, so that a scrape that is slow or hangs holds up no loop of the process.
What is in the registries are numbers with labels of a few known words: no id, no name, no place, nobody's data.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.registry import Collector

# Half of the lines of a page would be the moments at which its series began.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

PATH: Final = "/metrics"


def registry() -> CollectorRegistry:
    """A registry that knows the process already: memory, CPU, open files, collections of garbage."""
    made = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=made)
    return made


@asynccontextmanager
async def exposed(
    metrics: CollectorRegistry, host: str, port: int, collectors: Sequence[Collector] = ()
) -> AsyncIterator[None]:
    """Serve `metrics` on host:port, and what `collectors` find out when they are asked. Port 0: not at all. Raises OSError
    where the port is taken."""
    if not port:
        yield
        return
    for collector in collectors:
        metrics.register(collector)
    try:
        server, _ = prometheus_client.start_http_server(port, host, metrics)
        try:
            yield
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
    finally:
        for collector in collectors:
            metrics.unregister(collector)
