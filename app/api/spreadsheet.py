"""Orders as a spreadsheet: Chinese headers, texts that stay texts, written row by row in constant memory.

A text cell is written as a string, never as a formula, and marked as quoted, so that it stays one when somebody edits it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import RowMapping
from starlette.responses import StreamingResponse
from xlsxwriter import Workbook

from app.domain.orders.clocks import total_of
from app.domain.orders.models import OrderState, Reject
from app.kernel.time import CHINA

PIECE: Final = 64 * 1024

COLUMNS: Final[Sequence[tuple[str, int, Callable[[RowMapping], str | int | datetime | None]]]] = (
    ("订单编号", 38, lambda row: str(row["id"])),
    ("状态", 10, lambda row: OrderState(row["state"]).said(row["form"])),
    ("第几轮", 8, lambda row: row["round"]),
    ("服务", 16, lambda row: row["service_name"]),
    ("社区", 16, lambda row: row["place_name"]),
    ("需要什么帮助", 40, lambda row: row["note"]),
    ("点单时间", 18, lambda row: row["created_at"]),
    ("最近的时限", 18, lambda row: row["due_at"]),
    ("已开放抢单", 10, lambda row: "是" if OrderState(row["state"]).in_pool(opened=row["open_pool"]) else "否"),
    ("做了什么", 40, lambda row: row["outcome"] if OrderState(row["state"]).done else None),
    ("取消的原因", 24, lambda row: row["cancel_reason"]),
    ("不予受理的原因", 24, lambda row: row["reject_reason"] and Reject(row["reject_reason"]).label),
    ("还可以向谁求助", 24, lambda row: row["other_help"]),
    ("错过的时限", 12, lambda row: row["misses"]),
    ("其中经复核不计", 14, lambda row: row["excluded"]),
    ("总用时(分钟)", 12, lambda row: total_of(row).passed(row["now"]) // timedelta(minutes=1)),
)
"""Header, width in characters, and the value: what the lists show, and no more."""


class Spreadsheet(StreamingResponse):
    """An answer that is an xlsx file."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def written(batches: AsyncIterator[Sequence[RowMapping]], disposition: str) -> Spreadsheet:
    """The file as an answer, when all batches are in it. What `batches` raises goes on, and no file stays."""
    folder = TemporaryDirectory(prefix="linli-export-")
    path = Path(folder.name) / "orders.xlsx"
    try:
        sheet = await asyncio.to_thread(_Sheet, path)
        async for batch in batches:
            await asyncio.to_thread(sheet.add, batch)
        await asyncio.to_thread(sheet.book.close)
    except BaseException:
        folder.cleanup()
        raise
    size = str(path.stat().st_size)
    return Spreadsheet(_pieces(folder, path), headers={"content-disposition": disposition, "content-length": size})


async def _pieces(folder: TemporaryDirectory[str], path: Path) -> AsyncIterator[bytes]:
    with folder, path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


class _Sheet:
    """The workbook with one sheet, a row at a time."""

    def __init__(self, path: Path) -> None:
        self.book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(path.parent)})
        self._sheet = self.book.add_worksheet("订单")
        self._text = self.book.add_format({"num_format": "@", "quote_prefix": True})
        self._moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        head = self.book.add_format({"bold": True})
        for number, (header, width, _) in enumerate(COLUMNS):
            self._sheet.set_column(number, number, width)
            self._sheet.write_string(0, number, header, head)
        self._sheet.freeze_panes(1, 0)
        self._row = 0

    def add(self, rows: Sequence[RowMapping]) -> None:
        """Each row below those before it."""
        for row in rows:
            self._row += 1
            for number, (_, _, value) in enumerate(COLUMNS):
                self._write(number, value(row))

    def _write(self, column: int, value: Any) -> None:
        if isinstance(value, datetime):
            self._sheet.write_datetime(self._row, column, value.astimezone(CHINA).replace(tzinfo=None), self._moment)
        elif isinstance(value, int):
            self._sheet.write_number(self._row, column, value)
        elif value is not None:
            self._sheet.write_string(self._row, column, value, self._text)
