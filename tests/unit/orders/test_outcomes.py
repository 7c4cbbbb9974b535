"""The verbs by which an order ends or begins once more, as values."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import errors, outcomes
from app.domain.orders.models import Abort, Appointment, OrderDetail, OrderRefusal, Rating, Reject
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Called, Detail, Led, OpenAppointment, ServedSide
from app.domain.services.models import Form
from app.kernel.change import Change, Event, Patch
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.matter import LiveDeadline
from app.kernel.rules import SYSTEM, Role
from tests.unit.orders.promised import ELEVEN, TEN, coordinate, dues, order, respond, rows
from tests.unit.orders.test_policy import FAMILY, NOON, RESIDENT, TEAM, VOLUNTEER, WHO, an_order, served

RATING = LiveDeadline(UUID(int=27), "rating", NOON + timedelta(days=5))
FINISH = LiveDeadline(UUID(int=23), "finish", NOON + timedelta(hours=3))
ABLE = ServedSide(logs_in=True)
ROUND = ["respond", "reply", "coordinate", "plan", "dispatch"]


def rated(solved: str, round_number: int = 1, **more: Any) -> Change:
    delivered = replace(an_order(S.DELIVERED), live=(RATING,), round=round_number)
    return outcomes.rate(delivered, WHO["requester"], NOON, facts=ABLE, solved=solved, stars=3, reason="没修好", **more)


def test_rating_stops_its_limit_and_is_written_once_a_round() -> None:
    change = rated("yes")
    assert (change.state, change.stops, change.starts) == (S.RATED, ["rating"], [])
    (rating,) = rows(change, Rating)
    assert (rating["stars"], rating["round"]) == (3, 1)
    with pytest.raises(errors.ReasonMissing):
        outcomes.rate(an_order(S.DELIVERED), WHO["requester"], NOON, facts=ABLE, solved="no", stars=5, reason=None)


def test_unsolved_begins_a_second_round_by_itself_and_the_rating_stays_with_the_first() -> None:
    change = rated("no")
    assert (change.action, change.state, change.starts) == ("rework", S.SUBMITTED, ROUND)
    assert change.columns == {"round": 2, "assignee_id": None, "team_id": None, "open_pool": False}
    assert rows(change, Rating)[0]["round"] == 1
    asked_first = change.patches[0].values
    assert (asked_first["preferred_id"], asked_first["preferred_team_id"]) == (VOLUNTEER, TEAM), (
        "who served it, and their team"
    )


def test_unsolved_for_the_second_time_is_the_secretarys_to_decide() -> None:
    change = rated("no", 2)
    assert (change.state, change.starts) == (S.RATED, [])
    assert Event("order.unsolved", to_role=Role.SECRETARY) in change.events
    told = {event.to_person for event in change.events if event.topic == "order.secretary_decides"}
    assert told == {change.matter.requester_id, change.matter.beneficiary_id}, "also whoever said so"
    with pytest.raises(errors.SecondRework):
        outcomes.rework(
            replace(an_order(S.DELIVERED), round=2),
            WHO["requester"],
            NOON,
            reason="还漏",
            about_attitude=False,
            facts=ABLE,
        )
    again = outcomes.rework(
        replace(an_order(S.RATED), round=2),
        WHO["secretary"],
        NOON,
        reason="确实没修好",
        about_attitude=False,
        facts=ABLE,
    )
    assert (again.state, again.columns["round"]) == (S.SUBMITTED, 3)


def test_a_complaint_about_attitude_brings_somebody_else() -> None:
    change = rated("no", about_attitude=True)
    nobody_first = change.patches[0].values
    assert (nobody_first["preferred_id"], nobody_first["preferred_team_id"]) == (None, None)
    kept = [(row["person_id"], row["reason"], row["round"]) for row in rows(change, OrderRefusal)]
    assert kept == [(VOLUNTEER, "complaint", 1)]


def test_a_complaint_stands_also_where_no_round_begins_by_itself() -> None:
    change = rated("no", 2, about_attitude=True)
    assert change.state == S.RATED
    assert [(row["person_id"], row["reason"]) for row in rows(change, OrderRefusal)] == [(VOLUNTEER, "complaint")]


def test_an_aborted_service_is_offered_to_others_and_what_was_stopped_goes_on() -> None:
    serving = order(respond(stopped=TEN), coordinate(stopped=ELEVEN), state=S.IN_SERVICE)
    change = outcomes.abort(
        replace(serving, live=(FINISH,)), WHO["assignee"], ELEVEN + timedelta(minutes=30),
        facts=Accepted(TEN), reason=Abort.NOBODY_HOME, text=None,
    )  # fmt: skip
    assert (change.state, change.stops, change.starts) == (S.SUBMITTED, ["finish"], ["dispatch"])
    assert dues(change)["coordinate"] == "03-03 14:30:00"
    assert (change.remark["reason"], change.columns) == ("nobody_home", {"assignee_id": None, "team_id": None})


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("assignee", {RESIDENT: {}, FAMILY: {}}),
        ("requester", {FAMILY: {}, VOLUNTEER: {"off": True}}),
        ("beneficiary", {RESIDENT: {}, VOLUNTEER: {"off": True}}),
        ("clerk", {VOLUNTEER: {"off": True}}),
    ],
)
def test_whoever_aborts_it_the_other_side_is_told_and_whoever_served_not_to_go_again(
    who: str, told: dict[UUID, dict[str, bool]]
) -> None:
    change = outcomes.abort(
        order(state=S.IN_SERVICE), WHO[who], NOON, facts=Accepted(TEN), reason=Abort.NEEDS_TRADESMAN, text=None
    )
    assert {e.to_person: e.payload for e in change.events if e.topic == "order.aborted" and e.to_person} == told


@pytest.mark.parametrize("who", ["assignee", "requester", "clerk"])
def test_what_is_not_needed_any_more_is_not_done_again(who: str) -> None:
    with pytest.raises(errors.NotAgain) as refused:
        outcomes.abort(
            order(state=S.IN_SERVICE), WHO[who], NOON, facts=Accepted(TEN), reason=Abort.NO_LONGER_NEEDED, text=None
        )
    assert [fault.pointer for fault in refused.value.fields] == ["/body/again"]


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("assignee", {RESIDENT, FAMILY}),
        ("requester", {FAMILY, VOLUNTEER}),
        ("beneficiary", {RESIDENT, VOLUNTEER}),
        ("clerk", {RESIDENT, FAMILY, VOLUNTEER}),
    ],
)
def test_whoever_calls_it_off_the_other_side_is_told(who: str, told: set[UUID]) -> None:
    """All, where it is passed on."""
    change = outcomes.call_off(
        replace(an_order(S.IN_SERVICE), live=(FINISH,)),
        WHO[who],
        NOON,
        reason=Abort.NEEDS_TRADESMAN,
        text=None,
        facts=Led(),
    )
    assert (change.state, change.stops) == (S.CANCELLED, ["finish"])
    assert {event.to_person for event in change.events} == told
    passed_on = {RESIDENT, FAMILY} if who == "clerk" else set()
    assert {event.to_person for event in change.events if event.topic == "order.passed_on"} == passed_on
    assert {event.topic for event in change.events if event.to_person not in passed_on} == {"order.cancelled"}
    assert change.patches[0].values["cancel_reason"] == "需要专业师傅"
    by = {event.payload.get("by") for event in change.events if event.topic == "order.cancelled"}
    assert by == ({"assignee"} if who == "assignee" else {None}), "not the resident's own word"


@pytest.mark.parametrize("verb", ["abort", "call_off"])
@pytest.mark.parametrize(
    ("who", "kept"), [("assignee", "aborted"), ("requester", "complaint"), ("station", "complaint")]
)
def test_what_was_not_safe_is_told_to_the_staff_and_read_by_neither_side_of_the_other(
    verb: str, who: str, kept: str
) -> None:
    facts = Accepted(TEN) if verb == "abort" else Led()
    change = getattr(outcomes, verb)(
        an_order(S.IN_SERVICE), WHO[who], NOON, reason=Abort.UNSAFE, text="他喝了酒", facts=facts
    )
    assert {e.to_role for e in change.events if e.topic == "order.unsafe"} == {Role.DISPATCHER, Role.SECRETARY}
    (row,) = [row.values for row in change.rows if row.table is OrderRefusal]
    assert (row["person_id"], row["reason"], row["text"]) == (VOLUNTEER, kept, "他喝了酒")
    said = [patch.values["cancel_reason"] for patch in change.patches if "cancel_reason" in patch.values]
    assert said == ([] if verb == "abort" else ["现场不安全"])


def test_a_rejected_order_says_where_help_is_to_be_had() -> None:
    change = outcomes.reject(an_order(), WHO["dispatcher"], NOON, reason=Reject.EMERGENCY, other_help="请拨打 120")
    assert change.state == S.REJECTED
    assert change.patches[0].values == {
        "matter_id": an_order().id, "reject_reason": "emergency", "other_help": "请拨打 120",
    }  # fmt: skip
    assert change.events == served("order.rejected")


@pytest.mark.parametrize("state", [S.SUBMITTED, S.OFFERED, S.ACCEPTED])
def test_converting_tells_the_secretary_the_resident_and_whoever_had_it(state: S) -> None:
    change = outcomes.convert(an_order(state), WHO["dispatcher"], NOON, reason="整栋楼的下水管", facts=Led())
    assert change.state == S.CONVERTED
    told = [event for event in change.events if event.sort == "notice"]
    assert {event.to_person or event.to_role for event in told} == {Role.SECRETARY, RESIDENT, FAMILY, VOLUNTEER}
    topics = {event.topic for event in told}
    assert topics == {"order.converted", "order.converted_away"}, "it was not cancelled"
    assert [event.topic for event in change.events if event.sort == "event"] == ["case.open_converted"]


def test_a_missed_plan_converts_while_it_runs() -> None:
    plan = LiveDeadline(UUID(int=31), "plan", None)
    running = replace(an_order(S.SUBMITTED), live=(plan,))
    change = outcomes.convert_missed(running, SYSTEM, NOON, deadline_id=plan.id, facts=Led())
    assert (change.state, change.stops, change.remark) == (S.CONVERTED, ["plan"], {"missed": True})
    with pytest.raises(TransitionRefused):
        outcomes.convert_missed(an_order(S.SUBMITTED), SYSTEM, NOON, deadline_id=plan.id, facts=Led())


@pytest.mark.parametrize("called", [True, False])
def test_closing_unrated_says_whether_anybody_called(called: bool) -> None:
    delivered = replace(an_order(S.DELIVERED), live=(RATING,))
    change = outcomes.close_unrated(delivered, SYSTEM, NOON, facts=Called(called), deadline_id=RATING.id)
    assert (change.state, change.remark) == (S.CLOSED_UNRATED, {"called": called})


@pytest.mark.parametrize("state", [S.SUBMITTED, S.OFFERED, S.ACCEPTED])
def test_cancelling_stops_whatever_runs(state: S) -> None:
    kinds = ("respond", "dispatch", "offer", "reply", "plan", "appointment")
    running = tuple(LiveDeadline(UUID(int=30 + n), kind, None) for n, kind in enumerate(kinds))
    change = outcomes.cancel(
        replace(an_order(state), live=running), WHO["requester"], NOON, reason="不用了", facts=Led()
    )
    assert sorted(change.stops) == sorted(kinds)
    assert change.patches[0].table is OrderDetail


@pytest.mark.parametrize(
    ("state", "form", "who", "told"),
    [
        (S.SUBMITTED, Form.VISIT, "requester", False),
        (S.OFFERED, Form.VISIT, "requester", True),
        (S.ACCEPTED, Form.VISIT, "station", True),
        (S.ACCEPTED, Form.VISIT, "dispatcher", False),
        (S.ACCEPTED, Form.WISH, "requester", False),
    ],
)
def test_the_dispatcher_hears_that_what_was_dispatched_is_cancelled(
    state: S, form: Form, who: str, *, told: bool
) -> None:
    order = replace(an_order(state), detail=Detail(UUID(int=7), 0, 0, None, form=form))
    events = outcomes.cancel(order, WHO[who], NOON, facts=Led()).events
    assert [e.topic for e in events if e.to_role is not None] == ["order.not_needed"] * told


def test_a_new_round_begins_without_the_appointment_of_the_one_before() -> None:
    met = OpenAppointment(UUID(int=21), NOON, VOLUNTEER, by_resident=False, confirmed_at=NOON)
    order = replace(an_order(S.DELIVERED), detail=Detail(UUID(int=7), 0, 0, None, appointments=(met,)))
    for change in (
        outcomes.rework(order, WHO["requester"], NOON, reason="又漏水", about_attitude=False, facts=ABLE),
        outcomes.rate(order, WHO["requester"], NOON, facts=ABLE, solved="no", stars=2, reason="又漏水"),
    ):
        assert Patch(Appointment, {"id": met.id, "ended_at": NOON}) in change.patches


def test_only_whom_it_served_rates_also_where_it_begins_again() -> None:
    unsolved = {"facts": ABLE, "solved": "no", "stars": 1, "reason": "没来"}
    with pytest.raises(NotAllowed):
        outcomes.rate(an_order(S.DELIVERED), WHO["secretary"], NOON, **unsolved)
    with pytest.raises(TransitionRefused):
        outcomes.rate(an_order(S.RATED), WHO["requester"], NOON, **unsolved)


def test_where_nobody_on_the_residents_side_can_log_in_the_staff_pass_on_how_it_went() -> None:
    said = {"solved": "yes", "stars": 5, "reason": None}
    change = outcomes.rate(an_order(S.DELIVERED), WHO["station"], NOON, facts=ServedSide(logs_in=False), **said)
    assert (change.state, change.through) == (S.RATED, "desk")
    with pytest.raises(NotAllowed, match="能自己登录"):
        outcomes.rate(an_order(S.DELIVERED), WHO["station"], NOON, facts=ABLE, **said)


def test_that_it_was_about_somebody_stands_in_no_history_which_volunteers_read() -> None:
    assert "about_attitude" not in rated("no", about_attitude=True).remark
