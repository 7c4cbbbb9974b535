"""What flows into cases and out of them, over HTTP: for callers, contacts and replies, joining, merging, hanging, deliberating,
handing down and ending (domain.md §5). Each command is one verb."""

from typing import Annotated

from pydantic import Field

from app.api.cases import THEIR_DOUBLE, CaseId, moves
from app.api.cases_out import CATEGORY, ID, CategoryCode
from app.api.census import Api, Tag
from app.api.deps import AskedReceipt, Receipt, TheRun, asked, receipt
from app.api.problems import problems
from app.api.schema import Choice, In, StrictUUID, exactly_one
from app.domain.cases import ending, errors, handing_down, joining, merging, policy, reporting, setting_aside
from app.domain.cases import service as cases
from app.domain.orders.models import Channel
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import FieldFault, InvalidInput, KeyReused, NotAllowed, TextRefused
from app.kernel.text import Line, Paragraph, Phone
from app.kernel.time import Moment

api = Api(prefix="/cases")

Words = Annotated[str, Paragraph(500)]
MOST_YUAN = 100_000_000


class ReportForCallerIn(In):
    person_id: StrictUUID | None = Field(
        default=None, description="居民编号,即 registerResident 回执的 id;与登记的电话二选一"
    )
    phone: Phone | None = Field(default=None, description="登记的电话;与居民编号二选一")
    category: CategoryCode = Field(description=CATEGORY)
    words: Annotated[str, Paragraph(1000)] = Field(description="反映的内容;办理的人会看到,请勿填写电话")
    spot: Annotated[str, Line(120)] | None = Field(default=None, description="具体位置")
    place_id: StrictUUID | None = Field(default=None, description="小区、网格等地点编号;不填为居民所在的社区")


class CaseContactIn(In):
    channel: Choice[Channel] = Field(description="怎样联系上的:phone 电话、visit 上门、message 消息")
    text: Words = Field(description="说了什么;请勿填写电话和住址")


class CaseReplyIn(In):
    text: Words = Field(description="答复,上报人在 listCasePosts 看到")


class JoinCaseIn(In):
    words: Words = Field(description="您所见的情况;办理的人会看到,请勿填写电话")


class MergeIn(In):
    parent_id: StrictUUID = Field(description="并入哪个事项:从 listCases 的 id 复制")


class HangIn(In):
    owner: Annotated[str, Line(60)] = Field(description="由谁负责")
    must_change: Words = Field(description="须改变什么才能办")
    review_at: Moment = Field(description=f"何时复核,晚于现在,最晚在 {setting_aside.REVIEW_WITHIN.days} 天之内")


class ConcludeIn(In):
    decision: Words = Field(description="议事的决定,上报人会看到")


class HandDownIn(In):
    amount: Annotated[int, Field(strict=True, ge=1, le=MOST_YUAN)] | None = Field(
        default=None, description="随事项下达的经费,元;不在准入清单内的必填"
    )
    source: Annotated[str, Line(60)] | None = Field(default=None, description="经费来源;与经费一起填写")


class TerminateIn(In):
    reason: Words = Field(description="终止的理由,上报人会看到")


@api.post(
    "/for-caller",
    operation_id="reportCaseForCaller",
    summary="为来电或到站的居民上报",
    description="居民须住在操作人管辖的社区;事项算居民自己上报的,并会通知居民;"
    "之后可用 getCase 再看,用 listCases 的 for_callers 列出",
    tags=(Tag.STATION,),
    rule=policy.LIFECYCLE["report_for_caller"].by,
    example={"phone": "13912345678", "category": "noise", "words": "楼下夜里施工"},
    answer=asked("reported"),
    responses=problems(
        *(NotAllowed, errors.ReporterNotFound, errors.CategoryNotFound, errors.PlaceNotBelowCommunity),
        *(NoDeadlinePolicy, KeyReused, TextRefused),
    ),
)
async def report_for_caller(body: ReportForCallerIn, run: TheRun) -> AskedReceipt:
    exactly_one(person_id=body.person_id, phone=body.phone)
    return await run.asking(
        THEIR_DOUBLE,
        reporting.report_for_caller,
        person_id=body.person_id,
        caller_index=run.sealer.phone_index(body.phone),
        **body.model_dump(include={"category", "words", "spot", "place_id"}),
    )


@api.post(
    "/{case_id}/contact",
    operation_id="recordCaseContact",
    summary="记录已联系上上报人,停止响应时限",
    description="上报人的姓名和联系方式见 listCaseReporters",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    example={"channel": "phone", "text": "已电话问清位置"},
    answer=receipt("reported", 2),
    **moves("contact"),
)
async def contact(case_id: CaseId, body: CaseContactIn, run: TheRun) -> Receipt:
    return await run(cases.contact, case_id, channel=body.channel.value, text=body.text)


@api.post(
    "/{case_id}/reply",
    operation_id="replyToCase",
    summary="答复上报人,停止答复时限",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    example={"text": "已安排人今天下午去看"},
    answer=receipt("reported", 2),
    **moves("reply"),
)
async def reply(case_id: CaseId, body: CaseReplyIn, run: TheRun) -> Receipt:
    return await run(cases.reply, case_id, text=body.text)


@api.post(
    "/{case_id}/join",
    operation_id="joinCase",
    summary="附议:我家附近也是这件事;之后可查看它,办完也会回访我",
    tags=(Tag.RESIDENT,),
    example={"words": "我们楼下也一样"},
    answer=receipt("handling", 3),
    **moves("join", errors.AlreadyJoined),
)
async def join(case_id: CaseId, body: JoinCaseIn, run: TheRun) -> Receipt:
    return await run(joining.join, case_id, words=body.words)


@api.post(
    "/{case_id}/merge",
    operation_id="mergeCase",
    summary="并案:并入同一件事,上报人各自的时限和回访不变",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"parent_id": ID},
    answer=receipt("merged", 3),
    **moves("merge", errors.HasMerged, errors.ParentNotFound, NoDeadlinePolicy),
)
async def merge(case_id: CaseId, body: MergeIn, run: TheRun) -> Receipt:
    if body.parent_id == case_id:
        fault = FieldFault("/body/parent_id", "into-itself", "不能并入它自己:请填写另一个事项的编号")
        raise InvalidInput(fields=(fault,))
    return await run(merging.merge, case_id, parent_id=body.parent_id)


@api.post(
    "/{case_id}/unmerge",
    operation_id="unmergeCase",
    summary="撤销并案,恢复单独办理",
    tags=(Tag.DISPATCHER, Tag.STREET),
    answer=receipt("handling", 4),
    **moves("unmerge"),
)
async def unmerge(case_id: CaseId, run: TheRun) -> Receipt:
    return await run(merging.unmerge, case_id)


@api.post(
    "/{case_id}/hang",
    operation_id="hangCase",
    summary="挂账:眼下办不了的,写明由谁负责、须改变什么、何时复核",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={
        "owner": "街道建设办", "must_change": "须先立项,下季度预算安排", "review_at": "2026-03-20T09:00:00+08:00",
    },
    answer=receipt("hung", 4),
    **moves("hang", errors.OnlyFromStreet, errors.ReviewTooFar, NoDeadlinePolicy),
)  # fmt: skip
async def hang(case_id: CaseId, body: HangIn, run: TheRun) -> Receipt:
    return await run(setting_aside.hang, case_id, **body.model_dump())


@api.post(
    "/{case_id}/wake",
    operation_id="wakeCase",
    summary="恢复办理挂账的事项,已用的时间照算",
    tags=(Tag.DISPATCHER, Tag.STREET),
    answer=receipt("handling", 5),
    **moves("wake"),
)
async def wake(case_id: CaseId, run: TheRun) -> Receipt:
    return await run(setting_aside.wake, case_id)


@api.post(
    "/{case_id}/deliberate",
    operation_id="deliberateCase",
    summary="大事提交四方议事:请居民、物业、社区等各方一起商量",
    tags=(Tag.BRANCH, Tag.DISPATCHER, Tag.GRID_WORKER),
    answer=receipt("deliberating", 3),
    **moves("deliberate", errors.NotBig, NoDeadlinePolicy),
)
async def deliberate(case_id: CaseId, run: TheRun) -> Receipt:
    return await run(setting_aside.deliberate, case_id)


@api.post(
    "/{case_id}/conclude",
    operation_id="concludeDeliberation",
    summary="写下议事的决定,继续办理",
    tags=(Tag.BRANCH, Tag.DISPATCHER, Tag.GRID_WORKER),
    example={"decision": "同意安装充电棚,物业出地,街道出钱"},
    answer=receipt("handling", 4),
    **moves("conclude"),
)
async def conclude(case_id: CaseId, body: ConcludeIn, run: TheRun) -> Receipt:
    return await run(setting_aside.conclude, case_id, decision=body.decision)


@api.post(
    "/{case_id}/hand-down",
    operation_id="handDownCase",
    summary="下派一级:须在社区准入清单内,或写明随事项下达的经费",
    tags=(Tag.DISPATCHER, Tag.STREET),
    example={"amount": 3000, "source": "街道为民服务项目资金"},
    answer=receipt("handling", 4),
    **moves("hand_down", errors.AtTheBottom, errors.NotAdmitted, NoDeadlinePolicy),
)
async def hand_down(case_id: CaseId, body: HandDownIn, run: TheRun) -> Receipt:
    if (body.amount is None) != (body.source is None):
        raise InvalidInput(fields=(FieldFault("/body/amount", "both-or-none", "经费和来源须一起填写"),))
    return await run(handing_down.hand_down, case_id, amount=body.amount, source=body.source)


@api.post(
    "/{case_id}/terminate",
    operation_id="terminateCase",
    summary="独立复核后终止;未经手此事的督办员才可以",
    tags=(Tag.INDEPENDENT,),
    example={"reason": "经核实,同一诉求已由法院判决"},
    answer=receipt("terminated", 5),
    **moves("terminate", errors.SameHand),
)
async def terminate(case_id: CaseId, body: TerminateIn, run: TheRun) -> Receipt:
    return await run(ending.terminate, case_id, reason=body.reason)
