"""How long the resident has waited in all, over every round (domain.md §4.8). Pure: everything comes from the history."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.orders.policy import OPEN
from app.kernel.calendars import Calendar


@dataclass(frozen=True, slots=True)
class Step:
    """A line of the history that moved the order to another state; from_state None: it was placed."""

    from_state: str | None
    to_state: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """From the placing, or the rework, until the order was delivered or ended otherwise; None: it runs."""

    number: int
    started_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Total:
    """The time from the placing until the last round ended. What lies between two rounds counts as well: what was delivered and
    not solved has not ended for the resident."""

    rounds: tuple[Round, ...]

    @classmethod
    def of(cls, steps: Iterable[Step]) -> "Total":
        """Out of the steps of one order, oldest first; the first of them places it."""
        rounds: list[Round] = []
        for step in steps:
            was_open, is_open = step.from_state in OPEN, step.to_state in OPEN
            if is_open and not was_open:
                rounds.append(Round(len(rounds) + 1, step.at, None))
            elif was_open and not is_open:
                rounds[-1] = Round(rounds[-1].number, rounds[-1].started_at, step.at)
        return cls(tuple(rounds))

    @property
    def started_at(self) -> datetime:
        return self.rounds[0].started_at

    @property
    def ended_at(self) -> datetime | None:
        """None: the time still runs, in the latest round."""
        return self.rounds[-1].ended_at

    def passed(self, now: datetime) -> timedelta:
        """On the clock, until the end or until now."""
        return (self.ended_at or now) - self.started_at

    def worked(self, calendar: Calendar, now: datetime) -> timedelta:
        """The part of it that is open time of `calendar`."""
        return calendar.spent(self.started_at, self.ended_at or now)
