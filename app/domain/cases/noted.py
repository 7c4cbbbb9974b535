"""What the history notes of a step, in words: beside the codes, for whoever reads the history of a case. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.domain.cases.callback_tables import CallChannel
from app.domain.cases.models import Lane, NotAccepted, WhistleKind
from app.domain.cases.words import WRITERS, Approval, Excuse
from app.domain.deadlines.models import label_of
from app.domain.deadlines.spoken import moment
from app.domain.places.models import Level


def _after(word: str) -> Callable[[Any], str]:
    return lambda value: f"{word}:{value}"


def _moment(word: str) -> Callable[[Any], str]:
    return lambda value: f"{word}:{moment(datetime.fromisoformat(value))}"


def _either(yes: str, no: str) -> Callable[[Any], str]:
    return lambda value: yes if value else no


def _reason(value: str) -> str:
    return f"原因:{NotAccepted(value).label if value in set(NotAccepted) else value}"


def _marks(marks: list[dict[str, Any]]) -> str:
    return "、".join(f"{label_of(mark['deadline'])}时限用到 {mark['percent']}%" for mark in marks)


WORDS: Mapping[str, Callable[[Any], str]] = {
    "lane": lambda value: f"定为{Lane(value).label}",
    "to": lambda value: f"到{Level(value).label}",
    "kind": lambda value: WhistleKind(value).label,
    "whistle": lambda value: WhistleKind(value).label,
    "channel": lambda value: f"方式:{CallChannel(value).label}",
    "taken_up": _either("由上级提办", "由本级上报"),
    "granted": _either("批准", "未批准"),
    "approved": _either(Approval.APPROVED.label, Approval.REFUSED.label),
    "upheld": _either("成立", "不成立"),
    "listed": _either("在准入清单上", "不在准入清单上"),
    "amount": lambda value: f"随拨经费 {value} 元",
    "source": _after("来源"),
    "owner": _after("负责"),
    "must_change": _after("须改变"),
    "review_at": _moment("复核"),
    "decision": _after("决定"),
    "outcome": _after("结果"),
    "answer": _after("公开答复"),
    "hours": lambda value: f"延长 {value} 小时(按该时限的日历计)",
    "reason": _reason,
    "tried": _after("试过"),
    "elsewhere": _after("可以去"),
    "due_at": _moment("期限"),
    "held_at": _moment("开会"),
    "text": _after("内容"),
    "written_by": lambda value: f"由{WRITERS[value]}写下",
    "solved": _either("解决了", "没有解决"),
    "reached": _either("联系上了", "没有联系上"),
    "calls": lambda value: f"{value} 人等回访",
    "percent": lambda value: f"时限用到 {value}%",
    "silent": _either("到时没有核验,视为通过", ""),
    "marks": _marks,
    "why": lambda value: Excuse(value).label,
}
"""What a value says, by its name in the note, in the order in which it is read; a name that is not here is an id, and tells
nobody anything."""


def noted(note: Mapping[str, Any]) -> str | None:
    """The sentence beside a note; None: there is nothing that people could read."""
    said = [say(note[name]) for name, say in WORDS.items() if note.get(name) is not None]
    return ";".join(filter(None, said)) or None
