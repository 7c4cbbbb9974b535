"""The verbs of the calendars: hours of a place, and the working days of the State Council's yearly notice."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from app.domain.deadlines import errors, policy
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.calendars import CalendarName, Week, week_faults
from app.kernel.change import Change
from app.kernel.deadline_tables import CalendarHours, WorkdaySet
from app.kernel.errors import FieldFault, NotAllowed, NothingChanged
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record

LONGEST_NOTICE = 120
"""A year's notice names fewer days than this."""


@dataclass(frozen=True, slots=True)
class Hours:
    """The newest version of the place's own hours (0: none), and what it says."""

    version: int
    newest: Week | None = None


HOURS = Facts(
    """coalesce((SELECT jsonb_build_object('version', h.version, 'newest', h.week) FROM calendar_hours h
         WHERE h.place_id = subject.place_id AND h.calendar = $3::jsonb ->> 'calendar'
         ORDER BY h.version DESC LIMIT 1), '{"version": 0}')""",
    Hours,
)


@record("calendar_hours", "set", subject=PLACE, facts=HOURS, missing=PlaceNotFound)
def set_hours(seen: Hours, actor: Actor, now: datetime, *, place_id: UUID, calendar: str, week: Week) -> Change:
    """Set the hours of a place and below it, on DUTY or WORK; they act on deadlines that start from now on.

    Raises CalendarInvalid with what is wrong with the week: shifts that overlap, none at all, for WORK a day without any
    (make-up days fall on weekends and need hours too); NothingChanged.
    """
    demand(policy.PUBLISH, actor)
    faults = list(week_faults(week))
    if calendar == CalendarName.WORK and not all(week):
        faults.append("工作时间须七天都有:调休上班的周末也按当天的时间计")
    if faults:
        raise errors.CalendarInvalid(fields=tuple(FieldFault("/body/week", "week-invalid", fault) for fault in faults))
    if week == seen.newest:
        raise NothingChanged.since(seen.version)
    hours_id = new_id()
    return Change.record("calendar_hours", hours_id, "set", actor, now, place_id=place_id, version=seen.version).insert(
        CalendarHours,
        id=hours_id,
        place_id=place_id,
        calendar=calendar,
        version=seen.version + 1,
        week=[list(map(list, day)) for day in week],
        published_by=actor.id,
        published_at=now,
    )


TREE = """
  SELECT w.id, NULL::uuid AS place_id, w.version, w.years, w.days, w.published_at, (SELECT app_administers_tree()) AS may
    FROM (VALUES (1)) one LEFT JOIN LATERAL (
      SELECT * FROM workday_set s WHERE s.published_at IS NOT NULL ORDER BY s.version DESC LIMIT 1) w ON true"""


@dataclass(frozen=True, slots=True)
class Workdays:
    """The set in force, the version that comes next, and whether the actor administers the tree."""

    may: bool
    next: int
    years: tuple[int, ...]
    days: dict[str, Any]


IMPORTING = Facts(
    """jsonb_build_object('may', subject.may, 'next', next_workdays_version(),
                          'years', coalesce(to_jsonb(subject.years), '[]'), 'days', coalesce(subject.days, '{}'))""",
    Workdays,
)


def day_fault(year: int, day: date, works: bool) -> FieldFault | None:
    """What is wrong with one day of a year's notice: it lies in another year, or changes nothing."""
    if day.year != year:
        return FieldFault("/body/days", "another-year", f"{day.isoformat()} 不在 {year} 年")
    if works == (day.weekday() < 5):
        usual = "工作日" if works else "休息日"
        return FieldFault("/body/days", "changes-nothing", f"{day.isoformat()} 本来就是{usual},不必列出")
    return None


@record("workday_set", "import", subject=TREE, facts=IMPORTING)
def import_year(
    seen: Workdays, actor: Actor, now: datetime, *, year: int, days: Sequence[tuple[date, bool, str]], source: str
) -> Change:
    """Import a year's notice, or correct one, as a draft: days off on weekdays, and weekend days that are worked. It is in
    force when it is published.

    Raises:
        NotAllowed: only an administrator at the top of the tree. CalendarInvalid: days of another year, days that change
            nothing (a weekday that is worked), a day named twice, none at all.
    """
    if not seen.may:
        raise NotAllowed("全国的工作日安排由最高一级的管理员导入和发布")
    faults = [fault for day, works, _ in days if (fault := day_fault(year, day, works))]
    named = Counter(day for day, _, _ in days)
    faults += [
        FieldFault("/body/days", "day-twice", f"{day.isoformat()} 列了 {n} 次") for day, n in named.items() if n > 1
    ]
    if not days:
        faults.append(FieldFault("/body/days", "no-days", "请列出放假和调休的日子"))
    if faults:
        raise errors.CalendarInvalid(fields=tuple(faults[:50]))
    kept = {day: said for day, said in seen.days.items() if not day.startswith(f"{year}-")}
    added = {day.isoformat(): {"works": works, "name": name} for day, works, name in sorted(days)}
    set_id = new_id()
    return Change.record("workday_set", set_id, "import", actor, now, place_id=None).insert(
        WorkdaySet,
        id=set_id,
        version=seen.next,
        years=sorted({*seen.years, year}),
        days=kept | added,
        source=source,
        imported_by=actor.id,
        imported_at=now,
    )


DRAFT = """
  SELECT s.id, NULL::uuid AS place_id, s.version, s.published_at FROM workday_set s
   WHERE s.id = ($3::jsonb ->> 'id')::uuid FOR NO KEY UPDATE"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A set of working days, and whether it may still come into force."""

    id: UUID
    published: bool
    newest: bool


PUBLISHING = Facts(
    """jsonb_build_object('id', subject.id, 'published', subject.published_at IS NOT NULL, 'newest', NOT EXISTS (
         SELECT 1 FROM workday_set s WHERE s.published_at IS NOT NULL AND s.version > subject.version))""",
    Draft,
)


@record("workday_set", "publish", subject=DRAFT, facts=PUBLISHING, missing=errors.CalendarNotFound)
def publish_workdays(draft: Draft, actor: Actor, now: datetime) -> Change:
    """Bring imported working days into force. Deadlines that were computed without them are computed anew by the worker;
    others keep the days that they started with.

    Raises:
        CalendarNotFound, also for who does not administer the tree. CalendarPublished: it is, or a newer one is.
    """
    if draft.published or not draft.newest:
        raise errors.CalendarPublished
    return Change.record("workday_set", draft.id, "publish", actor, now, place_id=None, version=1).patch(
        WorkdaySet, id=draft.id, published_by=actor.id, published_at=now
    )


VERBS: Sequence[Any] = (set_hours, import_year, publish_workdays)
