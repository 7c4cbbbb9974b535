"""Orders over HTTP: the five-order flow (domain.md §3). Each command is one verb; each list one reading."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from app.api.census import Api, Tag
from app.api.codes import fits_after
from app.api.deadlines_out import DEADLINES_EXAMPLE, DeadlinesOut, show_deadline
from app.api.deps import AskedReceipt, Receipt, Run, TheReader, TheRun, asked, receipt
from app.api.doing import WAITS
from app.api.finding import MineQuery, PlacedQuery, place_in_list
from app.api.orders_out import (
    EVIDENCE,
    HISTORY_EXAMPLE,
    ORDER_EXAMPLE,
    PAGE_EXAMPLE,
    HistoryOut,
    OrderOut,
    OrderRow,
    show_history,
    show_order,
    show_row,
    waits_of,
)
from app.api.problems import problems
from app.api.schema import Choice, In, StrictUUID, exactly_one
from app.domain.deadlines import of_matters
from app.domain.orders import (
    contact_details,
    dispatching,
    errand_errors,
    errands,
    errors,
    finding,
    outcomes,
    placing,
    policy,
    promises,
    recategorising,
    repository,
    wishes,
)
from app.domain.orders import service as orders
from app.domain.orders.clocks import clocks_of
from app.domain.services.errors import ServicePaused
from app.domain.services.models import Evidence
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import KeyReused, NotAllowed, TextRefused, TransitionRefused
from app.kernel.pagination import Cursor, Page
from app.kernel.text import Hex, Line, Opaque, Paragraph, Phone
from app.kernel.time import Moment

api = Api(prefix="/orders")

OrderId = Annotated[StrictUUID, Path(description="订单编号")]
ID = "01985a3c-4444-7f00-8a6b-2f4c5d6e7f05"
SIX = "请填写六位数字"
Card = Annotated[str, Opaque(8, 8, says="请填写住户卡上的八位数字")]
"""The number on a household card."""
OWN_DOUBLE = "您还有{many}张同一项服务的订单未完成;若是重复,可取消其中一张"
THEIR_DOUBLE = "这位居民还有{many}张同一项服务的订单未完成;若是重复,可取消其中一张"


VERBS = (
    *placing.VERBS,
    *contact_details.VERBS,
    *orders.VERBS,
    *dispatching.VERBS,
    *outcomes.VERBS,
    *promises.VERBS,
    *recategorising.VERBS,
    *wishes.VERBS,
    *errands.VERBS,
)


async def _waits(connection: AsyncConnection, order_id: UUID) -> dict[str, bool]:
    return waits_of(await repository.get_waits(connection, order_id))


WAITS[policy.LIFECYCLE.kind] = (policy.LIFECYCLE, _waits)
READ_BY_OTHERS = {verb.name for verb in VERBS if verb.read_by_others}


def moves(action: str, *more: Any, also: tuple[str, ...] = ()) -> dict[str, Any]:
    """The rule and the refusals that every move of an order shares, and that of the texts that others read. `also`: what the same
    operation does beside it."""
    texts = (TextRefused,) if action in READ_BY_OTHERS else ()
    return {
        "rule": policy.LIFECYCLE[action].by,
        "does": tuple((policy.LIFECYCLE.kind, one) for one in (action, *also)),
        "responses": problems(
            errors.OrderNotFound, errors.OrderPassedOn, NotAllowed, TransitionRefused, KeyReused, *texts, *more
        ),
    }


class ContactIn(In):
    name: Annotated[str, Line(30)] | None = Field(default=None, description="联系人;不填用本人姓名")
    phone: Phone | None = Field(default=None, description="电话;不填用本人电话")
    address: Annotated[str, Line(120)] | None = Field(default=None, description="上门地址;不填用本人住址")


class PlaceOrderIn(In):
    service_id: StrictUUID = Field(description="服务编号")
    note: Annotated[str, Paragraph(500)] = Field(
        description="需要什么帮助、希望什么时候来;志愿者会看到,请勿填写电话和住址"
    )
    contact: ContactIn | None = Field(default=None, description="联系方式;不填用受益人的资料")
    beneficiary_id: StrictUUID | None = Field(default=None, description="受益人编号;为本人点单不填,代下单须有其同意")


class StartIn(In):
    code: Annotated[str, Opaque(6, 6, says=SIX)] | None = Field(default=None, description="居民手机上显示的六位开始码")
    card: Card | None = Field(default=None, description="住户卡上的八位卡号;与开始码二选一")
    unverified: bool = Field(
        default=False, description="没有开始码和住户卡,未核验开始;接单之后,须先由社区工作人员电话或上门联系过居民"
    )


class EvidenceIn(In):
    kind: Choice[Evidence] = Field(description=EVIDENCE)
    text: Annotated[str, Line(200)] | None = Field(default=None, description="说明;核对清单在此写明核对了什么")
    sha256: Annotated[str, Hex(64)] | None = Field(
        default=None, description="照片、票据的文件摘要(SHA-256,64 位小写十六进制);文件留在手机上,日后可凭摘要核对"
    )
    taken_at: Moment | None = Field(default=None, description="照片、票据的拍摄时间,在本次接单之后、现在之前")


class DeliverIn(In):
    outcome: Annotated[str, Paragraph(500)] = Field(description="做了什么")
    evidence: Annotated[list[EvidenceIn], Field(max_length=20)] = Field(
        default_factory=list, description="凭据;这项服务要哪些,见订单的 evidence_wanted"
    )


@api.post(
    "",
    operation_id="placeOrder",
    summary="点单:请社区帮一个忙,为本人或为同意由您代下单的人",
    tags=(Tag.RESIDENT,),
    rule=policy.LIFECYCLE["place"].by,
    example={"service_id": ID, "note": "周三上午想请人陪我去医院取药", "contact": {"phone": "13812345678"}},
    answer=asked("submitted"),
    responses=problems(
        *(NotAllowed, errors.NoCommunity, errors.NoConsent, errors.ServiceNotOffered, ServicePaused),
        *(errors.ContactMissing, errors.SlotsAreBooked, NoDeadlinePolicy, KeyReused, TextRefused),
    ),
)
async def place(body: PlaceOrderIn, run: TheRun) -> AskedReceipt:
    given: dict[str, Any] = {"service_id": body.service_id, "note": body.note, **sealed(body.contact, run)}
    if body.beneficiary_id is None:
        return await run.asking(OWN_DOUBLE, placing.place, **given)
    return await run.asking(THEIR_DOUBLE, placing.place_for, beneficiary_id=body.beneficiary_id, **given)


def sealed(contact: ContactIn | None, run: Run) -> dict[str, Any]:
    """The contact as the placing verbs take it."""
    given = contact or ContactIn()
    sealer = run.sealer
    return {
        "name": sealer.name(given.name),
        "phone": sealer.phone(given.phone),
        "phone_index": sealer.phone_index(given.phone),
        "address": sealer.address(given.address),
    }


@api.get(
    "/mine",
    rule=(policy.requester, policy.beneficiary, policy.placer),
    operation_id="listMyOrders",
    summary="我点的和为我点的单,新的在前",
    description="站点、社区的工作人员用 for_callers 看自己为来电或到站的居民点的单;同事点的、居民自己点的,"
    "和代下单关系结束后归居民自己的,用 searchOrders 按电话或订单编号找",
    tags=(Tag.RESIDENT, Tag.STATION),
    answer=PAGE_EXAMPLE,
)
async def list_mine(query: Annotated[MineQuery, Query()], reader: TheReader) -> Page[OrderRow]:
    wanted = repository.list_placed if query.for_callers else repository.list_mine
    async with reader() as connection:
        rows = await wanted(connection, reader.caller.person_id, query.filters(), query.after(), query.limit)
    return Page.cut(rows, query.limit, _cursor, partial(show_row, sealer=reader.sealer))


@api.get(
    "/tasks",
    rule=(policy.assignee,),
    operation_id="listMyTasks",
    summary="派给我或我的队伍的、我在做的、由我负责的,和我有材料须归还的,新的在前",
    description="不填 state,看未结束的;我签收的材料还没有归还的(keeps_papers),不论订单已到哪一步都在列。"
    "派给队伍的单,有人接了、队长谢绝了、社区收回或到时无人应答,就从队员的清单里消失;只通知队长,不另行通知队员",
    tags=(Tag.VOLUNTEER,),
    answer=PAGE_EXAMPLE,
)
async def list_tasks(query: Annotated[PlacedQuery, Query()], reader: TheReader) -> Page[OrderRow]:
    async with reader() as connection:
        rows = await repository.list_tasks(
            connection, reader.caller.person_id, query.filters(), query.after(), query.limit
        )
    return Page.cut(rows, query.limit, _cursor, partial(show_row, sealer=reader.sealer))


@api.get(
    "/pool",
    rule=(policy.staff, policy.pool),
    operation_id="listPool",
    summary="等人接的单,最先到期的在前",
    description="派单员、书记看到本地所有待派、待接的单;志愿者看到已开放抢单的,须有技能的也在列:"
    "自己能不能抢,见 getOrder 的 actions",
    tags=(Tag.VOLUNTEER, Tag.DISPATCHER),
    answer=PAGE_EXAMPLE,
)
async def list_pool(query: Annotated[PlacedQuery, Query()], reader: TheReader) -> Page[OrderRow]:
    async with reader() as connection:
        rows = await finding.list_pool(connection, query.filters(), query.after(), query.limit)
    return Page.cut(rows, query.limit, place_in_list, partial(show_row, sealer=reader.sealer))


@api.get(
    "/{order_id}",
    rule=policy.READ,
    operation_id="getOrder",
    summary="查看一个订单",
    description="联系方式只给下单人、受益人、社区、服务进行中的志愿者、居民评价之前的站点和代为点单的工作人员;开始码只给下单人和受益人",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    answer=ORDER_EXAMPLE,
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn),
)
async def get_order(order_id: OrderId, reader: TheReader) -> OrderOut:
    async with reader() as connection:
        row = await repository.get_order(connection, order_id)
        clocks = await clocks_of(connection, row)
    return show_order(row, clocks, reader.caller.person_id, reader.sealer, reader.house.vault)


@api.get(
    "/{order_id}/history",
    rule=policy.READ,
    operation_id="getOrderHistory",
    summary="一个订单的经过",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    answer=HISTORY_EXAMPLE,
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn),
)
async def get_order_history(order_id: OrderId, reader: TheReader) -> HistoryOut:
    async with reader() as connection:
        rows = await repository.list_history(connection, order_id)
    return HistoryOut(items=[show_history(row, reader.caller.person_id) for row in rows])


@api.get(
    "/{order_id}/deadlines",
    rule=policy.READ,
    operation_id="listDeadlines",
    summary="一个订单的各项时限",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.DISPATCHER),
    answer=DEADLINES_EXAMPLE,
    responses=problems(errors.OrderNotFound, errors.OrderPassedOn),
)
async def list_deadlines(order_id: OrderId, reader: TheReader) -> DeadlinesOut:
    async with reader() as connection:
        rows = await of_matters.list_deadlines(connection, policy.LIFECYCLE.kind, order_id, errors.OrderNotFound)
    return DeadlinesOut(items=[show_deadline(row) for row in rows])


@api.post(
    "/{order_id}/start",
    operation_id="startOrder",
    summary="开始服务,凭居民的开始码或住户卡",
    description="开始码、住户卡、未核验,三者只选其一;卡号输错与开始码输错一样计数。"
    "与约定的时间不同也可开始,早去几天也一样:居民出示开始码或住户卡,即表示同意这时开始",
    tags=(Tag.VOLUNTEER,),
    example={"code": "482913"},
    answer=receipt("in_service", 4),
    **moves(
        "start",
        errors.StartCodeWrong,
        errors.StartCodeLocked,
        errors.NotReached,
        errand_errors.ErrandStartsWithPapers,
        errors.VolunteerNotQualified,
    ),
)
async def start(order_id: OrderId, body: StartIn, run: TheRun) -> Receipt:
    exactly_one(code=body.code, card=body.card, unverified=body.unverified)
    return await run(
        orders.start,
        order_id,
        fits_after=fits_after(run.house.vault, order_id, run.caller.person_id, body.code),
        card=run.sealer.card_index(body.card),
        unverified=body.unverified,
    )


@api.post(
    "/{order_id}/deliver",
    operation_id="deliverOrder",
    summary="完成服务",
    tags=(Tag.VOLUNTEER,),
    description="服务要求凭据的,缺少时指明缺哪一种;凭据只给居民和社区看。代办的授权到期不妨碍完成,收回了的不能完成",
    example={
        "outcome": "已陪同取药并送回家",
        "evidence": [{"kind": "checklist", "text": "药品三种,用法已讲清"}],
    },
    answer=receipt("delivered", 5),
    **moves(
        "deliver", errand_errors.PapersOut, errand_errors.NoAuthority, errors.EvidenceMissing, errors.EvidenceInvalid
    ),
)
async def deliver(order_id: OrderId, body: DeliverIn, run: TheRun) -> Receipt:
    evidence = [one.model_dump() for one in body.evidence]
    return await run(orders.deliver, order_id, outcome=body.outcome, evidence=evidence)


def _cursor(row: RowMapping) -> Cursor:
    return Cursor(row["created_at"], row["id"])
