"""Finding orders over HTTP: what lists are narrowed by, search, and a period as a spreadsheet."""

from functools import partial
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping

from app.api.census import Api, Tag
from app.api.deps import Sealer, TheReader
from app.api.docs import ADMIN_ONLY
from app.api.orders_out import PAGE_EXAMPLE, OrderRow, show_row
from app.api.periods import instants
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, StrictUUID, read_id
from app.api.spreadsheet import Spreadsheet, written
from app.domain.orders import errors, finding, policy
from app.domain.orders.filters import Filters
from app.domain.orders.models import OrderState
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Search, read_phone
from app.kernel.time import Day

api = Api(prefix="/orders")


class Narrowing(BaseModel):
    """What every list of orders is narrowed by."""

    model_config = ConfigDict(frozen=True, strict=True)

    state: Choice[OrderState] | None = Field(default=None, description="只看某一状态")
    service_id: StrictUUID | None = Field(default=None, description="只看某一服务")
    since: Day | None = Field(default=None, alias="from", description="从哪天起点的单(含)")
    until: Day | None = Field(default=None, description="到哪天为止(不含)")
    overdue: FlagArg = Field(default=False, description="只看已超过时限而未处理的")

    def filters(self) -> Filters:
        """Raises InvalidInput for an empty period."""
        since, until = instants(self.since, self.until)
        return Filters((self.state,) if self.state else (), self.service_id, since, until, self._place(), self.overdue)

    def _place(self) -> UUID | None:
        return None


class MineQuery(Narrowing, PageQuery):
    """For lists of one's own."""

    for_callers: FlagArg = Field(default=False, description="改看我以工作人员身份为来电或到站的居民点的单")


class PlacedQuery(Narrowing, PageQuery):
    """For those who work at places."""

    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")

    def _place(self) -> UUID | None:
        return self.place_id


class SearchQuery(PlacedQuery):
    search: Search = Field(description="要找的字词,以空格分开则都要有;或完整的订单编号;或联系人的完整电话")

    def wanted(self, sealer: Sealer) -> finding.Wanted:
        """An order's id, a phone, or words: whatever the text is."""
        try:
            return finding.Wanted(order_id=read_id(self.search))
        except PydanticCustomError:
            pass
        try:
            return finding.Wanted(phone_index=sealer.phone_index(read_phone(self.search)))
        except PydanticCustomError:
            return finding.Wanted(words=self.search)


class ExportQuery(Narrowing):
    place_id: StrictUUID = Field(description="某地及其下")
    since: Day = Field(alias="from", description="从哪天起点的单(含)")
    until: Day = Field(description="到哪天为止(不含)")

    def _place(self) -> UUID:
        return self.place_id


def place_in_list(row: RowMapping) -> Cursor:
    """Where a list goes on after this row, for those that a function of the database has put in order."""
    return Cursor(row["place_in_list"], row["id"])


@api.get(
    "/search",
    rule=(*policy.OWN, policy.staff, policy.phoning, policy.placer),
    operation_id="searchOrders",
    summary="查找订单,新的在前",
    description="派单员、书记、管理员查找本地的订单,站点查找还没有评价的和自己代为点的,居民和志愿者查找自己的;在需求、服务名称和服务结果里找",
    tags=(Tag.DISPATCHER, Tag.STATION, Tag.RESIDENT, Tag.VOLUNTEER),
    answer=PAGE_EXAMPLE,
)
async def search_orders(query: Annotated[SearchQuery, Query()], reader: TheReader) -> Page[OrderRow]:
    wanted, filters = query.wanted(reader.sealer), query.filters()
    async with reader() as connection:
        rows = await finding.search(connection, wanted, filters, query.after(), query.limit)
    return Page.cut(rows, query.limit, place_in_list, partial(show_row, sealer=reader.sealer))


@api.get(
    "/export",
    rule=(policy.staff,),
    operation_id="exportOrders",
    summary="导出一地一段时间的订单,电子表格",
    description="不含联系人的姓名、电话和地址;最多一万条;谁在何时导出了多少条会留下审计记录",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR),
    audience=ADMIN_ONLY,
    answer="(xlsx 文件)",
    response_class=Spreadsheet,
    responses=problems(NotAllowed, PlaceNotFound, errors.ExportTooLarge),
)
async def export_orders(query: Annotated[ExportQuery, Query()], reader: TheReader) -> Spreadsheet:
    filters = query.filters()
    name = f"{query.since}_{query.until}.xlsx"
    disposition = f"attachment; filename=\"orders_{name}\"; filename*=UTF-8''{quote('订单')}_{name}"
    async with reader() as connection:
        return await written(finding.export(connection, filters), disposition)
