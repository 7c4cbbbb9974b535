"""The verbs of the services."""

from datetime import datetime
from uuid import UUID

from app.domain.places.errors import PlaceNotFound
from app.domain.services import policy
from app.domain.services.models import Service
from app.domain.services.repository import PLACE
from app.kernel.change import Change
from app.kernel.ids import new_id
from app.kernel.rules import Actor, demand
from app.kernel.verbs import record


@record("service", "publish", subject=PLACE, missing=PlaceNotFound, read_by_others=("name", "description"))
def publish(
    _: None, actor: Actor, now: datetime, *, place_id: UUID, name: str, description: str, category: str = ""
) -> Change:
    """Publish a service at a place, to be ordered in its whole subtree (亮单); `category` chooses among the limits."""
    demand(policy.PUBLISH, actor)
    service_id = new_id()
    return Change.record("service", service_id, "publish", actor, now, place_id=place_id).insert(
        Service,
        id=service_id,
        place_id=place_id,
        category=category,
        name=name,
        description=description,
        published_by=actor.id,
        created_at=now,
    )


VERBS = (publish,)
