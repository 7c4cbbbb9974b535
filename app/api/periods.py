"""A period of whole days in China, by which lists are narrowed and figures counted."""

from datetime import date, datetime, time
from typing import overload

from app.kernel.errors import FieldFault, InvalidInput
from app.kernel.time import CHINA


@overload
def instants(since: date, until: date) -> tuple[datetime, datetime]: ...
@overload
def instants(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]: ...
def instants(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """[since, until) as moments; None where it is open. Raises InvalidInput for an empty period."""
    if since and until and since >= until:
        raise InvalidInput(fields=(FieldFault("/query/until", "period-empty", "结束日期须晚于开始日期"),))
    return _midnight(since), _midnight(until)


def _midnight(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), CHINA)
