"""The verb that moves an order to another service (domain.md §4.5): the time used stays, the limits are those of the new
category. Pure, as in `service.py`."""

from datetime import datetime
from uuid import UUID

from app.domain.deadlines.models import ANCHORED
from app.domain.orders import errors
from app.domain.orders.dispatching import own_people
from app.domain.orders.facts import ASKED_FOR, RECATEGORISING, Recategorising, category_of
from app.domain.orders.models import OrderDetail, OrderState
from app.domain.orders.placing import demand_offered
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.service import ORDERS, Order
from app.domain.services.models import Form
from app.kernel.calendar_store import calendar
from app.kernel.change import Change
from app.kernel.rules import Actor


@ORDERS.moves("recategorise", facts=RECATEGORISING, category=category_of(ASKED_FOR))
def recategorise(order: Order, actor: Actor, now: datetime, *, facts: Recategorising, service_id: UUID) -> Change:
    """It is something else than was ordered: another service of the same form. Whoever had been asked is asked no longer, and
    the resident is told. Live deadlines keep start, pauses and the marks that have passed, and go on under the policies for the
    new category, unless they were missed; what is due by those fires at once. An appointed or promised moment stays.

    Raises:
        SameService. ServiceNotOffered, ServicePaused, SlotsAreBooked: as for placing. NotForThisService: of another form.
        OwnOrder: nobody decides about what they ordered, or whom they represent.
    """
    change = LIFECYCLE.move(order, "recategorise", actor, now)
    if actor.id in own_people(order) | facts.representatives:
        raise errors.OwnOrder
    if service_id == order.detail.service_id:
        raise errors.SameService
    if not facts.offered:
        raise errors.ServiceNotOffered("可以改成的服务见 listServices")
    demand_offered(facts)
    if facts.form is Form.SERVICE_DAY:
        raise errors.SlotsAreBooked
    if facts.form is not order.detail.form:
        raise errors.NotForThisService(f"这个订单是{order.detail.form.label},只能改成同一形式的服务(listServices)")
    if facts.category != order.category:
        _under_new_limits(change, order, now)
    names = {"from_name": facts.from_name, "to_name": facts.to_name}
    if order.state == OrderState.OFFERED:
        change.tell(order.assignee_id, "order.offer_withdrawn", **names)
        if not order.open_pool:
            change.start("dispatch")
    return (
        change.set(category=facts.category, assignee_id=None, team_id=None)
        .patch(OrderDetail, matter_id=order.id, service_id=service_id)
        .tell_served("order.recategorised", **names)
        .note(**names, from_service=str(order.detail.service_id), to_service=str(service_id), category=facts.category)
    )


def _under_new_limits(change: Change, order: Order, now: datetime) -> None:
    for deadline in order.timed:
        other = deadline.other
        ends = deadline.stopped_at is not None or deadline.kind in ("offer", *ANCHORED)
        # What was missed was missed by its own limits, and goes on under them: else nobody could say why it was due when it was.
        missed = deadline.times[deadline.timing.percents.index(100)] <= now
        if ends or missed or other is None or other.id == deadline.policy_id:
            continue
        on = calendar(other.calendar, other.hours_id, other.workdays_id)
        # Also what the sweep has not come to yet: a mark is passed at its moment, and no move takes it back (domain.md §4.6).
        passed = max(deadline.fired, sum(time <= now for time in deadline.times))
        change.follow(deadline, other.take_over(on, deadline.timing, passed, order.round), other, passed)


VERBS = (recategorise,)
