"""The arithmetic of deadlines, pure: a policy, a start, pauses, and when each mark is due (domain.md §4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self
from uuid import UUID

from app.kernel.calendars import Calendar
from app.kernel.errors import Kind, Refusal

Stretch = tuple[datetime, datetime]
"""[from, until)."""


class NoDeadlinePolicy(Refusal):
    """Nobody has published limits for a deadline that this action must start."""

    kind = Kind.CONFLICT
    code = "no-deadline-policy"
    title_zh = "这里还没有公布办理时限,请联系管理员"
    title_en = "No deadline policy is published here"


@dataclass(frozen=True, slots=True)
class Timing:
    """What decides when a deadline's marks are due: its start, its budget of open time, and the stretches that do not count.

    The same values always give the same moments, so what is stored can be computed again (domain.md §4.1).
    """

    started_at: datetime
    budget: timedelta
    percents: tuple[int, ...]
    calendar: Calendar
    pauses: tuple[Stretch, ...] = ()

    def at(self, percent: int) -> datetime:
        """When `percent` of the budget has passed: open time outside the pauses."""
        left, moment = self.budget * percent / 100, self.started_at
        for begin, end in merged(self.pauses):
            if end <= moment:
                continue
            if begin > moment:
                passed = self.calendar.spent(moment, begin)
                if left <= passed:
                    break
                left -= passed
            moment = end
        return self.calendar.due(moment, left)

    def times(self) -> tuple[datetime, ...]:
        """When each of `percents` is due; at that moment the mark is passed."""
        return tuple(self.at(percent) for percent in self.percents)

    def due_at(self) -> datetime:
        """The moment of the miss: 100 % of the budget."""
        return self.at(100)

    def used(self, until: datetime) -> timedelta:
        """Open time outside the pauses in [started_at, until)."""
        paused = sum(
            (self.calendar.spent(max(begin, self.started_at), min(end, until)) for begin, end in merged(self.pauses)),
            timedelta(),
        )
        return self.calendar.spent(self.started_at, until) - paused

    def paused(self) -> timedelta:
        """Open time within the pauses."""
        return sum((self.calendar.spent(begin, end) for begin, end in merged(self.pauses)), timedelta())

    def as_of(self, now: datetime) -> datetime:
        """The start from which, without a pause, as much open time has passed at `now`: for another limit that takes the time
        used along (domain.md §4.5)."""
        if not self.pauses:
            return self.started_at
        used, low, high = self.used(now), self.started_at, now
        while high - low > timedelta(microseconds=1):
            middle = low + (high - low) / 2
            low, high = (middle, high) if self.calendar.spent(middle, now) >= used else (low, middle)
        return low

    def with_pauses(self, pauses: Sequence[Stretch]) -> Self:
        return replace(self, pauses=tuple(pauses))


def opening(begun: Sequence[tuple[str, Timing]]) -> dict[str, Any] | None:
    """What to tell of deadlines (kind, timing) that begin while their calendars are closed: the earliest moment at which time
    counts, and for which of them (domain.md §4.2). None: time counts for all of them at once."""
    waiting = [(timing.calendar.opens(timing.started_at), kind, timing) for kind, timing in begun]
    waiting = [found for found in waiting if found[0] > found[2].started_at]
    if not waiting:
        return None
    opens_at, _, first = min(waiting, key=lambda found: found[0])
    kinds = [kind for at, kind, _ in waiting if at == opens_at]
    return {"opens_at": opens_at.isoformat(), "deadlines": kinds, "calendar": first.calendar.name.value}


def merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The same stretches in order, those that touch or overlap made one, empty ones left out."""
    found: list[Stretch] = []
    for begin, end in sorted(stretches):
        if begin == end:
            continue
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits that hold at a place for one kind of deadline, pinned when a deadline starts.

    The budget is `budget_seconds` of the calendar or `budget_days` full working days; a later round has `later_round_percent`
    of it (domain.md §4.8). `hours_id`, `workdays_id`: the calendar's rows at this moment.
    """

    id: UUID
    kind: str
    calendar: str
    budget_seconds: int | None
    budget_days: int | None
    percents: tuple[int, ...]
    later_round_percent: int = 100
    pausable: bool = False
    hours_id: UUID | None = None
    workdays_id: UUID | None = None

    @classmethod
    def of(cls, found: dict[str, Any]) -> Self:
        """From a row of the SQL function policies_in_force."""
        return cls(
            id=UUID(found["id"]),
            kind=found["kind"],
            calendar=found["calendar"],
            budget_seconds=found["budget_seconds"],
            budget_days=found["budget_days"],
            percents=tuple(found["percents"]),
            later_round_percent=found["later_round_percent"],
            pausable=found["pausable"],
            hours_id=found["hours_id"] and UUID(found["hours_id"]),
            workdays_id=found["workdays_id"] and UUID(found["workdays_id"]),
        )

    def budget(self, calendar: Calendar, round_number: int) -> timedelta:
        """The budget of a round in open time, in whole seconds."""
        if self.budget_days is not None:
            whole = calendar.working_day * self.budget_days
        else:
            whole = timedelta(seconds=self.budget_seconds or 0)
        share = self.later_round_percent if round_number > 1 else 100
        return timedelta(seconds=max(1, int(whole.total_seconds()) * share // 100))

    def begin(self, calendar: Calendar, at: datetime, round_number: int, until: datetime | None = None) -> Timing:
        """The timing of a deadline that starts at `at`; with `until` it is due at that promised moment instead (at least a
        second later), and starts with the full second, so that its budget is whole."""
        if until is None:
            return Timing(at, self.budget(calendar, round_number), self.percents, calendar)
        start = at.replace(microsecond=0)
        seconds = max(1, int(calendar.spent(start, until).total_seconds()))
        return Timing(start, timedelta(seconds=seconds), self.percents, calendar)

    def take_over(self, calendar: Calendar, timing: Timing, kept: int, round_number: int) -> Timing:
        """The timing of a deadline that runs already, under this policy: its start, its pauses and its first `kept` marks, which
        have passed, stay, so the time used is kept and no mark fires twice. Of this policy come the budget and the marks beyond
        those."""
        passed = timing.percents[:kept]
        further = (percent for percent in self.percents if percent > max(passed, default=0))
        budget = self.budget(calendar, round_number)
        return Timing(timing.started_at, budget, (*passed, *further), calendar, timing.pauses)

    def row(self, timing: Timing) -> dict[str, Any]:
        """The columns of the deadline that this policy and timing make."""
        times = timing.times()
        due = times[self.percents.index(100)]
        return {
            "kind": self.kind,
            "policy_id": self.id,
            "started_at": timing.started_at,
            "due_at": due,
            "percents": self.percents,
            "times": times,
            "budget_seconds": int(timing.budget.total_seconds()),
            "hours_id": self.hours_id,
            "workdays_id": self.workdays_id,
            "calendar_missing": bool(timing.calendar.missing_years(timing.started_at, max(times))),
            "pausable": self.pausable,
        }
