"""A limit that is given more time: what has fired keeps its moment, and the rest moves; and it explains itself."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

from app.domain.deadlines.explaining import Asked, sentences
from app.kernel.calendars import Calendar
from app.kernel.change import Retime
from app.kernel.deadlines import Timing
from app.kernel.matter import TimedDeadline
from tests.unit.kernel.test_calendars import WALL, WORK, WORKING_DAY, at

TUESDAY = at("2026-03-03 10:30")
NO_NAMES: dict[date, str] = {}


def limit(
    budget: timedelta, calendar: Calendar = WORK, *, fired: int = 0, extension: timedelta = timedelta()
) -> TimedDeadline:
    timing = Timing(TUESDAY, budget, (80, 100, 150), calendar)
    return TimedDeadline(
        UUID(int=1), "resolve_routine", timing, timing.times(), fired, None, None, 200, calendar.name.value, None, None, (),
        extension=extension,
    )  # fmt: skip


def extended(deadline: TimedDeadline, more: timedelta) -> dict[str, object]:
    longer = replace(deadline.timing, budget=deadline.timing.budget + more)
    return Retime(deadline, longer, None).row()


def test_two_working_days_more_are_due_two_working_days_later() -> None:
    row = extended(limit(5 * WORKING_DAY), 2 * WORKING_DAY)
    assert row["due_at"] == at("2026-03-12 10:30")
    assert (row["budget_seconds"], row["extension_seconds"]) == (7 * 7 * 3600, 2 * 7 * 3600)


def test_a_mark_that_has_fired_keeps_its_moment() -> None:
    before = limit(timedelta(hours=10), WALL, fired=1)
    row = extended(before, timedelta(hours=10))
    assert row["times"] == (before.times[0], TUESDAY + timedelta(hours=20), TUESDAY + timedelta(hours=30))


def test_a_pause_afterwards_leaves_the_extension_as_it_was() -> None:
    granted = limit(timedelta(hours=12), WALL, extension=timedelta(hours=2))
    assert granted.at_first == timedelta(hours=10)
    paused = granted.timing.with_pauses(((TUESDAY, TUESDAY + timedelta(hours=1)),))
    row = Retime(granted, paused, None).row()
    assert (row["budget_seconds"], row["extension_seconds"]) == (12 * 3600, 2 * 3600)


def test_it_says_how_long_it_was_and_how_much_was_granted() -> None:
    granted = limit(7 * WORKING_DAY, extension=2 * WORKING_DAY)
    asked = Asked(
        "resolve_routine", granted.timing, granted.times, (), None, missed=False, day_names=NO_NAMES,
        calendar_missing=False, extension=granted.extension,
    )  # fmt: skip
    assert "原定 5 个工作日(35 小时),经上一级批准延长 2 个工作日(14 小时)。" in sentences(asked)
