"""Pure rules of the tree: which code, which parent and which name a place may have; and what an import reports.

No clock, no SQL, no await. Source: domain §2; the national codes are those of the National Bureau of Statistics.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar

from pydantic_core import PydanticCustomError

from app.domain.places.models import CODE_LENGTH, EstateType, Level
from app.kernel.rules import Role, Rules, reach
from app.kernel.text import Line

CHIEF: Rules = (reach(Role.SECRETARY, Role.ADMINISTRATOR),)
"""Who says where the station of a place is, and its number."""

CODE_LONGEST: Final = 32
NAME_LONGEST: Final = 64
LISTED_MOST: Final = 1_000
"""How many entries of one kind a report names; the totals are always whole."""

# ---------------------------------------------------------------- the table of parents

PARENT_LEVELS: Final[Mapping[Level, tuple[Level, ...]]] = MappingProxyType(
    {
        Level.PROVINCE: (),
        Level.CITY: (Level.PROVINCE,),
        Level.DISTRICT: (Level.CITY, Level.PROVINCE),
        Level.STREET: (Level.DISTRICT, Level.CITY, Level.PROVINCE),
        Level.COMMUNITY: (Level.STREET, Level.DISTRICT, Level.CITY, Level.PROVINCE),
        Level.ESTATE: (Level.COMMUNITY,),
        Level.GRID: (Level.ESTATE, Level.COMMUNITY),
        Level.MICROGRID: (Level.GRID, Level.ESTATE, Level.COMMUNITY),
        Level.BUILDING: (Level.MICROGRID, Level.GRID, Level.ESTATE, Level.COMMUNITY),
        Level.UNIT: (Level.BUILDING, Level.MICROGRID, Level.GRID, Level.ESTATE, Level.COMMUNITY),
    }
)
"""The levels a parent may stand on, the nearest first. Each is strictly higher, so the tree can have no cycle: a chain
of parents climbs at every step. (Some cities have no districts: their streets hang on the city.)"""

CODE_PATTERN: Final[Mapping[Level, re.Pattern[str]]] = MappingProxyType(
    {
        level: re.compile(f"[0-9]{{{CODE_LENGTH[level]}}}" if level in CODE_LENGTH else r"[0-9]{12}[\w.\-]{1,20}")
        for level in Level
    }
)
"""National levels: exactly so many digits. Below: the community's twelve digits, then 1–20 letters, digits, `_-.`."""

_LEVEL_OF: Final[Mapping[str, Level]] = MappingProxyType({level.value: level for level in Level})

_NATIONAL_PARENT: Final[Mapping[int, Level]] = MappingProxyType({n: level for level, n in CODE_LENGTH.items()})

# ---------------------------------------------------------------- what can be wrong with a line


class Fault(StrEnum):
    """The stable code of what is wrong with one line of an import."""

    LINE_TOO_LONG = "line-too-long"
    LINE_NOT_UTF8 = "line-not-utf8"
    LINE_NOT_CSV = "line-not-csv"
    COLUMNS_WRONG = "columns-wrong"
    LEVEL_UNKNOWN = "level-unknown"
    CODE_WRONG = "code-wrong"
    CODE_REPEATED = "code-repeated"
    PARENT_REQUIRED = "parent-required"
    PARENT_NOT_WANTED = "parent-not-wanted"
    PARENT_CODE_WRONG = "parent-code-wrong"
    PARENT_LEVEL_WRONG = "parent-level-wrong"
    PARENT_MISSING = "parent-missing"
    LEVEL_CHANGED = "level-changed"
    NAME_EMPTY = "name-empty"
    NAME_TOO_LONG = "name-too-long"
    NAME_UNFIT = "name-unfit"
    ESTATE_TYPE_UNKNOWN = "estate-type-unknown"
    ESTATE_TYPE_NOT_WANTED = "estate-type-not-wanted"

    @property
    def reason(self) -> str:
        """One Chinese sentence for the person who mends the file."""
        return REASON[self]


REASON: Final[Mapping[Fault, str]] = MappingProxyType(
    {
        Fault.LINE_TOO_LONG: "这一行过长,无法读取",
        Fault.LINE_NOT_UTF8: "这一行不是有效的 UTF-8 文字",
        Fault.LINE_NOT_CSV: "这一行的引号不成对,或引号位置不对",
        Fault.COLUMNS_WRONG: "这一行的列数与表头不一致",
        Fault.LEVEL_UNKNOWN: f"级别不认识,只能是:{'、'.join(Level)}",
        Fault.CODE_WRONG: (
            "代码与级别不符:省 2 位、市 4 位、区县 6 位、街道 9 位、社区 12 位数字;"
            "社区以下为社区代码加 1 至 20 个字母、数字或 _ - .(若变成了 1.4E+11,请在表格软件中把该列设为文本)"
        ),
        Fault.CODE_REPEATED: "代码与前面的行重复",
        Fault.PARENT_REQUIRED: "缺少上级代码:只有省级没有上级",
        Fault.PARENT_NOT_WANTED: "省级不能有上级代码",
        Fault.PARENT_CODE_WRONG: "上级代码与本级代码不符:本级代码须以上级代码开头(社区以下须属于同一社区)",
        Fault.PARENT_LEVEL_WRONG: "上级的级别不对:上级必须比本级高,社区以下的上级最高为社区",
        Fault.PARENT_MISSING: "上级代码在文件和系统中都不存在",
        Fault.LEVEL_CHANGED: "系统中已有这个代码,但级别不同;导入不能改变级别",
        Fault.NAME_EMPTY: "名称为空,或只有看不见的字符",
        Fault.NAME_TOO_LONG: f"名称超过 {NAME_LONGEST} 个字",
        Fault.NAME_UNFIT: "名称中有换行、控制字符或改变文字方向的字符",
        Fault.ESTATE_TYPE_UNKNOWN: (
            f"小区类型不认识,只能是:{'、'.join(f'{known}({known.label})' for known in EstateType)},或留空"
        ),
        Fault.ESTATE_TYPE_NOT_WANTED: "只有小区有小区类型,请将此格留空",
    }
)


def line_fault(code: str, parent_code: str, level: str) -> Fault | None:
    """The first thing wrong with a line by itself but for its name; `parent_code` is empty where there is none."""
    known = _LEVEL_OF.get(level)
    if known is None:
        return Fault.LEVEL_UNKNOWN
    if not is_code(known, code):
        return Fault.CODE_WRONG
    return parent_fault(known, code, parent_code)


def is_code(level: Level, code: str) -> bool:
    """Whether `code` has the form that its level asks for."""
    if CODE_PATTERN[level].fullmatch(code) is None:
        return False
    # A full-width digit in a code of one's own would look like another code and not be it.
    return code.isascii() or unicodedata.is_normalized("NFKC", code)


def parent_fault(level: Level, code: str, parent_code: str) -> Fault | None:
    """What the two codes alone say about the parent. Whether it exists, and its level, only the tree can say."""
    if level is Level.PROVINCE:
        return Fault.PARENT_NOT_WANTED if parent_code else None
    if not parent_code:
        return Fault.PARENT_REQUIRED
    if level in CODE_LENGTH:
        if parent_code == code or not code.startswith(parent_code):
            return Fault.PARENT_CODE_WRONG
        return None if _NATIONAL_PARENT.get(len(parent_code)) in PARENT_LEVELS[level] else Fault.PARENT_CODE_WRONG
    if any(is_code(higher, parent_code) for higher in CODE_LENGTH if higher is not Level.COMMUNITY):
        return Fault.PARENT_LEVEL_WRONG
    community = code[: CODE_LENGTH[Level.COMMUNITY]]
    fits = parent_code.startswith(community) and (is_code(Level.COMMUNITY, parent_code) or is_code(level, parent_code))
    return None if fits and parent_code != code else Fault.PARENT_CODE_WRONG


_ESTATE_TYPES: Final = frozenset(known.value for known in EstateType)


def estate_type_fault(level: str, estate_type: str | None) -> Fault | None:
    """What is wrong with the type of an estate in a line; None or empty is always right."""
    if not estate_type:
        return None
    if level != Level.ESTATE:
        return Fault.ESTATE_TYPE_NOT_WANTED
    return None if estate_type in _ESTATE_TYPES else Fault.ESTATE_TYPE_UNKNOWN


_NAME: Final = Line(NAME_LONGEST)
_PLAIN_NAME: Final = re.compile(f"[\u4e00-\u9fff0-9A-Za-z（）()·—]{{1,{NAME_LONGEST}}}")
_NAME_FAULT: Final = {"text_blank": Fault.NAME_EMPTY, "text_too_long": Fault.NAME_TOO_LONG}


def read_name(text: str) -> str | Fault:
    """The name as it is kept (trimmed, NFC), or what is wrong with it: the kernel's rule for one line of text."""
    if _PLAIN_NAME.fullmatch(text):  # nearly every name of 662,000; the careful way costs ten times as much
        return text
    try:
        return _NAME.read(text)
    except PydanticCustomError as error:
        return _NAME_FAULT.get(error.type, Fault.NAME_UNFIT)


# ---------------------------------------------------------------- what an import reports

Entry = TypeVar("Entry")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Entry]):
    """How many there are of one kind, and the first 1,000 of them."""

    total: int
    items: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True)
class BadLine:
    """One line that cannot be imported. `line` counts from 1, the header included; `reason` is Chinese."""

    line: int
    code: str
    fault: Fault
    reason: str


@dataclass(frozen=True, slots=True)
class NamedPlace:
    """A place that would be created, or that the file lacks."""

    code: str
    level: Level
    name: str


@dataclass(frozen=True, slots=True)
class Renamed:
    code: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Moved:
    """Codes of the place, of its parent until now, and of its parent from now on."""

    code: str
    old_parent: str
    new_parent: str


@dataclass(frozen=True, slots=True)
class Retyped:
    """An estate of another type than until now; None: of no known one."""

    code: str
    old: EstateType | None
    new: EstateType | None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do.

    With bad lines nothing is written and nothing is compared: the counts of changes are 0. A place that is renamed, moved
    and of another type counts in each. `absent_in_file`: places in the system at or below the file's topmost places that the file
    does not name; they are reported and stay.
    """

    dry_run: bool
    written: bool
    lines: int
    bad: Listed[BadLine]
    created: Listed[NamedPlace]
    renamed: Listed[Renamed]
    moved: Listed[Moved]
    retyped: Listed[Retyped]
    unchanged: int
    absent_in_file: Listed[NamedPlace]

    @property
    def changes(self) -> int:
        """0 when the same file is imported again."""
        return self.created.total + self.renamed.total + self.moved.total + self.retyped.total

    def as_json(self) -> dict[str, Any]:
        """Plain dicts, lists, strings and numbers."""
        return {**asdict(self), "changes": self.changes}
