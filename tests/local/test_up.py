"""`linli up` as a person meets it: starts, mends itself, survives a kill -9 of the whole, and leaves nothing behind."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.running import Up, data_folder

pytestmark = pytest.mark.slow


@pytest.fixture
def folder() -> Iterator[Path]:
    with data_folder() as made:
        yield made


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return True
        time.sleep(0.05)
    return False


def test_a_life_of_the_whole(folder: Path) -> None:
    up = Up(folder)
    try:
        up.wait("Ctrl-C")
        assert up.ready()

        for name in ("api", "worker", "valkey", "postgres"):
            before = up.pid(name)
            os.kill(before, signal.SIGKILL)
            deadline = time.monotonic() + 60
            while up.pid(name) == before or not up.ready():
                assert time.monotonic() < deadline, f"{name} did not come back: {up.out.read_text()}"
                time.sleep(0.05)

        left = up.pids()
        os.kill(up.process.pid, signal.SIGKILL)
        up.process.wait()
        secrets = (folder / "data" / "secrets.json").read_bytes()
        again = Up(folder)
        up = again
        again.wait("Ctrl-C")
        assert gone(left), again.out.read_text()
        assert (folder / "data" / "secrets.json").read_bytes() == secrets

        running = again.pids()
        os.killpg(again.process.pid, signal.SIGINT)  # as a terminal does
        assert again.process.wait(30) == 0, again.out.read_text()
        assert gone(running)
        assert list((folder / "data" / "run").glob("*.pid")) == []
    finally:
        up.end()
