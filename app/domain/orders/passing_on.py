"""What the staff do on the word of whoever rings: both sides learn of it, and the resident that it was done in their name, so
that they say so if it was not them (domain.md §1, §3)."""

from typing import Any

from app.kernel.change import Change
from app.kernel.rules import Via


def is_passed_on(change: Change) -> bool:
    """Whether the staff speak for the resident here."""
    return change.through in (Via.PLACER, Via.DESK)


def tell_caller(change: Change) -> Change:
    """Whoever the order serves, what was done on their word; nobody where they did it themselves."""
    return change.tell_served("order.passed_on", did=change.action) if is_passed_on(change) else change


def tell_sides(change: Change, topic: str, **payload: Any) -> Change:
    """Both sides but whoever does this; the resident's is told of what was passed on as such."""
    if not is_passed_on(change):
        return change.tell_others(topic, **payload)
    assignee = change.matter.assignee_id if change.matter is not None else None
    return tell_caller(change.tell(assignee, topic, **payload))
