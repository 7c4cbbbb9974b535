"""Misses that shall not count, over HTTP: one officer proposes, another decides at the street or above (domain.md §4.6)."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.periods import instants
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID, exactly_one
from app.domain.deadlines.models import label_of
from app.domain.exclusions import errors, policy, repository
from app.domain.exclusions import service as exclusions
from app.domain.exclusions.models import ExclusionReason, ExclusionState
from app.kernel.errors import NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Paragraph
from app.kernel.time import Day, Moment

api = Api(prefix="/exclusions")

ID = "01985a3c-8888-7f00-8a6b-2f4c5d6e7f09"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
AT = "2026-03-02T09:00:00+08:00"
REASONS = "、".join(f"{reason} {reason.label}" for reason in ExclusionReason)
STATES = "、".join(f"{state} {state.label}" for state in ExclusionState)


class ExclusionIn(In):
    deadline_id: StrictUUID | None = Field(default=None, description="错过的时限的编号,见 listDeadlines")
    callback_id: StrictUUID | None = Field(
        default=None, description="已有结果的回访的编号,书记才可填写;与时限编号二选一"
    )
    reason: Choice[ExclusionReason] = Field(description=f"原因:{REASONS}")
    note: Annotated[str, Paragraph(300)] = Field(description="情况说明;复核人会看到,请勿填写电话和住址")


class ReviewIn(In):
    upheld: bool = Field(strict=True, description="true 同意不计,false 不同意")
    note: Annotated[str, Paragraph(300)] = Field(description="理由;居民可以看到")


class ExclusionOut(Out):
    id: StrictUUID = Field(description="编号")
    state: Choice[ExclusionState] = Field(description=f"状态:{STATES}")
    state_label: str = Field(description="状态的中文名称")
    matter_kind: str = Field(description="事项种类,如 order 订单")
    matter_id: StrictUUID = Field(description="事项编号")
    place_id: StrictUUID = Field(description="社区或小区编号")
    place_name: str = Field(description="社区或小区名称")
    deadline_id: StrictUUID | None = Field(description="时限编号;不计的是回访则为 null")
    callback_id: StrictUUID | None = Field(description="回访编号;不计的是时限则为 null")
    kind: str = Field(description="时限种类")
    kind_label: str = Field(description="时限种类的中文名称")
    round: int = Field(description="第几轮")
    due_at: Moment | None = Field(description="到期:到这一刻即为错过;不计的是回访则为 null")
    stopped_at: Moment | None = Field(description="时限停止;仍在计时则为 null")
    reason: Choice[ExclusionReason] = Field(description="原因")
    reason_label: str = Field(description="原因的中文名称")
    note: str = Field(description="情况说明")
    proposed_by: StrictUUID = Field(description="提请人的人员编号")
    proposed_at: Moment = Field(description="提请时间")
    decision: str | None = Field(description="复核的理由;尚未复核则为 null")
    decided_by: StrictUUID | None = Field(description="复核人的人员编号")
    decided_at: Moment | None = Field(description="复核时间")


class ExclusionsQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")
    state: Choice[ExclusionState] | None = Field(default=None, description=f"只看某一状态:{STATES}")
    since: Day | None = Field(default=None, alias="from", description="从哪天起提请的(含)")
    until: Day | None = Field(default=None, description="到哪天为止(不含)")

    def wanted(self) -> repository.Wanted:
        """Raises InvalidInput for an empty period."""
        return repository.Wanted(self.place_id, self.state, *instants(self.since, self.until))


@api.post(
    "",
    rule=policy.PROPOSE,
    operation_id="recordExclusion",
    summary="提请一次错过或一项回访不计入考核,由街道复核",
    description="错过由派单员或书记提请,回访由书记提请(编号见 listRateCases)。错过和回访本身不会改变;"
    "复核同意之后,各处统计把它另列",
    tags=(Tag.DISPATCHER,),
    example={"deadline_id": ID, "reason": "outage", "note": "当天全社区停电,值守电话无法接通"},
    answer=receipt("propose"),
    responses=problems(
        *(NotAllowed, errors.MissNotFound, errors.NotMissed, errors.AlreadyExcluded, TextRefused),
        errors.CallbackNotSettled,
    ),
)
async def record_exclusion(body: ExclusionIn, run: TheRun) -> Receipt:
    exactly_one(deadline_id=body.deadline_id, callback_id=body.callback_id)
    if body.callback_id is not None:
        return await run(exclusions.propose_callback, callback_id=body.callback_id, reason=body.reason, note=body.note)
    return await run(exclusions.propose, deadline_id=body.deadline_id, reason=body.reason, note=body.note)


@api.post(
    "/{exclusion_id}/decide",
    rule=policy.DECIDE,
    operation_id="decideExclusion",
    summary="复核一次不计申请,由提请人和经办人以外的人",
    description="须为街道或以上的书记、管理员",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR, Tag.STREET),
    example={"upheld": True, "note": "供电公司有停电公告,情况属实"},
    answer=receipt("decide", 2),
    responses=problems(
        *(NotAllowed, errors.ExclusionNotFound, errors.ReviewedHigherUp, errors.AlreadyReviewed, errors.OwnReview),
        TextRefused,
    ),
)
async def decide_exclusion(
    exclusion_id: Annotated[StrictUUID, Path(description="不计申请的编号")], body: ReviewIn, run: TheRun
) -> Receipt:
    return await run(exclusions.decide, exclusion_id, upheld=body.upheld, note=body.note)


@api.get(
    "",
    rule=policy.READ,
    operation_id="listExclusions",
    summary="提请不计的错过和复核结果,新的在前",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR, Tag.STREET),
    answer={
        "items": [
            {
                "id": ID, "state": "upheld", "state_label": "经复核不计", "matter_kind": "order", "matter_id": ID,
                "place_id": PLACE_ID, "place_name": "西峪社区", "deadline_id": ID, "callback_id": None,
                "kind": "respond", "kind_label": "响应",
                "round": 1, "due_at": "2026-03-01T09:20:00+08:00", "stopped_at": "2026-03-01T10:00:00+08:00",
                "reason": "outage", "reason_label": "停水、停电或断网", "note": "当天全社区停电,值守电话无法接通",
                "proposed_by": ID, "proposed_at": AT, "decision": "供电公司有停电公告,情况属实", "decided_by": ID,
                "decided_at": AT,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_exclusions(query: Annotated[ExclusionsQuery, Query()], reader: TheReader) -> Page[ExclusionOut]:
    async with reader() as connection:
        rows = await repository.list_exclusions(connection, query.wanted(), query.after(), query.limit)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["proposed_at"], row["id"]), _show)


def _show(row: RowMapping) -> ExclusionOut:
    state, reason = ExclusionState.of(row["upheld"]), ExclusionReason(row["reason"])
    said = {"state", "state_label", "reason", "reason_label", "kind_label"}
    return ExclusionOut(
        **{name: row[name] for name in ExclusionOut.model_fields.keys() - said},
        state=state,
        state_label=state.label,
        reason=reason,
        reason_label=reason.label,
        kind_label=label_of(row["kind"]),
    )
