"""The import of places from CSV: the tree's one writer.

A file has the columns `code,parent_code,level,name` and, if wanted, `estate_type`, in any order, UTF-8 with or without BOM,
one place a line. A file without the fifth leaves the types of estates as they are. It goes to the server as it is read, so
memory does not grow with it; everything else is set-based SQL (repository.py). One transaction: all of it or nothing,
whatever dies. Cycles cannot arise, since a parent stands on a strictly higher level (policy.PARENT_LEVELS) and a place
never changes its level.
"""

import asyncio
import codecs
import csv
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from enum import StrEnum
from typing import Any, Final

import asyncpg

from app.domain.places import repository
from app.domain.places.errors import ImportHeaderWrong, ImportNotUtf8, ImportRefused, ImportRunning
from app.domain.places.models import Level
from app.domain.places.policy import (
    CODE_LONGEST,
    LISTED_MOST,
    BadLine,
    Fault,
    ImportReport,
    Listed,
    estate_type_fault,
    line_fault,
    read_name,
)
from app.kernel.ids import new_id

HEADER: Final = ("code", "parent_code", "level", "name")
ESTATE_TYPE: Final = "estate_type"
"""The column that may be left out."""
LINE_LONGEST: Final = 2_048
"""Bytes of one line. The longest good one has two codes, a level and 64 characters: some 370."""

_STEP: Final = 5_000
_HEADER_SENTENCE: Final = (
    f"表头必须正好是这四列(顺序不限,用英文逗号分隔):{','.join(HEADER)};可再加一列小区类型 {ESTATE_TYPE}"
)
_GBK_SENTENCE: Final = "文件看来是 GBK(ANSI)编码:请在表格软件中另存为“CSV UTF-8(逗号分隔)”后再导入"
_UTF16_SENTENCE: Final = "文件看来是 UTF-16(Unicode 文本)编码:请在表格软件中另存为“CSV UTF-8(逗号分隔)”后再导入"


class Phase(StrEnum):
    """What an import is doing, in this order."""

    READ = "read"
    CHECK = "check"
    COMPARE = "compare"
    WRITE = "write"
    LINK = "link"


Progress = Callable[[Phase, int, int | None], None]
"""Told (phase, done, total): lines or places; the total is None while the file is being read."""


class CsvReader:
    """Bytes in any pieces → staged lines. Pure: no socket, no file.

    Keeps the first 1,000 bad lines and counts them all. Raises ImportHeaderWrong and ImportNotUtf8.
    """

    def __init__(self) -> None:
        self.lines = 0
        """Lines that hold something, the header not counted."""
        self.bad_total = 0
        self.bad: list[BadLine] = []
        self._number = 0
        self._rest = b""
        self._skipping = False
        self._order: tuple[int, ...] = ()
        self._utf8_lines = 0
        self._gbk_lines = 0

    def feed(self, piece: bytes) -> Iterator[repository.Staged]:
        """The lines that this piece completes."""
        *whole, self._rest = (self._rest + piece).split(b"\n")
        for line in whole:
            staged = self._line(line)
            if staged is not None:
                yield staged
        if len(self._rest) > LINE_LONGEST:  # the start is enough to name it; the rest is not kept
            self._skipping, self._rest = True, self._rest[:LINE_LONGEST]

    def finish(self) -> Iterator[repository.Staged]:
        """The last line, and the judgement over the whole."""
        staged = self._line(self._rest) if self._rest else None
        self._rest = b""
        if staged is not None:
            yield staged
        if not self._order:
            raise ImportHeaderWrong(f"文件是空的。{_HEADER_SENTENCE}")
        if self._gbk_lines > self._utf8_lines:
            raise ImportNotUtf8(_GBK_SENTENCE)

    def _line(self, raw: bytes) -> repository.Staged | None:
        self._number += 1
        too_long = self._skipping or len(raw) > LINE_LONGEST
        self._skipping = False
        if self._number == 1:
            if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                raise ImportNotUtf8(_UTF16_SENTENCE)
            raw = raw.removeprefix(codecs.BOM_UTF8)
        if not raw.strip():
            return None
        if not self._order:
            self._order = _header_order(raw)
            return None
        self.lines += 1
        cells = Fault.LINE_TOO_LONG if too_long else self._cells(raw)
        return self._refuse(cells) if isinstance(cells, Fault) else self._place(cells)

    def _cells(self, raw: bytes) -> list[str] | Fault:
        text = self._decode(raw)
        if text is None:
            return Fault.LINE_NOT_UTF8
        cells = _split(text)
        if cells is None:
            return Fault.LINE_NOT_CSV
        return cells if len(cells) == len(self._order) else Fault.COLUMNS_WRONG

    def _place(self, cells: list[str]) -> repository.Staged | None:
        code, parent_code, level, name, *more = (cells[column].strip() for column in self._order)
        estate_type = more[0] if more else None
        fit = line_fault(code, parent_code, level) or estate_type_fault(level, estate_type) or read_name(name)
        if isinstance(fit, Fault):
            return self._refuse(fit, code)
        return self._number, new_id(), code, parent_code, level, fit, estate_type, True

    def _decode(self, raw: bytes) -> str | None:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            self._gbk_lines += _is_gbk(raw)
            return None
        self._utf8_lines += not raw.isascii()
        return text

    def _refuse(self, fault: Fault, code: str = "") -> repository.Staged | None:
        self.bad_total += 1
        if len(self.bad) < LISTED_MOST:
            shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in code[:CODE_LONGEST])
            self.bad.append(BadLine(self._number, shown, fault, fault.reason))
        # A bad line is staged by its code alone, so that its children find their parent and its twins are named.
        known = code and len(code) <= CODE_LONGEST and "\0" not in code
        return (self._number, new_id(), code, "", "", "", None, False) if known else None


def _header_order(raw: bytes) -> tuple[int, ...]:
    """Where each column of HEADER stands, and then that of the type, if there is one."""
    try:
        cells = _split(raw.decode("utf-8")) or []
    except UnicodeDecodeError:
        sentence = _GBK_SENTENCE if _is_gbk(raw) else f"表头不是 UTF-8 文字。{_HEADER_SENTENCE}"
        raise ImportNotUtf8(sentence) from None
    names = [cell.strip() for cell in cells]
    wanted = (*HEADER, ESTATE_TYPE) if ESTATE_TYPE in names else HEADER
    if sorted(names) != sorted(wanted):
        raise ImportHeaderWrong(_HEADER_SENTENCE)
    return tuple(names.index(name) for name in wanted)


def _split(line: str) -> list[str] | None:
    """The cells of one line; None when its quotes do not pair. A cell cannot go on in the next line: no name does."""
    line = line.removesuffix("\r")
    if '"' not in line:
        return line.split(",")
    try:
        return next(csv.reader((line,), strict=True))
    except (csv.Error, StopIteration):
        return None


def _is_gbk(raw: bytes) -> bool:
    try:
        raw.decode("gb18030")
    except UnicodeDecodeError:
        return False
    return True


async def import_places(
    connection: asyncpg.Connection,
    lines: AsyncIterator[bytes] | Iterable[bytes],
    *,
    dry_run: bool,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring the tree to what the file says; nothing is ever deleted.

    `lines` may be cut anywhere; they are read inside the transaction and under the lock, so a door that receives them
    slowly takes in the whole file first. A dry run gives the same report and writes nothing. Runs in a transaction of
    its own, or in a savepoint of the caller's, whose time-outs it then leaves lifted.

    Raises ImportRunning while another import runs; ImportHeaderWrong or ImportNotUtf8 for the file as a whole;
    ImportRefused (with the report) when a line is bad and this is no dry run; NotAllowed when the connection's actor
    may not change the tree.
    """
    tell = progress or _nobody
    transaction = connection.transaction()
    await transaction.start()
    try:
        report = await _import(connection, lines, dry_run=dry_run, tell=tell)
        if report.written:
            await repository.end_import(connection)
    except BaseException:
        if not connection.is_closed():
            await transaction.rollback()
        raise
    if report.written:
        await transaction.commit()
    else:
        await transaction.rollback()
    if report.bad.total and not dry_run:
        raise ImportRefused(report)
    return report


async def _import(
    connection: asyncpg.Connection, lines: AsyncIterator[bytes] | Iterable[bytes], *, dry_run: bool, tell: Progress
) -> ImportReport:
    if not await repository.begin_import(connection):
        raise ImportRunning
    reader = CsvReader()
    await repository.stage(connection, _staged(reader, lines, tell))
    tell(Phase.CHECK, 0, reader.lines)
    await repository.plan(connection)
    bad = _together(reader, await repository.bad_lines(connection))
    tell(Phase.CHECK, reader.lines, reader.lines)
    if bad.total:
        none: Listed[Any] = Listed(0)
        return ImportReport(dry_run, False, reader.lines, bad, none, none, none, none, 0, none)
    tell(Phase.COMPARE, 0, reader.lines)
    report = ImportReport(
        dry_run=dry_run,
        written=not dry_run,
        lines=reader.lines,
        bad=bad,
        created=await repository.created(connection),
        renamed=await repository.renamed(connection),
        moved=await repository.moved(connection),
        retyped=await repository.retyped(connection),
        unchanged=await repository.unchanged(connection),
        absent_in_file=await repository.absent_in_file(connection),
    )
    tell(Phase.COMPARE, reader.lines, reader.lines)
    if not dry_run:
        await _write(connection, report, tell)
    return report


async def _write(connection: asyncpg.Connection, report: ImportReport, tell: Progress) -> None:
    tell(Phase.WRITE, 0, report.changes)
    await repository.write_places(connection, changed=report.lines - report.created.total - report.unchanged)
    tell(Phase.WRITE, report.changes, report.changes)
    counts = await repository.unlink(connection, moves=report.moved.total > 0)
    done, total = 0, sum(counts.values())
    tell(Phase.LINK, 0, total)
    for level in Level:
        if level in counts:
            await repository.link(connection, level)
            done += counts[level]
            tell(Phase.LINK, done, total)


async def _staged(
    reader: CsvReader, lines: AsyncIterator[bytes] | Iterable[bytes], tell: Progress
) -> AsyncIterator[repository.Staged]:
    told = 0
    async for piece in _pieces(lines):
        for staged in reader.feed(piece):
            yield staged
        if reader.lines - told >= _STEP:
            told = reader.lines
            tell(Phase.READ, told, None)
            await asyncio.sleep(0)  # a server that imports goes on answering others
    for staged in reader.finish():
        yield staged
    tell(Phase.READ, reader.lines, reader.lines)


async def _pieces(lines: AsyncIterator[bytes] | Iterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(lines, AsyncIterator):
        async for piece in lines:
            yield piece
    else:
        for piece in lines:
            yield piece


def _together(reader: CsvReader, found: Listed[BadLine]) -> Listed[BadLine]:
    """The bad lines that the reader named and those that the server named, in the order of the file."""
    items = sorted((*reader.bad, *found.items), key=lambda bad: bad.line)
    return Listed(reader.bad_total + found.total, tuple(items[:LISTED_MOST]))


def _nobody(_phase: Phase, _done: int, _total: int | None) -> None:
    """Nobody asked."""
