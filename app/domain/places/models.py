"""The tables of the tree, and its levels."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, ClassVar, Final

from sqlalchemy import CheckConstraint, Column, DateTime, Dialect, ForeignKey, Index, SmallInteger, Text, Uuid, func
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


class Level(StrEnum):
    """The levels of the tree, from the top: the order of the members is the order of the levels."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    ESTATE = "estate"
    GRID = "grid"
    MICROGRID = "microgrid"
    BUILDING = "building"
    UNIT = "unit"

    @property
    def rank(self) -> int:
        """0 for a province … 9 for a unit."""
        return RANK[self]

    @property
    def label(self) -> str:
        """The Chinese word for this level."""
        return LABEL[self]


class EstateType(StrEnum):
    """The four types of estates (domain.md §2, S3); limits may differ by type."""

    RESIDENTIAL = "residential"
    TRANSITIONAL = "transitional"
    OLD = "old"
    WORK_UNIT = "work_unit"

    @property
    def label(self) -> str:
        """The Chinese word for this type, as S3 has it."""
        return _TYPES[self]


_TYPES: Final[Mapping[EstateType, str]] = MappingProxyType(
    {
        EstateType.RESIDENTIAL: "居住型小区",
        EstateType.TRANSITIONAL: "过渡型小区",
        EstateType.OLD: "老旧型小区",
        EstateType.WORK_UNIT: "单位型小区",
    }
)

RANK: Final[Mapping[Level, int]] = MappingProxyType({level: rank for rank, level in enumerate(Level)})

LABEL: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.PROVINCE: "省",
        Level.CITY: "市",
        Level.DISTRICT: "区县",
        Level.STREET: "街道",
        Level.COMMUNITY: "社区",
        Level.ESTATE: "小区",
        Level.GRID: "网格",
        Level.MICROGRID: "微网格",
        Level.BUILDING: "楼栋",
        Level.UNIT: "单元",
    }
)

CODE_LENGTH: Final[Mapping[Level, int]] = MappingProxyType(
    {Level.PROVINCE: 2, Level.CITY: 4, Level.DISTRICT: 6, Level.STREET: 9, Level.COMMUNITY: 12}
)
"""Digits of the national statistical division codes; the levels that are missing here have codes of their own."""


class EnumText(TypeDecorator[StrEnum]):
    """An enum in a text column. A plain String column would load a bare `str` and lose the enum."""

    impl = Text
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        del dialect
        return None if value is None else self.words(value)


def _in_words(words: type[StrEnum]) -> str:
    return ", ".join(f"'{word.value}'" for word in words)


class Place(SQLModel, table=True):
    """A node of the tree. `code` compares by bytes (collation C), so that keyset pages are the same on every server.

    `estate_type`: of an estate, its type; None where nobody has said, and on every other level.
    """

    __tablename__: ClassVar[str] = "place"
    __table_args__ = (
        CheckConstraint(f"level IN ({_in_words(Level)})", name="place_level_known"),
        CheckConstraint("(parent_id IS NULL) = (level = 'province')", name="place_only_provinces_are_roots"),
        CheckConstraint(
            f"estate_type IS NULL OR (level = 'estate' AND estate_type IN ({_in_words(EstateType)}))",
            name="place_estate_type",
        ),
        CheckConstraint("parent_id <> id", name="place_not_its_own_parent"),
        CheckConstraint("length(code) BETWEEN 2 AND 32", name="place_code_length"),
        CheckConstraint("length(name) BETWEEN 1 AND 64", name="place_name_length"),
        Index("place_code_key", "code", unique=True),
        Index("place_parent_id_code_idx", "parent_id", "code"),
    )

    id: uuid.UUID = Field(sa_column=Column(Uuid, primary_key=True))
    code: str = Field(sa_column=Column(Text(collation="C"), nullable=False))
    parent_id: uuid.UUID | None = Field(
        default=None, sa_column=Column(Uuid, ForeignKey("place.id", name="place_parent_id_fkey"), nullable=True)
    )
    level: Level = Field(sa_column=Column(EnumText(Level), nullable=False))
    name: str = Field(sa_column=Column(Text, nullable=False))
    estate_type: EstateType | None = Field(default=None, sa_column=Column(EnumText(EstateType), nullable=True))
    created_at: datetime = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )
    updated_at: datetime = Field(
        default=None, sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class Station(SQLModel, table=True):
    """Where the station of a place is, and its public number: the newest version counts; none is ever altered."""

    __tablename__: ClassVar[str] = "station"
    __table_args__ = (
        CheckConstraint("version > 0", name="station_version"),
        Index("station_of_place", "place_id", "version", unique=True),
    )

    id: uuid.UUID = Field(sa_column=Column(Uuid, primary_key=True))
    place_id: uuid.UUID = Field(foreign_key="place.id")
    version: int
    phone: str = Field(sa_column=Column(Text, nullable=False))
    address: str = Field(sa_column=Column(Text, nullable=False))
    set_by: uuid.UUID = Field(foreign_key="person.id")
    set_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class PlaceAncestor(SQLModel, table=True):
    """The closure of the tree: one row for each place and each place above it, and itself at depth 0.

    Written by the import only, in the statement order that keeps it true; tests compare it with a recursive query.
    """

    __tablename__: ClassVar[str] = "place_ancestor"
    __table_args__ = (
        CheckConstraint("(depth = 0) = (place_id = ancestor_id)", name="place_ancestor_self_at_zero"),
        CheckConstraint("depth BETWEEN 0 AND 9", name="place_ancestor_depth"),
        Index("place_ancestor_ancestor_id_place_id_idx", "ancestor_id", "place_id"),
    )

    place_id: uuid.UUID = Field(
        sa_column=Column(Uuid, ForeignKey("place.id", name="place_ancestor_place_id_fkey"), primary_key=True)
    )
    # No foreign key: every ancestor has a row of its own at depth 0, whose place_id is one; a second check of three million
    # rows would cost a third of the nation's import.
    ancestor_id: uuid.UUID = Field(sa_column=Column(Uuid, primary_key=True))
    depth: int = Field(sa_column=Column(SmallInteger, nullable=False))
