"""Deadline policies over HTTP; the deadlines of an order stand in `orders.py`."""

from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.deadlines import errors, policy, repository
from app.domain.deadlines import service as deadlines
from app.domain.deadlines.models import Effect, MarkPlan
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import NotAllowed
from app.kernel.tables import Primitive
from app.kernel.text import Opaque
from app.kernel.time import Moment

api = Api(prefix="/deadline-policies")

ID = "01985a3c-3333-7f00-8a6b-2f4c5d6e7f04"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
MARKS = [
    {"percent": 80, "effects": [{"primitive": "notify", "target": "dispatcher"}]},
    {
        "percent": 100,
        "effects": [{"primitive": "notify", "target": "dispatcher"}, {"primitive": "open_pool", "target": ""}],
    },
    {"percent": 150, "effects": [{"primitive": "set_holder", "target": "secretary"}]},
]

MatterKind = Literal["order"]
DeadlineKind = Annotated[str, Opaque(20)]


class EffectIn(In):
    primitive: Choice[Primitive] = Field(description="动作:notify 通知、set_holder 移交负责人、open_pool 开放抢单")
    target: Annotated[str, Opaque(20, 0)] = Field(
        default="", description="对象:角色、assignee 或 requester;开放抢单为空"
    )


class MarkIn(In):
    percent: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(description="时限的百分之几")
    effects: Annotated[list[EffectIn], Field(max_length=10)] = Field(description="到时的动作")


class PolicyIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    matter_kind: MatterKind = Field(default="order", description="事项种类")
    deadline_kind: DeadlineKind = Field(description="时限种类:respond 响应、offer 接单、finish 完成")
    budget_seconds: Annotated[int, Field(strict=True, ge=1, le=31_536_000)] = Field(description="时限,秒")
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
    version: int = Field(description="版本")
    calendar: str = Field(description="日历:WALL 为全天候")
    budget_seconds: int = Field(description="时限,秒")
    marks: list[MarkOut] = Field(description="节点")
    published_at: Moment = Field(description="发布时间")


class PoliciesOut(Out):
    items: list[PolicyOut] = Field(description="每种时限一条:最近的地点为准")


class PolicyQuery(In):
    place_id: StrictUUID = Field(description="地点编号")
    matter_kind: MatterKind = Field(default="order", description="事项种类")


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="getDeadlinePolicy",
    summary="一个地点现行的时限规则",
    tags=(Tag.ADMINISTRATOR, Tag.RESIDENT),
    answer={
        "items": [
            {
                "id": ID, "place_id": None, "place_name": None, "deadline_kind": "respond", "version": 1,
                "calendar": "WALL", "budget_seconds": 1200, "marks": MARKS, "published_at": "2026-01-01T00:00:00+08:00",
            }
        ]
    },
)  # fmt: skip
async def get_deadline_policy(query: Annotated[PolicyQuery, Query()], reader: TheReader) -> PoliciesOut:
    async with reader() as connection:
        rows = await repository.list_in_force(connection, query.place_id, query.matter_kind)
    return PoliciesOut(items=[_policy(row) for row in rows])


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="publishDeadlinePolicy",
    summary="发布时限规则,只对之后开始的时限生效",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={
        "place_id": PLACE_ID,
        "matter_kind": "order",
        "deadline_kind": "respond",
        "budget_seconds": 1200,
        "marks": MARKS,
    },
    answer=receipt("publish"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnknownDeadline, errors.PolicyInvalid),
)
async def publish_deadline_policy(body: PolicyIn, run: TheRun) -> Receipt:
    return await run(
        deadlines.publish,
        place_id=body.place_id,
        matter_kind=body.matter_kind,
        deadline_kind=body.deadline_kind,
        budget_seconds=body.budget_seconds,
        marks=tuple(
            MarkPlan(mark.percent, tuple(Effect(effect.primitive, effect.target) for effect in mark.effects))
            for mark in body.marks
        ),
    )


def _policy(row: RowMapping) -> PolicyOut:
    return PolicyOut(
        id=row["id"],
        place_id=row["place_id"],
        place_name=row["place_name"],
        deadline_kind=row["deadline_kind"],
        version=row["version"],
        calendar=row["calendar"],
        budget_seconds=row["budget_seconds"],
        marks=[
            MarkOut(
                percent=percent,
                effects=[
                    EffectOut(primitive=Primitive(effect["primitive"]), target=effect["target"])
                    for effect in row["effects"]
                    if effect["percent"] == percent
                ],
            )
            for percent in row["percents"]
        ],
        published_at=row["published_at"],
    )
