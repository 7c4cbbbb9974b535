"""A mask shows enough to recognise one's own, and never more than its rule says."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.kernel.vault import mask_address, mask_licence, mask_name, mask_phone

DIGITS = "0123456789"


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王秀英", "王**"),
        ("王英", "王*"),
        ("王", "*"),
        ("欧阳娜娜", "欧**"),
        ("阿卜杜拉·买买提", "阿**"),
        ("𠮷田", "𠮷*"),
        (" 王秀英 ", "王**"),
        ("John Smith", "J**"),
        ("", ""),
    ],
)
def test_names(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13812345678", "138****5678"),
        ("138 1234 5678", "138****5678"),
        ("+86 138-1234-5678", "138****5678"),
        ("010-12345678", "010-******78"),
        ("02912345678", "029-******78"),
        ("0912-8345678", "0912-*****78"),
        ("(0351) 8234567", "0351-*****67"),
        ("8345678", "****78"),
        ("4001234567", "****67"),
        ("01012345678123", "****23"),
        ("12345", "****"),
        ("１３８１２３４５６７８", "****"),
        ("", "****"),
    ],
)
def test_phones(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("神木市神堂沟街道锦苑小区3号楼501", "神木市神堂沟***"),
        ("幸福里3-501", "幸福里***"),
        ("幸福里３号", "幸福***"),
        ("三号楼二单元", "三号楼***"),
        ("3号楼501", "***"),
        ("家", "***"),
        ("神木市 神堂沟\n街道 锦苑小区3号楼", "神木市神堂沟***"),
        ("  ", ""),
        ("", ""),
    ],
)
def test_addresses(address: str, masked: str) -> None:
    assert mask_address(address) == masked


@given(st.text(max_size=40))
@example("\u3000王秀英")
def test_a_name_shows_its_first_character_at_most(name: str) -> None:
    masked = mask_name(name)
    assert masked.strip("*") in {"", name.strip()[:1]} | ({"*"} & set(name))
    assert len(masked) <= 3
    assert not name.strip() or masked.endswith("*")


@given(st.text(st.sampled_from(DIGITS + "-+() "), max_size=20) | st.from_regex(r"(\+?86)?1[0-9]{10}", fullmatch=True))
def test_a_phone_shows_seven_digits_at_most_and_hides_four_at_least(phone: str) -> None:
    digits = [mark for mark in phone if mark in DIGITS]
    shown = [mark for mark in mask_phone(phone) if mark in DIGITS]
    assert len(shown) <= 7
    assert not digits or len(shown) < len(digits)
    assert len(digits) < 7 or len(digits) - len(shown) >= 4


@given(st.text(st.sampled_from("神木市锦苑小区一二三号楼０１89 \n"), max_size=40) | st.text(max_size=40))
def test_an_address_shows_six_characters_at_most_never_all_and_never_a_digit(address: str) -> None:
    masked = mask_address(address)
    solid = "".join(address.split())
    if not solid:
        assert masked == ""
        return
    assert masked.endswith("***")
    shown = masked[:-3]
    assert solid.startswith(shown)
    assert len(shown) <= 6
    assert len(shown) * 2 <= len(solid)
    assert not any(mark.isdigit() for mark in shown)


@pytest.mark.parametrize(
    ("number", "masked"),
    [("晋A20260301", "晋*******01"), ("晋A2026", "晋***26"), ("A1234", "*****"), ("", "")],
)
def test_of_a_licence_the_ends_stay_where_it_is_long_enough(number: str, masked: str) -> None:
    assert mask_licence(number) == masked
