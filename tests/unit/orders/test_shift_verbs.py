"""Handing a shift over, as values: without a database."""

from dataclasses import replace
from uuid import UUID

import pytest

from app.domain.orders import shifts
from app.domain.orders.errors import NotOnDuty
from app.domain.orders.models import OrderState as S
from app.domain.orders.record_models import ShiftHandover
from app.domain.orders.shifts import Shift
from app.kernel.change import Event
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.rules import SYSTEM, Actor, Role
from tests.unit.orders.test_policy import NOON, WHO, an_order

PLACE, NEXT = UUID(int=8), UUID(int=5)
HELD = [UUID(int=21), UUID(int=22)]
SHIFT = Shift(PLACE, True, {"submitted": 2}, [{"order_id": str(HELD[0]), "kind": "plan"}], HELD)
TO_NEXT = {"place_id": PLACE, "next_id": NEXT, "note": "晚上有人值班"}


@pytest.mark.parametrize("who", WHO)
def test_dispatchers_and_secretaries_hand_over(who: str) -> None:
    if who in ("dispatcher", "secretary"):
        assert shifts.hand_over_shift(SHIFT, WHO[who], NOON, **TO_NEXT).state == "hand_over"
    else:
        with pytest.raises(NotAllowed):
            shifts.hand_over_shift(SHIFT, WHO[who], NOON, **TO_NEXT)


def test_what_is_open_is_written_down_told_and_passed_on() -> None:
    leaver = WHO["dispatcher"]
    change = shifts.hand_over_shift(SHIFT, leaver, NOON, **TO_NEXT)
    (row,) = change.rows
    assert (row.table, row.values["left_by"], row.values["taken_by"]) == (ShiftHandover, leaver.id, NEXT)
    assert row.values["open_orders"] == {"counts": SHIFT.counts, "late": SHIFT.late, "held": HELD}
    told, *passed = change.events
    assert told == Event("shift.handed_over", to_person=NEXT)
    assert passed == [
        Event("order.hand_over", payload={"order_id": order, "to": NEXT, "held_by": leaver.id}) for order in HELD
    ]


@pytest.mark.parametrize(
    ("shift", "next_id"), [(replace(SHIFT, next_holds=False), NEXT), (SHIFT, WHO["dispatcher"].id)]
)
def test_only_to_somebody_else_in_post(shift: Shift, next_id: UUID) -> None:
    with pytest.raises(NotOnDuty):
        shifts.hand_over_shift(shift, WHO["dispatcher"], NOON, **{**TO_NEXT, "next_id": next_id})


def test_an_order_that_the_leaver_held_passes_on() -> None:
    leaver = UUID(int=6)
    order = replace(an_order(S.SUBMITTED), holder_id=leaver)
    change = shifts.hand_over(order, SYSTEM, NOON, held_by=leaver, to=NEXT)
    assert (change.columns, change.starts, change.stops, change.retimes) == ({"holder_id": NEXT}, [], [], [])


@pytest.mark.parametrize("holder", [None, UUID(int=7)])
def test_an_order_with_another_holder_stays_theirs(holder: UUID | None) -> None:
    order = replace(an_order(S.SUBMITTED), holder_id=holder)
    with pytest.raises(TransitionRefused):
        shifts.hand_over(order, SYSTEM, NOON, held_by=UUID(int=6), to=NEXT)


def test_nobody_sets_a_holder_by_hand() -> None:
    order = replace(an_order(S.SUBMITTED), holder_id=UUID(int=6))
    with pytest.raises(NotAllowed):
        shifts.hand_over(order, Actor(UUID(int=6), frozenset({Role.SECRETARY})), NOON, held_by=UUID(int=6), to=NEXT)
