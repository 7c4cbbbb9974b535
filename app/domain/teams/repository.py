"""The SQL of the teams: what the verbs have to know, and the lists."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.people.handing_back import HeldOrder
from app.domain.people.models import Person
from app.domain.places.models import Place, PlaceAncestor
from app.domain.teams.errors import TeamNotFound
from app.domain.teams.models import Colour, Skill, Team, TeamMember, VolunteerApplication, VolunteerProfile
from app.domain.teams.skills import used_here
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts

TEAM = "SELECT t.id, t.place_id FROM team t WHERE t.id = ($3::jsonb ->> 'id')::uuid"
MEMBER = """
  SELECT m.id, m.place_id FROM team_member m
   WHERE m.team_id = ($3::jsonb ->> 'id')::uuid AND m.person_id = ($3::jsonb ->> 'person_id')::uuid AND m.live"""
SKILL = "SELECT s.id, s.place_id FROM skill s WHERE s.id = ($3::jsonb ->> 'id')::uuid"
APPLICATION = "SELECT a.id, a.place_id FROM volunteer_application a WHERE a.id = ($3::jsonb ->> 'id')::uuid"
SELF = "SELECT p.id, NULL::uuid AS place_id FROM person p WHERE p.id = $1"
HOME = """
  SELECT p.id, g.place_id FROM person p
    LEFT JOIN role_grant g ON g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL WHERE p.id = $1"""


@dataclass(frozen=True, slots=True)
class Creating:
    """Whether the lead-to-be volunteers at the place or above it, and whether a team of this name is there, above or below."""

    volunteers: bool
    named: bool


CREATING = Facts(
    """jsonb_build_object('volunteers', person_holds(($3::jsonb ->> 'lead_id')::uuid, subject.place_id, 'volunteer'),
          'named', EXISTS (SELECT 1 FROM team t JOIN place_ancestor a
              ON (a.place_id, a.ancestor_id) IN ((subject.place_id, t.place_id), (t.place_id, subject.place_id))
            WHERE t.name = $3::jsonb ->> 'name' AND t.disbanded_at IS NULL))""",
    Creating,
)


@dataclass(frozen=True, slots=True)
class Joining:
    """A team, with whom the inputs name by `person_id` or `phone_index`, and whether they volunteer at its place."""

    id: UUID
    place_id: UUID
    lead_id: UUID | None
    disbanded: bool
    person_id: UUID | None
    volunteers: bool


JOINING = Facts(
    """(SELECT jsonb_build_object('id', t.id, 'place_id', t.place_id, 'lead_id', team_lead(t.id),
                 'disbanded', t.disbanded_at IS NOT NULL, 'person_id', found.id,
                 'volunteers', person_holds(found.id, t.place_id, 'volunteer'))
          FROM team t CROSS JOIN LATERAL find_person(
                 ($3::jsonb ->> 'person_id')::uuid, decode(substr($3::jsonb ->> 'phone_index', 3), 'hex')) found(id)
         WHERE t.id = subject.id)""",
    Joining,
)


@dataclass(frozen=True, slots=True)
class Leaving:
    """A live membership, who leads the team (None: nobody who volunteers there any more) and whether the actor may act as such,
    and what the member holds through the team."""

    id: UUID
    team_id: UUID
    place_id: UUID
    version: int
    lead_id: UUID | None
    leads: bool
    orders: tuple[HeldOrder, ...]


LEAVING = Facts(
    """(SELECT jsonb_build_object('id', m.id, 'team_id', m.team_id, 'place_id', m.place_id, 'version', m.version,
                 'lead_id', team_lead(m.team_id), 'leads', leads(m.team_id, $1),
                 'orders', held_orders(m.person_id, m.team_id, NULL))
          FROM team_member m WHERE m.id = subject.id)""",
    Leaving,
)


@dataclass(frozen=True, slots=True)
class Leading:
    """A team, whether the lead-to-be is a member, and whether they volunteer where it serves; and what its members hold by it."""

    id: UUID
    place_id: UUID
    lead_id: UUID | None
    disbanded: bool
    version: int
    member: bool
    volunteers: bool
    orders: tuple[HeldOrder, ...] = ()


LEADING = Facts(
    """(SELECT jsonb_build_object('id', t.id, 'place_id', t.place_id, 'lead_id', team_lead(t.id),
                 'disbanded', t.disbanded_at IS NOT NULL, 'version', t.version, 'member', EXISTS (
                    SELECT 1 FROM team_member m WHERE m.team_id = t.id AND m.live
                       AND m.person_id = ($3::jsonb ->> 'person_id')::uuid),
                 'orders', held_orders(NULL, t.id, NULL),
                 'volunteers', person_holds(($3::jsonb ->> 'person_id')::uuid, t.place_id, 'volunteer'))
          FROM team t WHERE t.id = subject.id)""",
    Leading,
)


@dataclass(frozen=True, slots=True)
class LiveMember:
    """A membership that goes on."""

    id: UUID
    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class Disbanding:
    """A team with its members, what they hold through it, and whether it still offers a service."""

    id: UUID
    place_id: UUID
    disbanded: bool
    version: int
    offers: bool
    members: tuple[LiveMember, ...]
    orders: tuple[HeldOrder, ...]


DISBANDING = Facts(
    """(SELECT jsonb_build_object('id', t.id, 'place_id', t.place_id, 'disbanded', t.disbanded_at IS NOT NULL,
                 'version', t.version, 'orders', held_orders(NULL, t.id, NULL),
                 'offers', EXISTS (SELECT 1 FROM service s WHERE s.team_id = t.id AND s.withdrawn_at IS NULL),
                 'members', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                      'id', m.id, 'person_id', m.person_id, 'version', m.version)), '[]')
                               FROM team_member m WHERE m.team_id = t.id AND m.live))
          FROM team t WHERE t.id = subject.id)""",
    Disbanding,
)


@dataclass(frozen=True, slots=True)
class Applying:
    """Where the resident lives, whether they volunteer there already, and whether they have told name and phone; which of the
    codes of skills that they name are used there."""

    place_id: UUID | None
    volunteers: bool
    named: bool
    here: frozenset[str] = frozenset()


APPLYING = Facts(
    f"""jsonb_build_object('place_id', subject.place_id, 'here', {used_here("$3::jsonb -> 'skills'")},
         'volunteers', person_holds($1, subject.place_id, 'volunteer'),
         'named', EXISTS (SELECT 1 FROM person p WHERE p.id = $1 AND num_nonnulls(p.name_sealed, p.phone_sealed) = 2))""",
    Applying,
)


@dataclass(frozen=True, slots=True)
class Deciding:
    """An application with the skills that it names, and which of these the person has; whether it was answered or withdrawn,
    whether they volunteer there by now, and whether they have told name and phone."""

    id: UUID
    person_id: UUID
    place_id: UUID
    version: int
    decided: bool
    withdrawn: bool
    volunteers: bool
    named: bool
    skills: tuple[str, ...]
    skilled: tuple[str, ...]


DECIDING = Facts(
    """(SELECT jsonb_build_object('id', a.id, 'person_id', a.person_id, 'place_id', a.place_id, 'version', a.version,
                 'decided', a.decided_at IS NOT NULL, 'withdrawn', a.withdrawn_at IS NOT NULL,
                 'volunteers', person_holds(a.person_id, a.place_id, 'volunteer'),
                 'named', person_named(a.person_id),
                 'skills', a.skills, 'skilled', skills_of_applicant(a.id))
          FROM volunteer_application a WHERE a.id = subject.id)""",
    Deciding,
)


@dataclass(frozen=True, slots=True)
class Skilling:
    """Whether the person volunteers at the place or above it; the code of the skill, where it is used there."""

    volunteers: bool
    here: frozenset[str] = frozenset()


SKILLING = Facts(
    f"""jsonb_build_object('volunteers', person_holds(($3::jsonb ->> 'person_id')::uuid, subject.place_id, 'volunteer'),
         'here', {used_here("jsonb_build_array($3::jsonb ->> 'code')")})""",
    Skilling,
)


@dataclass(frozen=True, slots=True)
class LiveOrder:
    """An order that somebody has, and where it is."""

    id: UUID
    place_id: UUID


@dataclass(frozen=True, slots=True)
class Skilled:
    """A recorded skill, and the live orders of whoever has it that want it."""

    id: UUID
    person_id: UUID
    place_id: UUID
    code: str
    version: int
    ended: bool
    orders: tuple[LiveOrder, ...] = ()


SKILLED = Facts(
    """(SELECT jsonb_build_object('id', s.id, 'person_id', s.person_id, 'place_id', s.place_id, 'version', s.version,
                 'code', s.code, 'ended', s.ended_at IS NOT NULL, 'orders', skill_orders(s.id))
          FROM skill s WHERE s.id = subject.id)""",
    Skilled,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """What a volunteer has said about their hours so far (version 0: nothing), what they hold if they give it back, and the
    orders with an appointment that this leave brings into it, and no earlier one did. `volunteers`: now, or from a day on."""

    id: UUID | None
    version: int
    volunteers: bool
    orders: tuple[HeldOrder, ...]
    missed: tuple[LiveOrder, ...] = ()


PROFILE = Facts(
    """(SELECT jsonb_build_object('id', v.id, 'version', coalesce(v.version, 0), 'volunteers', EXISTS (SELECT 1 FROM role_grant g
                    WHERE g.person_id = $1 AND g.role = 'volunteer' AND (g.ends_at IS NULL OR g.ends_at > look.now)),
                 'orders', CASE WHEN ($3::jsonb ->> 'hand_back_orders')::bool THEN held_orders($1, NULL, NULL) ELSE '[]' END,
                 'missed', (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'place_id', m.place_id) ORDER BY m.id), '[]')
                    FROM matter m JOIN appointment a ON a.matter_id = m.id AND a.confirmed_at IS NOT NULL AND a.ended_at IS NULL
                   WHERE m.kind = 'order' AND m.state = 'accepted' AND m.assignee_id = $1
                     AND a.meet_at > greatest(look.now, v.away_until)
                     AND a.meet_at < ($3::jsonb ->> 'away_until')::timestamptz))
          FROM (VALUES (1)) one LEFT JOIN volunteer_profile v ON v.person_id = subject.id)""",
    Profile,
)


@dataclass(frozen=True, slots=True)
class OpenApplication:
    """An application of one's own that nobody has answered."""

    id: UUID
    place_id: UUID
    version: int


def _teams() -> Select[*tuple[Any, ...]]:
    """A team as lists show it."""
    t = Team
    return select(
        *(col(column) for column in (t.id, t.name, t.colour, t.place_id, t.created_at, t.disbanded_at)),
        func.team_lead(col(t.id)).label("lead_id"),
        col(Place.name).label("place_name"),
    ).join(Place, col(Place.id) == col(t.place_id))


def _page(query: Select[*tuple[Any, ...]], created_at: Any, row_id: Any, after: Cursor | None, limit: int) -> Any:
    if after is not None:
        query = query.where(tuple_(col(created_at), col(row_id)) > tuple_(literal(after.created_at), literal(after.id)))
    return query.order_by(col(created_at), col(row_id)).limit(limit + 1)


async def list_teams(
    connection: AsyncConnection, place_id: UUID, colour: Colour | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The teams that serve a place: of it or above it, not disbanded, oldest first."""
    query = (
        _teams()
        .join(PlaceAncestor, col(PlaceAncestor.ancestor_id) == col(Team.place_id))
        .where(col(PlaceAncestor.place_id) == place_id, col(Team.disbanded_at).is_(None))
    )
    if colour is not None:
        query = query.where(col(Team.colour) == colour)
    return await rows(connection, _page(query, Team.created_at, Team.id, after, limit))


async def list_my_teams(connection: AsyncConnection, person_id: UUID) -> Sequence[RowMapping]:
    """The teams in which a person is, oldest first."""
    m = TeamMember
    query = _teams().join(m, col(m.team_id) == col(Team.id)).where(col(m.person_id) == person_id, col(m.live).is_(True))
    return await rows(connection, query.order_by(col(Team.created_at), col(Team.id)))


async def get_team(connection: AsyncConnection, team_id: UUID) -> RowMapping:
    """One team. Raises TeamNotFound."""
    row = (await connection.execute(_teams().where(col(Team.id) == team_id))).mappings().one_or_none()
    if row is None:
        raise TeamNotFound
    return row


_ROSTER = text("SELECT r.* FROM team_roster(CAST(:team_id AS uuid)) r")


async def list_members(connection: AsyncConnection, team_id: UUID) -> Sequence[RowMapping]:
    """Who is in a team, longest first; empty for whoever neither belongs to it nor works at its place."""
    return (await connection.execute(_ROSTER, {"team_id": team_id})).mappings().all()


async def list_skills(connection: AsyncConnection, person_id: UUID) -> Sequence[RowMapping]:
    """What a person can do now, as far as the reader may know."""
    s = Skill
    query = select(s.__table__).where(col(s.person_id) == person_id, col(s.ended_at).is_(None))  # type: ignore[attr-defined]
    return await rows(connection, query.order_by(col(s.seen_at), col(s.id)))


async def get_availability(connection: AsyncConnection, person_id: UUID) -> RowMapping | None:
    """When a person serves; None when they have said nothing, or the reader may not know."""
    query = select(VolunteerProfile.__table__).where(col(VolunteerProfile.person_id) == person_id)  # type: ignore[attr-defined]
    found: RowMapping | None = (await connection.execute(query)).mappings().one_or_none()
    return found


ApplicationState = Literal["open", "approved", "refused", "withdrawn"]


async def list_applications(
    connection: AsyncConnection, place_id: UUID | None, state: ApplicationState | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Applications at a place and below it, or all that the reader may see, oldest first. `recorded`: which of the skills named
    there need no recording any more."""
    a = VolunteerApplication
    query: Select[*tuple[Any, ...]] = (
        select(a.__table__, col(Person.name_sealed), col(Person.phone_sealed), col(Place.name).label("place_name"))  # type: ignore[attr-defined]
        .add_columns(func.skills_of_applicant(col(a.id)).label("recorded"))
        .join(Place, col(Place.id) == col(a.place_id))
        .outerjoin(Person, col(Person.id) == col(a.person_id))
    )
    if place_id is not None:
        below = select(col(PlaceAncestor.place_id)).where(col(PlaceAncestor.ancestor_id) == place_id)
        query = query.where(col(a.place_id).in_(below))
    if state is not None:
        approved = {"approved": True, "refused": False}.get(state)
        withdrawn = col(a.withdrawn_at).is_not(None) if state == "withdrawn" else col(a.withdrawn_at).is_(None)
        query = query.where(col(a.approved).is_(approved), withdrawn)
    return await rows(connection, _page(query, a.created_at, a.id, after, limit))
