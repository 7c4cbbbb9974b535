"""The SQL of the policies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, TextClause, literal, select, text, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.deadlines import policy
from app.domain.deadlines.errors import DraftNotFound
from app.domain.deadlines.models import DeadlinePolicyDraft, Limits
from app.domain.deadlines.of_matters import STOPPED_BY
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Place, PlaceAncestor
from app.kernel.calendar_store import week_of, workdays_of
from app.kernel.calendars import Calendar, CalendarName, Workdays
from app.kernel.database import rows
from app.kernel.pagination import Cursor
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class CarriedEvent:
    """An event that the room needs at a mark; no policy can leave it out."""

    percent: int
    target: str


@dataclass(frozen=True, slots=True)
class Terms:
    """A policy as its rows keep it; `effects` as (percent, primitive, target)."""

    calendar: str
    budget_seconds: int | None
    budget_days: int | None
    pause_limit_seconds: int | None
    pause_total_percent: int
    later_round_percent: int
    percents: tuple[int, ...]
    effects: frozenset[tuple[int, str, str]]


@dataclass(frozen=True, slots=True)
class Publishing:
    """The newest version at the place (0: none), whether the kind exists, and the events that it carries. `categories`: those
    that a matter of the kind may have there, where the limits are for one; `kinds`: the deadlines that such matters have;
    `newest`: what that version says."""

    version: int
    known: bool
    events: tuple[CarriedEvent, ...]
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    newest: Terms | None = None


# The categories of matters: of an order that of its service, else its form; of a case the code of the catalogue; of an assignment
# the kind of whistle. From the place up and down: limits of a street are for what its communities offer.
_NEAR = """EXISTS (SELECT 1 FROM place_ancestor a
                   WHERE (a.place_id, a.ancestor_id) IN ((subject.place_id, {0}), ({0}, subject.place_id)))"""
_CATEGORIES = f"""(
  SELECT coalesce(jsonb_agg(DISTINCT k.code), '[]') FROM (
    SELECT 'order', s.category FROM service s
     WHERE s.category <> '' AND s.withdrawn_at IS NULL AND {_NEAR.format("s.place_id")}
    UNION ALL SELECT 'order', f.form FROM unnest('{{errand,wish,service_day}}'::text[]) f(form)
    UNION ALL SELECT 'case', c.code FROM case_category c WHERE c.place_id IS NULL OR {_NEAR.format("c.place_id")}
    UNION ALL SELECT 'assignment', w.kind FROM unnest('{{emergency,routine,hard,call_up}}'::text[]) w(kind)) k(matter_kind, code)
   WHERE k.matter_kind = $3::jsonb ->> 'matter_kind' AND coalesce($3::jsonb ->> 'category', '') <> '')"""

_NEWEST = """(
  SELECT to_jsonb(n) || jsonb_build_object('effects', (
           SELECT coalesce(jsonb_agg(jsonb_build_array(e.percent, e.primitive, e.target)), '[]')
             FROM policy_effect e WHERE e.policy_id = n.id))
    FROM deadline_policy n
   WHERE n.place_id = subject.place_id AND n.matter_kind = $3::jsonb ->> 'matter_kind'
     AND n.deadline_kind = $3::jsonb ->> 'deadline_kind' AND n.category = coalesce($3::jsonb ->> 'category', '')
     AND n.estate_type = coalesce($3::jsonb ->> 'estate_type', '')
   ORDER BY n.version DESC LIMIT 1)"""

PUBLISHING = Facts(
    f"""(SELECT jsonb_build_object(
          'known', count(p.id) > 0, 'categories', {_CATEGORIES}, 'newest', {_NEWEST},
          'kinds', (SELECT coalesce(jsonb_agg(DISTINCT s.deadline_kind), '[]') FROM deadline_policy s
                     WHERE s.place_id IS NULL AND s.matter_kind = $3::jsonb ->> 'matter_kind'),
          'version', coalesce(max(p.version) FILTER (WHERE p.place_id = subject.place_id
                                                       AND p.category = coalesce($3::jsonb ->> 'category', '')
                                                       AND p.estate_type = coalesce($3::jsonb ->> 'estate_type', '')), 0),
          'events', coalesce((
             SELECT jsonb_agg(DISTINCT jsonb_build_object('percent', e.percent, 'target', e.target))
               FROM policy_effect e JOIN deadline_policy d ON d.id = e.policy_id
              WHERE d.place_id IS NULL AND e.primitive = 'event' AND d.matter_kind = $3::jsonb ->> 'matter_kind'
                AND d.deadline_kind = $3::jsonb ->> 'deadline_kind'), '[]'))
          FROM deadline_policy p
         WHERE p.matter_kind = $3::jsonb ->> 'matter_kind' AND p.deadline_kind = $3::jsonb ->> 'deadline_kind'
           AND (p.place_id IS NULL OR p.place_id = subject.place_id))""",
    Publishing,
)

DRAFT = "SELECT f.id, f.place_id FROM deadline_policy_draft f WHERE f.id = ($3::jsonb ->> 'id')::uuid"


@dataclass(frozen=True, slots=True)
class Drafted:
    """A draft as it was kept, when it was published, and what publishing it has to know."""

    id: UUID
    place_id: UUID
    matter_kind: str
    deadline_kind: str
    category: str
    estate_type: str
    limits: Limits
    published_at: datetime | None
    seen: Publishing


DRAFTED = Facts(
    f"""(SELECT to_jsonb(f) || jsonb_build_object('seen', {PUBLISHING.sql.replace("$3::jsonb", "to_jsonb(f)")})
          FROM deadline_policy_draft f WHERE f.id = subject.id)""",
    Drafted,
)

_IN_FORCE = text("""
WITH near AS (
  SELECT DISTINCT ON (p.deadline_kind, p.category, p.estate_type) p.*, coalesce(a.depth, 99) AS depth
    FROM deadline_policy p LEFT JOIN place_ancestor a ON a.ancestor_id = p.place_id AND a.place_id = :place_id
   WHERE (p.place_id IS NULL OR a.place_id IS NOT NULL) AND p.matter_kind = :matter_kind
   ORDER BY p.deadline_kind, p.category, p.estate_type, coalesce(a.depth, 99), p.version DESC),
estate AS (
  SELECT coalesce(e.estate_type, '') AS type FROM place_ancestor a JOIN place e ON e.id = a.ancestor_id
   WHERE a.place_id = :place_id AND e.level = 'estate' ORDER BY a.depth LIMIT 1)
SELECT p.*, pl.name AS place_name,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('percent', e.percent, 'primitive', e.primitive, 'target', e.target)
                                  ORDER BY e.percent, e.primitive, e.target), '[]')
          FROM policy_effect e WHERE e.policy_id = p.id) AS effects
  FROM near p LEFT JOIN place pl ON pl.id = p.place_id
 WHERE p.estate_type IN ('', coalesce((SELECT type FROM estate), p.estate_type))
   AND NOT EXISTS (SELECT 1 FROM near n WHERE n.deadline_kind = p.deadline_kind AND n.depth < p.depth
                      AND n.category IN ('', p.category) AND n.estate_type IN ('', p.estate_type))
 ORDER BY p.deadline_kind, p.category, p.estate_type""")


async def list_in_force(connection: AsyncConnection, place_id: UUID, matter_kind: str) -> Sequence[RowMapping]:
    """The policies that hold at a place for one kind of matter: for each kind of deadline, category and type of estate that has
    some the nearest, without those that a nearer one hides; in an estate, those of its type."""
    return (await connection.execute(_IN_FORCE, {"place_id": place_id, "matter_kind": matter_kind})).mappings().all()


@dataclass(frozen=True, slots=True)
class CalendarOf:
    """The calendars that hold at a place now, with the versions behind them and the names of special days."""

    now: datetime
    duty: Calendar
    work: Calendar
    workdays: Workdays
    names: dict[date, str]
    workdays_version: int | None
    source: str | None
    duty_version: int
    work_version: int
    drafts: list[UUID]


_CALENDARS = text("""
SELECT app_now() AS now, p.id, w.years, w.days, w.version AS workdays_version, w.source,
       (SELECT coalesce(array_agg(s.id ORDER BY s.version), '{}') FROM workday_set s
         WHERE s.published_at IS NULL AND s.version > coalesce(w.version, 0)) AS drafts,
       (SELECT jsonb_object_agg(h.calendar, jsonb_build_object('week', h.week, 'version', h.version)) FROM (
          SELECT DISTINCT ON (h.calendar) h.* FROM calendar_hours h
            LEFT JOIN place_ancestor a ON a.ancestor_id = h.place_id AND a.place_id = p.id
           WHERE h.place_id IS NULL OR a.place_id IS NOT NULL
           ORDER BY h.calendar, coalesce(a.depth, 99), h.version DESC) h) AS hours
  FROM place p LEFT JOIN LATERAL (
    SELECT * FROM workday_set s WHERE s.published_at IS NOT NULL ORDER BY s.version DESC LIMIT 1) w ON true
 WHERE p.id = :place_id""")


async def get_calendar(connection: AsyncConnection, place_id: UUID) -> CalendarOf:
    """The calendars of a place. Raises PlaceNotFound."""
    row = (await connection.execute(_CALENDARS, {"place_id": place_id})).mappings().one_or_none()
    if row is None:
        raise PlaceNotFound
    days = row["days"] or {}
    workdays = workdays_of(row["years"] or (), days)
    duty, work = row["hours"]["DUTY"], row["hours"]["WORK"]
    return CalendarOf(
        now=row["now"],
        duty=Calendar(CalendarName.DUTY, week_of(duty["week"])),
        work=Calendar(CalendarName.WORK, week_of(work["week"]), workdays),
        workdays=workdays,
        names={date.fromisoformat(day): said["name"] for day, said in days.items()},
        workdays_version=row["workdays_version"],
        source=row["source"],
        duty_version=duty["version"],
        work_version=work["version"],
        drafts=list(row["drafts"]),
    )


# Why somebody looks: it waits for them, for their unit, or they answer for its place.
_LATE = """
SELECT d.id, d.matter_id, d.kind, d.started_at, d.due_at, d.stopped_at, d.fired > 0 AND d.due_at <= app_now() AS missed,
       {key} AS sorted_at, {stopped_by} AS stopped_by,
       EXISTS (SELECT 1 FROM exclusion e WHERE e.deadline_id = d.id AND e.upheld) AS excluded,
       m.kind AS matter_kind, m.state, m.place_id, p.name AS place_name, m.assignee_id, m.holder_id,
       app_unit(m.unit_id) IS NOT NULL AS ours,
       CASE WHEN d.stopped_at IS NULL THEN extract(epoch FROM d.due_at - app_now())::bigint END AS seconds_left,
       CASE m.kind WHEN 'order' THEN (
         SELECT jsonb_build_object('what', s.name, 'words', o.note, 'form', o.form)
           FROM order_detail o JOIN service s ON s.id = o.service_id WHERE o.matter_id = m.id)
       ELSE (
         SELECT jsonb_build_object('what', k.name, 'words', CASE WHEN app_sees_whole(c.matter_id) THEN c.words END)
           FROM case_detail c JOIN case_category k ON k.id = c.category_id
          WHERE c.matter_id = coalesce((SELECT a.case_id FROM assignment_detail a WHERE a.matter_id = m.id), m.id)) END AS about
  FROM {source} JOIN matter m ON m.id = d.matter_id JOIN place p ON p.id = m.place_id
 WHERE {which}
   AND (m.assignee_id = app_actor() OR m.holder_id = app_actor() OR app_unit(m.unit_id) IS NOT NULL
        OR m.place_id IN (SELECT a.place_id FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                           WHERE g.person_id = app_actor()
                             AND g.role IN ('grid_worker', 'dispatcher', 'secretary', 'administrator')
                             AND g.starts_at <= app_now() AND (g.ends_at IS NULL OR g.ends_at > app_now())))
   AND (CAST(:due AS timestamptz) IS NULL OR ({key}, d.id) > (CAST(:due AS timestamptz), CAST(:last AS uuid)))
 ORDER BY {key}, d.id LIMIT :most"""
_GOING_LATE = text(
    _LATE.format(
        key="d.due_at",
        stopped_by="NULL",
        source="deadline d",
        which="d.stopped_at IS NULL AND d.due_at < app_now() + make_interval(secs => :within)",
    )
)
_MISSED = text(
    _LATE.format(
        key="k.due_at",
        stopped_by=STOPPED_BY.format("d"),
        source="mark k JOIN deadline d ON d.id = k.deadline_id",
        which="k.percent = 100 AND k.due_at >= :since",
    )
)


async def list_going_late(
    connection: AsyncConnection, within_seconds: int, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """Live deadlines of matters on which the reader must act that are due within so many seconds, or missed already; the most
    pressing first."""
    return await _late(connection, _GOING_LATE, {"within": within_seconds}, after, limit)


async def list_missed(
    connection: AsyncConnection, since: datetime, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """All that were missed since then of matters on which the reader must act, also those that have stopped by now
    (`stopped_at`, `stopped_by`), for whoever asks what the day was like. Raises MissedTooLongAgo."""
    policy.demand_recent(since, (await connection.execute(_NOW)).scalar_one())
    return await _late(connection, _MISSED, {"since": since}, after, limit)


_NOW = text("SELECT app_now()")


async def _late(
    connection: AsyncConnection, asked: TextClause, which: Mapping[str, Any], after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    page = {"due": after and after.created_at, "last": after and after.id, "most": limit + 1}
    return (await connection.execute(asked, {**which, **page})).mappings().all()


# A post is a role that somebody is told by, at a community: the roles that effects of policies name.
_EMPTY_POSTS = text("""
WITH wanted AS (SELECT role FROM unnest(CAST(:roles AS text[])) role),
mine AS (
  SELECT DISTINCT p.id, p.code, p.name, p.created_at FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id
    JOIN place p ON p.id = a.place_id AND p.level = 'community'
   WHERE g.person_id = app_actor() AND g.role = 'administrator'
     AND g.starts_at <= app_now() AND (g.ends_at IS NULL OR g.ends_at > app_now()))
SELECT mine.id AS place_id, mine.code, mine.name AS place_name, mine.created_at,
       jsonb_agg(jsonb_build_object('role', wanted.role, 'covered_by', told.place_name) ORDER BY wanted.role) AS posts
  FROM mine CROSS JOIN wanted
  LEFT JOIN LATERAL (
    SELECT up.name AS place_name, a.depth FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
      JOIN place up ON up.id = a.ancestor_id
     WHERE a.place_id = mine.id AND g.role = wanted.role
       AND g.starts_at <= app_now() AND (g.ends_at IS NULL OR g.ends_at > app_now())
     ORDER BY a.depth LIMIT 1) told ON true
 WHERE coalesce(told.depth, 99) > 0
   AND (CAST(:since AS timestamptz) IS NULL OR (mine.created_at, mine.id) > (CAST(:since AS timestamptz), CAST(:last AS uuid)))
 GROUP BY mine.id, mine.code, mine.name, mine.created_at ORDER BY mine.created_at, mine.id LIMIT :most""")


async def list_empty_posts(
    connection: AsyncConnection, roles: Sequence[str], after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The communities in the reader's care with posts that nobody holds there, each post with the place above whose holder is
    told instead (None: an administrator, marked)."""
    asked = {"roles": list(roles), "since": after and after.created_at, "last": after and after.id, "most": limit + 1}
    return (await connection.execute(_EMPTY_POSTS, asked)).mappings().all()


_DRAFT = text("""
SELECT f.*, p.name AS place_name, app_now() AS now,
       (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('percent', e.percent, 'target', e.target)), '[]')
          FROM policy_effect e JOIN deadline_policy d ON d.id = e.policy_id
         WHERE d.place_id IS NULL AND e.primitive = 'event' AND d.matter_kind = f.matter_kind
           AND d.deadline_kind = f.deadline_kind) AS carried
  FROM deadline_policy_draft f JOIN place p ON p.id = f.place_id WHERE f.id = :draft_id""")


async def get_draft(connection: AsyncConnection, draft_id: UUID) -> RowMapping:
    """A draft, the events that publishing would add to it, and the time. Raises DraftNotFound."""
    row = (await connection.execute(_DRAFT, {"draft_id": draft_id})).mappings().one_or_none()
    if row is None:
        raise DraftNotFound
    return row


async def list_drafts(
    connection: AsyncConnection, place_id: UUID | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The drafts for a place and below it, or for all in the reader's care, newest first."""
    f, p, a = DeadlinePolicyDraft, Place, PlaceAncestor
    columns = (f.id, f.place_id, f.matter_kind, f.deadline_kind, f.category, f.estate_type, f.limits, f.drafted_at)
    query: Select[*tuple[Any, ...]] = select(*(col(column) for column in columns), col(p.name).label("place_name"))
    query = query.add_columns(col(f.published_at)).join(p, col(p.id) == col(f.place_id))
    if place_id is not None:
        query = query.where(col(f.place_id).in_(select(col(a.place_id)).where(col(a.ancestor_id) == place_id)))
    key = (col(f.drafted_at), col(f.id))
    if after is not None:
        query = query.where(tuple_(*key) < tuple_(literal(after.created_at), literal(after.id)))
    return await rows(connection, query.order_by(*(column.desc() for column in key)).limit(limit + 1))


_ONE_IN_FORCE = text("""
SELECT p.*, pl.name AS place_name,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('percent', e.percent, 'primitive', e.primitive, 'target', e.target)
                                  ORDER BY e.percent, e.primitive, e.target), '[]')
          FROM policy_effect e WHERE e.policy_id = p.id) AS effects
  FROM deadline_policy p LEFT JOIN place_ancestor a ON a.ancestor_id = p.place_id AND a.place_id = :place_id
  LEFT JOIN place pl ON pl.id = p.place_id
 WHERE (p.place_id IS NULL OR a.place_id IS NOT NULL) AND p.matter_kind = :matter_kind
   AND p.deadline_kind = :deadline_kind AND p.category IN ('', :category) AND p.estate_type IN ('', :estate_type)
 ORDER BY coalesce(a.depth, 99), p.category DESC, p.estate_type DESC, p.version DESC LIMIT 1""")


async def get_in_force(
    connection: AsyncConnection, place_id: UUID, matter_kind: str, deadline_kind: str, category: str, estate_type: str
) -> RowMapping | None:
    """The policy that a deadline of this kind and category would start with now, at a place and in an estate of this type
    there; None: there is none."""
    asked = {
        "place_id": place_id,
        "matter_kind": matter_kind,
        "deadline_kind": deadline_kind,
        "category": category,
        "estate_type": estate_type,
    }
    return (await connection.execute(_ONE_IN_FORCE, asked)).mappings().one_or_none()
