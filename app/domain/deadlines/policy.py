"""What makes a policy sound. Pure."""

from datetime import datetime

from app.domain.deadlines.errors import MissedTooLongAgo
from app.domain.deadlines.models import ANCHORED, Effect, Limits
from app.domain.places.models import Level
from app.kernel.calendars import CalendarName
from app.kernel.change import Office
from app.kernel.deadline_tables import Primitive
from app.kernel.errors import FieldFault
from app.kernel.rules import Role, Rules, reach
from app.kernel.time import CHINA

PUBLISH: Rules = (reach(Role.ADMINISTRATOR),)

PEOPLE = frozenset({"assignee", "requester"})

_POST = "任职的角色(可加层级,如 secretary@street 街道及以上的书记)"
_TARGETS = {
    Primitive.NOTIFY: f"通知的对象可以是:assignee、requester、{_POST};事项和任务还可以是 {'、'.join(Office)}",
    Primitive.SET_HOLDER: f"负责人须是{_POST}",
    Primitive.OPEN_POOL: "开放抢单不填对象",
    Primitive.START: "可以开始的时限:promise_late、reply_in_person",
}

FOLLOWERS = frozenset({"reply_in_person", "promise_late"})
"""Deadlines that only a mark of another one starts."""

NEVER_PAUSED = frozenset(
    {
        *("respond", "reply", "reply_in_person", "dispatch", "offer", "appointment", "promise", "promise_late", "wish"),
        "resolve_emergency",
    }
)
"""Respond and reply never pause (domain.md §4.5), nor does what was agreed for a moment, nor an emergency (§5)."""

BY_MIDNIGHT = "resolve_small"
"""The limit of a small matter is the midnight, whatever a budget says (domain.md §5)."""
_WHOLE_DAY = 86_400

POSTS = (Role.DISPATCHER, Role.SECRETARY)
"""The roles whom the standard limits tell and whom orders fall back on; each community should have them filled."""

POOLED = frozenset({("order", "respond"), ("order", "dispatch"), ("order", "offer")})
"""Deadlines that run only while nobody has taken the matter; a later one must not open it to others (domain.md §4.7)."""

MISSED_DAYS = 31
"""What was missed is listed for so many days back; figures look further."""


def demand_recent(since: datetime, now: datetime) -> None:
    """Raises MissedTooLongAgo when the day in China of `since` is longer ago than MISSED_DAYS."""
    if (now.astimezone(CHINA).date() - since.astimezone(CHINA).date()).days > MISSED_DAYS:
        why = f"最多填 {MISSED_DAYS} 天前"
        raise MissedTooLongAgo(fields=(FieldFault("/query/missed_since", MissedTooLongAgo.code, why),))


def faults_of(
    matter_kind: str, deadline_kind: str, limits: Limits, carried: frozenset[tuple[int, str]] = frozenset()
) -> tuple[FieldFault, ...]:
    """Why these limits do not make a policy: a budget in one unit that fits the calendar, no pause where none is allowed,
    percents that rise with 100 among them, targets that fit their effect, and only a deadline that ends with the acceptance
    opens the pool. `carried`: the events that are kept in any case, by percent and target; they may be said, and no others."""
    faults, marks = _of_time(deadline_kind, limits), limits.marks
    percents = [mark.percent for mark in marks]
    if percents != sorted(set(percents)):
        faults.append(FieldFault("/body/marks", "marks-not-rising", "各节点的百分比须从小到大,不可重复"))
    if 100 not in percents:
        faults.append(FieldFault("/body/marks", "no-miss", "须有 100% 的节点"))
    for m, mark in enumerate(marks):
        for e, effect in enumerate(mark.effects):
            if effect.primitive is Primitive.OPEN_POOL and (matter_kind, deadline_kind) not in POOLED:
                faults.append(FieldFault(f"/body/marks/{m}/effects/{e}", "pool-too-late", "接单之后的时限不能开放抢单"))
            if effect.primitive is Primitive.EVENT:
                if (mark.percent, effect.target) not in carried:
                    what = "event 由系统自动保留:可以照抄现行的,不能增加或改动,请去掉"
                    faults.append(FieldFault(f"/body/marks/{m}/effects/{e}", "event-carried", what))
            elif not _fits(matter_kind, effect):
                faults.append(
                    FieldFault(f"/body/marks/{m}/effects/{e}/target", "bad-target", _TARGETS[effect.primitive])
                )
        if len(set(mark.effects)) != len(mark.effects):
            faults.append(FieldFault(f"/body/marks/{m}/effects", "effect-twice", "同一节点的动作不可重复"))
    return tuple(faults)


def _of_time(deadline_kind: str, limits: Limits) -> list[FieldFault]:
    faults = []
    if (limits.budget_seconds is None) == (limits.budget_days is None):
        faults.append(FieldFault("/body/budget_seconds", "one-budget", "时限按秒或按工作日,二者填一项"))
    if limits.budget_days is not None and limits.calendar is not CalendarName.WORK:
        faults.append(FieldFault("/body/budget_days", "days-of-work", "按工作日计的时限须用 WORK 日历"))
    if deadline_kind in ANCHORED and limits.calendar is not CalendarName.WALL:
        faults.append(FieldFault("/body/calendar", "wall-only", "约定和承诺按钟点计,须用 WALL 日历"))
    whole_day = limits.calendar is CalendarName.WALL and limits.budget_seconds == _WHOLE_DAY
    if deadline_kind == BY_MIDNIGHT and not whole_day:
        faults.append(
            FieldFault(
                "/body/budget_seconds",
                "by-midnight",
                "小事办结固定在 24:00 到期,时限长度不起作用:只改节点的,请填 calendar=WALL、budget_seconds=86400;"
                "要用自己的时限,先用 publishCategory 把类别发布为 by_midnight=false,再发布 resolve_community",
            )
        )
    if deadline_kind in NEVER_PAUSED and limits.pause_limit_seconds is not None:
        faults.append(FieldFault("/body/pause_limit_seconds", "never-paused", "这种时限不可暂停"))
    return faults


def _fits(matter_kind: str, effect: Effect) -> bool:
    match effect.primitive:
        case Primitive.OPEN_POOL:
            return effect.target == ""
        case Primitive.SET_HOLDER:
            return _is_post(effect.target)
        case Primitive.NOTIFY:
            official = matter_kind != "order" and effect.target in set(Office)
            return effect.target in PEOPLE or official or _is_post(effect.target)
        case Primitive.START:
            return effect.target in FOLLOWERS
        case Primitive.EVENT:
            return False  # what a room needs happens whatever an administrator publishes: it is carried over


def _is_post(target: str) -> bool:
    """A role that somebody holds by office, alone or from a level upward."""
    role, at, level = target.partition("@")
    return role in set(Role) - {Role.RESIDENT, Role.VOLUNTEER} and (not at or level in set(Level))
