"""The joint board as one sheet to print: HTML that needs nothing from anywhere."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

from starlette.responses import Response

from app.domain.cases.words import ROLES
from app.domain.deadlines.spoken import moment

_STYLE = """
@page { size: A4; margin: 18mm }
body { font: 14px/1.6 "Songti SC", "SimSun", serif; color: #000; max-width: 180mm; margin: 0 auto }
h1 { font-size: 22px; text-align: center } h2 { font-size: 16px; margin: 1.2em 0 .4em }
table { border-collapse: collapse; width: 100% } th, td { border: 1px solid #333; padding: 4px 6px; text-align: left }
tr { break-inside: avoid } thead { display: table-header-group } .red { color: #b00; font-weight: bold }
@media screen { body { padding: 12mm } }
"""


class Sheet(Response):
    """An answer that is a page to print."""

    media_type = "text/html"


def sheet(board: Mapping[str, Any]) -> bytes:
    """The page of a board; a red seat or promise says so in a word too, for printers without colour."""
    seats = [
        (
            seat["unit_name"],
            ROLES[seat["role"]],
            seat["state_label"],
            _when(seat["signed_at"]),
            _when(seat["reported_in_at"]),
            _when(seat["due_at"]),
            _red(seat["red"], "逾期"),
            seat["outcome"] or "",
        )
        for seat in board["seats"]
    ]
    minutes = [(_when(one["held_at"]), "、".join(one["attended"]), one["text"]) for one in board["minutes"]]
    promises = [
        (
            *(one["unit_name"], one["text"], _when(one["due_at"]), _when(one["kept_at"]), one["written_by"]),
            _red(one["red"], "逾期"),
        )
        for one in board["promises"]
    ]
    parts = (
        _table("席位", ("单位", "角色", "状态", "签收", "报到", "时限", "", "完成情况"), seats),
        _table("会议纪要", ("时间", "到会单位", "议定内容"), minutes),
        _table("承诺", ("单位", "内容", "期限", "完成", "由谁写下", ""), promises),
    )
    about = "".join(
        f"<p>{name}:{escape(text)}</p>"
        for name, text in (
            ("事项", f"{board['category_name']} · {board['state_label']}"),
            ("地点", f"{board['place_name']}(办理层级:{board['seat_name']})"),
            ("内容", board["words"]),
            ("吹哨", _whistle(board["whistle"])),
            ("当前时限", _when(board["due_at"]) or "无"),
        )
    )
    page = (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>联席工作单</title>'
        f"<style>{_STYLE}</style></head><body><h1>联席工作单</h1>{about}{''.join(parts)}</body></html>"
    )
    return page.encode()


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return f"<h2>{title}</h2><p>暂无</p>"
    head = "".join(f"<th>{column}</th>" for column in columns)
    body = "".join("<tr>" + "".join(_cell(text) for text in row) + "</tr>" for row in rows)
    return f"<h2>{title}</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


_RED = "\0"


def _red(red: bool, word: str) -> str:
    return _RED + word if red else ""


def _cell(text: str) -> str:
    if text.startswith(_RED):
        return f'<td class="red">{text[1:]}</td>'
    return f"<td>{escape(text)}</td>"


def _whistle(whistle: Mapping[str, Any] | None) -> str:
    return "无" if whistle is None else f"{whistle['kind_label']}({whistle['approval_label']})"


def _when(at: datetime | None) -> str:
    return "" if at is None else moment(at)
