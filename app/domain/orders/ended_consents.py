"""What becomes of an order when the consent ends under which it was placed for somebody (domain.md §1). Pure, as `service.py`."""

from datetime import datetime
from uuid import UUID

from app.domain.orders.facts import ON_FILE, OnFile
from app.domain.orders.kind_facts import papers_out
from app.domain.orders.models import OrderContact, OrderState
from app.domain.orders.policy import LIFECYCLE, OPEN
from app.domain.orders.service import ORDERS, Order
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor, Role

HAS_IT = (OrderState.ACCEPTED, OrderState.IN_SERVICE)
"""Where somebody has the order, and reads whom to go to."""


@ORDERS.moves("to_beneficiary", facts=ON_FILE)
def to_beneficiary(order: Order, actor: Actor, now: datetime, *, facts: OnFile, former_id: UUID) -> Change:
    """Whoever placed it for somebody represents them no more: it is the beneficiary's own from now on, whatever has become of it,
    and goes on. Where there is still something to follow they are told, also of what waits for an answer, and of an authority
    that the former wrote and that stands, and the contact becomes their own as far as one is on file, unless somebody else
    changed it since: whoever has the order is told; where no phone of theirs is, the station. Once, and for good: a later consent
    takes nothing back. Raises TransitionRefused: it is theirs already."""
    if order.requester_id != former_id or former_id == order.beneficiary_id:
        raise TransitionRefused
    change = LIFECYCLE.move(order, "to_beneficiary", actor, now).set(requester_id=order.beneficiary_id)
    if order.state not in (*OPEN, OrderState.DELIVERED) and not papers_out(order.detail.receipts):
        return change
    change.tell(order.beneficiary_id, "order.yours_now")
    if order.state in OPEN and facts.question:
        change.tell(order.beneficiary_id, "order.question_waits")
    if order.state in OPEN and facts.proposal:
        change.tell(order.beneficiary_id, "order.time_waits")
    if facts.authority_of == former_id and order.detail.authority is not None and now < order.detail.authority.until_at:
        change.tell(order.beneficiary_id, "order.authority_stands")
    if own := facts.instead(former_id):
        change.patch(OrderContact, matter_id=order.id, **own)
        if "phone_sealed" in own:
            change.tell(order.assignee_id if order.state in HAS_IT else None, "order.contact_changed")
        elif order.state in OPEN:
            change.tell_role(Role.STATION_STAFF, "order.phone_of_former")
    return change


VERBS = (to_beneficiary,)
