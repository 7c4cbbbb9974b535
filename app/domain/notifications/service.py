"""The verbs of the inbox."""

from datetime import datetime

from app.domain.notifications.models import InboxMessage
from app.domain.notifications.repository import MESSAGE, READING, Message
from app.kernel.change import Change
from app.kernel.rules import Actor
from app.kernel.verbs import record


@record("message", "read", subject=MESSAGE, facts=READING)
def mark_read(message: Message, actor: Actor, now: datetime) -> Change:
    """Tick a message off; again is allowed and moves the time."""
    return Change.record(
        "message", message.id, "read", actor, now, place_id=message.place_id, version=message.version
    ).patch(InboxMessage, id=message.id, read_at=now, version=message.version + 1)


VERBS = (mark_read,)
