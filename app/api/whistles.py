"""The whistle over HTTP, and what units that were whistled do (吹哨报到, domain.md §5)."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.assignments_out import ASSIGNMENT_EXAMPLE, AssignmentOut, show_assignment
from app.api.cases import CaseId, moves
from app.api.cases_out import ID
from app.api.census import Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.doing import WAITS
from app.api.problems import problems
from app.api.schema import Choice, In, StrictUUID
from app.domain.cases import board, board_errors, board_policy, errors, policy, repository, whistles
from app.domain.cases.models import AssignmentState, WhistleKind
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import (
    FieldFault,
    InvalidInput,
    KeyReused,
    NotAllowed,
    ReasonWanted,
    TextRefused,
    TransitionRefused,
)
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Paragraph

api = Api()

AssignmentId = Annotated[StrictUUID, Path(description="任务编号")]


async def _waits(connection: AsyncConnection, assignment_id: UUID) -> Mapping[str, bool]:
    waits: Mapping[str, bool] = (await repository.get_assignment(connection, assignment_id))["waits"]
    return waits


WAITS[board_policy.LIFECYCLE.kind] = (board_policy.LIFECYCLE, _waits)
SAID = {verb.name for verb in board.VERBS if verb.read_by_others}


class WhistleIn(In):
    kind: Choice[WhistleKind] = Field(description="emergency 应急哨、routine 日常哨、hard 攻坚哨、call_up 召集哨")
    reason: Annotated[str, Paragraph(500)] = Field(description="为何吹哨:无权限、缺资源、涉及多个单位……")
    lead_id: StrictUUID = Field(description="主办单位:从 getCase 的 suggested_units 或 listUnits 的 id 复制")
    co_ids: list[StrictUUID] = Field(default=[], max_length=12, description="协办单位:从 listUnits 的 id 复制")


class DecideIn(In):
    approved: bool = Field(description="是否同意")
    reason: Annotated[str, Line(120)] | None = Field(default=None, description="不同意的原因;不同意时必填")


class CheckIn(In):
    accepted: bool = Field(description="核验是否通过")
    reason: Annotated[str, Paragraph(300)] | None = Field(default=None, description="退回的原因;退回时必填")


class OutcomeIn(In):
    outcome: Annotated[str, Paragraph(500)] = Field(description="本单位做了什么")


class ExcuseIn(In):
    reason: Annotated[str, Line(120)] = Field(description="为何不再需要")


class AssignmentsQuery(PageQuery):
    state: Choice[AssignmentState] | None = Field(default=None, description="只看某一状态")


def steps(action: str, *more: Any, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """The rule and the refusals that every move of an assignment shares; `also`: what the same operation does."""
    texts = (TextRefused,) if action in SAID else ()
    return {
        "rule": board_policy.LIFECYCLE[action].by,
        "does": tuple((board_policy.LIFECYCLE.kind, one) for one in (action, *also)),
        "responses": problems(board_errors.AssignmentNotFound, NotAllowed, TransitionRefused, KeyReused, *texts, *more),
    }


@api.post(
    "/cases/{case_id}/whistle",
    operation_id="proposeWhistle",
    summary="提请吹哨:一个主办,若干协办",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.STREET),
    example={"kind": "routine", "reason": "灯杆权属不清,需城管和供电一起到场", "lead_id": ID, "co_ids": []},
    answer=receipt("handling", 4),
    **moves(
        "propose_whistle",
        board_errors.WhistleWaits,
        board_errors.UnitNotHere,
        board_errors.UnitTwice,
        board_errors.NotAPartner,
    ),
)
async def propose(case_id: CaseId, body: WhistleIn, run: TheRun) -> Receipt:
    return await run(
        whistles.propose_whistle,
        case_id,
        kind=body.kind,
        reason=body.reason,
        lead_id=body.lead_id,
        units=[body.lead_id, *body.co_ids],
    )


@api.post(
    "/cases/{case_id}/whistle/decide",
    operation_id="approveWhistle",
    summary="批准或不同意吹哨;应急哨先吹后批",
    description="由办理层级(通常是社区)的书记、管理员或其上级决定。应急哨已经吹响,这里是事后补批:"
    "approved 填 false 即未予追认,已到的单位照常办理。批准情况见 getCase 的 whistle",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"approved": True},
    answer=receipt("whistled", 5),
    **moves(
        "approve_whistle",
        *(board_errors.NoWhistle, ReasonWanted, NoDeadlinePolicy),
        also=("refuse_whistle", "confirm_whistle"),
    ),
)
async def decide(case_id: CaseId, body: DecideIn, run: TheRun) -> Receipt:
    return await run(whistles.decide_whistle, case_id, approved=body.approved, reason=body.reason)


@api.post(
    "/cases/{case_id}/check",
    operation_id="checkResult",
    summary="核验主办单位的结果:通过转回访,或退回再办",
    description="一轮最多退回两次;第二次退回后由上一级核验,第三次的结果不能再退,由回访判断是否解决",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"accepted": True},
    answer=receipt("callback", 7),
    rule=policy.LIFECYCLE["return_result"].by,
    does=((policy.LIFECYCLE.kind, "accept_result"), (policy.LIFECYCLE.kind, "return_result")),
    responses=problems(
        *(
            errors.CaseNotFound,
            NotAllowed,
            TransitionRefused,
            KeyReused,
            TextRefused,
            errors.ReturnedTwice,
            ReasonWanted,
            NoDeadlinePolicy,
        )
    ),
)
async def check(case_id: CaseId, body: CheckIn, run: TheRun) -> Receipt:
    if body.accepted and body.reason:
        fault = FieldFault("/body/reason", "returned-only", "核验通过不写原因;要退回的,accepted 填 false")
        raise InvalidInput(fields=(fault,))
    ReasonWanted.demand(body.reason, agreed=body.accepted, why="退回时请写明原因")
    if body.accepted:
        return await run(whistles.accept_result, case_id)
    return await run(whistles.return_result, case_id, reason=body.reason)


@api.get(
    "/assignments",
    rule=(board_policy.unit,),
    operation_id="listAssignments",
    summary="派给我所在单位的任务,新的在前",
    description="在单位任职的人看到本单位的;不在任何单位任职的为空,由管理员用 addUnitMember 加入后才看到",
    tags=(Tag.OFFICER,),
    answer={"items": [ASSIGNMENT_EXAMPLE], "next_cursor": None},
)
async def list_assignments(query: Annotated[AssignmentsQuery, Query()], reader: TheReader) -> Page[AssignmentOut]:
    states = (query.state.value,) if query.state else None
    async with reader() as connection:
        rows = await repository.list_assignments(connection, states, query.after(), query.limit)
    return Page.cut(
        rows,
        query.limit,
        lambda row: Cursor(row["created_at"], row["id"]),
        lambda row: show_assignment(row, reader.caller.person_id),
    )


@api.get(
    "/assignments/{assignment_id}",
    rule=board_policy.READ,
    operation_id="getAssignment",
    summary="查看一项任务",
    tags=(Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer=ASSIGNMENT_EXAMPLE,
    responses=problems(board_errors.AssignmentNotFound),
)
async def get_assignment(assignment_id: AssignmentId, reader: TheReader) -> AssignmentOut:
    async with reader() as connection:
        row = await repository.get_assignment(connection, assignment_id)
    return show_assignment(row, reader.caller.person_id)


@api.post(
    "/assignments/{assignment_id}/sign",
    operation_id="signAssignment",
    summary="签收",
    tags=(Tag.OFFICER,),
    answer=receipt("signed", 2),
    **steps("sign"),
)
async def sign(assignment_id: AssignmentId, run: TheRun) -> Receipt:
    return await run(board.sign, assignment_id)


@api.post(
    "/assignments/{assignment_id}/report-in",
    operation_id="reportInAssignment",
    summary="报到",
    tags=(Tag.OFFICER,),
    answer=receipt("reported_in", 3),
    **steps("report_in"),
)
async def report_in(assignment_id: AssignmentId, run: TheRun) -> Receipt:
    return await run(board.report_in, assignment_id)


@api.post(
    "/assignments/{assignment_id}/begin",
    operation_id="beginAssignment",
    summary="开始处置",
    tags=(Tag.OFFICER,),
    answer=receipt("working", 4),
    **steps("begin"),
)
async def begin(assignment_id: AssignmentId, run: TheRun) -> Receipt:
    return await run(board.begin, assignment_id)


@api.post(
    "/assignments/{assignment_id}/finish",
    operation_id="finishAssignment",
    summary="本单位的部分已完成",
    description="协办单位完成自己的部分时用。主办单位不必先用这个:直接用 submitResult 提交整件事的结果",
    tags=(Tag.OFFICER,),
    example={"outcome": "灯杆已扶正"},
    answer=receipt("done", 5),
    **steps("finish"),
)
async def finish(assignment_id: AssignmentId, body: OutcomeIn, run: TheRun) -> Receipt:
    return await run(board.finish, assignment_id, outcome=body.outcome)


@api.post(
    "/assignments/{assignment_id}/excuse",
    operation_id="excuseAssignment",
    summary="免除一个单位的任务",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"reason": "已查明不涉及该单位"},
    answer=receipt("excused", 3),
    **steps("excuse", board_errors.LeadStays),
)
async def excuse(assignment_id: AssignmentId, body: ExcuseIn, run: TheRun) -> Receipt:
    return await run(board.excuse, assignment_id, reason=body.reason)
