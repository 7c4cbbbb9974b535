"""Alembic's environment: asyncpg, the owner's URL, a lock time-out so that a migration never stops the traffic for long."""

import asyncio

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import app.models  # noqa: F401 - every table
from app.kernel.database import sqlalchemy_form
from app.settings import Settings


def _include(name: str | None, kind: str, _parents: object) -> bool:
    return not (kind == "table" and name == "alembic_version")


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        include_name=_include,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def online() -> None:
    given = context.config.attributes
    url = given.get("url") or given.get("settings", Settings()).migration_url
    engine = create_async_engine(sqlalchemy_form(url))
    async with engine.connect() as connection:
        # One migration at a time: a second one waits here, as long as the first one takes, and then finds nothing to do.
        # Both settings belong to the session, since each migration has a transaction of its own.
        await connection.execute(text("SELECT pg_advisory_lock(hashtext('linli migrations'))"))
        await connection.execute(text("SET lock_timeout = '3s'"))
        await connection.commit()
        await connection.run_sync(run)
        await connection.commit()
    await engine.dispose()


asyncio.run(online())
