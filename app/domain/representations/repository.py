"""The SQL of the representations: what the verbs have to know, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    LargeBinary,
    RowMapping,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql.selectable import LateralFromClause
from sqlmodel import col

from app.domain.people.models import Person
from app.domain.places.models import Level, Place
from app.domain.representations.errors import CardNotFound
from app.domain.representations.models import HouseholdCard, Representation, Standing
from app.domain.representations.policy import STAFF
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts, Sealed

NAMING = """
  SELECT p.id, ($3::jsonb ->> 'place_id')::uuid AS place_id, p.name_sealed,
         coalesce(p.phone_index = n.phone_index OR p.id = n.id, false) AS oneself, n.id AS named_id, n.phone_index
    FROM person p CROSS JOIN (VALUES (($3::jsonb ->> 'person_id')::uuid,
                                      decode(substr($3::jsonb ->> 'phone_index', 3), 'hex'))) n(id, phone_index)
   WHERE p.id = $1"""
"""Who names somebody, by phone or by id, and the community that they say."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The place's level (None: there is none), the representative's own name, whether they name themselves, who it is, if
    anybody; and when the other side or the staff last ended what the same representative asked by this phone or id. The two are
    not matched: a refusal would tell whose phone an id has."""

    level: Level | None
    name_sealed: Sealed | None
    oneself: bool
    person_id: UUID | None
    ended_at: datetime | None = None


NAMED = Facts(
    """jsonb_build_object('level', (SELECT p.level FROM place p WHERE p.id = subject.place_id),
         'name_sealed', subject.name_sealed, 'oneself', subject.oneself,
         'person_id', find_person(subject.named_id, subject.phone_index),
         'ended_at', (SELECT max(r.ended_at) FROM representation r
                       WHERE r.representative_id = subject.id AND r.ended_by <> r.representative_id
                         AND (r.phone_index = subject.phone_index OR subject.named_id IN (r.named_id, r.beneficiary_id))))""",
    Naming,
)

REPRESENTATION = """
  SELECT r.id, r.place_id, r.version, r.representative_id, r.beneficiary_id, r.phone_index, r.named_id, r.consented_at, r.ended_at
    FROM representation r WHERE r.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """An order or a case that the representative asked for, as `represented_matters` gives it."""

    id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class Represented:
    """A representation; `person_id` is who was named, and `lives_here` says whether as a resident of the place.
    `matters`: what was asked for under it, for its end."""

    id: UUID
    place_id: UUID
    version: int
    representative_id: UUID
    beneficiary_id: UUID | None
    consented_at: datetime | None
    ended_at: datetime | None
    person_id: UUID | None
    lives_here: bool
    matters: tuple[AskedFor, ...] = ()


REPRESENTED = Facts(
    """(SELECT jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'version', subject.version,
                 'representative_id', subject.representative_id, 'beneficiary_id', subject.beneficiary_id,
                 'consented_at', subject.consented_at, 'ended_at', subject.ended_at, 'person_id', f.person,
                 'lives_here', f.person IS NOT NULL AND person_lives(f.person, subject.place_id))
          FROM (SELECT find_person(subject.named_id, subject.phone_index) AS person) f)""",
    Represented,
)

ENDING = Facts(f"{REPRESENTED.sql} || jsonb_build_object('matters', represented_matters(subject.id))", Represented)

RESIDENT = """
  SELECT h.person_id AS id, h.place_id FROM home_of(($3::jsonb ->> 'id')::uuid, NULL) h"""
"""A resident whom the actor may look after, and where they live."""


@dataclass(frozen=True, slots=True)
class Carded:
    """A resident with the card that holds now; it is locked, so that two new ones at once do not both end it."""

    id: UUID
    place_id: UUID
    card_id: UUID | None


CARDED = Facts(
    """jsonb_build_object('id', subject.id, 'place_id', subject.place_id, 'card_id', (
         SELECT c.id FROM household_card c
          WHERE c.person_id = subject.id AND c.place_id = subject.place_id AND c.ended_at IS NULL FOR NO KEY UPDATE))""",
    Carded,
)


async def list_beneficiaries(
    connection: AsyncConnection, actor_id: UUID, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """For whom the actor orders, or asked to, newest first."""
    return await _listed(connection, col(Representation.representative_id) == actor_id, after, limit)


async def list_representatives(
    connection: AsyncConnection, actor_id: UUID, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Who orders for the actor, or asks to, newest first."""
    r = Representation
    own_phone = select(col(Person.phone_index)).where(col(Person.id) == actor_id).scalar_subquery()
    named = or_(col(r.phone_index) == own_phone, col(r.named_id) == actor_id)
    asked = and_(col(r.beneficiary_id).is_(None), named, col(r.representative_id) != actor_id)
    return await _listed(connection, or_(col(r.beneficiary_id) == actor_id, asked), after, limit)


async def list_at(
    connection: AsyncConnection, place_id: UUID, standing: Standing | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Who orders for whom at this very place, newest first, as far as the reader may know; `of_staff`: they work there."""
    r = Representation
    which = col(r.place_id) == place_id
    match standing:
        case Standing.PENDING:
            which = and_(which, col(r.consented_at).is_(None), col(r.ended_at).is_(None))
        case Standing.CONSENTED:
            which = and_(which, col(r.consented_at).is_not(None), col(r.ended_at).is_(None))
        case Standing.ENDED:
            which = and_(which, col(r.ended_at).is_not(None))
    return await _listed(connection, which, after, limit)


async def _listed(
    connection: AsyncConnection, which: ColumnElement[bool], after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    r = Representation
    of_staff = func.app_reaches(col(r.place_id), cast([role for rule in STAFF for role in rule.roles], ARRAY(Text)))
    key = tuple_(col(r.named_at), col(r.id))
    on_file = _on_file()
    named: tuple[ColumnElement[Any], ...] = (
        col(Place.name).label("place_name"),
        of_staff.label("of_staff"),
        on_file.c.name_sealed.label("on_file_sealed"),
    )
    query: Select[*tuple[Any, ...]] = (
        select(r.__table__, *named)  # type: ignore[attr-defined]
        .select_from(r)
        .join(on_file, literal(True), isouter=True)
        .join(Place, col(Place.id) == col(r.place_id))
        .where(which)
        .order_by(col(r.named_at).desc(), col(r.id).desc())
        .limit(limit + 1)
    )
    if after is not None:
        query = query.where(key < tuple_(literal(after.created_at), literal(after.id)))
    return await rows(connection, query)


async def get_named(connection: AsyncConnection, representation_id: UUID) -> RowMapping | None:
    """The name that a representative typed, and who is on file under the phone or id, with their name, as far as the reader may
    know; None: the reader sees no such representation, or nobody there was named."""
    on_file = _on_file()
    query = (
        select(col(Representation.name_sealed), on_file.c.person_id, on_file.c.name_sealed.label("on_file_sealed"))
        .select_from(Representation)
        .join(on_file, literal(True))
        .where(col(Representation.id) == representation_id)
    )
    return (await connection.execute(query)).mappings().one_or_none()


def _on_file() -> LateralFromClause:
    named = func.named_on_file(col(Representation.id))
    return named.table_valued(column("person_id", Uuid), column("name_sealed", LargeBinary)).lateral("on_file")


async def get_card(connection: AsyncConnection, person_id: UUID) -> RowMapping:
    """The card of a resident that holds now, where the reader may see it. Raises CardNotFound."""
    c = HouseholdCard
    columns = (c.id, c.person_id, c.number_sealed, c.issued_at)
    query = (
        select(*(col(column) for column in columns))
        .where(col(c.person_id) == person_id, col(c.ended_at).is_(None))
        .order_by(col(c.issued_at).desc())
        .limit(1)
    )
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        raise CardNotFound
    return row
