"""The story of a case, a sentence a step, in a resident's words."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.domain.cases.board_policy import LIFECYCLE as ASSIGNMENTS
from app.domain.cases.models import NotAccepted
from app.domain.cases.policy import GOVERNING, LIFECYCLE
from app.domain.cases.telling import BY_THEN, OF_BOARD, OF_CASE, OF_ORDER, Limit, story
from app.domain.cases.words import OF_ASSIGNMENTS, OF_CASES
from app.domain.orders.policy import LIFECYCLE as ORDERS
from app.kernel.time import CHINA

WRITTEN_DOWN = ("request_extension", "decide_extension", "add_minutes", "add_promise", "finish_promise")
NINE = datetime(2026, 3, 2, 9, tzinfo=CHINA)
LATER = datetime(2026, 3, 4, 17, tzinfo=CHINA).isoformat()


def step(action: str, *, of_order: bool = False, seat: str | None = None, **note: Any) -> dict[str, Any]:
    return {"action": action, "at": NINE, "note": note, "of_order": of_order, "seat_name": seat, "unit_name": None,
            "through": "requester"}  # fmt: skip


def did(action: str, minutes: int, unit: str = "城管办", role: str = "lead") -> dict[str, Any]:
    """What a unit on the board did, so long after nine."""
    return {"action": action, "at": NINE + timedelta(minutes=minutes), "role": role, "unit_name": unit}


@pytest.mark.parametrize("action", OF_ORDER)
def test_others_are_told_of_the_residents_order(action: str) -> None:
    (mine,), (theirs,) = (story([step(action, of_order=True)], None, (), own=own) for own in (True, False))
    assert "您" not in theirs
    assert theirs == mine.replace("您", "居民")


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
        (step("withdraw"), ["3月2日(周一)09:00,上报人撤回。"]),
        (step("withdraw") | {"through": "placer"}, ["3月2日(周一)09:00,工作人员按上报人所说撤回。"]),
        (
            step("escalate", seat="试验区", reason="无权限", to="district", taken_up=True),
            ["3月2日(周一)09:00,由上级提到试验区办理,原因:无权限。"],
        ),
        (
            step("refuse", reason="not_ours", elsewhere="市场监管所。"),
            [f"3月2日(周一)09:00,不予受理,原因:{NotAccepted.NOT_OURS.label};可以去:市场监管所。"],
        ),
        (step("return_result", reason="照片不清"), ["3月2日(周一)09:00,结果未通过核验,继续办理,原因:照片不清。"]),
        (step("terminate", reason="已拆除"), ["3月2日(周一)09:00,经独立复核终止,原因:已拆除。"]),
        (
            step("hand_down", seat="东社区", to="community", listed=False, amount=3000, source="街道经费"),
            ["3月2日(周一)09:00,交由东社区办理,随拨经费 3000 元,来源:街道经费。"],
        ),
        (
            step("hand_down", seat="东社区", to="community", listed=True),
            ["3月2日(周一)09:00,交由东社区办理,按准入清单。"],
        ),
        (step("hand_down", to="community", listed=False), ["3月2日(周一)09:00,交由社区办理。"]),
        (
            step("request_extension", hours=14, reason="配件外地调运"),
            ["3月2日(周一)09:00,申请把办理时限延长 14 小时(按该时限的日历计),原因:配件外地调运。"],
        ),
        (
            step("request_extension", hours=14, due_at=LATER, reason="配件外地调运"),
            ["3月2日(周一)09:00,申请把办理时限延到3月4日(周三)17:00,原因:配件外地调运。"],
        ),
        (
            step("decide_extension", granted=True, due_at=LATER),
            ["3月2日(周一)09:00,上一级批准延期,办理时限到3月4日(周三)17:00。"],
        ),
        (step("decide_extension", granted=False, reason="不需要"), ["3月2日(周一)09:00,延期未获批准,原因:不需要。"]),
        (
            step("add_minutes", text="先扶正", held_at=LATER),
            ["3月2日(周一)09:00,有关单位召开了联席会议(3月4日(周三)17:00)。"],
        ),
        (
            step("add_promise", text="换好灯杆", due_at=LATER) | {"unit_name": "城管办"},
            ["3月2日(周一)09:00,城管办承诺3月4日(周三)17:00前做到:换好灯杆。"],
        ),
        (step("finish_promise", kept="x"), ["3月2日(周一)09:00,一项承诺已兑现。"]),
    ],
)
def test_a_step_is_a_sentence_or_nothing(told: dict[str, Any], said: list[str]) -> None:
    assert story([told], None, ()) == said


def test_what_the_units_did_stands_where_it_happened() -> None:
    whistle, result = step("approve_whistle", whistle="routine"), step("submit_whistled")
    result["at"] = NINE + timedelta(hours=1)
    board = [did("send", 0), did("send", 0, "供电所", "co"), did("sign", 20), did("sign", 25, "供电所", "co")]
    assert story([whistle, result], None, (), board=board) == [
        "3月2日(周一)09:00,吹响日常哨,责任单位须到场。",
        "3月2日(周一)09:00,通知主办单位城管办、协办单位供电所到场。",
        "3月2日(周一)09:20,主办单位城管办签收。",
        "3月2日(周一)10:00,主办单位提交结果,等待核验。",
    ]


def test_a_contest_and_the_change_of_the_lead_are_told() -> None:
    board = [did("sign", 1), did("contest", 2), did("uphold", 3), did("send", 3, "水务站"), did("sign", 4, "水务站")]
    assert story([], None, (), board=board) == [
        "3月2日(周一)09:01,主办单位城管办签收。",
        "3月2日(周一)09:02,主办单位城管办提出异议,认为不归它办;时限照常计算。",
        "3月2日(周一)09:03,裁定主办单位城管办的异议成立,不归它办。",
        "3月2日(周一)09:03,通知主办单位水务站到场。",
        "3月2日(周一)09:04,主办单位水务站签收。",
    ]


def test_whoever_reads_the_outline_hears_nothing_that_was_written() -> None:
    """What was noted is not given to them at all, so that every step must do without."""
    moved = {action: step(action) for action in OF_CASE}
    said = " ".join(story(list(moved.values()), None, (), whole=False))
    assert "原因" not in said
    assert [action for action in WRITTEN_DOWN if story([moved[action]], None, (), whole=False)] == []


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
    assert OF_BOARD.keys() <= {t.action for t in ASSIGNMENTS.transitions}
    assert OF_ORDER.keys() <= {t.action for t in ORDERS.transitions}


def test_every_move_of_a_case_is_told() -> None:
    moved = {t.action for t in LIFECYCLE.transitions if t.target is not None}
    assert moved - OF_CASE.keys() == set()


def test_every_action_has_a_word() -> None:
    assert OF_CASES.keys() == {t.action for t in LIFECYCLE.transitions}
    assert OF_ASSIGNMENTS.keys() == {t.action for t in ASSIGNMENTS.transitions}
