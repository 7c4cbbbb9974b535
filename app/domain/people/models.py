"""Tables of the people: who they are (sealed), how they sign in, what they are at which place."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Text, text
from sqlmodel import Field, SQLModel

from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.kernel.tables import Instant


class Person(SQLModel, table=True):
    """One human being. Names, phones and addresses are sealed (`kernel/vault.py`); phones have a blind index."""

    __tablename__ = "person"
    __table_args__ = (
        Index("person_openid", "openid", unique=True),
        Index("person_login_name", text('lower(login_name COLLATE "C")'), unique=True),
        Index("person_phone_index", "phone_index", unique=True),
        CheckConstraint("phone_proved_at IS NULL OR phone_index IS NOT NULL", "person_phone_proved"),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    openid: str | None = Field(default=None, sa_type=Text)
    login_name: str | None = Field(default=None, sa_type=Text)
    password_hash: str | None = Field(default=None, sa_type=Text)
    name_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_index: bytes | None = Field(default=None, sa_type=LargeBinary)
    address_sealed: bytes | None = Field(default=None, sa_type=LargeBinary)
    phone_proved_at: datetime | None = Field(default=None, sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)
    created_at: datetime = Field(sa_type=Instant)
    version: int = 1


def _one_of(values: Any, column: str) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


class RoleGrant(SQLModel, table=True):
    """A role at a place in [starts_at, ends_at); it reaches the whole subtree. A resident has one community at a time.

    `handed_back_at`: when its end was noticed, and what a volunteer held by it was handed back.
    """

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint(_one_of(Role, "role"), "role_grant_role"),
        CheckConstraint("ends_at >= starts_at", "role_grant_period"),
        Index("role_grant_person", "person_id", "place_id", "role"),
        Index("role_grant_place", "place_id", "role", "starts_at", "id"),
        Index(
            "role_grant_ending",
            "ends_at",
            "id",
            postgresql_where=text("role <> 'resident' AND ends_at IS NOT NULL AND handed_back_at IS NULL"),
        ),
        Index(
            "role_grant_one_home",
            "person_id",
            unique=True,
            postgresql_where=text("role = 'resident' AND ends_at IS NULL"),
        ),
        Index(
            "role_grant_once", "person_id", "place_id", "role", unique=True, postgresql_where=text("ends_at IS NULL")
        ),
    )

    id: UUID = Field(default_factory=new_id, primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    place_id: UUID = Field(foreign_key="place.id")
    role: str = Field(sa_type=Text)
    starts_at: datetime = Field(sa_type=Instant)
    ends_at: datetime | None = Field(default=None, sa_type=Instant)
    handed_back_at: datetime | None = Field(default=None, sa_type=Instant)
    granted_by: UUID
    version: int = 1


class GrantState(StrEnum):
    """How a grant of a role stands at a moment."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    ENDED = "ended"
    NEVER_BEGAN = "never_began"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _GRANT_STATES[self]

    @classmethod
    def at(cls, now: datetime, starts_at: datetime, ends_at: datetime | None) -> "GrantState":
        """Of a grant in [starts_at, ends_at): one that was revoked before it had begun has no time at all."""
        if ends_at is not None and ends_at <= now:
            return cls.ENDED if starts_at < ends_at else cls.NEVER_BEGAN
        return cls.IN_FORCE if starts_at <= now else cls.TO_COME


_GRANT_STATES = {
    GrantState.TO_COME: "未开始",
    GrantState.IN_FORCE: "生效中",
    GrantState.ENDED: "已结束",
    GrantState.NEVER_BEGAN: "未开始即撤销",
}


class SignIn(SQLModel, table=True):
    """A family of refresh tokens, from one login on (table `session`)."""

    __tablename__ = "session"
    __table_args__ = (Index("session_live_of_person", "person_id", postgresql_where=text("revoked_at IS NULL")),)

    family: UUID = Field(primary_key=True)
    person_id: UUID = Field(foreign_key="person.id")
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class RefreshToken(SQLModel, table=True):
    """A refresh token: used once; only its hash is kept."""

    __tablename__ = "refresh_token"
    __table_args__ = (
        ForeignKeyConstraint(["family"], ["session.family"], ondelete="CASCADE"),
        Index("refresh_token_expiry", "expires_at"),
    )

    family: UUID = Field(primary_key=True)
    seq: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    token_hash: bytes = Field(sa_type=LargeBinary)
    issued_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)
