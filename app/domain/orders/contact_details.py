"""Whom to go to, and where, of an order that is under way: a file that changed, or a slip of the pen, would else stay in it
until its end. Pure, as in `service.py`."""

from datetime import datetime

from app.domain.orders.models import OrderContact, OrderState
from app.domain.orders.passing_on import is_passed_on, tell_caller
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.service import ORDERS, Order
from app.domain.people.errors import NothingToChange
from app.kernel.change import Change
from app.kernel.rules import Actor


@ORDERS.moves("change_contact")
def change_contact(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Change name, phone or address of the order; they come sealed, and None stays as it is. Whoever has accepted it is told, and
    the history keeps which of them, not what. Raises NothingToChange: nothing is given that is not so already."""
    change = LIFECYCLE.move(order, "change_contact", actor, now)
    sealed = {"name": name, "phone": phone, "address": address}
    given = {part: value for part, value in sealed.items() if value is not None}
    if not given:
        raise NothingToChange
    columns = {f"{part}_sealed": value for part, value in given.items()}
    index = {} if phone is None else {"phone_index": phone_index}
    change.patch(OrderContact, matter_id=order.id, **columns, **index).note(changed=list(given))
    if order.state in (OrderState.ACCEPTED, OrderState.IN_SERVICE):
        change.tell(order.assignee_id, "order.contact_changed")
    if is_passed_on(change):
        return tell_caller(change)
    for whose in {order.requester_id, order.beneficiary_id} - {actor.id}:
        change.tell(whose, "order.contact_changed", beside=True)
    return change


VERBS = (change_contact,)
