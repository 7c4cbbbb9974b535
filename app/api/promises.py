"""What is said and agreed on an order, and the deadlines that explain themselves (domain.md §4). As in `orders.py`, each
command is one verb."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deadlines_out import EXPLANATION_EXAMPLE, DeadlineId, ExplanationOut, show_explanation
from app.api.deps import Receipt, Sealer, TheReader, TheRun, receipt
from app.api.orders import ID, OrderId, moves
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.deadlines import explaining, of_matters
from app.domain.deadlines.errors import DeadlineNotFound
from app.domain.orders import appointment_errors, appointments, errors, policy, promises
from app.domain.orders.clocks import total_of
from app.domain.orders.models import Channel
from app.domain.orders.posts import Said, list_posts
from app.kernel.text import Line, Paragraph
from app.kernel.time import Moment
from app.kernel.vault import mask_name

api = Api(prefix="/orders")

PauseId = Annotated[StrictUUID, Path(description="暂停的编号")]
Words = Annotated[str, Paragraph(500)]

AT = "2026-03-03T10:30:00+08:00"
MINUTE = timedelta(minutes=1)
UNMOVED = (appointment_errors.AppointmentMissed, appointment_errors.SlotNotMovable, appointment_errors.AgreedByTwo)
UNFIT = (appointment_errors.AppointmentAtNight, appointment_errors.AppointmentDouble)


class ContactRecordIn(In):
    channel: Choice[Channel] = Field(description="怎样联系上的:phone 电话、visit 上门、message 消息")
    text: Words = Field(description="说了什么;请勿填写电话和住址")


class ReplyIn(In):
    text: Words = Field(description="答复,居民会看到")


class QuestionIn(In):
    question: Words = Field(description="要问居民的问题;协调和方案的时限等回答")


class AnswerIn(In):
    question_id: StrictUUID = Field(description="问题编号,见 listOrderPosts")
    text: Words = Field(description="回答")


class AppointmentIn(In):
    meet_at: Moment = Field(
        description=f"约定上门的时间,晚于现在,{appointments.FARTHEST_APPOINTMENT.days} 天之内;{appointments.BY_DAY}"
    )


class ConfirmIn(In):
    meet_at: Moment = Field(description="要确认的时间:从 getOrder 的 proposed_appointment 里的 meet_at 原样复制")


class PlanIn(In):
    text: Words = Field(description="方案,居民会看到")
    steps: Annotated[list[Annotated[str, Line(100)]], Field(min_length=1, max_length=10)] = Field(description="步骤")
    promised_at: Moment = Field(description="承诺完成的时间,晚于现在,最晚为明年的今天(含)")
    owner_id: StrictUUID | None = Field(
        default=None, description="负责人:本人或承接的志愿者(从 getOrder 的 volunteer 里的 id 复制);不填为本人"
    )


class PauseIn(In):
    until_at: Moment = Field(
        description="暂停到什么时候,须晚于现在;不超过这项时限的方案所定的最长暂停,一次和累计都算,超过的,拒绝时写明还能到何时"
    )
    text: Annotated[str, Paragraph(300)] = Field(description="不可抗力的情况,居民会看到")


class DisputeIn(In):
    text: Annotated[str, Paragraph(300)] = Field(description="为什么不应暂停")


class DecisionIn(In):
    upheld: bool = Field(strict=True, description="true 支持居民:撤销暂停,时间照常计算")
    text: Annotated[str, Paragraph(300)] = Field(description="理由,居民会看到")


class PostOut(Out):
    id: StrictUUID = Field(description="编号")
    kind: Choice[Said] = Field(description="、".join(f"{said.value} {said.label}" for said in Said))
    kind_label: str = Field(description="种类的中文名称")
    round: int = Field(description="第几轮")
    text: str = Field(description="内容;没有写明的为空")
    channel: Choice[Channel] | None = Field(description="联系方式")
    channel_label: str | None = Field(description="联系方式的中文名称")
    about_id: StrictUUID | None = Field(description="谢绝、退回、被收回或被投诉的志愿者编号;其他种类为 null")
    about_name: str | None = Field(description="这位志愿者的姓名(隐去名字)")
    answers: StrictUUID | None = Field(description="回答的是哪个问题")
    answered: bool = Field(description="问题是否已回答")
    owner_id: StrictUUID | None = Field(description="方案的负责人")
    steps: list[str] | None = Field(description="方案的步骤")
    promised_at: Moment | None = Field(description="承诺完成的时间")
    by_me: bool = Field(description="是不是我写的")
    posted_at: Moment = Field(description="时间")


class PostsOut(Out):
    items: list[PostOut] = Field(description="从早到晚")


@api.post(
    "/{order_id}/contact",
    operation_id="recordContact",
    summary="记录已联系上居民;响应的时限就此停止",
    description="只作记录,不代为联系:电话、上门、消息(message)都由您自己进行,这里写下的话不会发给居民,但居民在订单的沟通记录(listOrderPosts)里看得到。"
    "要在本系统里答复居民,用 replyToOrder",
    tags=(Tag.STATION, Tag.DISPATCHER, Tag.VOLUNTEER),
    example={"channel": "phone", "text": "已电话告知周三上午有人上门"},
    answer=receipt("submitted", 2),
    **moves("contact"),
)
async def record_contact(order_id: OrderId, body: ContactRecordIn, run: TheRun) -> Receipt:
    return await run(promises.contact, order_id, channel=body.channel.value, text=body.text)


@api.post(
    "/{order_id}/reply",
    operation_id="replyToOrder",
    summary="答复居民;答复的时限就此停止",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER),
    example={"text": "您的订单已收到,正在联系志愿者"},
    answer=receipt("submitted", 2),
    **moves("reply"),
)
async def reply(order_id: OrderId, body: ReplyIn, run: TheRun) -> Receipt:
    return await run(promises.reply, order_id, text=body.text)


@api.post(
    "/{order_id}/questions",
    operation_id="askResident",
    summary="问居民一个问题;等回答的时间不算在协调和方案的时限里",
    description="请一次问完:同时有几个问题的,时限等的是先问的那一个,它得到回答即接着计时。"
    "提问的人退回了订单,问题仍在,时限仍等它的回答",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER),
    example={"question": "您方便的是上午还是下午?"},
    answer=receipt("submitted", 2),
    **moves("ask"),
)
async def ask(order_id: OrderId, body: QuestionIn, run: TheRun) -> Receipt:
    return await run(promises.ask, order_id, question=body.question)


@api.post(
    "/{order_id}/answer",
    operation_id="answerQuestion",
    summary="回答社区或志愿者的问题;时限接着计时",
    tags=(Tag.RESIDENT, Tag.STATION),
    example={"question_id": ID, "text": "上午"},
    answer=receipt("submitted", 3),
    **moves("answer", errors.QuestionNotFound),
)
async def answer(order_id: OrderId, body: AnswerIn, run: TheRun) -> Receipt:
    return await run(promises.answer, order_id, question_id=body.question_id, text=body.text)


@api.post(
    "/{order_id}/appointment",
    operation_id="proposeAppointment",
    summary="提出上门的时间,或想改到的时间,由对方确认",
    description="已有约定时为改期:对方确认(confirmAppointment)之前原约定照旧;不同意改期的,再提一次原来的时间,对方的提议即作罢",
    tags=(Tag.VOLUNTEER, Tag.RESIDENT, Tag.STATION, Tag.DISPATCHER),
    example={"meet_at": AT},
    answer=receipt("accepted", 4),
    **moves(
        "propose",
        appointment_errors.AppointmentTooEarly,
        appointment_errors.AppointmentTooLate,
        *UNMOVED,
        *UNFIT,
        appointment_errors.AppointmentStands,
    ),
)
async def propose(order_id: OrderId, body: AppointmentIn, run: TheRun) -> Receipt:
    return await run(appointments.propose_appointment, order_id, meet_at=body.meet_at)


@api.post(
    "/{order_id}/appointment/confirm",
    operation_id="confirmAppointment",
    summary="确认对方提出的时间;协调和方案的时限就此停止,以后按约定的时间计",
    description="写明所确认的时间:对方又改了提议的,不会确认到没看过的时间。已有约定时即改期,只由居民和承接的志愿者双方来改:原约定和它的时限由新的接替",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    example={"meet_at": AT},
    answer=receipt("accepted", 5),
    **moves("confirm", appointment_errors.NoAppointment, appointment_errors.AnotherTime, *UNMOVED, *UNFIT),
)
async def confirm(order_id: OrderId, body: ConfirmIn, run: TheRun) -> Receipt:
    return await run(appointments.confirm_appointment, order_id, meet_at=body.meet_at)


@api.post(
    "/{order_id}/plan",
    operation_id="writePlan",
    summary="写下方案:由谁负责、分几步、答应哪天办好;方案的时限就此停止",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER),
    example={"text": "请水电师傅看过后更换阀门", "steps": ["看现场", "买阀门", "更换"], "promised_at": AT},
    answer=receipt("submitted", 2),
    **moves("write_plan", errors.PromiseTooEarly, errors.PromiseTooLate),
)
async def write_plan(order_id: OrderId, body: PlanIn, run: TheRun) -> Receipt:
    return await run(
        promises.write_plan,
        order_id,
        text=body.text,
        steps=body.steps,
        promised_at=body.promised_at,
        owner_id=body.owner_id,
    )


@api.get(
    "/{order_id}/posts",
    rule=policy.READ,
    operation_id="listOrderPosts",
    summary="一个订单上的联系、答复、问答、方案,和没有做成的原因",
    description="谢绝、退回、中止的原因只给社区,和还看得到订单的本人;对服务态度的不满只给社区,不给被评的人",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    answer={
        "items": [
            {
                "id": ID, "kind": "reply", "kind_label": "答复", "round": 1, "text": "您的订单已收到", "channel": None,
                "channel_label": None, "about_id": None, "about_name": None, "answers": None,
                "answered": False, "owner_id": None, "steps": None, "promised_at": None, "by_me": False, "posted_at": AT,
            }
        ]
    },
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn),
)  # fmt: skip
async def list_order_posts(order_id: OrderId, reader: TheReader) -> PostsOut:
    async with reader() as connection:
        rows = await list_posts(connection, order_id)
    return PostsOut(items=[_post(row, reader.caller.person_id, reader.sealer) for row in rows])


@api.get(
    "/{order_id}/deadlines/{deadline_id}",
    rule=policy.READ,
    operation_id="explainDeadline",
    summary="一项时限为什么在这时到期",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.DISPATCHER),
    answer=EXPLANATION_EXAMPLE,
    responses=problems(DeadlineNotFound),
)
async def explain(order_id: OrderId, deadline_id: DeadlineId, reader: TheReader) -> ExplanationOut:
    async with reader() as connection:
        row = await of_matters.get_deadline(connection, policy.LIFECYCLE.kind, order_id, deadline_id)
    return show_explanation(row, policy.LIFECYCLE.actions_zh, _later(row))


@api.post(
    "/{order_id}/deadlines/{deadline_id}/pause",
    operation_id="pauseDeadline",
    summary="因不可抗力暂停一项时限",
    description="由书记或管理员办理,派单员不能暂停。一次最长多久、合计最长多久由时限规则定;超过的,回答里写明最晚到何时",
    tags=(Tag.ADMINISTRATOR,),
    example={"until_at": AT, "text": "暴雨红色预警,全市停止户外作业"},
    answer=receipt("submitted", 2),
    **moves("pause", DeadlineNotFound, errors.NothingToPause, errors.PauseOver, errors.PausedTooLong),
)
async def pause(order_id: OrderId, deadline_id: DeadlineId, body: PauseIn, run: TheRun) -> Receipt:
    return await run(promises.pause, order_id, deadline_id=deadline_id, until_at=body.until_at, text=body.text)


@api.post(
    "/{order_id}/deadlines/{deadline_id}/resume",
    operation_id="resumeDeadline",
    summary="提前结束暂停",
    description="派单员、书记或管理员都可以",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR),
    answer=receipt("submitted", 3),
    **moves("resume", DeadlineNotFound, errors.PauseNotFound),
)
async def resume(order_id: OrderId, deadline_id: DeadlineId, run: TheRun) -> Receipt:
    return await run(promises.resume, order_id, deadline_id=deadline_id)


@api.post(
    "/{order_id}/pauses/{pause_id}/dispute",
    operation_id="disputePause",
    summary="不同意一次暂停计时:提出异议,由暂停者以外的人决定",
    description="一次提问会分别暂停协调和方案两个时限,各是一次暂停、各有编号:两个都不同意的,各提一次异议",
    tags=(Tag.RESIDENT,),
    example={"text": "并没有人问过我"},
    answer=receipt("submitted", 3),
    **moves("dispute", errors.PauseNotFound, errors.AlreadyDisputed),
)
async def dispute(order_id: OrderId, pause_id: PauseId, body: DisputeIn, run: TheRun) -> Receipt:
    return await run(promises.dispute, order_id, pause_id=pause_id, text=body.text)


@api.post(
    "/{order_id}/pauses/{pause_id}/decision",
    operation_id="decideDispute",
    summary="裁定对暂停的异议",
    description="由暂停者以外的书记或管理员裁定,派单员不能",
    tags=(Tag.ADMINISTRATOR,),
    example={"upheld": True, "text": "问题没有送达居民"},
    answer=receipt("submitted", 4),
    **moves("decide", errors.PauseNotFound, errors.NotDisputed, errors.OwnPause),
)
async def decide(order_id: OrderId, pause_id: PauseId, body: DecisionIn, run: TheRun) -> Receipt:
    return await run(promises.decide, order_id, pause_id=pause_id, upheld=body.upheld, text=body.text)


def _post(row: RowMapping, reader_id: UUID, sealer: Sealer) -> PostOut:
    name: str | None = sealer.opened("name", row["name_sealed"])
    said, channel = Said(row["kind"]), Channel(row["channel"]) if row["channel"] else None
    shown: dict[str, Any] = {
        "kind": said,
        "kind_label": said.label,
        "channel": channel,
        "channel_label": channel and channel.label,
        "about_name": name and mask_name(name),
        "by_me": row["posted_by"] == reader_id,
    }
    return PostOut(**{one: row[one] for one in PostOut.model_fields if one not in shown}, **shown)


def _later(row: RowMapping) -> explaining.Later | None:
    if row["round"] == 1:
        return None
    total = total_of(row)
    passed = total.passed(row["now"]) // MINUTE * MINUTE
    return explaining.Later(row["round"], total.started_at, passed, over=total.ended_at is not None)
