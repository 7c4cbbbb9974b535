"""Placing an order as values: for oneself, for whom one represents, for a caller; and who may serve it then."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.orders import dispatching, errors, outcomes, placing
from app.domain.orders import service as orders
from app.domain.orders.dispatching import Offered, Taking
from app.domain.orders.facts import Placing, Starting
from app.domain.orders.models import Calling, OrderContact, OrderDetail
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Detail, Led, ServedSide
from app.kernel.change import Change, Event, Patch
from app.kernel.doubles import Double
from app.kernel.errors import NotAllowed
from app.kernel.rules import Actor, Role
from tests.unit.orders.test_dispatching import candidate
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, VOLUNTEER, WHO, an_order

HOME = Placing(RESIDENT, UUID(int=8), "", True, False, b"name", b"phone", b"address", b"index")
THEIRS = replace(HOME, person_id=FAMILY)
WISH = {"service_id": UUID(int=7), "note": "买菜"}


def sides(change: Change) -> tuple[UUID, UUID, UUID, str]:
    """Requester, beneficiary, who placed it, and through what."""
    assert change.matter is not None
    return (
        change.matter.requester_id,
        change.matter.beneficiary_id,
        change.matter.placed_by,
        change.through,
    )


def test_placing_starts_the_four_promises_and_tells_the_dispatcher() -> None:
    home = replace(HOME, category="repair")
    change = placing.place(home, WHO["requester"], NOON, **WISH, phone=b"another phone")
    assert (change.state, change.version) == (S.SUBMITTED, 0)
    assert change.starts == ["respond", "reply", "coordinate", "plan", "dispatch"]
    assert change.matter is not None
    assert change.matter.category == "repair", "it chooses the limits"
    assert change.events == [Event("order.placed", to_role=Role.DISPATCHER)]
    detail, contact = change.rows
    assert (detail.table, contact.table) == (OrderDetail, OrderContact)
    assert detail.values["note"] == "买菜"
    assert (contact.values["name_sealed"], contact.values["phone_sealed"]) == (b"name", b"another phone")
    assert sides(change) == (RESIDENT, RESIDENT, RESIDENT, "requester")


def test_what_is_open_of_the_same_service_is_passed_on_and_changes_nothing_else() -> None:
    open_already = Double(UUID(int=9), S.SUBMITTED, NOON)
    plain = placing.place(HOME, WHO["requester"], NOON, **WISH)
    again = placing.place(replace(HOME, doubles=(open_already,)), WHO["requester"], NOON, **WISH)
    assert (plain.doubles, again.doubles) == ((), (open_already,))
    assert (again.state, again.starts, again.events) == (plain.state, plain.starts, plain.events)


def test_an_order_is_found_by_the_phone_that_it_has() -> None:
    given = {"phone": b"another phone", "phone_index": b"another index"}
    for phone, expected in (({}, b"index"), (given, b"another index")):
        _, contact = placing.place(HOME, WHO["requester"], NOON, **WISH, **phone).rows
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
        placing.place(home, WHO["requester"], NOON, **WISH)


@pytest.mark.parametrize("roles", [frozenset(), frozenset({Role.RESIDENT})])
def test_a_representative_is_the_requester_wherever_they_live(roles: frozenset[Role]) -> None:
    change = placing.place_for(THEIRS, Actor(RESIDENT, roles), NOON, beneficiary_id=FAMILY, **WISH)
    assert sides(change) == (RESIDENT, FAMILY, RESIDENT, "representative")
    assert change.rows[1].values["address_sealed"] == b"address", "of the beneficiary's file"


def test_an_order_for_a_caller_is_the_callers_who_is_told() -> None:
    change = placing.place_for_caller(THEIRS, WHO["station"], NOON, channel=Calling.PHONE, **WISH)
    assert sides(change) == (FAMILY, FAMILY, OTHER, "subtree")
    assert change.starts == ["respond", "reply", "coordinate", "plan", "dispatch"]
    assert Event("order.placed_for_you", to_person=FAMILY) in change.events
    assert change.remark == {"channel": "phone"}


@pytest.mark.parametrize("who", WHO)
def test_only_staff_place_for_a_caller(who: str) -> None:
    if who in ("station", "clerk", "dispatcher", "secretary", "administrator"):
        placing.place_for_caller(THEIRS, WHO[who], NOON, channel=Calling.WALK_IN, **WISH)
    else:
        with pytest.raises(NotAllowed):
            placing.place_for_caller(THEIRS, WHO[who], NOON, channel=Calling.WALK_IN, **WISH)


# ── nobody serves themselves ─────────────────────────────────────────────────────────────────────────────────────

OWN = {"placed it": (OTHER, False), "represents whom it serves": (RESIDENT, True)}


@pytest.mark.parametrize("why", OWN)
def test_who_placed_or_represents_neither_dispatches_nor_serves(why: str) -> None:
    placed_by, represents = OWN[why]
    order = replace(an_order(), placed_by=placed_by)
    taking = Taking(candidate(OTHER), represents=represents)
    facts = Offered((candidate(),), None, False, frozenset({OTHER} if represents else ()))
    with pytest.raises(errors.OwnOrder):
        dispatching.offer(order, WHO["dispatcher"], NOON, facts=facts, volunteer_id=VOLUNTEER)
    with pytest.raises(errors.OwnOrder):
        dispatching.claim(order, WHO["volunteer"], NOON, facts=taking)
    offered = replace(order, state=S.OFFERED, assignee_id=OTHER)
    with pytest.raises(errors.OwnOrder):
        dispatching.accept(offered, WHO["volunteer"], NOON, facts=taking)


def test_nor_is_it_offered_to_who_placed_it() -> None:
    order = replace(an_order(), placed_by=VOLUNTEER)
    facts = Offered((candidate(),), None, False)
    with pytest.raises(errors.OwnOrder):
        dispatching.offer(order, WHO["dispatcher"], NOON, facts=facts, volunteer_id=VOLUNTEER)


# ── starting without a phone ─────────────────────────────────────────────────────────────────────────────────────

NEITHER = Starting(card_fits=False, reached=False)
REACHED = Starting(card_fits=False, reached=True)


def test_a_household_card_starts_like_a_code() -> None:
    change = orders.start(
        an_order(S.ACCEPTED), WHO["assignee"], NOON, facts=Starting(card_fits=True, reached=False), card=b"index"
    )
    assert (change.state, change.patches, change.remark) == (S.IN_SERVICE, [], {})


def test_a_wrong_card_counts_like_a_wrong_code() -> None:
    change = orders.start(an_order(S.ACCEPTED), WHO["assignee"], NOON, facts=NEITHER, card=b"index")
    assert isinstance(change.refusal, errors.StartCodeWrong)
    assert change.patches[0].values["wrong_codes"] == 1
    locked = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 5, NOON - timedelta(minutes=3)))
    with pytest.raises(errors.StartCodeLocked):
        orders.start(locked, WHO["assignee"], NOON, facts=Starting(card_fits=True, reached=False), card=b"index")


def test_without_either_it_is_unverified_after_the_staff_reached_the_resident() -> None:
    with pytest.raises(errors.NotReached):
        orders.start(an_order(S.ACCEPTED), WHO["assignee"], NOON, facts=NEITHER, unverified=True)
    locked = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 5, NOON - timedelta(minutes=3)))
    for order in (an_order(S.ACCEPTED), locked):
        change = orders.start(order, WHO["assignee"], NOON, facts=REACHED, unverified=True)
        assert (change.state, change.remark) == (S.IN_SERVICE, {"unverified": True})
        assert change.patches == [Patch(OrderDetail, {"matter_id": order.id, "unverified": True})]


def test_each_start_has_a_code_of_its_own() -> None:
    begun_once = replace(NEITHER, begun=1)
    old = orders.start(an_order(S.ACCEPTED), WHO["assignee"], NOON, facts=begun_once, fits_after=(0,))
    assert isinstance(old.refusal, errors.StartCodeWrong)
    assert orders.start(an_order(S.ACCEPTED), WHO["assignee"], NOON, facts=begun_once, fits_after=(1,)).refusal is None


def test_a_later_start_with_the_code_is_verified_again() -> None:
    again = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 0, None, unverified=True))
    change = orders.start(again, WHO["assignee"], NOON, facts=NEITHER, fits_after=(0,))
    assert change.patches[0].values["unverified"] is False


# ── rating and cancelling for somebody ───────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("who", "marked"), [("requester", True), ("beneficiary", False)])
def test_a_representatives_rating_is_marked(who: str, marked: bool) -> None:
    change = outcomes.rate(
        an_order(S.DELIVERED), WHO[who], NOON, facts=ServedSide(logs_in=True), solved="yes", stars=5, reason=None
    )
    assert change.rows[0].values["by_representative"] is marked


@pytest.mark.parametrize(("who", "other"), [("requester", FAMILY), ("beneficiary", RESIDENT)])
def test_of_both_sides_the_other_hears_of_a_cancellation(who: str, other: UUID) -> None:
    change = outcomes.cancel(an_order(), WHO[who], NOON, facts=Led())
    assert {event.to_person for event in change.events} == {VOLUNTEER, other}
