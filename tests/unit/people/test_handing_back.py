"""What leaving says about each order that was held."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.people.handing_back import HeldOrder, WhyLeft, hand_back
from app.kernel.change import Change, Event
from app.kernel.rules import Actor, Role

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
ORDER, COMMUNITY, VOLUNTEER = UUID(int=1), UUID(int=2), UUID(int=3)
ABOUT = {"order_id": ORDER, "person_id": VOLUNTEER, "because": "disbanded"}


def leaving(*states: str) -> Change:
    change = Change.record("role", UUID(int=9), "revoke", Actor(UUID(int=8)), NOON, place_id=UUID(int=7), version=1)
    return hand_back(change, [HeldOrder(ORDER, state, COMMUNITY, VOLUNTEER, 4) for state in states], WhyLeft.DISBANDED)


@pytest.mark.parametrize("state", ["offered", "accepted"])
def test_what_has_not_begun_is_given_back(state: str) -> None:
    assert leaving(state).events == [Event("order.hand_back", payload={**ABOUT, "version": 4})]
    assert leaving(state).remark == {"orders": [ORDER]}


def test_of_what_is_being_served_the_dispatcher_of_its_place_is_told() -> None:
    told = Event("order.server_leaves", to_role=Role.DISPATCHER, payload=ABOUT, place_id=COMMUNITY)
    assert leaving("in_service").events == [told]


def test_who_holds_nothing_leaves_quietly() -> None:
    assert (leaving().events, leaving().remark) == ([], {})


def test_there_is_one_event_an_order() -> None:
    assert [event.topic for event in leaving("offered", "in_service", "accepted").events] == [
        "order.hand_back", "order.server_leaves", "order.hand_back",
    ]  # fmt: skip
