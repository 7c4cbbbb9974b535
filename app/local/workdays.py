"""`linli import-workdays`: the State Council's notice for a year from a CSV, by the verbs of importCalendar and publishCalendar.

The file has the columns `day,works,name`, and `source` if it likes, UTF-8 with or without BOM: only the days that differ from
Monday to Friday, as the table of 2024 to 2026 in migrations/sql has them. One bad line, and nothing is written.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
from pydantic import ValidationError

from app.api.calendars import DayIn, YearIn
from app.api.problems import faults_of
from app.domain.deadlines import calendars
from app.kernel.command import Caller, Key, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.local.faults import LocalFault
from app.settings import Settings

COLUMNS: Final = ("day", "works", "name")
_WORKS: Final = {"1": True, "true": True, "是": True, "0": False, "false": False, "否": False}

# A log-in of its own, ended at once: the history names the administrator, and a door that is not asked for stays shut.
_LOG_IN: Final = "INSERT INTO session (family, person_id, created_at) VALUES ($1, $2, clock_timestamp())"
_LOG_OUT: Final = "UPDATE session SET revoked_at = clock_timestamp() WHERE family = $1"


@dataclass(frozen=True, slots=True)
class Notice:
    """A year's notice as the file has it, or what is wrong with it, a sentence a line."""

    year: int
    source: str
    days: list[tuple[date, bool, str]]
    faults: list[str]


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of it: the set that was written (None: a dry run), and whether it is in force."""

    notice: Notice
    set_id: UUID | None
    published: bool


def read(file: Path, source: str | None) -> Notice:
    """The notice in a file; the year is that of its first sound day. Raises LocalFault for a file that is no such CSV."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(_rows(csv.DictReader(lines, strict=True)))
    except (UnicodeDecodeError, csv.Error) as error:
        raise LocalFault(
            f"{file.name} 不是 UTF-8 的 CSV：{error}", f"{file.name} is no CSV in UTF-8: {error}",
            "save it anew as “CSV UTF-8”",
        ) from None  # fmt: skip
    days: list[tuple[date, bool, str]] = []
    faults: list[str] = []
    for number, row in rows:
        found = _day(row)
        if isinstance(found, str):
            faults.append(f"第 {number} 行：{found}")
        elif any(found.day == day for day, _, _ in days):
            faults.append(f"第 {number} 行：{found.day} 重复出现")
        elif fault := calendars.day_fault(days[0][0].year if days else found.day.year, found.day, found.works):
            faults.append(f"第 {number} 行：{fault.message}")
        else:
            days.append((found.day, found.works, found.name))
    sources = {row["source"].strip() for _, row in rows if row.get("source")} - {""}
    told = source or next(iter(sources), "")
    if len(sources) > 1 and not source:
        faults.append("source 一列只能有一个出处")
    if not told:
        faults.append("没有出处：加一列 source，或用 --source 写明通知的文号")
    if not days and not faults:
        faults.append("文件里没有一天")
    return Notice(days[0][0].year if days else 0, told, days, faults + (_whole(days, told) if not faults else []))


def _rows(reader: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, str]]]:
    header = [name.strip() for name in reader.fieldnames or ()]
    if sorted(header) not in (sorted(COLUMNS), sorted((*COLUMNS, "source"))):
        raise LocalFault(
            f"表头应为 {','.join(COLUMNS)}，或再加一列 source。",
            f"The header should be {','.join(COLUMNS)}, with or without source.",
        )
    reader.fieldnames = header
    for row in reader:
        if any(row.values()):
            yield reader.line_num, row


def _day(row: dict[str, str]) -> DayIn | str:
    if None in row or None in row.values():
        return f"应有 {len(COLUMNS)} 或 {len(COLUMNS) + 1} 列，用英文逗号分隔"
    works = _WORKS.get(row["works"].strip().lower())
    if works is None:
        return "works 应为 1（上班）或 0（放假）"
    try:
        return DayIn.model_validate({"day": row["day"].strip(), "works": works, "name": row["name"]})
    except ValidationError as error:
        return ";".join(f"{fault.pointer.removeprefix('/')} {fault.message}" for fault in faults_of(error.errors()))


def _whole(days: list[tuple[date, bool, str]], source: str) -> list[str]:
    """What is wrong with the notice as a whole, by the rules of the API."""
    named = [{"day": day.isoformat(), "works": works, "name": name} for day, works, name in days]
    try:
        YearIn.model_validate({"year": days[0][0].year, "source": source, "days": named})
    except ValidationError as error:
        return [f"{fault.pointer.removeprefix('/')} {fault.message}" for fault in faults_of(error.errors())]
    return []


async def run(
    settings: Settings, file: Path, *, login_name: str, source: str | None, dry_run: bool, publish: bool
) -> Imported:
    """Import the file in the name of an administrator, and publish it if wanted. With faults nothing is written. Raises
    LocalFault for a login name that nobody has, and for what the verbs refuse."""
    notice = read(file, source)
    if notice.faults or dry_run:
        return Imported(notice, None, published=False)
    database = await Database.connect(settings.migration_url, size=2)
    try:
        return await _written(database, notice, login_name, publish=publish)
    except Refusal as refusal:
        raise LocalFault(
            refusal.title_zh, refusal.title_en, refusal.detail or f"as {login_name}; see --login-name"
        ) from refusal
    except (OSError, asyncpg.PostgresError) as error:
        raise LocalFault(f"数据库用不了：{error}", f"The database cannot be used: {error}") from error
    finally:
        await database.close()


async def _written(database: Database, notice: Notice, login_name: str, *, publish: bool) -> Imported:
    who = await database.call(
        "SELECT person_id AS id FROM auth_person_by_login_name($1) WHERE NOT disabled", login_name
    )
    if not who:
        raise LocalFault(
            f"没有登录名为 {login_name} 的人。", f"Nobody has the login name {login_name}.", "--login-name"
        )
    caller = Caller(who[0]["id"], new_id())
    await database.call(_LOG_IN, caller.family, caller.person_id)
    try:
        named = {"year": notice.year, "days": notice.days, "source": notice.source}
        made = await execute(database, calendars.import_year, caller, _key("importCalendar"), None, named)
        if publish:
            await execute(database, calendars.publish_workdays, caller, _key("publishCalendar"), made.id, {})
    finally:
        await database.call(_LOG_OUT, caller.family)
    return Imported(notice, made.id, published=publish)


def _key(operation: str) -> Key:
    one = str(new_id())
    return Key(operation, one, one)


def sentences(done: Imported) -> list[str]:
    """What to tell, a line each."""
    notice = done.notice
    if notice.faults:
        return [f"{len(notice.faults)} 处有误，什么也没有写入 · faults, nothing written", *notice.faults]
    off = sum(not works for _, works, _ in notice.days)
    told = f"{notice.year} 年：放假 {off} 天，调休上班 {len(notice.days) - off} 天 · days off, days worked"
    if done.set_id is None:
        return [told, "试算，什么也没有写入 · dry run, nothing written"]
    if done.published:
        return [told, "已公布 · in force"]
    return [told, f"已导入，尚未公布 · imported, not in force yet: publishCalendar {done.set_id}"]
