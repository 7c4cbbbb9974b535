"""How an order ends, or begins once more (评单, 返工, 退单). As in `orders.py`, each command is one verb."""

from typing import Annotated

from pydantic import Field

from app.api.census import Api, Tag
from app.api.deps import Receipt, TheRun, receipt
from app.api.orders import OrderId, moves
from app.api.schema import Choice, In
from app.domain.orders import errors, outcomes, service_day_errors
from app.domain.orders.models import Abort, Reject, Solved
from app.kernel.text import Line, Paragraph

api = Api(prefix="/orders")


class AbortIn(In):
    reason: Choice[Abort] = Field(
        description="nobody_home 家中无人、unsafe 现场不安全、needs_tradesman 需要专业师傅、no_longer_needed 不再需要"
    )
    again: bool = Field(strict=True, description="true 另找人再来(不再需要的除外);false 就此取消")
    text: Annotated[str, Line(100)] | None = Field(
        default=None, description="补充说明:不安全的,或另找人来的(again 为 true),只给社区看;就此取消的,另一方也看得到"
    )


class RateIn(In):
    solved: Choice[Solved] = Field(description="是否解决:yes 是、partly 部分、no 否;首次未解决会自动再来一轮")
    stars: Annotated[int, Field(strict=True, ge=1, le=5)] = Field(description="一至五星")
    reason: Annotated[str, Paragraph(300)] | None = Field(default=None, description="原因;一二星或未解决时必填")
    about_attitude: bool = Field(default=False, strict=True, description="不满意的是服务态度:再来一轮时不派给同一位")


class ReworkIn(In):
    reason: Annotated[str, Paragraph(300)] = Field(description="哪里没有做好")
    about_attitude: bool = Field(default=False, strict=True, description="不满意的是服务态度:不派给同一位")


class RejectIn(In):
    reason: Choice[Reject] = Field(
        description="not_a_service 不属于服务范围、emergency 紧急情况、needs_tradesman 需要专业人员、paid_trade 属于收费服务、"
        "duplicate 与已有订单重复、unlawful 内容不合规定"
    )
    other_help: Annotated[str, Paragraph(300)] = Field(description="还可以向谁求助,居民会看到")


class ConvertIn(In):
    reason: Annotated[str, Paragraph(300)] = Field(description="为什么须转为事件")


class CancelIn(In):
    reason: Annotated[str, Line(100)] | None = Field(default=None, description="原因")


NO_REASON = CancelIn()


@api.post(
    "/{order_id}/abort",
    operation_id="abortOrder",
    summary="中止进行中的服务",
    description="来电或到站的居民不要了的,由站点、社区的工作人员转达。因不安全(unsafe)中止的,派单员和书记会收到通知;由居民一方说的,无论另找人来还是就此取消,"
    "都记作对承接人的意见,这个订单不再派给此人。补充说明只给社区看,另一方看不到。服务日的预约不另找人来,again 须填 false",
    tags=(Tag.RESIDENT, Tag.VOLUNTEER, Tag.STATION, Tag.DISPATCHER),
    example={"reason": "nobody_home", "again": True, "text": "敲门无人应"},
    answer=receipt("submitted", 5),
    **moves("abort", errors.NotAgain, service_day_errors.BookingEnds, also=("call_off",)),
)
async def abort(order_id: OrderId, body: AbortIn, run: TheRun) -> Receipt:
    verb = outcomes.abort if body.again else outcomes.call_off
    return await run(verb, order_id, reason=body.reason, text=body.text)


@api.post(
    "/{order_id}/rate",
    operation_id="rateOrder",
    summary="评单:按实际效果评价",
    description="评价提交后不能更改。没有做好、想返工的,请先要求返工而不要评价,或评未解决:第一轮评未解决会自动"
    "开始下一轮,之后由社区书记决定。来电的,由代为点单的工作人员转达;居民这一方没有人能登录的,站点和社区的工作人员都可转达。",
    tags=(Tag.RESIDENT, Tag.STATION, Tag.DISPATCHER),
    example={"solved": "yes", "stars": 5},
    answer=receipt("rated", 6),
    **moves("rate", errors.ReasonMissing),
)
async def rate(order_id: OrderId, body: RateIn, run: TheRun) -> Receipt:
    return await run(
        outcomes.rate,
        order_id,
        solved=body.solved,
        stars=body.stars,
        reason=body.reason,
        about_attitude=body.about_attitude,
    )


@api.post(
    "/{order_id}/rework",
    operation_id="reworkOrder",
    summary="返工:没做好,请再做一次",
    description="居民可要求一次;再次返工由社区书记决定。先派给同一位,除非不满意的是态度;微心愿重新开放认领,"
    "服务日的预约退回名额、改为上门的订单。",
    tags=(Tag.RESIDENT, Tag.STATION, Tag.DISPATCHER),
    example={"reason": "水龙头还在漏"},
    answer=receipt("submitted", 6),
    **moves("rework", errors.SecondRework),
)
async def rework(order_id: OrderId, body: ReworkIn, run: TheRun) -> Receipt:
    return await run(outcomes.rework, order_id, reason=body.reason, about_attitude=body.about_attitude)


@api.post(
    "/{order_id}/reject",
    operation_id="rejectOrder",
    summary="不予受理,并告诉居民还可以找谁",
    tags=(Tag.DISPATCHER,),
    example={"reason": "needs_tradesman", "other_help": "燃气表故障请拨打燃气公司客服 96777,二十四小时有人值守"},
    answer=receipt("rejected", 2),
    **moves("reject"),
)
async def reject(order_id: OrderId, body: RejectIn, run: TheRun) -> Receipt:
    return await run(outcomes.reject, order_id, reason=body.reason, other_help=body.other_help)


@api.post(
    "/{order_id}/cancel",
    operation_id="cancelOrder",
    summary="取消订单(服务开始前)",
    description="居民来电或到站要取消的,站点、社区的工作人员转达;居民会收到通知",
    tags=(Tag.RESIDENT, Tag.STATION, Tag.DISPATCHER),
    example={"reason": "家人已经陪我去了"},
    answer=receipt("cancelled", 2),
    **moves("cancel"),
)
async def cancel(order_id: OrderId, run: TheRun, body: CancelIn = NO_REASON) -> Receipt:
    return await run(outcomes.cancel, order_id, reason=body.reason)


@api.post(
    "/{order_id}/convert",
    operation_id="convertOrder",
    summary="转为事件:小服务解决不了",
    description="通知社区书记处理;订单就此结束。随后几秒钟内立案:getOrder 的 case_label 先是正在立案,之后 case_id 是事项编号",
    tags=(Tag.DISPATCHER,),
    example={"reason": "整栋楼的下水管堵了,不是一户能解决的"},
    answer=receipt("converted", 2),
    **moves("convert"),
)
async def convert(order_id: OrderId, body: ConvertIn, run: TheRun) -> Receipt:
    return await run(outcomes.convert, order_id, reason=body.reason)
