"""The SQL of the services."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import RowMapping, literal, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.places.models import Place, PlaceAncestor
from app.domain.services.models import Service
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.text import contains

PLACE = "SELECT p.id, p.id AS place_id FROM place p WHERE p.id = ($3::jsonb ->> 'place_id')::uuid"


async def list_services(
    connection: AsyncConnection, place_id: UUID, search: str | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """What can be ordered at a place: published there or above it, not withdrawn, oldest first."""
    s = Service
    query = (
        select(col(s.id), col(s.name), col(s.description), col(s.created_at), col(s.place_id))
        .add_columns(col(Place.name).label("place_name"))
        .join(PlaceAncestor, col(PlaceAncestor.ancestor_id) == col(s.place_id))
        .join(Place, col(Place.id) == col(s.place_id))
        .where(col(PlaceAncestor.place_id) == place_id, col(s.withdrawn_at).is_(None))
        .order_by(col(s.created_at), col(s.id))
        .limit(limit + 1)
    )
    if search:
        query = query.where(col(s.name).like(contains(search)))
    if after is not None:
        query = query.where(tuple_(col(s.created_at), col(s.id)) > tuple_(literal(after.created_at), literal(after.id)))
    return await rows(connection, query)
