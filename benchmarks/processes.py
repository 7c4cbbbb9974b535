"""The processes that are measured: how they are started, and what they cost in CPU and memory."""

import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import psutil

from app.local.home import free_port
from benchmarks.load import Outcome, Plan

ROOT = Path(__file__).resolve().parents[1]
MIB = 1024 * 1024


def cpu_seconds(process: psutil.Process) -> float:
    """CPU of a process and of all its children so far, those that ended included."""
    total = 0.0
    for one in (process, *process.children(recursive=True)):
        try:
            spent = one.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += spent.user + spent.system + spent.children_user + spent.children_system  # of the ended ones
    return total


class Neighbours:
    """How much of the machine's CPU other programs took meanwhile: a benchmark beside them says little."""

    def __init__(self) -> None:
        self._began = perf_counter()
        self._busy, self._own = self._spent()

    def _spent(self) -> tuple[float, float]:
        all_of_it = psutil.cpu_times()
        busy = all_of_it.user + all_of_it.nice + all_of_it.system + getattr(all_of_it, "steal", 0.0)
        return busy, cpu_seconds(psutil.Process())

    def share(self) -> float:
        """Since the beginning, 0 to 1."""
        busy, own = self._spent()
        seconds = (perf_counter() - self._began) * psutil.cpu_count()
        return max(0.0, (busy - self._busy) - (own - self._own)) / seconds


def resident_mib(process: psutil.Process) -> float:
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / MIB


@contextmanager
def running(*arguments: str, **environment: str) -> Iterator[psutil.Process]:
    """A Python process of ours until the end of the block; ended by SIGTERM."""
    started = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.DEVNULL
    )
    try:
        yield psutil.Process(started.pid)
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(15)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def http_server(*arguments: str, port_name: str, **environment: str) -> Iterator[tuple[psutil.Process, int]]:
    """A server that listens on a free port, once it answers."""
    port = free_port()
    with running(*arguments, **{port_name: str(port)}, **environment) as process:
        end = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/nothing-here", timeout=2)
            except urllib.error.HTTPError:
                break
            except OSError as error:
                if time.monotonic() > end or not process.is_running():
                    raise RuntimeError(f"{arguments} does not answer") from error
                time.sleep(0.1)
        yield process, port


def over_http(plan: Plan) -> Outcome:
    """Run the load in a process of its own."""
    with tempfile.NamedTemporaryFile(suffix=".plan") as file:
        file.write(pickle.dumps(plan))
        file.flush()
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.load", file.name], cwd=ROOT, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"the load generator failed:\n{done.stderr[-2000:]}")
    return Outcome(**json.loads(done.stdout))


def swept(kind: str, url: str, workers: int, between: Callable[[], None]) -> tuple[float, int]:
    """Seconds from the start signal until the last of the workers is done, and how many matters were moved."""
    each = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.sweeping", kind, url],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(workers)
    ]  # fmt: skip
    for one in each:
        if one.stdout is None or one.stdout.readline() != "ready\n":
            raise RuntimeError("a sweeper did not start")
    between()
    begin = perf_counter()
    for one in each:
        if one.stdin is not None:
            one.stdin.write("go\n")
            one.stdin.flush()
    ends, moved = [], 0
    for one in each:
        said, _ = one.communicate()
        end, count = said.split()
        ends.append(float(end))
        moved += int(count)
    return max(ends) - begin, moved
