"""An order whose representative has no consent any more, as values."""

from dataclasses import replace
from uuid import UUID

import pytest

from app.domain.orders.ended_consents import to_beneficiary
from app.domain.orders.models import OrderState as S
from app.kernel.change import Event
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.rules import SYSTEM
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, WHO, an_order

WHERE_THERE_IS_SOMETHING_TO_FOLLOW = {S.SUBMITTED, S.OFFERED, S.ACCEPTED, S.IN_SERVICE, S.DELIVERED}


@pytest.mark.parametrize("state", S)
def test_it_becomes_the_beneficiarys_in_every_state_and_nothing_else_changes(state: S) -> None:
    change = to_beneficiary(an_order(state), SYSTEM, NOON, former_id=RESIDENT)
    assert (change.state, change.columns) == (state, {"requester_id": FAMILY})
    assert (change.starts, change.stops, change.rows, change.patches) == ([], [], [], [])
    told = [Event("order.yours_now", to_person=FAMILY)] if state in WHERE_THERE_IS_SOMETHING_TO_FOLLOW else []
    assert change.events == told


@pytest.mark.parametrize("former", [FAMILY, OTHER])
def test_of_somebody_else_it_stays(former: UUID) -> None:
    with pytest.raises(TransitionRefused):
        to_beneficiary(an_order(), SYSTEM, NOON, former_id=former)


def test_once() -> None:
    with pytest.raises(TransitionRefused):
        to_beneficiary(replace(an_order(), requester_id=FAMILY), SYSTEM, NOON, former_id=RESIDENT)


@pytest.mark.parametrize("who", ["requester", "beneficiary", "secretary"])
def test_nobody_does_it_by_hand(who: str) -> None:
    with pytest.raises(NotAllowed):
        to_beneficiary(an_order(), WHO[who], NOON, former_id=RESIDENT)
