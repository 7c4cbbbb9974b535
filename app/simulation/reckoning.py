"""A second reckoning of every mark, in Python and from the rows alone: what must have fired has, once, and nothing early.

It shares no code with the sweep, the late stop or the invariants, so that a fault of theirs shows here. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Limit:
    """A deadline's row, with the action that stopped it and the state that this left its matter in (None: it runs). `of`: the
    kind of matter: an order, a case, or the assignment of a unit."""

    id: str
    matter_id: str
    kind: str
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    percents: tuple[int, ...]
    times: tuple[datetime, ...]
    fired: int
    stopped_by: str | None = None
    left_as: str | None = None
    of: str = "order"


@dataclass(frozen=True, slots=True)
class Fired:
    """A mark's row."""

    limit_id: str
    percent: int
    due_at: datetime
    fired_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """A message about a mark, to one person in one capacity."""

    limit_id: str
    percent: int
    target: str
    person_id: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be."""

    kind: str
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} · {self.en}"


def faults(limits: Sequence[Limit], fired: Sequence[Fired], told: Iterable[Message], now: datetime) -> Iterator[Fault]:
    """Everything that is wrong with the marks at the simulated time `now`, when nothing is due any more."""
    by_id = {limit.id: limit for limit in limits}
    there = Counter((mark.limit_id, mark.percent) for mark in fired)
    wanted = {(limit.id, percent) for limit in limits for percent in passed(limit, now)}
    for limit_id, percent in sorted(wanted - there.keys()):
        yield _fault("missing", by_id[limit_id], percent, "应触发而没有触发", "had to fire and has not")
    for (limit_id, percent), times in sorted(there.items()):
        limit = by_id.get(limit_id)
        if limit is None:
            yield Fault("stray", f"节点属于不存在的时限 {limit_id}", f"a mark of no limit: {limit_id}")
        elif (limit_id, percent) not in wanted:
            yield _fault("too much", limit, percent, "不应触发而触发了", "fired and should not have")
        elif times > 1:
            yield _fault("twice", limit, percent, f"触发了 {times} 次", f"fired {times} times")
    for mark in fired:
        if mark.fired_at < mark.due_at and mark.limit_id in by_id:
            limit = by_id[mark.limit_id]
            yield _fault("early", limit, mark.percent, "提前触发", f"fired at {mark.fired_at}, due at {mark.due_at}")
    yield from _notices(by_id, there.keys(), told)


def passed(limit: Limit, now: datetime) -> list[int]:
    """The marks that a limit has passed by `now`. Periods are [start, due): at the due moment it is missed, also by what
    stops it in that moment."""
    until = now if limit.stopped_at is None else limit.stopped_at
    return [percent for percent, at in zip(limit.percents, limit.times, strict=True) if at <= until]


def _notices(
    by_id: Mapping[str, Limit], there: AbstractSet[tuple[str, int]], told: Iterable[Message]
) -> Iterator[Fault]:
    times = Counter((one.limit_id, one.percent, one.target, one.person_id) for one in told)
    for (limit_id, percent, _, person), number in times.items():
        if number > 1 and limit_id in by_id:
            yield _fault(
                "told twice", by_id[limit_id], percent, f"通知 {person} {number} 次", f"told {person} {number} times"
            )
        if (limit_id, percent) not in there and limit_id in by_id:
            yield _fault(
                "told of nothing", by_id[limit_id], percent, "没有节点却有通知", "was told of, and never fired"
            )


def _fault(kind: str, limit: Limit, percent: int, zh: str, en: str) -> Fault:
    where = f"{limit.kind} {percent} % ({limit.matter_id[:8]}…)"
    return Fault(kind, f"{where} {zh}", f"{where} {en}")
