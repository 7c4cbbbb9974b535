"""Leaving hands over what was live: whoever stops serving gives back the orders that they hold (domain.md §3, release)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.kernel.change import Change
from app.kernel.rules import Role


class WhyLeft(StrEnum):
    """What ends, when somebody stops serving: the role, the membership, the whole team, the lead of it; or they go away for a
    while."""

    ROLE = "role"
    TEAM = "team"
    DISBANDED = "disbanded"
    AWAY = "away"
    LEAD = "lead"


@dataclass(frozen=True, slots=True)
class HeldOrder:
    """An order that somebody holds and has not delivered, as `held_orders` gives it, at this version."""

    id: UUID
    state: str
    place_id: UUID
    person_id: UUID
    version: int


@dataclass(frozen=True, slots=True)
class LedTeam:
    """A team that loses its lead, as `led_teams` gives it."""

    id: UUID
    place_id: UUID


def hand_back(change: Change, held: Sequence[HeldOrder], because: WhyLeft) -> Change:
    """An event for each order that has not begun, which the worker answers by giving it back to the community; of one that
    is being served the dispatcher of its place is told, and nothing else happens."""
    for order in held:
        if order.state == "in_service":
            change.tell_role(
                Role.DISPATCHER,
                "order.server_leaves",
                place_id=order.place_id,
                order_id=order.id,
                person_id=order.person_id,
                because=because,
            )
        else:
            change.emit(
                "order.hand_back",
                order_id=order.id,
                person_id=order.person_id,
                version=order.version,
                because=because,
            )
    return change.note(orders=[order.id for order in held]) if held else change
