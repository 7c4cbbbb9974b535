"""Whoever is refused for how a case stands hears how it stands, and what they can do instead."""

import inspect
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.domain.cases import board_errors, callback_errors, errors
from app.domain.cases.service import escalate
from app.kernel.errors import Kind, Refusal
from app.kernel.matter import Matter

HANDLED = Matter(
    id=UUID(int=1), kind="case", place_id=UUID(int=2), state="handling", version=1, round=1, requester_id=UUID(int=3),
    beneficiary_id=UUID(int=3), assignee_id=None, holder_id=None, open_pool=False, created_at=datetime(2026, 3, 2, tzinfo=UTC),
    detail=None,
)  # fmt: skip

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
    escalate.explain(refused, HANDLED)
    assert refused.detail == f"现在是『办理中』;{conflict.advice_zh}"
    assert refused.detail_en == "The state is now handling"


def test_what_a_refusal_says_of_itself_stays() -> None:
    own = errors.AtTheTop("自己的话")
    escalate.explain(own, HANDLED)
    assert own.detail == "自己的话"
