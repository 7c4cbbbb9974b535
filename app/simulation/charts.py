"""Charts as SVG that stands in a page: by pygal, without scripts and without outside addresses."""

import re
from collections.abc import Sequence
from typing import Any, Final

import pygal
from pygal.style import Style

GREEN, AMBER, RED, GREY, BLUE = "#2e7d5b", "#d9912b", "#c0392b", "#a9adb3", "#3467a8"

_FONT: Final = "system-ui, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_WIDTH: Final = 640
_ROW: Final = 46
_LETTER: Final = 17
_UNWANTED: Final = re.compile(r"<!--.*?-->|<script.*?</script>", re.DOTALL)


def bars(rows: Sequence[tuple[str, float]], colour: str = BLUE, name: str = "") -> str:
    """Horizontal bars from top to bottom, each with its number."""
    labels = [label for label, _ in reversed(rows)]
    chart = pygal.HorizontalBar(**_config(len(rows), [colour], labels), show_legend=False, print_values=True)
    chart.x_labels = labels
    chart.add(name, [value for _, value in reversed(rows)])
    return _svg(chart)


def stacked(labels: Sequence[str], parts: Sequence[tuple[str, str, Sequence[int]]]) -> str:
    """Horizontal bars of several parts, each part with name, colour and a value a row."""
    chart = pygal.HorizontalStackedBar(
        **_config(len(labels) + 1, [colour for _, colour, _ in parts], labels), legend_at_bottom=True,
        legend_box_size=16, legend_at_bottom_columns=len(parts), print_values=True, print_zeroes=False,
    )  # fmt: skip
    chart.x_labels = list(reversed(labels))
    for name, _, values in parts:
        chart.add(name, [value or None for value in reversed(values)])
    return _svg(chart)


def columns(labels: Sequence[str], values: Sequence[int], colour: str = BLUE) -> str:
    """Upright columns: a distribution."""
    chart = pygal.Bar(**_config(6, [colour]), show_legend=False, print_values=True, print_zeroes=False)
    chart.x_labels = list(labels)
    chart.add("", list(values))
    return _svg(chart)


def curve(points: Sequence[tuple[float, float]]) -> str:
    """The Lorenz curve beside the line on which everybody has the same."""
    chart = pygal.XY(
        **_config(8, [GREY, BLUE]), legend_at_bottom=True, legend_box_size=16, show_dots=False, range=(0, 100),
        xrange=(0, 100), x_title="志愿者能接的 %", y_title="订单 %",
    )  # fmt: skip
    chart.add("人人按余量", [(0, 0), (100, 100)])
    chart.add("实际", [(x * 100, y * 100) for x, y in points])
    return _svg(chart)


def _config(rows: int, colours: Sequence[str], labels: Sequence[str] = ()) -> dict[str, Any]:
    # A Chinese character is as wide as it is high; pygal reckons with 0.6 of that.
    wide = max((sum(character > "\u2e7f" for character in label) for label in labels), default=0)
    style = Style(
        background="transparent", plot_background="transparent", foreground="#333", foreground_strong="#111",
        foreground_subtle="#ccc", colors=tuple(colours), value_colors=("#fff",) * len(colours), opacity="1",
        opacity_hover="1", transition="0s", font_family=_FONT, label_font_size=_LETTER, major_label_font_size=_LETTER,
        value_font_size=15, legend_font_size=_LETTER, title_font_size=_LETTER, tooltip_font_size=15, value_font_family=_FONT,
        stroke_width="3",
    )  # fmt: skip
    return {
        "js": [],
        "style": style,
        "width": _WIDTH,
        "height": max(120, rows * _ROW + 40),
        "margin": 6,
        "margin_right": 24,
        "margin_left": 6 + round(wide * _LETTER * 0.4),
        "spacing": 8,
        "min_scale": 2,
        "max_scale": 6,
        "truncate_label": -1,
        "truncate_legend": -1,
        "no_data_text": "没有 · none",
        "disable_xml_declaration": True,
    }


def _svg(chart: Any) -> str:
    """What is left without the comments, which hold the maker's address, and without the settings of a script."""
    return _UNWANTED.sub("", chart.render(is_unicode=True))
