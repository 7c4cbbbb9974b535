"""A real Valkey (or Redis) as a child process.

    with EmbeddedValkey(folder) as server:
        server.url

Loopback only, with a password; nothing is ever evicted. Data are keyed by product and version, since a file written by
Valkey 8.1 cannot be read by Redis 7.0. PostgreSQL holds every promise: losing these files delays notices, no more.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from app.local import home
from app.local.account import Account, clean_environment, server_account
from app.local.binaries import valkey_program
from app.local.faults import LocalFault, disk_full
from app.local.processes import end, matching

START_SECONDS = 30.0
STOP_SECONDS = 10.0


@dataclass(frozen=True)
class ValkeyServer:
    """Where a server answers, and with which password."""

    port: int
    password: str
    host: str = "127.0.0.1"

    @property
    def url(self) -> str:
        return self.database(0)

    def database(self, number: int) -> str:
        """redis://:password@host:port/number; there are 64 numbers."""
        return f"redis://:{self.password}@{self.host}:{self.port}/{number}"

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))

    def answers(self) -> bool:
        """Whether it says PONG; an open port is not enough while it still loads its data."""
        try:
            with socket.create_connection((self.host, self.port), timeout=1) as talk:
                talk.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
                said = b""
                while said.count(b"\r\n") < 2:
                    more = talk.recv(256)
                    if not more:
                        return False
                    said += more
                return b"+PONG" in said
        except OSError:
            return False


class EmbeddedValkey:
    """One server below `folder`; without a folder a throwaway one, removed at the end.

    port: 0 or None takes a free one. durable=False keeps nothing on disk – for tests only.
    """

    def __init__(
        self, folder: Path | None = None, port: int | None = None, *, durable: bool = True, log: Path | None = None
    ) -> None:
        self.folder = folder
        self.port = port or 0
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None
        self._named_log = log
        self._log_from = 0
        self._throwaway = folder is None
        self._chooses_port = not port
        self._account: Account | None = None
        self._program = Path()
        self._place = Path()
        self._lock: home.FolderLock | None = None
        self._password = ""

    def __enter__(self) -> ValkeyServer:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> ValkeyServer:
        """Starts and waits for PONG. Raises LocalFault with the mend."""
        self.prepare()
        deadline = time.monotonic() + START_SECONDS
        while True:
            process = self.spawn()
            while process.poll() is None and time.monotonic() < deadline:
                if self.server.answers():
                    return self.server
                time.sleep(0.01)
            fault = self.why_it_died()
            if fault is not None or time.monotonic() >= deadline:
                fault = fault or self._fault(home.tail(self.log, self._log_from))
                self.stop()
                raise fault

    def answers(self) -> bool:
        return self.server.answers()

    def why_it_died(self) -> LocalFault | None:
        """After an early death: the reason, or None when another try may do (it then has another port)."""
        said = home.tail(self.log, self._log_from)
        if "bind" in said and self._chooses_port:
            self.port = home.free_port()
            return None
        return self._fault(said)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        self.process = None
        if self._lock is not None:
            self._lock.release()
        if self._throwaway and self.folder is not None:
            home.remove(self.folder)
            self.folder = None

    @property
    def server(self) -> ValkeyServer:
        return ValkeyServer(self.port, self._password)

    @property
    def log(self) -> Path:
        return self._named_log or self._place / "valkey.log"

    @property
    def configuration(self) -> Path:
        return self._place / "valkey.conf"

    def prepare(self) -> None:
        """Takes the folder and chooses the port."""
        if self._lock is not None:
            self._lock.take()
            return
        if self.folder is None:
            for left in home.abandoned_throwaways():
                if not any(left.glob("postgres-*")):  # those are ended by whoever starts a PostgreSQL
                    _end_servers_below(left)
                    home.remove(left)
            self.folder = home.throwaway_folder()
        self.folder = self.folder.absolute()
        account = server_account()
        place = home.server_home(self.folder, account)
        self._program, programs = valkey_program(account)
        self._place = place / programs.data_name
        self._account = account = server_account(self._place / "data")
        try:
            self._place.mkdir(mode=0o711, exist_ok=True)
            self._lock = home.FolderLock(self._place / "lock")
            self._lock.take()
            data = self._place / "data"
            if not data.exists():
                data.mkdir(mode=0o700)
                account.give(data)
            word = self._place / "password"
            if not word.exists():
                word.touch(mode=0o600)
            self._password = word.read_text().strip()
            if not self._password:
                self._password = secrets.token_urlsafe(24)
                word.write_text(self._password)
        except OSError as error:
            raise home.translated(error, self._place) from error
        _end_servers_below(self._place)  # what a killed supervisor left may hold the very port
        if self._chooses_port and not (self.port and home.port_is_free(self.port)):
            self.port = home.free_port()

    def spawn(self) -> subprocess.Popen[bytes]:
        """Ends what a killed supervisor left, and starts the process without waiting for it."""
        if self._account is None:
            raise RuntimeError("prepare() comes first")
        _end_servers_below(self._place)
        keep = (
            ["appendonly yes", "appendfsync everysec", "save 3600 1"] if self.durable else ["appendonly no", 'save ""']
        )
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            "protected-mode yes",
            f"requirepass {self._password}",
            f'dir "{self._place / "data"}"',
            "daemonize no",
            'logfile ""',
            "databases 64",
            "maxmemory-policy noeviction",
            # Its title keeps the path of this file, by which a later start knows it again.
            "set-proc-title no",
            *keep,
        ]
        # Made anew and given away before the password goes in.
        self.configuration.unlink(missing_ok=True)
        os.close(os.open(self.configuration, os.O_CREAT | os.O_EXCL, 0o600))
        self._account.give(self.configuration)
        self.configuration.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with self.log.open("ab") as log:
            self._log_from = log.tell()
            self.process = subprocess.Popen(  # noqa: S603 – our own programs
                [str(self._program), str(self.configuration)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=clean_environment(),
                start_new_session=True,  # a terminal's Ctrl-C is for the supervisor, which ends its children in order
                **self._account.popen(),
            )
        return self.process

    def _fault(self, said: str) -> LocalFault:
        if "No space left on device" in said:
            return disk_full(self._place)
        if "bind" in said:
            return LocalFault(
                f"端口 {self.port} 已被占用，Valkey 无法启动。",
                f"Port {self.port} is taken; Valkey cannot start on it.",
                f"结束占用它的程序，或换一个端口 · end what uses it (lsof -i :{self.port}), or choose another port",
            )
        last = [line for line in said.splitlines() if line.strip()] or ["?"]
        return LocalFault(
            f"Valkey 无法使用数据目录 {self._place}：{last[-1]}",
            f"Valkey cannot use the data folder {self._place}: {last[-1]}",
            f"rm -r {self._place}（承诺都在 PostgreSQL 里，不会丢 · no promise is lost: PostgreSQL holds them all）",
        )


def _end_servers_below(place: Path) -> None:
    inside = str(place)
    end(
        matching(
            lambda process: (
                process.name() in ("valkey-server", "redis-server")
                and any(part.startswith(inside) and part.endswith("/valkey.conf") for part in process.cmdline()[1:])
            )
        ),
        patience=STOP_SECONDS,
    )
