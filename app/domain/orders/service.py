"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`). Here: placing,
starting and delivering; `dispatching.py` brings an order to somebody, `promises.py` keeps its limits, `outcomes.py` ends it."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from app.domain.orders import errors, policy
from app.domain.orders.kind_facts import papers_out
from app.domain.orders.models import OrderContact, OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import DETAIL, HOME, PLACING, Detail, Placing
from app.domain.services.errors import ServicePaused
from app.domain.services.models import Form
from app.kernel.change import Change
from app.kernel.errors import FieldFault, Refusal
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
    are taken from the person's file. A wish is open to all from now on, and goes to nobody by dispatch.

    Raises:
        NoCommunity: the resident has chosen none. ServiceNotOffered: not at this place, or withdrawn. ServicePaused.
        SlotsAreBooked: its service is given on service days.
        ContactMissing: neither given nor on file.
    """
    if home.place_id is None:
        raise errors.NoCommunity
    if not home.offered:
        raise errors.ServiceNotOffered
    if home.paused:
        raise ServicePaused
    if home.form == Form.SERVICE_DAY:
        raise errors.SlotsAreBooked
    order = new_order(home, actor, now, service_id)
    wish = home.form == Form.WISH
    if wish:
        order = replace(order, open_pool=True)
    change = LIFECYCLE.create(order, "wish" if wish else "place", actor, now)
    describe(change, home, service_id, note, name=name, phone=phone, address=address)
    return change.tell_role(Role.DISPATCHER, "order.wished" if wish else "order.placed")


def new_order(home: Placing, actor: Actor, now: datetime, service_id: UUID) -> Order:
    """An order of the actor's, at home. Raises NoCommunity: they have chosen none."""
    if home.place_id is None:
        raise errors.NoCommunity
    return Matter(
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
        detail=Detail(service_id, 0, 0, None, form=home.form),
    )


def describe(
    change: Change,
    home: Placing,
    service_id: UUID,
    note: str,
    *,
    name: bytes | None,
    phone: bytes | None,
    address: bytes | None,
) -> None:
    """What a new order is about, and whom to go to. Raises ContactMissing: neither given nor on file."""
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
    about = {"matter_id": change.id, "place_id": change.place_id}
    change.insert(OrderDetail, **about, service_id=service_id, note=note, form=home.form.value)
    change.insert(OrderContact, **about, name_sealed=name, phone_sealed=phone, address_sealed=address)


@ORDERS.moves("start")
def start(order: Order, actor: Actor, now: datetime, *, code_fits: bool) -> Change:
    """Begin to serve, shown the resident's start code. A wrong one is counted, five close the door for ten minutes.

    Raises:
        ErrandStartsWithPapers. StartCodeWrong: counted. StartCodeLocked: too many within ten minutes.
    """
    change = LIFECYCLE.move(order, "start", actor, now)
    if not policy.suits("start", order.detail.form):
        raise errors.ErrandStartsWithPapers
    if code_is_right(order, now, code_fits=code_fits):
        return change.tell(order.requester_id, "order.started")
    return wrong_code(order, actor, now)


def code_is_right(order: Order, now: datetime, *, code_fits: bool) -> bool:
    """Whether the code that the resident's phone shows was given. Raises StartCodeLocked: not looked at for now."""
    if policy.code_is_locked(order.detail.wrong_codes, order.detail.wrong_codes_since, now):
        raise errors.StartCodeLocked
    return code_fits


def wrong_code(
    order: Order,
    actor: Actor,
    now: datetime,
    action: str = "wrong_code",
    refusal: type[Refusal] = errors.StartCodeWrong,
) -> Change:
    """A wrong code is counted, and then refused."""
    seen = order.detail
    first = seen.wrong_codes_since is None or now >= seen.wrong_codes_since + policy.WRONG_CODE_WINDOW
    return (
        LIFECYCLE.move(order, action, actor, now)
        .patch(
            OrderDetail,
            matter_id=order.id,
            wrong_codes=1 if first else seen.wrong_codes + 1,
            wrong_codes_since=now if first else seen.wrong_codes_since,
        )
        .refuse(refusal())
    )


@ORDERS.moves("deliver", read_by_others=("outcome",))
def deliver(order: Order, actor: Actor, now: datetime, *, outcome: str) -> Change:
    """Say that it is done, and what was done. Raises PapersOut: an errand's papers come back first."""
    change = LIFECYCLE.move(order, "deliver", actor, now)
    if papers_out(order.detail.receipts):
        raise errors.PapersOut
    return change.patch(OrderDetail, matter_id=order.id, outcome=outcome).tell(order.requester_id, "order.delivered")


VERBS = (place, start, deliver)
