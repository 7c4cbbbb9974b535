"""The calendars of promises: known dates of 2024 to 2028, and random weeks against a tape of ticks."""

import csv
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from app.kernel.calendars import (
    STANDARD_DUTY,
    STANDARD_WORK,
    WHOLE_DAY,
    Calendar,
    CalendarName,
    NeverOpen,
    Week,
    Workdays,
    week_faults,
)
from app.kernel.time import CHINA

NOTICES = Path(__file__).parents[3] / "migrations/sql/0003_workdays.csv"
HOLIDAYS = {"元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节"}


def read_notices() -> Workdays:
    with NOTICES.open(encoding="utf-8", newline="") as file:
        exceptions = {date.fromisoformat(row["day"]): row["is_working"] == "1" for row in csv.DictReader(file)}
    return Workdays(frozenset(day.year for day in exceptions), exceptions)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def every_day(*shifts: tuple[str, str]) -> Week:
    """The same shifts on all seven days, written "HH:MM"."""

    def seconds(clock: str) -> int:
        hours, minutes = clock.split(":")
        return int(hours) * 3600 + int(minutes) * 60

    return (tuple((seconds(opens), seconds(closes)) for opens, closes in shifts),) * 7


KNOWN = read_notices()
WALL = Calendar(CalendarName.WALL, WHOLE_DAY)
DUTY = Calendar(CalendarName.DUTY, STANDARD_DUTY)
WORK = Calendar(CalendarName.WORK, STANDARD_WORK, KNOWN)
NIGHT = Calendar(CalendarName.DUTY, every_day(("00:00", "06:00"), ("22:00", "24:00")))
LATE = Calendar(CalendarName.DUTY, every_day(("14:00", "24:00")))

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
WORKING_DAY = timedelta(hours=7)

# -- Known dates ------------------------------------------------------------------------------------------------------


class Known(NamedTuple):
    why: str
    start: str
    budget: timedelta
    due: str


DATES = [
    Known("Tuesday to Wednesday", "2026-03-03 10:30", WORKING_DAY, "2026-03-04 10:30"),
    Known("Friday evening to Monday evening", "2026-03-06 20:00", WORKING_DAY, "2026-03-09 17:30"),
    Known("Friday 17:59:59, after hours", "2026-03-06 17:59:59", WORKING_DAY, "2026-03-09 17:30"),
    Known("Friday 18:00:00, after hours", "2026-03-06 18:00", HOUR, "2026-03-09 10:00"),
    Known("before hours", "2026-03-03 06:00", HOUR, "2026-03-03 10:00"),
    Known("a whole week", "2026-03-03 10:30", 5 * WORKING_DAY, "2026-03-10 10:30"),
    # The edges of shifts.
    Known("over the lunch break", "2026-03-03 11:59:59", 2 * SECOND, "2026-03-03 13:30:01"),
    Known("up to the lunch break", "2026-03-03 11:59:59", SECOND, "2026-03-03 12:00"),
    Known("at 12:00:00 it is lunch", "2026-03-03 12:00", SECOND, "2026-03-03 13:30:01"),
    Known("in the lunch break", "2026-03-03 12:40", SECOND, "2026-03-03 13:30:01"),
    Known("half a second before the end", "2026-03-03 17:29:59.500000", SECOND, "2026-03-04 09:00:00.500000"),
    Known("just fits before the end", "2026-03-03 17:29:59.500000", SECOND / 2, "2026-03-03 17:30"),
    Known("a microsecond too many", "2026-03-03 17:29", MINUTE + timedelta.resolution, "2026-03-04 09:00:00.000001"),
    Known("at 17:30:00 it is closed", "2026-03-03 17:30", SECOND, "2026-03-04 09:00:01"),
    Known("a whole day from the end", "2026-03-03 17:30", WORKING_DAY, "2026-03-04 17:30"),
    Known("a whole day from the opening", "2026-03-03 09:00", WORKING_DAY, "2026-03-03 17:30"),
    # 春节.
    Known("2025: the make-up Sunday before", "2025-01-25 12:00", WORKING_DAY, "2025-01-26 17:30"),
    Known("2025: the last day before", "2025-01-27 16:30", WORKING_DAY, "2025-02-05 16:30"),
    Known("2025: the make-up Saturday after", "2025-02-07 18:00", WORKING_DAY, "2025-02-08 17:30"),
    Known("2026: Saturday 14 February counts", "2026-02-14 09:00", WORKING_DAY, "2026-02-14 17:30"),
    Known("2026: Friday into that Saturday", "2026-02-13 17:00", WORKING_DAY, "2026-02-14 17:00"),
    Known("2026: over the nine days", "2026-02-14 17:00", WORKING_DAY, "2026-02-24 17:00"),
    Known("2026: in the middle of them", "2026-02-18 11:00", HOUR, "2026-02-24 10:00"),
    Known("2026: the last Saturday of February is worked", "2026-02-27 20:00", WORKING_DAY, "2026-02-28 17:30"),
    Known("2026: the Sunday after it is not", "2026-02-28 20:00", WORKING_DAY, "2026-03-02 17:30"),
    # 中秋 and 国庆.
    Known("2025: the make-up Sunday before", "2025-09-26 17:00", HOUR, "2025-09-28 09:30"),
    Known("2025: over the eight days", "2025-09-30 17:00", HOUR, "2025-10-09 09:30"),
    Known("2025: one working day from the last evening", "2025-09-30 17:30", WORKING_DAY, "2025-10-09 17:30"),
    Known("2025: the make-up Saturday after", "2025-10-10 17:30", WORKING_DAY, "2025-10-11 17:30"),
    Known("2025: the Sunday after it is free", "2025-10-11 17:30", WORKING_DAY, "2025-10-13 17:30"),
    Known("2026: the make-up Sunday before", "2026-09-19 10:00", WORKING_DAY, "2026-09-20 17:30"),
    Known("2026: 中秋 is a Friday", "2026-09-24 17:00", HOUR, "2026-09-28 09:30"),
    Known("2026: over the seven days", "2026-09-30 17:00", WORKING_DAY, "2026-10-08 17:00"),
    Known("2026: the make-up Saturday after", "2026-10-09 17:30", WORKING_DAY, "2026-10-10 17:30"),
    # The ends of months and years.
    Known("into August over a weekend", "2026-07-31 17:00", HOUR, "2026-08-03 09:30"),
    Known("into May over 劳动节", "2026-04-30 17:00", HOUR, "2026-05-06 09:30"),
    Known("into the year 2026, where Sunday the 4th is worked", "2025-12-31 17:00", HOUR, "2026-01-04 09:30"),
    Known("into 2027, whose notice is missing: weekdays", "2026-12-31 17:00", HOUR, "2027-01-01 09:30"),
    Known("to 29 February 2028", "2028-02-28 17:00", WORKING_DAY, "2028-02-29 17:00"),
    Known("from 29 February 2028", "2028-02-29 17:00", HOUR, "2028-03-01 09:30"),
]


def disagreements(calendar: Calendar) -> list[str]:
    return [row.why for row in DATES if calendar.due(at(row.start), row.budget) != at(row.due)]


@pytest.mark.parametrize("row", DATES, ids=lambda row: f"{row.start}, {row.why}")
def test_work_is_due_on_the_known_date(row: Known) -> None:
    assert WORK.due(at(row.start), row.budget) == at(row.due)
    assert WORK.spent(at(row.start), at(row.due)) == row.budget


class DueAtTheNextOpening(Calendar):
    """Sabotaged: a budget that ends with a shift is due when the next one opens."""

    def due(self, start: datetime, budget: timedelta) -> datetime:
        return self.opens(super().due(start, budget))


class RoundedToSeconds(Calendar):
    """Sabotaged: loses what is finer than a second."""

    def due(self, start: datetime, budget: timedelta) -> datetime:
        return super().due(start.replace(microsecond=0), budget)


class LocalClockTakenForUtc(Calendar):
    """Sabotaged: reads China's clock as if it were UTC's."""

    def due(self, start: datetime, budget: timedelta) -> datetime:
        return super().due(start.replace(tzinfo=UTC), budget)


WITHOUT_MAKE_UP = Workdays(KNOWN.years, {day: worked for day, worked in KNOWN.exceptions.items() if not worked})
WITHOUT_HOLIDAYS = Workdays(KNOWN.years, {day: worked for day, worked in KNOWN.exceptions.items() if worked})
SABOTAGED = {
    "make-up days are ignored": Calendar(CalendarName.WORK, STANDARD_WORK, WITHOUT_MAKE_UP),
    "holidays are ignored": Calendar(CalendarName.WORK, STANDARD_WORK, WITHOUT_HOLIDAYS),
    "no notice is known": Calendar(CalendarName.WORK, STANDARD_WORK),
    "weekends are worked": Calendar(CalendarName.DUTY, STANDARD_WORK),
    "lunch is worked": Calendar(CalendarName.WORK, every_day(("09:00", "17:30")), KNOWN),
    "due at the next opening": DueAtTheNextOpening(CalendarName.WORK, STANDARD_WORK, KNOWN),
    "rounded to seconds": RoundedToSeconds(CalendarName.WORK, STANDARD_WORK, KNOWN),
    "taken for UTC": LocalClockTakenForUtc(CalendarName.WORK, STANDARD_WORK, KNOWN),
}


@pytest.mark.parametrize("fault", SABOTAGED)
def test_the_known_dates_find_a_sabotaged_calendar(fault: str) -> None:
    assert disagreements(WORK) == []
    assert disagreements(SABOTAGED[fault])


@pytest.mark.parametrize("year", sorted(KNOWN.years))
def test_each_exception_to_the_week_matters(year: int) -> None:
    for day, worked in KNOWN.exceptions.items():
        if day.year == year:
            rest = Workdays(KNOWN.years, {other: w for other, w in KNOWN.exceptions.items() if other != day})
            start = datetime.combine(day, datetime.min.time(), CHINA)
            assert WORK.spent(start, start + timedelta(days=1)) == (WORKING_DAY if worked else timedelta(0))
            assert Calendar(CalendarName.WORK, STANDARD_WORK, rest).shifts(day) != WORK.shifts(day)


@pytest.mark.parametrize(("year", "days"), [(2024, 251), (2025, 248), (2026, 248)])
def test_a_year_has_as_many_working_days_as_the_regulation_leaves(year: int, days: int) -> None:
    """Weekdays less the statutory holidays: 11 a year, 13 since 2025 (State Council order 795)."""
    assert WORK.spent(at(f"{year}-01-01"), at(f"{year + 1}-01-01")) == days * WORKING_DAY


def test_the_notices_hold_exceptions_only_sorted_and_named() -> None:
    with NOTICES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(rows[0]) == {"day", "is_working", "name"}
    days = [date.fromisoformat(row["day"]) for row in rows]
    assert all(earlier < later for earlier, later in pairwise(days))
    assert {day.year for day in days} == {2024, 2025, 2026}
    for day, row in zip(days, rows, strict=True):
        if row["is_working"] == "1":
            assert (day.weekday() >= 5, row["name"]) == (True, "调休")
        else:
            assert (day.weekday() < 5, row["name"] in HOLIDAYS, row["is_working"]) == (True, True, "0")


@pytest.mark.parametrize(
    ("calendar", "start", "budget", "due"),
    [
        (DUTY, "2026-03-03 19:40", 20 * MINUTE, "2026-03-03 20:00"),
        (DUTY, "2026-03-03 19:50", 30 * MINUTE, "2026-03-04 08:20"),
        (DUTY, "2026-03-03 20:00", 20 * MINUTE, "2026-03-04 08:20"),
        (DUTY, "2026-03-04 07:59:59.999999", 20 * MINUTE, "2026-03-04 08:20"),
        (DUTY, "2026-10-01 10:00", 4 * HOUR, "2026-10-01 14:00"),
        (DUTY, "2026-02-28 19:00", 4 * HOUR, "2026-03-01 11:00"),
        (NIGHT, "2026-03-03 23:50", 20 * MINUTE, "2026-03-04 00:10"),
        (NIGHT, "2026-03-03 21:00", 8 * HOUR, "2026-03-04 06:00"),
        (NIGHT, "2026-03-04 05:59", 2 * MINUTE, "2026-03-04 22:01"),
        (LATE, "2026-03-03 23:50", 10 * MINUTE, "2026-03-04 00:00"),
        (LATE, "2026-03-03 23:50", 11 * MINUTE, "2026-03-04 14:01"),
        (LATE, "2026-03-04 00:00", MINUTE, "2026-03-04 14:01"),
        (WALL, "2026-03-03 23:50", 20 * MINUTE, "2026-03-04 00:10"),
        (WALL, "2028-02-28 23:50", timedelta(days=2), "2028-03-01 23:50"),
        (WALL, "2026-12-31 23:59:59.999999", timedelta.resolution, "2027-01-01 00:00"),
    ],
)
def test_duty_and_wall_are_due_over_the_night(calendar: Calendar, start: str, budget: timedelta, due: str) -> None:
    assert calendar.due(at(start), budget) == at(due)
    assert calendar.spent(at(start), at(due)) == budget


# -- What else a calendar says ----------------------------------------------------------------------------------------


def test_a_start_outside_hours_counts_from_the_next_opening() -> None:
    assert WORK.opens(at("2026-02-14 17:30")) == at("2026-02-24 09:00")
    assert WORK.opens(at("2026-03-03 12:00")) == at("2026-03-03 13:30")
    assert WORK.opens(at("2026-03-03 11:59:59.999999")) == at("2026-03-03 11:59:59.999999")
    assert WALL.opens(at("2026-03-03 03:33")) == at("2026-03-03 03:33")


def test_the_shifts_of_a_day_are_china_times() -> None:
    assert WORK.shifts(date(2026, 2, 15)) == ()
    assert [[moment.isoformat() for moment in shift] for shift in WORK.shifts(date(2026, 2, 14))] == [
        ["2026-02-14T09:00:00+08:00", "2026-02-14T12:00:00+08:00"],
        ["2026-02-14T13:30:00+08:00", "2026-02-14T17:30:00+08:00"],
    ]
    assert LATE.shifts(date(2026, 12, 31)) == ((at("2026-12-31 14:00"), at("2027-01-01 00:00")),)


def test_periods_are_cut_to_what_is_asked_and_joined_over_midnight() -> None:
    assert WORK.periods(at("2026-02-13 17:00"), at("2026-02-14 10:00")) == (
        (at("2026-02-13 17:00"), at("2026-02-13 17:30")),
        (at("2026-02-14 09:00"), at("2026-02-14 10:00")),
    )
    night = (at("2026-03-03 22:00"), at("2026-03-04 06:00"))
    assert NIGHT.periods(at("2026-03-03 12:00"), at("2026-03-04 12:00")) == (night,)
    assert WALL.periods(*night) == (night,)
    assert WORK.periods(*night) == WALL.periods(*reversed(night)) == WORK.periods(*reversed(night)) == ()
    assert WORK.spent(at("2026-03-03 11:00"), at("2026-03-03 10:00")) == timedelta(0)


def test_an_instant_is_the_same_in_every_zone() -> None:
    start, due = at("2026-03-06 20:00"), at("2026-03-09 17:30")
    for zone in (UTC, timezone(timedelta(hours=5, minutes=30)), timezone(timedelta(hours=-11)), CHINA):
        answer = WORK.due(start.astimezone(zone), WORKING_DAY)
        assert (answer, answer.utcoffset()) == (due, timedelta(hours=8))
        assert WORK.spent(start.astimezone(zone), due) == WORKING_DAY


def test_years_without_notice_are_named() -> None:
    assert WORK.missing_years(at("2024-01-01"), at("2026-12-31 23:59:59")) == ()
    assert WORK.missing_years(at("2026-12-31"), at("2027-01-01")) == (2027,)
    assert WORK.missing_years(at("2026-12-31 16:30").astimezone(UTC), at("2028-02-29")) == (2027, 2028)
    assert WORK.missing_years(at("2023-12-31"), at("2023-12-31")) == (2023,)
    assert Calendar(CalendarName.WORK, STANDARD_WORK).missing_years(at("2026-01-01"), at("2026-01-01")) == (2026,)
    assert DUTY.missing_years(at("2030-01-01"), at("2031-01-01")) == ()


def test_one_working_day_is_a_monday_or_the_first_day_with_hours() -> None:
    assert WORK.working_day == WORKING_DAY
    assert DUTY.working_day == 12 * HOUR
    assert WALL.working_day == 24 * HOUR
    week: Week = ((), ((0, 3600),), ((0, 7200),), (), (), (), ())
    assert Calendar(CalendarName.DUTY, week).working_day == HOUR


def test_a_calendar_that_never_opens_says_so() -> None:
    sundays: Week = ((), (), (), (), (), (), ((0, 3600),))
    never = Calendar(CalendarName.WORK, sundays, Workdays(frozenset({2026}), {date(2026, 3, 1): True}))
    assert never.due(at("2026-02-01"), HOUR) == at("2026-03-01 01:00")
    with pytest.raises(NeverOpen):
        never.due(at("2026-02-01"), HOUR + SECOND)
    with pytest.raises(NeverOpen):
        never.opens(at("2026-03-01 01:00"))
    assert never.spent(at("2026-02-01"), at("2036-02-01")) == HOUR
    with pytest.raises(NeverOpen):
        WALL.due(at("9999-12-31"), timedelta(days=2))
    with pytest.raises(NeverOpen):
        DUTY.due(at("9999-12-31 19:00"), 2 * HOUR)


def test_a_budget_may_run_for_longer_than_the_three_years_of_patience() -> None:
    assert DUTY.due(at("2026-01-01 08:00"), 1461 * DUTY.working_day) == at("2029-12-31 20:00")


def test_what_is_no_question_is_refused() -> None:
    for budget in (timedelta(0), -SECOND):
        with pytest.raises(ValueError, match="positive"):
            WORK.due(at("2026-03-03"), budget)
    naive = at("2026-03-03").replace(tzinfo=None)
    for ask in (WORK.opens, lambda moment: WORK.due(moment, HOUR), lambda moment: WALL.spent(moment, moment)):
        with pytest.raises(TypeError):
            ask(naive)


def test_a_calendar_with_faults_is_not_built() -> None:
    with pytest.raises(ValueError, match="7 天"):
        Calendar(CalendarName.DUTY, WHOLE_DAY[:6])
    with pytest.raises(ValueError, match="clock"):
        Calendar(CalendarName.WALL, STANDARD_DUTY)
    with pytest.raises(ValueError, match="workdays"):
        Calendar(CalendarName.DUTY, STANDARD_DUTY, KNOWN)


def test_the_faults_of_a_week_are_told_in_chinese() -> None:
    for fine in (WHOLE_DAY, STANDARD_DUTY, STANDARD_WORK, NIGHT.week, (((0, 60), (60, 120)), *[()] * 6)):
        assert week_faults(fine) == ()
    assert week_faults(((),) * 7) == ("一周里至少要有一个时段",)
    assert week_faults(WHOLE_DAY * 2) == ("一周应有 7 天,从周一到周日",)
    for shift in ((3600, 3600), (7200, 3600), (-1, 3600), (0, 86401)):
        assert week_faults(((), (shift,), *[()] * 5)) == ("周二的时段应在 00:00 至 24:00 之间,开始早于结束",)
    for day in (((0, 3600), (3599, 7200)), ((3600, 7200), (0, 1800))):
        assert week_faults((*[()] * 6, day)) == ("周日的时段应按先后排列,不能重叠",)
    assert week_faults(((), (), ((1, 2, 3),), *[()] * 4)) == ("周三的每个时段应有开始和结束两个时间",)


def test_calendars_have_chinese_names() -> None:
    assert [name.label for name in CalendarName] == ["全天候", "值守时间", "工作时间"]
