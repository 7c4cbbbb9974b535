"""How units answer a whistle and how valid whistles are, over HTTP, with the cases behind each figure (domain.md §5)."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.figures_out import RATE_EXAMPLE, PeriodQuery, RateOut, ReadsFigures, show_rate
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import callback_policy, unit_figures
from app.domain.cases.models import WhistleKind
from app.domain.cases.unit_figures import UnitFigure
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.time import Moment

api = Api()

FIGURES = "、".join(f"{figure} {figure.label}" for figure in UnitFigure)


_PROMISES = ("signed", "reported_in")


class UnitFigureCasesQuery(PeriodQuery, PageQuery):
    figure: Choice[UnitFigure] = Field(description=f"哪个数:{FIGURES}")
    key: StrictUUID | None = Field(default=None, description="哪个单位或吹哨层级,见 getUnitFigures;不填为全部")


class UnitFiguresRow(Out):
    key: StrictUUID = Field(description="单位编号")
    label: str = Field(description="单位名称")
    assignments: int = Field(description="派给该单位的任务数")
    not_theirs: int = Field(description="经裁定不属于该单位的")
    signed: RateOut = Field(description="按时签收率")
    reported_in: RateOut = Field(description="按时报到率")


class WhistlerRow(Out):
    key: StrictUUID = Field(description="吹哨一级的地点编号")
    label: str = Field(description="吹哨一级的地点名称")
    whistles: int = Field(description="有决定的吹哨数")
    approved: int = Field(description="获批准的")
    valid: RateOut = Field(description="有效哨率:获批准,且没有单位经裁定不负责")
    silent: int = Field(description="逾期没有核验、视为通过的")


class UnitFiguresOut(Out):
    units: list[UnitFiguresRow] = Field(description="各单位,任务多的在前")
    whistlers: list[WhistlerRow] = Field(description="各吹哨层级,吹哨多的在前")


class UnitFigureCaseOut(Out):
    id: StrictUUID = Field(description="任务编号;数的是吹哨的,为吹哨编号")
    case_id: StrictUUID = Field(description="事项编号")
    category_name: str = Field(description="类别名称")
    place_name: str = Field(description="所在地点名称")
    whistle: Choice[WhistleKind] = Field(description="哪种哨")
    whistle_label: str = Field(description="哨的中文名称")
    whistled_by: str = Field(description="吹哨的层级")
    unit_name: str = Field(description="被派任务的单位;数的是吹哨的,为主办单位")
    at: Moment = Field(description="派任务的时间;数的是吹哨的,为作出决定的时间")
    not_theirs: bool | None = Field(description="是否经裁定不属于该单位;数的是吹哨的则为 null")
    signed: bool | None = Field(description="是否按时签收;还没有结果则为 null")
    reported_in: bool | None = Field(description="是否按时报到;还没有结果则为 null")
    approved: bool | None = Field(description="吹哨是否获批准;数的是任务的则为 null")
    valid: bool | None = Field(description="是否有效哨;数的是任务的则为 null")
    silent: bool | None = Field(description="是否逾期没有核验、视为通过;数的是任务的则为 null")


@api.get(
    "/rates/units",
    operation_id="getUnitFigures",
    summary="各单位的签收率和报到率,各层级的有效哨率",
    description="每个数背后的任务或吹哨,连同事项,见 listUnitFigureCases",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={
        "units": [
            {
                "key": ID,
                "label": "区城管局",
                "assignments": 10,
                "not_theirs": 0,
                "signed": RATE_EXAMPLE,
                "reported_in": RATE_EXAMPLE,
            }
        ],
        "whistlers": [
            {"key": ID, "label": "西峪社区", "whistles": 10, "approved": 9, "valid": RATE_EXAMPLE, "silent": 0}
        ],
    },
)
async def get_unit_figures(query: Annotated[PeriodQuery, Query()], reader: ReadsFigures) -> UnitFiguresOut:
    async with reader() as connection:
        units, whistlers = await unit_figures.unit_figures(connection, query.period())
    return UnitFiguresOut(units=[show_unit(row) for row in units], whistlers=[show_whistler(row) for row in whistlers])


@api.get(
    "/rates/units/cases",
    operation_id="listUnitFigureCases",
    summary="签收、报到、吹哨的某个数背后的任务或吹哨及其事项,新的在前",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={
        "items": [
            {
                "id": ID, "case_id": ID, "category_name": "路灯照明", "place_name": "西峪社区", "whistle": "routine",
                "whistle_label": "日常哨", "whistled_by": "神堂沟街道", "unit_name": "区城管局", "at": AT,
                "not_theirs": False, "signed": True, "reported_in": None, "approved": None, "valid": None, "silent": None,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_unit_figure_cases(
    query: Annotated[UnitFigureCasesQuery, Query()], reader: ReadsFigures
) -> Page[UnitFigureCaseOut]:
    async with reader() as connection:
        rows = await unit_figures.unit_figure_cases(
            connection, query.period(), query.figure, query.key, query.after(), query.limit
        )
    return Page.cut(rows, query.limit, lambda row: Cursor(row["at"], row["id"]), _case)


def show_unit(row: RowMapping) -> UnitFiguresRow:
    return UnitFiguresRow(
        **{name: row[name] for name in ("key", "label", "assignments", "not_theirs")},
        signed=show_rate(row["signed"], row["not_signed"]),
        reported_in=show_rate(row["reported_in"], row["not_reported_in"]),
    )


def show_whistler(row: RowMapping) -> WhistlerRow:
    same: dict[str, Any] = {name: row[name] for name in ("key", "label", "whistles", "approved", "silent")}
    return WhistlerRow(**same, valid=show_rate(row["valid"], row["not_valid"]))


def _case(row: RowMapping) -> UnitFigureCaseOut:
    whistle = WhistleKind(row["kind"])
    told = ("whistle", "whistle_label", "whistled_by")
    same = {name: row[name] for name in UnitFigureCaseOut.model_fields if name not in told}
    return UnitFigureCaseOut(**same, whistle=whistle, whistle_label=whistle.label, whistled_by=row["seat_name"])
