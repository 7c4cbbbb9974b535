"""The words of a policy. Its tables are the kernel's (`app/kernel/tables.py`), since the sweep reads them."""

from dataclasses import dataclass

from app.kernel.tables import Primitive

LABELS = {"respond": "响应", "offer": "接单", "finish": "完成"}
"""The Chinese word of each kind of deadline."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a mark does: notify a role, the assignee or the requester; set the holder by role; open the pool."""

    primitive: Primitive
    target: str = ""


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """A mark at `percent` of the budget, with its effects."""

    percent: int
    effects: tuple[Effect, ...]
