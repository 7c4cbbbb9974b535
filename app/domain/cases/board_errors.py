"""What can be refused about whistles, assignments and the joint board."""

from app.kernel.errors import Kind, NotFound, Refusal


class AssignmentNotFound(NotFound):
    """There is no such assignment, or the actor may not see it."""

    code = "assignment-not-found"
    title_zh = "没有找到这项任务"
    title_en = "No such assignment"


class NoWhistle(Refusal):
    """No whistle waits for approval."""

    kind = Kind.CONFLICT
    code = "no-whistle"
    title_zh = "没有等待审批的吹哨"
    title_en = "No whistle waits for approval"
    advice_zh = "吹哨还没有提请,或已经决定(见 getCase 的 whistle):需要吹哨的,先用 proposeWhistle 提请"


class WhistleWaits(Refusal):
    """A whistle waits for approval already."""

    kind = Kind.CONFLICT
    code = "whistle-waits"
    title_zh = "已有一个吹哨在等待审批"
    title_en = "A whistle waits for approval already"
    advice_zh = "已有一个在等批准(见 getCase 的 whistle):请由这一级的书记用 approveWhistle 决定,之后可以另提"


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
    advice_zh = (
        "它是主办:认为不归它的,在签收后的异议期限内由它自己用 contestAssignment 提出,裁定后更换;"
        "期限已过、已经裁定或已经完成的,由它办到底;协办单位可以免除"
    )


class LeadReplaced(Refusal):
    """An arbiter has given the lead to another unit."""

    kind = Kind.CONFLICT
    code = "lead-replaced"
    title_zh = "裁定已更换主办单位,结果由新的主办单位提交"
    title_en = "Another unit leads by now"
    advice_zh = "本单位已不是主办:结果由新的主办单位用 submitResult 提交"


class NotReportedIn(Refusal):
    """The lead signs and reports in before it submits a result; if it contests before it has reported in, it waits for the
    arbiter."""

    kind = Kind.CONFLICT
    code = "not-reported-in"
    title_zh = "主办单位须先签收、报到,再提交结果"
    title_en = "The lead signs and reports in before it submits a result"
    advice_zh = "请先用 signAssignment 签收、reportInAssignment 报到,再提交结果;已提异议的,待裁定后再报到"


class AlreadyContested(Refusal):
    """An assignment is contested once; whoever it was given to by an arbiter keeps it."""

    kind = Kind.CONFLICT
    code = "already-contested"
    title_zh = "这项任务不能再提异议"
    title_en = "This assignment cannot be contested again"
    advice_zh = "异议已经裁定,或任务就是裁定给本单位的:请照办;确需更多时间的,用 requestExtension"


class ContestTooLate(Refusal):
    """A unit may contest within two working hours after signing."""

    kind = Kind.CONFLICT
    code = "contest-too-late"
    title_zh = "提出异议的期限已过"
    title_en = "The time to contest has passed"
    advice_zh = "签收后可提异议的时间已过:请照办;确需更多时间的,用 requestExtension"


class ReportInFirst(Refusal):
    """In an emergency a unit reports in before it contests."""

    kind = Kind.CONFLICT
    code = "report-in-first"
    title_zh = "应急哨先到场后争议:请先报到"
    title_en = "In an emergency: come first, argue later"
    advice_zh = "还没有报到:请先用 reportInAssignment 报到,之后在异议的期限内仍可提出"


class ArbitrationWentUp(Refusal):
    """The arbiter was late, and the next level decides."""

    kind = Kind.CONFLICT
    code = "arbitration-went-up"
    title_zh = "裁定已逾期,由上一级裁定"
    title_en = "The arbitration is late: the next level decides"
    advice_zh = "裁定已经逾期:由区县或以上的裁定人用 arbitrateContest 裁定"


class NothingToExtend(Refusal):
    """The limit has passed, and what governs by now renews itself each working day."""

    kind = Kind.CONFLICT
    code = "nothing-to-extend"
    title_zh = "办理时限已到期,现在每个工作日续办,不能再延期"
    title_en = "The limit has passed: it renews each working day and is not extended"
    advice_zh = "时限已到期(见 listCaseDeadlines),延期须在到期之前申请:请尽快办结;已有督办的,用 answerSupervision 说明"


class ExtensionAsked(Refusal):
    """An extension of a case is asked for once."""

    kind = Kind.CONFLICT
    code = "extension-asked"
    title_zh = "这个事项已申请过延期;一个事项只能申请一次"
    title_en = "An extension was asked for already"
    advice_zh = "申请和决定见 getCase 的 extension:请在现有的时限内办结;已有督办的,用 answerSupervision 说明"


class ExtensionTooLate(Refusal):
    """More time is asked for and granted before the limit is due."""

    kind = Kind.CONFLICT
    code = "extension-too-late"
    title_zh = "时限已到期或已更换,不能再延期"
    title_en = "The limit is due or gone"
    advice_zh = "申请和批准都须在到期之前:请尽快办结;已有督办的,用 answerSupervision 说明"


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
    advice_zh = "延期还没有申请,或已经决定(见 getCase 的 extension):需要的,由办理的一方用 requestExtension 申请"


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


class PromiseTooFar(Refusal):
    """A promise is for this day next year at the latest, as one on an order is."""

    kind = Kind.INVALID
    code = "promise-too-far"
    title_zh = "承诺的日期太远,最晚为明年的今天"
    title_en = "A promise is for this day next year at the latest"


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
    advice_zh = "这项承诺已经完成或不在这里:未完成的见 getBoard 的 promises,新的用 addPromise 写下"


class NextPromiseMissing(Refusal):
    """A hard whistle is governed by its next promise until there is a result."""

    kind = Kind.CONFLICT
    code = "next-promise-missing"
    title_zh = "这是最后一项承诺:请先写下下一项,或提交办理结果"
    title_en = "The last promise: make the next one, or submit the result"
    advice_zh = "只剩这一项承诺:请先用 addPromise 写下下一项,或用 submitResult 提交结果"


class NotEnded(Refusal):
    """The two sides rate each other when it has ended."""

    kind = Kind.CONFLICT
    code = "not-ended"
    title_zh = "吹哨的事项还没有办结,不能评价"
    title_en = "What was whistled has not ended yet"
    advice_zh = "事项还在办理或回访:请在它办结、撤回或终止之后再评价"


class AlreadyRated(Refusal):
    """Each side rates the other once."""

    kind = Kind.CONFLICT
    code = "already-rated"
    title_zh = "已经评价过"
    title_en = "It was rated already"
    advice_zh = "评价只有一次,不能更改"
