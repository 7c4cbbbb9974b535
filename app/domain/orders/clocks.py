"""By which calendars the time of an order goes, and how much of it has passed: the SQL, and what becomes of its answers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, RowMapping, ScalarSelect, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.deadlines.models import ANCHORED
from app.domain.deadlines.of_matters import STEPS
from app.domain.orders.total import Step, Total
from app.kernel.calendar_store import calendar, know
from app.kernel.calendars import Calendar
from app.kernel.database import driver
from app.kernel.deadline_tables import Deadline, DeadlinePolicy
from app.kernel.loading import PINNED, pinned
from app.kernel.tables import MatterRow


def running_clocks() -> ScalarSelect[Any]:
    """The calendars of the order's live deadlines, but for those of an appointed or promised moment."""
    d, p = Deadline, DeadlinePolicy
    clock = func.jsonb_build_object(
        "calendar", col(p.calendar), "hours_id", col(d.hours_id), "workdays_id", col(d.workdays_id)
    )
    return (
        select(func.jsonb_agg(clock.distinct()))
        .join_from(d, p, col(p.id) == col(d.policy_id))
        .where(col(d.matter_id) == col(MatterRow.id), col(d.stopped_at).is_(None), col(d.kind).not_in(ANCHORED))
        .scalar_subquery()
    )


def plan_clock() -> ScalarSelect[Any]:
    """The calendar of the newest round's plan; null for an order that was never to have one (a booking)."""
    d, p = Deadline, DeadlinePolicy
    clock = func.jsonb_build_object(
        "calendar", col(p.calendar), "hours_id", col(d.hours_id), "workdays_id", col(d.workdays_id)
    )
    return (
        select(clock)
        .join_from(d, p, col(p.id) == col(d.policy_id))
        .where(col(d.matter_id) == col(MatterRow.id), col(d.kind) == "plan")
        .order_by(col(d.round).desc())
        .limit(1)
        .scalar_subquery()
    )


_STEPS = TypeAdapter(tuple[Step, ...])


def steps_of_order() -> ColumnElement[Any]:
    """What `total_of` is computed from."""
    return literal_column(STEPS).label("steps")


def total_of(row: RowMapping) -> Total:
    """How long the resident has waited in all, of a row with its `steps`."""
    return Total.of(_STEPS.validate_python(row["steps"]))


@dataclass(frozen=True, slots=True)
class Clocks:
    """`counting_from`: when time begins to count for an order that is outside the hours of all its deadlines; None: it counts
    now for one of them at least, or none runs (domain.md §4.2). `plan`: the calendar of its plan."""

    counting_from: datetime | None
    plan: Calendar | None


async def clocks_of(connection: AsyncConnection, row: RowMapping) -> Clocks:
    """The calendars of an order of `get_order`, read if they are not known."""
    running, plan = row["clocks"] or [], row["plan_clock"]
    await know(await driver(connection), pinned([*running, plan] if plan else running))
    first = min((_calendar(clock).opens(row["now"]) for clock in running), default=None)
    waits = first is not None and first > row["now"]
    return Clocks(first if waits else None, _calendar(plan) if plan else None)


def _calendar(clock: Mapping[str, Any]) -> Calendar:
    return calendar(clock["calendar"], *(clock[name] and UUID(clock[name]) for name in PINNED))
