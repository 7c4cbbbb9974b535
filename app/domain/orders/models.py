"""Tables and words of the orders, beside the kernel's `matter`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, LargeBinary, Text
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class OrderState(StrEnum):
    """Where an order stands (domain.md §3)."""

    SUBMITTED = "submitted"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    IN_SERVICE = "in_service"
    DELIVERED = "delivered"
    RATED = "rated"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STATES[self]


_STATES = {
    OrderState.SUBMITTED: "待派单",
    OrderState.OFFERED: "待接单",
    OrderState.ACCEPTED: "已接单",
    OrderState.IN_SERVICE: "服务中",
    OrderState.DELIVERED: "待评价",
    OrderState.RATED: "已评价",
    OrderState.CANCELLED: "已取消",
}


class Solved(StrEnum):
    """Whether the resident says that it helped."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class OrderDetail(SQLModel, table=True):
    """What an order is about. `failures` counts offers that lapsed; wrong start codes are counted within a window."""

    __tablename__ = "order_detail"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        CheckConstraint("failures >= 0 AND wrong_codes >= 0", "order_detail_counts"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    service_id: UUID = Field(foreign_key="service.id")
    note: str = Field(sa_type=Text)
    failures: int = 0
    wrong_codes: int = 0
    wrong_codes_since: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str | None = Field(default=None, sa_type=Text)
    cancel_reason: str | None = Field(default=None, sa_type=Text)


class OrderContact(SQLModel, table=True):
    """Whom to go to, and where: sealed, and under a policy of its own (`policy.CONTACT`)."""

    __tablename__ = "order_contact"
    __table_args__ = (ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),)

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    name_sealed: bytes = Field(sa_type=LargeBinary)
    phone_sealed: bytes = Field(sa_type=LargeBinary)
    address_sealed: bytes = Field(sa_type=LargeBinary)


class Rating(SQLModel, table=True):
    """One rating an order and round, by the actual result (评单)."""

    __tablename__ = "rating"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        CheckConstraint("solved IN ('yes', 'partly', 'no') AND stars BETWEEN 1 AND 5", "rating_values"),
        CheckConstraint("reason IS NOT NULL OR (stars > 2 AND solved <> 'no')", "rating_reason_when_low"),
    )

    matter_id: UUID = Field(primary_key=True)
    round: int = Field(primary_key=True)
    place_id: UUID
    rater_id: UUID = Field(foreign_key="person.id")
    solved: str = Field(sa_type=Text)
    stars: int
    reason: str | None = Field(default=None, sa_type=Text)
    rated_at: datetime = Field(sa_type=Instant)
