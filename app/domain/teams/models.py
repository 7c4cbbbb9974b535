"""Tables and words of the teams: who is in which, what each volunteer can do, and when."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.tables import Instant


class Colour(StrEnum):
    """The five kinds of team (五色志愿服务队, S3)."""

    BLUE = "blue"
    WHITE = "white"
    GREEN = "green"
    RED = "red"
    ORANGE = "orange"

    @property
    def label(self) -> str:
        """The Chinese words that people read."""
        return _COLOURS[self]


_COLOURS = {
    Colour.BLUE: "蓝色法律援助",
    Colour.WHITE: "白色健康义诊",
    Colour.GREEN: "绿色心理辅导",
    Colour.RED: "红色扶老助残",
    Colour.ORANGE: "橙色文化惠民",
}

DAILY_CAPACITY = 3
"""So many orders a day a volunteer takes who has not said otherwise (ours)."""


class Team(SQLModel, table=True):
    """A team that serves the subtree of its place. Its lead leads for as long as they volunteer there (`team_lead` in SQL).

    `led` is true until it is disbanded, then NULL; with it the foreign key asks that the lead is a live member.
    """

    __tablename__ = "team"
    __table_args__ = (
        UniqueConstraint("id", "place_id"),
        UniqueConstraint("id", "led"),
        CheckConstraint("colour IN ('blue', 'white', 'green', 'red', 'orange')", "team_colour"),
        CheckConstraint("led IS NOT FALSE AND (led IS NULL) = (disbanded_at IS NOT NULL)", "team_led"),
        ForeignKeyConstraint(
            ["id", "lead_id", "led"],
            ["team_member.team_id", "team_member.person_id", "team_member.live"],
            name="team_lead_is_a_member",
            use_alter=True,
        ),
        Index("team_place", "place_id", "created_at", "id"),
        Index("team_one_of_a_name", "place_id", "name", unique=True, postgresql_where=text("disbanded_at IS NULL")),
        Index("team_lead", "lead_id", postgresql_where=text("disbanded_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    place_id: UUID = Field(foreign_key="place.id")
    name: str = Field(sa_type=Text)
    colour: str = Field(sa_type=Text)
    lead_id: UUID = Field(foreign_key="person.id")
    led: bool | None = True
    created_by: UUID
    created_at: datetime = Field(sa_type=Instant)
    disbanded_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1


class TeamMember(SQLModel, table=True):
    """A volunteer in a team, in [joined_at, ended_at); once at a time. `live` is true until then, and NULL afterwards;
    with it a foreign key asks that the team lives."""

    __tablename__ = "team_member"
    __table_args__ = (
        ForeignKeyConstraint(["team_id", "place_id"], ["team.id", "team.place_id"]),
        ForeignKeyConstraint(["team_id", "live"], ["team.id", "team.led"], name="team_member_of_a_living_team"),
        UniqueConstraint("team_id", "person_id", "live", name="team_member_once"),
        CheckConstraint("live IS NOT FALSE AND (live IS NULL) = (ended_at IS NOT NULL)", "team_member_live"),
        CheckConstraint("ended_at >= joined_at", "team_member_period"),
        Index("team_member_person", "person_id", postgresql_where=text("live")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    team_id: UUID
    place_id: UUID
    person_id: UUID = Field(foreign_key="person.id")
    live: bool | None = True
    added_by: UUID
    joined_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_by: UUID | None = None
    version: int = 1


class Skill(SQLModel, table=True):
    """What a volunteer can do, recorded at a place by whoever saw the licence, if it takes one.

    A licence counts until the end of its last day, in China.
    """

    __tablename__ = "skill"
    __table_args__ = (
        CheckConstraint("code <> ''", "skill_code"),
        Index("skill_once", "person_id", "code", unique=True, postgresql_where=text("ended_at IS NULL")),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    place_id: UUID = Field(foreign_key="place.id")
    code: str = Field(sa_type=Text)
    licence_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    licence_until: date | None = None
    seen_by: UUID
    seen_at: datetime = Field(sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1


class VolunteerProfile(SQLModel, table=True):
    """When a volunteer serves: shifts by weekday as in `calendar_hours` (None: at any time), quiet hours as minutes of the
    day (across midnight when they end before they begin), how many orders a day, and until when they are away."""

    __tablename__ = "volunteer_profile"
    __table_args__ = (
        CheckConstraint("daily_capacity BETWEEN 1 AND 1000", "volunteer_profile_capacity"),
        CheckConstraint(
            "num_nonnulls(quiet_from, quiet_until) IN (0, 2) AND quiet_from BETWEEN 0 AND 1439 IS NOT FALSE"
            " AND quiet_until BETWEEN 0 AND 1439 IS NOT FALSE AND quiet_from <> quiet_until IS NOT FALSE",
            "volunteer_profile_quiet",
        ),
        Index("volunteer_profile_person", "person_id", unique=True),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    week: list[Any] | None = Field(default=None, sa_column=Column(JSONB(none_as_null=True)))
    quiet_from: int | None = None
    quiet_until: int | None = None
    daily_capacity: int = DAILY_CAPACITY
    away_until: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1


class VolunteerApplication(SQLModel, table=True):
    """A resident asks to be a volunteer where they live; somebody else decides, once, unless they withdraw it before."""

    __tablename__ = "volunteer_application"
    __table_args__ = (
        CheckConstraint("num_nonnulls(decided_at, decided_by, approved) IN (0, 3)", "volunteer_application_decided"),
        CheckConstraint("decided_by <> person_id", "volunteer_application_judge"),
        CheckConstraint("num_nonnulls(decided_at, withdrawn_at) <= 1", "volunteer_application_once"),
        Index(
            "volunteer_application_open",
            "person_id",
            "place_id",
            unique=True,
            postgresql_where=text("decided_at IS NULL AND withdrawn_at IS NULL"),
        ),
        Index("volunteer_application_place", "place_id", "created_at", "id"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    place_id: UUID = Field(foreign_key="place.id")
    text: str = Field(sa_type=Text)
    skills: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = Field(sa_type=Instant)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: UUID | None = None
    approved: bool | None = None
    reason: str | None = Field(default=None, sa_type=Text)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)
    version: int = 1
