"""Importing the register of who answers for what where (权责清单): a CSV file's lines, read and compared. Pure but for the SQL of
what has to be known."""

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8, PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.units import errors, policy
from app.domain.units.models import Responsibility
from app.kernel.change import Change
from app.kernel.errors import FieldFault
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import Facts, record

HEADER: Final = ("place_code", "category", "unit_place_code", "unit_name")
MOST: Final = 2_000
"""Lines of one file."""
LONGEST: Final = 64
"""Characters of a cell."""

_HEADER_SENTENCE: Final = f"表头必须正好是这四列(顺序不限,用英文逗号分隔):{','.join(HEADER)}"


def read_lines(raw: bytes) -> list[dict[str, Any]]:
    """The lines of a file with their numbers, cells without surrounding blanks; empty lines are left out.

    Raises:
        ImportNotUtf8, ImportHeaderWrong: the file as a whole. ResponsibilitiesRefused: too many lines, or lines that are none.
    """
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError:
        raise ImportNotUtf8 from None
    rows = [(number, _cells(line)) for number, line in enumerate(io.StringIO(text), 1) if line.strip()]
    if not rows or sorted(rows[0][1] or ()) != sorted(HEADER):
        raise ImportHeaderWrong(_HEADER_SENTENCE)
    header = rows[0][1] or []
    if len(rows) - 1 > MOST:
        raise errors.ResponsibilitiesRefused(f"一次最多 {MOST} 行")
    bad = [_fault(number, "line-wrong", "列数不对,或引号不成对,或有过长、不可见的文字") for number, cells in rows[1:]
           if cells is None or len(cells) != len(HEADER) or not all(map(_plain, cells))]  # fmt: skip
    if bad:
        raise errors.ResponsibilitiesRefused(fields=tuple(bad))
    return [{"line": number, **dict(zip(header, cells or (), strict=True))} for number, cells in rows[1:]]


def _cells(line: str) -> list[str] | None:
    try:
        return [cell.strip() for cell in next(csv.reader((line.strip(),), strict=True))]
    except (csv.Error, StopIteration):
        return None


def _plain(cell: str) -> bool:
    return cell.isprintable() and 0 < len(cell) <= LONGEST


def _fault(line: int, code: str, message: str) -> FieldFault:
    return FieldFault(f"/lines/{line}", code, message)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file, resolved: what it names, and what is in force there now. None: there is no such thing, or it is outside
    the place for which the file is."""

    line: int
    category: str
    place_id: UUID | None
    known: bool
    unit_id: UUID | None
    serves: bool
    present_id: UUID | None
    present_unit_id: UUID | None
    present_version: int | None


@dataclass(frozen=True, slots=True)
class Register:
    """The place that the file is for, and its lines."""

    place_id: UUID
    lines: tuple[Line, ...]


REGISTER = Facts(
    """jsonb_build_object('place_id', subject.place_id, 'lines', (
         SELECT coalesce(jsonb_agg(jsonb_build_object(
                  'line', l.line, 'category', l.category, 'place_id', p.id, 'unit_id', u.id,
                  'known', EXISTS (SELECT 1 FROM case_category c WHERE c.code = l.category),
                  'serves', EXISTS (SELECT 1 FROM place_ancestor s WHERE s.place_id = p.id AND s.ancestor_id = u.place_id),
                  'present_id', r.id, 'present_unit_id', r.unit_id, 'present_version', r.version) ORDER BY l.line), '[]')
           FROM jsonb_to_recordset($3::jsonb -> 'lines')
                  AS l(line int, place_code text, category text, unit_place_code text, unit_name text)
           LEFT JOIN LATERAL (
             SELECT x.id FROM place x JOIN place_ancestor b ON b.place_id = x.id AND b.ancestor_id = subject.place_id
              WHERE x.code = l.place_code) p ON true
           LEFT JOIN LATERAL (
             SELECT y.id, y.place_id FROM unit y JOIN place q ON q.id = y.place_id
              WHERE q.code = l.unit_place_code AND y.name = l.unit_name AND y.closed_at IS NULL) u ON true
           LEFT JOIN responsibility r ON r.place_id = p.id AND r.category = l.category AND r.until_at IS NULL))""",
    Register,
)


@record("responsibility", "import", subject=PLACE, facts=REGISTER, missing=PlaceNotFound)
def import_register(
    seen: Register, actor: Actor, now: datetime, *, place_id: UUID, lines: Sequence[dict[str, Any]]
) -> Change:
    """Bring the register of a place and what is below it to what the lines say: all of them or none. What is so already stays, so
    a file may be sent again; what the file does not name stays as well.

    Raises:
        NotAllowed. ResponsibilitiesRefused: every bad line, with what is wrong.
    """
    demand(policy.KEEP, actor)
    bad = [fault for line in seen.lines if (fault := _wrong(line, seen.lines)) is not None]
    if bad:
        raise errors.ResponsibilitiesRefused(f"共 {len(lines)} 行,其中 {len(bad)} 行有误", fields=tuple(bad))
    new = [line for line in seen.lines if line.present_unit_id != line.unit_id]
    change = Change.record("responsibility", new_id(), "import", actor, now, place_id=place_id)
    for line in new:
        if line.present_id is not None:
            version = (line.present_version or 1) + 1
            change.patch(Responsibility, id=line.present_id, until_at=now, version=version)
        about = {"unit_id": line.unit_id, "place_id": line.place_id, "category": line.category}
        change.insert(Responsibility, **about, id=new_id(), from_at=now, set_by=actor.id)
    return change.note(lines=len(lines), entered=len(new), unchanged=len(lines) - len(new))


def _wrong(line: Line, lines: Sequence[Line]) -> FieldFault | None:
    if line.place_id is None:
        return _fault(line.line, "place-unknown", "没有这个代码的地点,或不在所导入的范围内")
    if not line.known:
        return _fault(line.line, "category-unknown", "事项目录没有这个类别")
    if line.unit_id is None:
        return _fault(line.line, "unit-unknown", "那个地点没有这个名称的单位")
    if not line.serves:
        return _fault(line.line, "unit-elsewhere", "这个单位不负责这个地方")
    first = next(one for one in lines if (one.place_id, one.category) == (line.place_id, line.category))
    if first is not line:
        return _fault(line.line, "line-twice", f"与第 {first.line} 行是同一地点和类别")
    return None


VERBS = (import_register,)
