"""From measurements to what the report says. Pure: the same measurements always make the same report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from statistics import median
from typing import Final

from app.domain.deadlines.models import label_of
from app.domain.notifications.policy import sentence
from app.domain.orders.models import OrderState
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.words import ACTIONS
from app.kernel.rules import Role
from app.simulation.case_figures import CasesReport, cases_of
from app.simulation.flow_figures import Dispatch, RoundRow, dispatch_of, kinds_of, reasons_of, rounds_of
from app.simulation.limit_figures import LimitRow, in_order, limit_rows
from app.simulation.measuring import Measured, Told
from app.simulation.reckoning import Fault, faults

WHOM: Final = {"requester": "下单居民", "assignee": "承接志愿者", "secretary@street": "街道书记"}
EXEMPT: Final = frozenset({"recalculate", "server_leaves"})
"""Rows that no street exercises: the working days of a year come late; somebody leaves in the moment at which they begin."""

PARTICULARS: Final = {
    "deadline.waits_for_opening": "现在不在值守或工作时间，时限从开门起计时",
    "order.papers_handed_over": "收据：材料已交给代办员",
    "order.papers_returned": "收据：材料已归还居民",
    "order.released": "订单回到社区：志愿者或队长退回、社区收回，或承接人离开",
    "order.taken_back": "承接的订单不必再去：队长或社区收回，或已离开",
    "order.passed_on": "工作人员按居民的来电办理了一件事",
}
"""Notices whose sentence says more than their topic, as they are counted."""

BINS: Final = (5, 10, 20, 30, 60, 120, 240, 480, 1440)
"""Upper bounds in minutes of the columns of a distribution; what takes longer has a column of its own."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A distribution of durations in minutes: how many, the middle, nine of ten, the longest, and how many in each bin."""

    count: int
    middle: float
    nine_of_ten: float
    longest: float
    bins: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fairness:
    """How the delivered orders spread over the volunteers, by what each takes a day: `gini` 0 is everybody in proportion, 1 one
    does all; `lorenz`: for each share of what could be taken, from the least busy on, the share of the orders; `busiest`: the
    share of the busiest quarter, by heads."""

    gini: float
    lorenz: tuple[tuple[float, float], ...]
    busiest: float


@dataclass(frozen=True, slots=True)
class ToldRow:
    """How often who was told what."""

    zh: str
    whom: str
    times: int
    stood_in: int


@dataclass(frozen=True, slots=True)
class Report:
    """All that terminal and page show."""

    measured: Measured
    outcomes: Sequence[tuple[str, str, int]]
    """State, Chinese, how many orders ended there."""
    limits: Sequence[LimitRow]
    marks: Sequence[tuple[str, int, int]]
    """Kind, percent, how often it fired: every mark of the policies, so one that never fired shows 0."""
    rows: Sequence[tuple[str, str, int]]
    """Action, Chinese, how often: every row of the lifecycle."""
    told: Sequence[ToldRow]
    to_accept: Spread
    to_deliver: Spread
    fairness: Fairness
    dispatch: Dispatch
    rounds: Sequence[RoundRow]
    reasons: Sequence[tuple[str, str, int]]
    """Chinese of the action, of the reason, how often."""
    kinds: Sequence[tuple[str, str, int]]
    """Chinese, English, how many: representatives, callers, teams, wishes, errands, service days."""
    cases: CasesReport
    faults: Sequence[Fault]
    unmet: Sequence[str]
    """Rows and marks that nothing exercised."""
    wrong: Sequence[str]
    """Sentences: why the exit code is 1. Empty: all is as it must be."""

    @property
    def good(self) -> bool:
        return not self.wrong


def report_of(measured: Measured, *, strict: bool) -> Report:
    """The report; `strict` makes a row or a mark that nothing exercised a reason to fail."""
    rows = [
        (t.action, ACTIONS.get(t.action, t.action), measured.actions[t.action])
        for t in LIFECYCLE.transitions
        if t.action not in EXEMPT
    ]
    of_orders = [limit for limit in measured.limits if limit.of == "order"]
    limits = {limit.id: limit for limit in of_orders}
    fired = Counter((limits[mark.limit_id].kind, mark.percent) for mark in measured.fired if mark.limit_id in limits)
    marks = [(kind, percent, fired[kind, percent]) for kind, percent in in_order(measured.marks_wanted)]
    cases = cases_of(measured.cases, measured.limits, measured.fired, measured.invariants)
    unmet = [f"{action} {zh}" for action, zh, times in rows if not times]
    unmet += [f"{kind} {label_of(kind)} {percent} %" for kind, percent, times in marks if not times]
    found = list(faults(measured.limits, measured.fired, measured.of_marks, measured.ended))
    return Report(
        measured=measured,
        outcomes=_outcomes(measured),
        limits=limit_rows(of_orders),
        marks=marks,
        rows=rows,
        told=_told_rows(measured.told),
        to_accept=spread([o.accepted_at - o.placed_at for o in measured.orders if o.accepted_at]),
        to_deliver=spread(
            [o.delivered_at - o.accepted_at for o in measured.orders if o.delivered_at and o.accepted_at]
        ),
        fairness=fairness([one.times for one in measured.served], [one.capacity for one in measured.served]),
        dispatch=dispatch_of(measured),
        rounds=rounds_of(measured),
        reasons=reasons_of(measured),
        kinds=kinds_of(measured),
        cases=cases,
        faults=found,
        unmet=unmet,
        wrong=_wrong(measured, found, (*unmet, *cases.unmet) if strict else ()),
    )


def _wrong(measured: Measured, found: Sequence[Fault], unmet: Sequence[str]) -> list[str]:
    wrong = [f"不变式 {name}：{zh} · {en} ({rows})" for name, zh, en, rows in measured.invariants if rows]
    wrong += [f"节点重算：{fault}" for fault in found]
    if measured.crowded_races:
        wrong.append(f"{measured.crowded_races} 次抢单有多人成功 · races with more than one winner")
    if measured.unread:
        wrong.append(f"{measured.unread} 条消息在收件箱中看不到 · messages that an inbox did not show")
    return wrong + [f"一次也没有发生：{what} · never happened" for what in unmet]


def _outcomes(measured: Measured) -> list[tuple[str, str, int]]:
    states = Counter(order.state for order in measured.orders)
    return [(state.value, state.label, states[state]) for state in OrderState if states[state]]


def _told_rows(told: Sequence[Told]) -> list[ToldRow]:
    rows = []
    for one in sorted(told, key=lambda one: (-one.times, one.topic, one.percent or 0, one.whom)):
        payload = {"deadline": one.limit, "percent": one.percent, "to": one.whom}
        whom = WHOM.get(one.whom) or (Role(one.whom).label if one.whom in set(Role) else one.whom)
        said = PARTICULARS.get(one.topic) or sentence(one.topic, payload)
        rows.append(ToldRow(said, whom, one.times, one.stood_in))
    return rows


def spread(durations: Sequence[timedelta]) -> Spread:
    """The distribution of these durations."""
    minutes = sorted(one.total_seconds() / 60 for one in durations)
    if not minutes:
        return Spread(0, 0, 0, 0, (0,) * (len(BINS) + 1))
    bounds = (0.0, *BINS, float("inf"))
    bins = tuple(sum(low <= one < high for one in minutes) for low, high in pairwise(bounds))
    return Spread(len(minutes), median(minutes), minutes[int((len(minutes) - 1) * 0.9)], minutes[-1], bins)


def fairness(served: Sequence[int], capacity: Sequence[int]) -> Fairness:
    """Gini figure and Lorenz curve of so many orders a volunteer, weighed by how many each takes a day: who takes twice as
    many has the same share when they served twice as often."""
    pairs = sorted(zip(served, capacity, strict=True), key=lambda one: one[0] / one[1])
    orders, could = sum(served), sum(capacity)
    if not orders:
        return Fairness(0.0, ((0.0, 0.0), (1.0, 1.0)), 0.0)
    curve = [(0.0, 0.0)]
    done, took = 0, 0
    for times, most in pairs:
        done, took = done + times, took + most
        curve.append((took / could, done / orders))
    gini = 1 - sum((y + before) * (x - since) for (since, before), (x, y) in pairwise(curve))
    quarter = max(1, round(len(served) / 4))
    return Fairness(gini, tuple(curve), sum(sorted(served)[-quarter:]) / orders)
