"""Shifts over HTTP: handing over, and what was handed over."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.deadlines.models import label_of
from app.domain.orders import errors, policy, shifts
from app.domain.orders.models import OrderState
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import KeyReused, NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Paragraph
from app.kernel.time import Moment

api = Api(prefix="/shifts", tags=(Tag.DISPATCHER,))

ID = "01985a3c-8888-7f00-8a6b-2f4c5d6e7f09"


class HandOverShiftIn(In):
    place_id: StrictUUID = Field(description="哪个地点的班次")
    next_id: StrictUUID = Field(description="接班人编号:本地的派单员或书记,见 listRoleHolders 的 person_id")
    note: Annotated[str, Paragraph(1000)] = Field(description="交接说明;请勿填写居民的电话和住址")


class CountOut(Out):
    state: Choice[OrderState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    orders: int = Field(description="订单数")


class LateOut(Out):
    order_id: StrictUUID = Field(description="订单编号")
    service_name: str | None = Field(description="服务名称;看不到则为 null")
    words: str | None = Field(description="需要什么帮助;看不到则为 null")
    kind: str = Field(description="时限种类")
    kind_label: str = Field(description="时限种类的中文名称")
    due_at: Moment = Field(description="到期")


class HandoverOut(Out):
    id: StrictUUID = Field(description="交接编号")
    place_id: StrictUUID = Field(description="地点编号")
    place_name: str = Field(description="地点名称")
    left_by: StrictUUID = Field(description="交班人编号")
    left_name: str | None = Field(description="交班人姓名;看不到则为 null")
    taken_by: StrictUUID = Field(description="接班人编号")
    taken_name: str | None = Field(description="接班人姓名;看不到则为 null")
    note: str = Field(description="交接说明")
    counts: list[CountOut] = Field(description="交接时未完成的订单,按状态")
    late: list[LateOut] = Field(description="交接时两小时内到期和已错过的时限,最急的在前,最多二百项")
    passed_on: list[StrictUUID] = Field(description="由交班人负责、转由接班人负责的订单编号")
    handed_at: Moment = Field(description="交接时间")


class HandoversQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="只看某一地点")


@api.post(
    "/hand-over",
    rule=(policy.SHIFT,),
    operation_id="handOverShift",
    summary="交班:交给下一位派单员或书记",
    description="未完成的订单、两小时内到期的时限会记入交接;由交班人负责的订单转由接班人负责",
    example={"place_id": ID, "next_id": ID, "note": "2 号楼的陪诊还没有派出,志愿者下午两点才有空"},
    answer=receipt("hand_over"),
    responses=problems(NotAllowed, PlaceNotFound, errors.NotOnDuty, KeyReused, TextRefused),
)
async def hand_over_shift(body: HandOverShiftIn, run: TheRun) -> Receipt:
    return await run(shifts.hand_over_shift, place_id=body.place_id, next_id=body.next_id, note=body.note)


@api.get(
    "/hand-overs",
    rule=(policy.staff,),
    operation_id="listShiftHandovers",
    summary="交接班记录,新的在前",
    answer={
        "items": [
            {
                "id": ID, "place_id": ID, "place_name": "西峪社区", "left_by": ID, "left_name": "张敏", "taken_by": ID,
                "taken_name": "刘建国", "note": "2 号楼的陪诊还没有派出",
                "counts": [{"state": "submitted", "state_label": "待派单", "orders": 2}],
                "late": [
                    {
                        "order_id": ID, "service_name": "陪同就医", "words": "周三上午想请人陪我去医院取药",
                        "kind": "plan", "kind_label": "方案", "due_at": "2026-03-01T19:20:00+08:00",
                    }
                ],
                "passed_on": [], "handed_at": "2026-03-01T18:00:00+08:00",
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_shift_handovers(query: Annotated[HandoversQuery, Query()], reader: TheReader) -> Page[HandoverOut]:
    async with reader() as connection:
        rows = await shifts.list_handovers(connection, query.place_id, query.after(), query.limit)

    def show(row: RowMapping) -> HandoverOut:
        found, about = row["open_orders"], row["about"] or {}
        unseen = {"service_name": None, "words": None}
        return HandoverOut(
            **{
                name: row[name] for name in ("id", "place_id", "place_name", "left_by", "taken_by", "note", "handed_at")
            },
            left_name=reader.sealer.opened("name", row["left_name_sealed"]),
            taken_name=reader.sealer.opened("name", row["taken_name_sealed"]),
            counts=[
                CountOut(state=OrderState(state), state_label=OrderState(state).label, orders=orders)
                for state, orders in sorted(found["counts"].items())
            ],
            late=[
                LateOut.model_validate(
                    {**late, **about.get(late["order_id"], unseen), "kind_label": label_of(late["kind"])}
                )
                for late in found["late"]
            ],
            passed_on=found["held"],
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row["handed_at"], row["id"]), show)
