"""The verbs of promises as values: plans, pauses, disputes, and calendars that come; without a database."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from app.domain.deadlines.errors import DeadlineNotFound
from app.domain.orders import errors, promises
from app.kernel.calendar_store import know
from app.kernel.change import Change, Event, Patch
from app.kernel.deadline_tables import DeadlinePause
from app.kernel.errors import FieldFault, InvalidInput, NotAllowed, Refusal
from app.kernel.matter import Pause, TimedDeadline
from app.kernel.rules import SYSTEM, Actor
from app.kernel.time import a_year_on
from tests.unit.kernel.test_calendars import DUTY, HOUR, SECOND, WORK, WORKING_DAY, at
from tests.unit.orders.promised import (
    COORDINATE,
    DISPATCHER,
    ELEVEN,
    FOUR,
    GAP,
    JUDGE,
    PLAN,
    PROMISE,
    QUESTION,
    SECRETARY,
    STORM,
    TEN,
    THREE_DAYS,
    TWELVE,
    coordinate,
    dues,
    order,
    paused,
    plan,
    post,
    respond,
    rows,
    timed,
)
from tests.unit.orders.test_policy import FAMILY, OTHER, RESIDENT, VOLUNTEER, WHO, served

# -- Plans ------------------------------------------------------------------------------------------------------------


def test_a_plan_stops_plan_and_its_promised_date_is_a_deadline_of_its_own() -> None:
    promised = at("2026-03-06 11:00")
    change = promises.write_plan(
        order(coordinate(), plan()), DISPATCHER, TEN, text="换阀门", steps=("看现场", "更换"), promised_at=promised
    )
    assert (change.stops, change.starts, change.anchors) == (["plan"], ["promise"], {"promise": (None, promised)})
    said = post(change)
    assert (said["kind"], said["owner_id"], said["steps"]) == ("plan", OTHER, ["看现场", "更换"])
    assert said["promised_at"] == promised
    assert change.events == served("order.planned")


def test_a_new_plan_takes_the_place_of_an_older_promise() -> None:
    late = timed(PROMISE, "promise_late", HOUR, DUTY)
    change = promises.write_plan(
        order(late), SECRETARY, TEN, text="新方案", steps=("更换",), promised_at=FOUR, owner_id=VOLUNTEER
    )
    assert (change.stops, change.starts, post(change)["owner_id"]) == (["promise_late"], ["promise"], VOLUNTEER)


@pytest.mark.parametrize(
    ("promised_at", "refusal"),
    [
        (TEN, errors.PromiseTooEarly),
        (TEN + SECOND / 2, errors.PromiseTooEarly),
        (a_year_on(TEN) + SECOND, errors.PromiseTooLate),
    ],
)
def test_a_promised_date_lies_in_the_coming_year(promised_at: datetime, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal, match="年"):
        promises.write_plan(order(plan()), DISPATCHER, TEN, text="?", steps=("?",), promised_at=promised_at)


def test_a_plans_owner_is_the_actor_or_whoever_serves() -> None:
    with pytest.raises(InvalidInput) as refused:
        promises.write_plan(order(plan()), DISPATCHER, TEN, text="?", steps=("?",), promised_at=FOUR, owner_id=RESIDENT)
    assert refused.value.fields == (
        FieldFault("/body/owner_id", "owner-unknown", "方案的负责人须是您本人,或承接这个订单的志愿者"),
    )


# -- Pauses -----------------------------------------------------------------------------------------------------------


def test_force_majeure_has_actor_reason_and_limit_and_is_shown() -> None:
    change = promises.pause(order(plan()), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=FOUR, text="暴雨红色预警")
    assert rows(change, DeadlinePause) == [
        {
            "deadline_id": PLAN, "matter_id": UUID(int=9), "place_id": UUID(int=8), "pausable": True,
            "reason": "force_majeure", "text": "暴雨红色预警", "paused_by": OTHER, "paused_as": "secretary",
            "from_at": ELEVEN, "until_at": FOUR, "limit_at": FOUR,
        }
    ]  # fmt: skip
    assert dues(change) == {"plan": "03-04 15:00:00"}
    assert change.events == served("order.paused")


def test_all_pauses_together_last_at_most_twice_the_budget() -> None:
    """Of four hours of duty: eight."""

    def pause(until: str, *earlier: Pause) -> Change:
        return promises.pause(
            order(coordinate(*earlier)), SECRETARY, ELEVEN, deadline_id=COORDINATE, until_at=at(until), text="停电"
        )

    assert dues(pause("2026-03-03 19:00")) == {"coordinate": "03-04 10:00:00"}
    with pytest.raises(errors.PausedTooLong, match=r"最晚到3月3日.*19:00;"):
        pause("2026-03-03 19:00:01")
    with pytest.raises(errors.PausedTooLong, match=r"最晚到3月3日.*18:59:59;"):
        pause("2026-03-03 19:00", paused(QUESTION, TEN, TEN + SECOND))
    annulled = paused(QUESTION, TEN, ELEVEN, disputed=True, decided=True, annulled=True)
    assert dues(pause("2026-03-03 19:00", annulled)) == {"coordinate": "03-04 10:00:00"}, "which counts for nothing"


def test_how_long_all_pauses_may_last_is_a_share_that_the_policy_names() -> None:
    """Of four hours of duty, half: two."""
    half = replace(coordinate(), pause_total_percent=50)

    def pause(until: str) -> Change:
        return promises.pause(order(half), SECRETARY, ELEVEN, deadline_id=COORDINATE, until_at=at(until), text="停电")

    assert dues(pause("2026-03-03 13:00")) == {"coordinate": "03-03 16:00:00"}
    with pytest.raises(errors.PausedTooLong):
        pause("2026-03-03 13:00:01")


def test_one_pause_has_a_limit_of_its_own_in_real_time() -> None:
    week = replace(timed(PLAN, "plan", 20 * WORKING_DAY, WORK), pause_limit=THREE_DAYS)
    until = ELEVEN + THREE_DAYS
    promises.pause(order(week), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=until, text="?")
    with pytest.raises(errors.PausedTooLong, match=r"最晚到3月6日.*11:00;"):
        promises.pause(order(week), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=until + SECOND, text="?")


@pytest.mark.parametrize(
    ("deadline", "until", "refusal"),
    [
        (respond(), TWELVE, errors.NothingToPause),
        (coordinate(stopped=TEN), TWELVE, errors.NothingToPause),
        (coordinate(paused(QUESTION, TEN, FOUR)), TWELVE, errors.NothingToPause),
        (coordinate(), ELEVEN, errors.PauseOver),
    ],
    ids=["never pauses", "has stopped", "is paused", "until now"],
)
def test_these_are_not_paused(deadline: TimedDeadline, until: datetime, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        promises.pause(order(deadline), SECRETARY, ELEVEN, deadline_id=deadline.id, until_at=until, text="?")


def test_another_orders_deadline_is_not_there() -> None:
    with pytest.raises(DeadlineNotFound):
        promises.pause(order(plan()), SECRETARY, ELEVEN, deadline_id=COORDINATE, until_at=FOUR, text="?")
    with pytest.raises(DeadlineNotFound):
        promises.resume(order(plan()), DISPATCHER, ELEVEN, deadline_id=COORDINATE)


def test_a_dispatcher_pauses_by_a_question_alone() -> None:
    with pytest.raises(NotAllowed):
        promises.pause(order(plan()), DISPATCHER, ELEVEN, deadline_id=PLAN, until_at=FOUR, text="?")


def test_a_pause_that_ends_early_gives_back_what_was_left_of_it() -> None:
    waiting = coordinate(paused(STORM, ELEVEN, FOUR, reason="force_majeure"))
    assert waiting.timing.due_at() == at("2026-03-03 19:00")
    change = promises.resume(order(waiting), DISPATCHER, TWELVE, deadline_id=COORDINATE)
    assert change.patches == [Patch(DeadlinePause, {"id": STORM, "until_at": TWELVE, "resumed_by": OTHER})]
    assert dues(change) == {"coordinate": "03-03 15:00:00"}
    assert change.events == served("order.resumed")


@pytest.mark.parametrize(
    "deadline",
    [
        coordinate(),
        coordinate(paused(STORM, TEN, ELEVEN)),
        coordinate(paused(STORM, TEN, FOUR, disputed=True, decided=True, annulled=True)),
        coordinate(paused(STORM, TEN, FOUR), stopped=at("2026-03-03 10:30")),
    ],
    ids=["never paused", "ended by itself", "annulled", "stopped"],
)
def test_only_a_pause_that_runs_is_ended(deadline: TimedDeadline) -> None:
    with pytest.raises(errors.PauseNotFound):
        promises.resume(order(deadline), DISPATCHER, ELEVEN, deadline_id=COORDINATE)


# -- Disputes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "judges"),
    [
        (DISPATCHER, ["secretary"]),
        (WHO["administrator"], ["secretary"]),
        (SECRETARY, ["secretary@street", "administrator"]),
    ],
)
def test_a_dispute_goes_to_somebody_else_than_who_paused(by: Actor, judges: list[str]) -> None:
    disputed = order(coordinate(paused(QUESTION, ELEVEN, FOUR, by=by)))
    change = promises.dispute(disputed, WHO["requester"], TWELVE, pause_id=QUESTION, text="没人问过我")
    assert change.events == [Event("order.disputed", to_role=judge) for judge in judges]
    assert change.patches == [Patch(DeadlinePause, {"id": QUESTION, "disputed_at": TWELVE, "dispute": "没人问过我"})]
    assert change.retimes == [], "until it is decided, the pause stands"


def test_a_pause_is_disputed_once_and_only_a_pause() -> None:
    gap = paused(GAP, TEN, ELEVEN, by=SYSTEM, reason="undone")
    before = order(coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True), gap))
    with pytest.raises(errors.AlreadyDisputed):
        promises.dispute(before, WHO["requester"], TWELVE, pause_id=QUESTION, text="?")
    for nothing in (GAP, STORM):
        with pytest.raises(errors.PauseNotFound):
            promises.dispute(before, WHO["requester"], TWELVE, pause_id=nothing, text="?")


def test_an_upheld_dispute_restores_the_moments() -> None:
    storm = paused(STORM, at("2026-03-03 10:30"), at("2026-03-03 10:45"), by=SECRETARY, reason="force_majeure")
    before = coordinate(storm, paused(QUESTION, ELEVEN, FOUR, disputed=True))
    assert before.timing.due_at() == at("2026-03-03 19:15")
    change = promises.decide(order(before), JUDGE, TWELVE, pause_id=QUESTION, upheld=True, text="没有送达")
    (decided,) = change.patches
    assert decided.values == {
        "id": QUESTION, "decided_at": TWELVE, "decided_by": JUDGE.id, "decision": "没有送达", "annulled": True,
    }  # fmt: skip
    assert dues(change) == {"coordinate": "03-03 14:15:00"}, "the other pause stands"
    assert change.events == [
        *(Event("order.dispute_decided", to_person=who, payload={"upheld": True}) for who in (RESIDENT, FAMILY)),
        Event("order.pause_judged", to_person=DISPATCHER.id, payload={"upheld": True}),
        Event("order.pause_annulled", to_role="dispatcher"),
    ], "either of them disputed it; who paused, and who dispatches by the limit, hear it too"
    assert change.remark == {"upheld": True}


def test_marks_that_an_upheld_dispute_makes_due_lie_in_the_past_and_fire_at_once() -> None:
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True))
    change = promises.decide(order(before), JUDGE, FOUR, pause_id=QUESTION, upheld=True, text="没有送达")
    (again,) = change.retimes
    assert again.row()["times"] == (at("2026-03-03 13:12"), at("2026-03-03 14:00"))


def test_what_has_fired_keeps_its_moment() -> None:
    """Warned at 18:12, since five hours were paused; the pause is annulled at 18:30."""
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True), fired=1)
    change = promises.decide(
        order(before), JUDGE, at("2026-03-03 18:30"), pause_id=QUESTION, upheld=True, text="没有送达"
    )
    (again,) = change.retimes
    assert again.row()["times"] == (at("2026-03-03 18:12"), at("2026-03-03 14:00"))
    assert again.row()["due_at"] == at("2026-03-03 14:00")


def test_a_dispute_that_is_not_upheld_moves_nothing() -> None:
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True))
    change = promises.decide(order(before), JUDGE, TWELVE, pause_id=QUESTION, upheld=False, text="电话记录在")
    assert (change.patches[0].values["annulled"], change.retimes) == (False, [])


def test_nobody_decides_on_their_own_pause_twice_or_before_it_is_disputed() -> None:
    def decide(actor: Actor, **said: bool) -> Change:
        before = order(coordinate(paused(QUESTION, ELEVEN, FOUR, by=SECRETARY, **said)))
        return promises.decide(before, actor, TWELVE, pause_id=QUESTION, upheld=True, text="?")

    with pytest.raises(errors.OwnPause):
        decide(SECRETARY, disputed=True)
    with pytest.raises(errors.NotDisputed):
        decide(JUDGE)
    with pytest.raises(errors.NotDisputed):
        decide(JUDGE, disputed=True, decided=True)
    with pytest.raises(errors.PauseNotFound):
        promises.decide(order(plan()), JUDGE, TWELVE, pause_id=QUESTION, upheld=True, text="?")


# -- A calendar that came ---------------------------------------------------------------------------------------------


class Stored:
    """Rows of calendars as they come from the database."""

    async def fetch(self, _statement: str, /, *_values: Any) -> Iterable[Mapping[str, Any]]:
        shifts = "[[32400, 43200], [48600, 63000]]"
        return [
            {"id": UUID(int=5), "hours": f"[{', '.join([shifts] * 7)}]", "years": None, "days": None},
            {"id": UUID(int=8), "hours": None, "years": [2026], "days": '{"2026-03-04": {"works": false, "name": "春节"}}'},
        ]  # fmt: skip


async def test_deadlines_are_computed_anew_when_the_working_days_of_a_year_come() -> None:
    await know(Stored(), [UUID(int=5), UUID(int=8)])
    unsure = replace(plan(), hours_id=UUID(int=5))
    stopped = replace(unsure, id=UUID(int=110), stopped_at=TEN)
    current = replace(unsure, id=UUID(int=111), kind="other", workdays_id=UUID(int=8))
    before = order(coordinate(), unsure, stopped, current)
    change = promises.recalculate(before, SYSTEM, ELEVEN, workdays_id=UUID(int=8))
    assert dues(change) == {"plan": "03-05 10:00:00"}, "Wednesday has become a holiday"
    assert change.retimes[0].row()["workdays_id"] == UUID(int=8)
    assert not change.retimes[0].row()["calendar_missing"]
