"""The verbs that bring an order to somebody and back, as values: offering, the matcher, taking, giving back."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import appointment_errors, dispatching, errors, giving_back
from app.domain.orders.dispatching import Offered, Taking
from app.domain.orders.matching import Matching, choices
from app.domain.orders.models import OrderDetail, OrderRefusal, TakeBack
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Detail, Left, OpenAppointment
from app.domain.people.handing_back import WhyLeft
from app.domain.teams.fitness import Candidate
from app.kernel.change import Event, Patch
from app.kernel.deadline_tables import DeadlinePause
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.matter import LiveDeadline
from app.kernel.rules import SYSTEM, Actor, Role
from tests.unit.orders.promised import (
    COORDINATE,
    ELEVEN,
    PROMISE,
    QUESTION,
    TEN,
    coordinate,
    dues,
    order,
    paused,
    plan,
    respond,
    rows,
)  # fmt: skip
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, TEAM, VOLUNTEER, WHO, an_order, served

RESPOND = LiveDeadline(UUID(int=21), "respond", NOON + timedelta(minutes=9))
OFFER = LiveDeadline(UUID(int=22), "offer", NOON + timedelta(minutes=5))
DISPATCH = LiveDeadline(UUID(int=28), "dispatch", NOON + timedelta(minutes=3))
NOBODY = {"assignee_id": None, "team_id": None}


def candidate(person_id: UUID = VOLUNTEER, **facts: Any) -> Candidate:
    sound = {"in_area": True, "skilled": True, "on_duty": True, "quiet": False, "away": False, "capacity": 3,
             "taken_today": 0, "recent": 0, "last_served_at": None, "team_ids": ()}  # fmt: skip
    return Candidate(person_id, **{**sound, **facts})


def offered(*found: Candidate, lead: UUID | None = None, refused: bool = False) -> Offered:
    return Offered(found, lead, refused)


def member(person_id: UUID = VOLUNTEER, **facts: Any) -> Candidate:
    """Of the order's team, which serves here."""
    return candidate(person_id, team_ids=(TEAM,), **facts)


def complained(*found: Candidate, lead: UUID | None = None) -> Offered:
    """The resident complained of the volunteer on this order."""
    return Offered(found, lead, refused=False, complained=frozenset({VOLUNTEER}))


# ── offering ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_offer_starts_its_own_limit_and_leaves_respond_running() -> None:
    waits = replace(an_order(), assignee_id=None, team_id=None, live=(RESPOND, DISPATCH))
    change = dispatching.offer(waits, WHO["dispatcher"], NOON, facts=offered(candidate()), volunteer_id=VOLUNTEER)
    assert (change.state, change.starts, change.stops) == (S.OFFERED, ["offer"], ["dispatch"])
    assert change.columns == {"assignee_id": VOLUNTEER, "team_id": None}
    assert change.events == [Event("order.offered", to_person=VOLUNTEER)]


def test_an_offer_to_a_team_is_put_before_its_lead() -> None:
    facts = offered(member(OTHER), member(VOLUNTEER, quiet=True), lead=VOLUNTEER)
    change = dispatching.offer(an_order(), WHO["secretary"], NOON, facts=facts, team_id=TEAM)
    assert change.columns == {"assignee_id": VOLUNTEER, "team_id": TEAM}


@pytest.mark.parametrize(
    ("facts", "to", "refusal"),
    [
        (offered(candidate(RESIDENT)), {"volunteer_id": RESIDENT}, errors.OwnOrder),
        (offered(candidate(FAMILY)), {"volunteer_id": FAMILY}, errors.OwnOrder),
        (offered(candidate(in_area=False)), {"volunteer_id": VOLUNTEER}, errors.VolunteerNotQualified),
        (offered(candidate(quiet=True)), {"volunteer_id": VOLUNTEER}, errors.VolunteerNotQualified),
        (offered(candidate(taken_today=3)), {"volunteer_id": VOLUNTEER}, errors.VolunteerNotQualified),
        (offered(), {"volunteer_id": VOLUNTEER}, errors.VolunteerNotQualified),
        (offered(candidate(), refused=True), {"volunteer_id": VOLUNTEER}, errors.AlreadyRefused),
        (replace(offered(candidate()), unwanted=True), {"volunteer_id": VOLUNTEER}, errors.AlreadyRefused),
        (Offered((candidate(),), None, False, frozenset({VOLUNTEER})), {"volunteer_id": VOLUNTEER}, errors.OwnOrder),
        (offered(candidate()), {"team_id": TEAM}, errors.TeamNotHere),
        (
            offered(member(RESIDENT), member(quiet=True), lead=VOLUNTEER),
            {"team_id": TEAM},
            errors.TeamNotQualified,
        ),
        (replace(offered(candidate()), team_here=True), {"team_id": TEAM}, errors.TeamWithoutLead),
        (offered(candidate(), lead=RESIDENT), {"team_id": TEAM}, errors.OwnOrder),
        (offered(member(OTHER), candidate(), lead=VOLUNTEER), {"team_id": TEAM}, errors.TeamNotHere),
        (complained(candidate()), {"volunteer_id": VOLUNTEER}, errors.ComplainedOf),
        (complained(member(), member(OTHER), lead=VOLUNTEER), {"team_id": TEAM}, errors.ComplainedOf),
        (complained(member(), member(OTHER, quiet=True), lead=OTHER), {"team_id": TEAM}, errors.TeamNotQualified),
    ],
)
def test_an_offer_is_refused(facts: Offered, to: dict[str, UUID], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        dispatching.offer(an_order(), WHO["dispatcher"], NOON, facts=facts, **to)


def test_a_refused_offer_says_what_speaks_against_it() -> None:
    facts = offered(candidate(skilled=False, away=True))
    with pytest.raises(errors.VolunteerNotQualified) as caught:
        dispatching.offer(an_order(), WHO["dispatcher"], NOON, facts=facts, volunteer_id=VOLUNTEER)
    assert caught.value.detail == "没有所需技能或证照已过期、暂时离开"


# ── the matcher ──────────────────────────────────────────────────────────────────────────────────────────────────

A, B, C = (UUID(int=n) for n in (61, 62, 63))
OWN = {RESIDENT, FAMILY}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (Matching((candidate(A, recent=2), candidate(B, recent=1)), frozenset()), [B, A]),
        (Matching((candidate(A), candidate(B)), frozenset({A})), [B]),
        (Matching((candidate(RESIDENT), candidate(B)), frozenset()), [B]),
        (Matching((candidate(A), candidate(B)), frozenset(), frozenset({A})), [B]),
        (Matching((candidate(A, on_duty=False), candidate(B, recent=9)), frozenset()), [B]),
        (Matching((candidate(A), candidate(B, recent=9)), frozenset(), preferred_id=B), [B, A]),
        (Matching((candidate(A), candidate(B, recent=9, team_ids=(TEAM,))), frozenset(), team_id=TEAM), [B, A]),
        (
            Matching(
                (candidate(A), member(B, recent=9), candidate(C, recent=9)),
                frozenset(),
                preferred_id=C,
                preferred_team_id=TEAM,
            ),
            [C, B, A],
        ),
        (Matching((candidate(A, capacity=0),), frozenset()), []),
    ],
    ids=[
        "fair",
        "declined",
        "own",
        "represents",
        "off duty",
        "served before",
        "of the team",
        "their team before",
        "nobody",
    ],
)
def test_who_is_asked_first(found: Matching, expected: list[UUID]) -> None:
    assert [choice.candidate.person_id for choice in choices(OWN, found)] == expected


def test_the_matcher_offers_to_the_first_and_says_why() -> None:
    found = Matching((candidate(A, recent=2), candidate(B, recent=1)), frozenset())
    waits = replace(an_order(), assignee_id=None, live=(RESPOND, DISPATCH))
    change = dispatching.match(waits, SYSTEM, NOON, facts=found, deadline_id=DISPATCH.id)
    assert (change.action, change.state, change.columns) == ("match", S.OFFERED, {"assignee_id": B})
    assert change.remark == {"why": "在服务范围内、当班、今天还能接 3 单,近 28 天服务 1 次,比其他人少", "among": 2}
    assert change.events == [Event("order.offered", to_person=B)]


def test_when_nobody_qualifies_the_pool_opens_and_the_duty_officer_is_told() -> None:
    waits = replace(an_order(open_pool=False), live=(DISPATCH,))
    change = dispatching.match(waits, SYSTEM, NOON, facts=Matching((), frozenset()), deadline_id=DISPATCH.id)
    assert (change.action, change.state, change.columns) == ("open_pool", S.SUBMITTED, {"open_pool": True})
    assert change.events == [Event("order.nobody_qualifies", to_role=Role.DISPATCHER)]


def test_a_turn_that_has_passed_does_nothing() -> None:
    with pytest.raises(TransitionRefused):
        dispatching.match(an_order(), SYSTEM, NOON, facts=Matching((), frozenset()), deadline_id=DISPATCH.id)


# ── no answer, and no ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("failures", "opened"), [(0, False), (1, True), (5, True)])
@pytest.mark.parametrize("how", ["lapse", "decline"])
def test_the_second_failure_opens_the_pool(how: str, failures: int, opened: bool) -> None:
    waits = replace(
        an_order(S.OFFERED, open_pool=False), live=(RESPOND, OFFER), detail=Detail(UUID(int=7), failures, 0, None)
    )
    if how == "lapse":
        change = dispatching.lapse(waits, SYSTEM, NOON, deadline_id=OFFER.id)
    else:
        change = dispatching.decline(waits, WHO["assignee"], NOON, reason="当天有事")
    assert (change.state, change.stops) == (S.SUBMITTED, ["offer"])
    assert change.starts == ([] if opened else ["dispatch"]), "what is open to all the matcher offers no more"
    assert change.columns == (NOBODY | {"open_pool": True} if opened else NOBODY)
    assert change.patches == [Patch(OrderDetail, {"matter_id": waits.id, "failures": failures + 1})]
    kept = [(row["person_id"], row["team_id"], row["reason"], row["round"]) for row in rows(change, OrderRefusal)]
    assert kept == ([(VOLUNTEER, TEAM, "declined", 1)] if how == "decline" else []), "a lapse is no decline"
    told, *of_the_lapse = change.events
    assert of_the_lapse == ([Event("order.offer_lapsed", to_person=VOLUNTEER)] if how == "lapse" else [])
    assert (told.to_role, told.payload) == (Role.DISPATCHER, {"opened": True} if opened else {})


def test_what_is_open_to_all_already_is_not_told_again() -> None:
    waits = replace(an_order(S.OFFERED, open_pool=True), live=(RESPOND, OFFER), detail=Detail(UUID(int=7), 2, 0, None))
    change = dispatching.lapse(waits, SYSTEM, NOON, deadline_id=OFFER.id)
    assert [event.payload for event in change.events if event.to_role] == [{}]


def test_what_the_team_was_asked_its_lead_answers() -> None:
    with pytest.raises(NotAllowed, match="由队长谢绝"):
        dispatching.decline(an_order(S.OFFERED), WHO["member"], NOON)


def test_a_lapse_that_speaks_of_an_older_offer_does_nothing() -> None:
    waits = replace(an_order(S.OFFERED), live=(RESPOND, OFFER))
    with pytest.raises(TransitionRefused):
        dispatching.lapse(waits, SYSTEM, NOON, deadline_id=UUID(int=99))


# ── taking ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_accepting_stops_respond_and_offer_and_nothing_else() -> None:
    offer = replace(an_order(S.OFFERED), live=(RESPOND, OFFER, LiveDeadline(UUID(int=25), "plan", None)))
    change = dispatching.accept(offer, WHO["assignee"], NOON, facts=Taking(None))
    assert (change.state, change.stops, change.starts, change.columns) == (S.ACCEPTED, ["respond", "offer"], [], {})
    assert change.events == served("order.accepted")


def test_of_a_team_a_qualified_member_may_accept_and_the_lead_is_told() -> None:
    change = dispatching.accept(an_order(S.OFFERED), WHO["member"], NOON, facts=Taking(member(OTHER)))
    assert change.columns == {"assignee_id": OTHER}
    assert change.events == [Event("order.taken_by_member", to_person=VOLUNTEER), *served("order.accepted")]


@pytest.mark.parametrize(
    ("who", "facts", "refusal"),
    [
        (Actor(VOLUNTEER), Taking(None), errors.VolunteerNotQualified),
        (WHO["member"], Taking(None), errors.VolunteerNotQualified),
        (WHO["member"], Taking(member(OTHER, skilled=False)), errors.VolunteerNotQualified),
        (WHO["member"], Taking(candidate(OTHER)), errors.VolunteerNotQualified),
        (WHO["member"], Taking(member(OTHER), complained=True), errors.VolunteerNotQualified),
        (WHO["assignee"], Taking(None, complained=True), errors.VolunteerNotQualified),
        (WHO["assignee"], Taking(None, away=True), errors.VolunteerNotQualified),
        (WHO["member"], Taking(member(OTHER), away=True), errors.VolunteerNotQualified),
        (Actor(RESIDENT, frozenset({Role.VOLUNTEER}), "member"), Taking(candidate(RESIDENT)), errors.OwnOrder),
        (WHO["assignee"], Taking(None, represents=True), errors.OwnOrder),
    ],
    ids=[
        "role ended",
        "no member",
        "no skill",
        "left meanwhile",
        "complained of",
        "offered, complained of",
        "offered, away",
        "away",
        "own",
        "represents",
    ],
)
def test_accepting_is_refused(who: Actor, facts: Taking, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        dispatching.accept(an_order(S.OFFERED), who, NOON, facts=facts)


def test_claiming_from_the_pool_takes_the_order_from_whoever_was_silent() -> None:
    waits = replace(an_order(S.OFFERED), live=(RESPOND, OFFER))
    change = dispatching.claim(waits, WHO["volunteer"], NOON, facts=Taking(candidate(OTHER, quiet=True, on_duty=False)))
    assert (change.state, change.columns) == (S.ACCEPTED, {"assignee_id": OTHER, "team_id": None})
    assert change.events[0] == Event("order.taken", to_person=VOLUNTEER)


def test_nobody_claims_their_own_order_or_beyond_their_capacity() -> None:
    me = replace(WHO["requester"], roles=frozenset({Role.VOLUNTEER}))
    with pytest.raises(errors.OwnOrder):
        dispatching.claim(an_order(), me, NOON, facts=Taking(candidate(RESIDENT)))
    with pytest.raises(errors.VolunteerNotQualified):
        dispatching.claim(an_order(), WHO["volunteer"], NOON, facts=Taking(candidate(OTHER, taken_today=3)))
    with pytest.raises(errors.VolunteerNotQualified):
        dispatching.claim(an_order(), WHO["volunteer"], NOON, facts=Taking(candidate(OTHER), away=True))


def test_what_is_offered_to_somebody_does_not_use_up_their_day_against_itself() -> None:
    mine = replace(an_order(S.OFFERED, open_pool=True), assignee_id=OTHER)
    change = dispatching.claim(mine, WHO["volunteer"], NOON, facts=Taking(candidate(OTHER, taken_today=3)))
    assert change.state == S.ACCEPTED


def test_the_lead_lets_another_member_go() -> None:
    change = dispatching.assign(an_order(S.ACCEPTED), WHO["lead"], NOON, facts=Taking(member(C)), member_id=C)
    assert change.columns == {"assignee_id": C}
    assert {(event.topic, event.to_person) for event in change.events} == {
        ("order.taken_back", VOLUNTEER), ("order.assigned", C), ("order.member_changed", RESIDENT),
        ("order.member_changed", FAMILY),
    }  # fmt: skip


# ── giving back ──────────────────────────────────────────────────────────────────────────────────────────────────


MEETING = OpenAppointment(UUID(int=300), ELEVEN + timedelta(hours=1), DISPATCHER_ID := UUID(int=3), False, ELEVEN)


def given_back(at: datetime, accepted_at: datetime, *, contacted: bool = False) -> dict[str, str]:
    taken = order(
        respond(stopped=TEN), coordinate(stopped=ELEVEN), plan(stopped=ELEVEN), state=S.ACCEPTED, meeting=MEETING
    )
    accepted = Accepted(accepted_at, contacted=contacted)
    return dues(giving_back.release(taken, WHO["assignee"], at, facts=accepted, reason="发烧"))


def test_what_the_acceptance_and_the_appointment_had_stopped_goes_on_with_the_time_used() -> None:
    found = given_back(ELEVEN + timedelta(minutes=30), TEN)
    assert found["coordinate"] == "03-03 14:30:00", "an hour used, half an hour held up"
    assert set(found) == {"respond", "coordinate", "plan"}


def test_a_question_that_was_answered_meanwhile_holds_nothing_up_any_more() -> None:
    asked = coordinate(paused(QUESTION, ELEVEN - timedelta(minutes=10), ELEVEN + timedelta(hours=7)), stopped=ELEVEN)
    taken = order(asked, state=S.ACCEPTED, meeting=MEETING)
    at = ELEVEN + timedelta(minutes=30)
    answered, waits = (
        giving_back.release(taken, WHO["assignee"], at, facts=Accepted(TEN, found), reason="发烧")
        for found in ((str(QUESTION),), ())
    )
    assert dues(answered) == {"coordinate": "03-03 14:40:00"}, "ten minutes and half an hour held up"
    assert dues(waits) == {"coordinate": "03-04 09:10:00"}, "until its limit"
    ended = [patch.values["until_at"] for patch in answered.patches if patch.table is DeadlinePause]
    assert ended == [ELEVEN], "what had stopped was held up no longer: the rest may still be paused"


def test_what_was_stopped_before_the_acceptance_stays_stopped() -> None:
    assert set(given_back(ELEVEN + timedelta(minutes=30), TEN + timedelta(minutes=1))) == {"coordinate", "plan"}


def test_whom_somebody_has_reached_has_had_a_response_whoever_gives_back() -> None:
    assert set(given_back(ELEVEN + timedelta(minutes=30), TEN, contacted=True)) == {"coordinate", "plan"}


def test_whoever_gives_back_is_not_asked_again_in_the_round() -> None:
    taken = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 0, None, (MEETING,)))
    change = giving_back.release(taken, WHO["assignee"], NOON, facts=Accepted(NOON), reason="发烧")
    assert change.columns == NOBODY
    assert [(row["person_id"], row["reason"]) for row in rows(change, OrderRefusal)] == [(VOLUNTEER, "released")]
    assert [patch.values for patch in change.patches] == [{"id": MEETING.id, "ended_at": NOON}]


@pytest.mark.parametrize(("who", "why"), [("assignee", "volunteer"), ("lead", "lead")])
def test_everybody_is_told_who_gave_it_back_and_that_the_time_is_void(who: str, why: str) -> None:
    taken = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 0, None, (replace(MEETING, confirmed_at=TEN),)))
    change = giving_back.release(taken, WHO[who], NOON, facts=Accepted(NOON), reason="发烧")
    said = {"why": why, "void": True, "meet_at": MEETING.meet_at.isoformat()}
    of_the_member = [Event("order.taken_back", to_person=VOLUNTEER, payload=said)] if who == "lead" else []
    assert change.events == [
        *of_the_member,
        Event("order.released", to_role="dispatcher", payload={"to": "dispatcher", **said}),
        *served("order.released", **said),
    ]


@pytest.mark.parametrize("before", [True, False])
def test_nobody_at_home_is_said_from_the_agreed_time_on(before: bool) -> None:
    agreed = replace(MEETING, confirmed_at=TEN)
    taken = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 0, None, (agreed,)))
    at = agreed.meet_at - timedelta(seconds=1) if before else agreed.meet_at
    tell = {"facts": Accepted(TEN), "reason": "敲门三次无人应", "nobody_home": True}
    if before:
        with pytest.raises(appointment_errors.AppointmentNotYet):
            giving_back.release(taken, WHO["assignee"], at, **tell)
        return
    change = giving_back.release(taken, WHO["assignee"], at, **tell)
    assert change.remark == {"nobody_home": True}
    assert {event.payload["why"] for event in change.events} == {"nobody_home"}


def test_without_an_agreed_time_and_for_a_member_nobody_was_at_the_door() -> None:
    agreed = Detail(UUID(int=7), 0, 0, None, (replace(MEETING, confirmed_at=TEN),))
    for taken, who in ((an_order(S.ACCEPTED), "assignee"), (replace(an_order(S.ACCEPTED), detail=agreed), "lead")):
        with pytest.raises(appointment_errors.AppointmentNotYet):
            giving_back.release(
                taken, WHO[who], MEETING.meet_at, facts=Accepted(TEN), reason="无人应门", nobody_home=True
            )


@pytest.mark.parametrize(("planned_at", "stops"), [(ELEVEN, ["promise"]), (TEN, [])])
def test_a_promise_falls_with_the_plan_that_the_acceptance_brought(planned_at: datetime, stops: list[str]) -> None:
    promised = LiveDeadline(PROMISE, "promise", ELEVEN + timedelta(days=1))
    taken = replace(
        order(coordinate(), plan(stopped=planned_at), state=S.ACCEPTED),
        live=(LiveDeadline(COORDINATE, "coordinate", None), promised),
    )
    accepted = Accepted(TEN + timedelta(minutes=10))
    change = giving_back.release(taken, WHO["assignee"], ELEVEN + timedelta(minutes=30), facts=accepted, reason="发烧")
    assert change.stops == stops


def test_an_order_of_somebody_who_left_goes_back_from_either_state() -> None:
    offer = replace(an_order(S.OFFERED), live=(OFFER,))
    change = giving_back.hand_back(
        offer, SYSTEM, NOON, facts=Left(Accepted(TEN), taken_anew=False), person_id=VOLUNTEER
    )
    assert (change.state, change.stops, change.columns, change.retimes) == (S.SUBMITTED, ["offer"], NOBODY, [])
    with pytest.raises(TransitionRefused):
        giving_back.hand_back(offer, SYSTEM, NOON, facts=Left(Accepted(TEN), taken_anew=False), person_id=OTHER)


@pytest.mark.parametrize("because", WhyLeft)
def test_whoever_did_not_leave_by_their_own_word_hears_that_an_offer_is_gone(because: WhyLeft) -> None:
    left = Left(Accepted(TEN), taken_anew=False)
    offer = replace(an_order(S.OFFERED), live=(OFFER,))
    change = giving_back.hand_back(offer, SYSTEM, NOON, facts=left, person_id=VOLUNTEER, because=because)
    told = {event.topic for event in change.events if event.to_person == VOLUNTEER}
    unaware = because in {WhyLeft.LEAD, WhyLeft.TEAM, WhyLeft.DISBANDED}
    assert told == ({"order.offer_taken_back"} if unaware else set())


def test_an_order_that_they_began_meanwhile_stays_theirs_and_the_dispatcher_is_told() -> None:
    begun = an_order(S.IN_SERVICE)
    change = giving_back.hand_back(
        begun, SYSTEM, NOON, facts=Left(Accepted(TEN), taken_anew=False), person_id=VOLUNTEER
    )
    assert (change.action, change.state, change.columns, change.stops) == ("server_leaves", S.IN_SERVICE, {}, [])
    assert [(event.topic, event.to_role, event.payload) for event in change.events] == [
        (
            "order.server_leaves",
            Role.DISPATCHER,
            {"order_id": begun.id, "person_id": VOLUNTEER, "because": WhyLeft.ROLE},
        )
    ]
    with pytest.raises(TransitionRefused):
        giving_back.hand_back(begun, SYSTEM, NOON, facts=Left(Accepted(TEN), taken_anew=False), person_id=OTHER)


def test_what_they_took_since_then_stays_theirs() -> None:
    with pytest.raises(TransitionRefused):
        giving_back.hand_back(
            an_order(S.ACCEPTED), SYSTEM, NOON, facts=Left(Accepted(TEN), taken_anew=True), person_id=VOLUNTEER
        )


def test_the_staff_take_back_what_nobody_comes_for_and_the_volunteer_is_told() -> None:
    taken = order(respond(stopped=TEN), coordinate(), state=S.ACCEPTED)
    change = giving_back.take_back(taken, WHO["dispatcher"], ELEVEN, facts=Accepted(TEN), reason=TakeBack.NO_ANSWER)
    assert (change.state, change.columns, change.starts) == (S.SUBMITTED, NOBODY, ["dispatch"])
    assert set(dues(change)) == {"respond"}, "what the acceptance had stopped goes on"
    kept = [(row["person_id"], row["reason"], row["text"]) for row in rows(change, OrderRefusal)]
    assert kept == [(VOLUNTEER, "taken_back", "联系不上志愿者")]
    assert [(event.topic, event.to_person) for event in change.events] == [
        ("order.taken_back", VOLUNTEER), ("order.released", RESIDENT), ("order.released", FAMILY),
    ]  # fmt: skip
    assert change.remark == {"reason": "no_answer"}


@pytest.mark.parametrize(("open_pool", "starts"), [(False, ["dispatch"]), (True, [])])
def test_an_offer_that_is_taken_back_leaves_the_order_as_it_was(open_pool: bool, starts: list[str]) -> None:
    asked = replace(order(respond(), coordinate(), state=S.OFFERED), open_pool=open_pool)
    change = giving_back.take_back(asked, WHO["dispatcher"], ELEVEN, facts=Accepted(TEN), reason=TakeBack.BY_MISTAKE)
    assert (change.state, change.starts, dues(change)) == (S.SUBMITTED, starts, {})
    assert change.columns["assignee_id"] is None
    assert not [patch for patch in change.patches if "failures" in patch.values], "it is no failure"
    assert [(event.topic, event.to_person) for event in change.events] == [("order.offer_taken_back", VOLUNTEER)]


def test_what_has_a_confirmed_appointment_comes_back_by_itself() -> None:
    meeting = replace(MEETING, confirmed_at=ELEVEN)
    taken = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 0, None, (meeting,)))
    with pytest.raises(appointment_errors.AppointmentStands):
        giving_back.take_back(taken, WHO["dispatcher"], NOON, facts=Accepted(TEN), reason=TakeBack.NO_APPOINTMENT)
    change = giving_back.take_back(taken, WHO["dispatcher"], NOON, facts=Accepted(TEN), reason=TakeBack.CANNOT_COME)
    assert change.state == S.SUBMITTED, "but for what the volunteer says"


def test_whoever_was_complained_of_does_not_claim_it_and_is_not_told_why() -> None:
    with pytest.raises(errors.VolunteerNotQualified) as caught:
        dispatching.claim(an_order(), WHO["volunteer"], NOON, facts=Taking(candidate(OTHER), complained=True))
    assert caught.value.detail == errors.VolunteerNotQualified.advice_zh, "as whoever lost the role is told"


def test_whoever_comes_second_is_told_that_somebody_was_faster() -> None:
    taken = replace(an_order(S.ACCEPTED), open_pool=True)
    with pytest.raises(TransitionRefused) as refused:
        dispatching.claim(taken, WHO["volunteer"], NOON, facts=Taking(candidate(OTHER)))
    assert refused.value.detail is not None
    assert refused.value.detail.startswith("已有人先接了这个订单:现在是『已接单』")
