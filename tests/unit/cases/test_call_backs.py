"""What each word of a reporter does to a case, without a database (domain.md §5)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from app.domain.cases import callback_errors as errors
from app.domain.cases.callback_policy import given_up, satisfied_by, still_missing, supervising
from app.domain.cases.callback_tables import CallbackState, CallChannel, CallReason, Step
from app.domain.cases.callbacks import Call, Calls, Own, Said, answer_callback, need_call, record_callback
from app.domain.cases.errors import SameHand
from app.domain.cases.facts import Detail
from app.domain.cases.models import CaseState, Lane, ReportedAs
from app.domain.cases.supervision import Cards, answer_supervision, renew, supervise
from app.kernel.errors import InvalidInput, NotAllowed, TransitionRefused
from app.kernel.matter import LiveDeadline, Matter
from app.kernel.rules import SYSTEM, Actor, Role

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
RESIDENT, OFFICER = Actor(uuid4()), Actor(uuid4(), frozenset({Role.CALLBACK_OFFICER}))
SEATS = {"community": uuid4(), "street": uuid4(), "district": uuid4()}
OPEN, SOLVED, UNREACHED = CallbackState.OPEN, CallbackState.SOLVED, CallbackState.UNREACHED


def a_case(state: CaseState = CaseState.CALLBACK, **more: Any) -> Matter[Detail]:
    detail = Detail(
        SEATS["community"], "community", SEATS, NOON, Lane.SMALL, False, False, (), ReportedAs.RESIDENT, 0,
        governed_by="resolve_community",
    )  # fmt: skip
    about = {
        "id": uuid4(), "kind": "case", "place_id": uuid4(), "state": state.value, "version": 5, "round": 1,
        "requester_id": RESIDENT.id, "beneficiary_id": RESIDENT.id, "assignee_id": None, "holder_id": None,
        "open_pool": False, "created_at": NOON, "seat_id": SEATS["community"], "category": "noise",
        "live": (LiveDeadline(uuid4(), "callback", None),),
    }  # fmt: skip
    return Matter(**about | more, detail=detail)


def a_call(reason: CallReason | None = CallReason.UNANSWERED, **more: Any) -> Call:
    return Call(uuid4(), **{"state": OPEN, "reason": reason} | more)


def settled(change: Any) -> dict[UUID, str]:
    """What became of which call-back."""
    return {p.values["id"]: p.values["state"] for p in change.patches if "state" in p.values}


@pytest.mark.parametrize(
    ("solved", "reason", "others", "state", "becomes", "called"),
    [
        (True, None, 0, "closed", "solved", None),
        (True, None, 1, "callback", "solved", None),
        (False, None, 0, "callback", None, "refused"),
        (True, CallReason.SAMPLE, 0, "callback", None, None),
        (True, CallReason.CARE, 0, "callback", None, None),
        (True, CallReason.OWN, 0, "callback", None, None),
        (True, CallReason.WEIGHTY, 0, "callback", None, None),
        (False, CallReason.UNANSWERED, 0, "callback", None, None),
    ],
)
def test_a_tap(solved: bool, reason: Any, others: int, state: str, becomes: str | None, called: str | None) -> None:
    call = a_call(reason)
    change = answer_callback(a_case(), RESIDENT, NOON, facts=Own(call, others), solved=solved, stars=5)
    assert change.state == state
    assert settled(change) == ({call.id: becomes} if becomes else {})
    assert [p.values["call_reason"] for p in change.patches if "call_reason" in p.values] == (
        [called] if called else []
    )
    (row,) = change.rows
    assert (row.values["channel"], row.values["solved"], row.values["satisfied"]) == ("self", solved, True)


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        (Own(None, 0), errors.CallbackNotFound),
        (Own(a_call(state=SOLVED), 0), errors.AlreadyAnswered),
        (Own(a_call(own=Said(True)), 0), errors.AlreadyAnswered),
    ],
)
def test_a_tap_that_is_refused(facts: Own, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        answer_callback(a_case(), RESIDENT, NOON, facts=facts, solved=True)


def test_somebody_who_did_not_report_it_does_not_tap() -> None:
    with pytest.raises(NotAllowed):
        answer_callback(a_case(), Actor(uuid4()), NOON, facts=Own(None, 0), solved=True)


TODAY, YESTERDAY = NOON, NOON - timedelta(days=1)


@pytest.mark.parametrize(
    ("failed", "own", "others", "reached", "action", "becomes"),
    [
        ((), None, (), True, "close", "solved"),
        ((), None, (), False, "reopen", "unsolved"),
        ((), None, (OPEN,), True, "record_callback", "solved"),
        ((), None, (OPEN,), False, "reopen", "unsolved"),
        ((), None, (UNREACHED,), True, "close", "solved"),
        ((), None, (), None, "record_callback", None),
        ((YESTERDAY, YESTERDAY), None, (), None, "close_unreached", "unreached"),
        ((TODAY, TODAY), None, (), None, "record_callback", None),
        ((YESTERDAY,), None, (), None, "record_callback", None),
        ((YESTERDAY, TODAY), None, (SOLVED,), None, "close", "unreached"),
        ((YESTERDAY, TODAY), None, (OPEN,), None, "record_callback", "unreached"),
        ((YESTERDAY, TODAY), Said(solved=True), (), None, "close", "solved"),
        ((YESTERDAY, TODAY), Said(solved=False), (), None, "reopen", "unsolved"),
    ],
)
def test_a_try_of_an_officer(
    failed: tuple[datetime, ...], own: Said | None, others: tuple[CallbackState, ...], reached: bool | None, action: str,
    becomes: str | None,
) -> None:  # fmt: skip
    """`reached`: None, nobody; else whether it is solved."""
    call = a_call(failed=failed, own=own)
    facts = Calls((call, *(a_call(None, state=state) for state in others)), may=True, duty=None, lead_id=None)
    change = record_callback(
        a_case(), OFFICER, NOON, facts=facts, callback_id=call.id, channel=CallChannel.PHONE, reached=reached is not None,
        solved=reached,
    )  # fmt: skip
    assert change.action == action
    assert settled(change).get(call.id) == becomes
    assert change.columns.get("round") == (2 if action == "reopen" else None)
    dropped = [found for found in settled(change).values() if found == "dropped"]
    assert len(dropped) == (others.count(OPEN) if action == "reopen" else 0)
    assert [row.values["duty"] for row in change.rows if "duty" in row.values] == ["callback"]


def test_a_whistled_case_goes_back_to_its_unit_whose_assignment_opens_again() -> None:
    call, lead = a_call(), uuid4()
    facts = Calls((call,), may=True, duty="callback", lead_id=lead)
    change = record_callback(
        a_case(unit_id=uuid4()), OFFICER, NOON, facts=facts, callback_id=call.id, channel=CallChannel.VISIT, reached=True,
        solved=False,
    )  # fmt: skip
    assert (change.action, change.state, change.starts) == ("reopen_whistled", "whistled", ["resolve_community"])
    assert ("assignment.reopen", {"assignment_id": str(lead)}) in [(e.topic, e.payload) for e in change.events]


@pytest.mark.parametrize(
    ("facts", "reached", "solved", "refusal"),
    [
        ({"may": False, "duty": "handler"}, True, True, SameHand),
        ({"may": False, "duty": "arbiter"}, True, True, SameHand),
        ({"may": False}, True, True, errors.HandlingUnit),
        ({"calls": ()}, True, True, errors.CallbackNotFound),
        ({"state": SOLVED}, True, True, errors.AlreadyAnswered),
        ({"reason": None}, True, True, errors.NoCallWanted),
        ({}, True, None, InvalidInput),
        ({}, False, True, InvalidInput),
    ],
)
def test_a_try_that_is_refused(facts: dict[str, Any], reached: Any, solved: Any, refusal: type[Exception]) -> None:
    call = a_call(facts.get("reason", CallReason.CARE), state=facts.get("state", OPEN))
    known = Calls(facts.get("calls", (call,)), facts.get("may", True), facts.get("duty"), None)
    with pytest.raises(refusal):
        record_callback(
            a_case(), OFFICER, NOON, facts=known, callback_id=call.id, channel=CallChannel.PHONE, reached=reached,
            solved=solved,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("reached", "said", "faults"),
    [
        (True, {}, {"/body/solved": "联系上了,须填写是否解决"}),
        (False, {"solved": True}, {"/body/solved": "没有联系上,不能填写上报人的答复;请去掉此项"}),
        (False, {"stars": 5}, {"/body/stars": "没有联系上,不能填写上报人的答复;请去掉此项"}),
    ],
)
def test_two_opposite_mistakes_have_two_texts(reached: Any, said: dict[str, Any], faults: dict[str, str]) -> None:
    call = a_call(CallReason.CARE)
    known = Calls((call,), may=True, duty=None, lead_id=None)
    with pytest.raises(InvalidInput) as refused:
        record_callback(
            a_case(),
            OFFICER,
            NOON,
            facts=known,
            callback_id=call.id,
            channel=CallChannel.PHONE,
            reached=reached,
            **said,
        )
    assert {fault.pointer: fault.message for fault in refused.value.fields} == faults


def test_who_did_not_answer_is_to_be_called_and_nobody_twice() -> None:
    silent, called, done = a_call(None), a_call(), a_call(None, state=SOLVED)
    case, calls = a_case(), Calls((silent, called, done), may=False, duty=None, lead_id=None)
    limit = case.live[0].id
    change = need_call(case, SYSTEM, NOON, facts=calls, deadline_id=limit)
    assert [patch.values["id"] for patch in change.patches] == [silent.id]
    with pytest.raises(TransitionRefused):
        need_call(case, SYSTEM, NOON, facts=replace(calls, calls=(called, done)), deadline_id=limit)
    with pytest.raises(TransitionRefused):
        need_call(case, SYSTEM, NOON, facts=calls, deadline_id=uuid4())


@pytest.mark.parametrize(
    ("tries", "enough"),
    [((), False), ((TODAY,) * 3, False), ((YESTERDAY, TODAY), False), ((YESTERDAY, TODAY, TODAY), True)],
)
def test_three_tries_on_two_days(tries: tuple[datetime, ...], enough: bool) -> None:
    assert given_up(tries) is enough


@pytest.mark.parametrize(
    ("said", "stars", "counts"),
    [(None, None, None), (True, None, True), (False, None, False), (None, 5, True), (None, 4, True), (None, 3, False)],
)
def test_who_counts_as_satisfied(said: Any, stars: Any, counts: Any) -> None:
    assert satisfied_by(said, stars) is counts


@pytest.mark.parametrize(
    ("level", "step", "by"),
    [
        ("community", Step.CARD, "street"), ("community", Step.LISTED, "street"), ("community", Step.AGENDA, "district"),
        ("street", Step.CARD, "district"), ("district", Step.CARD, "district"),
    ],
)  # fmt: skip
def test_who_supervises(level: str, step: Step, by: str) -> None:
    assert supervising(SEATS, level, step) == SEATS[by]


def test_supervision_of_another_round_or_a_second_time_is_too_late() -> None:
    case = a_case(CaseState.HANDLING)
    with pytest.raises(TransitionRefused):
        supervise(case, SYSTEM, NOON, facts=Cards((), ()), deadline_id=uuid4(), percent=100)
    with pytest.raises(TransitionRefused):
        renew(case, SYSTEM, NOON)
    with pytest.raises(TransitionRefused):
        supervise(a_case(), SYSTEM, NOON, facts=Cards((), ()), deadline_id=uuid4(), percent=100)


def test_who_holds_it_answers_every_card() -> None:
    secretary = Actor(uuid4(), seat=frozenset({Role.SECRETARY}))
    cards = Cards((), (uuid4(), uuid4()))
    change = answer_supervision(a_case(CaseState.HANDLING), secretary, NOON, facts=cards, text="明天")
    assert tuple(patch.values["id"] for patch in change.patches) == cards.unanswered
    with pytest.raises(errors.NothingToAnswer):
        answer_supervision(a_case(CaseState.HANDLING), secretary, NOON, facts=Cards((), ()), text="明天")
    with pytest.raises(NotAllowed):
        answer_supervision(a_case(CaseState.WHISTLED, unit_id=uuid4()), secretary, NOON, facts=cards, text="明天")


@pytest.mark.parametrize(
    ("hours", "answered", "said"),
    [
        ((), False, "还没有联系过:在至少 2 个不同的日子、共 3 次都没有联系上,才按未联系上办结"),
        ((0,), False, "已有 1 次没有联系上:再有 2 次,其中至少一次在另一天,仍没有联系上,才按未联系上办结"),
        ((0, 1), True, "已有 2 次没有联系上:再有 1 次,其中至少一次在另一天,仍没有联系上,即以其本人的答复为准"),
        ((0, 1, 2), False, "已有 3 次没有联系上:再在另一天联系一次仍没有联系上,才按未联系上办结"),
        ((0, 24), False, "已有 2 次没有联系上:再有 1 次仍没有联系上,才按未联系上办结"),
    ],
)
def test_what_is_missing_until_nobody_has_to_try_any_more(hours: tuple[int, ...], answered: bool, said: str) -> None:
    failed = [NOON + timedelta(hours=one) for one in hours]
    assert not given_up(failed)
    assert still_missing(failed, answered=answered) == said
