"""A real PostgreSQL as a child process: for `linli up`, tests, benchmarks and the simulation.

    with EmbeddedPostgres(folder) as server:
        create_database(server, "linli")
        server.url("linli_app", "linli")

Loopback only, password authentication (scram), no unix socket (its path may be too long), UTF-8 with locale C.UTF-8
(under plain C, pg_trgm does not see Chinese). The data folder carries the server's major version.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from app.local import home
from app.local.account import Account, clean_environment, server_account
from app.local.binaries import Programs, postgres_programs
from app.local.faults import LocalFault
from app.local.postgres_log import why
from app.local.processes import end, matching

ROLES_SQL = Path(__file__).resolve().parents[2] / "migrations" / "roles.sql"
LOGINS = ("linli_owner", "linli_app", "linli_worker")
LOCALE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
START_SECONDS = 60.0  # crash recovery, or the backends of a killed predecessor that still hold its shared memory
STOP_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_completion_target": "0.9",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",  # the log is read by program below
    "log_line_prefix": "%m [%p] %u@%d ",
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",  # parameters hold personal data
    "log_parameter_max_length_on_error": "0",
    "jit": "off",
}
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Huge pages for the plans and catalogues that each connection keeps, where the system offers them (adr/0013)."""

NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class PostgresServer:
    """Where a server answers and with which passwords. Plain data: goes to another process by `to_json`."""

    port: int
    programs: str
    version: int
    passwords: dict[str, str]
    host: str = "127.0.0.1"

    def url(self, role: str, database: str) -> str:
        """postgresql://role:password@host:port/database"""
        return f"postgresql://{role}:{self.passwords[role]}@{self.host}:{self.port}/{database}"

    @property
    def superuser_url(self) -> str:
        return self.url("postgres", "postgres")

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def psql(self, *arguments: str, database: str = "postgres", **environment: str) -> str:
        """Runs psql as the superuser and answers its output. Raises CalledProcessError with what it said."""
        command = [f"{self.programs}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", str(self.port)]
        done = subprocess.run(  # noqa: S603 – our own programs
            [*command, "-U", "postgres", "-d", database, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd="/",
            env=clean_environment(PGPASSWORD=self.passwords["postgres"], PGCONNECT_TIMEOUT="5", **environment),
        )
        try:
            done.check_returncode()
        except subprocess.CalledProcessError as error:
            error.add_note(done.stderr)
            raise
        return done.stdout

    def answers(self) -> bool:
        """Whether a real query gets an answer."""
        try:
            return self.psql("-c", "select 1").strip() == "1"
        except (subprocess.CalledProcessError, OSError):
            return False


def create_database(server: PostgresServer, name: str, template: str | None = None) -> None:
    """The roles, their passwords and the database, by migrations/roles.sql; what exists is left as it is.

    `template`: a database (with nobody connected) to copy, as one per worker of the tests.
    """
    options = ["-v", f"database={name}"]
    if template is not None:
        options += ["-v", f"template={template}"]
    server.psql(
        *options,
        "-f",
        str(ROLES_SQL),
        LINLI_OWNER_PASSWORD=server.passwords["linli_owner"],
        LINLI_APP_PASSWORD=server.passwords["linli_app"],
        LINLI_WORKER_PASSWORD=server.passwords["linli_worker"],
    )


def drop_database(server: PostgresServer, name: str) -> None:
    """Drops the database, ending who is connected to it."""
    server.psql("-c", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _yield_to_wakers(pid: int) -> None:
    """Let the backends of a server, which inherit it, not preempt who wakes them: the API is one thread on a machine that it
    shares with all of them, and its next request would wait behind the one that it has just sent (adr/0013). A wish, on Linux
    only."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(pid, os.SCHED_BATCH, os.sched_param(0))


class EmbeddedPostgres:
    """One server below `folder`; without a folder a throwaway one, removed at the end.

    port: 0 or None takes a free one. log: a file of your own choice. durable=False switches fsync off – for tests only.
    `start` is safe to call again after the server died; `spawn` and `ready` are its parts, for a supervisor.
    """

    def __init__(
        self,
        folder: Path | None = None,
        port: int | None = None,
        *,
        durable: bool = True,
        settings: dict[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or 0
        self.durable = durable
        self.settings = {**SETTINGS, **({} if durable else NOT_DURABLE), **(settings or {})}
        self.process: subprocess.Popen[bytes] | None = None
        self._named_log = log
        self._log_from = 0
        self._throwaway = folder is None
        self._chooses_port = not port
        self._account: Account | None = None
        self._programs: Programs | None = None
        self._place = Path()
        self._lock: home.FolderLock | None = None
        self._passwords: dict[str, str] = {}

    def __enter__(self) -> PostgresServer:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> PostgresServer:
        """Starts and waits for a real query. Raises LocalFault with the mend."""
        self.prepare()
        deadline = time.monotonic() + START_SECONDS
        while True:
            process = self.spawn()
            while process.poll() is None and time.monotonic() < deadline:
                if self.answers():
                    return self.server
                time.sleep(0.02)
            fault = self.why_it_died()
            if fault is not None or time.monotonic() >= deadline:
                fault = fault or self._fault(home.tail(self.log, self._log_from))
                self.stop()
                raise fault
            time.sleep(0.3)

    def answers(self) -> bool:
        return self.server.answers()

    def why_it_died(self) -> LocalFault | None:
        """After an early death: the reason, or None when another try may do (it may then have another port)."""
        said = home.tail(self.log, self._log_from)
        if "could not bind" in said and self._chooses_port:
            self.port = home.free_port()
            return None
        if "shared memory block" in said or "postmaster.pid" in said:
            return None
        return self._fault(said)

    def stop(self) -> None:
        """Ends the server (connections too) and, for a throwaway one, removes its files."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": connections are ended, data is written
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait(5)
        self.process = None
        if self._lock is not None:
            self._lock.release()
        if self._throwaway and self.folder is not None:
            home.remove(self.folder)
            self.folder = None

    @property
    def server(self) -> PostgresServer:
        programs = self._known_programs()
        return PostgresServer(self.port, str(programs.folder), programs.version[0], self._passwords)

    @property
    def data(self) -> Path:
        return self._place / "data"

    @property
    def log(self) -> Path:
        return self._named_log or self._place / "postgres.log"

    # ── the parts, for a supervisor ──────────────────────────────────────────────────────────────────────────

    def prepare(self) -> None:
        """Takes the folder, makes the data when there is none, and chooses the port."""
        if self._lock is not None:
            self._lock.take()
            return
        if self.folder is None:
            for left in home.abandoned_throwaways():
                end(_servers_below(left), ask=signal.SIGINT)
                home.remove(left)
            self.folder = home.throwaway_folder()
        self.folder = self.folder.absolute()
        self._account = server_account()
        place = home.server_home(self.folder, self._account)
        self._programs = postgres_programs(self._account)
        self._place = place / self._programs.data_name
        self._account = server_account(self.data)
        try:
            self._place.mkdir(mode=0o711, exist_ok=True)
            self._lock = home.FolderLock(self._place / "lock")
            self._lock.take()
            self._passwords = self._read_passwords()
            if not self.data.exists():
                self._initialise()
            self._check_data()
        except OSError as error:
            raise home.translated(error, self._place) from error
        self._clear_left_over()  # it may hold the very port
        if self._chooses_port and not (self.port and home.port_is_free(self.port)):
            self.port = home.free_port()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Clears what a killed predecessor left, and starts the process without waiting for it."""
        programs, account = self._known_programs(), self._known_account()
        self._clear_left_over()
        options = [part for name, value in self.settings.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self.process = subprocess.Popen(  # noqa: S603 – our own programs
                [str(programs.folder / "postgres"), "-D", str(self.data), "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=clean_environment(**ENVIRONMENT),
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which ends its children in order
                **account.popen(),
            )
        _yield_to_wakers(self.process.pid)
        return self.process

    def _known_programs(self) -> Programs:
        if self._programs is None:
            raise RuntimeError("prepare() comes first")
        return self._programs

    def _known_account(self) -> Account:
        if self._account is None:
            raise RuntimeError("prepare() comes first")
        return self._account

    def _read_passwords(self) -> dict[str, str]:
        """The passwords lie beside the data that know them; made once."""
        path = self._place / "passwords.json"
        if path.exists():
            with contextlib.suppress(ValueError):
                return {str(role): str(word) for role, word in json.loads(path.read_text()).items()}
            raise LocalFault(
                f"{path} 已损坏，数据库的密码读不出来。",
                f"{path} is damaged, and with it the passwords of the database.",
                f"恢复这个文件，或重新开始 · restore that file, or start anew: rm -r {self._place}",
            )
        if self.data.exists():
            raise LocalFault(
                f"{path} 不见了，数据库的密码读不出来。",
                f"{path} is gone, and with it the passwords of the database.",
                f"恢复这个文件，或重新开始 · restore that file, or start anew: rm -r {self._place}",
            )
        made = {role: secrets.token_urlsafe(24) for role in ("postgres", *LOGINS)}
        file = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(file, "w") as out:
            json.dump(made, out)
        path.with_suffix(".new").replace(path)
        return made

    def _initialise(self) -> None:
        """Runs initdb into a folder beside, renamed when whole, so that an interrupted one is never taken for data."""
        programs, account = self._known_programs(), self._known_account()
        making, word = self._place / "data.new", self._place / "superuser.password"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(mode=0o700)
        word.touch(mode=0o600)
        word.write_text(self._passwords["postgres"])
        account.give(making)
        account.give(word)
        command = [str(programs.folder / "initdb"), "-D", str(making), "-U", "postgres", f"--pwfile={word}", "-k"]
        command += ["--encoding=UTF8", f"--locale={LOCALE}", "--auth=scram-sha-256", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        try:
            made = subprocess.run(  # noqa: S603 – our own programs
                command,
                capture_output=True,
                text=True,
                cwd="/",
                env=clean_environment(),
                **account.popen(),
                check=False,
            )
        finally:
            word.unlink()
        if made.returncode != 0:
            shutil.rmtree(making, ignore_errors=True)
            raise self._fault(made.stdout + made.stderr)
        making.rename(self.data)

    def _check_data(self) -> None:
        try:
            found = (self.data / "PG_VERSION").read_text().strip()
        except FileNotFoundError:
            found = ""
        wanted = str(self._known_programs().version[0])
        if found == wanted:
            return
        if found.isdigit():
            raise LocalFault(
                f"数据目录 {self.data} 属于 PostgreSQL {found}，而这里运行的是 {wanted}。",
                f"The data folder {self.data} was written by PostgreSQL {found}; this is {wanted}.",
                f"移开它（mv {self._place} {self._place}.old）再启动，或设置 LINLI_DATA"
                " · move it away by that command and start again, or set LINLI_DATA",
            )
        raise self._fault("PG_VERSION is missing or unreadable")

    def _clear_left_over(self) -> None:
        """Ends an earlier server of this very data folder. We hold the folder's lock, so nobody else needs it."""
        left = _servers_below(self.data)
        if left:
            whole = any(_is_postmaster(process) for process in left)  # else only backends that outlived theirs
            end(left, ask=signal.SIGINT if whole else signal.SIGQUIT, patience=STOP_SECONDS if whole else 2.0)
        pid_file = self.data / "postmaster.pid"
        if pid_file.exists() and not _servers_below(self.data):
            # PostgreSQL removes a stale one by itself, unless a stranger under the same account has that pid now.
            pid_file.unlink(missing_ok=True)

    def _fault(self, said: str) -> LocalFault:
        return why(said, place=self._place, log=self.log, account=self._known_account(), port=self.port)


def _is_postmaster(process: psutil.Process) -> bool:
    try:
        return "-D" in process.cmdline()
    except psutil.Error:  # it ended while we looked
        return False


def _servers_below(folder: Path) -> list[psutil.Process]:
    """PostgreSQL's processes whose data lie in `folder`: the postmaster, and backends that outlived theirs.

    They all run inside their data folder, whatever title they give themselves.
    """
    place = folder.resolve()
    return matching(
        lambda process: process.name() == "postgres" and place in (c := Path(process.cwd()), *c.parents)[:3]
    )
