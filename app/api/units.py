"""Units over HTTP: departments, stations and partners, who works there, and what they answer for (domain.md §5)."""

from typing import Annotated

from fastapi import Path
from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import Receipt, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, StrictUUID
from app.domain.people.errors import PersonNotFound
from app.domain.places.errors import PlaceNotFound
from app.domain.units import errors, policy
from app.domain.units import service as units
from app.domain.units.models import Post, UnitKind
from app.kernel.errors import KeyReused, NotAllowed
from app.kernel.text import Line, Opaque

api = Api()

ID = "01985a3c-9999-7f00-8a6b-2f4c5d6e7f0a"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
UnitId = Annotated[StrictUUID, Path(description="单位编号")]


class UnitIn(In):
    place_id: StrictUUID = Field(description="单位所在的街道或区县编号:其下的事项可向它吹哨")
    name: Annotated[str, Line(40)] = Field(description="单位名称")
    kind: Choice[UnitKind] = Field(description="department 职能部门、station 站所、partner 共建单位")


class UnitMemberIn(In):
    person_id: StrictUUID = Field(description="人员编号")
    post: Choice[Post] = Field(description="officer 经办人、head 负责人")


class ResponsibilityIn(In):
    place_id: StrictUUID = Field(description="在哪里负责,含其下")
    category: Annotated[str, Opaque(40)] = Field(description="事项类别代码")
    unit_id: StrictUUID = Field(description="单位编号")


@api.post(
    "/units",
    operation_id="createUnit",
    summary="新设一个单位:部门、站所或共建单位",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "name": "区城管局", "kind": "department"},
    answer=receipt("create"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnitExists, KeyReused),
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
    "/responsibilities",
    operation_id="setResponsibility",
    summary="规定某类事项在某地由哪个单位负责",
    tags=(Tag.ADMINISTRATOR,),
    rule=policy.KEEP,
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "category": "lighting", "unit_id": ID},
    answer=receipt("set"),
    responses=problems(NotAllowed, PlaceNotFound, errors.UnitNotFound, KeyReused),
)
async def set_responsibility(body: ResponsibilityIn, run: TheRun) -> Receipt:
    return await run(units.set_responsibility, place_id=body.place_id, category=body.category, unit_id=body.unit_id)
