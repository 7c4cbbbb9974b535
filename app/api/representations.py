"""Ordering for somebody who cannot, over HTTP: naming them, their consent, its end; and household cards."""

import secrets
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import Reader, Receipt, Sealer, TheReader, TheRun, receipt
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID, exactly_one
from app.domain.people.errors import NotACommunity, PersonNotFound
from app.domain.places.errors import PlaceNotFound
from app.domain.representations import errors, policy, repository
from app.domain.representations import service as representations
from app.domain.representations.models import How, Relation, Standing
from app.kernel.errors import NotAllowed
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Phone, same_name
from app.kernel.time import Moment
from app.kernel.vault import mask_phone

api = Api()

RepresentationId = Annotated[StrictUUID, Path(description="代下单关系编号")]
ResidentId = Annotated[StrictUUID, Path(description="居民编号,即 registerResident 回执的 id")]
ID = "01985a3c-5555-7f00-8a6b-2f4c5d6e7f06"
AT = "2026-03-01T09:00:00+08:00"


class BeneficiaryIn(In):
    place_id: StrictUUID = Field(description="对方所在社区的编号")
    name: Annotated[str, Line(30)] = Field(description="对方的姓名")
    phone: Phone | None = Field(default=None, description="对方的电话;与 person_id 二选一")
    person_id: StrictUUID | None = Field(
        default=None, description="对方没有电话的,填社区为其登记时(registerResident)所得的编号;与电话二选一"
    )
    relation: Choice[Relation] = Field(description="您是对方的:family 家人、neighbour 邻居、station_staff 站点工作人员")


class ConsentIn(In):
    how: Choice[How] | None = Field(
        default=None,
        description="工作人员如何得知:in_person 当面、phone 电话、written 书面;本人在自己手机上同意不填(self 本人)",
    )
    name_checked: bool = Field(
        default=False,
        description="登记的姓名与代下单人填写的不同时,工作人员已向本人核对姓名和电话、确认是同一人的,填 true;本人同意不填",
    )


BY_ONESELF = ConsentIn()


class RepresentationOut(Out):
    id: StrictUUID = Field(description="代下单关系编号")
    state: Choice[Standing] = Field(description="pending 待同意、consented 已同意、ended 已结束")
    state_label: str = Field(description="状态的中文名称")
    place_id: StrictUUID = Field(description="受益人所在社区编号")
    place_name: str = Field(description="受益人所在社区名称")
    relation: Choice[Relation] = Field(description="代下单人是受益人的:家人、邻居、站点工作人员")
    relation_label: str = Field(description="关系的中文名称")
    beneficiary_id: StrictUUID | None = Field(description="受益人编号,点单时用;同意之前为 null")
    beneficiary_name: str = Field(
        description="受益人姓名:同意之前是代下单人填写的,同意之后是登记的;代下单人看到的始终是自己填写的"
    )
    name_on_file: str | None = Field(
        description="登记在这个电话或编号下的姓名,记录同意之前请与 beneficiary_name 核对;"
        "只有此人所住社区的工作人员看到,没有登记则为 null"
    )
    beneficiary_phone: str | None = Field(
        description="代下单人填写的受益人电话;社区工作人员看到全部,其他人隐去中间四位;按编号登记的为 null"
    )
    named_id: StrictUUID | None = Field(description="代下单人填写的受益人编号;按电话登记的为 null")
    representative_id: StrictUUID = Field(description="代下单人编号")
    representative_name: str = Field(description="代下单人姓名")
    how: Choice[How] | None = Field(
        description="如何同意:self 本人、in_person 当面、phone 电话、written 书面;未同意为 null"
    )
    how_label: str | None = Field(description="如何同意,中文;未同意为 null")
    recorded_by: StrictUUID | None = Field(description="记录同意的人;未同意为 null")
    named_at: Moment = Field(description="登记时间")
    consented_at: Moment | None = Field(description="同意时间;未同意为 null")
    ended_at: Moment | None = Field(description="结束时间;未结束为 null")


class RepresentationQuery(PageQuery):
    place_id: StrictUUID = Field(description="社区编号")
    state: Choice[Standing] | None = Field(
        default=None, description="只看某一状态:pending 待同意、consented 已同意、ended 已结束"
    )


class CardOut(Out):
    id: StrictUUID = Field(description="住户卡编号")
    person_id: StrictUUID = Field(description="居民编号")
    number: str = Field(description="八位卡号,印在卡上")
    issued_at: Moment = Field(description="发卡时间")


EXAMPLE: dict[str, Any] = {
    "id": ID, "state": "consented", "state_label": "已同意", "place_id": ID, "place_name": "西峪社区", "relation": "family",
    "relation_label": "家人", "beneficiary_id": ID,
    "beneficiary_name": "王秀英", "name_on_file": None, "beneficiary_phone": "139****5678", "named_id": None,
    "representative_id": ID, "representative_name": "陈芳",
    "how": "in_person", "how_label": "当面", "recorded_by": ID, "named_at": AT, "consented_at": AT, "ended_at": None,
}  # fmt: skip
PAGE_EXAMPLE = {"items": [EXAMPLE], "next_cursor": None}


@api.post(
    "/beneficiaries",
    rule=SIGNED_IN,
    operation_id="registerBeneficiary",
    summary="登记一位请您代下单的人",
    description="对方有电话的填电话,没有的填社区登记的编号。无论此电话、编号是否已登记,得到的回答都一样,以免泄露别人是否登记;"
    "对方或社区记录同意之后才能代下单。对方不同意或结束之后,过一周才能再次请求",
    tags=(Tag.RESIDENT,),
    example={"place_id": ID, "name": "王秀英", "phone": "13912345678", "relation": "family"},
    answer=receipt("pending"),
    responses=problems(
        NotAllowed,
        PlaceNotFound,
        NotACommunity,
        errors.AlreadyNamed,
        errors.AskedTooSoon,
        errors.OwnPhone,
        errors.OwnNameMissing,
    ),
)
async def register_beneficiary(body: BeneficiaryIn, run: TheRun) -> Receipt:
    exactly_one(phone=body.phone, person_id=body.person_id)
    return await run(
        representations.register,
        place_id=body.place_id,
        name=run.sealer.name(body.name),
        phone=run.sealer.phone(body.phone),
        phone_index=run.sealer.phone_index(body.phone),
        person_id=body.person_id,
        relation=body.relation,
    )


@api.post(
    "/beneficiaries/{representation_id}/consent",
    rule=policy.CONSENT,
    operation_id="giveConsent",
    summary="同意由此人代下单;或由社区工作人员记录本人的同意",
    description="本人同意的,是对方以 listMyRepresentatives 里所填的姓名(beneficiary_name)请求的;姓名不是自己的,可能填错了电话,"
    "请用 endRepresentation 谢绝。工作人员记录时,登记的姓名与填写的不同,须先核对(name_checked)",
    tags=(Tag.RESIDENT, Tag.STATION),
    example={"how": "in_person"},
    answer=receipt("consent", 2),
    responses=problems(
        NotAllowed,
        errors.RepresentationNotFound,
        errors.OthersConsent,
        errors.BeneficiaryNotRegistered,
        errors.LivesElsewhere,
        errors.AlreadyConsented,
        errors.NameDiffers,
        errors.RepresentationEnded,
    ),
)
async def give_consent(representation_id: RepresentationId, run: TheRun, body: ConsentIn = BY_ONESELF) -> Receipt:
    async with Reader(run.house, run.caller)() as connection:
        named = await repository.get_named(connection, representation_id)
    return await run(
        representations.consent,
        representation_id,
        how=body.how,
        same_name=named["person_id"] if named is not None and _is_same(named, run.sealer) else None,
        name_checked=body.name_checked,
    )


@api.post(
    "/beneficiaries/{representation_id}/end",
    rule=policy.END,
    operation_id="endRepresentation",
    summary="结束代下单关系,或拒绝代下单的请求",
    description="已下的订单、已报的事项照常办理,由受益人自己跟进;几秒之内,原代下单人就看不到,也不能再操作",
    tags=(Tag.RESIDENT, Tag.STATION),
    answer=receipt("end", 3),
    responses=problems(NotAllowed, errors.RepresentationNotFound, errors.RepresentationEnded),
)
async def end_representation(representation_id: RepresentationId, run: TheRun) -> Receipt:
    return await run(representations.end, representation_id)


@api.get(
    "/beneficiaries",
    rule=SIGNED_IN,
    operation_id="listMyBeneficiaries",
    summary="我可以为谁代下单,新的在前",
    tags=(Tag.RESIDENT,),
    answer=PAGE_EXAMPLE,
)
async def list_my_beneficiaries(query: Annotated[PageQuery, Query()], reader: TheReader) -> Page[RepresentationOut]:
    async with reader() as connection:
        rows = await repository.list_beneficiaries(connection, reader.caller.person_id, query.after(), query.limit)
    return Page.cut(rows, query.limit, _cursor, lambda row: _show(row, reader.sealer))


@api.get(
    "/representatives",
    rule=SIGNED_IN,
    operation_id="listMyRepresentatives",
    summary="谁可以或请求为我代下单,新的在前",
    tags=(Tag.RESIDENT,),
    answer=PAGE_EXAMPLE,
)
async def list_my_representatives(query: Annotated[PageQuery, Query()], reader: TheReader) -> Page[RepresentationOut]:
    async with reader() as connection:
        rows = await repository.list_representatives(connection, reader.caller.person_id, query.after(), query.limit)
    return Page.cut(rows, query.limit, _cursor, lambda row: _show(row, reader.sealer))


@api.get(
    "/representations",
    rule=policy.STAFF,
    operation_id="listRepresentations",
    summary="本社区谁为谁代下单,新的在前",
    description="已同意的列在受益人现在居住的社区,待同意的列在登记时所填的社区。"
    "工作人员看到受益人的完整电话,和登记在其下的姓名(name_on_file),以便联系本人、核对、记录同意",
    tags=(Tag.STATION, Tag.DISPATCHER),
    answer=PAGE_EXAMPLE,
)
async def list_representations(
    query: Annotated[RepresentationQuery, Query()], reader: TheReader
) -> Page[RepresentationOut]:
    async with reader() as connection:
        rows = await repository.list_at(connection, query.place_id, query.state, query.after(), query.limit)
    return Page.cut(rows, query.limit, _cursor, lambda row: _show(row, reader.sealer, whole=row["of_staff"]))


@api.post(
    "/residents/{person_id}/card",
    rule=policy.STAFF,
    operation_id="issueHouseholdCard",
    summary="为居民发一张住户卡,之前的作废",
    description="卡号用 getHouseholdCard 查看;志愿者上门时可凭卡号开始服务",
    tags=(Tag.STATION,),
    answer=receipt("issue"),
    responses=problems(NotAllowed, PersonNotFound),
)
async def issue_household_card(person_id: ResidentId, run: TheRun) -> Receipt:
    number = f"{secrets.randbelow(10**8):08d}"
    return await run(
        representations.issue_card,
        person_id,
        number=run.sealer.card(number),
        number_index=run.sealer.card_index(number),
    )


@api.get(
    "/residents/{person_id}/card",
    rule=policy.STAFF,
    operation_id="getHouseholdCard",
    summary="查看居民的住户卡号",
    tags=(Tag.STATION,),
    answer={"id": ID, "person_id": ID, "number": "20481357", "issued_at": AT},
    responses=problems(errors.CardNotFound),
)
async def get_household_card(person_id: ResidentId, reader: TheReader) -> CardOut:
    async with reader() as connection:
        row = await repository.get_card(connection, person_id)
    number = reader.house.vault.open("card", row["number_sealed"])
    return CardOut(id=row["id"], person_id=row["person_id"], number=number, issued_at=row["issued_at"])


def _cursor(row: RowMapping) -> Cursor:
    return Cursor(row["named_at"], row["id"])


def _is_same(named: RowMapping, sealer: Sealer) -> bool:
    """Whether who is on file is called what the representative typed."""
    return same_name(sealer.opened("name", named["name_sealed"]), sealer.opened("name", named["on_file_sealed"]))


def _show(row: RowMapping, sealer: Sealer, *, whole: bool = False) -> RepresentationOut:
    phone = sealer.opened("phone", row["phone_sealed"])
    typed, on_file = [sealer.opened("name", row[which]) for which in ("name_sealed", "on_file_sealed")]
    state = Standing.ENDED if row["ended_at"] else Standing.CONSENTED if row["consented_at"] else Standing.PENDING
    shown = ("id", "place_id", "place_name", "beneficiary_id", "representative_id", "recorded_by")
    return RepresentationOut(
        **{name: row[name] for name in (*shown, "named_at", "consented_at", "ended_at")},
        state=state,
        state_label=state.label,
        relation=Relation(row["relation"]),
        relation_label=Relation(row["relation"]).label,
        how=row["how"] and How(row["how"]),
        how_label=row["how"] and How(row["how"]).label,
        beneficiary_name=(on_file if row["consented_at"] else None) or typed or "",
        name_on_file=on_file if whole else None,
        beneficiary_phone=phone if whole or phone is None else mask_phone(phone),
        named_id=row["named_id"],
        representative_name=sealer.opened("name", row["representative_name_sealed"]) or "",
    )
