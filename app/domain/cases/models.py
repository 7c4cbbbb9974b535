"""Tables and words of the cases, beside the kernel's `matter`."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class CaseState(StrEnum):
    """Where a case stands (domain.md §5)."""

    REPORTED = "reported"
    HANDLING = "handling"
    WHISTLED = "whistled"
    RESULT = "result"
    CALLBACK = "callback"
    DELIBERATING = "deliberating"
    HUNG = "hung"
    CLOSED = "closed"
    CLOSED_UNREACHED = "closed_unreached"
    NOT_ACCEPTED = "not_accepted"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"
    TERMINATED = "terminated"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STATES[self]

    @property
    def has_result(self) -> bool:
        """Whether a result of this round stands: one that was sent back is none of the work that goes on."""
        return self in (CaseState.RESULT, CaseState.CALLBACK, CaseState.CLOSED, CaseState.CLOSED_UNREACHED)


_STATES = {
    CaseState.REPORTED: "待分流",
    CaseState.HANDLING: "办理中",
    CaseState.WHISTLED: "已吹哨",
    CaseState.RESULT: "待核验",
    CaseState.CALLBACK: "待回访",
    CaseState.DELIBERATING: "议事中",
    CaseState.HUNG: "挂账",
    CaseState.CLOSED: "已办结",
    CaseState.CLOSED_UNREACHED: "未联系上办结",
    CaseState.NOT_ACCEPTED: "不予受理",
    CaseState.WITHDRAWN: "已撤回",
    CaseState.MERGED: "已并案",
    CaseState.TERMINATED: "已终止",
}


class AssignmentState(StrEnum):
    """Where a unit's assignment stands (domain.md §5)."""

    SENT = "sent"
    SIGNED = "signed"
    REPORTED_IN = "reported_in"
    WORKING = "working"
    DONE = "done"
    CONTESTED = "contested"
    EXCUSED = "excused"

    @property
    def label(self) -> str:
        return _ASSIGNMENTS[self]


_ASSIGNMENTS = {
    AssignmentState.SENT: "待签收",
    AssignmentState.SIGNED: "已签收",
    AssignmentState.REPORTED_IN: "已报到",
    AssignmentState.WORKING: "处置中",
    AssignmentState.DONE: "已完成",
    AssignmentState.CONTESTED: "有异议",
    AssignmentState.EXCUSED: "已免除",
}


class Lane(StrEnum):
    """Small matters get a quick response, big ones are deliberated, hard ones go up and are managed jointly (S3)."""

    SMALL = "small"
    BIG = "big"
    HARD = "hard"

    @property
    def label(self) -> str:
        return _LANES[self]


_LANES = {Lane.SMALL: "小事", Lane.BIG: "大事", Lane.HARD: "难事"}


class WhistleKind(StrEnum):
    """The three whistles, and the call-up of partners (domain.md §5, S2)."""

    EMERGENCY = "emergency"
    ROUTINE = "routine"
    HARD = "hard"
    CALL_UP = "call_up"

    @property
    def label(self) -> str:
        return _WHISTLES[self]


_WHISTLES = {
    WhistleKind.EMERGENCY: "应急哨",
    WhistleKind.ROUTINE: "日常哨",
    WhistleKind.HARD: "攻坚哨",
    WhistleKind.CALL_UP: "召集哨",
}


class ReportedAs(StrEnum):
    """In which capacity a case was reported (domain.md §5)."""

    RESIDENT = "resident"
    REPRESENTATIVE = "representative"
    GRID_WORKER = "grid_worker"
    BRANCH_SECRETARY = "branch_secretary"
    INFORMATION_OFFICER = "information_officer"
    PATROL = "patrol"
    STATION = "station"
    ORDER = "order"

    @property
    def label(self) -> str:
        return _REPORTED[self]


_REPORTED = {
    ReportedAs.RESIDENT: "居民上报",
    ReportedAs.REPRESENTATIVE: "代为上报",
    ReportedAs.GRID_WORKER: "网格员上报",
    ReportedAs.BRANCH_SECRETARY: "支部书记上报",
    ReportedAs.INFORMATION_OFFICER: "民情信息员上报",
    ReportedAs.PATROL: "巡查发现",
    ReportedAs.STATION: "站点代报",
    ReportedAs.ORDER: "订单转来",
}


class NotAccepted(StrEnum):
    """Why a case is not accepted (domain.md §5: a listed reason); beside it stands where to go instead."""

    NOT_OURS = "not_ours"
    IN_COURT = "in_court"
    WITH_OTHERS = "with_others"
    UNCLEAR = "unclear"
    UNTRUE = "untrue"
    UNLAWFUL = "unlawful"
    SETTLED = "settled"

    @property
    def label(self) -> str:
        return _NOT_ACCEPTED[self]


_NOT_ACCEPTED = {
    NotAccepted.NOT_OURS: "不属于社区、街道和区县的办理范围",
    NotAccepted.IN_COURT: "已进入诉讼、仲裁、复议或信访程序",
    NotAccepted.WITH_OTHERS: "其他单位正在办理",
    NotAccepted.UNCLEAR: "内容不清,无法核实",
    NotAccepted.UNTRUE: "经核实情况不符",
    NotAccepted.UNLAWFUL: "诉求不合法律法规",
    NotAccepted.SETTLED: "同一件事已办结,没有新的情况",
}


class CaseCategory(SQLModel, table=True):
    """A version of a category of the catalogue at a place (None: everywhere); the nearest place wins. Never altered.

    `lane` is suggested at triage; `by_midnight`: a small matter of it is solved the same day; `evidence`: what a result must
    show; an `emergency` goes at once to the responsible unit. `unit_kind`: what kind of unit answers for it; the
    page of a case suggests the units of that kind which serve its place, after the one that the register names.
    """

    __tablename__ = "case_category"
    __table_args__ = (
        Index("case_category_version", "place_id", "code", "estate_type", "version", unique=True),
        Index(
            "case_category_standard",
            "code",
            "estate_type",
            "version",
            unique=True,
            postgresql_where=text("place_id IS NULL"),
        ),
        CheckConstraint("lane IN ('small', 'big', 'hard')", "case_category_lane"),
        CheckConstraint("unit_kind IN ('department', 'station', 'partner')", "case_category_unit_kind"),
        CheckConstraint(
            "estate_type IN ('', 'residential', 'transitional', 'old', 'work_unit')", "case_category_estate_type"
        ),
    )

    id: UUID = Field(primary_key=True)
    place_id: UUID | None = Field(default=None, foreign_key="place.id")
    code: str = Field(sa_type=Text)
    estate_type: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    version: int
    name: str = Field(sa_type=Text)
    lane: str = Field(sa_type=Text)
    emergency: bool
    by_midnight: bool
    evidence: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    unit_kind: str | None = Field(default=None, sa_type=Text)
    published_by: UUID
    published_at: datetime = Field(sa_type=Instant)


class CaseDetail(SQLModel, table=True):
    """What a case is about. `category_id` pins the version of its category; `community_id` is where it stands. `whistle_id`
    is the whistle that was blown last; `returns` counts how often a check sent the result back in this round; `handler_id`
    submitted the last result. `order_id`: the order that became this case."""

    __tablename__ = "case_detail"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        ForeignKeyConstraint(["whistle_id"], ["whistle.id"], name="case_detail_whistle", use_alter=True),
        Index("case_detail_order", "order_id", unique=True, postgresql_where=text("order_id IS NOT NULL")),
        Index("case_detail_merged", "merged_into", postgresql_where=text("merged_into IS NOT NULL")),
        CheckConstraint("lane IN ('small', 'big', 'hard')", "case_detail_lane"),
        CheckConstraint("returns BETWEEN 0 AND 2", "case_detail_returns"),
        CheckConstraint("merged_into <> matter_id", "case_detail_not_itself"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    community_id: UUID = Field(foreign_key="place.id")
    category_id: UUID = Field(foreign_key="case_category.id")
    words: str = Field(sa_type=Text)
    spot: str | None = Field(default=None, sa_type=Text)
    reported_as: str = Field(sa_type=Text)
    order_id: UUID | None = Field(default=None, foreign_key="matter.id")
    emergency: bool = False
    lane: str | None = Field(default=None, sa_type=Text)
    whistle_id: UUID | None = None
    returns: int = 0
    handler_id: UUID | None = Field(default=None, foreign_key="person.id")
    outcome: str | None = Field(default=None, sa_type=Text)
    answer: str | None = Field(default=None, sa_type=Text)
    evidence: list[Any] = Field(
        default_factory=list, sa_column=Column(JSONB, nullable=False, server_default=text("'[]'"))
    )
    end_reason: str | None = Field(default=None, sa_type=Text)
    elsewhere: str | None = Field(default=None, sa_type=Text)
    merged_into: UUID | None = Field(default=None, foreign_key="matter.id")


class CaseReporter(SQLModel, table=True):
    """Somebody who reported a case, or joined it with a report of their own: each has a call-back of their own."""

    __tablename__ = "case_reporter"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("matter_id", "person_id", name="case_reporter_once"),
        Index("case_reporter_person", "person_id", "joined_at"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    words: str | None = Field(default=None, sa_type=Text)
    joined_at: datetime = Field(sa_type=Instant)


class CasePost(SQLModel, table=True):
    """What was said on a case: a contact with the reporter, a reply."""

    __tablename__ = "case_post"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("case_post_matter", "matter_id", "posted_at"),
        CheckConstraint("kind IN ('contact', 'reply')", "case_post_kind"),
        CheckConstraint("(kind = 'contact') = (channel IS NOT NULL)", "case_post_contact"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    kind: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    posted_by: UUID
    posted_at: datetime = Field(sa_type=Instant)


class Duty(StrEnum):
    """The three hands of a case, which are three people (domain.md §5: separation of duty)."""

    HANDLER = "handler"
    CALLBACK = "callback"
    ARBITER = "arbiter"


class CaseDuty(SQLModel, table=True):
    """Which of the three duties somebody had in a case: the primary key lets nobody have two."""

    __tablename__ = "case_duty"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        CheckConstraint("duty IN ('handler', 'callback', 'arbiter')", "case_duty_duty"),
    )

    matter_id: UUID = Field(primary_key=True)
    person_id: UUID = Field(primary_key=True, foreign_key="person.id")
    place_id: UUID
    duty: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)


class Whistle(SQLModel, table=True):
    """A whistle: proposed, then approved or refused by the head of the level; one lead and any number of co-units. An
    emergency's is blown at once and approved afterwards."""

    __tablename__ = "whistle"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("whistle_matter", "matter_id"),
        Index("whistle_open", "matter_id", unique=True, postgresql_where=text("decided_at IS NULL")),
        CheckConstraint("kind IN ('emergency', 'routine', 'hard', 'call_up')", "whistle_kind"),
        CheckConstraint("num_nonnulls(decided_at, decided_by, approved) IN (0, 3)", "whistle_decided"),
        CheckConstraint("NOT lead_id = ANY (co_ids)", "whistle_one_lead"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    kind: str = Field(sa_type=Text)
    reason: str = Field(sa_type=Text)
    seat_id: UUID = Field(foreign_key="place.id")
    lead_id: UUID = Field(foreign_key="unit.id")
    co_ids: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    proposed_by: UUID
    proposed_at: datetime = Field(sa_type=Instant)
    blown_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    approved: bool | None = None
    decision: str | None = Field(default=None, sa_type=Text)
