"""The rules of the tree, as tables."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.places.models import CODE_LENGTH, LABEL, Level
from app.domain.places.policy import NAME_LONGEST, PARENT_LEVELS, REASON, Fault, is_code, line_fault, read_name

L, F = Level, Fault

COMMUNITY = "140109014001"


def test_the_levels_stand_in_the_order_of_the_tree_and_each_has_a_chinese_word():
    assert " ".join(Level) == "province city district street community estate grid microgrid building unit"
    assert [level.rank for level in Level] == list(range(10))
    assert set(LABEL) == set(Level)
    assert len({level.label for level in Level}) == 10


def test_every_fault_has_a_chinese_reason_of_its_own():
    assert set(REASON) == set(Fault)
    assert len({fault.reason for fault in Fault}) == len(Fault)


@pytest.mark.parametrize("level", Level)
def test_a_parent_stands_strictly_higher_so_no_cycle_can_arise(level):
    assert all(parent.rank < level.rank for parent in PARENT_LEVELS[level])
    assert bool(PARENT_LEVELS[level]) == (level is not Level.PROVINCE)


@pytest.mark.parametrize("level", [level for level in Level if level not in CODE_LENGTH])
def test_below_the_community_nothing_hangs_above_it(level):
    assert Level.COMMUNITY in PARENT_LEVELS[level]
    assert all(parent.rank >= Level.COMMUNITY.rank for parent in PARENT_LEVELS[level])


@pytest.mark.parametrize(
    ("level", "code", "right"),
    [
        (L.PROVINCE, "14", True),
        (L.PROVINCE, "1", False),
        (L.PROVINCE, "140", False),
        (L.PROVINCE, "1a", False),
        (L.PROVINCE, "１４", False),
        (L.PROVINCE, "14\n", False),
        (L.CITY, "1401", True),
        (L.DISTRICT, "140109", True),
        (L.STREET, "140109014", True),
        (L.STREET, "14010901", False),
        (L.COMMUNITY, COMMUNITY, True),
        (L.COMMUNITY, "1.40109E+11", False),
        (L.COMMUNITY, "140109014 01", False),
        (L.ESTATE, COMMUNITY, False),
        (L.ESTATE, COMMUNITY + "X1", True),
        (L.GRID, COMMUNITY + "-W_03.b", True),
        (L.GRID, COMMUNITY + "第三网格", True),
        (L.BUILDING, COMMUNITY + "x" * 20, True),
        (L.BUILDING, COMMUNITY + "x" * 21, False),
        (L.BUILDING, "a" + COMMUNITY, False),
        (L.UNIT, COMMUNITY + "１", False),
        (L.UNIT, COMMUNITY + "1 2", False),
        (L.UNIT, COMMUNITY + "1/2", False),
        (L.UNIT, COMMUNITY + "1\0", False),
        (L.UNIT, "", False),
    ],
)
def test_codes(level, code, right):
    assert is_code(level, code) is right


@pytest.mark.parametrize(
    ("level", "code", "parent", "fault"),
    [
        ("province", "14", "", None),
        ("province", "14", "1", F.PARENT_NOT_WANTED),
        ("city", "1401", "", F.PARENT_REQUIRED),
        ("city", "1401", "14", None),
        ("city", "1401", "15", F.PARENT_CODE_WRONG),
        ("city", "1401", "1401", F.PARENT_CODE_WRONG),
        ("city", "1401", "1", F.PARENT_CODE_WRONG),
        ("district", "140109", "1401", None),
        ("district", "140109", "14", None),
        ("street", "140109014", "140109", None),
        ("street", "140109014", "1401", None),  # a city without districts
        ("street", "140109014", "14010", F.PARENT_CODE_WRONG),
        ("community", COMMUNITY, "140109014", None),
        ("community", COMMUNITY, "14", None),
        ("community", COMMUNITY, "14010901400", F.PARENT_CODE_WRONG),
        ("community", COMMUNITY, "140109015", F.PARENT_CODE_WRONG),
        ("estate", COMMUNITY + "x1", COMMUNITY, None),
        ("estate", COMMUNITY + "x1", "140109014", F.PARENT_LEVEL_WRONG),
        ("estate", COMMUNITY + "x1", "14", F.PARENT_LEVEL_WRONG),
        ("grid", COMMUNITY + "g1", COMMUNITY + "x1", None),
        ("grid", COMMUNITY + "g1", "140109014002", F.PARENT_CODE_WRONG),
        ("grid", COMMUNITY + "g1", "140109014002x1", F.PARENT_CODE_WRONG),
        ("grid", COMMUNITY + "g1", COMMUNITY + "g1", F.PARENT_CODE_WRONG),
        ("grid", COMMUNITY + "g1", COMMUNITY + "\0", F.PARENT_CODE_WRONG),
        ("grid", COMMUNITY + "g1", COMMUNITY + "x" * 99, F.PARENT_CODE_WRONG),
        ("unit", COMMUNITY + "u1", COMMUNITY + "b1", None),
        ("planet", "14", "", F.LEVEL_UNKNOWN),
        ("Province", "14", "", F.LEVEL_UNKNOWN),
        ("省", "14", "", F.LEVEL_UNKNOWN),
        ("", "14", "", F.LEVEL_UNKNOWN),
        ("city", "140", "14", F.CODE_WRONG),
        ("city", "", "14", F.CODE_WRONG),
    ],
)
def test_lines(level, code, parent, fault):
    assert line_fault(code, parent, level) is fault


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("神堂沟社区居委会", "神堂沟社区居委会"),
        ("太原钢铁（集团）有限公司社区", "太原钢铁（集团）有限公司社区"),
        ("𠮷祥里", "𠮷祥里"),
        ("㐀村", "㐀村"),
        ("繁體里", "繁體里"),
        ("１２号院", "１２号院"),
        ("e\u0301cole", "\u00e9cole"),
        ("\u3000 小店区 ", "小店区"),
        ("长" * NAME_LONGEST, "长" * NAME_LONGEST),
        ("长" * (NAME_LONGEST + 1), F.NAME_TOO_LONG),
        ("", F.NAME_EMPTY),
        (" \u3000", F.NAME_EMPTY),
        ("\u200b\u200d\ufeff", F.NAME_EMPTY),
        ("\u3164", F.NAME_EMPTY),
        ("小\0店", F.NAME_UNFIT),
        ("小\n店", F.NAME_UNFIT),
        ("小\u202e店", F.NAME_UNFIT),
        ("小\x85店", F.NAME_UNFIT),
    ],
)
def test_names(text, kept):
    assert read_name(text) == kept
    assert isinstance(read_name(text), Fault) is isinstance(kept, Fault)


@given(st.text())
def test_a_name_that_is_kept_is_kept_as_it_is_the_second_time(text):
    kept = read_name(text)
    if not isinstance(kept, Fault):
        assert 1 <= len(kept) <= NAME_LONGEST
        assert read_name(kept) == kept


@given(
    st.sampled_from(Level), st.text(string.digits + "x-１\0", max_size=34), st.text(string.digits + "x\0", max_size=34)
)
def test_a_good_line_keeps_the_laws_that_the_lists_rest_on(level, code, parent):
    """The subtree of a place is a stretch of codes: `list_places` walks just that."""
    if line_fault(code, parent, level.value) is None:
        assert len(code) <= 32
        assert code.startswith(parent[:12])
        assert "\0" not in code + parent


@given(st.data())
def test_each_allowed_chain_of_levels_is_accepted(data):
    """Draw a chain from a province down by the table of parents; every step is a good line."""
    level = data.draw(st.sampled_from(Level))
    chain = [level]
    while parents := PARENT_LEVELS[chain[-1]]:
        chain.append(data.draw(st.sampled_from(parents)))
    digits = data.draw(st.text(string.digits, min_size=12, max_size=12))
    codes = [digits[: CODE_LENGTH[step]] if step in CODE_LENGTH else f"{digits}-{step.rank}" for step in chain]
    for step, code, parent in zip(chain, codes, [*codes[1:], ""], strict=True):
        assert line_fault(code, parent, step.value) is None
