"""The calendars that this process knows. Hours and working days are never altered, so what is known stays true."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any, Final, Protocol
from uuid import UUID

import orjson

from app.kernel.calendars import WHOLE_DAY, Calendar, CalendarName, Week, Workdays

_WEEKS: Final[dict[UUID, Week]] = {}
_WORKDAYS: Final[dict[UUID, Workdays]] = {}

_LOAD: Final = """
SELECT id, week::text AS hours, NULL::int[] AS years, NULL::text AS days FROM calendar_hours WHERE id = ANY($1::uuid[])
UNION ALL
SELECT id, NULL, years, days::text FROM workday_set WHERE id = ANY($1::uuid[])"""


class _Connection(Protocol):
    async def fetch(self, statement: str, /, *values: Any) -> Iterable[Mapping[str, Any]]: ...


async def know(connection: _Connection, ids: Iterable[UUID | None]) -> None:
    """Read the hours and working days with these ids, unless they are known: one message, or none."""
    unknown = [wanted for wanted in set(ids) if wanted and wanted not in _WEEKS and wanted not in _WORKDAYS]
    if not unknown:
        return
    for row in await connection.fetch(_LOAD, unknown):
        if row["hours"] is not None:
            _WEEKS[row["id"]] = week_of(orjson.loads(row["hours"]))
        else:
            _WORKDAYS[row["id"]] = workdays_of(row["years"], orjson.loads(row["days"]))


@cache
def calendar(name: str, hours_id: UUID | None, workdays_id: UUID | None) -> Calendar:
    """A calendar whose rows are known. Raises KeyError for others."""
    if hours_id is None:
        return Calendar(CalendarName.WALL, WHOLE_DAY)
    return Calendar(CalendarName(name), _WEEKS[hours_id], _WORKDAYS[workdays_id] if workdays_id else None)


def week_of(stored: list[Any]) -> Week:
    """A week as it is stored: seven lists of [from, until) in seconds."""
    return tuple(tuple((begin, end) for begin, end in day) for day in stored)


def workdays_of(years: Iterable[int], days: Mapping[str, Mapping[str, Any]]) -> Workdays:
    """Working days as they are stored: day → {"works", "name"}."""
    return Workdays(frozenset(years), {date.fromisoformat(day): said["works"] for day, said in days.items()})
