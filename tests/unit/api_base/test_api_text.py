"""What people may write, and what comes back of it."""

import unicodedata
from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.kernel.text import Line, Opaque, Paragraph, Phone, contains, escape_like

LINE = TypeAdapter(Annotated[str, Line(20)])
PARAGRAPH = TypeAdapter(Annotated[str, Paragraph(20)])
PHONE = TypeAdapter(Phone)
TOKEN = TypeAdapter(Annotated[str, Opaque(20, 3)])


def fault(adapter: TypeAdapter[str], value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    (error,) = refused.value.errors()
    assert error["type"] == "string_type" or any(character >= "\u4e00" for character in error["msg"])
    return error["type"]


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧‍👦",
        "𠮷",
        "𠀀㐀",
        "e\u0301",
        "繁體中文",
        "１２３",
        "=1+1",
        "张三",
        "a",
        "!",
        "🇨🇳",
        "👍🏽",
        "नमस्ते",
        "مرحبا",
        "㊗️",
    ],
)
def test_sound_text_comes_back_identical(text: str) -> None:
    assert LINE.validate_python(text) == unicodedata.normalize("NFC", text)
    assert PARAGRAPH.validate_python(text) == unicodedata.normalize("NFC", text)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "text_control"),
        ("a\x1fb", "text_control"),
        ("\x1fa", "text_control"),
        ("a\x7f", "text_control"),
        ("a\x85", "text_control"),
        ("a\x9bb", "text_control"),
        ("a\u2028b", "text_control"),
        ("a\ud800b", "text_surrogate"),
        ("\udfff", "text_surrogate"),
        ("a\u202eb", "text_bidi"),
        ("a\u2066b", "text_bidi"),
        ("", "text_blank"),
        ("  ", "text_blank"),
        ("\u3000\u00a0", "text_blank"),
        ("\u200b\u200d\ufeff", "text_blank"),
        ("\u0301", "text_blank"),
        ("\u3164", "text_blank"),
        ("\u2800", "text_blank"),
        ("字" * 21, "text_too_long"),
        ("a" * 10**6, "text_too_long"),
        (1, "string_type"),
        (True, "string_type"),
        (None, "string_type"),
        (b"a", "string_type"),
    ],
)
def test_bad_text_is_refused_with_its_own_code(text: Any, code: str) -> None:
    assert fault(LINE, text) == code
    assert fault(PARAGRAPH, text) == code


def test_a_line_has_no_breaks_and_a_paragraph_keeps_them() -> None:
    assert fault(LINE, "a\nb") == "text_line_break"
    assert fault(LINE, "a\tb") == "text_line_break"
    assert LINE.validate_python(" a\n") == "a"
    assert PARAGRAPH.validate_python("\u3000a\r\nb\tc\rd ") == "a\nb\tc\nd"


def test_length_counts_code_points() -> None:
    assert LINE.validate_python("𠮷" * 20) == "𠮷" * 20
    assert fault(LINE, "𠮷" * 21) == "text_too_long"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13812345678", "13812345678"),
        (" 138 1234 5678 ", "13812345678"),
        ("138-1234-5678", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("＋８６　13812345678", "13812345678"),
        ("0351-6012345", "03516012345"),
        ("(010) 62345678", "01062345678"),
        ("+86 10 62345678", "01062345678"),
        ("+86 351 6012345", "03516012345"),
        ("021－62345678", "02162345678"),
    ],
)
def test_phones_are_brought_into_one_form(written: str, number: str) -> None:
    assert PHONE.validate_python(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "138123456789",
        "1381234567",
        "12812345678",
        "+1 2025550123",
        "abc",
        "",
        "6012345",
        "1381234567a",
        "138\n12345678",
        "1381234567８９",
        "٠١٢٣٤٥٦٧٨٩٠",
        "0" * 11,
        "1" * 10000,
        "13812345678\x00",
    ],
)
def test_what_is_no_phone_is_refused(written: str) -> None:
    assert fault(PHONE, written) == "phone"


def test_tokens_are_taken_as_they_are() -> None:
    assert TOKEN.validate_python("a=B-_~!") == "a=B-_~!"
    for wrong in ("ab", "a b c", "abc\n", "键键键", "a" * 21, "abc\x00", "abc\ud800"):
        assert fault(TOKEN, wrong).startswith("text_")


def test_like_signs_lose_their_meaning() -> None:
    assert escape_like("50%_\\") == "50\\%\\_\\\\"
    assert contains("王%") == "%王\\%%"
