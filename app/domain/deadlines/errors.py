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
