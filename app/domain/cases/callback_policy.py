"""The rules of the call-back and of supervision, pure: who calls, what settles it, who supervises (domain.md §5)."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from app.domain.cases.callback_tables import CallReason, Step
from app.domain.cases.policy import LEVELS, lead
from app.domain.places.models import Level
from app.kernel.rules import Role, Rules, reach
from app.kernel.time import CHINA

READ = reach(Role.CALLBACK_OFFICER, Role.SUPERVISOR, Role.SECRETARY, Role.ADMINISTRATOR)
"""Who sees what reporters said, beside themselves."""

LIST: Rules = (reach(Role.CALLBACK_OFFICER, Role.SUPERVISOR),)
"""Who sees which reporters wait to be called."""

CALL: Rules = (reach(Role.CALLBACK_OFFICER),)
"""Who calls, if outside the units that handled it."""

SUPERVISE: Rules = (reach(Role.SUPERVISOR, Role.SECRETARY, Role.DISPATCHER, Role.ADMINISTRATOR), lead)
"""Who sees what is supervised: those who supervise, and those who answer."""

FIGURES: Rules = (reach(Role.SUPERVISOR, Role.SECRETARY, Role.ADMINISTRATOR),)
"""Who reads the three rates and the hold-times."""

TRIES = 3
DAYS = 2
"""After so many tries on so many days nobody can be reached: neutral (domain.md §5)."""

SATISFIED_FROM = 4
"""From so many of five stars somebody counts as satisfied (ours)."""


def how_to_ask(reason: CallReason, name: str | None, *, has_phone: bool, mine: bool) -> str:
    """Whom a call-back officer asks and how, or why not this one: what a handler says of their own work does not count (domain.md
    §5: the rates come from the call-back, never from the handler), so there the officer looks for themselves. `name` as the
    reader may see it."""
    who = f"上报人{name or ''}"
    if not mine:
        return "不由您回访:您报过或办过这件事,或在办理单位工作;由其他回访员联系"
    if reason is CallReason.OWN:
        return f"{who}就是办理人,不必问其本人:请到现场看,或问附近的居民,channel 填 visit"
    if not has_phone:
        return f"{who}没有登记电话:请上门问,channel 填 visit;住址见 getReporterContact,没有住址的到反映的位置问;没有见到也请记录"
    return f"请给{who}打电话,channel 填 phone;号码见 getReporterContact,每次查看都会记录"


def satisfied_by(satisfied: bool | None, stars: int | None) -> bool | None:
    """What somebody said in either way; None: nothing."""
    return satisfied if stars is None else stars >= SATISFIED_FROM


def given_up(failed: Sequence[datetime]) -> bool:
    """Whether these tries, none of which reached anybody, are enough."""
    days: set[date] = {at.astimezone(CHINA).date() for at in failed}
    return len(failed) >= TRIES and len(days) >= DAYS


def still_missing(failed: Sequence[datetime], *, answered: bool) -> str:
    """How many tries that reached nobody count so far, and what is missing until nobody has to try any more; `answered`: the
    reporter tapped an answer, which stands then."""
    left, elsewhen = max(TRIES - len(failed), 0), len({at.astimezone(CHINA).date() for at in failed}) < DAYS
    end = "即以其本人的答复为准" if answered else "才按未联系上办结"
    if not failed:
        return f"还没有联系过:在至少 {DAYS} 个不同的日子、共 {TRIES} 次都没有联系上,{end}"
    another = ",其中至少一次在另一天," if elsewhen else ""
    wanted = f"再有 {left} 次{another}" if left else "再在另一天联系一次"
    return f"已有 {len(failed)} 次没有联系上:{wanted}仍没有联系上,{end}"


def supervising(seats: Mapping[str, UUID], level: str, step: Step) -> UUID:
    """The place that supervises: the next level; what stands on the agenda, the highest; at the top nobody is above."""
    levels = [one for one in LEVELS if one in seats]
    at = levels.index(Level(level))
    return seats[levels[-1] if step is Step.AGENDA else levels[min(at + 1, len(levels) - 1)]]
