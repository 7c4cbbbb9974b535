"""The verbs of orders: snapshot → Change. Each is pure; the door loads, locks and writes (`kernel/command.py`). Here: starting
and delivering; `placing.py` makes an order, `dispatching.py` brings it to somebody, `promises.py` keeps its limits, `outcomes.py`
ends it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.orders import errand_errors, errors, policy
from app.domain.orders.evidence import SERVED, Served, faults, missing
from app.domain.orders.facts import STARTING, Starting
from app.domain.orders.kind_facts import keepers
from app.domain.orders.models import Appointment, OrderDetail
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.record_models import OrderEvidence, ServiceRecord
from app.domain.orders.repository import DETAIL, Detail
from app.domain.orders.resuming import end_authority
from app.domain.services.models import Form
from app.domain.teams.fitness import Unfit, unfit
from app.kernel.change import Change
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
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
    fits_after: Collection[int] = (),
    card: bytes | None = None,
    unverified: bool = False,
) -> Change:
    """Begin to serve, shown the resident's start code or household card. `fits_after`: the code that was given is that of the
    start after so many others. A wrong one is counted, five close the door for ten
    minutes. Without either it is unverified, and takes that the staff reached the resident since the order was accepted.

    Raises:
        StartCodeWrong: counted. StartCodeLocked: too many within ten minutes. NotReached: nobody of the staff called.
        ErrandStartsWithPapers. VolunteerNotQualified: they have not the skill, or not any more; a lead sends a member.
    """
    change = LIFECYCLE.move(order, "start", actor, now)
    demand_skill(facts)
    if not policy.suits("start", order.detail.form):
        raise errand_errors.ErrandStartsWithPapers
    if not opens(order, now, code_fits=facts.shown(fits_after), reached=facts.reached if unverified else None):
        return wrong_code(order, actor, now)
    return begun(change, order, now, unverified=unverified).tell_served("order.started")


def opens(order: Order, now: datetime, *, code_fits: bool, reached: bool | None) -> bool:
    """Whether the door opens: to the right code or card; or, where neither is shown, when the staff `reached` the resident (None:
    one is shown). Raises NotReached, StartCodeLocked."""
    if reached is None:
        return code_is_right(order, now, code_fits=code_fits)
    if not reached:
        raise errors.NotReached
    return True


def begun(change: Change, order: Order, now: datetime, *, unverified: bool) -> Change:
    """It says whether it began without code and card. Who is there already need not be asked when to come."""
    if unverified != order.detail.unverified:
        change.patch(OrderDetail, matter_id=order.id, unverified=unverified)
    if unverified:
        change.note(unverified=True)
    if order.detail.proposed is not None:
        change.patch(Appointment, id=order.detail.proposed.id, ended_at=now)
    return change


def demand_skill(facts: Starting) -> None:
    """That whoever begins has the skill, however it begins: a lead without it took the order to send a member, and a licence may
    have been withdrawn since. Raises VolunteerNotQualified."""
    if facts.candidate is not None and Unfit.NOT_SKILLED in unfit(facts.candidate):
        instead = "指派有这项技能的队员(assignMember)" if facts.of_team else "退回订单(releaseOrder)"
        raise errors.VolunteerNotQualified(f"{Unfit.NOT_SKILLED.label},请先{instead}")


def code_is_right(order: Order, now: datetime, *, code_fits: bool) -> bool:
    """Whether the code that the resident's phone shows was given. Raises StartCodeLocked: not looked at for now."""
    if policy.code_is_locked(order.detail.wrong_codes, order.detail.wrong_codes_since, now):
        raise errors.StartCodeLocked
    return code_fits


def wrong_code(
    order: Order,
    actor: Actor,
    now: datetime,
    action: str = "wrong_code",
    refusal: type[Refusal] = errors.StartCodeWrong,
) -> Change:
    """A wrong code is counted, and then refused."""
    seen = order.detail
    first = seen.wrong_codes_since is None or now >= seen.wrong_codes_since + policy.WRONG_CODE_WINDOW
    return (
        LIFECYCLE.move(order, action, actor, now)
        .patch(
            OrderDetail,
            matter_id=order.id,
            wrong_codes=1 if first else seen.wrong_codes + 1,
            wrong_codes_since=now if first else seen.wrong_codes_since,
        )
        .refuse(refusal())
    )


@ORDERS.moves("deliver", facts=SERVED, read_by_others=("outcome", "evidence/text"))
def deliver(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Served,
    outcome: str,
    evidence: Sequence[Mapping[str, Any]] = (),
) -> Change:
    """Say that it is done, what was done, and show what the service wants to be shown (`evidence`: kind, text, sha256, taken_at);
    the time since the start goes into the record of hours. What the resident had allowed for it ends: a further round takes a new
    authority.

    Raises:
        PapersOut: an errand's papers come back first. NoAuthority: it was withdrawn; without one nothing is done in their
            name, so it goes on under a new one, or is broken off. What was done under one that has run out since is told.
        EvidenceMissing: names what is wanted and was not given. EvidenceInvalid.
    """
    change = LIFECYCLE.move(order, "deliver", actor, now).note(outcome=outcome)
    withdrawn = order.detail.form is Form.ERRAND and order.detail.authority is None
    if have := keepers(order.detail.receipts):
        raise errand_errors.PapersOut.told(own=actor.id in have, former=have != {actor.id}, withdrawn=withdrawn)
    if withdrawn:
        raise errand_errors.NoAuthority(errand_errors.WITHDRAWN)
    if found := faults(evidence, facts.accepted_at, now):
        raise errors.EvidenceInvalid(fields=found)
    if found := missing(facts.wanted, evidence):
        raise errors.EvidenceMissing(fields=found)
    about = {"matter_id": order.id, "place_id": order.place_id, "round": order.round}
    for one in evidence:
        change.insert(OrderEvidence, id=new_id(), **about, **one, given_by=actor.id, given_at=now)
    end_authority(change, order, now)
    return (
        change.patch(OrderDetail, matter_id=order.id, outcome=outcome)
        .insert(
            ServiceRecord,
            **about,
            person_id=actor.id,
            started_at=facts.started_at,
            ended_at=now,
            minutes=(now - facts.started_at) // timedelta(minutes=1),
        )
        .tell_served("order.delivered")
    )


VERBS = (start, deliver)
