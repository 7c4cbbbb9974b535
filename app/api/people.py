"""People over HTTP: oneself, residents without WeChat, officers, roles."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Access, Api, Tag
from app.api.deps import KeylessRun, Receipt, TheReader, TheRun, receipt
from app.api.docs import ADMIN_ONLY
from app.api.problems import problems
from app.api.schema import Choice, FlagArg, In, Out, StrictUUID
from app.api.throttle import PHONES, TooManyAttempts
from app.domain.people import errors, policy, repository
from app.domain.people import service as people
from app.domain.people.models import GrantState
from app.domain.people.titles import title
from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import Level
from app.domain.teams import moving
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.passwords import check_new_password
from app.kernel.rules import Role
from app.kernel.text import LOGIN_NAME, Line, Opaque, Phone
from app.kernel.time import Moment
from app.kernel.vault import mask_name, mask_phone

api = Api()

PersonId = Annotated[StrictUUID, Path(description="人员编号")]
GrantId = Annotated[StrictUUID, Path(description="任职编号")]

Name = Annotated[str, Line(30)]
Address = Annotated[str, Line(120)]
PERSON_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"
PLACE_ID = "01985a3c-0000-7f00-8a6b-2f4c5d6e7f01"
OWN_OR_GRANTED = Access("own-or-granted", "志愿者本人结束自己的;其他的由能授予这一角色的书记、管理员结束")
CALLED = "角色的中文名称,按任职地点的层级:社区书记、街道书记"


class RoleOut(Out):
    id: StrictUUID = Field(description="任职编号")
    role: Choice[Role] = Field(description="角色")
    role_label: str = Field(description=CALLED)
    place_id: StrictUUID = Field(description="地点编号")
    place_name: str = Field(description="地点名称")
    starts_at: Moment = Field(description="开始时间")
    ends_at: Moment | None = Field(description="结束时间;长期则为 null")
    state: Choice[GrantState] = Field(description="to_come 未开始、in_force 生效中;同一角色先后授予的,各是一条")
    state_label: str = Field(description="state 的中文")


class MeOut(Out):
    id: StrictUUID = Field(description="本人编号")
    name: str | None = Field(description="姓名")
    phone: str | None = Field(description="电话")
    address: str | None = Field(description="住址")
    community_id: StrictUUID | None = Field(description="所在社区编号;尚未选择则为 null")
    community_name: str | None = Field(description="所在社区名称")
    estate_id: StrictUUID | None = Field(description="所在小区编号;只选了社区则为 null")
    estate_name: str | None = Field(description="所在小区名称")
    roles: list[RoleOut] = Field(description="现在与将来的角色")


class UpdateMeIn(In):
    name: Name | None = Field(default=None, description="姓名;不填则不变")
    phone: Phone | None = Field(default=None, description="电话;不填则不变。用微信验证的(provePhone),不必在这里填")
    address: Address | None = Field(default=None, description="住址;不填则不变")


class JoinIn(In):
    place_id: StrictUUID = Field(description="社区或其下小区的编号")
    address: Address | None = Field(
        default=None, description="新住址;不填的,只在本社区内选定小区则不变,搬到另一个社区或小区则清空"
    )


class JoinReceipt(Receipt):
    address_cleared: bool = Field(
        default=False, description="原住址是否已随搬家清空:true 的,请用 updateMe 填写新住址,否则点单时须另填联系方式"
    )


class OfficerIn(In):
    place_id: StrictUUID = Field(description="任职地点编号")
    login_name: Annotated[str, LOGIN_NAME] = Field(description="登录名,字母、数字和符号,不分大小写")
    password: Annotated[str, Opaque(128)] = Field(description="初始密码,至少 10 个字符")
    name: Name = Field(description="姓名")
    role: Choice[Role] = Field(description="角色")


class ResetPasswordIn(In):
    new_password: Annotated[str, Opaque(128)] = Field(description="新密码,至少 10 个字符")


class GrantIn(In):
    place_id: StrictUUID = Field(description="地点编号,角色对其下所有地点有效")
    role: Choice[Role] = Field(description="角色")
    person_id: StrictUUID | None = Field(default=None, description="人员编号;与电话二选一")
    phone: Phone | None = Field(default=None, description="已登记的电话;与人员编号二选一")
    starts_at: Moment | None = Field(default=None, description="开始时间,不填为立即")
    ends_at: Moment | None = Field(default=None, description="结束时间(不含),须晚于现在和开始时间;不填为长期")


class HolderOut(Out):
    id: StrictUUID = Field(description="任职编号,用于结束任职")
    person_id: StrictUUID = Field(description="人员编号")
    name: str | None = Field(
        description="姓名:查看人工作的地点及其下,在任的工作人员是全名,同事之间要分得清;居民、志愿者、上级的和已离任的只有姓氏"
    )
    phone: str | None = Field(description="电话(隐去中间四位);上级的不显示,无论查的是哪个地点")
    login_name: str | None = Field(description="登录名;上级的不显示,无论查的是哪个地点")
    role: Choice[Role] = Field(description="角色")
    role_label: str = Field(description=CALLED)
    place_id: StrictUUID = Field(description="任职地点编号")
    place_name: str = Field(description="任职地点名称:所查的地点,或其上级")
    starts_at: Moment = Field(description="开始时间")
    ends_at: Moment | None = Field(description="结束时间;长期则为 null。未开始即撤销的,与 starts_at 同为撤销的时间")
    state: Choice[GrantState] = Field(
        description="to_come 未开始、in_force 生效中、ended 已结束、never_began 未开始即撤销;同一角色先后授予的,各是一条"
    )
    state_label: str = Field(description="state 的中文")


class HolderQuery(PageQuery):
    place_id: StrictUUID = Field(description="地点编号")
    role: Choice[Role] | None = Field(default=None, description="只看某一角色")
    ended: FlagArg = Field(default=False, description="看该地点已结束的任职")


ROLE = {
    "id": PERSON_ID,
    "role": "resident",
    "role_label": "居民",
    "place_id": PLACE_ID,
    "place_name": "西峪社区",
    "starts_at": "2026-03-01T09:00:00+08:00",
    "ends_at": None,
    "state": "in_force",
    "state_label": GrantState.IN_FORCE.label,
}


@api.get(
    "/me",
    rule=SIGNED_IN,
    operation_id="getMe",
    summary="我是谁,在哪个社区和小区,有哪些角色",
    tags=(Tag.EVERYBODY,),
    answer={
        "id": PERSON_ID,
        "name": "王秀英",
        "phone": "13812345678",
        "address": "西峪东街 8 号院 2 号楼 3 单元 501",
        "community_id": PLACE_ID,
        "community_name": "西峪社区",
        "estate_id": None,
        "estate_name": None,
        "roles": [ROLE],
    },
)
async def get_me(reader: TheReader) -> MeOut:
    async with reader() as connection:
        me = await repository.get_person(connection, reader.caller.person_id)
        roles = await repository.list_roles(connection, reader.caller.person_id)
    home = next((role for role in roles if role["role"] == Role.RESIDENT), None)
    in_estate = home is not None and home["place_level"] == Level.ESTATE
    community = "above" if in_estate else "place"
    return MeOut(
        id=me["id"],
        name=reader.sealer.opened("name", me["name_sealed"]),
        phone=reader.sealer.opened("phone", me["phone_sealed"]),
        address=reader.sealer.opened("address", me["address_sealed"]),
        community_id=home and home[f"{community}_id"],
        community_name=home and home[f"{community}_name"],
        estate_id=home["place_id"] if home and in_estate else None,
        estate_name=home["place_name"] if home and in_estate else None,
        roles=[
            RoleOut(
                id=role["id"],
                role=Role(role["role"]),
                role_label=title(Role(role["role"]), Level(role["place_level"])),
                place_id=role["place_id"],
                place_name=role["place_name"],
                starts_at=role["starts_at"],
                ends_at=role["ends_at"],
                **_state(role),
            )
            for role in roles
        ],
    )


@api.put(
    "/me",
    rule=SIGNED_IN,
    operation_id="updateMe",
    summary="填写或修改姓名、电话、住址",
    description="只用于以后点的单;进行中的订单保留下单时的联系方式,要改的,用 changeContact",
    tags=(Tag.EVERYBODY,),
    example={"name": "王秀英", "phone": "13812345678", "address": "西峪东街 8 号院 2 号楼 3 单元 501"},
    answer=receipt("update", 2),
    responses=problems(errors.PhoneTaken, errors.NothingToChange, TooManyAttempts),
)
async def update_me(body: UpdateMeIn, run: TheRun) -> Receipt:
    if body.phone is not None:
        await run.house.throttle.attempt(PHONES, str(run.caller.person_id))
    return await run(
        people.update_me,
        name=run.sealer.name(body.name),
        phone=run.sealer.phone(body.phone),
        phone_index=run.sealer.phone_index(body.phone),
        address=run.sealer.address(body.address),
    )


@api.post(
    "/me/community",
    rule=SIGNED_IN,
    operation_id="joinPlace",
    summary="选择我所在的社区,或其下的小区",
    description="搬到另一个社区,或同一社区另一个小区的,请一并填写新住址:原住址不再保留,以免志愿者走错门。"
    "原来只选了社区、现在选定其下小区的,不算搬家,住址照旧。"
    "已下的订单不变,其联系方式用 changeContact 更改;"
    "在原社区还没有答复的志愿者申请随即撤回,想做志愿者的在新社区再申请",
    tags=(Tag.RESIDENT,),
    example={"place_id": PLACE_ID},
    answer={**receipt("join", 2), "address_cleared": True},
    responses=problems(errors.NotACommunity),
)
async def join_place(body: JoinIn, run: TheRun) -> JoinReceipt:
    return await run.saying(JoinReceipt, moving.join, place_id=body.place_id, address=run.sealer.address(body.address))


@api.post(
    "/officers",
    rule=policy.ADMINISTRATOR,
    operation_id="createOfficer",
    summary="新建工作人员账号并授予角色",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={
        "place_id": PLACE_ID,
        "login_name": "xiyu-dispatch",
        "password": "k7wm-p3xe-9tqa-hd2f",
        "name": "张敏",
        "role": "dispatcher",
    },
    answer=receipt("create"),
    responses=problems(NotAllowed, PlaceNotFound, errors.LoginNameTaken, errors.NotAnOfficersRole),
)
async def create_officer(body: OfficerIn, run: TheRun) -> Receipt:
    check_new_password(body.password, body.login_name, pointer="/body/password")
    return await run(
        people.create_officer,
        place_id=body.place_id,
        login_name=body.login_name,
        password_hash=await run.house.passwords.hash_password(body.password),
        name=run.sealer.name(body.name),
        role=body.role,
    )


@api.post(
    "/officers/{person_id}/password",
    rule=policy.ADMINISTRATOR,
    operation_id="resetPassword",
    summary="为工作人员重设密码,其登录全部失效",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"new_password": "m4tz-8rqk-w2vn-c6yp"},
    answer=receipt("reset_password", 2),
    responses=problems(NotAllowed, errors.PersonNotFound, errors.NoPassword),
)
async def reset_password(person_id: PersonId, body: ResetPasswordIn, run: KeylessRun) -> Receipt:
    check_new_password(body.new_password, "", pointer="/body/new_password")
    password_hash = await run.house.passwords.hash_password(body.new_password)
    return await run(people.reset_password, person_id, password_hash=password_hash)


@api.post(
    "/roles",
    rule=policy.GRANTING,
    operation_id="grantRole",
    summary="授予角色",
    description="志愿者须先填写姓名和电话(updateMe)",
    tags=(Tag.ADMINISTRATOR,),
    audience=ADMIN_ONLY,
    example={"place_id": PLACE_ID, "role": "volunteer", "phone": "13812345678"},
    answer=receipt("grant"),
    responses=problems(
        *(NotAllowed, PlaceNotFound, errors.PersonNotFound, errors.AlreadyGranted, errors.RoleNotGrantable),
        errors.ApplicantUnnamed,
    ),
)
async def grant_role(body: GrantIn, run: TheRun) -> Receipt:
    return await run(
        people.grant_role,
        place_id=body.place_id,
        role=body.role,
        person_id=body.person_id,
        phone_index=run.sealer.phone_index(body.phone),
        starts_at=body.starts_at,
        ends_at=body.ends_at,
    )


@api.post(
    "/roles/{grant_id}/revoke",
    rule=OWN_OR_GRANTED,
    operation_id="revokeRole",
    summary="结束任职,立即生效;志愿者也可结束自己的",
    description="任职编号从 getMe 的 roles 或 listRoleHolders 复制。志愿者的任职结束时,手上未开始的订单退回社区,正在服务的请做完;"
    "本人由他人结束的会收到消息,自己辞去的由派单员和书记收到。队长请先指定新的队长(setTeamLead),否则书记会收到队伍没有队长的消息。还没开始的任职不再开始。"
    "最后一位管理员的任职不能结束:须先任命另一位",
    tags=(Tag.ADMINISTRATOR, Tag.VOLUNTEER),
    answer=receipt("revoke", 2),
    responses=problems(NotAllowed, errors.GrantNotFound, errors.AlreadyEnded, errors.LastAdministrator),
)
async def revoke_role(grant_id: GrantId, run: TheRun) -> Receipt:
    return await run(people.revoke_role, grant_id)


@api.get(
    "/roles",
    rule=policy.STAFF,
    operation_id="listRoleHolders",
    summary="某地点有哪些人担任哪些角色,上级由谁任职",
    description="该地点的在前,再由近到远是上级的;各按任职先后。在该地点工作的人也看到上级(街道、区县等)由谁任职:姓氏、角色和地点,没有居民和志愿者;直接查上级,看到的也只有这些。"
    "交班(handOverShift)交给谁,从这里的 person_id 复制:该地点的派单员和书记是全名。",
    tags=(Tag.ADMINISTRATOR, Tag.DISPATCHER),
    audience=ADMIN_ONLY,
    answer={
        "items": [
            {
                "id": PERSON_ID,
                "person_id": PERSON_ID,
                "name": "张敏",
                "phone": "138****5678",
                "login_name": "xiyu-dispatch",
                "role": "dispatcher",
                "role_label": "社区派单员",
                "place_id": PLACE_ID,
                "place_name": "西峪社区",
                "starts_at": "2026-03-01T09:00:00+08:00",
                "ends_at": None,
                "state": "in_force",
                "state_label": GrantState.IN_FORCE.label,
            }
        ],
        "next_cursor": None,
    },
)
async def list_role_holders(query: Annotated[HolderQuery, Query()], reader: TheReader) -> Page[HolderOut]:
    async with reader() as connection:
        rows = await repository.list_role_holders(
            connection, query.place_id, query.role, ended=query.ended, after=query.after(), limit=query.limit
        )

    def show(row: RowMapping) -> HolderOut:
        role = Role(row["role"])
        in_full = row["colleague"] and not query.ended and role not in policy.NO_OFFICERS
        name = reader.sealer.opened("name", row["name_sealed"])
        phone = reader.sealer.opened("phone", row["phone_sealed"]) if row["colleague"] else None
        return HolderOut(
            id=row["id"],
            person_id=row["person_id"],
            name=name if in_full else name and mask_name(name),
            phone=phone and mask_phone(phone),
            login_name=row["login_name"] if row["colleague"] else None,
            role=role,
            role_label=title(role, Level(row["place_level"])),
            place_id=row["place_id"],
            place_name=row["place_name"],
            starts_at=row["starts_at"],
            ends_at=row["ends_at"],
            **_state(row),
        )

    return Page.cut(rows, query.limit, lambda row: Cursor(row["starts_at"], row["id"], row["depth"]), show)


def _state(grant: RowMapping) -> dict[str, Any]:
    state = GrantState.at(grant["now"], grant["starts_at"], grant["ends_at"])
    return {"state": state, "state_label": state.label}
