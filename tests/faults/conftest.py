"""A street on a database of its own, behind an API of its own: what races and crashes leave there, the invariants see."""

import base64
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from app import invariants
from app.integrations.wechat_standin import create_app as create_standin
from app.kernel.passwords import Passwords
from app.local.postgres import PostgresServer, create_database, drop_database
from app.local.valkey import ValkeyServer
from app.main import create_app
from app.settings import Settings
from tests.conftest import TEMPLATE
from tests.people import Someone
from tests.serving import serving
from tests.stories.conftest import PASSWORD, Street
from tests.world import build


def settings_of(server: PostgresServer, database: str, redis_url: str, standin_url: str) -> Settings:
    """Local settings of a system on one database."""
    return Settings(
        mode="local",
        database_url=server.url("linli_app", database),
        worker_url=server.url("linli_worker", database),
        migration_url=server.url("linli_owner", database),
        redis_url=redis_url,
        secret_key="a secret of the tests, long enough for HS256",
        keyring="k1:" + base64.b64encode(b"k" * 32).decode(),
        index_key=base64.b64encode(b"i" * 32).decode(),
        wechat_url=standin_url,
        wechat_appid="wx-tests",
        wechat_secret="stand-in",
    )


async def open_street(owner_url: str, api_url: str) -> Street:
    """A street whose administrator has logged in by password and published a service."""
    world = await build(owner_url)
    login_name = f"admin-{world.street.hex[-12:]}"
    await world.owner.execute(
        "UPDATE person SET login_name = $2, password_hash = $3, name_sealed = NULL, phone_sealed = NULL,"
        " address_sealed = NULL WHERE id = $1",
        world.people["管理员"],
        login_name,
        await Passwords().hash_password(PASSWORD),
    )
    administrator = await Someone.by_password(api_url, login_name, PASSWORD)
    body = {"place_id": str(world.street), "name": "陪同就医", "description": "陪老人去医院"}
    return Street(world, api_url, administrator, (await administrator.post("/v1/services", body))["id"])


@dataclass
class Arena:
    """The street, and the settings under which its API runs."""

    street: Street
    settings: Settings

    async def broken(self) -> list[str]:
        """The invariants that do not hold."""
        return [str(broken) for broken in await invariants.check(self.street.world.owner)]


@pytest.fixture(scope="module")
async def arena(
    postgres: PostgresServer, valkey: ValkeyServer, worker_id: str, request: pytest.FixtureRequest
) -> AsyncIterator[Arena]:
    name = f"linli_{request.module.__name__.rpartition('.')[2]}_{worker_id}"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    async with serving(create_standin()) as standin_url:
        settings = settings_of(postgres, name, valkey.url, standin_url)
        async with serving(create_app(settings)) as api_url:
            street = await open_street(settings.migration_url, api_url)
            yield Arena(street, settings)
            await street.world.owner.close()
    drop_database(postgres, name)
