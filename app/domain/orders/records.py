"""What is kept beside an order: hours of service, and looks at personal data."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, Select, and_, case, func, literal, select, text, union_all
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.orders.page import DAY
from app.domain.orders.record_models import Reveal, Shown
from app.domain.people.models import Person
from app.kernel.pagination import Cursor
from app.kernel.rules import Role


def recorded(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """A reading of orders with contact and volunteer that writes down, in the same statement, who saw them: whoever sees the
    contact of somebody else, or the phone of a volunteer who is not themselves. Once an hour is enough."""
    seen = query.cte("seen")
    row, me = seen.c, func.app_actor()
    through = case(
        (row.assignee_id == me, "assignee"),
        (row.requester_id == me, "requester"),
        (row.beneficiary_id == me, "beneficiary"),
        *((literal(role.value) == func.any(row.roles), role.value) for role in _STAFF),
        else_="other",
    )

    def look(shown: Shown, subject: ColumnElement[UUID], there: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
        return select(
            func.gen_random_uuid(),
            row.id,
            row.place_id,
            me,
            subject,
            literal(shown.value),
            through,
            select(col(Person.name_sealed)).where(col(Person.id) == me).scalar_subquery(),
            func.date_trunc("hour", func.app_now()),
            func.app_now(),
        ).where(and_(there, subject != me))

    looks = union_all(
        look(Shown.CONTACT, row.beneficiary_id, row.phone_sealed.is_not(None)),
        look(Shown.VOLUNTEER, row.assignee_id, row.volunteer_phone_sealed.is_not(None)),
    )
    columns = [column.name for column in Reveal.__table__.columns if column.name != "level"]  # type: ignore[attr-defined]
    kept = insert_once(Reveal).from_select(columns, looks, include_defaults=False).on_conflict_do_nothing()
    return select(seen).add_cte(kept.cte("kept"))


_STAFF = (Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR, Role.STATION_STAFF)

_HOURS = text("""
SELECT my_ratings() AS ratings, (
         SELECT coalesce(jsonb_agg(jsonb_build_object('month', t.month, 'minutes', t.minutes, 'services', t.services)
                                   ORDER BY t.month DESC), '[]')
           FROM (SELECT to_char(s.ended_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, sum(s.minutes) AS minutes,
                        count(*) AS services
                   FROM service_record s WHERE s.person_id = app_actor() GROUP BY 1) t) AS months, (
         SELECT coalesce(jsonb_agg(to_jsonb(e) ORDER BY e.ended_at DESC, e.matter_id DESC), '[]')
           FROM (SELECT s.matter_id, s.round, s.started_at, s.ended_at, s.minutes, s.place_id, p.name AS place_name
                   FROM service_record s JOIN place p ON p.id = s.place_id
                  WHERE s.person_id = app_actor()
                    AND (CAST(:at AS timestamptz) IS NULL
                         OR (s.ended_at, s.matter_id) < (CAST(:at AS timestamptz), CAST(:last AS uuid)))
                  ORDER BY s.ended_at DESC, s.matter_id DESC LIMIT :most) e) AS entries""")


async def get_hours(connection: AsyncConnection, after: Cursor | None, limit: int) -> RowMapping:
    """The reader's own hours: totals by month, a page of the entries, newest first, and how they were rated as a whole (null
    before there are five ratings)."""
    asked = {"at": after and after.created_at, "last": after and after.id, "most": limit + 1}
    return (await connection.execute(_HOURS, asked)).mappings().one()


# What is agreed, and what was and is not any more, for as long as a calendar should still say so. One that was moved is the
# same one, at its newest time. What was served, early or late, is where it was: from its start until it was delivered. What
# the reader lost with the order is no more theirs to see, but is in their calendar. Who had it, gave it to another member of the
# team and has it again (`assigned`) has it later than they lost it.
_APPOINTMENTS = text(f"""
SELECT a.first_id AS id, a.moves, coalesce(b.begun_at, a.meet_at) AS begins_at, e.served_at AS ends_at, m.id AS order_id,
       m.assignee_id = app_actor() AS serves, s.name AS service_name, p.name AS place_name, {DAY} AS day,
       o.off AND e.served_at IS NULL AS cancelled, num_nonnulls(b.begun_at, e.served_at) AS followed, w.assigned,
       greatest(w.at, coalesce(e.served_at, a.ended_at, CASE WHEN o.off THEN m.changed_at END, b.begun_at, a.confirmed_at))
         AS changed_at
  FROM matter m CROSS JOIN LATERAL (
       SELECT DISTINCT ON (1) coalesce(c.first_id, c.id) AS first_id, c.meet_at, c.proposed_at, c.confirmed_at, c.ended_at,
              c.matter_id,
              count(*) OVER (PARTITION BY coalesce(c.first_id, c.id)) - 1 AS moves
         FROM appointment c WHERE c.matter_id = m.id AND c.confirmed_at IS NOT NULL ORDER BY 1, c.confirmed_at DESC) a
 CROSS JOIN LATERAL (SELECT a.ended_at IS NOT NULL OR m.state = ANY (:ended) AS off) o
 CROSS JOIN LATERAL (SELECT min(h.at) AS begun_at FROM history h WHERE h.matter_id = m.id AND h.to_state = 'in_service'
                        AND h.at >= a.confirmed_at AND (a.ended_at IS NULL OR h.at <= a.ended_at)) b
 CROSS JOIN LATERAL (SELECT min(h.at) AS served_at FROM history h WHERE h.matter_id = m.id AND h.action = 'deliver'
                        AND h.at >= b.begun_at AND (a.ended_at IS NULL OR h.at <= a.ended_at)) e
 CROSS JOIN LATERAL (SELECT count(*) AS assigned, max(h.at) AS at FROM history h WHERE h.matter_id = m.id AND h.action = 'assign'
                        AND m.assignee_id = app_actor()) w
  JOIN order_detail d ON d.matter_id = m.id JOIN service s ON s.id = d.service_id JOIN place p ON p.id = m.place_id
 WHERE (m.requester_id = app_actor() OR m.beneficiary_id = app_actor() OR m.assignee_id = app_actor())
   AND CASE WHEN o.off AND e.served_at IS NULL
            THEN coalesce(a.ended_at, m.changed_at) > app_now() - make_interval(days => :kept)
            ELSE a.meet_at > app_now() - make_interval(days => :past) END
 UNION ALL
SELECT l.id, l.moves, l.begins_at, NULL, l.order_id, true, l.service_name, l.place_name, l.day, true, l.followed, l.assigned,
       l.changed_at
  FROM lost_appointments(app_now() - make_interval(days => :kept)) l
 ORDER BY begins_at, id LIMIT :most""")

CANCELLED_DAYS = 30
PAST_DAYS = 365
MOST_APPOINTMENTS = 1000


async def list_appointments(connection: AsyncConnection) -> Sequence[RowMapping]:
    """The reader's confirmed appointments, on either side: those of the last year and to come, and for thirty days those that
    were called off, or that the reader lost with the order."""
    asked = {
        "ended": ["cancelled", "rejected", "converted"],
        "kept": CANCELLED_DAYS,
        "past": PAST_DAYS,
        "most": MOST_APPOINTMENTS,
    }
    return (await connection.execute(_APPOINTMENTS, asked)).mappings().all()


_WEEK = text("""
WITH week AS MATERIALIZED (
  SELECT date_trunc('week', coalesce(CAST(:day AS timestamp), app_now() AT TIME ZONE 'Asia/Shanghai')) AS monday),
own AS MATERIALIZED (
  SELECT m.id, m.state, m.place_id, m.assignee_id = app_actor() AS mine, p.name AS place_name, s.name AS service_name
    FROM matter m JOIN order_detail d ON d.matter_id = m.id JOIN service s ON s.id = d.service_id
    JOIN place p ON p.id = m.place_id
   WHERE CASE WHEN CAST(:team_id AS uuid) IS NULL THEN m.assignee_id = app_actor() ELSE m.team_id = :team_id END
     AND m.state IN ('offered', 'accepted', 'in_service'))
SELECT own.*, t.what, t.kind, t.at FROM week CROSS JOIN own CROSS JOIN LATERAL (
  SELECT CASE WHEN a.confirmed_at IS NULL THEN 'proposed' ELSE 'appointment' END AS what, NULL AS kind, a.meet_at AS at
    FROM appointment a WHERE a.matter_id = own.id AND a.ended_at IS NULL
  UNION ALL
  SELECT 'deadline', l.kind, l.due_at FROM deadline l WHERE l.matter_id = own.id AND l.stopped_at IS NULL) t
 WHERE t.at >= monday AT TIME ZONE 'Asia/Shanghai' AND t.at < (monday + interval '7 days') AT TIME ZONE 'Asia/Shanghai'
 ORDER BY t.at, own.id LIMIT :most""")


async def list_week(connection: AsyncConnection, day: date | None, team_id: UUID | None = None) -> Sequence[RowMapping]:
    """What the reader's own tasks have in the week of a day (None: this week), Monday to Sunday: appointments, and limits that
    run out. With `team_id` what that team has, as far as the reader sees it: all of it the lead and the staff, a member what is
    theirs."""
    asked = {"team_id": team_id, "day": day and datetime.combine(day, time()), "most": MOST_APPOINTMENTS}
    return (await connection.execute(_WEEK, asked)).mappings().all()
