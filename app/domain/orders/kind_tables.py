"""Tables and words of the special kinds of order (domain.md §3): wishes, errands, service days."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant


class Claimant(StrEnum):
    """In whose name a wish is claimed."""

    MEMBER = "member"
    UNIT = "unit"
    GROUP = "group"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _CLAIMANTS[self]


_CLAIMANTS = {Claimant.MEMBER: "个人", Claimant.UNIT: "单位", Claimant.GROUP: "集体"}


class Paper(StrEnum):
    """What an errand needs. A list, so that a receipt names papers and nobody's data."""

    ID_CARD = "id_card"
    HOUSEHOLD_REGISTER = "household_register"
    SOCIAL_SECURITY_CARD = "social_security_card"
    BANK_CARD = "bank_card"
    MEDICAL_RECORD = "medical_record"
    DEED = "deed"
    CERTIFICATE = "certificate"
    FORM = "form"
    PHOTO = "photo"
    BILL = "bill"
    OTHER = "other"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _PAPERS[self]


_PAPERS = {
    Paper.ID_CARD: "身份证件",
    Paper.HOUSEHOLD_REGISTER: "户口簿",
    Paper.SOCIAL_SECURITY_CARD: "社保卡",
    Paper.BANK_CARD: "银行卡",
    Paper.MEDICAL_RECORD: "病历或检查单",
    Paper.DEED: "房产证明",
    Paper.CERTIFICATE: "证明材料",
    Paper.FORM: "申请表",
    Paper.PHOTO: "照片",
    Paper.BILL: "票据",
    Paper.OTHER: "其他材料",
}


class Giver(StrEnum):
    """Who wrote an authority."""

    RESIDENT = "resident"
    REPRESENTATIVE = "representative"
    STAFF = "staff"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _GIVERS[self]


_GIVERS = {Giver.RESIDENT: "居民本人", Giver.REPRESENTATIVE: "代下单人", Giver.STAFF: "工作人员"}


class OrderAuthority(SQLModel, table=True):
    """What the agent may do in the resident's name, in [given_at, until_at); at most one of an order has not ended. `channel`:
    how a caller gave it, where whoever placed the order passed it on; NULL: given by themselves or their representative."""

    __tablename__ = "order_authority"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_authority_live", "matter_id", unique=True, postgresql_where=text("ended_at IS NULL")),
        CheckConstraint("until_at > given_at", "order_authority_period"),
        CheckConstraint("num_nonnulls(ended_at, ended_by) IN (0, 2)", "order_authority_ended"),
        CheckConstraint("channel IN ('phone', 'walk_in') IS NOT FALSE", "order_authority_channel"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    agent_id: UUID = Field(foreign_key="person.id")
    text: str = Field(sa_type=Text)
    until_at: datetime = Field(sa_type=Instant)
    given_by: UUID
    given_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: UUID | None = None
    channel: str | None = Field(default=None, sa_type=Text)


class OrderPapers(SQLModel, table=True):
    """A receipt: papers that were handed over or came back, never altered.

    `papers` is a list of {no, kind, copies, note}; a number is given once in an order, and comes back under it. Empty, it says
    that the errand needs none. `unverified`: without code and card, on the word of the staff who reached the resident.
    `lost`: they come back no more, and nothing waits for them.
    """

    __tablename__ = "order_papers"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_papers_matter", "matter_id", "acted_at"),
        Index("order_papers_kept", "acted_by", "matter_id", postgresql_where=text("action = 'handed_over'")),
        CheckConstraint("action IN ('handed_over', 'returned')", "order_papers_action"),
        CheckConstraint(
            "jsonb_typeof(papers) = 'array' AND (action = 'handed_over' OR papers <> '[]')", "order_papers_listed"
        ),
        CheckConstraint("NOT lost OR action = 'returned'", "order_papers_lost"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    action: str = Field(sa_type=Text)
    papers: list[dict[str, Any]] = Field(sa_column=Column(JSONB, nullable=False))
    acted_by: UUID
    acted_at: datetime = Field(sa_type=Instant)
    unverified: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    lost: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})


class ServiceDay(SQLModel, table=True):
    """A day on which a team serves in one place, by slots; `starts_at` is the first one's, `spot` where exactly one goes."""

    __tablename__ = "service_day"
    __table_args__ = (
        UniqueConstraint("id", "place_id"),
        Index("service_day_place", "place_id", "starts_at", "id"),
        CheckConstraint("num_nonnulls(cancelled_at, cancelled_by, reason) IN (0, 3)", "service_day_cancelled"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    team_id: UUID = Field(foreign_key="team.id")
    service_id: UUID = Field(foreign_key="service.id")
    starts_at: datetime = Field(sa_type=Instant)
    opened_by: UUID
    created_at: datetime = Field(sa_type=Instant)
    cancelled_at: datetime | None = Field(default=None, sa_type=Instant)
    cancelled_by: UUID | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    spot: str | None = Field(default=None, sa_type=Text)
    version: int = 1


class ServiceSlot(SQLModel, table=True):
    """A time of a service day, for so many people; never altered."""

    __tablename__ = "service_slot"
    __table_args__ = (
        ForeignKeyConstraint(["day_id", "place_id"], ["service_day.id", "service_day.place_id"]),
        UniqueConstraint("id", "day_id", "capacity"),
        Index("service_slot_day", "day_id", "starts_at"),
        CheckConstraint("minutes BETWEEN 5 AND 720 AND capacity BETWEEN 1 AND 200", "service_slot_size"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    day_id: UUID
    place_id: UUID
    starts_at: datetime = Field(sa_type=Instant)
    minutes: int
    capacity: int


class SlotBooking(SQLModel, table=True):
    """An order's place in a slot: one of the numbers 1 to `capacity`. `live` is true until it ends, then NULL; live ones share no
    number, and a person has one a day."""

    __tablename__ = "slot_booking"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        ForeignKeyConstraint(
            ["slot_id", "day_id", "capacity"], ["service_slot.id", "service_slot.day_id", "service_slot.capacity"]
        ),
        UniqueConstraint("matter_id"),
        UniqueConstraint("slot_id", "number", "live", name="slot_booking_place"),
        UniqueConstraint("day_id", "person_id", "live", name="slot_booking_once"),
        CheckConstraint("number BETWEEN 1 AND capacity", "slot_booking_number"),
        CheckConstraint("live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)", "slot_booking_live"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    slot_id: UUID
    day_id: UUID
    capacity: int
    number: int
    matter_id: UUID
    place_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    live: bool | None = True
    booked_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
