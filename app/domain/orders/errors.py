"""What the orders refuse."""

from app.kernel.errors import Kind, NotFound, Refusal


class OrderNotFound(NotFound):
    code = "order-not-found"
    title_zh = "没有找到这个订单"
    title_en = "Order not found"


class NoCommunity(Refusal):
    kind = Kind.CONFLICT
    code = "no-community"
    title_zh = "请先选择您所在的社区"
    title_en = "Choose your community first"


class ServiceNotOffered(Refusal):
    kind = Kind.CONFLICT
    code = "service-not-offered"
    title_zh = "您所在的社区没有提供这项服务"
    title_en = "This service is not offered in your community"


class ContactMissing(Refusal):
    kind = Kind.INVALID
    code = "contact-missing"
    title_zh = "请填写联系人姓名、电话和地址"
    title_en = "Name, phone and address are needed"


class VolunteerNotQualified(Refusal):
    kind = Kind.CONFLICT
    code = "volunteer-not-qualified"
    title_zh = "这位志愿者不能承接此订单"
    title_en = "This volunteer does not qualify for the order"


class OwnOrder(Refusal):
    kind = Kind.CONFLICT
    code = "own-order"
    title_zh = "不能为自己下的订单派单或接单"
    title_en = "Nobody dispatches or serves their own order"


class StartCodeWrong(Refusal):
    kind = Kind.CONFLICT
    code = "start-code-wrong"
    title_zh = "开始码不正确,请向居民核对"
    title_en = "The start code is wrong"


class StartCodeLocked(Refusal):
    kind = Kind.LIMITED
    code = "start-code-locked"
    title_zh = "开始码错误次数过多,请十分钟后再试"
    title_en = "Too many wrong start codes, try again in ten minutes"


class ReasonMissing(Refusal):
    kind = Kind.INVALID
    code = "reason-missing"
    title_zh = "评价较低时请说明原因"
    title_en = "A low rating needs a reason"
