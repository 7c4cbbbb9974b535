"""What is refused of appointments: beside the other refusals of orders, `errors.py`."""

from datetime import datetime

from app.domain.deadlines.spoken import dated
from app.kernel.errors import Kind, Refusal
from app.kernel.time import wire


class AppointmentTooEarly(Refusal):
    kind = Kind.INVALID
    code = "appointment-too-early"
    title_zh = "约定的时间已经过去"
    title_en = "An appointment lies in the future"


class AppointmentTooLate(Refusal):
    kind = Kind.INVALID
    code = "appointment-too-late"
    title_zh = "约定的时间太远,须在三十天之内"
    title_en = "An appointment lies in the next thirty days"


class AppointmentNotYet(Refusal):
    kind = Kind.CONFLICT
    code = "appointment-not-yet"
    title_zh = "约定上门的时间还没有到,或没有约定时间"
    title_en = "No time is agreed on, or it is still to come"
    advice_zh = "先约好上门的时间(proposeAppointment),到时无人应门再这样退回;来不了的,直接退回(releaseOrder)"


class AppointmentAtNight(Refusal):
    kind = Kind.INVALID
    code = "appointment-at-night"
    title_zh = "上门的时间须在早上七点至晚上九点之间"
    title_en = "An appointment begins between 07:00 and 21:00, in China"


class AppointmentDouble(Refusal):
    """Whoever serves is somewhere else at about that time; at which order, is not said."""

    kind = Kind.CONFLICT
    code = "appointment-double"
    title_zh = "承接的志愿者那时另有约定:两次上门须相隔至少半小时"
    title_en = "Whoever serves has another appointment within half an hour of that time"
    advice_zh = "请另提时间(proposeAppointment)"

    @classmethod
    def of(cls, near: datetime, instead: str = advice_zh) -> "AppointmentDouble":
        """With when the other one is, for whoever serves and who answers for them; `instead`: what these may do."""
        return cls(f"另一个约定在{dated(near)};{instead}", detail_en=f"The other appointment is at {wire(near)}")


class NoAppointment(Refusal):
    kind = Kind.CONFLICT
    code = "no-appointment"
    title_zh = "没有等您这一方确认的时间"
    title_en = "No appointment waits for you to confirm it"
    advice_zh = "可以由您提出时间(proposeAppointment)"


class AnotherTime(Refusal):
    kind = Kind.CONFLICT
    code = "another-time"
    title_zh = "对方提出的时间已经不是您看到的那个"
    title_en = "By now another time is proposed than the one you saw"
    advice_zh = "现在提出的时间见 getOrder 的 proposed_appointment"


class AgreedByTwo(Refusal):
    """Whoever serves has promised to come then: nobody moves that for them."""

    kind = Kind.CONFLICT
    code = "agreed-by-two"
    title_zh = "已约定的上门时间,只由居民和承接的志愿者双方来改"
    title_en = "What was agreed is moved by the resident and whoever serves, and nobody else"
    advice_zh = "请居民或志愿者提出新的时间(proposeAppointment),由对方确认;志愿者来不了,可退回(releaseOrder)"


class SlotNotMovable(Refusal):
    kind = Kind.CONFLICT
    code = "slot-not-movable"
    title_zh = "约的是服务日的时段,不单独改时间"
    title_en = "A slot of a service day is not moved by itself"
    advice_zh = "居民可取消(cancelOrder)后另约时段(bookSlot);志愿者来不了,可退回(releaseOrder)"


class AppointmentMissed(Refusal):
    kind = Kind.CONFLICT
    code = "appointment-missed"
    title_zh = "约定的时间已过,没有开始服务:订单即将退回社区,另行安排"
    title_en = "The appointment was missed: the order goes back to the community"
    advice_zh = "社区会另行派单;要改时间,可与新来的志愿者再约(proposeAppointment)"


class AppointmentStands(Refusal):
    kind = Kind.CONFLICT
    code = "appointment-stands"
    title_zh = "已约定上门时间,到时没有开始会自动退回"
    title_en = "A confirmed appointment stands: it comes back by itself when nobody begins"
    advice_zh = (
        "要改时间,由居民或志愿者提出、另一方确认(proposeAppointment);志愿者说来不了或居民要求换人的,"
        "可退回(releaseOrder)或由社区收回(takeBackOrder,cannot_come、resident_asks)"
    )
