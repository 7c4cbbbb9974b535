"""`linli up`: the whole system from one command, and nothing left of it after Ctrl-C but its data.

Order: what an earlier run left is ended → servers → roles and database → migrations → places, people, services →
stand-in, API, worker → ready. Each step is skipped or quick when there is nothing to do.
"""

import asyncio
import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.console import Console

from app.local import home
from app.local.account import server_account
from app.local.beside import leave_word, take_back
from app.local.faults import LocalFault, disk_full
from app.local.keys import LocalSecrets, keep_secrets, local_secrets
from app.local.panel import Seeded, base_url, panel
from app.local.postgres import EmbeddedPostgres, create_database
from app.local.supervisor import Child, Ended, Interruptions, Supervisor, rotate, spawner
from app.local.valkey import EmbeddedValkey
from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "linli"
PROGRAMS = ("worker", "api", "wechat-standin")
FREE_BYTES = 300_000_000
READY_SECONDS = 90.0
DEGRADED_SECONDS = 20.0
DEATHS_BEFORE_GIVING_UP = 3


def run(settings: Settings) -> None:
    """Runs until a signal. Raises LocalFault when it cannot start; by then nothing of it runs any more."""
    if not settings.local:
        raise LocalFault(
            "linli up 只用于 local 模式。",
            "linli up is for LINLI_MODE=local only.",
            "取消 LINLI_MODE；生产环境用 linli migrate、linli api 和 linli worker"
            " · unset LINLI_MODE; in production run linli migrate, linli api and linli worker",
        )
    with Interruptions() as interruptions:
        up = Up(settings, interruptions)
        try:
            up.start()
            up.supervisor.watch(interruptions)
        except Ended:
            up.console.print("正在结束… · ending…")
        finally:
            with contextlib.suppress(Ended), interruptions.held():
                up.end()
    up.console.print("已全部结束，数据保留 · everything ended, data kept")


class Up:
    """One run of the whole system."""

    def __init__(self, settings: Settings, interruptions: Interruptions) -> None:
        self.console = Console(highlight=False)
        self.interruptions = interruptions
        self.folder = settings.data.absolute()
        self.settings = settings.model_copy(update={"data": self.folder})
        self.logs = self.folder / "logs"
        self.supervisor = Supervisor(self.folder / "run", self._say)
        self.lock = home.FolderLock(self.folder / "lock")
        self.postgres: EmbeddedPostgres | None = None
        self.valkey: EmbeddedValkey | None = None
        self.left_word = False
        self.standin_port = 0  # 0: WeChat's server, or another stand-in, was named

    def start(self) -> None:
        """All the steps; returns when the system is ready."""
        began = time.monotonic()
        self._folder()
        self.supervisor.end_left_over(list(PROGRAMS))
        self._port()
        made = local_secrets(self.folder)
        self._settings_from(made)
        with self._step("PostgreSQL 与 Valkey · servers"):
            self._servers(made)
        with self._step("数据库结构 · migrations"):
            self._migrate()
        with self._step("地点与演示数据 · places, people, services"):
            from app.local.seed import seed  # noqa: PLC0415 – pulls in the whole domain

            self._programs()  # they take seconds to come up, and need none of what is seeded meanwhile
            seeded: Seeded = asyncio.run(seed(self.settings, self._say))
        with self._step("微信替身、API、工作进程 · stand-in, API, worker"):
            self._until_ready()
        leave_word(self.settings)
        self.left_word = True
        self.console.print(panel(self.settings, seeded))
        self.console.print(f"{time.monotonic() - began:.1f} s")

    def end(self) -> None:
        """Ends every child and gives the folder free. Data stay."""
        if self.left_word:  # that of another one, which holds the folder, stays
            take_back(self.folder)
        self.supervisor.end_all()
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()
        self.lock.release()

    # ── the steps ────────────────────────────────────────────────────────────────────────────────────────────

    def _folder(self) -> None:
        try:
            given = self.settings
            if not (given.database_url and given.redis_url):
                # Made passable for the servers' account; with servers of your own there is no such account to ask for.
                home.server_home(self.folder, server_account())
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.lock.take()
            for folder in (self.logs, self.supervisor.run_folder):
                folder.mkdir(mode=0o700, exist_ok=True)
            rotate(self.logs)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise home.translated(error, self.folder) from error
        if free < FREE_BYTES:
            raise disk_full(self.folder)

    def _port(self) -> None:
        settings = self.settings
        if home.port_is_free(settings.port, settings.host):
            return
        holder = _who_listens(settings.port)
        raise LocalFault(
            f"端口 {settings.port} 已被占用{f'（{holder}）' if holder else ''}，API 无法启动。",
            f"Port {settings.port} is taken{f' by {holder}' if holder else ''}; the API cannot start on it.",
            f"结束占用它的程序，或换一个端口 · end what uses it, or choose another: LINLI_PORT={settings.port + 1} make run",
        )

    def _settings_from(self, made: LocalSecrets) -> None:
        """What is not set comes from the secrets of this folder; the stand-in takes WeChat's place."""
        given = self.settings
        update: dict[str, object] = {
            name: getattr(given, name) or getattr(made, name)
            for name in ("secret_key", "keyring", "index_key", "admin_password", "wechat_appid", "wechat_secret")
        }
        if "wechat_url" not in given.model_fields_set:
            port = made.ports.get("wechat-standin", 0)
            self.standin_port = port if _usable(port) else home.free_port()
            made.ports["wechat-standin"] = self.standin_port
            update["wechat_url"] = f"http://127.0.0.1:{self.standin_port}"
        for program in ("api", "worker"):
            name = f"{program}_metrics_port"
            if name not in given.model_fields_set:
                port = made.ports.get(f"{program}-metrics", 0)
                update[name] = made.ports[f"{program}-metrics"] = port if _usable(port) else home.free_port()
        self.settings = given.model_copy(update=update)

    def _servers(self, made: LocalSecrets) -> None:
        given = self.settings
        urls = (given.database_url, given.worker_url, given.migration_url)
        if any(urls) and not all(urls):
            raise LocalFault(
                "LINLI_DATABASE_URL、LINLI_WORKER_URL、LINLI_MIGRATION_URL 要么都设置，要么都不设置。",
                "LINLI_DATABASE_URL, LINLI_WORKER_URL and LINLI_MIGRATION_URL go together: set all three or none.",
                "三个角色由它建立 · psql -f migrations/roles.sql makes the three roles in a database of yours",
            )
        for name in ("database_url", "worker_url", "migration_url", "redis_url"):
            _reached(f"LINLI_{name.upper()}", getattr(given, name))
        update: dict[str, object] = {}
        if not any(urls):
            postgres = self.postgres = EmbeddedPostgres(self.folder, log=self.logs / "postgres.log")
            postgres.port = made.ports.get("postgres", 0)
            postgres.prepare()
            child = Child("postgres", postgres.spawn, ask=signal.SIGINT, patience=30.0, server=True)
            self._run_server(child, postgres.answers, postgres.why_it_died)
            made.ports["postgres"] = postgres.port
            create_database(postgres.server, DATABASE)
            for name, role in (("database", "linli_app"), ("worker", "linli_worker"), ("migration", "linli_owner")):
                update[f"{name}_url"] = postgres.server.url(role, DATABASE)
        if not given.redis_url:
            valkey = self.valkey = EmbeddedValkey(self.folder, log=self.logs / "valkey.log")
            valkey.port = made.ports.get("valkey", 0)
            valkey.prepare()
            child = Child("valkey", valkey.spawn, server=True)
            self._run_server(child, valkey.answers, valkey.why_it_died)
            made.ports["valkey"] = valkey.port
            update["redis_url"] = valkey.server.url
        self.settings = given.model_copy(update=update)
        keep_secrets(self.folder, made)

    def _run_server(self, child: Child, answers: Callable[[], bool], why: Callable[[], LocalFault | None]) -> None:
        with self.interruptions.held():
            self.supervisor.start(child)
        deadline = time.monotonic() + READY_SECONDS
        while not answers():
            died = child.process is not None and child.process.poll() is not None
            if died:
                fault = why()
                if fault is not None:
                    raise fault
            if time.monotonic() > deadline:
                raise self._silent(child.name)
            with self.interruptions.held():
                self.supervisor.tick()
            time.sleep(0.02)

    def _migrate(self) -> None:
        from app.local import schema  # noqa: PLC0415 – pulls in the whole domain

        log = self.logs / "migrate.log"
        try:
            schema.migrate(self.settings)
        except Exception as error:
            with log.open("a", encoding="utf-8") as out:
                traceback.print_exc(file=out)
            last = (str(error).strip().splitlines() or ["?"])[0]
            raise LocalFault(
                f"数据库结构升级失败：{last}",
                f"The migration of the database failed: {last}",
                f"详见 {log}；旧数据可以先移开：mv {self.folder} {self.folder}.old"
                " · see that log; data of an older try can be put aside by that command",
            ) from error

    def _programs(self) -> None:
        commands: dict[str, tuple[str, ...]] = {"api": ("api",), "worker": ("worker",)}
        if self.standin_port:
            commands = {"wechat-standin": ("wechat-standin", "--port", str(self.standin_port)), **commands}
        environment = self._environment()
        with self.interruptions.held():
            for name, command in commands.items():
                spawn = spawner(self._command(*command), environment, ROOT, self.logs / f"{name}.log")
                self.supervisor.start(Child(name, spawn))

    def _until_ready(self) -> None:
        """Until all is well; what is degraded for longer does not hold the start up, and is said."""
        began = time.monotonic()
        address = urlsplit(base_url(self.settings))
        while True:
            status, reasons = _readiness(address.hostname or "", address.port or 80)
            waited = time.monotonic() - began
            if status == "ok":
                return
            if status == "degraded" and waited > DEGRADED_SECONDS:
                self._say(f"部分不正常 · degraded: {reasons}")
                return
            with self.interruptions.held():
                self.supervisor.tick()
            for child in self.supervisor.children:
                if child.young_deaths >= DEATHS_BEFORE_GIVING_UP:
                    raise self._silent(child.name)
            if waited > READY_SECONDS:
                raise self._silent("api", reasons)
            time.sleep(0.1)

    # ── small things ─────────────────────────────────────────────────────────────────────────────────────────

    def _silent(self, name: str, why: str = "") -> LocalFault:
        log = self.logs / f"{name}.log"
        last = why or (home.tail(log).strip().splitlines() or ["?"])[-1]
        return LocalFault(f"{name} 没有启动成功：{last}", f"{name} did not come up: {last}", f"详见 · see {log}")

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "app.cli", *arguments]

    def _environment(self) -> dict[str, str]:
        """The children's environment: ours, with every setting spelled out."""
        said = {f"LINLI_{name.upper()}": str(value) for name, value in self.settings.model_dump().items() if str(value)}
        return {**os.environ, **said, "PYTHONUNBUFFERED": "1"}

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # a terminal that is gone is no reason to end the system
            self.console.print(f"  {line}", markup=False)

    @contextmanager
    def _step(self, title: str) -> Iterator[None]:
        began = time.monotonic()
        with self.console.status(title):
            yield
        self.console.print(f"[green]✓[/green] {title}  [dim]{time.monotonic() - began:.1f} s[/dim]")


def _usable(port: int) -> bool:
    """Whether a port of an earlier start is known and free."""
    return bool(port) and home.port_is_free(port)


def _reached(name: str, url: str) -> None:
    """A named server must at least take a connection. Nothing to ask when it is not named."""
    if not url:
        return
    address = urlsplit(url)
    port = address.port or (6379 if address.scheme.startswith("redis") else 5432)
    try:
        socket.create_connection((address.hostname or "127.0.0.1", port), timeout=5).close()
    except OSError:
        raise LocalFault(
            f"{name} 指向的 {address.hostname}:{port} 连接不上。",
            f"Nothing answers at {address.hostname}:{port}, which {name} names.",
            f"启动那个服务器，或取消 {name} 改用内置的 · start that server, or unset {name} to use the embedded one",
        ) from None


def _readiness(host: str, port: int) -> tuple[str, str]:
    """What the API says of itself: ok, degraded or down, and why. ("", "") where nothing answers."""
    talk = http.client.HTTPConnection(host, port, timeout=5)
    try:
        talk.request("GET", "/v1/health/ready")
        said = json.loads(talk.getresponse().read())
        return said["status"], ";".join(said["reasons"])
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return "", ""
    finally:
        talk.close()


def _who_listens(port: int) -> str:
    """Name and pid of the process behind a port, as far as we may see it."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            listens = connection.status == psutil.CONN_LISTEN and connection.laddr[1:] == (port,)
            if listens and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    except psutil.Error:
        return ""
    return ""
