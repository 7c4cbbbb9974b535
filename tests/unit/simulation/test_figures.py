"""The report of a small day that one can reckon by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.orders.policy import LIFECYCLE
from app.simulation.figures import EXEMPT, Fairness, ToldRow, fairness, report_of, spread
from app.simulation.flow_figures import RoundRow
from app.simulation.limit_figures import LimitRow
from app.simulation.measuring import Measured, OrderFact, Served, Told
from app.simulation.reckoning import Fired, Limit

NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def order(number: int, state: str, accepted: float | None = None, delivered: float | None = None) -> OrderFact:
    return OrderFact(
        f"m{number}", state, 1, "西峪社区", NINE, None if accepted is None else at(accepted),
        None if delivered is None else at(delivered),
    )  # fmt: skip


def respond(
    number: int, stopped: float | None, by: str | None = None, left_as: str | None = None, fired: int = 0
) -> Limit:
    return Limit(
        f"d{number}", f"m{number}", "respond", NINE, at(20), None if stopped is None else at(stopped), (80, 100, 150),
        (at(16), at(20), at(30)), fired, by, left_as,
    )  # fmt: skip


def marks(number: int, *fired: tuple[int, float]) -> list[Fired]:
    return [Fired(f"d{number}", percent, at(due), at(due)) for percent, due in fired]


LATE = ((80, 16), (100, 20))
DAY = Measured(
    command="linli simulate --seed 4",
    made_at=NINE,
    profile="weekday",
    profile_zh="平常的星期二",
    seed=4,
    begins=NINE,
    ended=at(29),
    real_seconds=12.0,
    requests=345,
    orders=[
        order(1, "rated", 4, 64),
        order(2, "rated", 25, 325),
        order(3, "cancelled"),
        order(4, "submitted"),
        order(5, "submitted"),
    ],
    actions=Counter(place=5, offer=3, accept=2),
    limits=[
        respond(1, 4, "accept", "accepted"),
        respond(2, 25, "accept", "accepted", fired=2),
        respond(3, 10, "cancel", "cancelled"),
        respond(4, None, fired=2),
        respond(5, 26, "cancel", "cancelled", fired=2),
    ],
    fired=[*marks(2, *LATE), *marks(4, *LATE), *marks(5, *LATE)],
    marks_wanted=[("respond", 80), ("respond", 100), ("respond", 150)],
    told=[
        Told("order.placed", None, None, "dispatcher", 5, 1),
        Told("deadline.mark", "respond", 100, "dispatcher", 3, 0),
        Told("order.accepted", None, None, "requester", 2, 0),
    ],
    served=[Served("小李", "热心", 2, 3), Served("小赵", "不应答", 0, 3)],
    suggested=[(6, 8), (2, 8)],
    matched=[(3, 9)],
    reasons=[("reject", "needs_tradesman", 2), ("abort", "nobody_home", 1)],
    rated=[(1, "yes", 1), (1, "no", 1), (2, "partly", 1)],
    kinds=[("wish", "rated", 1), ("wish", "accepted", 1), ("errand", "rated", 3)],
    placed={"represented": 4, "places": 6},
    races=1,
    invariants=[("history-complete", "连续", "no gaps", 0)],
)


def test_orders_are_counted_by_outcome_in_the_order_of_the_flow() -> None:
    assert report_of(DAY, strict=False).outcomes == [
        ("submitted", "待派单", 2), ("rated", "已评价", 2), ("cancelled", "已取消", 1)
    ]  # fmt: skip


def test_a_limit_is_met_late_missed_or_ends_with_its_order() -> None:
    assert report_of(DAY, strict=False).limits == [
        LimitRow("respond", "响应", met=1, late=1, missed=2, dropped=1, running=0)
    ]


def test_what_the_system_stops_because_it_was_missed_is_missed() -> None:
    offer = Limit("d", "m", "offer", NINE, at(8), at(8), (80, 100), (at(6.4), at(8)), 2, "lapse", "submitted")
    (row,) = report_of(replace(DAY, limits=[offer]), strict=False).limits
    assert (row.met, row.late, row.missed) == (0, 0, 1)


def test_every_row_and_every_mark_is_listed_also_those_that_never_happened() -> None:
    report = report_of(DAY, strict=False)
    assert report.marks == [("respond", 80, 3), ("respond", 100, 3), ("respond", 150, 0)]
    assert {action for action, _, _ in report.rows} == {t.action for t in LIFECYCLE.transitions} - EXEMPT
    assert "respond 响应 150 %" in report.unmet
    assert "deliver 完成" in report.unmet
    assert "place 点单" not in report.unmet


def test_only_strictly_is_what_never_happened_a_fault() -> None:
    assert report_of(DAY, strict=False).good
    strict = report_of(DAY, strict=True)
    assert not strict.good
    assert "一次也没有发生：respond 响应 150 % · never happened" in strict.wrong
    assert "一次也没有发生：case triage 分流 · never happened" in strict.wrong


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"invariants": [("history-complete", "连续", "no gaps", 3)]}, "不变式 history-complete：连续 · no gaps (3)"),
        ({"fired": DAY.fired[1:]}, "节点重算：respond 80 % (m2…) 应触发而没有触发"),
        ({"crowded_races": 1}, "1 次抢单有多人成功"),
        ({"unread": 2}, "2 条消息在收件箱中看不到"),
    ],
)
def test_what_is_wrong_is_said(change: dict[str, object], said: str) -> None:
    (sentence,) = report_of(replace(DAY, **change), strict=False).wrong
    assert sentence.startswith(said)


def test_who_was_told_reads_as_a_sentence() -> None:
    assert report_of(DAY, strict=False).told == [
        ToldRow("有新的订单,请尽快派单", "社区派单员", 5, 1),
        ToldRow("订单的响应时限已到期,请立即处理", "社区派单员", 3, 0),
        ToldRow("您的订单已有志愿者接单", "下单居民", 2, 0),
    ]


def test_a_notice_with_particulars_is_counted_by_what_it_is_about() -> None:
    told = [Told("order.papers_returned", None, None, "requester", 2, 0)]
    assert report_of(replace(DAY, told=told), strict=False).told == [ToldRow("收据：材料已归还居民", "下单居民", 2, 0)]


def test_times_to_accept_and_to_deliver() -> None:
    report = report_of(DAY, strict=False)
    assert (report.to_accept.count, report.to_accept.middle, report.to_accept.longest) == (2, 14.5, 25)
    assert (report.to_deliver.count, report.to_deliver.middle, report.to_deliver.longest) == (2, 180, 300)


def test_a_duration_at_the_bound_of_a_bin_belongs_to_the_next() -> None:
    found = spread([timedelta(minutes=minutes) for minutes in (1, 4.99, 5, 1440, 9999)])
    assert found.bins == (2, 1, 0, 0, 0, 0, 0, 0, 0, 2)
    assert spread([]).count == 0


@pytest.mark.parametrize(
    ("served", "capacity", "gini", "busiest"),
    [
        ([3, 3, 3, 3], [3, 3, 3, 3], 0.0, 0.25),
        ([0, 0, 0, 8], [2, 2, 2, 2], 0.75, 1.0),
        ([1, 2, 3, 4], [1, 1, 1, 1], 0.25, 0.4),
        ([4, 3, 2, 1], [1, 1, 1, 1], 0.25, 0.4),
        ([1, 2, 3, 4], [1, 2, 3, 4], 0.0, 0.4),
        ([4, 2], [1, 2], 1 / 3, 2 / 3),
    ],
)
def test_fairness_is_weighed_by_what_each_takes(
    served: list[int], capacity: list[int], gini: float, busiest: float
) -> None:
    found = fairness(served, capacity)
    assert found.gini == pytest.approx(gini)
    assert found.busiest == pytest.approx(busiest)
    assert found.lorenz[0] == (0, 0)
    assert found.lorenz[-1] == pytest.approx((1, 1))


def test_the_curve_goes_from_the_least_busy_on() -> None:
    assert fairness([3, 1], [1, 1]).lorenz == ((0, 0), (0.5, 0.25), (1, 1))


def test_nobody_delivered_is_no_unfairness() -> None:
    assert fairness([0, 0], [1, 1]) == fairness([], []) == Fairness(0, ((0, 0), (1, 1)), 0)


def test_who_offered_and_among_how_many() -> None:
    people, matcher = report_of(DAY, strict=False).dispatch.offers
    assert (people.times, people.fit, people.among) == (3, 4, 8)
    assert (matcher.times, matcher.fit, matcher.among) == (0, 3, 9)


def test_a_round_counts_who_came_to_it_and_what_was_said() -> None:
    again = replace(DAY, orders=[replace(DAY.orders[0], round=2), *DAY.orders[1:]])
    assert report_of(again, strict=False).rounds == [RoundRow(1, 5, 1, 0, 1, 3), RoundRow(2, 1, 0, 1, 0, 0)]


def test_reasons_and_kinds_read_in_words() -> None:
    report = report_of(DAY, strict=False)
    assert report.reasons == [("中止另派", "家中无人", 1), ("不予受理", "需要有资质的专业人员", 2)]
    kinds = {zh: times for zh, _, times in report.kinds}
    assert (kinds["代下单"], kinds["微心愿实现"], kinds["帮办代办"], kinds["服务日名额"]) == (4, 1, 3, 6)
