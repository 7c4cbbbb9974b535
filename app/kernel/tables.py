"""The kernel's tables. What SQL alone can promise (policies, triggers, functions) stands in migrations/sql."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.types import BigInteger
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id

Instant = TIMESTAMP(timezone=True)


class MatterRow(SQLModel, table=True):
    """One row a matter; moved only through the door (`app/kernel/command.py`) or the sweep."""

    __tablename__ = "matter"
    __table_args__ = (
        UniqueConstraint("id", "place_id"),
        Index("matter_mine", "requester_id", "created_at", "id"),
        Index(
            "matter_for",
            "beneficiary_id",
            "created_at",
            "id",
            postgresql_where=text("beneficiary_id <> requester_id"),
        ),
        Index(
            "matter_placed",
            "placed_by",
            "created_at",
            "id",
            postgresql_where=text("placed_by <> requester_id"),
        ),
        Index("matter_tasks", "assignee_id", "created_at", "id", postgresql_where=text("assignee_id IS NOT NULL")),
        Index(
            "matter_waiting", "place_id", "created_at", "id", postgresql_where=text("state IN ('submitted', 'offered')")
        ),
        Index("matter_held", "holder_id", "created_at", "id", postgresql_where=text("holder_id IS NOT NULL")),
        Index("matter_place", "place_id", "created_at", "id"),
        Index("matter_team", "team_id", "created_at", "id", postgresql_where=text("team_id IS NOT NULL")),
        Index("matter_seat", "seat_id", "created_at", "id", postgresql_where=text("seat_id IS NOT NULL")),
        Index("matter_unit", "unit_id", "created_at", "id", postgresql_where=text("unit_id IS NOT NULL")),
        Index(
            "matter_serving",
            "assignee_id",
            postgresql_where=text("kind = 'order' AND state IN ('offered', 'accepted', 'in_service')"),
        ),
        Index("matter_served", "beneficiary_id", postgresql_where=text("beneficiary_id <> requester_id")),
        CheckConstraint(
            "state NOT IN ('accepted', 'in_service', 'delivered') OR assignee_id IS NOT NULL", "matter_served_by"
        ),
        CheckConstraint(
            "assignee_id <> requester_id AND assignee_id <> beneficiary_id AND assignee_id <> placed_by",
            "matter_not_own_server",
        ),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    category: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    place_id: UUID = Field(foreign_key="place.id")
    state: str = Field(sa_type=Text)
    version: int
    round: int
    requester_id: UUID = Field(foreign_key="person.id")
    beneficiary_id: UUID = Field(foreign_key="person.id")
    placed_by: UUID = Field(foreign_key="person.id")
    assignee_id: UUID | None = Field(default=None, foreign_key="person.id")
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    seat_id: UUID | None = Field(default=None, foreign_key="place.id")
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id")
    holder_id: UUID | None = Field(default=None, foreign_key="person.id")
    open_pool: bool = False
    moved_by: UUID
    moved_in: int = Field(sa_type=BigInteger)
    created_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)


class AllowedTransition(SQLModel, table=True):
    """Generated from the lifecycles: the only moves that the trigger on `matter` lets pass. from_state '' is creation."""

    __tablename__ = "allowed_transition"

    kind: str = Field(sa_type=Text, primary_key=True)
    from_state: str = Field(sa_type=Text, primary_key=True)
    to_state: str = Field(sa_type=Text, primary_key=True)


class PromisedState(SQLModel, table=True):
    """Generated from the lifecycles: a matter of this kind in this state must have a live deadline at commit.

    `only_told`: in this state a miss is recorded and told, and does nothing else (domain.md §4.7). `governs`: of these kinds
    exactly one live deadline governs it then; `holder`: who holds it then (domain.md §5).
    """

    __tablename__ = "promised_state"

    kind: str = Field(sa_type=Text, primary_key=True)
    state: str = Field(sa_type=Text, primary_key=True)
    only_told: bool = Field(default=False, sa_column_kwargs={"server_default": text("false")})
    governs: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text)))
    holder: str | None = Field(default=None, sa_type=Text)


class Hold(SQLModel, table=True):
    """Who held a matter in [from_at, until_at): written by the database with the change that moved it, never by hand. Of a
    matter that is held, exactly one is open; the next begins where one ends."""

    __tablename__ = "hold"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("hold_open", "matter_id", unique=True, postgresql_where=text("until_at IS NULL")),
        Index("hold_place", "place_id", postgresql_where=text("until_at IS NULL")),
        Index("hold_seat", "seat_id", "from_at", postgresql_where=text("unit_id IS NULL")),
        Index("hold_unit", "unit_id", "from_at", postgresql_where=text("unit_id IS NOT NULL")),
        CheckConstraint("until_at >= from_at", "hold_period"),
        CheckConstraint("(holder = 'unit') = (unit_id IS NOT NULL)", "hold_of_unit"),
    )

    matter_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    place_id: UUID
    holder: str = Field(sa_type=Text)
    seat_id: UUID = Field(foreign_key="place.id")
    unit_id: UUID | None = Field(default=None, foreign_key="unit.id")
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)


class History(SQLModel, table=True):
    """One row a change of a matter, never altered."""

    __tablename__ = "history"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index(
            "history_served",
            "actor_id",
            "at",
            postgresql_include=["matter_id"],
            postgresql_where=text("action = 'deliver'"),
        ),
        Index(
            "history_taken",
            "actor_id",
            postgresql_include=["matter_id", "version"],
            postgresql_where=text("action IN ('accept', 'claim', 'claim_wish')"),
        ),
    )

    matter_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    place_id: UUID
    action: str = Field(sa_type=Text)
    from_state: str | None = Field(default=None, sa_type=Text)
    to_state: str = Field(sa_type=Text)
    actor_id: UUID
    through: str = Field(sa_type=Text)
    at: datetime = Field(sa_type=Instant)
    note: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Audit(SQLModel, table=True):
    """One row a change of a record (a service, a role, a policy, an account), never altered."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_place", "place_id", "at"),)

    subject_id: UUID = Field(primary_key=True)
    version: int = Field(primary_key=True)
    kind: str = Field(sa_type=Text)
    place_id: UUID | None = Field(default=None, foreign_key="place.id")
    action: str = Field(sa_type=Text)
    actor_id: UUID
    at: datetime = Field(sa_type=Instant)
    note: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))


class Idempotency(SQLModel, table=True):
    """The receipt of a command under the key that its caller chose; a repetition gets it again."""

    __tablename__ = "idempotency"
    __table_args__ = (Index("idempotency_age", "created_at"),)

    actor_id: UUID = Field(primary_key=True)
    operation: str = Field(sa_type=Text, primary_key=True)
    key: str = Field(sa_type=Text, primary_key=True)
    fingerprint: str = Field(sa_type=Text)
    receipt: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_at: datetime = Field(sa_type=Instant)


class Outbox(SQLModel, table=True):
    """What a change wants told or done, written with it; a row is gone when that is done, or parked at `failed_at`."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("outbox_due", "sort", "retry_at", "id", postgresql_where=text("failed_at IS NULL")),
        Index("outbox_given_up", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
        CheckConstraint(
            "CASE sort WHEN 'notice' THEN num_nonnulls(to_person, to_role) = 1"
            " WHEN 'event' THEN num_nonnulls(to_person, to_role) = 0 ELSE false END",
            "outbox_sort",
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    sort: str = Field(sa_type=Text)
    topic: str = Field(sa_type=Text)
    subject_kind: str = Field(sa_type=Text)
    subject_id: UUID
    place_id: UUID | None
    to_person: UUID | None = None
    to_role: str | None = Field(default=None, sa_type=Text)
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    created_by: UUID
    created_at: datetime = Field(sa_type=Instant)
    retry_at: datetime = Field(sa_type=Instant)
    attempts: int = 0
    failed_at: datetime | None = Field(default=None, sa_type=Instant)
    last_error: str | None = Field(default=None, sa_type=Text)


class ClockShift(SQLModel, table=True):
    """One row: what `app_now()` adds to the real clock. Only the owner can change it, for a simulation."""

    __tablename__ = "clock_shift"
    __table_args__ = (CheckConstraint("one", "clock_shift_one_row"),)

    one: bool = Field(default=True, primary_key=True)
    seconds: float


class Heartbeat(SQLModel, table=True):
    """When each loop of a worker last came round; readiness looks here."""

    __tablename__ = "heartbeat"

    name: str = Field(sa_type=Text, primary_key=True)
    at: datetime = Field(sa_type=Instant)
