"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`)."""

from datetime import datetime, timedelta
from uuid import UUID

from app.domain.orders import errors, policy
from app.domain.orders.models import OrderContact, OrderDetail, Rating
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.record_models import ServiceRecord
from app.domain.orders.records import SERVED, Served
from app.domain.orders.repository import DETAIL, HOME, OFFERING, PLACING, Detail, Offering, Placing
from app.kernel.change import Change
from app.kernel.errors import FieldFault, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Room

Order = Matter[Detail]

ORDERS = Room(LIFECYCLE, detail=DETAIL, missing=errors.OrderNotFound)


@ORDERS.creates("place", subject=HOME, facts=PLACING)
def place(
    home: Placing,
    actor: Actor,
    now: datetime,
    *,
    service_id: UUID,
    note: str,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Order a service in one's own community (点单). Name, phone and address come sealed; those left out are taken from
    the person's file.

    Raises:
        NoCommunity: the resident has chosen none. ServiceNotOffered: not at this place, or withdrawn.
        ContactMissing: neither given nor on file.
    """
    if home.place_id is None:
        raise errors.NoCommunity
    if not home.offered:
        raise errors.ServiceNotOffered
    phone, phone_index = (phone, phone_index) if phone else (home.phone_sealed, home.phone_index)
    name, address = name or home.name_sealed, address or home.address_sealed
    if name is None or phone is None or address is None:
        given = {"name": name, "phone": phone, "address": address}
        raise errors.ContactMissing(
            fields=tuple(
                FieldFault(f"/body/contact/{field}", "missing", "请填写此项")
                for field, value in given.items()
                if value is None
            )
        )
    order: Order = Matter(
        id=new_id(),
        kind=LIFECYCLE.kind,
        place_id=home.place_id,
        state="",
        version=0,
        round=1,
        requester_id=actor.id,
        beneficiary_id=actor.id,
        assignee_id=None,
        holder_id=None,
        open_pool=False,
        created_at=now,
        category=home.category,
        detail=Detail(service_id, 0, 0, None),
    )
    return (
        LIFECYCLE.create(order, "place", actor, now)
        .insert(OrderDetail, matter_id=order.id, place_id=order.place_id, service_id=service_id, note=note)
        .insert(
            OrderContact,
            matter_id=order.id,
            place_id=order.place_id,
            name_sealed=name,
            phone_sealed=phone,
            phone_index=phone_index,
            address_sealed=address,
        )
        .tell_role(Role.DISPATCHER, "order.placed")
    )


@ORDERS.moves("offer", facts=OFFERING)
def offer(order: Order, actor: Actor, now: datetime, *, facts: Offering, volunteer_id: UUID) -> Change:
    """Offer an order to a volunteer (派单); it lapses when they stay silent.

    Raises:
        OwnOrder: the dispatcher's own order, or offered to whom it serves. VolunteerNotQualified.
    """
    change = LIFECYCLE.move(order, "offer", actor, now)
    own = {order.requester_id, order.beneficiary_id}
    if actor.id in own or volunteer_id in own:
        raise errors.OwnOrder
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


@ORDERS.moves("accept")
def accept(order: Order, actor: Actor, now: datetime) -> Change:
    """Take an order that was offered to oneself (接单). Raises VolunteerNotQualified when the role has ended since."""
    change = LIFECYCLE.move(order, "accept", actor, now)
    if Role.VOLUNTEER not in actor.roles:
        raise errors.VolunteerNotQualified
    return change.tell(order.requester_id, "order.accepted")


@ORDERS.moves("claim")
def claim(order: Order, actor: Actor, now: datetime) -> Change:
    """Take an order that is open to all qualified volunteers (抢单): of many at once, exactly one wins."""
    change = LIFECYCLE.move(order, "claim", actor, now)
    if actor.id in (order.requester_id, order.beneficiary_id):
        raise errors.OwnOrder
    if order.assignee_id != actor.id:
        change.tell(order.assignee_id, "order.taken")
    return change.set(assignee_id=actor.id).tell(order.requester_id, "order.accepted")


@ORDERS.moves("start")
def start(order: Order, actor: Actor, now: datetime, *, code_fits: bool) -> Change:
    """Begin to serve, shown the resident's start code. A wrong one is counted, five close the door for ten minutes.

    Raises:
        StartCodeWrong: counted. StartCodeLocked: too many within ten minutes.
    """
    change = LIFECYCLE.move(order, "start", actor, now)
    seen = order.detail
    if policy.code_is_locked(seen.wrong_codes, seen.wrong_codes_since, now):
        raise errors.StartCodeLocked
    if code_fits:
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


@ORDERS.moves("deliver", facts=SERVED)
def deliver(order: Order, actor: Actor, now: datetime, *, facts: Served, outcome: str) -> Change:
    """Say that it is done, and what was done; the time since the start goes into the record of hours."""
    return (
        LIFECYCLE.move(order, "deliver", actor, now)
        .patch(OrderDetail, matter_id=order.id, outcome=outcome)
        .insert(
            ServiceRecord,
            matter_id=order.id,
            round=order.round,
            place_id=order.place_id,
            person_id=actor.id,
            started_at=facts.started_at,
            ended_at=now,
            minutes=(now - facts.started_at) // timedelta(minutes=1),
        )
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
    ).tell(order.assignee_id, "order.rated")


@ORDERS.moves("cancel")
def cancel(order: Order, actor: Actor, now: datetime, *, reason: str | None = None) -> Change:
    """Take an order back before it is served; whoever had it is told."""
    change = LIFECYCLE.move(order, "cancel", actor, now).tell(order.assignee_id, "order.cancelled")
    return change.patch(OrderDetail, matter_id=order.id, cancel_reason=reason) if reason else change


VERBS = (place, offer, lapse, accept, claim, start, deliver, rate, cancel)
