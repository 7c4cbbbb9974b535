"""The verbs of a contest and of promises as values, without a database: who may, until when, and what follows."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.cases import board_errors, errors, meetings
from app.domain.cases.board import Signing, sign
from app.domain.cases.board_policy import LIFECYCLE
from app.domain.cases.contests import Arbitrating, Contesting, arbitrate, contest
from app.domain.cases.facts import AssignmentFacts, Detail, OfWhistle
from app.domain.cases.meetings import Meeting, Open
from app.domain.cases.models import AssignmentState, CaseState, Lane, ReportedAs, WhistleKind
from app.kernel.change import Change
from app.kernel.deadlines import Timing
from app.kernel.errors import NotAllowed, Refusal, TransitionRefused
from app.kernel.matter import LiveDeadline, Matter, TimedDeadline
from app.kernel.rules import Actor, Role
from tests.unit.kernel.test_calendars import WALL, at

SIGNED = at("2026-03-03 10:00")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LEAD, OTHER, THIRD, CASE, WHISTLE, HERE = (UUID(int=n) for n in range(1, 7))
OFFICER = Actor(UUID(int=20), unit="officer", parts=frozenset({"seated"}))
ARBITER = Actor(UUID(int=21), frozenset({Role.ARBITER}))
SECRETARY = Actor(UUID(int=22), frozenset({Role.SECRETARY}), seat=frozenset({Role.SECRETARY}))


WITHIN = {
    "id": str(UUID(int=30)), "kind": "contest", "calendar": "WALL", "budget_seconds": 7200, "budget_days": None,
    "percents": [100], "later_round_percent": 100, "pausable": False, "hours_id": None, "workdays_id": None,
}  # fmt: skip


def an_assignment(state: str = "signed", **more: Any) -> Matter[AssignmentFacts]:
    known: dict[str, Any] = {
        "role": "lead", "kind": WhistleKind.ROUTINE, "contested": False, "contest_until": SIGNED + 2 * HOUR,
        "officer_id": OFFICER.id, "case_state": "whistled",
    }  # fmt: skip
    detail = AssignmentFacts(CASE, WHISTLE, **{**known, **more})
    live = (LiveDeadline(UUID(int=40), "report_in", None), LiveDeadline(UUID(int=41), "arbitration", None))
    return Matter(
        UUID(int=10), "assignment", HERE, state, 3, 1, UUID(int=50), UUID(int=50), None, None, False, SIGNED, detail,
        seat_id=HERE, unit_id=LEAD, category=detail.kind.value, live=live,
    )  # fmt: skip


def contested(
    assignment: Matter[AssignmentFacts],
    after: timedelta,
    *,
    actor: Actor = OFFICER,
    proposed: UUID = OTHER,
    serves: bool = True,
) -> Change:
    seen = Contesting(serves)
    return contest(assignment, actor, SIGNED + after, facts=seen, ground="移交清单", proposed_id=proposed)


@pytest.mark.parametrize(
    ("within", "final", "until"),
    [(WITHIN, False, SIGNED + 2 * HOUR), (WITHIN, True, None), (None, False, None)],
    ids=["two hours", "an arbiter gave it to the unit", "no limit says so"],
)
def test_signing_pins_until_when_it_may_be_contested(
    within: dict[str, Any] | None, final: bool, until: datetime | None
) -> None:
    sent = an_assignment("sent", contested=final, contest_until=None)
    (signed,) = sign(sent, OFFICER, SIGNED, facts=Signing(within)).patches
    assert signed.values["contest_until"] == until


def test_a_contest_starts_the_arbitration_and_leaves_the_limits_running() -> None:
    change = contested(an_assignment(), HOUR)
    assert (change.state, change.starts, change.stops) == ("contested", ["arbitration"], [])
    assert [event.to_role for event in change.events] == ["arbiter", "seat"]


@pytest.mark.parametrize(
    ("state", "more", "after", "refusal"),
    [
        ("signed", {}, 2 * HOUR, board_errors.ContestTooLate),
        ("signed", {"contest_until": None}, HOUR, board_errors.ContestTooLate),
        ("signed", {"contested": True}, HOUR, board_errors.AlreadyContested),
        ("signed", {"kind": WhistleKind.EMERGENCY}, HOUR, board_errors.ReportInFirst),
        ("sent", {"contest_until": None}, HOUR, TransitionRefused),
        ("working", {}, HOUR, TransitionRefused),
        ("contested", {"contested": True}, HOUR, TransitionRefused),
        ("done", {}, HOUR, TransitionRefused),
    ],
)
def test_a_contest_is_refused(state: str, more: dict[str, Any], after: timedelta, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        contested(an_assignment(state, **more), after)


def test_an_emergency_is_contested_by_who_is_there() -> None:
    assert contested(an_assignment("reported_in", kind=WhistleKind.EMERGENCY), HOUR).state == "contested"


def test_just_before_the_time_is_over_it_is_not_too_late() -> None:
    assert contested(an_assignment(), 2 * HOUR - timedelta(microseconds=1)).state == "contested"


@pytest.mark.parametrize(("proposed", "serves"), [(LEAD, True), (OTHER, False)])
def test_the_proposed_owner_is_another_unit_that_serves_the_place(proposed: UUID, serves: bool) -> None:
    with pytest.raises(board_errors.UnitNotHere):
        contested(an_assignment(), HOUR, proposed=proposed, serves=serves)


def test_only_the_unit_contests() -> None:
    with pytest.raises(NotAllowed):
        contested(an_assignment(), HOUR, actor=SECRETARY)


SEEN = Arbitrating(
    UUID(int=60),
    OTHER,
    serves=True,
    seat_id=None,
    duty=None,
    touched=False,
    case={
        "id": str(CASE), "kind": "case", "category": "lighting", "place_id": str(HERE), "state": "whistled", "version": 5,
        "round": 1, "requester_id": str(UUID(int=50)), "beneficiary_id": str(UUID(int=50)), "placed_by": str(UUID(int=50)),
        "assignee_id": None, "team_id": None, "seat_id": str(HERE), "unit_id": str(LEAD), "holder_id": None,
        "open_pool": False, "created_at": SIGNED.isoformat(),
    },
    late=False,
    higher=(),
)  # fmt: skip


def judged(assignment: Matter[AssignmentFacts], *, upheld: bool, actor: Actor = ARBITER, **seen: Any) -> list[Change]:
    facts = replace(SEEN, **seen)
    decided = arbitrate(assignment, actor, SIGNED + HOUR, facts=facts, upheld=upheld, decision="依清单")
    return decided if isinstance(decided, list) else [decided]


def test_upheld_the_new_lead_gets_a_fresh_assignment_which_it_may_not_contest() -> None:
    old, new, case = judged(an_assignment("contested", contested=True), upheld=True)
    assert (case.id, case.action, case.version) == (CASE, "reseat", 5), "a case that ends meanwhile makes it run again"
    assert (old.state, old.stops) == ("excused", ["report_in", "arbitration"])
    assert [event.topic for event in old.events if event.sort == "event"] == ["case.replace_lead"]
    assert (new.state, new.starts) == ("sent", ["sign", "report_in"])
    (row,) = new.rows
    assert (row.values["leads"], row.values["contested"], new.matter and new.matter.unit_id) == (True, True, OTHER)


def test_a_unit_with_a_seat_beside_gives_it_up_to_lead_and_needs_no_second_to_help() -> None:
    seat = UUID(int=70)
    old, *_ = judged(an_assignment("contested", contested=True), upheld=True, seat_id=seat)
    assert {event.topic for event in old.events if event.sort == "event"} == {"assignment.release", "case.replace_lead"}
    assert len(judged(an_assignment("contested", role="co", contested=True), upheld=True, seat_id=seat)) == 1


@pytest.mark.parametrize(("reported_in", "back"), [(False, "signed"), (True, "reported_in")])
def test_refused_it_goes_back_to_where_it_stood(reported_in: bool, back: str) -> None:
    (change,) = judged(an_assignment("contested", contested=True, reported_in=reported_in), upheld=False)
    assert (change.state, change.stops) == (back, ["arbitration"])


@pytest.mark.parametrize(
    ("actor", "seen", "refusal"),
    [
        (SECRETARY, {}, NotAllowed),
        (replace(ARBITER, unit="head"), {}, errors.SameHand),
        (replace(ARBITER, parts=frozenset({"seated"})), {}, errors.SameHand),
        (ARBITER, {"duty": "handler"}, errors.SameHand),
        (ARBITER, {"duty": "callback"}, errors.SameHand),
        (ARBITER, {"touched": True}, errors.SameHand),
        (ARBITER, {"late": True}, board_errors.ArbitrationWentUp),
    ],
)
def test_who_judges_is_a_third_person_and_in_time(actor: Actor, seen: dict[str, Any], refusal: type[Refusal]) -> None:
    for upheld in (True, False):
        with pytest.raises(refusal):
            judged(an_assignment("contested", contested=True), upheld=upheld, actor=actor, **seen)


@pytest.mark.parametrize("upheld", [True, False])
def test_nothing_is_judged_of_a_case_that_is_over(upheld: bool) -> None:
    with pytest.raises(TransitionRefused):
        judged(an_assignment("contested", contested=True, case_state="withdrawn"), upheld=upheld)


def test_late_the_next_level_judges() -> None:
    (change,) = judged(an_assignment("contested", contested=True), upheld=False, late=True, higher=("arbiter",))
    assert change.state == "signed"


def test_every_contested_state_ends_by_the_arbiter_or_with_the_case() -> None:
    ways = {t.action for t in LIFECYCLE.transitions if AssignmentState.CONTESTED in t.sources}
    assert ways == {"uphold", "dismiss", "dismiss_reported", "excuse", "release", "promise", "recalculate"}


BOARD = {LEAD: UUID(int=81)}


def a_case(running: str, due: datetime, kind: WhistleKind = WhistleKind.HARD) -> Matter[Detail]:
    whistle = OfWhistle(WHISTLE, kind, LEAD, (), SECRETARY.id, blown=True, decided=True)
    detail = Detail(
        HERE, "street", {"street": HERE}, SIGNED, Lane.HARD, False, False, (), ReportedAs.RESIDENT, 0, blown=whistle
    )  # fmt: skip
    timing = Timing(SIGNED, due - SIGNED, (80, 100), WALL)
    limit = TimedDeadline(UUID(int=80), running, timing, timing.times(), 0, None, None, 200, "WALL", None, None, ())
    return Matter(
        CASE, "case", HERE, CaseState.WHISTLED, 5, 1, UUID(int=50), UUID(int=50), None, None, False, SIGNED, detail,
        seat_id=HERE, unit_id=LEAD, live=(LiveDeadline(limit.id, running, None),), timed=(limit,),
    )  # fmt: skip


def promised(case: Matter[Detail], due_at: datetime, *known: Open) -> Change:
    seen = Meeting(BOARD, known)
    return meetings.add_promise(case, OFFICER, SIGNED + HOUR, facts=seen, unit_id=LEAD, text="扶正", due_at=due_at)


def test_the_first_promise_of_a_hard_whistle_is_its_plan() -> None:
    due = SIGNED + 3 * DAY
    change = promised(a_case("resolve_hard", SIGNED + 10 * DAY), due)
    assert (change.stops, change.starts, change.anchors["milestone"]) == (["resolve_hard"], ["milestone"], (None, due))


@pytest.mark.parametrize(("days", "governs"), [(2, True), (4, False)])
def test_of_several_the_nearest_governs(days: int, governs: bool) -> None:
    first = Open(UUID(int=90), SIGNED + 3 * DAY, mine=True)
    change = promised(a_case("milestone", first.due_at), SIGNED + days * DAY, first)
    assert bool(change.starts) is governs


def test_a_promise_of_another_whistle_leaves_its_limit() -> None:
    change = promised(a_case("resolve_routine", SIGNED + 5 * DAY, WhistleKind.ROUTINE), SIGNED + DAY)
    assert (change.stops, change.starts) == ([], [])


def test_the_last_promise_is_kept_with_the_result_or_with_the_next() -> None:
    only = Open(UUID(int=90), SIGNED + 3 * DAY, mine=True)
    case, seen = a_case("milestone", only.due_at), Meeting(BOARD, (only,))
    with pytest.raises(board_errors.NextPromiseMissing):
        meetings.finish_promise(case, OFFICER, SIGNED + HOUR, facts=seen, promise_id=only.id)
    due = SIGNED + 9 * DAY
    change = meetings.add_promise(
        case, OFFICER, SIGNED + HOUR, facts=seen, unit_id=LEAD, text="复绿", due_at=due, kept_id=only.id
    )
    assert (change.stops, change.anchors["milestone"]) == (["milestone"], (None, due))


def test_another_units_promise_is_not_ones_own_to_finish() -> None:
    theirs = Open(UUID(int=90), SIGNED + 3 * DAY, mine=False)
    beside = Actor(UUID(int=23), parts=frozenset({"seated"}))
    with pytest.raises(NotAllowed):
        meetings.finish_promise(
            a_case("milestone", theirs.due_at),
            beside,
            SIGNED + HOUR,
            facts=Meeting(BOARD, (theirs,)),
            promise_id=theirs.id,
        )
