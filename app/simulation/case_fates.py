"""The tables of the cases of a simulated day: what they are about, how they are reported, and what becomes of them. Change a
number here and run it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.cases.models import Lane, WhistleKind
from app.simulation.profiles import Fate

CATEGORIES: Final[Mapping[str, float]] = {
    "rubbish": 0.22, "noise": 0.14, "parking": 0.11, "repair": 0.13, "lighting": 0.12, "water_power_gas": 0.08,
    "property": 0.07, "dispute": 0.05, "other": 0.04, "illegal_building": 0.02, "danger": 0.02,
}  # fmt: skip
"""What an ordinary case is about."""

WORDS: Final[Mapping[str, str]] = {
    "rubbish": "垃圾桶满了三天没有清运", "noise": "楼下半夜放音响", "parking": "消防通道停满了车",
    "repair": "单元门的门锁坏了关不上", "lighting": "东门外的路灯杆歪了没人认领", "water_power_gas": "整栋楼停水没有通知",
    "property": "电梯停了三天物业不修", "dispute": "楼上漏水两家吵了起来", "other": "社区公告栏该换了",
    "illegal_building": "楼顶又搭起了彩钢房", "danger": "围墙开裂随时要倒",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of the street: of what kind, how diligent, and for which categories it answers."""

    name: str
    kind: str
    diligence: str
    categories: Sequence[str] = ()


UNITS: Final[Sequence[Unit]] = (
    Unit("城管办", "department", "prompt", ("lighting", "illegal_building", "parking")),
    Unit("应急管理办", "department", "prompt", ("danger",)),
    Unit("房管所", "station", "slow", ("repair", "property")),
    Unit("供水供电站", "station", "slow", ("water_power_gas",)),
    Unit("环卫站", "station", "silent", ("rubbish",)),
    Unit("春风超市", "partner", "prompt"),
)
"""For `danger` the unit answers in all communities but the last, where nobody was named."""


class Source(StrEnum):
    """How a case comes to be reported."""

    RESIDENT = "resident"
    REPRESENTATIVE = "representative"
    CALLER = "caller"
    PATROL = "patrol"
    ON_THE_SPOT = "on_the_spot"


@dataclass(frozen=True, slots=True)
class CaseFate(Fate):
    """What becomes of a share of the cases. `category`: what it is about, else by chance; `lane`: of the triage, else as the
    catalogue suggests; `whistle`: of which kind; `unit`: the diligence of the department that leads; `co`: another one is
    called as well; `hour`: when it is reported, else by the curve; `twin`: somebody else reports the same; `nobody`: it
    happens where no unit answers for it."""

    category: str = ""
    source: Source = Source.RESIDENT
    lane: Lane | None = None
    whistle: WhistleKind = WhistleKind.ROUTINE
    unit: str = ""
    co: bool = False
    hour: int | None = None
    twin: bool = False
    nobody: bool = False


SURPRISES: Final[Mapping[str, float]] = dict.fromkeys(
    (
        "withdraw", "refuse_case", "untrue", "contest", "contest_late", "ask_longer", "hang", "hand_down", "push_up", "join",
        "merge", "terminate",
    ),
    0,
)  # fmt: skip
"""What happens to some cases by chance, and not to one that has a fate."""


def _fate(name: str, zh: str, about: Mapping[str, object], *once: str, **deeds: float) -> CaseFate:
    return CaseFate(name, zh, 0, {**SURPRISES, **deeds}, frozenset(once), **about)  # type: ignore[arg-type]


_HANDLED: Final = {"triage": 1, "work": 1, "tap": 1}
"""It is triaged and worked on, and the reporter answers."""
_UP: Final = {"triage": 1, "escalate": 1, "take_up": 1, "blow_here": 0}
"""It goes up to the street."""
_WHISTLED: Final = {
    **_UP, "blow": 1, "decide_whistle": 1, "approve": 1, "sign": 1, "report_in": 1, "go_on": 1, "work": 1, "check": 1, "tap": 1,
}  # fmt: skip
"""A department is called, comes and does its work."""
_SMALL: Final = {"category": "rubbish", "lane": Lane.SMALL}
_HARD: Final = {"category": "lighting", "lane": Lane.HARD, "unit": "prompt"}
_LEFT: Final = {"triage": 1, "work": 0, "work_late": 0, "answer_supervision": 0}
"""Nobody does anything about it."""

ORDINARY_CASE: Final = CaseFate("ordinary", "平常", 0)
FIRST_OF_TWO: Final = CaseFate("first of two", "同一件事", 0, {**SURPRISES, "triage": 0, "triage_late": 1})
"""Nobody has come to it yet when the second one is reported."""
CASE_FATES: Final[Sequence[CaseFate]] = (
    _fate("solved on the spot", "随手办", {**_SMALL, "source": Source.ON_THE_SPOT}, call=1, reach=1),
    _fate("patrol", "巡查发现", {**_SMALL, "source": Source.PATROL}, triage=1, work=1, call=1, reach=1),
    _fate("by a representative", "代报", {**_SMALL, "source": Source.REPRESENTATIVE}, **_HANDLED),
    _fate("by a caller", "来电上报", {**_SMALL, "source": Source.CALLER}, **_HANDLED, call=1, reach=1),
    _fate("not accepted", "不予受理", _SMALL, triage=0, refuse_case=1),
    _fate("withdrawn", "居民撤回", _SMALL, withdraw=1, triage=0),
    _fate("nobody reached", "联系不上", _SMALL, triage=1, work=1, tap=0, call=1, reach=0),
    _fate("no word in time", "响应答复迟", _SMALL, contact=0, reply_case=0, contact_late=1, reply_late=1),
    _fate("late triage", "分流迟", _SMALL, triage=0, triage_late=1),
    _fate("small and untrue", "小事假办结", _SMALL, "untrue", **_HANDLED, untrue=1, feel=1, call=1, reach=1),
    _fate("untrue, found by the check", "假办结被核验退回", _HARD, "untrue", **_WHISTLED, untrue=1, notice=1),
    _fate("untrue, found at the call-back", "假办结被居民退回", _HARD, "untrue", **_WHISTLED, untrue=1, notice=0, feel=1,
          call=1, reach=1),
    _fate("lamp post", "无主灯杆", {**_HARD, "co": True}, **_WHISTLED, finish=1, rate_department=1, rate_whistler=1),
    _fate("contest upheld", "异议成立", _HARD, **_WHISTLED, contest=1, arbitrate=1, uphold=1),
    _fate("contest refused", "异议不成立", _HARD, **_WHISTLED, contest=1, arbitrate=1, uphold=0),
    _fate("contested after reporting in", "报到后异议", _HARD, **_WHISTLED, contest_late=1, arbitrate=1, uphold=0),
    _fate("more time", "延期获准", {**_HARD, "unit": "slow"}, **_WHISTLED, ask_longer=1, decide_extension=1, grant=1),
    _fate("no more time", "延期未准", {**_HARD, "unit": "slow"}, **_WHISTLED, ask_longer=1, decide_extension=1, grant=0),
    _fate("silent department", "部门不应", {**_HARD, "unit": "silent"}, **(_WHISTLED | {
          "sign": 0, "sign_late": 0, "sign_for": 0, "step_in": 1, "work": 0, "work_late": 0, "answer_supervision": 1,
          "finish_late": 1})),
    _fate("department that never comes", "部门始终不来", {**_HARD, "unit": "silent"}, **(_WHISTLED | {
          "sign": 0, "sign_late": 0, "sign_for": 0, "report_in": 0, "step_in": 0, "work": 0, "work_late": 0,
          "answer_supervision": 0})),
    _fate("unit beside the lead that does nothing", "协办不动", {**_HARD, "co": True}, **_WHISTLED, finish=0),
    _fate("checked by nobody", "无人核验", _HARD, **(_WHISTLED | {"check": 0, "check_late": 0})),
    _fate("excused", "协办免除", {**_HARD, "co": True}, **_WHISTLED, excuse=1),
    _fate("hard whistle", "攻坚哨", {**_HARD, "category": "illegal_building", "whistle": WhistleKind.HARD}, **_WHISTLED,
          meet=1),
    _fate("call-up", "召集哨", {**_HARD, "whistle": WhistleKind.CALL_UP}, **(_WHISTLED | {
          "blow_here": 1, "escalate": 0})),
    _fate("whistle refused", "吹哨未准", _HARD, "approve", **(_WHISTLED | {"approve": 0, "blow_here": 1})),
    _fate("hung", "挂账到期", _HARD, **_UP, hang=1, wake=0),
    _fate("hung and woken", "挂账后恢复", _HARD, **_UP, hang=1, wake=1),
    _fate("handed down", "随款下派", _HARD, **_UP, hand_down=1, work=1),
    _fate("up to the district", "上报区县", _HARD, **_UP, push_up=1, work=1),
    _fate("deliberated", "四方议事", {"category": "property", "lane": Lane.BIG}, triage=1, deliberate=1, conclude=1, work=1),
    _fate("emergency by night", "凌晨险情", {"category": "danger", "lane": None, "hour": 3}, sign=1, report_in=1,
          work=1, decide_whistle=1),
    _fate("emergency signed late", "险情签收迟", {"category": "danger", "lane": None, "hour": 15}, sign=0,
          sign_late=0, sign_for=1, report_in=0, step_in=1, work=1),
    _fate("emergency that nobody answers for", "险情无人认领", {"category": "danger", "lane": None, "nobody": True},
          call_out=1),
    _fate("reported twice", "并案", {**_SMALL, "hour": 10, "twin": True}, triage=1, merge=1, unmerge=0),
    _fate("merging undone", "撤销并案", {**_SMALL, "hour": 10, "twin": True}, triage=1, merge=1, unmerge=1, work=1),
    _fate("joined", "附议", {**_SMALL, "hour": 10, "twin": True}, join=1, tap=1),
    _fate("late", "超时办结", _SMALL, **(_LEFT | {"answer_supervision": 1, "finish_late": 1})),
    _fate("never", "始终不办", _SMALL, **_LEFT),
    _fate("terminated", "复核终止", _SMALL, **_LEFT, terminate=1),
)  # fmt: skip
"""At least one of each a day. Everything else is ordinary: character, diligence and chance decide."""
