"""What is answered about an order that its reader does not see. To somebody who was asked to take it, or had it: that it is
theirs no more, instead of that there is none; only what they were told themselves is looked at, after the no was sure, and who
has it now is not said. To a station what it sees at all."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.notifications.repository import was_told
from app.domain.orders.errors import OrderNotFound, OrderPassedOn
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import sees, was_let_go, works_at_station

ASKED = (
    "order.offered", "order.offered_to_team", "order.assigned", "order.taken", "order.taken_back", "order.offer_taken_back",
    "order.claim_expired", "order.rated", "order.offer_lapsed", "order.taken_by_member", "order.team_lost",
    "order.team_cancelled", "order.wanted_again",
)  # fmt: skip
"""What is told only to whoever an order is offered to, who serves it, or leads who does."""


async def passed_on(
    missing: OrderNotFound, order_id: UUID, reading: Callable[[], AbstractAsyncContextManager[AsyncConnection]]
) -> OrderNotFound | OrderPassedOn:
    """The same refusal, or that the order has gone on to others, or what a station sees. `reading`: a transaction of its own, as
    the one that found nothing has ended."""
    async with reading() as connection:
        if await sees(connection, order_id):
            return missing
        if await was_told(connection, LIFECYCLE.kind, order_id, ASKED) or await was_let_go(connection, order_id):
            return OrderPassedOn()
        return OrderNotFound.at_station() if await works_at_station(connection) else missing
