"""Keyset pages: a list goes on after the last row that was seen, so that new rows neither repeat nor hide old ones.

Rows are ordered by (created_at, id), in a list that groups them by their group first. The cursor is opaque to the client; it
holds nothing that the row did not show.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.errors import FieldFault, InvalidInput
from app.kernel.text import Digits, Opaque

DEFAULT_LIMIT: Final = 20
MAX_LIMIT: Final = 100

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST_MICROS: Final = (datetime(2100, 1, 1, tzinfo=UTC) - _EPOCH) // _MICROSECOND
_MAX_GROUP: Final = 99
_ALPHABET: Final = re.compile(r"[A-Za-z0-9_-]{1,120}")

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after which a list goes on."""

    created_at: datetime
    id: UUID
    group: int = 0

    def encode(self) -> str:
        """The opaque text for `next_cursor`."""
        micros = (self.created_at - _EPOCH) // _MICROSECOND
        parts = [micros, str(self.id), self.group][: 3 if self.group else 2]
        packed = json.dumps(parts, separators=(",", ":")).encode()
        return urlsafe_b64encode(packed).rstrip(b"=").decode()

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """The cursor that `encode` wrote. Raises InvalidInput for anything else, pointing at `/query/cursor`."""
        try:
            cursor = cls._unpack(text)
        except (ValueError, TypeError, RecursionError, binascii.Error):
            cursor = None
        if cursor is None or cursor.encode() != text:
            fault = FieldFault("/query/cursor", "cursor-invalid", "翻页标记无效,请从第一页重新开始")
            raise InvalidInput(fields=(fault,))
        return cursor

    @classmethod
    def _unpack(cls, text: str) -> "Cursor | None":
        if not _ALPHABET.fullmatch(text):
            return None
        micros, row_id, *more = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        group = more[0] if len(more) == 1 else 0
        if type(micros) is not int or not 0 <= micros < _LAST_MICROS or not isinstance(row_id, str):
            return None
        if type(group) is not int or not 0 <= group <= _MAX_GROUP:
            return None
        return cls(_EPOCH + micros * _MICROSECOND, UUID(row_id), group)


def bounds(after: Cursor | None, limit: int) -> dict[str, Any]:
    """A page as the SQL of a list takes it: after which row, and one row more than is shown."""
    return {"after": after and after.created_at, "last": after and after.id, "most": limit + 1}


CursorText = Annotated[str, Opaque(120)]
Limit = Annotated[int, Digits(1, MAX_LIMIT), Field(description="每页条数,1 至 100")]


class PageQuery(BaseModel):
    """The query parameters of a list; a room's list inherits it to add its own filters.

    It does not forbid others itself: the route does, which knows all parameters of its dependencies too.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    limit: Limit = DEFAULT_LIMIT
    cursor: CursorText | None = Field(default=None, description="翻页标记:填上一页返回的 next_cursor,第一页不填")

    def after(self) -> Cursor | None:
        """Where to go on, None for the first page. Raises InvalidInput."""
        return None if self.cursor is None else Cursor.decode(self.cursor)


class Page(BaseModel, Generic[T]):
    """One page of a list; `next_cursor` is null on the last one."""

    model_config = ConfigDict(frozen=True)

    items: list[T] = Field(description="本页内容")
    next_cursor: str | None = Field(description="下一页的翻页标记;没有下一页时为 null")

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """A name that reads well in the contract: `OrderOutPage`."""
        return "".join(getattr(param, "__name__", str(param)) for param in params) + "Page"

    @classmethod
    def cut(cls, rows: Sequence[R], limit: int, place: Callable[[R], Cursor], show: Callable[[R], T]) -> "Page[T]":
        """The page of `rows`, of which one more than `limit` was asked for to learn whether there is a next page."""
        shown = rows[:limit]
        following = place(shown[-1]).encode() if len(rows) > limit else None
        return cls(items=[show(row) for row in shown], next_cursor=following)
