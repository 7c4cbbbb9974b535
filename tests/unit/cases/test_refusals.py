"""Whoever is refused for how a case stands hears how it stands, and what they can do instead."""

import inspect

import pytest

from app.domain.cases import board_errors, callback_errors, errors
from app.domain.cases.reporting import solve_on_the_spot
from app.domain.cases.service import escalate
from app.kernel.errors import Kind, Refusal

CONFLICTS = [
    found
    for room in (errors, board_errors, callback_errors)
    for _, found in inspect.getmembers(room, inspect.isclass)
    if issubclass(found, Refusal) and found.__module__ == room.__name__ and found.kind is Kind.CONFLICT
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=lambda one: one.code)
def test_it_is_told_with_the_state(conflict: type[Refusal]) -> None:
    refused = conflict()
    assert conflict.advice_zh
    escalate.explain(refused, "handling")
    assert refused.detail == f"现在是『办理中』;{conflict.advice_zh}"
    assert refused.detail_en == "The state is now handling"


def test_what_a_refusal_says_of_itself_stays_and_what_is_not_yet_there_has_no_state() -> None:
    own = errors.AtTheTop("自己的话")
    escalate.explain(own, "handling")
    assert own.detail == "自己的话"
    new = errors.EmergencyOnTheSpot()
    solve_on_the_spot.explain(new, None)
    assert new.detail == errors.EmergencyOnTheSpot.advice_zh
