"""`linli simulate` as a person starts it: a small day that holds, a database that was broken by hand, and Ctrl-C."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from app.domain.cases.policy import GOVERNING
from app.local.home import THROWAWAY_PREFIX

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ORDERS = "60"
"""Enough for one of each fate and some ordinary ones."""


def started(folder: Path, *more: str, command: str = "simulate") -> subprocess.Popen[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", command, "--seed", "3", "--folder", str(folder), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**own, "COLUMNS": "120"},
        start_new_session=True,
    )


def left_of(process: subprocess.Popen[str], folder: Path) -> list[str]:
    """What still runs or lies about of it."""
    home = Path("/var/tmp")  # noqa: S108 - where throw-away servers keep their files
    runs = [
        " ".join(other.info["cmdline"] or [])
        for other in psutil.process_iter(["cmdline", "environ"])
        if (other.info["environ"] or {}).get("LINLI_DATA", "").startswith(str(folder))
    ]
    makers = [path for path in home.glob(f"{THROWAWAY_PREFIX}*/maker.pid") if str(process.pid) in path.read_text()]
    return runs + [str(path) for path in makers]


def test_a_small_day_meets_every_row_and_every_limit(tmp_path: Path) -> None:
    process = started(tmp_path, "--orders", ORDERS, "--strict")
    said, _ = process.communicate(timeout=900)
    assert process.returncode == 0, said
    assert "all holds" in said
    page = (tmp_path / "simulation-3.html").read_text("utf-8")
    assert f"--orders {ORDERS} --strict" in page
    assert "every row and every mark happened" in page
    assert "every row of §5 happened" in page
    assert left_of(process, tmp_path) == []


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        pytest.param("mark", r"\w+", id="of any limit"),
        pytest.param("governing", "|".join(GOVERNING), id="of one that governs a case"),
    ],
)
def test_a_mark_that_was_taken_away_is_found(tmp_path: Path, sabotage: str, kinds: str) -> None:
    process = started(tmp_path, "--orders", "6", "--cases", "10", "--sabotage", sabotage)
    said, _ = process.communicate(timeout=900)
    assert process.returncode == 1, said
    flat = re.sub(r"\s+", " ", said)
    assert re.search(rf"节点重算：({kinds}) 100 % .* had to fire and has not", flat), "the second reckoning finds it"
    assert "不变式 marks-counted" in flat, "the invariants do as well"
    assert "处不对" in (tmp_path / "simulation-3.html").read_text("utf-8")


@pytest.mark.parametrize(
    "moment", [pytest.param("postgres.log", id="while it starts"), pytest.param("worker.log", id="at work")]
)
def test_ctrl_c_leaves_nothing_running(tmp_path: Path, moment: str) -> None:
    process = started(tmp_path)
    until((tmp_path / "simulation-3-logs" / moment).exists, 120)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Interrupted" in said
    assert left_of(process, tmp_path) == []


def until(test: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < deadline
        time.sleep(0.05)
