"""The arithmetic of deadlines, pure: a policy, a start, and when each mark is due (domain.md §4).

Only the calendar WALL (24 × 7) exists so far; DUTY and WORK join here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.kernel.errors import Kind, Refusal


class NoDeadlinePolicy(Refusal):
    """Nobody has published limits for a deadline that this action must start."""

    kind = Kind.CONFLICT
    code = "no-deadline-policy"
    title_zh = "这里还没有公布办理时限,请联系管理员"
    title_en = "No deadline policy is published here"


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits that hold at a place for one kind of deadline, pinned when a deadline starts."""

    id: UUID
    kind: str
    calendar: str
    budget_seconds: int
    percents: tuple[int, ...]

    def times(self, started_at: datetime) -> tuple[datetime, ...]:
        """When each of `percents` is due, from `started_at` on; at that moment the mark is passed."""
        budget = timedelta(seconds=self.budget_seconds)
        return tuple(started_at + budget * percent / 100 for percent in self.percents)

    def due_at(self, started_at: datetime) -> datetime:
        """The moment of the miss: 100 % of the budget."""
        return started_at + timedelta(seconds=self.budget_seconds)
