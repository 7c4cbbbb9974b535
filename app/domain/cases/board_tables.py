"""Tables of the joint board: assignments, contests, extensions, minutes, promises, and the ratings (domain.md §5)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, Uuid
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class AssignmentDetail(SQLModel, table=True):
    """What a unit was whistled for. `role` is lead 主办 or co 协办; of one whistle one lead stands (`leads` is true while it
    does, and NULL once it was replaced). `contested`: it was, once, and is not again; `contest_until`: when that is too late."""

    __tablename__ = "assignment_detail"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        ForeignKeyConstraint(["case_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("assignment_case", "case_id"),
        UniqueConstraint("whistle_id", "leads", name="assignment_one_lead"),
        CheckConstraint("role IN ('lead', 'co')", "assignment_role"),
        CheckConstraint("leads IS NOT FALSE AND (leads IS NULL OR role = 'lead')", "assignment_leads"),
        CheckConstraint("contest_until > signed_at", "assignment_contest_until"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    case_id: UUID
    whistle_id: UUID = Field(foreign_key="whistle.id")
    role: str = Field(sa_type=Text)
    leads: bool | None = None
    sent_by: UUID
    signed_at: datetime | None = Field(default=None, sa_type=Instant)
    officer_id: UUID | None = Field(default=None, foreign_key="person.id")
    contested: bool = False
    contest_until: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, sa_type=Text)
    excuse: str | None = Field(default=None, sa_type=Text)


class Contest(SQLModel, table=True):
    """That a unit said, once, that an assignment is not theirs, on which legal ground, and whose it would be. `unit_id`: to whom
    the arbiter gave it."""

    __tablename__ = "contest"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("matter_id", name="contest_once"),
        CheckConstraint("num_nonnulls(decided_by, decided_at, upheld, decision) IN (0, 4)", "contest_decided"),
        CheckConstraint("(unit_id IS NOT NULL) = coalesce(upheld, false)", "contest_goes_on"),
        CheckConstraint("decided_by <> contested_by", "contest_judge"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    ground: str = Field(sa_type=Text)
    proposed_id: UUID = Field(foreign_key="unit.id")
    contested_by: UUID
    contested_at: datetime = Field(sa_type=Instant)
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    upheld: bool | None = None
    decision: str | None = Field(default=None, sa_type=Text)
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id")


class CaseExtension(SQLModel, table=True):
    """More time that the holder of a case asked for, once (a trigger keeps it), before the limit was due. `seconds` count on the
    calendar of the limit."""

    __tablename__ = "case_extension"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("matter_id", "round", name="case_extension_once"),
        CheckConstraint("seconds > 0", "case_extension_length"),
        CheckConstraint("num_nonnulls(decided_by, decided_at, granted) IN (0, 3)", "case_extension_decided"),
        CheckConstraint("decided_by <> asked_by", "case_extension_judge"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    deadline_id: UUID = Field(foreign_key="deadline.id")
    seconds: int
    reason: str = Field(sa_type=Text)
    asked_by: UUID
    asked_at: datetime = Field(sa_type=Instant)
    decided_by: UUID | None = None
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    granted: bool | None = None
    decision: str | None = Field(default=None, sa_type=Text)


class CaseMinutes(SQLModel, table=True):
    """What a joint meeting agreed, and which units came. Never altered."""

    __tablename__ = "case_minutes"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("case_minutes_matter", "matter_id", "held_at"),
        CheckConstraint("held_at <= written_at", "case_minutes_past"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    text: str = Field(sa_type=Text)
    held_at: datetime = Field(sa_type=Instant)
    attended: list[UUID] = Field(sa_column=Column(ARRAY(Uuid), nullable=False))
    written_by: UUID
    written_at: datetime = Field(sa_type=Instant)


class CasePromise(SQLModel, table=True):
    """What a unit promised to have done by when. Of a hard whistle the nearest one that is not kept governs the case."""

    __tablename__ = "case_promise"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("case_promise_matter", "matter_id", "due_at"),
        CheckConstraint("made_at < due_at", "case_promise_ahead"),
        CheckConstraint("num_nonnulls(kept_by, kept_at) IN (0, 2)", "case_promise_kept"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    unit_id: UUID = Field(foreign_key="unit.id")
    text: str = Field(sa_type=Text)
    due_at: datetime = Field(sa_type=Instant)
    made_by: UUID
    made_at: datetime = Field(sa_type=Instant)
    kept_by: UUID | None = None
    kept_at: datetime | None = Field(default=None, sa_type=Instant)


class UnitRating(SQLModel, table=True):
    """How the level that whistled rates what a unit did, once an assignment. The rated see sums only. Never altered."""

    __tablename__ = "unit_rating"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("unit_rating_unit", "unit_id"),
        CheckConstraint("stars BETWEEN 1 AND 5 AND (stars > 2 OR reason IS NOT NULL)", "unit_rating_stars"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    unit_id: UUID = Field(foreign_key="unit.id")
    seat_id: UUID = Field(foreign_key="place.id")
    stars: int
    reason: str | None = Field(default=None, sa_type=Text)
    rated_by: UUID
    rated_at: datetime = Field(sa_type=Instant)


class WhistleRating(SQLModel, table=True):
    """How a unit rates the whistle that called it, once an assignment: whether it was valid, and the level that blew it. The
    rated see sums only. Never altered."""

    __tablename__ = "whistle_rating"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("whistle_rating_seat", "seat_id"),
        CheckConstraint("stars BETWEEN 1 AND 5 AND (stars > 2 OR reason IS NOT NULL)", "whistle_rating_stars"),
        CheckConstraint("valid OR reason IS NOT NULL", "whistle_rating_valid"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    unit_id: UUID = Field(foreign_key="unit.id")
    seat_id: UUID = Field(foreign_key="place.id")
    valid: bool
    stars: int
    reason: str | None = Field(default=None, sa_type=Text)
    rated_by: UUID
    rated_at: datetime = Field(sa_type=Instant)
