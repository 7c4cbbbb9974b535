"""The verbs of cases: triage, going up, and the result (domain.md §5). Snapshot → Change, pure; the door loads, locks and writes
(`kernel/command.py`). `reporting.py` is how a case begins, `whistles.py` calls units, `board.py` is what they do."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import board_errors, errors, policy
from app.domain.cases.facts import (
    DETAIL,
    HANDS,
    RISING,
    SEATS,
    Hands,
    Rising,
    Seats,
)
from app.domain.cases.limits import Case, govern
from app.domain.cases.models import (
    CaseDetail,
    CaseDuty,
    CasePost,
    CaseState,
    Duty,
    Lane,
    NotAccepted,
    ReportedAs,
)
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.words import evidence_label
from app.domain.places.models import Level
from app.kernel.change import Change, Office
from app.kernel.errors import FieldFault, NotAllowed
from app.kernel.ids import new_id
from app.kernel.recalculating import recalculation
from app.kernel.rules import Actor, Role, Via
from app.kernel.verbs import Room

CASES = Room(LIFECYCLE, detail=DETAIL, missing=errors.CaseNotFound)


@CASES.moves("refuse", facts=SEATS, read_by_others=("elsewhere",))
def refuse(case: Case, actor: Actor, now: datetime, *, facts: Seats, reason: NotAccepted, elsewhere: str) -> Change:
    """Not accept it, for a listed reason, and say where to go instead."""
    change = LIFECYCLE.move(case, "refuse", actor, now).note(reason=reason, elsewhere=elsewhere)
    change.patch(CaseDetail, matter_id=case.id, end_reason=reason.value, elsewhere=elsewhere)
    return tell_reporters(let_go(change, facts), case, "case.refused")


@CASES.moves("triage")
def triage(case: Case, actor: Actor, now: datetime, *, lane: Lane | None = None) -> Change:
    """Say which lane a case takes, by default the one that the catalogue suggests; from now on the community handles it, until
    its limit (domain.md §5)."""
    lane = lane or case.detail.suggested
    change = LIFECYCLE.move(case, "triage", actor, now).note(lane=lane)
    govern(change, case, policy.resolve_at(case.detail.level, lane, same_day=case.detail.by_midnight))
    return tell_reporters(change.patch(CaseDetail, matter_id=case.id, lane=lane.value), case, "case.triaged")


@CASES.moves("withdraw", facts=SEATS, read_by_others=("reason",))
def withdraw(case: Case, actor: Actor, now: datetime, *, facts: Seats, reason: str | None = None) -> Change:
    """The reporter takes it back before there is a result, or whoever reported it for a caller, as the caller says; whoever was
    whistled is released. Raises OthersJoined: it is no longer theirs alone."""
    change = LIFECYCLE.move(case, "withdraw", actor, now)
    if facts.children or set(case.detail.reporters) - {case.requester_id, case.beneficiary_id}:
        raise errors.OthersJoined
    if reason:
        change.patch(CaseDetail, matter_id=case.id, end_reason=reason)
    return _tell_of_withdrawal(release(change, facts), case)


@CASES.moves("escalate", facts=RISING, read_by_others=("reason", "tried"))
def escalate(case: Case, actor: Actor, now: datetime, *, facts: Rising, reason: str, tried: str) -> Change:
    """Hand a case one level up, with a reason and what was tried; the time used goes along. Officers of the level above may take
    it up as well, and the reason is theirs then. Raises AtTheTop."""
    change = LIFECYCLE.move(case, "escalate", actor, now)
    own_level(case, change)
    level = above(case)
    govern(change, case, policy.resolve_at(level, case.detail.lane, same_day=case.detail.by_midnight))
    change.set(seat_id=case.detail.seats[level]).note(reason=reason, tried=tried, to=level)
    if change.through == Via.SEAT and policy.office.roles & set(facts.above):
        change.note(taken_up=True)
    return tell_reporters(change.tell_office(Office.SEAT, "case.escalated"), case, "case.went_up")


@CASES.moves("contact", read_by_others=("text",))
def contact(case: Case, actor: Actor, now: datetime, *, channel: str, text: str) -> Change:
    """Record that a person reached the reporter; stops respond."""
    change = LIFECYCLE.move(case, "contact", actor, now).note(channel=channel)
    return _post(change, "contact", text, channel=channel)


@CASES.moves("reply", read_by_others=("text",))
def reply(case: Case, actor: Actor, now: datetime, *, text: str) -> Change:
    """Reply to the reporter in one's own words; stops reply."""
    change = tell_reporters(LIFECYCLE.move(case, "reply", actor, now), case, "case.replied")
    return _post(change, "reply", text)


@CASES.moves("submit_result", facts=HANDS, read_by_others=("outcome", "answer"))
def submit_result(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Hands,
    outcome: str,
    answer: str,
    evidence: Sequence[dict[str, Any]],
) -> Change:
    """Submit the result, with evidence and an answer fit to be published. The lead's, of a case that was whistled, is checked by
    the level that whistled, and comes after it has signed and reported in (domain.md §5: sent → signed → reported in → working →
    done); any other goes to the call-back.

    Raises:
        LeadReplaced, NotReportedIn: of a whistled one. EvidenceMissing. SameHand.
    """
    whistled = case.state == CaseState.WHISTLED
    change = LIFECYCLE.move(case, "submit_whistled" if whistled else "submit_result", actor, now)
    if whistled:
        if facts.lead_unit_id != case.unit_id:
            raise board_errors.LeadReplaced
        if not facts.lead_reported_in:
            raise board_errors.NotReportedIn
        change.tell_office(Office.SEAT, "case.to_check").emit("assignment.complete", assignment_id=str(facts.lead_id))
    else:
        own_level(case, change)
        let_follow(change, facts.children)
    demand_evidence(case.detail.evidence, evidence)
    told = {"outcome": outcome, "answer": answer, "evidence": list(evidence), "handler_id": actor.id}
    # In the history for good: a result that is sent back stands on the page no more.
    change.note(outcome=outcome, answer=answer).patch(CaseDetail, matter_id=case.id, **told)
    return hand(change, Duty.HANDLER, facts.duty)


def hand(change: Change, duty: Duty, before: str | None) -> Change:
    """The actor takes a duty in the case. Raises SameHand: they have had another one."""
    if before is None:
        about = {"matter_id": change.id, "place_id": change.place_id}
        return change.insert(CaseDuty, **about, person_id=change.actor.id, duty=duty.value, at=change.at)
    if before != duty:
        raise errors.SameHand
    return change


def release(change: Change, facts: Seats) -> Change:
    """Whoever still sits on the board is released; the lead also when its part counts as done: a result that came back a moment
    ago may be about to open it again."""
    for assignment in dict.fromkeys((*facts.assignments, *filter(None, [facts.lead_id]))):
        change.emit("assignment.release", assignment_id=str(assignment))
    return change


def reopen_lead(change: Change, lead_id: UUID | None) -> Change:
    """Back to work: the lead's assignment, which its result had finished, is open again. That it is not finished yet does not
    matter: the events come in their order."""
    return change if lead_id is None else change.emit("assignment.reopen", assignment_id=str(lead_id))


def let_follow(change: Change, children: Sequence[UUID]) -> Change:
    """To the call-back: what was merged into the case goes there too, since its reporters are called back as well."""
    for child in children:
        change.emit("case.follow", child_id=str(child))
    return change


def let_go(change: Change, facts: Seats) -> Change:
    """The case ends without a result: whoever sits on its board is released, and what was merged into it goes on alone."""
    for child in facts.children:
        change.emit("case.let_go", child_id=str(child))
    return release(change, facts)


def tell_reporters(change: Change, case: Case, topic: str, **payload: Any) -> Change:
    """A notice to everybody who reported or joined the case, and to whom it was reported for."""
    for person in dict.fromkeys((*case.detail.reporters, case.beneficiary_id)):
        change.tell(person, topic, **payload)
    return change


def above(case: Case) -> str:
    """The next level. Raises AtTheTop."""
    if at_the_top(case):
        raise errors.AtTheTop
    levels = _levels(case)
    return levels[levels.index(Level(case.detail.level)) + 1]


def at_the_top(case: Case) -> bool:
    """Whether no level is above the case's own."""
    return _levels(case)[-1] == case.detail.level


def _levels(case: Case) -> list[Level]:
    return [level for level in policy.LEVELS if level in case.detail.seats]


def own_level(case: Case, change: Change) -> None:
    """A grid worker acts while the community handles it. Raises NotAllowed."""
    if change.through == "subtree" and case.detail.level != Level.COMMUNITY:
        raise NotAllowed(rules=(policy.office,), of=case.kind)


def demand_evidence(wanted: Sequence[str], given: Sequence[dict[str, Any]]) -> None:
    """Raises EvidenceMissing, naming the first kind that is not there."""
    for kind in wanted:
        if all(one["kind"] != kind for one in given):
            raise errors.EvidenceMissing(
                fields=(FieldFault("/body/evidence", "missing", f"请提供:{evidence_label(kind)}"),)
            )


def _post(change: Change, kind: str, text: str, **more: object) -> Change:
    about = {"id": new_id(), "matter_id": change.id, "place_id": change.place_id}
    round_number = change.matter.round if change.matter else 1
    return change.insert(
        CasePost,
        **about,
        round=round_number,
        kind=kind,
        text=text,
        posted_by=change.actor.id,
        posted_at=change.at,
        **more,
    )


def _tell_of_withdrawal(change: Change, case: Case) -> Change:
    """A notice to everybody who was told of the case as new, and to whoever holds it; the units hear it with their release. Of
    what was an order its secretary was told, who heads the seat."""
    new = () if case.detail.reported_as == ReportedAs.ORDER else policy.told_as_new(emergency=case.detail.emergency)
    passed_on = change.through == Via.PLACER
    if passed_on:
        change.tell_served("case.withdrawn_for_you")
    for role, level in new:
        change.tell_role(role, "case.withdrawn", level=level, passed_on=passed_on)
    if case.state == CaseState.DELIBERATING:
        change.tell_role(Role.BRANCH_SECRETARY, "case.withdrawn", passed_on=passed_on)
    if (Role.SECRETARY, None) not in new or case.detail.level != Level.COMMUNITY:
        change.tell_office(Office.SEAT, "case.withdrawn", passed_on=passed_on)
    return change


recalculate = recalculation(CASES)

VERBS = (
    refuse,
    triage,
    withdraw,
    escalate,
    contact,
    reply,
    submit_result,
    recalculate,
)
