"""The real processes, as the product starts them, for tests that kill them."""

import http.client
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from app.settings import Settings

ROOT = Path(__file__).parents[2]
LIVE_SECONDS = 60.0


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """The environment of the tests without settings of its own, and every setting of `settings` spelled out."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    said = {f"LINLI_{name.upper()}": str(value) for name, value in settings.model_dump().items() if str(value)}
    return {**own, **said, **more, "PYTHONUNBUFFERED": "1"}


class Program:
    """`linli <name>` under some settings, ended with the block; its output is kept in a file."""

    def __init__(self, name: str, settings: Settings, log: Path, crash_at: str = "") -> None:
        self.name = name
        self.settings = settings
        self.log = log
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env=environment(settings, LINLI_CRASH_AT=crash_at),
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def died(self, seconds: float = 30) -> int:
        """Wait until it is gone; its exit code (-9 for kill -9)."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} still runs:\n{self.said()}") from None

    def said(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]

    def until_live(self) -> None:
        """For the API: wait until it answers."""
        deadline = time.monotonic() + LIVE_SECONDS
        while True:
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            talk = http.client.HTTPConnection(self.settings.host, self.settings.port, timeout=5)
            try:
                talk.request("GET", "/v1/health/live")
                if talk.getresponse().status == http.HTTPStatus.OK:
                    return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)
            finally:
                talk.close()
