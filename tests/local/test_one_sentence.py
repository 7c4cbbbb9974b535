"""A start that cannot succeed says so in one sentence, Chinese and English, and the mend, before it starts anything."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from app.local.account import server_account
from app.local.faults import LocalFault
from app.local.home import FolderLock, free_port
from app.local.keys import local_secrets
from app.local.panel import Actor, Seeded, panel
from app.local.postgres import EmbeddedPostgres
from app.local.postgres_log import why
from app.settings import Settings

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' account reaches (pytest's own are closed to it when we are root)."""
    made = Path(tempfile.mkdtemp(prefix="linli-test-", dir="/var/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def linli(*arguments: str, data: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
    environment = {**clean, "LINLI_MODE": "local", "LINLI_DATA": str(data), **settings}
    command = [sys.executable, "-m", "app.cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment, timeout=60, check=False)


def assert_one_sentence(done: subprocess.CompletedProcess[str], english: str) -> None:
    assert done.returncode == 2, done.stdout + done.stderr
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 3
    assert english in lines[1]
    assert lines[2].startswith("→ ")


def test_a_taken_port(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert_one_sentence(linli("up", data=folder, LINLI_PORT=str(port)), f"Port {port} is taken")
    assert not list(folder.glob("postgres-*"))


def test_a_second_start_on_one_folder(folder: Path) -> None:
    lock = FolderLock(folder / "lock")
    lock.take()
    assert_one_sentence(linli("up", data=folder, LINLI_PORT="1"), "Another running Linli already uses the data folder")
    lock.release()


def test_half_of_the_database_urls(folder: Path) -> None:
    done = linli("up", data=folder, LINLI_PORT=str(free_port()), LINLI_DATABASE_URL="postgresql://a:b@127.0.0.1:1/c")
    assert_one_sentence(done, "set all three or none")


def test_a_named_server_that_does_not_answer(folder: Path) -> None:
    done = linli("up", data=folder, LINLI_PORT=str(free_port()), LINLI_REDIS_URL="redis://:pw@127.0.0.1:1/0")
    assert_one_sentence(done, "Nothing answers at 127.0.0.1:1, which LINLI_REDIS_URL names")


def test_up_is_for_local_mode(folder: Path) -> None:
    assert_one_sentence(linli("up", data=folder, LINLI_MODE="production"), "linli up is for LINLI_MODE=local only")


def test_unsafe_settings_refuse_every_process(folder: Path) -> None:
    for command in ("api", "worker", "migrate"):
        done = linli(command, data=folder, LINLI_MODE="production")
        assert done.returncode == 2
        assert "Refused to start" in done.stderr
        assert "is not set" in done.stderr


def test_the_standin_is_for_local_mode(folder: Path) -> None:
    done = linli("wechat-standin", data=folder, LINLI_MODE="production")
    assert done.returncode == 2
    assert "local mode only" in done.stderr


def broken(folder: Path, version: str) -> EmbeddedPostgres:
    """A data folder as another version, or a broken disk, left it."""
    server = EmbeddedPostgres(folder)
    server.prepare()
    server.stop()
    (server.data / "PG_VERSION").write_text(version)
    return server


@pytest.mark.parametrize(
    ("version", "english"),
    [("9\n", "was written by PostgreSQL 9; this is"), ("?", "PG_VERSION is missing or unreadable")],
)
def test_data_of_another_version(folder: Path, version: str, english: str) -> None:
    shutil.rmtree(broken(folder, version).data / "base")  # never looked at
    with pytest.raises(LocalFault, match=english) as caught:
        EmbeddedPostgres(folder).start()
    assert "mv " in caught.value.mend


@pytest.mark.parametrize(
    ("said", "english"),
    [
        ("FATAL:  could not write: No space left on device", "No space is left on the disk"),
        ("LOG:  could not bind IPv4 address", "Port 5 is taken"),
        ('FATAL:  data directory "/x" has invalid permissions', "has the wrong permissions or owner"),
        ("PANIC:  could not locate a valid checkpoint record", "damaged?): could not locate a valid checkpoint record"),
    ],
)
def test_what_the_log_says(tmp_path: Path, said: str, english: str) -> None:
    fault = why(said, place=tmp_path, log=tmp_path / "log", account=server_account(), port=5)
    assert english in fault.en
    assert fault.mend
    assert " · " in fault.mend or fault.mend.startswith("chown "), "in both languages, unless it is a command alone"


def test_damaged_secrets(tmp_path: Path) -> None:
    made = local_secrets(tmp_path)
    assert local_secrets(tmp_path) == made
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert Settings(mode="local", secret_key=made.secret_key, keyring=made.keyring, index_key=made.index_key).keys
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(LocalFault, match="is damaged"):
        local_secrets(tmp_path)


def test_the_panel_shows_passwords_as_they_are() -> None:
    console = Console(width=120, record=True, file=StringIO())
    seeded = Seeded(
        actors=(Actor("居民 · resident", "demo:王奶奶"), Actor("管理员", "admin", "a[b]c")), places=7, street="街道"
    )
    console.print(panel(Settings(mode="local", port=8123), seeded))
    shown = console.export_text()
    for part in ("http://127.0.0.1:8123/docs", "demo:王奶奶", "admin        a[b]c", "make demo"):
        assert part in shown
