"""Tables beside the cases: what communities admit, what hangs until when, and what cases are found by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class AdmissionList(SQLModel, table=True):
    """A version of what communities admit of what is handed down to them (准入制度, S1): codes of the catalogue; the nearest
    place upward wins. Never altered."""

    __tablename__ = "admission_list"
    __table_args__ = (UniqueConstraint("place_id", "version", name="admission_list_version"),)

    id: UUID = Field(primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    version: int
    codes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    published_by: UUID
    published_at: datetime = Field(sa_type=Instant)


class CaseHanging(SQLModel, table=True):
    """A case that hangs (挂账): who looks after it, what must change, and when it is looked at again. Never altered; that it
    was woken, the history says."""

    __tablename__ = "case_hanging"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        CheckConstraint("hung_at < review_at", "case_hanging_review"),
        Index("case_hanging_matter", "matter_id", "hung_at"),
    )

    id: UUID = Field(primary_key=True)
    matter_id: UUID
    place_id: UUID
    owner: str = Field(sa_type=Text)
    must_change: str = Field(sa_type=Text)
    review_at: datetime = Field(sa_type=Instant)
    hung_by: UUID
    hung_at: datetime = Field(sa_type=Instant)


class CaseSearch(SQLModel, table=True):
    """What a case is found by, kept by the database: the text in the one form that is searched, and its tokens."""

    __tablename__ = "case_search"
    __table_args__ = (
        ForeignKeyConstraint(["matter_id", "place_id"], ["matter.id", "matter.place_id"]),
        Index("case_search_time", "created_at"),
        Index("case_search_tokens", "tokens", postgresql_using="gin"),
    )

    matter_id: UUID = Field(primary_key=True)
    place_id: UUID
    created_at: datetime = Field(sa_type=Instant)
    body: str = Field(sa_type=Text)
    tokens: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
