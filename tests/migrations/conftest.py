"""Databases of their own: empty ones, and one that is migrated and may be spoiled."""

from collections.abc import Callable, Iterator

import pytest

from app.local.postgres import PostgresServer, create_database, drop_database
from tests.conftest import TEMPLATE


@pytest.fixture
def another_database(postgres: PostgresServer, worker_id: str) -> Iterator[Callable[..., str]]:
    """Makes a database for this test, empty or a copy of the migrated one; gives its owner's URL."""
    made: list[str] = []

    def make(*, migrated: bool = False) -> str:
        name = f"linli_migration_{worker_id}_{len(made)}"
        drop_database(postgres, name)
        made.append(name)
        create_database(postgres, name, template=TEMPLATE if migrated else None)
        return postgres.url("linli_owner", name)

    yield make
    for name in made:
        drop_database(postgres, name)
