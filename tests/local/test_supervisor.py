"""The supervisor restarts what dies, slower what dies young, and leaves nothing running."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.local.supervisor import Child, Ended, Interruptions, Supervisor, rotate

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path, lambda _line: None)
    yield made
    made.end_all()


def sleeper(name: str = "sleeper") -> Child:
    return Child(name, lambda: subprocess.Popen(SLEEP, start_new_session=True))


def test_a_killed_child_runs_again_within_a_second(supervisor: Supervisor, tmp_path: Path) -> None:
    child = sleeper()
    supervisor.start(child)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    began = time.monotonic()
    while child.process is None or child.process.pid == first:
        supervisor.tick()
        time.sleep(0.01)
    assert time.monotonic() - began < 1.0
    assert json.loads((tmp_path / "sleeper.pid").read_text())["pid"] == child.process.pid


def test_a_restart_that_fails_is_tried_again_and_ends_nobody_else(supervisor: Supervisor) -> None:
    """As when a process that the restart looks at vanishes in that moment."""
    faults: list[Exception] = []

    def spawn() -> subprocess.Popen[bytes]:
        if faults:
            raise faults.pop()
        return subprocess.Popen(SLEEP, start_new_session=True)

    child, other = Child("fragile", spawn), sleeper()
    supervisor.start(child)
    supervisor.start(other)
    assert child.process is not None
    assert other.process is not None
    first, second = child.process.pid, other.process.pid
    faults += [psutil.ZombieProcess(first), BlockingIOError()]
    os.kill(first, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while child.process is None or child.process.pid == first:
        assert time.monotonic() < deadline
        supervisor.tick()
        time.sleep(0.01)
    assert (faults, other.process.pid) == ([], second)


def test_who_dies_young_again_and_again_waits_longer_and_longer() -> None:
    child = Child("young", lambda: subprocess.Popen([sys.executable, "-c", ""]))
    pauses = []
    for child.young_deaths in range(8):
        pauses.append(child.pause())
    assert pauses == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 5.0, 5.0]


def test_a_decent_life_forgives_young_deaths(supervisor: Supervisor) -> None:
    child = sleeper()
    supervisor.start(child)
    child.young_deaths = 5
    child.started -= 60
    assert child.process is not None
    child.process.kill()
    child.process.wait()
    supervisor.tick()
    assert child.young_deaths == 0
    assert child.process is not None


def test_nothing_is_left(supervisor: Supervisor, tmp_path: Path) -> None:
    children = [sleeper("a"), sleeper("b")]
    for child in children:
        supervisor.start(child)
    pids = [child.process.pid for child in children if child.process]
    supervisor.end_all()
    assert len(pids) == 2
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert list(tmp_path.glob("*.pid")) == []


def test_the_next_supervisor_ends_what_a_killed_one_left(supervisor: Supervisor, tmp_path: Path) -> None:
    child = sleeper("api")
    supervisor.start(child)
    assert child.process is not None
    Supervisor(tmp_path, lambda _line: None).end_left_over(["api", "worker"])
    assert child.process.wait(5) == -signal.SIGTERM
    assert not (tmp_path / "api.pid").exists()


def test_a_signal_waits_until_a_child_is_on_the_list() -> None:
    reached = []
    with Interruptions() as interruptions:
        try:
            with interruptions.held():
                os.kill(os.getpid(), signal.SIGINT)
                reached.append("end of the block")
            reached.append("never")
        except Ended:
            reached.append("ended")
    assert reached == ["end of the block", "ended"]


def test_a_second_signal_does_not_disturb_the_clean_up() -> None:
    cleaned = []
    with Interruptions() as interruptions:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(1)
        except Ended:
            with interruptions.held():
                os.kill(os.getpid(), signal.SIGINT)
                cleaned.append(True)
    assert cleaned == [True]


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "api.log").write_bytes(b"x" * 5_000_001)
    (tmp_path / "worker.log").write_bytes(b"x")
    rotate(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["api.log.1", "worker.log"]
