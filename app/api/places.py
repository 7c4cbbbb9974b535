"""Places over HTTP: the tree, and its import."""

from dataclasses import asdict
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import Annotated, Any

import asyncpg
from fastapi import Path, Query, Request
from pydantic import Field

from app.api.census import SIGNED_IN, Api, Intake, Tag
from app.api.deps import IdempotencyKey, Receipt, TheCaller, TheHouse, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, In, Out, StrictUUID
from app.domain.people.policy import ADMINISTRATOR
from app.domain.places import errors, repository
from app.domain.places import service as verbs
from app.domain.places.importing import import_places as run_import
from app.domain.places.models import EstateType, Level
from app.domain.places.policy import CHIEF, ImportReport
from app.kernel.command import Caller
from app.kernel.errors import KeyReused, NotAllowed, NothingChanged, NotSignedIn, TextRefused
from app.kernel.ids import new_id
from app.kernel.pagination import Limit
from app.kernel.text import Line, Opaque, Phone, Search

api = Api(prefix="/places")

CSV = Intake("text/csv", 64 * 1024 * 1024, streamed=True)
CHUNK = 256 * 1024
LIST_LIMIT = 50
ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
PLACE = {
    "id": ID,
    "code": "140109014002",
    "parent_id": ID,
    "level": "community",
    "level_label": "社区",
    "name": "西峪社区",
    "estate_type": None,
    "estate_type_label": None,
}
STATION = {"phone": "03516012345", "address": "西峪东街 3 号,西峪社区党群服务站"}


class PlaceOut(Out):
    id: StrictUUID = Field(description="地点编号")
    code: str = Field(description="统计用区划代码或自定代码")
    parent_id: StrictUUID | None = Field(description="上级地点编号;省为 null")
    level: Choice[Level] = Field(description="层级")
    level_label: str = Field(description="层级的中文名称")
    name: str = Field(description="名称")
    estate_type: Choice[EstateType] | None = Field(description="小区类型;不是小区或没有说明则为 null")
    estate_type_label: str | None = Field(description="小区类型的中文名称")


class StationOut(Out):
    place_id: StrictUUID = Field(description="是哪个地点的站点:本地没有登记的,是上级最近的一个")
    place_name: str = Field(description="这个地点的名称")
    phone: str = Field(description="对外公布的电话")
    address: str = Field(description="在哪里")


class StationIn(In):
    phone: Phone = Field(description="对外公布的电话,座机或手机")
    address: Annotated[str, Line(120)] = Field(description="在哪里")


class PlaceDetailOut(PlaceOut):
    station: StationOut | None = Field(description="站点的电话和地址,没有微信的、有事要问的可以打;都没有登记则为 null")
    ancestors: list[PlaceOut] = Field(description="从省到上一级")
    children: int = Field(description="直接下级的数量")


class PlacesOut(Out):
    items: list[PlaceOut] = Field(description="本页内容")
    next_cursor: str | None = Field(description="下一页的翻页标记;没有下一页时为 null")


class PlacesQuery(In):
    parent_id: StrictUUID | None = Field(default=None, description="上级地点;不填为全国")
    level: Choice[Level] | None = Field(default=None, description="只看某一层级")
    estate_type: Choice[EstateType] | None = Field(default=None, description="只看某一类型的小区")
    search: Search | None = Field(default=None, description="名称包含的文字")
    cursor: Annotated[str, Line(32)] | None = Field(default=None, description="翻页标记:填上一页返回的 next_cursor")
    limit: Limit = LIST_LIMIT


class ImportOut(Out):
    dry_run: bool = Field(description="是否只是试算")
    written: bool = Field(description="是否已写入")
    lines: int = Field(description="数据行数")
    created: int = Field(description="新增")
    renamed: int = Field(description="改名")
    moved: int = Field(description="换了上级")
    retyped: int = Field(default=0, description="小区换了类型")
    unchanged: int = Field(description="没有变化")
    absent_in_file: int = Field(description="库中有而文件中没有的,不会删除")
    bad: int = Field(description="有误的行数;有一行有误,就一行也不写")
    bad_lines: list[dict[str, Any]] = Field(description="有误的行,最多列出 1000 行")


class ImportQuery(In):
    dry_run: FlagArg = Field(default=False, description="只试算,不写入")


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="listPlaces",
    summary="浏览或查找地点",
    tags=(Tag.EVERYBODY,),
    answer={"items": [PLACE], "next_cursor": None},
)
async def list_places(query: Annotated[PlacesQuery, Query()], reader: TheReader) -> PlacesOut:
    async with reader() as connection:
        rows = await repository.list_places(
            connection,
            parent=query.parent_id,
            level=query.level,
            estate_type=query.estate_type,
            search=query.search,
            after=query.cursor,
            limit=query.limit + 1,
        )
    shown = rows[: query.limit]
    return PlacesOut(
        items=[_place(row) for row in shown], next_cursor=shown[-1].code if len(rows) > query.limit else None
    )


@api.get(
    "/{place}",
    rule=SIGNED_IN,
    operation_id="getPlace",
    summary="查看一个地点和它的上级",
    description="地点编号,或区划代码",
    tags=(Tag.EVERYBODY,),
    answer={**PLACE, "station": {"place_id": ID, "place_name": "西峪社区", **STATION}, "ancestors": [], "children": 0},
    responses=problems(errors.PlaceNotFound),
)
async def get_place(
    place: Annotated[StrictUUID | Annotated[str, Opaque(32, 2)], Path(description="地点编号,或区划代码")],
    reader: TheReader,
) -> PlaceDetailOut:
    async with reader() as connection:
        found = await repository.get_place(connection, place)
        above = await repository.ancestors(connection, found.id)
        children = (await repository.children_counts(connection, [found.id]))[found.id]
        station = await repository.station_of(connection, found.id)
    return PlaceDetailOut(
        **dict(_place(found)),
        station=station and StationOut(**station),
        ancestors=[_place(row) for row in above],
        children=children,
    )


@api.put(
    "/{place_id}/station",
    rule=CHIEF,
    operation_id="setStation",
    summary="登记本地站点的电话和地址",
    description="由当地的书记或管理员登记;居民在 getPlace 看到;下级地点没有自己的站点时,也显示这一个",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example=STATION,
    answer=receipt("set"),
    responses=problems(TextRefused, NotAllowed, errors.PlaceNotFound, NothingChanged),
)
async def set_station(
    place_id: Annotated[StrictUUID, Path(description="地点编号")], body: StationIn, run: TheRun
) -> Receipt:
    return await run(verbs.set_station, place_id=place_id, phone=body.phone, address=body.address)


@api.post(
    "/import",
    rule=ADMINISTRATOR,
    operation_id="importPlaces",
    summary="导入地点(CSV)",
    description=(
        "表头 code,parent_code,level,name,可再加一列 estate_type(小区类型;没有这一列则类型不变),UTF-8;"
        "可反复导入,没有变化就什么也不改;仅限最上级的管理员"
    ),
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    intake=CSV,
    example=(
        "code,parent_code,level,name,estate_type\n140109014,140109,street,神堂沟街道,\n"
        "140109014002,140109014,community,西峪社区,\n140109014002X1,140109014002,estate,西峪东苑,residential\n"
    ),
    answer={
        "dry_run": False, "written": True, "lines": 3, "created": 3, "renamed": 0, "moved": 0, "retyped": 0,
        "unchanged": 0, "absent_in_file": 0, "bad": 0, "bad_lines": [],
    },
    responses=problems(
        NotAllowed, KeyReused, errors.ImportRunning, errors.ImportNotUtf8, errors.ImportHeaderWrong, errors.ImportRefused
    ),
)  # fmt: skip
async def import_places(
    request: Request,
    query: Annotated[ImportQuery, Query()],
    house: TheHouse,
    caller: TheCaller,
    key: IdempotencyKey,
) -> ImportOut:
    async with house.database.pool.acquire() as connection, connection.transaction():
        await _check(connection, caller)
    # Taken in whole first: a slow sender must not hold the lock of imports.
    with SpooledTemporaryFile(max_size=1024 * 1024) as file:
        digest = sha256()
        async for piece in request.stream():
            file.write(piece)
            digest.update(piece)
        file.seek(0)
        fingerprint = house.vault.index("request", f"import {query.dry_run} {digest.hexdigest()}").hex()
        async with house.database.pool.acquire() as connection, connection.transaction():
            await _check(connection, caller)
            earlier = await connection.fetchrow(repository.EARLIER_IMPORT, caller.person_id, key)
            if earlier is not None:
                if earlier["fingerprint"] != fingerprint:
                    raise KeyReused
                return ImportOut.model_validate_json(earlier["report"])
            report = _report(await run_import(connection, iter(lambda: file.read(CHUNK), b""), dry_run=query.dry_run))
            await connection.execute(
                repository.RECORD_IMPORT, new_id(), caller.person_id, key, fingerprint, report.model_dump_json()
            )
    return report


def _report(report: ImportReport) -> ImportOut:
    return ImportOut(
        dry_run=report.dry_run,
        written=report.written,
        lines=report.lines,
        created=report.created.total,
        renamed=report.renamed.total,
        moved=report.moved.total,
        retyped=report.retyped.total,
        unchanged=report.unchanged,
        absent_in_file=report.absent_in_file.total,
        bad=report.bad.total,
        bad_lines=[asdict(line) for line in report.bad.items],
    )


async def _check(connection: asyncpg.Connection, caller: Caller) -> None:
    """Set the caller's context; raises NotSignedIn, NotAllowed."""
    allowed = await connection.fetchrow(
        "SELECT set_config('app.actor', $1::uuid::text, true), app_signed_in($1, $2) AS active",
        caller.person_id, caller.family,
    )  # fmt: skip
    if not allowed["active"]:
        raise NotSignedIn
    if not await connection.fetchval("SELECT app_administers_tree()"):
        raise NotAllowed("地点由最高一级的管理员导入")


def _place(row: repository.PlaceRow) -> PlaceOut:
    return PlaceOut(
        id=row.id,
        code=row.code,
        parent_id=row.parent_id,
        level=row.level,
        level_label=row.level.label,
        name=row.name,
        estate_type=row.estate_type,
        estate_type_label=row.estate_type and row.estate_type.label,
    )
