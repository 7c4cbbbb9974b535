"""Tables and words of the representations."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from app.kernel.tables import Instant


class Relation(StrEnum):
    """What the representative is to the beneficiary (domain.md §1)."""

    FAMILY = "family"
    NEIGHBOUR = "neighbour"
    STATION_STAFF = "station_staff"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _RELATIONS[self]


_RELATIONS = {Relation.FAMILY: "家人", Relation.NEIGHBOUR: "邻居", Relation.STATION_STAFF: "站点工作人员"}


class How(StrEnum):
    """How the consent was given: on one's own phone, or heard or read by the staff."""

    SELF = "self"
    IN_PERSON = "in_person"
    PHONE = "phone"
    WRITTEN = "written"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _HOW[self]


_HOW = {How.SELF: "本人", How.IN_PERSON: "当面", How.PHONE: "电话", How.WRITTEN: "书面"}


class Standing(StrEnum):
    """How far a representation has come; computed from its moments."""

    PENDING = "pending"
    CONSENTED = "consented"
    ENDED = "ended"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _STANDING[self]


_STANDING = {Standing.PENDING: "待同意", Standing.CONSENTED: "已同意", Standing.ENDED: "已结束"}


class Representation(SQLModel, table=True):
    """Somebody who orders for somebody else. Until the consent is recorded it knows a phone only, not whose it is, or, of whoever
    has none, an id (`named_id`, no reference), so that naming never tells whether there is such a person.
    `representative_name_sealed`: as whom the beneficiary is asked. `place_id`: where it was asked for; once consented to, the
    community where the beneficiary lives."""

    __tablename__ = "representation"
    __table_args__ = (
        CheckConstraint("relation IN ('family', 'neighbour', 'station_staff')", "representation_relation"),
        CheckConstraint("how IN ('self', 'in_person', 'phone', 'written')", "representation_how"),
        CheckConstraint("beneficiary_id <> representative_id", "representation_of_another"),
        CheckConstraint(
            "num_nonnulls(beneficiary_id, consented_at, recorded_by, how) IN (0, 4)", "representation_consent"
        ),
        CheckConstraint("recorded_by <> representative_id", "representation_said_by_another"),
        CheckConstraint("(how = 'self') = (recorded_by = beneficiary_id)", "representation_said_by_oneself"),
        CheckConstraint("num_nonnulls(ended_at, ended_by) IN (0, 2)", "representation_end"),
        CheckConstraint(
            "num_nonnulls(phone_index, named_id) = 1 AND num_nonnulls(phone_sealed, phone_index) IN (0, 2)",
            "representation_names_one",
        ),
        Index(
            "representation_pair",
            "representative_id",
            "beneficiary_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "representation_named",
            "representative_id",
            "phone_index",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "representation_named_id",
            "representative_id",
            "named_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("representation_mine", "representative_id", "named_at", "id"),
        Index("representation_about", "beneficiary_id", "named_at", "id"),
        Index("representation_asked", "phone_index", postgresql_where=text("beneficiary_id IS NULL")),
        Index("representation_asked_id", "named_id", postgresql_where=text("beneficiary_id IS NULL")),
        Index("representation_place", "place_id", "named_at", "id"),
    )

    id: UUID = Field(primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    representative_id: UUID = Field(foreign_key="person.id")
    representative_name_sealed: bytes = Field(sa_type=LargeBinary)
    beneficiary_id: UUID | None = Field(default=None, foreign_key="person.id")
    name_sealed: bytes = Field(sa_type=LargeBinary)
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    relation: str = Field(sa_type=Text)
    named_at: datetime = Field(sa_type=Instant)
    consented_at: datetime | None = Field(default=None, sa_type=Instant)
    recorded_by: UUID | None = Field(default=None, foreign_key="person.id")
    how: str | None = Field(default=None, sa_type=Text)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: UUID | None = Field(default=None, foreign_key="person.id")
    version: int = 1
    named_id: UUID | None = None


class HouseholdCard(SQLModel, table=True):
    """A card with eight digits for a resident without a phone at hand, sealed and with a blind index; one holds at a time."""

    __tablename__ = "household_card"
    __table_args__ = (
        Index("household_card_live", "person_id", "place_id", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    place_id: UUID = Field(foreign_key="place.id")
    number_sealed: bytes = Field(sa_type=LargeBinary)
    number_index: bytes = Field(sa_type=LargeBinary)
    issued_by: UUID = Field(foreign_key="person.id")
    issued_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
