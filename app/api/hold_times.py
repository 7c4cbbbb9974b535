"""Hold-times over HTTP: who held cases how long, and the stretches behind each figure (domain.md §5)."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases import CaseId
from app.api.cases_out import AT, HOLDERS, ID, show_holder
from app.api.census import Api, Tag
from app.api.deps import TheReader
from app.api.figures_out import GROUPS, GroupedQuery, ReadsFigures, group_label
from app.api.problems import problems
from app.api.schema import Choice, Out, StrictUUID
from app.domain.cases import callback_policy, policy, rates
from app.domain.cases.errors import CaseNotFound
from app.domain.cases.models import CaseState
from app.domain.cases.rates import Group
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Opaque
from app.kernel.time import Moment

api = Api()


class HoldTimeCasesQuery(GroupedQuery, PageQuery):
    key: Annotated[str, Opaque(60)] | None = Field(default=None, description="哪一组,见 getHoldTimes;不填为全部")


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


class HoldTimeCaseOut(HoldOut):
    case_id: StrictUUID = Field(description="事项编号")
    category_name: str = Field(description="类别名称")
    place_name: str = Field(description="所在地点名称")
    state: Choice[CaseState] = Field(description="事项现在的状态")
    state_label: str = Field(description="状态的中文名称")
    seconds: int = Field(description="秒数,只计期间以内;各段相加即为负责的总秒数")


_HELD = {"key": ID, "label": "区城管局", "cases": 4, "stretches": 5, "seconds": 86400, "median_seconds": 14400}
_HOLD = {"holder": "主办单位:区城管局", "from_at": AT, "until_at": None, "seconds": 3600}


@api.get(
    "/hold-times",
    operation_id="getHoldTimes",
    summary="谁负责了多久:每一分钟恰有一方负责",
    description="每个数背后的每一段见 listHoldTimeCases",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={"by": "unit", "items": [_HELD], "total": {**_HELD, "key": None, "label": "合计"}},
)
async def get_hold_times(query: Annotated[GroupedQuery, Query()], reader: ReadsFigures) -> HoldTimesOut:
    async with reader() as connection:
        *found, total = await rates.hold_times(connection, query.period(), query.by)
    return HoldTimesOut(
        by=query.by, items=[show_held(row, query.by) for row in found], total=show_held(total, query.by)
    )


@api.get(
    "/hold-times/cases",
    operation_id="listHoldTimeCases",
    summary="负责时长背后的每一段,新的在前",
    tags=(Tag.INDEPENDENT, Tag.ADMINISTRATOR, Tag.STREET),
    rule=callback_policy.FIGURES,
    responses=problems(NotAllowed),
    answer={
        "items": [
            {
                **_HOLD, "case_id": ID, "category_name": "路灯照明", "place_name": "西峪社区", "state": "whistled",
                "state_label": "已吹哨",
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_hold_time_cases(
    query: Annotated[HoldTimeCasesQuery, Query()], reader: ReadsFigures
) -> Page[HoldTimeCaseOut]:
    async with reader() as connection:
        rows = await rates.hold_time_cases(connection, query.period(), query.by, query.key, query.after(), query.limit)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["from_at"], row["id"]), _held_case)


@api.get(
    "/cases/{case_id}/holds",
    operation_id="listHolds",
    summary="一个事项由谁负责了多久",
    tags=(Tag.RESIDENT, Tag.INDEPENDENT),
    rule=policy.READ,
    answer={"items": [_HOLD]},
    responses=problems(CaseNotFound),
)
async def list_holds(case_id: CaseId, reader: TheReader) -> HoldsOut:
    async with reader() as connection:
        rows = await rates.case_holds(connection, case_id)
    if not rows:
        raise CaseNotFound
    return HoldsOut(items=[HoldOut(**_hold(row)) for row in rows])


def show_held(row: RowMapping, group: Group) -> HoldTimesRow:
    """A group's hold-time; an office that calls back or deliberates is told apart from what it holds as a level."""
    counts = ("cases", "stretches", "seconds", "median_seconds")
    label = group_label(row, group)
    if group is Group.UNIT and row["key"] is not None and row["holder"] not in ("unit", "seat"):
        label += HOLDERS[row["holder"]]
    return HoldTimesRow(key=row["key"], label=label, **{name: row[name] for name in counts})


def _hold(row: RowMapping) -> dict[str, Any]:
    return {"holder": show_holder(row), **{name: row[name] for name in ("from_at", "until_at", "seconds")}}


def _held_case(row: RowMapping) -> HoldTimeCaseOut:
    state = CaseState(row["state"])
    same = {name: row[name] for name in ("category_name", "place_name")}
    return HoldTimeCaseOut(**_hold(row), **same, case_id=row["matter_id"], state=state, state_label=state.label)
