"""The SQL of a replay: slice after slice of the period, each one statement, all in the reader's one transaction.

What a slice takes is measured, and the next one is cut so that it takes about a second: a community's quarter is one or two
statements, a big city's some hundred, and none of them long. The reader's transaction sees one snapshot (`Database.reading`
with `one_snapshot`), so the slices together say what one statement over the whole period would say.
"""

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.deadlines.errors import DraftNotFound, ReplayRunning, ReplayTooLong
from app.domain.deadlines.replay import PAGE, Counts, Drafted, Hours, NewlyMissed, Pace, Progress, Replay, Segments
from app.kernel.calendar_store import week_of, workdays_of
from app.kernel.calendars import WHOLE_DAY, Calendar, CalendarName
from app.kernel.deadlines import Stretch
from app.kernel.pagination import Cursor

# One for each person, and so many for all; the database gives them back whatever becomes of the reader.
_TURN = """
SELECT pg_try_advisory_xact_lock(hashtext('linli replay of'), hashtext(app_actor()::text))
       AND (pg_try_advisory_xact_lock(hashtext('linli replay'), 1) OR pg_try_advisory_xact_lock(hashtext('linli replay'), 2))"""

# As text: SQLAlchemy's connections decode jsonb, the pool's do not.
_HOURS = """
SELECT (SELECT h.week::text FROM calendar_hours h
          LEFT JOIN place_ancestor a ON a.ancestor_id = h.place_id AND a.place_id = $1
         WHERE h.calendar = $2 AND (h.place_id IS NULL OR a.place_id IS NOT NULL)
         ORDER BY coalesce(a.depth, 99), h.version DESC LIMIT 1) AS week,
       w.years, w.days::text AS days,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('place_id', own.place_id, 'week', own.week)), '[]')::text
          FROM (SELECT DISTINCT ON (h.place_id) h.place_id, h.week
                  FROM calendar_hours h
                  JOIN place_ancestor s ON s.place_id = h.place_id AND s.ancestor_id = $1 AND s.depth > 0
                 WHERE h.calendar = $2 ORDER BY h.place_id, h.version DESC) own) AS below
  FROM (VALUES (1)) one LEFT JOIN LATERAL (
    SELECT s.years, s.days FROM workday_set s WHERE s.published_at IS NOT NULL ORDER BY s.version DESC LIMIT 1) w ON true"""

# A slice holds one narrow row for each of its deadlines. The patience is for a slice that was cut too large.
_PATIENCE = """
SELECT set_config(name, value, true)
  FROM (VALUES ('statement_timeout', '30s'), ('work_mem', '96MB'), ('jit', 'off')) own (name, value)"""
_PATIENCE_SECONDS: Final = 35.0

_REPLAY = "SELECT replay_draft($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)::text"


async def take_turn(connection: AsyncConnection) -> None:
    """Before a replay, in its transaction. Raises ReplayRunning while the reader has another one, or others have theirs."""
    if not await (await _driver(connection)).fetchval(_TURN):
        raise ReplayRunning


async def replay(
    connection: AsyncConnection,
    draft: Drafted,
    place_id: UUID,
    period: Stretch,
    now: datetime,
    after: Cursor | None,
    within: timedelta | None = None,
) -> Replay:
    """The whole answer of `replaying`. Raises ReplayTooLong when it is not done `within` so much, DraftNotFound."""
    began = time.monotonic()
    async for found in replaying(connection, draft, place_id, period, now, after):
        if isinstance(found, Replay):
            return found
        if within is not None and found.share < 1 and time.monotonic() - began > within.total_seconds():
            raise ReplayTooLong(f"已重演 {found.share:.0%}")
    raise AssertionError("a replay ends with its answer")


async def replaying(
    connection: AsyncConnection,
    draft: Drafted,
    place_id: UUID,
    period: Stretch,
    now: datetime,
    after: Cursor | None,
    pace: Pace | None = None,
) -> AsyncIterator[Progress | Replay]:
    """What a draft at a place would have done to the deadlines that started in [from, until), as of `now`: how far it has come
    after each slice, and the answer last. Nothing is written. Raises DraftNotFound for a reader who does not administer the
    place."""
    driver = await _driver(connection)
    hours = await _hours(driver, place_id, draft.limits.calendar)
    await driver.execute(_PATIENCE)
    pace = pace or Pace()
    places: dict[UUID, tuple[str, Counts]] = {}
    newly: list[NewlyMissed] = []
    since, until = period
    while since < until:
        end = min(since + pace.span, until)
        began = time.monotonic()
        found = await _slice(driver, draft, hours, (since, end), now, after, PAGE + 1 - len(newly))
        for row in found["places"]:
            place, counts = UUID(row["place_id"]), Counts(*(row[name] for name in _COUNTED))
            places[place] = (row["name"], places[place][1] + counts if place in places else counts)
        newly += (_newly(draft, hours.calendars[row["group"]], row) for row in found["newly"])
        pace = pace.after(time.monotonic() - began)
        since = end
        judged = sum(counts.deadlines for _, counts in places.values())
        yield Progress(end, (end - period[0]) / (until - period[0]), judged)
    ordered = sorted(places.items(), key=lambda place: (-place[1][1].newly, place[0]))
    yield Replay(tuple((place, name, counts) for place, (name, counts) in ordered), tuple(newly))


async def _slice(
    driver: Any, draft: Drafted, hours: Hours, slice_: Stretch, now: datetime, after: Cursor | None, most: int
) -> dict[str, Any]:
    segments = Segments.of(hours.calendars, slice_[0], now)
    answer = await driver.fetchval(
        _REPLAY,
        draft.id,
        *slice_,
        now,
        segments.band,
        segments.opens,
        segments.closes,
        segments.shifts,
        draft.budgets(hours.calendars, 1),
        draft.budgets(hours.calendars, 2),
        hours.places,
        hours.groups,
        after and after.created_at,
        after and after.id,
        most,
        timeout=_PATIENCE_SECONDS,
    )
    if answer is None:
        raise DraftNotFound
    found: dict[str, Any] = orjson.loads(answer)
    return found


async def _driver(connection: AsyncConnection) -> Any:
    return (await connection.get_raw_connection()).driver_connection


_COUNTED = ("deadlines", "before", "under_draft", "newly", "no_longer", "unreached", "excluded")


def _newly(draft: Drafted, on: Calendar, row: dict[str, Any]) -> NewlyMissed:
    moment = datetime.fromisoformat
    started_at = moment(row["started_at"])
    pauses = [(moment(begin), moment(end)) for begin, end in row["pauses"]]
    return NewlyMissed(
        id=UUID(row["id"]),
        matter_id=UUID(row["matter_id"]),
        place_id=UUID(row["place_id"]),
        round=row["round"],
        started_at=started_at,
        stopped_at=row["stopped_at"] and moment(row["stopped_at"]),
        due_before=moment(row["due_at"]),
        due_under_draft=draft.due(on, started_at, row["round"], pauses),
    )


async def _hours(driver: Any, place_id: UUID, name: CalendarName) -> Hours:
    if name is CalendarName.WALL:
        return Hours.of(Calendar(name, WHOLE_DAY), ())
    row = await driver.fetchrow(_HOURS, place_id, name.value)
    workdays = None
    if name is CalendarName.WORK and row["days"] is not None:
        workdays = workdays_of(row["years"], orjson.loads(row["days"]))
    usual = Calendar(name, week_of(orjson.loads(row["week"])), workdays)
    below = [
        (UUID(own["place_id"]), Calendar(name, week_of(own["week"]), workdays)) for own in orjson.loads(row["below"])
    ]
    return Hours.of(usual, below)
