"""Orders and deadlines as values, for the tests of the verbs that keep promises."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.domain.orders.models import OrderPost
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Detail, OpenAppointment
from app.kernel.calendars import Calendar
from app.kernel.change import Change
from app.kernel.deadlines import Timing
from app.kernel.matter import LiveDeadline, Matter, Pause, TimedDeadline
from app.kernel.rules import Actor, Role
from tests.unit.kernel.test_calendars import DUTY, HOUR, MINUTE, WORK, WORKING_DAY, at
from tests.unit.orders.test_policy import WHO, an_order

TEN = at("2026-03-03 10:00")
"""A Tuesday, when everything starts."""
ELEVEN, TWELVE, FOUR = at("2026-03-03 11:00"), at("2026-03-03 12:00"), at("2026-03-03 16:00")
THREE_DAYS = timedelta(days=3)
COORDINATE, PLAN, RESPOND, REPLY, APPOINTMENT, PROMISE, RATING = (UUID(int=n) for n in range(101, 108))
QUESTION, STORM, GAP = UUID(int=201), UUID(int=202), UUID(int=203)
DISPATCHER, SECRETARY = WHO["dispatcher"], WHO["secretary"]
JUDGE = Actor(UUID(int=50), frozenset({Role.SECRETARY}))


def timed(
    deadline_id: UUID,
    kind: str,
    budget: timedelta,
    calendar: Calendar,
    *pauses: Pause,
    fired: int = 0,
    stopped: datetime | None = None,
    limit: timedelta | None = None,
    start: datetime = TEN,
) -> TimedDeadline:
    stretches = tuple((pause.from_at, pause.until_at) for pause in pauses if not pause.annulled)
    timing = Timing(start, budget, (80, 100), calendar, stretches)
    pinned = UUID(int=7) if calendar is WORK else None
    return TimedDeadline(
        deadline_id, kind, timing, timing.times(), fired, stopped, limit, 200, calendar.name.value, None, pinned, pauses
    )


def coordinate(*pauses: Pause, fired: int = 0, stopped: datetime | None = None) -> TimedDeadline:
    """Four hours of duty: due at 14:00, warned at 13:12."""
    return timed(COORDINATE, "coordinate", 4 * HOUR, DUTY, *pauses, fired=fired, stopped=stopped, limit=THREE_DAYS)


def plan(*pauses: Pause, stopped: datetime | None = None) -> TimedDeadline:
    """One working day: due on Wednesday at 10:00."""
    return timed(PLAN, "plan", WORKING_DAY, WORK, *pauses, stopped=stopped, limit=THREE_DAYS)


def respond(*, stopped: datetime | None = None, fired: int = 0) -> TimedDeadline:
    return timed(RESPOND, "respond", 20 * MINUTE, DUTY, stopped=stopped, fired=fired)


def paused(
    pause_id: UUID,
    begin: datetime,
    end: datetime,
    *,
    by: Actor = DISPATCHER,
    reason: str = "question",
    disputed: bool = False,
    decided: bool = False,
    annulled: bool = False,
) -> Pause:
    role = "secretary" if Role.SECRETARY in by.roles else None
    # A question's pause names the question; here both have one id.
    return Pause(pause_id, reason, str(pause_id), by.id, role, begin, end, disputed, decided, annulled)


def order(
    *deadlines: TimedDeadline,
    state: S = S.SUBMITTED,
    meeting: OpenAppointment | None = None,
    another: OpenAppointment | None = None,
) -> Matter[Detail]:
    """`another`: a time that is proposed beside the confirmed one."""
    live = tuple(
        LiveDeadline(d.id, d.kind, d.times[d.fired] if d.fired < len(d.times) else None)
        for d in deadlines
        if d.stopped_at is None
    )
    detail = Detail(UUID(int=7), 0, 0, None, tuple(filter(None, (meeting, another))))
    return replace(an_order(state), live=live, timed=deadlines, detail=detail)


def dues(change: Change) -> dict[str, str]:
    """The new due moment of each deadline that is computed anew."""
    return {r.deadline.kind: f"{r.row()['due_at']:%m-%d %H:%M:%S}" for r in change.retimes}


def rows(change: Change, table: type) -> list[dict[str, Any]]:
    return [row.values for row in change.rows if row.table is table]


def post(change: Change) -> dict[str, Any]:
    (found,) = rows(change, OrderPost)
    return found
