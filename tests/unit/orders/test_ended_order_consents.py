"""An order whose representative has no consent any more, as values."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.orders.ended_consents import to_beneficiary
from app.domain.orders.facts import OnFile
from app.domain.orders.kind_facts import Authority
from app.domain.orders.models import OrderState as S
from app.kernel.change import Event
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.rules import SYSTEM
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, VOLUNTEER, WHO, an_order

OWN = OnFile(own_phone=True, name_sealed=b"mother", phone_sealed=b"phone", phone_index=b"index", address_sealed=b"home")
WHERE_THERE_IS_SOMETHING_TO_FOLLOW = {S.SUBMITTED, S.OFFERED, S.ACCEPTED, S.IN_SERVICE, S.DELIVERED}


@pytest.mark.parametrize("state", S)
def test_it_becomes_the_beneficiarys_in_every_state_and_nothing_else_changes(state: S) -> None:
    change = to_beneficiary(an_order(state), SYSTEM, NOON, facts=OWN, former_id=RESIDENT)
    assert (change.state, change.columns) == (state, {"requester_id": FAMILY})
    assert (change.starts, change.stops, change.rows, change.patches) == ([], [], [], [])
    told = [Event("order.yours_now", to_person=FAMILY)] if state in WHERE_THERE_IS_SOMETHING_TO_FOLLOW else []
    assert change.events == told


@pytest.mark.parametrize("state", S)
def test_what_waits_for_an_answer_is_said_again_while_it_is_under_way(state: S) -> None:
    waits = replace(OWN, question=True, proposal=True)
    change = to_beneficiary(an_order(state), SYSTEM, NOON, facts=waits, former_id=RESIDENT)
    under_way = state in WHERE_THERE_IS_SOMETHING_TO_FOLLOW - {S.DELIVERED}
    told = {event.topic for event in change.events} - {"order.yours_now"}
    assert told == ({"order.question_waits", "order.time_waits"} if under_way else set())


@pytest.mark.parametrize("former", [FAMILY, OTHER])
def test_of_somebody_else_it_stays(former: UUID) -> None:
    with pytest.raises(TransitionRefused):
        to_beneficiary(an_order(), SYSTEM, NOON, facts=OWN, former_id=former)


def test_once() -> None:
    with pytest.raises(TransitionRefused):
        to_beneficiary(replace(an_order(), requester_id=FAMILY), SYSTEM, NOON, facts=OWN, former_id=RESIDENT)


@pytest.mark.parametrize("who", ["requester", "beneficiary", "secretary"])
def test_nobody_does_it_by_hand(who: str) -> None:
    with pytest.raises(NotAllowed):
        to_beneficiary(an_order(), WHO[who], NOON, facts=OWN, former_id=RESIDENT)


@pytest.mark.parametrize("state", S)
def test_somebody_elses_contact_becomes_her_own_and_whoever_has_the_order_is_told(state: S) -> None:
    change = to_beneficiary(an_order(state), SYSTEM, NOON, facts=replace(OWN, own_phone=False), former_id=RESIDENT)
    own = {"name_sealed": b"mother", "phone_sealed": b"phone", "phone_index": b"index", "address_sealed": b"home"}
    patched = [patch.values for patch in change.patches]
    assert patched == ([{"matter_id": UUID(int=9), **own}] if state in WHERE_THERE_IS_SOMETHING_TO_FOLLOW else [])
    told = [event.to_person for event in change.events if event.topic == "order.contact_changed"]
    assert told == ([VOLUNTEER] if state in {S.ACCEPTED, S.IN_SERVICE} else [])


def test_what_is_not_on_file_stays() -> None:
    some = OnFile(own_phone=False, name_sealed=b"mother")
    change = to_beneficiary(an_order(), SYSTEM, NOON, facts=some, former_id=RESIDENT)
    assert [patch.values for patch in change.patches] == [{"matter_id": UUID(int=9), "name_sealed": b"mother"}]
    nothing = to_beneficiary(an_order(S.ACCEPTED), SYSTEM, NOON, facts=OnFile(own_phone=False), former_id=RESIDENT)
    assert (nothing.patches, [event.topic for event in nothing.events]) == ([], ["order.yours_now"])


@pytest.mark.parametrize(
    ("giver", "hours", "told"), [(RESIDENT, 1, True), (FAMILY, 1, False), (RESIDENT, 0, False), (None, 1, False)]
)
def test_she_is_told_of_an_authority_that_the_former_wrote_and_that_stands(giver: UUID, hours: int, told: bool) -> None:
    order = an_order(S.ACCEPTED)
    authority = Authority(UUID(int=5), VOLUNTEER, NOON + timedelta(hours=hours))
    order = replace(order, detail=replace(order.detail, authority=authority if giver else None))
    change = to_beneficiary(order, SYSTEM, NOON, facts=replace(OWN, authority_of=giver), former_id=RESIDENT)
    assert (Event("order.authority_stands", to_person=FAMILY) in change.events) is told
