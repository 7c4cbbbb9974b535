"""What people intend to do, by simulated moment. Pure."""

import heapq
from collections.abc import Awaitable, Callable
from datetime import datetime

Deed = Callable[[], Awaitable[None]]
"""Something that somebody does when its moment has come."""


class Agenda:
    """Deeds in the order of their moments; of two at the same moment, the one that was intended first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Deed]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def intend(self, at: datetime, deed: Deed) -> None:
        """Do it when the moment has come; one that has passed already comes next."""
        heapq.heappush(self._heap, (at, self._count, deed))
        self._count += 1

    @property
    def next_at(self) -> datetime | None:
        """The moment of the next deed; None when nobody intends anything."""
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> Deed | None:
        """The next deed if its moment has come."""
        if not self._heap or self._heap[0][0] > now:
            return None
        return heapq.heappop(self._heap)[2]
