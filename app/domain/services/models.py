"""The table of services: what can be ordered, and where."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Text, text
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant


class Service(SQLModel, table=True):
    """A service published at a place, to be ordered in its whole subtree until it is withdrawn."""

    __tablename__ = "service"
    __table_args__ = (Index("service_place", "place_id", "created_at", "id"),)

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    category: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    name: str = Field(sa_type=Text)
    description: str = Field(sa_type=Text)
    skill: str = Field(default="", sa_type=Text, sa_column_kwargs={"server_default": text("''")})
    team_id: UUID | None = None
    form: str = Field(default="visit", sa_type=Text, sa_column_kwargs={"server_default": text("'visit'")})
    published_by: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
