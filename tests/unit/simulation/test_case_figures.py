"""The report's part on cases, of a small day that one can reckon by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.cases import board_policy, policy
from app.invariants import ALL
from app.simulation.case_figures import ACTIONS, CHECKS, EXEMPT, MARKS, CasesReport, Check, OpenCase, cases_of
from app.simulation.case_measuring import CaseFact, CasesMeasured
from app.simulation.limit_figures import LimitRow
from app.simulation.reckoning import Fired, Limit

NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)
EVERY = {
    f"{room.LIFECYCLE.kind} {move.action}" for room in (policy, board_policy) for move in room.LIFECYCLE.transitions
}


def at(hours: float) -> datetime:
    return NINE + timedelta(hours=hours)


def case(number: int, state: str, category: str = "垃圾清运", governing: str | None = None) -> CaseFact:
    return CaseFact(
        f"c{number}", state, 1, category, "resident", governing, None if governing is None else at(15)
    )  # fmt: skip


def limit(number: int, kind: str, stopped: float | None, by: str | None, left_as: str | None, fired: int = 0) -> Limit:
    return Limit(
        f"d{number}", f"c{number}", kind, NINE, at(10), None if stopped is None else at(stopped), (80, 100, 150, 200),
        (at(8), at(10), at(15), at(20)), fired, by, left_as, of="assignment" if kind == "sign" else "case",
    )  # fmt: skip


DAY = CasesMeasured(
    facts=[
        case(1, "closed"), case(2, "closed_unreached"), case(3, "handling", governing="resolve_small"),
        case(4, "withdrawn", "噪音扰民"),
    ],
    actions=Counter({"case report": 4, "case return_result": 2, "case reopen": 1, "case reopen_whistled": 2}),
    whistles=[("routine", True, 3), ("routine", False, 1), ("emergency", None, 1)],
    contests={True: 1, False: 2, None: 1},
    extensions={True: 1},
    supervised=[("card", True, 2), ("card", False, 1), ("agenda", False, 1)],
    calls=[("self", True, True, 5), ("phone", True, False, 1), ("phone", False, None, 3)],
    looked_at={"cases": 4, "open cases": 1},
)  # fmt: skip
LIMITS = [
    limit(1, "resolve_small", 4, "submit_result", "callback"),
    limit(2, "resolve_small", 12, "submit_result", "callback", fired=2),
    limit(3, "resolve_small", None, None, None, fired=3),
    limit(4, "resolve_small", 2, "withdraw", "withdrawn"),
    limit(5, "resolve_small", 3, "escalate", "handling"),
    limit(6, "sign", 11, "sign", "signed", fired=2),
]
FIRED = [Fired("d3", percent, at(8), at(8)) for percent in (80, 100, 150)]


def report(measured: CasesMeasured = DAY, broken: dict[str, int] | None = None) -> CasesReport:
    found = [(name, "", "", number) for name, number in (broken or {}).items()]
    return cases_of(measured, LIMITS, FIRED, found)


def test_cases_are_counted_by_outcome_category_and_source() -> None:
    found = report()
    assert found.outcomes == [
        ("handling", "办理中", 1), ("closed", "已办结", 1), ("closed_unreached", "未联系上办结", 1), ("withdrawn", "已撤回", 1)
    ]  # fmt: skip
    assert found.categories == [("垃圾清运", 3, 2, 1), ("噪音扰民", 1, 0, 0)]
    assert found.sources == [("居民上报", 4)]


def test_what_is_open_at_the_end_is_told_with_what_governs_it() -> None:
    assert report().still_open == [OpenCase("垃圾清运", "办理中", "小事办结", at(15))]


def test_a_limit_of_a_case_is_met_late_missed_or_handed_on() -> None:
    small, signed = report().limits
    assert small == LimitRow("resolve_small", "小事办结", met=1, late=1, missed=1, dropped=2, running=0)
    assert signed == LimitRow("sign", "签收", met=0, late=1, missed=0, dropped=0, running=0)


def test_a_limit_that_renews_itself_is_no_miss() -> None:
    renewed = Limit("d", "c", "renewal", NINE, at(7), at(7), (100,), (at(7),), 1, "renew", "handling", of="case")
    assert cases_of(DAY, [renewed], (), ()).limits == [LimitRow("renewal", "顶级每日续办", 0, 0, 0, 1, 0)]


def test_limits_of_orders_are_none_of_cases() -> None:
    assert cases_of(DAY, [replace(one, of="order") for one in LIMITS], FIRED, ()).limits == []


def test_whistles_contests_returns_and_supervision_are_counted() -> None:
    found = report()
    assert found.whistles == [("应急哨", 0, 0, 1), ("日常哨", 3, 1, 0)]
    events = {en: number for _, en, number in found.events}
    assert (events["contests upheld"], events["contests refused"]) == (1, 2)
    assert (events["results returned by the check"], events["unsolved at the call-back"]) == (2, 3)
    assert (events["extensions granted"], events["extensions refused"]) == (1, 0)
    assert (events["supervision: card"], events["supervision: listed"], events["supervision: agenda"]) == (3, 0, 1)
    assert (events["cards that were answered"], events["cards that were not"]) == (2, 2)


def test_call_backs_are_counted_by_channel_and_result() -> None:
    assert report().calls == [("本人答复", 5, 0, 0), ("电话", 0, 1, 3)]


def test_every_row_of_section_five_is_listed_and_demanded_but_for_what_comes_from_elsewhere() -> None:
    found = report()
    assert {key for key, _, _ in found.rows} == EVERY - EXEMPT
    assert ACTIONS.keys() == EVERY
    assert "case triage 分流" in found.unmet
    assert "case report 上报" not in found.unmet


def test_a_mark_of_a_governing_limit_that_never_fired_is_missing() -> None:
    assert {kind for kind, _ in MARKS} <= {*policy.ALL, *board_policy.ALL}
    assert "resolve_small 小事办结 200 %" in report().unmet
    assert "resolve_small 小事办结 100 %" not in report().unmet


@pytest.mark.parametrize(
    ("never", "once"),
    [
        pytest.param("民情信息员上报", "居民上报", id="a way to report"),
        pytest.param("meeting 联席会议", "resolve_small 小事办结", id="a limit"),
        pytest.param("应急哨", "日常哨", id="a kind of whistle"),
        pytest.param("延期未准 · extensions refused", "延期获准 · extensions granted", id="an answer"),
        pytest.param(
            "随款下派 · handed down with money", "代理人签收 · signed by a deputy", id="what no row tells apart"
        ),
    ],
)
def test_what_never_happened_beside_rows_and_marks_is_missing_as_well(never: str, once: str) -> None:
    found = report(replace(DAY, particulars={"signed by a deputy": 1})).unmet
    assert never in found
    assert once not in found


@pytest.mark.parametrize(
    ("name", "zh"),
    [("case-governed", "未结束的事项恰有一项主时限"), ("one-lead", "每次吹哨一个主办"),
     ("called-by-another", "办理、回访、裁定是三个人")],
)  # fmt: skip
def test_a_check_breaks_when_an_invariant_of_its_does(name: str, zh: str) -> None:
    assert [check for check in report().checks if check.broken] == []
    (check,) = [check for check in report(broken={name: 2, "another": 1}).checks if check.broken]
    assert (check.zh, check.broken) == (zh, 2)


def test_a_check_says_how_many_it_looked_at() -> None:
    assert report().checks[0] == Check(*CHECKS[0][:2], CHECKS[0][3], 4, "cases", 0)


def test_checks_name_invariants_that_there_are() -> None:
    assert {name for *_, names in CHECKS for name in names} <= {invariant.name for invariant in ALL}
