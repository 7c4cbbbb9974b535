"""The story of a case, a sentence a step, in a resident's words."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.cases.board_policy import LIFECYCLE as ASSIGNMENTS
from app.domain.cases.policy import GOVERNING, LIFECYCLE
from app.domain.cases.telling import BY_THEN, OF_CASE, OF_ORDER, Limit, story
from app.domain.cases.words import OF_ASSIGNMENTS, OF_CASES
from app.domain.orders.policy import LIFECYCLE as ORDERS
from app.kernel.time import CHINA

NINE = datetime(2026, 3, 2, 9, tzinfo=CHINA)


def step(action: str, *, of_order: bool = False, seat: str | None = None, **note: Any) -> dict[str, Any]:
    return {"action": action, "at": NINE, "note": note, "of_order": of_order, "seat_name": seat}


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (step("place", of_order=True), ["3月2日(周一)09:00,您点了一个单。"]),
        (step("triage", seat="东社区", lane="big"), ["3月2日(周一)09:00,受理,定为大事,东社区办理。"]),
        (step("triage", lane="small"), ["3月2日(周一)09:00,受理,定为小事,社区办理。"]),
        (
            step("escalate", seat="试验街道", reason="无权限", to="street"),
            ["3月2日(周一)09:00,上报到试验街道办理,原因:社区无权办理。"],
        ),
        (
            step("escalate", seat="试验区", reason="须改管线", to="district"),
            ["3月2日(周一)09:00,上报到试验区办理,原因:须改管线。"],
        ),
        (step("approve_whistle", whistle="routine"), ["3月2日(周一)09:00,吹响日常哨,责任单位须到场。"]),
        (
            step("mark", marks=[{"deadline": "reply", "percent": 80}, {"deadline": "triage", "percent": 100}]),
            ["3月2日(周一)09:00,分流时限已到,还没有做到。"],
        ),
        (step("recalculate"), []),
    ],
)
def test_a_step_is_a_sentence_or_nothing(told: dict[str, Any], said: list[str]) -> None:
    assert story([told], None, ()) == said


def test_what_the_lead_unit_did_stands_where_it_happened() -> None:
    whistle, result = step("approve_whistle", whistle="routine"), step("submit_whistled")
    signed = {"action": "sign", "at": NINE + timedelta(minutes=20)}
    result["at"] = NINE + timedelta(hours=1)
    assert story([whistle, result], None, (), lead=[signed]) == [
        "3月2日(周一)09:00,吹响日常哨,责任单位须到场。",
        "3月2日(周一)09:20,主办单位签收。",
        "3月2日(周一)10:00,主办单位提交结果,等待核验。",
    ]


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ([], "现在由东社区负责。"),
        ([Limit("triage", NINE, late=False)], "现在由东社区负责,须在3月2日(周一)09:00前分流,决定由谁办。"),
        (
            [Limit("triage", NINE + timedelta(hours=2, seconds=42), late=False), Limit("respond", NINE, late=False)],
            "现在由东社区负责,须在3月2日(周一)09:00前联系上报人;须在3月2日(周一)11:00前分流,决定由谁办。",
        ),
        ([Limit("resolve_small", NINE, late=True)], "现在由东社区负责,3月2日(周一)09:00前就应办结,已超时。"),
        ([Limit("check", NINE, late=False)], "现在由东社区负责,须在3月2日(周一)09:00前核验结果。"),
        ([Limit("callback", NINE, late=False)], "现在由东社区负责,须在3月2日(周一)09:00前回访。"),
        ([Limit("answer", NINE, late=False)], "现在由东社区负责。"),
    ],
)
def test_at_the_end_stands_who_holds_it_and_what_must_be_done_by_when(limits: list[Limit], said: str) -> None:
    assert story([], "东社区", limits) == [said]


def test_every_limit_that_may_govern_says_what_must_be_done() -> None:
    assert set(GOVERNING) - BY_THEN.keys() == set()


def test_only_steps_that_exist_are_told() -> None:
    assert OF_CASE.keys() <= {t.action for t in LIFECYCLE.transitions}
    assert OF_ORDER.keys() <= {t.action for t in ORDERS.transitions}


def test_every_move_of_a_case_is_told() -> None:
    moved = {t.action for t in LIFECYCLE.transitions if t.target is not None}
    assert moved - OF_CASE.keys() == set()


def test_every_action_has_a_word() -> None:
    assert OF_CASES.keys() == {t.action for t in LIFECYCLE.transitions}
    assert OF_ASSIGNMENTS.keys() == {t.action for t in ASSIGNMENTS.transitions}
