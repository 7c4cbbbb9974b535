"""What a policy says in words, and that a limit which is a moment is not published as a length."""

import pytest

from app.domain.deadlines import policy, reading
from app.domain.deadlines.models import Effect, Limits, MarkPlan
from app.kernel.calendars import CalendarName
from app.kernel.deadline_tables import Primitive

MISS = (MarkPlan(100, ()),)


@pytest.mark.parametrize(
    ("matter", "kind", "pausable", "says"),
    [
        ("order", "respond", False, "从不暂停:响应和答复一直计时"),
        ("case", "reply", False, "从不暂停:响应和答复一直计时"),
        ("order", "plan", True, "可以暂停:等居民回答提问时,或遇不可抗力"),
        ("order", "plan", False, "不可暂停"),
        ("order", "appointment", False, "从不暂停"),
        ("case", "resolve_emergency", False, "从不暂停:应急处置日夜计时"),
        ("case", "resolve_street", False, "不可暂停;只在挂账、议事期间停下,之后接着算"),
        ("case", "resolve_street", True, "不可暂停;只在挂账、议事期间停下,之后接着算"),
        ("case", "resolve_routine", False, "不可暂停"),
    ],
)
def test_whether_a_limit_pauses(matter: str, kind: str, pausable: bool, says: str) -> None:
    assert reading.pausing(matter, kind, pausable=pausable) == says


@pytest.mark.parametrize(
    ("calendar", "seconds", "days", "sound"),
    [
        (CalendarName.WALL, 86_400, None, True),
        (CalendarName.WALL, 14_400, None, False),
        (CalendarName.DUTY, 86_400, None, False),
        (CalendarName.WORK, None, 1, False),
    ],
)
def test_the_midnight_of_a_small_matter_is_not_published_as_a_length(
    calendar: CalendarName, seconds: int | None, days: int | None, sound: bool
) -> None:
    faults = policy.faults_of("case", policy.BY_MIDNIGHT, Limits(calendar, seconds, days, MISS))
    assert [fault.code for fault in faults] == ([] if sound else ["by-midnight"])


def test_an_emergency_is_not_published_as_one_that_pauses() -> None:
    limits = Limits(CalendarName.WALL, 86_400, None, MISS, pause_limit_seconds=3600)
    assert [fault.code for fault in policy.faults_of("case", "resolve_emergency", limits)] == ["never-paused"]


def test_a_mark_says_what_it_does() -> None:
    effects = [Effect(Primitive.NOTIFY, "secretary@street"), Effect(Primitive.EVENT, "case.supervise")]
    assert reading.at_mark(100, effects) == "用到 100%:通知街道及以上的书记、由上一级督办"
    assert reading.at_mark(80, []) == "用到 80%:只记录"
