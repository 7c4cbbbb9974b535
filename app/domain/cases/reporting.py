"""The verbs by which a case begins: reported by a resident, a representative, whoever works there, the station for a caller; or
reported and solved at once (民情上报, domain.md §5). Each is pure, as in `service.py`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.cases import errors, policy
from app.domain.cases.facts import CALLER, REPORTING, REPRESENTED, SELF, Reporting
from app.domain.cases.models import CaseDetail, CaseReporter, Duty, Lane, ReportedAs
from app.domain.cases.policy import LIFECYCLE
from app.domain.cases.service import CASES, demand_evidence, hand
from app.kernel.change import Change
from app.kernel.errors import FieldFault, NotAllowed
from app.kernel.ids import new_id
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Role

NOT_HERE = "只能上报自己居住或任职的社区里的事:居民先用 joinPlace 选定社区;别处的事,由那里的居民或网格员上报"
"""What somebody hears who reports a trouble of a place where they neither live nor work."""


@CASES.creates("report", subject=SELF, facts=REPORTING, read_by_others=("words", "spot"))
def report(
    seen: Reporting,
    actor: Actor,
    now: datetime,
    *,
    category: str,
    words: str,
    spot: str | None = None,
    place_id: UUID | None = None,
    patrol: bool = False,
) -> Change:
    """Report a trouble where one lives or works (民情上报). An emergency goes at once to the responsible unit, the secretary and
    the street's duty. Raises CategoryNotFound, PlaceNotBelowCommunity."""
    change = _reported(seen, "report", actor.id, actor, now)
    _describe(change, seen, words, spot, _capacity(actor, patrol=patrol))
    return change


@CASES.creates(
    "report", subject=REPRESENTED, facts=REPORTING, missing=errors.NotRepresented, read_by_others=("words", "spot")
)
def report_for(
    seen: Reporting,
    actor: Actor,
    now: datetime,
    *,
    beneficiary_id: UUID,
    category: str,
    words: str,
    spot: str | None = None,
    place_id: UUID | None = None,
) -> Change:
    """Report for somebody whose consent is recorded, who is told. Raises NotRepresented, and as `report`."""
    change = _reported(seen, "report", actor.id, actor, now)
    _describe(change, seen, words, spot, ReportedAs.REPRESENTATIVE)
    return change.tell(seen.person_id, "case.reported_by_representative")


@CASES.creates(
    "report_for_caller",
    subject=CALLER,
    facts=REPORTING,
    missing=errors.ReporterNotFound,
    read_by_others=("words", "spot"),
)
def report_for_caller(
    seen: Reporting,
    actor: Actor,
    now: datetime,
    *,
    category: str,
    words: str,
    spot: str | None = None,
    place_id: UUID | None = None,
    person_id: UUID | None = None,
    caller_index: bytes | None = None,
) -> Change:
    """Report for a resident who calls or walks in; the case is the caller's own. Raises NotAllowed, ReporterNotFound, and as
    `report`."""
    if not policy.station.roles & actor.roles:
        raise NotAllowed("由站点和社区的工作人员办理;为本人、为请您代下单的人反映问题,用 reportCase")
    change = _reported(seen, "report_for_caller", seen.person_id, actor, now)
    _describe(change, seen, words, spot, ReportedAs.STATION)
    return change.tell(seen.person_id, "case.reported_for_you")


@CASES.creates("solve_on_the_spot", subject=SELF, facts=REPORTING, read_by_others=("words", "spot", "outcome"))
def solve_on_the_spot(
    seen: Reporting,
    actor: Actor,
    now: datetime,
    *,
    category: str,
    words: str,
    outcome: str,
    evidence: Sequence[dict[str, Any]],
    spot: str | None = None,
    place_id: UUID | None = None,
) -> Change:
    """A grid worker reports and solves a small matter in one call, with evidence: straight to the call-back. An emergency goes at
    report to the responsible unit, the secretary and the street's duty, by day or night (domain.md §5); that one of them has
    acted already is for the unit to find, and not for one person to say.

    Raises:
        EmergencyOnTheSpot: to be reported. EvidenceMissing; and as `report`.
    """
    change = _reported(seen, "solve_on_the_spot", actor.id, actor, now)
    if seen.emergency:
        raise errors.EmergencyOnTheSpot
    demand_evidence(seen.evidence, evidence)
    _describe(
        change, seen, words, spot, ReportedAs.GRID_WORKER,
        lane=Lane.SMALL.value, outcome=outcome, evidence=list(evidence), handler_id=actor.id,
    )  # fmt: skip
    return hand(change, Duty.HANDLER, None)


def _reported(seen: Reporting, action: str, requester_id: UUID, actor: Actor, now: datetime) -> Change:
    if seen.place_id is None:
        why = "您没有登记居住的社区:居民请先用 joinPlace 选定,工作人员请填写在哪个小区、网格或社区"
        at = FieldFault("/body/place_id", "missing", why)
        raise errors.PlaceNotBelowCommunity(fields=(at,))
    if seen.community_id is None:
        raise errors.PlaceNotBelowCommunity
    if seen.category_id is None:
        raise errors.CategoryNotFound
    case: Matter[Any] = Matter(
        id=new_id(),
        kind=LIFECYCLE.kind,
        place_id=seen.place_id,
        state="",
        version=0,
        round=1,
        requester_id=requester_id,
        beneficiary_id=seen.person_id,
        placed_by=actor.id,
        assignee_id=None,
        seat_id=seen.community_id,
        holder_id=None,
        open_pool=False,
        created_at=now,
        category=seen.category,
        detail=None,
    )
    if action == "report" and not any(rule.allows(case, actor) for rule in LIFECYCLE[action].by):
        raise NotAllowed(NOT_HERE)
    return LIFECYCLE.create(case, action, actor, now)


def _describe(
    change: Change, seen: Reporting, words: str, spot: str | None, reported_as: ReportedAs, **more: Any
) -> None:
    about = {"matter_id": change.id, "place_id": change.place_id}
    if reported_as in _FROM_HOME:
        change.besides(seen.doubles)
    change.insert(
        CaseDetail,
        **about,
        community_id=seen.community_id,
        category_id=seen.category_id,
        words=words,
        spot=spot,
        reported_as=reported_as.value,
        emergency=seen.emergency,
        **more,
    ).insert(CaseReporter, **about, id=new_id(), person_id=change.matter.requester_id, joined_at=change.at)  # type: ignore[union-attr]
    if seen.emergency:
        # First of all the reporter hears whom to call; the grid workers are near and come to help.
        change.tell(change.matter.requester_id, "case.call_first").emit("case.alarm")  # type: ignore[union-attr]
    if change.action != "solve_on_the_spot":
        for role, level in policy.told_as_new(emergency=seen.emergency):
            urgent = "case.emergency_near" if role is Role.GRID_WORKER else "case.emergency"
            change.tell_role(role, urgent if seen.emergency else "case.reported", level=level)


_CAPACITIES = {
    Role.GRID_WORKER: ReportedAs.GRID_WORKER,
    Role.BRANCH_SECRETARY: ReportedAs.BRANCH_SECRETARY,
    Role.INFORMATION_OFFICER: ReportedAs.INFORMATION_OFFICER,
}


_FROM_HOME = (ReportedAs.RESIDENT, ReportedAs.REPRESENTATIVE, ReportedAs.STATION)
"""Who may have reported the same twice; officers on their rounds report many alike."""


def _capacity(actor: Actor, *, patrol: bool) -> ReportedAs:
    if patrol and actor.roles & {Role.GRID_WORKER, Role.BRANCH_SECRETARY}:
        return ReportedAs.PATROL
    return next((capacity for role, capacity in _CAPACITIES.items() if role in actor.roles), ReportedAs.RESIDENT)


VERBS = (report, report_for, report_for_caller, solve_on_the_spot)
