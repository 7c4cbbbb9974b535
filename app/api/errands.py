"""Errands over HTTP (帮办代办): authority, and papers that go out and come back, each against a receipt."""

from typing import Annotated, Any

from pydantic import Field

from app.api.census import Api, Tag
from app.api.codes import fits_after, return_code
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.orders import SIX, Card, OrderId, moves
from app.api.orders_out import AT
from app.api.problems import problems
from app.api.schema import Choice, In, Out, exactly_one
from app.domain.orders import errand_errors, errands, errors, kind_lists, policy
from app.domain.orders.kind_tables import Giver, Paper
from app.domain.orders.models import Calling
from app.kernel.text import Line, Opaque, Paragraph
from app.kernel.time import Moment
from app.kernel.vault import mask_name, same_code

api = Api(prefix="/orders")

PAPERS = "、".join(f"{paper.value} {paper.label}" for paper in Paper)


class AuthorityIn(In):
    text: Annotated[str, Paragraph(500)] = Field(description="授权代办员以您的名义办理什么")
    until_at: Moment = Field(description="有效到什么时候,晚于现在,最长一年:到明年的今天(含)为止")
    channel: Choice[Calling] | None = Field(
        default=None,
        description="居民怎样授权:phone 来电、walk_in 到站;只在工作人员转达时填写,由本人授权的不填",
    )


class PaperIn(In):
    kind: Choice[Paper] = Field(description=f"种类:{PAPERS}")
    copies: Annotated[int, Field(strict=True, ge=1, le=50)] = Field(description="份数")
    note: Annotated[str, Line(60)] | None = Field(default=None, description="备注,如“原件”;请勿填写证件号码")


class HandOverIn(In):
    code: Annotated[str, Opaque(6, 6, says=SIX)] | None = Field(default=None, description="居民手机上显示的六位开始码")
    card: Card | None = Field(default=None, description="住户卡上的八位卡号;与开始码二选一")
    unverified: bool = Field(
        default=False, description="没有开始码和住户卡;接单之后,须先由社区工作人员电话或上门联系过居民"
    )
    papers: Annotated[list[PaperIn], Field(max_length=30)] = Field(description="交给代办员的材料;空列表表示无需材料")


class ReturnIn(In):
    code: Annotated[str, Opaque(6, 6, says=SIX)] | None = Field(default=None, description="居民手机上显示的六位归还码")
    card: Card | None = Field(default=None, description="住户卡上的八位卡号;与归还码二选一")
    unverified: bool = Field(
        default=False,
        description="没有归还码和住户卡;须先由社区工作人员联系过居民。社区派单员、书记自己归还的,直接填 true",
    )
    lost: Annotated[str, Paragraph(300)] | None = Field(
        default=None, description="材料遗失、不能归还的,写明经过;居民、派单员和书记会收到通知"
    )
    papers: Annotated[list[Annotated[int, Field(strict=True, ge=1, le=10_000)]], Field(min_length=1, max_length=60)] = (
        Field(description="哪些材料,按收据上的序号")
    )


class PaperOut(Out):
    no: int = Field(description="序号")
    kind: Choice[Paper] = Field(description="种类")
    kind_label: str = Field(description="种类的中文名称")
    copies: int = Field(description="份数")
    note: str | None = Field(description="备注")
    out: bool = Field(description="是否还没有归还")


class PaperReceiptOut(Out):
    action: str = Field(description="handed_over 居民交给代办员、returned 归还居民,或遗失而不再归还")
    lost: bool = Field(description="是否遗失,不再归还")
    action_label: str = Field(description="代办员签收、归还居民或遗失,中文")
    by_me: bool = Field(description="是不是我签的")
    by_label: str = Field(
        description="签的是什么人:签收人(代办员,没有归还的材料在其手中)、归还人(代办员或工作人员)或报失人"
    )
    by_name: str | None = Field(description="此人的姓名(隐去名字);看不到则为 null")
    at: Moment = Field(description="时间")
    unverified: bool = Field(description="是否没有凭居民的码或住户卡,只凭工作人员联系过居民")
    papers: list[PaperOut] = Field(description="材料;交出时为空表示无需材料")


class AuthorityOut(Out):
    text: str = Field(description="授权办理什么")
    until_at: Moment = Field(description="有效到什么时候")
    given_at: Moment = Field(description="何时授权")
    ended_at: Moment | None = Field(description="何时收回或随退单、中止结束;未结束则为 null")
    by: Choice[Giver] = Field(
        description="谁写下的:resident 居民本人、representative 代下单人(也可能是原来的)、staff 按居民所说转达的工作人员"
    )
    by_label: str = Field(description="谁写下的,中文")
    passed_on: bool = Field(description="是否由工作人员按居民所说转达")
    channel: Choice[Calling] | None = Field(description="转达的授权,居民怎样说的:phone 来电、walk_in 到站;否则为 null")
    channel_label: str | None = Field(description="居民怎样说的,中文")


class PapersOut(Out):
    authorities: list[AuthorityOut] = Field(description="授权,从早到晚")
    items: list[PaperReceiptOut] = Field(description="收据,从早到晚")


RECEIPTS = {"handed_over": ("代办员签收", "签收人"), "returned": ("归还居民", "归还人")}
LOST = ("遗失", "报失人")
"""What a receipt is called, and whoever signed it."""
PAPERS_EXAMPLE: dict[str, Any] = {
    "authorities": [
        {
            "text": "代办老年证", "until_at": "2026-03-31T18:00:00+08:00", "given_at": AT, "ended_at": None,
            "by": "resident", "by_label": "居民本人", "passed_on": False, "channel": None, "channel_label": None,
        }
    ],
    "items": [
        {
            "action": "handed_over", "lost": False, "action_label": "代办员签收", "by_me": False, "by_label": "签收人",
            "by_name": "李*", "at": AT, "unverified": False,
            "papers": [
                {"no": 1, "kind": "id_card", "kind_label": "身份证件", "copies": 1, "note": "复印件", "out": True},
            ],
        }
    ],
}  # fmt: skip


@api.post(
    "/{order_id}/authority",
    operation_id="recordAuthority",
    summary="授权代办员办理,并写明期限",
    description="接单之后才有代办员可授权;再写一次即代替原来的授权;退单或中止时授权结束。"
    "来电或到站的居民,由站点、社区的工作人员转达,并写明居民怎样授权",
    tags=(Tag.RESIDENT, Tag.STATION),
    example={"text": "代我到街道政务大厅办理老年证", "until_at": "2026-03-31T18:00:00+08:00"},
    answer=receipt("accepted", 4),
    **moves(
        "record_authority",
        errors.NotForThisService,
        errand_errors.AuthorityTooLong,
        errand_errors.AuthorityOver,
        errand_errors.AuthorityChannel,
    ),
)
async def record_authority(order_id: OrderId, body: AuthorityIn, run: TheRun) -> Receipt:
    channel = body.channel and body.channel.value
    return await run(errands.record_authority, order_id, text=body.text, until_at=body.until_at, channel=channel)


@api.post(
    "/{order_id}/authority/withdraw",
    operation_id="withdrawAuthority",
    summary="收回授权",
    tags=(Tag.RESIDENT, Tag.STATION),
    answer=receipt("accepted", 5),
    **moves("withdraw_authority", errors.NotForThisService, errand_errors.NoAuthority),
)
async def withdraw_authority(order_id: OrderId, run: TheRun) -> Receipt:
    return await run(errands.withdraw_authority, order_id)


@api.post(
    "/{order_id}/papers",
    operation_id="handOverPapers",
    summary="签收材料并开始代办,凭居民的开始码或住户卡",
    description="双方都会收到收据。须先有居民的授权。不需要材料时填空列表。"
    "开始码、住户卡、未核验,三者只选其一,与开始服务(startOrder)一样",
    tags=(Tag.VOLUNTEER,),
    example={"code": "482913", "papers": [{"kind": "id_card", "copies": 1, "note": "复印件"}]},
    answer=receipt("in_service", 5),
    **moves(
        "hand_over_papers",
        errors.NotForThisService,
        errand_errors.NoAuthority,
        errors.VolunteerNotQualified,
        errors.StartCodeWrong,
        errors.StartCodeLocked,
        errors.NotReached,
    ),
)
async def hand_over_papers(order_id: OrderId, body: HandOverIn, run: TheRun) -> Receipt:
    exactly_one(code=body.code, card=body.card, unverified=body.unverified)
    return await run(
        errands.hand_over_papers,
        order_id,
        papers=[paper.model_dump() for paper in body.papers],
        fits_after=fits_after(run.house.vault, order_id, run.caller.person_id, body.code),
        card=run.sealer.card_index(body.card),
        unverified=body.unverified,
    )


@api.post(
    "/{order_id}/papers/return",
    operation_id="returnPapers",
    summary="归还材料,凭居民的归还码或住户卡;或说明遗失",
    description="由手中有材料的代办员归还:先前的代办员,或当面转交之后接手的代办员;社区工作人员收到材料的,也可代为归还。双方都会收到收据。归还码每次不同。"
    "归还码、住户卡、未核验、遗失,四者只选其一:遗失的不再等待归还,办完的可以完成",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    example={"code": "482913", "papers": [1]},
    answer=receipt("in_service", 6),
    **moves(
        "return_papers",
        errors.NotForThisService,
        errand_errors.PapersNotOut,
        errand_errors.ReturnCodeWrong,
        errors.StartCodeLocked,
        errors.NotReached,
    ),
)
async def return_papers(order_id: OrderId, body: ReturnIn, run: TheRun) -> Receipt:
    exactly_one(code=body.code, card=body.card, unverified=body.unverified, lost=body.lost)
    async with Reader(run.house, run.caller)() as connection:
        returned = await kind_lists.count_returns(connection, order_id)
    expected = return_code(run.house.vault, order_id, returned)
    return await run(
        errands.return_papers,
        order_id,
        papers=body.papers,
        returned=returned,
        code_fits=body.code is not None and same_code(body.code, expected),
        card=run.sealer.card_index(body.card),
        unverified=body.unverified,
        lost=body.lost,
    )


@api.get(
    "/{order_id}/papers",
    rule=policy.PAPERS,
    operation_id="listPapers",
    summary="一个代办的授权和材料收据",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    answer=PAPERS_EXAMPLE,
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn),
)
async def list_papers(order_id: OrderId, reader: TheReader) -> PapersOut:
    async with reader() as connection:
        found = await kind_lists.list_papers(connection, order_id)
    seen = {p["no"] for r in found["receipts"] if r["action"] == "returned" for p in r["papers"]}
    ended = seen.union(found["back"])
    return PapersOut(
        authorities=[_authority(one) for one in found["authorities"]],
        items=[
            _receipt(one, reader, reader.sealer.opened("name", signer), ended)
            for one, signer in zip(found["receipts"], found["signers"] or (), strict=True)
        ],
    )


def _authority(one: dict[str, Any]) -> AuthorityOut:
    channel, by = one["channel"] and Calling(one["channel"]), Giver(one["by"])
    return AuthorityOut(
        **{**one, "channel": channel, "by": by},
        by_label=by.label,
        passed_on=channel is not None,
        channel_label=channel and channel.label,
    )


def _receipt(one: dict[str, Any], reader: Reader, signer: str | None, ended: set[int]) -> PaperReceiptOut:
    called, by = LOST if one["lost"] else RECEIPTS[one["action"]]
    return PaperReceiptOut(
        action=one["action"],
        lost=one["lost"],
        action_label=called,
        by_me=one["acted_by"] == str(reader.caller.person_id),
        by_label=by,
        by_name=signer and mask_name(signer),
        at=one["acted_at"],
        unverified=one["unverified"],
        papers=[
            PaperOut(**paper, kind_label=Paper(paper["kind"]).label, out=paper["no"] not in ended)
            for paper in one["papers"]
        ],
    )
