"""Finding cases over HTTP: search, what is like a trouble nearby, and the limits of a case with their explanation."""

from typing import Annotated

from fastapi import Query
from pydantic import Field
from pydantic_core import PydanticCustomError
from sqlalchemy import RowMapping

from app.api.cases import CaseId, NarrowQuery
from app.api.cases_out import CATEGORY, ID, PAGE_EXAMPLE, CaseRow, CategoryCode, show_case_row
from app.api.census import Api, Tag
from app.api.deadlines_out import (
    DEADLINES_EXAMPLE,
    EXPLANATION_EXAMPLE,
    DeadlineId,
    DeadlinesOut,
    ExplanationOut,
    show_deadline,
    show_explanation,
)
from app.api.deps import TheReader
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID, read_id
from app.domain.cases import errors, finding, joining, policy
from app.domain.cases.models import CaseState
from app.domain.deadlines import of_matters
from app.domain.deadlines.errors import DeadlineNotFound
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page
from app.kernel.text import Line, Search
from app.kernel.time import Moment

api = Api(prefix="/cases")


class CaseSearchQuery(NarrowQuery):
    search: Search = Field(description="要找的字词,以空格分开则都要有;或完整的事项编号")

    def wanted(self) -> finding.Wanted:
        """A case's id, or words: whatever the text is."""
        try:
            return finding.Wanted(case_id=read_id(self.search))
        except PydanticCustomError:
            return finding.Wanted(words=self.search)


class SimilarQuery(In):
    place_id: StrictUUID = Field(description="自己所在的社区、小区或网格;住在小区的,填小区或其社区都可")
    category: CategoryCode = Field(description=CATEGORY)
    words: Annotated[str, Line(200)] = Field(description="想反映的内容")


class SimilarRow(Out):
    id: StrictUUID = Field(description="事项编号,可附议")
    category_name: str = Field(description="类别名称")
    state: Choice[CaseState] = Field(description="状态")
    state_label: str = Field(description="状态的中文名称")
    place_name: str = Field(description="本社区的:社区名称;其他社区的:只到街道")
    ours: bool = Field(description="是否本社区的")
    words: str | None = Field(description="反映的内容;其他社区的不显示")
    spot: str | None = Field(description="具体位置;其他社区的不显示")
    created_at: Moment | None = Field(description="上报时间;其他社区的不显示")


class SimilarOut(Out):
    items: list[SimilarRow] = Field(description="本社区的在前,最像的在前")


@api.get(
    "/search",
    rule=policy.SEARCH,
    operation_id="searchCases",
    summary="查找事项,新的在前",
    description="工作人员查找本地的,居民查找自己上报和附议的,单位查找派给自己的;在内容、位置、类别、结果和答复里找",
    tags=(Tag.DISPATCHER, Tag.GRID_WORKER, Tag.RESIDENT, Tag.STREET),
    answer=PAGE_EXAMPLE,
)
async def search(query: Annotated[CaseSearchQuery, Query()], reader: TheReader) -> Page[CaseRow]:
    async with reader() as connection:
        rows = await finding.search(connection, query.wanted(), query.filters(), query.after(), query.limit)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), show_case_row)


@api.get(
    "/similar",
    rule=policy.SIMILAR,
    operation_id="suggestDuplicates",
    summary="上报之前看看:附近是不是已经有同样的事项",
    description="同一街道内、同一类别、还在办理的;其他社区的只显示类别、街道和状态",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER),
    answer={
        "items": [
            {
                "id": ID, "category_name": "路灯照明", "state": "handling", "state_label": "办理中", "place_name": "西峪社区",
                "ours": True, "words": "东门外的路灯不亮", "spot": "东门外", "created_at": "2026-03-02T09:00:00+08:00",
            }
        ]
    },
    responses=problems(NotAllowed, errors.PlaceNotBelowCommunity),
)  # fmt: skip
async def similar(query: Annotated[SimilarQuery, Query()], reader: TheReader) -> SimilarOut:
    async with reader() as connection:
        rows = await joining.list_similar(connection, query.place_id, query.category, query.words)
    return SimilarOut(items=[_similar(row) for row in rows])


@api.get(
    "/{case_id}/deadlines",
    rule=policy.READ,
    operation_id="listCaseDeadlines",
    summary="一个事项的各项时限",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer=DEADLINES_EXAMPLE,
    responses=problems(errors.CaseNotFound),
)
async def list_deadlines(case_id: CaseId, reader: TheReader) -> DeadlinesOut:
    async with reader() as connection:
        rows = await of_matters.list_deadlines(connection, policy.LIFECYCLE.kind, case_id, errors.CaseNotFound)
    return DeadlinesOut(items=[show_deadline(row) for row in rows])


@api.get(
    "/{case_id}/deadlines/{deadline_id}",
    rule=policy.READ,
    operation_id="explainCaseDeadline",
    summary="事项的一项时限为什么在这时到期",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.INDEPENDENT, Tag.STREET),
    answer=EXPLANATION_EXAMPLE,
    responses=problems(DeadlineNotFound),
)
async def explain(case_id: CaseId, deadline_id: DeadlineId, reader: TheReader) -> ExplanationOut:
    async with reader() as connection:
        row = await of_matters.get_deadline(connection, policy.LIFECYCLE.kind, case_id, deadline_id)
    return show_explanation(row, policy.LIFECYCLE.actions_zh)


def _similar(row: RowMapping) -> SimilarRow:
    state = CaseState(row["state"])
    shown = {name: row[name] for name in ("category_name", "place_name", "ours", "words", "spot", "created_at")}
    return SimilarRow(**shown, id=row["case_id"], state=state, state_label=state.label)
