"""Merging cases that are one matter (并案), and its undoing: every reporter keeps their own call-back, and the limit that they
were promised (domain.md §5)."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import errors, policy
from app.domain.cases.facts import case_beside
from app.domain.cases.limits import Case, govern
from app.domain.cases.models import CaseDetail, CaseDuty, CaseState, Duty, Lane
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, tell_reporters
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts


@dataclass(frozen=True, slots=True)
class Merging:
    """The case to merge into as its row is, what the actor is at its seat, and whether that seat reaches the place of the
    one that merges; which cases are merged into the latter itself. `lane`: the one that the parent takes."""

    parent: dict[str, Any] | None
    lane: Lane | None
    offices: tuple[Role, ...]
    reaches: bool
    children: tuple[UUID, ...]


MERGING = Facts(
    """(SELECT jsonb_build_object('parent', to_jsonb(p), 'offices', coalesce(to_jsonb(app_roles(p.seat_id, app_now())), '[]'),
         'lane', (SELECT d.lane FROM case_detail d WHERE d.matter_id = p.id), 'reaches', EXISTS (SELECT 1 FROM place_ancestor a
                             WHERE a.place_id = subject.place_id AND a.ancestor_id = p.seat_id),
         'children', merged_into(subject.id))
          FROM (VALUES (1)) one LEFT JOIN matter p
            ON p.id = ($3::jsonb ->> 'parent_id')::uuid AND p.kind = 'case' AND p.id <> subject.id)""",
    Merging,
)


@CASES.moves("merge", facts=MERGING)
def merge(case: Case, actor: Actor, now: datetime, *, facts: Merging, parent_id: UUID) -> list[Change]:
    """Merge a case into another one that is open and within whose reach it lies. What its reporters were promised runs on – to
    be reached, to be answered, and by when it is solved –, and is only told when it is missed. One that nobody has triaged
    takes the lane of the other one, or that which the catalogue suggests: whoever merges it has looked at it.

    Raises:
        HasMerged: others are merged into it. ParentNotFound. TransitionRefused: also when the other one has a result that is
            being called back, or has ended; and for an emergency before its unit was called, or somebody has looked at it.
    """
    change = LIFECYCLE.move(case, "merge", actor, now)
    if case.detail.emergency and case.state == CaseState.REPORTED:
        raise TransitionRefused("紧急事项刚上报,责任单位还没有接到:由系统吹哨或分流之后才可并案")
    if facts.children:
        raise errors.HasMerged
    if facts.parent is None or not facts.reaches or not facts.offices:
        raise errors.ParentNotFound
    parent = case_beside(facts.parent)
    taken = LIFECYCLE.move(parent, "take_in", replace(actor, seat=frozenset(facts.offices)), now)
    seen: dict[str, Any] = {"merged_into": parent_id}
    if case.state == CaseState.REPORTED:
        lane = facts.lane or case.detail.suggested
        govern(change, case, policy.resolve_at(case.detail.level, lane, same_day=case.detail.by_midnight))
        seen["lane"] = lane.value
    change.patch(CaseDetail, matter_id=case.id, **seen).note(into=str(parent_id))
    return [tell_reporters(change, case, "case.merged"), taken.note(child=str(case.id))]


@CASES.moves("unmerge")
def unmerge(case: Case, actor: Actor, now: datetime) -> Change:
    """Undo a merging, or let go what was merged into a case that ended without a result: it goes on alone, with the time used."""
    change = LIFECYCLE.move(case, "unmerge", actor, now)
    change.patch(CaseDetail, matter_id=case.id, merged_into=None)
    return tell_reporters(change, case, "case.unmerged")


@dataclass(frozen=True, slots=True)
class Following:
    """The result of the case into which this one is merged, who submitted it, and which duty they have in this one."""

    outcome: str | None
    answer: str | None
    evidence: tuple[dict[str, Any], ...]
    handler_id: UUID | None
    duty: str | None


FOLLOWING = Facts(
    """(SELECT jsonb_build_object('outcome', p.outcome, 'answer', p.answer, 'evidence', p.evidence, 'handler_id', p.handler_id,
         'duty', (SELECT h.duty FROM case_duty h WHERE h.matter_id = subject.id AND h.person_id = p.handler_id))
          FROM case_detail c JOIN case_detail p ON p.matter_id = coalesce(c.merged_into, c.matter_id)
         WHERE c.matter_id = subject.id)""",
    Following,
)


@CASES.moves("follow", facts=FOLLOWING)
def follow(case: Case, actor: Actor, now: datetime, *, facts: Following) -> Change:
    """The case into which this one is merged has its result: here too everybody is called back, with the same answer. Whoever
    called here in a round before stays who called."""
    change = LIFECYCLE.move(case, "follow", actor, now)
    told = {"outcome": facts.outcome, "answer": facts.answer, "evidence": list(facts.evidence)}
    handler = facts.handler_id if facts.duty in (None, Duty.HANDLER) else None
    change.patch(CaseDetail, matter_id=case.id, handler_id=handler, **told)
    if facts.handler_id is not None and facts.duty is None:
        about = {"matter_id": case.id, "place_id": case.place_id}
        change.insert(CaseDuty, **about, person_id=facts.handler_id, duty=Duty.HANDLER.value, at=now)
    return tell_reporters(change, case, "case.followed")


VERBS = (merge, unmerge, follow)
