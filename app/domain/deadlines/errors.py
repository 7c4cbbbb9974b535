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


class MissedTooLongAgo(Refusal):
    kind = Kind.INVALID
    code = "missed-too-long-ago"
    title_zh = "只能查看最近 31 天错过的时限,请填写较近的日期"
    title_en = "What was missed is listed for the last 31 days"


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


class DraftUsed(Refusal):
    kind = Kind.CONFLICT
    code = "draft-used"
    title_zh = "这份草稿已经发布过"
    title_en = "This draft was published already"
    advice_zh = "一份草稿只发布一次;要再用同样的内容,请用 draftDeadlinePolicy 另起一份"


class ReplayRunning(Refusal):
    """One replay a person, two for all: each keeps a connection and a processor busy."""

    kind = Kind.LIMITED
    code = "replay-running"
    title_zh = "正在进行的重演太多(每人一次,同时最多两次),请稍后再试"
    title_en = "Too many replays are running (one a person, two at once), try again in a while"
    retry_after = 10


class ReplayTooLong(Refusal):
    kind = Kind.INVALID
    code = "replay-too-long"
    title_zh = "这段时间的时限太多,一次请求内重演不完:请缩短时段,或改用带进度的重演"
    title_en = "Too many deadlines for one request: shorten the period, or ask for the replay with its progress"


class DeadlineNotFound(NotFound):
    code = "deadline-not-found"
    title_zh = "没有找到这项时限"
    title_en = "No such deadline"
