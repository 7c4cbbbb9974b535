"""Refusals: what the domain says when it says no. No HTTP here; `app/api/problems.py` maps a Kind to a status."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Self
from uuid import UUID

if TYPE_CHECKING:
    from app.kernel.rules import Rules


class Kind(StrEnum):
    """Why something is refused, in the domain's words."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    CONFLICT = "conflict"
    LIMITED = "limited"
    BUSY = "busy"


@dataclass(frozen=True)
class FieldFault:
    """One field that is wrong: an RFC 6901 pointer into the request, a stable code and a Chinese message."""

    pointer: str
    code: str
    message: str


class Refusal(Exception):
    """A foreseen no. Each subclass is one stable `code` with a Chinese and an English title.

    `detail` is one more Chinese sentence for this occurrence, `detail_en` the same in English where there is one; they never
    hold personal data. `advice_zh`: what can be done instead, where the occurrence says nothing of its own.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title_zh: ClassVar[str]
    title_en: ClassVar[str]
    advice_zh: ClassVar[str | None] = None

    def __init__(
        self, detail: str | None = None, *, detail_en: str | None = None, fields: tuple[FieldFault, ...] = ()
    ) -> None:
        super().__init__(self.code, detail)
        self.detail = self.advice_zh if detail is None else detail
        self.detail_en = detail_en
        self.fields = fields

    @classmethod
    def named(cls, code: str) -> "Refusal":
        """The refusal of this code, as it was stored with a receipt. Raises KeyError for one that exists no more."""
        return {found.code: found for found in _below(cls)}[code]()


def _below(refusal: type[Refusal]) -> list[type[Refusal]]:
    return [kind for child in refusal.__subclasses__() for kind in (child, *_below(child)) if hasattr(kind, "code")]


class NotFound(Refusal):
    """The thing does not exist, or is not the caller's to see: the two answers are the same on purpose."""

    kind = Kind.MISSING
    code = "not-found"
    title_zh = "没有找到"
    title_en = "Not found"


class NotAllowed(Refusal):
    """No rule allows the actor. `rules`: who may, where that is known, of a matter of the kind `of` (None: a record); whoever
    writes the answer puts them into words. `when`: from when on whoever was refused may, and how it stands now, in words."""

    kind = Kind.FORBIDDEN
    code = "not-allowed"
    title_zh = "您没有这项操作的权限"
    title_en = "You may not do this"

    def __init__(
        self, detail: str | None = None, *, rules: "Rules" = (), of: str | None = None, when: str | None = None
    ) -> None:
        super().__init__(detail)
        self.rules = rules
        self.of = of
        self.when = when


class NotSignedIn(Refusal):
    kind = Kind.UNAUTHENTICATED
    code = "not-signed-in"
    title_zh = "请先登录"
    title_en = "Please sign in"


class InvalidInput(Refusal):
    kind = Kind.INVALID
    code = "invalid-input"
    title_zh = "填写的内容有误"
    title_en = "The request is not valid"


class TextRefused(Refusal):
    """A text that others would read holds a refused term, or somebody's private number. Which term is not said: that would teach
    how to get around it."""

    kind = Kind.INVALID
    code = "text-refused"
    title_zh = "这段文字含有不宜发布的内容,请修改"
    title_en = "This text is not fit to be read by others; please change it"

    @classmethod
    def at(cls, fields: Iterable[str]) -> Self:
        """The refusal for these fields of the body: "note", "steps/0"."""
        return cls(fields=tuple(FieldFault(f"/body/{field}", cls.code, cls.title_zh) for field in sorted(fields)))

    @classmethod
    def because(cls, fields: Mapping[str, str]) -> Self:
        """The refusal for these fields, each with a reason that says what to write where instead."""
        faults = tuple(FieldFault(f"/body/{field}", "private-number", why) for field, why in sorted(fields.items()))
        return cls(";".join(dict.fromkeys(fault.message for fault in faults)), fields=faults)


@dataclass(frozen=True, slots=True)
class Instead:
    """A matter, its state, that state in words (`present`), and which actions its lifecycle allows whoever was refused. Whether
    each would find what it needs (a question to answer) is looked up by whoever tells them. `advice`: what is done otherwise."""

    kind: str
    id: UUID
    state: str
    present: str
    actions: tuple[str, ...]
    advice: str | None = None


class TransitionRefused(Refusal):
    """The matter is not in a state from which this action may be taken."""

    kind = Kind.CONFLICT
    code = "transition-refused"
    title_zh = "当前状态下不能进行这项操作"
    title_en = "Not possible in the present state"
    instead: Instead | None = None


class NothingChanged(Refusal):
    """What is published is what is in force already, at the same place."""

    kind = Kind.CONFLICT
    code = "nothing-changed"
    title_zh = "没有变化:这里现行的就是这样,不必再发布"
    title_en = "Nothing changes: this is in force here already"
    advice_zh = "要改的,请先改好再发布"

    @classmethod
    def since(cls, version: int) -> Self:
        """The refusal; `version`: the one in force."""
        return cls(f"与这里现行的第 {version} 版相同;{cls.advice_zh}")


class ReasonWanted(Refusal):
    """A no, a low rating and an invalid whistle need a reason: whoever is told no reads it."""

    kind = Kind.INVALID
    code = "reason-wanted"
    title_zh = "请写明原因"
    title_en = "Please give a reason"

    @classmethod
    def said(cls, why: str) -> Self:
        """The refusal at the field; `why`: what the reason is wanted for."""
        return cls(why, fields=(FieldFault("/body/reason", cls.code, why),))

    @classmethod
    def demand(cls, reason: str | None, *, agreed: bool, why: str) -> None:
        """Raises it for a decision that says no without a reason."""
        if not agreed and not reason:
            raise cls.said(why)


class KeyReused(Refusal):
    """The same idempotency key came with another request."""

    kind = Kind.INVALID
    code = "idempotency-key-reused"
    title_zh = "同一个幂等键已用于另一个请求"
    title_en = "This Idempotency-Key was used for another request"


class Busy(Refusal):
    """The database is away, or too many ask at once: try again in a moment, with the same key."""

    kind = Kind.BUSY
    code = "busy"
    title_zh = "系统繁忙,请稍后重试"
    title_en = "Busy, please try again"
