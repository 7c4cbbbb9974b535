"""The three rates 三率 over HTTP, with the call-backs behind each figure; and all figures as a spreadsheet (domain.md §5)."""

from typing import Annotated
from urllib.parse import quote

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.docs import ADMIN_ONLY
from app.api.figures_out import (
    GROUPS,
    RATE_EXAMPLE,
    GroupedQuery,
    PeriodQuery,
    RatesRow,
    ReadsFigures,
    group_label,
    show_rate,
)
from app.api.hold_times import show_held
from app.api.problems import problems
from app.api.rates_sheet import Sheets, written
from app.api.schema import Choice, Out, StrictUUID
from app.api.spreadsheet import Spreadsheet
from app.api.unit_figures import show_unit, show_whistler
from app.domain.cases import callback_policy, rates, unit_figures
from app.domain.cases.callback_tables import CallbackState
from app.domain.cases.rates import Figure, Group
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Opaque
from app.kernel.time import Moment

api = Api()

FIGURES = "、".join(f"{figure} {figure.label}" for figure in Figure)


class ExportRatesQuery(PeriodQuery):
    place_id: StrictUUID = Field(description="某地及其下")


class RateCasesQuery(GroupedQuery, PageQuery):
    figure: Choice[Figure] = Field(description=f"哪个数:{FIGURES}")
    key: Annotated[str, Opaque(60)] | None = Field(default=None, description="哪一组,见 getThreeRates;不填为全部")


class RatesOut(Out):
    by: Choice[Group] = Field(description=f"按什么分:{GROUPS}")
    items: list[RatesRow] = Field(description="各组,回访多的在前")
    total: RatesRow = Field(description="合计")


class RateCaseOut(Out):
    id: StrictUUID = Field(description="回访编号")
    case_id: StrictUUID = Field(description="事项编号")
    round: int = Field(description="第几轮")
    category_name: str = Field(description="类别名称")
    place_name: str = Field(description="所在地点名称")
    handled_by: str = Field(description="由谁办理:主办单位,或办理层级")
    state: Choice[CallbackState] = Field(description="回访状态")
    state_label: str = Field(description="回访状态的中文名称")
    contacted_in_time: bool | None = Field(description="上报人说是否及时联系;没有说则为 null")
    solved: bool | None = Field(description="是否解决")
    satisfied: bool | None = Field(description="是否满意")
    excluded: bool = Field(description="是否经复核不计")
    opened_at: Moment = Field(description="转入回访的时间")


_ROW = {
    "key": ID, "label": "区城管局", "callbacks": 12, **dict.fromkeys(("response", "solved", "satisfied"), RATE_EXAMPLE),
    "unsaid": 0, "waiting": 1, "unreached": 1, "excluded": 0,
}  # fmt: skip


@api.get(
    "/rates",
    operation_id="getThreeRates",
    summary="三率:响应率、解决率、满意率,都附数目",
    description="只出自回访,不出自办理人;没有说是否及时联系的,不计入响应率。按转入回访的时间计。每个数背后的回访见 listRateCases",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={"by": "unit", "items": [_ROW], "total": {**_ROW, "key": None, "label": "合计"}},
)
async def get_three_rates(query: Annotated[GroupedQuery, Query()], reader: ReadsFigures) -> RatesOut:
    async with reader() as connection:
        *found, total = await rates.three_rates(connection, query.period(), query.by)
    return RatesOut(by=query.by, items=[_rates(row, query.by) for row in found], total=_rates(total, query.by))


@api.get(
    "/rates/cases",
    operation_id="listRateCases",
    summary="三率的某个数背后的回访,新的在前",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={
        "items": [
            {
                "id": ID, "case_id": ID, "round": 1, "category_name": "路灯照明", "place_name": "西峪社区",
                "handled_by": "区城管局", "state": "solved", "state_label": "已解决", "contacted_in_time": True,
                "solved": True, "satisfied": True, "excluded": False, "opened_at": AT,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_rate_cases(query: Annotated[RateCasesQuery, Query()], reader: ReadsFigures) -> Page[RateCaseOut]:
    async with reader() as connection:
        rows = await rates.rate_cases(
            connection, query.period(), query.figure, query.by, query.key, query.after(), query.limit
        )
    return Page.cut(rows, query.limit, lambda row: Cursor(row["opened_at"], row["id"]), _rate_case)


@api.get(
    "/rates/export",
    operation_id="exportRates",
    summary="导出一地一段时间的三率、负责时长和吹哨报到,电子表格带图",
    description="谁在何时导出会留下审计记录",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    audience=ADMIN_ONLY,
    answer="(xlsx 文件)",
    response_class=Spreadsheet,
    responses=problems(NotAllowed, PlaceNotFound),
)
async def export_rates(query: Annotated[ExportRatesQuery, Query()], reader: ReadsFigures) -> Spreadsheet:
    period = query.period()
    async with reader() as connection:
        await rates.exporting(connection, period)
        by_group = {group: await rates.three_rates(connection, period, group) for group in Group}
        held = {group: await rates.hold_times(connection, period, group) for group in Group}
        units, whistlers = await unit_figures.unit_figures(connection, period)
    name = f"{query.since}_{query.until}.xlsx"
    disposition = f"attachment; filename=\"rates_{name}\"; filename*=UTF-8''{quote('三率')}_{name}"
    return await written(
        Sheets(
            rates={group: [_rates(row, group) for row in rows] for group, rows in by_group.items()},
            holds={group: [show_held(row, group) for row in rows] for group, rows in held.items()},
            units=[show_unit(row) for row in units],
            whistlers=[show_whistler(row) for row in whistlers],
        ),
        disposition,
    )


def _rates(row: RowMapping, group: Group) -> RatesRow:
    return RatesRow(
        key=row["key"],
        label=group_label(row, group),
        callbacks=row["callbacks"],
        response=show_rate(row["contacted"], row["not_contacted"]),
        solved=show_rate(row["solved"], row["unsolved"]),
        satisfied=show_rate(row["satisfied"], row["dissatisfied"]),
        unsaid=row["unsaid"],
        waiting=row["waiting"],
        unreached=row["unreached"],
        excluded=row["excluded"],
    )


def _rate_case(row: RowMapping) -> RateCaseOut:
    state = CallbackState(row["state"])
    same = (
        "id",
        "round",
        "category_name",
        "place_name",
        "contacted_in_time",
        "solved",
        "satisfied",
        "excluded",
        "opened_at",
    )
    return RateCaseOut(
        **{name: row[name] for name in same},
        case_id=row["matter_id"],
        handled_by=row["unit_name"] or row["seat_name"],
        state=state,
        state_label=state.label,
    )
