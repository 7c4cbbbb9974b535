"""Service days as values: slots, bookings, and a day that is cancelled (domain.md §3)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import (
    errors,
    giving_back,
    outcomes,
    placing,
    promises,
    service_day_errors,
    service_days,
)
from app.domain.orders.facts import Placing
from app.domain.orders.kind_tables import ServiceSlot, SlotBooking
from app.domain.orders.models import Abort, Appointment, OrderDetail, TakeBack
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Led, Left
from app.domain.orders.service_days import Booking, Day, Held, Opening, OpenSlot, Slot
from app.domain.services.errors import ServicePaused
from app.domain.services.models import Form
from app.kernel.change import Change, Event, Patch
from app.kernel.errors import NotAllowed, Refusal, TransitionRefused
from app.kernel.matter import LiveDeadline
from app.kernel.rules import SYSTEM
from tests.unit.orders.kinds import CLAIM, HOME, HOUR, SERVICE, of
from tests.unit.orders.promised import TEN, rows
from tests.unit.orders.test_policy import NOON, RESIDENT, TEAM, VOLUNTEER, WHO

SLOT = OpenSlot(
    id=UUID(int=51), day_id=UUID(int=52), service_id=SERVICE, team_id=TEAM, lead_id=VOLUNTEER, starts_at=NOON + HOUR,
    capacity=5, here=True, booked=False, represented=False, number=3,
)  # fmt: skip
HOSTS = Opening(team=True, service=True, lead_id=VOLUNTEER)


def slot(hours: float, minutes: int = 30) -> Slot:
    return Slot(NOON + hours * HOUR, minutes, capacity=5)


def opened(*slots: Slot, who: str = "dispatcher", seen: Opening = HOSTS) -> Any:
    about = {"place_id": UUID(int=8), "team_id": TEAM, "service_id": SERVICE}
    return service_days.open_day(seen, WHO[who], NOON, **about, slots=slots)


def test_a_day_has_its_slots_in_order() -> None:
    change = opened(slot(2), slot(1), who="assignee")
    assert [row["starts_at"] for row in rows(change, ServiceSlot)] == [NOON + HOUR, NOON + 2 * HOUR]
    assert change.rows[0].values["starts_at"] == NOON + HOUR


@pytest.mark.parametrize(
    ("slots", "who", "seen", "refusal"),
    [
        ([slot(1)], "volunteer", HOSTS, NotAllowed),
        ([slot(1)], "dispatcher", replace(HOSTS, team=False), service_day_errors.NotADayOfHere),
        ([slot(1)], "dispatcher", replace(HOSTS, service=False), service_day_errors.NotADayOfHere),
        ([slot(0)], "dispatcher", HOSTS, service_day_errors.SlotsInvalid),
        ([slot(1, 61), slot(2)], "dispatcher", HOSTS, service_day_errors.SlotsInvalid),
        ([slot(1), slot(25)], "dispatcher", HOSTS, service_day_errors.SlotsInvalid),
        ([slot(91 * 24)], "dispatcher", HOSTS, service_day_errors.SlotsInvalid),
        ([slot(1)], "dispatcher", replace(HOSTS, begins=frozenset({NOON + HOUR})), service_day_errors.DayIsOpen),
    ],
)
def test_a_day_is_not_opened(slots: Any, who: str, seen: Opening, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        opened(*slots, who=who, seen=seen)


def test_who_books_has_an_order_that_the_lead_has_accepted_and_an_appointment() -> None:
    home = replace(HOME, form=Form.SERVICE_DAY, category="service_day")
    change = service_days.book(Booking(home, SLOT), WHO["requester"], NOON, note="量血压")
    assert (change.action, change.state, change.starts) == ("book", S.ACCEPTED, ["appointment"])
    assert change.anchors == {"appointment": (SLOT.starts_at, None)}
    assert change.matter is not None
    assert (change.matter.assignee_id, change.matter.team_id) == (VOLUNTEER, TEAM)
    (booking,), (meeting,) = rows(change, SlotBooking), rows(change, Appointment)
    assert (booking["number"], booking["capacity"], booking["person_id"]) == (3, 5, RESIDENT)
    assert (meeting["meet_at"], meeting["proposed_by"], meeting["confirmed_by"]) == (
        SLOT.starts_at,
        VOLUNTEER,
        RESIDENT,
    )
    assert change.events == [Event("order.booked", to_person=VOLUNTEER)]


@pytest.mark.parametrize(
    ("home", "found", "refusal"),
    [
        (HOME, None, service_day_errors.SlotNotFound),
        (replace(HOME, place_id=None), SLOT, errors.NoCommunity),
        (HOME, replace(SLOT, here=False), service_day_errors.NotYourDay),
        (replace(HOME, offered=False), SLOT, errors.ServiceNotOffered),
        (replace(HOME, paused=True), SLOT, ServicePaused),
        (HOME, replace(SLOT, starts_at=NOON), service_day_errors.SlotOver),
        (HOME, replace(SLOT, lead_id=None), service_day_errors.NobodyHosts),
        (HOME, replace(SLOT, booked=True), service_day_errors.AlreadyBooked),
        (HOME, replace(SLOT, booked=True, number=0, cancelled="大雪"), service_day_errors.DayCancelled),
        (HOME, replace(SLOT, number=0), service_day_errors.SlotFull),
        (HOME, replace(SLOT, lead_id=RESIDENT), service_day_errors.LeadIsYours),
        (HOME, replace(SLOT, represented=True), service_day_errors.LeadIsYours),
        (replace(HOME, phone_sealed=None), SLOT, errors.ContactMissing),
    ],
)
def test_a_booking_is_refused(home: Placing, found: OpenSlot | None, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        service_days.book(Booking(home, found), WHO["requester"], NOON, note="量血压")


def test_a_service_of_days_is_booked_and_not_ordered() -> None:
    home = replace(HOME, form=Form.SERVICE_DAY)
    with pytest.raises(errors.SlotsAreBooked):
        placing.place(home, WHO["requester"], NOON, service_id=SERVICE, note="量血压")


BOOKED = UUID(int=61)
FREED = Patch(SlotBooking, {"id": BOOKED, "live": None, "ended_at": NOON})


def test_whatever_ends_a_booking_frees_its_place() -> None:
    booked = of(Form.SERVICE_DAY, S.ACCEPTED, booking_id=BOOKED)
    for change in (
        outcomes.cancel(booked, WHO["requester"], NOON, facts=Led()),
        outcomes.convert(booked, WHO["dispatcher"], NOON, reason="整栋楼的事", facts=Led()),
        service_days.cancel_booked(booked, SYSTEM, NOON, reason="大雪"),
        giving_back.release(booked, WHO["assignee"], NOON, facts=Accepted(TEN), reason="队员不够"),
    ):
        assert FREED in change.patches
    cancelled = outcomes.cancel(booked, WHO["requester"], NOON, facts=Led())
    assert all(event.to_role is None for event in cancelled.events), "its team has it, and nobody dispatched it"


APPOINTED = LiveDeadline(CLAIM, "appointment", None)
BOOKING = replace(of(Form.SERVICE_DAY, S.ACCEPTED, booking_id=BOOKED), live=(APPOINTED,))
ACCEPTED = Accepted(TEN)


@pytest.mark.parametrize(
    ("change", "why", "told"),
    [
        (giving_back.release(BOOKING, WHO["assignee"], NOON, facts=ACCEPTED, reason="队员不够"), "队员不够", "let_go"),
        (
            giving_back.take_back(BOOKING, WHO["dispatcher"], NOON, facts=ACCEPTED, reason=TakeBack.CANNOT_COME),
            "志愿者来不了",
            "cancelled",
        ),
        (
            giving_back.hand_back(BOOKING, SYSTEM, NOON, facts=Left(ACCEPTED, False), person_id=VOLUNTEER),
            "承接的志愿者已离开",
            "let_go",
        ),
        (
            promises.miss_appointment(BOOKING, SYSTEM, NOON, facts=ACCEPTED, deadline_id=CLAIM),
            "预约的时段已过,没有开始服务",
            "cancelled",
        ),
    ],
    ids=["released", "taken back", "left", "missed"],
)
def test_a_booking_that_is_let_go_or_missed_ends_and_is_offered_to_nobody(change: Change, why: str, told: str) -> None:
    assert (change.action, change.state, change.starts) == ("end_booking", S.CANCELLED, [])
    assert change.stops == ["appointment"]
    assert Patch(OrderDetail, {"matter_id": BOOKING.id, "cancel_reason": why}) in change.patches
    assert FREED in change.patches
    served = {event.to_person for event in change.events if event.topic == "order.booking_ended"}
    assert served == {BOOKING.requester_id, BOOKING.beneficiary_id}
    other = Event("order.booking_let_go", to_role="dispatcher"), Event("order.cancelled", to_person=VOLUNTEER)
    assert other[told == "cancelled"] in change.events


def test_a_booking_that_is_broken_off_is_given_to_nobody_else() -> None:
    under_way = of(Form.SERVICE_DAY, S.IN_SERVICE, booking_id=BOOKED)
    with pytest.raises(service_day_errors.BookingEnds):
        outcomes.abort(under_way, WHO["assignee"], NOON, facts=ACCEPTED, reason=Abort.UNSAFE, text=None)
    again = of(Form.SERVICE_DAY, S.IN_SERVICE)
    change = outcomes.abort(again, WHO["assignee"], NOON, facts=ACCEPTED, reason=Abort.UNSAFE, text=None)
    assert change.state == S.SUBMITTED, "what goes on in a further round is an order like any"


def test_an_order_that_left_the_day_is_not_cancelled_with_it() -> None:
    claimed_since = of(Form.SERVICE_DAY, S.ACCEPTED)
    with pytest.raises(TransitionRefused):
        service_days.cancel_booked(claimed_since, SYSTEM, NOON, reason="大雪")


DAY = Day(UUID(int=52), UUID(int=8), 1, NOON + HOUR, VOLUNTEER, Held(False, (UUID(int=9),)))


def test_a_cancelled_day_has_each_of_its_orders_cancelled() -> None:
    change = service_days.cancel_day(DAY, WHO["assignee"], NOON, reason="大雪")
    assert change.events == [Event("order.cancel_day", payload={"order_id": str(UUID(int=9)), "reason": "大雪"})]
    assert change.patches[0].values["reason"] == "大雪"


@pytest.mark.parametrize(
    ("day", "who", "refusal"),
    [
        (DAY, "volunteer", NotAllowed),
        (replace(DAY, held=Held(True, ())), "dispatcher", service_day_errors.DayOver),
        (replace(DAY, starts_at=NOON), "dispatcher", service_day_errors.DayOver),
    ],
)
def test_a_day_is_not_cancelled(day: Day, who: str, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        service_days.cancel_day(day, WHO[who], NOON, reason="大雪")
