"""The check that the locks fit pyproject.toml finds what it is for, and nothing in this checkout."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "lock_in_step.py"
PROJECT = {
    "project": {
        "dependencies": ["fast_api>=1.2,<2", 'win; sys_platform == "win32"'],
        "optional-dependencies": {"dev": ["x>=3"]},
    }
}
LOCK = (
    "fast-api==1.5 \\\n    --hash=sha256:00\n"
    "win==1.0 ; sys_platform == 'win32' \\\n    --hash=sha256:00\n"
    "x==3.1 \\\n    --hash=sha256:00\n"
)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock_in_step", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_this_checkout_is_in_step() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_a_lock_that_fits(script: ModuleType) -> None:
    assert script.faults(PROJECT, ("dev",), LOCK) == []


@pytest.mark.parametrize(
    ("lock", "fault"),
    [
        (LOCK.replace("fast-api==1.5", "fast-api==2.0"), "fast_api is locked at 2.0, and <2,>=1.2 is wanted"),
        (LOCK.replace("x==3.1", "y==3.1"), "x is wanted (x>=3) and not locked"),
        (LOCK.replace("x==3.1 \\\n    --hash=sha256:00\n", "x==3.1\n"), "x==3.1 has no hash"),
        ("--index-url somewhere\n" + LOCK, "line 1 holds an address or an index option: --index-url somewhere"),
        (LOCK + "z @ file:///z.whl\n", "line 7 holds an address or an index option: z @ file:///z.whl"),
    ],
)
def test_a_lock_that_does_not(script: ModuleType, lock: str, fault: str) -> None:
    assert script.faults(PROJECT, ("dev",), lock) == [fault]
