"""What cases and assignments look like over HTTP: the answers, their examples, and how a row becomes one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import RowMapping

from app.api.doing import ActionOut, labels, offered
from app.api.orders_out import HistoryRow, as_whom, show_history
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import policy, telling
from app.domain.cases.models import CaseState, Lane, NotAccepted, ReportedAs, WhistleKind
from app.domain.cases.noted import noted
from app.domain.cases.words import Approval
from app.domain.places.models import Level
from app.domain.units.models import UnitKind
from app.kernel.lifecycle import Lifecycle
from app.kernel.matter import Matter, columns_of
from app.kernel.rules import Actor, Role, Rules, Via
from app.kernel.text import Opaque
from app.kernel.time import Moment

ID = "01985a3c-8888-7f00-8a6b-2f4c5d6e7f09"
AT = "2026-03-02T09:00:00+08:00"

CATEGORY = "类别代码:从 listCategories 的 code 复制"
CategoryCode = Annotated[str, Opaque(40, instead="请填写类别的代码(listCategories 的 code,如 lighting),不是中文名称")]
CALL_FIRST = "紧急情况请先拨打 110(报警)、119(火警)或 120(急救)"
HOLDERS = {"unit": "主办单位", "callback": "回访单位", "branch": "党组织"}
"""Who holds a case, where it is not the office of its level."""
SENDS_TO_UNITS = frozenset({"triage", "propose_whistle"})
"""Whoever may do one of these is shown which units fit."""

APPROVALS = "批准情况:" + "、".join(f"{one.value} {one.label}" for one in Approval)

OUTLINE = frozenset(
    """
    id state state_label version category category_name emergency place_id place_name holder held_since due_at created_at round
    level level_label seat_name answer elsewhere advice reporters story actions
    """.split()  # noqa: SIM905 - read as a list
)
"""What whoever joined a case from another community reads of it (domain.md §5): that it is there, how it stands, who holds it and
until when, and what was answered. A field that is not named here stays away; the place is the street."""
OUTLINED_NOTE = frozenset(("lane", "whistle", "to", "marks"))
"""Of a step they read the same of its note: nothing that somebody wrote."""


class CaseHead(Out):
    id: StrictUUID = Field(description="事项编号")
    state: Choice[CaseState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")


class CaseTold(CaseHead):
    """With what is written for people, so that it stands at the top of the answer."""

    story: list[str] = Field(description="经过,一句一步,最后是现在由谁负责、什么时候之前须做到什么")


class CaseRow(CaseHead):
    version: int = Field(description="版本")
    category: str = Field(description="类别代码")
    category_name: str = Field(description="类别名称")
    emergency: bool = Field(description="是否紧急")
    lane: Choice[Lane] | None = Field(description="分类:small 小事、big 大事、hard 难事;未分流则为 null")
    lane_label: str | None = Field(description="分类的中文名称;未分流则为 null")
    words: str | None = Field(description="反映的内容;附议其他社区的,不显示")
    spot: str | None = Field(description="具体位置;附议其他社区的,不显示")
    place_id: StrictUUID = Field(description="所在地点编号;附议其他社区的,为街道")
    place_name: str = Field(description="所在地点名称;附议其他社区的,为街道")
    holder: str | None = Field(description="现在由谁负责;已结束则为 null")
    held_since: Moment | None = Field(description="由其负责的开始时间")
    due_at: Moment | None = Field(description="当前时限何时到期")
    created_at: Moment = Field(description="上报时间")


class ExtensionOut(Out):
    hours: float = Field(description="申请延长多少小时,按该时限的日历计")
    reason: str = Field(description="为什么")
    asked_at: Moment = Field(description="申请时间")
    granted: bool | None = Field(description="是否批准;未决定为 null")
    decision: str | None = Field(description="决定的说明")


class FittingUnitOut(Out):
    id: StrictUUID = Field(description="单位编号")
    name: str = Field(description="单位名称")
    kind: Choice[UnitKind] = Field(description="单位种类")
    kind_label: str = Field(description="单位种类的中文名称")
    answers: bool = Field(description="是否按权责清单由其负责;否则只是该类事项应由这一种单位办理")


class CaseWhistleOut(Out):
    kind: Choice[WhistleKind] = Field(description="哪一种哨")
    kind_label: str = Field(description="哨的中文名称")
    reason: str | None = Field(description="为何吹哨,写给办理的人看;紧急类别上报即吹的为空,居民看不到为 null")
    proposed_at: Moment = Field(description="提请时间")
    approval: Choice[Approval] = Field(description=APPROVALS)
    approval_label: str = Field(description="批准情况,中文")
    decided_at: Moment | None = Field(description="批准或不批准的时间;未决定为 null")
    decision: str | None = Field(description="不批准、不予追认的原因,或补充说明,写给办理的人看;居民看不到为 null")


class CaseOut(CaseRow, CaseTold):
    round: int = Field(description="第几轮")
    level: str = Field(description="办理层级:community 社区、street 街道、district 区县")
    level_label: str = Field(description="办理层级的中文名称")
    seat_name: str = Field(description="办理层级的地点名称")
    reported_as: Choice[ReportedAs] | None = Field(description="上报渠道;附议其他社区的,不显示")
    reported_as_label: str | None = Field(description="上报渠道的中文名称;附议其他社区的,不显示")
    outcome: str | None = Field(
        description="办理情况;这一轮还没有结果、结果被退回或事项终止的为 null,提交过的见 getCaseHistory;"
        "附议其他社区的,只显示可公开的答复"
    )
    answer: str | None = Field(description="可公开的答复;没有结果、被退回或事项终止的为 null,提交过的见 getCaseHistory")
    evidence: list[dict[str, Any]] = Field(description="办理依据;没有结果或被退回的为空")
    end_reason: str | None = Field(description="不予受理、撤回或终止的原因")
    elsewhere: str | None = Field(description="不予受理时,应去哪里反映")
    merged_into: StrictUUID | None = Field(
        description="现在并入哪个事项,为其编号;恢复单独办理,或已随其有了结果的为 null"
    )
    order_id: StrictUUID | None = Field(description="由哪个订单转来")
    advice: str | None = Field(description="紧急事项:请先拨打哪些电话;其他为 null")
    whistle: CaseWhistleOut | None = Field(description="最近的一个哨和它的批准情况;没有吹哨则为 null")
    extension: ExtensionOut | None = Field(description="延期申请,一个事项只有一次;没有则为 null")
    reporters: int = Field(description="有多少人上报或附议")
    actions: list[ActionOut] = Field(description="我现在可以做的操作,各由哪个接口来做")
    suggested_units: list[FittingUnitOut] = Field(
        description="分流、吹哨时可选的单位,按权责清单负责的在前;不由我分流或吹哨时为空"
    )


ROW_EXAMPLE: dict[str, Any] = {
    "id": ID, "state": "whistled", "state_label": "已吹哨", "version": 5, "category": "lighting", "category_name": "路灯照明",
    "emergency": False, "lane": "hard", "lane_label": "难事",
    "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外", "place_id": ID,
    "place_name": "西峪社区", "holder": "主办单位:区城管局", "held_since": AT, "due_at": "2026-03-09T09:00:00+08:00",
    "created_at": AT,
}  # fmt: skip
WHISTLE_EXAMPLE = {
    "kind": "routine", "kind_label": "日常哨", "reason": "灯杆权属不清,需城管和供电一起到场", "proposed_at": AT,
    "approval": "approved", "approval_label": Approval.APPROVED.label, "decided_at": AT, "decision": None,
}  # fmt: skip
PAGE_EXAMPLE = {"items": [ROW_EXAMPLE], "next_cursor": None}
CASE_EXAMPLE = {
    "id": ID, "state": "whistled", "state_label": "已吹哨",
    "story": ["3月2日(周一)09:00,上报。", "现在由主办单位:区城管局负责,须在3月9日(周一)09:00前办结。"],
    **ROW_EXAMPLE, "round": 1, "level": "street", "level_label": "街道", "seat_name": "神堂沟街道", "reported_as": "resident",
    "reported_as_label": "居民上报", "outcome": None, "answer": None, "evidence": [], "end_reason": None, "elsewhere": None,
    "merged_into": None, "order_id": None, "advice": None, "whistle": WHISTLE_EXAMPLE, "extension": None,
    "reporters": 1,
    "actions": labels(policy.LIFECYCLE, ("withdraw", "withdrawCase")),
    "suggested_units": [
        {"id": ID, "name": "区城管局", "kind": "department", "kind_label": "职能部门", "answers": True},
    ],
}  # fmt: skip


def show_case_row(row: RowMapping) -> CaseRow:
    return CaseRow(**_fit(row, _common(row)))


def show_case(row: RowMapping, steps: Sequence[RowMapping], reader_id: UUID) -> CaseOut:
    """A case with its steps as this reader may see it."""
    reported_as, actions = ReportedAs(row["reported_as"]), actions_of(policy.LIFECYCLE, row, reader_id)
    state = CaseState(row["state"])
    same = ("round", "level", "seat_name", "elsewhere", "order_id", "reporters")
    shown = {
        **_common(row),
        **{name: row[name] for name in same},
        "outcome": row["outcome"] if state.has_result else None,
        "answer": row["answer"] if state.has_result else None,
        "evidence": row["evidence"] if state.has_result else [],
        "merged_into": row["merged_into"] if state is CaseState.MERGED else None,
        "level_label": Level(row["level"]).label,
        "reported_as": reported_as,
        "reported_as_label": reported_as.label,
        "advice": CALL_FIRST if row["emergency"] and row["state"] in policy.OPEN else None,
        "whistle": show_whistle(row),
        "extension": None if row["extension"] is None else ExtensionOut(**row["extension"]),
        "end_reason": _end_reason(row),
        "story": telling.story(
            fit_steps(steps),
            show_holder(row),
            _limits(row),
            board=_board_steps(row),
            whole=row["whole"],
            own=reader_id in (row["requester_id"], row["beneficiary_id"]),
        ),
        "actions": actions,
        "suggested_units": [_fitting(unit) for unit in row["fitting"]] if _sends_to_units(actions) else [],
    }
    return CaseOut(**_fit(row, shown))


def show_whistle(row: RowMapping) -> CaseWhistleOut | None:
    """The newest whistle of the case of the row; what the offices write to each other about it is for them and the units."""
    if row["whistle"] is None:
        return None
    official = row["post"] is not None or "seated" in row["parts"] or policy.officers.roles & {*map(Role, row["roles"])}
    whistle = row["whistle"] if official else {**row["whistle"], "reason": None, "decision": None}
    kind, approval = WhistleKind(whistle["kind"]), Approval.of(whistle["approved"], blown=whistle["blown"])
    return CaseWhistleOut(
        kind=kind,
        kind_label=kind.label,
        reason=whistle["reason"],
        proposed_at=whistle["proposed_at"],
        approval=approval,
        approval_label=approval.label,
        decided_at=whistle["decided_at"],
        decision=whistle["decision"],
    )


def _sends_to_units(actions: Sequence[ActionOut]) -> bool:
    return any(one.action in SENDS_TO_UNITS for one in actions)


def _fitting(unit: Mapping[str, Any]) -> FittingUnitOut:
    kind = UnitKind(unit["kind"])
    same = {name: unit[name] for name in ("id", "name", "answers")}
    return FittingUnitOut(**same, kind=kind, kind_label=kind.label)


def _limits(row: RowMapping) -> list[telling.Limit]:
    return [telling.Limit(one["kind"], datetime.fromisoformat(one["due_at"]), one["late"]) for one in row["limits"]]


def _board_steps(row: RowMapping) -> list[dict[str, Any]]:
    return [{**step, "at": datetime.fromisoformat(step["at"])} for step in row["board_steps"]]


def _fit(row: RowMapping, shown: dict[str, Any]) -> dict[str, Any]:
    """What the reader of the row may read of it."""
    if row["whole"]:
        return shown
    away: dict[str, Any] = {
        name: [] if isinstance(value, list) else None for name, value in shown.items() if name not in OUTLINE
    }
    return {**shown, **away, **row["street"]}


def fit_steps(steps: Sequence[RowMapping]) -> list[dict[str, Any]]:
    """What the reader may read of the steps; what the order was that became the case is its first reporter's."""
    return [{**step, "note": _fit_note(step)} for step in steps if step["whole"] or not step["of_order"]]


def _fit_note(step: RowMapping) -> dict[str, Any]:
    """Minutes are read on the board: those of early versions stand in the note as well."""
    hidden = {"text"} if step["action"] == "add_minutes" else set()
    return {k: v for k, v in step["note"].items() if (step["whole"] or k in OUTLINED_NOTE) and k not in hidden}


def allowed(rules: Rules, row: RowMapping, reader_id: UUID) -> bool:
    """Whether one of the rules allows this reader on the case of the row."""
    matter: Matter[None] = Matter(**columns_of(row), kind=policy.LIFECYCLE.kind, detail=None)
    return any(rule.allows(matter, _actor(row, reader_id)) for rule in rules)


def actions_of(lifecycle: Lifecycle, row: RowMapping, reader_id: UUID) -> list[ActionOut]:
    """What this reader may do now with the case or the assignment of the row."""
    matter: Matter[None] = Matter(**columns_of(row), kind=lifecycle.kind, detail=None)
    return offered(lifecycle, matter, _actor(row, reader_id), row["waits"])


def _actor(row: RowMapping, reader_id: UUID) -> Actor:
    return Actor(
        reader_id,
        frozenset(map(Role, row["roles"])),
        None,
        frozenset(map(Role, row["seat_roles"])),
        row["post"],
        frozenset(row["parts"]),
    )


def _common(row: RowMapping) -> dict[str, Any]:
    state = CaseState(row["state"])
    told = ("state", "state_label", "holder", "lane", "lane_label")
    lane = row["lane"] and Lane(row["lane"])
    shown = {name: row[name] for name in CaseRow.model_fields if name not in told}
    return {
        **shown, "state": state, "state_label": state.label, "holder": show_holder(row),
        "lane": lane, "lane_label": lane and lane.label,
    }  # fmt: skip


def _end_reason(row: RowMapping) -> str | None:
    reason: str | None = row["end_reason"]
    return NotAccepted(reason).label if reason and row["state"] == CaseState.NOT_ACCEPTED else reason


def show_holder(row: RowMapping) -> str | None:
    """Who holds a case, in words; None: nobody."""
    match row["holder"]:
        case None:
            return None
        case "unit":
            return f"{HOLDERS['unit']}:{row['unit_name']}"
        case "seat":
            return str(row["seat_name"])
        case other:
            return f"{row['seat_name']}{HOLDERS[other]}"


def show_step(row: dict[str, Any], reader_id: UUID) -> HistoryRow:
    """A step of a case; whose case it is did not order it, but reported it."""
    if row["of_order"]:
        return show_history(row, reader_id)
    step = show_history(row, reader_id, policy.LIFECYCLE)
    told: dict[str, Any] = {"note_label": noted(step.note)}
    if step.by in (Via.SELF, Via.REPRESENTATIVE):
        own = as_whom(step.by, for_another=row["for_another"]) is Via.SELF
        told["by_label"] = Via.REPORTER.label if own else "代为上报的人"
    if step.action == "confirm_whistle" and "approved" in step.note:
        told["label"] = "应急哨" + Approval.of(step.note["approved"], blown=True).label
    return step.model_copy(update=told)
