"""Service days over HTTP (服务日): one team, many slots; residents book a place in one."""

from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import Field
from sqlalchemy import RowMapping

from app.api.census import SIGNED_IN, Api, Tag
from app.api.deps import AskedReceipt, Receipt, TheReader, TheRun, asked, receipt
from app.api.orders import ID, OWN_DOUBLE, THEIR_DOUBLE, ContactIn, sealed
from app.api.orders_out import AT
from app.api.problems import problems
from app.api.schema import In, Out, StrictUUID, exactly_one
from app.domain.orders import appointments, errors, kind_lists, policy, service_days
from app.domain.orders import service_day_errors as of_days
from app.domain.places.errors import PlaceNotFound
from app.domain.services.errors import ServicePaused
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import KeyReused, NotAllowed, TextRefused
from app.kernel.pagination import Cursor, Page, PageQuery
from app.kernel.text import Line, Paragraph, Phone
from app.kernel.time import Moment

api = Api()

DayId = Annotated[StrictUUID, Path(description="服务日编号")]
SlotId = Annotated[StrictUUID, Path(description="时段编号")]


class SlotIn(In):
    starts_at: Moment = Field(description=f"何时开始,晚于现在;{appointments.BY_DAY}")
    minutes: Annotated[int, Field(strict=True, ge=5, le=720)] = Field(description="多长,分钟")
    capacity: Annotated[int, Field(strict=True, ge=1, le=200)] = Field(description="几个名额")


class ServiceDayIn(In):
    place_id: StrictUUID = Field(description="在哪里:其下的居民都能预约")
    team_id: StrictUUID = Field(description="哪支队伍")
    service_id: StrictUUID = Field(description="哪项服务,形式须为服务日")
    slots: Annotated[list[SlotIn], Field(min_length=1, max_length=60)] = Field(
        description=f"时段,同在 {service_days.FARTHEST_DAY.days} 天之内的某一天,不重叠"
    )
    spot: Annotated[str, Line(50)] | None = Field(
        default=None, description="居民具体到哪里,如“居委会一楼”;不填则只写地点名称"
    )


class CancelDayIn(In):
    reason: Annotated[str, Line(100)] = Field(description="为什么取消,预约的居民会看到")


class BookIn(In):
    note: Annotated[str, Paragraph(500)] = Field(description="需要什么帮助;队伍会看到,请勿填写电话和住址")
    contact: ContactIn | None = Field(default=None, description="联系方式;不填用受益人的资料")
    beneficiary_id: StrictUUID | None = Field(default=None, description="受益人编号;为本人预约不填,代约须有其同意")
    person_id: StrictUUID | None = Field(
        default=None, description="来电或到站的居民编号,即 registerResident 回执的 id;工作人员代约时与登记的电话二选一"
    )
    phone: Phone | None = Field(default=None, description="来电或到站的居民登记的电话;工作人员代约时与居民编号二选一")


class DaysQuery(PageQuery):
    place_id: StrictUUID = Field(description="住在哪个社区")
    from_at: Moment | None = Field(default=None, description="从何时起;不填为现在起")
    until_at: Moment | None = Field(default=None, description="到何时为止(不含)")


class SlotOut(Out):
    id: StrictUUID = Field(description="时段编号")
    starts_at: Moment = Field(description="何时开始")
    minutes: int = Field(description="多长,分钟")
    capacity: int = Field(description="几个名额")
    free: int = Field(description="还有几个名额;队伍眼下没有队长、不能预约的为 0")


class ServiceDayOut(Out):
    id: StrictUUID = Field(description="服务日编号")
    place_id: StrictUUID = Field(description="地点编号")
    place_name: str = Field(description="地点名称")
    team_id: StrictUUID = Field(description="队伍编号")
    team_name: str | None = Field(description="队伍名称;看不到则为 null")
    service_id: StrictUUID = Field(description="服务编号")
    service_name: str = Field(description="服务名称")
    spot: str | None = Field(description="居民具体到哪里;没有写则为 null")
    starts_at: Moment = Field(description="最早的时段何时开始")
    slots: list[SlotOut] = Field(description="时段,从早到晚")


DAY_EXAMPLE: dict[str, Any] = {
    "id": ID, "place_id": ID, "place_name": "西峪社区", "team_id": ID, "team_name": "白衣义诊队", "service_id": ID,
    "service_name": "义诊日", "spot": "居委会一楼", "starts_at": AT,
    "slots": [{"id": ID, "starts_at": AT, "minutes": 30, "capacity": 5, "free": 2}],
}  # fmt: skip


@api.post(
    "/service-days",
    rule=(*policy.OPEN_DAYS, policy.lead),
    operation_id="openServiceDay",
    summary="开设服务日:一支队伍,多个时段",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER),
    example={
        "place_id": ID, "team_id": ID, "service_id": ID,
        "slots": [{"starts_at": "2026-03-01T09:00:00+08:00", "minutes": 30, "capacity": 5}], "spot": "居委会一楼",
    },
    answer=receipt("open"),
    responses=problems(
        NotAllowed, PlaceNotFound, of_days.NotADayOfHere, of_days.SlotsInvalid, of_days.DayIsOpen, KeyReused, TextRefused
    ),
)  # fmt: skip
async def open_service_day(body: ServiceDayIn, run: TheRun) -> Receipt:
    return await run(
        service_days.open_day,
        place_id=body.place_id,
        team_id=body.team_id,
        service_id=body.service_id,
        slots=[service_days.Slot(slot.starts_at, slot.minutes, slot.capacity) for slot in body.slots],
        spot=body.spot,
    )


@api.post(
    "/service-days/{day_id}/cancel",
    rule=(*policy.OPEN_DAYS, policy.lead),
    operation_id="cancelServiceDay",
    summary="取消服务日",
    description="已预约的订单随之取消,居民都会收到通知,可另约时段或另行点单",
    tags=(Tag.DISPATCHER, Tag.VOLUNTEER),
    example={"reason": "大雪,义诊改期"},
    answer=receipt("cancel", 2),
    responses=problems(NotAllowed, of_days.ServiceDayNotFound, of_days.DayOver, KeyReused, TextRefused),
)
async def cancel_service_day(day_id: DayId, body: CancelDayIn, run: TheRun) -> Receipt:
    return await run(service_days.cancel_day, day_id, reason=body.reason)


@api.get(
    "/service-days",
    rule=SIGNED_IN,
    operation_id="listServiceDays",
    summary="一个社区的居民可以预约的服务日,早的在前",
    description="只有在当地或其上下级有角色的人看得到",
    tags=(Tag.RESIDENT, Tag.DISPATCHER),
    answer={"items": [DAY_EXAMPLE], "next_cursor": None},
)
async def list_service_days(query: Annotated[DaysQuery, Query()], reader: TheReader) -> Page[ServiceDayOut]:
    async with reader() as connection:
        rows = await kind_lists.list_days(
            connection, query.place_id, query.from_at, query.until_at, query.after(), query.limit
        )
    return Page.cut(rows, query.limit, lambda row: Cursor(row["starts_at"], row["id"]), _show)


@api.post(
    "/service-slots/{slot_id}/book",
    rule=policy.LIFECYCLE["book"].by,
    operation_id="bookSlot",
    summary="预约服务日的一个时段",
    description="名额先到先得,一人一个服务日只约一次;取消订单即退回名额。代下单人填 beneficiary_id;站点、社区的工作人员"
    "为来电或到站的居民预约,填 person_id 或 phone,订单算居民自己的",
    tags=(Tag.RESIDENT, Tag.STATION),
    example={"note": "量血压、问问用药", "contact": {"phone": "13812345678"}},
    answer=asked("accepted"),
    responses=problems(
        NotAllowed, errors.NoCommunity, errors.NoConsent, errors.CallerNotFound, of_days.SlotNotFound, of_days.NotYourDay,
        of_days.DayCancelled, of_days.SlotOver, of_days.AlreadyBooked, of_days.SlotFull, errors.ServiceNotOffered, ServicePaused,
        of_days.NobodyHosts, of_days.LeadIsYours, errors.ContactMissing, NoDeadlinePolicy, KeyReused, TextRefused,
    ),
)  # fmt: skip
async def book_slot(slot_id: SlotId, body: BookIn, run: TheRun) -> AskedReceipt:
    given = {"note": body.note, **sealed(body.contact, run)}
    if body.beneficiary_id is None and body.person_id is None and body.phone is None:
        return await run.asking(OWN_DOUBLE, service_days.book, slot_id, **given)
    exactly_one(beneficiary_id=body.beneficiary_id, person_id=body.person_id, phone=body.phone)
    if body.beneficiary_id is not None:
        return await run.asking(
            THEIR_DOUBLE, service_days.book_for, slot_id, beneficiary_id=body.beneficiary_id, **given
        )
    caller = {"person_id": body.person_id, "caller_index": run.sealer.phone_index(body.phone)}
    return await run.asking(THEIR_DOUBLE, service_days.book_for_caller, slot_id, **caller, **given)


def _show(row: RowMapping) -> ServiceDayOut:
    return ServiceDayOut(**dict(row))
