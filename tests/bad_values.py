"""The values of `bad_input.py`, by the kind of field they are for: name of the fault → what is sent."""

from typing import Any

AN_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"


class Raw(str):
    """JSON text that stands in the body as it is, for what `json.dumps` would not write."""

    __slots__ = ()


WRONG_TEXTS: dict[str, Any] = {
    "NUL": "a\x00b",
    "half a surrogate pair": "a\ud800b",
    "bidi override": "a\u202eb",
    "bidi isolate": "a\u2066b",
    "C0 control": "a\x07b",
    "C1 control": "a\x9bb",
    "DEL": "a\x7fb",
    "nothing": "",
    "spaces": "   ",
    "ideographic spaces": "\u3000\u3000",
    "zero-width only": "\u200b\u200d\ufeff",
    "combining marks only": "\u0301\u0302",
    "60,000 characters": "长" * 60_000,
}
WRONG_TYPES_FOR_TEXT: dict[str, Any] = {
    "a number for text": 12,
    "a fraction for text": 1.5,
    "true for text": True,
    "a list for text": ["a"],
    "an object for text": {"a": "b"},
}
SOUND_TEXTS: dict[str, Any] = {
    "emoji family": "👨‍👩‍👧‍👦",
    "rare characters": "𠮷𠀀㐀",
    "combining accent": "e\u0301 cafe\u0301",
    "traditional": "繁體中文",
    "full-width digits": "１２３",
    "LIKE signs": "%_\\",
    "SQL": "'; DROP TABLE matter; --",
    "formula": "=1+1",
    "path": "../../etc/passwd",
    "markup": "<script>alert(1)</script>",
    "template": "{{7*7}} ${7*7} %s %n",
}
WRONG_NUMBERS: dict[str, Any] = {
    "2^31": 2**31,
    "2^63": 2**63,
    "2^64": 2**64,
    "-2^31-1": -(2**31) - 1,
    "10^400": 10**400,
    "1e999": Raw("1e999"),
    "-1e999": Raw("-1e999"),
    "true for a number": True,
    "text for a number": "12",
    "1.0 for a whole number": 1.0,
    "a fraction": 1.5,
    "underscores": "1_000",
    "full-width digits": "１２",
    "a list for a number": [1],
    "an object for a number": {},
}
WRONG_MOMENTS: dict[str, Any] = {
    "29 February of a common year": "2027-02-29T10:00:00+08:00",
    "24:00": "2027-02-01T24:00:00+08:00",
    "second 60": "2027-02-01T23:59:60+08:00",
    "minute 60": "2027-02-01T23:60:00+08:00",
    "no offset": "2027-02-01T10:00:00",
    "date only": "2027-02-01",
    "seconds since 1970": 1_800_000_000,
    "seconds since 1970 as text": "1800000000",
    "offset +25:00": "2027-02-01T10:00:00+25:00",
    "offset +14:30": "2027-02-01T10:00:00+14:30",
    "year 0001": "0001-01-01T00:00:00+08:00",
    "year 0001 east": "0001-01-01T00:00:00+14:00",
    "year 9999": "9999-12-31T23:59:59-12:00",
    "year 10000": "10000-01-01T00:00:00Z",
    "2019": "2019-12-31T23:59:59+08:00",
    "2100": "2100-01-01T00:00:00+08:00",
    "a space for T": "2027-02-01 10:00:00+08:00",
    "a space for T and for the plus": "2027-02-01 10:00:00 08:00",
    "two spaces for the plus": "2027-02-01T10:00:00  08:00",
    "a space for T, without an offset": "2027-02-01 10:00",
    "week date": "2027-W05-1T10:00:00+08:00",
    "full-width digits": "２０２７-02-01T10:00:00+08:00",
    "line end behind": "2027-02-01T10:00:00+08:00\n",
    "nothing": "",
    "true": True,
    "NUL": "2027-02-01T10:00:00\x00Z",
    "half a surrogate pair": "\udfff",
}
SOUND_MOMENTS: dict[str, Any] = {
    "29 February of a leap year": "2028-02-29T10:00:00+08:00",
    "Z": "2027-02-01T02:00:00Z",
    "+05:30": "2027-02-01T07:30:00+05:30",
}
WRONG_DAYS: dict[str, Any] = {
    "29 February of a common year": "2027-02-29",
    "month 13": "2027-13-01",
    "a moment": "2027-02-01T10:00:00+08:00",
    "no hyphens": "20270201",
    "week date": "2027-W05-1",
    "year 0001": "0001-01-01",
    "year 9999": "9999-12-31",
    "2019": "2019-12-31",
    "2100": "2100-01-01",
    "full-width digits": "２０２７-02-01",
    "line end behind": "2027-02-01\n",
    "seconds since 1970": 1_800_000_000,
    "nothing": "",
    "true": True,
    "NUL": "2027-02-01\x00",
    "half a surrogate pair": "\udfff",
}
SOUND_DAYS: dict[str, Any] = {"29 February of a leap year": "2028-02-29"}
WRONG_IDS: dict[str, Any] = {
    "SQL": "1 OR 1=1",
    "a number": 1,
    "braces": "{" + AN_ID + "}",
    "urn": f"urn:uuid:{AN_ID}",
    "no hyphens": AN_ID.replace("-", ""),
    "too short": AN_ID[:-1],
    "line end behind": AN_ID + "\n",
    "full-width": AN_ID.replace("0", "０"),
    "nothing": "",
    "dots": "..",
    "NUL": "\x00",
    "half a surrogate pair": "\ud800",
    "a list": [AN_ID],
    "long": "a" * 5000,
}
SOUND_IDS: dict[str, Any] = {
    "upper case": AN_ID.upper(),
    "nil": "00000000-0000-0000-0000-000000000000",
    "all ones": "ffffffff-ffff-ffff-ffff-ffffffffffff",
}
WRONG_CHOICES: dict[str, Any] = {
    "unknown member": "no-such-thing",
    "nothing": "",
    "a number": 0,
    "true": True,
    "a list": [],
    "an object": {},
    "NUL": "\x00",
    "half a surrogate pair": "\ud800",
}
WRONG_FLAGS: dict[str, Any] = {"text": "true", "1": 1, "0": 0, "yes": "yes", "a list": [True], "1.0": 1.0}
WRONG_LISTS: dict[str, Any] = {
    "text for a list": "a",
    "an object for a list": {"0": "a"},
    "a number for a list": 1,
    "20,000 items": ["a"] * 20_000,
    "lists of nothing": [[], [[]]],
    "null inside": [None],
    "true inside": [True],
}
WRONG_OBJECTS: dict[str, Any] = {"text for an object": "a", "a list for an object": [], "1 for an object": 1}
