"""The verbs of an assignment: what a unit that was whistled does – sign, report in, begin, finish (签收, 报到; domain.md §5).
Each is pure, as in `service.py`."""

from datetime import datetime

from app.domain.cases import errors
from app.domain.cases.board_policy import LIFECYCLE
from app.domain.cases.facts import ASSIGNMENT, AssignmentFacts
from app.domain.cases.models import AssignmentDetail
from app.kernel.change import Change, Office
from app.kernel.matter import Matter
from app.kernel.recalculating import recalculation
from app.kernel.rules import Actor
from app.kernel.verbs import Room

Assignment = Matter[AssignmentFacts]

BOARD = Room(LIFECYCLE, detail=ASSIGNMENT, missing=errors.AssignmentNotFound)


@BOARD.moves("sign")
def sign(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """Sign for an assignment: the unit has it, and whoever signed is its officer."""
    change = LIFECYCLE.move(assignment, "sign", actor, now)
    return change.patch(AssignmentDetail, matter_id=assignment.id, signed_at=now, officer_id=actor.id)


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
    return change.patch(AssignmentDetail, matter_id=assignment.id, outcome=outcome)


@BOARD.moves("excuse", read_by_others=("reason",))
def excuse(assignment: Assignment, actor: Actor, now: datetime, *, reason: str) -> Change:
    """The level that whistled needs the unit no longer."""
    change = LIFECYCLE.move(assignment, "excuse", actor, now)
    return change.patch(AssignmentDetail, matter_id=assignment.id, excuse=reason, leads=None).tell_office(
        Office.UNIT, "assignment.excused"
    )


@BOARD.moves("release")
def release(assignment: Assignment, actor: Actor, now: datetime) -> Change:
    """The case has ended, or its result was accepted: the unit is released."""
    return LIFECYCLE.move(assignment, "release", actor, now)


recalculate = recalculation(BOARD)

VERBS = (sign, report_in, begin, finish, excuse, release, recalculate)
