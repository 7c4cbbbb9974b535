"""How a time is agreed on, and moved: both sides confirm it, and nobody's time moves without them (domain.md §3, §4.4). Each verb
is pure, as in `service.py`."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from app.domain.deadlines.spoken import dated
from app.domain.orders import appointment_errors
from app.domain.orders.dispatching import own_people
from app.domain.orders.models import Appointment
from app.domain.orders.passing_on import is_passed_on, tell_caller, tell_sides
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import OpenAppointment
from app.domain.orders.service import ORDERS, Order
from app.kernel.change import Change
from app.kernel.errors import FieldFault, Refusal
from app.kernel.ids import new_id
from app.kernel.matter import TimedDeadline
from app.kernel.rules import Actor, Via
from app.kernel.time import CHINA, wire
from app.kernel.verbs import Facts

FARTHEST_APPOINTMENT = timedelta(days=30)
FIRST_OF_DAY, LAST_OF_DAY = time(7), time(21)
"""Nobody is visited by night, nor goes to a service day, in China: guards against a slip of the pen, as the farthest appointment
is (ours). When a volunteer serves is not looked at: here they say themselves when they come."""
BY_DAY = f"须在每天 {FIRST_OF_DAY:%H:%M} 至 {LAST_OF_DAY:%H:%M} 之间(北京时间)"


def by_day(moment: datetime) -> bool:
    """Whether two people may meet then."""
    return FIRST_OF_DAY <= moment.astimezone(CHINA).time() <= LAST_OF_DAY


@dataclass(frozen=True, slots=True)
class Meetings:
    """When whoever has the order is to be somewhere else, at about the time that is named; None: nowhere."""

    near: datetime | None = None


MEETINGS = Facts(
    """jsonb_build_object('near', appointment_near(subject.id, subject.assignee_id,
                                                     ($3::jsonb ->> 'meet_at')::timestamptz))""",
    Meetings,
)
"""Whoever has the order is held until the end, so that of two confirmations at once the second knows of the first."""


def outside(refusal: type[Refusal], field: str, now: datetime, last: datetime) -> Refusal:
    """That a moment is not within (now, last], with both as people say them."""
    window = f"须在{dated(now)}之后,最晚{dated(last)}"
    return refusal(window, fields=(FieldFault(f"/body/{field}", refusal.code, window),))


@ORDERS.moves("propose", facts=MEETINGS)
def propose_appointment(
    order: Order, actor: Actor, now: datetime, *, meet_at: datetime, facts: Meetings = Meetings()
) -> Change:
    """Propose when to meet, to the second; the other side confirms. A newer proposal takes the place of an older one. While an
    appointment is confirmed this is another time for it, and it stands until that is confirmed as well; whoever names its own
    time again says that it shall stay as it is.

    Raises:
        AppointmentTooEarly, AppointmentTooLate: not within the next thirty days. AppointmentAtNight. AppointmentDouble: whoever
            has the order has another appointment then. AppointmentStands: it is that time already.
        AppointmentMissed, SlotNotMovable: what stands is not to be moved. AgreedByTwo: not by the staff.
    """
    change = LIFECYCLE.move(order, "propose", actor, now)
    meet_at = meet_at.replace(microsecond=0)
    if not now < meet_at <= now + FARTHEST_APPOINTMENT:
        refusal = appointment_errors.AppointmentTooEarly if meet_at <= now else appointment_errors.AppointmentTooLate
        raise outside(refusal, "meet_at", now, now + FARTHEST_APPOINTMENT)
    by_resident = _for_resident(change, order)
    _demand_movable(order, actor, now, by_resident=by_resident)
    _demand_by_day(meet_at)
    _demand_free(facts, by_resident=by_resident)
    stands, former = order.detail.agreed, order.detail.proposed
    if former is not None:
        change.patch(Appointment, id=former.id, ended_at=now)
    if stands is not None and stands.meet_at == meet_at:
        if former is None:
            raise appointment_errors.AppointmentStands("约定的就是这个时间")
        return tell_sides(change.note(kept=True), "order.appointment_kept", meet_at)
    about = {"id": new_id(), "matter_id": order.id, "place_id": order.place_id}
    change.insert(
        Appointment,
        **about,
        meet_at=meet_at,
        proposed_by=actor.id,
        by_resident=by_resident,
        proposed_at=now,
        first_id=stands and (stands.first_id or stands.id),
    )
    confirms = order.assignee_id if by_resident else order.requester_id
    change.tell(confirms, "order.appointment_proposed", **({"moved": True} if stands else {}))
    if is_passed_on(change):
        return tell_caller(change, meet_at)
    for whose in {order.requester_id, order.assignee_id} - {confirms, actor.id}:
        change.tell(whose, "order.appointment_pending")
    for whose in {order.beneficiary_id} - {order.requester_id, actor.id}:
        change.tell(whose, "order.appointment_proposed", beside=True)
    return change


@ORDERS.moves("confirm", facts=MEETINGS)
def confirm_appointment(
    order: Order, actor: Actor, now: datetime, *, meet_at: datetime, facts: Meetings = Meetings()
) -> Change:
    """Confirm the time that the other side proposed, as one has seen it: stops coordinate and plan, and is a deadline of its own.
    Where an appointment stands, this one takes its place, and so does its deadline: the former is neither met nor missed.

    Raises:
        NoAppointment: none waits for this side, or its time has passed. AnotherTime: by now it is not the one that was seen.
        AppointmentMissed, SlotNotMovable, AgreedByTwo, AppointmentAtNight, AppointmentDouble: as for proposing.
    """
    change = LIFECYCLE.move(order, "confirm", actor, now)
    by_resident = _for_resident(change, order)
    _demand_movable(order, actor, now, by_resident=by_resident)
    stands, proposed = order.detail.agreed, order.detail.proposed
    if proposed is None or (why := _why_not(order, proposed, now, by_resident=by_resident)):
        raise appointment_errors.NoAppointment(
            why if proposed else "现在没有人提出时间;可以由您提出(proposeAppointment)"
        )
    if proposed.meet_at != meet_at:
        raise appointment_errors.AnotherTime(
            f"现在提出的是{dated(proposed.meet_at)};同意的,请按这个时间再确认",
            detail_en=f"The time proposed now is {wire(proposed.meet_at)}; confirm that one if it suits you",
        )
    _demand_by_day(meet_at)
    _demand_free(facts, by_resident=by_resident)
    if stands is not None:
        change.patch(Appointment, id=stands.id, ended_at=now)
        change.note(moved_from=stands.meet_at.isoformat(), meet_at=proposed.meet_at.isoformat())
    change.anchor("appointment", begins=proposed.meet_at)
    change.patch(Appointment, id=proposed.id, confirmed_by=actor.id, confirmed_at=now)
    return tell_sides(change, "order.appointment_confirmed", meet_at, **({"moved": True} if stands else {}))


def _for_resident(change: Change, order: Order) -> bool:
    """Whether whoever does this stands on the resident's side: one of theirs, or the station for whoever rings."""
    return change.through == Via.DESK or change.actor.id in own_people(order)


def _demand_movable(order: Order, actor: Actor, now: datetime, *, by_resident: bool) -> None:
    """That this actor may agree on a time: not for a slot, which is booked; not after a miss, also one that no sweep has come to
    yet (domain.md §4.6); and what was agreed only the two sides move, for the staff know of neither whether they have time."""
    if order.detail.booking_id is not None:
        raise appointment_errors.SlotNotMovable(_instead_of_moving(order, actor, by_resident=by_resident))
    if any(d.kind == "appointment" and d.stopped_at is None and _missed(d, now) for d in order.timed):
        raise appointment_errors.AppointmentMissed
    if order.detail.agreed is not None and not by_resident and actor.id != order.assignee_id:
        raise appointment_errors.AgreedByTwo


def _demand_by_day(meet_at: datetime) -> None:
    if not by_day(meet_at):
        window = f"{dated(meet_at)}不合适:{BY_DAY}"
        raise appointment_errors.AppointmentAtNight(
            window, fields=(FieldFault("/body/meet_at", "appointment-at-night", window),)
        )


def _demand_free(facts: Meetings, *, by_resident: bool) -> None:
    """That whoever has the order can be there: which other order it is, nobody is told, and when it is, the resident neither."""
    if facts.near is not None:
        raise (
            appointment_errors.AppointmentDouble if by_resident else appointment_errors.AppointmentDouble.of(facts.near)
        )


def _missed(deadline: TimedDeadline, now: datetime) -> bool:
    return deadline.times[deadline.timing.percents.index(100)] <= now


def _instead_of_moving(order: Order, actor: Actor, *, by_resident: bool) -> str:
    if by_resident:
        return "可取消(cancelOrder)后另约时段(bookSlot)"
    if actor.id == order.assignee_id:
        return "来不了的,可退回(releaseOrder),由社区另行安排"
    return "居民可取消(cancelOrder)后另约时段;整个服务日可取消(cancelServiceDay)"


def _why_not(order: Order, proposed: OpenAppointment, now: datetime, *, by_resident: bool) -> str | None:
    """Why what is proposed is not this actor's to confirm; None: it is."""
    if proposed.by_resident == by_resident:
        return "现在的时间是您这一方提出的,须由对方确认"
    if proposed.meet_at <= now:
        return "提出的时间已经过去,请另提时间(proposeAppointment)"
    if order.detail.agreed and not proposed.by_resident and proposed.proposed_by != order.assignee_id:
        return "提出这个时间的人已不再承接,请另提时间(proposeAppointment)"
    return None


VERBS = (propose_appointment, confirm_appointment)
