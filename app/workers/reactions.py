"""Which verb answers which event. A room's sideways effects pass here, and nowhere else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.orders import service as orders
from app.kernel.verbs import Verb
from app.workers.outbox import Reaction

REACTIONS: Mapping[str, tuple[Verb[Any, Any], Reaction]] = {
    "order.lapse": (orders.lapse, lambda _row, payload: {"deadline_id": UUID(payload["deadline_id"])}),
}
