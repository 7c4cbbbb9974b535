"""Handing a shift over: what is open, to whom, and what the leaver held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.orders.errors import NotOnDuty
from app.domain.orders.policy import LIFECYCLE, SHIFT
from app.domain.orders.record_models import ShiftHandover
from app.domain.orders.service import ORDERS, Order
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record

SOON = timedelta(hours=2)
MOST_LATE = 200


@dataclass(frozen=True, slots=True)
class Shift:
    """What is open at a place and below it: how many by state, what is due within two hours or missed (at most two hundred, the
    most pressing first), and what the leaver holds."""

    place_id: UUID
    next_holds: bool
    counts: dict[str, int]
    late: list[dict[str, Any]]
    held: list[UUID]


# An order that is open, or waits to be rated, has a live deadline.
SHIFT_FACTS = Facts(
    f"""(
  WITH running AS MATERIALIZED (
    SELECT d.matter_id, d.kind, d.due_at FROM place_ancestor a JOIN deadline d ON d.place_id = a.place_id AND d.stopped_at IS NULL
     WHERE a.ancestor_id = subject.place_id),
  opened AS MATERIALIZED (
    SELECT m.id, m.state, m.holder_id FROM matter m WHERE m.id IN (SELECT r.matter_id FROM running r) AND m.kind = 'order')
  SELECT jsonb_build_object('place_id', subject.place_id,
    'next_holds', person_holds(($3::jsonb ->> 'next_id')::uuid, subject.place_id, 'dispatcher')
               OR person_holds(($3::jsonb ->> 'next_id')::uuid, subject.place_id, 'secretary'),
    'counts', (SELECT coalesce(jsonb_object_agg(c.state, c.n), '{{}}')
                 FROM (SELECT o.state, count(*) AS n FROM opened o GROUP BY o.state) c),
    'late', (SELECT coalesce(jsonb_agg(to_jsonb(l) ORDER BY l.due_at, l.order_id), '[]')
               FROM (SELECT r.matter_id AS order_id, r.kind, r.due_at FROM running r JOIN opened o ON o.id = r.matter_id
                      WHERE r.due_at <= app_now() + interval '{int(SOON.total_seconds())} seconds'
                      ORDER BY r.due_at, r.matter_id LIMIT {MOST_LATE}) l),
    'held', (SELECT coalesce(jsonb_agg(o.id ORDER BY o.id), '[]') FROM opened o WHERE o.holder_id = $1)))""",
    Shift,
)


@record("shift", "hand_over", subject=PLACE, facts=SHIFT_FACTS, missing=PlaceNotFound, read_by_others=("note",))
def hand_over_shift(shift: Shift, actor: Actor, now: datetime, *, place_id: UUID, next_id: UUID, note: str) -> Change:  # noqa: ARG001
    """End one's shift at a place: what is open is written down, whoever comes next is told, and what the leaver held becomes
    theirs, each matter through the door (domain.md §4.5: no deadline pauses or starts anew).

    Raises:
        NotAllowed. NotOnDuty: the next is no dispatcher or secretary there, or the leaver.
    """
    demand((SHIFT,), actor)
    if next_id == actor.id or not shift.next_holds:
        raise NotOnDuty
    change = Change.record("shift", new_id(), "hand_over", actor, now, place_id=shift.place_id)
    change.insert(
        ShiftHandover,
        id=change.id,
        place_id=shift.place_id,
        left_by=actor.id,
        taken_by=next_id,
        note=note,
        open_orders={"counts": shift.counts, "late": shift.late, "held": shift.held},
        handed_at=now,
    ).tell(next_id, "shift.handed_over")
    for order_id in shift.held:
        change.emit("order.hand_over", order_id=order_id, to=next_id, held_by=actor.id)
    return change.note(next_id=next_id, held=len(shift.held))


@ORDERS.moves("hand_over")
def hand_over(order: Order, actor: Actor, now: datetime, *, held_by: UUID, to: UUID) -> Change:
    """An order that the leaver of a shift held is held by whoever comes next; one that found another holder meanwhile stays
    theirs."""
    change = LIFECYCLE.move(order, "hand_over", actor, now)
    if order.holder_id != held_by:
        raise TransitionRefused
    return change.set(holder_id=to)


_HANDOVERS = text("""
SELECT h.id, h.place_id, p.name AS place_name, h.left_by, h.taken_by, h.note, h.open_orders, h.handed_at, (
         SELECT jsonb_object_agg(o.matter_id, jsonb_build_object('service_name', s.name, 'words', o.note))
           FROM order_detail o JOIN service s ON s.id = o.service_id
          WHERE o.matter_id IN (SELECT (late ->> 'order_id')::uuid FROM jsonb_array_elements(h.open_orders -> 'late') late)
       ) AS about,
       l.name_sealed AS left_name_sealed, t.name_sealed AS taken_name_sealed
  FROM shift_handover h JOIN place p ON p.id = h.place_id
  LEFT JOIN person l ON l.id = h.left_by LEFT JOIN person t ON t.id = h.taken_by
 WHERE h.place_id IN (SELECT a.place_id FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                       WHERE g.person_id = app_actor() AND g.role IN ('dispatcher', 'secretary', 'administrator'))
   AND (CAST(:place_id AS uuid) IS NULL OR h.place_id = CAST(:place_id AS uuid))
   AND (CAST(:at AS timestamptz) IS NULL OR (h.handed_at, h.id) < (CAST(:at AS timestamptz), CAST(:last AS uuid)))
 ORDER BY h.handed_at DESC, h.id DESC LIMIT :most""")


async def list_handovers(
    connection: AsyncConnection, place_id: UUID | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The shifts that were handed over at the reader's places, newest first."""
    asked = {"place_id": place_id, "at": after and after.created_at, "last": after and after.id, "most": limit + 1}
    return (await connection.execute(_HANDOVERS, asked)).mappings().all()


VERBS = (hand_over_shift, hand_over)
