"""An errand's authority and papers, and what follows from them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.domain.orders.kind_tables import Paper


@dataclass(frozen=True, slots=True)
class Authority:
    """What the resident has said that this agent may do in their name, and not withdrawn."""

    id: UUID
    agent_id: UUID
    until_at: datetime

    def holds(self, agent_id: UUID | None, now: datetime) -> bool:
        """Whether it is this agent's, and has not run out."""
        return self.agent_id == agent_id and now < self.until_at


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of a receipt."""

    no: int
    kind: Paper
    copies: int
    note: str | None = None

    @property
    def title(self) -> str:
        """As the message names it: no note, which is the resident's own."""
        return f"{self.kind.label} {self.copies} 份"


@dataclass(frozen=True, slots=True)
class PaperReceipt:
    """Papers that were handed over, or came back, or never will; and who signed."""

    action: str
    papers: tuple[Listed, ...]
    acted_by: UUID | None = None


def papers_out(receipts: Iterable[PaperReceipt]) -> dict[int, Listed]:
    """The papers that are to come back yet, by number."""
    receipts = tuple(receipts)
    given = [paper for receipt in receipts if receipt.action == "handed_over" for paper in receipt.papers]
    ended = {paper.no for receipt in receipts if receipt.action == "returned" for paper in receipt.papers}
    return {paper.no: paper for paper in given if paper.no not in ended}


def keepers(receipts: Iterable[PaperReceipt]) -> set[UUID | None]:
    """Who signed for papers that are to come back yet."""
    receipts = tuple(receipts)
    out = papers_out(receipts)
    given = (receipt for receipt in receipts if receipt.action == "handed_over")
    return {receipt.acted_by for receipt in given if any(paper.no in out for paper in receipt.papers)}


def returns(receipts: Iterable[PaperReceipt]) -> int:
    """How often papers came back: each time takes a code of its own."""
    return sum(receipt.action == "returned" for receipt in receipts)
