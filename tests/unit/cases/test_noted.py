"""What the history notes is said in words beside the codes."""

import ast
from pathlib import Path
from typing import Any

import pytest

import app.domain.cases
from app.api.cases_out import fit_steps
from app.domain.cases.noted import WORDS, noted

IDS = frozenset(("into", "child", "unit_id", "kept"))
CATALOGUES = frozenset(("code", "codes", "version"))
"""What records note; they are in the audit, and in the history of no case."""


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ({}, None),
        ({"into": "01985a3c-8888-7f00-8a6b-2f4c5d6e7f09"}, None),
        ({"lane": "hard"}, "定为难事"),
        ({"to": "street", "reason": "无权限", "tried": "现场看过"}, "到街道;原因:无权限;试过:现场看过"),
        ({"reason": "not_ours", "elsewhere": "市场监管所"}, "原因:不属于社区、街道和区县的办理范围;可以去:市场监管所"),
        ({"kind": "routine"}, "日常哨"),
        ({"channel": "phone"}, "方式:电话"),
        ({"granted": True, "due_at": "2026-03-04T17:00:00+08:00"}, "批准;期限:3月4日(周三)17:00"),
        ({"granted": False, "reason": None}, "未批准"),
        (
            {"hours": 24, "due_at": "2026-03-04T17:00:00+08:00"},
            "延长 24 小时(按该时限的日历计);期限:3月4日(周三)17:00",
        ),
        (
            {"to": "community", "listed": False, "amount": 3000, "source": "街道"},
            "到社区;不在准入清单上;随拨经费 3000 元;来源:街道",
        ),
        ({"marks": [{"deadline": "triage", "percent": 100}]}, "分流时限用到 100%"),
    ],
)
def test_a_note_is_a_sentence(note: dict[str, Any], said: str | None) -> None:
    assert noted(note) == said


def test_whatever_a_verb_notes_has_words() -> None:
    """By the sources: every name that `.note(…)` is called with in this room."""
    names = {
        word.arg
        for source in Path(app.domain.cases.__file__).parent.glob("*.py")
        for call in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "note"
        for word in call.keywords
    }
    assert {"lane", "granted"} <= names
    assert names - {None} - IDS - CATALOGUES - WORDS.keys() == set()


def test_minutes_that_an_early_version_noted_are_read_on_the_board_alone() -> None:
    step = {
        "action": "add_minutes",
        "whole": True,
        "of_order": False,
        "note": {"text": "先扶正", "held_at": "2026-01-05"},
    }
    promise = {**step, "action": "add_promise", "note": {"text": "扶正"}}
    assert [one["note"] for one in fit_steps([step, promise])] == [{"held_at": "2026-01-05"}, {"text": "扶正"}]  # type: ignore[list-item]
