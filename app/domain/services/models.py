"""The table of services: what can be ordered, and where."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant


class Form(StrEnum):
    """How a service is given (domain.md §3)."""

    VISIT = "visit"
    ERRAND = "errand"
    WISH = "wish"
    SERVICE_DAY = "service_day"

    @property
    def label(self) -> str:
        """The Chinese words that people read."""
        return _FORMS[self]


_FORMS = {Form.VISIT: "上门服务", Form.ERRAND: "帮办代办", Form.WISH: "微心愿", Form.SERVICE_DAY: "服务日"}


class Evidence(StrEnum):
    """What a service wants to be shown of what was done, beside the words (domain.md §3, deliver)."""

    PHOTO = "photo"
    RECEIPT = "receipt"
    CHECKLIST = "checklist"

    @property
    def label(self) -> str:
        """The Chinese words that people read."""
        return _EVIDENCE[self]


_EVIDENCE = {Evidence.PHOTO: "现场照片", Evidence.RECEIPT: "票据或回执", Evidence.CHECKLIST: "核对清单"}


class Service(SQLModel, table=True):
    """A service published at a place, to be ordered in its whole subtree until it is withdrawn, but while it is paused.
    Until then nothing else goes by its name there.

    `skill`: whoever serves must have it ('': none). `evidence`: what is shown at delivery (empty: the words of what was done are
    enough). `team_id`: whose it is, when a team publishes it. It is paused from `paused_at` until `paused_until`, or until
    somebody resumes it.
    """

    __tablename__ = "service"
    __table_args__ = (
        CheckConstraint("form IN ('visit', 'errand', 'wish', 'service_day')", "service_form"),
        CheckConstraint("evidence <@ ARRAY['photo', 'receipt', 'checklist']", "service_evidence"),
        CheckConstraint("paused_until IS NULL OR paused_at IS NOT NULL AND paused_at < paused_until", "service_pause"),
        Index("service_place", "place_id", "created_at", "id"),
        Index("service_one_of_a_name", "place_id", "name", unique=True, postgresql_where=text("withdrawn_at IS NULL")),
        Index("service_team", "team_id", postgresql_where=text("team_id IS NOT NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    category: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    name: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    skill: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    form: str = Field(default=Form.VISIT, sa_type=Text, sa_column_kwargs={"server_default": text("'visit'")})
    evidence: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'"))
    )
    team_id: UUID | None = Field(default=None, foreign_key="team.id")
    published_by: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_type=Instant)
    paused_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_until: datetime | None = Field(default=None, sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
