"""What can be refused about service days and their slots."""

from app.kernel.errors import Kind, NotFound, Refusal


class ServiceDayNotFound(NotFound):
    code = "service-day-not-found"
    title_zh = "没有找到这个服务日"
    title_en = "Service day not found"


class SlotNotFound(NotFound):
    code = "slot-not-found"
    title_zh = "没有找到这个时段"
    title_en = "Slot not found"


class NotADayOfHere(Refusal):
    kind = Kind.CONFLICT
    code = "not-a-day-of-here"
    title_zh = "服务日须由服务本地的队伍、以本地的服务日项目开设"
    title_en = "The team or the service is not for a service day here"
    advice_zh = "服务这里的队伍见 listTeams,形式为服务日的服务见 listServices"


class SlotsInvalid(Refusal):
    kind = Kind.INVALID
    code = "slots-invalid"
    title_zh = "时段须在将来九十天之内的同一天、在白天开始,且不重叠"
    title_en = "Slots lie on one day of the next ninety, begin by day, and do not overlap"


class DayOver(Refusal):
    kind = Kind.CONFLICT
    code = "day-over"
    title_zh = "服务日已开始或已取消"
    title_en = "The service day has begun, or was cancelled"
    advice_zh = "以后的服务日见 listServiceDays"


class DayCancelled(Refusal):
    kind = Kind.CONFLICT
    code = "day-cancelled"
    title_zh = "服务日已取消"
    title_en = "The service day was cancelled"
    advice_zh = "其他服务日见 listServiceDays"


class DayIsOpen(Refusal):
    kind = Kind.CONFLICT
    code = "day-is-open"
    title_zh = "这支队伍在这个时间已开设这项服务日"
    title_en = "The team has opened this service day at this time already"
    advice_zh = "已开设的见 listServiceDays;要改时段,请先取消再重新开设"


class NotYourDay(Refusal):
    kind = Kind.CONFLICT
    code = "not-your-day"
    title_zh = "这个服务日不面向您所在的社区"
    title_en = "This service day is not for your community"
    advice_zh = "面向您社区的服务日见 listServiceDays"


class SlotFull(Refusal):
    kind = Kind.CONFLICT
    code = "slot-full"
    title_zh = "这个时段已约满"
    title_en = "This slot is full"
    advice_zh = "还有空位的时段见 listServiceDays"


class SlotOver(Refusal):
    kind = Kind.CONFLICT
    code = "slot-over"
    title_zh = "这个时段已开始"
    title_en = "This slot has begun"
    advice_zh = "以后的时段见 listServiceDays"


class NobodyHosts(Refusal):
    kind = Kind.CONFLICT
    code = "nobody-hosts"
    title_zh = "这个服务日的队伍眼下没有队长,暂不能预约"
    title_en = "The team of this service day has no lead for now"
    advice_zh = "请约别的服务日(listServiceDays),或联系社区"


class LeadIsYours(Refusal):
    """Whoever leads the team has its bookings, and nobody serves themselves, or whom they represent."""

    kind = Kind.CONFLICT
    code = "lead-is-yours"
    title_zh = "这支队伍的队长就是您本人或受益人本人,或是受益人的代下单人,不能由其服务"
    title_en = "The team's lead is one of your own side"
    advice_zh = "请约别的队伍的服务日(listServiceDays),或另行点单(placeOrder)"


class BookingEnds(Refusal):
    kind = Kind.INVALID
    code = "booking-ends"
    title_zh = "服务日的预约中止后,不另找人来"
    title_en = "A booking that is broken off is not given to somebody else"
    advice_zh = "again 填 false,就此取消;仍需要的,可另约时段(bookSlot)或另行点单(placeOrder)"


class AlreadyBooked(Refusal):
    kind = Kind.CONFLICT
    code = "already-booked"
    title_zh = "这个服务日已经预约过,一人只约一次"
    title_en = "There is a booking on this day already: one for a person"
    advice_zh = "要换时段,请先取消已约的订单(cancelOrder)"
