"""The verbs of the whistle: proposing, approving, refusing; the alarm of an emergency; how the level that whistled
checks the result (domain.md §5). Each is pure, as in `service.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import board_policy, errors, policy
from app.domain.cases.facts import ALARMED, CALLED, SEATS, Alarmed, Called, OfWhistle, Seats
from app.domain.cases.limits import Case, govern, work_again
from app.domain.cases.models import AssignmentDetail, CaseDetail, Whistle, WhistleKind
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, above, let_follow, own_level, release
from app.kernel.change import Change, Office
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role
from app.kernel.statements import Beside

APPROVED = Beside(
    "assignment",
    ("sign", "report_in"),
    "(SELECT w.kind FROM whistle w WHERE w.matter_id = subject.id AND w.decided_at IS NULL)",
)
SOUNDED = Beside("assignment", ("sign", "report_in"), "'emergency'")


@CASES.moves("propose_whistle", facts=CALLED, read_by_others=("reason",))
def propose_whistle(
    case: Case,
    actor: Actor,
    now: datetime,
    *,
    facts: Called,
    kind: WhistleKind,
    reason: str,
    lead_id: UUID,
    units: Sequence[UUID],
) -> Change:
    """Propose to whistle: one lead and the co-units (`units` are all of them). The head of the level approves.

    Raises:
        WhistleWaits: one waits already. UnitNotHere, UnitTwice. NotAllowed: a grid worker above the community.
    """
    change = LIFECYCLE.move(case, "propose_whistle", actor, now)
    own_level(case, change)
    if case.detail.proposed is not None:
        raise errors.WhistleWaits
    if len(set(units)) != len(units):
        raise errors.UnitTwice
    if lead_id not in units or set(facts.units) != set(units):
        raise errors.UnitNotHere
    about = {"id": new_id(), "matter_id": case.id, "place_id": case.place_id, "round": case.round}
    return (
        change.insert(
            Whistle,
            **about,
            kind=kind.value,
            reason=reason,
            seat_id=case.seat_id,
            lead_id=lead_id,
            co_ids=[unit for unit in units if unit != lead_id],
            proposed_by=actor.id,
            proposed_at=now,
        )
        .note(kind=kind)
        .tell_office(Office.SEAT, "whistle.proposed")
    )


@CASES.moves("approve_whistle", beside=APPROVED)
def approve_whistle(case: Case, actor: Actor, now: datetime) -> list[Change]:
    """Blow the whistle: every unit has an assignment of its own, and the lead holds the case. Raises NoWhistle."""
    change = LIFECYCLE.move(case, "approve_whistle", actor, now)
    whistle = case.detail.proposed
    if whistle is None:
        raise errors.NoWhistle
    change.patch(Whistle, id=whistle.id, decided_by=actor.id, decided_at=now, approved=True, blown_at=now)
    if whistle.kind is WhistleKind.HARD:
        change.start("meeting")
    return blow(change, case, whistle)


@CASES.moves("refuse_whistle", read_by_others=("reason",))
def refuse_whistle(case: Case, actor: Actor, now: datetime, *, reason: str) -> Change:
    """Refuse the whistle that waits, with a reason. Raises NoWhistle."""
    change = LIFECYCLE.move(case, "refuse_whistle", actor, now)
    return _decided(change, case, reason=reason, approved=False)


@CASES.moves("confirm_whistle", read_by_others=("reason",))
def confirm_whistle(case: Case, actor: Actor, now: datetime, *, approved: bool, reason: str | None = None) -> Change:
    """Approve, or find fault with, an emergency's whistle after it was blown. Raises NoWhistle."""
    change = LIFECYCLE.move(case, "confirm_whistle", actor, now)
    return _decided(change, case, reason=reason, approved=approved)


@CASES.moves("alarm", facts=ALARMED, beside=SOUNDED)
def alarm(case: Case, actor: Actor, now: datetime, *, facts: Alarmed) -> list[Change]:
    """An emergency was reported: the responsible unit is whistled at once, by day or night; approval comes afterwards. Where
    nobody was named, it stays with the community, whose secretary and street have been told."""
    if facts.unit_id is None:
        return [LIFECYCLE.move(case, "no_unit", actor, now).tell_role(Role.SECRETARY, "case.nobody_answers")]
    change = LIFECYCLE.move(case, "alarm", actor, now)
    whistle = OfWhistle(new_id(), WhistleKind.EMERGENCY, facts.unit_id, (), actor.id, blown=True, decided=False)
    change.insert(
        Whistle,
        id=whistle.id,
        matter_id=case.id,
        place_id=case.place_id,
        round=case.round,
        kind=whistle.kind.value,
        reason="",
        seat_id=case.seat_id,
        lead_id=whistle.lead_id,
        co_ids=[],
        proposed_by=actor.id,
        proposed_at=now,
        blown_at=now,
    ).tell_office(Office.SEAT, "whistle.to_confirm")
    return blow(change, case, whistle)


def blow(change: Change, case: Case, whistle: OfWhistle) -> list[Change]:
    """The case goes to the lead, under the whistle's limit, and each unit gets its assignment."""
    limit = policy.WHISTLED_BY[whistle.kind]
    if limit is not None:
        govern(change, case, limit)
    change.set(unit_id=whistle.lead_id).note(whistle=whistle.kind).tell(case.requester_id, "case.whistled")
    change.patch(CaseDetail, matter_id=case.id, whistle_id=whistle.id, returns=0)
    return [change, *(send(change, case, whistle, unit) for unit in (whistle.lead_id, *whistle.co_ids))]


def send(change: Change, case: Case, whistle: OfWhistle, unit_id: UUID) -> Change:
    """A unit's assignment, in a change of its own."""
    assignment: Matter[Any] = Matter(
        id=new_id(),
        kind=board_policy.LIFECYCLE.kind,
        place_id=case.place_id,
        state="",
        version=0,
        round=1,
        requester_id=case.requester_id,
        beneficiary_id=case.beneficiary_id,
        assignee_id=None,
        seat_id=case.seat_id,
        unit_id=unit_id,
        holder_id=None,
        open_pool=False,
        created_at=change.at,
        category=whistle.kind.value,
        detail=None,
    )
    leads = unit_id == whistle.lead_id
    sent = board_policy.LIFECYCLE.create(assignment, "send", change.actor, change.at)
    return sent.insert(
        AssignmentDetail,
        matter_id=assignment.id,
        place_id=case.place_id,
        case_id=case.id,
        whistle_id=whistle.id,
        role="lead" if leads else "co",
        leads=True if leads else None,
        sent_by=change.actor.id,
    ).tell_office(Office.UNIT, "assignment.sent", role="lead" if leads else "co")


@CASES.moves("accept_result", facts=SEATS)
def accept_result(case: Case, actor: Actor, now: datetime, *, facts: Seats, silent: bool = False) -> Change:
    """The level that whistled finds the result good: to the call-back. Silence within a working day is acceptance, and
    counts against it (domain.md §5)."""
    change = LIFECYCLE.move(case, "accept_result", actor, now)
    if silent:
        change.note(silent=True)
    return release(let_follow(change, facts.children), facts)


@CASES.moves("return_result", read_by_others=("reason",))
def return_result(case: Case, actor: Actor, now: datetime, *, reason: str) -> Change:
    """Send a result back to work, with a reason; what it had stopped goes on. After two returns the next level decides: the
    case's seat moves up, and what it then says stands."""
    change = LIFECYCLE.move(case, "return_result", actor, now).note(reason=reason)
    work_again(change, case)
    change.patch(CaseDetail, matter_id=case.id, returns=case.detail.returns + 1)
    if case.detail.returns + 1 == policy.RETURNS:
        change.set(seat_id=case.detail.seats[above(case)])
    return change.tell_office(Office.UNIT, "case.returned")


def _decided(change: Change, case: Case, *, reason: str | None, approved: bool) -> Change:
    whistle = case.detail.proposed
    if whistle is None:
        raise errors.NoWhistle
    told = {"decided_by": change.actor.id, "decided_at": change.at, "approved": approved, "decision": reason}
    return (
        change.patch(Whistle, id=whistle.id, **told)
        .note(approved=approved)
        .tell(whistle.proposed_by if not whistle.blown else None, "whistle.decided")
    )


VERBS = (
    propose_whistle, approve_whistle, refuse_whistle, confirm_whistle, alarm, accept_result, return_result,
)  # fmt: skip
