"""Numbers that belong in no text that others read: a mobile number of the mainland, and the number of an identity card.

They are found as people write them without a thought, with spaces, hyphens or full-width digits; who means to get around it does.
Landlines and hotlines pass: they are an office's.
"""

import re
import unicodedata
from datetime import date
from typing import Final

_GAP: Final = r"[ \t\-_.·—–]?"
_MOBILE: Final = re.compile(rf"(?<![0-9])(?:(?:00|\+)?86{_GAP})?1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}}(?![0-9])")
_CARD: Final = re.compile(
    rf"(?<![0-9])([1-9][0-9]{{5}}){_GAP}([0-9]{{4}})([0-9]{{2}})([0-9]{{2}}){_GAP}([0-9]{{3}}[0-9Xx])(?![0-9])"
)
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK: Final = "10X98765432"

PHONE_ELSEWHERE: Final = (
    "别人会看到这段文字,请勿填写手机号:本人的电话填在个人资料(updateMe)里,"
    "点单另用的填在联系方式(contact)里,需要联系的人看得到"
)
CARD_ELSEWHERE: Final = "别人会看到这段文字,请勿填写身份证号:这里不需要;办事须核对的,当面出示证件"


def why_private(text: str) -> str | None:
    """Why a text is not fit to be read by others, with where the number belongs instead; None: there is no such number."""
    plain = unicodedata.normalize("NFKC", text)
    if any(_is_card(*found.groups()) for found in _CARD.finditer(plain)):
        return CARD_ELSEWHERE
    return PHONE_ELSEWHERE if _MOBILE.search(plain) else None


def _is_card(area: str, year: str, month: str, day: str, rest: str) -> bool:
    """By its day of birth and its check character (GB 11643-1999): other numbers of eighteen digits pass."""
    digits = f"{area}{year}{month}{day}{rest.upper()}"
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    try:
        born = date(int(year), int(month), int(day))
    except ValueError:
        return False
    return born.year >= 1900 and _CHECK[total % 11] == digits[-1]
