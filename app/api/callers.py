"""Orders for those who call or walk into the station, over HTTP: placed by the staff there."""

from typing import Annotated

from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import AskedReceipt, TheRun, asked
from app.api.orders import ID, THEIR_DOUBLE, ContactIn, sealed
from app.api.problems import problems
from app.api.schema import Choice, In, StrictUUID, exactly_one
from app.domain.orders import errors, placing, policy
from app.domain.orders.models import Calling
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import KeyReused, NotAllowed, TextRefused
from app.kernel.text import Paragraph, Phone

api = Api(prefix="/orders", tags=(Tag.STATION,))


class PlaceForCallerIn(In):
    channel: Choice[Calling] = Field(description="来电 phone,到站 walk_in")
    person_id: StrictUUID | None = Field(
        default=None, description="居民编号,即 registerResident 回执的 id;与登记的电话二选一"
    )
    phone: Phone | None = Field(default=None, description="登记的电话;与居民编号二选一")
    service_id: StrictUUID = Field(description="服务编号")
    note: Annotated[str, Paragraph(500)] = Field(
        description="需要什么帮助、希望什么时候来;志愿者会看到,请勿填写电话和住址"
    )
    contact: ContactIn | None = Field(default=None, description="联系方式;不填用居民的资料")


@api.post(
    "/for-caller",
    operation_id="placeOrderForCaller",
    summary="为来电或到站的居民点单",
    description="居民须住在操作人管辖的社区;订单算居民自己点的,并会通知居民;"
    "之后可用 getOrder 再看,用 listMyOrders 的 for_callers 列出。"
    "代为点单的人自己不派这一单:由社区另一位派单员派,没有别人的,到时由系统自动派单",
    rule=policy.LIFECYCLE["place_for_caller"].by,
    example={"channel": "phone", "phone": "13912345678", "service_id": ID, "note": "请人明天上午来修一下灯"},
    answer=asked("submitted"),
    responses=problems(
        NotAllowed,
        errors.CallerNotFound,
        errors.ServiceNotOffered,
        errors.ContactMissing,
        NoDeadlinePolicy,
        KeyReused,
        TextRefused,
    ),
)
async def place_for_caller(body: PlaceForCallerIn, run: TheRun) -> AskedReceipt:
    exactly_one(person_id=body.person_id, phone=body.phone)
    return await run.asking(
        THEIR_DOUBLE,
        placing.place_for_caller,
        channel=body.channel,
        person_id=body.person_id,
        caller_index=run.sealer.phone_index(body.phone),
        service_id=body.service_id,
        note=body.note,
        **sealed(body.contact, run),
    )
