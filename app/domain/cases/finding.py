"""Finding cases by what is written on them, as orders are found (migrations/sql/0008_lists.sql)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.repository import SHOWN, Filters
from app.kernel.pagination import Cursor, bounds


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: words in what is written, or exactly one case."""

    words: str | None = None
    case_id: UUID | None = None


_FOUND = text(f"""
WITH found AS MATERIALIZED (
  SELECT matter_id FROM find_cases(:words, CAST(:case_id AS uuid), CAST(:states AS text[]), :category, CAST(:place AS uuid),
    CAST(:since AS timestamptz), CAST(:until AS timestamptz), :overdue, CAST(:after AS timestamptz), CAST(:last AS uuid), :most))
{SHOWN} AND m.id IN (SELECT matter_id FROM found) ORDER BY m.created_at DESC, m.id DESC LIMIT :most""")


async def search(
    connection: AsyncConnection, wanted: Wanted, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The cases that the reader finds, newest first: those of the places where they are officers, and their own; one more
    than `limit`."""
    narrowed = {name: filters.values()[name] for name in ("states", "category", "place", "since", "until", "overdue")}
    asked = {"words": wanted.words, "case_id": wanted.case_id, **narrowed, **bounds(after, limit)}
    return (await connection.execute(_FOUND, asked)).mappings().all()
