"""What can be refused about units."""

from app.kernel.errors import Kind, NotFound, Refusal


class UnitNotFound(NotFound):
    """There is no such unit, or it was closed."""

    code = "unit-not-found"
    title_zh = "没有找到这个单位"
    title_en = "No such unit"


class UnitExists(Refusal):
    """The place has an open unit of that name."""

    kind = Kind.CONFLICT
    code = "unit-exists"
    title_zh = "这个地点已有同名的单位"
    title_en = "The place has a unit of that name"


class UnitsStandAbove(Refusal):
    """A unit stands at a street or a district."""

    kind = Kind.INVALID
    code = "units-stand-above"
    title_zh = "单位设在街道或区县:请填其编号,社区的事项由上级的单位负责"
    title_en = "A unit stands at a street or a district"


class WorksThere(Refusal):
    """The person works in the unit already."""

    kind = Kind.CONFLICT
    code = "works-there"
    title_zh = "此人已在这个单位"
    title_en = "The person works in the unit already"


class MemberNotFound(NotFound):
    """There is no such live member of the unit."""

    code = "unit-member-not-found"
    title_zh = "这个单位没有这位在任人员"
    title_en = "No such member of the unit"


class UnitBusy(Refusal):
    """The unit has assignments that are not finished."""

    kind = Kind.CONFLICT
    code = "unit-busy"
    title_zh = "单位还有未完成的任务,不能撤销"
    title_en = "The unit still has assignments"


class NotInUnit(Refusal):
    """The absent one and the deputy are two people who work in the unit."""

    kind = Kind.INVALID
    code = "not-in-unit"
    title_zh = "代理人和被代理人须是这个单位的两位在任人员"
    title_en = "Both must work in the unit"


class DeputyNamed(Refusal):
    """The two are absent and deputy for all of that time already."""

    kind = Kind.CONFLICT
    code = "deputy-named"
    title_zh = "这段时间已指定此人代理,不必重复指定"
    title_en = "They stand in for that time already"


class AnswersAlready(Refusal):
    """The register says so already."""

    kind = Kind.CONFLICT
    code = "answers-already"
    title_zh = "这个地点的这类事项已由该单位负责,不必重复规定"
    title_en = "The unit answers for it there already"


class PeriodEmpty(Refusal):
    """The period ends after it begins, and after now."""

    kind = Kind.INVALID
    code = "period-empty"
    title_zh = "结束时间须晚于开始时间和现在"
    title_en = "The period is empty or over"


class ResponsibilitiesRefused(Refusal):
    """Lines that cannot be imported; nothing was written. Each is named."""

    kind = Kind.INVALID
    code = "responsibilities-refused"
    title_zh = "文件中有不能导入的行,没有写入任何内容"
    title_en = "Some lines cannot be imported; nothing was written"
