"""The verbs of the exclusions (domain.md §4.6)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.exclusions import errors, policy
from app.domain.exclusions.models import Exclusion, ExclusionReason, ExclusionState
from app.domain.exclusions.repository import (
    CALLBACK,
    DEADLINE,
    EXCLUSION,
    PROPOSED,
    PROPOSING,
    SETTLED,
    Proposed,
    Proposing,
)
from app.kernel.change import Change
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand
from app.kernel.verbs import record


@record(
    "exclusion",
    "propose",
    subject=DEADLINE,
    facts=PROPOSING,
    missing=errors.MissNotFound,
    conflicts={"exclusion_once": errors.AlreadyExcluded},
    read_by_others=("note",),
)
def propose(
    about: Proposing, actor: Actor, now: datetime, *, deadline_id: UUID, reason: ExclusionReason, note: str
) -> Change:
    """Propose that a miss shall not count, for a listed reason; the street decides. Raises NotMissed, AlreadyExcluded."""
    demand(policy.PROPOSE, actor)
    if not about.missed:
        raise errors.NotMissed
    return _proposed(about, actor, now, deadline_id=deadline_id, reason=reason.value, note=note)


@record(
    "exclusion",
    "propose",
    subject=CALLBACK,
    facts=SETTLED,
    missing=errors.CallbackNotSettled,
    conflicts={"exclusion_once_callback": errors.AlreadyExcluded},
    read_by_others=("note",),
)
def propose_callback(
    about: Proposing, actor: Actor, now: datetime, *, callback_id: UUID, reason: ExclusionReason, note: str
) -> Change:
    """Propose that what was said in a call-back shall not count in the three rates (domain.md §5). Raises CallbackNotSettled,
    AlreadyExcluded."""
    demand(policy.PROPOSE_CALLBACK, actor)
    if not about.missed:
        raise errors.CallbackNotSettled
    return _proposed(about, actor, now, callback_id=callback_id, reason=reason.value, note=note)


def _proposed(about: Proposing, actor: Actor, now: datetime, **said: Any) -> Change:
    """Who is asked is who may decide; where nobody may, the administrator hears of it, who can grant somebody a role."""
    exclusion_id = new_id()
    change = Change.record("exclusion", exclusion_id, "propose", actor, now, place_id=about.place_id)
    where = {"id": exclusion_id, "matter_id": about.matter_id, "place_id": about.place_id}
    change.insert(Exclusion, **where, **said, proposed_by=actor.id, proposed_at=now)
    payload = _of_callback(callback="callback_id" in said)
    if not about.reviewers:
        change.tell_role(Role.ADMINISTRATOR, "exclusion.proposed", place_id=about.street_id, nobody=True, **payload)
    for reviewer in about.reviewers:
        change.tell(reviewer, "exclusion.proposed", **payload)
    return change


@record(
    "exclusion",
    "decide",
    subject=EXCLUSION,
    facts=PROPOSED,
    missing=errors.ExclusionNotFound,
    read_by_others=("note",),
)
def decide(found: Proposed, actor: Actor, now: datetime, *, upheld: bool, note: str) -> Change:
    """Decide whether a miss counts. Upheld, reports show it apart; the miss stays as it is.

    Raises:
        ReviewedHigherUp: the actor's role is below the street. AlreadyReviewed.
        OwnReview: they proposed it, or had a part in the matter.
    """
    demand(policy.DECIDE, actor)
    if not found.from_street:
        raise errors.ReviewedHigherUp
    if found.decided_at is not None:
        raise errors.AlreadyReviewed
    if actor.id == found.proposed_by or found.had_part:
        raise errors.OwnReview
    change = Change.record("exclusion", found.id, "decide", actor, now, place_id=found.place_id, version=found.version)
    decided = {"upheld": upheld, "decision": note, "decided_by": actor.id, "decided_at": now}
    return (
        change.patch(Exclusion, id=found.id, version=found.version + 1, **decided)
        .note(state=ExclusionState.of(upheld))
        .tell(
            found.proposed_by,
            "exclusion.upheld" if upheld else "exclusion.refused",
            **_of_callback(callback=found.callback),
        )
    )


def _of_callback(*, callback: bool) -> dict[str, Any]:
    """What a notice says of an exclusion that is no miss of a limit."""
    return {"callback": True} if callback else {}


VERBS = (propose, propose_callback, decide)
