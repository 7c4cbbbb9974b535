"""Units over HTTP: departments, stations and partners, who works there, and what they answer for (domain.md §5)."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import CATEGORY, CategoryCode
from app.api.census import SIGNED_IN, Access, Api, Intake, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, In, Out, StrictUUID
from app.domain.people.errors import PersonNotFound
from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8, PlaceNotFound
from app.domain.units import errors, policy, register, repository
from app.domain.units import service as units
from app.domain.units.models import Post, UnitKind
from app.kernel.errors import KeyReused, NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line
from app.kernel.time import Moment
from app.kernel.vault import mask_name

api = Api()

ID = "01985a3c-9999-7f00-8a6b-2f4c5d6e7f0a"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
AT = "2026-03-01T09:00:00+08:00"
CSV = Intake("text/csv", 1024 * 1024, streamed=True)
BY_HEAD = Access("unit-head", "本人、单位负责人,或管理员")
UnitId = Annotated[StrictUUID, Path(description="单位编号")]


class UnitIn(In):
    place_id: StrictUUID = Field(description="单位所在的街道或区县:从 listPlaces 的 id 复制;其下的事项可向它吹哨")
    name: Annotated[str, Line(40)] = Field(description="单位名称")
    kind: Choice[UnitKind] = Field(description="department 职能部门、station 站所、partner 共建单位")


class UnitMemberIn(In):
    person_id: StrictUUID = Field(description="人员编号")
    post: Choice[Post] = Field(description="officer 经办人、head 负责人")


class ResponsibilityIn(In):
    place_id: StrictUUID = Field(description="在哪里负责,含其下")
    category: CategoryCode = Field(description=f"事项{CATEGORY}")
    unit_id: StrictUUID = Field(description="单位编号")


class DeputyIn(In):
    absent_id: StrictUUID = Field(description="谁不在:从 getUnit 的 members 里的 person_id 复制")
    deputy_id: StrictUUID = Field(description="由本单位的谁代理:从 getUnit 的 members 里的 person_id 复制")
    from_at: Moment = Field(description="从什么时候起")
    until_at: Moment = Field(description="到什么时候为止,须晚于现在和 from_at")


class UnitRow(Out):
    id: StrictUUID = Field(description="单位编号")
    name: str = Field(description="单位名称")
    kind: Choice[UnitKind] = Field(description="department 职能部门、station 站所、partner 共建单位")
    kind_label: str = Field(description="种类的中文名称")
    place_id: StrictUUID = Field(description="所在地点编号")
    place_name: str = Field(description="所在地点名称")
    created_at: Moment = Field(description="设立时间")
    closed_at: Moment | None = Field(description="撤销时间;没有撤销则为 null")
    my_post: Choice[Post] | None = Field(description="我在其中的职务;不在其中为 null")


class UnitMemberOut(Out):
    person_id: StrictUUID = Field(description="人员编号")
    name: str | None = Field(description="姓名;本单位的人看到全名,其他人只看到姓氏")
    post: Choice[Post] = Field(description="officer 经办人、head 负责人")
    post_label: str = Field(description="职务的中文名称")
    joined_at: Moment = Field(description="任职时间")
    stands_in_for: StrictUUID | None = Field(description="现在代理谁;没有则为 null")
    stands_in_for_name: str | None = Field(description="现在代理的人的姓名;没有则为 null")
    stands_in_until: Moment | None = Field(description="代理到什么时候")


class UnitOut(UnitRow):
    members: list[UnitMemberOut] = Field(description="在任人员;只给本单位和上级工作人员,对其他人为空")


class UnitsQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="负责哪个地点")
    kind: Choice[UnitKind] | None = Field(default=None, description="只看某一种类")
    closed: FlagArg = Field(default=False, description="true 只看已撤销的")
    mine: FlagArg = Field(default=False, description="true 只看我任职的")


class ResponsibilityOut(Out):
    id: StrictUUID = Field(description="条目编号")
    category: str = Field(description="事项类别代码")
    category_name: str | None = Field(description="事项类别名称;目录里已没有这一类的为 null")
    place_id: StrictUUID = Field(description="在哪里负责,含其下")
    place_name: str = Field(description="地点名称")
    unit_id: StrictUUID = Field(description="单位编号")
    unit_name: str = Field(description="单位名称")
    from_at: Moment = Field(description="从什么时候起")
    until_at: Moment | None = Field(description="到什么时候为止;现行则为 null")


class RegisterQuery(PageQuery):
    place_id: StrictUUID | None = Field(default=None, description="哪个地点,含从上级继承的")
    category: CategoryCode | None = Field(default=None, description=f"只看某一类别,{CATEGORY}")
    unit_id: StrictUUID | None = Field(default=None, description="只看某一单位")
    past: FlagArg = Field(default=False, description="true 连同已失效的")


class RegisterImportQuery(In):
    place_id: StrictUUID = Field(description="为哪个地点及其下导入")


class RegisterImportOut(Out):
    id: StrictUUID = Field(description="这次导入的编号")
    at: Moment = Field(description="生效时间")
    lines: int = Field(description="一共多少行")
    entered: int = Field(description="新登记或改变的")
    unchanged: int = Field(description="本来如此,不变")


UNIT: dict[str, Any] = {
    "id": ID, "name": "区城管局", "kind": "department", "kind_label": "职能部门", "place_id": PLACE_ID,
    "place_name": "神堂沟街道", "created_at": AT, "closed_at": None, "my_post": None,
}  # fmt: skip
UNIT_MEMBER = {
    "person_id": ID, "name": "李*", "post": "officer", "post_label": "经办人", "joined_at": AT, "stands_in_for": None,
    "stands_in_for_name": None, "stands_in_until": None,
}  # fmt: skip


@api.get(
    "/units",
    rule=SIGNED_IN,
    operation_id="listUnits",
    summary="单位:部门、站所和共建单位,新的在前",
    tags=(Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    answer={"items": [UNIT], "next_cursor": None},
)
async def list_units(query: Annotated[UnitsQuery, Query()], reader: TheReader) -> Page[UnitRow]:
    async with reader() as connection:
        rows = await repository.list_units(
            connection, query.place_id, query.kind and query.kind.value, closed=query.closed, mine=query.mine,
            after=query.after(), limit=query.limit,
        )  # fmt: skip
    return Page.cut(
        rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), lambda row: UnitRow(**_unit(row))
    )


@api.get(
    "/units/{unit_id}",
    rule=SIGNED_IN,
    operation_id="getUnit",
    summary="查看一个单位;在任人员只给本单位和上级工作人员",
    tags=(Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    answer={**UNIT, "members": [UNIT_MEMBER]},
    responses=problems(errors.UnitNotFound),
)
async def get_unit(unit_id: UnitId, reader: TheReader) -> UnitOut:
    async with reader() as connection:
        row = await repository.get_unit(connection, unit_id)
        members = await repository.list_members(connection, unit_id)
    names = {one["person_id"]: reader.sealer.opened("name", one["name_sealed"]) for one in members}
    if row["my_post"] is None:
        names = {person_id: name and mask_name(name) for person_id, name in names.items()}
    return UnitOut(**_unit(row), members=[_member(one, names) for one in members])


@api.post(
    "/units",
    operation_id="createUnit",
    summary="新设一个单位:部门、站所或共建单位",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "name": "区城管局", "kind": "department"},
    answer=receipt("create"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnitExists, errors.UnitsStandAbove, KeyReused, TextRefused),
)
async def create(body: UnitIn, run: TheRun) -> Receipt:
    return await run(units.create, place_id=body.place_id, name=body.name, kind=body.kind)


@api.post(
    "/units/{unit_id}/members",
    operation_id="addUnitMember",
    summary="安排某人到单位任职",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    example={"person_id": ID, "post": "officer"},
    answer=receipt("add"),
    responses=problems(NotAllowed, errors.UnitNotFound, PersonNotFound, errors.WorksThere, KeyReused),
)
async def add_member(unit_id: UnitId, body: UnitMemberIn, run: TheRun) -> Receipt:
    return await run(units.add_member, unit_id, person_id=body.person_id, post=body.post)


@api.post(
    "/units/{unit_id}/members/{person_id}/end",
    operation_id="endUnitMember",
    summary="某人离开单位;等他办理的由同事接手",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    answer=receipt("end", 2),
    responses=problems(NotAllowed, errors.MemberNotFound, KeyReused),
)
async def end_member(
    unit_id: UnitId,
    person_id: Annotated[StrictUUID, Path(description="人员编号:从 getUnit 的 members 里的 person_id 复制")],
    run: TheRun,
) -> Receipt:
    return await run(units.end_member, unit_id, person_id=person_id)


@api.post(
    "/units/{unit_id}/close",
    operation_id="closeUnit",
    summary="撤销一个单位;它负责的类别须另行规定",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    answer=receipt("close", 2),
    responses=problems(NotAllowed, errors.UnitNotFound, errors.UnitBusy, KeyReused),
)
async def close(unit_id: UnitId, run: TheRun) -> Receipt:
    return await run(units.close, unit_id)


@api.post(
    "/units/{unit_id}/deputies",
    operation_id="setDeputy",
    summary="指定代理人:本人不在时,由本单位同事代理",
    tags=(Tag.OFFICER,),
    rule=BY_HEAD,
    example={"absent_id": ID, "deputy_id": PLACE_ID, "from_at": AT, "until_at": "2035-03-08T09:00:00+08:00"},
    answer=receipt("name"),
    responses=problems(
        NotAllowed, errors.UnitNotFound, errors.NotInUnit, errors.PeriodEmpty, errors.DeputyNamed, KeyReused
    ),
)
async def set_deputy(unit_id: UnitId, body: DeputyIn, run: TheRun) -> Receipt:
    return await run(units.name_deputy, unit_id, **body.model_dump())


@api.get(
    "/responsibilities",
    rule=SIGNED_IN,
    operation_id="listResponsibilities",
    summary="权责清单:哪类事项在哪里由谁负责,新的在前",
    tags=(Tag.DISPATCHER, Tag.OFFICER, Tag.STREET),
    answer={
        "items": [
            {
                "id": ID, "category": "lighting", "category_name": "路灯照明", "place_id": PLACE_ID,
                "place_name": "神堂沟街道", "unit_id": ID,
                "unit_name": "区城管局", "from_at": AT, "until_at": None,
            }
        ],
        "next_cursor": None,
    },
)  # fmt: skip
async def list_responsibilities(query: Annotated[RegisterQuery, Query()], reader: TheReader) -> Page[ResponsibilityOut]:
    async with reader() as connection:
        rows = await repository.list_register(
            connection,
            query.place_id,
            query.category,
            query.unit_id,
            past=query.past,
            after=query.after(),
            limit=query.limit,
        )
    return Page.cut(
        rows, query.limit, lambda row: Cursor(row["from_at"], row["id"]), lambda row: ResponsibilityOut(**row)
    )


@api.post(
    "/responsibilities/import",
    operation_id="importResponsibilities",
    summary="导入权责清单(CSV)",
    description=(
        f"表头 {','.join(register.HEADER)},UTF-8,最多 {register.MOST} 行;可反复导入,没有变化的不改;"
        "有一行有误就什么也不写,并列出每一行的错误;文件没有提到的不变"
    ),
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    intake=CSV,
    example="place_code,category,unit_place_code,unit_name\n140109014,lighting,140109,区城管局\n",
    answer={"id": ID, "at": AT, "lines": 1, "entered": 1, "unchanged": 0},
    responses=problems(
        NotAllowed, PlaceNotFound, ImportNotUtf8, ImportHeaderWrong, errors.ResponsibilitiesRefused, KeyReused
    ),
)
async def import_responsibilities(
    request: Request, query: Annotated[RegisterImportQuery, Query()], run: TheRun, reader: TheReader
) -> RegisterImportOut:
    lines = register.read_lines(await request.body())
    done = await run(register.import_register, place_id=query.place_id, lines=lines)
    async with reader() as connection:
        note = await repository.get_import(connection, done.id)
    return RegisterImportOut(id=done.id, at=done.at, **note)


@api.post(
    "/responsibilities",
    operation_id="setResponsibility",
    summary="规定某类事项在某地由哪个单位负责",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "category": "lighting", "unit_id": ID},
    answer=receipt("set"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnitNotFound, errors.AnswersAlready, KeyReused),
)
async def set_responsibility(body: ResponsibilityIn, run: TheRun) -> Receipt:
    return await run(units.set_responsibility, place_id=body.place_id, category=body.category, unit_id=body.unit_id)


def _unit(row: RowMapping) -> dict[str, Any]:
    kind = UnitKind(row["kind"])
    post = row["my_post"] and Post(row["my_post"])
    return {**row, "kind": kind, "kind_label": kind.label, "my_post": post}


def _member(row: RowMapping, names: Mapping[UUID, str | None]) -> UnitMemberOut:
    post = Post(row["post"])
    same = ("person_id", "joined_at", "stands_in_for", "stands_in_until")
    return UnitMemberOut(
        **{field: row[field] for field in same},
        name=names[row["person_id"]],
        stands_in_for_name=names.get(row["stands_in_for"]),
        post=post,
        post_label=post.label,
    )
