"""What the room of the refused terms refuses."""

from app.kernel.errors import Kind, NotFound, Refusal


class TermNotFound(NotFound):
    code = "term-not-found"
    title_zh = "没有找到这个不宜词"
    title_en = "Refused term not found"


class TermTooShort(Refusal):
    kind = Kind.INVALID
    code = "term-too-short"
    title_zh = "不宜词去掉空格和标点后,至少要有两个字"
    title_en = "Without spaces and punctuation, a refused term has two characters at least"


class TermAlreadyRefused(Refusal):
    kind = Kind.CONFLICT
    code = "term-already-refused"
    title_zh = "这个地点已有同样的不宜词"
    title_en = "The place refuses this term already"


class TermAlreadyRemoved(Refusal):
    kind = Kind.CONFLICT
    code = "term-already-removed"
    title_zh = "这个不宜词已经移除"
    title_en = "This refused term was removed already"
