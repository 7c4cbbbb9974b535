"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`). Here: placing,
starting and delivering; `dispatching.py` brings an order to somebody, `promises.py` keeps its limits, `outcomes.py` ends it."""

from datetime import datetime
from uuid import UUID

from app.domain.orders import errors, policy
from app.domain.orders.models import OrderContact, OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import DETAIL, HOME, PLACING, Detail, Placing
from app.domain.services.errors import ServicePaused
from app.kernel.change import Change
from app.kernel.errors import FieldFault
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Room

Order = Matter[Detail]

ORDERS = Room(LIFECYCLE, detail=DETAIL, missing=errors.OrderNotFound)


@ORDERS.creates("place", subject=HOME, facts=PLACING, read_by_others=("note",))
def place(
    home: Placing,
    actor: Actor,
    now: datetime,
    *,
    service_id: UUID,
    note: str,
    name: bytes | None = None,
    phone: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Order a service where one lives, in one's community or estate (点单). Name, phone and address come sealed; those left out
    are taken from the person's file.

    Raises:
        NoCommunity: the resident has chosen none. ServiceNotOffered: not at this place, or withdrawn. ServicePaused.
        ContactMissing: neither given nor on file.
    """
    if home.place_id is None:
        raise errors.NoCommunity
    if not home.offered:
        raise errors.ServiceNotOffered
    if home.paused:
        raise ServicePaused
    name, phone, address = name or home.name_sealed, phone or home.phone_sealed, address or home.address_sealed
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
            address_sealed=address,
        )
        .tell_role(Role.DISPATCHER, "order.placed")
    )


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


@ORDERS.moves("deliver", read_by_others=("outcome",))
def deliver(order: Order, actor: Actor, now: datetime, *, outcome: str) -> Change:
    """Say that it is done, and what was done."""
    return (
        LIFECYCLE.move(order, "deliver", actor, now)
        .patch(OrderDetail, matter_id=order.id, outcome=outcome)
        .tell(order.requester_id, "order.delivered")
    )


VERBS = (place, start, deliver)
