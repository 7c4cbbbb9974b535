"""The story of a case, a sentence a step, in a resident's words."""

from datetime import datetime
from typing import Any

import pytest

from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.telling import OF_CASE, OF_ORDER, story
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
        (step("escalate", seat="试验街道", reason="无权限"), ["3月2日(周一)09:00,上报到试验街道办理:无权限。"]),
        (step("approve_whistle", whistle="routine"), ["3月2日(周一)09:00,吹响日常哨,责任单位须到场。"]),
        (
            step("mark", marks=[{"deadline": "reply", "percent": 80}, {"deadline": "triage", "percent": 100}]),
            ["3月2日(周一)09:00,分流时限已到,还没有做到。"],
        ),
        (step("recalculate"), []),
    ],
)
def test_a_step_is_a_sentence_or_nothing(told: dict[str, Any], said: list[str]) -> None:
    assert story([told], None, None) == said


def test_at_the_end_stands_who_holds_it_and_until_when() -> None:
    assert story([], "东社区", NINE) == ["现在由东社区负责,时限到3月2日(周一)09:00。"]
    assert story([], "东社区", None) == ["现在由东社区负责。"]


def test_only_steps_that_exist_are_told() -> None:
    assert OF_CASE.keys() <= {t.action for t in LIFECYCLE.transitions}
    assert OF_ORDER.keys() <= {t.action for t in ORDERS.transitions}


def test_every_move_of_a_case_is_told() -> None:
    moved = {t.action for t in LIFECYCLE.transitions if t.target is not None}
    assert moved - OF_CASE.keys() == set()
