"""Ending a case after an independent review (终止, domain.md §5)."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.cases import errors
from app.domain.cases.facts import SEATS, Seats
from app.domain.cases.limits import Case
from app.domain.cases.models import CaseDetail
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, let_go, tell_reporters
from app.kernel.change import Change, Office
from app.kernel.rules import Actor
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Review:
    """What ends with the case; and whether the actor has done anything on it, or reported it."""

    seats: Seats
    touched: bool


REVIEW = Facts(
    f"""jsonb_build_object('seats', {SEATS.sql},
         'touched', EXISTS (SELECT 1 FROM history h WHERE h.matter_id = subject.id AND h.actor_id = $1)
                 OR EXISTS (SELECT 1 FROM case_duty h WHERE h.matter_id = subject.id AND h.person_id = $1)
                 OR EXISTS (SELECT 1 FROM case_reporter r WHERE r.matter_id = subject.id AND r.person_id = $1))""",
    Review,
)


@CASES.moves("terminate", facts=REVIEW, read_by_others=("reason",))
def terminate(case: Case, actor: Actor, now: datetime, *, facts: Review, reason: str) -> Change:
    """End a case for good, with a reason: by a supervisor who has done nothing of it. Whoever reported it is told; what was
    merged into it goes on alone. Raises SameHand."""
    change = LIFECYCLE.move(case, "terminate", actor, now).note(reason=reason)
    if facts.touched or actor.id in (case.requester_id, case.beneficiary_id):
        raise errors.SameHand
    change.patch(CaseDetail, matter_id=case.id, end_reason=reason)
    let_go(change, facts.seats).tell_office(Office.SEAT, "case.terminated")
    return tell_reporters(change, case, "case.terminated")


VERBS = (terminate,)
