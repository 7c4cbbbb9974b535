"""The verbs by which an order comes back from whoever accepted it: they give it back, the staff take it back, they have left
(domain.md §3, release). Each is pure, as in `service.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.orders import appointment_errors
from app.domain.orders.dispatching import refuse
from app.domain.orders.models import OrderState, TakeBack
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import ACCEPTED, LEFT, Accepted, Left
from app.domain.orders.resuming import end_booking, for_all, let_go
from app.domain.orders.service import ORDERS, Order
from app.domain.people.handing_back import WhyLeft
from app.domain.services.models import Form
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor, Role

BOOKING_LEFT = "承接的志愿者已离开"


@ORDERS.moves("release", facts=ACCEPTED, read_by_others=("reason",))
def release(
    order: Order, actor: Actor, now: datetime, *, facts: Accepted, reason: str, nobody_home: bool = False
) -> Change:
    """Give back what was accepted, with a reason that the community reads: what the acceptance, an appointment or a plan had
    stopped goes on with the time used (domain.md §3). A booking ends, and whoever it serves reads the reason. `nobody_home`: they
    stood at the door at the agreed time, and nobody opened. Raises AppointmentNotYet: no time is agreed on, or it is to come."""
    change = LIFECYCLE.move(order, "release", actor, now)
    if nobody_home:
        agreed = order.detail.agreed
        if agreed is None or now < agreed.meet_at or actor.id != order.assignee_id:
            raise appointment_errors.AppointmentNotYet
        change.note(nobody_home=True)
    if order.detail.booking_id is not None:
        return end_booking(order, facts.lead_id, actor, now, reason).tell_role(Role.DISPATCHER, "order.booking_let_go")
    refuse(change, order, order.assignee_id, "released", reason, round_number=order.round)
    let_go(change, order, facts, now)
    by_lead = actor.id != order.assignee_id
    if by_lead:
        change.tell(order.assignee_id, "order.taken_back", why="lead", **_void(order))
    why = "lead" if by_lead else "nobody_home" if nobody_home else "volunteer"
    change.tell_role(Role.DISPATCHER, "order.released", to=Role.DISPATCHER.value, why=why, **_next(order))
    return change.tell_served("order.released", why=why, **_next(order))


@ORDERS.moves("take_back", facts=ACCEPTED)
def take_back(order: Order, actor: Actor, now: datetime, *, facts: Accepted, reason: TakeBack) -> Change:
    """The staff take an order back, for a listed reason: from whom it was offered to by mistake, who need not answer any more and
    are not counted as a failure; or from whoever accepted it and does not come: then it goes on as when it is given back, and a
    booking ends. Raises AppointmentStands: with a confirmed appointment it comes back by itself, unless one side has said so."""
    change = LIFECYCLE.move(order, "take_back", actor, now).note(reason=reason)
    if order.detail.agreed is not None and not reason.heard:
        booked = order.detail.booking_id is not None
        raise appointment_errors.AppointmentStands(appointment_errors.SlotNotMovable.advice_zh if booked else None)
    if order.detail.booking_id is not None:
        return end_booking(order, facts.lead_id, actor, now, reason.label).tell(order.assignee_id, "order.cancelled")
    refuse(change, order, order.assignee_id, "taken_back", reason.label, round_number=order.round)
    let_go(change, order, facts, now)
    if order.state == OrderState.OFFERED:
        if order.open_pool:
            for_all(change)
        return change.tell(order.assignee_id, "order.offer_taken_back")
    change.tell(order.assignee_id, "order.taken_back", **_void(order))
    return change.tell_served("order.released", why=reason.value, **_next(order))


@ORDERS.moves("hand_back", facts=LEFT)
def hand_back(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Left,
    person_id: UUID,
    version: int | None = None,  # noqa: ARG001 - the facts look at it
    because: WhyLeft = WhyLeft.ROLE,
) -> Change:
    """Whoever had the order at `version` has left, and `because`: the team, or the volunteers. What they took since then, as
    somebody who may, stays theirs. If they began to serve it meanwhile it stays theirs too, and the dispatcher is told, as of all
    that was being served when they left (`people/handing_back.py`)."""
    if order.assignee_id != person_id or facts.taken_anew:
        raise TransitionRefused
    if order.state == OrderState.IN_SERVICE:
        change = LIFECYCLE.move(order, "server_leaves", actor, now)
        return change.tell_role(
            Role.DISPATCHER, "order.server_leaves", order_id=order.id, person_id=person_id, because=because
        )
    if order.detail.booking_id is not None:
        change = end_booking(order, facts.accepted.lead_id, actor, now, BOOKING_LEFT).tell(person_id, "order.cancelled")
        return change.tell_role(Role.DISPATCHER, "order.booking_let_go")
    change = LIFECYCLE.move(order, "hand_back", actor, now)
    let_go(change, order, facts.accepted, now)
    change.tell_role(Role.DISPATCHER, "order.handed_back", to=Role.DISPATCHER.value, why=because.value, **_next(order))
    if order.state == OrderState.OFFERED:
        unaware = because in (WhyLeft.LEAD, WhyLeft.TEAM, WhyLeft.DISBANDED)
        return change.tell(person_id if unaware else None, "order.offer_taken_back")
    change.tell(person_id, "order.taken_back", why="left", **_void(order))
    return change.tell_served("order.released", why="left", **_next(order))


def _void(order: Order) -> dict[str, Any]:
    """What a notice of an order that comes back says of the time that was agreed on with whoever had it."""
    met = order.detail.agreed
    return {"void": True, "meet_at": met.meet_at.isoformat()} if met is not None else {}


def _next(order: Order) -> dict[str, Any]:
    """And of what comes next: a wish is open to all again, and nobody dispatches it."""
    return _void(order) | ({"wish": True} if order.detail.form is Form.WISH else {})


VERBS = (release, take_back, hand_back)
