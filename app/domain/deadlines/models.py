"""The words of a policy, and its drafts. The tables of what is published are the kernel's, since the sweep reads them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import Primitive
from app.kernel.tables import Instant

LABELS = {
    "respond": "响应",
    "reply": "答复",
    "reply_in_person": "书记答复",
    "coordinate": "协调",
    "plan": "方案",
    "dispatch": "派单",
    "offer": "接单",
    "appointment": "赴约",
    "promise": "兑现承诺",
    "promise_late": "承诺逾期处理",
    "wish": "认领",
    "finish": "完成",
    "rating": "评价",
    "triage": "分流",
    "resolve_small": "小事办结",
    "resolve_community": "社区办结",
    "resolve_street": "街道办结",
    "resolve_district": "区县办结",
    "resolve_emergency": "应急处置",
    "resolve_routine": "日常哨办结",
    "resolve_hard": "攻坚哨方案",
    "milestone": "阶段承诺",
    "renewal": "顶级每日续办",
    "check": "核验",
    "callback": "回访",
    "deliberation": "议事",
    "review": "挂账复核",
    "meeting": "联席会议",
    "answer": "督办答复",
    "sign": "签收",
    "report_in": "报到",
    "arbitration": "裁定",
    "contest": "异议",
}
"""The Chinese word of each kind of deadline."""


ANCHORED = frozenset({"appointment", "promise"})
"""Deadlines of an appointed or promised moment: they run around the clock, so that the moment is kept to the second."""


def label_of(kind: str) -> str:
    """The Chinese word of a kind of deadline."""
    return LABELS.get(kind, "办理")


@dataclass(frozen=True, slots=True)
class Effect:
    """What a mark does: notify a role (from a level upward: 'secretary@street'), the assignee or the requester; set the holder
    by role; open the pool; start another deadline."""

    primitive: Primitive
    target: str = ""


@dataclass(frozen=True, slots=True)
class MarkPlan:
    """A mark at `percent` of the budget, with its effects."""

    percent: int
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a policy says: budget in seconds of the calendar or in full working days, marks, pauses, and later rounds."""

    calendar: CalendarName
    budget_seconds: int | None
    budget_days: int | None
    marks: tuple[MarkPlan, ...]
    pause_limit_seconds: int | None = None
    later_round_percent: int = 100
    pause_total_percent: int = 200


class DeadlinePolicyDraft(SQLModel, table=True):
    """Limits that an administrator of the place looks at before they are published, once. Else never altered; it acts on nothing.

    `limits` is a `Limits` as JSON.
    """

    __tablename__ = "deadline_policy_draft"
    __table_args__ = (
        CheckConstraint(
            "estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit')",
            "deadline_policy_draft_estate_type",
        ),
        CheckConstraint("num_nonnulls(published_by, published_at) IN (0, 2)", "deadline_policy_draft_published"),
    )

    id: UUID = Field(primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    matter_kind: str = Field(sa_type=Text)
    deadline_kind: str = Field(sa_type=Text)
    category: str = Field(sa_type=Text)
    estate_type: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    limits: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    drafted_by: UUID
    drafted_at: datetime = Field(sa_type=Instant)
    published_by: UUID | None = None
    published_at: datetime | None = Field(default=None, sa_type=Instant)
