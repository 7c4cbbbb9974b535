"""What the orders refuse; of service days and their slots, `service_day_errors.py`."""

from datetime import datetime

from app.domain.deadlines.spoken import exact
from app.kernel.errors import FieldFault, Kind, NotFound, Refusal
from app.kernel.time import wire


class OrderNotFound(NotFound):
    code = "order-not-found"
    title_zh = "没有找到这个订单"
    title_en = "Order not found"

    @classmethod
    def at_station(cls) -> "OrderNotFound":
        """The same to whoever works at a station, whichever order it is: what a station sees at all."""
        return cls("站点看得到的,是进行中和待评价的订单:取消了的、评价过的不再看得到")


class OrderPassedOn(Refusal):
    """To whoever was asked to take it, or had it: who has it now is not said."""

    kind = Kind.FORBIDDEN
    code = "order-passed-on"
    title_zh = "这个订单已不归您承接:已退回社区、转给他人,或已结束"
    title_en = "This order is no longer yours: it went back to the community, on to somebody else, or has ended"
    advice_zh = "您手上的订单见 listMyTasks,现在可以抢的见 listPool"


class NoCommunity(Refusal):
    kind = Kind.CONFLICT
    code = "no-community"
    title_zh = "请先选择您所在的社区"
    title_en = "Choose your community first"
    advice_zh = "在「我的社区」里选定(joinPlace)后再点单"


class ServiceNotOffered(Refusal):
    kind = Kind.CONFLICT
    code = "service-not-offered"
    title_zh = "这个社区没有提供这项服务"
    title_en = "This service is not offered in your community"
    advice_zh = "现在可以点的服务见 listServices;居民也可致电社区站点(电话见 getPlace)询问"


class ContactMissing(Refusal):
    kind = Kind.INVALID
    code = "contact-missing"
    title_zh = "请填写联系人姓名、电话和地址"
    title_en = "Name, phone and address are needed"
    advice_zh = "缺哪一项见 errors:填在 contact 里(没有电话的,填邻居或站点的),或先由受益人在 updateMe 登记好"


class VolunteerNotQualified(Refusal):
    kind = Kind.CONFLICT
    code = "volunteer-not-qualified"
    title_zh = "这位志愿者不能承接此订单"
    title_en = "This volunteer does not qualify for the order"
    advice_zh = "派单员可看谁合适(suggestVolunteers),志愿者可看还能接哪些单(listPool)"


class TeamNotQualified(Refusal):
    kind = Kind.CONFLICT
    code = "team-not-qualified"
    title_zh = "这支队伍眼下没有能承接此订单的队员"
    title_en = "Nobody of this team qualifies for the order now"
    advice_zh = "可派给其他队伍(listTeams)或合适的志愿者(suggestVolunteers)"


class NotOfTheTeam(Refusal):
    kind = Kind.CONFLICT
    code = "not-of-the-team"
    title_zh = "此人不是承接这个订单的队伍的队员"
    title_en = "This person is no member of the team that has the order"
    advice_zh = "队员见 getTeam;没有派给队伍的订单不能改派"


class OwnOrder(Refusal):
    kind = Kind.CONFLICT
    code = "own-order"
    title_zh = "自己下的、代下的或为自己下的订单,不能由自己派单或接单"
    title_en = "Nobody dispatches or serves an order that they placed, represent or benefit from"
    advice_zh = "请由其他派单员派单,或等其他志愿者来接"


class NoConsent(NotFound):
    code = "no-consent"
    title_zh = "没有此人同意您代下单的记录"
    title_en = "No consent of this person that you order for them"
    advice_zh = "先登记对方(registerBeneficiary),由其同意或由站点记录;已同意的见 listMyBeneficiaries"


class CallerNotFound(NotFound):
    code = "caller-not-found"
    title_zh = "您的社区没有登记这位居民,请先登记(registerResident)再点单"
    title_en = "Your community has not registered this resident: register them first"
    advice_zh = (
        "登记过而没有自己电话的,按姓名找(findResidents),凭编号点单;电话已在别处登记的,请本人在小程序里改选现在的社区"
        "(joinPlace),没有微信的,登记时不填电话,点单时在 contact 里填"
    )


class NotReached(Refusal):
    kind = Kind.CONFLICT
    code = "not-reached"
    title_zh = "没有居民的码和住户卡时,须先由社区工作人员电话或上门联系居民"
    title_en = "Without code and card, the staff reach the resident by phone or visit first"
    advice_zh = (
        "须在接单之后联系,由社区或站点的工作人员(承接人以外)电话或上门,并记下(recordContact);"
        "接单之前的联系、承接人自己的联系和消息都不算"
    )


NOT_REACHED_SINCE = (
    "须在交出材料(上次归还)之后,由社区派单员、书记,或代为点单的工作人员电话或上门联系居民并记下(recordContact);"
    "订单已结束的,请把材料交社区派单员归还(returnPapers)"
)
"""Of papers that come back without code and card."""


class StartCodeWrong(Refusal):
    kind = Kind.CONFLICT
    code = "start-code-wrong"
    title_zh = "开始码或住户卡号不正确,请向居民核对"
    title_en = "The start code or the card is wrong"
    advice_zh = "开始码在居民的订单页上(getOrder),接单后换人就换码;输错五次须等十分钟"


class StartCodeLocked(Refusal):
    kind = Kind.LIMITED
    code = "start-code-locked"
    title_zh = "输错次数过多,请十分钟后再试"
    title_en = "Too many wrong codes, try again in ten minutes"


class ReasonMissing(Refusal):
    kind = Kind.INVALID
    code = "reason-missing"
    title_zh = "评价较低时请说明原因"
    title_en = "A low rating needs a reason"


class QuestionNotFound(NotFound):
    code = "question-not-found"
    title_zh = "没有找到等待回答的问题"
    title_en = "No such question waits for an answer"
    advice_zh = "可能已经回答过;问题和是否已回答见 listOrderPosts"


class PauseNotFound(NotFound):
    code = "pause-not-found"
    title_zh = "没有找到这次暂停"
    title_en = "No such pause"


class NothingToPause(Refusal):
    kind = Kind.CONFLICT
    code = "nothing-to-pause"
    title_zh = "这项时限不能暂停,或已经停止"
    title_en = "This deadline does not pause, or has stopped"
    advice_zh = "各项时限见 listDeadlines:响应和答复从不暂停;正在暂停的可提前继续(resumeDeadline)"


class PauseOver(Refusal):
    kind = Kind.INVALID
    code = "pause-over"
    title_zh = "暂停的结束时间须在将来"
    title_en = "A pause ends in the future"


class PausedTooLong(Refusal):
    kind = Kind.CONFLICT
    code = "paused-too-long"
    title_zh = "暂停太久:一次暂停有上限,合计最多为时限的两倍"
    title_en = "One pause has a limit, and all together last at most twice the budget"
    advice_zh = "请改一个更早的结束时间;已暂停多久见 explainDeadline"

    @classmethod
    def beyond(cls, latest: datetime | None) -> "PausedTooLong":
        """With the latest end that is possible; None: no time is left for pauses."""
        if latest is None:
            return cls(
                "这项时限可以暂停的时间已经用完;已暂停多久见 explainDeadline", detail_en="No time is left for pauses"
            )
        why = f"最晚到{exact(latest)}"
        fault = FieldFault("/body/until_at", cls.code, why)
        return cls(f"{why};已暂停多久见 explainDeadline", detail_en=f"At the latest {wire(latest)}", fields=(fault,))


class AlreadyDisputed(Refusal):
    kind = Kind.CONFLICT
    code = "already-disputed"
    title_zh = "这次暂停已经提出过异议"
    title_en = "This pause was disputed already"
    advice_zh = "等暂停者以外的人裁定(decideDispute),结果会告诉您"


class NotDisputed(Refusal):
    kind = Kind.CONFLICT
    code = "not-disputed"
    title_zh = "这次暂停没有待裁定的异议"
    title_en = "No dispute of this pause waits for a decision"
    advice_zh = "还没有人提出异议,或已经裁定;各次暂停见 explainDeadline"


class OwnPause(Refusal):
    kind = Kind.CONFLICT
    code = "own-pause"
    title_zh = "不能裁定自己作出的暂停"
    title_en = "Nobody decides on a pause of their own"
    advice_zh = "请由书记或管理员中的另一人裁定"


class PromiseTooEarly(Refusal):
    kind = Kind.INVALID
    code = "promise-too-early"
    title_zh = "承诺的日期已经过去"
    title_en = "A promised date lies in the future"


class PromiseTooLate(Refusal):
    kind = Kind.INVALID
    code = "promise-too-late"
    title_zh = "承诺的日期太远,最晚为明年的今天"
    title_en = "A promised date is at the latest this day next year"


class TeamNotHere(Refusal):
    kind = Kind.CONFLICT
    code = "team-not-here"
    title_zh = "没有服务这个地方的这支队伍"
    title_en = "No such team serves this place"
    advice_zh = "服务这里的队伍见 listTeams;也可派给志愿者本人"


class TeamWithoutLead(Refusal):
    """A team that serves the place, and whose lead does not volunteer any more."""

    kind = Kind.CONFLICT
    code = "team-without-lead"
    title_zh = "这支队伍眼下没有队长"
    title_en = "The team has no lead for now"
    advice_zh = "请先由社区书记或管理员指定新的队长(setTeamLead);也可派给志愿者本人"


class AlreadyRefused(Refusal):
    kind = Kind.CONFLICT
    code = "already-refused"
    title_zh = "对方本轮已谢绝这个订单,或居民要求换人,请另派"
    title_en = "They have declined this order in this round, or the resident asked for somebody else"
    advice_zh = "还可以派给谁,见 suggestVolunteers"

    @classmethod
    def unwanted(cls) -> "AlreadyRefused":
        """It was taken back from them, since the resident asked for somebody else."""
        return cls(f"居民要求换人,已从对方收回;{cls.advice_zh}", detail_en="The resident has asked for somebody else")


class AlreadyAssigned(Refusal):
    kind = Kind.CONFLICT
    code = "already-assigned"
    title_zh = "这一单已经由这位队员承接"
    title_en = "This member has the order already"
    advice_zh = "要换人的,请选另一位队员"


class NotAgain(Refusal):
    kind = Kind.INVALID
    code = "not-again"
    title_zh = "不再需要的服务,不再另找人来"
    title_en = "What is not needed any more is not done again"
    advice_zh = "不再需要(no_longer_needed)的,again 填 false,就此取消;还需要的,请改选中止的原因"


class ComplainedOf(Refusal):
    """For the staff who dispatch: whom it is about learns of it nowhere."""

    kind = Kind.CONFLICT
    code = "complained-of"
    title_zh = "居民这一方对其有意见,或说现场不安全:这个订单不再派给此人或其队伍"
    title_en = "The resident complained of their attitude: this order does not go to them, or to their team"
    advice_zh = "居民怎么说,见 listOrderPosts;还可以派给谁,见 suggestVolunteers"


class SecondRework(Refusal):
    kind = Kind.CONFLICT
    code = "second-rework"
    title_zh = "已返工一次,再次返工须由社区书记决定"
    title_en = "A further round is the secretary's to begin"
    advice_zh = "请联系社区书记(站点电话见 getPlace);书记可以再开一轮(reworkOrder)"


class ExportTooLarge(Refusal):
    """More orders in the period than one spreadsheet takes."""

    kind = Kind.INVALID
    code = "export-too-large"
    title_zh = "这一时段的订单超过一万条,请缩短时段后分次导出"
    title_en = "More than ten thousand orders in this period: export a shorter one"


class NotOnDuty(Refusal):
    kind = Kind.CONFLICT
    code = "not-on-duty"
    title_zh = "接班人须是本地的派单员或书记,且不能是您自己"
    title_en = "Who takes the shift over is another dispatcher or secretary of this place"
    advice_zh = "本地的派单员和书记见 listRoleHolders"


class NotForThisService(Refusal):
    kind = Kind.CONFLICT
    code = "not-for-this-service"
    title_zh = "这项服务不适用此操作"
    title_en = "This is not for a service of this form"
    advice_zh = "这个订单现在可以做什么,见 getOrder 的 actions"


class WishIsClaimed(Refusal):
    kind = Kind.CONFLICT
    code = "wish-is-claimed"
    title_zh = "微心愿由大家认领,不派单,请使用认领"
    title_en = "A wish is claimed in somebody's name, and not offered"
    advice_zh = "志愿者认领用 claimWish"


class SameService(Refusal):
    kind = Kind.CONFLICT
    code = "same-service"
    title_zh = "订单已经是这项服务"
    title_en = "The order is for this service already"
    advice_zh = "要改的话请另选一项服务(listServices)"


class SlotsAreBooked(Refusal):
    kind = Kind.CONFLICT
    code = "slots-are-booked"
    title_zh = "服务日须预约时段,请选择一个时段"
    title_en = "A service day is booked by the slot"
    advice_zh = "有空位的时段见 listServiceDays,预约用 bookSlot"


class EvidenceMissing(Refusal):
    kind = Kind.INVALID
    code = "evidence-missing"
    title_zh = "这项服务完成时须交凭据,请补齐"
    title_en = "The service wants evidence that was not given"


class EvidenceInvalid(Refusal):
    kind = Kind.INVALID
    code = "evidence-invalid"
    title_zh = "凭据填写有误"
    title_en = "The evidence is not valid"
