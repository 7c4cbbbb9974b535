"""The table of exclusions, and the reasons for one."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant

MISS = 100
"""The percent of the mark that is a miss."""


class ExclusionReason(StrEnum):
    """Why a miss should not count: none of them is that there was much to do."""

    FORCE_MAJEURE = "force_majeure"
    OUTAGE = "outage"
    SYSTEM_FAULT = "system_fault"
    RESIDENT_PUT_OFF = "resident_put_off"
    RECORDED_WRONGLY = "recorded_wrongly"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _REASONS[self]


_REASONS = {
    ExclusionReason.FORCE_MAJEURE: "不可抗力",
    ExclusionReason.OUTAGE: "停水、停电或断网",
    ExclusionReason.SYSTEM_FAULT: "系统故障",
    ExclusionReason.RESIDENT_PUT_OFF: "居民要求推后",
    ExclusionReason.RECORDED_WRONGLY: "已按时办理,记录有误",
}


class ExclusionState(StrEnum):
    """What has become of one."""

    PROPOSED = "proposed"
    UPHELD = "upheld"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STATES[self]

    @classmethod
    def of(cls, upheld: bool | None) -> "ExclusionState":
        """Out of the column."""
        return cls.PROPOSED if upheld is None else cls.UPHELD if upheld else cls.REFUSED


_STATES = {
    ExclusionState.PROPOSED: "待复核",
    ExclusionState.UPHELD: "经复核不计",
    ExclusionState.REFUSED: "未通过复核",
}


class Exclusion(SQLModel, table=True):
    """That a miss, of a matter of any kind, or what was said in a call-back shall not count. `upheld` is NULL until another
    person has decided; the mark or call-back that it hangs on is never altered, so reports show both."""

    __tablename__ = "exclusion"
    __table_args__ = (
        ForeignKeyConstraint(["deadline_id", "percent"], ["mark.deadline_id", "mark.percent"]),
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("exclusion_once", "deadline_id", unique=True, postgresql_where=text("upheld IS DISTINCT FROM false")),
        Index(
            "exclusion_once_callback",
            "callback_id",
            unique=True,
            postgresql_where=text("upheld IS DISTINCT FROM false"),
        ),
        CheckConstraint("num_nonnulls(deadline_id, callback_id) = 1", "exclusion_of_one"),
        Index("exclusion_listed", "place_id", "proposed_at", "id"),
        Index("exclusion_matter", "matter_id"),
        CheckConstraint("percent = 100", "exclusion_of_a_miss"),
        CheckConstraint(
            "reason IN ('force_majeure', 'outage', 'system_fault', 'resident_put_off', 'recorded_wrongly')",
            "exclusion_reason",
        ),
        CheckConstraint("num_nonnulls(upheld, decision, decided_by, decided_at) IN (0, 4)", "exclusion_decided"),
        CheckConstraint("decided_by <> proposed_by", "exclusion_two_people"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    deadline_id: UUID | None = None
    percent: int = Field(default=MISS, sa_column_kwargs={"server_default": text("100")})
    matter_id: UUID
    place_id: UUID
    reason: str = Field(sa_type=Text)
    note: str = Field(sa_type=Text)
    proposed_by: UUID = Field(foreign_key="person.id")
    proposed_at: datetime = Field(sa_type=Instant)
    upheld: bool | None = None
    decision: str | None = Field(default=None, sa_type=Text)
    decided_by: UUID | None = Field(default=None, foreign_key="person.id")
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    callback_id: UUID | None = Field(default=None, foreign_key="callback.id")
