"""The call-back over HTTP: the reporter's own tap, and an officer's tries (回访, domain.md §5)."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases import CaseId
from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.deps import Receipt, Sealer, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.cases import callback_errors as errors
from app.domain.cases import callback_lists, callback_policy, callbacks, policy
from app.domain.cases.callback_tables import CallbackState, CallChannel, CallReason
from app.domain.cases.errors import CaseNotFound, SameHand
from app.domain.cases.posts import demand_post
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import (
    FieldFault,
    InvalidInput,
    KeyReused,
    NotAllowed,
    TextRefused,
    TransitionRefused,
)
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Paragraph
from app.kernel.time import Moment
from app.kernel.vault import mask_name

api = Api()

CallbackId = Annotated[StrictUUID, Path(description="回访编号")]
Stars = Annotated[int, Field(strict=True, ge=1, le=5)]
OFFICERS = "、".join(f"{channel} {channel.label}" for channel in CallChannel if channel is not CallChannel.SELF)
REASONS = "、".join(f"{reason} {reason.label}" for reason in CallReason)


class TapIn(In):
    solved: bool = Field(description="解决了吗")
    satisfied: bool | None = Field(default=None, description="满意吗;与星级二选一,都不填也可")
    stars: Stars | None = Field(default=None, description="满意度,1 至 5 星;与“满意吗”二选一")
    contacted_in_time: bool | None = Field(default=None, description="办理的人及时联系您了吗")
    words: Annotated[str, Paragraph(300)] | None = Field(
        default=None, description="想说的话;没有解决而退回再办的,办理的人会看到,不写是谁说的"
    )


class CallbackIn(In):
    channel: Choice[CallChannel] = Field(description=f"联系方式:{OFFICERS}")
    reached: bool = Field(description="是否联系上")
    solved: bool | None = Field(default=None, description="是否解决;联系上时必填")
    satisfied: bool | None = Field(default=None, description="是否满意;与星级二选一")
    stars: Stars | None = Field(default=None, description="满意度,1 至 5 星;与“是否满意”二选一")
    contacted_in_time: bool | None = Field(default=None, description="办理的人是否及时联系")
    words: Annotated[str, Paragraph(300)] | None = Field(
        default=None, description="上报人的话,没有解决的,办理的人会看到;或没有联系上的情况"
    )


class CallbacksQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")


class CallbackTryOut(Out):
    channel: Choice[CallChannel] = Field(description="联系方式")
    channel_label: str = Field(description="联系方式的中文名称")
    reached: bool = Field(description="是否联系上")
    solved: bool | None = Field(description="是否解决")
    satisfied: bool | None = Field(description="是否满意")
    words: str | None = Field(description="说了什么")
    tried_at: Moment = Field(description="时间")


class CallbackOut(Out):
    id: StrictUUID = Field(description="回访编号")
    case_id: StrictUUID = Field(description="事项编号")
    round: int = Field(description="第几轮")
    place_id: StrictUUID = Field(description="所在地点编号")
    place_name: str = Field(description="所在地点名称")
    category_name: str = Field(description="类别名称")
    case_words: str = Field(description="反映的内容")
    answer: str | None = Field(description="可公开的答复")
    reporter_name: str | None = Field(description="上报人,只显示姓氏")
    careful: bool = Field(description="是否需要关照")
    reason: Choice[CallReason] = Field(description=f"为何需要回访:{REASONS}")
    reason_label: str = Field(description="为何需要回访的中文说明")
    mine: bool = Field(description="是否可由我回访;办理单位和上报人自己不能回访")
    how: str = Field(description="问谁、怎样问;或者为何不问")
    opened_at: Moment = Field(description="转入回访的时间")
    due_at: Moment = Field(description="回访时限")
    tries: list[CallbackTryOut] = Field(description="本人答复和每次联系,旧的在前")
    missed_tries: int = Field(description="其中没有联系上的次数")
    next_try_label: str = Field(description="没有联系上的,还差几次、在不在另一天,可直接显示")


class ReporterContactOut(Out):
    name: str | None = Field(description="上报人姓名")
    phone: str | None = Field(description="上报人电话;没有登记的为空")
    address: str | None = Field(description="上报人住址,没有登记电话的才有;也没有登记住址的为空")
    how: str = Field(description="问谁、怎样问;或者为何不问")


class OwnCallbackOut(Out):
    id: StrictUUID = Field(description="回访编号")
    round: int = Field(description="第几轮")
    state: Choice[CallbackState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    answered: bool = Field(description="我是否已经答复")
    will_call: bool = Field(description="回访员是否还会联系我")
    opened_at: Moment = Field(description="转入回访的时间")


class OwnCallbacksOut(Out):
    items: list[OwnCallbackOut] = Field(description="各轮回访,新的在前")


CALLBACK_EXAMPLE: dict[str, Any] = {
    "id": ID, "case_id": ID, "round": 1, "place_id": ID, "place_name": "西峪社区", "category_name": "路灯照明",
    "case_words": "东门外的路灯杆歪了,没人认领", "answer": "路灯已修好", "reporter_name": "王**", "careful": False,
    "reason": "unanswered", "reason_label": "上报人没有答复", "mine": True,
    "how": "请给上报人王**打电话,channel 填 phone;号码见 getReporterContact,每次查看都会记录", "opened_at": AT, "due_at": AT,
    "tries": [
        {
            "channel": "phone", "channel_label": "电话", "reached": False, "solved": None, "satisfied": None,
            "words": "无人接听", "tried_at": AT,
        }
    ],
    "missed_tries": 1,
    "next_try_label": "已有 1 次没有联系上:再有 2 次,其中至少一次在另一天,仍没有联系上,才按未联系上办结",
}  # fmt: skip


def _one_way(satisfied: bool | None, stars: int | None) -> None:
    if satisfied is not None and stars is not None:
        raise InvalidInput(fields=(FieldFault("/body/stars", "one-way", "满意与星级二选一"),))


@api.post(
    "/cases/{case_id}/callback",
    operation_id="answerCallback",
    summary="上报人一键答复:解决了吗,满意吗",
    description="小事经每位上报人答复即办结;答复没有解决的,由回访员联系后退回再办",
    tags=(Tag.RESIDENT,),
    rule=policy.LIFECYCLE["answer_callback"].by,
    does=((policy.LIFECYCLE.kind, "answer_callback"),),
    example={"solved": True, "stars": 5, "contacted_in_time": True, "words": "灯亮了,谢谢"},
    answer=receipt("closed", 8),
    responses=problems(
        *(CaseNotFound, NotAllowed, TransitionRefused, KeyReused, TextRefused, errors.CallbackNotFound),
        errors.AlreadyAnswered,
    ),
)
async def answer(case_id: CaseId, body: TapIn, run: TheRun) -> Receipt:
    _one_way(body.satisfied, body.stars)
    return await run(callbacks.answer_callback, case_id, **body.model_dump())


@api.get(
    "/cases/{case_id}/callback",
    operation_id="getMyCallback",
    summary="我对这个事项的答复,以及是否还会有人联系我",
    tags=(Tag.RESIDENT,),
    rule=policy.STANDING,
    answer={
        "items": [
            {
                "id": ID, "round": 1, "state": "open", "state_label": "待回访", "answered": False, "will_call": False,
                "opened_at": AT,
            }
        ]
    },
)  # fmt: skip
async def get_mine(case_id: CaseId, reader: TheReader) -> OwnCallbacksOut:
    async with reader() as connection:
        rows = await callback_lists.list_own(connection, case_id)
    return OwnCallbacksOut(items=[_own(row) for row in rows])


@api.post(
    "/cases/{case_id}/callbacks/{callback_id}",
    operation_id="recordCallback",
    summary="记录一次回访:是否联系上,是否及时联系、解决、满意",
    description="据实填写:记录以后不能更改,已办结的事项也不能再改。在至少两个不同的日子、共三次都没有联系上,"
    "才按未联系上办结,还差什么见 listCallbacks 的 next_try_label;"
    "联系上而没有解决则退回再办;联系上并已解决,且不再等别人答复,即办结。办理过的人、办理单位的人、上报人不能回访",
    tags=(Tag.INDEPENDENT,),
    rule=policy.LIFECYCLE["record_callback"].by,
    does=((policy.LIFECYCLE.kind, "record_callback"),),
    examples={
        "没联系上": {"channel": "phone", "reached": False, "words": "无人接听"},
        "联系上、未解决": {
            "channel": "phone", "reached": True, "solved": False, "satisfied": False, "words": "灯还是不亮",
        },
        "联系上、已解决": {
            "channel": "phone", "reached": True, "solved": True, "satisfied": True, "contacted_in_time": True,
        },
    },
    answer=receipt("callback", 9),
    responses=problems(
        *(CaseNotFound, NotAllowed, TransitionRefused, KeyReused, TextRefused, SameHand, errors.HandlingUnit),
        *(errors.CallbackNotFound, errors.AlreadyAnswered, errors.NoCallWanted, NoDeadlinePolicy),
    ),
)  # fmt: skip
async def record(case_id: CaseId, callback_id: CallbackId, body: CallbackIn, run: TheRun) -> Receipt:
    _one_way(body.satisfied, body.stars)
    if body.channel is CallChannel.SELF:
        raise InvalidInput(fields=(FieldFault("/body/channel", "own-channel", "本人答复只能由上报人自己提交"),))
    return await run(callbacks.record_callback, case_id, callback_id=callback_id, **body.model_dump())


@api.get(
    "/callbacks",
    operation_id="listCallbacks",
    summary="待回访的上报人,时限近的在前",
    tags=(Tag.INDEPENDENT,),
    rule=callback_policy.LIST,
    answer={"items": [CALLBACK_EXAMPLE], "next_cursor": None},
    responses=problems(NotAllowed),
)
async def list_callbacks(query: Annotated[CallbacksQuery, Query()], reader: TheReader) -> Page[CallbackOut]:
    async with reader() as connection:
        rows = await callback_lists.list_callbacks(connection, query.place_id, query.after(), query.limit)
        if not rows:
            await demand_post(connection, callback_policy.LIST)
    return Page.cut(
        rows, query.limit, lambda row: Cursor(row["due_at"], row["id"]), lambda row: _show(row, reader.sealer)
    )


@api.get(
    "/callbacks/{callback_id}/contact",
    operation_id="getReporterContact",
    summary="查看要回访的上报人的姓名和电话(没有电话的,住址);每次查看都会记录",
    tags=(Tag.INDEPENDENT,),
    rule=callback_policy.CALL,
    answer={
        "name": "王秀英",
        "phone": None,
        "address": "西峪东街 8 号院 2 号楼 3 单元 501",
        "how": callback_policy.how_to_ask(CallReason.UNANSWERED, "王秀英", has_phone=False, mine=True),
    },
    responses=problems(errors.CallbackNotFound),
)
async def get_contact(callback_id: CallbackId, reader: TheReader) -> ReporterContactOut:
    async with reader() as connection:
        row = await callback_lists.reveal_reporter(connection, callback_id)
    shown = {what: reader.sealer.opened(what, row[f"{what}_sealed"]) for what in ("name", "phone", "address")}
    reason, has_phone = CallReason(row["call_reason"]), shown["phone"] is not None
    how = callback_policy.how_to_ask(reason, shown["name"], has_phone=has_phone, mine=True)
    return ReporterContactOut(**shown, how=how)


def _show(row: RowMapping, sealer: Sealer) -> CallbackOut:
    name, reason = sealer.opened("name", row["name_sealed"]), CallReason(row["call_reason"])
    masked = name and mask_name(name)
    tries = [CallbackTryOut(**one, channel_label=CallChannel(one["channel"]).label) for one in row["tries"]]
    missed = [one.tried_at for one in tries if not one.reached]
    answered = any(one.channel is CallChannel.SELF for one in tries) and reason is not CallReason.OWN
    same = (
        *("id", "round", "place_id", "place_name", "category_name", "case_words", "answer", "careful", "mine"),
        *("opened_at", "due_at"),
    )
    return CallbackOut(
        **{field: row[field] for field in same},
        case_id=row["matter_id"],
        reporter_name=masked,
        how=callback_policy.how_to_ask(reason, masked, has_phone=row["has_phone"], mine=row["mine"]),
        reason=reason,
        reason_label=reason.label,
        tries=tries,
        missed_tries=len(missed),
        next_try_label=callback_policy.still_missing(missed, answered=answered),
    )


def _own(row: RowMapping) -> OwnCallbackOut:
    state = CallbackState(row["state"])
    return OwnCallbackOut(
        **{field: row[field] for field in ("id", "round", "answered", "opened_at")},
        state=state,
        state_label=state.label,
        will_call=state is CallbackState.OPEN and row["call_reason"] is not None,
    )
