"""The SQL of the inbox."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import RowMapping, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.notifications.models import InboxMessage
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts

MESSAGE = """
  SELECT m.id, m.place_id, m.version FROM inbox_message m
   WHERE m.id = ($3::jsonb ->> 'id')::uuid AND m.person_id = $1 FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class Message:
    """A message with the version that was seen."""

    id: UUID
    version: int
    place_id: UUID | None


READING = Facts(
    "jsonb_build_object('id', subject.id, 'version', subject.version, 'place_id', subject.place_id)", Message
)


async def list_inbox(
    connection: AsyncConnection, person_id: UUID, *, unread: bool, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """A person's messages, newest first."""
    m = InboxMessage
    columns = (
        m.id,
        m.topic,
        m.payload,
        m.subject_kind,
        m.subject_id,
        m.as_role,
        m.nobody_in_post,
        m.created_at,
        m.read_at,
    )
    query = (
        select(*(col(column) for column in columns))
        .where(col(m.person_id) == person_id)
        .order_by(col(m.created_at).desc(), col(m.id).desc())
        .limit(limit + 1)
    )
    if unread:
        query = query.where(col(m.read_at).is_(None))
    if after is not None:
        query = query.where(tuple_(col(m.created_at), col(m.id)) < tuple_(literal(after.created_at), literal(after.id)))
    return await rows(connection, query)


# Which order a message is about, as far as the reader reads it by now; where it is about a time, the one of that moment.
_ORDERS = text("""
SELECT m.id, s.name AS service_name, CASE m.topic
         WHEN 'order.appointment_proposed' THEN (
           SELECT a.meet_at FROM appointment a WHERE a.matter_id = m.subject_id AND a.proposed_at <= m.created_at
            ORDER BY a.proposed_at DESC LIMIT 1)
         WHEN 'order.appointment_confirmed' THEN (
           SELECT a.meet_at FROM appointment a WHERE a.matter_id = m.subject_id AND a.confirmed_at <= m.created_at
            ORDER BY a.confirmed_at DESC LIMIT 1) END AS meet_at
  FROM inbox_message m JOIN order_detail d ON d.matter_id = m.subject_id JOIN service s ON s.id = d.service_id
 WHERE m.id = ANY (CAST(:ids AS uuid[]))""")


async def orders_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """By message, the service of the order that it is about, and the time that it names; without those of no order."""
    found = (await connection.execute(_ORDERS, {"ids": list(ids)})).mappings()
    return {row["id"]: row for row in found}
