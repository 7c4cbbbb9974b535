"""Whom to go to, and where, of an order that is under way, over HTTP."""

from typing import Annotated

from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import Reader, Receipt, TheRun, receipt
from app.api.orders import ContactIn, OrderId, moves, sealed
from app.domain.orders import contact_details
from app.domain.orders.repository import get_contact
from app.domain.people.errors import NothingToChange
from app.kernel.text import Line, Phone

api = Api(prefix="/orders")


class ChangeContactIn(ContactIn):
    name: Annotated[str, Line(30)] | None = Field(default=None, description="联系人;不填不改")
    phone: Phone | None = Field(default=None, description="电话;不填不改")
    address: Annotated[str, Line(120)] | None = Field(default=None, description="上门地址;不填不改")


@api.post(
    "/{order_id}/contact-details",
    operation_id="changeContact",
    summary="更改订单的联系人、电话或上门地址(完成之前)",
    description="至少改一项(与原来一样的不算);只改这一个订单,个人资料在 updateMe 修改。已接单的志愿者会收到通知;"
    "来电或到站的居民,由站点、社区的工作人员转达",
    tags=(Tag.RESIDENT, Tag.STATION, Tag.DISPATCHER),
    example={"phone": "13912345678", "address": "西峪东街 8 号院 3 号楼 1 单元 202"},
    answer=receipt("accepted", 4),
    **moves("change_contact", NothingToChange),
)
async def change_contact(order_id: OrderId, body: ChangeContactIn, run: TheRun) -> Receipt:
    reader = Reader(run.house, run.caller)
    async with reader() as connection:
        stands = await get_contact(connection, order_id)
    # Each sealing differs: what is as it was is told by the plain text.
    opened = {part: reader.sealer.opened(part, stands[f"{part}_sealed"]) for part in ("name", "phone", "address")}
    same = {part: None for part, value in opened.items() if getattr(body, part) == value}
    return await run(contact_details.change_contact, order_id, **sealed(body.model_copy(update=same), run))
