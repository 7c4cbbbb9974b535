"""The figures as a workbook with charts. A text cell is a string and never a formula, as in `spreadsheet.py`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from app.api.figures_out import RatesRow
from app.api.hold_times import HoldTimesRow
from app.api.spreadsheet import PIECE, Spreadsheet
from app.api.unit_figures import UnitFiguresRow, WhistlerRow
from app.domain.cases.rates import Group

CHARTED: Final = 30
"""So many groups a chart shows; the sheet has all of them."""


@dataclass(frozen=True, slots=True)
class Sheets:
    """All that is written; of rates and hold-times the last row is the sum."""

    rates: Mapping[Group, Sequence[RatesRow]]
    holds: Mapping[Group, Sequence[HoldTimesRow]]
    units: Sequence[UnitFiguresRow]
    whistlers: Sequence[WhistlerRow]


async def written(sheets: Sheets, disposition: str) -> Spreadsheet:
    """The workbook as an answer."""
    content = await asyncio.to_thread(_workbook, sheets)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]

    headers = {"content-disposition": disposition, "content-length": str(len(content))}
    return Spreadsheet(pieces(), headers=headers)


def _workbook(sheets: Sheets) -> bytes:
    kept = BytesIO()
    book = _Book(Workbook(kept, {"in_memory": True}))
    for group, rates in sheets.rates.items():
        book.rates(f"三率(按{group.label})", rates)
    for group, holds in sheets.holds.items():
        book.holds(f"负责时长(按{group.label})", holds)
    book.units("签收与报到", sheets.units)
    book.whistlers("有效哨", sheets.whistlers)
    book.close()
    return kept.getvalue()


class _Book:
    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._head = book.add_format({"bold": True, "text_wrap": True})
        self._text = book.add_format({"num_format": "@", "quote_prefix": True})
        self._percent = book.add_format({"num_format": "0.0"})

    def close(self) -> None:
        self._book.close()

    def rates(self, name: str, rows: Sequence[RatesRow]) -> None:
        headers = (
            *("名称", "回访数", "及时联系", "未及时联系", "响应率 %", "解决", "未解决", "解决率 %", "满意", "不满意"),
            *("满意率 %", "未说是否及时联系", "待答复", "未联系上", "经复核不计"),
        )
        values = [
            (
                *(row.label, row.callbacks),
                *(
                    part
                    for rate in (row.response, row.solved, row.satisfied)
                    for part in (rate.yes, rate.no, rate.percent)
                ),
                *(row.unsaid, row.waiting, row.unreached, row.excluded),
            )
            for row in rows
        ]
        self._chart(name, self._sheet(name, headers, values), len(rows) - 1, (4, 7, 10), "column")

    def holds(self, name: str, rows: Sequence[HoldTimesRow]) -> None:
        headers = ("名称", "事项数", "段数", "总小时", "每段中位数(小时)")
        values = [(row.label, row.cases, row.stretches, row.seconds / 3600, row.median_seconds / 3600) for row in rows]
        self._chart(name, self._sheet(name, headers, values), len(rows) - 1, (3,), "bar")

    def units(self, name: str, rows: Sequence[UnitFiguresRow]) -> None:
        headers = (
            "单位",
            "任务数",
            "裁定不属于",
            "按时签收",
            "未按时签收",
            "签收率 %",
            "按时报到",
            "未按时报到",
            "报到率 %",
        )
        values = [
            (
                *(row.label, row.assignments, row.not_theirs),
                *(part for rate in (row.signed, row.reported_in) for part in (rate.yes, rate.no, rate.percent)),
            )
            for row in rows
        ]
        self._chart(name, self._sheet(name, headers, values), len(rows), (5, 8), "column")

    def whistlers(self, name: str, rows: Sequence[WhistlerRow]) -> None:
        headers = ("吹哨层级", "有决定的吹哨", "获批准", "有效", "有效率 %", "逾期未核验")
        values = [(row.label, row.whistles, row.approved, row.valid.yes, row.valid.percent, row.silent) for row in rows]
        self._chart(name, self._sheet(name, headers, values), len(rows), (4,), "column")

    def _sheet(self, name: str, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> Worksheet:
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, len(headers) - 1, 11)
        for column, header in enumerate(headers):
            sheet.write_string(0, column, header, self._head)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value, self._text)
                elif value is not None:
                    sheet.write_number(number, column, value, self._percent if isinstance(value, float) else None)
        sheet.freeze_panes(1, 1)
        return sheet

    def _chart(self, name: str, sheet: Worksheet, rows: int, columns: Sequence[int], kind: str) -> None:
        """The named columns of the first rows, below the table."""
        if rows < 1:
            return
        last = min(rows, CHARTED)
        chart = self._book.add_chart({"type": kind})
        for column in columns:
            chart.add_series(
                {
                    "name": [name, 0, column],
                    "categories": [name, 1, 0, last, 0],
                    "values": [name, 1, column, last, column],
                }
            )
        chart.set_title({"name": name})
        sheet.insert_chart(rows + 3, 0, chart, {"x_scale": 2, "y_scale": 1.2})
