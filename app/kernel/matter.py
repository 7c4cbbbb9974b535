"""The matter 事项: the thin thing that everything with a state and a promise shares. Lock, door, history, deadlines,
outbox and row-level security hang on it once; rooms keep their own detail beside it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class LiveDeadline:
    """A deadline that runs: its next mark is due at `next_at` (None: every mark has fired)."""

    id: UUID
    kind: str
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Matter(Generic[D_co]):
    """A locked snapshot of one matter, with the room's own `detail` and the deadlines that run.

    `version` counts its changes and is 0 for one that is not stored yet; `holder_id` is who owns it when its limits were
    missed; `open_pool` lets every qualified volunteer of the place see and claim it.
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
    live: tuple[LiveDeadline, ...] = ()


_COLUMNS: Final = (
    "id", "place_id", "state", "version", "round", "requester_id", "beneficiary_id", "assignee_id", "holder_id",
    "open_pool", "created_at",
)  # fmt: skip


class _Row(Protocol):
    def __getitem__(self, name: str, /) -> Any: ...


def columns_of(row: _Row) -> dict[str, Any]:
    """A matter's own columns out of a row of either driver, as arguments of `Matter`."""
    return {name: row[name] for name in _COLUMNS}
