"""The verbs by which an order ends, or begins once more: abort, rating, rework, reject, cancel, convert, and the closing of
what nobody rated. Each is pure, as in `service.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.orders import errors, policy, service_day_errors
from app.domain.orders.dispatching import refuse
from app.domain.orders.kind_facts import papers_out
from app.domain.orders.models import Abort, OrderDetail, OrderState, Rating, Reject
from app.domain.orders.passing_on import is_passed_on, tell_caller, tell_sides
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import (
    ACCEPTED,
    CALLED,
    LED,
    SERVED_SIDE,
    Accepted,
    Called,
    Led,
    ServedSide,
)
from app.domain.orders.resuming import end_appointment, end_authority, for_all, free_place, let_go, tell_lead
from app.domain.orders.service import ORDERS, Order
from app.domain.services.models import Form
from app.kernel.change import Change
from app.kernel.errors import FieldFault, NotAllowed, TransitionRefused
from app.kernel.rules import Actor, Role, Via


@ORDERS.moves("abort", facts=ACCEPTED, read_by_others=("text",))
def abort(order: Order, actor: Actor, now: datetime, *, facts: Accepted, reason: Abort, text: str | None) -> Change:
    """End a service under way that cannot be done now; somebody else is looked for, and what had been stopped goes on. Raises
    NotAgain: it is not needed any more. BookingEnds: of a service day, where nobody else is looked for."""
    change = LIFECYCLE.move(order, "abort", actor, now).note(reason=reason)
    if reason is Abort.NO_LONGER_NEEDED:
        raise errors.NotAgain(fields=(FieldFault("/body/again", errors.NotAgain.code, errors.NotAgain.advice_zh),))
    if order.detail.booking_id is not None:
        ends = service_day_errors.BookingEnds
        raise ends(fields=(FieldFault("/body/again", ends.code, ends.advice_zh),))
    _keep_why(change, order, reason, text)
    let_go(change, order, facts, now)
    open_again = _open_again(order)
    if reason is Abort.UNSAFE:
        _tell_of_danger(change)
    else:
        change.tell_role(Role.DISPATCHER, "order.aborted", **open_again)
    _tell_of_papers(change, order)
    change.tell(None if actor.id == order.assignee_id else order.assignee_id, "order.aborted", off=True)
    if is_passed_on(change):
        return tell_caller(change)
    for person in dict.fromkeys((order.requester_id, order.beneficiary_id)):
        change.tell(None if person == actor.id else person, "order.aborted", **open_again)
    return change


@ORDERS.moves("call_off", facts=LED, read_by_others=("text",))
def call_off(order: Order, actor: Actor, now: datetime, *, reason: Abort, text: str | None, facts: Led) -> Change:
    """End a service under way for good. An errand's papers that are out still come back: the dispatcher looks after it. Whoever
    was served in a slot may book another. Why it was not safe is for the staff: neither side reads it of the other."""
    change = LIFECYCLE.move(order, "call_off", actor, now).note(reason=reason)
    end_authority(change, order, now)
    free_place(change, order, now)
    tell_lead(change, order, facts.lead_id, "order.team_cancelled")
    _tell_of_papers(change, order)
    if reason is Abort.UNSAFE:
        _keep_why(change, order, reason, text)
        _tell_of_danger(change)
        text = None
    change.patch(OrderDetail, matter_id=order.id, cancel_reason=text or reason.label)
    by: dict[str, Any] = {"by": "assignee"} if actor.id == order.assignee_id else {}
    return tell_sides(change, "order.cancelled", **by)


@ORDERS.moves("rate", facts=SERVED_SIDE, read_by_others=("reason",))
def rate(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: ServedSide,
    solved: str,
    stars: int,
    reason: str | None,
    about_attitude: bool = False,
) -> Change:
    """Rate by the actual result (评单), once a round. What was not solved begins a new round by itself, the first time, and says
    what was missing; after that the secretary decides, who is told, as is whom it served. The staff pass it on where nobody of
    the resident's side can log in. Raises ReasonMissing: a low rating without one. NotAllowed."""
    again = solved == "no" and order.round <= policy.ROUNDS_BY_ASKING
    # Also where it begins again: who may ask for a rework need not be who rates.
    change = LIFECYCLE.move(order, "rate", actor, now)
    _demand_silent(change, facts)
    if reason is None and policy.needs_reason(stars, solved):
        raise errors.ReasonMissing(fields=(FieldFault("/body/reason", "missing", "评价较低时请说明原因"),))
    if again:
        through = change.through
        change = LIFECYCLE.move(order, "rework", actor, now)
        change.through = through
        change.note(unsolved=True)
        _begin_again(change, order, reason, about_attitude=about_attitude)
    elif solved == "no":
        change.tell_role(Role.SECRETARY, "order.unsolved").tell_served("order.secretary_decides")
    if about_attitude and not again:
        # Whoever begins a further round, that person does not come again.
        _complain(change, order, reason)
    change.insert(
        Rating,
        matter_id=order.id,
        round=order.round,
        place_id=order.place_id,
        rater_id=actor.id,
        solved=solved,
        stars=stars,
        reason=reason,
        rated_at=now,
        by_representative=actor.id != order.beneficiary_id,
    )
    once_more = again and not about_attitude
    return tell_caller(change, did="rate").tell(None if once_more else order.assignee_id, "order.rated")


@ORDERS.moves("rework", facts=SERVED_SIDE, read_by_others=("reason",))
def rework(
    order: Order, actor: Actor, now: datetime, *, reason: str, about_attitude: bool, facts: ServedSide
) -> Change:
    """Have it done once more, in a new round with limits of its own; whoever served it, and their team, is asked first, unless
    the complaint is about them. The staff pass it on where nobody of the resident's side can log in. Raises SecondRework: a
    further round is the secretary's to begin. NotAllowed."""
    if order.state == OrderState.RATED and actor.id in (order.requester_id, order.beneficiary_id):
        raise NotAllowed("已评价的订单,再来一轮由社区书记决定:请联系社区书记(站点电话见 getPlace)")
    change = LIFECYCLE.move(order, "rework", actor, now)
    _demand_silent(change, facts)
    if change.through != "subtree" and order.round > policy.ROUNDS_BY_ASKING:
        raise errors.SecondRework
    _begin_again(change, order, reason, about_attitude=about_attitude)
    return tell_caller(change)


@ORDERS.moves("close_unrated", facts=CALLED)
def close_unrated(order: Order, actor: Actor, now: datetime, *, facts: Called, deadline_id: UUID) -> Change:
    """Nobody rated in time: closed, which is neutral and no five stars. The history says whether anybody called."""
    change = LIFECYCLE.move(order, "close_unrated", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    return change.note(called=facts.called)


@ORDERS.moves("reject", read_by_others=("other_help",))
def reject(order: Order, actor: Actor, now: datetime, *, reason: Reject, other_help: str) -> Change:
    """Do not take an order on, for a listed reason, and say where help is to be had instead."""
    change = LIFECYCLE.move(order, "reject", actor, now).note(reason=reason)
    return change.patch(OrderDetail, matter_id=order.id, reject_reason=reason.value, other_help=other_help).tell_served(
        "order.rejected"
    )


@ORDERS.moves("cancel", facts=LED, read_by_others=("reason",))
def cancel(order: Order, actor: Actor, now: datetime, *, reason: str | None = None, facts: Led) -> Change:
    """Take an order back before it is served; whoever had it is told, of requester and beneficiary the other one, and of what was
    dispatched, or opened and taken, the dispatcher. A booked place is free again."""
    change = tell_sides(LIFECYCLE.move(order, "cancel", actor, now), "order.cancelled")
    end_authority(change, order, now)
    tell_lead(change, order, facts.lead_id, "order.team_cancelled")
    free_place(change, order, now)
    _tell_of_papers(change, order)
    if not papers_out(order.detail.receipts):
        _tell_dispatcher(change, order)
    return change.note(reason=reason).patch(OrderDetail, matter_id=order.id, cancel_reason=reason) if reason else change


@ORDERS.moves("convert", facts=LED, read_by_others=("reason",))
def convert(order: Order, actor: Actor, now: datetime, *, reason: str, facts: Led) -> Change:
    """It is more than a small service: it becomes a case, which the secretary holds."""
    return _become_case(LIFECYCLE.move(order, "convert", actor, now), order, facts).note(reason=reason)


@ORDERS.moves("convert", facts=LED)
def convert_missed(order: Order, actor: Actor, now: datetime, *, deadline_id: UUID, facts: Led) -> Change:
    """The order's plan was missed: it becomes a case (domain.md §4.7). Raises TransitionRefused: there is a plan by now."""
    change = LIFECYCLE.move(order, "convert", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    return _become_case(change, order, facts).note(missed=True)


def _become_case(change: Change, order: Order, facts: Led) -> Change:
    end_authority(change, order, change.at)
    free_place(change, order, change.at)
    tell_lead(change, order, facts.lead_id, "order.team_cancelled")
    return (
        change.emit("case.open_converted")
        .tell_role(Role.SECRETARY, "order.converted")
        .tell_served("order.converted")
        .tell(order.assignee_id, "order.converted_away")
    )


def _begin_again(change: Change, order: Order, reason: str | None, *, about_attitude: bool) -> None:
    """A new round, whose time is agreed anew, also of what had a place in a slot. What was missing is for whoever comes next, in
    the history; a complaint about attitude for the staff alone."""
    again = order.round + 1
    change.set(round=again, assignee_id=None, team_id=None, open_pool=False)
    end_appointment(change, order, change.at)
    free_place(change, order, change.at)
    if order.detail.form == Form.WISH:
        for_all(change)
    if about_attitude:
        _complain(change, order, reason)
    elif reason is not None:
        change.note(reason=reason)
    open_again = _open_again(order)
    change.tell(None if about_attitude else order.assignee_id, "order.wanted_again", **open_again)
    change.patch(
        OrderDetail,
        matter_id=order.id,
        failures=0,
        wrong_codes=0,
        wrong_codes_since=None,
        preferred_id=None if about_attitude else order.assignee_id,
        preferred_team_id=None if about_attitude else order.team_id,
        claimed_as=None,
        claimed_name=None,
    ).tell_role(Role.DISPATCHER, "order.reworked", **open_again)
    if change.actor.id not in (order.requester_id, order.beneficiary_id):
        change.tell_served("order.begins_again")


def _demand_silent(change: Change, facts: ServedSide) -> None:
    """Of what is done the desk passes on only what nobody of the resident's side can say themselves. Raises NotAllowed."""
    if change.through == Via.DESK and facts.logs_in:
        raise NotAllowed("居民这一方能自己登录,请其本人评价或要求返工")


def _complain(change: Change, order: Order, reason: str | None) -> None:
    refuse(change, order, order.assignee_id, "complaint", reason, round_number=order.round)
    change.tell_role(Role.SECRETARY, "order.complained")


def _keep_why(change: Change, order: Order, reason: Abort, text: str | None) -> None:
    """Why somebody does not serve it on. That it was not safe the resident's side says of whoever serves: a complaint, which the
    staff read, and not whom it is about."""
    complained = reason is Abort.UNSAFE and change.actor.id != order.assignee_id
    refuse(change, order, order.assignee_id, "complaint" if complained else "aborted", text, round_number=order.round)


def _open_again(order: Order) -> dict[str, Any]:
    """What a notice says of a wish that begins anew: it is open to all again, and nobody dispatches it."""
    return {"wish": True} if order.detail.form is Form.WISH else {}


def _tell_of_danger(change: Change) -> None:
    for role in (Role.DISPATCHER, Role.SECRETARY):
        change.tell_role(role, "order.unsafe")


def _tell_dispatcher(change: Change, order: Order) -> None:
    """Of what somebody was found for whoever finds them: no wish, which is claimed, and no booking, which is its team's."""
    found = order.state != OrderState.SUBMITTED and policy.suits("offer", order.detail.form)
    if found and order.detail.booking_id is None and Role.DISPATCHER not in change.actor.roles:
        change.tell_role(Role.DISPATCHER, "order.not_needed")


def _tell_of_papers(change: Change, order: Order) -> None:
    if papers_out(order.detail.receipts):
        change.tell_role(Role.DISPATCHER, "order.papers_out")
        change.tell(order.assignee_id, "order.papers_yours").tell_served("order.papers_to_come")


VERBS = (abort, call_off, rate, rework, close_unrated, reject, cancel, convert, convert_missed)
