"""The verbs of the policies."""

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from app.domain.deadlines import errors, policy
from app.domain.deadlines.models import Limits, label_of
from app.domain.deadlines.repository import PUBLISHING, Publishing, Terms
from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.kernel.change import Change
from app.kernel.deadline_tables import DeadlinePolicy, PolicyEffect, Primitive
from app.kernel.errors import FieldFault, NothingChanged
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import record


def demand_sound(
    seen: Publishing, actor: Actor, matter_kind: str, deadline_kind: str, limits: Limits, category: str
) -> None:
    """What publishing and drafting ask alike: also that the category is one that a matter there may have, since limits for a
    slip of the pen would never hold. Raises NotAllowed, UnknownDeadline, PolicyInvalid."""
    demand(policy.PUBLISH, actor)
    if not seen.known:
        known = "、".join(f"{kind} {label_of(kind)}" for kind in seen.kinds)
        fault = FieldFault("/body/deadline_kind", errors.UnknownDeadline.code, f"没有这种时限,可以填:{known}")
        raise errors.UnknownDeadline(fields=(fault,))
    carried = frozenset((event.percent, event.target) for event in seen.events)
    faults = policy.faults_of(matter_kind, deadline_kind, limits, carried)
    if category and category not in seen.categories:
        known = "、".join(sorted(seen.categories))
        faults = (FieldFault("/body/category", "category-unknown", f"这里没有这个类别,已有的是:{known}"), *faults)
    if faults:
        raise errors.PolicyInvalid(fields=faults)


@record("deadline_policy", "publish", subject=PLACE, facts=PUBLISHING, missing=PlaceNotFound)
def publish(
    seen: Publishing,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    matter_kind: str,
    deadline_kind: str,
    limits: Limits,
    category: str = "",
    estate_type: str = "",
) -> Change:
    """Publish the limits of one kind of deadline at a place and below it, for all services or one category, and for all estates
    or one type; they act on deadlines that start from now on.

    Events that the room itself needs (an offer lapses at 100 %) are carried over from the standard policy, said or not.

    Raises:
        UnknownDeadline: no room starts such a deadline. PolicyInvalid: with the field of each fault. NothingChanged: it is in
            force there as it is.
    """
    demand_sound(seen, actor, matter_kind, deadline_kind, limits, category)
    policy_id = new_id()
    effects = {(mark.percent, effect.primitive, effect.target) for mark in limits.marks for effect in mark.effects}
    effects |= {(event.percent, Primitive.EVENT, event.target) for event in seen.events}
    percents = sorted({mark.percent for mark in limits.marks} | {event.percent for event in seen.events})
    terms = Terms(
        calendar=limits.calendar.value,
        budget_seconds=limits.budget_seconds,
        budget_days=limits.budget_days,
        pause_limit_seconds=limits.pause_limit_seconds,
        pause_total_percent=limits.pause_total_percent,
        later_round_percent=limits.later_round_percent,
        percents=tuple(percents),
        effects=frozenset(effects),
    )
    if terms == seen.newest:
        raise NothingChanged.since(seen.version)
    record_of = Change.record(
        "deadline_policy", policy_id, "publish", actor, now, place_id=place_id, version=seen.version
    )
    change = record_of.insert(
        DeadlinePolicy,
        id=policy_id,
        place_id=place_id,
        matter_kind=matter_kind,
        deadline_kind=deadline_kind,
        category=category,
        estate_type=estate_type,
        version=seen.version + 1,
        published_by=actor.id,
        published_at=now,
        **{name: value for name, value in asdict(terms).items() if name != "effects"} | {"percents": percents},
    )
    for percent, primitive, target in sorted(effects):
        change.insert(PolicyEffect, policy_id=policy_id, percent=percent, primitive=primitive, target=target)
    return change


VERBS = (publish,)
