"""Tables and words of the orders, beside the kernel's `matter`."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
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
    CLOSED_UNRATED = "closed_unrated"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    CONVERTED = "converted"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STATES[self]

    def said(self, form: str) -> str:
        """The same of an order of this form: a wish is not dispatched, it waits for whoever claims it."""
        return "待认领" if form == "wish" and self is OrderState.SUBMITTED else self.label

    @property
    def done(self) -> bool:
        """Whether the service of this round is done: what was done in another round is no outcome of this one."""
        return self in (OrderState.DELIVERED, OrderState.RATED, OrderState.CLOSED_UNRATED)

    def in_pool(self, *, opened: bool) -> bool:
        """Whether an order that was `opened` to all is so still: that it was is kept, so that a late claim learns why it lost."""
        return opened and self in (OrderState.SUBMITTED, OrderState.OFFERED)


_STATES = {
    OrderState.SUBMITTED: "待派单",
    OrderState.OFFERED: "待接单",
    OrderState.ACCEPTED: "已接单",
    OrderState.IN_SERVICE: "服务中",
    OrderState.DELIVERED: "待评价",
    OrderState.RATED: "已评价",
    OrderState.CLOSED_UNRATED: "未评价关闭",
    OrderState.CANCELLED: "已取消",
    OrderState.REJECTED: "不予受理",
    OrderState.CONVERTED: "已转事件",
}


class Abort(StrEnum):
    """Why a service under way ends before it is done (domain.md §3)."""

    NOBODY_HOME = "nobody_home"
    UNSAFE = "unsafe"
    NEEDS_TRADESMAN = "needs_tradesman"
    NO_LONGER_NEEDED = "no_longer_needed"

    @property
    def label(self) -> str:
        return _ABORTS[self]


_ABORTS = {
    Abort.NOBODY_HOME: "家中无人",
    Abort.UNSAFE: "现场不安全",
    Abort.NEEDS_TRADESMAN: "需要专业师傅",
    Abort.NO_LONGER_NEEDED: "不再需要",
}


class TakeBack(StrEnum):
    """Why the staff take an order back from whom it was offered to, or who accepted it (domain.md §3, release)."""

    NO_ANSWER = "no_answer"
    NO_APPOINTMENT = "no_appointment"
    CANNOT_COME = "cannot_come"
    RESIDENT_ASKS = "resident_asks"
    BY_MISTAKE = "by_mistake"

    @property
    def label(self) -> str:
        return _TAKE_BACKS[self]

    @property
    def heard(self) -> bool:
        """Whether one of the two sides has said so: then there is nobody to wait for."""
        return self in (TakeBack.CANNOT_COME, TakeBack.RESIDENT_ASKS)


_TAKE_BACKS = {
    TakeBack.NO_ANSWER: "联系不上志愿者",
    TakeBack.NO_APPOINTMENT: "迟迟没有约定时间",
    TakeBack.CANNOT_COME: "志愿者来不了",
    TakeBack.RESIDENT_ASKS: "居民要求换人",
    TakeBack.BY_MISTAKE: "派错了",
}


class Reject(StrEnum):
    """Why an order is not taken on (domain.md §3); beside it stands another way to get help."""

    NOT_A_SERVICE = "not_a_service"
    EMERGENCY = "emergency"
    NEEDS_TRADESMAN = "needs_tradesman"
    PAID_TRADE = "paid_trade"
    DUPLICATE = "duplicate"
    UNLAWFUL = "unlawful"

    @property
    def label(self) -> str:
        return _REJECTS[self]


_REJECTS = {
    Reject.NOT_A_SERVICE: "不属于社区服务范围",
    Reject.EMERGENCY: "属于紧急情况,应拨打 110、119 或 120",
    Reject.NEEDS_TRADESMAN: "需要有资质的专业人员",
    Reject.PAID_TRADE: "属于收费服务",
    Reject.DUPLICATE: "与已有订单重复",
    Reject.UNLAWFUL: "内容不合规定",
}


class Solved(StrEnum):
    """Whether the resident says that it helped."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _SOLVED[self]


_SOLVED = {Solved.YES: "已解决", Solved.PARTLY: "部分解决", Solved.NO: "未解决"}


class OrderDetail(SQLModel, table=True):
    """What an order is about. `failures` counts the round's offers that were declined or lapsed; wrong start codes are counted
    within a window; `preferred_id` served the round before, and is asked first in this one, then the team
    `preferred_team_id`. `unverified`: started without code and card. `form` is the service's when it was placed; of a wish,
    `claimed_as` says in whose name it was claimed."""

    __tablename__ = "order_detail"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        CheckConstraint("failures >= 0 AND wrong_codes >= 0", "order_detail_counts"),
        CheckConstraint("form IN ('visit', 'errand', 'wish', 'service_day')", "order_detail_form"),
        CheckConstraint(
            "claimed_as IN ('member', 'unit', 'group') IS NOT FALSE"
            " AND (claimed_name IS NOT NULL) = (claimed_as IN ('unit', 'group') IS TRUE)",
            "order_detail_claimed",
        ),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    service_id: UUID = Field(foreign_key="service.id")
    note: str = Field(sa_type=Text)
    failures: int = 0
    wrong_codes: int = 0
    wrong_codes_since: datetime | None = Field(default=None, sa_type=Instant)
    unverified: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    outcome: str | None = Field(default=None, sa_type=Text)
    cancel_reason: str | None = Field(default=None, sa_type=Text)
    reject_reason: str | None = Field(default=None, sa_type=Text)
    other_help: str | None = Field(default=None, sa_type=Text)
    preferred_id: UUID | None = Field(default=None, foreign_key="person.id")
    preferred_team_id: UUID | None = Field(default=None, foreign_key="team.id")
    form: str = Field(default="visit", sa_type=Text, sa_column_kwargs={"server_default": text("'visit'")})
    claimed_as: str | None = Field(default=None, sa_type=Text)
    claimed_name: str | None = Field(default=None, sa_type=Text)


class OrderRefusal(SQLModel, table=True):
    """Who is not offered an order again in this round: they declined, gave it back, or it was taken back from them. Whoever the
    resident complained of does not get that order any more. A team's refusal stands for its lead and members as a team."""

    __tablename__ = "order_refusal"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_refusal_matter", "matter_id"),
        CheckConstraint(
            "reason IN ('declined', 'released', 'aborted', 'missed', 'complaint', 'taken_back')", "order_refusal_reason"
        ),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    person_id: UUID = Field(foreign_key="person.id")
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    reason: str = Field(sa_type=Text)
    text: str | None = Field(default=None, sa_type=Text)
    refused_by: UUID
    refused_at: datetime = Field(sa_type=Instant)


class Channel(StrEnum):
    """How somebody was reached."""

    PHONE = "phone"
    VISIT = "visit"
    MESSAGE = "message"

    @property
    def label(self) -> str:
        return _CHANNELS[self]


_CHANNELS = {Channel.PHONE: "电话", Channel.VISIT: "上门", Channel.MESSAGE: "消息"}


class Calling(StrEnum):
    """How a caller came to the station."""

    PHONE = "phone"
    WALK_IN = "walk_in"

    @property
    def label(self) -> str:
        return _CALLINGS[self]


_CALLINGS = {Calling.PHONE: "来电", Calling.WALK_IN: "到站"}


class OrderPost(SQLModel, table=True):
    """What was said on an order: a contact, a reply, a question and its answer, a plan with owner, steps and promised date."""

    __tablename__ = "order_post"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_post_matter", "matter_id", "posted_at"),
        Index("order_post_answered", "answers", unique=True),
        CheckConstraint("kind IN ('contact', 'reply', 'question', 'answer', 'plan')", "order_post_kind"),
        CheckConstraint("(kind = 'contact') = (channel IS NOT NULL)", "order_post_contact"),
        CheckConstraint("(kind = 'answer') = (answers IS NOT NULL)", "order_post_answer"),
        CheckConstraint(
            "num_nonnulls(owner_id, steps, promised_at) = CASE kind WHEN 'plan' THEN 3 ELSE 0 END", "order_post_plan"
        ),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    kind: str = Field(sa_type=Text)
    text: str = Field(sa_type=Text)
    channel: str | None = Field(default=None, sa_type=Text)
    answers: UUID | None = Field(default=None, foreign_key="order_post.id")
    owner_id: UUID | None = Field(default=None, foreign_key="person.id")
    steps: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    promised_at: datetime | None = Field(default=None, sa_type=Instant)
    posted_by: UUID
    posted_at: datetime = Field(sa_type=Instant)


class Appointment(SQLModel, table=True):
    """When the two sides meet: proposed by one, confirmed by the other. Of an order at most one that is confirmed is open, and
    at most one proposal: beside the former it is another time for it, and `first_id` the appointment that was moved first (None:
    this one moves nothing)."""

    __tablename__ = "appointment"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index(
            "appointment_open",
            "matter_id",
            text("(confirmed_at IS NULL)"),
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        CheckConstraint("num_nonnulls(confirmed_by, confirmed_at) IN (0, 2)", "appointment_confirmed"),
        CheckConstraint("confirmed_by <> proposed_by", "appointment_two_sides"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    meet_at: datetime = Field(sa_type=Instant)
    proposed_by: UUID
    by_resident: bool
    proposed_at: datetime = Field(sa_type=Instant)
    confirmed_by: UUID | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    first_id: UUID | None = Field(default=None, foreign_key="appointment.id")


class OrderContact(SQLModel, table=True):
    """Whom to go to, and where: sealed, and under a policy of its own (`policy.CONTACT`)."""

    __tablename__ = "order_contact"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("order_contact_phone", "phone_index", postgresql_where=text("phone_index IS NOT NULL")),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    name_sealed: bytes = Field(sa_type=LargeBinary)
    phone_sealed: bytes = Field(sa_type=LargeBinary)
    address_sealed: bytes = Field(sa_type=LargeBinary)
    phone_index: bytes | None = Field(default=None, sa_type=LargeBinary)


class Rating(SQLModel, table=True):
    """One rating an order and round, by the actual result (评单). `by_representative`: by somebody other than the beneficiary;
    where that is who placed it for a caller, they passed it on."""

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
    by_representative: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
