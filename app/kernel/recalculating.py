"""The verb that every kind of matter has for the calendar: deadlines that were computed without a year are computed anew."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.kernel.calendar_store import calendar
from app.kernel.change import Change
from app.kernel.matter import Matter
from app.kernel.rules import Actor
from app.kernel.verbs import Room, Verb


def recalculation(room: Room) -> Verb[Any, Change]:
    """The room's own, on its row `recalculate`."""

    @room.moves("recalculate")
    def recalculate(matter: Matter[Any], actor: Actor, now: datetime, *, workdays_id: UUID) -> Change:
        """The working days of a year came: deadlines that were computed without them are computed anew."""
        change = room.lifecycle.move(matter, "recalculate", actor, now)
        for deadline in matter.timed:
            if deadline.stopped_at is None and deadline.workdays_id not in (None, workdays_id):
                on = calendar(deadline.calendar_name, deadline.hours_id, workdays_id)
                change.retime(deadline, replace(deadline.timing, calendar=on), workdays_id)
        return change

    return recalculate
