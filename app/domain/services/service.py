"""The verbs of the services."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from app.domain.places.errors import PlaceNotFound
from app.domain.places.subject import PLACE
from app.domain.services import errors, policy
from app.domain.services.models import Evidence, Form, Service
from app.domain.services.repository import OFFERED, PUBLISHING, SERVICE, Offered, Publishing
from app.domain.teams.errors import UnknownSkill
from app.domain.teams.skills import unknown
from app.kernel.change import Change
from app.kernel.errors import FieldFault, NotAllowed
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, demand_lead
from app.kernel.verbs import record


@record(
    "service",
    "publish",
    subject=PLACE,
    facts=PUBLISHING,
    missing=PlaceNotFound,
    conflicts={"service_one_of_a_name": errors.NameTaken},
    read_by_others=("name", "description"),
)
def publish(
    seen: Publishing,
    actor: Actor,
    now: datetime,
    *,
    place_id: UUID,
    name: str,
    description: str,
    category: str = "",
    skill: str = "",
    form: Form = Form.VISIT,
    evidence: Sequence[Evidence] = (),
    team_id: UUID | None = None,
    own_code: bool = False,
) -> Change:
    """Publish a service at a place, to be ordered in its whole subtree (亮单). `category` chooses among the limits, `skill`
    is what whoever serves must have (`own_code`: by a new code of the place), `evidence` what they show at delivery beside the
    words. A team's lead may publish what it can do, where it serves.

    A name that a place above offers is refused, and not only warned of: residents would see it twice in their list, with nothing
    to choose by, and the orders of one service would be counted as two. A place may publish what some place below it has of its
    own: one community does not stand in the way of a whole street, and withdraws its own when it likes.

    Raises:
        NotAllowed, UnknownSkill, NameTaken, OfferedAbove, TeamNotServing, TeamNotSkilled.
    """
    demand_lead(seen.lead_id, policy.PUBLISH, actor)
    if skill and not own_code and unknown((skill,), seen.here):
        raise UnknownSkill.at({"/body/skill": skill}, brings=True)
    if seen.above is not None:
        raise errors.OfferedAbove(f"『{seen.above}』已提供这项服务")
    if team_id is not None and seen.lead_id is None:
        raise errors.TeamNotServing
    if team_id is not None and skill and not seen.skilled:
        raise errors.TeamNotSkilled
    service_id = new_id()
    return Change.record("service", service_id, "publish", actor, now, place_id=place_id).insert(
        Service,
        id=service_id,
        place_id=place_id,
        category=category,
        name=name,
        description=description,
        skill=skill,
        form=form,
        evidence=list(dict.fromkeys(evidence)),
        team_id=team_id,
        published_by=actor.id,
        created_at=now,
    )


@record("service", "pause", subject=SERVICE, facts=OFFERED, missing=errors.ServiceNotFound)
def pause(service: Offered, actor: Actor, now: datetime, *, until_at: datetime | None = None) -> Change:
    """Nobody orders it for a while: until a moment, or until it is resumed. Orders that were placed go on, and the
    dispatcher is told how many they are. Raises NotAllowed, ServiceWithdrawn, ServicePaused, PauseTooEarly."""
    _may_change(service, actor)
    if service.paused(now):
        raise errors.ServicePaused
    if until_at is not None and until_at <= now:
        raise errors.PauseTooEarly(fields=(FieldFault("/body/until_at", "past", "暂停到何时须在将来"),))
    return _changed(service, "pause", actor, now, paused_at=now, paused_until=until_at).tell_role(
        Role.DISPATCHER, "service.paused", orders=service.orders
    )


@record("service", "resume", subject=SERVICE, facts=OFFERED, missing=errors.ServiceNotFound)
def resume(service: Offered, actor: Actor, now: datetime) -> Change:
    """It can be ordered again. Raises NotAllowed, ServiceWithdrawn, ServiceNotPaused."""
    _may_change(service, actor)
    if not service.paused(now):
        raise errors.ServiceNotPaused
    return _changed(service, "resume", actor, now, paused_at=None, paused_until=None)


@record("service", "withdraw", subject=SERVICE, facts=OFFERED, missing=errors.ServiceNotFound)
def withdraw(service: Offered, actor: Actor, now: datetime) -> Change:
    """Nobody orders it any more. Orders that were placed go on, and the dispatcher is told how many they are. Raises
    NotAllowed, ServiceWithdrawn."""
    _may_change(service, actor)
    return _changed(service, "withdraw", actor, now, withdrawn_at=now).tell_role(
        Role.DISPATCHER, "service.withdrawn", orders=service.orders
    )


def _may_change(service: Offered, actor: Actor) -> None:
    """Raises NotAllowed, ServiceWithdrawn."""
    try:
        demand_lead(service.lead_id, policy.PUBLISH, actor)
    except NotAllowed as refused:
        if service.lead_id is not None:
            raise
        raise NotAllowed(f"这项服务由『{service.place_name}』提供,由那里及上级的书记、管理员办理") from refused
    if service.withdrawn:
        raise errors.ServiceWithdrawn


def _changed(service: Offered, action: str, actor: Actor, now: datetime, **values: datetime | None) -> Change:
    change = Change.record(
        "service", service.id, action, actor, now, place_id=service.place_id, version=service.version
    )
    return change.patch(Service, id=service.id, version=service.version + 1, **values)


VERBS = (publish, pause, resume, withdraw)
