"""The page of the report: it needs nothing but itself, and says what was asked for."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO

from rich.console import Console
from test_case_figures import DAY as CASES
from test_figures import DAY

from app.simulation.case_measuring import Rates
from app.simulation.figures import report_of
from app.simulation.page import page
from app.simulation.terminal import minutes, show

RATE, NONE = {"yes": 3, "no": 1, "percent": 75.0}, {"yes": 0, "no": 0, "percent": None}
PAGE = page(report_of(DAY, strict=False))


class Reader(HTMLParser):
    """What a browser would load, and which elements stay open."""

    VOID = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loaded += [value or "" for name, value in attributes if name in ("src", "href", "xlink:href", "srcset")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    reader = Reader()
    reader.feed(PAGE)
    assert reader.open == []
    assert reader.loaded == []
    assert not {"script", "link", "iframe", "img"} & set(reader.tags)
    assert set(re.findall(r"https?://[^\"<> ]+", PAGE)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in PAGE
    assert "@import" not in PAGE


def test_the_page_fits_a_phone_and_says_how_it_was_made() -> None:
    assert '<meta name="viewport" content="width=device-width,initial-scale=1">' in PAGE
    assert "linli simulate --seed 4" in PAGE
    assert "2026-03-03 17:00 生成" in PAGE
    assert PAGE.count("<svg") == 11


def test_figures_stand_on_the_page() -> None:
    text = re.sub(r"<[^>]+>", " ", PAGE)
    for said in (
        "全部成立",
        "待派单",
        "社区派单员",
        "基尼系数 0.50",
        "接单用时",
        "no gaps",
        "8 人中 4 人合适",
        "家中无人",
        "微心愿实现",
    ):
        assert said in text


def test_what_there_is_of_cases_stands_on_the_page() -> None:
    rates = Rates(
        [{"label": "合计", "callbacks": 4, **dict.fromkeys(("response", "solved", "satisfied"), RATE), "key": None}],
        [{"label": "城管办", "seconds": 5400}],
        [{"label": "城管办", "assignments": 3, "signed": RATE, "reported_in": NONE, "not_theirs": 0}],
    )
    report = report_of(replace(DAY, cases=replace(CASES, rates=rates)), strict=False)
    text = " ".join(re.sub(r"<[^>]+>", " ", page(report)).split())
    for said in (
        "未联系上办结", "垃圾清运 3 2 1", "03-04 08:00", "日常哨 3 1 0", "异议不成立 contests refused 2", "电话 0 1 3",
        "合计 4 75% 3/4", "城管办 3 75% 3/4 –", "one state: 4 cases", "核验退回 case return_result 2",
    ):  # fmt: skip
        assert said in text
    console = Console(file=StringIO(), width=80, color_system=None)
    with console.capture() as printed:
        show(console, report)
    assert "响应率 75% 3/4" in printed.get()
    assert max(map(len, printed.get().splitlines())) <= 80


def test_what_is_wrong_stands_at_the_top_and_is_escaped() -> None:
    bad = page(report_of(replace(DAY, invariants=[("one", "<b>坏</b>", "bad", 1)]), strict=False))
    assert bad.index("1 处不对") < bad.index("&lt;b&gt;坏&lt;/b&gt;") < bad.index("订单的结果")
    assert "<b>坏" not in bad


def test_the_terminal_says_the_same_in_eighty_columns() -> None:
    console = Console(file=StringIO(), width=80, color_system=None)
    with console.capture() as printed:
        show(console, report_of(DAY, strict=True))
    text = printed.get()
    assert max(map(len, text.splitlines())) <= 80
    assert "一次也没有发生：respond 响应 150 % · never happened" in text.replace("\n", "")
    assert "Gini 0.50" in text


def test_minutes_read_as_people_say_them() -> None:
    assert [minutes(1), minutes(119), minutes(120), minutes(1440)] == ["1 分钟", "119 分钟", "2.0 小时", "24.0 小时"]
