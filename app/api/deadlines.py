"""Deadline policies over HTTP; the deadlines of an order stand in `orders.py`."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deadlines_out import CALENDARS
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.deadlines import errors, policy, reading, repository
from app.domain.deadlines import service as deadlines
from app.domain.deadlines.models import LABELS, Effect, Limits, MarkPlan, label_of
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import EstateType
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import Primitive
from app.kernel.errors import NotAllowed, NothingChanged
from app.kernel.text import Opaque
from app.kernel.time import Moment

api = Api(prefix="/deadline-policies")

ID = "01985a3c-3333-7f00-8a6b-2f4c5d6e7f04"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
MARKS: list[dict[str, Any]] = [
    {"percent": 80, "effects": [{"primitive": "notify", "target": "dispatcher"}]},
    {
        "percent": 100,
        "effects": [{"primitive": "notify", "target": "dispatcher"}, {"primitive": "open_pool", "target": ""}],
    },
    {"percent": 150, "effects": [{"primitive": "set_holder", "target": "secretary"}]},
]

POLICY_EXAMPLE = {
    "id": ID, "place_id": None, "place_name": None, "deadline_kind": "respond", "deadline_kind_label": "响应",
    "counts": reading.counts("order", "respond"), "version": 1, "category": "", "estate_type": "", "estate_type_label": None,
    "calendar": "DUTY", "calendar_label": CalendarName.DUTY.label, "budget_seconds": 1200, "budget_days": None,
    "pause_limit_seconds": None, "pause_total_percent": 200, "later_round_percent": 100,
    "pausing": reading.pausing("order", "respond", pausable=False), "marks": MARKS,
    "marks_label": ["用到 80%:通知社区派单员", "用到 100%:通知社区派单员、开放抢单", "用到 150%:移交社区书记负责"],
    "published_at": "2026-01-01T00:00:00+08:00",
}  # fmt: skip

MatterKind = Literal["order", "case", "assignment"]
BY_NIGHT = "紧急类别的民情,响应、答复、分流不论是哪个日历都全天候计时,一个工作日按 24 小时"
KINDS = "、".join(f"{kind} {label}" for kind, label in LABELS.items())
DeadlineKind = Annotated[
    str, Opaque(20, instead="请填写时限种类的代码(getDeadlinePolicy 的 deadline_kind,如 respond),不是中文名称")
]


class EffectIn(In):
    primitive: Choice[Primitive] = Field(
        description="动作:notify 通知、set_holder 移交负责人、open_pool 开放抢单、start 开始另一时限;"
        "从 getDeadlinePolicy 照抄时,event 可以一起抄:由系统自动保留"
    )
    target: Annotated[str, Opaque(40, 0)] = Field(
        default="",
        description="对象:角色(可加层级,如 secretary@street 街道及以上的书记)、assignee、requester;事项和任务还可以是 seat、\
unit、unit_head、unit_deputy、lead;开始时限的填时限种类;开放抢单为空",
    )


class MarkIn(In):
    percent: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(description="时限的百分之几")
    effects: Annotated[list[EffectIn], Field(max_length=10)] = Field(description="到时的动作")


class PolicyIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    matter_kind: MatterKind = Field(default="order", description="种类:order 订单、case 事项、assignment 任务")
    deadline_kind: DeadlineKind = Field(description=f"时限种类:{KINDS}")
    category: Annotated[str, Opaque(20)] | None = Field(
        default=None, description="只对这一类:订单填服务的类别或形式,事项填类别代码,任务填哨的种类;不填为全部"
    )
    estate_type: Choice[EstateType] | None = Field(default=None, description="只对这一类型的小区;不填为全部")
    calendar: Choice[CalendarName] = Field(default=CalendarName.WALL, description=f"{CALENDARS};{BY_NIGHT}")
    budget_seconds: Annotated[int, Field(strict=True, ge=1, le=31_536_000)] | None = Field(
        default=None, description="时限,按所选日历计的秒数;与 budget_days 二选一"
    )
    budget_days: Annotated[int, Field(strict=True, ge=1, le=250)] | None = Field(
        default=None, description="时限,整工作日数,只用于 WORK"
    )
    pause_limit_seconds: Annotated[int, Field(strict=True, ge=1, le=31_536_000)] | None = Field(
        default=None, description="一次暂停最长多少秒(自然时间);不填则不可暂停"
    )
    pause_total_percent: Annotated[int, Field(strict=True, ge=1, le=200)] = Field(
        default=200, description="全部暂停合计最长为时限的百分之几"
    )
    later_round_percent: Annotated[int, Field(strict=True, ge=1, le=100)] = Field(
        default=100, description="返工轮次用时限的百分之几"
    )
    marks: Annotated[list[MarkIn], Field(min_length=1, max_length=10)] = Field(
        description="节点,百分比从小到大,须有 100"
    )


class EffectOut(Out):
    primitive: Choice[Primitive] = Field(description="动作")
    target: str = Field(description="对象")


class MarkOut(Out):
    percent: int = Field(description="时限的百分之几")
    effects: list[EffectOut] = Field(description="到时的动作")


class PolicyOut(Out):
    id: StrictUUID = Field(description="规则编号")
    place_id: StrictUUID | None = Field(description="发布地点;全局标准为 null")
    place_name: str | None = Field(description="发布地点名称")
    deadline_kind: str = Field(description="时限种类")
    deadline_kind_label: str = Field(description="时限种类的中文名称")
    counts: str = Field(description="这项时限管哪些、到期时刻怎样定")
    version: int = Field(description="版本")
    category: str = Field(description="只对这一类:服务、事项的类别,或哨的种类;空为全部")
    estate_type: str = Field(description="只对这一类型的小区;空为全部")
    estate_type_label: str | None = Field(description="小区类型的中文名称;不分类型的为 null")
    calendar: Choice[CalendarName] = Field(description=CALENDARS)
    calendar_label: str = Field(description="日历的中文名称")
    budget_seconds: int | None = Field(description="时限,秒;按工作日计则为 null")
    budget_days: int | None = Field(description="时限,整工作日数;按秒计则为 null")
    pause_limit_seconds: int | None = Field(description="一次暂停最长多少秒;不可暂停则为 null")
    pause_total_percent: int = Field(description="全部暂停合计最长为时限的百分之几")
    later_round_percent: int = Field(description="返工轮次用时限的百分之几")
    pausing: str = Field(description="能不能暂停,什么时候")
    marks: list[MarkOut] = Field(description="节点")
    marks_label: list[str] = Field(description="各节点做什么,中文,一句一个节点")
    published_at: Moment = Field(description="发布时间")


class PoliciesOut(Out):
    items: list[PolicyOut] = Field(
        description="最近的地点为准;同一地点先看类别加小区类型,再看类别,再看小区类型,最后是不分类的"
    )


class PolicyQuery(In):
    place_id: StrictUUID = Field(description="地点编号")
    matter_kind: MatterKind = Field(default="order", description="种类:order 订单、case 事项、assignment 任务")


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="getDeadlinePolicy",
    summary="一个地点现行的时限规则",
    description=BY_NIGHT,
    tags=(Tag.ADMINISTRATOR, Tag.RESIDENT),
    answer={"items": [POLICY_EXAMPLE]},
)
async def get_deadline_policy(query: Annotated[PolicyQuery, Query()], reader: TheReader) -> PoliciesOut:
    async with reader() as connection:
        rows = await repository.list_in_force(connection, query.place_id, query.matter_kind)
    return PoliciesOut(items=[policy_out(row) for row in rows])


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="publishDeadlinePolicy",
    summary="发布时限规则,只对之后开始的时限生效",
    description="事项在社区办理的:定为小事、类别为当天解决(by_midnight)的,当天 24:00 到期(resolve_small),"
    "不按 resolve_community;要用自己的时限,先用 publishCategory 把类别发布为 by_midnight=false。"
    "哪项时限管哪些,见 getDeadlinePolicy 的 counts",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={
        "place_id": PLACE_ID,
        "matter_kind": "order",
        "deadline_kind": "respond",
        "calendar": "DUTY",
        "budget_seconds": 1200,
        "marks": MARKS,
    },
    answer=receipt("publish"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnknownDeadline, errors.PolicyInvalid, NothingChanged),
)
async def publish_deadline_policy(body: PolicyIn, run: TheRun) -> Receipt:
    return await run(
        deadlines.publish,
        place_id=body.place_id,
        matter_kind=body.matter_kind,
        deadline_kind=body.deadline_kind,
        category=body.category or "",
        estate_type=body.estate_type or "",
        limits=limits_of(body),
    )


def limits_of(body: PolicyIn) -> Limits:
    """What the body of a policy or of a draft says of time, marks and pauses."""
    return Limits(
        body.calendar,
        body.budget_seconds,
        body.budget_days,
        tuple(
            MarkPlan(mark.percent, tuple(Effect(effect.primitive, effect.target) for effect in mark.effects))
            for mark in body.marks
        ),
        body.pause_limit_seconds,
        body.later_round_percent,
        body.pause_total_percent,
    )


def labelled(kind: str, estate_type: str, calendar: CalendarName) -> dict[str, Any]:
    """What limits are for and on which calendar, by code and in Chinese."""
    return {
        "deadline_kind": kind,
        "deadline_kind_label": label_of(kind),
        "estate_type": estate_type,
        "estate_type_label": EstateType(estate_type).label if estate_type else None,
        "calendar": calendar,
        "calendar_label": calendar.label,
    }


def marked(marks: Iterable[MarkPlan]) -> dict[str, Any]:
    """The marks of limits as they would be drafted again, and in sentences."""
    plans = list(marks)
    return {
        "marks": [
            MarkOut(percent=mark.percent, effects=[EffectOut(**asdict(effect)) for effect in mark.effects])
            for mark in plans
        ],
        "marks_label": [reading.at_mark(mark.percent, mark.effects) for mark in plans],
    }


def policy_out(row: RowMapping) -> PolicyOut:
    """A policy with its effects as it is shown."""
    matter, kind = row["matter_kind"], row["deadline_kind"]
    pausable = row["pause_limit_seconds"] is not None
    effects = [(one["percent"], Effect(Primitive(one["primitive"]), one["target"])) for one in row["effects"]]
    marks = (MarkPlan(percent, tuple(one for at, one in effects if at == percent)) for percent in row["percents"])
    return PolicyOut(
        id=row["id"],
        place_id=row["place_id"],
        place_name=row["place_name"],
        **labelled(kind, row["estate_type"], CalendarName(row["calendar"])),
        counts=reading.counts(matter, kind),
        version=row["version"],
        category=row["category"],
        budget_seconds=row["budget_seconds"],
        budget_days=row["budget_days"],
        pause_limit_seconds=row["pause_limit_seconds"],
        pause_total_percent=row["pause_total_percent"],
        later_round_percent=row["later_round_percent"],
        pausing=reading.pausing(matter, kind, pausable=pausable),
        **marked(marks),
        published_at=row["published_at"],
    )
