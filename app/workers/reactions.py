"""Which verb answers which event. A room's sideways effects pass here, and nowhere else."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.domain.orders import promises, shifts
from app.domain.orders import service as orders
from app.kernel.verbs import Verb
from app.workers.outbox import Reaction

REACTIONS: Mapping[str, tuple[Verb[Any, Any], Reaction]] = {
    "order.miss_appointment": (
        promises.miss_appointment,
        lambda _row, payload: {"deadline_id": UUID(payload["deadline_id"])},
    ),
    "order.close_unrated": (
        promises.close_unrated,
        lambda _row, payload: {"deadline_id": UUID(payload["deadline_id"])},
    ),
    "order.hand_over": (
        shifts.hand_over,
        lambda _row, payload: {
            "subject_id": UUID(payload["order_id"]),
            "held_by": UUID(payload["held_by"]),
            "to": UUID(payload["to"]),
        },
    ),
    "order.lapse": (orders.lapse, lambda _row, payload: {"deadline_id": UUID(payload["deadline_id"])}),
}
