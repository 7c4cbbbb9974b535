"""What can be refused about cases; about whistles and the joint board, `board_errors.py`."""

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
        "紧急事项不能随手办:请用 reportCase 上报,系统会立即通知责任单位、社区书记和街道值班的派单员;"
        "已经做了什么,写在反映的内容里"
    )
    title_en = "An emergency is reported, so that unit, secretary and street are told at once"
    advice_zh = "这件事还没有上报:请用 reportCase 上报,责任单位看过以后由它提交结果"


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
    advice_zh = "上面没有更高的层级:请在本级办理(submitResult)、吹哨(proposeWhistle),或眼下办不了的挂账(hangCase)"


class ReturnedTwice(Refusal):
    """A result came back twice: the third is not sent back again, by nobody."""

    kind = Kind.CONFLICT
    code = "returned-twice"
    title_zh = "结果已退回两次,不能再退:请核验通过,转由上报人回访;没有解决的,回访后重新办理"
    title_en = "The result came back twice: now it goes to the call-back, where its reporters say whether it is solved"
    advice_zh = "这一轮已退回两次:请用 checkResult 核验通过(accepted 填 true)"


class SameHand(Refusal):
    """Handler, call-back officer and arbiter of one case are three people."""

    kind = Kind.FORBIDDEN
    code = "same-hand"
    title_zh = "办理、回访、裁定须由不同的人承担"
    title_en = "Handler, call-back officer and arbiter are three people"


class OthersJoined(Refusal):
    """Other people have joined the case, or theirs were merged into it: one reporter does not take it back for them."""

    kind = Kind.CONFLICT
    code = "others-joined"
    title_zh = "已有其他居民附议,不能由您一人撤回"
    title_en = "Others have joined this case; it is not yours alone to withdraw"
    advice_zh = "还有附议的居民:事项继续办理;您不再需要的,回访时照实答复即可"


class AlreadyJoined(Refusal):
    """The resident reported the case, or has joined it."""

    kind = Kind.CONFLICT
    code = "already-joined"
    title_zh = "您已上报或附议过这个事项"
    title_en = "You have reported or joined this case already"
    advice_zh = "不必再附议:进展见 getCase,办完会回访您"


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
    advice_zh = "请反过来,用 mergeCase 把另一个并入这个;或先用 unmergeCase 撤销已并入的"


class OnlyFromStreet(Refusal):
    """A case hangs by the street's word or a higher one, not the community's."""

    kind = Kind.CONFLICT
    code = "only-from-street"
    title_zh = "挂账须由街道或以上决定,请先上报"
    title_en = "Only the street or a higher level lets a case hang"
    advice_zh = "还在社区:请先用 escalateCase 上报到街道,由街道挂账"


class ReviewTooFar(Refusal):
    """What hangs is looked at again within thirty days, and not before now."""

    kind = Kind.INVALID
    code = "review-too-far"
    title_zh = "复核日期须晚于现在,最晚在三十天之内"
    title_en = "The review lies ahead, within thirty days"


class NotBig(Refusal):
    """Big matters are deliberated; small ones are handled, hard ones go up."""

    kind = Kind.CONFLICT
    code = "not-big"
    title_zh = "只有大事提交议事"
    title_en = "Only big matters are deliberated"
    advice_zh = "它不是大事:小事直接办理(submitResult),难事吹哨(proposeWhistle)或上报一级(escalateCase)"


class AtTheBottom(Refusal):
    """Nobody is below the community."""

    kind = Kind.CONFLICT
    code = "at-the-bottom"
    title_zh = "事项已在社区,不能再下派"
    title_en = "The case is at the community already"
    advice_zh = "已在社区:请在社区办理(submitResult)、吹哨(proposeWhistle)或上报一级(escalateCase)"


class NotAdmitted(Refusal):
    """The category is not on the admission list that holds below, and no approval names the money that goes along (S1)."""

    kind = Kind.CONFLICT
    code = "not-admitted"
    title_zh = "不在下一级的准入清单内,须有写明经费的批准方可下派"
    title_en = "Not on the admission list of the level below, and no money goes along"
    advice_zh = (
        "下派到街道、到社区都看事项所在社区的准入清单(getAdmissionList),清单里没有这一类:"
        "请写明经费 amount 和来源 source 一起下派,或在本级办理"
    )
