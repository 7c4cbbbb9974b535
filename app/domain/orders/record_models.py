"""Tables of what is kept beside the orders: hours, evidence, looks at personal data, shifts that were handed over, words to
search by."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class ServiceRecord(SQLModel, table=True):
    """The hours of one round: from its start until its delivery, in whole minutes; one row a round, never altered."""

    __tablename__ = "service_record"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("service_record_person", "person_id", "ended_at", "matter_id"),
        CheckConstraint(
            "started_at <= ended_at AND minutes = floor(extract(epoch FROM ended_at - started_at) / 60)",
            "service_record_minutes",
        ),
    )

    matter_id: UUID = Field(primary_key=True)
    round: int = Field(primary_key=True)
    place_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    started_at: datetime = Field(sa_type=Instant)
    ended_at: datetime = Field(sa_type=Instant)
    minutes: int


class OrderEvidence(SQLModel, table=True):
    """One piece of what shows that a round was done, never altered. A picture is named by its digest and the moment it was taken:
    the file stays with whoever took it, and can be compared with it later. A checklist is what was gone through, in words."""

    __tablename__ = "order_evidence"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_evidence_matter", "matter_id", "given_at"),
        CheckConstraint("kind IN ('photo', 'receipt', 'checklist')", "order_evidence_kind"),
        CheckConstraint(
            "num_nonnulls(sha256, taken_at) = CASE kind WHEN 'checklist' THEN 0 ELSE 2 END"
            " AND (kind <> 'checklist' OR text IS NOT NULL)",
            "order_evidence_shows",
        ),
        CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", "order_evidence_sha256"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    kind: str = Field(sa_type=Text)
    text: str | None = Field(default=None, sa_type=Text)
    sha256: str | None = Field(default=None, sa_type=Text)
    taken_at: datetime | None = Field(default=None, sa_type=Instant)
    given_by: UUID = Field(foreign_key="person.id")
    given_at: datetime = Field(sa_type=Instant)


class Shown(StrEnum):
    """What was looked at."""

    CONTACT = "contact"
    VOLUNTEER = "volunteer"
    REPORTER = "reporter"

    @property
    def label(self) -> str:
        """The Chinese words that people read."""
        return _SHOWN[self]


_SHOWN = {
    Shown.CONTACT: "联系人姓名、电话和地址",
    Shown.VOLUNTEER: "志愿者的称呼和部分电话",
    Shown.REPORTER: "上报人的姓名和联系方式",
}


class Reveal(SQLModel, table=True):
    """Who saw whose personal data; at most one row for a viewer, a matter, whose it was, what was shown and an hour.
    Never altered.

    `capacity`: the relation or the role through which they saw it; `level`, which Postgres writes: of the nearest place where
    they held that role. The viewer's name is kept as it was then.
    """

    __tablename__ = "reveal"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("reveal_once_an_hour", "matter_id", "viewer_id", "subject_id", "shown", "hour_at", unique=True),
        Index("reveal_matter", "matter_id", "shown_at", "id"),
        CheckConstraint("shown IN ('contact', 'volunteer', 'reporter')", "reveal_shown"),
        CheckConstraint("viewer_id <> subject_id", "reveal_of_another"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    viewer_id: UUID = Field(foreign_key="person.id")
    subject_id: UUID = Field(foreign_key="person.id")
    shown: str = Field(sa_type=Text)
    capacity: str = Field(sa_type=Text)
    viewer_name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    hour_at: datetime = Field(sa_type=Instant)
    shown_at: datetime = Field(sa_type=Instant)
    level: str | None = Field(default=None, sa_type=Text)


class ShiftHandover(SQLModel, table=True):
    """A shift that was handed over at a place, with what was open then: counts by state, what is going late, what was held."""

    __tablename__ = "shift_handover"
    __table_args__ = (
        Index("shift_handover_place", "place_id", "handed_at", "id"),
        CheckConstraint("left_by <> taken_by", "shift_handover_two"),
    )

    id: UUID = Field(primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    left_by: UUID = Field(foreign_key="person.id")
    taken_by: UUID = Field(foreign_key="person.id")
    note: str = Field(sa_type=Text)
    open_orders: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    handed_at: datetime = Field(sa_type=Instant)


class OrderSearch(SQLModel, table=True):
    """What an order is found by; kept by a trigger, and read by `find_orders` alone."""

    __tablename__ = "order_search"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_search_tokens", "tokens", postgresql_using="gin"),
        Index("order_search_time", "created_at"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    created_at: datetime = Field(sa_type=Instant)
    body: str = Field(sa_type=Text)
    tokens: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
