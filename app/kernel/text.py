"""Text that people and machines send us: one strict reading for bodies, query strings, paths and forms.

The rules are those of "bad input": whatever passes here can be stored, shown and compared without a surprise, and comes
back identical (NFC). Use them as annotations: `Annotated[str, Line(50)]`, `Annotated[str, Paragraph(500)]`, `Phone`,
`Search`. A fault is a pydantic error with a stable code and a Chinese message.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

_EDGES: Final = (
    " \t\r\n\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
)
_CONTROL: Final = "\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\u2028\u2029"
_UNWANTED: Final = f"{_CONTROL}\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_UNWANTED_IN_PARAGRAPH: Final = re.compile(f"[{_UNWANTED}]")
_UNWANTED_IN_LINE: Final = re.compile(f"[{_UNWANTED}\\t\\n\\r]")
# Letters and signs by their category that nonetheless draw nothing: the fillers of Hangul, the blank Braille cell.
_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_BYTES_PER_CODE_POINT: Final = 4

_FULL_WIDTH_DIGITS: Final = {0xFF10 + n: str(n) for n in range(10)} | {0xFF0B: "+"}
_PHONE_FILLING: Final = re.compile(r"[ \t\u00a0\u2000-\u200a\u3000\-\u2010-\u2015\u2212\uff0d()（）]")
_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE: Final = re.compile(r"0(?:10|2[0-9])[2-9][0-9]{7}|0[3-9][0-9]{2}[2-9][0-9]{6,7}")
_COUNTRY: Final = re.compile(r"(?:\+|00)86")
_PHONE_LENGTH: Final = 40

_DIGITS: Final = re.compile(r"-?[0-9]{1,19}")
_HEX: Final = re.compile(r"[0-9a-f]*")


def _fault(character: str) -> PydanticCustomError:
    if character in "\t\n\r":
        return PydanticCustomError("text_line_break", "只能填写一行,不能换行或使用制表符")
    if "\ud800" <= character <= "\udfff":
        return PydanticCustomError("text_surrogate", "含有残缺的字符,请删除后重新填写")
    if "\u202a" <= character <= "\u2069":
        return PydanticCustomError("text_bidi", "含有改变文字方向的隐形字符,请删除后重新填写")
    return PydanticCustomError("text_control", "含有不可见的控制字符,请删除后重新填写")


def _draws(character: str) -> bool:
    """Whether a reader sees this character standing alone: a letter, digit, punctuation mark or sign."""
    return unicodedata.category(character)[0] in "LNPS" and character not in _BLANK


@dataclass(frozen=True, slots=True)
class TextRule:
    """Reads one string; `maximum` is in code points (𠮷 counts one), and four UTF-8 bytes for each of them."""

    maximum: int
    minimum: int = 1
    multiline: ClassVar[bool] = False

    def read(self, text: str) -> str:
        """The text as it is kept: trimmed (U+3000 too) and NFC. Raises PydanticCustomError."""
        text = text.strip(_EDGES)
        # Before any work that grows with the length: composing can only shorten.
        if len(text) > self.maximum * _BYTES_PER_CODE_POINT:
            raise self._too_long()
        if self.multiline:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        unwanted = _UNWANTED_IN_PARAGRAPH if self.multiline else _UNWANTED_IN_LINE
        if found := unwanted.search(text):
            raise _fault(found.group())
        text = unicodedata.normalize("NFC", text)
        if len(text) > self.maximum or len(text.encode()) > self.maximum * _BYTES_PER_CODE_POINT:
            raise self._too_long()
        if not any(map(_draws, text)):
            raise PydanticCustomError("text_blank", "不能为空,请填写看得见的文字")
        if len(text) < self.minimum:
            raise PydanticCustomError("text_too_short", "至少填写 {minimum} 个字", {"minimum": self.minimum})
        return text

    def _too_long(self) -> PydanticCustomError:
        return PydanticCustomError("text_too_long", "最多填写 {maximum} 个字", {"maximum": self.maximum})

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _reading(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": self.minimum, "maxLength": self.maximum}


class Line(TextRule):
    """One line of text: no line break, no tab."""

    __slots__ = ()


class Paragraph(TextRule):
    """Text of several lines; keeps line feeds and tabs, other line ends become line feeds."""

    __slots__ = ()
    multiline: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class Opaque:
    """A token, a code, a key or a password: printable ASCII without spaces, taken exactly as it came. `instead`: what whoever
    writes anything else is told; `says`: the same of a wrong length, where people know the thing by its form."""

    maximum: int
    minimum: int = 1
    instead: str = "只能使用英文字母、数字和半角符号,不能有空格"
    says: str = ""

    def read(self, text: str) -> str:
        """The text, unchanged. Raises PydanticCustomError."""
        if self.says and not self.minimum <= len(text) <= self.maximum:
            kind: Literal["text_too_long", "text_too_short"] = (
                "text_too_long" if len(text) > self.maximum else "text_too_short"
            )
            raise PydanticCustomError(kind, "{says}", {"says": self.says})
        if len(text) > self.maximum:
            raise PydanticCustomError("text_too_long", "最多填写 {maximum} 个字", {"maximum": self.maximum})
        if len(text) < self.minimum:
            raise PydanticCustomError("text_too_short", "至少填写 {minimum} 个字", {"minimum": self.minimum})
        if not all("!" <= character <= "~" for character in text):
            raise PydanticCustomError("text_not_ascii", "{instead}", {"instead": self.instead})
        return text

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _reading(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        limits = {"minLength": self.minimum, "maxLength": self.maximum, "pattern": "^[!-~]*$"}
        return handler(schema) | limits


@dataclass(frozen=True, slots=True)
class Hex:
    """So many hexadecimal digits, lower case: a digest."""

    length: int

    def read(self, text: str) -> str:
        """The text, unchanged. Raises PydanticCustomError."""
        if len(text) != self.length or not _HEX.fullmatch(text):
            raise PydanticCustomError("text_not_hex", "应为 {length} 位小写十六进制数", {"length": self.length})
        return text

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _reading(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": self.length, "maxLength": self.length, "pattern": "^[0-9a-f]*$"}


@dataclass(frozen=True, slots=True)
class PhoneRule:
    """A telephone number of the mainland."""

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return _reading(read_phone)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return handler(schema) | {"minLength": 10, "maxLength": _PHONE_LENGTH, "examples": ["13812345678"]}


def read_phone(text: str) -> str:
    """A mainland mobile number ("13812345678") or landline with area code ("03516012345"), digits only.

    Full-width digits, spaces, hyphens, brackets and a leading +86 or 0086 are taken away. Raises PydanticCustomError.
    """
    number = ""
    if len(text) <= _PHONE_LENGTH:
        number = _PHONE_FILLING.sub("", text.translate(_FULL_WIDTH_DIGITS))
    if country := _COUNTRY.match(number):
        number = number[country.end() :]
        if not number.startswith(("0", "1")) or number.startswith("10"):
            number = f"0{number}"  # behind +86 the area code stands without its 0
    if _MOBILE.fullmatch(number) or _LANDLINE.fullmatch(number):
        return number
    raise PydanticCustomError("phone", "请填写 11 位手机号,或带区号的固定电话")


@dataclass(frozen=True, slots=True)
class Digits:
    """A whole number of a query string, in ASCII digits: `Annotated[int, Digits(1, 100)]`, both ends included.

    Python's own reading would take "1_000", "１２" and " 7 ".
    """

    minimum: int
    maximum: int

    @staticmethod
    def read(value: object) -> object:
        """The number that a string spells; what is no string goes on as it came. Raises PydanticCustomError."""
        if not isinstance(value, str):
            return value
        if _DIGITS.fullmatch(value):
            return int(value)
        raise PydanticCustomError("int_type", "应为整数")

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        whole = core_schema.int_schema(strict=True, ge=self.minimum, le=self.maximum)
        return core_schema.no_info_before_validator_function(self.read, whole)


def folded(text: str) -> str:
    """What refused terms are compared by: letters and digits alone, without width, case and accents (NFKD).

    Spaces, punctuation, signs and what draws nothing fall away, so nothing that stands between two characters hides a term.
    What only looks or sounds alike stays different: a traditional character, a homophone, another script's letter.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(character for character in plain if character.isalnum() and character not in _BLANK)


def same_name(one: str | None, other: str | None) -> bool:
    """Whether two names are one: spaces do not count, and what is missing is nobody's."""
    return "".join((one or "").split()) == "".join((other or "").split()) != ""


def escape_like(text: str) -> str:
    r"""`text` as a literal part of a LIKE pattern (`%`, `_` and `\` lose their meaning; ESCAPE is the default `\`)."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def contains(text: str) -> str:
    """The LIKE pattern that finds `text` anywhere."""
    return f"%{escape_like(text)}%"


def _reading(read: Callable[[str], str]) -> CoreSchema:
    # The rule itself trims: pydantic's own trimming would take control characters away unseen.
    exact = core_schema.str_schema(strict=True, strip_whitespace=False)
    return core_schema.no_info_after_validator_function(read, exact)


TEXT_RULES: Final = (TextRule, Opaque, Hex, PhoneRule)
"""The annotations that make a `str` safe to accept; `app/api/schema.py` refuses a field without one."""

LOGIN_NAME: Final = Opaque(40, 3)
"""What an officer types to log in: ASCII without spaces, so that no two names look alike but by case, which is not told apart."""

Phone = Annotated[str, PhoneRule()]
Search = Annotated[str, Line(60)]
