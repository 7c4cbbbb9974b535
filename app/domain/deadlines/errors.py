"""What the room of the deadlines refuses."""

from app.kernel.errors import Kind, NotFound, Refusal


class UnknownDeadline(NotFound):
    code = "unknown-deadline"
    title_zh = "没有这种时限"
    title_en = "There is no such kind of deadline"


class PolicyInvalid(Refusal):
    kind = Kind.INVALID
    code = "policy-invalid"
    title_zh = "时限规则有误"
    title_en = "The deadline policy is not valid"


class CalendarInvalid(Refusal):
    kind = Kind.INVALID
    code = "calendar-invalid"
    title_zh = "日历有误"
    title_en = "The calendar is not valid"


class CalendarNotFound(NotFound):
    code = "calendar-not-found"
    title_zh = "没有找到这份日历"
    title_en = "Calendar not found"


class CalendarPublished(Refusal):
    kind = Kind.CONFLICT
    code = "calendar-published"
    title_zh = "这份日历已经公布,或已有更新的版本"
    title_en = "This calendar is published already, or a newer one is"


class DraftNotFound(NotFound):
    code = "draft-not-found"
    title_zh = "没有找到这份草稿"
    title_en = "Draft not found"
