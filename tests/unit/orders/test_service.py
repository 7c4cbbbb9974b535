"""The verbs of orders as values: what each Change holds, without a database."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.orders import errors
from app.domain.orders import service as orders
from app.domain.orders.models import OrderContact, OrderDetail, Rating
from app.domain.orders.models import OrderState as S
from app.domain.orders.record_models import ServiceRecord
from app.domain.orders.records import Served
from app.domain.orders.repository import Detail, Offering, Placing
from app.kernel.change import Event, Patch
from app.kernel.errors import TransitionRefused
from app.kernel.matter import LiveDeadline
from app.kernel.rules import SYSTEM, Role
from tests.unit.orders.test_policy import NOON, RESIDENT, VOLUNTEER, WHO, an_order

RESPOND = LiveDeadline(UUID(int=21), "respond", NOON + timedelta(minutes=9))
OFFER = LiveDeadline(UUID(int=22), "offer", NOON + timedelta(minutes=5))
FINISH = LiveDeadline(UUID(int=23), "finish", NOON + timedelta(hours=3))
REPLY = LiveDeadline(UUID(int=24), "reply", NOON + timedelta(minutes=20))
PLAN = LiveDeadline(UUID(int=25), "plan", NOON + timedelta(hours=6))
APPOINTMENT = LiveDeadline(UUID(int=26), "appointment", NOON + timedelta(days=1))
RATING = LiveDeadline(UUID(int=27), "rating", NOON + timedelta(days=5))
HOME = Placing(UUID(int=8), "", True, b"name", b"phone", b"address", b"index")


def test_placing_starts_the_four_promises_and_tells_the_dispatcher() -> None:
    home = replace(HOME, category="repair")
    change = orders.place(home, WHO["requester"], NOON, service_id=UUID(int=7), note="买菜", phone=b"another phone")
    assert (change.state, change.version) == (S.SUBMITTED, 0)
    assert change.starts == ["respond", "reply", "coordinate", "plan"]
    assert change.matter is not None
    assert change.matter.category == "repair", "it chooses the limits"
    assert change.events == [Event("order.placed", to_role=Role.DISPATCHER)]
    detail, contact = change.rows
    assert (detail.table, contact.table) == (OrderDetail, OrderContact)
    assert detail.values["note"] == "买菜"
    assert (contact.values["name_sealed"], contact.values["phone_sealed"]) == (b"name", b"another phone")


def test_an_order_is_found_by_the_phone_that_it_has() -> None:
    about = {"service_id": UUID(int=7), "note": "买菜"}
    given = {"phone": b"another phone", "phone_index": b"another index"}
    for phone, expected in (({}, b"index"), (given, b"another index")):
        _, contact = orders.place(HOME, WHO["requester"], NOON, **about, **phone).rows
        assert contact.values["phone_index"] == expected


@pytest.mark.parametrize(
    ("home", "refusal"),
    [
        (replace(HOME, place_id=None), errors.NoCommunity),
        (replace(HOME, offered=False), errors.ServiceNotOffered),
        (replace(HOME, address_sealed=None), errors.ContactMissing),
    ],
)
def test_placing_is_refused(home: Placing, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        orders.place(home, WHO["requester"], NOON, service_id=UUID(int=7), note="买菜")


def test_an_offer_starts_its_own_limit_and_leaves_respond_running() -> None:
    order = replace(an_order(), assignee_id=None, live=(RESPOND,))
    change = orders.offer(order, WHO["dispatcher"], NOON, facts=Offering(qualified=True), volunteer_id=VOLUNTEER)
    assert (change.state, change.starts, change.stops) == (S.OFFERED, ["offer"], [])
    assert change.columns == {"assignee_id": VOLUNTEER}
    assert change.events == [Event("order.offered", to_person=VOLUNTEER)]


def test_nobody_offers_to_the_requester_or_to_somebody_unqualified() -> None:
    with pytest.raises(errors.OwnOrder):
        orders.offer(an_order(), WHO["dispatcher"], NOON, facts=Offering(qualified=True), volunteer_id=RESIDENT)
    with pytest.raises(errors.VolunteerNotQualified):
        orders.offer(an_order(), WHO["dispatcher"], NOON, facts=Offering(qualified=False), volunteer_id=VOLUNTEER)


def test_accepting_stops_respond_and_offer_and_nothing_else() -> None:
    order = replace(an_order(S.OFFERED), live=(RESPOND, OFFER, REPLY, PLAN))
    change = orders.accept(order, WHO["assignee"], NOON)
    assert (change.state, change.stops, change.starts) == (S.ACCEPTED, ["respond", "offer"], [])
    assert change.events == [Event("order.accepted", to_person=RESIDENT)]


def test_claiming_from_the_pool_takes_the_order_from_whoever_was_silent() -> None:
    order = replace(an_order(S.OFFERED), live=(RESPOND, OFFER))
    change = orders.claim(order, WHO["volunteer"], NOON)
    assert (change.state, change.columns["assignee_id"]) == (S.ACCEPTED, WHO["volunteer"].id)


def test_nobody_claims_their_own_order() -> None:
    me = replace(WHO["requester"], roles=frozenset({Role.VOLUNTEER}))
    with pytest.raises(errors.OwnOrder):
        orders.claim(an_order(), me, NOON)


@pytest.mark.parametrize(("failures", "opened"), [(0, False), (1, True), (5, True)])
def test_the_second_lapse_opens_the_pool(failures: int, opened: bool) -> None:
    detail = Detail(UUID(int=7), failures, 0, None)
    order = replace(an_order(S.OFFERED, open_pool=False), detail=detail, live=(RESPOND, OFFER))
    change = orders.lapse(order, SYSTEM, NOON, deadline_id=OFFER.id)
    assert (change.state, change.stops) == (S.SUBMITTED, ["offer"])
    assert change.columns == {"assignee_id": None, "open_pool": opened}
    assert change.patches == [Patch(OrderDetail, {"matter_id": order.id, "failures": failures + 1})]


def test_a_lapse_that_speaks_of_an_older_offer_does_nothing() -> None:
    with pytest.raises(TransitionRefused):
        orders.lapse(replace(an_order(S.OFFERED), live=(RESPOND, OFFER)), SYSTEM, NOON, deadline_id=UUID(int=99))


def test_starting_with_the_code_stops_the_appointment_and_begins_finish() -> None:
    order = replace(an_order(S.ACCEPTED), live=(REPLY, APPOINTMENT))
    change = orders.start(order, WHO["assignee"], NOON, code_fits=True)
    assert (change.state, change.refusal) == (S.IN_SERVICE, None)
    assert (change.stops, change.starts) == (["appointment"], ["finish"])


def test_a_finish_of_the_older_rules_begins_anew_with_the_service() -> None:
    change = orders.start(replace(an_order(S.ACCEPTED), live=(FINISH,)), WHO["assignee"], NOON, code_fits=True)
    assert (change.stops, change.starts) == (["finish"], ["finish"])


def test_a_wrong_code_is_counted_and_refused() -> None:
    order = replace(an_order(S.ACCEPTED), live=(APPOINTMENT,))
    change = orders.start(order, WHO["assignee"], NOON, code_fits=False)
    assert (change.action, change.state) == ("wrong_code", S.ACCEPTED)
    assert (change.stops, change.starts) == ([], []), "the appointment still waits"
    assert change.patches[0].values["wrong_codes"] == 1
    assert isinstance(change.refusal, errors.StartCodeWrong)


def test_the_sixth_code_is_refused_even_when_it_fits() -> None:
    order = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 5, NOON - timedelta(minutes=3)))
    with pytest.raises(errors.StartCodeLocked):
        orders.start(order, WHO["assignee"], NOON, code_fits=True)


def test_delivering_stops_whatever_runs_and_waits_for_the_rating() -> None:
    order = replace(an_order(S.IN_SERVICE), live=(FINISH, REPLY, PLAN))
    served = Served(NOON - timedelta(minutes=95, seconds=59))
    change = orders.deliver(order, WHO["assignee"], NOON, facts=served, outcome="做好了")
    assert (change.state, change.starts) == (S.DELIVERED, ["rating"])
    assert sorted(change.stops) == ["finish", "plan", "reply"]
    (hours,) = change.rows
    assert (hours.table, hours.values["person_id"], hours.values["round"]) == (ServiceRecord, VOLUNTEER, 1)
    assert (hours.values["started_at"], hours.values["ended_at"], hours.values["minutes"]) == (
        served.started_at,
        NOON,
        95,
    )


def test_rating_stops_its_limit_and_is_written_once_a_round() -> None:
    order = replace(an_order(S.DELIVERED), live=(RATING,))
    rated = orders.rate(order, WHO["requester"], NOON, solved="yes", stars=5, reason=None)
    assert (rated.state, rated.stops) == (S.RATED, ["rating"])
    (rating,) = rated.rows
    assert (rating.table, rating.values["stars"], rating.values["round"]) == (Rating, 5, 1)
    with pytest.raises(errors.ReasonMissing):
        orders.rate(an_order(S.DELIVERED), WHO["requester"], NOON, solved="no", stars=5, reason=None)


@pytest.mark.parametrize("state", [S.SUBMITTED, S.OFFERED, S.ACCEPTED])
def test_cancelling_stops_whatever_runs(state: S) -> None:
    order = replace(an_order(state), live=(RESPOND, OFFER, REPLY, PLAN, APPOINTMENT))
    stopped = orders.cancel(order, WHO["requester"], NOON).stops
    assert sorted(stopped) == ["appointment", "offer", "plan", "reply", "respond"]
