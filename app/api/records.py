"""What is kept of oneself and of who looked, over HTTP: hours, looks, one's week and calendar."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from app.api.calendar_feed import Feed, feed
from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Reader, TheReader
from app.api.orders import OrderId
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.deadlines.models import label_of
from app.domain.orders import errors, policy, records
from app.domain.orders.models import OrderState
from app.domain.orders.record_models import Shown
from app.domain.people import looks
from app.domain.teams.errors import TeamNotFound
from app.domain.teams.repository import get_team
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.time import Day, Moment
from app.kernel.vault import mask_name

api = Api()

ID = "01985a3c-4444-7f00-8a6b-2f4c5d6e7f05"
AT = "2026-03-01T09:00:00+08:00"


class MonthOut(Out):
    month: str = Field(description="月份,如 2026-03")
    minutes: int = Field(description="服务分钟数")
    services: int = Field(description="服务次数")


class YearOut(Out):
    year: str = Field(description="年份")
    minutes: int = Field(description="服务分钟数")
    services: int = Field(description="服务次数")
    months: list[MonthOut] = Field(description="各月,新的在前")


class SolvedOut(Out):
    yes: int = Field(description="已解决的次数")
    partly: int = Field(description="部分解决的次数")
    no: int = Field(description="未解决的次数")


class RatingsOut(Out):
    count: int = Field(description="收到多少次评价")
    average: float = Field(description="平均几星")
    solved: SolvedOut = Field(description="居民说是否解决")


class ServedOut(Out):
    order_id: StrictUUID = Field(description="订单编号")
    round: int = Field(description="第几轮")
    place_id: StrictUUID = Field(description="社区编号")
    place_name: str = Field(description="社区名称")
    started_at: Moment = Field(description="开始服务")
    ended_at: Moment = Field(description="完成服务")
    minutes: int = Field(description="服务分钟数,不足一分钟不计")


class HoursOut(Out):
    minutes: int = Field(description="合计服务分钟数")
    services: int = Field(description="合计服务次数")
    years: list[YearOut] = Field(description="各年,新的在前")
    ratings: RatingsOut | None = Field(description="我收到的评价的总体情况;不足五次则为 null")
    items: list[ServedOut] = Field(description="每次服务,新的在前")
    next_cursor: str | None = Field(description="下一页的翻页标记;没有下一页时为 null")


class LookOut(Out):
    id: StrictUUID = Field(description="记录编号")
    shown: Choice[Shown] = Field(description="看了什么:contact 联系方式、volunteer 志愿者、reporter 上报人")
    shown_label: str = Field(description="看了什么,中文")
    capacity: str = Field(
        description="以何身份:assignee、requester、beneficiary、unit、other,或岗位如 grid_worker、dispatcher、secretary"
    )
    capacity_label: str = Field(description="以何身份,中文")
    name: str | None = Field(description="查看者的姓名(隐去名字);未登记则为 null")
    by_me: bool = Field(description="是不是我")
    shown_at: Moment = Field(description="时间;同一人一小时内只记一次")


class WeekRow(Out):
    order_id: StrictUUID = Field(description="订单编号")
    state: Choice[OrderState] = Field(description="订单状态")
    state_label: str = Field(description="订单状态的中文名称")
    service_name: str = Field(description="服务名称")
    place_id: StrictUUID = Field(description="社区编号")
    place_name: str = Field(description="社区名称")
    what: Literal["appointment", "proposed", "deadline"] = Field(
        description="appointment 已约定、proposed 已提出待确认、deadline 时限到期"
    )
    what_label: str = Field(description="是什么,中文")
    kind_label: str | None = Field(description="时限的中文名称;不是时限则为 null")
    mine: bool = Field(description="是不是由我承接")
    at: Moment = Field(description="时间")


class WeekOut(Out):
    items: list[WeekRow] = Field(description="从早到晚")


class WeekQuery(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True)

    day: Day | None = Field(default=None, description="哪一天所在的周(周一至周日);不填为本周")


@api.get(
    "/me/hours",
    rule=SIGNED_IN,
    operation_id="getMyHours",
    summary="我的服务时长,按年按月合计,并逐次列出",
    tags=(Tag.VOLUNTEER,),
    answer={
        "minutes": 95,
        "services": 1,
        "years": [
            {
                "year": "2026", "minutes": 95, "services": 1,
                "months": [{"month": "2026-03", "minutes": 95, "services": 1}],
            }
        ],
        "ratings": None,
        "items": [
            {
                "order_id": ID, "round": 1, "place_id": ID, "place_name": "西峪社区", "started_at": AT,
                "ended_at": "2026-03-01T10:35:00+08:00", "minutes": 95,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def get_my_hours(query: Annotated[PageQuery, Query()], reader: TheReader) -> HoursOut:
    async with reader() as connection:
        row = await records.get_hours(connection, query.after(), query.limit)
    months = [MonthOut(**month) for month in row["months"]]
    served = [ServedOut.model_validate({"order_id": e.pop("matter_id"), **e}) for e in row["entries"]]
    page = Page[ServedOut].cut(served, query.limit, lambda e: Cursor(e.ended_at, e.order_id), lambda e: e)
    return HoursOut(
        minutes=sum(month.minutes for month in months),
        services=sum(month.services for month in months),
        years=_years(months),
        ratings=row["ratings"] and RatingsOut.model_validate(row["ratings"]),
        items=page.items,
        next_cursor=page.next_cursor,
    )


def _years(months: list[MonthOut]) -> list[YearOut]:
    found: dict[str, list[MonthOut]] = {}
    for month in months:
        found.setdefault(month.month[:4], []).append(month)
    return [
        YearOut(
            year=year,
            minutes=sum(month.minutes for month in own),
            services=sum(month.services for month in own),
            months=own,
        )
        for year, own in found.items()
    ]


WHAT = {"appointment": "已约定", "proposed": "已提出,待确认", "deadline": "时限到期"}
WEEK_EXAMPLE: dict[str, Any] = {
    "items": [
        {
            "order_id": ID, "state": "accepted", "state_label": "已接单", "service_name": "陪同就医", "place_id": ID,
            "place_name": "西峪社区", "what": "appointment", "what_label": "已约定", "kind_label": None, "mine": True, "at": AT,
        }
    ]
}  # fmt: skip


@api.get(
    "/me/week",
    rule=SIGNED_IN,
    operation_id="listMyWeek",
    summary="我这一周的约定和到期的时限",
    tags=(Tag.VOLUNTEER,),
    answer=WEEK_EXAMPLE,
)
async def list_my_week(query: Annotated[WeekQuery, Query()], reader: TheReader) -> WeekOut:
    async with reader() as connection:
        rows = await records.list_week(connection, query.day)
    return WeekOut(items=[show_week(row) for row in rows])


@api.get(
    "/teams/{team_id}/week",
    rule=(policy.lead, policy.staff),
    operation_id="listTeamWeek",
    summary="队伍这一周的约定和到期的时限",
    description="队长和社区看到全队的;队员只看到自己承接的",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    answer=WEEK_EXAMPLE,
    responses=problems(TeamNotFound),
)
async def list_team_week(
    team_id: Annotated[StrictUUID, Path(description="队伍编号")],
    query: Annotated[WeekQuery, Query()],
    reader: TheReader,
) -> WeekOut:
    async with reader() as connection:
        await get_team(connection, team_id)
        rows = await records.list_week(connection, query.day, team_id)
    return WeekOut(items=[show_week(row) for row in rows])


def show_week(row: RowMapping) -> WeekRow:
    """One thing of a week."""
    state = OrderState(row["state"])
    return WeekRow(
        order_id=row["id"],
        state=state,
        state_label=state.label,
        service_name=row["service_name"],
        place_id=row["place_id"],
        place_name=row["place_name"],
        what=row["what"],
        what_label=WHAT[row["what"]],
        kind_label=row["kind"] and label_of(row["kind"]),
        mine=row["mine"],
        at=row["at"],
    )


@api.get(
    "/me/calendar.ics",
    rule=SIGNED_IN,
    operation_id="getCalendarFeed",
    summary="我已确认的约定,日历文件",
    description="由小程序带着登录凭证下载后,导入手机日历(iCalendar 格式);不是可订阅的地址。不含电话和地址;"
    "取消的约定,和随订单退回、收回、改派而不再由您去的,标为取消,保留三十天",
    tags=(Tag.VOLUNTEER, Tag.RESIDENT),
    answer="BEGIN:VCALENDAR",
    response_class=Feed,
)
async def get_calendar_feed(reader: TheReader) -> Feed:
    async with reader() as connection:
        rows = await records.list_appointments(connection)
    return Feed(feed(rows))


@api.get(
    "/orders/{order_id}/reveals",
    rule=policy.LOOKS,
    operation_id="listReveals",
    summary="谁查看过个人信息",
    description="居民看到谁查看过联系方式,志愿者看到谁查看过自己的电话;书记和管理员看到本地的全部",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.ADMINISTRATOR),
    answer={
        "items": [
            {
                "id": ID, "shown": "contact", "shown_label": "联系人姓名、电话和地址", "capacity": "assignee",
                "capacity_label": "志愿者", "name": "李*", "by_me": False, "shown_at": AT,
            }
        ],
        "next_cursor": None,
    },
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn, NotAllowed),
)  # fmt: skip
async def list_reveals(order_id: OrderId, query: Annotated[PageQuery, Query()], reader: TheReader) -> Page[LookOut]:
    async with reader() as connection:
        about = (policy.LIFECYCLE.kind, order_id, errors.OrderNotFound, policy.LOOKS)
        rows = await looks.list_looks(connection, *about, query.after(), query.limit)
    return show_looks(rows, query.limit, reader)


def show_looks(rows: Sequence[RowMapping], limit: int, reader: Reader) -> Page[LookOut]:
    """Who looked, as this reader may see it."""

    def show(row: RowMapping) -> LookOut:
        name: Any = reader.sealer.opened("name", row["viewer_name_sealed"])
        return LookOut(
            id=row["id"],
            shown=Shown(row["shown"]),
            shown_label=Shown(row["shown"]).label,
            capacity=row["capacity"],
            capacity_label=looks.through(row["capacity"], row["level"]),
            name=name and mask_name(name),
            by_me=row["viewer_id"] == reader.caller.person_id,
            shown_at=row["shown_at"],
        )

    return Page.cut(rows, limit, lambda row: Cursor(row["shown_at"], row["id"]), show)
