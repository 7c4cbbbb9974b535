"""A tree of the nation's shape as CSV lines, for measuring and for trying at scale.

31 provinces, 342 cities, 2,978 districts, 41,352 streets, 620,573 communities. Provinces bear their real names;
everything below is invented, the same at every run, and made line by line in bounded memory:
`python -m app.local.nation > nation.csv`.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

HEADER: Final = b"code,parent_code,level,name\n"

_PROVINCES: Final = (
    ("11", "北京市"),
    ("12", "天津市"),
    ("13", "河北省"),
    ("14", "山西省"),
    ("15", "内蒙古自治区"),
    ("21", "辽宁省"),
    ("22", "吉林省"),
    ("23", "黑龙江省"),
    ("31", "上海市"),
    ("32", "江苏省"),
    ("33", "浙江省"),
    ("34", "安徽省"),
    ("35", "福建省"),
    ("36", "江西省"),
    ("37", "山东省"),
    ("41", "河南省"),
    ("42", "湖北省"),
    ("43", "湖南省"),
    ("44", "广东省"),
    ("45", "广西壮族自治区"),
    ("46", "海南省"),
    ("50", "重庆市"),
    ("51", "四川省"),
    ("52", "贵州省"),
    ("53", "云南省"),
    ("54", "西藏自治区"),
    ("61", "陕西省"),
    ("62", "甘肃省"),
    ("63", "青海省"),
    ("64", "宁夏回族自治区"),
    ("65", "新疆维吾尔自治区"),
)

_FIRST: Final = "东西南北中上下大小新青白黄红金银石玉清明永长安平和兴福吉祥龙凤云山河江湖柳桃杏梅松竹梧桂榆槐沙柏"
_SECOND: Final = "门桥塘沟湾岭坡坪川原泉溪港洲庄屯堡营寨店集镇城关街坊园林苑台岗阳阴水峰谷田畈滩浦渡津墩坝圩埠冲"
_THIRD: Final = "头口里前后边角台子家湾岸"


@dataclass(frozen=True, slots=True)
class _Layer:
    """One level: how many in all, the digits that it adds to the code, and how the n-th is named."""

    level: str
    total: int
    digits: int
    name: Callable[[int], str]


def _word(number: int) -> str:
    """A place's own name: of two characters, of three when those are used up. Different for neighbouring numbers."""
    number, first = divmod(number, len(_FIRST))
    number, second = divmod(number, len(_SECOND))
    third = _THIRD[number % len(_THIRD)] if number else ""
    return _FIRST[first] + _SECOND[(second + first) % len(_SECOND)] + third


def _street(number: int) -> str:
    return _word(number * 7) + ("街道" if number % 5 < 2 else "镇" if number % 5 < 4 else "乡")


def _community(number: int) -> str:
    return _word(number * 11) + ("社区居委会" if number % 6 == 0 else "村委会")


_LAYERS: Final = (
    _Layer("city", 342, 2, lambda number: _word(number * 5) + "市"),
    _Layer("district", 2_978, 2, lambda number: _word(number * 3) + ("区" if number % 3 == 0 else "县")),
    _Layer("street", 41_352, 3, _street),
    _Layer("community", 620_573, 3, _community),
)


class _Deal:
    """Deals one layer's places out to the parents as they come: unevenly, and exactly all of them."""

    def __init__(self, layer: _Layer, parents: int) -> None:
        self.layer = layer
        self._parents = parents
        self._asked = 0
        self.dealt = 0

    def next_share(self) -> range:
        """The numbers of the places below the next parent."""
        self._asked += 1
        even = self.layer.total * self._asked // self._parents
        swing = self.layer.total // self._parents // 3
        # Bounds that sway round the even ones; the last parent's is the total itself.
        bound = (
            self.layer.total if self._asked == self._parents else even + self._asked * 7919 % (2 * swing + 1) - swing
        )
        share = range(self.dealt, max(bound, self.dealt + 1))
        self.dealt = share.stop
        return share


def lines() -> Iterator[bytes]:
    """The header and 665,276 lines, each parent before its children."""
    parents = [len(_PROVINCES), *(layer.total for layer in _LAYERS)]
    deals = [_Deal(layer, above) for layer, above in zip(_LAYERS, parents, strict=False)]
    yield HEADER
    for code, name in _PROVINCES:
        yield f"{code},,province,{name}\n".encode()
        yield from _below(code, deals)


def _below(parent: str, deals: list[_Deal]) -> Iterator[bytes]:
    if not deals:
        return
    layer = deals[0].layer
    for place, number in enumerate(deals[0].next_share(), start=1):
        code = f"{parent}{place:0{layer.digits}d}"
        yield f"{code},{parent},{layer.level},{layer.name(number)}\n".encode()
        yield from _below(code, deals[1:])


if __name__ == "__main__":
    sys.stdout.buffer.writelines(lines())
