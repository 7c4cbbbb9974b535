"""Who gets an order: offering, the matcher's suggestions, taking and giving back (派单, 接单). As in `orders.py`, each command
is one verb."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from app.api.census import Api, Tag
from app.api.deps import Reader, Receipt, TheReader, TheRun, receipt
from app.api.orders import ID, OrderId, moves
from app.api.problems import problems
from app.api.schema import Choice, In, Out, StrictUUID
from app.domain.orders import (
    appointment_errors,
    dispatching,
    errors,
    giving_back,
    policy,
    recategorising,
    repository,
    wishes,
)
from app.domain.orders.kind_tables import Claimant
from app.domain.orders.matching import Matching, choices, left_out
from app.domain.orders.models import TakeBack
from app.domain.services.errors import ServicePaused
from app.domain.teams.models import Colour
from app.kernel.deadlines import NoDeadlinePolicy
from app.kernel.errors import FieldFault, InvalidInput, NotAllowed, TransitionRefused
from app.kernel.text import Line
from app.kernel.vault import mask_name, mask_phone

api = Api(prefix="/orders")

SHOWN = 20
UNITS_CLAIM = (
    "单位的微心愿由本单位在当地做志愿者的人认领,claimed_as 填 unit,name 填单位名称;还没有志愿者的,"
    "请本单位一位同事在所在社区用 applyToVolunteer 报名"
)
"""Whoever works in a unit and volunteers nowhere sees no wish: this is said whether there is one or not."""
_MATCHING = TypeAdapter(Matching)


class OfferIn(In):
    volunteer_id: StrictUUID | None = Field(
        default=None, description="志愿者编号,见 suggestVolunteers;与 team_id 二选一"
    )
    team_id: StrictUUID | None = Field(default=None, description="队伍编号,见 listTeams;由队长或合适的队员接单")


class DeclineIn(In):
    reason: Annotated[str, Line(100)] | None = Field(default=None, description="原因,社区会看到")


NO_REASON = DeclineIn()


class ReleaseIn(In):
    reason: Annotated[str, Line(100)] = Field(description="为什么退回,社区会看到;服务日的预约就此结束,居民也会看到")
    nobody_home: bool = Field(
        default=False, strict=True, description="true:到了约定的时间上门,没有人应门;居民会收到这样的通知"
    )


class TakeBackIn(In):
    reason: Choice[TakeBack] = Field(description="、".join(f"{reason.value} {reason.label}" for reason in TakeBack))


class ClaimIn(In):
    claimed_as: Choice[Claimant] = Field(description="以谁的名义:member 个人、unit 单位、group 集体")
    name: Annotated[str, Line(40)] | None = Field(default=None, description="单位或集体的名称;个人认领不填")


class AssignIn(In):
    member_id: StrictUUID = Field(description="改由哪位队员前去:getTeam 里的 person_id")


class RecategoriseIn(In):
    service_id: StrictUUID = Field(description="应是哪项服务,见 listServices;须与原来的形式相同")


class SuggestionOut(Out):
    volunteer_id: StrictUUID = Field(description="志愿者编号")
    name: str | None = Field(description="姓名(隐去名字)")
    phone: str | None = Field(description="电话(隐去中间四位),用来分辨同姓的人;没有则为 null")
    teams: list[str] = Field(description="所在的服务队,如『神堂沟红马甲(红色扶老助残)』")
    why: str = Field(description="为什么是这一位,可直接显示")


class LeftOutOut(Out):
    reason: str = Field(description="原因,可直接显示")
    people: int = Field(description="几位")


class SuggestionsOut(Out):
    items: list[SuggestionOut] = Field(description="合适的在前;空表示眼下没有合适的志愿者")
    considered: int = Field(description="本地共有多少位志愿者")
    left_out: list[LeftOutOut] = Field(description="其余的为什么不能派,各按第一项原因计,人数多的在前")


SUGGESTIONS_EXAMPLE: dict[str, Any] = {
    "items": [
        {
            "volunteer_id": ID,
            "name": "李*",
            "phone": "138****5678",
            "teams": ["神堂沟红马甲(红色扶老助残)"],
            "why": "在服务范围内、当班、今天还能接 2 单,近 28 天服务 1 次",
        }
    ],
    "considered": 8,
    "left_out": [{"reason": "不在服务时段", "people": 6}, {"reason": "没有所需技能或证照已过期", "people": 1}],
}


@api.get(
    "/{order_id}/volunteers",
    rule=(policy.staff,),
    operation_id="suggestVolunteers",
    summary="这个订单派给谁合适,附理由",
    description="与自动派单所用的规则相同:有资格、在本地、当班、不在免打扰时间、今天还有余量,再按近来服务次数均衡。不使用定位。",
    tags=(Tag.DISPATCHER,),
    answer=SUGGESTIONS_EXAMPLE,
    responses=problems(NotAllowed, errors.OrderNotFound, errors.OrderPassedOn, errors.WishIsClaimed, TransitionRefused),
)
async def suggest(order_id: OrderId, reader: TheReader) -> SuggestionsOut:
    async with reader() as connection:
        own, found, people, teams = await repository.get_matching(connection, order_id)
    matching = _MATCHING.validate_python(found)
    items = []
    for choice in choices(own, matching)[:SHOWN]:
        person: Mapping[Any, Any] = people.get(choice.candidate.person_id, {})
        name, phone = (reader.sealer.opened(what, person.get(f"{what}_sealed")) for what in ("name", "phone"))
        theirs = [teams[team] for team in choice.candidate.team_ids if team in teams]
        items.append(
            SuggestionOut(
                volunteer_id=choice.candidate.person_id,
                name=name and mask_name(name),
                phone=phone and mask_phone(phone),
                teams=[f"{team['name']}({Colour(team['colour']).label})" for team in theirs],
                why=choice.why,
            )
        )
    others = [LeftOutOut(reason=reason, people=people) for reason, people in left_out(own, matching).items()]
    return SuggestionsOut(items=items, considered=len(matching.candidates), left_out=others)


@api.post(
    "/{order_id}/offer",
    operation_id="offerOrder",
    summary="派单给一位志愿者或一支队伍",
    tags=(Tag.DISPATCHER,),
    example={"volunteer_id": ID},
    answer=receipt("offered", 2),
    **moves(
        "offer",
        errors.OwnOrder,
        errors.VolunteerNotQualified,
        errors.AlreadyRefused,
        errors.ComplainedOf,
        errors.TeamNotQualified,
        errors.TeamNotHere,
        errors.TeamWithoutLead,
        errors.WishIsClaimed,
        InvalidInput,
    ),
)
async def offer(order_id: OrderId, body: OfferIn, run: TheRun) -> Receipt:
    if (body.volunteer_id is None) is (body.team_id is None):
        raise InvalidInput(fields=(FieldFault("/body/volunteer_id", "one-of-two", "志愿者与队伍须填写其中一项"),))
    return await run(dispatching.offer, order_id, volunteer_id=body.volunteer_id, team_id=body.team_id)


@api.post(
    "/{order_id}/recategorise",
    operation_id="recategoriseOrder",
    summary="改换服务:订单其实是另一项服务",
    description="尚未接单时;已派出的收回,居民收到通知;时限改按新类别的规则,已用的时间照计",
    tags=(Tag.DISPATCHER,),
    example={"service_id": ID},
    answer=receipt("submitted", 2),
    **moves(
        "recategorise",
        errors.OwnOrder,
        errors.SameService,
        errors.ServiceNotOffered,
        ServicePaused,
        errors.SlotsAreBooked,
        errors.NotForThisService,
        NoDeadlinePolicy,
    ),
)
async def recategorise(order_id: OrderId, body: RecategoriseIn, run: TheRun) -> Receipt:
    return await run(recategorising.recategorise, order_id, service_id=body.service_id)


@api.post(
    "/{order_id}/decline",
    operation_id="declineOrder",
    summary="谢绝派来的单",
    description="这一单的这一轮不再派给您(返工时可能再派);队长谢绝即整队谢绝。两次无人承接后开放抢单。",
    tags=(Tag.VOLUNTEER,),
    example={"reason": "当天要去医院"},
    answer=receipt("submitted", 3),
    **moves("decline"),
)
async def decline(order_id: OrderId, run: TheRun, body: DeclineIn = NO_REASON) -> Receipt:
    return await run(dispatching.decline, order_id, reason=body.reason)


@api.post(
    "/{order_id}/accept",
    operation_id="acceptOrder",
    summary="接单",
    description="派给队伍的单,由队长或合适的队员接,先接为准",
    tags=(Tag.VOLUNTEER,),
    answer=receipt("accepted", 3),
    **moves("accept", errors.VolunteerNotQualified, errors.OwnOrder),
)
async def accept(order_id: OrderId, run: TheRun) -> Receipt:
    return await run(dispatching.accept, order_id)


@api.post(
    "/{order_id}/claim",
    operation_id="claimOrder",
    summary="抢单:先到先得",
    tags=(Tag.VOLUNTEER,),
    answer=receipt("accepted", 3),
    **moves("claim", errors.OwnOrder, errors.VolunteerNotQualified, errors.WishIsClaimed),
)
async def claim(order_id: OrderId, run: TheRun) -> Receipt:
    return await run(dispatching.claim, order_id)


@api.post(
    "/{order_id}/claim-wish",
    operation_id="claimWish",
    summary="认领微心愿:先到先得",
    description="由当地志愿者本人去做,可以以单位或集体的名义:共建单位由本单位在当地做志愿者的人认领,"
    "还没有的先用 applyToVolunteer 报名。"
    "十四天内没有开始,就重新开放认领",
    tags=(Tag.VOLUNTEER,),
    example={"claimed_as": "unit", "name": "西峪小学"},
    answer=receipt("accepted", 2),
    **moves(
        "claim_wish",
        errors.NotForThisService,
        errors.OwnOrder,
        errors.VolunteerNotQualified,
        NoDeadlinePolicy,
        InvalidInput,
    ),
)
async def claim_wish(order_id: OrderId, body: ClaimIn, run: TheRun) -> Receipt:
    if (body.name is None) is not (body.claimed_as is Claimant.MEMBER):
        fault = FieldFault("/body/name", "name-of-unit", "以单位或集体的名义认领须填名称,个人认领不填")
        raise InvalidInput(fields=(fault,))
    try:
        return await run(wishes.claim_wish, order_id, claimed_as=body.claimed_as, name=body.name)
    except errors.OrderNotFound:
        async with Reader(run.house, run.caller)() as connection:
            if await wishes.only_works_in_a_unit(connection):
                raise NotAllowed(UNITS_CLAIM) from None
        raise


@api.post(
    "/{order_id}/member",
    operation_id="assignMember",
    summary="队长改派队员",
    tags=(Tag.VOLUNTEER,),
    example={"member_id": ID},
    answer=receipt("accepted", 4),
    **moves(
        "assign",
        errors.OwnOrder,
        errors.VolunteerNotQualified,
        errors.NotOfTheTeam,
        errors.AlreadyAssigned,
        appointment_errors.AppointmentDouble,
    ),
)
async def assign(order_id: OrderId, body: AssignIn, run: TheRun) -> Receipt:
    return await run(dispatching.assign, order_id, member_id=body.member_id)


@api.post(
    "/{order_id}/release",
    operation_id="releaseOrder",
    summary="退回已接的单",
    description="社区会另找他人;此前停下的时限带着已用的时间继续。按约定的时间上门而没有人应门的,填 nobody_home:"
    "约定的时间一到即可登记,请先敲门、打电话,等一等再填",
    tags=(Tag.VOLUNTEER,),
    example={"reason": "临时发烧,去不了"},
    answer=receipt("submitted", 4),
    **moves("release", appointment_errors.AppointmentNotYet),
)
async def release(order_id: OrderId, body: ReleaseIn, run: TheRun) -> Receipt:
    return await run(giving_back.release, order_id, reason=body.reason, nobody_home=body.nobody_home)


@api.post(
    "/{order_id}/take-back",
    operation_id="takeBackOrder",
    summary="收回派出的单:派错了的,或志愿者已接而迟迟不来的",
    description="还没有接的,随时可以收回,对方不必再答复,也不算一次无人承接。已接的:志愿者说来不了(cannot_come)、"
    "居民要求换人(resident_asks),随时可用;其余原因在没有约定时间时可用,已约定而没有开始的,到时自动退回。"
    "志愿者会收到通知,本轮不再自动派给他",
    tags=(Tag.DISPATCHER,),
    example={"reason": "no_answer"},
    answer=receipt("submitted", 4),
    **moves("take_back", appointment_errors.AppointmentStands),
)
async def take_back(order_id: OrderId, body: TakeBackIn, run: TheRun) -> Receipt:
    return await run(giving_back.take_back, order_id, reason=body.reason)
