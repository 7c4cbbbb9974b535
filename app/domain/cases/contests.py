"""The verbs of a contest: a unit says, once, that an assignment is not theirs; an arbiter decides; another unit may take it over
(领哨异议, 裁定; domain.md §5). Each is pure, as in `service.py`."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import board_errors, errors
from app.domain.cases.board import BOARD, Assignment, send
from app.domain.cases.board_policy import LIFECYCLE
from app.domain.cases.board_tables import AssignmentDetail, Contest
from app.domain.cases.facts import SEATS, Seats, case_beside
from app.domain.cases.limits import Case
from app.domain.cases.models import AssignmentState, CaseDuty, CaseState, Duty, WhistleKind
from app.domain.cases.policy import ENDED
from app.domain.cases.policy import LIFECYCLE as CASE
from app.domain.cases.service import CASES, release, tell_reporters
from app.kernel.change import Change, Office
from app.kernel.errors import TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts

_SERVES = """EXISTS (SELECT 1 FROM unit u JOIN place_ancestor a ON a.ancestor_id = u.place_id
                  WHERE u.id = {unit} AND a.place_id = subject.place_id AND u.closed_at IS NULL)"""


@dataclass(frozen=True, slots=True)
class Contesting:
    """Whether the proposed owner is open and serves the place."""

    serves: bool


CONTESTING = Facts(
    f"""jsonb_build_object('serves', {_SERVES.format(unit="($3::jsonb ->> 'proposed_id')::uuid")})""",
    Contesting,
)


@BOARD.moves("contest", facts=CONTESTING, read_by_others=("ground",))
def contest(
    assignment: Assignment, actor: Actor, now: datetime, *, facts: Contesting, ground: str, proposed_id: UUID
) -> Change:
    """Say that it is not this unit's, with the legal ground and whose it would be. Its limits run on.

    Raises:
        AlreadyContested: it was, or an arbiter gave it to this unit. ReportInFirst: an emergency. ContestTooLate: more than the
        time after signing that the place allows (two working hours). UnitNotHere: the proposed owner.
    """
    change = LIFECYCLE.move(assignment, "contest", actor, now)
    seen = assignment.detail
    if seen.contested:
        raise board_errors.AlreadyContested
    if seen.kind is WhistleKind.EMERGENCY and assignment.state == AssignmentState.SIGNED:
        raise board_errors.ReportInFirst
    if seen.contest_until is None or now >= seen.contest_until:
        raise board_errors.ContestTooLate
    if proposed_id == assignment.unit_id or not facts.serves:
        raise board_errors.UnitNotHere
    about = {"matter_id": assignment.id, "place_id": assignment.place_id}
    change.patch(AssignmentDetail, matter_id=assignment.id, contested=True).insert(
        Contest, **about, id=new_id(), ground=ground, proposed_id=proposed_id, contested_by=actor.id, contested_at=now
    )
    change.waits_for_opening(Office.UNIT)
    return change.tell_role(Role.ARBITER, "contest.opened").tell_office(Office.SEAT, "contest.referred")


@dataclass(frozen=True, slots=True)
class Arbitrating:
    """The contest (None: there is none), and to which unit an upheld one would go: whether it serves the place, and its
    assignment if it has a seat already. `duty`: what the actor has been in the case; `touched`: they did something on it, or on
    its board, beside arbitrating; `case`: the case as its row is; `late`: the arbiter's time is over; `higher`: the actor's roles
    at the district or above, None: there is none."""

    contest_id: UUID | None
    unit_id: UUID | None
    serves: bool
    seat_id: UUID | None
    duty: str | None
    touched: bool
    case: dict[str, Any]
    late: bool
    higher: tuple[str, ...] | None


ARBITRATING = Facts(
    f"""(SELECT jsonb_build_object('contest_id', c.id, 'unit_id', to_unit.id, 'serves', {_SERVES.format(unit="to_unit.id")},
           'seat_id', (SELECT m.id FROM assignment_detail a JOIN assignment_detail x ON x.case_id = a.case_id
                         JOIN matter m ON m.id = x.matter_id
                        WHERE a.matter_id = subject.id AND m.unit_id = to_unit.id AND m.state <> 'excused' LIMIT 1),
           'duty', (SELECT h.duty FROM case_duty h JOIN assignment_detail a ON a.case_id = h.matter_id
                     WHERE a.matter_id = subject.id AND h.person_id = $1),
           'case', (SELECT to_jsonb(k) FROM assignment_detail a JOIN matter k ON k.id = a.case_id WHERE a.matter_id = subject.id),
           'touched', EXISTS (SELECT 1 FROM assignment_detail a JOIN history h ON h.matter_id = a.case_id AND h.actor_id = $1
                               WHERE a.matter_id = subject.id AND h.action <> 'reseat')
                   OR EXISTS (SELECT 1 FROM assignment_detail a JOIN assignment_detail x ON x.case_id = a.case_id
                                JOIN history h ON h.matter_id = x.matter_id AND h.actor_id = $1
                               WHERE a.matter_id = subject.id
                                 AND h.action NOT IN ('uphold', 'dismiss', 'dismiss_reported', 'send')),
           'late', EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = subject.id AND d.kind = 'arbitration'
                              AND d.stopped_at IS NULL AND d.due_at <= look.now),
           'higher', (SELECT to_jsonb(app_roles(p.id, look.now)) FROM place_ancestor b JOIN place p ON p.id = b.ancestor_id
                       WHERE b.place_id = subject.place_id AND p.level IN ('district', 'city', 'province')
                       ORDER BY b.depth LIMIT 1))
          FROM (VALUES (subject.id)) of_matter(id) LEFT JOIN contest c ON c.matter_id = of_matter.id CROSS JOIN LATERAL (
            SELECT coalesce(($3::jsonb ->> 'unit_id')::uuid, c.proposed_id) AS id) to_unit)""",
    Arbitrating,
)


AT_STAKE = (CaseState.WHISTLED, CaseState.RESULT)
SOLVED = (*AT_STAKE, CaseState.CALLBACK, CaseState.CLOSED, CaseState.CLOSED_UNREACHED)
"""While it is decided whose a seat is: a co-unit's as long as there is work, a lead's also when it solved what it contests – come
first, argue later (domain.md §5)."""


@BOARD.moves("uphold", facts=ARBITRATING, read_by_others=("decision",))
def arbitrate(
    assignment: Assignment,
    actor: Actor,
    now: datetime,
    *,
    facts: Arbitrating,
    upheld: bool,
    decision: str,
    unit_id: UUID | None = None,  # noqa: ARG001 - the facts have looked it up
) -> Change | list[Change]:
    """Decide a contest. Upheld: the unit is excused, and the proposed one – or `unit_id` – gets a fresh assignment, which nobody
    may send back; of the lead's it takes over the case, whose limit runs on. Refused: the unit goes on where it stood.

    Raises:
        SameHand: the arbiter sits on the board, had a hand in the case or calls back. ArbitrationWentUp: late, the next level
        decides. TransitionRefused: the case is over meanwhile, and its units are released. UnitNotHere: the unit that it would go
        to.
    """
    back = "dismiss_reported" if assignment.detail.reported_in else "dismiss"
    change = LIFECYCLE.move(assignment, "uphold" if upheld else back, actor, now)
    if facts.duty not in (None, Duty.ARBITER) or facts.touched or actor.unit is not None or "seated" in actor.parts:
        raise errors.SameHand
    if assignment.detail.case_state not in (SOLVED if assignment.detail.role == "lead" else AT_STAKE):
        raise TransitionRefused("事项已经结束,或已转回访:不用再裁定,任务随事项解除")
    if facts.late and facts.higher is not None and Role.ARBITER not in facts.higher:
        raise board_errors.ArbitrationWentUp
    case_id = assignment.detail.case_id
    if facts.duty is None:
        about = {"matter_id": case_id, "place_id": assignment.place_id, "person_id": actor.id}
        change.insert(CaseDuty, **about, duty=Duty.ARBITER.value, at=now)
    decided = {"decided_by": actor.id, "decided_at": now, "upheld": upheld, "decision": decision}
    change.note(upheld=upheld)
    for told in (Office.UNIT, Office.SEAT):
        change.tell_office(told, "contest.decided", upheld=upheld)
    if not upheld:
        if assignment.detail.role == "lead" and assignment.detail.case_state != CaseState.WHISTLED:
            # It has submitted the result while it contested: then its part is done.
            change.emit("assignment.complete", assignment_id=str(assignment.id))
        return change.patch(Contest, id=facts.contest_id, **decided)
    return _pass_on(change.patch(Contest, id=facts.contest_id, **decided, unit_id=facts.unit_id), assignment, facts)


def _pass_on(change: Change, assignment: Assignment, facts: Arbitrating) -> list[Change]:
    """The assignment goes to another unit. A co-unit that becomes the lead gives its seat up for the new one; one that has a seat
    needs no second. The case moves along: if it ends in that very moment, one of the two sees what the other has done, and no
    unit is called for a case that is over: there it is only said that it was not the lead's."""
    if facts.unit_id is None or facts.unit_id == assignment.unit_id or not facts.serves:
        raise board_errors.UnitNotHere
    seen, leads = assignment.detail, assignment.detail.role == "lead"
    if seen.case_state in ENDED:
        return [change.patch(AssignmentDetail, matter_id=assignment.id, excuse="contest")]
    change.patch(AssignmentDetail, matter_id=assignment.id, excuse="contest", leads=None)
    if facts.seat_id is not None and not leads:
        return [change]
    if facts.seat_id is not None:
        change.emit("assignment.release", assignment_id=str(facts.seat_id), leads=True)
    if leads:
        change.emit("case.replace_lead", case_id=str(seen.case_id), unit_id=str(facts.unit_id))
    new = send(
        change, assignment, facts.unit_id, case_id=seen.case_id, whistle_id=seen.whistle_id, category=seen.kind.value,
        leads=leads, final=True,
    )  # fmt: skip
    return [
        change,
        new,
        CASE.move(case_beside(facts.case), "reseat", change.actor, change.at).note(unit_id=facts.unit_id),
    ]


@CASES.moves("replace_lead", facts=SEATS)
def replace_lead(case: Case, actor: Actor, now: datetime, *, facts: Seats, unit_id: UUID) -> Change:
    """An arbiter gave the lead to another unit: it holds the case from now on, and resolve runs on. Where the former lead's
    result was accepted meanwhile, the new one is needed only if the call-back finds it unsolved; where the case ended, not at
    all."""
    change = CASE.move(case, "replace_lead", actor, now).note(unit_id=unit_id)
    if case.state in ENDED:
        return release(change, facts)
    change.set(unit_id=unit_id)
    if case.state == CaseState.CALLBACK:
        # Nothing is left to do, but its assignment opens again if a reporter was not helped.
        return change.emit("assignment.complete", assignment_id=str(facts.lead_id))
    return tell_reporters(change, case, "case.new_lead").tell_office(Office.SEAT, "case.new_lead")


VERBS = (contest, arbitrate)
CASE_VERBS = (replace_lead,)
