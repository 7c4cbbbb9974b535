"""What is answered about an order to somebody who was asked to take it, or had it: that it is theirs no more, instead of that
there is none. Only what they were told themselves is looked at, after the no was sure; who has it now is not said."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.notifications.repository import was_told
from app.domain.orders.errors import OrderNotFound, OrderPassedOn
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import sees, was_let_go

ASKED = (
    "order.offered", "order.offered_to_team", "order.assigned", "order.taken", "order.taken_back", "order.offer_taken_back",
    "order.claim_expired", "order.rated", "order.offer_lapsed", "order.taken_by_member", "order.team_lost",
    "order.team_cancelled", "order.wanted_again",
)  # fmt: skip
"""What is told only to whoever an order is offered to, who serves it, or leads who does."""


async def passed_on(
    missing: OrderNotFound, order_id: UUID, reading: Callable[[], AbstractAsyncContextManager[AsyncConnection]]
) -> OrderNotFound | OrderPassedOn:
    """The same refusal, or that the order has gone on to others. `reading`: a transaction of its own, as the one that found
    nothing has ended."""
    async with reading() as connection:
        gone = not await sees(connection, order_id) and (
            await was_told(connection, LIFECYCLE.kind, order_id, ASKED) or await was_let_go(connection, order_id)
        )
    return OrderPassedOn() if gone else missing
