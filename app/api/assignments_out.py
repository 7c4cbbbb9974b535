"""What the assignments of units look like over HTTP: the answer, its example, and how a row becomes one."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import APPROVALS, AT, ID, actions_of
from app.api.doing import ActionOut, labels
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import board_policy
from app.domain.cases.models import AssignmentState, WhistleKind
from app.domain.cases.words import ROLES, Approval, Excuse
from app.kernel.time import Moment


class AssignmentOut(Out):
    id: StrictUUID = Field(description="任务编号")
    case_id: StrictUUID = Field(description="事项编号")
    state: Choice[AssignmentState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    version: int = Field(description="版本")
    role: str = Field(description="lead 主办、co 协办")
    role_label: str = Field(description="席位的中文名称")
    whistle: Choice[WhistleKind] = Field(description="哪一种哨")
    whistle_label: str = Field(description="哨的中文名称")
    approval: Choice[Approval] | None = Field(description=f"{APPROVALS};单位已不在席位上的为 null")
    approval_label: str | None = Field(description="批准情况,中文")
    unit_id: StrictUUID = Field(description="单位编号")
    unit_name: str = Field(description="单位名称")
    category_name: str | None = Field(description="事项类别")
    words: str | None = Field(description="反映的内容")
    spot: str | None = Field(description="具体位置")
    place_name: str = Field(description="所在地点名称")
    due_at: Moment | None = Field(description="最近的时限;没有则为 null")
    signed_at: Moment | None = Field(description="签收时间")
    contest_until: Moment | None = Field(
        description="认为不属本单位的,须在这个时刻之前提出异议;未签收或不得再提为 null"
    )
    outcome: str | None = Field(description="完成情况")
    excuse: Choice[Excuse] | None = Field(
        description="为何免除:" + "、".join(f"{one} {one.label}" for one in Excuse) + ";没有免除为 null"
    )
    excuse_label: str | None = Field(description="为何免除,中文,连同改派给哪个单位或免除的理由")
    created_at: Moment = Field(description="派发时间")
    actions: list[ActionOut] = Field(description="我现在可以做的操作,各由哪个接口来做")


ASSIGNMENT_EXAMPLE: dict[str, Any] = {
    "id": ID, "case_id": ID, "state": "sent", "state_label": "待签收", "version": 1, "role": "lead", "role_label": "主办",
    "whistle": "routine",
    "whistle_label": "日常哨", "approval": "approved", "approval_label": Approval.APPROVED.label,
    "unit_id": ID, "unit_name": "区城管局", "category_name": "路灯照明",
    "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外", "place_name": "西峪社区", "due_at": "2026-03-02T11:00:00+08:00",
    "signed_at": None, "contest_until": None, "outcome": None, "excuse": None, "excuse_label": None, "created_at": AT,
    "actions": labels(board_policy.LIFECYCLE, ("sign", "signAssignment")),
}  # fmt: skip


def show_assignment(row: RowMapping, reader_id: UUID) -> AssignmentOut:
    """An assignment as this reader may see it."""
    state, whistle = AssignmentState(row["state"]), WhistleKind(row["category"])
    blown = row["blown_at"] is not None
    approval = Approval.of(row["approved"], blown=blown) if blown else None
    excused = row["excused_by"]
    excuse = excused and Excuse.of(excused["action"], excused["why"])
    told = (
        *("state", "state_label", "role_label", "whistle", "whistle_label", "approval", "approval_label", "actions"),
        *("excuse", "excuse_label"),
    )
    return AssignmentOut(
        **{name: row[name] for name in AssignmentOut.model_fields if name not in told},
        state=state,
        state_label=state.label,
        role_label=ROLES[row["role"]],
        whistle=whistle,
        whistle_label=whistle.label,
        approval=approval,
        approval_label=approval and approval.label,
        excuse=excuse,
        excuse_label=excuse and excuse.explained(row["excuse"], row["given_name"]),
        actions=actions_of(board_policy.LIFECYCLE, row, reader_id),
    )
