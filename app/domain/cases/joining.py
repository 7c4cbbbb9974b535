"""Neighbours who have the same trouble (附议): what is like it nearby, and joining it (domain.md §5)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases import errors
from app.domain.cases.limits import Case
from app.domain.cases.models import CaseReporter
from app.domain.cases.policy import LIFECYCLE, SIMILAR
from app.domain.cases.service import CASES
from app.kernel.change import Change, Office
from app.kernel.errors import NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor

SHOWN = 5
"""So many similar cases are shown."""


@CASES.moves("join", read_by_others=("words",), joins=True)
def join(case: Case, actor: Actor, now: datetime, *, words: str) -> Change:
    """Join an open case of one's own street with a report of one's own; from now on one sees it, and is called back. Raises
    AlreadyJoined."""
    if "reporter" in actor.parts or actor.id in (case.requester_id, case.beneficiary_id):
        raise errors.AlreadyJoined
    change = LIFECYCLE.move(case, "join", actor, now).tell_office(Office.SEAT, "case.joined")
    about = {"id": new_id(), "matter_id": case.id, "place_id": case.place_id}
    return change.insert(CaseReporter, **about, person_id=actor.id, words=words, joined_at=now)


_SIMILAR = text("""
SELECT s.case_id, s.state, s.ours, s.words, s.spot, s.created_at, s.category_name,
       p.name AS place_name
  FROM similar_cases(:place_id, :category, :words, :most) s
  JOIN place p ON p.id = CASE WHEN s.ours THEN s.community_id ELSE s.street_id END
 ORDER BY s.ours DESC, s.likeness DESC, s.created_at DESC, s.case_id""")


_ASKS = text("""
SELECT may_ask_about(p.id, :roles) AS may, app_works(:roles) AS works, EXISTS (
         SELECT 1 FROM place_ancestor a JOIN place c ON c.id = a.ancestor_id AND c.level = 'community' WHERE a.place_id = p.id)
         AS below_community
  FROM place p WHERE p.id = :place_id""")


async def list_similar(connection: AsyncConnection, place_id: UUID, category: str, words: str) -> Sequence[RowMapping]:
    """Open cases near a place that say something alike, one's own community's first; of another one only that it is there.
    Raises PlaceNotBelowCommunity, NotAllowed: the reader neither lives nor works there."""
    roles = [role for rule in SIMILAR for role in rule.roles]
    asks = (await connection.execute(_ASKS, {"place_id": place_id, "roles": roles})).mappings().one_or_none()
    if asks is None or not asks["below_community"]:
        raise errors.PlaceNotBelowCommunity
    if not asks["may"]:
        raise NotAllowed(
            "您不在这里居住或工作:请填您自己所在的社区、小区或网格,见 getMe"
            if asks["works"]
            else "您还没有加入社区:先用 joinPlace 选择您居住的社区"
        )
    asked = {"place_id": place_id, "category": category, "words": words, "most": SHOWN}
    return (await connection.execute(_SIMILAR, asked)).mappings().all()


VERBS = (join,)
