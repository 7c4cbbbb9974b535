"""The arithmetic of deadlines: budgets on calendars, marks at exact moments, pauses that shift them."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.calendars import Calendar
from app.kernel.deadlines import Policy, Stretch, Timing, merged, opening
from tests.unit.kernel.test_calendars import DUTY, HOUR, LATE, MINUTE, NIGHT, SECOND, WALL, WORK, WORKING_DAY, at

RESPOND = Policy(UUID(int=1), "respond", "DUTY", 1200, None, (80, 100, 150), hours_id=UUID(int=2))
PLAN = Policy(UUID(int=3), "plan", "WORK", None, 1, (80, 100), later_round_percent=50, pausable=True)
PROMISE = Policy(UUID(int=4), "promise", "WALL", 86_400, None, (80, 100))
TUESDAY = at("2026-03-03 10:30")


def moments(timing: Timing) -> list[str]:
    return [f"{moment:%m-%d %H:%M:%S}" for moment in timing.times()]


def duty(start: str, budget: timedelta, *pauses: tuple[str, str]) -> Timing:
    stretches = tuple((at(begin), at(end)) for begin, end in pauses)
    return Timing(at(start), budget, (50, 100, 150), DUTY, stretches)


@pytest.mark.parametrize(
    ("calendar", "start", "marks"),
    [
        (WALL, "2026-03-03 10:30", ["03-03 10:46:00", "03-03 10:50:00", "03-03 11:00:00"]),
        (DUTY, "2026-03-03 10:30", ["03-03 10:46:00", "03-03 10:50:00", "03-03 11:00:00"]),
        (WALL, "2026-03-03 23:50", ["03-04 00:06:00", "03-04 00:10:00", "03-04 00:20:00"]),
        (DUTY, "2026-03-03 23:50", ["03-04 08:16:00", "03-04 08:20:00", "03-04 08:30:00"]),
        (DUTY, "2026-03-03 19:44", ["03-03 20:00:00", "03-04 08:04:00", "03-04 08:14:00"]),
        (DUTY, "2026-10-01 19:40", ["10-01 19:56:00", "10-01 20:00:00", "10-02 08:10:00"]),
    ],
)
def test_respond_is_due_after_twenty_minutes_with_marks_at_16_20_and_30(
    calendar: Calendar, start: str, marks: list[str]
) -> None:
    assert moments(RESPOND.begin(calendar, at(start), 1)) == marks


def test_a_plan_is_due_after_one_full_working_day() -> None:
    timing = PLAN.begin(WORK, at("2026-03-06 20:00"), 1)
    assert timing.budget == WORKING_DAY
    assert moments(timing) == ["03-09 16:06:00", "03-09 17:30:00"]


@pytest.mark.parametrize(
    ("policy", "round_number", "budget"),
    [
        (PLAN, 1, WORKING_DAY),
        (PLAN, 2, WORKING_DAY / 2),
        (PLAN, 3, WORKING_DAY / 2),
        (replace(PLAN, budget_days=3), 2, 3 * WORKING_DAY / 2),
        (RESPOND, 2, 20 * MINUTE),
        (replace(RESPOND, budget_seconds=3, later_round_percent=50), 2, SECOND),
        (replace(RESPOND, budget_seconds=1, later_round_percent=50), 2, SECOND),
    ],
)
def test_a_later_round_has_its_share_in_whole_seconds(policy: Policy, round_number: int, budget: timedelta) -> None:
    calendar = WORK if policy.budget_days else DUTY
    assert policy.begin(calendar, TUESDAY, round_number).budget == budget


def test_a_promise_is_due_at_the_promised_moment_whatever_its_policys_budget() -> None:
    now, promised = at("2026-03-03 10:30:00.400000"), at("2026-03-06 11:00")
    timing = PROMISE.begin(WALL, now, 1, promised)
    assert (timing.started_at, timing.due_at()) == (TUESDAY, promised)
    assert timing.budget == timedelta(days=3, minutes=30), "whole seconds, so that it is stored whole"
    assert PROMISE.begin(WALL, now, 2, promised) == timing, "a later round promises as well"


def test_a_promise_lasts_a_second_at_least() -> None:
    assert PROMISE.begin(WALL, TUESDAY, 1, TUESDAY + SECOND / 2).due_at() == TUESDAY + SECOND


def test_a_pause_shifts_what_has_not_come_yet() -> None:
    assert moments(duty("2026-03-03 10:00", 4 * HOUR)) == ["03-03 12:00:00", "03-03 14:00:00", "03-03 16:00:00"]
    paused = duty("2026-03-03 10:00", 4 * HOUR, ("2026-03-03 13:00", "2026-03-04 09:00"))
    assert moments(paused) == ["03-03 12:00:00", "03-04 10:00:00", "03-04 12:00:00"]
    assert (paused.used(at("2026-03-03 13:00")), paused.used(at("2026-03-04 09:00"))) == (3 * HOUR, 3 * HOUR)
    assert paused.used(at("2026-03-04 09:30")) == 3 * HOUR + 30 * MINUTE
    assert paused.paused() == 8 * HOUR, "open time alone counts: until 20:00, and from 08:00"


def test_a_pause_outside_the_hours_shifts_nothing() -> None:
    night = duty("2026-03-03 17:00", 4 * HOUR, ("2026-03-03 20:00", "2026-03-04 08:00"))
    assert moments(night) == ["03-03 19:00:00", "03-04 09:00:00", "03-04 11:00:00"]
    assert night.paused() == timedelta()


def test_a_mark_that_is_due_when_a_pause_begins_stays() -> None:
    at_the_mark = duty("2026-03-03 10:00", 4 * HOUR, ("2026-03-03 12:00", "2026-03-03 13:00"))
    assert moments(at_the_mark) == ["03-03 12:00:00", "03-03 15:00:00", "03-03 17:00:00"]
    after_the_miss = duty("2026-03-03 10:00", 4 * HOUR, ("2026-03-03 14:00:01", "2026-03-03 15:00:01"))
    assert moments(after_the_miss) == ["03-03 12:00:00", "03-03 14:00:00", "03-03 17:00:00"]


def test_pauses_that_overlap_count_once() -> None:
    twice = duty(
        "2026-03-03 10:00", 4 * HOUR,
        ("2026-03-03 11:00", "2026-03-03 13:00"), ("2026-03-03 10:30", "2026-03-03 12:00"),
        ("2026-03-03 13:00", "2026-03-03 13:30"),
    )  # fmt: skip
    assert merged(twice.pauses) == [(at("2026-03-03 10:30"), at("2026-03-03 13:30"))]
    assert (twice.due_at(), twice.paused()) == (at("2026-03-03 17:00"), 3 * HOUR)


def test_an_ended_pause_of_no_length_is_none() -> None:
    assert merged([(TUESDAY, TUESDAY)]) == []
    empty = duty("2026-03-03 10:00", 4 * HOUR, ("2026-03-03 11:00", "2026-03-03 11:00"))
    assert empty.due_at() == at("2026-03-03 14:00")


def test_a_row_pins_what_its_moments_are_computed_from() -> None:
    policy = replace(PLAN, hours_id=UUID(int=5), workdays_id=UUID(int=6))
    row = policy.row(policy.begin(WORK, TUESDAY, 1))
    assert (row["started_at"], row["due_at"], row["times"][1]) == (TUESDAY, at("2026-03-04 10:30"), row["due_at"])
    assert (row["budget_seconds"], row["percents"], row["pausable"]) == (7 * 3600, (80, 100), True)
    assert (row["policy_id"], row["hours_id"], row["workdays_id"]) == (policy.id, UUID(int=5), UUID(int=6))
    assert not row["calendar_missing"]
    assert policy.row(policy.begin(WORK, at("2026-12-31 16:00"), 1))["calendar_missing"]


CALENDARS = st.sampled_from([WALL, DUTY, WORK, NIGHT, LATE])
PERCENTS = st.lists(st.integers(1, 1000), min_size=1, max_size=10, unique=True).map(lambda p: tuple(sorted({*p, 100})))
LENGTHS = st.timedeltas(timedelta(), timedelta(days=9))


@st.composite
def timings(draw: st.DrawFn) -> Timing:
    """Anything that may be stored, and pauses that overlap, are empty, or come after the end."""
    start = draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 10, 1))).replace(tzinfo=TUESDAY.tzinfo)  # noqa: DTZ001
    pauses: list[Stretch] = []
    for after, length in draw(st.lists(st.tuples(LENGTHS, LENGTHS), max_size=4)):
        pauses.append((start + after, start + after + length))
    budget = timedelta(seconds=draw(st.integers(1, 300_000)))
    return Timing(start, budget, draw(PERCENTS), draw(CALENDARS), tuple(pauses))


@settings(derandomize=True)
@given(timings())
def test_at_the_due_moment_the_budget_is_used_and_not_before(timing: Timing) -> None:
    due = timing.due_at()
    assert timing.used(due) == timing.budget
    assert timing.used(due - timedelta.resolution) < timing.budget


@settings(derandomize=True)
@given(timings())
def test_marks_rise_and_the_miss_is_the_due_moment(timing: Timing) -> None:
    times = timing.times()
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] > timing.started_at or timing.budget * timing.percents[0] < 100 * timedelta.resolution
    assert times[timing.percents.index(100)] == timing.due_at()
    shares = [timing.budget * percent / 100 for percent in timing.percents]
    assert [timing.used(moment) for moment in times] == shares


@settings(derandomize=True)
@given(timings(), LENGTHS, LENGTHS)
def test_a_further_pause_never_brings_a_mark_forward(timing: Timing, after: timedelta, length: timedelta) -> None:
    """And moves none that was due when it begins: what has fired stays due when it was."""
    begin = timing.started_at + after
    before, paused = timing.times(), timing.with_pauses((*timing.pauses, (begin, begin + length))).times()
    assert all(later >= earlier for earlier, later in zip(before, paused, strict=True))
    assert all(later == earlier for earlier, later in zip(before, paused, strict=True) if earlier <= begin)


@settings(derandomize=True)
@given(st.integers(1, 31_536_000), PERCENTS)
def test_around_the_clock_a_share_of_the_budget_is_a_share_of_time(budget: int, percents: tuple[int, ...]) -> None:
    policy = Policy(UUID(int=1), "respond", "WALL", budget, None, percents)
    times = policy.begin(WALL, TUESDAY, 1).times()
    assert times == tuple(TUESDAY + timedelta(seconds=budget) * percent / 100 for percent in percents)


@pytest.mark.parametrize(
    ("start", "told"),
    [
        ("2026-03-03 10:30", None),
        ("2026-03-03 12:30", ("03-03 13:30", ["plan"], "WORK")),
        ("2026-03-03 20:00", ("03-04 08:00", ["respond", "reply"], "DUTY")),
        ("2026-03-07 10:00", ("03-09 09:00", ["plan"], "WORK")),
        ("2026-03-07 22:30", ("03-08 08:00", ["respond", "reply"], "DUTY")),
    ],
)
def test_the_earliest_opening_is_told_with_what_waits_for_it(
    start: str, told: tuple[str, list[str], str] | None
) -> None:
    """Closing time is closed; what counts at once, on any calendar, is not named."""
    begun = [
        (kind, Timing(at(start), HOUR, (100,), on))
        for kind, on in (("respond", DUTY), ("reply", DUTY), ("plan", WORK), ("rating", WALL))
    ]
    found = opening(begun)
    if told is None:
        assert found is None
    else:
        opens_at = datetime.fromisoformat(found["opens_at"])
        assert (f"{opens_at:%m-%d %H:%M}", found["deadlines"], found["calendar"]) == told


def test_nothing_that_starts_waits_for_nothing() -> None:
    assert opening([]) is None
