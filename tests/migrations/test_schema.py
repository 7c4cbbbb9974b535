"""The migrations make the schema that the models describe: once, on an empty database, whoever else tries at the same time."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import create_mock_engine
from sqlmodel import SQLModel

import app.models  # noqa: F401 - every table
from tests.conftest import migrate

ROOT = Path(__file__).parents[2]
OwnersUrl = Callable[..., str]

TABLES = """
  SELECT c.relname || ': ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
         || CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END || coalesce(' = ' || pg_get_expr(f.adbin, f.adrelid), '')
         || coalesce(' COLLATE ' || nullif(o.collname, 'default'), '')
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef f ON f.adrelid = c.oid AND f.adnum = a.attnum LEFT JOIN pg_collation o ON o.oid = a.attcollation
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
  UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT conrelid::regclass || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
             WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't') AND conrelid <> 0"""

ONLY_IN_SQL = {
    # A token and its times, which only functions write.
    "refresh_token: CHECK ((seq > 0))",
    "refresh_token: CHECK ((octet_length(token_hash) = 32))",
    "refresh_token: CHECK ((expires_at > issued_at))",
}


def config(url: str) -> Config:
    made = Config(attributes={"url": url})
    made.set_main_option("script_location", "migrations")
    return made


def ask(url: str, *statements: str) -> list[Any]:
    """Run statements as the owner; the first column of the last one's rows."""

    async def run() -> list[Any]:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return [row[0] for row in await connection.fetch(statements[-1])]
        finally:
            await connection.close()

    return asyncio.run(run())


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(config("")).get_heads()) == 1


def test_the_models_and_the_migrated_schema_do_not_drift(another_database: OwnersUrl) -> None:
    url = another_database(migrated=True)
    command.check(config(url))
    ask(url, "ALTER TABLE matter ADD COLUMN nobody_told_the_models int", "SELECT 1")
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(config(url))


def test_columns_indexes_and_constraints_are_those_of_the_models(another_database: OwnersUrl) -> None:
    """Further than alembic looks: predicates of indexes, check constraints, defaults, collations."""
    statements: list[str] = []
    engine = create_mock_engine(
        "postgresql://", lambda ddl, *_a, **_k: statements.append(str(ddl.compile(dialect=engine.dialect)))
    )
    SQLModel.metadata.create_all(engine, checkfirst=False)
    described = set(ask(another_database(), *statements, TABLES))
    migrated = {line for line in ask(another_database(migrated=True), TABLES) if "alembic_version" not in line}
    assert described - migrated == set()
    assert migrated - described == ONLY_IN_SQL


def test_an_empty_database_is_migrated_and_the_second_time_nothing_happens(another_database: OwnersUrl) -> None:
    url = another_database()
    migrate(url)
    before = ask(url, "SELECT c.xmin::text || c.relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace")
    assert before
    migrate(url)
    assert before == ask(
        url, "SELECT c.xmin::text || c.relname FROM pg_class c WHERE relnamespace = 'public'::regnamespace"
    )
    command.check(config(url))


def test_two_migrations_at_once_run_it_once(another_database: OwnersUrl) -> None:
    """Both wait behind a lock that we hold, longer than a migration waits for a table; then one works, one has nothing to do."""
    url = another_database()
    waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
    waiting += " (SELECT oid FROM pg_database WHERE datname = current_database())"
    environment = {**os.environ, "LINLI_MODE": "local", "LINLI_MIGRATION_URL": url}

    async def race() -> list[subprocess.Popen[str]]:
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("SELECT pg_advisory_lock(hashtext('linli migrations'))")
            racers = [
                subprocess.Popen(
                    [sys.executable, "-m", "app.cli", "migrate"],
                    cwd=ROOT,
                    env=environment,
                    text=True,
                    stderr=subprocess.PIPE,
                )
                for _ in range(2)
            ]
            give_up = time.monotonic() + 60
            while await connection.fetchval(waiting) < 2:
                assert time.monotonic() < give_up, "they do not wait for each other"
                await asyncio.sleep(0.1)
            await asyncio.sleep(3.2)
        finally:
            await connection.close()
        return racers

    ends = [(racer.communicate(timeout=60)[1], racer.returncode) for racer in asyncio.run(race())]
    assert [code for _, code in ends] == [0, 0], ends
    assert ask(url, "SELECT version_num FROM alembic_version") == [
        ScriptDirectory.from_config(config("")).get_current_head()
    ]
    command.check(config(url))
