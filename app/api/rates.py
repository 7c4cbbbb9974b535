"""The figures over HTTP: three rates 三率, hold-times, how units answer a whistle; and all of it as a spreadsheet
(domain.md §5)."""

from datetime import date, datetime, time
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from app.api.cases import CaseId
from app.api.cases_out import AT, HOLDERS, ID
from app.api.census import Api, Tag
from app.api.deps import TheReader
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.rates_sheet import Sheets, written
from app.api.schema import Choice, Out, StrictUUID
from app.api.spreadsheet import Spreadsheet
from app.domain.cases import callback_policy, policy, rates
from app.domain.cases.callback_tables import CallbackState
from app.domain.cases.errors import CaseNotFound
from app.domain.cases.rates import Figure, Group
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.kernel.errors import FieldFault, InvalidInput, NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Opaque
from app.kernel.time import CHINA, Day, Moment

api = Api()

GROUPS = "、".join(f"{group} {group.label}" for group in Group)
FIGURES = "、".join(f"{figure} {figure.label}" for figure in Figure)


class PeriodQuery(BaseModel):
    """What figures are of."""

    model_config = ConfigDict(frozen=True, strict=True)

    place_id: StrictUUID | None = Field(default=None, description="只看某地及其下")
    since: Day = Field(alias="from", description="从哪天起(含)")
    until: Day = Field(description="到哪天为止(不含)")

    def period(self) -> rates.Period:
        """Raises InvalidInput for an empty period."""
        if self.since >= self.until:
            raise InvalidInput(fields=(FieldFault("/query/until", "period-empty", "结束日期须晚于开始日期"),))
        return rates.Period(self.place_id, _midnight(self.since), _midnight(self.until))


class RatesQuery(PeriodQuery):
    by: Choice[Group] = Field(default=Group.UNIT, description=f"按什么分:{GROUPS}")


class ExportRatesQuery(PeriodQuery):
    place_id: StrictUUID = Field(description="某地及其下")


class RateCasesQuery(RatesQuery, PageQuery):
    figure: Choice[Figure] = Field(description=f"哪个数:{FIGURES}")
    key: Annotated[str, Opaque(60)] | None = Field(default=None, description="哪一组,见 getThreeRates;不填为全部")


class RateOut(Out):
    yes: int = Field(description="是")
    no: int = Field(description="否")
    percent: float | None = Field(description="百分比 = 是 /(是 + 否);没有则为 null")


class RatesRow(Out):
    key: str | None = Field(description="组的代码;合计为 null")
    label: str = Field(description="组的名称")
    callbacks: int = Field(description="回访数,每位上报人每轮一次")
    response: RateOut = Field(description="响应率:是否及时联系")
    solved: RateOut = Field(description="解决率")
    satisfied: RateOut = Field(description="满意率")
    waiting: int = Field(description="待答复的,不计入各率")
    unreached: int = Field(description="未联系上的,不计入各率")
    excluded: int = Field(description="经复核不计的,不计入各率")


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
    contacted_in_time: bool | None = Field(description="是否及时联系")
    solved: bool | None = Field(description="是否解决")
    satisfied: bool | None = Field(description="是否满意")
    excluded: bool = Field(description="是否经复核不计")
    opened_at: Moment = Field(description="转入回访的时间")


class HoldTimesRow(Out):
    key: str | None = Field(description="组的代码;合计为 null")
    label: str = Field(description="组的名称")
    cases: int = Field(description="事项数")
    stretches: int = Field(description="负责的段数")
    seconds: int = Field(description="负责的总秒数,只计期间以内")
    median_seconds: int = Field(description="每段秒数的中位数")


class HoldTimesOut(Out):
    by: Choice[Group] = Field(description=f"按什么分:{GROUPS}")
    items: list[HoldTimesRow] = Field(description="各组,时间长的在前")
    total: HoldTimesRow = Field(description="合计")


class HoldOut(Out):
    holder: str = Field(description="由谁负责")
    from_at: Moment = Field(description="从何时起")
    until_at: Moment | None = Field(description="到何时为止;仍在负责则为 null")
    seconds: int = Field(description="秒数")


class HoldsOut(Out):
    items: list[HoldOut] = Field(description="每一段,旧的在前;一段接一段,没有空隙")


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


_RATE = {"yes": 9, "no": 1, "percent": 90.0}
_ROW = {
    "key": ID, "label": "区城管局", "callbacks": 12, "response": _RATE, "solved": _RATE, "satisfied": _RATE, "waiting": 1,
    "unreached": 1, "excluded": 0,
}  # fmt: skip
_HELD = {"key": ID, "label": "区城管局", "cases": 4, "stretches": 5, "seconds": 86400, "median_seconds": 14400}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)


@api.get(
    "/rates",
    operation_id="getThreeRates",
    summary="三率:响应率、解决率、满意率,都附数目",
    description="只出自回访,不出自办理人;按转入回访的时间计。每个数背后的回访见 listRateCases",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR),
    rule=callback_policy.FIGURES,
    answer={"by": "unit", "items": [_ROW], "total": {**_ROW, "key": None, "label": "合计"}},
)
async def get_three_rates(query: Annotated[RatesQuery, Query()], reader: TheReader) -> RatesOut:
    async with reader() as connection:
        *found, total = await rates.three_rates(connection, query.period(), query.by)
    return RatesOut(by=query.by, items=[_rates(row, query.by) for row in found], total=_rates(total, query.by))


@api.get(
    "/rates/cases",
    operation_id="listRateCases",
    summary="三率的某个数背后的回访,新的在前",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR),
    rule=callback_policy.FIGURES,
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
async def list_rate_cases(query: Annotated[RateCasesQuery, Query()], reader: TheReader) -> Page[RateCaseOut]:
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
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR),
    rule=callback_policy.FIGURES,
    audience=ADMIN_ONLY,
    answer="(xlsx 文件)",
    response_class=Spreadsheet,
    responses=problems(NotAllowed, PlaceNotFound),
)
async def export_rates(query: Annotated[ExportRatesQuery, Query()], reader: TheReader) -> Spreadsheet:
    period = query.period()
    async with reader() as connection:
        await rates.exporting(connection, period)
        by_group = {group: await rates.three_rates(connection, period, group) for group in Group}
        held = {group: await rates.hold_times(connection, period, group) for group in Group}
        units, whistlers = await rates.unit_figures(connection, period)
    name = f"{query.since}_{query.until}.xlsx"
    disposition = f"attachment; filename=\"rates_{name}\"; filename*=UTF-8''{quote('三率')}_{name}"
    return await written(
        Sheets(
            rates={group: [_rates(row, group) for row in rows] for group, rows in by_group.items()},
            holds={group: [_held(row, group) for row in rows] for group, rows in held.items()},
            units=[_unit(row) for row in units],
            whistlers=[_whistler(row) for row in whistlers],
        ),
        disposition,
    )


@api.get(
    "/rates/units",
    operation_id="getUnitFigures",
    summary="各单位的签收率和报到率,各层级的有效哨率",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR),
    rule=callback_policy.FIGURES,
    answer={
        "units": [
            {"key": ID, "label": "区城管局", "assignments": 10, "not_theirs": 0, "signed": _RATE, "reported_in": _RATE}
        ],
        "whistlers": [{"key": ID, "label": "西峪社区", "whistles": 10, "approved": 9, "valid": _RATE, "silent": 0}],
    },
)
async def get_unit_figures(query: Annotated[PeriodQuery, Query()], reader: TheReader) -> UnitFiguresOut:
    async with reader() as connection:
        units, whistlers = await rates.unit_figures(connection, query.period())
    return UnitFiguresOut(units=[_unit(row) for row in units], whistlers=[_whistler(row) for row in whistlers])


@api.get(
    "/hold-times",
    operation_id="getHoldTimes",
    summary="谁负责了多久:每一分钟恰有一方负责",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR),
    rule=callback_policy.FIGURES,
    answer={"by": "unit", "items": [_HELD], "total": {**_HELD, "key": None, "label": "合计"}},
)
async def get_hold_times(query: Annotated[RatesQuery, Query()], reader: TheReader) -> HoldTimesOut:
    async with reader() as connection:
        *found, total = await rates.hold_times(connection, query.period(), query.by)
    return HoldTimesOut(by=query.by, items=[_held(row, query.by) for row in found], total=_held(total, query.by))


@api.get(
    "/cases/{case_id}/holds",
    operation_id="listHolds",
    summary="一个事项由谁负责了多久",
    tags=(Tag.RESIDENT, Tag.INDEPENDENT),
    rule=policy.READ,
    answer={"items": [{"holder": "主办单位:区城管局", "from_at": AT, "until_at": None, "seconds": 3600}]},
    responses=problems(CaseNotFound),
)
async def list_holds(case_id: CaseId, reader: TheReader) -> HoldsOut:
    async with reader() as connection:
        rows = await rates.case_holds(connection, case_id)
    if not rows:
        raise CaseNotFound
    return HoldsOut(
        items=[
            HoldOut(holder=_holder(row), from_at=row["from_at"], until_at=row["until_at"], seconds=row["seconds"])
            for row in rows
        ]
    )


def _rate(yes: int, no: int) -> RateOut:
    return RateOut(yes=yes, no=no, percent=round(100 * yes / (yes + no), 1) if yes + no else None)


def _label(row: RowMapping, group: Group) -> str:
    if row["key"] is None:
        return "合计"
    return Level(row["label"]).label if group is Group.LEVEL else str(row["label"])


def _rates(row: RowMapping, group: Group) -> RatesRow:
    return RatesRow(
        key=row["key"],
        label=_label(row, group),
        callbacks=row["callbacks"],
        response=_rate(row["contacted"], row["not_contacted"]),
        solved=_rate(row["solved"], row["unsolved"]),
        satisfied=_rate(row["satisfied"], row["dissatisfied"]),
        waiting=row["waiting"],
        unreached=row["unreached"],
        excluded=row["excluded"],
    )


def _held(row: RowMapping, group: Group) -> HoldTimesRow:
    counts = ("cases", "stretches", "seconds", "median_seconds")
    label = _label(row, group)
    if group is Group.UNIT and row["key"] is not None and row["holder"] not in ("unit", "seat"):
        label += HOLDERS[row["holder"]]
    return HoldTimesRow(key=row["key"], label=label, **{name: row[name] for name in counts})


def _unit(row: RowMapping) -> UnitFiguresRow:
    return UnitFiguresRow(
        **{name: row[name] for name in ("key", "label", "assignments", "not_theirs")},
        signed=_rate(row["sign_kept"], row["sign_missed"]),
        reported_in=_rate(row["report_in_kept"], row["report_in_missed"]),
    )


def _whistler(row: RowMapping) -> WhistlerRow:
    same: dict[str, Any] = {name: row[name] for name in ("key", "label", "whistles", "approved", "silent")}
    return WhistlerRow(**same, valid=_rate(row["valid"], row["whistles"] - row["valid"]))


def _rate_case(row: RowMapping) -> RateCaseOut:
    state = CallbackState(row["state"])
    same = ("id", "round", "category_name", "place_name", "solved", "satisfied", "excluded", "opened_at")
    return RateCaseOut(
        **{name: row[name] for name in same},
        case_id=row["matter_id"],
        handled_by=row["unit_name"] or row["seat_name"],
        state=state,
        state_label=state.label,
        contacted_in_time=row["contacted"],
    )


def _holder(row: RowMapping) -> str:
    match row["holder"]:
        case "unit":
            return f"{HOLDERS['unit']}:{row['unit_name']}"
        case "seat":
            return str(row["seat_name"])
        case other:
            return f"{row['seat_name']}{HOLDERS[other]}"
