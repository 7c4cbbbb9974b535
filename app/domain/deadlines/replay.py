"""What a draft would have done (domain.md §4.10): the parts that need no database. Pure.

A million deadlines are judged in SQL (`replay_draft` in migrations/sql), which needs open time as plain numbers: how much of
it has passed at a moment is looked up in the segments of the draft's calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from app.domain.deadlines.models import Limits
from app.domain.deadlines.reading import FIXED
from app.kernel.calendars import Calendar
from app.kernel.deadlines import Policy, Stretch
from app.kernel.errors import FieldFault, InvalidInput

USUAL: Final = timedelta(days=90)
LONGEST: Final = timedelta(days=366)
PAGE: Final = 100
AIM: Final = 1.0

_MICROSECOND: Final = timedelta(microseconds=1)


def period(now: datetime, since: datetime | None, until: datetime | None) -> Stretch:
    """The period [since, until) of starts that is replayed: the last ninety days unless said. Raises InvalidInput for one
    that is empty or longer than 366 days."""
    end = until or now
    begin = since or end - USUAL
    if begin >= end:
        fault = FieldFault("/query/from", "period-empty", "开始应早于结束")
    elif end - begin > LONGEST:
        fault = FieldFault("/query/from", "period-too-long", "一次最多重演 366 天")
    else:
        return begin, end
    raise InvalidInput(fields=(fault,))


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a slice of the period the next statement takes on, so that it lasts about `AIM` seconds."""

    span: timedelta = timedelta(days=1)

    def after(self, seconds: float) -> "Pace":
        """From how long the last slice took: at most eight times as long, at least a quarter, and a day in any case, since each
        statement also costs what the number of all deadlines and places makes it cost."""
        factor = min(8.0, max(0.25, AIM / max(seconds, 0.001)))
        return Pace(max(timedelta(days=1), min(self.span * factor, LONGEST)))


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay has come: what started before `until_at` is judged, that share of the period, so many deadlines."""

    until_at: datetime
    share: float
    deadlines: int


@dataclass(frozen=True, slots=True)
class Segments:
    """The open periods of some calendars in microseconds since a beginning, each calendar in a band of its own.

    Band n begins at n * `band`, with a segment of length zero, so that every key has a last segment that opens at or before
    it; least(key, its `closes`) + its `shifts` is the open time from the band's beginning to the key.
    """

    band: int
    opens: list[int]
    closes: list[int]
    shifts: list[int]

    @classmethod
    def of(cls, calendars: Sequence[Calendar], since: datetime, until: datetime) -> "Segments":
        """The segments in [since, until); what is later counts as `until`."""
        found = cls(max((until - since) // _MICROSECOND, 0) + 1, [], [], [])
        for number, calendar in enumerate(calendars):
            base, passed = number * found.band, 0
            found._add(base, base, 0)
            for begin, end in calendar.periods(since, until):
                opens, closes = ((moment - since) // _MICROSECOND for moment in (begin, end))
                found._add(base + opens, base + closes, passed)
                passed += closes - opens
        return found

    def _add(self, opens: int, closes: int, passed: int) -> None:
        self.opens.append(opens)
        self.closes.append(closes)
        self.shifts.append(passed - opens)


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendars of a draft's subtree, those with equal hours made one: `calendars[0]` is that of the draft's place;
    `places` have hours of their own, of the calendar beside them."""

    calendars: tuple[Calendar, ...]
    places: tuple[UUID, ...]
    groups: tuple[int, ...]

    @classmethod
    def of(cls, usual: Calendar, own: Sequence[tuple[UUID, Calendar]]) -> "Hours":
        """From the calendar of the draft's place, and those of the places below it that have hours of their own."""
        numbers = {usual.week: 0}
        calendars, groups = [usual], []
        for _, calendar in own:
            if calendar.week not in numbers:
                numbers[calendar.week] = len(calendars)
                calendars.append(calendar)
            groups.append(numbers[calendar.week])
        return cls(tuple(calendars), tuple(place_id for place_id, _ in own), tuple(groups))


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as the replay needs it."""

    id: UUID
    matter_kind: str
    deadline_kind: str
    limits: Limits

    @property
    def policy(self) -> Policy:
        """The policy that it would be."""
        limits = self.limits
        return Policy(
            id=self.id,
            kind=self.deadline_kind,
            calendar=limits.calendar,
            budget_seconds=limits.budget_seconds,
            budget_days=limits.budget_days,
            percents=tuple(mark.percent for mark in limits.marks),
            later_round_percent=limits.later_round_percent,
            pausable=limits.pause_limit_seconds is not None,
        )

    def budgets(self, calendars: Sequence[Calendar], round_number: int) -> list[int | None]:
        """The budget of a round on each calendar, in microseconds; None where no budget says when a deadline is due."""
        if (self.matter_kind, self.deadline_kind) in FIXED:
            return [None] * len(calendars)
        return [self.policy.budget(calendar, round_number) // _MICROSECOND for calendar in calendars]

    def due(self, calendar: Calendar, started_at: datetime, round_number: int, pauses: Sequence[Stretch]) -> datetime:
        """When a deadline would have been due under the draft."""
        return self.policy.begin(calendar, started_at, round_number).with_pauses(pauses).due_at()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many deadlines started, were missed, would have been missed, are newly or no longer missed; and how many the draft
    does not reach, since nearer limits or those of a category or a type of estate hold for them: these stay as they were. Of
    those that were missed, `excluded` do not count (domain.md §4.6): they are judged like the others, and told apart."""

    deadlines: int = 0
    before: int = 0
    under_draft: int = 0
    newly: int = 0
    no_longer: int = 0
    unreached: int = 0
    excluded: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.deadlines + other.deadlines,
            self.before + other.before,
            self.under_draft + other.under_draft,
            self.newly + other.newly,
            self.no_longer + other.no_longer,
            self.unreached + other.unreached,
            self.excluded + other.excluded,
        )


@dataclass(frozen=True, slots=True)
class NewlyMissed:
    """A deadline that was kept, and that the draft would have missed."""

    id: UUID
    matter_id: UUID
    place_id: UUID
    round: int
    started_at: datetime
    stopped_at: datetime | None
    due_before: datetime
    due_under_draft: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer: counts by place, with the place's name, and up to `PAGE` + 1 of the newly missed, by start."""

    places: tuple[tuple[UUID, str, Counts], ...]
    newly: tuple[NewlyMissed, ...]

    @property
    def total(self) -> Counts:
        return sum((counts for _, _, counts in self.places), Counts())
