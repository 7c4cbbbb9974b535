"""The local street and its demonstration: seeded once whatever how often it starts, and played to the end every time."""

import os
import signal
import subprocess
import sys

import httpx
import pytest

from app.local.seed_cases import OFFICER, UNITS
from tests.running import ROOT, Up, data_folder

pytestmark = pytest.mark.slow


def demo(up: Up) -> str:
    """What `make demo` prints; it has ended well."""
    own = {"LINLI_MODE": "local", "LINLI_DATA": str(up.data), "LINLI_PORT": str(up.port)}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    played = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo"],
        cwd=ROOT,
        env=clean | own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    return played.stdout


def found(up: Up) -> tuple[list[str], list[str]]:
    """The units of the street, and the states of what waits or waited for the department officer, the oldest first."""
    with httpx.Client(base_url=up.url) as http:
        who = {"username": OFFICER, "password": up.accounts()["officers"]}
        token = http.post("/v1/auth/password", data=who).json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        units, tasks = (http.get(path).json()["items"] for path in ("/v1/units", "/v1/assignments"))
    return sorted(unit["name"] for unit in units), [task["state"] for task in reversed(tasks)]


def test_the_street_is_seeded_once_and_the_demonstration_ends_every_time() -> None:
    names = sorted(unit.name for unit in UNITS)
    with data_folder() as folder:
        up = Up(folder)
        try:
            up.wait("Ctrl-C")
            assert found(up) == (names, ["sent"]), "a lamp post waits"
            played = demo(up)
            assert "→ closed" in played
            assert "区县书记" in played
            assert "→ closed" in demo(up)
            os.killpg(up.process.pid, signal.SIGINT)
            assert up.process.wait(30) == 0, up.out.read_text()
            up = Up(folder)
            up.wait("Ctrl-C")
            assert found(up) == (names, ["sent", "done", "done"])
        finally:
            up.end()
