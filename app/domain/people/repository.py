"""The SQL of the people: what the verbs have to know, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, RowMapping, Text, and_, cast, func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import aliased
from sqlmodel import col

from app.domain.people.errors import NotACommunity
from app.domain.people.handing_back import HeldOrder, LedTeam
from app.domain.people.models import Person, RoleGrant
from app.domain.people.policy import HOMES, NO_OFFICERS, STAFF
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level, Place, PlaceAncestor
from app.kernel.database import rows
from app.kernel.errors import NotAllowed
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor
from app.kernel.rules import Role
from app.kernel.verbs import Facts

_STAFF = cast([role for rule in STAFF for role in rule.roles], ARRAY(Text))

SELF = "SELECT p.id, NULL::uuid AS place_id, p.version FROM person p WHERE p.id = $1 FOR NO KEY UPDATE"
PERSON = """
  SELECT p.id, NULL::uuid AS place_id, p.version FROM person p
   WHERE p.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"""
GRANT = """
  WITH mine AS MATERIALIZED (
    SELECT g.id, g.place_id, g.version FROM role_grant g WHERE g.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE)
  SELECT * FROM mine
   UNION ALL
  SELECT g.id, g.place_id, g.version FROM role_grant g
   WHERE g.id = ($3::jsonb ->> 'id')::uuid AND NOT EXISTS (SELECT 1 FROM mine)"""
"""Locked for whoever may end it; whoever only sees it is told who may."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """A record with the version that was seen."""

    id: UUID
    version: int


VERSIONED = Facts("jsonb_build_object('id', subject.id, 'version', subject.version)", Versioned)


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a password, or without one."""

    id: UUID
    version: int
    login_name: str | None
    administered: bool


ACCOUNT = Facts(
    """(SELECT jsonb_build_object('id', p.id, 'version', p.version, 'login_name', p.login_name,
                                  'administered', app_administers(p.id)) FROM person p WHERE p.id = subject.id)""",
    Account,
)


@dataclass(frozen=True, slots=True)
class Placed:
    """A place, with whom the inputs name by `person_id` or `phone_index`."""

    id: UUID
    level: Level
    person_id: UUID | None


PLACED = Facts(
    """(SELECT jsonb_build_object('id', p.id, 'level', p.level, 'person_id', find_person(
                 ($3::jsonb ->> 'person_id')::uuid, decode(substr($3::jsonb ->> 'phone_index', 3), 'hex')))
          FROM place p WHERE p.id = subject.id)""",
    Placed,
)


@dataclass(frozen=True, slots=True)
class Granting:
    """A place, who gets a role there, whether they hold it for all of that time already, and whether they have told name and
    phone."""

    id: UUID
    person_id: UUID | None
    held: bool
    named: bool = True


GRANTING = Facts(
    """(SELECT jsonb_build_object('id', subject.id, 'person_id', f.id, 'named', person_named(f.id), 'held', EXISTS (
                 SELECT 1 FROM role_grant g
                  WHERE g.person_id = f.id AND g.place_id = subject.id AND g.role = $3::jsonb ->> 'role'
                    AND g.starts_at <= coalesce(($3::jsonb ->> 'starts_at')::timestamptz, look.now)
                    AND (g.ends_at IS NULL OR g.ends_at >= ($3::jsonb ->> 'ends_at')::timestamptz)))
          FROM find_person(
                 ($3::jsonb ->> 'person_id')::uuid, decode(substr($3::jsonb ->> 'phone_index', 3), 'hex')) f(id))""",
    Granting,
)


@dataclass(frozen=True, slots=True)
class Held:
    """A role that somebody holds; of a volunteer also the orders that no other role lets them serve, and the teams that no
    other lets them lead; of an administrator whether nobody else would administer the place. `remains`: another grant of the same
    role there is in force."""

    id: UUID
    version: int
    person_id: UUID
    place_id: UUID
    role: Role
    starts_at: datetime
    ends_at: datetime | None
    handed_back_at: datetime | None
    orders: tuple[HeldOrder, ...]
    teams: tuple[LedTeam, ...] = ()
    last_administrator: bool = False
    remains: bool = False


HELD = Facts(
    """(SELECT to_jsonb(g) || jsonb_build_object('orders', CASE g.role
                 WHEN 'volunteer' THEN held_orders(g.person_id, NULL, g.id) ELSE '[]' END,
                 'teams', CASE g.role WHEN 'volunteer' THEN led_teams(g.person_id, g.id) ELSE '[]' END,
                 'last_administrator', CASE g.role WHEN 'administrator' THEN last_administrator(g.id) ELSE false END,
                 'remains', EXISTS (SELECT 1 FROM role_grant o
                   WHERE o.person_id = g.person_id AND o.place_id = g.place_id AND o.role = g.role AND o.id <> g.id
                     AND o.starts_at <= look.now AND (o.ends_at IS NULL OR o.ends_at > look.now)))
          FROM role_grant g WHERE g.id = subject.id)""",
    Held,
)


async def get_person(connection: AsyncConnection, person_id: UUID) -> RowMapping:
    """A person as row-level security shows them to the reader; one row or an exception of SQLAlchemy."""
    columns = (Person.id, Person.login_name, Person.name_sealed, Person.phone_sealed, Person.address_sealed)
    query = select(*(col(column) for column in columns)).where(col(Person.id) == person_id)
    return (await connection.execute(query)).mappings().one()


async def list_roles(connection: AsyncConnection, person_id: UUID) -> Sequence[RowMapping]:
    """The roles that a person holds now or will hold, by place; each with the place above it."""
    g, p, above = RoleGrant, Place, aliased(Place)
    query = (
        select(col(g.id), col(g.role), col(g.starts_at), col(g.ends_at), col(p.id).label("place_id"))
        .add_columns(func.app_now().label("now"))
        .add_columns(col(p.name).label("place_name"), col(p.level).label("place_level"))
        .add_columns(col(above.id).label("above_id"), col(above.name).label("above_name"))
        .join(p, col(p.id) == col(g.place_id))
        .outerjoin(above, col(above.id) == col(p.parent_id))
        .where(col(g.person_id) == person_id, or_(col(g.ends_at).is_(None), col(g.ends_at) > func.app_now()))
        .order_by(col(p.code), col(g.role))
    )
    return await rows(connection, query)


async def list_role_holders(
    connection: AsyncConnection, place_id: UUID, role: Role | None, *, ended: bool, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Who holds which role at this place, and then who an office above it, the nearest first; each longest first. `ended` shows
    those of the place whose role has ended, by name only when they are still seen elsewhere. The offices above are for who works
    at the place. `colleague`: the reader's own work reaches the place of that role, whichever place they asked for."""
    g, p, a = RoleGrant, Place, PlaceAncestor
    above = and_(col(g.role).not_in(NO_OFFICERS), func.app_reaches(place_id, _STAFF))
    live = or_(col(g.ends_at).is_(None), col(g.ends_at) > func.app_now())
    order = (col(a.depth), col(g.starts_at), col(g.id))
    query = (
        select(col(g.id), col(g.person_id), col(g.role), col(g.starts_at), col(g.ends_at))
        .add_columns(func.app_now().label("now"))
        .add_columns(col(Person.name_sealed), col(Person.phone_sealed), col(Person.login_name), col(a.depth))
        .add_columns(col(p.id).label("place_id"), col(p.name).label("place_name"), col(p.level).label("place_level"))
        .add_columns(func.app_reaches(col(g.place_id), _STAFF).label("colleague"))
        .join(a, and_(col(a.ancestor_id) == col(g.place_id), col(a.place_id) == place_id))
        .join(p, col(p.id) == col(g.place_id))
        .outerjoin(Person, col(Person.id) == col(g.person_id))
        .where(*(~live, col(a.depth) == 0) if ended else (live, or_(col(a.depth) == 0, above)))
        .order_by(*order)
        .limit(limit + 1)
    )
    if role is not None:
        query = query.where(col(g.role) == role)
    if after is not None:
        seen = (literal(after.group), literal(after.created_at), literal(after.id))
        query = query.where(tuple_(*order) > tuple_(*seen))
    return await rows(connection, query)


_HOME = text("""
SELECT p.level, app_reaches(p.id, CAST(:roles AS text[])) AS works FROM place p WHERE p.id = :place_id""")

_UNPHONED = text("""
SELECT r.* FROM unphoned_residents(:place_id) r
 WHERE CAST(:at AS timestamptz) IS NULL OR (r.since, r.id) < (:at, CAST(:last AS uuid))
 ORDER BY r.since DESC, r.id DESC""")


async def list_unphoned(connection: AsyncConnection, place_id: UUID, after: Cursor | None) -> Sequence[RowMapping]:
    """Whom the station registered at a community or an estate and who has no phone on file, whoever came last first: all of them,
    since their names are sealed. `since`: when they came to live there. Raises PlaceNotFound, NotACommunity. NotAllowed: the
    reader does not work there."""
    roles = [role.value for rule in STAFF for role in rule.roles]
    home = (await connection.execute(_HOME, {"place_id": place_id, "roles": roles})).one_or_none()
    if home is None:
        raise PlaceNotFound
    if not home.works:
        raise NotAllowed(rules=STAFF)
    if home.level not in HOMES:
        raise NotACommunity
    asked = {"place_id": place_id, "at": after and after.created_at, "last": after and after.id}
    return (await connection.execute(_UNPHONED, asked)).mappings().all()


_FOUND = text("""
INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
VALUES (:id, 1, 'person', :place_id, 'find', app_actor(), app_now(), jsonb_build_object('found', CAST(:found AS text[])))""")


async def record_finding(connection: AsyncConnection, place_id: UUID, found: Sequence[UUID]) -> None:
    """Name and address were looked for: by whom, when and of whom they were shown stands in the audit."""
    asked = {"id": new_id(), "place_id": place_id, "found": [str(person_id) for person_id in found]}
    await connection.execute(_FOUND, asked)
