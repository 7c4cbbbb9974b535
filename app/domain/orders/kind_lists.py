"""The readings of the special kinds of order: an errand's receipts, the service days of a place."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.orders.errors import OrderNotFound
from app.domain.orders.policy import PAPERS
from app.kernel.pagination import Cursor
from app.kernel.rules import to_sql

_RETURNS = text("SELECT count(*) FROM order_papers r WHERE r.matter_id = :order_id AND r.action = 'returned'")


async def count_returns(connection: AsyncConnection, order_id: UUID) -> int:
    """How often papers of an order came back; 0 also for an order that the reader does not see."""
    return int((await connection.execute(_RETURNS, {"order_id": order_id})).scalar_one())


_PAPERS = text(f"""
SELECT papers_back(:order_id) AS back,
       (SELECT coalesce(jsonb_agg(to_jsonb(r) ORDER BY r.acted_at, r.id), '[]')
          FROM order_papers r WHERE r.matter_id = :order_id) AS receipts,
       (SELECT array_agg(paper_signer(r.id) ORDER BY r.acted_at, r.id)
          FROM order_papers r WHERE r.matter_id = :order_id) AS signers,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('text', y.text, 'until_at', y.until_at, 'channel', y.channel,
                                                     'given_at', y.given_at, 'ended_at', y.ended_at, 'by', CASE
                                                       WHEN y.channel IS NOT NULL THEN 'staff'
                                                       WHEN y.given_by = m.beneficiary_id THEN 'resident'
                                                       ELSE 'representative' END)
                                  ORDER BY y.given_at, y.id), '[]')
          FROM order_authority y JOIN matter m ON m.id = y.matter_id WHERE y.matter_id = :order_id) AS authorities,
       EXISTS (SELECT 1 FROM matter WHERE matter.id = :order_id AND {to_sql(PAPERS)}) AS theirs""")


async def list_papers(connection: AsyncConnection, order_id: UUID) -> RowMapping:
    """The authority given on an errand and the receipts for its papers, oldest first, with the sealed names of who signed them;
    of somebody who no longer has the order, the receipts that they signed. Raises OrderNotFound."""
    row = (await connection.execute(_PAPERS, {"order_id": order_id})).mappings().one()
    if not row["theirs"] and not row["receipts"]:
        raise OrderNotFound
    return row


_DAYS = text("""
SELECT d.id, d.place_id, p.name AS place_name, d.team_id, w.name AS team_name, d.service_id, s.name AS service_name,
       d.starts_at, d.spot,
       (SELECT jsonb_agg(jsonb_build_object('id', t.id, 'starts_at', t.starts_at, 'minutes', t.minutes,
                                            'capacity', t.capacity, 'free', CASE WHEN team_lead(d.team_id) IS NULL THEN 0
                                                                   ELSE t.capacity - places_taken(t.id) END)
                         ORDER BY t.starts_at) FROM service_slot t WHERE t.day_id = d.id) AS slots
  FROM service_day d JOIN place_ancestor a ON a.ancestor_id = d.place_id AND a.place_id = :place_id
  JOIN place p ON p.id = d.place_id JOIN service s ON s.id = d.service_id LEFT JOIN team w ON w.id = d.team_id
 WHERE d.cancelled_at IS NULL AND d.starts_at >= coalesce(:from_at, app_now())
   AND (CAST(:until_at AS timestamptz) IS NULL OR d.starts_at < :until_at)
   AND (CAST(:after_at AS timestamptz) IS NULL OR (d.starts_at, d.id) > (:after_at, CAST(:after_id AS uuid)))
 ORDER BY d.starts_at, d.id LIMIT :rows""")


async def list_days(
    connection: AsyncConnection,
    place_id: UUID,
    from_at: datetime | None,
    until_at: datetime | None,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The service days that somebody who lives at a place may book, in [from_at, until_at), soonest first; those to come,
    where no start is given."""
    asked = {
        "place_id": place_id,
        "from_at": from_at,
        "until_at": until_at,
        "after_at": after and after.created_at,
        "after_id": after and after.id,
        "rows": limit + 1,
    }
    return (await connection.execute(_DAYS, asked)).mappings().all()
