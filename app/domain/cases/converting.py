"""How an order becomes a case (转为事项): the case has its story, its people and the time already used (domain.md §3, §4.7)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases.facts import CATALOGUE
from app.domain.cases.models import CaseDetail, CaseReporter, ReportedAs
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor
from app.kernel.verbs import Facts

CONVERTED = f"""
  SELECT asked.id, asked.place_id, c.code AS category, c.id AS category_id
    FROM (SELECT o.id, o.place_id, wanted.category, wanted.rank
            FROM matter o JOIN order_detail d ON d.matter_id = o.id JOIN service s ON s.id = d.service_id
            CROSS JOIN LATERAL (VALUES (1, coalesce(s.category, '')), (2, 'other')) wanted(rank, category)
           WHERE o.id = ($3::jsonb ->> 'id')::uuid AND o.kind = 'order' AND o.state = 'converted') asked
    {CATALOGUE} WHERE c.id IS NOT NULL ORDER BY asked.rank LIMIT 1"""
"""A converted order. Its case has the category that is called as its service's, else `other`."""


@dataclass(frozen=True, slots=True)
class Order:
    """The order as the case takes it over: of a representative whose consent stands by now, else of whom it serves. `taken`: it
    is a case already; `secretary_id`: who holds the case."""

    id: UUID
    place_id: UUID
    community_id: UUID
    category: str
    category_id: UUID
    requester_id: UUID
    beneficiary_id: UUID
    placed_by: UUID
    placed_at: datetime
    words: str
    taken: bool
    secretary_id: UUID | None


ORDER = Facts(
    """(SELECT jsonb_build_object('id', o.id, 'place_id', o.place_id, 'category', subject.category,
         'category_id', subject.category_id, 'beneficiary_id', o.beneficiary_id,
         'requester_id', CASE WHEN person_represents(o.requester_id, o.beneficiary_id) THEN o.requester_id
                              ELSE o.beneficiary_id END,
         'placed_by', o.placed_by, 'placed_at', o.created_at, 'words', d.note,
         'community_id', (SELECT p.id FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id
                           WHERE a.place_id = o.place_id AND p.level = 'community'),
         'taken', EXISTS (SELECT 1 FROM case_detail k WHERE k.order_id = o.id),
         'secretary_id', (SELECT h.person_id FROM holders_of(o.place_id, 'secretary') h WHERE h.ordinal = 1))
          FROM matter o JOIN order_detail d ON d.matter_id = o.id WHERE o.id = subject.id)""",
    Order,
)


@CASES.creates("open_converted", subject=CONVERTED, facts=ORDER)
def open_converted(order: Order, actor: Actor, now: datetime) -> Change:
    """The case of an order that was converted, held by the community's secretary; its limit began when the order was placed.
    Raises TransitionRefused: the order has its case already."""
    if order.taken:
        raise TransitionRefused
    case: Matter[Any] = Matter(
        id=new_id(),
        kind=LIFECYCLE.kind,
        place_id=order.place_id,
        state="",
        version=0,
        round=1,
        requester_id=order.requester_id,
        beneficiary_id=order.beneficiary_id,
        placed_by=order.placed_by,
        assignee_id=None,
        seat_id=order.community_id,
        holder_id=order.secretary_id,
        open_pool=False,
        created_at=now,
        category=order.category,
        detail=None,
    )
    change = LIFECYCLE.create(case, "open_converted", actor, now).anchor("resolve_community", begins=order.placed_at)
    about = {"matter_id": change.id, "place_id": change.place_id}
    return change.insert(
        CaseDetail,
        **about,
        community_id=order.community_id,
        category_id=order.category_id,
        words=order.words,
        reported_as=ReportedAs.ORDER.value,
        order_id=order.id,
    ).insert(CaseReporter, **about, id=new_id(), person_id=order.requester_id, joined_at=now)


VERBS = (open_converted,)
