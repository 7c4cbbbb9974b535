"""Cursors come back as they were given out, and nothing else is taken for one."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pydantic import ValidationError

from app.kernel.errors import InvalidInput
from app.kernel.pagination import Cursor, Page, PageQuery

ROW = UUID("01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80")
PLACE = Cursor(datetime(2027, 2, 1, 10, 0, 0, 123456, tzinfo=UTC), ROW)


def packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_a_cursor_keeps_every_microsecond() -> None:
    assert Cursor.decode(PLACE.encode()) == PLACE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "AAAA",
        "=",
        "中",
        "a" * 5000,
        "\x00",
        "..",
        PLACE.encode() + "=",
        PLACE.encode()[:-1],
        " " + PLACE.encode(),
    ]
    + [
        packed(inner)
        for inner in ("", "1", "null", "{}", "[]", "[1]", f'[1.5,"{ROW}"]', f'[true,"{ROW}"]', f'[-1,"{ROW}"]')
    ]
    + [
        packed(inner)
        for inner in (f'[{10**30},"{ROW}"]', '[1,"x"]', "[1,2]", f'[1, "{ROW}"]', f'[1,"{ROW.hex}"]', "[" * 80)
    ],
)
def test_anything_else_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        Cursor.decode(text)
    assert refused.value.fields[0].pointer == "/query/cursor"


def test_a_page_knows_whether_there_is_a_next_one() -> None:
    rows = [1, 2, 3]
    more: Page[int] = Page.cut(rows, 2, lambda _row: PLACE, lambda row: row)
    assert (more.items, more.next_cursor) == ([1, 2], PLACE.encode())
    last: Page[int] = Page.cut(rows, 3, lambda _row: PLACE, lambda row: row)
    assert (last.items, last.next_cursor) == ([1, 2, 3], None)
    nothing: Page[int] = Page.cut([], 3, lambda _row: PLACE, lambda row: row)
    assert nothing.next_cursor is None


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1_0", "１", " 5", "1.0", "", "true", "9" * 30, True, 1.0])
def test_limits_are_1_to_100(limit: object) -> None:
    with pytest.raises(ValidationError):
        PageQuery.model_validate({"limit": limit})


def test_a_limit_has_a_default() -> None:
    assert PageQuery.model_validate({}).limit == 20
    assert PageQuery.model_validate({"limit": "100"}).limit == 100
