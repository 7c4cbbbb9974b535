"""The whole system under `linli up`, whose parts are killed and whose recoveries are timed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from json import loads
from pathlib import Path

import asyncpg
import httpx
import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.kernel.time import real_now
from app.local.home import free_port
from app.local.processes import matching, still_running
from tests.faults.programs import ROOT

PARTS = ("api", "worker", "valkey", "postgres")
AWAY = (
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    httpx.HTTPError,
    RedisError,
)


@dataclass
class Down:
    """One death: from the kill until the part does its work again (None: it has not yet)."""

    part: str
    since: datetime
    until: datetime | None = None

    @property
    def seconds(self) -> float:
        return ((self.until or real_now()) - self.since).total_seconds()


@dataclass
class House:
    """A running system in a folder of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    downs: list[Down] = field(default_factory=list)
    flushes: int = 0
    owner_url: str = ""
    redis_url: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def said(self) -> str:
        return (self.folder / "out").read_text(errors="replace")[-3000:]

    @property
    def password(self) -> str:
        """The officers' password of the seeded street."""
        return str(loads((self.folder / "data/accounts.json").read_text())["officers"])

    @property
    def admin_password(self) -> str:
        return str(loads((self.folder / "data/accounts.json").read_text())["administrator"])

    async def start(self) -> None:
        """`linli up`, seeded, until it is ready."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        more = {"LINLI_MODE": "local", "LINLI_DATA": str(self.folder / "data"), "LINLI_PORT": str(self.port)}
        with (self.folder / "out").open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.cli", "up"],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=ROOT,
                env={**own, **more, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
            )
        deadline = time.monotonic() + 180
        while str(self.port) not in self.said or not await self._serves():
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, self.said
            await asyncio.sleep(0.2)
        told = psutil.Process(self.pid("worker")).environ()
        self.owner_url, self.redis_url = told["LINLI_MIGRATION_URL"], told["LINLI_REDIS_URL"]

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def left(self) -> list[str]:
        """What still runs of the system, by command line."""
        folder = str((self.folder / "data/servers").resolve()), str(self.folder)
        return [
            " ".join(process.cmdline())
            for process in matching(lambda process: any(part.startswith(folder) for part in process.cmdline()))
        ]

    def pid(self, part: str) -> int:
        return int(loads((self.folder / f"data/run/{part}.pid").read_text())["pid"])

    async def kill(self, part: str) -> Down:
        """Send SIGKILL to the part's process as it runs now; the answer's `until` is set when it works again."""
        while (process := still_running(self.folder / f"data/run/{part}.pid")) is None:
            await asyncio.sleep(0.05)
        down = Down(part, real_now())
        process.kill()
        self.downs.append(down)
        return down

    async def back(self, down: Down, seconds: float = 90) -> None:
        """Wait until the part that died works again."""
        deadline = time.monotonic() + seconds
        test: Callable[[], Awaitable[bool]] = {
            "api": self._serves,
            "worker": lambda: self._sweeps(down.since),
            "valkey": self._rings,
            "postgres": self._answers,
        }[down.part]
        while not await test():
            assert time.monotonic() < deadline, f"{down.part} did not come back:\n{self.said}"
            await asyncio.sleep(0.05)
        down.until = real_now()

    async def flush(self) -> None:
        """FLUSHALL, as soon as there is somebody to take it."""
        while True:
            with suppress(*AWAY):
                async with Redis.from_url(self.redis_url, socket_timeout=2) as redis:
                    await redis.flushall()
                self.flushes += 1
                return
            await asyncio.sleep(0.2)

    async def _serves(self) -> bool:
        with suppress(*AWAY):
            async with httpx.AsyncClient(base_url=self.url, timeout=2) as http:
                return (await http.get("/v1/health/ready")).status_code == httpx.codes.OK
        return False

    async def _sweeps(self, since: datetime) -> bool:
        with suppress(*AWAY):
            owner = await asyncpg.connect(self.owner_url, timeout=2)
            try:
                loops = await owner.fetchval(
                    "SELECT count(*) FROM heartbeat WHERE at > $1 AND name IN ('sweep', 'relay')", since
                )
                return bool(loops == 2)
            finally:
                owner.terminate()
        return False

    async def _rings(self) -> bool:
        with suppress(*AWAY):
            async with Redis.from_url(self.redis_url, socket_timeout=1) as redis:
                return bool(await redis.ping())
        return False

    async def _answers(self) -> bool:
        with suppress(*AWAY):
            owner = await asyncpg.connect(self.owner_url, timeout=2)
            try:
                return bool(await owner.fetchval("SELECT true"))
            finally:
                owner.terminate()
        return False
