"""From measurements to what the report says of cases. Pure: the same measurements always make the same report."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from app.domain.cases import board_policy, policy
from app.domain.cases.callback_tables import CallChannel, Step
from app.domain.cases.models import CaseState, ReportedAs, WhistleKind
from app.domain.cases.words import OF_ASSIGNMENTS, OF_CASES
from app.domain.deadlines.models import label_of
from app.kernel.lifecycle import Lifecycle
from app.simulation.case_measuring import CasesMeasured, Rates
from app.simulation.limit_figures import LimitRow, limit_rows
from app.simulation.reckoning import Fired, Limit

ACTIONS: Final[Mapping[str, str]] = {
    **{f"case {action}": word for action, word in OF_CASES.items()},
    **{f"assignment {action}": word for action, word in OF_ASSIGNMENTS.items()},
}
"""The Chinese word of each row of §5, by kind of matter and action."""

EXEMPT: Final = frozenset({"case recalculate", "assignment recalculate"})
"""Rows that no street exercises: the working days of a year come late. `--strict` demands every other row of §5, and MARKS."""

MARKS: Final = (
    ("triage", 100), ("resolve_small", 80), ("resolve_small", 100), ("resolve_small", 150), ("resolve_small", 200),
    ("resolve_routine", 100), ("renewal", 100), ("check", 100), ("callback", 100), ("review", 100), ("answer", 100),
    ("sign", 80), ("sign", 100), ("report_in", 100), ("respond", 100), ("reply", 100), ("resolve_community", 100),
    ("resolve_emergency", 100), ("milestone", 100), ("meeting", 100), ("arbitration", 80), ("arbitration", 100),
)  # fmt: skip

PARTICULARS: Final = (
    ("代理人签收", "signed by a deputy"), ("按准入清单下派", "handed down by the list"),
    ("随款下派", "handed down with money"), ("裁定超时，上一级裁定", "arbitrated late, a level up"),
    ("两次核验退回", "results returned twice"), ("逾期视为通过核验", "accepted by silence"),
)  # fmt: skip
"""What `--strict` demands beside rows and marks, as it is measured; and see `_events`, `_whistles`, and each source and limit."""

CHECKS: Final = (
    ("每个事项一个状态", "one state", "cases", ("history-complete", "history-chained", "moves-legal")),
    (
        "未结束的事项恰有一项主时限",
        "one governing deadline per open case",
        "open cases",
        ("case-governed", "case-ended"),
    ),
    ("每次吹哨一个主办", "one lead per whistle", "whistles", ("one-lead",)),
    ("每一分钟一个持有人", "one holder for each minute", "holds", ("held-by-one", "held-every-minute")),
    ("每个节点一次", "each mark once", "marks", ("marks-counted", "mark-not-early")),
    ("办理、回访、裁定是三个人", "three different people", "duties", ("three-hands", "called-by-another")),
)
"""The checks at the end: of what there were so many, and the invariants that look at them."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check: which invariants, so many of what were looked at, and how many rows break it."""

    zh: str
    en: str
    names: Sequence[str]
    looked_at: int
    of: str
    broken: int


@dataclass(frozen=True, slots=True)
class OpenCase:
    """A case that is open at the end: what it is about, where it stands, what governs it and until when."""

    category: str
    state: str
    governing: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class CasesReport:
    """What terminal and page show of cases."""

    cases: int
    outcomes: Sequence[tuple[str, str, int]]
    """State, Chinese, how many cases stand there."""
    categories: Sequence[tuple[str, int, int, int]]
    """Chinese, how many, of them closed, of them still open."""
    sources: Sequence[tuple[str, int]]
    limits: Sequence[LimitRow]
    marks: Sequence[tuple[str, int, int]]
    """Kind, percent, how often it fired."""
    rows: Sequence[tuple[str, str, int]]
    """Kind of matter and action, Chinese, how often: every row of §5."""
    whistles: Sequence[tuple[str, int, int, int]]
    """Chinese of the kind, approved, refused, not decided."""
    events: Sequence[tuple[str, str, int]]
    """Chinese, English, how often: contests, returns, extensions, supervision."""
    calls: Sequence[tuple[str, int, int, int]]
    """Chinese of the channel, solved, not solved, not reached."""
    still_open: Sequence[OpenCase]
    checks: Sequence[Check]
    rates: Rates
    unmet: Sequence[str]
    """Rows, marks, limits and events that are demanded and that nothing exercised."""


def cases_of(
    measured: CasesMeasured,
    limits: Sequence[Limit],
    fired: Sequence[Fired],
    invariants: Sequence[tuple[str, str, str, int]],
) -> CasesReport:
    """The report's part on cases."""
    of_cases = {limit.id: limit for limit in limits if limit.of != "order"}
    times = Counter((of_cases[mark.limit_id].kind, mark.percent) for mark in fired if mark.limit_id in of_cases)
    rows = [
        (key, ACTIONS.get(key, key), measured.actions[key])
        for key in (*_keys(policy.LIFECYCLE), *_keys(board_policy.LIFECYCLE))
        if key not in EXEMPT
    ]
    unmet = [f"{key} {zh}" for key, zh, number in rows if not number]
    unmet += [f"{kind} {label_of(kind)} {percent} %" for kind, percent in MARKS if not times[kind, percent]]
    states = Counter(case.state for case in measured.facts)
    sources = Counter(case.source for case in measured.facts)
    shown = limit_rows(list(of_cases.values()))
    begun = {row.kind for row in shown}
    unmet += [f"{kind} {label_of(kind)}" for kind in _limits() if kind not in begun]
    unmet += [source.label for source in ReportedAs if not sources[source]]
    whistles, events = _whistles(measured), _events(measured)
    unmet += [kind.label for kind in WhistleKind if kind.label not in {zh for zh, yes, *_ in whistles if yes}]
    unmet += [f"{zh} · {en}" for zh, en, number in events if not number]
    broken = {name: number for name, _, _, number in invariants}
    return CasesReport(
        cases=len(measured.facts),
        outcomes=[(state.value, state.label, states[state]) for state in CaseState if states[state]],
        categories=_categories(measured),
        sources=[(source.label, sources[source]) for source in ReportedAs if sources[source]],
        limits=shown,
        marks=[(kind, percent, number) for (kind, percent), number in sorted(times.items())],
        rows=rows,
        whistles=whistles,
        events=events,
        calls=_calls(measured),
        still_open=[
            OpenCase(case.category, CaseState(case.state).label, label_of(case.governing), case.due_at)
            for case in measured.facts
            if case.governing is not None and case.due_at is not None
        ],
        checks=[
            Check(zh, en, names, measured.looked_at.get(of, 0), of, sum(broken.get(name, 0) for name in names))
            for zh, en, of, names in CHECKS
        ],
        rates=measured.rates,
        unmet=unmet,
    )


def _keys(lifecycle: Lifecycle) -> list[str]:
    return [f"{lifecycle.kind} {move.action}" for move in lifecycle.transitions]


def _limits() -> list[str]:
    """Every limit that a case or an assignment may begin; a contest's is none of its own."""
    return sorted(
        {
            kind
            for lifecycle in (policy.LIFECYCLE, board_policy.LIFECYCLE)
            for move in lifecycle.transitions
            for kind in (*move.starts, *move.may_start)
            if kind != "contest"
        }
    )


def _categories(measured: CasesMeasured) -> list[tuple[str, int, int, int]]:
    every = Counter(case.category for case in measured.facts)
    closed = Counter(case.category for case in measured.facts if case.state in ("closed", "closed_unreached"))
    still_open = Counter(case.category for case in measured.facts if case.governing is not None)
    return [(category, number, closed[category], still_open[category]) for category, number in every.most_common()]


def _whistles(measured: CasesMeasured) -> list[tuple[str, int, int, int]]:
    times = {(kind, approved): number for kind, approved, number in measured.whistles}
    return [
        (
            kind.label,
            times.get((kind.value, True), 0),
            times.get((kind.value, False), 0),
            times.get((kind.value, None), 0),
        )
        for kind in WhistleKind
        if any(of == kind for of, _ in times)
    ]


def _events(measured: CasesMeasured) -> list[tuple[str, str, int]]:
    done, contests, extensions = measured.actions, measured.contests, measured.extensions
    steps = Counter[str]()
    answered = Counter[str]()
    for step, said, number in measured.supervised:
        steps[step] += number
        answered[step] += number * said
    return [
        ("异议成立", "contests upheld", contests.get(True, 0)),
        ("异议不成立", "contests refused", contests.get(False, 0)),
        ("核验退回", "results returned by the check", done["case return_result"]),
        ("回访退回", "unsolved at the call-back", done["case reopen"] + done["case reopen_whistled"]),
        ("延期获准", "extensions granted", extensions.get(True, 0)),
        ("延期未准", "extensions refused", extensions.get(False, 0)),
        ("附议", "joined", done["case join"]),
        ("并案", "merged", done["case merge"]),
        *((zh, en, measured.particulars.get(en, 0)) for zh, en in PARTICULARS),
        *((step.label, f"supervision: {step}", steps[step]) for step in Step),
        ("已答复的督办", "cards that were answered", answered.total()),
        ("未答复的督办", "cards that were not", steps.total() - answered.total()),
    ]


def _calls(measured: CasesMeasured) -> list[tuple[str, int, int, int]]:
    times = {(channel, reached, solved): number for channel, reached, solved, number in measured.calls}
    return [
        (
            channel.label,
            times.get((channel.value, True, True), 0),
            times.get((channel.value, True, False), 0),
            times.get((channel.value, False, None), 0),
        )
        for channel in CallChannel
        if any(of == channel for of, _, _ in times)
    ]


def rate_of(rate: Mapping[str, Any]) -> str:
    """A rate with its counts; none of nothing."""
    if rate["percent"] is None:
        return "–"
    return f"{rate['percent']:.0f}% {rate['yes']}/{rate['yes'] + rate['no']}"
