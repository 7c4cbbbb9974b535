"""The loop of a simulated life, against a world in which nothing is real but time."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.simulation.agenda import Agenda
from app.simulation.life import Standing, live

MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return MIDNIGHT + timedelta(minutes=minutes)


@dataclass
class Tape:
    """A world that fires its marks when it rests, and writes down what happens; `slips` by so much between two looks, as a
    real clock does."""

    marks: list[datetime] = field(default_factory=list)
    slips: timedelta = timedelta()
    rests: bool = False
    """Its marks are none that anybody waits for."""
    now: datetime = MIDNIGHT
    happened: list[str] = field(default_factory=list)
    steps: list[datetime] = field(default_factory=list)

    async def rest(self) -> Standing:
        self.now += self.slips
        for mark in sorted(mark for mark in self.marks if mark <= self.now):
            self.marks.remove(mark)
            self.write("mark")
        return Standing(self.now, min(self.marks, default=None), goes_on=bool(self.marks) and not self.rests)

    async def step(self, to: datetime) -> None:
        assert to > self.now, "the clock goes on, never back"
        self.now = to
        self.steps.append(to)

    def write(self, what: str) -> None:
        self.happened.append(f"{what} {(self.now - MIDNIGHT).total_seconds() / 60:g}")

    def deed(self, what: str) -> Callable[[], Awaitable[None]]:
        async def done() -> None:
            self.write(what)

        return done


async def nobody_hears(_: Standing) -> None:
    pass


async def test_the_clock_steps_to_whatever_comes_next() -> None:
    world, agenda = Tape(marks=[at(20), at(45)]), Agenda()
    agenda.intend(at(30), world.deed("reply"))
    agenda.intend(at(10), world.deed("offer"))
    ended = await live(world, agenda, nobody_hears)
    assert world.happened == ["offer 10", "mark 20", "reply 30", "mark 45"]
    assert world.steps == [at(10), at(20), at(30), at(45)]
    assert ended == at(45)


async def test_a_mark_fires_before_a_deed_of_the_same_moment() -> None:
    world, agenda = Tape(marks=[at(20)]), Agenda()
    agenda.intend(at(20), world.deed("accept"))
    await live(world, agenda, nobody_hears)
    assert world.happened == ["mark 20", "accept 20"]


async def test_deeds_of_one_moment_come_in_the_order_in_which_they_were_intended() -> None:
    world, agenda = Tape(), Agenda()
    for what in ("first", "second", "third"):
        agenda.intend(at(5), world.deed(what))
    await live(world, agenda, nobody_hears)
    assert world.happened == ["first 5", "second 5", "third 5"]
    assert world.steps == [at(5)]


async def test_what_is_heard_may_lead_to_more() -> None:
    world, agenda = Tape(marks=[at(20)]), Agenda()
    heard: list[datetime] = []

    async def hear(standing: Standing) -> None:
        if "mark 20" in world.happened and not heard:
            heard.append(standing.now)
            agenda.intend(standing.now + timedelta(minutes=3), world.deed("hurry"))

    await live(world, agenda, hear)
    assert world.happened == ["mark 20", "hurry 23"]
    assert heard == [at(20)], "heard at once, and not only before the next step"


async def test_a_clock_that_runs_on_between_two_steps_is_late_and_never_early() -> None:
    world, agenda = Tape(marks=[at(20)], slips=timedelta(minutes=2)), Agenda()
    for minute in (1, 3, 19, 40):
        agenda.intend(at(minute), world.deed(f"of {minute}"))
    await live(world, agenda, nobody_hears)
    assert [line.split()[:-1] for line in world.happened] == [
        ["of", "1"],
        ["of", "3"],
        ["mark"],
        ["of", "19"],
        ["of", "40"],
    ]
    assert all(float(line.split()[2]) >= float(line.split()[1]) for line in world.happened if line.startswith("of"))


async def test_nothing_intended_and_nothing_due_is_the_end() -> None:
    world = Tape()
    assert await live(world, Agenda(), nobody_hears) == MIDNIGHT
    assert world.steps == []


def test_an_agenda_gives_nothing_away_before_its_moment() -> None:
    agenda, world = Agenda(), Tape()
    agenda.intend(at(10), world.deed("offer"))
    assert agenda.take(at(9.99)) is None
    assert agenda.next_at == at(10)
    assert agenda.take(at(10)) is not None
    assert (len(agenda), agenda.next_at, agenda.take(at(99))) == (0, None, None)


async def test_the_day_is_over_when_only_marks_are_left_that_nobody_waits_for() -> None:
    agenda, tape = Agenda(), Tape([at(10), at(30)], rests=True)

    async def deed() -> None:
        tape.write("deed")

    async def hear(_: Standing) -> None:
        pass

    agenda.intend(at(20), deed)
    assert await live(tape, agenda, hear) == at(20)
    assert tape.steps == [at(10), at(20)], "until then they fire in their time"
