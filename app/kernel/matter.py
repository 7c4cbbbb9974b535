"""The matter 事项: the thin thing that everything with a state and a promise shares. Lock, door, history, deadlines,
outbox and row-level security hang on it once; rooms keep their own detail beside it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from app.kernel.deadlines import Policy, Timing
from app.kernel.ids import NOBODY

D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class LiveDeadline:
    """A deadline that runs: its next mark is due at `next_at` (None: every mark has fired)."""

    id: UUID
    kind: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a deadline does not run, as it is stored; `until_at` moves when it ends before its limit."""

    id: UUID
    reason: str
    text: str | None
    paused_by: UUID
    paused_as: str | None
    from_at: datetime
    until_at: datetime
    disputed: bool
    decided: bool
    annulled: bool

    def runs(self, now: datetime) -> bool:
        """Whether it still holds the deadline up."""
        return not self.annulled and self.from_at <= now < self.until_at


@dataclass(frozen=True, slots=True)
class TimedDeadline:
    """A deadline of the matter's round, live or stopped, with all that its moments are computed from.

    `pause_limit`: how long one pause of it may last in real time; None: it never pauses. All of them together last at most
    `pause_total_percent` of its budget. `extension` is the part of the budget that was granted later. `times` are the stored
    moments of its marks, of which the first `fired` have been dealt with. The first `kept` had passed under another policy,
    before the matter was re-categorised (None: it was not); a sweep that comes late has them still to fire. `other` is the policy
    that held at its start for the category that a verb asks for.
    """

    id: UUID
    kind: str
    timing: Timing
    times: tuple[datetime, ...]
    fired: int
    stopped_at: datetime | None
    pause_limit: timedelta | None
    pause_total_percent: int
    calendar_name: str
    hours_id: UUID | None
    workdays_id: UUID | None
    pauses: tuple[Pause, ...]
    policy_id: UUID | None = None
    kept: int | None = None
    other: Policy | None = None
    extension: timedelta = timedelta()

    @property
    def at_first(self) -> timedelta:
        """The budget without what was granted later."""
        return self.timing.budget - self.extension


@dataclass(frozen=True, slots=True)
class Matter(Generic[D_co]):
    """A locked snapshot of one matter, with the room's own `detail` and the deadlines that run.

    `category` chooses among its limits. `version` counts its changes and is 0 for one that is not stored yet; `placed_by` pressed
    the button: the requester, or the staff for a caller; `holder_id` is who owns it when its limits were missed; `open_pool` lets
    every qualified volunteer of the place see and claim it.
    `team_id` is the team that it was offered to. `seat_id` is the place whose officers hold it, `unit_id` the unit that it is
    assigned to. `timed`, the deadlines of its round, is there for the verbs that ask.
    """

    id: UUID
    kind: str
    place_id: UUID
    state: str
    version: int
    round: int
    requester_id: UUID
    beneficiary_id: UUID
    assignee_id: UUID | None
    holder_id: UUID | None
    open_pool: bool
    created_at: datetime
    detail: D_co
    placed_by: UUID = NOBODY
    team_id: UUID | None = None
    seat_id: UUID | None = None
    unit_id: UUID | None = None
    category: str = ""
    live: tuple[LiveDeadline, ...] = ()
    timed: tuple[TimedDeadline, ...] = ()


_COLUMNS: Final = (
    "id", "category", "place_id", "state", "version", "round", "requester_id", "beneficiary_id", "placed_by", "assignee_id",
    "team_id", "seat_id", "unit_id", "holder_id", "open_pool", "created_at",
)  # fmt: skip


class _Row(Protocol):
    def __getitem__(self, name: str, /) -> Any: ...


def columns_of(row: _Row) -> dict[str, Any]:
    """A matter's own columns out of a row of either driver, as arguments of `Matter`."""
    return {name: row[name] for name in _COLUMNS}
