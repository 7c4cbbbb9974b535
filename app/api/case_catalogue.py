"""The catalogue of cases, and what communities admit, over HTTP (domain.md §5, S1, S3)."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.cases_out import CATEGORY
from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.cases import catalogue, errors, handing_down, policy
from app.domain.cases.models import Lane
from app.domain.cases.words import evidence_label, limit_of
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import EstateType
from app.domain.units.models import UnitKind
from app.kernel.errors import KeyReused, NotAllowed, NothingChanged, TextRefused
from app.kernel.text import Line, Opaque
from app.kernel.time import Moment

api = Api()

PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
Code = Annotated[str, Opaque(40)]


class CategoryIn(In):
    place_id: StrictUUID = Field(description="在哪里及其下生效")
    code: Code = Field(description="类别代码,英文")
    estate_type: Choice[EstateType] | None = Field(default=None, description="只对这一类型的小区;不填为全部")
    name: Annotated[str, Line(20)] = Field(description="类别名称")
    lane: Choice[Lane] = Field(description="建议的分类:small 小事、big 大事、hard 难事")
    emergency: bool = Field(default=False, description="是否紧急:上报即通知责任单位")
    by_midnight: bool = Field(
        default=True,
        description="定为小事的,是否当天解决:true 的小事当天 24:00 到期,不按 resolve_community 的时限;"
        "要用自己发布的时限,填 false",
    )
    evidence: list[Annotated[str, Opaque(30)]] = Field(
        default=[], max_length=6, description="结果须有的依据:photo 照片、note 文字……"
    )
    unit_kind: Choice[UnitKind] | None = Field(default=None, description="由哪一种单位负责")


class CategoryOut(Out):
    id: StrictUUID = Field(description="版本编号")
    place_id: StrictUUID | None = Field(description="发布地点;全局标准为 null")
    place_name: str | None = Field(description="发布地点名称")
    code: str = Field(description="类别代码")
    estate_type: str = Field(description="只对这一类型的小区;空为全部")
    estate_type_label: str | None = Field(description="小区类型的中文名称;不分类型的为 null")
    version: int = Field(description="版本")
    name: str = Field(description="类别名称")
    lane: Choice[Lane] = Field(description="建议的分类")
    lane_label: str = Field(description="建议的分类的中文名称")
    emergency: bool = Field(description="是否紧急")
    by_midnight: bool = Field(description="定为小事的,是否当天解决")
    limit_label: str = Field(description="按哪项时限办结")
    evidence: list[str] = Field(description="结果须有的依据")
    evidence_label: list[str] = Field(description="结果须有的依据,中文")
    unit_kind: Choice[UnitKind] | None = Field(description="由哪一种单位负责")
    unit_kind_label: str | None = Field(description="单位种类的中文名称")
    published_at: Moment = Field(description="发布时间")


class CategoriesOut(Out):
    items: list[CategoryOut] = Field(description="按代码排列")


class PlaceQuery(In):
    place_id: StrictUUID = Field(description="地点编号")


class AdmissionIn(In):
    place_id: StrictUUID = Field(description="哪个社区;或街道,对其下所有没有自己清单的社区")
    codes: list[Code] = Field(max_length=200, description=f"社区接受下派的{CATEGORY};可为空")


class AdmissionOut(Out):
    place_id: StrictUUID | None = Field(description="清单的发布地点;没有清单则为 null")
    place_name: str | None = Field(description="发布地点名称")
    version: int = Field(description="版本;没有清单则为 0")
    codes: list[str] = Field(description="社区接受下派的类别代码")
    names: list[str] = Field(description="这些类别的名称,次序相同")


@api.get(
    "/case-categories",
    rule=SIGNED_IN,
    operation_id="listCategories",
    summary="一个地点的事项目录:可以反映哪些事",
    tags=(Tag.RESIDENT, Tag.GRID_WORKER, Tag.ADMINISTRATOR),
    answer={
        "items": [
            {
                "id": PLACE_ID, "place_id": None, "place_name": None, "code": "lighting", "estate_type": "",
                "estate_type_label": None,
                "version": 1,
                "name": "路灯照明", "lane": "small", "lane_label": "小事", "emergency": False, "by_midnight": True,
                "limit_label": limit_of(emergency=False, by_midnight=True),
                "evidence": ["photo"], "evidence_label": ["照片"], "unit_kind": "department", "unit_kind_label": "职能部门",
                "published_at": "2026-01-01T00:00:00+08:00",
            }
        ]
    },
)  # fmt: skip
async def list_categories(query: Annotated[PlaceQuery, Query()], reader: TheReader) -> CategoriesOut:
    async with reader() as connection:
        rows = await catalogue.list_in_force(connection, query.place_id)
    return CategoriesOut(items=[_category(row) for row in rows])


@api.post(
    "/case-categories",
    rule=policy.CATALOGUE,
    operation_id="publishCategory",
    summary="发布一个事项类别,只对之后上报的生效",
    description="与那里现行的相同的,不再发布。回执的 version 即 listCategories 里的版本",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "code": "charging", "name": "电动车充电", "lane": "big", "evidence": ["note"]},
    answer=receipt("publish"),
    responses=problems(NotAllowed, PlaceNotFound, KeyReused, TextRefused, NothingChanged),
)
async def publish_category(body: CategoryIn, run: TheRun) -> Receipt:
    asked: dict[str, Any] = body.model_dump(exclude={"estate_type"})
    return await run(catalogue.publish, **asked, estate_type=body.estate_type or "")


@api.get(
    "/admission-lists",
    rule=SIGNED_IN,
    operation_id="getAdmissionList",
    summary="一个社区接受下派哪些事项:准入清单",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR, Tag.STREET),
    answer={
        "place_id": PLACE_ID,
        "place_name": "神堂沟街道",
        "version": 1,
        "codes": ["lighting", "repair"],
        "names": ["路灯照明", "公共维修"],
    },
)
async def get_admission_list(query: Annotated[PlaceQuery, Query()], reader: TheReader) -> AdmissionOut:
    async with reader() as connection:
        row = await handing_down.in_force(connection, query.place_id)
    if row is None:
        return AdmissionOut(place_id=None, place_name=None, version=0, codes=[], names=[])
    return AdmissionOut(**{name: row[name] for name in AdmissionOut.model_fields})


@api.post(
    "/admission-lists",
    rule=policy.ADMISSION,
    operation_id="publishAdmissionList",
    summary="发布社区的准入清单,由街道发布",
    tags=(Tag.DISPATCHER, Tag.ADMINISTRATOR, Tag.STREET),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "codes": ["lighting", "repair"]},
    answer=receipt("publish"),
    responses=problems(NotAllowed, PlaceNotFound, errors.CategoryNotFound, KeyReused, NothingChanged),
)
async def publish_admission_list(body: AdmissionIn, run: TheRun) -> Receipt:
    return await run(handing_down.publish, place_id=body.place_id, codes=body.codes)


def _category(row: RowMapping) -> CategoryOut:
    lane, kind = Lane(row["lane"]), row["unit_kind"]
    same = (
        *("id", "place_id", "place_name", "code", "estate_type", "version", "name", "emergency", "by_midnight"),
        *("evidence", "published_at"),
    )
    return CategoryOut(
        **{name: row[name] for name in same},
        estate_type_label=EstateType(row["estate_type"]).label if row["estate_type"] else None,
        lane=lane,
        lane_label=lane.label,
        limit_label=limit_of(emergency=row["emergency"], by_midnight=row["by_midnight"]),
        evidence_label=[evidence_label(one) for one in row["evidence"]],
        unit_kind=kind and UnitKind(kind),
        unit_kind_label=kind and UnitKind(kind).label,
    )
