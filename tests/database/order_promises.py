"""Deadlines of the plain model: domain.md §4 on a wall clock, in seconds."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

HOUR, DAY = 3600, 86400


@dataclass(frozen=True)
class Limit:
    """How long, at which percentages something happens, and whether it may wait (§4.5: respond and reply never)."""

    seconds: int
    percents: tuple[int, ...] = (80, 100)
    pausable: bool = False
    halved: bool = False


LIMITS = {
    "respond": Limit(20 * 60, (80, 100, 150)),
    "reply": Limit(30 * 60),
    "reply_in_person": Limit(15 * 60),
    "coordinate": Limit(4 * HOUR, pausable=True, halved=True),
    "plan": Limit(DAY, pausable=True, halved=True),
    "dispatch": Limit(3 * 60, (100,)),
    "offer": Limit(8 * 60),
    "appointment": Limit(15 * 60),
    "promise": Limit(DAY),
    "promise_late": Limit(HOUR, (100,)),
    "wish": Limit(14 * DAY),
    "finish": Limit(4 * HOUR),
    "rating": Limit(5 * DAY, (60, 100, 140)),
}
"""§3 and §4 with the marks of §4.6 and §4.7; a rating is reminded on day 3, called for on day 5, closed on day 7."""

WISH_LIMITS = LIMITS | {
    "respond": Limit(3 * DAY, (80, 100, 150)),
    "reply": Limit(DAY),
    "coordinate": Limit(7 * DAY, pausable=True, halved=True),
    "plan": Limit(5 * DAY, pausable=True, halved=True),
}
"""Of a wish the limits are days (the glossary, and the standard policies)."""

EFFECTS: dict[tuple[str, int], tuple[str, ...]] = {
    ("respond", 80): ("tell 派单员",),
    ("respond", 100): ("tell 派单员", "open"),
    ("respond", 150): ("tell 书记", "hold 书记"),
    ("reply", 80): ("tell 派单员",),
    ("reply", 100): ("tell 书记", "begin reply_in_person"),
    ("reply_in_person", 80): ("tell 书记",),
    ("reply_in_person", 100): ("tell 管理员",),
    ("coordinate", 80): ("tell 派单员",),
    ("coordinate", 100): ("tell 派单员", "tell 管理员"),
    ("plan", 80): ("tell 派单员",),
    ("plan", 100): ("tell 书记", "tell 管理员", "hold 书记", "do convert"),
    ("dispatch", 100): ("do match",),
    ("offer", 80): ("tell assignee",),
    ("offer", 100): ("do lapse",),
    ("appointment", 80): ("tell assignee",),
    ("appointment", 100): ("tell 派单员", "tell requester", "do miss_appointment"),
    ("promise", 80): ("tell assignee",),
    ("promise", 100): ("tell 派单员", "begin promise_late"),
    ("promise_late", 100): ("tell 书记", "hold 书记"),
    ("wish", 80): ("tell assignee",),
    ("wish", 100): ("do expire_claim",),
    ("finish", 80): ("tell assignee",),
    ("finish", 100): ("tell 派单员",),
    ("rating", 60): ("tell requester",),
    ("rating", 100): ("tell 派单员",),
    ("rating", 140): ("do close_unrated",),
}
"""§4.7: what a mark does. The street has nobody in post here, so the administrator is told."""


@dataclass
class Pause:
    """[begins, ends): it does not run. `sort`: question, force_majeure, or undone (what had stopped it was undone)."""

    begins: datetime
    ends: datetime
    sort: str


@dataclass
class Promise:
    """One deadline. It is missed at the due moment; a mark fires once and never again (§4.6)."""

    kind: str
    round: int
    started: datetime
    seconds: float
    percents: tuple[int, ...]
    pausable: bool
    stopped: datetime | None = None
    stopped_by: str = ""
    fired: set[int] = field(default_factory=set)
    pauses: list[Pause] = field(default_factory=list)

    def at(self, percent: int) -> datetime:
        """When so much of the budget is used, pauses not counted."""
        left = timedelta(seconds=self.seconds * percent / 100)
        here = self.started
        for pause in sorted(self.pauses, key=lambda p: p.begins):
            if pause.begins - here >= left:
                break
            left -= max(pause.begins - here, timedelta(0))
            here = max(here, pause.ends)
        return here + left

    def passed(self, now: datetime) -> list[int]:
        """The marks that are due and have not fired."""
        return [p for p in self.percents if p not in self.fired and self.at(p) <= now]

    def is_paused(self, now: datetime) -> bool:
        return any(p.begins <= now < p.ends for p in self.pauses if p.sort != "undone")

    def pause_left(self, now: datetime) -> float:
        """How long one more pause may last: three days, and all of them together twice the budget (§4.5)."""
        used = sum((p.ends - p.begins).total_seconds() for p in self.pauses if p.sort != "undone")
        return min(3 * DAY, 2 * self.seconds - used)


def limit_of(kind: str, form: str, round_number: int) -> tuple[float, Limit]:
    """§4.8: in a later round coordinate and plan have half their budgets."""
    limit = (WISH_LIMITS if form == "wish" else LIMITS)[kind]
    return limit.seconds * (0.5 if limit.halved and round_number > 1 else 1), limit
