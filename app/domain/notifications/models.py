"""The table of the inbox."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class Delivery(StrEnum):
    """How far a message got outside the inbox, by WeChat. NONE: the person has no WeChat."""

    NONE = "none"
    DUE = "due"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"


class InboxMessage(SQLModel, table=True):
    """One notice for one person. `outbox_id` with the person is unique, so relaying twice tells once."""

    __tablename__ = "inbox_message"
    __table_args__ = (
        Index("inbox_once", "outbox_id", "person_id", unique=True),
        Index("inbox_person", "person_id", "created_at", "id"),
        Index("inbox_delivery", "retry_at", postgresql_where=text("delivery = 'due'")),
        CheckConstraint("delivery IN ('none', 'due', 'sent', 'refused', 'failed')", "inbox_delivery_word"),
    )

    id: UUID = Field(primary_key=True)
    outbox_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    place_id: UUID | None = None
    topic: str = Field(sa_type=Text)
    subject_kind: str = Field(sa_type=Text)
    subject_id: UUID
    payload: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    as_role: str | None = Field(default=None, sa_type=Text)
    nobody_in_post: bool = False
    created_at: datetime = Field(sa_type=Instant)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
    delivery: str = Field(sa_type=Text)
    attempts: int = 0
    retry_at: datetime = Field(sa_type=Instant)
