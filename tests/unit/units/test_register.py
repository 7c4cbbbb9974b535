"""Reading the register's file and comparing it: every bad line is named."""

from uuid import UUID

import pytest

from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8
from app.domain.units.errors import ResponsibilitiesRefused
from app.domain.units.register import HEADER, MOST, Line, Register, import_register, read_lines
from app.kernel.errors import NotAllowed
from app.kernel.rules import Actor, Role
from tests.unit.kernel.test_calendars import at

HEAD = ",".join(HEADER) + "\n"
STREET, LAMPS, WATER, OLD = (UUID(int=n) for n in range(1, 5))
ADMINISTRATOR = Actor(UUID(int=9), frozenset({Role.ADMINISTRATOR}))
NOON = at("2026-03-03 12:00")


def a_line(number: int = 2, **more: object) -> Line:
    known = {
        "category": "lighting", "place_id": STREET, "known": True, "unit_id": LAMPS, "serves": True, "present_id": None,
        "present_unit_id": None, "present_version": None,
    }  # fmt: skip
    return Line(number, **{**known, **more})  # type: ignore[arg-type]


def test_lines_keep_their_number_and_blank_ones_are_left_out() -> None:
    read = read_lines(f'\ufeff{HEAD}\n 1 ,lighting,2,"城管,办"\r\n'.encode())
    assert read == [
        {"line": 3, "place_code": "1", "category": "lighting", "unit_place_code": "2", "unit_name": "城管,办"}
    ]


def test_columns_stand_in_any_order() -> None:
    read = read_lines("unit_name,category,place_code,unit_place_code\n甲,noise,1,2\n".encode())
    assert read == [{"line": 2, "unit_name": "甲", "category": "noise", "place_code": "1", "unit_place_code": "2"}]


@pytest.mark.parametrize(
    "raw", [b"", b"\n\n", b"place_code,category\n1,2\n", HEAD.replace("unit_name", "name").encode()]
)
def test_a_file_without_the_header_is_refused(raw: bytes) -> None:
    with pytest.raises(ImportHeaderWrong):
        read_lines(raw)


def test_another_encoding_is_refused() -> None:
    with pytest.raises(ImportNotUtf8):
        read_lines((HEAD + "1,lighting,2,城管办\n").encode("gbk"))


@pytest.mark.parametrize("line", ["1,2,3", "1,2,3,4,5", '1,2,3,"4', "1,2,3,", "1,2,3," + "x" * 65, "1,2,3,a\0b"])
def test_a_line_that_is_none_is_named(line: str) -> None:
    with pytest.raises(ResponsibilitiesRefused) as refused:
        read_lines(f"{HEAD}1,2,3,4\n{line}\n".encode())
    assert [fault.pointer for fault in refused.value.fields] == ["/lines/3"]


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(ResponsibilitiesRefused):
        read_lines((HEAD + "1,2,3,4\n" * (MOST + 1)).encode())


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"place_id": None}, "place-unknown"),
        ({"known": False}, "category-unknown"),
        ({"unit_id": None}, "unit-unknown"),
        ({"serves": False}, "unit-elsewhere"),
    ],
)
def test_what_a_line_names_must_be_there(line: dict[str, object], code: str) -> None:
    seen = Register(STREET, (a_line(2), a_line(3, category="noise", **line)))
    with pytest.raises(ResponsibilitiesRefused) as refused:
        import_register(seen, ADMINISTRATOR, NOON, place_id=STREET, lines=[{}, {}])
    assert [(fault.pointer, fault.code) for fault in refused.value.fields] == [("/lines/3", code)]


def test_what_is_so_already_stays_and_what_was_ends() -> None:
    same = a_line(2, present_id=OLD, present_unit_id=LAMPS, present_version=1)
    moved = a_line(3, category="noise", unit_id=WATER, present_id=OLD, present_unit_id=LAMPS, present_version=4)
    change = import_register(Register(STREET, (same, moved)), ADMINISTRATOR, NOON, place_id=STREET, lines=[{}, {}])
    assert change.remark == {"lines": 2, "entered": 1, "unchanged": 1}
    assert [patch.values for patch in change.patches] == [{"id": OLD, "until_at": NOON, "version": 5}]
    assert [row.values["unit_id"] for row in change.rows] == [WATER]


def test_only_the_administrator_imports() -> None:
    with pytest.raises(NotAllowed):
        import_register(Register(STREET, ()), Actor(UUID(int=8)), NOON, place_id=STREET, lines=[])
