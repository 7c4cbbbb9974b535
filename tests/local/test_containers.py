"""What keeps a container from starting half-way when its settings are missing."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ("POSTGRES_PASSWORD", "LINLI_OWNER_PASSWORD", "LINLI_APP_PASSWORD", "LINLI_WORKER_PASSWORD")


def start(folder: Path, **passwords: str) -> subprocess.CompletedProcess[str]:
    """The start of PostgreSQL's container, with its own entry point replaced by one that only speaks."""
    entry = folder / "docker-entrypoint.sh"
    entry.write_text('#!/bin/sh\necho "starts: $*"\n')
    entry.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    script = str(ROOT / "scripts" / "start_postgres.sh")
    command = ["sh", script, "postgres", "-c", "jit=off"]
    return subprocess.run(command, env={"PATH": path, **passwords}, capture_output=True, text=True, check=False)


def test_good_passwords_let_postgres_start(tmp_path: Path) -> None:
    done = start(tmp_path, **dict.fromkeys(NAMES, "b1946ac92492d2347c6235b4d2611184"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "starts: postgres -c jit=off\n", "")


@pytest.mark.parametrize("bad", ["", "change-me"])
@pytest.mark.parametrize("name", NAMES)
def test_each_empty_or_example_password_is_named(tmp_path: Path, name: str, bad: str) -> None:
    done = start(tmp_path, **{**dict.fromkeys(NAMES, "b1946ac92492d2347c6235b4d2611184"), name: bad})
    assert done.returncode == 2
    assert "starts" not in done.stdout
    assert [line.split()[0] for line in done.stderr.splitlines()] == [name, "→"]


def test_no_setting_is_needed_to_read_the_compose_file() -> None:
    assert ":?" not in (ROOT / "docker-compose.yml").read_text("utf-8")
