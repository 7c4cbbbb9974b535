"""Finding orders: search, what waits for somebody in order of what is going late, and a period for an export."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, RowMapping, Select, TextClause, Uuid, func, literal_column, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.orders.clocks import steps_of_order
from app.domain.orders.errors import ExportTooLarge
from app.domain.orders.filters import Filters
from app.domain.orders.policy import staff
from app.domain.orders.repository import listed_orders, shown_orders
from app.domain.places.errors import PlaceNotFound
from app.kernel.database import rows
from app.kernel.errors import NotAllowed
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor, bounds
from app.kernel.tables import MatterRow

MOST_EXPORTED = 10_000
BATCH = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for: words in what is written, or exactly one order, or the phone of its contact (a blind index)."""

    words: str | None = None
    order_id: UUID | None = None
    phone_index: bytes | None = None


_FOUND = text("""
SELECT DISTINCT f.matter_id, f.created_at AS place_in_list
  FROM find_orders(:words, CAST(:order_id AS uuid), :phone, CAST(:states AS text[]), CAST(:service AS uuid),
                   CAST(:place AS uuid), CAST(:since AS timestamptz), CAST(:until AS timestamptz), :overdue,
                   CAST(:after AS timestamptz), CAST(:last AS uuid), :most) f
 ORDER BY f.created_at DESC, f.matter_id DESC LIMIT :most""")

_WAITING = text("""
SELECT w.matter_id, w.due_at AS place_in_list
  FROM waiting_orders(CAST(:states AS text[]), CAST(:service AS uuid), CAST(:place AS uuid), CAST(:since AS timestamptz),
                      CAST(:until AS timestamptz), :overdue, CAST(:after AS timestamptz), CAST(:last AS uuid), :most) w""")


def _listed(which: TextClause, *, newest_first: bool) -> Select[*tuple[Any, ...]]:
    """What a function found, read through the policies again, in its order."""
    found = which.columns(Column("matter_id", Uuid), Column("place_in_list", DateTime(timezone=True))).subquery("found")
    key = (found.c.place_in_list, found.c.matter_id)
    query = listed_orders().add_columns(found.c.place_in_list).join(found, found.c.matter_id == col(MatterRow.id))
    return query.order_by(*(column.desc() if newest_first else column for column in key))


async def search(
    connection: AsyncConnection, wanted: Wanted, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The orders that the reader finds, newest first: those of the places where they are staff, and their own."""
    asked = {"words": wanted.words, "order_id": wanted.order_id, "phone": wanted.phone_index}
    query = _listed(_FOUND, newest_first=True).params(**asked, **filters.values(), **bounds(after, limit))
    return await rows(connection, query)


async def list_pool(
    connection: AsyncConnection, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """What waits for somebody, what is going late first: to those who dispatch, all that their places have; to volunteers,
    what is open. `place_in_list` is the earliest of an order's live deadlines."""
    query = _listed(_WAITING, newest_first=False).params(**filters.values(), **bounds(after, limit))
    return await rows(connection, query)


_MAY_EXPORT = text("""
SELECT app_reaches(p.id, '{administrator,dispatcher,secretary}') AS may FROM place p WHERE p.id = :place_id""")

_AUDITED = text("""
INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
VALUES (:id, 1, 'order', :place_id, 'export', app_actor(), app_now(),
        jsonb_build_object('since', CAST(:since AS timestamptz), 'until', CAST(:until AS timestamptz),
                           'rows', CAST(:rows AS int)))""")


_MISSES = "(SELECT count(*) FROM mark k WHERE k.matter_id = matter.id AND k.percent = 100)"
_EXCLUDED = "(SELECT count(*) FROM exclusion e WHERE e.matter_id = matter.id AND e.upheld)"


async def export(connection: AsyncConnection, filters: Filters) -> AsyncIterator[Sequence[RowMapping]]:
    """The orders of a place and a period, the oldest first, batch by batch; at the end the export stands in the audit. Raises
    PlaceNotFound, NotAllowed, and ExportTooLarge as soon as there are too many."""
    asked = {"place_id": filters.place_id}
    place = (await connection.execute(_MAY_EXPORT, asked)).one_or_none()
    if place is None:
        raise PlaceNotFound
    if not place.may:
        raise NotAllowed(rules=(staff,))
    shown = shown_orders().add_columns(
        steps_of_order(),
        literal_column(_MISSES).label("misses"),
        literal_column(_EXCLUDED).label("excluded"),
        func.app_now().label("now"),
    )
    query = filters.narrow(shown).order_by(col(MatterRow.created_at), col(MatterRow.id))
    count = 0
    result = await connection.stream(query.limit(MOST_EXPORTED + 1))
    async for batch in result.mappings().partitions(BATCH):
        count += len(batch)
        if count > MOST_EXPORTED:
            raise ExportTooLarge
        yield batch
    period = {"since": filters.since, "until": filters.until}
    await connection.execute(_AUDITED, {"id": new_id(), **asked, **period, "rows": count})
