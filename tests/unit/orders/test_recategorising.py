"""Moving an order to another service (domain.md §4.5): what is kept, what becomes new, and what is refused."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from app.domain.orders import errors
from app.domain.orders.facts import Recategorising
from app.domain.orders.models import OrderDetail
from app.domain.orders.models import OrderState as S
from app.domain.orders.recategorising import recategorise
from app.domain.services.errors import ServicePaused
from app.domain.services.models import Form
from app.kernel.change import Change, Retime
from app.kernel.deadlines import Policy
from app.kernel.errors import Refusal
from app.kernel.matter import TimedDeadline
from app.kernel.rules import Actor
from tests.unit.kernel.test_calendars import HOUR, MINUTE, WALL, at
from tests.unit.orders.promised import DISPATCHER, ELEVEN, QUESTION, coordinate, order, paused, respond, rows, timed
from tests.unit.orders.test_policy import FAMILY, RESIDENT, VOLUNTEER, an_order

OLD, NEW = UUID(int=7), UUID(int=8)
REPAIR = Recategorising(Form.VISIT, "repair", offered=True, paused=False, from_name="陪同就医", to_name="水电维修")
TWO_HOURS = Policy(UUID(int=70), "coordinate", "WALL", 7200, None, (50, 80, 100, 150), pausable=True)


def move(
    *deadlines: TimedDeadline,
    state: S = S.SUBMITTED,
    facts: Recategorising = REPAIR,
    by: Actor = DISPATCHER,
    now: datetime = ELEVEN,
) -> Change:
    return recategorise(order(*deadlines, state=state), by, now, facts=facts, service_id=NEW)


def test_an_order_becomes_one_for_another_service_and_the_resident_is_told() -> None:
    change = move()
    assert (change.state, change.columns) == (S.SUBMITTED, {"category": "repair", "assignee_id": None, "team_id": None})
    assert [(p.table, p.values) for p in change.patches] == [(OrderDetail, {"matter_id": change.id, "service_id": NEW})]
    assert [(e.to_person, e.topic) for e in change.events] == [
        (RESIDENT, "order.recategorised"), (FAMILY, "order.recategorised"),
    ]  # fmt: skip
    names = {"from_name": "陪同就医", "to_name": "水电维修"}
    assert change.remark == {**names, "from_service": str(OLD), "to_service": str(NEW), "category": "repair"}
    assert [e.payload for e in change.events] == [names, names]


@pytest.mark.parametrize(("open_pool", "starts"), [(False, ["dispatch"]), (True, [])])
def test_an_offer_is_withdrawn(open_pool: bool, starts: list[str]) -> None:
    offered = replace(order(timed(UUID(int=9), "offer", 8 * MINUTE, WALL), state=S.OFFERED), open_pool=open_pool)
    change = recategorise(offered, DISPATCHER, ELEVEN, facts=REPAIR, service_id=NEW)
    assert (change.state, change.stops, change.starts) == (S.SUBMITTED, ["offer"], starts)
    assert [(e.to_person, e.topic) for e in change.events] == [
        (VOLUNTEER, "order.offer_withdrawn"), (RESIDENT, "order.recategorised"), (FAMILY, "order.recategorised"),
    ]  # fmt: skip


def test_live_limits_are_the_new_categorys_with_the_time_used() -> None:
    running = replace(coordinate(), other=TWO_HOURS)
    (found,) = [retime.row() for retime in move(running).retimes]
    assert found["times"] == (
        at("2026-03-03 11:00"),
        at("2026-03-03 11:36"),
        at("2026-03-03 12:00"),
        at("2026-03-03 13:00"),
    )
    assert (found["due_at"], found["budget_seconds"], found["policy_id"]) == (
        at("2026-03-03 12:00"),
        7200,
        TWO_HOURS.id,
    )
    assert (found["kept"], found["percents"]) == (0, (50, 80, 100, 150))


def test_a_pause_stays() -> None:
    pause = paused(QUESTION, at("2026-03-03 10:30"), at("2026-03-03 12:30"))
    (found,) = [retime.row() for retime in move(replace(coordinate(pause), other=TWO_HOURS)).retimes]
    assert found["due_at"] == at("2026-03-03 14:00"), "two hours of the wall, and two that did not count"


@pytest.mark.parametrize("fired", [0, 1], ids=["the sweep has not come yet", "the sweep has come"])
def test_what_has_passed_stays_and_does_not_fire_again(fired: int) -> None:
    before = replace(coordinate(fired=fired), other=replace(TWO_HOURS, budget_seconds=36000))
    (found,) = [retime.row() for retime in move(before, now=at("2026-03-03 13:59")).retimes]
    assert (found["kept"], found["percents"], found["due_at"]) == (1, (80, 100, 150), at("2026-03-03 20:00"))
    assert found["times"][0] == before.times[0] == at("2026-03-03 13:12")


@pytest.mark.parametrize("fired", [0, 1, 2])
def test_what_was_missed_goes_on_under_the_limits_by_which_it_was(fired: int) -> None:
    before = replace(coordinate(fired=fired), other=replace(TWO_HOURS, budget_seconds=36000))
    assert move(before, now=at("2026-03-03 14:00")).retimes == []


def test_a_pause_before_the_sweep_comes_does_not_move_what_was_kept() -> None:
    waiting = replace(coordinate(), kept=1, fired=0)
    later = replace(waiting.timing, started_at=at("2026-03-03 12:00"))
    assert Retime(waiting, later, None).row()["times"][0] == waiting.times[0]


def test_a_mark_that_is_past_by_then_is_the_next_to_fire() -> None:
    short = replace(TWO_HOURS, budget_seconds=1800, percents=(100,))
    (found,) = [retime.row() for retime in move(replace(coordinate(), other=short)).retimes]
    assert found["times"] == (at("2026-03-03 10:30"),)
    assert found["times"][0] < ELEVEN


def test_these_limits_stay_as_they_are() -> None:
    stopped = replace(respond(stopped=at("2026-03-03 10:05")), other=TWO_HOURS)
    same = replace(coordinate(), other=TWO_HOURS, policy_id=TWO_HOURS.id)
    promised = replace(timed(UUID(int=12), "promise", 5 * HOUR, WALL), other=TWO_HOURS)
    without = coordinate()
    assert move(stopped, same, promised, without).retimes == []
    unchanged = replace(REPAIR, category=an_order(S.SUBMITTED).category)
    assert move(replace(coordinate(), other=TWO_HOURS), facts=unchanged).retimes == []


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (replace(REPAIR, offered=False), errors.ServiceNotOffered),
        (replace(REPAIR, paused=True), ServicePaused),
        (replace(REPAIR, form=Form.SERVICE_DAY), errors.SlotsAreBooked),
        (replace(REPAIR, form=Form.WISH), errors.NotForThisService),
        (replace(REPAIR, form=Form.ERRAND), errors.NotForThisService),
    ],
)
def test_a_service_that_does_not_suit_is_refused(facts: Recategorising, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        move(facts=facts)


def test_the_same_service_is_refused() -> None:
    with pytest.raises(errors.SameService):
        recategorise(order(), DISPATCHER, ELEVEN, facts=REPAIR, service_id=OLD)


def test_nobody_moves_what_they_ordered() -> None:
    with pytest.raises(errors.OwnOrder):
        move(by=replace(DISPATCHER, id=RESIDENT))


def test_the_time_used_is_kept_whatever_the_new_limit() -> None:
    for seconds in (60, 3600, 36000):
        other = replace(TWO_HOURS, budget_seconds=seconds, percents=(100,))
        (retime,) = move(replace(coordinate(), other=other)).retimes
        assert retime.timing.used(ELEVEN) == timedelta(hours=1)
        assert rows(move(), OrderDetail) == []
