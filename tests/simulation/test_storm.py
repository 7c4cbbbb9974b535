"""`linli storm` as a person starts it: some seconds that hold, and Ctrl-C."""

import json
import re
import signal
import time
from pathlib import Path

import pytest

from tests.simulation.test_simulate import left_of, started, until

pytestmark = pytest.mark.slow


def test_what_a_storm_was_told_is_stored(tmp_path: Path) -> None:
    process = started(tmp_path, "--seconds", "4", command="storm")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    told = dict(re.findall(r"· (sent|acknowledged|stored|missing|twice) +│ +(\d+) │", said))
    assert told == {"sent": "112", "acknowledged": "112", "stored": "112", "missing": "0", "twice": "0"}
    log = [json.loads(line) for line in (tmp_path / "storm-3.jsonl").read_text("utf-8").splitlines()]
    assert len({line["case"] for line in log}) == len(log) == 112
    assert left_of(process, tmp_path) == []


def test_ctrl_c_ends_a_storm(tmp_path: Path) -> None:
    process = started(tmp_path, command="storm")
    until((tmp_path / "storm-3.jsonl").exists, 120)
    time.sleep(1)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Interrupted" in said
    assert left_of(process, tmp_path) == []
