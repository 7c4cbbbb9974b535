"""Cases over HTTP: reporting, triage, going up, and the result (domain.md §5). A command is one verb, a list one reading."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.cases_out import (
    CASE_EXAMPLE,
    CATEGORY,
    ID,
    PAGE_EXAMPLE,
    CaseOut,
    CaseRow,
    CategoryCode,
    fit_steps,
    show_case,
    show_case_row,
    show_step,
)
from app.api.census import Api, Tag
from app.api.deps import AskedReceipt, Receipt, TheReader, TheRun, asked, receipt
from app.api.doing import WAITS
from app.api.orders_out import HISTORY_EXAMPLE, HistoryOut
from app.api.periods import instants
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, In, StrictUUID
from app.domain.cases import board_errors, errors, policy, reporting, repository, whistles
from app.domain.cases import service as cases
from app.domain.cases.models import CaseState, Lane, NotAccepted
from app.domain.places.models import Level
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import KeyReused, NotAllowed, TextRefused, TransitionRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Opaque, Paragraph
from app.kernel.time import Day

api = Api(prefix="/cases")

OWN_DOUBLE = "您在这里还有{many}件同类的事项没有办结;若是重复,可撤回其中一件"
THEIR_DOUBLE = "这位居民在这里还有{many}件同类的事项没有办结;若是重复,可撤回其中一件"

CaseId = Annotated[StrictUUID, Path(description="事项编号")]


async def _waits(connection: AsyncConnection, case_id: UUID) -> Mapping[str, bool]:
    waits: Mapping[str, bool] = (await repository.get_case(connection, case_id))["waits"]
    return waits


WAITS[policy.LIFECYCLE.kind] = (policy.LIFECYCLE, _waits)
READ_BY_OTHERS = {verb.name for verb in (*cases.VERBS, *whistles.VERBS) if verb.read_by_others}


def moves(action: str, *more: Any, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """The rule and the refusals that every move of a case shares, and that of the texts that others read. `also`: what the same
    operation does beside it."""
    texts = (TextRefused,) if action in READ_BY_OTHERS else ()
    return {
        "rule": policy.LIFECYCLE[action].by,
        "does": tuple((policy.LIFECYCLE.kind, one) for one in (action, *also)),
        "responses": problems(errors.CaseNotFound, NotAllowed, TransitionRefused, KeyReused, *texts, *more),
    }


class CaseEvidenceIn(In):
    kind: Annotated[str, Opaque(30, instead="请填写依据的代码:photo 照片、note 文字、receipt 单据")] = Field(
        description="依据的种类:photo 照片、note 文字、receipt 单据;必须有哪几种,见 listCategories 的 evidence"
    )
    text: Annotated[str, Paragraph(500)] = Field(description="文字,或照片、单据的编号")


class ReportIn(In):
    category: CategoryCode = Field(description=CATEGORY)
    words: Annotated[str, Paragraph(1000)] = Field(description="反映的内容;办理的人会看到,请勿填写电话")
    spot: Annotated[str, Line(120)] | None = Field(default=None, description="具体位置,如“2 号楼东侧”")
    place_id: StrictUUID | None = Field(
        default=None,
        description="在哪个小区、网格或社区:从 listPlaces 的 id 复制,须在自己居住(joinPlace 选定)或任职的社区之内。"
        "居民可不填,为自己居住的社区,代报为被代报人居住的社区;没有登记为居民的工作人员必填",
    )
    beneficiary_id: StrictUUID | None = Field(default=None, description="替谁上报;为本人不填,代报须有其同意")
    patrol: bool = Field(default=False, description="网格员巡查发现的")


class SolvedIn(In):
    category: CategoryCode = Field(description=CATEGORY)
    words: Annotated[str, Paragraph(1000)] = Field(description="发现了什么")
    outcome: Annotated[str, Paragraph(500)] = Field(description="怎样解决的")
    evidence: list[CaseEvidenceIn] = Field(max_length=9, description="办理依据")
    spot: Annotated[str, Line(120)] | None = Field(default=None, description="具体位置")
    place_id: StrictUUID | None = Field(
        default=None,
        description="在哪个小区、网格或社区办的:从 getMe 的 roles 里的 place_id 或 listPlaces 的 id 复制。"
        "只有在自己登记居住的社区才可不填;"
        "没有登记为居民的,或在别处办的,必填",
    )


class RefuseIn(In):
    reason: Choice[NotAccepted] = Field(
        description="原因:" + "、".join(f"{reason.value} {reason.label}" for reason in NotAccepted)
    )
    elsewhere: Annotated[str, Line(120)] = Field(description="应去哪里反映")


class TriageIn(In):
    lane: Choice[Lane] | None = Field(default=None, description="分类:small 小事、big 大事、hard 难事;不填按目录的建议")


class WithdrawIn(In):
    reason: Annotated[str, Line(120)] | None = Field(default=None, description="撤回的原因")


class EscalateIn(In):
    reason: Annotated[str, Line(60)] = Field(description="为何上报:无权限、缺资源、涉及多个单位……")
    tried: Annotated[str, Paragraph(500)] = Field(description="已经做过什么")


class ResultIn(In):
    outcome: Annotated[str, Paragraph(500)] = Field(description="办理情况")
    answer: Annotated[str, Paragraph(500)] = Field(description="可公开的答复")
    evidence: list[CaseEvidenceIn] = Field(max_length=9, description="办理依据")


class NarrowQuery(PageQuery):
    """What narrows a list of cases as well as a search."""

    state: Choice[CaseState] | None = Field(default=None, description="只看某一状态")
    category: CategoryCode | None = Field(default=None, description=f"只看某一类别,{CATEGORY}")
    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")
    since: Day | None = Field(default=None, alias="from", description="从哪天起上报的(含)")
    until: Day | None = Field(default=None, description="到哪天为止(不含)")
    overdue: FlagArg = Field(default=False, description="只看已超过时限的")

    def filters(self) -> repository.Filters:
        """Raises InvalidInput for an empty period."""
        since, until = instants(self.since, self.until)
        states = (self.state.value,) if self.state else None
        return repository.Filters(states, self.category, self.place_id, since, until, overdue=self.overdue)


class CasesQuery(NarrowQuery):
    mine: FlagArg = Field(default=False, description="只看我上报或附议的")
    for_callers: FlagArg = Field(
        default=False, description="只看我以工作人员身份为来电或到站的居民上报的,或由代为点的单转来的"
    )
    held_by: StrictUUID | None = Field(default=None, description="只看由某单位负责的:从 listUnits 的 id 复制")
    lane: Choice[Lane] | None = Field(default=None, description="只看某一分类")
    level: Choice[Level] | None = Field(
        default=None, description="只看某一层级办理的:community 社区、street 街道、district 区县"
    )
    emergency: FlagArg = Field(default=False, description="只看紧急的")

    def filters(self) -> repository.Filters:
        return replace(
            super().filters(),
            mine=self.mine,
            for_callers=self.for_callers,
            held_by=self.held_by,
            lane=self.lane,
            level=self.level,
            emergency=self.emergency,
        )


@api.post(
    "",
    operation_id="reportCase",
    summary="民情上报:反映一件事,为本人或为同意由您代报的人",
    description="紧急类别(如险情)请先拨打 110、119 或 120;系统会立即通知责任单位、社区书记和街道值班的派单员",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER),
    rule=policy.LIFECYCLE["report"].by,
    example={"category": "lighting", "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外"},
    answer=asked("reported"),
    responses=problems(
        *(NotAllowed, errors.NotRepresented, errors.CategoryNotFound, errors.PlaceNotBelowCommunity),
        *(NoDeadlinePolicy, KeyReused, TextRefused),
    ),
)
async def report(body: ReportIn, run: TheRun) -> AskedReceipt:
    given: dict[str, Any] = body.model_dump(include={"category", "words", "spot", "place_id"})
    if body.beneficiary_id is None:
        return await run.asking(OWN_DOUBLE, reporting.report, **given, patrol=body.patrol)
    return await run.asking(THEIR_DOUBLE, reporting.report_for, beneficiary_id=body.beneficiary_id, **given)


@api.post(
    "/solved",
    operation_id="solveOnTheSpot",
    summary="网格员随手办:上报并当场解决",
    description="只用于不紧急的事;紧急类别请用 reportCase,责任单位、书记和街道值班的派单员会立即得到通知",
    tags=(Tag.GRID_WORKER,),
    rule=policy.LIFECYCLE["solve_on_the_spot"].by,
    example={
        "place_id": ID, "category": "rubbish", "words": "3 号楼门口有散落垃圾", "outcome": "已清扫",
        "evidence": [{"kind": "photo", "text": "IMG-0301"}],
    },
    answer=receipt("callback"),
    responses=problems(
        *(NotAllowed, errors.CategoryNotFound, errors.PlaceNotBelowCommunity, errors.EvidenceMissing),
        *(errors.EmergencyOnTheSpot, NoDeadlinePolicy, KeyReused, TextRefused),
    ),
)  # fmt: skip
async def solve_on_the_spot(body: SolvedIn, run: TheRun) -> Receipt:
    return await run(reporting.solve_on_the_spot, **body.model_dump())


@api.get(
    "",
    rule=policy.READ,
    operation_id="listCases",
    summary="我能看到的事项,新的在前",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.STATION, Tag.DISPATCHER, Tag.STREET),
    answer=PAGE_EXAMPLE,
)
async def list_cases(query: Annotated[CasesQuery, Query()], reader: TheReader) -> Page[CaseRow]:
    async with reader() as connection:
        rows = await repository.list_cases(connection, query.filters(), query.after(), query.limit)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), show_case_row)


@api.get(
    "/{case_id}",
    rule=policy.READ,
    operation_id="getCase",
    summary="查看一个事项:到了哪里、由谁负责、到什么时候",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.STATION, Tag.DISPATCHER, Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer=CASE_EXAMPLE,
    responses=problems(errors.CaseNotFound),
)
async def get_case(case_id: CaseId, reader: TheReader) -> CaseOut:
    async with reader() as connection:
        row = await repository.get_case(connection, case_id)
        steps = await repository.list_history(connection, case_id)
    return show_case(row, steps, reader.caller.person_id)


@api.get(
    "/{case_id}/history",
    rule=policy.READ,
    operation_id="getCaseHistory",
    summary="一个事项的经过,从它曾是的订单起",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.STATION, Tag.DISPATCHER, Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer=HISTORY_EXAMPLE,
    responses=problems(errors.CaseNotFound),
)
async def get_history(case_id: CaseId, reader: TheReader) -> HistoryOut:
    async with reader() as connection:
        rows = await repository.list_history(connection, case_id)
    return HistoryOut(items=[show_step(row, reader.caller.person_id) for row in fit_steps(rows)])


@api.post(
    "/{case_id}/refuse",
    operation_id="refuseCase",
    summary="不予受理,说明原因和应去哪里反映",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.STREET),
    example={"reason": "not_ours", "elsewhere": "请拨打 12345"},
    answer=receipt("not_accepted", 2),
    **moves("refuse"),
)
async def refuse(case_id: CaseId, body: RefuseIn, run: TheRun) -> Receipt:
    return await run(cases.refuse, case_id, reason=body.reason, elsewhere=body.elsewhere)


@api.post(
    "/{case_id}/triage",
    operation_id="triageCase",
    summary="分流:小事快办、大事议办、难事上报",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.STREET),
    example={"lane": "small"},
    answer=receipt("handling", 2),
    **moves("triage", NoDeadlinePolicy),
)
async def triage(case_id: CaseId, body: TriageIn, run: TheRun) -> Receipt:
    return await run(cases.triage, case_id, lane=body.lane)


@api.post(
    "/{case_id}/withdraw",
    operation_id="withdrawCase",
    summary="撤回我上报的事项,或替来电的人撤回",
    description="工作人员只撤回自己代为上报的,按来电的人所说。居民自己上报的由本人撤回,办理的一方不能替他撤:"
    "他来电要补充的话,由网格员、派单员、书记用 recordCaseContact 记下",
    tags=(Tag.RESIDENT, Tag.STATION),
    example={"reason": "已经自己解决了"},
    answer=receipt("withdrawn", 3),
    **moves("withdraw", errors.OthersJoined),
)
async def withdraw(case_id: CaseId, body: WithdrawIn, run: TheRun) -> Receipt:
    return await run(cases.withdraw, case_id, reason=body.reason)


@api.post(
    "/{case_id}/escalate",
    operation_id="escalateCase",
    summary="上报一级:社区到街道,街道到区县",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.STREET),
    example={"reason": "无权限", "tried": "已现场查看,灯杆不属于物业"},
    answer=receipt("handling", 3),
    **moves("escalate", errors.AtTheTop, NoDeadlinePolicy),
)
async def escalate(case_id: CaseId, body: EscalateIn, run: TheRun) -> Receipt:
    return await run(cases.escalate, case_id, reason=body.reason, tried=body.tried)


@api.post(
    "/{case_id}/result",
    operation_id="submitResult",
    summary="提交办理结果,附依据和可公开的答复",
    description="吹哨的事项由主办单位提交(用事项编号 case_id,不必先 finishAssignment),吹哨的一级核验;"
    "其余由办理的一级提交,直接转回访。"
    "协办单位不用这个,用 finishAssignment",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    example={"outcome": "灯杆已扶正加固", "answer": "路灯已修好", "evidence": [{"kind": "photo", "text": "IMG-0302"}]},
    answer=receipt("callback", 4),
    rule=(*policy.LIFECYCLE["submit_result"].by, *policy.LIFECYCLE["submit_whistled"].by),
    does=((policy.LIFECYCLE.kind, "submit_result"), (policy.LIFECYCLE.kind, "submit_whistled")),
    responses=problems(
        *(errors.CaseNotFound, NotAllowed, TransitionRefused, KeyReused, TextRefused, errors.EvidenceMissing),
        *(errors.SameHand, board_errors.LeadReplaced, board_errors.NotReportedIn, NoDeadlinePolicy),
    ),
)
async def submit(case_id: CaseId, body: ResultIn, run: TheRun) -> Receipt:
    return await run(cases.submit_result, case_id, **body.model_dump())
