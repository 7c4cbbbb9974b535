"""Servers of the tests' own: one real PostgreSQL and one real Valkey a run, one database a worker, copied from a template.

The controller starts them and hands them to its workers by the environment.
"""

import base64
import os
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from alembic import command
from alembic.config import Config

from app.integrations.wechat_standin import create_app as create_standin
from app.local.postgres import EmbeddedPostgres, PostgresServer, create_database, drop_database
from app.local.valkey import EmbeddedValkey, ValkeyServer
from app.main import create_app
from app.settings import Settings
from tests.serving import serving

TEMPLATE = "linli_template"
_running = ExitStack()


def migrate(url: str) -> None:
    config = Config(attributes={"url": url})
    config.set_main_option("script_location", "migrations")
    command.upgrade(config, "head")


def pytest_configure(config: pytest.Config) -> None:
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    postgres = _running.enter_context(EmbeddedPostgres(durable=False))
    valkey = _running.enter_context(EmbeddedValkey())
    create_database(postgres, TEMPLATE)
    migrate(postgres.url("linli_owner", TEMPLATE))
    os.environ["LINLI_TEST_POSTGRES"] = postgres.to_json()
    os.environ["LINLI_TEST_VALKEY"] = valkey.to_json()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        _running.close()


@pytest.fixture(scope="session")
def postgres() -> PostgresServer:
    return PostgresServer.from_json(os.environ["LINLI_TEST_POSTGRES"])


@pytest.fixture(scope="session")
def valkey() -> ValkeyServer:
    return ValkeyServer.from_json(os.environ["LINLI_TEST_VALKEY"])


@pytest.fixture(scope="session")
def worker_database(postgres: PostgresServer, worker_id: str) -> str:
    """The name of this worker's own database, freshly migrated."""
    name = f"linli_{worker_id}"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    return name


@pytest.fixture(scope="session")
def owner_url(postgres: PostgresServer, worker_database: str) -> str:
    return postgres.url("linli_owner", worker_database)


@pytest.fixture(scope="session")
def app_url(postgres: PostgresServer, worker_database: str) -> str:
    return postgres.url("linli_app", worker_database)


@pytest.fixture(scope="session")
def worker_url(postgres: PostgresServer, worker_database: str) -> str:
    return postgres.url("linli_worker", worker_database)


@pytest.fixture(scope="session")
async def standin_url() -> AsyncIterator[str]:
    """The stand-in for WeChat's server, over real HTTP."""
    async with serving(create_standin()) as url:
        yield url


@pytest.fixture(scope="session")
def settings(app_url: str, worker_url: str, owner_url: str, valkey: ValkeyServer, standin_url: str) -> Settings:
    return Settings(
        mode="local",
        database_url=app_url,
        worker_url=worker_url,
        migration_url=owner_url,
        redis_url=valkey.url,
        secret_key="a secret of the tests, long enough for HS256",
        keyring="k1:" + base64.b64encode(b"k" * 32).decode(),
        index_key=base64.b64encode(b"i" * 32).decode(),
        wechat_url=standin_url,
        wechat_appid="wx-tests",
        wechat_secret="stand-in",
    )


@pytest.fixture(scope="session")
async def api_url(settings: Settings) -> AsyncIterator[str]:
    """The real API, over real HTTP, on this worker's database."""
    async with serving(create_app(settings)) as url:
        yield url
