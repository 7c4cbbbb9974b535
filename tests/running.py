"""One `linli up`, as a person starts it: a process of its own, a data folder of its own, free ports."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.local.home import free_port

ROOT = Path(__file__).parents[1]
CHILDREN = ("postgres", "valkey", "wechat-standin", "api", "worker")


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder that the servers' account may pass through, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix="linli-test-", dir="/var/tmp"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        shutil.rmtree(made)


class Up:
    """One `linli up` in a session of its own, as a terminal would have it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.out = folder / "out"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        own = {"LINLI_MODE": "local", "LINLI_DATA": str(self.data), "LINLI_PORT": str(self.port)}
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
        """Until it has printed this."""
        deadline = time.monotonic() + seconds
        while text not in self.out.read_text():
            assert self.process.poll() is None, self.out.read_text()
            assert time.monotonic() < deadline, self.out.read_text()
            time.sleep(0.05)

    def pid(self, name: str) -> int:
        return int(json.loads((self.data / "run" / f"{name}.pid").read_text())["pid"])

    def pids(self) -> list[int]:
        return [self.pid(name) for name in CHILDREN]

    def accounts(self) -> dict[str, str]:
        """The passwords: `administrator`, `officers`."""
        found: dict[str, str] = json.loads((self.data / "accounts.json").read_text())
        return found

    def end(self) -> None:
        """Ended as by `kill`; nothing to do when it has ended already."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(60)
