"""What is read on a case beside its steps: what its reporters were told and asked, and why it was not solved."""

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.errors import CaseNotFound


class Said(StrEnum):
    """What is read on a case: a `case_post` by its kind, or what a reporter said when it was not solved (`callback_try`)."""

    CONTACT = "contact"
    REPLY = "reply"
    UNSOLVED = "unsolved"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _SAID[self]


_SAID = {Said.CONTACT: "联系", Said.REPLY: "答复", Said.UNSOLVED: "没有解决"}

_POSTS = text("""
SELECT q.*
  FROM case_detail d LEFT JOIN (
    SELECT p.id, p.matter_id, p.kind, p.round, p.text, p.channel, p.posted_at, p.posted_by = app_actor() AS by_me
      FROM case_post p WHERE p.matter_id = :case_id
     UNION ALL
    SELECT w.id, CAST(:case_id AS uuid), 'unsolved', w.round, w.words, w.channel, w.said_at, w.by_me
      FROM unsolved_words(:case_id) w) q ON q.matter_id = d.matter_id
 WHERE d.matter_id = :case_id ORDER BY q.posted_at, q.id""")


async def list_posts(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """What was said on a case, oldest first, as far as the reader may know. Raises CaseNotFound."""
    found = (await connection.execute(_POSTS, {"case_id": case_id})).mappings().all()
    if not found:
        raise CaseNotFound
    return [row for row in found if row["id"] is not None]
