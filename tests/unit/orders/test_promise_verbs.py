"""The verbs of promises as values: what each Change stops, starts, anchors and retimes, without a database."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import errors, promises
from app.domain.orders.models import Appointment, OrderPost
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Asked, Detail, OpenAppointment
from app.kernel.calendar_store import know
from app.kernel.calendars import Calendar
from app.kernel.change import Change, Event, Patch
from app.kernel.deadline_tables import DeadlinePause
from app.kernel.deadlines import Timing
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.matter import LiveDeadline, Matter, Pause, TimedDeadline
from app.kernel.rules import SYSTEM, Actor, Role
from tests.unit.kernel.test_calendars import DUTY, HOUR, MINUTE, SECOND, WALL, WORK, WORKING_DAY, at
from tests.unit.orders.test_policy import FAMILY, OTHER, RESIDENT, VOLUNTEER, WHO, an_order

TEN = at("2026-03-03 10:00")
"""A Tuesday, when everything starts."""
ELEVEN, TWELVE, FOUR = at("2026-03-03 11:00"), at("2026-03-03 12:00"), at("2026-03-03 16:00")
THREE_DAYS = timedelta(days=3)
COORDINATE, PLAN, RESPOND, REPLY, APPOINTMENT, PROMISE, RATING = (UUID(int=n) for n in range(101, 108))
QUESTION, STORM, GAP = UUID(int=201), UUID(int=202), UUID(int=203)
DISPATCHER, SECRETARY = WHO["dispatcher"], WHO["secretary"]
JUDGE = Actor(UUID(int=50), frozenset({Role.SECRETARY}))


def timed(
    deadline_id: UUID,
    kind: str,
    budget: timedelta,
    calendar: Calendar,
    *pauses: Pause,
    fired: int = 0,
    stopped: datetime | None = None,
    limit: timedelta | None = None,
    start: datetime = TEN,
) -> TimedDeadline:
    stretches = tuple((pause.from_at, pause.until_at) for pause in pauses if not pause.annulled)
    timing = Timing(start, budget, (80, 100), calendar, stretches)
    pinned = UUID(int=7) if calendar is WORK else None
    return TimedDeadline(
        deadline_id, kind, timing, timing.times(), fired, stopped, limit, calendar.name.value, None, pinned, pauses
    )


def coordinate(*pauses: Pause, fired: int = 0, stopped: datetime | None = None) -> TimedDeadline:
    """Four hours of duty: due at 14:00, warned at 13:12."""
    return timed(COORDINATE, "coordinate", 4 * HOUR, DUTY, *pauses, fired=fired, stopped=stopped, limit=THREE_DAYS)


def plan(*pauses: Pause, stopped: datetime | None = None) -> TimedDeadline:
    """One working day: due on Wednesday at 10:00."""
    return timed(PLAN, "plan", WORKING_DAY, WORK, *pauses, stopped=stopped, limit=THREE_DAYS)


def respond(*, stopped: datetime | None = None, fired: int = 0) -> TimedDeadline:
    return timed(RESPOND, "respond", 20 * MINUTE, DUTY, stopped=stopped, fired=fired)


def paused(
    pause_id: UUID,
    begin: datetime,
    end: datetime,
    *,
    by: Actor = DISPATCHER,
    reason: str = "question",
    disputed: bool = False,
    decided: bool = False,
    annulled: bool = False,
) -> Pause:
    role = "secretary" if Role.SECRETARY in by.roles else None
    # A question's pause names the question; here both have one id.
    return Pause(pause_id, reason, str(pause_id), by.id, role, begin, end, disputed, decided, annulled)


def order(*deadlines: TimedDeadline, state: S = S.SUBMITTED, meeting: OpenAppointment | None = None) -> Matter[Detail]:
    live = tuple(
        LiveDeadline(d.id, d.kind, d.times[d.fired] if d.fired < len(d.times) else None)
        for d in deadlines
        if d.stopped_at is None
    )
    detail = Detail(UUID(int=7), 0, 0, None, meeting)
    return replace(an_order(state), live=live, timed=deadlines, detail=detail)


def dues(change: Change) -> dict[str, str]:
    """The new due moment of each deadline that is computed anew."""
    return {r.deadline.kind: f"{r.row()['due_at']:%m-%d %H:%M:%S}" for r in change.retimes}


def rows(change: Change, table: type) -> list[dict[str, Any]]:
    return [row.values for row in change.rows if row.table is table]


def post(change: Change) -> dict[str, Any]:
    (found,) = rows(change, OrderPost)
    return found


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
    assert (change.stops, change.events) == (["reply"], [Event("order.replied", to_person=RESIDENT)])
    assert post(change)["kind"] == "reply"
    assert promises.reply(order(respond(), late), SECRETARY, TEN, text="我来答复").stops == ["reply_in_person"]


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
    assert change.events == [Event("order.asked", to_person=RESIDENT)]


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
    return OpenAppointment(UUID(int=301), when, by, by_resident=by_resident, confirmed_at=ELEVEN if confirmed else None)


def test_a_proposal_is_the_other_sides_to_confirm() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED)
    change = promises.propose_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR)
    (proposed,) = rows(change, Appointment)
    assert (proposed["meet_at"], proposed["by_resident"], proposed["proposed_by"]) == (FOUR, True, RESIDENT)
    assert (change.stops, change.starts) == ([], []), "nothing is promised yet"
    assert change.events == [Event("order.appointment_proposed", to_person=VOLUNTEER)]
    change = promises.propose_appointment(accepted, WHO["assignee"], TEN, meet_at=FOUR)
    assert change.events == [Event("order.appointment_proposed", to_person=RESIDENT)]


def test_a_newer_proposal_takes_the_place_of_an_older_one() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED, meeting=meeting())
    change = promises.propose_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR + HOUR)
    assert change.patches == [Patch(Appointment, {"id": UUID(int=301), "ended_at": TEN})]
    assert len(rows(change, Appointment)) == 1


def test_what_is_confirmed_is_not_proposed_anew() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED, meeting=meeting(confirmed=True))
    with pytest.raises(TransitionRefused):
        promises.propose_appointment(accepted, WHO["requester"], TEN, meet_at=FOUR + HOUR)


@pytest.mark.parametrize("meet_at", [TEN, TEN - SECOND, TEN + timedelta(days=30, seconds=1)])
def test_an_appointment_lies_in_the_next_thirty_days(meet_at: datetime) -> None:
    with pytest.raises(errors.AppointmentTooEarly):
        promises.propose_appointment(order(coordinate(), state=S.ACCEPTED), WHO["assignee"], TEN, meet_at=meet_at)


def test_a_confirmed_appointment_stops_coordinate_and_plan_and_is_a_deadline_of_its_own() -> None:
    accepted = order(coordinate(), plan(), state=S.ACCEPTED, meeting=meeting())
    change = promises.confirm_appointment(accepted, WHO["requester"], TEN)
    assert (change.stops, change.starts) == (["coordinate", "plan"], ["appointment"])
    assert change.anchors == {"appointment": (FOUR, None)}, "it begins at the appointed time, not now"
    assert change.patches == [Patch(Appointment, {"id": UUID(int=301), "confirmed_by": RESIDENT, "confirmed_at": TEN})]
    assert change.events == [Event("order.appointment_confirmed", to_person=VOLUNTEER)]


def test_whoever_serves_confirms_what_the_resident_proposed() -> None:
    accepted = order(coordinate(), state=S.ACCEPTED, meeting=meeting(by_resident=True))
    change = promises.confirm_appointment(accepted, WHO["assignee"], TEN)
    assert change.events == [Event("order.appointment_confirmed", to_person=RESIDENT)]


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
    with pytest.raises(errors.NoAppointment):
        promises.confirm_appointment(order(coordinate(), state=S.ACCEPTED, meeting=open_appointment), WHO[who], TEN)


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
    assert (change.state, change.stops, change.starts) == (S.SUBMITTED, ["appointment"], [])
    assert change.columns == {"assignee_id": None}
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


@pytest.mark.parametrize(
    ("verb", "state", "facts"),
    [
        (promises.miss_appointment, S.ACCEPTED, {"facts": Accepted(TEN)}),
        (promises.close_unrated, S.DELIVERED, {}),
    ],
)
def test_an_event_that_speaks_of_an_older_deadline_does_nothing(verb: Any, state: S, facts: dict[str, Any]) -> None:
    with pytest.raises(TransitionRefused):
        verb(order(coordinate(), state=state), SYSTEM, FOUR, deadline_id=APPOINTMENT, **facts)


def test_whoever_was_not_rated_is_not_praised() -> None:
    rating = timed(RATING, "rating", timedelta(days=5), WALL)
    delivered = order(rating, state=S.DELIVERED)
    change = promises.close_unrated(delivered, SYSTEM, at("2026-03-10 10:00"), deadline_id=RATING)
    assert (change.state, change.stops, change.rows) == (S.CLOSED_UNRATED, ["rating"], [])


# -- Plans ------------------------------------------------------------------------------------------------------------


def test_a_plan_stops_plan_and_its_promised_date_is_a_deadline_of_its_own() -> None:
    promised = at("2026-03-06 11:00")
    change = promises.write_plan(
        order(coordinate(), plan()), DISPATCHER, TEN, text="换阀门", steps=("看现场", "更换"), promised_at=promised
    )
    assert (change.stops, change.starts, change.anchors) == (["plan"], ["promise"], {"promise": (None, promised)})
    said = post(change)
    assert (said["kind"], said["owner_id"], said["steps"]) == ("plan", OTHER, ["看现场", "更换"])
    assert said["promised_at"] == promised
    assert change.events == [Event("order.planned", to_person=RESIDENT)]


def test_a_new_plan_takes_the_place_of_an_older_promise() -> None:
    late = timed(PROMISE, "promise_late", HOUR, DUTY)
    change = promises.write_plan(
        order(late), SECRETARY, TEN, text="新方案", steps=("更换",), promised_at=FOUR, owner_id=VOLUNTEER
    )
    assert (change.stops, change.starts, post(change)["owner_id"]) == (["promise_late"], ["promise"], VOLUNTEER)


@pytest.mark.parametrize("promised_at", [TEN, TEN + SECOND / 2, TEN + timedelta(days=366, seconds=1)])
def test_a_promised_date_lies_in_the_coming_year(promised_at: datetime) -> None:
    with pytest.raises(errors.PromiseTooEarly):
        promises.write_plan(order(plan()), DISPATCHER, TEN, text="?", steps=("?",), promised_at=promised_at)


def test_a_plans_owner_is_the_actor_or_whoever_serves() -> None:
    with pytest.raises(errors.VolunteerNotQualified):
        promises.write_plan(order(plan()), DISPATCHER, TEN, text="?", steps=("?",), promised_at=FOUR, owner_id=RESIDENT)


# -- Pauses -----------------------------------------------------------------------------------------------------------


def test_force_majeure_has_actor_reason_and_limit_and_is_shown() -> None:
    change = promises.pause(order(plan()), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=FOUR, text="暴雨红色预警")
    assert rows(change, DeadlinePause) == [
        {
            "deadline_id": PLAN, "matter_id": UUID(int=9), "place_id": UUID(int=8), "pausable": True,
            "reason": "force_majeure", "text": "暴雨红色预警", "paused_by": OTHER, "paused_as": "secretary",
            "from_at": ELEVEN, "until_at": FOUR, "limit_at": FOUR,
        }
    ]  # fmt: skip
    assert dues(change) == {"plan": "03-04 15:00:00"}
    assert change.events == [Event("order.paused", to_person=RESIDENT)]


def test_all_pauses_together_last_at_most_twice_the_budget() -> None:
    """Of four hours of duty: eight."""

    def pause(until: str, *earlier: Pause) -> Change:
        return promises.pause(
            order(coordinate(*earlier)), SECRETARY, ELEVEN, deadline_id=COORDINATE, until_at=at(until), text="停电"
        )

    assert dues(pause("2026-03-03 19:00")) == {"coordinate": "03-04 10:00:00"}
    with pytest.raises(errors.PausedTooLong):
        pause("2026-03-03 19:00:01")
    with pytest.raises(errors.PausedTooLong):
        pause("2026-03-03 19:00", paused(QUESTION, TEN, TEN + SECOND))
    annulled = paused(QUESTION, TEN, ELEVEN, disputed=True, decided=True, annulled=True)
    assert dues(pause("2026-03-03 19:00", annulled)) == {"coordinate": "03-04 10:00:00"}, "which counts for nothing"


def test_one_pause_has_a_limit_of_its_own_in_real_time() -> None:
    week = replace(timed(PLAN, "plan", 20 * WORKING_DAY, WORK), pause_limit=THREE_DAYS)
    until = ELEVEN + THREE_DAYS
    promises.pause(order(week), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=until, text="?")
    with pytest.raises(errors.PausedTooLong):
        promises.pause(order(week), SECRETARY, ELEVEN, deadline_id=PLAN, until_at=until + SECOND, text="?")


@pytest.mark.parametrize(
    ("deadline", "until"),
    [
        (respond(), TWELVE),
        (coordinate(stopped=TEN), TWELVE),
        (coordinate(paused(QUESTION, TEN, FOUR)), TWELVE),
        (coordinate(), ELEVEN),
    ],
    ids=["never pauses", "has stopped", "is paused", "until now"],
)
def test_these_are_not_paused(deadline: TimedDeadline, until: datetime) -> None:
    with pytest.raises(errors.NothingToPause):
        promises.pause(order(deadline), SECRETARY, ELEVEN, deadline_id=deadline.id, until_at=until, text="?")


def test_another_orders_deadline_is_not_there() -> None:
    with pytest.raises(errors.DeadlineNotFound):
        promises.pause(order(plan()), SECRETARY, ELEVEN, deadline_id=COORDINATE, until_at=FOUR, text="?")
    with pytest.raises(errors.DeadlineNotFound):
        promises.resume(order(plan()), DISPATCHER, ELEVEN, deadline_id=COORDINATE)


def test_a_dispatcher_pauses_by_a_question_alone() -> None:
    with pytest.raises(NotAllowed):
        promises.pause(order(plan()), DISPATCHER, ELEVEN, deadline_id=PLAN, until_at=FOUR, text="?")


def test_a_pause_that_ends_early_gives_back_what_was_left_of_it() -> None:
    waiting = coordinate(paused(STORM, ELEVEN, FOUR, reason="force_majeure"))
    assert waiting.timing.due_at() == at("2026-03-03 19:00")
    change = promises.resume(order(waiting), DISPATCHER, TWELVE, deadline_id=COORDINATE)
    assert change.patches == [Patch(DeadlinePause, {"id": STORM, "until_at": TWELVE, "resumed_by": OTHER})]
    assert dues(change) == {"coordinate": "03-03 15:00:00"}
    assert change.events == [Event("order.resumed", to_person=RESIDENT)]


@pytest.mark.parametrize(
    "deadline",
    [
        coordinate(),
        coordinate(paused(STORM, TEN, ELEVEN)),
        coordinate(paused(STORM, TEN, FOUR, disputed=True, decided=True, annulled=True)),
        coordinate(paused(STORM, TEN, FOUR), stopped=at("2026-03-03 10:30")),
    ],
    ids=["never paused", "ended by itself", "annulled", "stopped"],
)
def test_only_a_pause_that_runs_is_ended(deadline: TimedDeadline) -> None:
    with pytest.raises(errors.PauseNotFound):
        promises.resume(order(deadline), DISPATCHER, ELEVEN, deadline_id=COORDINATE)


# -- Disputes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("by", "judge"),
    [(DISPATCHER, Role.SECRETARY), (WHO["administrator"], Role.SECRETARY), (SECRETARY, Role.ADMINISTRATOR)],
)
def test_a_dispute_goes_to_somebody_else_than_who_paused(by: Actor, judge: Role) -> None:
    disputed = order(coordinate(paused(QUESTION, ELEVEN, FOUR, by=by)))
    change = promises.dispute(disputed, WHO["requester"], TWELVE, pause_id=QUESTION, text="没人问过我")
    assert change.events == [Event("order.disputed", to_role=judge)]
    assert change.patches == [Patch(DeadlinePause, {"id": QUESTION, "disputed_at": TWELVE, "dispute": "没人问过我"})]
    assert change.retimes == [], "until it is decided, the pause stands"


def test_a_pause_is_disputed_once_and_only_a_pause() -> None:
    gap = paused(GAP, TEN, ELEVEN, by=SYSTEM, reason="undone")
    before = order(coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True), gap))
    with pytest.raises(errors.AlreadyDisputed):
        promises.dispute(before, WHO["requester"], TWELVE, pause_id=QUESTION, text="?")
    for nothing in (GAP, STORM):
        with pytest.raises(errors.PauseNotFound):
            promises.dispute(before, WHO["requester"], TWELVE, pause_id=nothing, text="?")


def test_an_upheld_dispute_restores_the_moments() -> None:
    storm = paused(STORM, at("2026-03-03 10:30"), at("2026-03-03 10:45"), by=SECRETARY, reason="force_majeure")
    before = coordinate(storm, paused(QUESTION, ELEVEN, FOUR, disputed=True))
    assert before.timing.due_at() == at("2026-03-03 19:15")
    change = promises.decide(order(before), JUDGE, TWELVE, pause_id=QUESTION, upheld=True, text="没有送达")
    (decided,) = change.patches
    assert decided.values == {
        "id": QUESTION, "decided_at": TWELVE, "decided_by": JUDGE.id, "decision": "没有送达", "annulled": True,
    }  # fmt: skip
    assert dues(change) == {"coordinate": "03-03 14:15:00"}, "the other pause stands"
    assert change.events == [Event("order.dispute_decided", to_person=RESIDENT)]
    assert change.remark == {"upheld": True}


def test_marks_that_an_upheld_dispute_makes_due_lie_in_the_past_and_fire_at_once() -> None:
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True))
    change = promises.decide(order(before), JUDGE, FOUR, pause_id=QUESTION, upheld=True, text="没有送达")
    (again,) = change.retimes
    assert again.row()["times"] == (at("2026-03-03 13:12"), at("2026-03-03 14:00"))


def test_what_has_fired_keeps_its_moment() -> None:
    """Warned at 18:12, since five hours were paused; the pause is annulled at 18:30."""
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True), fired=1)
    change = promises.decide(
        order(before), JUDGE, at("2026-03-03 18:30"), pause_id=QUESTION, upheld=True, text="没有送达"
    )
    (again,) = change.retimes
    assert again.row()["times"] == (at("2026-03-03 18:12"), at("2026-03-03 14:00"))
    assert again.row()["due_at"] == at("2026-03-03 14:00")


def test_a_dispute_that_is_not_upheld_moves_nothing() -> None:
    before = coordinate(paused(QUESTION, ELEVEN, FOUR, disputed=True))
    change = promises.decide(order(before), JUDGE, TWELVE, pause_id=QUESTION, upheld=False, text="电话记录在")
    assert (change.patches[0].values["annulled"], change.retimes) == (False, [])


def test_nobody_decides_on_their_own_pause_twice_or_before_it_is_disputed() -> None:
    def decide(actor: Actor, **said: bool) -> Change:
        before = order(coordinate(paused(QUESTION, ELEVEN, FOUR, by=SECRETARY, **said)))
        return promises.decide(before, actor, TWELVE, pause_id=QUESTION, upheld=True, text="?")

    with pytest.raises(errors.OwnPause):
        decide(SECRETARY, disputed=True)
    with pytest.raises(errors.NotDisputed):
        decide(JUDGE)
    with pytest.raises(errors.NotDisputed):
        decide(JUDGE, disputed=True, decided=True)
    with pytest.raises(errors.PauseNotFound):
        promises.decide(order(plan()), JUDGE, TWELVE, pause_id=QUESTION, upheld=True, text="?")


# -- A calendar that came ---------------------------------------------------------------------------------------------


class Stored:
    """Rows of calendars as they come from the database."""

    async def fetch(self, _statement: str, /, *_values: Any) -> Iterable[Mapping[str, Any]]:
        shifts = "[[32400, 43200], [48600, 63000]]"
        return [
            {"id": UUID(int=5), "hours": f"[{', '.join([shifts] * 7)}]", "years": None, "days": None},
            {"id": UUID(int=8), "hours": None, "years": [2026], "days": '{"2026-03-04": {"works": false, "name": "春节"}}'},
        ]  # fmt: skip


async def test_deadlines_are_computed_anew_when_the_working_days_of_a_year_come() -> None:
    await know(Stored(), [UUID(int=5), UUID(int=8)])
    unsure = replace(plan(), hours_id=UUID(int=5))
    stopped = replace(unsure, id=UUID(int=110), stopped_at=TEN)
    current = replace(unsure, id=UUID(int=111), kind="other", workdays_id=UUID(int=8))
    before = order(coordinate(), unsure, stopped, current)
    change = promises.recalculate(before, SYSTEM, ELEVEN, workdays_id=UUID(int=8))
    assert dues(change) == {"plan": "03-05 10:00:00"}, "Wednesday has become a holiday"
    assert change.retimes[0].row()["workdays_id"] == UUID(int=8)
    assert not change.retimes[0].row()["calendar_missing"]
