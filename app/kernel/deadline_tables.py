"""The kernel's tables of calendars and deadlines. What SQL alone can promise stands in migrations/sql."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Computed, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Integer
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant

GOVERNING = (
    "triage", "check", "callback", "deliberation", "review", "resolve_small", "resolve_community", "resolve_street",
    "resolve_district", "resolve_emergency", "resolve_routine", "resolve_hard", "milestone", "renewal",
)  # fmt: skip
"""The kinds of deadlines that govern a matter (domain.md §5): at most one of them runs for it, and a unique index says so."""


class CalendarHours(SQLModel, table=True):
    """A version of the hours of a place (None: everywhere) by weekday; the nearest place wins. Never altered.

    `week`: seven days from Monday, each a list of shifts [from, until) in seconds from 00:00 China time.
    """

    __tablename__ = "calendar_hours"
    __table_args__ = (
        Index("calendar_hours_version", "place_id", "calendar", "version", unique=True),
        Index("calendar_hours_standard", "calendar", "version", unique=True, postgresql_where=sql("place_id IS NULL")),
        CheckConstraint("calendar IN ('DUTY', 'WORK')", "calendar_hours_calendar"),
    )

    id: UUID = Field(primary_key=True)
    place_id: UUID | None = Field(default=None, foreign_key="place.id")
    calendar: str = Field(sa_type=Text)
    version: int
    week: list[Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_by: UUID
    published_at: datetime = Field(sa_type=Instant)


class WorkdaySet(SQLModel, table=True):
    """A version of the working days: what the State Council's notices for `years` say, as exceptions from the weekdays.

    `days`: day → {"works": bool, "name": Chinese}. The newest published version is in force; it holds all years.
    """

    __tablename__ = "workday_set"
    __table_args__ = (
        Index("workday_set_version", "version", unique=True),
        CheckConstraint("num_nonnulls(published_by, published_at) IN (0, 2)", "workday_set_published"),
    )

    id: UUID = Field(primary_key=True)
    version: int
    years: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    days: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    source: str = Field(sa_type=Text)
    imported_by: UUID
    imported_at: datetime = Field(sa_type=Instant)
    published_by: UUID | None = None
    published_at: datetime | None = Field(default=None, sa_type=Instant)


class DeadlinePolicy(SQLModel, table=True):
    """A version of the limits of one kind of deadline at a place (None: everywhere); the nearest place wins. At one place the
    one for the service's category and the estate's type comes first, then for the category, then for the type ('' is any).

    The budget is in seconds of the calendar, or in full working days. `percents` are the marks of the budget, ascending, with
    100 among them. `pause_limit_seconds`: how long one pause may last, in real seconds; None: this kind never pauses.
    `pause_total_percent`: how long all pauses together may last, as a share of the budget (at most twice, domain.md §4.5).
    `later_round_percent`: which share of the budget a later round has.
    """

    __tablename__ = "deadline_policy"
    __table_args__ = (
        Index(
            "deadline_policy_version",
            "place_id",
            "matter_kind",
            "deadline_kind",
            "category",
            "estate_type",
            "version",
            unique=True,
        ),
        Index(
            "deadline_policy_default",
            "matter_kind",
            "deadline_kind",
            "category",
            "estate_type",
            "version",
            unique=True,
            postgresql_where=sql("place_id IS NULL"),
        ),
        CheckConstraint(
            "num_nonnulls(budget_seconds, budget_days) = 1"
            " AND budget_seconds BETWEEN 1 AND 31536000 IS NOT FALSE AND budget_days BETWEEN 1 AND 250 IS NOT FALSE"
            " AND (budget_days IS NULL OR calendar = 'WORK')",
            "deadline_policy_budget",
        ),
        CheckConstraint("later_round_percent BETWEEN 1 AND 100", "deadline_policy_round"),
        CheckConstraint("pause_limit_seconds BETWEEN 1 AND 31536000", "deadline_policy_pause"),
        CheckConstraint("pause_total_percent BETWEEN 1 AND 200", "deadline_policy_pauses"),
        CheckConstraint(
            "estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit')", "deadline_policy_estate_type"
        ),
        CheckConstraint("100 = ANY (percents)", "deadline_policy_miss"),
        CheckConstraint("calendar IN ('WALL', 'DUTY', 'WORK')", "deadline_policy_calendar"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID | None = Field(default=None, foreign_key="place.id")
    matter_kind: str = Field(sa_type=Text)
    deadline_kind: str = Field(sa_type=Text)
    category: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": sql("''")})
    estate_type: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": sql("''")})
    version: int
    calendar: str = Field(sa_type=Text)
    budget_seconds: int | None = None
    budget_days: int | None = None
    later_round_percent: int = Field(default=100, sa_column_kwargs={"server_default": sql("100")})
    pause_limit_seconds: int | None = None
    pause_total_percent: int = Field(default=200, sa_column_kwargs={"server_default": sql("200")})
    percents: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    published_by: UUID
    published_at: datetime = Field(sa_type=Instant)


class Primitive(StrEnum):
    """What a mark can do. All but EVENT are done by the sweep in one set-based write each; START begins another deadline."""

    NOTIFY = "notify"
    SET_HOLDER = "set_holder"
    OPEN_POOL = "open_pool"
    START = "start"
    EVENT = "event"


class PolicyEffect(SQLModel, table=True):
    """One effect of one mark of a policy: `target` is a role, a role from a level upward ('secretary@street'), 'requester',
    'assignee', the kind of a deadline to start, or the topic of an event."""

    __tablename__ = "policy_effect"
    __table_args__ = (
        ForeignKeyConstraint(["policy_id"], ["deadline_policy.id"]),
        CheckConstraint(
            "primitive IN ('notify', 'set_holder', 'open_pool', 'start', 'event')"
            " AND (primitive = 'open_pool') = (target = '')",
            "policy_effect_primitive",
        ),
    )

    policy_id: UUID = Field(primary_key=True)
    percent: int = Field(primary_key=True)
    primitive: str = Field(sa_type=Text, primary_key=True)
    target: str = Field(sa_type=Text, primary_key=True, default="")


class Deadline(SQLModel, table=True):
    """A promise that runs: `times` are when its marks are due, `fired` how many have been dealt with.

    Periods are [started_at, due_at): at the due moment it is missed. `next_at` is None once stopped or when no mark is left.
    Its times can be computed again from its start, its budget (seconds of the policy's calendar), the hours and working days
    that it pins, and its pauses; `revision` counts how often that was done. `calendar_missing`: a year had no notice yet. `kept`:
    its matter was re-categorised, and so many marks had passed under the policy before; NULL: it has the one of its start.
    `extension_seconds`: which part of the budget was granted later; at most as much again as there was at first.
    """

    __tablename__ = "deadline"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("id", "pausable"),
        Index("deadline_unsure", "id", postgresql_where=sql("calendar_missing AND stopped_at IS NULL")),
        Index("deadline_live", "matter_id", "kind", unique=True, postgresql_where=sql("stopped_at IS NULL")),
        Index(
            "deadline_governs",
            "matter_id",
            unique=True,
            postgresql_where=sql(f"stopped_at IS NULL AND kind IN ({', '.join(map(repr, GOVERNING))})"),
        ),
        Index("deadline_matter", "matter_id"),
        Index("deadline_next", "next_at", postgresql_where=sql("next_at IS NOT NULL")),
        Index("deadline_running", "place_id", "due_at", "matter_id", postgresql_where=sql("stopped_at IS NULL")),
        CheckConstraint(
            "cardinality(percents) = cardinality(times) AND fired BETWEEN 0 AND cardinality(times)", "deadline_marks"
        ),
        CheckConstraint("due_at = times[array_position(percents, 100)] AND started_at < due_at", "deadline_due"),
        CheckConstraint("extension_seconds >= 0 AND extension_seconds * 2 <= budget_seconds", "deadline_extension"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    matter_id: UUID
    place_id: UUID
    kind: str = Field(sa_type=Text)
    round: int
    policy_id: UUID = Field(foreign_key="deadline_policy.id")
    started_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    percents: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    times: list[datetime] = Field(sa_column=Column(ARRAY(Instant), nullable=False))
    fired: int = 0
    budget_seconds: int = Field(default=0, sa_column_kwargs={"server_default": sql("0")})
    hours_id: UUID | None = Field(default=None, foreign_key="calendar_hours.id")
    workdays_id: UUID | None = Field(default=None, foreign_key="workday_set.id")
    calendar_missing: bool = Field(default=False, sa_column_kwargs={"server_default": sql("false")})
    pausable: bool = Field(default=False, sa_column_kwargs={"server_default": sql("false")})
    revision: int = Field(default=0, sa_column_kwargs={"server_default": sql("0")})
    kept: int | None = None
    extension_seconds: int = Field(default=0, sa_column_kwargs={"server_default": sql("0")})
    stopped_at: datetime | None = Field(default=None, sa_type=Instant)
    next_at: datetime | None = Field(
        default=None,
        sa_column=Column(Instant, Computed("CASE WHEN stopped_at IS NULL THEN times[fired + 1] END", persisted=True)),
    )


class PauseReason(StrEnum):
    """Why a deadline does not run for a while (domain.md §4.5). UNDONE: what had stopped it was undone."""

    QUESTION = "question"
    FORCE_MAJEURE = "force_majeure"
    UNDONE = "undone"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _PAUSES[self]


_PAUSES = {
    PauseReason.QUESTION: "等待居民回答",
    PauseReason.FORCE_MAJEURE: "不可抗力",
    PauseReason.UNDONE: "退回前的间隔",
}


class DeadlinePause(SQLModel, table=True):
    """A stretch [from_at, until_at) in which a deadline does not run. It ends by itself at `limit_at`; an earlier end moves
    `until_at`. An annulled one counts for nothing, and stays to be seen."""

    __tablename__ = "deadline_pause"
    __table_args__ = (
        ForeignKeyConstraint(["deadline_id"], ["deadline.id"]),
        ForeignKeyConstraint(["deadline_id", "pausable"], ["deadline.id", "deadline.pausable"]),
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("deadline_pause_deadline", "deadline_id"),
        Index("deadline_pause_matter", "matter_id"),
        CheckConstraint(
            "reason IN ('question', 'force_majeure', 'undone') AND (reason = 'undone') = (pausable IS NULL)",
            "deadline_pause_reason",
        ),
        CheckConstraint("pausable", "deadline_pause_kind"),
        CheckConstraint("from_at <= until_at AND until_at <= limit_at", "deadline_pause_period"),
        CheckConstraint("decided_by <> paused_by", "deadline_pause_judge"),
        CheckConstraint("decided_at IS NULL OR disputed_at IS NOT NULL", "deadline_pause_dispute"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    deadline_id: UUID
    matter_id: UUID
    place_id: UUID
    pausable: bool | None = None
    reason: str = Field(sa_type=Text)
    text: str | None = Field(default=None, sa_type=Text)
    paused_by: UUID
    paused_as: str | None = Field(default=None, sa_type=Text)
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime = Field(sa_type=Instant)
    limit_at: datetime = Field(sa_type=Instant)
    resumed_by: UUID | None = None
    disputed_at: datetime | None = Field(default=None, sa_type=Instant)
    dispute: str | None = Field(default=None, sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: UUID | None = None
    decision: str | None = Field(default=None, sa_type=Text)
    annulled: bool = Field(default=False, sa_column_kwargs={"server_default": sql("false")})


class Mark(SQLModel, table=True):
    """A mark that has fired: the primary key is what makes it fire once. Never altered."""

    __tablename__ = "mark"
    __table_args__ = (
        ForeignKeyConstraint(["deadline_id"], ["deadline.id"]),
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("mark_matter", "matter_id"),
        Index("mark_missed", "due_at", postgresql_where=sql("percent = 100")),
    )

    deadline_id: UUID = Field(primary_key=True)
    percent: int = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    due_at: datetime = Field(sa_type=Instant)
    fired_at: datetime = Field(sa_type=Instant)
