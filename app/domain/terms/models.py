"""The table of refused terms."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant

LIVE = text("ended_at IS NULL")


class RefusedTerm(SQLModel, table=True):
    """A term that texts may not hold at a place and below it, until it is removed; then the row stays.

    `term` is as it was typed, `folded` is what is compared (`app/kernel/text.py`); its first two characters find it.
    """

    __tablename__ = "refused_term"
    __table_args__ = (
        Index("refused_term_once", "place_id", "folded", unique=True, postgresql_where=LIVE),
        Index("refused_term_head", text('"left"(folded, 2)'), "place_id", postgresql_where=LIVE),
        Index("refused_term_listed", "place_id", "added_at", "id"),
        CheckConstraint("length(folded) >= 2", "refused_term_length"),
        CheckConstraint("num_nonnulls(ended_by, ended_at) IN (0, 2)", "refused_term_end"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    term: str = Field(sa_type=Text)
    folded: str = Field(sa_type=Text)
    reason: str | None = Field(default=None, sa_type=Text)
    added_by: UUID = Field(foreign_key="person.id")
    added_at: datetime = Field(sa_type=Instant)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
