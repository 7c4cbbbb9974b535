"""Refused terms over HTTP: what texts that others read may not hold."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import FlagArg, In, Out, StrictUUID
from app.domain.places.errors import PlaceNotFound
from app.domain.terms import errors, policy, repository
from app.domain.terms import service as terms
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Search
from app.kernel.time import Moment

api = Api(prefix="/refused-terms")

ID = "01985a3c-6666-7f00-8a6b-2f4c5d6e7f07"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
AT = "2026-03-01T09:00:00+08:00"
MOST = 2_000
"""Terms of one import: its body stays within the limit of a request."""

Term = Annotated[str, Line(30)]
Reason = Annotated[str, Line(100)]


class TermIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    term: Term = Field(description="不宜词;比较时不计大小写、全角半角、空格和标点")
    reason: Reason | None = Field(default=None, description="为什么")


class TermsIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    terms: Annotated[list[Term], Field(min_length=1, max_length=MOST)] = Field(description="不宜词")
    reason: Reason | None = Field(default=None, description="为什么,对全部词")


class TermOut(Out):
    id: StrictUUID = Field(description="不宜词编号")
    term: str = Field(description="不宜词")
    reason: str | None = Field(description="为什么")
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    place_name: str = Field(description="地点名称")
    added_by: StrictUUID = Field(description="添加者的人员编号")
    added_at: Moment = Field(description="添加时间")
    ended_by: StrictUUID | None = Field(description="移除者的人员编号")
    ended_at: Moment | None = Field(description="移除时间")


class TermsImportedOut(Out):
    id: StrictUUID = Field(description="这次导入的编号")
    at: Moment = Field(description="生效时间")
    given: int = Field(description="一共多少个")
    added: int = Field(description="新增")
    already_there: int = Field(description="这个地点已有的,不变")
    repeated: int = Field(description="这次重复给出的")


class TermsQuery(PageQuery):
    place_id: StrictUUID = Field(description="在哪里生效,连同从上级继承的")
    search: Search | None = Field(default=None, description="不宜词包含的文字")
    ended: FlagArg = Field(default=False, description="true 只看已移除的")


@api.post(
    "",
    rule=policy.KEEP,
    operation_id="addRefusedTerm",
    summary="添加一个不宜词,从此含有它的文字不能发布",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "term": "加群领红包", "reason": "广告"},
    answer=receipt("add"),
    responses=problems(NotAllowed, PlaceNotFound, errors.TermTooShort, errors.TermAlreadyRefused),
)
async def add_term(body: TermIn, run: TheRun) -> Receipt:
    return await run(terms.add, place_id=body.place_id, term=body.term, reason=body.reason)


@api.post(
    "/import",
    rule=policy.KEEP,
    operation_id="importRefusedTerms",
    summary="一次添加许多不宜词",
    description="可反复导入,已有的不变;有一个有误,就一个也不添加",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "terms": ["加群领红包", "赌球", "贷款秒批"], "reason": "广告和赌博"},
    answer={"id": ID, "at": AT, "given": 3, "added": 2, "already_there": 1, "repeated": 0},
    responses=problems(NotAllowed, PlaceNotFound, errors.TermTooShort),
)
async def import_terms(body: TermsIn, run: TheRun, reader: TheReader) -> TermsImportedOut:
    done = await run(terms.import_terms, place_id=body.place_id, terms=body.terms, reason=body.reason)
    async with reader() as connection:
        report = await repository.get_import(connection, done.id)
    return TermsImportedOut(id=done.id, at=done.at, **report)


@api.post(
    "/{term_id}/remove",
    rule=policy.KEEP,
    operation_id="removeRefusedTerm",
    summary="移除一个不宜词,立即生效",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer=receipt("remove", 2),
    responses=problems(NotAllowed, errors.TermNotFound, errors.TermAlreadyRemoved),
)
async def remove_term(term_id: Annotated[StrictUUID, Path(description="不宜词编号")], run: TheRun) -> Receipt:
    return await run(terms.remove, term_id)


@api.get(
    "",
    rule=policy.READ,
    operation_id="listRefusedTerms",
    summary="一个地点的不宜词,新的在前",
    description="当地及上下级的派单员、书记和管理员看得到;其他人看不到任何词",
    tags=(Tag.ADMINISTRATOR, Tag.DISPATCHER),
    audience=ADMIN_ONLY,
    answer={
        "items": [
            {
                "id": ID, "term": "加群领红包", "reason": "广告", "place_id": PLACE_ID, "place_name": "神堂沟街道",
                "added_by": ID, "added_at": AT, "ended_by": None, "ended_at": None,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_terms(query: Annotated[TermsQuery, Query()], reader: TheReader) -> Page[TermOut]:
    async with reader() as connection:
        found = await repository.list_terms(
            connection, query.place_id, query.search, ended=query.ended, after=query.after(), limit=query.limit
        )
    return Page.cut(
        found,
        query.limit,
        lambda row: Cursor(row["added_at"], row["id"]),
        lambda row: TermOut(**{name: row[name] for name in TermOut.model_fields}),
    )
