"""What a policy says, in words for whoever reads or publishes it: what its limit is for and which moment counts, what its marks
do, and whether it pauses. Pure."""

from collections.abc import Iterable, Mapping

from app.domain.deadlines.meaning import told
from app.domain.deadlines.models import Effect, label_of
from app.domain.deadlines.policy import NEVER_PAUSED
from app.kernel.deadline_tables import Primitive

_ONLY_MARKS = "这里的时限长度不改变到期时刻,只有节点起作用"
MIDNIGHT = "18:00 以前收到的当天 24:00,18:00 起收到的次日 24:00"
"""When a small matter is due (domain.md §5)."""

FIXED: Mapping[tuple[str, str], str] = {
    ("case", "resolve_small"): f"由社区办理、定为小事、类别为当天解决(by_midnight)的事项,到期时刻固定:{MIDNIGHT}",
    ("case", "milestone"): "到期时刻是承诺的日期",
    ("case", "review"): "到期时刻是挂账时写明的复核日期",
    ("order", "promise"): "到期时刻是方案承诺的日期",
}
"""Limits that are due at a moment of their own, whatever budget their policy names: of these only the marks count."""

_COUNTS: Mapping[tuple[str, str], str] = {
    **{limit: f"{due};{_ONLY_MARKS}" for limit, due in FIXED.items()},
    (
        "case",
        "resolve_community",
    ): "由社区办理的其他事项;定为小事、类别为当天解决(by_midnight)的按 resolve_small,不按这里",
}
_FROM_START = "从开始起,按所选日历和时限长度算出到期时刻"


def counts(matter: str, kind: str) -> str:
    """Which moment counts for a limit: where it is not the budget that says so, or not of everything that one would think."""
    return _COUNTS.get((matter, kind), _FROM_START)


_BY_ITSELF: Mapping[str, str] = {
    "case.supervise": "由上一级督办",
    "case.check_silence": "视为核验通过",
    "case.need_call": "转回访员联系",
    "case.renew": "续办一个工作日",
    "case.wake": "恢复办理",
    "order.close_unrated": "未评价,自动办结",
    "order.convert": "转为民情事项",
    "order.expire_claim": "认领到期,退回",
    "order.lapse": "无人应答,退回社区",
    "order.match": "由系统派单",
    "order.miss_appointment": "无人赴约,退回社区",
}
"""What a room does by itself at a mark."""


def said(effect: Effect) -> str:
    """What an effect of a mark does."""
    match effect.primitive:
        case Primitive.NOTIFY:
            return f"通知{told(effect.target)}"
        case Primitive.SET_HOLDER:
            return f"移交{told(effect.target)}负责"
        case Primitive.OPEN_POOL:
            return "开放抢单"
        case Primitive.START:
            return f"开始{label_of(effect.target)}时限"
        case Primitive.EVENT:
            return _BY_ITSELF.get(effect.target, "由系统处理")


def at_mark(percent: int, effects: Iterable[Effect]) -> str:
    """What happens at a mark."""
    return f"用到 {percent}%:" + ("、".join(map(said, effects)) or "只记录")


_STOPS_ASIDE = frozenset({"resolve_small", "resolve_community", "resolve_street", "resolve_district"})
"""Limits that are put aside with their case: it hangs or is deliberated, and they go on afterwards with the time used."""


def pausing(matter: str, kind: str, *, pausable: bool) -> str:
    """Whether a limit pauses, and when (domain.md §4.5, §5)."""
    if matter == "order" and pausable:
        return "可以暂停:等居民回答提问时,或遇不可抗力"
    if kind in ("respond", "reply"):
        return "从不暂停:响应和答复一直计时"
    if kind == "resolve_emergency":
        return "从不暂停:应急处置日夜计时"
    if matter == "case" and kind in _STOPS_ASIDE:
        return "不可暂停;只在挂账、议事期间停下,之后接着算"
    return "从不暂停" if kind in NEVER_PAUSED else "不可暂停"
