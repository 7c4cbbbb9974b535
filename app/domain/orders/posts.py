"""What is read on an order beside its steps: what was said, and why somebody did not take or do it."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.orders.errors import OrderNotFound


class Said(StrEnum):
    """What is read on an order: an `order_post` by its kind, or why somebody did not take or do it (`order_refusal`)."""

    CONTACT = "contact"
    REPLY = "reply"
    QUESTION = "question"
    ANSWER = "answer"
    PLAN = "plan"
    DECLINED = "declined"
    RELEASED = "released"
    ABORTED = "aborted"
    TAKEN_BACK = "taken_back"
    MISSED = "missed"
    COMPLAINT = "complaint"

    @property
    def label(self) -> str:
        return _SAID[self]


_SAID = {
    Said.CONTACT: "联系",
    Said.REPLY: "答复",
    Said.QUESTION: "问题",
    Said.ANSWER: "回答",
    Said.PLAN: "方案",
    Said.DECLINED: "谢绝的原因",
    Said.RELEASED: "退回的原因",
    Said.ABORTED: "中止的说明",
    Said.TAKEN_BACK: "收回的原因",
    Said.MISSED: "失约",
    Said.COMPLAINT: "居民一方的意见",
}


# What was said to the resident and by them; and why somebody did not take or do it, for whoever row-level security shows that
# to: the staff, who said it, and who it was themselves – who never learns of a complaint, whatever else they are at the place.
_POSTS = text("""
SELECT q.*, p.name_sealed
  FROM order_detail d
  LEFT JOIN (
    SELECT s.id, s.matter_id, s.kind, s.round, s.text, s.channel, s.answers, s.owner_id, s.steps, s.promised_at, s.posted_at,
           s.posted_by, EXISTS (SELECT 1 FROM order_post a WHERE a.answers = s.id) AS answered, NULL::uuid AS about_id
      FROM order_post s WHERE s.matter_id = :order_id
     UNION ALL
    SELECT r.id, r.matter_id, r.reason, r.round, coalesce(r.text, ''), NULL, NULL, NULL, NULL, NULL, r.refused_at,
           r.refused_by, false, r.person_id
      FROM order_refusal r
     WHERE r.matter_id = :order_id AND (r.reason = 'complaint' AND r.person_id <> app_actor()
            OR r.reason <> 'complaint' AND r.text IS NOT NULL)) q ON q.matter_id = d.matter_id
  LEFT JOIN person p ON p.id = q.about_id
 WHERE d.matter_id = :order_id ORDER BY q.posted_at, q.id""")


async def list_posts(connection: AsyncConnection, order_id: UUID) -> Sequence[RowMapping]:
    """What was said on an order, oldest first. Raises OrderNotFound."""
    found = (await connection.execute(_POSTS, {"order_id": order_id})).mappings().all()
    if not found:
        raise OrderNotFound
    return [row for row in found if row["id"] is not None]
