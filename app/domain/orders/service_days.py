"""The verbs of service days (服务日, domain.md §3): one team, many slots; whoever books one has an order that is accepted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.orders import errors, service_day_errors
from app.domain.orders.appointments import BY_DAY, by_day
from app.domain.orders.facts import AT_CALLER, AT_HOME, AT_REPRESENTED, PLACING, Placing
from app.domain.orders.kind_tables import ServiceDay, ServiceSlot, SlotBooking
from app.domain.orders.models import Appointment, OrderDetail
from app.domain.orders.placing import Contact, demand_desk, demand_offered, describe, new_order
from app.domain.orders.policy import LIFECYCLE, OPEN_DAYS
from app.domain.orders.resuming import free_place
from app.domain.orders.service import ORDERS, Order
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.errors import FieldFault, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand_lead
from app.kernel.time import CHINA
from app.kernel.verbs import Facts, record

FARTHEST_DAY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether the team serves the place, the service is one for service days there, and who leads the team; and when this
    team's days of this service begin there that are not cancelled."""

    team: bool
    service: bool
    lead_id: UUID | None
    begins: frozenset[datetime] = frozenset()


OPENING = Facts(
    """(SELECT jsonb_build_object(
          'team', EXISTS (SELECT 1 FROM place_ancestor a WHERE a.place_id = subject.place_id AND a.ancestor_id = t.place_id),
          'lead_id', team_lead(t.id),
          'begins', hold_opening(t.id, subject.place_id, ($3::jsonb ->> 'service_id')::uuid),
          'service', EXISTS (SELECT 1 FROM service s JOIN place_ancestor a ON a.ancestor_id = s.place_id
                              WHERE s.id = ($3::jsonb ->> 'service_id')::uuid AND s.withdrawn_at IS NULL
                                AND s.form = 'service_day' AND a.place_id = subject.place_id))
          FROM (VALUES (($3::jsonb ->> 'team_id')::uuid)) asked(team_id)
          LEFT JOIN team t ON t.id = asked.team_id AND t.disbanded_at IS NULL)""",
    Opening,
)

DAY = """SELECT d.id, d.place_id, d.team_id, d.version, d.starts_at
           FROM service_day d WHERE d.id = ($3::jsonb ->> 'id')::uuid"""


@dataclass(frozen=True, slots=True)
class Held:
    """What nobody else changes meanwhile: whether the day is cancelled, and what is booked on it."""

    cancelled: bool
    order_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Day:
    """A service day with what is booked on it."""

    id: UUID
    place_id: UUID
    version: int
    starts_at: datetime
    lead_id: UUID | None
    held: Held


CANCELLING = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'version', subject.version,
         'starts_at', subject.starts_at,
         'lead_id', team_lead(subject.team_id),
         'held', hold_day(subject.id))""",
    Day,
)


@dataclass(frozen=True, slots=True)
class Slot:
    """A time of a service day to be opened."""

    starts_at: datetime
    minutes: int
    capacity: int


def _faults(slots: Sequence[Slot], now: datetime) -> tuple[FieldFault, ...]:
    """Which slots are wrong, in the order in which they were given: out of time, by night, on another day than the first, or over
    one that was given before."""
    found = {}
    for n, slot in enumerate(slots):
        if not now < slot.starts_at <= now + FARTHEST_DAY:
            found[n] = "须在将来九十天之内"
        elif not by_day(slot.starts_at):
            found[n] = BY_DAY
        elif slot.starts_at.astimezone(CHINA).date() != slots[0].starts_at.astimezone(CHINA).date():
            found[n] = "须与第一个时段在同一天"
        elif any(
            slot.starts_at < other.starts_at + timedelta(minutes=other.minutes)
            and other.starts_at < slot.starts_at + timedelta(minutes=slot.minutes)
            for other in slots[:n]
        ):
            found[n] = "与前面的时段重叠"
    return tuple(FieldFault(f"/body/slots/{n}/starts_at", "slots-invalid", said) for n, said in found.items())


@record("service_day", "open", subject=PLACE, facts=OPENING, missing=PlaceNotFound, read_by_others=("spot",))
def open_day(
    seen: Opening,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    team_id: UUID,
    service_id: UUID,
    slots: Sequence[Slot],
    spot: str | None = None,
) -> Change:
    """Open a service day of a team in a place, with its slots (开设服务日): the staff of the place, or the lead of the team.
    `spot`: where exactly the residents go.

    Raises:
        NotADayOfHere: the team does not serve the place, or the service is not one for service days there.
        SlotsInvalid: not on one day of the next ninety, by night, or overlapping. DayIsOpen: twice at the same time.
        TeamWithoutLead: nobody would have its bookings.
    """
    demand_lead(seen.lead_id, OPEN_DAYS, actor)
    if not (seen.team and seen.service):
        raise service_day_errors.NotADayOfHere
    if seen.lead_id is None:
        raise errors.TeamWithoutLead("请先由社区书记或管理员指定新的队长(setTeamLead):预约由队长承接")
    planned = sorted(slots, key=lambda slot: slot.starts_at)
    first, last = planned[0], planned[-1]
    days = {slot.starts_at.astimezone(CHINA).date() for slot in planned}
    ends = [slot.starts_at + timedelta(minutes=slot.minutes) for slot in planned]
    overlap = any(end > after.starts_at for end, after in zip(ends, planned[1:], strict=False))
    by_night = not all(by_day(slot.starts_at) for slot in planned)
    if len(days) > 1 or overlap or by_night or first.starts_at <= now or last.starts_at > now + FARTHEST_DAY:
        raise service_day_errors.SlotsInvalid(fields=_faults(slots, now))
    if first.starts_at in seen.begins:
        raise service_day_errors.DayIsOpen
    day_id = new_id()
    change = Change.record("service_day", day_id, "open", actor, now, place_id=place_id).insert(
        ServiceDay,
        id=day_id,
        place_id=place_id,
        team_id=team_id,
        service_id=service_id,
        starts_at=first.starts_at,
        spot=spot,
        opened_by=actor.id,
        created_at=now,
    )
    for slot in planned:
        change.insert(
            ServiceSlot,
            id=new_id(),
            day_id=day_id,
            place_id=place_id,
            starts_at=slot.starts_at,
            minutes=slot.minutes,
            capacity=slot.capacity,
        )
    return change


@record(
    "service_day",
    "cancel",
    subject=DAY,
    facts=CANCELLING,
    missing=service_day_errors.ServiceDayNotFound,
    read_by_others=("reason",),
)
def cancel_day(day: Day, actor: Actor, now: datetime, *, reason: str) -> Change:
    """Cancel a service day before it begins. The orders that are booked on it are cancelled with it, each by a reaction, and
    each resident is told: what was booked was this day; they may book another, or place an order.

    Raises DayOver: it has begun, or is cancelled.
    """
    demand_lead(day.lead_id, OPEN_DAYS, actor)
    if day.held.cancelled or day.starts_at <= now:
        raise service_day_errors.DayOver
    change = Change.record(
        "service_day", day.id, "cancel", actor, now, place_id=day.place_id, version=day.version
    ).patch(ServiceDay, id=day.id, cancelled_at=now, cancelled_by=actor.id, reason=reason, version=day.version + 1)
    for order_id in day.held.order_ids:
        change.emit("order.cancel_day", order_id=str(order_id), reason=reason)
    return change.note(orders=len(day.held.order_ids))


@ORDERS.moves("cancel_day")
def cancel_booked(order: Order, actor: Actor, now: datetime, *, reason: str) -> Change:
    """The service day on which the order is booked is cancelled. One whose place ended meanwhile, and which goes on in a further
    round, is no longer of the day."""
    change = LIFECYCLE.move(order, "cancel_day", actor, now)
    if order.detail.booking_id is None:
        raise TransitionRefused
    free_place(change, order, now)
    return (
        change.note(reason=reason)
        .patch(OrderDetail, matter_id=order.id, cancel_reason=reason)
        .tell_served("order.day_cancelled")
        .tell(order.assignee_id, "order.cancelled")
    )


@dataclass(frozen=True, slots=True)
class OpenSlot:
    """A slot as whoever books it finds it; `number` is the lowest free one, 0 when there is none; `cancelled`: why its day
    was."""

    id: UUID
    day_id: UUID
    service_id: UUID
    team_id: UUID
    lead_id: UUID | None
    starts_at: datetime
    capacity: int
    here: bool
    booked: bool
    represented: bool
    number: int
    cancelled: str | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """Whom it serves, with home and contact, and the slot."""

    home: Placing
    slot: OpenSlot | None


_SLOT = "($3::jsonb ->> 'id')::uuid"
BOOKING = Facts(
    f"""jsonb_build_object('home', {PLACING.sql}, 'slot', (
          SELECT jsonb_build_object('id', t.id, 'day_id', d.id, 'service_id', d.service_id, 'team_id', d.team_id,
                   'lead_id', w.lead_id, 'starts_at', t.starts_at, 'capacity', t.capacity,
                   'here', EXISTS (SELECT 1 FROM place_ancestor a
                                    WHERE a.place_id = subject.place_id AND a.ancestor_id = d.place_id),
                   'booked', has_booked(d.id, subject.id), 'cancelled', d.reason,
                   'represented', w.represents,
                   'number', next_place(t.id))
            FROM service_slot t JOIN service_day d ON d.id = t.day_id
            CROSS JOIN LATERAL hold_host(d.team_id, subject.id) w WHERE t.id = {_SLOT}))""",
    Booking,
)


@ORDERS.creates("book", subject=AT_HOME, facts=BOOKING, read_by_others=("note",))
def book(
    seen: Booking,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Book a slot of a service day at home (预约): an order that the team's lead has accepted, with a confirmed appointment at
    the slot's time. One booking a person and service day; never more than the slot has places.

    Raises:
        NoCommunity. SlotNotFound. NotYourDay: it is for another place. DayCancelled. ServiceNotOffered. ServicePaused.
        SlotOver. NobodyHosts: its team has no lead for now. AlreadyBooked. SlotFull. LeadIsYours: of the team's lead, or of whom
        they represent. ContactMissing.
    """
    if seen.home.place_id is None:
        raise errors.NoCommunity(
            "在「我的社区」里选定(joinPlace)后再预约;工作人员为来电或到站的居民预约,请填 person_id 或 phone"
        )
    return _booked(seen, actor.id, actor, now, note, (name, phone, phone_index, address))


@ORDERS.creates("book", subject=AT_REPRESENTED, facts=BOOKING, missing=errors.NoConsent, read_by_others=("note",))
def book_for(
    seen: Booking,
    actor: Actor,
    now: datetime,
    *,
    beneficiary_id: UUID,  # noqa: ARG001 - the subject is found by it
    note: str,
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Book for somebody whose consent is recorded, who is told. Raises NoConsent, and as `book`."""
    change = _booked(seen, actor.id, actor, now, note, (name, phone, phone_index, address))
    return change.tell(seen.home.person_id, "order.placed_by_representative")


@ORDERS.creates("book", subject=AT_CALLER, facts=BOOKING, missing=errors.CallerNotFound, read_by_others=("note",))
def book_for_caller(
    seen: Booking,
    actor: Actor,
    now: datetime,
    *,
    note: str,
    person_id: UUID | None = None,  # noqa: ARG001 - the subject is found by one of the two
    caller_index: bytes | None = None,  # noqa: ARG001
    name: bytes | None = None,
    phone: bytes | None = None,
    phone_index: bytes | None = None,
    address: bytes | None = None,
) -> Change:
    """Book for a resident who calls or walks in, by the staff there; the order is the caller's own, who is told.

    Raises:
        NotAllowed: the actor works at no desk. CallerNotFound: nobody with this id or phone lives where the actor works. And
            as `book`.
    """
    demand_desk(actor, "为本人、为请您代下单的人预约,不填 person_id 和 phone")
    caller = seen.home.person_id
    change = _booked(seen, caller, actor, now, note, (name, phone, phone_index, address))
    return change.tell(caller, "order.placed_for_you")


def _booked(seen: Booking, requester_id: UUID, actor: Actor, now: datetime, note: str, contact: Contact) -> Change:
    slot, person_id = seen.slot, seen.home.person_id
    if slot is None:
        raise service_day_errors.SlotNotFound
    order = new_order(seen.home, requester_id, actor.id, now, slot.service_id)
    _demand_bookable(slot, seen.home, now, whose="您" if person_id == actor.id else "此人")
    if slot.lead_id in (person_id, actor.id) or slot.represented:
        raise service_day_errors.LeadIsYours
    change = LIFECYCLE.create(replace(order, assignee_id=slot.lead_id, team_id=slot.team_id), "book", actor, now)
    describe(change, seen.home, slot.service_id, note, contact)
    about = {"matter_id": order.id, "place_id": order.place_id}
    return (
        change.anchor("appointment", begins=slot.starts_at)
        .insert(
            SlotBooking,
            **about,
            id=new_id(),
            slot_id=slot.id,
            day_id=slot.day_id,
            capacity=slot.capacity,
            number=slot.number,
            person_id=person_id,
            booked_at=now,
        )
        .insert(
            Appointment,
            **about,
            id=new_id(),
            meet_at=slot.starts_at,
            proposed_by=slot.lead_id,
            by_resident=False,
            proposed_at=now,
            confirmed_by=actor.id,
            confirmed_at=now,
        )
        .tell(slot.lead_id, "order.booked")
    )


def _demand_bookable(slot: OpenSlot, home: Placing, now: datetime, *, whose: str) -> None:
    if not slot.here:
        raise service_day_errors.NotYourDay
    if slot.cancelled is not None:
        raise service_day_errors.DayCancelled(f"取消的原因:{slot.cancelled}")
    demand_offered(home)
    if slot.starts_at <= now:
        raise service_day_errors.SlotOver
    if slot.lead_id is None:
        raise service_day_errors.NobodyHosts
    if slot.booked:
        raise service_day_errors.AlreadyBooked(f"{whose}已预约这个服务日;{service_day_errors.AlreadyBooked.advice_zh}")
    if not slot.number:
        raise service_day_errors.SlotFull


VERBS = (cancel_booked, book, book_for, book_for_caller)
RECORD_VERBS = (open_day, cancel_day)
