"""Services over HTTP."""

from typing import Annotated

from fastapi import Query
from pydantic import Field

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID
from app.domain.places.errors import PlaceNotFound
from app.domain.services import policy, repository
from app.domain.services import service as services
from app.kernel.errors import NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Opaque, Paragraph, Search
from app.kernel.time import Moment

api = Api(prefix="/services")

ID = "01985a3c-1111-7f00-8a6b-2f4c5d6e7f02"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"


class ServiceIn(In):
    place_id: StrictUUID = Field(description="在哪里提供:其下所有社区都能点")
    name: Annotated[str, Line(30)] = Field(description="名称")
    description: Annotated[str, Paragraph(500)] = Field(description="说明:做什么、不做什么")
    category: Annotated[str, Opaque(20)] | None = Field(default=None, description="类别代码,时限可按类别另定")


class ServiceOut(Out):
    id: StrictUUID = Field(description="服务编号")
    name: str = Field(description="名称")
    description: str = Field(description="说明")
    place_id: StrictUUID = Field(description="发布地点编号")
    place_name: str = Field(description="发布地点名称")
    created_at: Moment = Field(description="发布时间")


class ServicesQuery(PageQuery):
    place_id: StrictUUID = Field(description="在哪个社区可以点")
    search: Search | None = Field(default=None, description="名称包含的文字")


@api.post(
    "",
    rule=policy.PUBLISH,
    operation_id="publishService",
    summary="发布一项服务(亮单)",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "name": "陪同就医", "description": "陪老人去医院挂号、取药,不代缴费用"},
    answer=receipt("publish"),
    responses=problems(NotAllowed, PlaceNotFound, TextRefused),
)
async def publish_service(body: ServiceIn, run: TheRun) -> Receipt:
    return await run(
        services.publish,
        place_id=body.place_id,
        name=body.name,
        description=body.description,
        category=body.category or "",
    )


@api.get(
    "",
    rule=SIGNED_IN,
    operation_id="listServices",
    summary="在一个社区可以点哪些服务",
    tags=(Tag.RESIDENT,),
    answer={
        "items": [
            {
                "id": ID,
                "name": "陪同就医",
                "description": "陪老人去医院挂号、取药,不代缴费用",
                "place_id": PLACE_ID,
                "place_name": "神堂沟街道",
                "created_at": "2026-03-01T09:00:00+08:00",
            }
        ],
        "next_cursor": None,
    },
)
async def list_services(query: Annotated[ServicesQuery, Query()], reader: TheReader) -> Page[ServiceOut]:
    async with reader() as connection:
        rows = await repository.list_services(connection, query.place_id, query.search, query.after(), query.limit)
    return Page.cut(
        rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), lambda row: ServiceOut(**dict(row))
    )
