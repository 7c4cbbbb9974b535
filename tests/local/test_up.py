"""`linli up` as a person meets it: starts, mends itself, survives a kill -9 of the whole, and leaves nothing behind."""

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.local.home import free_port

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CHILDREN = ("postgres", "valkey", "wechat-standin", "api", "worker")


class Up:
    """One `linli up` in a session of its own, as a terminal would have it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.out = folder / "out"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        own = {"LINLI_MODE": "local", "LINLI_DATA": str(folder / "data"), "LINLI_PORT": str(self.port)}
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up"],
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**clean, **own},
                start_new_session=True,
            )

    def ready(self) -> bool:
        talk = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            talk.request("GET", "/v1/health/ready")
            return talk.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            talk.close()

    def wait(self, text: str, seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.out.read_text():
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.05)

    def pid(self, name: str) -> int:
        return int(json.loads((self.folder / "data" / "run" / f"{name}.pid").read_text())["pid"])

    def pids(self) -> list[int]:
        return [self.pid(name) for name in CHILDREN]


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="linli-test-", dir="/var/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


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
        if up.process.poll() is None:
            up.process.terminate()
            up.process.wait(30)
