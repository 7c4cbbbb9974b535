"""The resident's total time, over all rounds (domain.md §4.8)."""

from datetime import datetime, timedelta

import pytest

from app.domain.orders.total import Round, Step, Total
from tests.unit.kernel.test_calendars import WALL, WORK, at

MONDAY, THREE, TUESDAY, NOON = "2026-11-30 09:00", "2026-11-30 15:00", "2026-12-01 10:00", "2026-12-01 12:00"
PLACED, BOOKED = (None, "submitted", MONDAY), (None, "accepted", MONDAY)
SERVED = [("submitted", "offered", MONDAY), ("offered", "accepted", MONDAY), ("accepted", "in_service", MONDAY)]
DELIVERED, AGAIN = ("in_service", "delivered", THREE), ("delivered", "submitted", TUESDAY)
HOUR = timedelta(hours=1)

CASES = {
    # what has become of it: (steps, the rounds' ends, the hours that passed until Tuesday noon, those of working time)
    "waits": ([PLACED], [None], 27, 10),
    "came back within its round": ([PLACED, *SERVED, ("in_service", "submitted", THREE)], [None], 27, 10),
    "booked": ([BOOKED], [None], 27, 10),
    "delivered": ([PLACED, *SERVED, DELIVERED], [THREE], 6, 4.5),
    "delivered and rated": ([PLACED, *SERVED, DELIVERED, ("delivered", "rated", TUESDAY)], [THREE], 6, 4.5),
    "delivered and closed": ([PLACED, *SERVED, DELIVERED, ("delivered", "closed_unrated", TUESDAY)], [THREE], 6, 4.5),
    "cancelled": ([PLACED, ("submitted", "cancelled", THREE)], [THREE], 6, 4.5),
    "called off": ([PLACED, *SERVED, ("in_service", "cancelled", THREE)], [THREE], 6, 4.5),
    "in the second round": ([PLACED, *SERVED, DELIVERED, AGAIN], [THREE, None], 27, 10),
    "rated, and in the second round": (
        [PLACED, *SERVED, DELIVERED, ("delivered", "rated", THREE), ("rated", "submitted", TUESDAY)], [THREE, None], 27, 10),
    "delivered twice": (
        [PLACED, *SERVED, DELIVERED, AGAIN, ("in_service", "delivered", NOON)], [THREE, NOON], 27, 10),
}  # fmt: skip


@pytest.mark.parametrize("what", CASES)
def test_the_total_time(what: str) -> None:
    steps, ends, hours, working = CASES[what]
    total = Total.of(Step(begin, end, at(moment)) for begin, end, moment in steps)
    starts = [MONDAY, TUESDAY][: len(ends)]
    assert total.rounds == tuple(
        Round(number, at(start), at(end) if end else None)
        for number, (start, end) in enumerate(zip(starts, ends, strict=True), 1)
    )
    now: datetime = at(NOON)
    assert (total.passed(now), total.worked(WORK, now)) == (hours * HOUR, working * HOUR)
    assert total.worked(WALL, now) == total.passed(now)
    later = total.passed(now + HOUR) - total.passed(now)
    assert later == (HOUR if ends[-1] is None else timedelta()), "it runs while a round does"
