"""Random weeks and days off, against an oracle that shares nothing with the module: a tape, one byte a tick, read from the
left."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import chain, compress, count, islice, pairwise
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.kernel.calendars import (
    STANDARD_DUTY,
    STANDARD_WORK,
    Calendar,
    CalendarName,
    Workdays,
)
from app.kernel.time import CHINA
from tests.unit.kernel.test_calendars import HOUR, MINUTE, SECOND


class World(NamedTuple):
    calendar: Calendar
    tick: timedelta
    """A second or a minute; each shift begins and ends with one."""
    midnight: datetime
    """Where the tape begins: before every start, a plain clock on a wall in China."""

    def days(self) -> Iterator[bytes]:
        """The tape of each day, without end."""
        rules = self.calendar.workdays
        for ahead in count():
            day = self.midnight.date() + timedelta(days=ahead)
            ticks = bytearray(timedelta(days=1) // self.tick)
            if rules is None or rules.exceptions.get(day, day.strftime("%a") not in {"Sat", "Sun"}):
                for shift in self.calendar.week[day.isoweekday() - 1]:
                    opens, closes = (second * SECOND // self.tick for second in shift)
                    ticks[opens:closes] = b"\1" * (closes - opens)
            yield bytes(ticks)

    def due(self, start: datetime, budget: timedelta) -> datetime:
        passed, part = divmod(start - self.midnight, self.tick)
        reel = islice(chain.from_iterable(self.days()), passed, None)
        here = next(reel)
        left = budget + part if here else budget  # as if it had started with the open tick
        ticks = -(-left // self.tick)
        last = next(islice(compress(count(passed), chain((here,), reel)), ticks - 1, None))
        return self.midnight + last * self.tick + (left - (ticks - 1) * self.tick)

    def spent(self, start: datetime, end: datetime) -> timedelta:
        reel = b"".join(islice(self.days(), (max(start, end) - self.midnight).days + 1))

        def since_midnight(moment: datetime) -> timedelta:
            ticks, part = divmod(moment - self.midnight, self.tick)
            return reel[:ticks].count(1) * self.tick + (part if reel[ticks] else timedelta(0))

        return max(since_midnight(end) - since_midnight(start), timedelta(0))


def aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=CHINA)


class Spot(NamedTuple):
    """A moment of a world's first days: microseconds since midnight, or as far beside the edge of a shift before."""

    since: int
    beside_edge: int | None

    def on(self, world: World) -> datetime:
        if self.beside_edge is None:
            return world.midnight + self.since * timedelta.resolution
        day, clock = divmod(self.since * timedelta.resolution, timedelta(days=1))
        edges = sorted({edge * SECOND for shifts in world.calendar.week for shift in shifts for edge in shift})
        edge = max((edge for edge in edges if edge <= clock), default=edges[-1])
        return max(
            world.midnight, world.midnight + timedelta(days=day) + edge + self.beside_edge * timedelta.resolution
        )


class Amount(NamedTuple):
    """A budget: microseconds, at most two weeks of open time, or as much as one of the week's shifts holds."""

    micros: int
    shift: int | None

    def of(self, world: World) -> timedelta:
        lengths = [(closes - opens) * SECOND for shifts in world.calendar.week for opens, closes in shifts]
        if self.shift is not None:
            return lengths[self.shift % len(lengths)]
        return min(self.micros * timedelta.resolution, 2 * sum(lengths, timedelta(0)))


Shape = tuple[tuple[int, int], ...]
SHAPES: tuple[Shape, ...] = (
    (),
    ((0, 86_400),),
    ((0, 21_600), (79_200, 86_400)),
    ((50_400, 86_400),),
    STANDARD_DUTY[0],
    STANDARD_WORK[0],
    ((28_800, 36_000), (36_000, 43_200)),
)


# Strategies are built once: hypothesis spends more time on building them anew for each example than on the example.
PATTERNS = st.integers(0, 3**7 - 1)
CHANGES = st.one_of(st.none(), st.dictionaries(st.integers(0, 20), st.booleans(), max_size=4))


def worlds(tick: timedelta) -> st.SearchStrategy[World]:
    """Weeks of split shifts, hours to 24:00 and from 00:00, with holidays and make-up days in the first three weeks."""

    def drawn_hours(ticks: list[int]) -> tuple[tuple[int, int], ...]:
        edges = [edge * tick // SECOND for edge in sorted(ticks)]
        return tuple(zip(edges[::2], edges[1::2], strict=False))

    ticks = st.lists(st.integers(0, timedelta(days=1) // tick), min_size=2, max_size=6, unique=True)
    shape = st.one_of(st.sampled_from(SHAPES), ticks.map(drawn_hours))

    def world(a: Shape, b: Shape, c: Shape, pattern: int, weekday: int, changes: dict[int, bool] | None) -> World:
        week = [(a, b, c)[pattern // 3**day % 3] for day in range(7)]
        if not any(week[:5]):
            week[2] = STANDARD_WORK[0]
        midnight = datetime(2026, 2, 2 + weekday)  # noqa: DTZ001 - a clock on a wall
        if changes is None:
            return World(Calendar(CalendarName.DUTY, tuple(week)), tick, midnight)
        exceptions = {midnight.date() + timedelta(days=ahead): worked for ahead, worked in changes.items()}
        return World(Calendar(CalendarName.WORK, tuple(week), Workdays(frozenset({2026}), exceptions)), tick, midnight)

    return st.builds(world, shape, shape, shape, PATTERNS, st.integers(0, 6), CHANGES)


def spots(days: int) -> st.SearchStrategy[Spot]:
    since = st.integers(0, timedelta(days=days) // timedelta.resolution)
    return st.builds(Spot, since, st.sampled_from((None, None, None, 0, 0, 1, -1)))


def amounts(most: timedelta) -> st.SearchStrategy[Amount]:
    return st.builds(Amount, st.integers(1, most // timedelta.resolution), st.sampled_from((None, None, None, 0, 1, 2)))


MINUTES, SECONDS = worlds(MINUTE), worlds(SECOND)
SPOTS, AMOUNTS = spots(days=9), amounts(timedelta(days=5))


def spec(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
    )


@spec(4000)
@given(MINUTES, SPOTS, AMOUNTS)
def test_due_is_where_the_tape_of_minutes_says(world: World, spot: Spot, amount: Amount) -> None:
    start, budget = spot.on(world), amount.of(world)
    assert world.calendar.due(aware(start), budget) == aware(world.due(start, budget))


@spec(1000)
@given(SECONDS, spots(days=2), amounts(12 * HOUR))
def test_due_is_where_the_tape_of_seconds_says(world: World, spot: Spot, amount: Amount) -> None:
    start, budget = spot.on(world), amount.of(world)
    assert world.calendar.due(aware(start), budget) == aware(world.due(start, budget))


@spec(2000)
@given(MINUTES, SPOTS, SPOTS)
def test_spent_is_what_the_tape_counts(world: World, from_spot: Spot, to_spot: Spot) -> None:
    start, end = from_spot.on(world), to_spot.on(world)
    spent = world.calendar.spent(aware(start), aware(end))
    assert spent == world.spent(start, end)
    periods = world.calendar.periods(aware(start), aware(end))
    assert sum((closes - opens for opens, closes in periods), timedelta(0)) == spent
    assert all(earlier[1] < later[0] for earlier, later in pairwise(periods))


@spec(1500)
@given(SECONDS, SPOTS, AMOUNTS)
def test_when_due_the_budget_is_spent_and_not_a_microsecond_earlier(world: World, spot: Spot, amount: Amount) -> None:
    calendar, start, budget = world.calendar, aware(spot.on(world)), amount.of(world)
    due = calendar.due(start, budget)
    assert calendar.spent(start, due) == budget
    assert calendar.spent(start, due - timedelta.resolution) == budget - timedelta.resolution
    opening = calendar.opens(start)
    assert opening >= start
    assert calendar.spent(start, opening) == timedelta(0)
    assert calendar.spent(opening, opening + timedelta.resolution) == timedelta.resolution
    assert calendar.due(opening, budget) == due


@spec(1500)
@given(SECONDS, SPOTS, SPOTS, AMOUNTS, AMOUNTS)
def test_a_later_start_or_a_larger_budget_is_never_due_earlier(
    world: World, one: Spot, other: Spot, some: Amount, more: Amount
) -> None:
    early, late = sorted((aware(one.on(world)), aware(other.on(world))))
    small, large = sorted((some.of(world), more.of(world)))
    due = world.calendar.due
    assert due(early, small) <= due(late, small)
    assert due(early, small) <= due(early, large)
    if small < large:
        assert due(due(early, small), large - small) == due(early, large)
