"""The verbs of micro-wishes (微心愿, domain.md §3): claimed in somebody's name, and open again when the claim runs out."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.orders import errors, policy
from app.domain.orders.dispatching import (
    CLAIMING,
    OWN_CHOICE,
    Taking,
    demand_back,
    demand_welcome,
    first_come,
    own_people,
)
from app.domain.orders.kind_tables import Claimant
from app.domain.orders.matching import demand_fit
from app.domain.orders.models import OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import ACCEPTED, Accepted
from app.domain.orders.resuming import let_go
from app.domain.orders.service import ORDERS, Order
from app.kernel.change import Change
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Actor, Role


@ORDERS.moves("claim_wish", facts=CLAIMING, read_by_others=("name",))
def claim_wish(
    order: Order, actor: Actor, now: datetime, *, facts: Taking, claimed_as: Claimant, name: str | None = None
) -> Change:
    """Promise to fulfil a wish, for oneself, a unit or a group (认领); of many at once, exactly one wins. The claim runs out
    when nobody begins in time.

    Raises:
        NotForThisService: no wish. OwnOrder. VolunteerNotQualified: whoever claims serves, in whosever name.
    """
    change = first_come(order, "claim_wish", actor, now)
    if not policy.suits("claim_wish", order.detail.form):
        raise errors.NotForThisService
    if facts.represents or actor.id in own_people(order):
        raise errors.OwnOrder
    demand_welcome(facts)
    demand_back(facts)
    demand_fit([facts.candidate] if facts.candidate else [], but_for=OWN_CHOICE)
    return (
        change.set(assignee_id=actor.id)
        .patch(OrderDetail, matter_id=order.id, claimed_as=claimed_as.value, claimed_name=name)
        .tell_served("order.wish_claimed")
        .note(claimed_as=claimed_as.value)
    )


@ORDERS.moves("expire_claim", facts=ACCEPTED)
def expire_claim(order: Order, actor: Actor, now: datetime, *, facts: Accepted, deadline_id: UUID) -> Change:
    """Nobody began within the limit: the wish is open to all again, and what the claim had stopped goes on."""
    change = LIFECYCLE.move(order, "expire_claim", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    let_go(change, order, facts, now)
    return (
        change.tell(order.assignee_id, "order.claim_expired")
        .tell_served("order.wish_open_again")
        .tell_role(Role.DISPATCHER, "order.wish_open_again")
    )


_ONLY_WORKS = text("""
SELECT NOT app_holds('{volunteer}') AND EXISTS (
         SELECT 1 FROM unit_member m JOIN unit u ON u.id = m.unit_id
          WHERE m.person_id = app_actor() AND m.live AND u.closed_at IS NULL)""")


async def only_works_in_a_unit(connection: AsyncConnection) -> bool:
    """Whether the reader works in a unit and volunteers nowhere: a unit claims by its volunteers."""
    return bool((await connection.execute(_ONLY_WORKS)).scalar_one())


VERBS = (claim_wish, expire_claim)
