"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`)."""

from datetime import datetime
from uuid import UUID

from app.domain.orders import errors, policy
from app.domain.orders.facts import STARTING, TAKING, Starting, Taking
from app.domain.orders.models import OrderDetail, Rating
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import DETAIL, OFFERING, Detail, Offering
from app.kernel.change import Change
from app.kernel.errors import FieldFault, TransitionRefused
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Room

Order = Matter[Detail]

ORDERS = Room(LIFECYCLE, detail=DETAIL, missing=errors.OrderNotFound)


def _not_own(order: Order, represents: bool, *people: UUID) -> None:
    """Nobody dispatches or serves what they placed, represent or benefit from (domain.md §1). Raises OwnOrder."""
    own = {order.requester_id, order.beneficiary_id, order.detail.placed_by}
    if represents or own.intersection(people):
        raise errors.OwnOrder


@ORDERS.moves("offer", facts=OFFERING)
def offer(order: Order, actor: Actor, now: datetime, *, facts: Offering, volunteer_id: UUID) -> Change:
    """Offer an order to a volunteer (派单); it lapses when they stay silent.

    Raises:
        OwnOrder: the dispatcher's own order, or offered to whom it serves. VolunteerNotQualified.
    """
    change = LIFECYCLE.move(order, "offer", actor, now)
    _not_own(order, facts.represents, actor.id, volunteer_id)
    if not facts.qualified:
        raise errors.VolunteerNotQualified
    return change.set(assignee_id=volunteer_id).tell(volunteer_id, "order.offered")


@ORDERS.moves("lapse")
def lapse(order: Order, actor: Actor, now: datetime, *, deadline_id: UUID) -> Change:
    """The offer that `deadline_id` limited was not answered: back to the community, which is no decline. After the second,
    every qualified volunteer may claim."""
    change = LIFECYCLE.move(order, "lapse", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    failures = order.detail.failures + 1
    return (
        change.set(assignee_id=None, open_pool=order.open_pool or failures >= policy.LAPSES_BEFORE_POOL)
        .patch(OrderDetail, matter_id=order.id, failures=failures)
        .tell_role(Role.DISPATCHER, "order.lapsed")
        .note(failures=failures)
    )


@ORDERS.moves("accept", facts=TAKING)
def accept(order: Order, actor: Actor, now: datetime, *, facts: Taking) -> Change:
    """Take an order that was offered to oneself (接单).

    Raises:
        OwnOrder. VolunteerNotQualified: the role has ended since.
    """
    change = LIFECYCLE.move(order, "accept", actor, now)
    _not_own(order, facts.represents, actor.id)
    if Role.VOLUNTEER not in actor.roles:
        raise errors.VolunteerNotQualified
    return change.tell(order.requester_id, "order.accepted")


@ORDERS.moves("claim", facts=TAKING)
def claim(order: Order, actor: Actor, now: datetime, *, facts: Taking) -> Change:
    """Take an order that is open to all qualified volunteers (抢单): of many at once, exactly one wins. Raises OwnOrder."""
    change = LIFECYCLE.move(order, "claim", actor, now)
    _not_own(order, facts.represents, actor.id)
    if order.assignee_id != actor.id:
        change.tell(order.assignee_id, "order.taken")
    return change.set(assignee_id=actor.id).tell(order.requester_id, "order.accepted")


@ORDERS.moves("start", facts=STARTING)
def start(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Starting,
    code_fits: bool = False,
    card: bytes | None = None,
    unverified: bool = False,
) -> Change:
    """Begin to serve, shown the resident's start code or household card. A wrong one is counted, five close the door for ten
    minutes. Without either it is unverified, and takes that the staff reached the resident since the order was accepted.

    Raises:
        StartCodeWrong: counted. StartCodeLocked: too many within ten minutes. NotReached: nobody of the staff called.
    """
    change = LIFECYCLE.move(order, "start", actor, now)
    seen = order.detail
    if unverified and not facts.reached:
        raise errors.NotReached
    if not unverified and policy.code_is_locked(seen.wrong_codes, seen.wrong_codes_since, now):
        raise errors.StartCodeLocked
    if unverified or code_fits or facts.card_fits:
        if unverified != seen.unverified:
            change.patch(OrderDetail, matter_id=order.id, unverified=unverified)
        if unverified:
            change.note(unverified=True)
        return change.tell(order.requester_id, "order.started")
    first = seen.wrong_codes_since is None or now >= seen.wrong_codes_since + policy.WRONG_CODE_WINDOW
    return (
        LIFECYCLE.move(order, "wrong_code", actor, now)
        .patch(
            OrderDetail,
            matter_id=order.id,
            wrong_codes=1 if first else seen.wrong_codes + 1,
            wrong_codes_since=now if first else seen.wrong_codes_since,
        )
        .refuse(errors.StartCodeWrong())
    )


@ORDERS.moves("deliver")
def deliver(order: Order, actor: Actor, now: datetime, *, outcome: str) -> Change:
    """Say that it is done, and what was done."""
    return (
        LIFECYCLE.move(order, "deliver", actor, now)
        .patch(OrderDetail, matter_id=order.id, outcome=outcome)
        .tell(order.requester_id, "order.delivered")
    )


@ORDERS.moves("rate")
def rate(order: Order, actor: Actor, now: datetime, *, solved: str, stars: int, reason: str | None) -> Change:
    """Rate by the actual result (评单), once a round. Raises ReasonMissing for a low rating without one."""
    change = LIFECYCLE.move(order, "rate", actor, now)
    if reason is None and policy.needs_reason(stars, solved):
        raise errors.ReasonMissing(fields=(FieldFault("/body/reason", "missing", "评价较低时请说明原因"),))
    return change.insert(
        Rating,
        matter_id=order.id,
        round=order.round,
        place_id=order.place_id,
        rater_id=actor.id,
        solved=solved,
        stars=stars,
        reason=reason,
        rated_at=now,
        by_representative=actor.id != order.beneficiary_id,
    ).tell(order.assignee_id, "order.rated")


@ORDERS.moves("cancel")
def cancel(order: Order, actor: Actor, now: datetime, *, reason: str | None = None) -> Change:
    """Take an order back before it is served; whoever had it is told, and of requester and beneficiary the other one."""
    change = LIFECYCLE.move(order, "cancel", actor, now).tell(order.assignee_id, "order.cancelled")
    for other in {order.requester_id, order.beneficiary_id} - {actor.id}:
        change.tell(other, "order.cancelled")
    return change.patch(OrderDetail, matter_id=order.id, cancel_reason=reason) if reason else change


VERBS = (offer, lapse, accept, claim, start, deliver, rate, cancel)
