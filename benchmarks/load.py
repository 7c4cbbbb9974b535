"""A load generator: so many keep-alive connections, each sends its prepared requests one after the other.

Runs as a process of its own and costs some 25 µs a request: raw sockets, nothing is parsed but the status and the length.
Reads a pickled `Plan` from the file that it is given, writes `Outcome` as JSON.
"""

import asyncio
import json
import pickle
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter

import uvloop


@dataclass(frozen=True)
class Plan:
    """Where to, and what each connection sends."""

    port: int
    requests: list[list[bytes]]


@dataclass(frozen=True)
class Outcome:
    """Operations a second; latencies in milliseconds; whatever was not a 200."""

    rate: float
    p50: float
    p99: float
    failures: int
    first_failure: str


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes]) -> None:
        self.requests = iter(requests)
        self.done = asyncio.get_running_loop().create_future()
        self.ends: list[float] = []
        self.latencies: list[float] = []
        self.failed: list[str] = []
        self._sent = 0.0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def send_next(self) -> None:
        request = next(self.requests, None)
        if request is None:
            self.transport.close()
            self.done.set_result(None)
            return
        self._sent = perf_counter()
        self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        received = self._received + data if self._received else data
        head = received.find(b"\r\n\r\n")
        if head < 0:
            self._received = received
            return
        start = received.find(b"content-length: ") + 16
        length = int(received[start : received.find(b"\r", start)])
        if len(received) < head + 4 + length:
            self._received = received
            return
        self._received = b""
        now = perf_counter()
        self.ends.append(now)
        self.latencies.append(now - self._sent)
        if received[9:12] != b"200":
            self.failed.append(received.decode(errors="replace"))
        self.send_next()

    def connection_lost(self, _error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError("the server closed a connection"))


def counted(ends: list[float], latencies: list[float]) -> tuple[float, float, float]:
    """Rate, p50 and p99 of the middle: what ended after the first tenth, while statements were planned, and before the
    last fifth, when some connections are done already."""
    order = sorted(range(len(ends)), key=ends.__getitem__)
    first, last = len(order) // 10, len(order) * 8 // 10
    within = sorted(latencies[index] for index in order[first + 1 : last + 1])
    seconds = ends[order[last]] - ends[order[first]]
    return len(within) / seconds, within[len(within) // 2], within[int(len(within) * 0.99)]


async def _run(plan: Plan) -> Outcome:
    loop = asyncio.get_running_loop()
    connections: list[_Connection] = []
    for requests in plan.requests:
        _, connection = await loop.create_connection(lambda r=requests: _Connection(r), "127.0.0.1", plan.port)
        connections.append(connection)
    for connection in connections:
        connection.send_next()
    await asyncio.gather(*(connection.done for connection in connections))
    ends = [moment for connection in connections for moment in connection.ends]
    rate, p50, p99 = counted(ends, [took for connection in connections for took in connection.latencies])
    failed = [answer for connection in connections for answer in connection.failed]
    return Outcome(rate, p50 * 1000, p99 * 1000, len(failed), failed[0] if failed else "")


def main() -> None:
    """Work as `python -m benchmarks.load PLAN`."""
    plan = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301 - written a moment ago by our own parent
    json.dump(asdict(uvloop.run(_run(plan))), sys.stdout)


if __name__ == "__main__":
    from benchmarks.load import main  # so that the pickled Plan and this module's are one class

    main()
