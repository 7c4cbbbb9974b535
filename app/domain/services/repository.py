"""The SQL of the services."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import RowMapping, and_, func, literal, or_, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.places.models import Place, PlaceAncestor
from app.domain.services.models import Form, Service
from app.domain.teams.models import Team
from app.domain.teams.skills import SKILLS, used_here
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.text import contains
from app.kernel.verbs import Facts

SERVICE = "SELECT s.id, s.place_id FROM service s WHERE s.id = ($3::jsonb ->> 'id')::uuid"


@dataclass(frozen=True, slots=True)
class Publishing:
    """The lead of the team that shall serve, if it serves at the place; whether a member of it has the skill; the name of the
    nearest place above that offers a service of this name already; and the code of the skill, where it is used there."""

    lead_id: UUID | None
    skilled: bool
    above: str | None = None
    here: frozenset[str] = frozenset()


PUBLISHING = Facts(
    f"""jsonb_build_object(
         'lead_id', (SELECT team_lead(t.id) FROM team t JOIN place_ancestor a ON a.ancestor_id = t.place_id
                      WHERE t.id = ($3::jsonb ->> 'team_id')::uuid AND a.place_id = subject.place_id),
         'above', (SELECT p.name FROM place_ancestor a JOIN place p ON p.id = a.ancestor_id JOIN service s ON s.place_id = p.id
                    WHERE a.place_id = subject.place_id AND a.depth > 0 AND s.withdrawn_at IS NULL
                      AND s.name = $3::jsonb ->> 'name' ORDER BY a.depth LIMIT 1),
         'skilled', coalesce(team_can(($3::jsonb ->> 'team_id')::uuid, $3::jsonb ->> 'skill'), false),
         'here', {used_here("jsonb_build_array($3::jsonb ->> 'skill')")})""",
    Publishing,
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A service with the place that offers it, the lead of its team, and how many orders of it are not delivered yet."""

    id: UUID
    place_id: UUID
    place_name: str
    version: int
    lead_id: UUID | None
    withdrawn: bool
    paused_at: datetime | None
    paused_until: datetime | None
    orders: int

    def paused(self, now: datetime) -> bool:
        """Whether it rests now."""
        return self.paused_at is not None and (self.paused_until is None or now < self.paused_until)


OFFERED = Facts(
    """(SELECT jsonb_build_object('id', s.id, 'place_id', s.place_id, 'version', s.version, 'paused_at', s.paused_at,
                 'place_name', (SELECT p.name FROM place p WHERE p.id = s.place_id),
                 'withdrawn', s.withdrawn_at IS NOT NULL, 'paused_until', s.paused_until,
                 'lead_id', team_lead(s.team_id),
                 'orders', service_live_orders(s.id))
          FROM service s WHERE s.id = subject.id)""",
    Offered,
)


async def list_services(
    connection: AsyncConnection,
    place_id: UUID,
    *,
    search: str | None,
    form: Form | None,
    skill: str | None,
    team_id: UUID | None,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """What can be ordered at a place: published there or above it, not withdrawn, oldest first; paused ones say so."""
    s = Service
    resting = and_(
        col(s.paused_at).is_not(None), or_(col(s.paused_until).is_(None), col(s.paused_until) > func.app_now())
    )
    query = (
        select(*(col(column) for column in (s.id, s.name, s.description, s.created_at, s.place_id)))
        .add_columns(*(col(column) for column in (s.category, s.skill, s.form, s.evidence, s.team_id, s.paused_until)))
        .add_columns(col(Place.name).label("place_name"), resting.label("paused"))
        .add_columns(col(Team.name).label("team_name"), col(Team.colour).label("team_colour"))
        .join(PlaceAncestor, col(PlaceAncestor.ancestor_id) == col(s.place_id))
        .join(Place, col(Place.id) == col(s.place_id))
        .outerjoin(Team, col(Team.id) == col(s.team_id))
        .where(col(PlaceAncestor.place_id) == place_id, col(s.withdrawn_at).is_(None))
        .order_by(col(s.created_at), col(s.id))
        .limit(limit + 1)
    )
    if search:
        query = query.where(col(s.name).like(contains(search)))
    if form is not None:
        query = query.where(col(s.form) == form)
    if skill is not None:
        query = query.where(col(s.skill) == skill)
    if team_id is not None:
        query = query.where(col(s.team_id) == team_id)
    if after is not None:
        query = query.where(tuple_(col(s.created_at), col(s.id)) > tuple_(literal(after.created_at), literal(after.id)))
    return await rows(connection, query)


_SKILL_CODES = text("""
WITH here AS (SELECT a.ancestor_id AS id FROM place_ancestor a WHERE a.place_id = CAST(:place_id AS uuid)),
staff AS MATERIALIZED (
  SELECT app_reaches(CAST(:place_id AS uuid), '{administrator,dispatcher,secretary,station_staff}') AS of_place),
wanted AS (
  SELECT s.skill AS code, count(*) AS services FROM service s
   WHERE s.place_id IN (SELECT id FROM here) AND s.skill <> '' AND s.withdrawn_at IS NULL GROUP BY s.skill),
had AS (
  SELECT k.code, count(DISTINCT k.person_id) AS volunteers FROM skill k
   WHERE (SELECT of_place FROM staff) AND k.ended_at IS NULL
     AND (k.licence_until IS NULL OR k.licence_until >= (app_now() AT TIME ZONE 'Asia/Shanghai')::date)
     AND EXISTS (SELECT 1 FROM role_grant g
                  WHERE g.person_id = k.person_id AND g.role = 'volunteer' AND g.place_id IN (SELECT id FROM here)
                    AND g.starts_at <= app_now() AND (g.ends_at IS NULL OR g.ends_at > app_now()))
   GROUP BY k.code)
SELECT code, coalesce(w.services, 0) AS services,
       CASE WHEN (SELECT of_place FROM staff) THEN coalesce(h.volunteers, 0) END AS volunteers
  FROM (SELECT unnest(CAST(:known AS text[])) AS code UNION SELECT w.code FROM wanted w UNION SELECT h.code FROM had h
        UNION SELECT k.code FROM skill k WHERE k.person_id = app_actor() AND k.ended_at IS NULL) every
  LEFT JOIN wanted w USING (code) LEFT JOIN had h USING (code) ORDER BY code""")


async def list_skill_codes(connection: AsyncConnection, place_id: UUID | None) -> Sequence[RowMapping]:
    """The codes of skills that every place knows, and that services of a place want; for its staff also those that only its
    volunteers have, and for whoever has one of their own, that. `volunteers`, how many have it, is None for others."""
    asked = {"place_id": place_id, "known": list(SKILLS)}
    return (await connection.execute(_SKILL_CODES, asked)).mappings().all()
