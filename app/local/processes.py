"""Processes that are really ours: found by command line, or by a record of pid, start time and command line.

A pid alone proves nothing: after a reboot, or in a new container, it names a stranger.
"""

import contextlib
import json
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

# The kernel counts a start from boot in ticks of 10 ms; the wall clock that it is turned into may have been corrected.
SAME_START_SECONDS = 2.0


@dataclass(frozen=True)
class Record:
    """What a pid file holds: enough to know the process again. `started` is in seconds since the epoch."""

    pid: int
    started: float
    command: list[str]


def record(pid: int, command: list[str], path: Path) -> None:
    """Writes the pid file of a process that runs, whole or not at all.

    The command is told, not read from the kernel: right after the exec of a new child it reads empty there.
    """
    try:
        found = Record(pid, psutil.Process(pid).create_time(), command)
    except psutil.NoSuchProcess:  # it died at once; the supervisor will notice
        return
    making = path.with_suffix(".new")
    making.write_text(json.dumps(asdict(found)), encoding="utf-8")
    making.replace(path)


def still_running(path: Path, *, same_command: bool = True) -> psutil.Process | None:
    """The process that a pid file speaks of, when it runs and is the very same one; else None.

    same_command=False is for processes that rename themselves (a test runner): when a doubt may only spare, not end.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        then = Record(int(said["pid"]), float(said["started"]), list(said["command"]))
        process = psutil.Process(then.pid)
        same = abs(process.create_time() - then.started) <= SAME_START_SECONDS
        if same and same_command:
            same = _command(process) == then.command
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def _command(process: psutil.Process) -> list[str]:
    """The command line; for a moment after an exec the kernel has none to tell."""
    for _ in range(20):
        told = process.cmdline()
        if told or process.status() == psutil.STATUS_ZOMBIE:
            return told
        time.sleep(0.01)
    return []


def matching(test: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    """The processes for which `test` says yes; those that vanish or that we may not look at are left out."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and test(process):
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process], *, ask: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
    """Asks the processes to end, and kills those that still run after `patience` seconds."""
    asked = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(ask)
            asked.append(process)
    left = _gone(asked, patience)
    for process in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _gone(left, 5.0)


def _gone(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Waits for the processes; answers those that still run. A zombie is gone: whoever must reap it may never do so."""
    deadline = time.monotonic() + seconds
    left = processes
    while left := [process for process in left if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
