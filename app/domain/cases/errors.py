"""What can be refused about cases and assignments."""

from app.kernel.errors import Kind, NotFound, Refusal


class CaseNotFound(NotFound):
    """There is no such case, or the actor may not see it."""

    code = "case-not-found"
    title_zh = "没有找到这个事项"
    title_en = "No such case"


class ReporterNotFound(NotFound):
    """The caller does not live where the actor works."""

    code = "reporter-not-found"
    title_zh = "您的社区没有登记这位居民,请先登记(registerResident)再上报"
    title_en = "Your community has not registered this resident: register them first"


class NotRepresented(NotFound):
    """There is no recorded consent of the person for whom somebody reports."""

    code = "not-represented"
    title_zh = "没有这位居民同意由您代报的记录"
    title_en = "There is no record that this person agreed"


class AssignmentNotFound(NotFound):
    """There is no such assignment, or the actor may not see it."""

    code = "assignment-not-found"
    title_zh = "没有找到这项任务"
    title_en = "No such assignment"


class CategoryNotFound(Refusal):
    """The catalogue of the place has no such category."""

    kind = Kind.INVALID
    code = "category-not-found"
    title_zh = "这里的事项目录没有这个类别"
    title_en = "The catalogue here has no such category"


class PlaceNotBelowCommunity(Refusal):
    """A case stands at a community or below it, where the reporter lives or works."""

    kind = Kind.INVALID
    code = "place-not-below-community"
    title_zh = "请选择您所在社区或其中的小区、网格"
    title_en = "A case stands at a community or below it"


class EmergencyOnTheSpot(Refusal):
    """An emergency is reported, so that whoever has to know is told, also when it looks solved."""

    kind = Kind.CONFLICT
    code = "emergency-on-the-spot"
    title_zh = (
        "紧急事项不能随手办:请用 reportCase 上报,系统会立即通知责任单位、书记和街道;已经做了什么,写在反映的内容里"
    )
    title_en = "An emergency is reported, so that unit, secretary and street are told at once"


class EvidenceMissing(Refusal):
    """The category asks for evidence that the result does not show."""

    kind = Kind.INVALID
    code = "case-evidence-missing"
    title_zh = "缺少该类事项要求的办理依据"
    title_en = "Evidence that the category asks for is missing"


class AtTheTop(Refusal):
    """Nobody is above the district."""

    kind = Kind.CONFLICT
    code = "at-the-top"
    title_zh = "事项已在最高层级,不能再上报"
    title_en = "The case is at the top already"


class ReturnedTwice(Refusal):
    """A result came back twice: the third is not sent back again, by nobody."""

    kind = Kind.CONFLICT
    code = "returned-twice"
    title_zh = "结果已退回两次,不能再退:请核验通过,转由上报人回访;没有解决的,回访后重新办理"
    title_en = "The result came back twice: now it goes to the call-back, where its reporters say whether it is solved"


class NoWhistle(Refusal):
    """No whistle waits for approval."""

    kind = Kind.CONFLICT
    code = "no-whistle"
    title_zh = "没有等待审批的吹哨"
    title_en = "No whistle waits for approval"


class WhistleWaits(Refusal):
    """A whistle waits for approval already."""

    kind = Kind.CONFLICT
    code = "whistle-waits"
    title_zh = "已有一个吹哨在等待审批"
    title_en = "A whistle waits for approval already"


class UnitNotHere(Refusal):
    """The unit is closed, or does not serve the place of the case."""

    kind = Kind.INVALID
    code = "unit-not-here"
    title_zh = "单位不存在、已撤销或不负责这个地方"
    title_en = "The unit is closed or does not serve this place"


class UnitTwice(Refusal):
    """A unit stands once on a board."""

    kind = Kind.INVALID
    code = "unit-twice"
    title_zh = "同一个单位只能有一个席位"
    title_en = "A unit has one seat on a board"


class SameHand(Refusal):
    """Handler, call-back officer and arbiter of one case are three people."""

    kind = Kind.FORBIDDEN
    code = "same-hand"
    title_zh = "办理、回访、裁定须由不同的人承担"
    title_en = "Handler, call-back officer and arbiter are three people"


class NotAPartner(Refusal):
    """A call-up goes to partners only."""

    kind = Kind.INVALID
    code = "not-a-partner"
    title_zh = "召集哨只召集共建单位"
    title_en = "A call-up goes to partners"


class LeadStays(Refusal):
    """The first receiver stays the lead until arbitration replaces it (domain.md §5)."""

    kind = Kind.CONFLICT
    code = "lead-unit-stays"
    title_zh = "首接负责:主办单位不能免除,只能由裁定更换"
    title_en = "The lead stays until an arbiter replaces it"


class LeadReplaced(Refusal):
    """An arbiter has given the lead to another unit."""

    kind = Kind.CONFLICT
    code = "lead-replaced"
    title_zh = "裁定已更换主办单位,结果由新的主办单位提交"
    title_en = "Another unit leads by now"


class NotReportedIn(Refusal):
    """The lead signs and reports in before it submits a result; while an arbiter decides whose it is, it waits."""

    kind = Kind.CONFLICT
    code = "not-reported-in"
    title_zh = "主办单位须先签收(signAssignment)、报到(reportInAssignment),再提交结果;已提异议的,待裁定后再报到"
    title_en = "The lead signs and reports in before it submits a result"


class AlreadyContested(Refusal):
    """An assignment is contested once; whoever it was given to by an arbiter keeps it."""

    kind = Kind.CONFLICT
    code = "already-contested"
    title_zh = "这项任务不能再提异议"
    title_en = "This assignment cannot be contested again"


class ContestTooLate(Refusal):
    """A unit may contest within two working hours after signing."""

    kind = Kind.CONFLICT
    code = "contest-too-late"
    title_zh = "提出异议的期限已过"
    title_en = "The time to contest has passed"


class ReportInFirst(Refusal):
    """In an emergency a unit reports in before it contests."""

    kind = Kind.CONFLICT
    code = "report-in-first"
    title_zh = "应急哨先到场后争议:请先报到"
    title_en = "In an emergency: come first, argue later"


class ArbitrationWentUp(Refusal):
    """The arbiter was late, and the next level decides."""

    kind = Kind.CONFLICT
    code = "arbitration-went-up"
    title_zh = "裁定已逾期,由上一级裁定"
    title_en = "The arbitration is late: the next level decides"


class NothingToExtend(Refusal):
    """No limit that could be extended governs the case."""

    kind = Kind.CONFLICT
    code = "nothing-to-extend"
    title_zh = "现在没有可以延期的办理时限"
    title_en = "No limit can be extended now"


class ExtensionAsked(Refusal):
    """An extension of a case is asked for once."""

    kind = Kind.CONFLICT
    code = "extension-asked"
    title_zh = "这个事项已申请过延期;一个事项只能申请一次"
    title_en = "An extension was asked for already"


class ExtensionTooLate(Refusal):
    """More time is asked for and granted before the limit is due."""

    kind = Kind.CONFLICT
    code = "extension-too-late"
    title_zh = "时限已到期或已更换,不能再延期"
    title_en = "The limit is due or gone"


class ExtensionTooLong(Refusal):
    """An extension is at most as long as the original budget."""

    kind = Kind.INVALID
    code = "extension-too-long"
    title_zh = "延长的时间不能超过原定时限"
    title_en = "An extension is at most the original budget"


class NothingAsked(Refusal):
    """No extension waits for a decision."""

    kind = Kind.CONFLICT
    code = "nothing-asked"
    title_zh = "没有等待批准的延期申请"
    title_en = "No extension waits for a decision"


class HeldInFuture(Refusal):
    """Minutes are written after the meeting."""

    kind = Kind.INVALID
    code = "held-in-future"
    title_zh = "会议时间不能晚于现在"
    title_en = "The meeting has not been held yet"


class PromiseInPast(Refusal):
    """A promise is for a later moment."""

    kind = Kind.INVALID
    code = "promise-in-past"
    title_zh = "承诺的日期须晚于现在"
    title_en = "A promise is for later"


class NotOnBoard(Refusal):
    """A unit that came or promised has a seat on the board."""

    kind = Kind.INVALID
    code = "not-on-board"
    title_zh = "这个单位不在联席席位上"
    title_en = "The unit has no seat on this board"


class PromiseNotOpen(Refusal):
    """There is no such promise, or it was kept already."""

    kind = Kind.CONFLICT
    code = "promise-not-open"
    title_zh = "没有这项未完成的承诺"
    title_en = "No such promise is open"


class NextPromiseMissing(Refusal):
    """A hard whistle is governed by its next promise until there is a result."""

    kind = Kind.CONFLICT
    code = "next-promise-missing"
    title_zh = "这是最后一项承诺:请先写下下一项,或提交办理结果"
    title_en = "The last promise: make the next one, or submit the result"


class NotEnded(Refusal):
    """The two sides rate each other when it has ended."""

    kind = Kind.CONFLICT
    code = "not-ended"
    title_zh = "吹哨的事项还没有办结,不能评价"
    title_en = "What was whistled has not ended yet"


class AlreadyRated(Refusal):
    """Each side rates the other once."""

    kind = Kind.CONFLICT
    code = "already-rated"
    title_zh = "已经评价过"
    title_en = "It was rated already"


class ReasonWanted(Refusal):
    """A refusal, a low rating and an invalid whistle need a reason."""

    kind = Kind.INVALID
    code = "reason-wanted"
    title_zh = "请写明原因"
    title_en = "Please give a reason"


class OthersJoined(Refusal):
    """Other people have joined the case, or theirs were merged into it: one reporter does not take it back for them."""

    kind = Kind.CONFLICT
    code = "others-joined"
    title_zh = "已有其他居民附议,不能由您一人撤回"
    title_en = "Others have joined this case; it is not yours alone to withdraw"


class AlreadyJoined(Refusal):
    """The resident reported the case, or has joined it."""

    kind = Kind.CONFLICT
    code = "already-joined"
    title_zh = "您已上报或附议过这个事项"
    title_en = "You have reported or joined this case already"


class ParentNotFound(Refusal):
    """There is no such case to merge into, the actor has no office there, or its level does not reach the place of this one."""

    kind = Kind.INVALID
    code = "parent-not-found"
    title_zh = "不能并入这个事项:没有找到,或不由您办理,或不在其办理范围内"
    title_en = "No such case to merge into here"


class HasMerged(Refusal):
    """Others are merged into the case, so it is not merged itself."""

    kind = Kind.CONFLICT
    code = "has-merged"
    title_zh = "已有事项并入它,不能再把它并入别的事项"
    title_en = "Other cases are merged into this one"


class OnlyFromStreet(Refusal):
    """A case hangs by the street's word or a higher one, not the community's."""

    kind = Kind.CONFLICT
    code = "only-from-street"
    title_zh = "挂账须由街道或以上决定,请先上报"
    title_en = "Only the street or a higher level lets a case hang"


class ReviewTooFar(Refusal):
    """What hangs is looked at again within thirty days, and not before now."""

    kind = Kind.INVALID
    code = "review-too-far"
    title_zh = "复核日期须在三十天之内"
    title_en = "The review is within thirty days"


class NotBig(Refusal):
    """Big matters are deliberated; small ones are handled, hard ones go up."""

    kind = Kind.CONFLICT
    code = "not-big"
    title_zh = "只有大事提交议事"
    title_en = "Only big matters are deliberated"


class AtTheBottom(Refusal):
    """Nobody is below the community."""

    kind = Kind.CONFLICT
    code = "at-the-bottom"
    title_zh = "事项已在社区,不能再下派"
    title_en = "The case is at the community already"


class NotAdmitted(Refusal):
    """The category is not on the community's admission list, and no approval names the money that goes along (S1)."""

    kind = Kind.CONFLICT
    code = "not-admitted"
    title_zh = "不在社区准入清单内,须有写明经费的批准方可下派"
    title_en = "Not on the community's admission list, and no money goes along"
