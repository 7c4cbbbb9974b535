"""Which time counts for a deadline, and which days do not, day by day, in sentences. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby

from app.domain.deadlines.spoken import clock, date_of, duration, weekday_of
from app.kernel.deadlines import Stretch, Timing, merged
from app.kernel.time import CHINA

SATURDAY = 5
SHOWN_DAYS = 5
"""So many days are told one by one; of more, the first, the last, and how many lie between."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A period [from, until) that counts."""

    from_at: datetime
    until_at: datetime

    @property
    def seconds(self) -> float:
        return (self.until_at - self.from_at).total_seconds()


def counted(timing: Timing, until: datetime) -> tuple[Counted, ...]:
    """The periods of open time outside the pauses, from the start until `until`; together they are the budget at the due
    moment."""
    free: list[Stretch] = []
    moment = timing.started_at
    for begin, end in merged(timing.pauses):
        if end <= moment:
            continue
        if begin >= until:
            break
        if begin > moment:
            free.append((moment, begin))
        moment = max(moment, end)
    if moment < until:
        free.append((moment, until))
    return tuple(Counted(begin, end) for stretch in free for begin, end in timing.calendar.periods(*stretch))


def day_by_day(periods: Sequence[Counted], names: Mapping[date, str]) -> list[str]:
    parts = [part for period in periods for part in _by_midnight(period)]
    by_day = [(day, list(found)) for day, found in groupby(parts, key=lambda p: p.from_at.astimezone(CHINA).date())]
    if len(by_day) <= SHOWN_DAYS:
        return [_day(day, found, names) for day, found in by_day]
    between = sum((p.seconds for _, found in by_day[1:-1] for p in found), 0.0)
    return [
        _day(*by_day[0], names),
        f"其间 {len(by_day) - 2} 天共计 {duration(timedelta(seconds=between))}。",
        _day(*by_day[-1], names),
    ]


def _by_midnight(period: Counted) -> Iterator[Counted]:
    """The period by days, in whole seconds at most, as they are shown, so that the shown lengths fit the shown times."""
    begin, until = (at.astimezone(CHINA).replace(microsecond=0) for at in (period.from_at, period.until_at))
    while begin < until:
        midnight = datetime.combine(begin.date() + timedelta(days=1), time(), CHINA)
        yield Counted(begin, min(midnight, until))
        begin = midnight


def _day(day: date, found: Sequence[Counted], names: Mapping[date, str]) -> str:
    shifts = "、".join(f"{clock(p.from_at)}–{clock(p.until_at, day)}" for p in found)
    made_up = f",{names[day]}上班" if day in names else ""
    spent = timedelta(seconds=sum(p.seconds for p in found))
    return f"{date_of(day)}({weekday_of(day)}{made_up})计 {shifts},共 {duration(spent)}。"


def left_out(timing: Timing, due: datetime, names: Mapping[date, str]) -> list[str]:
    """The days from the start to the due moment that the calendar has as closed, with the names of holidays. Of many, those
    with a name and how many others."""
    first, last = timing.started_at.astimezone(CHINA).date(), due.astimezone(CHINA).date()
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    runs = _runs(day for day in days if not timing.calendar.shifts(day))
    others = 0
    if len(runs) > SHOWN_DAYS:
        named = [run for run in runs if any(day in names for day in run)]
        others = sum(map(len, runs)) - sum(map(len, named))
        runs = named
    said = [_run(run, names) for run in runs] + ([f"其间另外 {others} 个休息日"] if others else [])
    return ["、".join(said) + "不计。"] if said else []


def _runs(days: Iterable[date]) -> list[list[date]]:
    """Days that follow each other, together."""
    runs: list[list[date]] = []
    for day in days:
        if runs and day - runs[-1][-1] == timedelta(days=1):
            runs[-1].append(day)
        else:
            runs.append([day])
    return runs


def _run(run: Sequence[date], names: Mapping[date, str]) -> str:
    """10月1日至10月7日(国庆节和周末), 3月7日至3月8日(周末), 9月27日(周日)."""
    named = "、".join(dict.fromkeys(names[day] for day in run if day in names))
    plain = [day for day in run if day not in names]
    if named:
        said = named + "和周末" * bool(plain)
    elif len(run) == 1:
        said = weekday_of(run[0])
    else:
        weekend = all(day.weekday() >= SATURDAY for day in run)
        said = "周末" if weekend else f"{weekday_of(run[0])}至{weekday_of(run[-1])}"
    return f"{date_of(run[0])}{f'至{date_of(run[-1])}' if len(run) > 1 else ''}({said})"
