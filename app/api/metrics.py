"""What the API tells Prometheus: requests by operation and status, how long they take, and how often it was too busy.

On a port of its own, never on the public one. Labels are operation ids of the contract, statuses and two causes: no path, no
id, nobody's data.
"""

from functools import cache
from typing import Final

from prometheus_client import Counter, Histogram
from starlette.types import Scope

from app.integrations.exposition import registry

REGISTRY: Final = registry()
PAGE: Final = "page"
"""What is no operation: the docs page, and paths that do not exist."""
GONE: Final = 499
"""The client went away before there was an answer."""

REQUESTS: Final = Counter(
    "linli_api_requests_total", "Requests that were answered", ("operation", "status"), registry=REGISTRY
)
REQUEST_SECONDS: Final = Histogram(
    "linli_api_request_seconds",
    "From a request's head to the end of its answer",
    ("operation",),
    buckets=(0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
BUSY: Final = Counter(
    "linli_api_busy_total",
    "Requests refused as busy: races that did not end, or a database that is away or overloaded",
    ("cause",),
    registry=REGISTRY,
)

for _cause in ("races", "database"):
    BUSY.labels(_cause)  # at zero from the beginning


def answered(scope: Scope, status: int, seconds: float) -> None:
    """A request has come to its end."""
    operation = getattr(scope.get("route"), "operation_id", None) or PAGE
    count, took = _series(operation, status)
    count.inc()
    took.observe(seconds)


@cache
def _series(operation: str, status: int) -> tuple[Counter, Histogram]:
    """What an operation and its status count in; `labels` would look both up anew each time, behind a lock."""
    return REQUESTS.labels(operation, str(status)), REQUEST_SECONDS.labels(operation)
