"""Services over HTTP."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Access, Api, Tag
from app.api.deps import Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.api.skills import CODE, OWN_CODE, SkillCode
from app.domain.places.errors import PlaceNotFound
from app.domain.services import errors, repository
from app.domain.services import service as services
from app.domain.services.models import Evidence, Form
from app.domain.teams.errors import UnknownSkill
from app.domain.teams.models import Colour
from app.kernel.errors import NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Opaque, Paragraph, Search
from app.kernel.time import Moment

api = Api(prefix="/services")

ID = "01985a3c-1111-7f00-8a6b-2f4c5d6e7f02"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"


BY_LEAD = Access("lead", "社区书记、管理员;服务队的服务,本队队长也可以")

ServiceId = Annotated[StrictUUID, Path(description="服务编号")]


class ServiceIn(In):
    place_id: StrictUUID = Field(description="在哪里提供:其下所有社区都能点")
    name: Annotated[str, Line(30)] = Field(description="名称")
    description: Annotated[str, Paragraph(500)] = Field(description="说明:做什么、不做什么")
    category: Annotated[str, Opaque(20)] | None = Field(default=None, description="类别代码,时限可按类别另定")
    skill: SkillCode | None = Field(default=None, description=f"承接人须有的技能代码,{CODE}")
    own_code: bool = Field(strict=True, default=False, description=OWN_CODE)
    form: Choice[Form] = Field(
        default=Form.VISIT,
        description="形式:visit 上门服务、errand 帮办代办、wish 微心愿、service_day 服务日",
    )
    evidence: Annotated[list[Choice[Evidence]], Field(max_length=len(Evidence))] = Field(
        default_factory=list,
        description="完成时须交的凭据:photo 现场照片、receipt 票据或回执、checklist 核对清单;不填则写明做了什么即可",
    )
    team_id: StrictUUID | None = Field(default=None, description="由哪个服务队提供;不填为社区")


class PauseServiceIn(In):
    until_at: Moment | None = Field(default=None, description="暂停到何时,须晚于现在;不填则到恢复为止")


UNTIL_RESUMED = PauseServiceIn()


class ServiceOut(Out):
    id: StrictUUID = Field(description="服务编号")
    name: str = Field(description="名称")
    description: str = Field(description="说明")
    place_id: StrictUUID = Field(description="发布地点编号")
    place_name: str = Field(description="发布地点名称")
    created_at: Moment = Field(description="发布时间")
    category: str = Field(description="类别代码;没有则为空")
    skill: str = Field(description="承接人须有的技能代码;不需要则为空")
    form: Choice[Form] = Field(description="形式")
    form_label: str = Field(description="形式的中文名称")
    evidence: list[Choice[Evidence]] = Field(description="完成时须交的凭据;空表示写明做了什么即可")
    team_id: StrictUUID | None = Field(description="由哪个服务队提供;社区提供则为 null")
    team_name: str | None = Field(description="服务队名称")
    team_colour: Choice[Colour] | None = Field(description="服务队颜色")
    team_colour_label: str | None = Field(description="服务队颜色的中文名称")
    paused: bool = Field(description="是否正在暂停,暂停时不能点")
    paused_until: Moment | None = Field(description="暂停到何时;没有定则为 null")


class ServicesQuery(PageQuery):
    place_id: StrictUUID = Field(description="在哪个社区可以点")
    search: Search | None = Field(default=None, description="名称包含的文字")
    form: Choice[Form] | None = Field(default=None, description="只看某一形式")
    skill: SkillCode | None = Field(default=None, description=f"只看需要某一技能的,{CODE}")
    team_id: StrictUUID | None = Field(default=None, description="只看某一服务队的")


@api.post(
    "",
    rule=BY_LEAD,
    operation_id="publishService",
    summary="发布一项服务(亮单)",
    tags=(Tag.ADMINISTRATOR,),
    example={"place_id": PLACE_ID, "name": "陪同就医", "description": "陪老人去医院挂号、取药,不代缴费用"},
    answer=receipt("publish"),
    responses=problems(
        *(NotAllowed, PlaceNotFound, errors.NameTaken, errors.OfferedAbove),
        *(errors.TeamNotServing, errors.TeamNotSkilled, UnknownSkill, TextRefused),
    ),
)
async def publish_service(body: ServiceIn, run: TheRun) -> Receipt:
    return await run(
        services.publish,
        place_id=body.place_id,
        name=body.name,
        description=body.description,
        category=body.category or "",
        skill=body.skill or "",
        form=body.form,
        evidence=body.evidence,
        team_id=body.team_id,
        own_code=body.own_code,
    )


@api.post(
    "/{service_id}/pause",
    rule=BY_LEAD,
    operation_id="pauseService",
    summary="暂停一项服务;已下的订单照常办理",
    tags=(Tag.ADMINISTRATOR,),
    example={"until_at": None},
    answer=receipt("pause", 2),
    responses=problems(
        *(NotAllowed, errors.ServiceNotFound, errors.ServicePaused, errors.ServiceWithdrawn), errors.PauseTooEarly
    ),
)
async def pause_service(service_id: ServiceId, run: TheRun, body: PauseServiceIn = UNTIL_RESUMED) -> Receipt:
    return await run(services.pause, service_id, until_at=body.until_at)


@api.post(
    "/{service_id}/resume",
    rule=BY_LEAD,
    operation_id="resumeService",
    summary="恢复一项暂停的服务",
    tags=(Tag.ADMINISTRATOR,),
    answer=receipt("resume", 3),
    responses=problems(NotAllowed, errors.ServiceNotFound, errors.ServiceNotPaused, errors.ServiceWithdrawn),
)
async def resume_service(service_id: ServiceId, run: TheRun) -> Receipt:
    return await run(services.resume, service_id)


@api.post(
    "/{service_id}/withdraw",
    rule=BY_LEAD,
    operation_id="withdrawService",
    summary="下架一项服务;已下的订单照常办理",
    tags=(Tag.ADMINISTRATOR,),
    answer=receipt("withdraw", 2),
    responses=problems(NotAllowed, errors.ServiceNotFound, errors.ServiceWithdrawn),
)
async def withdraw_service(service_id: ServiceId, run: TheRun) -> Receipt:
    return await run(services.withdraw, service_id)


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
                "category": "",
                "skill": "",
                "form": "visit",
                "form_label": "上门服务",
                "evidence": ["photo"],
                "team_id": None,
                "team_name": None,
                "team_colour": None,
                "team_colour_label": None,
                "paused": False,
                "paused_until": None,
            }
        ],
        "next_cursor": None,
    },
)
async def list_services(query: Annotated[ServicesQuery, Query()], reader: TheReader) -> Page[ServiceOut]:
    async with reader() as connection:
        rows = await repository.list_services(
            connection,
            query.place_id,
            search=query.search,
            form=query.form,
            skill=query.skill,
            team_id=query.team_id,
            after=query.after(),
            limit=query.limit,
        )

    def show(row: RowMapping) -> ServiceOut:
        colour = row["team_colour"] and Colour(row["team_colour"]).label
        return ServiceOut(**dict(row), form_label=Form(row["form"]).label, team_colour_label=colour)

    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), show)
