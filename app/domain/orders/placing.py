"""The verbs that place an order (点单): for oneself, for whom one represents, for a caller (domain.md §1, §3)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from app.domain.orders import errors, policy
from app.domain.orders.facts import CALLER, HOME, PLACING, REPRESENTED, Placing, Recategorising
from app.domain.orders.models import Calling, OrderContact, OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import Detail
from app.domain.orders.service import ORDERS, Order
from app.domain.services.errors import ServicePaused
from app.domain.services.models import Form
from app.kernel.change import Change
from app.kernel.errors import FieldFault, NotAllowed
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role

Contact = tuple[bytes | None, bytes | None, bytes | None, bytes | None]
"""Name, phone and address, sealed; None: as on file."""


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
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Order a service in one's own community (点单). Name, phone and address come sealed; those left out are taken from
    the person's file. A wish is open to all from now on, and goes to nobody by dispatch.

    Raises:
        NoCommunity: the resident has chosen none. ServiceNotOffered: not at this place, or withdrawn. ServicePaused.
        SlotsAreBooked: its service is given on service days.
        ContactMissing: neither given nor on file.
    """
    return _placed(home, "place", actor.id, actor, now, service_id, note, (name, phone, phone_index, address))


@ORDERS.creates("place", subject=REPRESENTED, facts=PLACING, missing=errors.NoConsent, read_by_others=("note",))
def place_for(
    home: Placing,
    actor: Actor,
    now: datetime,
    *,
    beneficiary_id: UUID,
    service_id: UUID,
    note: str,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Order for somebody whose consent is recorded (代下单): it stands at their home, and what is left out of the contact
    comes from their file. The representative is the requester, and whom it serves is told. Raises NoConsent, and as `place`."""
    change = _placed(home, "place", actor.id, actor, now, service_id, note, (name, phone, phone_index, address))
    return change.tell(home.person_id, "order.placed_by_representative")


@ORDERS.creates(
    "place_for_caller", subject=CALLER, facts=PLACING, missing=errors.CallerNotFound, read_by_others=("note",)
)
def place_for_caller(
    home: Placing,
    actor: Actor,
    now: datetime,
    *,
    service_id: UUID,
    note: str,
    channel: Calling,
    person_id: UUID | None = None,
    caller_index: bytes | None = None,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Order for a resident who calls or walks in (代点单), by the staff there. The order is the caller's own, who is told.

    Raises:
        NotAllowed: the actor works at no desk. CallerNotFound: nobody with this id or phone lives where the actor works. And
            as `place`.
    """
    demand_desk(actor, "为本人、为请您代下单的人点单,用 placeOrder")
    change = _placed(
        home, "place_for_caller", home.person_id, actor, now, service_id, note, (name, phone, phone_index, address)
    )
    return change.tell(home.person_id, "order.placed_for_you").note(channel=channel)


def _placed(
    home: Placing,
    action: str,
    requester_id: UUID,
    actor: Actor,
    now: datetime,
    service_id: UUID,
    note: str,
    contact: Contact,
) -> Change:
    if home.place_id is None:
        raise errors.NoCommunity
    demand_offered(home)
    if home.form == Form.SERVICE_DAY:
        raise errors.SlotsAreBooked
    order = new_order(home, requester_id, actor.id, now, service_id)
    wish = home.form == Form.WISH
    if wish:
        action, order = "wish", replace(order, open_pool=True)
    change = LIFECYCLE.create(order, action, actor, now)
    describe(change, home, service_id, note, contact)
    return change.tell_role(Role.DISPATCHER, "order.wished" if wish else "order.placed")


def demand_desk(actor: Actor, otherwise: str) -> None:
    """That the actor works where callers are served. Raises NotAllowed, which says what is theirs to do."""
    if not policy.station.roles & actor.roles:
        raise NotAllowed(f"由站点和社区的工作人员办理;{otherwise}")


def demand_offered(home: Placing | Recategorising) -> None:
    """That the service can be ordered there now. Raises ServiceNotOffered, ServicePaused."""
    if not home.offered:
        raise errors.ServiceNotOffered
    if home.paused:
        raise ServicePaused


def new_order(home: Placing, requester_id: UUID, placed_by: UUID, now: datetime, service_id: UUID) -> Order:
    """An order at somebody's home. Raises NoCommunity: they have chosen none."""
    if home.place_id is None:
        raise errors.NoCommunity
    return Matter(
        id=new_id(),
        kind=LIFECYCLE.kind,
        place_id=home.place_id,
        state="",
        version=0,
        round=1,
        requester_id=requester_id,
        beneficiary_id=home.person_id,
        placed_by=placed_by,
        assignee_id=None,
        holder_id=None,
        open_pool=False,
        created_at=now,
        category=home.category,
        detail=Detail(service_id, 0, 0, None, form=home.form),
    )


def describe(change: Change, home: Placing, service_id: UUID, note: str, contact: Contact) -> None:
    """What a new order is about, whom to go to, and what is open already. Raises ContactMissing: neither given nor on file."""
    name, phone, phone_index, address = contact
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
    about = {"matter_id": change.id, "place_id": change.place_id}
    change.besides(home.doubles).insert(OrderDetail, **about, service_id=service_id, note=note, form=home.form.value)
    change.insert(
        OrderContact, **about, name_sealed=name, phone_sealed=phone, phone_index=phone_index, address_sealed=address
    )


VERBS = (place, place_for, place_for_caller)
