"""What can be refused about cases and assignments."""

from app.kernel.errors import Kind, NotFound, Refusal


class CaseNotFound(NotFound):
    """There is no such case, or the actor may not see it."""

    code = "case-not-found"
    title_zh = "没有找到这个事项"
    title_en = "No such case"


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


class EvidenceMissing(Refusal):
    """The category asks for evidence that the result does not show."""

    kind = Kind.INVALID
    code = "evidence-missing"
    title_zh = "缺少该类事项要求的办理依据"
    title_en = "Evidence that the category asks for is missing"


class AtTheTop(Refusal):
    """Nobody is above the district."""

    kind = Kind.CONFLICT
    code = "at-the-top"
    title_zh = "事项已在最高层级,不能再上报"
    title_en = "The case is at the top already"


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
