"""Skills over HTTP: which there are, and what a volunteer can do (domain.md §3, 亮单)."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Access, Api, Tag
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID
from app.domain.places.errors import PlaceNotFound
from app.domain.services.repository import list_skill_codes
from app.domain.teams import errors, policy, repository
from app.domain.teams import volunteers as verbs
from app.domain.teams.skills import SKILLS, name_of, takes_licence
from app.kernel.errors import NotAllowed
from app.kernel.text import Line
from app.kernel.time import Day, Moment
from app.kernel.vault import mask_licence

api = Api()

ID = "01985a3c-7777-7f00-8a6b-2f4c5d6e7f08"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
PERSON_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"

SKILL_RULE = Access("own-skill", "本人,或当地的站点工作人员、社区书记、管理员")

CODE = "从 listSkillCodes 的 code 复制,如 haircut 理发"
OWN_CODE = "true 表示技能代码是当地自定的新代码,可直接用中文名称,如 修二胡;否则 listSkillCodes 里没有的代码不予接受"
SkillCode = Annotated[str, Line(20)]


class SkillCodeOut(Out):
    code: str = Field(description="技能代码:下单、发布服务、登记技能都用它")
    name: str = Field(description="技能的中文名称;当地自定的技能,名称就是代码")
    licensed: bool | None = Field(description="是否须有证照;当地自定的技能为 null,由登记的工作人员判断")
    services: int = Field(description="当地有几项服务需要它")
    volunteers: int | None = Field(description="当地有几位志愿者会它;只给当地的工作人员,对其他人为 null")


class SkillCodesOut(Out):
    items: list[SkillCodeOut] = Field(description="各地通用的在前,再是当地自定的")


class SkillCodesQuery(In):
    place_id: StrictUUID | None = Field(default=None, description="在哪里:也列出当地自定的技能;不填只列通用的")


class SkillIn(In):
    person_id: StrictUUID = Field(description="志愿者的人员编号")
    place_id: StrictUUID = Field(description="在哪里登记:此人须是当地志愿者")
    code: SkillCode = Field(description=f"技能代码,{CODE}")
    own_code: bool = Field(strict=True, default=False, description=OWN_CODE)
    licence: Annotated[str, Line(60)] | None = Field(default=None, description="证照编号,须有证照的技能必填")
    licence_until: Day | None = Field(default=None, description="证照有效期的最后一天,不早于今天")


class SkillOut(Out):
    id: StrictUUID = Field(description="技能登记编号")
    code: str = Field(description="技能代码")
    name: str = Field(description="技能的中文名称;当地自定的技能,名称就是代码")
    licence: str | None = Field(description="证照编号;没有则为 null。本人看到全部,其他人只看到首尾")
    licence_until: Day | None = Field(description="证照有效期的最后一天;没有则为 null")
    seen_at: Moment = Field(description="登记时间")
    seen_by: StrictUUID = Field(description="登记人编号")


class SkillsOut(Out):
    items: list[SkillOut] = Field(description="技能,先登记的在前")


class SkillsQuery(In):
    person_id: StrictUUID | None = Field(default=None, description="人员编号;不填为本人")


@api.get(
    "/skill-codes",
    rule=SIGNED_IN,
    operation_id="listSkillCodes",
    summary="有哪些技能:代码、名称、是否须有证照",
    description="填写技能代码的地方都从这里复制。一个人会什么,见 listSkills",
    tags=(Tag.VOLUNTEER, Tag.STATION, Tag.ADMINISTRATOR),
    answer={"items": [{"code": "haircut", "name": "理发", "licensed": False, "services": 1, "volunteers": 3}]},
)
async def list_codes(query: Annotated[SkillCodesQuery, Query()], reader: TheReader) -> SkillCodesOut:
    async with reader() as connection:
        found = {row["code"]: row for row in await list_skill_codes(connection, query.place_id)}
    return SkillCodesOut(
        items=[
            SkillCodeOut(name=name_of(code), licensed=takes_licence(code), **found[code])
            for code in dict.fromkeys((*SKILLS, *found))
        ]
    )


@api.post(
    "/skills",
    rule=policy.SEES_LICENCE,
    operation_id="addSkill",
    summary="看过证照后,登记志愿者的一项技能",
    tags=(Tag.STATION, Tag.ADMINISTRATOR),
    example={
        "person_id": PERSON_ID, "place_id": PLACE_ID, "code": "haircut", "licence": "晋A20260301",
        "licence_until": "2031-03-01",
    },
    answer=receipt("add"),
    responses=problems(
        *(NotAllowed, PlaceNotFound, errors.NotAVolunteer, errors.OwnSkill, errors.LicenceExpired),
        *(errors.LicenceMissing, errors.AlreadySkilled, errors.UnknownSkill),
    ),
)  # fmt: skip
async def add_skill(body: SkillIn, run: TheRun) -> Receipt:
    return await run(
        verbs.add_skill,
        place_id=body.place_id,
        person_id=body.person_id,
        code=body.code,
        own_code=body.own_code,
        licence=run.sealer.licence(body.licence),
        licence_until=body.licence_until,
    )


@api.get(
    "/skills",
    rule=SIGNED_IN,
    operation_id="listSkills",
    summary="我的技能,或本地一名志愿者的",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    answer={
        "items": [
            {
                "id": ID, "code": "haircut", "name": "理发", "licence": "晋*******01", "licence_until": "2031-03-01",
                "seen_at": "2026-03-01T09:00:00+08:00", "seen_by": PERSON_ID,
            }
        ]
    },
)  # fmt: skip
async def list_skills(query: Annotated[SkillsQuery, Query()], reader: TheReader) -> SkillsOut:
    async with reader() as connection:
        rows = await repository.list_skills(connection, query.person_id or reader.caller.person_id)
    return SkillsOut(
        items=[
            SkillOut(
                **{name: row[name] for name in ("id", "code", "licence_until", "seen_at", "seen_by")},
                name=name_of(row["code"]),
                licence=_licence(reader, row),
            )
            for row in rows
        ]
    )


def _licence(reader: Reader, row: RowMapping) -> str | None:
    """Whole to whom it belongs; nobody else needs the number once somebody has seen the licence."""
    number = reader.sealer.opened("licence", row["licence_sealed"])
    return number if number is None or row["person_id"] == reader.caller.person_id else mask_licence(number)


@api.post(
    "/skills/{skill_id}/end",
    rule=SKILL_RULE,
    operation_id="endSkill",
    summary="取消一项技能",
    description="手上须有这项技能的订单不能再开始服务:派单员会收到是哪些订单,请退回或由其改派。"
    "本人之外,由登记它的地点及其上级的工作人员取消:登记在上级的,下级不能取消",
    tags=(Tag.VOLUNTEER, Tag.STATION),
    answer=receipt("end", 2),
    responses=problems(NotAllowed, errors.SkillNotFound),
)
async def end_skill(skill_id: Annotated[StrictUUID, Path(description="技能登记编号")], run: TheRun) -> Receipt:
    return await run(verbs.end_skill, skill_id)
