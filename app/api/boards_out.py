"""What the joint board looks like over HTTP: the answers, their example, and how rows become them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import AT, ID, WHISTLE_EXAMPLE, CaseWhistleOut, show_whistle
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases.models import AssignmentState, CaseState, WhistleKind
from app.domain.cases.words import RATED_FROM, ROLES, WRITERS
from app.kernel.rules import Via
from app.kernel.time import Moment


class ContestOut(Out):
    ground: str = Field(description="依据")
    proposed_name: str = Field(description="提出应由哪个单位负责")
    upheld: bool | None = Field(description="是否成立;未裁定为 null")
    decision: str | None = Field(description="裁定的理由")
    given_name: str | None = Field(description="改派给哪个单位")


class SeatOut(Out):
    id: StrictUUID = Field(description="任务编号")
    unit_id: StrictUUID = Field(description="单位编号")
    unit_name: str = Field(description="单位名称")
    role: str = Field(description="lead 主办、co 协办")
    role_label: str = Field(description="席位的中文名称")
    whistle: Choice[WhistleKind] = Field(description="哪一种哨")
    state: Choice[AssignmentState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    due_at: Moment | None = Field(description="最近的时限;没有则为 null")
    red: bool = Field(description="是否亮红:没有按时签收或报到")
    signed_at: Moment | None = Field(description="签收时间")
    reported_in_at: Moment | None = Field(description="报到时间")
    outcome: str | None = Field(description="完成情况")
    contest: ContestOut | None = Field(description="异议;没有则为 null")


class MinutesOut(Out):
    id: StrictUUID = Field(description="纪要编号")
    text: str = Field(description="议定的内容")
    held_at: Moment = Field(description="会议时间")
    written_at: Moment = Field(description="记录时间")
    attended: list[str] = Field(description="到会单位")


class PromiseOut(Out):
    id: StrictUUID = Field(description="承诺编号")
    unit_id: StrictUUID = Field(description="单位编号")
    unit_name: str = Field(description="单位名称")
    text: str = Field(description="做什么")
    due_at: Moment = Field(description="在什么时候之前")
    made_at: Moment = Field(description="承诺时间")
    kept_at: Moment | None = Field(description="完成时间;未完成为 null")
    red: bool = Field(description="是否亮红:到期没有完成,或完成得晚了")
    written_by: str = Field(description="由谁写下:主办单位或办理层级;不是这个单位自己写的,已通知它")


class BoardOut(Out):
    case_id: StrictUUID = Field(description="事项编号")
    state_label: str = Field(description="事项状态")
    category_name: str = Field(description="类别名称")
    words: str = Field(description="反映的内容")
    place_name: str = Field(description="所在地点名称")
    seat_name: str = Field(description="办理层级的地点名称")
    due_at: Moment | None = Field(description="事项的当前时限")
    meeting_due_at: Moment | None = Field(description="联席会议须在什么时候之前召开;不须或已开为 null")
    whistle: CaseWhistleOut | None = Field(description="最近的一个哨和它的批准情况;没有吹哨则为 null")
    seats: list[SeatOut] = Field(description="席位:主办在前")
    minutes: list[MinutesOut] = Field(description="会议纪要,先开的在前")
    promises: list[PromiseOut] = Field(description="承诺,先到期的在前")


class UnitRatingsOut(Out):
    rated: int = Field(description="被评价次数")
    stars: float | None = Field(description="平均星数;不满五次为 null")
    stars_label: str = Field(description="平均星数,或为何不显示")


class WhistleRatingsOut(UnitRatingsOut):
    valid: int | None = Field(description="其中有效的哨;不满五次为 null")


BOARD_EXAMPLE: dict[str, Any] = {
    "case_id": ID, "state_label": "已吹哨", "category_name": "路灯照明", "words": "东门外的路灯杆歪了,没人认领",
    "place_name": "西峪社区", "seat_name": "神堂沟街道", "due_at": AT, "meeting_due_at": None,
    "whistle": {**WHISTLE_EXAMPLE, "kind": "hard", "kind_label": "攻坚哨"},
    "seats": [{
        "id": ID, "unit_id": ID, "unit_name": "区城管局", "role": "lead", "role_label": "主办", "whistle": "hard",
        "state": "reported_in", "state_label": "已报到", "due_at": None, "red": False, "signed_at": AT,
        "reported_in_at": AT, "outcome": None,
        "contest": None,
    }],
    "minutes": [{"id": ID, "text": "三方现场确认权属", "held_at": AT, "written_at": AT, "attended": ["区城管局"]}],
    "promises": [{
        "id": ID, "unit_id": ID, "unit_name": "区城管局", "text": "扶正灯杆", "due_at": AT, "made_at": AT, "kept_at": None,
        "red": False, "written_by": WRITERS[Via.UNIT],
    }],
}  # fmt: skip


def stars_label(stars: float | None) -> str:
    """What an average says; None: there are too few ratings to show one."""
    return RATED_FROM if stars is None else f"{stars} 星"


def show_board(
    case: RowMapping, parts: Mapping[str, Sequence[RowMapping]], meeting_due_at: datetime | None
) -> BoardOut:
    """The board of a case, out of the rows of `get_board`."""
    same = ("category_name", "words", "place_name", "seat_name", "due_at")
    return BoardOut(
        case_id=case["id"],
        state_label=CaseState(case["state"]).label,
        **{name: case[name] for name in same},
        meeting_due_at=meeting_due_at,
        whistle=show_whistle(case),
        seats=[_seat(row) for row in parts["seats"]],
        minutes=[MinutesOut(**row) for row in parts["minutes"]],
        promises=[PromiseOut(**{**row, "written_by": WRITERS[row["written_by"]]}) for row in parts["promises"]],
    )


def _seat(row: RowMapping) -> SeatOut:
    state, told = AssignmentState(row["state"]), ("state", "state_label", "role_label", "contest")
    contested = None
    if row["ground"] is not None:
        contested = ContestOut(**{name: row[name] for name in ContestOut.model_fields})
    return SeatOut(
        **{name: row[name] for name in SeatOut.model_fields if name not in told},
        state=state,
        state_label=state.label,
        role_label=ROLES[row["role"]],
        contest=contested,
    )
