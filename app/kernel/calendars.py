"""The three calendars of promises, pure and exact: when open time passes, and when a budget of it is used up (domain.md §4).

Times are kept as whole microseconds since 1970-01-01 00:00 at +08:00, without rounding and without a clock. China has
kept one offset since 1991, so a day always has 24 hours; the years before 2020 are no concern of ours.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from itertools import pairwise
from typing import Final

Shift = tuple[int, int]
"""`[from, until)` in seconds from 00:00 China time, 0 <= from < until <= 86400."""

Week = tuple[tuple[Shift, ...], ...]
"""The shifts of seven days, Monday first; those of a day rise and do not overlap. Two may touch."""

_DAY_SECONDS: Final = 86_400
_SECOND: Final = 1_000_000
_DAY: Final = _DAY_SECONDS * _SECOND
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone(timedelta(hours=8)))
_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
_EPOCH_WEEKDAY: Final = date(1970, 1, 1).weekday()
_LAST_DAY: Final = date.max.toordinal() - _EPOCH_ORDINAL
_PATIENCE_DAYS: Final = 3 * 366
_WEEKDAYS_ZH: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")

WHOLE_DAY: Final[Week] = (((0, _DAY_SECONDS),),) * 7
"""Round the clock."""

STANDARD_DUTY: Final[Week] = (((8 * 3600, 20 * 3600),),) * 7
"""08:00-20:00 every day, holidays included (domain.md §4.2)."""

STANDARD_WORK: Final[Week] = (((9 * 3600, 12 * 3600), (13 * 3600 + 1800, 17 * 3600 + 1800)),) * 7
"""09:00-12:00 and 13:30-17:30 (domain.md §4.2). Weekends too: make-up days need hours; `Workdays` closes the others."""

_ALWAYS: Final = (((0, _DAY),),) * 7


class NeverOpen(ValueError):
    """The calendar has no open time within three years, or the budget runs on beyond the year 9999."""


class CalendarName(StrEnum):
    """Which time counts for a deadline (domain.md §4.2)."""

    WALL = "WALL"
    DUTY = "DUTY"
    WORK = "WORK"

    @property
    def label(self) -> str:
        """The Chinese term."""
        return _LABELS[self]


_LABELS: Final = {CalendarName.WALL: "全天候", CalendarName.DUTY: "值守时间", CalendarName.WORK: "工作时间"}


def week_faults(week: Sequence[Sequence[Sequence[int]]]) -> tuple[str, ...]:
    """Why `week` is not a `Week` with at least one shift, as Chinese sentences; empty when it is one."""
    if len(week) != len(_WEEKDAYS_ZH):
        return ("一周应有 7 天,从周一到周日",)
    faults = []
    for name, day in zip(_WEEKDAYS_ZH, week, strict=True):
        if any(len(shift) != 2 for shift in day):
            faults.append(f"{name}的每个时段应有开始和结束两个时间")
            continue
        if any(not 0 <= opens < closes <= _DAY_SECONDS for opens, closes in day):
            faults.append(f"{name}的时段应在 00:00 至 24:00 之间,开始早于结束")
        if any(later[0] < earlier[1] for earlier, later in pairwise(day)):
            faults.append(f"{name}的时段应按先后排列,不能重叠")
    if not any(week):
        faults.append("一周里至少要有一个时段")
    return tuple(faults)


@dataclass(frozen=True, slots=True)
class Workdays:
    """Which days are worked: Monday to Friday, but for what the State Council's yearly notice says.

    `years` are those whose notice is known. `exceptions` says of a day whether it is worked: False for a holiday on a
    weekday, True for a make-up Saturday or Sunday 调休. A year without notice keeps the rule of weekdays.
    """

    years: frozenset[int]
    exceptions: Mapping[date, bool] = field(hash=False)

    def is_working(self, day: date) -> bool:
        """Whether `day`, a day in China, is worked."""
        return self.exceptions.get(day, day.weekday() < 5)


@dataclass(frozen=True, slots=True)
class Calendar:
    """Open time: the hours of `week`; on WORK only on the days that `workdays` has as worked.

    None for `workdays` means no notice is known: WORK then goes by weekdays and every year is missing.
    Results are in China time (+08:00). A moment without offset raises TypeError. A `week` with faults, a WALL that is not
    round the clock, or `workdays` on a calendar other than WORK raise ValueError.
    """

    name: CalendarName
    week: Week
    workdays: Workdays | None = None
    _days: tuple[tuple[tuple[int, int], ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if faults := week_faults(self.week):
            raise ValueError("; ".join(faults))
        days = tuple(tuple((opens * _SECOND, closes * _SECOND) for opens, closes in day) for day in self.week)
        if self.name is CalendarName.WALL and days != _ALWAYS:
            raise ValueError("WALL is round the clock")
        if self.name is CalendarName.WORK:
            object.__setattr__(self, "workdays", self.workdays or Workdays(frozenset(), {}))
        elif self.workdays is not None:
            raise ValueError(f"{self.name} does not go by workdays")
        object.__setattr__(self, "_days", days)

    @property
    def working_day(self) -> timedelta:
        """The length of one full day: Monday's open time, or the first day's that has any (domain.md §4.3)."""
        day = next(day for day in self._days if day)
        return timedelta(microseconds=sum(closes - opens for opens, closes in day))

    def shifts(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The open periods `[from, until)` of `day`, a day in China. Until may be 00:00 of the next day."""
        number = day.toordinal() - _EPOCH_ORDINAL
        return tuple((_moment(opens), _moment(closes)) for opens, closes in self._of_day(number))

    def opens(self, moment: datetime) -> datetime:
        """`moment` when it is open, else the next opening. Raises NeverOpen."""
        for opens, _ in self._open_from(_micros(moment)):
            return _moment(opens)
        raise NeverOpen(f"{self.name} does not open within three years")

    def due(self, start: datetime, budget: timedelta) -> datetime:
        """The moment at which `budget` of open time has passed since `start`.

        A budget that ends with a shift is due at the end of that shift, not at the next opening. Raises NeverOpen, and
        ValueError unless `budget` is positive.
        """
        left = budget // _MICROSECOND
        if left <= 0:
            raise ValueError("a budget is positive")
        begin = _micros(start)
        if self._days == _ALWAYS and self.workdays is None:
            return _moment(begin + left)
        for opens, closes in self._open_from(begin):
            if left <= closes - opens:
                return _moment(opens + left)
            left -= closes - opens
        raise NeverOpen(f"{self.name} stays closed for three years, or the year 9999 is over")

    def spent(self, start: datetime, end: datetime) -> timedelta:
        """The open time in `[start, end)`; zero when `end` is not after `start`."""
        return timedelta(microseconds=sum(b - a for a, b in self._open_between(_micros(start), _micros(end))))

    def periods(self, start: datetime, end: datetime) -> tuple[tuple[datetime, datetime], ...]:
        """The open periods within `[start, end)`, cut to it; what touches is one period, over midnight too."""
        joined: list[tuple[int, int]] = []
        for opens, closes in self._open_between(_micros(start), _micros(end)):
            if joined and joined[-1][1] == opens:
                joined[-1] = (joined[-1][0], closes)
            else:
                joined.append((opens, closes))
        return tuple((_moment(opens), _moment(closes)) for opens, closes in joined)

    def missing_years(self, start: datetime, end: datetime) -> tuple[int, ...]:
        """The years, in China, that `[start, end]` touches and whose notice is not known. Empty but for WORK."""
        if self.workdays is None:
            return ()
        years = range(_moment(_micros(start)).year, _moment(_micros(end)).year + 1)
        return tuple(year for year in years if year not in self.workdays.years)

    def _of_day(self, number: int) -> Iterator[tuple[int, int]]:
        """The shifts of the day that is `number` days after 1970-01-01."""
        day = self._days[(number + _EPOCH_WEEKDAY) % 7]
        if not day or (
            self.workdays is not None and not self.workdays.is_working(date.fromordinal(number + _EPOCH_ORDINAL))
        ):
            return
        midnight = number * _DAY
        for opens, closes in day:
            yield midnight + opens, midnight + closes

    def _open_from(self, begin: int) -> Iterator[tuple[int, int]]:
        """The open periods from `begin` on, the first one cut to it, until three years bring none or dates end."""
        quiet_since = first = begin // _DAY
        for number in range(first, _LAST_DAY):
            for opens, closes in self._of_day(number):
                if begin < closes:
                    quiet_since = number
                    yield max(begin, opens), closes
            if number - quiet_since > _PATIENCE_DAYS:
                return

    def _open_between(self, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """The open periods of `[begin, end)`, cut to it; none when `end` is not after `begin`."""
        if begin >= end:
            return
        if self._days == _ALWAYS and self.workdays is None:
            yield begin, end
            return
        for number in range(begin // _DAY, -(-end // _DAY)):
            for opens, closes in self._of_day(number):
                if begin < closes and opens < end:
                    yield max(begin, opens), min(end, closes)


def _micros(moment: datetime) -> int:
    # A difference of two aware moments is exact; `timestamp()` is a float and loses microseconds.
    return (moment - _EPOCH) // _MICROSECOND


def _moment(micros: int) -> datetime:
    """The inverse of `_micros`. Raises NeverOpen beyond the year 9999."""
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        raise NeverOpen("the year 9999 is over") from None
