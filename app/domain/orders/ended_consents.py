"""What becomes of an order when the consent ends under which it was placed for somebody (domain.md §1). Pure, as `service.py`."""

from datetime import datetime
from uuid import UUID

from app.domain.orders.kind_facts import papers_out
from app.domain.orders.models import OrderState
from app.domain.orders.policy import LIFECYCLE, OPEN
from app.domain.orders.service import ORDERS, Order
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor


@ORDERS.moves("to_beneficiary")
def to_beneficiary(order: Order, actor: Actor, now: datetime, *, former_id: UUID) -> Change:
    """Whoever placed it for somebody represents them no more: it is the beneficiary's own from now on, whatever has become of it,
    and goes on. They are told where there is still something to follow. Once, and for good: a later consent takes nothing back.
    Raises TransitionRefused: it is theirs already."""
    if order.requester_id != former_id or former_id == order.beneficiary_id:
        raise TransitionRefused
    change = LIFECYCLE.move(order, "to_beneficiary", actor, now).set(requester_id=order.beneficiary_id)
    if order.state in (*OPEN, OrderState.DELIVERED) or papers_out(order.detail.receipts):
        change.tell(order.beneficiary_id, "order.yours_now")
    return change


VERBS = (to_beneficiary,)
