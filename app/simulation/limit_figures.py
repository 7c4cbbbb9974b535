"""Limits as the report counts them: kept, late, missed, handed on, running. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.domain.deadlines.meaning import is_replaced
from app.domain.deadlines.models import LABELS, label_of
from app.simulation.reckoning import Limit

BY_THE_SYSTEM: Final = frozenset(
    {"lapse", "miss_appointment", "close_unrated", "match", "open_pool", "expire_claim", "renew"}
)
"""What stops a limit because it was missed, and does not keep it."""


ENDED_OTHERWISE: Final = frozenset({"cancelled", "rejected", "converted", "withdrawn", "merged", "terminated"})
"""States that end the limits of an order or a case without keeping them."""

RENEWED: Final = "renew"
"""What begins a limit anew that nobody is above, and makes no miss of it."""

HANDED_ON: Final = frozenset(
    {
        "escalate", "hand_down", "approve_whistle", "alarm", "deliberate", "hang", "supervise", "add_promise", "finish_promise",
        "excuse", "release", "uphold", "wake",
    }
)  # fmt: skip
"""What ends a limit of a case because another one takes its place, or because it is somebody else's now."""


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One kind of limit: kept before it was due, done after it, never done, ended with its order before it was due, and still
    running. `late` and `missed` both have the mark at 100 %."""

    kind: str
    zh: str
    met: int
    late: int
    missed: int
    dropped: int
    running: int


def in_order(marks: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    kinds = list(LABELS)
    return sorted(marks, key=lambda mark: (kinds.index(mark[0]) if mark[0] in kinds else len(kinds), mark))


def limit_rows(limits: Sequence[Limit]) -> list[LimitRow]:
    counts = Counter((limit.kind, fate_of(limit)) for limit in limits)
    return [
        LimitRow(
            kind, label_of(kind), *(counts[kind, what] for what in ("met", "late", "missed", "dropped", "running"))
        )
        for kind in dict(in_order([(limit.kind, 0) for limit in limits]))
    ]


def fate_of(limit: Limit) -> str:
    """met, late, missed, dropped or running."""
    missed = limit.fired > limit.percents.index(100)
    if limit.stopped_at is None:
        return "missed" if missed else "running"
    if limit.stopped_by == RENEWED:
        return "dropped"
    if limit.stopped_by in BY_THE_SYSTEM:
        return "missed" if missed else "met"
    replaced = is_replaced(limit.of, limit.kind, limit.stopped_by)
    if replaced or limit.left_as in ENDED_OTHERWISE or limit.stopped_by in HANDED_ON:
        return "missed" if missed else "dropped"
    return "late" if missed else "met"
