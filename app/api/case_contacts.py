"""Whom to contact about a case, and who looked, over HTTP (domain.md §5)."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.api.cases import CaseId
from app.api.cases_out import AT, ID
from app.api.census import Api, Tag
from app.api.deps import TheReader
from app.api.problems import problems
from app.api.records import LookOut, show_looks
from app.api.schema import Out
from app.domain.cases import contacts, policy
from app.domain.cases.errors import CaseNotFound
from app.domain.people import looks
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Page, PageQuery
from app.kernel.time import Moment

api = Api(prefix="/cases")


class CaseReporterOut(Out):
    name: str | None = Field(description="姓名")
    phone: str | None = Field(description="电话;没有登记的为空")
    address: str | None = Field(description="住址,没有登记电话的才有;也没有登记住址的为空")
    joined: bool = Field(description="是否后来附议的;最先上报的为 false")
    reported_at: Moment = Field(description="上报或附议的时间")
    how: str = Field(description="怎样联系")


class CaseReportersOut(Out):
    items: list[CaseReporterOut] = Field(description="上报人在前,附议人按先后")


@api.get(
    "/{case_id}/reporters",
    rule=policy.CONTACT,
    operation_id="listCaseReporters",
    summary="查看上报人和附议人的姓名和电话(没有电话的,住址),以便联系;每次查看都会记录",
    description="给可以用 recordCaseContact 记录联系的人,事项没有结束时;上报人用 listCaseReveals 看到谁查看过",
    tags=(Tag.GRID_WORKER, Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    answer={
        "items": [
            {
                "name": "王秀英", "phone": "13912345678", "address": None, "joined": False, "reported_at": AT,
                "how": contacts.how_to_reach("王秀英", has_phone=True, has_address=False, mine=False),
            }
        ]
    },
    responses=problems(CaseNotFound, NotAllowed),
)  # fmt: skip
async def list_reporters(case_id: CaseId, reader: TheReader) -> CaseReportersOut:
    async with reader() as connection:
        rows = await contacts.reveal_reporters(connection, case_id)
    items: list[CaseReporterOut] = []
    for row in rows:
        shown = {what: reader.sealer.opened(what, row[f"{what}_sealed"]) for what in ("name", "phone", "address")}
        has = {f"has_{what}": shown[what] is not None for what in ("phone", "address")}
        how = contacts.how_to_reach(shown["name"], **has, mine=row["mine"])
        items.append(CaseReporterOut(**shown, joined=bool(items), reported_at=row["joined_at"], how=how))
    return CaseReportersOut(items=items)


@api.get(
    "/{case_id}/reveals",
    rule=policy.LOOKS,
    operation_id="listCaseReveals",
    summary="谁查看过上报人的姓名和联系方式",
    description="上报人和附议人各自看到谁查看过自己的;书记和管理员看到本地的全部",
    tags=(Tag.RESIDENT, Tag.ADMINISTRATOR),
    answer={
        "items": [
            {
                "id": ID, "shown": "reporter", "shown_label": "上报人的姓名和联系方式", "capacity": "grid_worker",
                "capacity_label": "网格员", "name": "李*", "by_me": False, "shown_at": AT,
            }
        ],
        "next_cursor": None,
    },
    responses=problems(CaseNotFound, NotAllowed),
)  # fmt: skip
async def list_reveals(case_id: CaseId, query: Annotated[PageQuery, Query()], reader: TheReader) -> Page[LookOut]:
    async with reader() as connection:
        about = (policy.LIFECYCLE.kind, case_id, CaseNotFound, policy.LOOKS)
        rows = await looks.list_looks(connection, *about, query.after(), query.limit)
    return show_looks(rows, query.limit, reader)
