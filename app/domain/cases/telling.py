"""What has happened to a case, in sentences that a resident reads: one thread, from the order that it may have been. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Protocol

from app.domain.cases.models import Lane, NotAccepted, WhistleKind
from app.domain.cases.words import ROLES, WRITERS
from app.domain.deadlines.models import label_of
from app.domain.deadlines.spoken import moment
from app.kernel.rules import Via


class Step(Protocol):
    """A row of the history, as `repository.list_history` gives it."""

    def __getitem__(self, name: str, /) -> Any: ...


OF_ORDER: Mapping[str, str] = {
    "place": "您点了一个单",
    "place_for_caller": "社区按您所说点了一个单",
    "wish": "您许下一个微心愿",
    "book": "您预约了服务日",
    "offer": "社区派单",
    "match": "系统派单",
    "decline": "志愿者谢绝",
    "lapse": "无人应答,退回社区",
    "accept": "志愿者接单",
    "claim": "志愿者抢单",
    "claim_wish": "有人认领",
    "release": "志愿者退回",
    "take_back": "社区收回",
    "hand_back": "承接人已离开,退回社区",
    "miss_appointment": "约定的时间无人前来,退回社区",
    "start": "开始服务",
    "abort": "服务中止",
    "rework": "再办一轮",
    "contact": "社区联系了您",
    "reply": "社区答复了您",
    "ask": "社区向您提问",
    "answer": "您回答了问题",
    "confirm": "约定了上门时间",
    "write_plan": "社区写下方案",
    "convert": "订单转为民情事项",
}
"""What an order's step says to whose it was; a step that is not here tells a resident nothing."""

OF_CASE: Mapping[str, str] = {
    "report": "上报",
    "report_for_caller": "站点代为上报",
    "solve_on_the_spot": "网格员当场办理",
    "open_converted": "由订单转来,{seat}书记负责",
    "alarm": "紧急事项,已立即通知责任单位",
    "refuse": "不予受理{why}{elsewhere}",
    "triage": "受理,定为{lane},{seat}办理",
    "withdraw": "上报人撤回",
    "escalate": "上报到{seat}办理{why}",
    "hand_down": "交由{seat}办理{means}",
    "propose_whistle": "提请吹哨",
    "approve_whistle": "吹响{whistle},责任单位须到场",
    "refuse_whistle": "吹哨未获批准",
    "confirm_whistle": "应急哨{confirmed}",
    "submit_result": "提交办理结果,等待回访",
    "submit_whistled": "主办单位提交结果,等待核验",
    "accept_result": "结果通过核验,等待回访",
    "return_result": "结果未通过核验,继续办理{why}",
    "close": "回访确认,办结",
    "close_unreached": "多次未联系上,办结",
    "reopen": "回访表示未解决,重新办理",
    "reopen_whistled": "回访表示未解决,责任单位重新办理",
    "deliberate": "提交四方议事,由居民、物业、社区等各方一起商量",
    "conclude": "议事决定:{decision}",
    "hang": "挂账,由{owner}负责;须改变的是:{must_change}",
    "wake": "恢复办理",
    "merge": "并入同一件事一起办理",
    "unmerge": "恢复单独办理",
    "follow": "合并办理的事项有了结果,等待回访",
    "take_in": "有同一件事并入",
    "terminate": "经独立复核终止{why}",
    "contact": "联系了上报人",
    "reply": "答复了上报人",
    "join": "有居民附议",
    "request_extension": "申请把办理时限{longer}{why}",
    "decide_extension": "{extension}",
    "add_minutes": "有关单位召开了联席会议({held_at})",
    "add_promise": "{unit}承诺{due_at}前做到:{text}{written}",
    "finish_promise": "一项承诺已兑现",
}
"""What a case's step says; the names in braces come from its note, and `seat` is the place whose officers it went to."""

OF_BOARD: Mapping[str, str] = {
    "send": "通知{units}到场",
    "sign": "{units}签收",
    "report_in": "{units}报到",
    "begin": "{units}开始处置",
    "contest": "{units}提出异议,认为不归它办;时限照常计算",
    "uphold": "裁定{units}的异议成立,不归它办",
    "dismiss": "裁定{units}的异议不成立,由它继续办理",
    "dismiss_reported": "裁定{units}的异议不成立,由它继续办理",
    "finish": "{units}完成了它的部分",
    "excuse": "{units}不再需要参与",
}
"""What a unit's step with its assignment says."""

_UNTOLD = frozenset((("co", "sign"), ("co", "begin"), ("lead", "finish")))
"""Too much of a co-unit; and the lead finishes with the result of the case, which is told."""

_WRITTEN = frozenset(
    ("confirm_whistle", "request_extension", "decide_extension", "add_minutes", "add_promise", "finish_promise")
)
BRIEFLY: Mapping[str, str] = {
    **{action: said for action, said in OF_CASE.items() if action not in _WRITTEN},
    "refuse": "不予受理",
    "escalate": "上报到{seat}办理",
    "hand_down": "交由{seat}办理",
    "return_result": "结果未通过核验,继续办理",
    "conclude": "议事有了决定",
    "hang": "挂账",
    "terminate": "经独立复核终止",
}
"""The same without what an officer wrote, for whoever joined the case from another community."""

TAKEN_UP = "由上级提到{seat}办理{why}"
"""Going up, where not the level below said that it cannot, but the level above took it."""


WITHDRAWN_FOR_CALLER = "工作人员按上报人所说撤回"
"""Of a withdrawal that the staff pass on."""

BY_THEN: Mapping[str, str] = {
    "respond": "联系上报人",
    "reply": "答复上报人",
    "triage": "分流,决定由谁办",
    "meeting": "召开联席会议",
    "check": "核验结果",
    "callback": "回访",
    "deliberation": "议事并作出决定",
    "review": "复核能否恢复办理",
    "milestone": "兑现阶段承诺",
    "resolve_hard": "拿出攻坚方案",
    "resolve_emergency": "完成应急处置",
    **dict.fromkeys(("resolve_small", "resolve_community", "resolve_street", "resolve_district"), "办结"),
    **dict.fromkeys(("resolve_routine", "renewal"), "办结"),
}
"""What must have happened by the end of a limit; one that is not here is between officers."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit that runs on a case, and whether it is over."""

    kind: str
    due_at: datetime
    late: bool


def story(
    steps: Sequence[Step],
    holder: str | None,
    limits: Iterable[Limit],
    *,
    board: Sequence[Step] = (),
    whole: bool = True,
    own: bool = True,
) -> list[str]:
    """One sentence a step, those of the case and those of the units on its `board` by time, and at the end who holds it now and
    what must have happened by when, the nearest first; `whole`: with what was written; `own`: to whose order it was,
    which others are told of as the resident's."""
    of_case = OF_CASE if whole else BRIEFLY
    of_order = OF_ORDER if own else {action: said.replace("您", "居民") for action, said in OF_ORDER.items()}
    told_at = [(step["at"], sentence) for step in steps for sentence in _sentences(step, of_case, of_order)]
    told_at += _of_board(board)
    said = [sentence for _, sentence in sorted(told_at, key=lambda one: one[0])]
    if holder is not None:
        told = sorted((limit for limit in limits if limit.kind in BY_THEN), key=lambda limit: limit.due_at)
        said.append(";".join([f"现在由{holder}负责", *map(_until, told)]).replace(";", ",", 1) + "。")
    return said


def _of_board(board: Sequence[Step]) -> Iterator[tuple[datetime, str]]:
    """Units that did the same at the same moment are named in one sentence."""
    told = (step for step in board if (step["role"], step["action"]) not in _UNTOLD)
    for (action, at), steps in groupby(told, key=lambda step: (step["action"], step["at"])):
        units = "、".join(f"{ROLES[step['role']]}单位{step['unit_name']}" for step in steps)
        yield at, f"{moment(at)},{OF_BOARD[action].format(units=units)}。"


def _until(limit: Limit) -> str:
    deed = BY_THEN[limit.kind]
    return f"{moment(limit.due_at)}前就应{deed},已超时" if limit.late else f"须在{moment(limit.due_at)}前{deed}"


def _sentences(step: Step, of_case: Mapping[str, str], of_order: Mapping[str, str]) -> Iterator[str]:
    at = moment(step["at"])
    if step["action"] == "mark":
        for mark in step["note"].get("marks", ()):
            if mark["percent"] == 100:
                yield f"{at},{label_of(mark['deadline'])}时限已到,还没有做到。"
        return
    words = (of_order if step["of_order"] else of_case).get(step["action"])
    if step["note"].get("taken_up"):
        words = TAKEN_UP
    if step["action"] == "withdraw" and step["through"] == Via.PLACER:
        words = WITHDRAWN_FOR_CALLER
    if words is not None:
        yield f"{at},{words.format_map(_names(step)).rstrip('。')}。"


_UNABLE = {"无权限": "无权办理", "缺资源": "缺少资源"}
"""How the reasons that officers write in short read after the name of the level that they speak of."""


def _names(step: Step) -> dict[str, str]:
    note: Mapping[str, Any] = step["note"]
    names = {name: str(note.get(name, "")) for name in ("decision", "owner", "must_change", "text")}
    lane, whistle, elsewhere = note.get("lane"), note.get("whistle"), note.get("elsewhere")
    return {
        **names,
        "why": _why(step),
        "elsewhere": f";可以去:{elsewhere}" if elsewhere else "",
        "means": _means(note),
        "longer": _longer(note),
        "written": f"(由{WRITERS[note['written_by']]}写下)" if "written_by" in note else "",
        "extension": _extension(note, _why(step)),
        "confirmed": "事后获批准" if note.get("approved") else "事后未予追认,已到的单位照常办理",
        "seat": step["seat_name"] or "社区",
        "unit": step["unit_name"] or "一个单位",
        "lane": Lane(lane).label if lane else "事项",
        "whistle": WhistleKind(whistle).label if whistle else "哨",
        **{name: moment(datetime.fromisoformat(note[name])) if name in note else "" for name in ("due_at", "held_at")},
    }


def _why(step: Step) -> str:
    """The reason, as it goes on from what was done; the level that could not do it is named, and who took it up is not below."""
    note: Mapping[str, Any] = step["note"]
    reason = str(note.get("reason") or "")
    if step["action"] == "refuse" and reason:
        reason = NotAccepted(reason).label
    elif reason in _UNABLE and not note.get("taken_up"):
        reason = {"street": "社区", "district": "街道"}.get(note.get("to", ""), "") + _UNABLE[reason]
    return f",原因:{reason}" if reason else ""


def _means(note: Mapping[str, Any]) -> str:
    """By what a case went down: with money, or by the list (费随事转, 准入制度)."""
    if "amount" in note:
        return f",随拨经费 {note['amount']} 元,来源:{note['source']}"
    return ",按准入清单" if note.get("listed") else ""


def _longer(note: Mapping[str, Any]) -> str:
    """Until when somebody asks for; on a calendar of working hours their number says little, and it is all that older steps
    note."""
    until = note.get("due_at")
    hours = f"延长 {note.get('hours')} 小时(按该时限的日历计)"
    return f"延到{moment(datetime.fromisoformat(until))}" if until else hours


def _extension(note: Mapping[str, Any], why: str) -> str:
    if not note.get("granted"):
        return f"延期未获批准{why}"
    until = note.get("due_at")
    return f"上一级批准延期,办理时限到{moment(datetime.fromisoformat(until))}" if until else "上一级批准延期"
