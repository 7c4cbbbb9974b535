"""Connections: an asyncpg pool for commands, a SQLAlchemy engine for reads, each in the caller's row-level-security context.

The context is the actor's id, set with BEGIN in one message and for one transaction only, so that nothing leaks through
the pool. The pool's own reset would be a message more after each command; nothing here is set for a session, so there is
nothing to reset.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

import asyncpg
from sqlalchemy import Executable, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.kernel.errors import NotSignedIn
from app.kernel.loading import ABOUT_NOTHING


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        return ""


def begin(actor_id: UUID, joins: UUID | None = None) -> str:
    """Message 1 of a command. The simple protocol takes no parameters, so it holds nothing but UUIDs. `joins`: the matter
    that the actor comes to by this command, and does not see before it."""
    coming = f"; SET LOCAL app.joins = '{UUID(str(joins))}'" if joins is not None else ""
    return f"BEGIN; SET LOCAL app.actor = '{UUID(str(actor_id))}'{coming}"


_READ = text(
    "SELECT set_config('app.actor', CAST(CAST(:actor AS uuid) AS text), true),"
    " app_signed_in(CAST(:actor AS uuid), CAST(:family AS uuid))"
)


def sqlalchemy_form(url: str) -> str:
    """postgresql://… → postgresql+asyncpg://…; libpq's `sslmode` is called `ssl` by that driver."""
    if not url:
        return url
    parts = urlsplit(url)
    query = [("ssl" if name == "sslmode" else name, value) for name, value in parse_qsl(parts.query)]
    return urlunsplit(("postgresql+asyncpg", parts.netloc, parts.path, urlencode(query), ""))


async def rows(connection: AsyncConnection, query: Executable) -> Sequence[RowMapping]:
    """All rows of a reading."""
    return (await connection.execute(query)).mappings().all()


async def driver(connection: AsyncConnection) -> Any:
    """The driver's own connection behind a reading."""
    return (await connection.get_raw_connection()).driver_connection


class Database:
    """One process's way to Postgres, under one role."""

    def __init__(self, pool: asyncpg.Pool, engine: AsyncEngine) -> None:
        self.pool = pool
        self.engine = engine

    @classmethod
    async def connect(cls, url: str, *, size: int, warm: Sequence[str] = ()) -> Self:
        """Open the pool of up to `size` connections; each plans the messages 2 of `warm` when it is made.

        The pool starts empty, so that a process comes up while Postgres is away.
        """

        async def prepare(connection: asyncpg.Connection) -> None:
            # Run for nobody and nothing: what is only prepared is neither kept by the driver nor planned by the server.
            for statement in warm:
                await connection.fetch(statement, *ABOUT_NOTHING)

        pool = await asyncpg.create_pool(
            url,
            min_size=0,
            max_size=size,
            connection_class=_Connection,
            init=prepare,
            command_timeout=10,
            timeout=5,
            statement_cache_size=512,
            # The kernel's few statements are planned once a connection, not for each set of values.
            server_settings={"plan_cache_mode": "force_generic_plan"},
        )
        engine = create_async_engine(
            sqlalchemy_form(url),
            pool_size=size,
            max_overflow=0,
            pool_timeout=5,
            pool_use_lifo=True,
            hide_parameters=True,
            connect_args={"timeout": 5, "command_timeout": 10},
        )
        return cls(pool, engine)

    async def close(self) -> None:
        await self.engine.dispose()
        self.pool.terminate()

    @asynccontextmanager
    async def reading(
        self, actor_id: UUID, family: UUID, *, one_snapshot: bool = False
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees what `actor_id` may see; with `one_snapshot` all its statements see the same moment, and none
        may write. Raises NotSignedIn for a disabled person or an ended log-in."""
        engine = self.engine
        if one_snapshot:
            engine = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        async with engine.connect() as connection, connection.begin():
            active = (await connection.execute(_READ, {"actor": actor_id, "family": family})).one()[1]
            if not active:
                raise NotSignedIn
            yield connection

    async def call(self, statement: str, *values: Any) -> list[asyncpg.Record]:
        """One statement outside any person's context: the listed look-ups before there is an actor."""
        async with self.pool.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(statement, *values)
            return rows
