"""What the staff do on the word of whoever rings: both sides learn of it, and the resident that it was done in their name, so
that they say so if it was not them (domain.md §1, §3)."""

from datetime import datetime
from typing import Any

from app.kernel.change import Change
from app.kernel.rules import Via


def is_passed_on(change: Change) -> bool:
    """Whether the staff speak for the resident here."""
    return change.through in (Via.PLACER, Via.DESK)


def tell_caller(change: Change, at: datetime | None = None, did: str | None = None) -> Change:
    """Whoever the order serves, what was done on their word (the action, or what it followed from), and of which time; nobody
    where they did it themselves."""
    if not is_passed_on(change):
        return change
    when = {} if at is None else {"meet_at": at.isoformat()}
    return change.tell_served("order.passed_on", did=did or change.action, **when)


def tell_sides(change: Change, topic: str, at: datetime | None = None, **payload: Any) -> Change:
    """Both sides but whoever does this; the resident's is told of what was passed on as such, and of which time."""
    if not is_passed_on(change):
        return change.tell_others(topic, **payload)
    assignee = change.matter.assignee_id if change.matter is not None else None
    return tell_caller(change.tell(assignee, topic, **payload), at)
