"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`). Here: starting
and delivering; `placing.py` makes an order, `dispatching.py` brings it to somebody, `promises.py` keeps its limits, `outcomes.py`
ends it."""

from datetime import datetime, timedelta

from app.domain.orders import errors, policy
from app.domain.orders.facts import STARTING, Starting
from app.domain.orders.models import OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.record_models import ServiceRecord
from app.domain.orders.records import SERVED, Served
from app.domain.orders.repository import DETAIL, Detail
from app.kernel.change import Change
from app.kernel.matter import Matter
from app.kernel.rules import Actor
from app.kernel.verbs import Room

Order = Matter[Detail]

ORDERS = Room(LIFECYCLE, detail=DETAIL, missing=errors.OrderNotFound)


@ORDERS.moves("start", facts=STARTING)
def start(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Starting,
    code_fits: bool = False,
    card: bytes | None = None,
    unverified: bool = False,
) -> Change:
    """Begin to serve, shown the resident's start code or household card. A wrong one is counted, five close the door for ten
    minutes. Without either it is unverified, and takes that the staff reached the resident since the order was accepted.

    Raises:
        StartCodeWrong: counted. StartCodeLocked: too many within ten minutes. NotReached: nobody of the staff called.
    """
    change = LIFECYCLE.move(order, "start", actor, now)
    seen = order.detail
    if unverified and not facts.reached:
        raise errors.NotReached
    if not unverified and policy.code_is_locked(seen.wrong_codes, seen.wrong_codes_since, now):
        raise errors.StartCodeLocked
    if unverified or code_fits or facts.card_fits:
        if unverified != seen.unverified:
            change.patch(OrderDetail, matter_id=order.id, unverified=unverified)
        if unverified:
            change.note(unverified=True)
        return change.tell(order.requester_id, "order.started")
    first = seen.wrong_codes_since is None or now >= seen.wrong_codes_since + policy.WRONG_CODE_WINDOW
    return (
        LIFECYCLE.move(order, "wrong_code", actor, now)
        .patch(
            OrderDetail,
            matter_id=order.id,
            wrong_codes=1 if first else seen.wrong_codes + 1,
            wrong_codes_since=now if first else seen.wrong_codes_since,
        )
        .refuse(errors.StartCodeWrong())
    )


@ORDERS.moves("deliver", facts=SERVED, read_by_others=("outcome",))
def deliver(order: Order, actor: Actor, now: datetime, *, facts: Served, outcome: str) -> Change:
    """Say that it is done, and what was done; the time since the start goes into the record of hours."""
    return (
        LIFECYCLE.move(order, "deliver", actor, now)
        .patch(OrderDetail, matter_id=order.id, outcome=outcome)
        .insert(
            ServiceRecord,
            matter_id=order.id,
            round=order.round,
            place_id=order.place_id,
            person_id=actor.id,
            started_at=facts.started_at,
            ended_at=now,
            minutes=(now - facts.started_at) // timedelta(minutes=1),
        )
        .tell(order.requester_id, "order.delivered")
    )


VERBS = (start, deliver)
