"""Numbers that belong in no text that others read: a mobile number of the mainland, and the number of an identity card.

They are found as people write them without a thought, with spaces, hyphens, slashes, on several lines, in full-width digits or in
Chinese ones; who means to get around it does.
Landlines and hotlines pass: they are an office's.
"""

import re
import unicodedata
from datetime import date
from typing import Final

_HYPHENS: Final = "\u2010-\u2015\u2212\\-"
_GAP: Final = rf"(?:[ \n]+| *[{_HYPHENS}/] *|\.)"
_MOBILE: Final = re.compile(
    rf"(?<![0-9])(?<![0-9A-Za-z][{_HYPHENS}.])(?:(?:(?:00|\+)?86|0){_GAP}?)?1[3-9][0-9]({_GAP}|)([0-9]{{4}})\1([0-9]{{4}})"
    rf"(?![0-9]|[{_HYPHENS}][0-9])"
)
_SPOKEN: Final = {
    ord(spoken): str(digit) for digits in ("〇一二三四五六七八九", "零幺") for digit, spoken in enumerate(digits)
}
_MOBILE_SPOKEN: Final = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")
_YEARS: Final = re.compile(r"(?:19|20)[0-9]{2}(?:(?:19|20)[0-9]{2}|(?:0[1-9]|1[0-2])[0-3][0-9])")
_CODE: Final = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_CARD: Final = re.compile(
    r"(?<![0-9])([1-9][0-9]{5})[ \-]?([0-9]{4})([0-9]{2})([0-9]{2})[ \-]?([0-9]{3}[0-9Xx])(?![0-9])"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"

SAYS_WHERE: Final = frozenset({"description", "elsewhere", "other_help"})
"""The fields in which an office says where help is to be had: there a mobile number stands that its owner has made public."""

PHONE_ELSEWHERE: Final = (
    "别人会看到这段文字,请勿填写手机号:本人的电话填在个人资料(updateMe)里,"
    "点单另用的填在联系方式(contact)里,需要联系的人看得到;单位公布的电话请用座机或热线"
)
CARD_ELSEWHERE: Final = "别人会看到这段文字,请勿填写身份证号:这里不需要;办事须核对的,当面出示证件"


def why_private(text: str, field: str = "") -> str | None:
    """Why the text of a field is not fit to be read by others, with where the number belongs instead; None: it is fit."""
    plain = _CODE.sub("", unicodedata.normalize("NFKC", text).replace("\t", " "))
    if any(_is_card(*found.groups()) for found in _CARD.finditer(plain)):
        return CARD_ELSEWHERE
    if field in SAYS_WHERE:
        return None
    grouped = (found for found in _MOBILE.finditer(plain) if not (found[1] and _YEARS.fullmatch(found[2] + found[3])))
    return PHONE_ELSEWHERE if any(grouped) or _MOBILE_SPOKEN.search(plain.translate(_SPOKEN)) else None


def _is_card(area: str, year: str, month: str, day: str, rest: str) -> bool:
    """By its day of birth and its check character (GB 11643-1999): other numbers of eighteen digits pass."""
    digits = f"{area}{year}{month}{day}{rest.upper()}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return False
    return born.year >= 1900 and _CHECK[total % 11] == digits[-1]
