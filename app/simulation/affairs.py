"""What people want of the system, as they mean it: an order, or a case. Fate and chances are fixed before it exists."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, ClassVar, Self

from app.simulation.case_fates import ORDINARY_CASE, CaseFate
from app.simulation.person import Person
from app.simulation.profiles import ORDINARY, Fate, OrderFate


@dataclass
class Affair:
    """What somebody wants, and the dice for every decision about it."""

    number: int
    seed: int
    resident: Person
    at: datetime
    fate: Fate
    id: str = ""
    drawn: Counter[str] = field(default_factory=Counter)

    kind: ClassVar[str] = ""

    @property
    def path(self) -> str:
        return f"/v1/{self.kind}s/{self.id}"

    @property
    def urgent(self) -> bool:
        """Whether people act on it at any hour."""
        return False

    def dice(self, what: str) -> Random:
        """The dice for the next decision of this name on this affair: the same in every run with this seed, whatever else
        happens on the street."""
        self.drawn[what] += 1
        return Random(f"{self.seed}/{self._name}/{what}/{self.drawn[what]}")

    @property
    def _name(self) -> str:
        return f"{self.number}"


@dataclass
class Order(Affair):
    """An order."""

    fate: OrderFate = ORDINARY
    asked: set[str] = field(default_factory=set)
    """Volunteers that it was offered to, by id."""
    meet_at: datetime | None = None

    kind: ClassVar[str] = "order"


@dataclass
class Case(Affair):
    """A case. `twin`: whose trouble is the same; `untrue`: its result says more than was done, until a true one does."""

    fate: CaseFate = ORDINARY_CASE
    category: str = ""
    twin: "Case | None" = None
    untrue: bool = False

    kind: ClassVar[str] = "case"

    @classmethod
    def of_order(cls, order: Order, case_id: str) -> Self:
        """What an order has become."""
        # Numbers below 0 are free: no case that was reported has one.
        return cls(-1 - order.number, order.seed, order.resident, order.at, id=case_id)

    @property
    def urgent(self) -> bool:
        return self.category == "danger"

    @property
    def _name(self) -> str:
        return f"case {self.number}"


def offered(seen: Mapping[str, Any]) -> set[str]:
    """The actions that a page offers to whoever reads it."""
    return {one["action"] for one in seen["actions"]}
