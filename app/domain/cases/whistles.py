"""The verbs of the whistle: proposing, approving, refusing; the alarm of an emergency; how the level that whistled
checks the result (domain.md §5). Each is pure, as in `service.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast
from uuid import UUID

from app.domain.cases import board_errors, errors, policy
from app.domain.cases.board import send
from app.domain.cases.facts import ALARMED, CALLED, SEATS, Alarmed, Called, OfWhistle, Seats
from app.domain.cases.limits import Case, govern, work_again
from app.domain.cases.models import CaseDetail, Whistle, WhistleKind
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import (
    CASES,
    above,
    at_the_top,
    let_follow,
    own_level,
    release,
    reopen_lead,
    tell_reporters,
)
from app.kernel.change import Change, Office
from app.kernel.errors import ReasonWanted, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.loading import Beside
from app.kernel.rules import SYSTEM, Actor, Role
from app.kernel.verbs import Facts

APPROVED = Beside(
    "assignment",
    ("sign", "report_in"),
    "(SELECT w.kind FROM whistle w WHERE w.matter_id = subject.id AND w.decided_at IS NULL)",
)
SOUNDED = Beside("assignment", ("sign", "report_in"), "'emergency'")


@dataclass(frozen=True, slots=True)
class Deciding:
    """Who else was asked to decide: the heads of the seat, but for the actor."""

    asked: tuple[UUID, ...]


DECIDING = Facts(
    """jsonb_build_object('asked', (SELECT coalesce(jsonb_agg(t.person_id), '[]')
         FROM told_of(subject.id, subject.place_id, 'seat') t WHERE t.person_id <> $1))""",
    Deciding,
)


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
    """Propose to whistle: one lead and the co-units (`units` are all of them). The head of the level approves; an emergency is
    whistled at once, and approved afterwards. A call-up (召集哨) goes to partners (domain.md §5, S2).

    Raises:
        WhistleWaits: one waits already. UnitNotHere, UnitTwice, NotAPartner. NotAllowed: a grid worker above the community.
    """
    change = LIFECYCLE.move(case, "propose_whistle", actor, now)
    own_level(case, change)
    if case.detail.proposed is not None:
        raise board_errors.WhistleWaits
    if len(set(units)) != len(units):
        raise board_errors.UnitTwice
    if lead_id not in units or set(facts.units) != set(units):
        raise board_errors.UnitNotHere
    if kind is WhistleKind.CALL_UP and set(facts.partners) != set(units):
        raise board_errors.NotAPartner
    if kind is WhistleKind.EMERGENCY:
        change.emit("case.alarm")
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


@CASES.moves("approve_whistle", facts=DECIDING, beside=APPROVED, read_by_others=("reason",))
def decide_whistle(
    case: Case, actor: Actor, now: datetime, *, facts: Deciding, approved: bool, reason: str | None = None
) -> Change | list[Change]:
    """The head of the level, or one above it, approves, and the whistle is blown: every unit has an assignment of its own, and
    the lead holds the case; or refuses, with a reason. An emergency's was blown already, and is found right or wrong afterwards
    (先吹后批). Whoever was asked as well hears that it is decided.

    Raises:
        NoWhistle: none waits. ReasonWanted: a refusal without one.
    """
    whistle = case.detail.proposed
    blown = whistle is not None and whistle.blown
    change = LIFECYCLE.move(
        case, "confirm_whistle" if blown else "approve_whistle" if approved else "refuse_whistle", actor, now
    )
    if whistle is None:
        raise board_errors.NoWhistle
    ReasonWanted.demand(reason, agreed=approved, why="不同意时请写明原因")
    told = {"decided_by": actor.id, "decided_at": now, "approved": approved, "decision": reason}
    change.note(approved=approved)
    # Where the alarm blew it by itself, whoever reported the emergency had whistled.
    whistler = case.placed_by if whistle.proposed_by == SYSTEM.id else whistle.proposed_by
    others = [person for person in facts.asked if person != whistler]
    if blown:
        topic = "whistle.confirmed" if approved else "whistle.not_confirmed"
        for person in (whistler, *others):
            change.tell(person, topic)
        return change.patch(Whistle, id=whistle.id, **told).tell_office(Office.UNIT, topic)
    change.tell(whistler, "whistle.decided", approved=approved)
    for person in others:
        change.tell(person, "whistle.settled", approved=approved)
    if not approved:
        return change.patch(Whistle, id=whistle.id, **told)
    change.patch(Whistle, id=whistle.id, **told, blown_at=now)
    if whistle.kind is WhistleKind.HARD:
        change.start("meeting")
    return blow(change, case, whistle)


@CASES.moves("alarm", facts=ALARMED, beside=SOUNDED)
def alarm(case: Case, actor: Actor, now: datetime, *, facts: Alarmed) -> list[Change]:
    """An emergency was reported, or an emergency whistle proposed: the units are called at once, by day or night; approval comes
    afterwards. Where nobody was named for what was reported, it stays with the community, whose secretary and street are told."""
    proposed = case.detail.proposed
    if proposed is None and facts.unit_id is None:
        change = LIFECYCLE.move(case, "no_unit", actor, now).tell_role(Role.SECRETARY, "case.nobody_answers")
        return [change.tell_role(Role.DISPATCHER, "case.nobody_answers", level="street")]
    change = LIFECYCLE.move(case, "alarm", actor, now).tell_office(Office.SEAT, "whistle.to_confirm")
    if proposed is not None:
        change.patch(Whistle, id=proposed.id, blown_at=now)
        return blow(change, case, proposed)
    whistle = OfWhistle(
        new_id(), WhistleKind.EMERGENCY, cast("UUID", facts.unit_id), (), actor.id, blown=True, decided=False
    )
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
    )
    return blow(change, case, whistle)


def blow(change: Change, case: Case, whistle: OfWhistle) -> list[Change]:
    """The case goes to the lead, under the whistle's limit, and each unit gets its assignment."""
    limit = policy.WHISTLED_BY[whistle.kind]
    if limit is not None:
        govern(change, case, limit)
    tell_reporters(change.set(unit_id=whistle.lead_id).note(whistle=whistle.kind), case, "case.whistled")
    change.patch(CaseDetail, matter_id=case.id, whistle_id=whistle.id, returns=0)
    units = (whistle.lead_id, *whistle.co_ids)
    return [
        change,
        *(
            send(
                change, case, unit, case_id=case.id, whistle_id=whistle.id, category=whistle.kind.value,
                leads=unit == whistle.lead_id,
            )
            for unit in units
        ),
    ]  # fmt: skip


@CASES.moves("accept_result", facts=SEATS)
def accept_result(case: Case, actor: Actor, now: datetime, *, facts: Seats, deadline_id: UUID | None = None) -> Change:
    """The level that whistled finds the result good: to the call-back. Silence within a working day (`deadline_id`) is
    acceptance, and counts against it (domain.md §5). Raises TransitionRefused: that result came back, and another one waits."""
    change = LIFECYCLE.move(case, "accept_result", actor, now)
    if deadline_id is not None:
        if all(deadline.id != deadline_id for deadline in case.live):
            raise TransitionRefused
        change.note(silent=True)
    let_follow(change, facts.children)
    if facts.lead_id is not None:
        # Nothing is left for it to do, also where it came after the result; one that contests waits for the arbiter.
        change.emit("assignment.complete", assignment_id=str(facts.lead_id))
    return release(change, replace(facts, assignments=facts.beside, lead_id=None))


@CASES.moves("return_result", facts=SEATS, read_by_others=("reason",))
def return_result(case: Case, actor: Actor, now: datetime, *, facts: Seats, reason: str) -> Change:
    """Send a result back to work, with a reason; what it had stopped goes on, and the lead works again. "At most twice, then the
    next level decides" (domain.md §5): with the second return the case's seat moves up, and the third result is judged there,
    where nobody has a stake in it any more. Nobody sends that one back, neither the next level nor the top, which is its own:
    what is decided is that it goes to the call-back, by a word or by silence, or that a supervisor ends the case. Whether it
    is solved then says the reporter, and a "no" begins a new round, with two returns of its own. Raises ReturnedTwice."""
    change = LIFECYCLE.move(case, "return_result", actor, now).note(reason=reason)
    if case.detail.returns >= policy.RETURNS:
        raise errors.ReturnedTwice
    work_again(change, case)
    returns = case.detail.returns + 1
    change.patch(CaseDetail, matter_id=case.id, returns=returns)
    if returns == policy.RETURNS and not at_the_top(case):
        change.set(seat_id=case.detail.seats[above(case)])
    return reopen_lead(change, facts.lead_id).tell_office(Office.UNIT, "case.returned")


VERBS = (
    propose_whistle, decide_whistle, alarm, accept_result, return_result,
)  # fmt: skip
