"""Tables and words of the call-back 回访 and of supervision 督办 (domain.md §5)."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class CallbackState(StrEnum):
    """What has become of a call-back; `dropped`: another reporter of the case said that it is not solved."""

    OPEN = "open"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    UNREACHED = "unreached"
    DROPPED = "dropped"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STATES[self]


_STATES = {
    CallbackState.OPEN: "待回访",
    CallbackState.SOLVED: "已解决",
    CallbackState.UNSOLVED: "未解决",
    CallbackState.UNREACHED: "未联系上",
    CallbackState.DROPPED: "随新一轮重新回访",
}


class CallReason(StrEnum):
    """Why an officer calls (domain.md §5). `weighty`: no small matter, which one tap does not close; `own`: whoever reported it
    handled it as well, so that their own word is not independent."""

    UNANSWERED = "unanswered"
    REFUSED = "refused"
    CARE = "care"
    SAMPLE = "sample"
    WEIGHTY = "weighty"
    OWN = "own"

    @property
    def label(self) -> str:
        return _REASONS[self]


_REASONS = {
    CallReason.UNANSWERED: "上报人没有答复",
    CallReason.REFUSED: "上报人说没有解决",
    CallReason.CARE: "需要关照的人",
    CallReason.SAMPLE: "抽查",
    CallReason.WEIGHTY: "大事、难事",
    CallReason.OWN: "上报人即办理人",
}


class CallChannel(StrEnum):
    """How a reporter was asked; `self` is their own tap."""

    SELF = "self"
    PHONE = "phone"
    VISIT = "visit"
    MESSAGE = "message"

    @property
    def label(self) -> str:
        return _CHANNELS[self]


_CHANNELS = {
    CallChannel.SELF: "本人答复",
    CallChannel.PHONE: "电话",
    CallChannel.VISIT: "上门",
    CallChannel.MESSAGE: "短信或微信",
}


class Callback(SQLModel, table=True):
    """What one reporter of a case is asked when its round has a result. A trigger makes it when the case comes to its call-back,
    and nobody else does; unit, seat and category stay as they were then, for the rates. `call_reason`: an officer calls, and
    the reporter's own tap does not settle it. What was said stands from the moment that it is settled."""

    __tablename__ = "callback"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("matter_id", "round", "reporter_id", name="callback_once"),
        Index("callback_waiting", "place_id", "called_for_at", "id", postgresql_where=text("settled_at IS NULL")),
        Index("callback_opened", "opened_at", "id"),
        Index("callback_reporter", "reporter_id", "opened_at"),
        CheckConstraint("state IN ('open', 'solved', 'unsolved', 'unreached', 'dropped')", "callback_state"),
        CheckConstraint(
            "call_reason IN ('unanswered', 'refused', 'care', 'sample', 'weighty', 'own')", "callback_reason"
        ),
        CheckConstraint("num_nonnulls(call_reason, called_for_at) IN (0, 2)", "callback_called_for"),
        CheckConstraint("(state = 'open') = (settled_at IS NULL)", "callback_settled"),
        CheckConstraint("num_nonnulls(settled_at, settled_by) IN (0, 2)", "callback_settled_by"),
        CheckConstraint(
            "CASE state WHEN 'solved' THEN solved WHEN 'unsolved' THEN NOT solved ELSE solved IS NULL END",
            "callback_solved",
        ),
        CheckConstraint("stars BETWEEN 1 AND 5", "callback_stars"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    reporter_id: UUID = Field(foreign_key="person.id")
    seat_id: UUID = Field(foreign_key="place.id")
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id")
    category: str = Field(sa_type=Text)
    careful: bool
    call_reason: str | None = Field(default=None, sa_type=Text)
    called_for_at: datetime | None = Field(default=None, sa_type=Instant)
    opened_at: datetime = Field(sa_type=Instant)
    state: str = Field(sa_type=Text)
    contacted_in_time: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    stars: int | None = None
    words: str | None = Field(default=None, sa_type=Text)
    settled_at: datetime | None = Field(default=None, sa_type=Instant)
    settled_by: UUID | None = None


class CallbackTry(SQLModel, table=True):
    """One try to reach a reporter, or their own tap; with what they said when they were reached. Never altered."""

    __tablename__ = "callback_try"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("callback_try_callback", "callback_id", "tried_at"),
        Index("callback_try_self", "callback_id", unique=True, postgresql_where=text("channel = 'self'")),
        CheckConstraint("channel IN ('self', 'phone', 'visit', 'message')", "callback_try_channel"),
        CheckConstraint("reached = (solved IS NOT NULL)", "callback_try_reached"),
        CheckConstraint(
            "reached OR num_nonnulls(contacted_in_time, satisfied, stars) = 0", "callback_try_nothing_said"
        ),
        CheckConstraint("reached OR channel <> 'self'", "callback_try_own"),
        CheckConstraint("stars BETWEEN 1 AND 5", "callback_try_stars"),
    )

    id: UUID = Field(primary_key=True)
    callback_id: UUID = Field(foreign_key="callback.id")
    matter_id: UUID
    place_id: UUID
    channel: str = Field(sa_type=Text)
    reached: bool
    contacted_in_time: bool | None = None
    solved: bool | None = None
    satisfied: bool | None = None
    stars: int | None = None
    words: str | None = Field(default=None, sa_type=Text)
    tried_by: UUID
    tried_at: datetime = Field(sa_type=Instant)


class Step(StrEnum):
    """How far supervision of a case has come, by the mark of the limit that was missed (domain.md §5)."""

    CARD = "card"
    LISTED = "listed"
    AGENDA = "agenda"

    @property
    def label(self) -> str:
        return _STEPS[self]

    @classmethod
    def of(cls, percent: int) -> "Step":
        """The step of a mark at 100 %, 150 % or 200 %."""
        return cls.CARD if percent < LISTED_FROM else cls.LISTED if percent < AGENDA_FROM else cls.AGENDA


_STEPS = {Step.CARD: "督办", Step.LISTED: "挂牌督办", Step.AGENDA: "提交区县会议"}

LISTED_FROM, AGENDA_FROM = 150, 200
"""From these percents of the limit on a case is listed, and stands on the agenda (domain.md §5)."""


class Supervision(SQLModel, table=True):
    """That a limit of a case was missed so far: `seat_id` supervises it, whoever held it then (`held_seat_id`, or the unit)
    still holds it, and answers."""

    __tablename__ = "supervision"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        UniqueConstraint("deadline_id", "percent", name="supervision_once"),
        Index("supervision_matter", "matter_id"),
        Index("supervision_listed", "raised_at", "id"),
        CheckConstraint("step IN ('card', 'listed', 'agenda')", "supervision_step"),
        CheckConstraint("percent >= 100", "supervision_of_a_miss"),
        CheckConstraint("num_nonnulls(answered_at, answered_by, answer) IN (0, 3)", "supervision_answered"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    round: int
    deadline_id: UUID = Field(foreign_key="deadline.id")
    kind: str = Field(sa_type=Text)
    percent: int
    step: str = Field(sa_type=Text)
    seat_id: UUID = Field(foreign_key="place.id")
    held_seat_id: UUID = Field(foreign_key="place.id")
    held_unit_id: UUID | None = Field(default=None, foreign_key="unit.id")
    raised_at: datetime = Field(sa_type=Instant)
    answered_by: UUID | None = None
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    answer: str | None = Field(default=None, sa_type=Text)
