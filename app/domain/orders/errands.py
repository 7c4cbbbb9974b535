"""The verbs of errands (帮办代办, domain.md §3): the resident says what may be done in their name, papers go out against a
receipt and come back against one. Each is pure, as in `service.py`."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.deadlines.spoken import dated
from app.domain.orders import errand_errors, errors, policy
from app.domain.orders.facts import RETURNING, STARTING, Returning, Starting
from app.domain.orders.kind_facts import Listed, papers_out, returns
from app.domain.orders.kind_tables import OrderAuthority, OrderPapers
from app.domain.orders.passing_on import is_passed_on, tell_caller
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.resuming import end_authority
from app.domain.orders.service import ORDERS, Order, begun, code_is_right, demand_skill, opens, wrong_code
from app.kernel.change import Change
from app.kernel.errors import FieldFault
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role, Via
from app.kernel.time import a_year_on


@ORDERS.moves("record_authority", read_by_others=("text",))
def record_authority(
    order: Order, actor: Actor, now: datetime, *, text: str, until_at: datetime, channel: str | None = None
) -> Change:
    """Say what whoever serves the errand may do in one's name, and until when (授权). A new one takes the place of an older one.
    What a caller says, the staff pass on, with the `channel` by which it was said.

    Raises:
        NotForThisService: no errand. AuthorityOver: not in the future. AuthorityTooLong: later than this day next year.
        AuthorityChannel: missing where it is passed on, or given where it is not.
    """
    change = LIFECYCLE.move(order, "record_authority", actor, now)
    _demand_errand("record_authority", order)
    if not now < until_at <= a_year_on(now):
        why = errand_errors.AuthorityTooLong if now < until_at else errand_errors.AuthorityOver
        window = f"须在现在之后,最晚{dated(a_year_on(now))}"
        raise why(window, fields=(FieldFault("/body/until_at", why.code, window),))
    if is_passed_on(change) != (channel is not None):
        raise errand_errors.AuthorityChannel.at(passed_on=is_passed_on(change))
    if channel is not None:
        change.note(channel=channel)
    end_authority(change, order, now)
    change.insert(
        OrderAuthority,
        id=new_id(),
        matter_id=order.id,
        place_id=order.place_id,
        agent_id=order.assignee_id,
        text=text,
        until_at=until_at,
        given_by=actor.id,
        given_at=now,
        channel=channel,
    )
    return _tell(change, order, "order.authority_recorded")


@ORDERS.moves("withdraw_authority")
def withdraw_authority(order: Order, actor: Actor, now: datetime) -> Change:
    """Take back what was allowed. Papers that are out still come back. Raises NotForThisService, or
    NoAuthority: none is in force."""
    change = LIFECYCLE.move(order, "withdraw_authority", actor, now)
    _demand_errand("withdraw_authority", order)
    if order.detail.authority is None:
        raise errand_errors.NoAuthority("现在没有可以收回的授权")
    end_authority(change, order, now)
    return _tell(change, order, "order.authority_withdrawn")


def _tell(change: Change, order: Order, topic: str) -> Change:
    """Whoever serves, and of requester and beneficiary the one who did not do it."""
    change.tell(order.assignee_id, topic)
    if is_passed_on(change):
        return tell_caller(change)
    for whose in {order.requester_id, order.beneficiary_id} - {change.actor.id}:
        change.tell(whose, topic, beside=True)
    return change


@ORDERS.moves("hand_over_papers", facts=STARTING, read_by_others=("papers/note",))
def hand_over_papers(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Starting,
    papers: Sequence[Mapping[str, Any]],
    fits_after: Collection[int] = (),
    card: bytes | None = None,  # noqa: ARG001 - the facts look at it
    unverified: bool = False,
) -> Change:
    """Take the papers (kind, copies, note) against a receipt, shown the resident's start code or card, or neither as in `start`:
    so an errand begins. No papers says that it needs none.

    Raises:
        NotForThisService: no errand. NoAuthority: none that is this agent's and in force. VolunteerNotQualified, StartCodeWrong,
        StartCodeLocked, NotReached: as in `start`.
    """
    change = LIFECYCLE.move(order, "hand_over_papers", actor, now)
    _demand_errand("hand_over_papers", order)
    demand_skill(facts)
    if order.detail.authority is None or not order.detail.authority.holds(actor.id, now):
        raise errand_errors.NoAuthority
    if not opens(order, now, code_fits=facts.shown(fits_after), reached=facts.reached if unverified else None):
        return wrong_code(order, actor, now)
    # A number is given once in an order, whoever had its papers before.
    known = [paper.no for receipt in order.detail.receipts for paper in receipt.papers]
    listed = [Listed(no, **paper) for no, paper in enumerate(papers, max(known, default=0) + 1)]
    return _receipt(
        begun(change, order, now, unverified=unverified), order, "handed_over", listed, unverified=unverified
    )


@ORDERS.moves("return_papers", facts=RETURNING, read_by_others=("lost",))
def return_papers(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Returning,
    papers: Sequence[int],
    returned: int,
    code_fits: bool = False,
    card: bytes | None = None,  # noqa: ARG001 - the facts look at it
    unverified: bool = False,
    lost: str | None = None,
) -> Change:
    """Give papers back against a receipt, shown the return code or card: whoever serves, or the staff where it was called off. It
    stays possible whatever became of the order. The code was that of the return after `returned` others. Without either the
    staff reach the resident first; those of them who had no papers bring them back on their own word. `lost`: they do not come
    back, and how that came; whom they belong to and the staff are told, and nothing waits for them any more.

    Raises:
        NotForThisService: no errand. PapersNotOut: some of these numbers. ReturnCodeWrong: counted. StartCodeLocked.
        NotReached: nobody of the staff called since papers last went out or came back.
    """
    change = LIFECYCLE.move(order, "return_papers", actor, now)
    _demand_errand("return_papers", order)
    out = papers_out(order.detail.receipts)
    if not set(papers) <= out.keys():
        raise errand_errors.PapersNotOut
    which = [out[no] for no in sorted(set(papers))]
    if lost is not None:
        change.note(lost=lost)
        for role in (Role.DISPATCHER, Role.SECRETARY):
            change.tell_role(role, "order.papers_lost_here")
        return _receipt(change, order, "returned", which, lost=True)
    code_fits = code_fits and returned == returns(order.detail.receipts)
    by_staff = change.through == Via.SUBTREE and Via.KEEPER not in actor.parts
    if unverified and not (facts.reached or by_staff):
        raise errors.NotReached(errors.NOT_REACHED_SINCE)
    if not (unverified or code_is_right(order, now, code_fits=code_fits or facts.card_fits)):
        return wrong_code(order, actor, now, "wrong_return_code", errand_errors.ReturnCodeWrong)
    if unverified:
        change.note(unverified=True)
    return _receipt(change, order, "returned", which, unverified=unverified)


def _demand_errand(action: str, order: Order) -> None:
    if not policy.suits(action, order.detail.form):
        raise errors.NotForThisService


def _receipt(
    change: Change, order: Order, action: str, papers: Iterable[Listed], *, unverified: bool = False, lost: bool = False
) -> Change:
    """Both sides get the receipt, and whoever had signed for these papers: titles alone, and no note."""
    papers = list(papers)
    titles = [paper.title for paper in papers]
    change.insert(
        OrderPapers,
        id=new_id(),
        matter_id=order.id,
        place_id=order.place_id,
        round=order.round,
        action=action,
        papers=[{"no": p.no, "kind": p.kind.value, "copies": p.copies, "note": p.note} for p in papers],
        acted_by=change.actor.id,
        acted_at=change.at,
        unverified=unverified,
        lost=lost,
    )
    topic = "order.papers_lost" if lost else f"order.papers_{action}"
    which = {paper.no for paper in papers}
    signed = [r.acted_by for r in order.detail.receipts if r.acted_by and which & {paper.no for paper in r.papers}]
    sides = (order.requester_id, order.beneficiary_id, order.assignee_id, change.actor.id, *signed)
    for person in dict.fromkeys(sides):
        change.tell(person, topic, papers=titles, **({"unverified": True} if unverified else {}))
    return change.note(papers=len(papers))


VERBS = (record_authority, withdraw_authority, hand_over_papers, return_papers)
