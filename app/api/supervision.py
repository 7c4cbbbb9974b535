"""Supervision over HTTP: the cards, the answer of whoever holds the case, and the agenda (督办, domain.md §5)."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases import CaseId
from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, In, Out, StrictUUID
from app.domain.cases import callback_errors as errors
from app.domain.cases import callback_lists, callback_policy, policy, supervision
from app.domain.cases.callback_lists import Wanted
from app.domain.cases.callback_tables import Step
from app.domain.cases.errors import CaseNotFound
from app.domain.cases.models import CaseState
from app.domain.cases.posts import demand_post
from app.domain.deadlines.models import label_of
from app.kernel.errors import KeyReused, NotAllowed, TextRefused, TransitionRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Paragraph
from app.kernel.time import Moment

api = Api()

STEPS = "、".join(f"{step} {step.label}" for step in Step)


class SupervisionAnswerIn(In):
    text: Annotated[str, Paragraph(500)] = Field(description="为何超过时限,下一步做什么、何时办结")


class SupervisionQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看由某地及其下督办的")
    step: Choice[Step] | None = Field(default=None, description=f"只看某一级:{STEPS}")
    answered: FlagArg | None = Field(default=None, description="true 只看已答复的,false 只看未答复的")


class AgendaQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="哪个区县;不填为我能看到的全部")


class SupervisionOut(Out):
    id: StrictUUID = Field(description="督办编号")
    case_id: StrictUUID = Field(description="事项编号")
    step: Choice[Step] = Field(description=f"督办级别:{STEPS}")
    step_label: str = Field(description="督办级别的中文名称")
    percent: int = Field(description="用掉了时限的百分之几")
    limit_label: str = Field(description="超过的是哪项时限")
    due_at: Moment = Field(description="该时限的到期时间")
    state: Choice[CaseState] = Field(description="事项的状态")
    state_label: str = Field(description="事项状态的中文名称")
    round: int = Field(description="第几轮")
    category_name: str = Field(description="类别名称")
    case_words: str = Field(description="反映的内容")
    place_id: StrictUUID = Field(description="事项所在地点编号")
    place_name: str = Field(description="事项所在地点名称")
    seat_id: StrictUUID = Field(description="督办的地点编号")
    seat_name: str = Field(description="由哪里督办")
    holder: str = Field(description="由谁负责办理并答复督办")
    raised_at: Moment = Field(description="督办时间")
    answer_due_at: Moment | None = Field(description="何时前须答复;没有则为 null")
    answer: str | None = Field(description="答复")
    answered_at: Moment | None = Field(description="答复时间")
    renewals: int = Field(description="本轮逐日续办的次数")


EXAMPLE: dict[str, Any] = {
    "id": ID, "case_id": ID, "step": "card", "step_label": "督办", "percent": 100, "limit_label": "社区办结", "due_at": AT,
    "state": "handling", "state_label": "办理中", "round": 1, "category_name": "物业服务", "case_words": "电梯停了三天",
    "place_id": ID, "place_name": "西峪社区", "seat_id": ID, "seat_name": "神堂沟街道", "holder": "西峪社区", "raised_at": AT,
    "answer_due_at": AT, "answer": None, "answered_at": None, "renewals": 0,
}  # fmt: skip


@api.post(
    "/cases/{case_id}/supervision/answer",
    operation_id="answerSupervision",
    summary="负责办理的一方答复督办;督办不改变由谁负责",
    tags=(Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    rule=policy.LIFECYCLE["answer_supervision"].by,
    does=((policy.LIFECYCLE.kind, "answer_supervision"),),
    example={"text": "配件今天到货,明天 18:00 前修好"},
    answer=receipt("handling", 6),
    responses=problems(CaseNotFound, NotAllowed, TransitionRefused, KeyReused, TextRefused, errors.NothingToAnswer),
)
async def answer(case_id: CaseId, body: SupervisionAnswerIn, run: TheRun) -> Receipt:
    return await run(supervision.answer_supervision, case_id, text=body.text)


@api.get(
    "/supervision",
    operation_id="listSupervision",
    summary="督办的事项,新的在前",
    tags=(Tag.INDEPENDENT, Tag.DISPATCHER, Tag.STREET),
    rule=callback_policy.SUPERVISE,
    answer={"items": [EXAMPLE], "next_cursor": None},
    responses=problems(NotAllowed),
)
async def list_supervision(query: Annotated[SupervisionQuery, Query()], reader: TheReader) -> Page[SupervisionOut]:
    wanted = Wanted(query.place_id, query.step and query.step.value, query.answered)
    return await _page(reader, wanted, query)


@api.get(
    "/supervision/agenda",
    operation_id="listAgenda",
    summary="区县会议议程:超过时限一倍仍未办结的事项",
    tags=(Tag.INDEPENDENT, Tag.DISPATCHER, Tag.STREET),
    rule=callback_policy.SUPERVISE,
    answer={
        "items": [
            {**EXAMPLE, "step": "agenda", "step_label": "提交区县会议", "percent": 200, "answer_due_at": None, "renewals": 3}
        ],
        "next_cursor": None,
    },
    responses=problems(NotAllowed),
)  # fmt: skip
async def list_agenda(query: Annotated[AgendaQuery, Query()], reader: TheReader) -> Page[SupervisionOut]:
    return await _page(reader, Wanted(query.place_id, Step.AGENDA.value, open_only=True), query)


async def _page(reader: TheReader, wanted: Wanted, query: PageQuery) -> Page[SupervisionOut]:
    async with reader() as connection:
        rows = await callback_lists.list_supervision(connection, wanted, query.after(), query.limit)
        if not rows:
            await demand_post(connection, callback_policy.SUPERVISE)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["raised_at"], row["id"]), _show)


def _show(row: RowMapping) -> SupervisionOut:
    step, state = Step(row["step"]), CaseState(row["state"])
    said = {"case_id", "step", "step_label", "state", "state_label", "limit_label", "holder"}
    return SupervisionOut(
        **{name: row[name] for name in SupervisionOut.model_fields.keys() - said},
        case_id=row["matter_id"],
        step=step,
        step_label=step.label,
        state=state,
        state_label=state.label,
        limit_label=label_of(row["kind"]),
        holder=row["held_unit_name"] or row["held_seat_name"],
    )
