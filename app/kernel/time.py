"""Moments on the wire: RFC 3339 in, `+08:00` out.

Nothing here decides by the clock. Promises take their time from the database (`app_now()`); `real_now` is for tokens
and leases only, and is the one place where the process reads its own clock.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

CHINA: Final = ZoneInfo("Asia/Shanghai")
"""The zone of calendars and working hours; the `tzdata` package stands in where the system has no zone files."""

_WIRE: Final = timezone(timedelta(hours=8))
_FIRST: Final = datetime(2020, 1, 1, tzinfo=_WIRE)
_END: Final = datetime(2100, 1, 1, tzinfo=_WIRE)
_RFC_3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-](?:0[0-9]|1[0-3]):[0-5][0-9]|[+-]14:00)"
)
# A plus that stands in an address as it is, unescaped, arrives as a space; nothing else can be meant by it.
_PLUS_LOST: Final = re.compile(r"(?<=[0-9]) (?=[0-9]{2}:[0-9]{2}\Z)")


def real_now() -> datetime:
    """The process's own clock, in UTC. For tokens, leases, rate limits and key expiry; never for a promise."""
    return datetime.now(UTC)


def a_year_on(now: datetime) -> datetime:
    """The last second, in China, of the same day a year later: what may last a year may end on that day. From 29 February it
    is the 28th."""
    today = now.astimezone(CHINA)
    leap = (today.month, today.day) == (2, 29)
    return today.replace(
        year=today.year + 1, day=28 if leap else today.day, hour=23, minute=59, second=59, microsecond=0
    )


def read_moment(value: object) -> datetime:
    """An instant from its RFC 3339 text with offset, within [2020-01-01, 2100-01-01) China time; in UTC.

    A space in the place of the offset's plus is read as one. A `datetime` that our own code hands over passes when it has an
    offset: JSON cannot hold one. Raises PydanticCustomError.
    """
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise PydanticCustomError("moment_offset", "时间必须带时区,例如 2026-03-01T09:00:00+08:00")
        return value
    text = _PLUS_LOST.sub("+", value) if isinstance(value, str) else ""
    if not _RFC_3339.fullmatch(text):
        raise PydanticCustomError("moment_format", "时间格式应为 2026-03-01T09:00:00+08:00,必须带时区")
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        raise PydanticCustomError("moment_date", "没有这一天,请检查日期") from None
    if not _FIRST <= moment < _END:
        raise PydanticCustomError("moment_range", "时间应在 2020 年至 2099 年之间")
    return moment.astimezone(UTC)


def wire(moment: datetime) -> str:
    """`moment` as the API writes it: `2026-03-01T09:00:00+08:00`, with milliseconds only where there are any.

    Finer parts are cut off. Raises ValueError for a time without offset.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without offset")
    local = moment.astimezone(_WIRE)
    return local.isoformat(timespec="milliseconds" if local.microsecond >= 1000 else "seconds")


@dataclass(frozen=True, slots=True)
class MomentRule:
    """Makes a `datetime` field read and write as above."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read_moment,
            serialization=core_schema.plain_serializer_function_ser_schema(wire, when_used="json-unless-none"),
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date-time", "examples": ["2026-03-01T09:00:00+08:00"]}


Moment = Annotated[datetime, MomentRule()]


_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def read_day(value: object) -> date:
    """A day from its text 2026-03-01, within [2020-01-01, 2100-01-01). Raises PydanticCustomError."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("day_format", "日期格式应为 2026-03-01")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("day_date", "没有这一天,请检查日期") from None
    if not _FIRST.date() <= day < _END.date():
        raise PydanticCustomError("day_range", "日期应在 2020 年至 2099 年之间")
    return day


@dataclass(frozen=True, slots=True)
class DayRule:
    """Makes a `date` field read and write as above."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            read_day, serialization=core_schema.to_string_ser_schema(when_used="json-unless-none")
        )

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "format": "date", "examples": ["2026-03-01"]}


Day = Annotated[date, DayRule()]
