"""The verbs that keep an order's promises, or explain why they wait: what is said and planned, pauses and disputes
(domain.md §4.4, §4.5), and what happens when an appointment is missed; how one is agreed on stands in `appointments.py`. Each is
pure, as in `service.py`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.deadlines.errors import DeadlineNotFound
from app.domain.orders import errors, policy
from app.domain.orders.appointments import outside
from app.domain.orders.dispatching import refuse
from app.domain.orders.models import OrderPost
from app.domain.orders.passing_on import is_passed_on, tell_caller
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import ACCEPTED, ASKED, Accepted, Asked
from app.domain.orders.resuming import come_back, end_booking
from app.domain.orders.service import ORDERS, Order
from app.domain.places.models import Level
from app.kernel.change import Change
from app.kernel.deadline_tables import DeadlinePause, PauseReason
from app.kernel.errors import FieldFault, InvalidInput, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.matter import Pause, TimedDeadline
from app.kernel.recalculating import recalculation
from app.kernel.rules import Actor, Role, Via
from app.kernel.time import a_year_on

SLOT_PASSED = "预约的时段已过,没有开始服务"
OWNERS = "方案的负责人须是您本人,或承接这个订单的志愿者"


def _post(change: Change, order: Order, kind: str, text: str, **more: object) -> UUID:
    post_id = new_id()
    about = {"id": post_id, "matter_id": order.id, "place_id": order.place_id, "round": order.round}
    change.insert(OrderPost, **about, kind=kind, text=text, posted_by=change.actor.id, posted_at=change.at, **more)
    return post_id


@ORDERS.moves("contact", read_by_others=("text",))
def contact(order: Order, actor: Actor, now: datetime, *, channel: str, text: str) -> Change:
    """Record that a person reached the resident; stops respond, as accepting does."""
    change = LIFECYCLE.move(order, "contact", actor, now).note(channel=channel)
    _post(change, order, "contact", text, channel=channel)
    return change


@ORDERS.moves("reply", read_by_others=("text",))
def reply(order: Order, actor: Actor, now: datetime, *, text: str) -> Change:
    """Reply to the resident in one's own words; stops reply, and what followed when it was missed."""
    change = _said(LIFECYCLE.move(order, "reply", actor, now), "order.replied")
    _post(change, order, "reply", text)
    return change


@ORDERS.moves("ask", read_by_others=("question",))
def ask(order: Order, actor: Actor, now: datetime, *, question: str) -> Change:
    """Ask the resident something; coordinate and plan wait for the answer, at most as long as their policies say."""
    change = _said(LIFECYCLE.move(order, "ask", actor, now), "order.asked")
    question_id = _post(change, order, "question", question)
    for deadline in order.timed:
        if deadline.pause_limit is not None and deadline.stopped_at is None and not _running(deadline, now):
            _pause(change, order, deadline, PauseReason.QUESTION, now + deadline.pause_limit, str(question_id))
    return change.note(question_id=str(question_id))


@ORDERS.moves("answer", facts=ASKED, read_by_others=("text",))
def answer(order: Order, actor: Actor, now: datetime, *, facts: Asked, question_id: UUID, text: str) -> Change:
    """Answer a question; what waited for it runs again. Raises QuestionNotFound."""
    change = LIFECYCLE.move(order, "answer", actor, now)
    if not facts.waits:
        raise errors.QuestionNotFound
    _post(change, order, "answer", text, answers=question_id)
    for deadline in order.timed:
        _resume(change, deadline, (p for p in _running(deadline, now) if p.text == str(question_id)), now)
    how: dict[str, Any] = {"passed_on": True} if is_passed_on(change) else {}
    if Role.DISPATCHER not in actor.roles:
        change.tell_role(Role.DISPATCHER, "order.answered", **how)
    return tell_caller(change.tell(order.assignee_id, "order.answered", **how))


@ORDERS.moves("write_plan", read_by_others=("text", "steps"))
def write_plan(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    text: str,
    steps: Sequence[str],
    promised_at: datetime,
    owner_id: UUID | None = None,
) -> Change:
    """Write a plan with owner, steps and a promised date; stops plan, and the promise is a deadline of its own. The owner is
    the actor or the one who serves. A new plan takes the place of an older promise.

    Raises:
        PromiseTooEarly, PromiseTooLate: in the past, or later than this day next year. InvalidInput: the owner is somebody else.
    """
    change = LIFECYCLE.move(order, "write_plan", actor, now)
    promised_at = promised_at.replace(microsecond=0)
    last = a_year_on(now)
    if not now + timedelta(seconds=1) <= promised_at <= last:
        refusal = errors.PromiseTooEarly if promised_at <= last else errors.PromiseTooLate
        raise outside(refusal, "promised_at", now, last)
    owner = owner_id or actor.id
    if owner not in (actor.id, order.assignee_id):
        raise InvalidInput(fields=(FieldFault("/body/owner_id", "owner-unknown", OWNERS),))
    _post(change, order, "plan", text, owner_id=owner, steps=list(steps), promised_at=promised_at)
    change.tell(None if owner == actor.id else owner, "order.plan_yours")
    return _said(change.anchor("promise", until=promised_at), "order.planned")


@ORDERS.moves("pause", read_by_others=("text",))
def pause(order: Order, actor: Actor, now: datetime, *, deadline_id: UUID, until_at: datetime, text: str) -> Change:
    """Pause a deadline for force majeure until a moment, with a reason that the resident reads.

    Raises:
        DeadlineNotFound. NothingToPause: it never pauses, has stopped, or is paused. PauseOver: it would have ended.
        PausedTooLong: beyond the limit of one pause or of all together.
    """
    change = LIFECYCLE.move(order, "pause", actor, now)
    deadline = _find(order, deadline_id)
    if deadline.pause_limit is None or deadline.stopped_at is not None or _running(deadline, now):
        raise errors.NothingToPause
    if until_at <= now:
        raise errors.PauseOver(fields=(FieldFault("/body/until_at", "pause-over", errors.PauseOver.title_zh),))
    if until_at > now + deadline.pause_limit:
        raise errors.PausedTooLong.beyond(_latest(deadline, now))
    _pause(change, order, deadline, PauseReason.FORCE_MAJEURE, until_at, text)
    return change.tell_served("order.paused")


@ORDERS.moves("resume")
def resume(order: Order, actor: Actor, now: datetime, *, deadline_id: UUID) -> Change:
    """End a pause before its limit. Raises DeadlineNotFound, or PauseNotFound when none runs."""
    change = LIFECYCLE.move(order, "resume", actor, now)
    deadline = _find(order, deadline_id)
    running = _running(deadline, now)
    if not running or deadline.stopped_at is not None:
        raise errors.PauseNotFound
    _resume(change, deadline, running, now)
    return change.tell_served("order.resumed")


@ORDERS.moves("dispute", read_by_others=("text",))
def dispute(order: Order, actor: Actor, now: datetime, *, pause_id: UUID, text: str) -> Change:
    """Dispute a pause: it goes to somebody other than who paused, of a secretary to the street's as well. Raises PauseNotFound,
    AlreadyDisputed."""
    change = LIFECYCLE.move(order, "dispute", actor, now)
    _, found = _find_pause(order, pause_id)
    if found.disputed:
        raise errors.AlreadyDisputed
    change.patch(DeadlinePause, id=pause_id, disputed_at=now, dispute=text)
    if found.paused_as != Role.SECRETARY:
        return change.tell_role(Role.SECRETARY, "order.disputed")
    change.tell_role(Role.SECRETARY, "order.disputed", level=Level.STREET)
    return change.tell_role(Role.ADMINISTRATOR, "order.disputed")


@ORDERS.moves("decide", read_by_others=("text",))
def decide(order: Order, actor: Actor, now: datetime, *, pause_id: UUID, upheld: bool, text: str) -> Change:
    """Decide on a disputed pause. An upheld dispute annuls it while the deadline runs: the time that it held up counts after
    all, and marks that are due by then fire at once. Whoever paused is told which way it went, and who dispatches that the limit
    is another one again.

    Raises:
        PauseNotFound, NotDisputed. OwnPause: nobody decides on their own.
    """
    change = LIFECYCLE.move(order, "decide", actor, now)
    deadline, found = _find_pause(order, pause_id)
    if not found.disputed or found.decided:
        raise errors.NotDisputed
    if found.paused_by == actor.id:
        raise errors.OwnPause
    # What has stopped stays as it ended: then the decision is on record, and nothing is computed anew.
    annulled = upheld and deadline.stopped_at is None
    change.patch(DeadlinePause, id=pause_id, decided_at=now, decided_by=actor.id, decision=text, annulled=annulled)
    change.tell_served("order.dispute_decided", upheld=upheld)
    change.tell(found.paused_by, "order.pause_judged", upheld=upheld)
    if annulled:
        change.tell_role(Role.DISPATCHER, "order.pause_annulled")
        left = [(p.from_at, p.until_at) for p in deadline.pauses if p.id != pause_id and not p.annulled]
        change.retime(deadline, deadline.timing.with_pauses(left))
    return change.note(upheld=upheld)


@ORDERS.moves("miss_appointment", facts=ACCEPTED)
def miss_appointment(order: Order, actor: Actor, now: datetime, *, facts: Accepted, deadline_id: UUID) -> Change:
    """Nobody began within the limit after the appointed time: back to the community, to be offered to somebody else. What
    acceptance and appointment had stopped goes on with the time used (domain.md §3, §4.4). A plan that was written meanwhile
    stands, and keeps plan stopped. A booking ends: who did not come is not known, so nobody is blamed."""
    change = LIFECYCLE.move(order, "miss_appointment", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    if order.detail.booking_id is not None:
        return end_booking(order, facts.lead_id, actor, now, SLOT_PASSED).tell(order.assignee_id, "order.cancelled")
    met = order.detail.agreed
    planned = any(deadline.kind == "promise" for deadline in order.live)
    settled = [kind for kind in policy.SETTLED if not (planned and kind == "plan")]
    stopped = {("respond", facts.accepted_at)} | {(kind, met and met.agreed_at) for kind in settled}
    undone = [d for d in order.timed if d.stopped_at is not None and (d.kind, d.stopped_at) in stopped]
    come_back(change, order, undone, facts, now)
    refuse(change, order, order.assignee_id, "missed", None, round_number=order.round)
    return change.tell(order.assignee_id, "order.appointment_missed")


recalculate = recalculation(ORDERS)


def _find(order: Order, deadline_id: UUID) -> TimedDeadline:
    for deadline in order.timed:
        if deadline.id == deadline_id:
            return deadline
    raise DeadlineNotFound


def _find_pause(order: Order, pause_id: UUID) -> tuple[TimedDeadline, Pause]:
    for deadline in order.timed:
        for found in deadline.pauses:
            if found.id == pause_id and found.reason != PauseReason.UNDONE:
                return deadline, found
    raise errors.PauseNotFound


def _spoke_as(change: Change) -> Role | None:
    """As whom somebody speaks to the resident, where it is not simply the community."""
    if change.through == Via.ASSIGNED:
        return Role.VOLUNTEER
    return Role.SECRETARY if Role.SECRETARY in change.actor.roles else None


def _said(change: Change, topic: str) -> Change:
    """That something was said to whom the order serves, and by the volunteer, if it was them."""
    by_volunteer = _spoke_as(change) is Role.VOLUNTEER
    return change.tell_served(topic, **({"by": Role.VOLUNTEER.value} if by_volunteer else {}))


def _running(deadline: TimedDeadline, now: datetime) -> list[Pause]:
    return [found for found in deadline.pauses if found.runs(now)]


def _pause(
    change: Change, order: Order, deadline: TimedDeadline, reason: PauseReason, until_at: datetime, text: str
) -> None:
    """A pause from now until its limit; raises PausedTooLong when all together last beyond their share of the budget."""
    timing, left = deadline.timing, _left(deadline)
    if timing.calendar.spent(change.at, until_at) > left:
        # A question is cut to what is left; who pauses by hand is told.
        if reason is not PauseReason.QUESTION:
            raise errors.PausedTooLong.beyond(_latest(deadline, change.at))
        if left <= timedelta():
            return
        until_at = timing.calendar.due(change.at, left)
    timing = timing.with_pauses((*timing.pauses, (change.at, until_at)))
    spoke_as = _spoke_as(change)
    change.insert(
        DeadlinePause,
        deadline_id=deadline.id,
        matter_id=order.id,
        place_id=order.place_id,
        pausable=True,
        reason=reason.value,
        text=text,
        paused_by=change.actor.id,
        paused_as=spoke_as and spoke_as.value,
        from_at=change.at,
        until_at=until_at,
        limit_at=until_at,
    ).retime(deadline, timing)


def _left(deadline: TimedDeadline) -> timedelta:
    """How much open time is left for pauses."""
    own = [(p.from_at, p.until_at) for p in deadline.pauses if not p.annulled and p.reason != PauseReason.UNDONE]
    return deadline.timing.budget * deadline.pause_total_percent / 100 - deadline.timing.with_pauses(own).paused()


def _latest(deadline: TimedDeadline, now: datetime) -> datetime | None:
    """Until when it may be paused by hand from now on, at most; None: no longer."""
    left = _left(deadline)
    if deadline.pause_limit is None or left <= timedelta():
        return None
    return min(now + deadline.pause_limit, deadline.timing.calendar.due(now, left))


def _resume(change: Change, deadline: TimedDeadline, pauses: Iterable[Pause], now: datetime) -> None:
    ended = [found.id for found in pauses]
    if not ended or deadline.stopped_at is not None:
        return
    for pause_id in ended:
        change.patch(DeadlinePause, id=pause_id, until_at=now, resumed_by=change.actor.id)
    stretches = [(p.from_at, now if p.id in ended else p.until_at) for p in deadline.pauses if not p.annulled]
    change.retime(deadline, deadline.timing.with_pauses(stretches))


VERBS = (
    contact, reply, ask, answer, write_plan, pause, resume, dispute, decide, miss_appointment, recalculate,
)  # fmt: skip
