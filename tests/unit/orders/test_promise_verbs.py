"""The verbs of promises as values: what is said, asked and agreed; without a database."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import appointment_errors, appointments, errors, outcomes, promises
from app.domain.orders.models import Appointment, OrderRefusal
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Asked, Called, Detail, OpenAppointment
from app.kernel.change import Event, Patch
from app.kernel.deadline_tables import DeadlinePause
from app.kernel.errors import Refusal, TransitionRefused
from app.kernel.matter import Matter, TimedDeadline
from app.kernel.rules import SYSTEM, Role
from tests.unit.kernel.test_calendars import DUTY, HOUR, MINUTE, SECOND, WALL, at
from tests.unit.orders.promised import (
    APPOINTMENT,
    COORDINATE,
    DISPATCHER,
    ELEVEN,
    FOUR,
    PLAN,
    PROMISE,
    QUESTION,
    RATING,
    REPLY,
    RESPOND,
    SECRETARY,
    STORM,
    TEN,
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

# -- What is said -----------------------------------------------------------------------------------------------------


def test_a_recorded_contact_stops_respond_and_tells_nobody() -> None:
    change = promises.contact(order(respond(), coordinate()), DISPATCHER, TEN, channel="phone", text="已电话联系")
    assert (change.state, change.stops, change.starts, change.events) == (S.SUBMITTED, ["respond"], [], [])
    said = post(change)
    assert (said["kind"], said["channel"], said["text"]) == ("contact", "phone", "已电话联系")
    assert (said["posted_by"], said["posted_at"], said["round"]) == (OTHER, TEN, 1)
    assert change.remark == {"channel": "phone"}, "the history keeps no text"


def test_a_reply_stops_reply_or_what_followed_it_and_is_told() -> None:
    reply = timed(REPLY, "reply", 30 * MINUTE, DUTY)
    late = timed(REPLY, "reply_in_person", 15 * MINUTE, DUTY)
    change = promises.reply(order(respond(), reply), WHO["assignee"], TEN, text="马上安排")
    assert (change.stops, change.events) == (["reply"], served("order.replied", by="volunteer"))
    assert post(change)["kind"] == "reply"
    in_person = promises.reply(order(respond(), late), SECRETARY, TEN, text="我来答复")
    assert (in_person.stops, in_person.events) == (["reply_in_person"], served("order.replied"))


# -- Questions --------------------------------------------------------------------------------------------------------


def test_a_question_pauses_what_may_wait_for_its_answer() -> None:
    change = promises.ask(order(respond(), coordinate(), plan()), DISPATCHER, ELEVEN, question="上午还是下午?")
    assert (change.stops, change.starts) == ([], [])
    question = post(change)
    assert (question["kind"], question["text"]) == ("question", "上午还是下午?")
    assert change.remark == {"question_id": str(question["id"])}
    first, second = rows(change, DeadlinePause)
    assert (first["deadline_id"], second["deadline_id"]) == (COORDINATE, PLAN), "respond never pauses"
    assert {(p["reason"], p["text"], p["paused_by"], p["paused_as"], p["pausable"]) for p in (first, second)} == {
        ("question", str(question["id"]), OTHER, None, True)
    }
    assert change.events == served("order.asked")
    asked = promises.ask(order(coordinate()), WHO["assignee"], ELEVEN, question="几楼?")
    assert asked.events == served("order.asked", by="volunteer")
    assert [pause["paused_as"] for pause in rows(asked, DeadlinePause)] == ["volunteer"]


def test_a_question_holds_up_at_most_twice_the_budget() -> None:
    """Three days would be the limit of one pause, eight hours of duty and two working days are that of all."""
    change = promises.ask(order(coordinate(), plan()), DISPATCHER, ELEVEN, question="?")
    stretches = [(pause["from_at"], pause["until_at"], pause["limit_at"]) for pause in rows(change, DeadlinePause)]
    coordinate_until, plan_until = at("2026-03-03 19:00"), at("2026-03-05 11:00")
    assert stretches == [(ELEVEN, coordinate_until, coordinate_until), (ELEVEN, plan_until, plan_until)]
    assert dues(change) == {"coordinate": "03-04 10:00:00", "plan": "03-06 10:00:00"}


def test_a_question_waits_as_long_as_one_pause_may_last() -> None:
    short = replace(plan(), pause_limit=2 * HOUR)
    change = promises.ask(order(short), DISPATCHER, ELEVEN, question="?")
    assert [pause["until_at"] for pause in rows(change, DeadlinePause)] == [at("2026-03-03 13:00")]
    assert dues(change) == {"plan": "03-04 11:00:00"}, "one of its two hours was lunch"


def test_a_question_has_what_earlier_pauses_left() -> None:
    earlier = paused(STORM, at("2026-03-03 10:30"), at("2026-03-03 17:30"), reason="force_majeure")
    change = promises.ask(order(coordinate(earlier)), DISPATCHER, at("2026-03-03 18:00"), question="?")
    assert [pause["until_at"] for pause in rows(change, DeadlinePause)] == [at("2026-03-03 19:00")]
    used_up = paused(STORM, at("2026-03-03 10:30"), at("2026-03-03 18:30"), reason="force_majeure")
    change = promises.ask(order(coordinate(used_up)), DISPATCHER, at("2026-03-03 18:45"), question="?")
    assert (rows(change, DeadlinePause), change.retimes) == ([], []), "it is asked, and time runs"
    assert post(change)["kind"] == "question"


def test_a_second_question_pauses_no_second_time_and_what_has_stopped_not_at_all() -> None:
    waiting = coordinate(paused(QUESTION, TEN, TWELVE))
    change = promises.ask(order(waiting, plan(stopped=TEN)), DISPATCHER, ELEVEN, question="还有一个问题")
    assert (rows(change, DeadlinePause), change.retimes) == ([], [])


def test_a_pause_ends_by_itself() -> None:
    """Once its limit has passed, the next question pauses anew."""
    over = coordinate(paused(QUESTION, at("2026-03-03 10:30"), ELEVEN))
    change = promises.ask(order(over), DISPATCHER, ELEVEN, question="?")
    assert len(rows(change, DeadlinePause)) == 1


def test_an_answer_ends_the_pause() -> None:
    stretch = (QUESTION, ELEVEN, at("2026-03-03 19:00"))
    waiting = order(respond(), coordinate(paused(*stretch)), plan(paused(STORM, *stretch[1:], reason="force_majeure")))
    asked = Asked(waits=True)
    change = promises.answer(waiting, WHO["beneficiary"], TWELVE, facts=asked, question_id=QUESTION, text="上午")
    assert (post(change)["kind"], post(change)["answers"]) == ("answer", QUESTION)
    assert change.patches == [Patch(DeadlinePause, {"id": QUESTION, "until_at": TWELVE, "resumed_by": FAMILY})]
    assert dues(change) == {"coordinate": "03-03 15:00:00"}, "force majeure is not answered away"
    assert change.events == [
        Event("order.answered", to_role=Role.DISPATCHER),
        Event("order.answered", to_person=VOLUNTEER),
    ]


@pytest.mark.parametrize(("who", "hears"), [("clerk", True), ("dispatcher", False)])
def test_an_answer_that_the_staff_pass_on_is_called_so_and_whoever_typed_it_is_not_told(who: str, hears: bool) -> None:
    waiting = order(respond(), coordinate())
    change = promises.answer(waiting, WHO[who], TWELVE, facts=Asked(waits=True), question_id=QUESTION, text="上午")
    answered = [event for event in change.events if event.topic == "order.answered"]
    assert [event.to_role for event in answered if event.to_role] == [Role.DISPATCHER] * hears
    assert all(event.payload == {"passed_on": True} for event in answered)


@pytest.mark.parametrize(("owner", "told"), [(VOLUNTEER, True), (None, False)])
def test_whose_plan_it_is_hears_it_from_whoever_wrote_it(owner: UUID | None, told: bool) -> None:
    said = {"text": "周五修好", "steps": ["买灯泡"], "promised_at": TWELVE + timedelta(days=2)}
    change = promises.write_plan(order(respond(), plan()), DISPATCHER, TWELVE, owner_id=owner, **said)
    assert [e.to_person for e in change.events if e.topic == "order.plan_yours"] == [VOLUNTEER] * told


def test_an_answer_moves_nothing_that_has_stopped_or_whose_pause_is_over() -> None:
    stopped = coordinate(paused(QUESTION, ELEVEN, FOUR), stopped=at("2026-03-03 11:30"))
    over = plan(paused(STORM, TEN, ELEVEN))
    asked = Asked(waits=True)
    change = promises.answer(
        order(stopped, over), WHO["requester"], TWELVE, facts=asked, question_id=QUESTION, text="好"
    )
    assert (change.patches, change.retimes) == ([], [])


def test_no_question_no_answer() -> None:
    with pytest.raises(errors.QuestionNotFound):
        promises.answer(
            order(coordinate()), WHO["requester"], TWELVE, facts=Asked(waits=False), question_id=QUESTION, text="?"
        )


# -- Appointments -----------------------------------------------------------------------------------------------------


def meeting(*, by_resident: bool = False, confirmed: bool = False, when: datetime = FOUR) -> OpenAppointment:
    by = RESIDENT if by_resident else VOLUNTEER
    at_eleven = ELEVEN if confirmed else None
    return OpenAppointment(UUID(int=301), when, by, by_resident, at_eleven, agreed_at=at_eleven)


BESIDE = Event("order.appointment_proposed", to_person=FAMILY, payload={"beside": True})
"""Whom it serves hears of it as well, and need not answer."""


def test_a_proposal_is_the_other_sides_to_confirm() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED)
    change = appointments.propose_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR)
    (proposed,) = rows(change, Appointment)
    assert (proposed["meet_at"], proposed["by_resident"], proposed["proposed_by"]) == (FOUR, True, RESIDENT)
    assert (change.stops, change.starts) == ([], []), "nothing is promised yet"
    assert change.events == [Event("order.appointment_proposed", to_person=VOLUNTEER), BESIDE]
    change = appointments.propose_appointment(accepted, WHO["assignee"], TEN, meet_at=FOUR)
    assert change.events == [Event("order.appointment_proposed", to_person=RESIDENT), BESIDE]


def test_a_newer_proposal_takes_the_place_of_an_older_one() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED, meeting=meeting())
    change = appointments.propose_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR + HOUR)
    assert change.patches == [Patch(Appointment, {"id": UUID(int=301), "ended_at": TEN})]
    assert len(rows(change, Appointment)) == 1


def agreed(*, another: OpenAppointment | None = None) -> Matter[Detail]:
    """An order with an appointment at 16:00 that both sides have confirmed, and perhaps another time proposed."""
    limit = timed(APPOINTMENT, "appointment", 15 * MINUTE, WALL, start=FOUR)
    return order(limit, state=S.ACCEPTED, meeting=meeting(confirmed=True), another=another)


LATER = OpenAppointment(UUID(int=302), FOUR + HOUR, RESIDENT, True, None, UUID(int=301))
"""The resident would rather have them at five."""


def test_another_time_for_what_is_confirmed_is_proposed_beside_it() -> None:
    change = appointments.propose_appointment(agreed(), WHO["requester"], TWELVE, meet_at=FOUR + HOUR)
    (proposed,) = rows(change, Appointment)
    assert (proposed["meet_at"], proposed["first_id"]) == (FOUR + HOUR, UUID(int=301))
    assert (change.patches, change.stops, change.starts) == ([], [], []), "what is confirmed stands"
    assert change.events == [Event("order.appointment_proposed", to_person=VOLUNTEER, payload={"moved": True}), BESIDE]


def test_the_other_sides_confirmation_moves_the_appointment_with_its_deadline() -> None:
    change = appointments.confirm_appointment(agreed(another=LATER), WHO["assignee"], TWELVE, meet_at=LATER.meet_at)
    assert (change.stops, change.starts) == (["appointment"], ["appointment"])
    assert change.anchors == {"appointment": (FOUR + HOUR, None)}
    assert change.patches == [
        Patch(Appointment, {"id": UUID(int=301), "ended_at": TWELVE}),
        Patch(Appointment, {"id": UUID(int=302), "confirmed_by": VOLUNTEER, "confirmed_at": TWELVE}),
    ]
    assert change.events == served("order.appointment_confirmed", moved=True)


def test_nobody_moves_an_appointment_alone() -> None:
    with pytest.raises(appointment_errors.NoAppointment) as refused:
        appointments.confirm_appointment(agreed(another=LATER), WHO["requester"], TWELVE, meet_at=LATER.meet_at)
    assert refused.value.detail == "现在的时间是您这一方提出的,须由对方确认"


@pytest.mark.parametrize("who", ["requester", "assignee"])
def test_whoever_names_the_agreed_time_again_keeps_it(who: str) -> None:
    change = appointments.propose_appointment(agreed(another=LATER), WHO[who], TWELVE, meet_at=FOUR)
    assert change.patches == [Patch(Appointment, {"id": UUID(int=302), "ended_at": TWELVE})]
    assert rows(change, Appointment) == []
    assert {event.topic for event in change.events} == {"order.appointment_kept"}
    assert {event.to_person for event in change.events} == {RESIDENT, FAMILY, VOLUNTEER} - {WHO[who].id}
    with pytest.raises(appointment_errors.AppointmentStands):
        appointments.propose_appointment(agreed(), WHO[who], TWELVE, meet_at=FOUR)


def test_a_missed_appointment_is_not_moved_also_where_no_sweep_has_come_to_it_yet() -> None:
    for now in (FOUR + 15 * MINUTE, FOUR + 20 * MINUTE):
        with pytest.raises(appointment_errors.AppointmentMissed):
            appointments.propose_appointment(agreed(), WHO["requester"], now, meet_at=FOUR + HOUR)
        with pytest.raises(appointment_errors.AppointmentMissed):
            appointments.confirm_appointment(agreed(another=LATER), WHO["assignee"], now, meet_at=LATER.meet_at)
    just_late = FOUR + 14 * MINUTE
    assert appointments.confirm_appointment(
        agreed(another=LATER), WHO["assignee"], just_late, meet_at=LATER.meet_at
    ).stops == ["appointment"]


@pytest.mark.parametrize(
    ("who", "advice"),
    [
        ("requester", "可取消(cancelOrder)后另约时段(bookSlot)"),
        ("assignee", "来不了的,可退回(releaseOrder),由社区另行安排"),
        ("dispatcher", "居民可取消(cancelOrder)后另约时段;整个服务日可取消(cancelServiceDay)"),
    ],
)
def test_the_time_of_a_booked_slot_is_the_slots(who: str, advice: str) -> None:
    booked = replace(agreed(), detail=replace(agreed().detail, booking_id=UUID(int=303)))
    with pytest.raises(appointment_errors.SlotNotMovable) as refused:
        appointments.propose_appointment(booked, WHO[who], TWELVE, meet_at=FOUR + HOUR)
    assert refused.value.detail == advice


@pytest.mark.parametrize("who", ["dispatcher", "secretary"])
@pytest.mark.parametrize("hours", [0, 1])
def test_what_was_agreed_is_not_moved_or_kept_by_the_staff(who: str, hours: int) -> None:
    with pytest.raises(appointment_errors.AgreedByTwo):
        appointments.propose_appointment(agreed(another=LATER), WHO[who], TWELVE, meet_at=FOUR + hours * HOUR)
    with pytest.raises(appointment_errors.AgreedByTwo):
        appointments.confirm_appointment(agreed(another=LATER), WHO[who], TWELVE, meet_at=LATER.meet_at)


def test_a_move_that_somebody_proposed_who_is_not_sent_any_more_is_not_confirmed() -> None:
    former = replace(LATER, by_resident=False, proposed_by=FAMILY)
    with pytest.raises(appointment_errors.NoAppointment, match="no-appointment") as refused:
        appointments.confirm_appointment(agreed(another=former), WHO["requester"], TWELVE, meet_at=LATER.meet_at)
    assert refused.value.detail == "提出这个时间的人已不再承接,请另提时间(proposeAppointment)"


def test_what_the_staff_agree_on_is_told_to_whoever_serves() -> None:
    waiting = order(coordinate(), state=S.ACCEPTED, meeting=meeting(by_resident=True))
    change = appointments.confirm_appointment(waiting, DISPATCHER, TEN, meet_at=FOUR)
    assert change.events == [
        *served("order.appointment_confirmed"),
        Event("order.appointment_confirmed", to_person=VOLUNTEER),
    ]
    change = appointments.propose_appointment(
        order(coordinate(), state=S.ACCEPTED), DISPATCHER, TEN, meet_at=FOUR + MINUTE
    )
    assert change.events == [
        Event("order.appointment_proposed", to_person=RESIDENT),
        Event("order.appointment_pending", to_person=VOLUNTEER),
        BESIDE,
    ]


def test_one_confirms_the_time_that_one_has_seen() -> None:
    waiting = order(coordinate(), state=S.ACCEPTED, meeting=meeting())
    with pytest.raises(appointment_errors.AnotherTime) as refused:
        appointments.confirm_appointment(waiting, WHO["requester"], TEN, meet_at=FOUR - HOUR)
    assert refused.value.detail == "现在提出的是2026年3月3日(周二)16:00;同意的,请按这个时间再确认"
    assert refused.value.detail_en == (
        "The time proposed now is 2026-03-03T16:00:00+08:00; confirm that one if it suits you"
    )


def test_a_moved_appointment_that_is_missed_lets_go_on_what_the_first_one_had_stopped() -> None:
    moved = OpenAppointment(UUID(int=302), FOUR, RESIDENT, True, TWELVE, UUID(int=301), ELEVEN)
    limit = timed(APPOINTMENT, "appointment", 15 * MINUTE, WALL, start=FOUR, fired=2)
    before = order(coordinate(stopped=ELEVEN), limit, state=S.ACCEPTED, meeting=moved)
    now = at("2026-03-03 16:15")
    change = promises.miss_appointment(before, SYSTEM, now, facts=Accepted(TEN), deadline_id=APPOINTMENT)
    assert dues(change).keys() == {"coordinate"}


@pytest.mark.parametrize(
    ("meet_at", "refusal"),
    [
        (TEN, appointment_errors.AppointmentTooEarly),
        (TEN - SECOND, appointment_errors.AppointmentTooEarly),
        (TEN + timedelta(days=30, seconds=1), appointment_errors.AppointmentTooLate),
        (at("2099-01-01 09:00"), appointment_errors.AppointmentTooLate),
    ],
)
def test_an_appointment_lies_in_the_next_thirty_days(meet_at: datetime, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal) as refused:
        appointments.propose_appointment(order(coordinate(), state=S.ACCEPTED), WHO["assignee"], TEN, meet_at=meet_at)
    assert refused.value.detail == "须在2026年3月3日(周二)10:00之后,最晚2026年4月2日(周四)10:00"
    assert [fault.pointer for fault in refused.value.fields] == ["/body/meet_at"]


def test_a_confirmed_appointment_stops_coordinate_and_plan_and_is_a_deadline_of_its_own() -> None:
    accepted = order(coordinate(), plan(), state=S.ACCEPTED, meeting=meeting())
    change = appointments.confirm_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR)
    assert (change.stops, change.starts) == (["coordinate", "plan"], ["appointment"])
    assert change.anchors == {"appointment": (FOUR, None)}, "it begins at the appointed time, not now"
    assert change.patches == [Patch(Appointment, {"id": UUID(int=301), "confirmed_by": RESIDENT, "confirmed_at": TEN})]
    told = [Event("order.appointment_confirmed", to_person=who) for who in (FAMILY, VOLUNTEER)]
    assert change.events == told


def test_whoever_serves_confirms_what_the_resident_proposed() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED, meeting=meeting(by_resident=True))
    change = appointments.confirm_appointment(accepted, WHO["assignee"], TEN, meet_at=FOUR)
    assert change.events == served("order.appointment_confirmed")


@pytest.mark.parametrize(
    ("open_appointment", "who"),
    [
        (None, "requester"),
        (meeting(), "assignee"),
        (meeting(), "dispatcher"),
        (meeting(by_resident=True), "requester"),
        (meeting(confirmed=True), "requester"),
        (meeting(when=TEN), "requester"),
    ],
)
def test_nobody_confirms_their_own_proposal_or_what_is_past(open_appointment: OpenAppointment | None, who: str) -> None:
    with pytest.raises(appointment_errors.NoAppointment):
        appointments.confirm_appointment(
            order(coordinate(), state=S.ACCEPTED, meeting=open_appointment), WHO[who], TEN, meet_at=FOUR
        )


def missed(*deadlines: TimedDeadline) -> Matter[Detail]:
    """An order whose appointment at 16:00 nobody came to."""
    appointment = timed(APPOINTMENT, "appointment", 15 * MINUTE, WALL, start=FOUR, fired=2)
    return order(*deadlines, appointment, state=S.ACCEPTED, meeting=meeting(confirmed=True))


def test_a_missed_appointment_lets_go_on_what_was_stopped_with_the_time_used() -> None:
    now = at("2026-03-03 16:15")
    before = missed(respond(stopped=at("2026-03-03 10:05")), coordinate(stopped=ELEVEN), plan(stopped=ELEVEN))
    change = promises.miss_appointment(
        before, SYSTEM, now, facts=Accepted(at("2026-03-03 10:05")), deadline_id=APPOINTMENT
    )
    assert (change.state, change.stops, change.starts) == (S.SUBMITTED, ["appointment"], ["dispatch"])
    assert change.columns == {"assignee_id": None, "team_id": None}
    assert [row["reason"] for row in rows(change, OrderRefusal)] == ["missed"], "it is offered to somebody else"
    assert change.events == [Event("order.appointment_missed", to_person=VOLUNTEER)]
    assert change.patches == [Patch(Appointment, {"id": UUID(int=301), "ended_at": now})]
    gaps = rows(change, DeadlinePause)
    assert {gap["reason"] for gap in gaps} == {"undone"}
    assert all("pausable" not in gap and gap["paused_by"] == SYSTEM.id for gap in gaps)
    assert [(gap["deadline_id"], gap["from_at"], gap["until_at"]) for gap in gaps] == [
        (RESPOND, at("2026-03-03 10:05"), now),
        (COORDINATE, ELEVEN, now),
        (PLAN, ELEVEN, now),
    ]
    assert dues(change) == {
        "respond": "03-03 16:30:00",  # five of twenty minutes were used
        "coordinate": "03-03 19:15:00",  # one of four hours
        "plan": "03-04 15:15:00",  # one of seven; then 1:15 until the evening, three hours until lunch, 1:45
    }


def test_a_missed_appointment_leaves_alone_what_runs_or_is_another_promise() -> None:
    reply = timed(REPLY, "reply", 30 * MINUTE, DUTY, stopped=at("2026-03-03 10:10"))
    promise = timed(PROMISE, "promise", timedelta(days=1), WALL, stopped=ELEVEN)
    change = promises.miss_appointment(
        missed(reply, promise, coordinate()),
        SYSTEM,
        at("2026-03-03 16:15"),
        facts=Accepted(TEN),
        deadline_id=APPOINTMENT,
    )
    assert (rows(change, DeadlinePause), change.retimes) == ([], [])


def test_a_deadline_that_goes_on_keeps_the_moments_of_what_has_fired() -> None:
    """Respond was warned and missed, and then accepted: it runs again, but nothing is due any more."""
    late = respond(stopped=at("2026-03-03 10:25"), fired=2)
    accepted = Accepted(at("2026-03-03 10:25"))
    change = promises.miss_appointment(
        missed(late), SYSTEM, at("2026-03-03 16:15"), facts=accepted, deadline_id=APPOINTMENT
    )
    (again,) = change.retimes
    assert again.row()["times"] == late.times
    assert again.row()["due_at"] == at("2026-03-03 10:20")


def test_what_a_contact_or_a_plan_had_stopped_stays_stopped_when_an_appointment_is_missed() -> None:
    before = missed(
        respond(stopped=at("2026-03-03 10:03")), coordinate(stopped=ELEVEN), plan(stopped=TEN + 30 * MINUTE)
    )
    change = promises.miss_appointment(
        before, SYSTEM, at("2026-03-03 16:15"), facts=Accepted(at("2026-03-03 10:05")), deadline_id=APPOINTMENT
    )
    assert [retime.deadline.kind for retime in change.retimes] == ["coordinate"]


def test_a_contact_or_a_plan_that_came_after_the_acceptance_and_the_appointment_stands_when_nobody_comes() -> None:
    """What they stop had been stopped before; it does not go on as if they had not come (domain.md §4.4)."""
    promise = timed(PROMISE, "promise", timedelta(days=1), WALL)
    before = missed(respond(stopped=at("2026-03-03 10:05")), coordinate(stopped=ELEVEN), plan(stopped=ELEVEN), promise)
    accepted = Accepted(at("2026-03-03 10:05"), contacted=True)
    change = promises.miss_appointment(before, SYSTEM, at("2026-03-03 16:15"), facts=accepted, deadline_id=APPOINTMENT)
    assert [retime.deadline.kind for retime in change.retimes] == ["coordinate"]
    assert change.stops == ["appointment"], "the promise of the plan stays"


@pytest.mark.parametrize(
    ("verb", "state", "facts"),
    [
        (promises.miss_appointment, S.ACCEPTED, {"facts": Accepted(TEN)}),
        (outcomes.close_unrated, S.DELIVERED, {"facts": Called(called=False)}),
    ],
)
def test_an_event_that_speaks_of_an_older_deadline_does_nothing(verb: Any, state: S, facts: dict[str, Any]) -> None:
    with pytest.raises(TransitionRefused):
        verb(order(coordinate(), state=state), SYSTEM, FOUR, deadline_id=APPOINTMENT, **facts)


def test_whoever_was_not_rated_is_not_praised() -> None:
    rating = timed(RATING, "rating", timedelta(days=5), WALL)
    delivered = order(rating, state=S.DELIVERED)
    called = Called(called=False)
    change = outcomes.close_unrated(delivered, SYSTEM, at("2026-03-10 10:00"), facts=called, deadline_id=RATING)
    assert (change.state, change.stops, change.rows) == (S.CLOSED_UNRATED, ["rating"], [])
