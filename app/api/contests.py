"""The contests that wait for an arbiter, over HTTP (领哨异议, domain.md §5); how one is made and decided: `boards.py`."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import AT, ID, actions_of
from app.api.census import Api, Tag
from app.api.deps import TheReader
from app.api.doing import ActionOut, labels
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, Out, StrictUUID
from app.domain.cases import board_policy, board_repository
from app.domain.cases.models import AssignmentState, WhistleKind
from app.domain.cases.posts import demand_post
from app.domain.cases.words import ROLES
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.time import Moment

api = Api()


class ContestsQuery(PageQuery):
    decided: FlagArg = Field(default=False, description="true 看已裁定的,新的在前;不填看等待裁定的,快要逾期的在前")


class ContestRow(Out):
    assignment_id: StrictUUID = Field(description="任务编号,arbitrateContest 用它")
    case_id: StrictUUID = Field(description="事项编号")
    state: Choice[AssignmentState] = Field(description="任务的状态")
    state_label: str = Field(description="任务状态的中文名称")
    unit_name: str = Field(description="提出异议的单位")
    role: str = Field(description="它的席位:lead 主办、co 协办")
    role_label: str = Field(description="席位的中文名称")
    whistle: Choice[WhistleKind] = Field(description="哪一种哨")
    whistle_label: str = Field(description="哨的中文名称")
    category_name: str = Field(description="事项类别")
    words: str = Field(description="反映的内容")
    place_name: str = Field(description="所在地点名称")
    ground: str = Field(description="异议的依据")
    proposed_name: str = Field(description="提出应由哪个单位负责")
    contested_at: Moment = Field(description="提出异议的时间")
    due_at: Moment = Field(description="裁定的时限")
    late: bool = Field(description="是否已逾期;逾期未裁定的,由上一级裁定")
    upheld: bool | None = Field(description="异议是否成立;未裁定为 null")
    decision: str | None = Field(description="裁定的理由")
    given_name: str | None = Field(description="改派给哪个单位")
    decided_at: Moment | None = Field(description="裁定时间;未裁定为 null")
    actions: list[ActionOut] = Field(
        description="我现在可以做的操作;办理过、吹过这个哨或在席位单位任职的,以及已逾期须由上一级裁定的,不由我裁定"
    )


EXAMPLE: dict[str, Any] = {
    "assignment_id": ID, "case_id": ID, "state": "contested", "state_label": "有异议", "unit_name": "区城管局", "role": "lead",
    "role_label": "主办", "whistle": "routine", "whistle_label": "日常哨", "category_name": "路灯照明",
    "words": "东门外的路灯杆歪了,没人认领", "place_name": "西峪社区", "ground": "灯杆产权属供电所(移交清单第 3 条)",
    "proposed_name": "供电所", "contested_at": AT, "due_at": "2026-03-02T14:30:00+08:00", "late": False, "upheld": None,
    "decision": None, "given_name": None, "decided_at": None,
    "actions": labels(board_policy.LIFECYCLE, ("uphold", "arbitrateContest"), ("dismiss", "arbitrateContest")),
}  # fmt: skip


@api.get(
    "/contests",
    rule=board_policy.ARBITRATE,
    operation_id="listContests",
    summary="等待裁定的异议,快要逾期的在前;也可看已裁定的",
    tags=(Tag.INDEPENDENT,),
    answer={"items": [EXAMPLE], "next_cursor": None},
    responses=problems(NotAllowed),
)
async def list_contests(query: Annotated[ContestsQuery, Query()], reader: TheReader) -> Page[ContestRow]:
    async with reader() as connection:
        rows = await board_repository.list_contests(
            connection, decided=query.decided, after=query.after(), limit=query.limit
        )
        if not rows:
            await demand_post(connection, board_policy.ARBITRATE)
    by = "decided_at" if query.decided else "due_at"

    def show(row: RowMapping) -> ContestRow:
        state, whistle = AssignmentState(row["state"]), WhistleKind(row["category"])
        told = {"assignment_id", "state", "state_label", "role_label", "whistle", "whistle_label", "actions"}
        return ContestRow(
            **{name: row[name] for name in ContestRow.model_fields.keys() - told},
            assignment_id=row["id"],
            state=state,
            state_label=state.label,
            role_label=ROLES[row["role"]],
            whistle=whistle,
            whistle_label=whistle.label,
            actions=actions_of(board_policy.LIFECYCLE, row, reader.caller.person_id),
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row[by], row["contest_id"]), show)
