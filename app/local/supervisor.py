"""Starts children, restarts what dies, and leaves nothing running.

A child that died is started again at once; one that keeps dying young is given longer and longer pauses. Each child has
a pid file (pid, start time, command line), by which the next start finds what a `kill -9` of the supervisor left.
"""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import psutil

from app.local.processes import end, record, still_running

TICK_SECONDS = 0.1
YOUNG_SECONDS = 5.0
FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 5.0
LOG_BYTES = 5_000_000

Say = Callable[[str], None]


class Ended(KeyboardInterrupt):
    """SIGINT, SIGTERM or SIGHUP reached the supervisor. Not an Exception: nothing on the way may swallow it. A
    KeyboardInterrupt, since that is what asyncio lets through out of any callback."""


@dataclass
class Child:
    """One process under watch. `spawn` starts it without waiting; `patience` is how long it gets to end."""

    name: str
    spawn: Callable[[], subprocess.Popen[bytes]]
    ask: signal.Signals = signal.SIGTERM
    patience: float = 15.0
    server: bool = False  # a database or cache: ended after the programs that talk to it
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    young_deaths: int = 0
    due: float = 0.0

    def pause(self) -> float:
        """Seconds until the next start: none after a decent life, doubling while it dies young."""
        if self.young_deaths == 0:
            return 0.0
        return float(min(FIRST_PAUSE_SECONDS * 2 ** (self.young_deaths - 1), LONGEST_PAUSE_SECONDS))


@dataclass
class Supervisor:
    """Children in the order of their start; they are ended in the reverse order."""

    run_folder: Path
    say: Say
    children: list[Child] = field(default_factory=list)

    def end_left_over(self, names: list[str]) -> None:
        """Ends what an earlier supervisor left running under these names."""
        for name in names:
            path = self.run_folder / f"{name}.pid"
            process = still_running(path)
            if process is not None:
                self.say(f"结束上次遗留的 {name}（{process.pid}） · ended what was left of {name}")
                end([process])
            path.unlink(missing_ok=True)

    def start(self, child: Child) -> None:
        """Starts a child and watches it from now on."""
        self.children.append(child)
        self._spawn(child)

    def _spawn(self, child: Child) -> None:
        child.process = child.spawn()
        child.started = time.monotonic()
        command = child.process.args
        if isinstance(command, str | bytes) or not isinstance(command, Sequence):
            raise TypeError(f"{child.name} is not started by a list of words")
        record(child.process.pid, [str(part) for part in command], self.run_folder / f"{child.name}.pid")

    def _spawn_again(self, child: Child) -> None:
        """A restart that fails (no memory for a moment, a process that vanished while we looked) ends nobody else."""
        try:
            self._spawn(child)
        except (OSError, psutil.Error) as error:
            child.young_deaths += 1
            child.due = time.monotonic() + child.pause()
            self.say(f"{child.name} 没有启动成功，稍后再试 · did not start, trying again: {error}")

    def tick(self) -> None:
        """Looks at each child once, and starts again what died and whose pause is over."""
        for child in self.children:
            now = time.monotonic()
            if child.process is not None and child.process.poll() is not None:
                young = now - child.started < YOUNG_SECONDS
                child.young_deaths = child.young_deaths + 1 if young else 0
                child.due = now + child.pause()
                code = child.process.returncode
                self.say(f"{child.name} 退出（{code}），正在重启 · died, restarting; see logs/{child.name}.log")
                child.process = None
            if child.process is None and now >= child.due:
                self._spawn_again(child)

    def watch(self, interruptions: "Interruptions") -> None:
        """Watches until a signal raises Ended."""
        while True:
            with interruptions.held():
                self.tick()
            time.sleep(TICK_SECONDS)

    def end_all(self) -> None:
        """Ends every child: first the programs of ours, then the servers they talk to."""
        for servers in (False, True):
            group = [child for child in reversed(self.children) if child.server is servers]
            for child in group:
                if child.process is not None and child.process.poll() is None:
                    child.process.send_signal(child.ask)
            for child in group:
                if child.process is not None:
                    try:
                        child.process.wait(child.patience)
                    except subprocess.TimeoutExpired:
                        child.process.kill()
                        child.process.wait()
                child.process = None
                (self.run_folder / f"{child.name}.pid").unlink(missing_ok=True)
        self.children.clear()


class Interruptions:
    """Within: the first SIGINT, SIGTERM or SIGHUP raises Ended in the main thread; further ones are ignored.

    Inside `held()` the exception waits for the end of the block, so that no child is started and forgotten.
    """

    NAMES = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self) -> None:
        self._depth = 0
        self._asked = False
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for name in self.NAMES:
            if signal.getsignal(name) is not signal.SIG_IGN:  # nohup stays nohup
                self._before[name] = signal.signal(name, self._received)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name, handler in self._before.items():
            signal.signal(name, handler)

    def _received(self, _number: int, _frame: FrameType | None) -> None:
        if self._asked:
            return
        self._asked = True
        if self._depth == 0:
            raise Ended

    @contextmanager
    def held(self) -> Iterator[None]:
        asked_before = self._asked
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if self._asked and not asked_before:
            raise Ended


def spawner(
    command: list[str], environment: dict[str, str], folder: Path, log: Path
) -> Callable[[], subprocess.Popen[bytes]]:
    """How a program of ours is started: its output goes to `log`, and a terminal's Ctrl-C does not reach it."""

    def spawn() -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            return subprocess.Popen(  # noqa: S603 – our own programs
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )

    return spawn


def rotate(logs: Path) -> None:
    """At the start, a log that has grown large becomes <name>.log.1; the one before that goes."""
    for log in logs.glob("*.log"):
        if log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
