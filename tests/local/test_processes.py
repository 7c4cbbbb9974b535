"""A pid file proves nothing by its pid alone."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.processes import end, record, still_running

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(SLEEP)
    yield process
    process.kill()
    process.wait()


def test_a_recorded_process_is_known_again(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record(child.pid, SLEEP, tmp_path / "x.pid")
    found = still_running(tmp_path / "x.pid")
    assert found is not None
    assert found.pid == child.pid


@pytest.mark.parametrize(
    "change",
    [{"started": 1.0}, {"command": ["somebody", "else"]}, {"pid": 2**22 - 1}, {"pid": "x"}, {"started": None}],
    ids=str,
)
def test_a_stranger_with_the_same_pid_is_left_alone(
    child: subprocess.Popen[bytes], tmp_path: Path, change: dict[str, object]
) -> None:
    path = tmp_path / "x.pid"
    record(child.pid, SLEEP, path)
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    assert still_running(path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "17"])
def test_a_damaged_pid_file_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.pid").write_text(text)
    assert still_running(tmp_path / "x.pid") is None


def test_a_dead_process_is_not_running_even_before_it_is_reaped(child: subprocess.Popen[bytes], tmp_path: Path) -> None:
    record(child.pid, SLEEP, tmp_path / "x.pid")
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie
    assert still_running(tmp_path / "x.pid") is None
    assert still_running(tmp_path / "nothing.pid") is None


def test_who_does_not_end_when_asked_is_killed(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    record(process.pid, [sys.executable, "-c", deaf], tmp_path / "x.pid")
    found = still_running(tmp_path / "x.pid")
    assert found is not None
    end([found], patience=0.2)
    assert process.wait(5) == -signal.SIGKILL
    process.stdout.close()
