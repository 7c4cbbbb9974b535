"""Teams over HTTP: who belongs together, and who leads (domain.md §3, 亮单)."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Access, Api, Tag
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.places.errors import PlaceNotFound
from app.domain.teams import errors, policy, repository
from app.domain.teams import service as teams
from app.domain.teams.models import Colour
from app.domain.teams.skills import name_of
from app.kernel.errors import NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Phone
from app.kernel.time import Moment
from app.kernel.vault import mask_name, mask_phone

api = Api()

ID = "01985a3c-6666-7f00-8a6b-2f4c5d6e7f07"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
PERSON_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"

BY_LEAD = Access("lead", "本队队长,或当地的社区书记、管理员")
BY_MEMBER = Access("member", "队员本人、本队队长,或当地的社区书记、管理员")

TeamId = Annotated[StrictUUID, Path(description="服务队编号")]


class TeamIn(In):
    place_id: StrictUUID = Field(description="服务的地点:其下都在服务范围内")
    name: Annotated[str, Line(30)] = Field(description="队名")
    colour: Choice[Colour] = Field(
        description="五色:blue 法律援助、white 健康义诊、green 心理辅导、red 扶老助残、orange 文化惠民"
    )
    lead_id: StrictUUID = Field(description="队长的人员编号,须是当地志愿者:从 listRoleHolders 的 person_id 复制")


class MemberIn(In):
    person_id: StrictUUID | None = Field(default=None, description="人员编号;与电话二选一")
    phone: Phone | None = Field(default=None, description="已登记的电话;与人员编号二选一")


class LeadIn(In):
    person_id: StrictUUID = Field(description="新队长的人员编号,须是队员:从 getTeam 的 members 里的 person_id 复制")


class TeamRowOut(Out):
    id: StrictUUID = Field(description="服务队编号")
    name: str = Field(description="队名")
    colour: Choice[Colour] = Field(description="颜色")
    colour_label: str = Field(description="颜色和类别的中文名称")
    place_id: StrictUUID = Field(description="服务的地点编号")
    place_name: str = Field(description="服务的地点名称")
    created_at: Moment = Field(description="成立时间")
    disbanded_at: Moment | None = Field(description="解散时间;没有解散则为 null")
    i_lead: bool = Field(description="我是不是队长")


class MemberOut(Out):
    person_id: StrictUUID = Field(description="人员编号")
    name: str | None = Field(description="姓名(隐去名字)")
    phone: str | None = Field(description="电话(隐去中间四位);只给队长和当地工作人员")
    leads: bool = Field(description="是不是队长")
    skills: list[str] = Field(description="技能代码")
    skill_names: list[str] = Field(description="技能的中文名称,依次对应")
    joined_at: Moment = Field(description="入队时间")


class TeamOut(TeamRowOut):
    members: list[MemberOut] = Field(
        description="队员;只给队员和当地工作人员,对其他人为空。不再做志愿者的仍在册,直到离队或被请出(removeTeamMember)"
    )


class MyTeamsOut(Out):
    items: list[TeamRowOut] = Field(description="我所在的服务队,先成立的在前")


class TeamsQuery(PageQuery):
    place_id: StrictUUID = Field(description="为哪个地点服务")
    colour: Choice[Colour] | None = Field(default=None, description="只看某一颜色")


TEAM = {
    "id": ID,
    "name": "西峪红马甲",
    "colour": "red",
    "colour_label": Colour.RED.label,
    "place_id": PLACE_ID,
    "place_name": "神堂沟街道",
    "created_at": "2026-03-01T09:00:00+08:00",
    "disbanded_at": None,
    "i_lead": False,
}
MEMBER = {
    "person_id": PERSON_ID,
    "name": "李*",
    "phone": None,
    "leads": True,
    "skills": ["haircut"],
    "skill_names": ["理发"],
    "joined_at": "2026-03-01T09:00:00+08:00",
}


@api.post(
    "/teams",
    rule=policy.CHIEF,
    operation_id="createTeam",
    summary="成立一个志愿服务队,并指定队长",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "name": "西峪红马甲", "colour": "red", "lead_id": PERSON_ID},
    answer=receipt("create"),
    responses=problems(TextRefused, NotAllowed, PlaceNotFound, errors.NotAVolunteer, errors.TeamNameTaken),
)
async def create_team(body: TeamIn, run: TheRun) -> Receipt:
    return await run(teams.create, place_id=body.place_id, name=body.name, colour=body.colour, lead_id=body.lead_id)


@api.get(
    "/teams",
    rule=SIGNED_IN,
    operation_id="listTeams",
    summary="有哪些志愿服务队为一个地点服务",
    tags=(Tag.RESIDENT, Tag.DISPATCHER),
    answer={"items": [TEAM], "next_cursor": None},
)
async def list_teams(query: Annotated[TeamsQuery, Query()], reader: TheReader) -> Page[TeamRowOut]:
    async with reader() as connection:
        rows = await repository.list_teams(connection, query.place_id, query.colour, query.after(), query.limit)
    return Page.cut(rows, query.limit, lambda row: Cursor(row["created_at"], row["id"]), lambda row: _row(row, reader))


@api.get(
    "/me/teams",
    rule=SIGNED_IN,
    operation_id="listMyTeams",
    summary="我在哪些志愿服务队",
    tags=(Tag.VOLUNTEER,),
    answer={"items": [TEAM]},
)
async def list_my_teams(reader: TheReader) -> MyTeamsOut:
    async with reader() as connection:
        rows = await repository.list_my_teams(connection, reader.caller.person_id)
    return MyTeamsOut(items=[_row(row, reader) for row in rows])


@api.get(
    "/teams/{team_id}",
    rule=SIGNED_IN,
    operation_id="getTeam",
    summary="一个志愿服务队,和它的队员",
    description="居民看到队名、颜色和地点;队员看到队友的姓名;队长和当地工作人员还看到电话",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    answer={**TEAM, "members": [MEMBER]},
    responses=problems(errors.TeamNotFound),
)
async def get_team(team_id: TeamId, reader: TheReader) -> TeamOut:
    async with reader() as connection:
        team = await repository.get_team(connection, team_id)
        members = await repository.list_members(connection, team_id)
    shown = []
    for member in members:
        name = reader.sealer.opened("name", member["name_sealed"])
        phone = reader.sealer.opened("phone", member["phone_sealed"])
        shown.append(
            MemberOut(
                person_id=member["person_id"],
                name=name and mask_name(name),
                phone=phone and mask_phone(phone),
                leads=member["person_id"] == team["lead_id"],
                skills=member["skills"],
                skill_names=[name_of(code) for code in member["skills"]],
                joined_at=member["joined_at"],
            )
        )
    return TeamOut(**_row(team, reader).model_dump(), members=shown)


@api.post(
    "/teams/{team_id}/members",
    rule=BY_LEAD,
    operation_id="addTeamMember",
    summary="让一名志愿者入队",
    description="电话没有登记,或不是当地志愿者的,得到的回答都一样,以免泄露别人是否登记",
    tags=(Tag.VOLUNTEER, Tag.ADMINISTRATOR),
    example={"person_id": PERSON_ID},
    answer=receipt("add"),
    responses=problems(
        *(NotAllowed, errors.TeamNotFound, errors.TeamDisbanded, errors.NotAVolunteer),
        errors.AlreadyMember,
    ),
)
async def add_member(team_id: TeamId, body: MemberIn, run: TheRun) -> Receipt:
    return await run(
        teams.add_member, team_id, person_id=body.person_id, phone_index=run.sealer.phone_index(body.phone)
    )


@api.post(
    "/teams/{team_id}/members/{person_id}/remove",
    rule=BY_MEMBER,
    operation_id="removeTeamMember",
    summary="离队,或让一名队员离队;经本队承接而未开始的订单退回社区",
    tags=(Tag.VOLUNTEER, Tag.ADMINISTRATOR),
    answer=receipt("remove", 2),
    responses=problems(NotAllowed, errors.MemberNotFound, errors.LeadStays),
)
async def remove_member(
    team_id: TeamId,
    person_id: Annotated[StrictUUID, Path(description="队员的人员编号:从 getTeam 的 members 里的 person_id 复制")],
    run: TheRun,
) -> Receipt:
    return await run(teams.remove_member, team_id, person_id=person_id)


@api.post(
    "/teams/{team_id}/lead",
    rule=BY_LEAD,
    operation_id="setTeamLead",
    summary="指定一名队员为新队长",
    tags=(Tag.VOLUNTEER, Tag.ADMINISTRATOR),
    example={"person_id": PERSON_ID},
    answer=receipt("set_lead", 2),
    responses=problems(
        *(NotAllowed, errors.TeamNotFound, errors.TeamDisbanded, errors.NotAMember, errors.AlreadyLeads),
        errors.NotAVolunteer,
    ),
)
async def set_lead(team_id: TeamId, body: LeadIn, run: TheRun) -> Receipt:
    return await run(teams.set_lead, team_id, person_id=body.person_id)


@api.post(
    "/teams/{team_id}/disband",
    rule=policy.CHIEF,
    operation_id="disbandTeam",
    summary="解散一个志愿服务队;经本队承接而未开始的订单退回社区",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    answer=receipt("disband", 2),
    responses=problems(NotAllowed, errors.TeamNotFound, errors.TeamDisbanded, errors.TeamHasServices),
)
async def disband_team(team_id: TeamId, run: TheRun) -> Receipt:
    return await run(teams.disband, team_id)


def _row(row: RowMapping, reader: Reader) -> TeamRowOut:
    colour = Colour(row["colour"])
    return TeamRowOut(
        id=row["id"],
        name=row["name"],
        colour=colour,
        colour_label=colour.label,
        place_id=row["place_id"],
        place_name=row["place_name"],
        created_at=row["created_at"],
        disbanded_at=row["disbanded_at"],
        i_lead=row["lead_id"] == reader.caller.person_id,
    )
