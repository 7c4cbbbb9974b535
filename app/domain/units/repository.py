"""The lists of units, of who works there, and of who answers for what."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.units.errors import UnitNotFound
from app.kernel.pagination import Cursor

_UNITS = """
SELECT u.id, u.name, u.kind, u.place_id, p.name AS place_name, u.created_at, u.closed_at, app_unit(u.id) AS my_post
  FROM unit u JOIN place p ON p.id = u.place_id"""

_LISTED = """
 WHERE (CAST(:place AS uuid) IS NULL
        OR EXISTS (SELECT 1 FROM place_ancestor a WHERE a.place_id = :place AND a.ancestor_id = u.place_id))
   AND (CAST(:kind AS text) IS NULL OR u.kind = :kind) AND (CAST(:closed AS boolean) = (u.closed_at IS NOT NULL))
   AND (NOT CAST(:mine AS boolean) OR app_unit(u.id) IS NOT NULL)
   AND (CAST(:after_at AS timestamptz) IS NULL OR (u.created_at, u.id) < (:after_at, CAST(:after_id AS uuid)))
 ORDER BY u.created_at DESC, u.id DESC LIMIT :limit"""


def _from(after: Cursor | None, limit: int) -> dict[str, Any]:
    return {"after_at": after and after.created_at, "after_id": after and after.id, "limit": limit + 1}


async def list_units(
    connection: AsyncConnection,
    place_id: UUID | None,
    kind: str | None,
    *,
    closed: bool,
    mine: bool,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The units that serve a place (None: all), or in which the reader works, newest first; one more than `limit`."""
    asked = {"place": place_id, "kind": kind, "closed": closed, "mine": mine, **_from(after, limit)}
    return (await connection.execute(text(_UNITS + _LISTED), asked)).mappings().all()


async def get_unit(connection: AsyncConnection, unit_id: UUID) -> RowMapping:
    """One unit. Raises UnitNotFound."""
    found = (await connection.execute(text(_UNITS + " WHERE u.id = :id"), {"id": unit_id})).mappings().one_or_none()
    if found is None:
        raise UnitNotFound
    return found


async def list_members(connection: AsyncConnection, unit_id: UUID) -> Sequence[RowMapping]:
    """Who works in a unit, longest first, with whom they stand in for; empty for whoever may not know."""
    asked = text("SELECT r.* FROM unit_roster(CAST(:id AS uuid)) r")
    return (await connection.execute(asked, {"id": unit_id})).mappings().all()


_REGISTER = """
SELECT r.id, r.category, (SELECT c.name FROM case_category c
          LEFT JOIN place_ancestor a ON a.place_id = r.place_id AND a.ancestor_id = c.place_id
         WHERE c.code = r.category AND (c.place_id IS NULL OR a.place_id IS NOT NULL)
         ORDER BY coalesce(a.depth, 99), c.estate_type, c.version DESC LIMIT 1) AS category_name,
       r.place_id, p.name AS place_name, r.unit_id, u.name AS unit_name, r.from_at, r.until_at
  FROM responsibility r JOIN place p ON p.id = r.place_id JOIN unit u ON u.id = r.unit_id
 WHERE (CAST(:place AS uuid) IS NULL
        OR EXISTS (SELECT 1 FROM place_ancestor a WHERE a.place_id = :place AND a.ancestor_id = r.place_id))
   AND (CAST(:category AS text) IS NULL OR r.category = :category)
   AND (CAST(:unit AS uuid) IS NULL OR r.unit_id = :unit)
   AND (CAST(:past AS boolean) OR r.until_at IS NULL)
   AND (CAST(:after_at AS timestamptz) IS NULL OR (r.from_at, r.id) < (:after_at, CAST(:after_id AS uuid)))
 ORDER BY r.from_at DESC, r.id DESC LIMIT :limit"""


async def list_register(
    connection: AsyncConnection,
    place_id: UUID | None,
    category: str | None,
    unit_id: UUID | None,
    *,
    past: bool,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Who answers for what at a place – its own entries and those from above –, with `past` those that have ended as well, newest
    first; one more than `limit`."""
    asked = {"place": place_id, "category": category, "unit": unit_id, "past": past, **_from(after, limit)}
    return (await connection.execute(text(_REGISTER), asked)).mappings().all()


async def get_import(connection: AsyncConnection, import_id: UUID) -> dict[str, Any]:
    """What an import of the reader's own has done, as the audit keeps it."""
    asked = text("SELECT note FROM audit WHERE subject_id = :id")
    note: dict[str, Any] = (await connection.execute(asked, {"id": import_id})).scalar_one()
    return note
