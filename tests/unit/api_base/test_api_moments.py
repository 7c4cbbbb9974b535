"""Instants: RFC 3339 in, +08:00 out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.kernel.time import CHINA, Moment, real_now, wire
from tests.bad_values import WRONG_MOMENTS

MOMENT = TypeAdapter(Moment)


@pytest.mark.parametrize(
    "text",
    [
        "2027-02-01T02:00:00Z",
        "2027-02-01T10:00:00+08:00",
        "2027-02-01t07:30:00+05:30",
        "2027-02-01T10:00:00 08:00",  # a plus that nobody escaped, in the query of an address
        "2027-02-01T10:00:00.000 08:00",
    ],
)
def test_the_same_instant_reads_equal_and_is_written_with_our_offset(text: str) -> None:
    moment = MOMENT.validate_python(text)
    assert moment == datetime(2027, 2, 1, 2, tzinfo=UTC)
    assert MOMENT.dump_json(moment) == b'"2027-02-01T10:00:00+08:00"'


@pytest.mark.parametrize("what", sorted(WRONG_MOMENTS))
def test_other_times_are_refused(what: str) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(WRONG_MOMENTS[what])


@pytest.mark.parametrize("value", [None, 1.5, b"2027-02-01T02:00:00Z", datetime(2027, 2, 1), [], {}])  # noqa: DTZ001
def test_other_types_are_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        MOMENT.validate_python(value)


def test_the_range_is_half_open_in_china_time() -> None:
    for sound in ("2020-01-01T00:00:00+08:00", "2099-12-31T23:59:59.999999+08:00", "2028-02-29T00:00:00+14:00"):
        MOMENT.validate_python(sound)
    for wrong in ("2019-12-31T16:00:00-00:01", "2019-12-31T15:59:59Z", "2099-12-31T16:00:00Z"):
        with pytest.raises(ValidationError):
            MOMENT.validate_python(wrong.replace("-00:01", "+00:01"))


def test_milliseconds_are_written_only_where_there_are_any() -> None:
    noon = datetime(2027, 2, 1, 12, tzinfo=CHINA)
    assert wire(noon) == "2027-02-01T12:00:00+08:00"
    assert wire(noon + timedelta(microseconds=999)) == "2027-02-01T12:00:00+08:00"
    assert wire(noon + timedelta(microseconds=123_999)) == "2027-02-01T12:00:00.123+08:00"
    with pytest.raises(ValueError, match="without offset"):
        wire(datetime(2027, 2, 1))  # noqa: DTZ001


def test_the_process_clock_has_an_offset() -> None:
    assert real_now().utcoffset() == timedelta(0)
