"""An order that comes back: what had stopped a deadline is undone, and it goes on with the time used (domain.md §3 release,
§4.4); what hung on whoever had the order ends."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from app.domain.orders import policy
from app.domain.orders.kind_tables import OrderAuthority, SlotBooking
from app.domain.orders.models import Appointment, OrderDetail, OrderState
from app.domain.orders.repository import Accepted, Detail
from app.domain.services.models import Form
from app.kernel.change import Change
from app.kernel.deadline_tables import DeadlinePause, PauseReason
from app.kernel.matter import Matter, TimedDeadline
from app.kernel.rules import Actor


def let_go(change: Change, order: Matter[Detail], facts: Accepted, now: datetime) -> None:
    """Nobody has the order any more: its appointment ends, and what has been stopped since it was accepted goes on, without
    the time between (domain.md §3, §4.4)."""
    since = facts.accepted_at if order.state != OrderState.OFFERED else None
    undone = [
        deadline
        for deadline in order.timed
        if since is not None
        and deadline.stopped_at is not None
        and deadline.stopped_at >= since
        and deadline.kind in ("respond", *policy.SETTLED)
    ]
    come_back(change, order, undone, facts, now)


def come_back(
    change: Change, order: Matter[Detail], undone: Sequence[TimedDeadline], facts: Accepted, now: datetime
) -> None:
    """The order waits for somebody again, and `undone`, which whoever had it had stopped, goes on; but for respond, when a
    contact was recorded since it was accepted: that stops it as well, and nobody takes it back (domain.md §4.4). A promise of
    a plan that stands stays. The lead of a team hears that it lost the order."""
    if facts.contacted:
        undone = [deadline for deadline in undone if deadline.kind != "respond"]
    change.set(assignee_id=None, team_id=None)
    if order.state != OrderState.OFFERED:
        wait_again(change, order, now)
        tell_lead(change, order, facts.lead_id, "order.team_lost")
    end_appointment(change, order, now)
    if all(deadline.kind != "plan" for deadline in undone):
        change.stops = [kind for kind in change.stops if kind not in policy.PROMISED]
    for deadline in undone:
        go_on(change, deadline, deadline.stopped_at or now, now, facts.answered)


def tell_lead(change: Change, order: Matter[Detail], lead_id: UUID | None, topic: str) -> None:
    """Of a team that took it its lead, who neither does this nor has the order."""
    if order.state != OrderState.OFFERED and lead_id not in (change.actor.id, order.assignee_id):
        change.tell(lead_id, topic)


def go_on(
    change: Change,
    deadline: TimedDeadline,
    since: datetime,
    now: datetime,
    answered: Collection[str],
) -> None:
    """A stopped deadline runs again, with the time used; the gap [since, now) does not count. A question that was answered in
    the gap, or whose time was up, held it up until it stopped, and no longer: what has stopped is not altered, so the answer
    could not end its pause; and all pauses together are limited (domain.md §4.5)."""
    over = {
        p.id
        for p in deadline.pauses
        if p.reason == PauseReason.QUESTION and p.runs(since) and (p.text in answered or p.until_at <= now)
    }
    for pause_id in over:
        change.patch(DeadlinePause, id=pause_id, until_at=since, resumed_by=change.actor.id)
    stretches = [(p.from_at, since if p.id in over else p.until_at) for p in deadline.pauses if not p.annulled]
    change.go_on(deadline, since, stretches)


def wait_again(change: Change, order: Matter[Detail], now: datetime) -> None:
    """Nobody has the order any more who had it. A wish is open to all again; the errand's authority ends."""
    match order.detail.form:
        case Form.WISH:
            for_all(change)
            change.patch(OrderDetail, matter_id=order.id, claimed_as=None, claimed_name=None)
        case Form.ERRAND:
            end_authority(change, order, now)


def end_appointment(change: Change, order: Matter[Detail], now: datetime) -> None:
    """What was agreed with whoever had the order is agreed with nobody else; another time may be proposed."""
    for one in order.detail.appointments:
        change.patch(Appointment, id=one.id, ended_at=now)


def for_all(change: Change) -> None:
    """It waits for whoever claims it: the matcher has no turn."""
    change.starts = [kind for kind in change.starts if kind != "dispatch"]
    change.set(open_pool=True)


def end_authority(change: Change, order: Matter[Detail], now: datetime) -> None:
    """What the resident had allowed to whoever served ends with them."""
    if order.detail.authority is not None:
        change.patch(OrderAuthority, id=order.detail.authority.id, ended_at=now, ended_by=change.actor.id)


def end_booking(order: Matter[Detail], lead_id: UUID | None, actor: Actor, now: datetime, why: str) -> Change:
    """What is booked is a place with this team at this time: let go, or missed, it ends. Nobody else is sent to the home for
    it; whoever it serves is told why, and books another slot or places an order (domain.md §3, service day; ours)."""
    change = policy.LIFECYCLE.move(order, "end_booking", actor, now)
    free_place(change, order, now)
    tell_lead(change, order, lead_id, "order.team_cancelled")
    change.note(reason=why).patch(OrderDetail, matter_id=order.id, cancel_reason=why)
    return change.tell_served("order.booking_ended")


def free_place(change: Change, order: Matter[Detail], now: datetime) -> None:
    """Somebody else may book the place in the slot."""
    if order.detail.booking_id is not None:
        change.patch(SlotBooking, id=order.detail.booking_id, live=None, ended_at=now)
