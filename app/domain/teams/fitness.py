"""Fitness: who may serve an order, and whom to ask first (domain.md §3, 派单). Pure; the facts come from the SQL function
`volunteer_facts`. Nothing here knows where anybody is: there is no location tracking."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from app.domain.teams.skills import name_of

_NEVER = datetime.min.replace(tzinfo=UTC)


class Unfit(StrEnum):
    """Why a volunteer is not asked now."""

    NOT_IN_AREA = "not_in_area"
    NOT_SKILLED = "not_skilled"
    OFF_DUTY = "off_duty"
    QUIET_HOURS = "quiet_hours"
    AWAY = "away"
    CAPACITY_USED = "capacity_used"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _LABELS[self]


_LABELS = {
    Unfit.NOT_IN_AREA: "不在服务范围(在这里还不是志愿者)",
    Unfit.NOT_SKILLED: "没有所需技能或证照已过期",
    Unfit.OFF_DUTY: "不在服务时段",
    Unfit.QUIET_HOURS: "免打扰时段",
    Unfit.AWAY: "暂时离开",
    Unfit.CAPACITY_USED: "今天已接满",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A volunteer as `volunteer_facts` gives them, for one place, skill and moment.

    `taken_today` counts the orders that they hold or finished today; `recent` those that they served in the 28 days
    before; `team_ids` are the teams that serve the place.
    """

    person_id: UUID
    in_area: bool
    skilled: bool
    on_duty: bool
    quiet: bool
    away: bool
    capacity: int
    taken_today: int
    recent: int
    last_served_at: datetime | None
    team_ids: tuple[UUID, ...]

    @property
    def left(self) -> int:
        """How many more orders they take today."""
        return max(0, self.capacity - self.taken_today)


def unfit(candidate: Candidate) -> tuple[Unfit, ...]:
    """Everything that speaks against asking them; empty: they may be asked."""
    against = {
        Unfit.NOT_IN_AREA: not candidate.in_area,
        Unfit.NOT_SKILLED: not candidate.skilled,
        Unfit.OFF_DUTY: not candidate.on_duty,
        Unfit.QUIET_HOURS: candidate.quiet,
        Unfit.AWAY: candidate.away,
        Unfit.CAPACITY_USED: not candidate.left,
    }
    return tuple(reason for reason, holds in against.items() if holds)


def rank(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Those who may be asked, in fair shares: who served least lately, then who has most capacity left, then who has not
    served for longest, then by id, so that the same facts give the same order."""
    return sorted((c for c in candidates if not unfit(c)), key=_share)


def _share(candidate: Candidate) -> tuple[int, int, datetime, UUID]:
    return candidate.recent, -candidate.left, candidate.last_served_at or _NEVER, candidate.person_id


def explain(candidate: Candidate, among: Iterable[Candidate] = (), skill: str = "") -> str:
    """One sentence why this one – or why not. `among`: with whom they are compared; `skill`: the code of what is wanted."""
    if reasons := unfit(candidate):
        return "现在不能派:" + "、".join(reason.label for reason in reasons)
    served = f"近 28 天服务 {candidate.recent} 次" if candidate.recent else "近 28 天没有服务过"
    others = [other.recent for other in among if other.person_id != candidate.person_id]
    if others and candidate.recent < min(others):
        served += ",比其他人少"
    skilled = f"、会{name_of(skill)}" if skill else ""
    return f"在服务范围内{skilled}、当班、今天还能接 {candidate.left} 单,{served}"
