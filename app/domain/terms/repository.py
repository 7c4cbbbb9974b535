"""The SQL of the refused terms: what the verbs have to know, and the list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, literal, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.places.models import Place, PlaceAncestor
from app.domain.terms.models import RefusedTerm
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.tables import Audit
from app.kernel.text import contains, folded
from app.kernel.verbs import Facts

TERM = """
  SELECT t.id, t.place_id, t.version, t.ended_at FROM refused_term t
   WHERE t.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A term with whether it was removed."""

    id: UUID
    place_id: UUID
    version: int
    ended_at: datetime | None


KEPT = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'version', subject.version,
         'ended_at', subject.ended_at)""",
    Kept,
)
"""Of the row that is locked, which is newer than the statement's snapshot when two remove the term at once."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the place itself refuses already, folded."""

    folded: frozenset[str]


KNOWN = Facts(
    """(SELECT jsonb_build_object('folded', coalesce(jsonb_agg(t.folded), '[]')) FROM refused_term t
         WHERE t.place_id = subject.place_id AND t.ended_at IS NULL)""",
    Known,
)


async def list_terms(
    connection: AsyncConnection, place_id: UUID, search: str | None, *, ended: bool, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """What holds at a place: its own terms and those from above, newest first; `ended`: those that were removed.

    Each place gives one page at most, read from its index, so that few rows meet row-level security.
    """
    t, a = RefusedTerm, PlaceAncestor
    one = select(t.__table__).where(  # type: ignore[attr-defined]
        col(t.place_id) == col(a.ancestor_id), col(t.ended_at).is_not(None) if ended else col(t.ended_at).is_(None)
    )
    if search:
        one = one.where(col(t.folded).like(contains(folded(search) or search)))
    if after is not None:
        one = one.where(tuple_(col(t.added_at), col(t.id)) < tuple_(literal(after.created_at), literal(after.id)))
    page = one.order_by(col(t.added_at).desc(), col(t.id).desc()).limit(limit + 1).lateral("page")
    query = (
        select(page, col(Place.name).label("place_name"))
        .select_from(a)
        .join(Place, col(Place.id) == col(a.ancestor_id))
        .join(page, true())
        .where(col(a.place_id) == place_id)
        .order_by(page.c.added_at.desc(), page.c.id.desc())
        .limit(limit + 1)
    )
    return await rows(connection, query)


async def get_import(connection: AsyncConnection, import_id: UUID) -> dict[str, Any]:
    """What an import of the reader's own has done, as the audit keeps it."""
    query = select(col(Audit.note)).where(col(Audit.subject_id) == import_id)
    note: dict[str, Any] = (await connection.execute(query)).scalar_one()
    return note
