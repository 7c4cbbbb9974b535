"""The throw-away house of a simulation: servers that keep nothing, the stand-in for WeChat, API and worker as processes of
their own, and nothing left of it afterwards."""

import base64
import os
import secrets
import signal
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx

from app.local import home, schema
from app.local.faults import LocalFault
from app.local.postgres import EmbeddedPostgres, create_database
from app.local.supervisor import Child, Interruptions, Supervisor, spawner
from app.local.valkey import EmbeddedValkey
from app.settings import Mode, Settings

ROOT: Final = Path(__file__).resolve().parents[2]
DATABASE: Final = "linli_simulation"
READY_SECONDS: Final = 90.0


class House:
    """Everything that runs, from `start` to `end`. Logs go to `logs`, to be looked at when something went wrong."""

    def __init__(self, logs: Path, interruptions: Interruptions) -> None:
        self.logs = logs
        self._interruptions = interruptions
        self._stack = ExitStack()
        self._worker: Child | None = None
        self.superuser_url = ""
        self.settings = Settings()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def ring(self) -> None:
        """Make the worker look at once. Raises LocalFault when it has died."""
        process = self._worker.process if self._worker is not None else None
        if process is None or process.poll() is not None:
            raise self._fault("worker")
        process.send_signal(signal.SIGUSR1)

    def end(self) -> None:
        """Ends whatever runs, in the reverse order, and removes the servers' files."""
        self._stack.close()

    def start(self) -> None:
        """Everything, until it answers. Raises LocalFault; `end` is due in any case."""
        self.logs.mkdir(parents=True, exist_ok=True)
        for log in self.logs.glob("*.log"):
            log.unlink()
        postgres = EmbeddedPostgres(durable=False, log=self.logs / "postgres.log")
        with self._interruptions.held():
            server = self._stack.enter_context(postgres)
            cache = self._stack.enter_context(EmbeddedValkey(durable=False, log=self.logs / "valkey.log"))
        create_database(server, DATABASE)
        self.superuser_url = server.url("postgres", DATABASE)
        standin_port = home.free_port()
        self.settings = Settings(
            mode=Mode.LOCAL,
            host="127.0.0.1",
            port=home.free_port(),
            data=self.logs,
            database_url=server.url("linli_app", DATABASE),
            worker_url=server.url("linli_worker", DATABASE),
            migration_url=server.url("linli_owner", DATABASE),
            redis_url=cache.url,
            secret_key=secrets.token_urlsafe(48),
            keyring=f"simulation:{_key()}",
            index_key=_key(),
            wechat_url=f"http://127.0.0.1:{standin_port}",
            wechat_appid="demo-appid",
            wechat_secret=secrets.token_urlsafe(24),
            wechat_template="",
            admin_password="",
            crash_at="",
        )
        schema.migrate(self.settings)
        self._programs(standin_port, postgres.folder or self.logs)

    def _programs(self, standin_port: int, run_folder: Path) -> None:
        supervisor = Supervisor(run_folder, lambda _: None)
        self._stack.callback(supervisor.end_all)
        own = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        said = {f"LINLI_{name.upper()}": str(value) for name, value in self.settings.model_dump().items() if str(value)}
        commands = {
            "wechat-standin": ("wechat-standin", "--port", str(standin_port)),
            "api": ("api",),
            "worker": ("worker",),
        }
        with self._interruptions.held():
            for name, command in commands.items():
                words = [sys.executable, "-m", "app.cli", *command]
                log = self.logs / f"{name}.log"
                supervisor.start(Child(name, spawner(words, {**own, **said, "PYTHONUNBUFFERED": "1"}, ROOT, log)))
        self._worker = supervisor.children[-1]
        self._until_ready(supervisor)

    def _until_ready(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                if httpx.get(f"{self.url}/v1/health/ready", timeout=5).json()["status"] == "ok":
                    return
            except (httpx.HTTPError, ValueError, KeyError):
                pass
            for child in supervisor.children:
                if child.process is not None and child.process.poll() is not None:
                    raise self._fault(child.name)
            if time.monotonic() > deadline:
                raise self._fault("api")
            time.sleep(0.05)

    def _fault(self, name: str) -> LocalFault:
        log = self.logs / f"{name}.log"
        last = (home.tail(log).strip().splitlines() or ["?"])[-1]
        return LocalFault(f"{name} 没有运行：{last}", f"{name} does not run: {last}", f"see {log}")


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
