"""What had stopped a deadline is undone: it goes on with the time used (domain.md §3 release, §4.4)."""

from datetime import datetime

from app.domain.orders.repository import Detail
from app.kernel.change import Change
from app.kernel.deadline_tables import DeadlinePause, PauseReason
from app.kernel.matter import Matter, TimedDeadline


def go_on(change: Change, order: Matter[Detail], deadline: TimedDeadline, since: datetime, now: datetime) -> None:
    """A stopped deadline runs again, with the time used; the gap [since, now) does not count."""
    change.insert(
        DeadlinePause,
        deadline_id=deadline.id,
        matter_id=order.id,
        place_id=order.place_id,
        reason=PauseReason.UNDONE.value,
        paused_by=change.actor.id,
        from_at=since,
        until_at=now,
        limit_at=now,
    ).retime(deadline, deadline.timing.with_pauses((*deadline.timing.pauses, (since, now))))
