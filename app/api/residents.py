"""Residents over HTTP, as the station knows them: registering whoever has no WeChat, and finding whoever has no phone."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import Receipt, Sealer, TheReader, TheRun, receipt
from app.api.people import PERSON_ID, PLACE_ID, Address, Name
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID
from app.domain.people import errors, policy, repository
from app.domain.people import service as people
from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Phone, same_name
from app.kernel.time import Moment

api = Api(prefix="/residents", tags=(Tag.STATION,))


class RegisterIn(In):
    place_id: StrictUUID = Field(description="居民所在社区或小区的编号")
    name: Name = Field(description="姓名")
    phone: Phone | None = Field(
        default=None,
        description="电话;没有电话或与家人共用的不填,以后凭回执的 id 为其点单,点单时在 contact 里填联系得上的电话,如邻居或站点的",
    )
    address: Address = Field(description="住址")


class ResidentQuery(PageQuery):
    place_id: StrictUUID = Field(description="社区或小区的编号,连同其下")
    name: Name = Field(description="完整的姓名,空格不计")


class ResidentOut(Out):
    id: StrictUUID = Field(
        description="居民编号,点单(placeOrderForCaller)、登记代下单(registerBeneficiary)时填 person_id"
    )
    name: str = Field(description="姓名")
    address: str | None = Field(description="住址:同名的,请来电人说出住址来核对;没有登记则为 null")
    place_id: StrictUUID = Field(description="所在社区或小区编号")
    place_name: str = Field(description="所在社区或小区名称")
    since: Moment = Field(description="何时登记在这里")


@api.post(
    "",
    rule=policy.STAFF,
    operation_id="registerResident",
    summary="为没有微信的居民登记",
    description="没有电话的,请先按姓名查是否登记过(findResidents):再登记一次,就是另一份资料",
    example={"place_id": PLACE_ID, "name": "李大爷", "phone": "13912345678", "address": "西峪东街 8 号院 1 号楼 102"},
    answer=receipt("register"),
    responses=problems(NotAllowed, PlaceNotFound, errors.NotACommunity, errors.PhoneTaken),
)
async def register_resident(body: RegisterIn, run: TheRun) -> Receipt:
    return await run(
        people.register_resident,
        place_id=body.place_id,
        name=run.sealer.name(body.name),
        phone=run.sealer.phone(body.phone),
        phone_index=run.sealer.phone_index(body.phone),
        address=run.sealer.address(body.address),
    )


@api.get(
    "",
    rule=policy.STAFF,
    operation_id="findResidents",
    summary="按姓名查找站点登记的、没有电话的居民,新登记的在前",
    description="有电话的,点单时按电话即可找到;没有电话的(包括号码后来由本人用微信验证、归了另一个账号的),在这里按姓名找编号;谁找了谁会留下审计记录",
    answer={
        "items": [
            {
                "id": PERSON_ID,
                "name": "李大爷",
                "address": "西峪东街 8 号院 1 号楼 102",
                "place_id": PLACE_ID,
                "place_name": "西峪社区",
                "since": "2026-03-01T09:00:00+08:00",
            }
        ],
        "next_cursor": None,
    },
    responses=problems(NotAllowed, PlaceNotFound, errors.NotACommunity),
)
async def find_residents(query: Annotated[ResidentQuery, Query()], reader: TheReader) -> Page[ResidentOut]:
    async with reader() as connection:
        residents = await repository.list_unphoned(connection, query.place_id, query.after())
        found = [row for row in residents if same_name(_name(row, reader.sealer), query.name)]
        await repository.record_finding(connection, query.place_id, [row["id"] for row in found[: query.limit]])
    return Page.cut(
        found, query.limit, lambda row: Cursor(row["since"], row["id"]), lambda row: _show(row, reader.sealer)
    )


def _show(row: Any, sealer: Sealer) -> ResidentOut:
    return ResidentOut(
        **{name: row[name] for name in ("id", "place_id", "place_name", "since")},
        name=_name(row, sealer),
        address=sealer.opened("address", row["address_sealed"]),
    )


def _name(row: Any, sealer: Sealer) -> str:
    return sealer.opened("name", row["name_sealed"]) or ""
