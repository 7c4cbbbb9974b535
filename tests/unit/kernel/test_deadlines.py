"""The arithmetic of deadlines: marks at exact moments."""

from datetime import timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.deadlines import Policy
from tests.unit.orders.test_policy import NOON


def test_respond_is_due_after_twenty_minutes_with_marks_at_16_20_and_30() -> None:
    policy = Policy(UUID(int=1), "respond", "WALL", 1200, (80, 100, 150))
    assert policy.due_at(NOON) == NOON + timedelta(minutes=20)
    assert policy.times(NOON) == tuple(NOON + timedelta(minutes=m) for m in (16, 20, 30))


@given(st.integers(1, 31_536_000), st.lists(st.integers(1, 1000), min_size=1, max_size=10, unique=True))
def test_marks_rise_and_the_miss_is_the_due_moment(budget: int, percents: list[int]) -> None:
    marks = tuple(sorted({*percents, 100}))
    policy = Policy(UUID(int=1), "respond", "WALL", budget, marks)
    times = policy.times(NOON)
    assert list(times) == sorted(times)
    assert times[marks.index(100)] == policy.due_at(NOON) == NOON + timedelta(seconds=budget)
