"""The verbs of an assignment: what a unit that was whistled does – sign, report in, begin, finish (签收, 报到; domain.md §5).
Each is pure, as in `service.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import board_errors
from app.domain.cases.board_policy import LIFECYCLE
from app.domain.cases.board_tables import AssignmentDetail
from app.domain.cases.facts import ASSIGNMENT, AssignmentFacts
from app.domain.cases.models import AssignmentState, CaseState
from app.domain.cases.policy import ENDED, OPEN
from app.domain.cases.words import Excuse
from app.kernel.calendar_store import calendar
from app.kernel.change import Change, Office
from app.kernel.deadlines import Policy
from app.kernel.errors import TransitionRefused
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.recalculating import recalculation
from app.kernel.rules import Actor
from app.kernel.verbs import Facts, Room

Assignment = Matter[AssignmentFacts]

LED = (CaseState.WHISTLED, CaseState.RESULT, CaseState.CALLBACK)
"""While a case that was whistled has a lead."""

BOARD = Room(LIFECYCLE, detail=ASSIGNMENT, missing=board_errors.AssignmentNotFound)


def send(
    change: Change,
    beside: Matter[Any],
    unit_id: UUID,
    *,
    case_id: UUID,
    whistle_id: UUID,
    category: str,
    leads: bool,
    final: bool = False,
) -> Change:
    """A unit's assignment beside a case or another assignment, in a change of its own. `final`: an arbiter gave it to the unit,
    which may not contest it."""
    assignment: Matter[Any] = Matter(
        id=new_id(),
        kind=LIFECYCLE.kind,
        place_id=beside.place_id,
        state="",
        version=0,
        round=1,
        requester_id=beside.requester_id,
        beneficiary_id=beside.beneficiary_id,
        placed_by=beside.placed_by,
        assignee_id=None,
        seat_id=beside.seat_id,
        unit_id=unit_id,
        holder_id=None,
        open_pool=False,
        created_at=change.at,
        category=category,
        detail=None,
    )
    role = "lead" if leads else "co"
    sent = LIFECYCLE.create(assignment, "send", change.actor, change.at)
    return (
        sent.insert(
            AssignmentDetail,
            matter_id=assignment.id,
            place_id=beside.place_id,
            case_id=case_id,
            whistle_id=whistle_id,
            role=role,
            leads=True if leads else None,
            sent_by=change.actor.id,
            contested=final,
        )
        .tell_office(Office.UNIT, "assignment.sent", role=role)
        .waits_for_opening(Office.UNIT)
    )


@dataclass(frozen=True, slots=True)
class Signing:
    """Within what time after signing a unit may contest here; None: no limit says so."""

    within: dict[str, Any] | None


SIGNING = Facts(
    """jsonb_build_object(
         'within', policies_in_force(subject.place_id, subject.kind, '{contest}', subject.category) -> 0)""",
    Signing,
)


@BOARD.moves("sign", facts=SIGNING)
def sign(assignment: Assignment, actor: Actor, now: datetime, *, facts: Signing) -> Change:
    """Sign for an assignment: the unit has it, and whoever signed is its officer. Until when it may be contested is pinned by
    this (two working hours, domain.md §5)."""
    change = LIFECYCLE.move(assignment, "sign", actor, now)
    until = None if assignment.detail.contested or facts.within is None else _last_moment(facts.within, now)
    signed = {"signed_at": now, "officer_id": actor.id, "contest_until": until}
    return change.patch(AssignmentDetail, matter_id=assignment.id, **signed)


def _last_moment(within: dict[str, Any], signed_at: datetime) -> datetime:
    policy = Policy.of(within)
    return policy.begin(calendar(policy.calendar, policy.hours_id, policy.workdays_id), signed_at, 1).due_at()


@BOARD.moves("report_in")
def report_in(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """Report in: the unit is there."""
    return LIFECYCLE.move(assignment, "report_in", actor, now).tell_office(Office.SEAT, "assignment.reported_in")


@BOARD.moves("begin")
def begin(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """Begin the work."""
    return LIFECYCLE.move(assignment, "begin", actor, now)


@BOARD.moves("finish", read_by_others=("outcome",))
def finish(assignment: Assignment, actor: Actor, now: datetime, *, outcome: str) -> Change:
    """Say what the unit did; a co-unit's result goes to the lead."""
    change = LIFECYCLE.move(assignment, "finish", actor, now)
    if assignment.detail.role == "co":
        change.tell_office(Office.LEAD, "assignment.finished")
    return change.patch(AssignmentDetail, matter_id=assignment.id, outcome=outcome)


@BOARD.moves("complete")
def complete(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """The lead has submitted the result of the case: its assignment is done. One that an arbiter appointed meanwhile hears that
    it need not come."""
    change = LIFECYCLE.move(assignment, "complete", actor, now)
    if assignment.state in (AssignmentState.SENT, AssignmentState.SIGNED):
        change.tell_office(Office.UNIT, "assignment.accepted")
    return change


@BOARD.moves("reopen")
def reopen(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """The result came back, or was found unsolved: the lead works again. Raises TransitionRefused: the case has ended since."""
    change = LIFECYCLE.move(assignment, "reopen", actor, now)
    if assignment.detail.case_state in ENDED:
        raise TransitionRefused
    return change.tell_office(Office.UNIT, "assignment.reopened")


@BOARD.moves("promise")
def promise(assignment: Assignment, actor: Actor, now: datetime, *, text: str, until: str, by: str) -> Change:
    """Somebody else – the lead, or an office (`by`) – wrote down a promise of this unit: it hears which, and of whom."""
    change = LIFECYCLE.move(assignment, "promise", actor, now)
    return change.tell_office(Office.UNIT, "assignment.promised", text=text, until=until, by=by)


@BOARD.moves("excuse", read_by_others=("reason",))
def excuse(assignment: Assignment, actor: Actor, now: datetime, *, reason: str) -> Change:
    """The level that whistled needs a co-unit no longer. Raises LeadStays."""
    change = LIFECYCLE.move(assignment, "excuse", actor, now)
    if assignment.detail.role == "lead":
        raise board_errors.LeadStays
    return change.patch(AssignmentDetail, matter_id=assignment.id, excuse=reason).tell_office(
        Office.UNIT, "assignment.excused"
    )


@BOARD.moves("release")
def release(assignment: Assignment, actor: Actor, now: datetime, *, leads: bool = False) -> Change:
    """The case has ended, or its result was accepted: the unit is released, and told that it need not come. `leads`: it gives up
    its seat for the lead's, of which it is told as of any assignment. Raises TransitionRefused: it leads a case that has not
    ended – it is worked on again, which was heard of first, or an arbiter still has to say whose it was."""
    change = LIFECYCLE.move(assignment, "release", actor, now)
    if assignment.detail.role == "lead" and assignment.detail.case_state in LED:
        raise TransitionRefused
    if leads:
        return change.note(why=Excuse.LEADS)
    if assignment.detail.case_state in OPEN:
        return change.note(why=Excuse.ACCEPTED).tell_office(Office.UNIT, "assignment.accepted")
    return change.note(why=Excuse.ENDED).tell_office(Office.UNIT, "assignment.released")


recalculate = recalculation(BOARD)

VERBS = (sign, report_in, begin, finish, complete, reopen, promise, excuse, release, recalculate)
