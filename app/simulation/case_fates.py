"""The tables of the cases of a simulated day: what they are about, how they are reported, and what becomes of them. Change a
number here and run it again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.cases.models import Lane, WhistleKind
from app.simulation.profiles import Fate, shown

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
    """A unit of the street: of what kind, how diligent, and for which categories it answers. `away`: its officer is, and a
    colleague is named who stands in."""

    name: str
    kind: str
    diligence: str
    categories: Sequence[str] = ()
    away: bool = False


UNITS: Final[Sequence[Unit]] = (
    Unit("城管办", "department", "prompt", ("lighting", "illegal_building", "parking")),
    Unit("应急管理办", "department", "prompt", ("danger",)),
    Unit("房管所", "station", "slow", ("repair", "property")),
    Unit("供水供电站", "station", "slow", ("water_power_gas",)),
    Unit("环卫站", "station", "silent", ("rubbish",)),
    Unit("春风超市", "partner", "prompt"),
    Unit("园林所", "station", "prompt", away=True),
)
"""For `danger` the unit answers in all communities but the last, where nobody was named."""

ADMITTED: Final = ("parking",)
"""What the street's list lets go down to the communities; anything else goes with money."""


class Source(StrEnum):
    """How a case comes to be reported."""

    RESIDENT = "resident"
    REPRESENTATIVE = "representative"
    CALLER = "caller"
    PATROL = "patrol"
    INFORMATION = "information_officer"
    BRANCH = "branch_secretary"
    ON_THE_SPOT = "on_the_spot"


@dataclass(frozen=True, slots=True)
class CaseFate(Fate):
    """What becomes of a share of the cases. `category`: what it is about, else by chance; `lane`: of the triage, else as the
    catalogue suggests; `whistle`: of which kind; `unit`: the name or the diligence of the department that leads; `co`: another
    one is called as well; `hour`: when it is reported, else by the curve; `twin`: somebody else reports the same; `nobody`: it
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


def _fate(name: str, zh: str, about: Mapping[str, object], shows: str, *once: str, **deeds: float) -> CaseFate:
    """`shows` names actions of the case; those of its assignments with that word before them."""
    named = frozenset(one if " " in one else f"case {one}" for one in shown(shows))
    return CaseFate(name, zh, 0, {**SURPRISES, **deeds}, frozenset(once), named, **about)  # type: ignore[arg-type]


_HANDLED: Final = {"triage": 1, "work": 1, "tap": 1}
"""It is triaged and worked on, and the reporter answers."""
_UP: Final = {"triage": 1, "escalate": 1, "take_up": 1, "blow_here": 0}
"""It goes up to the street."""
_WHISTLED: Final = {
    **_UP, "blow": 1, "decide_whistle": 1, "approve": 1, "sign": 1, "report_in": 1, "go_on": 1, "work": 1, "check": 1, "tap": 1,
}  # fmt: skip
"""A department is called, comes and does its work."""
_SILENT: Final = {"sign": 0, "sign_late": 0, "sign_for": 0, "report_in": 0, "work": 0, "work_late": 0}
"""It does nothing by itself."""
_SMALL: Final = {"category": "rubbish", "lane": Lane.SMALL}
_BIG: Final = {"category": "property", "lane": Lane.BIG}
_HARD: Final = {"category": "lighting", "lane": Lane.HARD, "unit": "prompt"}
_HARD_WHISTLE: Final = {**_HARD, "category": "illegal_building", "whistle": WhistleKind.HARD}
_DANGER: Final = {"category": "danger", "lane": None}
_LEFT: Final = {"triage": 1, "work": 0, "work_late": 0, "answer_supervision": 0}
"""Nobody does anything about it."""
_NOT_SOON: Final = {"work": 0, "work_late": 1}
"""Not before the limit comes near."""
_AT_LAST: Final = {"work_late": 0, "answer_supervision": 1, "finish_late": 1}
"""Only once it is supervised."""

ORDINARY_CASE: Final = CaseFate("ordinary", "平常", 0)
FIRST_OF_TWO: Final = CaseFate("first of two", "同一件事", 0, {**SURPRISES, "triage": 0, "triage_late": 1, **_NOT_SOON})
"""Nobody has come to it yet when the second one is reported, and it is done when the two have been merged."""
CASE_FATES: Final[Sequence[CaseFate]] = (
    _fate("solved on the spot", "随手办", {**_SMALL, "source": Source.ON_THE_SPOT}, "solve_on_the_spot", call=1, reach=1),
    _fate("patrol", "巡查发现", {**_SMALL, "source": Source.PATROL}, "report, submit_result", triage=1, work=1, call=1, reach=1),
    _fate("by an information officer", "民情信息员上报", {**_SMALL, "source": Source.INFORMATION},
          "report, submit_result", **_HANDLED),
    _fate("by the branch", "支部书记上报", {**_SMALL, "source": Source.BRANCH}, "report, submit_result", **_HANDLED),
    _fate("by a representative", "代报", {**_SMALL, "source": Source.REPRESENTATIVE}, "report, submit_result", **_HANDLED),
    _fate("consent ended", "代报后同意结束", {**_SMALL, "source": Source.REPRESENTATIVE}, "to_beneficiary", **_HANDLED,
          end_consent=1),
    _fate("by a caller", "来电上报", {**_SMALL, "source": Source.CALLER}, "report_for_caller, submit_result", **_HANDLED, call=1,
          reach=1),
    _fate("not accepted", "不予受理", _SMALL, "refuse", triage=0, triage_late=0, refuse_case=1),
    _fate("withdrawn", "居民撤回", _SMALL, "withdraw", withdraw=1, triage=0, triage_late=0),
    _fate("nobody reached", "联系不上", _SMALL, "record_callback, close_unreached", triage=1, work=1, tap=0, call=1, reach=0),
    _fate("called by nobody", "无人回访", _SMALL, "callback 100", triage=1, work=1, tap=0, call=0),
    _fate("no word in time", "响应答复迟", _SMALL, "respond 80, respond 100, reply 80, reply 100, contact, reply", contact=0,
          reply_case=0, contact_late=1, reply_late=1),
    _fate("late triage", "分流迟", _SMALL, "triage 80, triage 100, triage", triage=0, triage_late=1),
    _fate("small and untrue", "小事假办结", _SMALL, "answer_callback, reopen", "untrue", **_HANDLED, untrue=1, feel=1,
          call=1, reach=1),
    _fate("untrue, found by the check", "假办结被核验退回", _HARD, "return_result, assignment reopen, accept_result", "untrue",
          **_WHISTLED, untrue=1, notice=1),
    _fate("untrue, found at the call-back", "假办结被居民退回", _HARD, "reopen_whistled, assignment reopen", "untrue",
          **_WHISTLED, untrue=1, notice=0, feel=1, call=1, reach=1),
    _fate("returned twice", "两次退回", _HARD, "return_result, accept_result", **_WHISTLED, untrue=1, notice=1, feel=0),
    _fate("lamp post", "无主灯杆", {**_HARD, "co": True},
          "escalate, propose_whistle, approve_whistle, submit_whistled, accept_result, close, assignment send, assignment sign, "
          "assignment report_in, assignment begin, assignment finish, assignment complete, assignment rate_department, "
          "assignment rate_whistler",
          **_WHISTLED, call=1, reach=1, finish=1, rate_department=1, rate_whistler=1),
    _fate("contest upheld", "异议成立", _HARD, "assignment contest, assignment uphold, replace_lead, reseat", "contest",
          **_WHISTLED, contest=1, arbitrate=1, uphold=1),
    _fate("contest refused", "异议不成立", _HARD, "assignment contest, assignment dismiss", "contest", **_WHISTLED, contest=1,
          arbitrate=1, uphold=0),
    _fate("contested after reporting in", "报到后异议", _HARD, "assignment contest, assignment dismiss_reported", "contest_late",
          **_WHISTLED, come_at_once=1, contest_late=1, arbitrate=1, uphold=0),
    _fate("arbitrated late", "裁定迟", _HARD, "assignment contest, arbitration 80, arbitration 100, assignment dismiss",
          "contest", **_WHISTLED, contest=1, arbitrate=0, arbitrate_late=1, uphold=0),
    _fate("more time", "延期获准", {**_HARD, "unit": "slow"}, "request_extension, decide_extension", "ask_longer",
          **(_WHISTLED | _NOT_SOON), ask_longer=1, decide_extension=1, grant=1),
    _fate("no more time", "延期未准", {**_HARD, "unit": "slow"}, "request_extension, decide_extension", "ask_longer",
          **(_WHISTLED | _NOT_SOON), ask_longer=1, decide_extension=1, grant=0),
    _fate("officer away", "代理签收", {**_HARD, "unit": "园林所"}, "sign 100, assignment sign, submit_whistled",
          **(_WHISTLED | {"sign": 0, "sign_late": 0, "sign_for": 1, "work_late": 0})),
    _fate("silent department", "部门不应", {**_HARD, "unit": "silent"},
          "sign 80, sign 100, report_in 80, report_in 100, resolve_routine 100, supervise, answer_supervision, submit_whistled",
          **(_WHISTLED | _SILENT | _AT_LAST | {"step_in": 1})),
    _fate("department that never comes", "部门始终不来", {**_HARD, "unit": "silent"}, "resolve_routine 100, answer 100",
          **(_WHISTLED | _SILENT | {"step_in": 0, "answer_supervision": 0})),
    _fate("unit beside the lead that does nothing", "协办不动", {**_HARD, "co": True}, "assignment release", **_WHISTLED,
          finish=0),
    _fate("checked by nobody", "无人核验", _HARD, "check 80, check 100, accept_result",
          **(_WHISTLED | {"check": 0, "check_late": 0})),
    _fate("excused", "协办免除", {**_HARD, "co": True}, "assignment excuse", **_WHISTLED, finish=0, excuse=1),
    _fate("hard whistle", "攻坚哨", {**_HARD_WHISTLE, "co": True},
          "add_minutes, add_promise, finish_promise, assignment promise", **_WHISTLED, meet=1,
          keep_promise_made=1),
    _fate("hard whistle that drags on", "攻坚哨拖延", _HARD_WHISTLE,
          "meeting 80, meeting 100, milestone 80, milestone 100, submit_whistled",
          **(_WHISTLED | _AT_LAST | {"work": 0, "meet": 0, "meet_late": 1, "keep_promise_made": 0})),
    _fate("call-up", "召集哨", {**_HARD, "whistle": WhistleKind.CALL_UP}, "approve_whistle, submit_whistled",
          **(_WHISTLED | {"blow_here": 1, "escalate": 0})),
    _fate("whistle refused", "吹哨未准", _HARD, "refuse_whistle", "approve", **(_WHISTLED | {"approve": 0, "blow_here": 1})),
    _fate("hung", "挂账到期", _HARD, "hang, review 80, review 100, wake", **_UP, hang=1, wake=0),
    _fate("hung and woken", "挂账后恢复", _HARD, "hang, wake", **_UP, hang=1, wake=1),
    _fate("handed down with money", "随款下派", _HARD, "hand_down, submit_result", **_UP, hand_down=1, work=1),
    _fate("handed down by the list", "按清单下派", {**_HARD, "category": ADMITTED[0]}, "hand_down, submit_result", **_UP,
          hand_down=1, work=1),
    _fate("up to the district", "上报区县", _HARD, "escalate, submit_result", **_UP, push_up=1, work=1),
    _fate("deliberated", "四方议事", _BIG, "deliberate, conclude, submit_result", triage=1, deliberate=1, conclude=1, work=1),
    _fate("big and late", "大事拖延", _BIG, "resolve_community 80, resolve_community 100, submit_result", triage=1, deliberate=0,
          work=0, **_AT_LAST),
    _fate("emergency by night", "凌晨险情", {**_DANGER, "hour": 3}, "alarm, confirm_whistle, submit_whistled", sign=1,
          report_in=1, work=1, decide_whistle=1, approve=1),
    _fate("emergency signed late", "险情签收迟", {**_DANGER, "hour": 15}, "sign 100, report_in 100, submit_whistled", sign=0,
          sign_late=0, sign_for=1, report_in=0, step_in=1, work=1),
    _fate("emergency left undone", "险情拖延", _DANGER, "resolve_emergency 80, resolve_emergency 100, submit_whistled", sign=1,
          report_in=1, work=0, **_AT_LAST),
    _fate("emergency that nobody answers for", "险情无人认领", {**_DANGER, "nobody": True}, "no_unit, alarm", call_out=1),
    _fate("reported twice", "并案", {**_SMALL, "hour": 10, "twin": True}, "merge, follow", triage=1, work=0, merge=1,
          unmerge=0),
    _fate("merging undone", "撤销并案", {**_SMALL, "hour": 10, "twin": True}, "merge, unmerge", triage=1, work=0, merge=1,
          unmerge=1),
    _fate("joined", "附议", {**_SMALL, "hour": 10, "twin": True}, "", join=1, tap=1),
    _fate("late", "超时办结", _SMALL, "resolve_small 80, resolve_small 100, answer_supervision, submit_result",
          **(_LEFT | _AT_LAST)),
    _fate("never", "始终不办", _SMALL,
          "resolve_small 150, resolve_small 200, supervise, answer 80, answer 100, renew, renewal 100", **_LEFT),
    _fate("terminated", "复核终止", _SMALL, "terminate", **_LEFT, terminate=1),
)  # fmt: skip
"""At least one of each a day. Everything else is ordinary: character, diligence and chance decide."""
