"""Reading the file: any cut, any header order, every bad line by its number."""

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8, ImportRefused
from app.domain.places.importing import LINE_LONGEST, CsvReader
from app.domain.places.policy import LISTED_MOST, BadLine, Fault, ImportReport, Listed

HEAD = b"code,parent_code,level,name\n"


def read(*pieces: bytes):
    """The staged lines without their ids, and the reader."""
    reader = CsvReader()
    staged = [line for piece in pieces for line in reader.feed(piece)]
    staged += reader.finish()
    return [(line[0], *line[2:]) for line in staged], reader


def faults(reader: CsvReader):
    return [(bad.line, bad.code, bad.fault) for bad in reader.bad]


def test_a_plain_file():
    staged, reader = read(HEAD, "14,,province,山西省\n1401,14,city,太原市\n".encode())
    assert staged == [(2, "14", "", "province", "山西省", None, True), (3, "1401", "14", "city", "太原市", None, True)]
    assert (reader.lines, reader.bad_total) == (2, 0)


@pytest.mark.parametrize(
    "file",
    [
        "code,parent_code,level,name\r\n14,,province,山西省\r\n",
        "code,parent_code,level,name\n14,,province,山西省",
        "\ufeffcode,parent_code,level,name\n14,,province,山西省\n",
        '\ufeff"code","parent_code","level","name"\n"14","","province","山西省"\n',
        "name,level,code,parent_code\n山西省,province,14,\n",
        " name , level,code,parent_code\n\u3000山西省 , province, 14 , \n",
        "\n\ncode,parent_code,level,name\n\n14,,province,山西省\n\n  \n",
    ],
)
def test_the_same_place_in_other_dress(file):
    staged, reader = read(file.encode())
    assert [line[1:] for line in staged] == [("14", "", "province", "山西省", None, True)]
    assert reader.lines == 1


def test_line_numbers_are_those_of_the_file_blank_lines_counted():
    staged, reader = read(b"\n" + HEAD + "\n14,,province,山西省\n\n1401,14,city,\n".encode())
    assert staged[0][0] == 4
    assert faults(reader) == [(6, "1401", Fault.NAME_EMPTY)]


@pytest.mark.parametrize(
    ("line", "code", "fault"),
    [
        (b"14,,province", "", Fault.COLUMNS_WRONG),
        (b"14,,province,a,b", "", Fault.COLUMNS_WRONG),
        (b'14,,province,"a', "", Fault.LINE_NOT_CSV),
        (b'14,,province,"a"b', "", Fault.LINE_NOT_CSV),
        (b"14,,province,\xe5\xb1", "", Fault.LINE_NOT_UTF8),
        (b"14,,province,\xc0\x80", "", Fault.LINE_NOT_UTF8),
        (b"14,,province," + b"x" * LINE_LONGEST, "", Fault.LINE_TOO_LONG),
        (b"14,,province," + b"x" * 65, "14", Fault.NAME_TOO_LONG),
        (b'14,,province,"a\0b"', "14", Fault.NAME_UNFIT),
        (b"1\0,,province,a", "1\ufffd", Fault.CODE_WRONG),
        (b"1.40109E+11,140109014,community,a", "1.40109E+11", Fault.CODE_WRONG),
        (b"14,,planet,a", "14", Fault.LEVEL_UNKNOWN),
        (b"9" * 500 + b",,province,a", "9" * 32, Fault.CODE_WRONG),
    ],
)
def test_a_bad_line_is_named_and_the_next_is_read(line, code, fault):
    staged, reader = read(HEAD + line + "\n15,,province,内蒙古\n16,,province,北\n".encode())
    assert faults(reader) == [(2, code, fault)]
    assert [row for row in staged if row[-1]] == [
        (3, "15", "", "province", "内蒙古", None, True),
        (4, "16", "", "province", "北", None, True),
    ]


TYPED = b"code,parent_code,level,name,estate_type\n"
HOME = b"140109014002"


def test_a_fifth_column_says_of_what_type_an_estate_is():
    lines = (
        f"{HOME.decode()}X1,{HOME.decode()},estate,西峪东苑,old\n{HOME.decode()}X2,{HOME.decode()},estate,西峪西苑,\n"
    )
    staged, reader = read(TYPED + lines.encode())
    assert [(line[4], line[5]) for line in staged] == [("西峪东苑", "old"), ("西峪西苑", "")]
    assert reader.bad_total == 0
    turned, _ = read(
        b"estate_type,name,level,parent_code,code\n" + f"old,甲,estate,{HOME.decode()},{HOME.decode()}X1\n".encode()
    )
    assert turned[0][1:] == (f"{HOME.decode()}X1", HOME.decode(), "estate", "甲", "old", True)


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (HOME + b"X1," + HOME + b",estate,a,villa", Fault.ESTATE_TYPE_UNKNOWN),
        (HOME + b"X1," + HOME + b",estate,a,OLD", Fault.ESTATE_TYPE_UNKNOWN),
        (HOME + b"X1," + HOME + b",grid,a,old", Fault.ESTATE_TYPE_NOT_WANTED),
        (HOME + b",140109014,community,a,residential", Fault.ESTATE_TYPE_NOT_WANTED),
        (HOME + b"X1," + HOME + b",estate,a", Fault.COLUMNS_WRONG),
    ],
)
def test_a_type_that_does_not_fit_is_named(line, fault):
    _, reader = read(TYPED + line)
    assert [bad.fault for bad in reader.bad] == [fault]


def test_names_may_hold_commas_and_quotes_in_quotes():
    staged, _ = read(HEAD, '14,,province,"一,二""三"'.encode())
    assert staged[0][4] == '一,二"三'


@pytest.mark.parametrize(
    "file",
    [
        "code,parent_code,level,name\n14,,province,山西省\n".encode("gbk"),
        "代码,上级,级别,名称\n14,,province,山西省\n".encode("gbk"),
        codecs.BOM_UTF16_LE + "code,parent_code,level,name\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "code,parent_code,level,name\n".encode("utf-16-be"),
    ],
)
def test_another_encoding_is_refused_with_the_mend(file):
    with pytest.raises(ImportNotUtf8, match="CSV UTF-8"):
        read(file)


def test_gbk_whose_first_names_could_be_utf8_is_still_seen():
    with pytest.raises(ImportNotUtf8, match="GBK"):
        read("code,parent_code,level,name\n14,,province,联通\n15,,province,山西省\n16,,province,河北省\n".encode("gbk"))


def test_one_broken_line_among_good_ones_is_a_bad_line_and_no_other_encoding():
    _, reader = read(HEAD + "14,,province,山西省\n".encode() + "15,,province,河北省\n".encode("gbk"))
    assert faults(reader) == [(3, "", Fault.LINE_NOT_UTF8)]


@pytest.mark.parametrize(
    "head",
    [
        "",
        "\n \n",
        "\ufeff",
        "code,parent_code,level\n",
        "code,parent_code,level,name,note\n",
        "code,parent_code,level,level\n",
        "code;parent_code;level;name\n",
        "code\tparent_code\tlevel\tname\n",
        "Code,Parent_Code,Level,Name\n",
        "14,,province,山西省\n",
        'code,parent_code,level,"name\n',
        "code,parent_code,level,name\r14,,province,山西省\r",
        "x" * 10_000 + "\n",
    ],
)
def test_a_wrong_header_is_refused_and_says_what_it_must_be(head):
    with pytest.raises(ImportHeaderWrong, match="code,parent_code,level,name"):
        read(head.encode())


def test_a_line_without_end_is_not_kept_in_memory():
    reader = CsvReader()
    list(reader.feed(HEAD))
    for _ in range(50):
        list(reader.feed(b"x" * 65_536))
        assert len(reader._rest) <= LINE_LONGEST
    assert [line[2] for line in reader.feed("\n14,,province,山西省\n".encode())] == ["14"]
    assert faults(reader) == [(2, "", Fault.LINE_TOO_LONG)]


def test_of_very_many_bad_lines_the_first_thousand_are_kept_and_all_are_counted():
    _, reader = read(HEAD, b"x,,province,y\n" * 2_500)
    assert (len(reader.bad), reader.bad_total, reader.lines) == (LISTED_MOST, 2_500, 2_500)
    assert reader.bad[-1].line == 1_001


names = st.text("山西太原,\"' 市áx", min_size=1, max_size=8)


@given(st.lists(names, max_size=20), st.data())
def test_how_the_bytes_are_cut_makes_no_difference(drawn, data):
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(("code", "parent_code", "level", "name"))
    table.writerows((f"{number:02d}", "", "province", name) for number, name in enumerate(drawn))
    whole = text.getvalue().encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    cut, by_pieces = read(*pieces)
    assert cut == read(whole)[0]
    assert by_pieces.lines == len(drawn)
    assert [line[4] for line in cut if line[-1]] == [name.strip() for name in drawn if name.strip()]


@given(st.binary(max_size=400))
def test_no_bytes_bring_anything_but_a_refusal_or_named_lines(noise):
    try:
        _, reader = read(HEAD, noise)
    except ImportNotUtf8:
        return
    assert reader.bad_total <= reader.lines


def test_the_refusal_points_at_each_line():
    bad = BadLine(3, "1401", Fault.PARENT_MISSING, Fault.PARENT_MISSING.reason)
    nothing = Listed(0)
    report = ImportReport(False, False, 9, Listed(1, (bad,)), nothing, nothing, nothing, nothing, 0, nothing)
    refusal = ImportRefused(report)
    assert [(field.pointer, field.code) for field in refusal.fields] == [("/lines/3", "parent-missing")]
    assert refusal.detail == "共 9 行,其中 1 行有误"
    assert report.as_json()["bad"] == {
        "total": 1,
        "items": ({"line": 3, "code": "1401", "fault": "parent-missing", "reason": Fault.PARENT_MISSING.reason},),
    }
