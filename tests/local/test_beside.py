"""Tools find the database of the `linli up` that runs from the same folder, and of nothing else."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.local.beside import leave_word, take_back, with_running_system
from app.settings import Settings


@pytest.fixture
def server() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def url(port: int) -> str:
    return f"postgresql://linli_owner:word@127.0.0.1:{port}/linli"


@pytest.fixture
def folder(tmp_path: Path, server: int) -> Path:
    (tmp_path / "run").mkdir()
    leave_word(Settings(data=tmp_path, migration_url=url(server)))
    return tmp_path


def test_what_runs_is_found(folder: Path, server: int) -> None:
    found = with_running_system(Settings(data=folder))
    assert (found.local, found.migration_url) == (True, url(server))
    assert (folder / "run" / "migration-url").stat().st_mode & 0o777 == 0o600


def test_what_is_named_stays(folder: Path) -> None:
    other = "postgresql://linli_owner:word@db.example:5432/linli"
    assert with_running_system(Settings(data=folder, migration_url=other)).migration_url == other
    assert with_running_system(Settings(data=folder, mode="production")).migration_url == ""


def test_what_has_ended_is_not_found(folder: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gone = listener.getsockname()[1]
    leave_word(Settings(data=folder, migration_url=url(gone)))
    assert with_running_system(Settings(data=folder)).migration_url == ""
    take_back(folder)
    assert with_running_system(Settings(data=folder)).migration_url == ""
    assert with_running_system(Settings(data=tmp_path / "nowhere")).migration_url == ""
