"""What people call the deeds of a case and of an assignment, how the approval of a whistle stands, and the evidence of a result
(domain.md §5)."""

from collections.abc import Mapping
from enum import StrEnum

from app.domain.deadlines.models import label_of
from app.domain.deadlines.reading import MIDNIGHT
from app.domain.services.models import Evidence
from app.kernel.rules import Via

OF_CASES: Mapping[str, str] = {
    "report": "上报", "report_for_caller": "代来电者上报", "solve_on_the_spot": "随手办",
    "open_converted": "由订单转来", "alarm": "应急即吹", "no_unit": "无责任单位", "refuse": "不予受理", "triage": "分流",
    "withdraw": "撤回", "escalate": "上报一级", "hand_down": "下派", "propose_whistle": "提请吹哨",
    "approve_whistle": "批准吹哨", "refuse_whistle": "不准吹哨", "confirm_whistle": "应急哨补批",
    "submit_result": "提交结果", "submit_whistled": "主办提交结果", "accept_result": "核验通过",
    "return_result": "核验退回", "close": "办结", "close_unreached": "未联系上办结", "reopen": "重新办理",
    "reopen_whistled": "责任单位重办", "deliberate": "提交议事", "conclude": "议事决定", "hang": "挂账", "wake": "恢复办理",
    "merge": "并案", "take_in": "并入", "unmerge": "撤销并案", "follow": "随并案办结", "terminate": "终止",
    "contact": "联系", "reply": "答复", "join": "附议", "answer_callback": "一键答复", "record_callback": "回访",
    "need_call": "转人工回访", "add_minutes": "写会议纪要", "add_promise": "作出承诺", "finish_promise": "承诺兑现",
    "request_extension": "申请延期", "decide_extension": "决定延期", "replace_lead": "更换主办", "reseat": "裁定改派",
    "supervise": "督办", "answer_supervision": "答复督办", "renew": "每日续办", "recalculate": "重新计算",
    "to_beneficiary": "代下单结束,转由本人跟进",
}  # fmt: skip
"""The Chinese word of each row of the lifecycle of cases."""

OF_ASSIGNMENTS: Mapping[str, str] = {
    "send": "派发任务", "sign": "签收", "report_in": "报到", "begin": "开始处置", "finish": "协办完成",
    "complete": "主办完成", "contest": "提出异议", "uphold": "异议成立", "dismiss": "异议不成立",
    "dismiss_reported": "异议不成立", "excuse": "免除", "release": "随事项解除", "reopen": "任务重开",
    "promise": "他方写下承诺", "recalculate": "重新计算", "rate_department": "评价单位", "rate_whistler": "评价吹哨",
}  # fmt: skip
"""The same of assignments."""

_ANEW = "仍需办理或又出现的,请用 reportCase 另行上报"
ENDED_CASES: Mapping[str, str] = {
    "closed": _ANEW, "closed_unreached": _ANEW, "withdrawn": _ANEW,
    "not_accepted": "原因和另找何处见 getCase;情况有变的,请用 reportCase 另行上报", "terminated": f"原因见 getCase;{_ANEW}",
    "merged": "随并入的事项(getCase 的 merged_into)一起办理和回访;并错了的,由办理层级用 unmergeCase 撤销",
}  # fmt: skip
"""What one does about a case that goes on no more by itself."""

WAITING_ASSIGNMENTS: Mapping[str, str] = {
    "contested": "等待裁定人裁定(arbitrateContest),结果会通知本单位;在此之前时限照常计算",
    "done": "这项任务已经完成,本单位不必再做什么;事项的进展见 getCase",
    "excused": "这项任务已经免除,本单位不必再做什么",
}
"""How it goes on with an assignment that waits for others or has ended."""

ROLES: Mapping[str, str] = {"lead": "主办", "co": "协办"}
"""How a unit sits on the board of a case."""

WRITERS: Mapping[str, str] = {Via.UNIT: "主办单位", Via.SEAT: "办理层级"}
"""Who writes on the board of a case."""

RATED_FROM = "不满五次,暂不显示"
"""Why there is no average of ratings yet (the SQL functions unit_rated and whistles_rated keep it back)."""


def limit_of(*, emergency: bool, by_midnight: bool) -> str:
    """Which limit counts for the cases of a category (domain.md §5)."""
    community = f"“{label_of('resolve_community')}”时限"
    alarmed = f"紧急的,从吹哨起按“{label_of('resolve_emergency')}”时限;其余的," if emergency else ""
    if by_midnight:
        return f"{alarmed}定为小事的,{MIDNIGHT}办结,不按{community};大事、难事按{community}"
    return f"{alarmed}在社区办理的,小事、大事、难事都按{community}"


class Approval(StrEnum):
    """How the approval of a whistle stands. An emergency's is blown first, and found right or wrong afterwards (先吹后批); a word
    against it calls nobody back."""

    WAITING = "waiting"
    REFUSED = "refused"
    TO_CONFIRM = "to_confirm"
    APPROVED = "approved"
    NOT_CONFIRMED = "not_confirmed"

    @classmethod
    def of(cls, approved: bool | None, *, blown: bool) -> "Approval":
        """Of a whistle that was decided so (None: not yet), `blown` or not."""
        if approved is None:
            return cls.TO_CONFIRM if blown else cls.WAITING
        if approved:
            return cls.APPROVED
        return cls.NOT_CONFIRMED if blown else cls.REFUSED

    @property
    def label(self) -> str:
        return _APPROVALS[self]


_APPROVALS = {
    Approval.WAITING: "待批准",
    Approval.REFUSED: "未批准",
    Approval.TO_CONFIRM: "已吹响,待补批",
    Approval.APPROVED: "已批准",
    Approval.NOT_CONFIRMED: "未予追认,已到的单位照常办理",
}


class Excuse(StrEnum):
    """Why a unit is excused from its assignment. The history of the assignment says it: an arbiter's word, the word of who
    whistled, or a release, which notes what has become of the case."""

    CONTEST = "contest"
    NOT_NEEDED = "not_needed"
    ENDED = "ended"
    ACCEPTED = "accepted"
    LEADS = "leads"

    @classmethod
    def of(cls, action: str, why: str | None) -> "Excuse":
        """Of what excused it, and what that noted; releases noted nothing at first, and most came with the end."""
        if action == "release":
            return cls(why or cls.ENDED)
        return cls.CONTEST if action == "uphold" else cls.NOT_NEEDED

    @property
    def label(self) -> str:
        return _EXCUSES[self]

    def explained(self, reason: str | None, given_name: str | None) -> str:
        """With what belongs to it: the reason of who whistled, or to whom the arbiter gave it."""
        if self is Excuse.CONTEST and given_name:
            return f"裁定归{given_name}"
        return f"{self.label}:{reason}" if self is Excuse.NOT_NEEDED and reason else self.label


_EXCUSES = {
    Excuse.CONTEST: "裁定归其他单位",
    Excuse.NOT_NEEDED: "不再需要",
    Excuse.ENDED: "事项已结束",
    Excuse.ACCEPTED: "事项已有结果并通过核验",
    Excuse.LEADS: "裁定改由本单位主办,另有一项任务",
}

_EVIDENCE = {"note": "文字说明", **{kind.value: kind.label for kind in Evidence}}


def evidence_label(kind: str) -> str:
    """The Chinese word of a kind of evidence; one that only this category wants stands as it is named there."""
    return _EVIDENCE.get(kind, kind)
