"""The embedded servers themselves: real starts, real kills."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from app.local.faults import LocalFault
from app.local.home import abandoned_throwaways
from app.local.postgres import EmbeddedPostgres, PostgresServer, create_database, drop_database
from app.local.valkey import EmbeddedValkey, ValkeyServer

pytestmark = pytest.mark.slow

ROLES = """SELECT rolname, rolcanlogin FROM pg_roles WHERE rolname ~ '^linli_'
AND NOT (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) ORDER BY 1"""
KIND = """SELECT pg_get_userbyid(datdba), datctype, pg_encoding_to_char(encoding)
FROM pg_database WHERE datname = 'two'"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="linli-test-", dir="/var/tmp"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


def test_roles_and_databases() -> None:
    with EmbeddedPostgres(durable=False) as server:
        for _ in range(2):
            create_database(server, "one")
        server.psql("-c", "CREATE TABLE t AS SELECT 1 AS a", database="one")
        create_database(server, "two", template="one")
        assert server.psql("-c", "SELECT a FROM t", database="two") == "1\n"
        roles = server.psql(
            "-c",
            ROLES,
        )
        assert roles.split() == ["linli_app|t", "linli_checker|f", "linli_owner|t", "linli_worker|t"]
        assert server.psql("-c", "SELECT pg_has_role('linli_owner', 'linli_checker', 'MEMBER')") == "t\n"
        assert server.psql("-c", KIND).split("|")[::2] == ["linli_owner", "UTF8\n"]
        drop_database(server, "two")
        assert PostgresServer.from_json(server.to_json()) == server
        place = psutil.Process(_postmaster(server)).cwd()
    assert not Path(place).exists()


def test_a_killed_server_left_alone_is_ended_by_the_next_start_and_keeps_its_data(folder: Path) -> None:
    first = EmbeddedPostgres(folder)
    server = first.start()
    server.psql("-c", "CREATE TABLE kept AS SELECT 7 AS a")
    assert first._lock is not None
    assert first.process is not None
    first._lock.release()  # as if whoever started it had been killed; the server itself runs on
    with EmbeddedPostgres(folder) as again:
        assert first.process.wait(30) is not None
        assert again.psql("-c", "SELECT a FROM kept") == "7\n"
        os.kill(_postmaster(again), signal.SIGKILL)
    with EmbeddedPostgres(folder) as recovered:
        assert recovered.psql("-c", "SELECT a FROM kept") == "7\n"


def test_one_server_a_folder(folder: Path) -> None:
    with EmbeddedPostgres(folder), pytest.raises(LocalFault, match="Another running Linli"):
        EmbeddedPostgres(folder).start()


def test_a_wrong_password_is_refused() -> None:
    with EmbeddedPostgres(durable=False) as server:
        wrong = PostgresServer(server.port, server.programs, server.version, {"postgres": "wrong"})
        assert not wrong.answers()
    with EmbeddedValkey(durable=False) as valkey:
        assert valkey.answers()
        assert not ValkeyServer(valkey.port, "wrong").answers()


def test_a_chosen_port_that_is_taken(folder: Path) -> None:
    with EmbeddedValkey(durable=False) as valkey:
        with pytest.raises(LocalFault, match=f"Port {valkey.port} is taken"):
            EmbeddedPostgres(folder, port=valkey.port, durable=False).start()
        with pytest.raises(LocalFault, match=f"Port {valkey.port} is taken"):
            EmbeddedValkey(folder, port=valkey.port).start()


def test_valkey_keeps_what_it_acknowledged(folder: Path) -> None:
    with EmbeddedValkey(folder) as server:
        redis.Redis.from_url(server.url).set("a", "1")
    with EmbeddedValkey(folder) as server:
        assert redis.Redis.from_url(server.url).get("a") == b"1"
        assert redis.Redis.from_url(server.url).config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_throwaway_whose_maker_was_killed_is_found() -> None:
    server = EmbeddedValkey(durable=False)
    server.start()
    assert server.folder is not None
    maker = server.folder / "maker.pid"
    assert server.folder not in abandoned_throwaways()
    maker.write_text(maker.read_text().replace('"started": ', '"started": 1'))
    assert server.folder in abandoned_throwaways()
    server.stop()


def _postmaster(server: PostgresServer) -> int:
    data = Path(server.psql("-c", "SHOW data_directory").strip())
    return int((data / "postmaster.pid").read_text().split()[0])
