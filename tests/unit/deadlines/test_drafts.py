"""Drafts without a database: the verb, how a draft differs from what is in force, and open time as plain numbers."""

from dataclasses import asdict, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deadlines import drafts, errors
from app.domain.deadlines.drafts import Difference, Part, differences, limits_of
from app.domain.deadlines.models import DeadlinePolicyDraft, Effect, Limits, MarkPlan
from app.domain.deadlines.replay import Counts, Drafted, Hours, Segments, period
from app.domain.deadlines.repository import CarriedEvent, Publishing
from app.kernel.calendars import STANDARD_DUTY, STANDARD_WORK, WHOLE_DAY, Calendar, CalendarName, Week, Workdays
from app.kernel.deadline_tables import Primitive
from app.kernel.errors import InvalidInput, NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role
from app.kernel.time import CHINA

NOW = datetime(2026, 3, 3, 10, 30, tzinfo=CHINA)
MICROSECOND = timedelta(microseconds=1)
WARN = MarkPlan(80, (Effect(Primitive.NOTIFY, "dispatcher"),))
MISS = MarkPlan(100, (Effect(Primitive.NOTIFY, "dispatcher"), Effect(Primitive.OPEN_POOL)))
RESPOND = Limits(CalendarName.DUTY, 1200, None, (WARN, MISS))

# ---------------------------------------------------------------- the verb

ADMINISTRATOR = Actor(new_id(), frozenset({Role.ADMINISTRATOR}))
KNOWN = Publishing(version=3, known=True, events=(), categories=("medical",))
ABOUT = {"place_id": new_id(), "matter_kind": "order", "deadline_kind": "respond"}


def test_a_draft_is_kept_and_nothing_else_is_written() -> None:
    change = drafts.draft(KNOWN, ADMINISTRATOR, NOW, **ABOUT, limits=RESPOND, category="medical")
    (row,) = change.rows
    assert row.table is DeadlinePolicyDraft
    assert (row.values["id"], row.values["category"], row.values["drafted_at"]) == (change.id, "medical", NOW)
    assert limits_of(row.values["limits"]) == RESPOND
    assert (change.state, change.place_id) == ("draft", ABOUT["place_id"])
    assert (change.patches, change.events, change.starts) == ([], [], [])


def test_only_an_administrator_drafts() -> None:
    with pytest.raises(NotAllowed):
        drafts.draft(KNOWN, Actor(new_id(), frozenset({Role.SECRETARY})), NOW, **ABOUT, limits=RESPOND)


def test_what_may_not_be_published_may_not_be_drafted() -> None:
    with pytest.raises(errors.PolicyInvalid) as found:
        drafts.draft(KNOWN, ADMINISTRATOR, NOW, **ABOUT, limits=replace(RESPOND, budget_seconds=None, marks=(WARN,)))
    assert [fault.code for fault in found.value.fields] == ["one-budget", "no-miss"]
    with pytest.raises(errors.UnknownDeadline):
        drafts.draft(replace(KNOWN, known=False), ADMINISTRATOR, NOW, **ABOUT, limits=RESPOND)


# ---------------------------------------------------------------- what differs


def said(before: Limits, after: Limits, *carried: CarriedEvent) -> list[str]:
    return [found.sentence for found in differences(before, after, carried)]


def test_what_is_the_same_is_not_told() -> None:
    assert said(RESPOND, RESPOND) == []
    assert said(RESPOND, replace(RESPOND, marks=(WARN, MarkPlan(100, MISS.effects[::-1])))) == []


def test_a_budget_is_told_in_its_own_unit() -> None:
    assert differences(RESPOND, replace(RESPOND, budget_seconds=900)) == (
        Difference(Part.BUDGET, "20 分钟", "15 分钟", "时限由 20 分钟改为 15 分钟"),
    )
    day = Limits(CalendarName.WORK, None, 1, (MISS,))
    assert said(day, replace(day, budget_days=3)) == ["时限由 1 个工作日改为 3 个工作日"]
    assert said(day, replace(day, budget_days=None, budget_seconds=5400)) == ["时限由 1 个工作日改为 1 小时 30 分钟"]


def test_calendar_pause_and_later_round_are_told() -> None:
    assert said(RESPOND, replace(RESPOND, calendar=CalendarName.WALL)) == ["日历由值守时间改为全天候"]
    assert said(RESPOND, replace(RESPOND, pause_limit_seconds=7200)) == ["改为可以暂停,一次最长 2 小时"]
    pausable = replace(RESPOND, pause_limit_seconds=7200)
    assert said(pausable, RESPOND) == ["改为不可暂停"]
    assert said(pausable, replace(pausable, pause_limit_seconds=60)) == ["一次暂停最长由 2 小时改为 1 分钟"]
    assert said(pausable, replace(pausable, pause_total_percent=50)) == ["全部暂停合计最长由时限的 200%改为时限的 50%"]
    assert said(RESPOND, replace(RESPOND, pause_total_percent=50)) == [], "what never pauses has no total"
    assert said(RESPOND, replace(RESPOND, later_round_percent=50)) == ["返工轮次由时限的 100%改为时限的 50%"]


def test_marks_and_effects_are_told_one_by_one() -> None:
    over = MarkPlan(150, (Effect(Primitive.SET_HOLDER, "secretary"), Effect(Primitive.NOTIFY, "secretary@street")))
    assert said(RESPOND, replace(RESPOND, marks=(MISS, over))) == [
        "取消 80% 的节点(通知社区派单员)",
        "增加 150% 的节点(通知街道及以上的书记、移交社区书记负责)",
    ]
    other = MarkPlan(100, (Effect(Primitive.OPEN_POOL), Effect(Primitive.START, "reply_in_person")))
    assert said(RESPOND, replace(RESPOND, marks=(WARN, other))) == [
        "100% 时不再通知社区派单员",
        "100% 时增加:开始书记答复时限",
    ]


def test_what_publishing_carries_over_is_no_difference() -> None:
    """The room's own event keeps its mark, whether it is drafted or not."""
    in_force = drafts.limits_in_force(
        "DUTY",
        1200,
        None,
        [100, 140],
        [{"percent": 140, "primitive": "event", "target": "order.lapse"}],
        None,
        100,
        200,
    )
    drafted = replace(in_force, marks=(MarkPlan(100, ()),))
    assert said(in_force, drafted, CarriedEvent(140, "order.lapse")) == []
    assert said(in_force, drafted) == ["取消 140% 的节点"]


# ---------------------------------------------------------------- the period


def test_the_last_ninety_days_unless_said() -> None:
    assert period(NOW, None, None) == (NOW - timedelta(days=90), NOW)
    until = NOW - timedelta(days=400)
    assert period(NOW, None, until) == (until - timedelta(days=90), until)
    assert period(NOW, NOW - timedelta(days=366), None) == (NOW - timedelta(days=366), NOW)


@pytest.mark.parametrize(
    ("since", "until", "code"),
    [
        (NOW, None, "period-empty"),
        (NOW, NOW - MICROSECOND, "period-empty"),
        (NOW - timedelta(days=366, microseconds=1), None, "period-too-long"),
    ],
)
def test_no_other_period_is_replayed(since: datetime, until: datetime | None, code: str) -> None:
    with pytest.raises(InvalidInput) as found:
        period(NOW, since, until)
    assert [fault.code for fault in found.value.fields] == [code]


# ---------------------------------------------------------------- open time as numbers

SPLIT: Week = (((0, 3600), (3600, 7200), (50_000, 86_400)),) * 5 + ((), ((0, 86_400),))
CALENDARS = (
    Calendar(CalendarName.WALL, WHOLE_DAY),
    Calendar(CalendarName.DUTY, STANDARD_DUTY),
    Calendar(CalendarName.DUTY, SPLIT),
    Calendar(CalendarName.WORK, STANDARD_WORK, Workdays(frozenset({2026}), {NOW.date(): False})),
)
SINCE = NOW - timedelta(days=40, microseconds=-1)
SEGMENTS = Segments.of(CALENDARS, SINCE, NOW)
moments = st.integers(0, (NOW - SINCE) // MICROSECOND)


def open_time(group: int, micros: int) -> int:
    """What SQL does with width_bucket."""
    key = group * SEGMENTS.band + micros
    last = sum(opens <= key for opens in SEGMENTS.opens) - 1
    return min(key, SEGMENTS.closes[last]) + SEGMENTS.shifts[last]


@given(st.integers(0, len(CALENDARS) - 1), moments)
def test_a_lookup_gives_the_open_time_since_the_beginning(group: int, micros: int) -> None:
    spent = CALENDARS[group].spent(SINCE, SINCE + micros * MICROSECOND)
    assert open_time(group, micros) == spent // MICROSECOND


def test_the_ends_of_the_bands_do_not_touch() -> None:
    assert sorted(SEGMENTS.opens) == SEGMENTS.opens
    assert SEGMENTS.opens.count(0) == 2, "the sentinel, and WALL which is open at once"
    for group, calendar in enumerate(CALENDARS):
        assert open_time(group, SEGMENTS.band - 1) == calendar.spent(SINCE, NOW) // MICROSECOND
        assert open_time(group, 0) == 0


def test_a_period_that_has_not_begun_has_no_open_time() -> None:
    empty = Segments.of(CALENDARS[:2], NOW, NOW - timedelta(days=1))
    assert (empty.band, empty.opens, empty.closes) == (1, [0, 1], [0, 1])


def test_equal_hours_are_one_group() -> None:
    duty, split = CALENDARS[1], CALENDARS[2]
    ids = [new_id() for _ in range(3)]
    hours = Hours.of(duty, [(ids[0], split), (ids[1], Calendar(CalendarName.DUTY, STANDARD_DUTY)), (ids[2], split)])
    assert (hours.calendars, hours.places, hours.groups) == ((duty, split), tuple(ids), (1, 0, 1))


# ---------------------------------------------------------------- budgets and due moments


def test_a_budget_in_days_is_that_of_the_places_hours() -> None:
    draft = Drafted(new_id(), "order", "plan", Limits(CalendarName.WORK, None, 2, (MISS,), None, 50))
    short = Calendar(CalendarName.WORK, (((32_400, 43_200),),) * 7)
    assert draft.budgets((CALENDARS[3], short), 1) == [14 * 3600 * 10**6, 6 * 3600 * 10**6]
    assert draft.budgets((CALENDARS[3], short), 2) == [7 * 3600 * 10**6, 3 * 3600 * 10**6]


@pytest.mark.parametrize(
    ("matter", "kind", "by_budget"),
    [
        ("order", "promise", False),
        ("case", "resolve_small", False),
        ("case", "milestone", False),
        ("case", "review", False),
        ("case", "resolve_community", True),
        ("order", "plan", True),
    ],
)
def test_what_is_due_at_a_moment_of_its_own_has_no_budget_of_the_drafts(
    matter: str, kind: str, by_budget: bool
) -> None:
    draft = Drafted(new_id(), matter, kind, Limits(CalendarName.WALL, 60, None, (MISS,)))
    assert draft.budgets(CALENDARS[:1], 1) == [60 * 10**6 if by_budget else None]


def test_a_due_moment_leaves_pauses_out() -> None:
    draft = Drafted(new_id(), "order", "coordinate", Limits(CalendarName.WALL, 3600, None, (MISS,), 60, 50))
    pause = (NOW + timedelta(minutes=10), NOW + timedelta(minutes=25))
    assert draft.due(CALENDARS[0], NOW, 1, (pause,)) == NOW + timedelta(minutes=75)
    assert draft.due(CALENDARS[0], NOW, 2, (pause,)) == NOW + timedelta(minutes=45)


def test_counts_add_up() -> None:
    total = Counts(1, 2, 3, 4, 5, 6, 7) + Counts(10, 20, 30, 40, 50, 60, 70)
    assert list(asdict(total).values()) == [11, 22, 33, 44, 55, 66, 77]
