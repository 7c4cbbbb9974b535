"""Tables and words of the units."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant


class UnitKind(StrEnum):
    """What a unit is (domain.md §5)."""

    DEPARTMENT = "department"
    STATION = "station"
    PARTNER = "partner"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _KINDS[self]


_KINDS = {UnitKind.DEPARTMENT: "职能部门", UnitKind.STATION: "站所", UnitKind.PARTNER: "共建单位"}


class Post(StrEnum):
    """What somebody is in a unit."""

    OFFICER = "officer"
    HEAD = "head"

    @property
    def label(self) -> str:
        return _POSTS[self]


_POSTS = {Post.OFFICER: "经办人", Post.HEAD: "负责人"}


class Unit(SQLModel, table=True):
    """A department, station or partner at a place: whatever stands in the place's subtree may be whistled to it."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("id", "place_id"),
        CheckConstraint("kind IN ('department', 'station', 'partner')", "unit_kind"),
        Index("unit_place", "place_id", "created_at", "id"),
        Index("unit_once", "place_id", "name", unique=True, postgresql_where=text("closed_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    name: str = Field(sa_type=Text)
    kind: str = Field(sa_type=Text)
    created_by: UUID
    created_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1


class UnitMember(SQLModel, table=True):
    """Somebody's post in a unit, in [joined_at, ended_at). `live` is true until then, and NULL afterwards."""

    __tablename__ = "unit_member"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "place_id"], ["unit.id", "unit.place_id"]),
        UniqueConstraint("unit_id", "person_id", "live", name="unit_member_once"),
        CheckConstraint("post IN ('officer', 'head')", "unit_member_post"),
        CheckConstraint("live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)", "unit_member_live"),
        CheckConstraint("ended_at >= joined_at", "unit_member_period"),
        Index("unit_member_person", "person_id", postgresql_where=text("live")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID
    place_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    post: str = Field(sa_type=Text)
    live: bool | None = True
    added_by: UUID
    joined_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: UUID | None = None
    version: int = 1


class UnitDeputy(SQLModel, table=True):
    """Who stands in for somebody of a unit, in [from_at, until_at): what waits for the absent one waits for the deputy, who
    has their post meanwhile (domain.md §5)."""

    __tablename__ = "unit_deputy"
    __table_args__ = (
        ForeignKeyConstraint(["unit_id", "place_id"], ["unit.id", "unit.place_id"]),
        CheckConstraint("from_at < until_at", "unit_deputy_period"),
        CheckConstraint("deputy_id <> absent_id", "unit_deputy_other"),
        Index("unit_deputy_unit", "unit_id", "until_at"),
        Index("unit_deputy_once", "unit_id", "absent_id", "deputy_id", "from_at", "until_at", unique=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID
    place_id: UUID
    absent_id: UUID = Field(foreign_key="person.id")
    deputy_id: UUID = Field(foreign_key="person.id")
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime = Field(sa_type=Instant)
    named_by: UUID
    named_at: datetime = Field(sa_type=Instant)
    version: int = 1


class Responsibility(SQLModel, table=True):
    """Which unit answers for a category in the subtree of a place, in [from_at, until_at); the nearest place wins. Of one
    place and category one is in force."""

    __tablename__ = "responsibility"
    __table_args__ = (
        CheckConstraint("until_at >= from_at", "responsibility_period"),
        Index("responsibility_once", "place_id", "category", unique=True, postgresql_where=text("until_at IS NULL")),
        Index("responsibility_unit", "unit_id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    unit_id: UUID = Field(foreign_key="unit.id")
    place_id: UUID = Field(foreign_key="place.id")
    category: str = Field(sa_type=Text)
    from_at: datetime = Field(sa_type=Instant)
    until_at: datetime | None = Field(default=None, sa_type=Instant)
    set_by: UUID
    version: int = 1
