"""The verbs that bring an order to somebody: offering, the matcher, declining, accepting, claiming (派单, 接单); how one comes
back stands in `giving_back.py`. Each is pure, as in `service.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from app.domain.orders import appointment_errors, errors, policy
from app.domain.orders.matching import MATCHING, Matching, candidates, choices, demand_fit
from app.domain.orders.models import OrderDetail, OrderRefusal, OrderState, TakeBack
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.resuming import for_all
from app.domain.orders.service import ORDERS, Order
from app.domain.teams.fitness import Candidate, Unfit, unfit
from app.kernel.change import Change
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role
from app.kernel.verbs import Facts

OWN_CHOICE = frozenset({Unfit.OFF_DUTY, Unfit.QUIET_HOURS})
"""What keeps somebody from being asked, and not from coming forward. Whoever is away says first that they are back."""


@dataclass(frozen=True, slots=True)
class Offered:
    """What is known of whom an order is to be offered to: the person, or the members of the team that serves this place; and
    of whom, or of which team, the resident complained on this order. `unwanted`: it was taken back from them in this round, since
    the resident asked for somebody else. `team_here`: the team serves this place, with a lead or without."""

    candidates: tuple[Candidate, ...]
    lead_id: UUID | None
    refused: bool
    representatives: frozenset[UUID] = frozenset()
    complained: frozenset[UUID] = frozenset()
    team_complained: bool = False
    unwanted: bool = False
    team_here: bool = False


_TEAM = "($3::jsonb ->> 'team_id')::uuid"
_PERSON = "($3::jsonb ->> 'volunteer_id')::uuid"


def _refused(why: str) -> str:
    """SQL: whether the person or the team is not asked again in this round, for that reason."""
    return f"""EXISTS (SELECT 1 FROM order_refusal r WHERE r.matter_id = subject.id AND r.round = subject.round AND {why}
                       AND (r.team_id = {_TEAM} OR r.person_id = {_PERSON}))"""


OFFERED = Facts(
    f"""jsonb_build_object(
          'candidates', {
        candidates(f'''CASE WHEN {_TEAM} IS NULL THEN ARRAY[{_PERSON}] ELSE
             ARRAY(SELECT t.person_id FROM team_member t WHERE t.team_id = {_TEAM} AND t.live) END''')
    },
          'lead_id', (SELECT team_lead(t.id) FROM team t JOIN place_ancestor a ON a.ancestor_id = t.place_id
                       WHERE t.id = {_TEAM} AND a.place_id = subject.place_id),
          'team_here', EXISTS (SELECT 1 FROM team t JOIN place_ancestor a ON a.ancestor_id = t.place_id
                       WHERE t.id = {_TEAM} AND a.place_id = subject.place_id AND t.disbanded_at IS NULL),
          'representatives', representatives_of(subject.id),
          'complained', (SELECT coalesce(jsonb_agg(DISTINCT r.person_id), '[]') FROM order_refusal r
                          WHERE r.matter_id = subject.id AND r.reason = 'complaint'),
          'refused', {_refused("r.reason = 'declined'")},
          'unwanted', {_refused(f"r.reason = 'taken_back' AND r.text = '{TakeBack.RESIDENT_ASKS.label}'")},
          'team_complained', EXISTS (SELECT 1 FROM order_refusal r WHERE r.matter_id = subject.id
                       AND r.reason = 'complaint' AND r.team_id = {_TEAM}))""",
    Offered,
)


@dataclass(frozen=True, slots=True)
class Taking:
    """What is known of whoever takes an order, where that was not looked at when it was offered; whether they represent whom
    it serves, whether the resident does not want them (`complained`: of them, or asked in this round for somebody else), and when
    they have another appointment at about that of the order. `away`: the actor says that they are, where no candidate tells."""

    candidate: Candidate | None
    represents: bool = False
    complained: bool = False
    away: bool = False
    near: datetime | None = None


CLAIMING = Facts(
    f"""jsonb_build_object('represents', person_represents($1, subject.beneficiary_id),
          'complained', complained_of(subject.id, $1),
          'candidate', {candidates("ARRAY[$1::uuid]")} -> 0)""",
    Taking,
)
_MEMBER = "coalesce(($3::jsonb ->> 'member_id')::uuid, $1)"
MEMBER = Facts(
    f"""jsonb_build_object('represents', person_represents({_MEMBER}, subject.beneficiary_id), 'away', app_is_away(),
          'complained', complained_of(subject.id, {_MEMBER}),
          'near', CASE subject.state WHEN 'accepted' THEN appointment_near(subject.id, {_MEMBER}, (
             SELECT a.meet_at FROM appointment a
              WHERE a.matter_id = subject.id AND a.confirmed_at IS NOT NULL AND a.ended_at IS NULL)) END,
          'candidate', CASE WHEN subject.team_id IS NOT NULL AND subject.assignee_id <> {_MEMBER}
                            THEN team_candidate(subject.id, subject.place_id, subject.team_id, {_MEMBER}) END)""",
    Taking,
)


@ORDERS.moves("offer", facts=OFFERED)
def offer(
    order: Order,
    actor: Actor,
    now: datetime,
    *,
    facts: Offered,
    volunteer_id: UUID | None = None,
    team_id: UUID | None = None,
) -> Change:
    """Offer an order to a volunteer or a team (派单); it lapses when they stay silent. A team's is put before its lead, and the
    members who may take it are told.

    Raises:
        OwnOrder: the dispatcher's own order, or offered to whom it serves. VolunteerNotQualified: with the reason.
        TeamNotQualified: nobody of the team.
        AlreadyRefused: they have declined it in this round, or the resident asked for somebody else. ComplainedOf: the resident
            complained of them, or of whoever came from the team, or leads it.
        TeamNotHere: no such team serves this place. TeamWithoutLead: nobody leads it for now. WishIsClaimed.
    """
    change = LIFECYCLE.move(order, "offer", actor, now)
    if not policy.suits("offer", order.detail.form):
        raise errors.WishIsClaimed
    own = own_people(order) | facts.representatives
    if team_id is not None and facts.lead_id is None:
        raise errors.TeamWithoutLead if facts.team_here else errors.TeamNotHere
    assignee_id = facts.lead_id if team_id is not None else volunteer_id
    if {actor.id, assignee_id} & own:
        raise errors.OwnOrder(None if actor.id in own else "这是对方自己下的、代下的或为其下的订单;请派给别人")
    if facts.team_complained or assignee_id in facts.complained:
        raise errors.ComplainedOf
    if facts.refused:
        raise errors.AlreadyRefused
    if facts.unwanted:
        raise errors.AlreadyRefused.unwanted()
    asked = [one for one in facts.candidates if one.person_id not in own | facts.complained]
    if team_id is not None:
        # The lead was looked up before the members were held: one who has left meanwhile leads no more.
        if all(one.person_id != assignee_id or team_id not in one.team_ids for one in facts.candidates):
            raise errors.TeamNotHere
        asked = [one for one in asked if team_id in one.team_ids]
        if all(unfit(one) for one in asked):
            raise errors.TeamNotQualified
    demand_fit(asked)
    team = {"team": True} if team_id is not None else {}
    change.set(assignee_id=assignee_id, team_id=team_id).tell(assignee_id, "order.offered", **team)
    others = [one for one in asked if team_id is not None and one.person_id != assignee_id]
    return _tell_members(change, others)


@ORDERS.moves("match", facts=MATCHING)
def match(order: Order, actor: Actor, now: datetime, *, facts: Matching, deadline_id: UUID) -> Change:
    """Nobody dispatched within the limit: the matcher offers the order to the fittest by itself, and says why. When nobody
    qualifies it is opened to every volunteer, and the duty officer is told at once."""
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    found = choices(own_people(order), facts)
    if not found:
        change = LIFECYCLE.move(order, "open_pool", actor, now)
        return change.set(open_pool=True).tell_role(Role.DISPATCHER, "order.nobody_qualifies")
    best = found[0]
    return (
        LIFECYCLE.move(order, "match", actor, now)
        .set(assignee_id=best.candidate.person_id)
        .tell(best.candidate.person_id, "order.offered")
        .note(why=best.why, among=len(found))
    )


@ORDERS.moves("decline", read_by_others=("reason",))
def decline(order: Order, actor: Actor, now: datetime, *, reason: str | None = None) -> Change:
    """Say no to an offer, for oneself or as the lead for the team: it is not offered to them again in this round. Raises
    NotAllowed: whoever does not lead the team need not answer what it was asked."""
    if order.team_id is not None and actor.team == "member" and order.state == OrderState.OFFERED:
        raise NotAllowed("这一单派给了队伍,由队长谢绝;您不接的,不必答复")
    change = LIFECYCLE.move(order, "decline", actor, now)
    refuse(change, order, actor.id, "declined", reason, round_number=order.round)
    return _failed(change, order, "order.declined")


@ORDERS.moves("lapse")
def lapse(order: Order, actor: Actor, now: datetime, *, deadline_id: UUID) -> Change:
    """The offer that `deadline_id` limited was not answered: back to the community, which is no decline."""
    change = LIFECYCLE.move(order, "lapse", actor, now)
    if all(deadline.id != deadline_id for deadline in order.live):
        raise TransitionRefused
    return _failed(change, order, "order.lapsed").tell(order.assignee_id, "order.offer_lapsed")


@ORDERS.moves("accept", facts=MEMBER)
def accept(order: Order, actor: Actor, now: datetime, *, facts: Taking) -> Change:
    """Take an order that was offered to oneself or to one's team (接单): of a team, its lead or a qualified member.

    Raises:
        VolunteerNotQualified: the role has ended since, the member has left, is away or does not qualify, or the resident
            complained of them. OwnOrder.
    """
    change = first_come(order, "accept", actor, now)
    if facts.represents or actor.id in own_people(order):
        raise errors.OwnOrder
    demand_welcome(facts)
    demand_back(facts)
    if actor.id == order.assignee_id:
        if Role.VOLUNTEER not in actor.roles:
            raise errors.VolunteerNotQualified
        return change.tell_served("order.accepted")
    _demand_member(order, facts)
    return (
        change.set(assignee_id=actor.id).tell(order.assignee_id, "order.taken_by_member").tell_served("order.accepted")
    )


@ORDERS.moves("claim", facts=CLAIMING)
def claim(order: Order, actor: Actor, now: datetime, *, facts: Taking) -> Change:
    """Take an order that is open to all qualified volunteers (抢单): of many at once, exactly one wins.

    Raises:
        OwnOrder. VolunteerNotQualified: without the skill, away, or nothing left of today's capacity. WishIsClaimed: in a name.
    """
    change = first_come(order, "claim", actor, now)
    if not policy.suits("claim", order.detail.form):
        raise errors.WishIsClaimed
    if facts.represents or actor.id in own_people(order):
        raise errors.OwnOrder
    demand_welcome(facts)
    demand_back(facts)
    mine = [facts.candidate] if facts.candidate else []
    if order.assignee_id == actor.id:
        # What is offered to them is counted among what they took today already.
        mine = [replace(one, taken_today=one.taken_today - 1) for one in mine]
    demand_fit(mine, but_for=OWN_CHOICE)
    if order.assignee_id != actor.id:
        change.tell(order.assignee_id, "order.taken")
    return change.set(assignee_id=actor.id, team_id=None).tell_served("order.accepted")


@ORDERS.moves("assign", facts=MEMBER)
def assign(order: Order, actor: Actor, now: datetime, *, facts: Taking, member_id: UUID) -> Change:
    """The team's lead lets another member go. Raises NotOfTheTeam, VolunteerNotQualified, OwnOrder, AppointmentDouble: when the
    order's appointment is they have another one. AlreadyAssigned."""
    change = LIFECYCLE.move(order, "assign", actor, now)
    if facts.represents or member_id in own_people(order):
        raise errors.OwnOrder
    if member_id == order.assignee_id:
        raise errors.AlreadyAssigned
    demand_welcome(facts)
    if facts.candidate is None or order.team_id not in facts.candidate.team_ids:
        raise errors.NotOfTheTeam
    _demand_member(order, facts)
    if facts.near is not None and order.detail.booking_id is None:
        raise appointment_errors.AppointmentDouble.of(facts.near, "请换一位队员,或请现在承接的队员与居民另约时间")
    if order.assignee_id != actor.id:
        change.tell(order.assignee_id, "order.taken_back", why="replaced")
    return change.set(assignee_id=member_id).tell(member_id, "order.assigned").tell_served("order.member_changed")


def first_come(order: Order, action: str, actor: Actor, now: datetime) -> Change:
    """Begin to take an order that several may take. Raises TransitionRefused, which says so where somebody was faster."""
    try:
        return LIFECYCLE.move(order, action, actor, now)
    except TransitionRefused as refused:
        if order.state == OrderState.ACCEPTED and order.assignee_id != actor.id:
            refused.detail = f"已有人先接了这个订单:{refused.detail}"
            refused.detail_en = f"Somebody was faster. {refused.detail_en}"
        raise


def demand_welcome(facts: Taking) -> None:
    """That the resident wants them. Raises VolunteerNotQualified, which does not say so."""
    if facts.complained:
        raise errors.VolunteerNotQualified


def demand_back(facts: Taking) -> None:
    """That whoever takes it is not away: nobody is asked then either. Raises VolunteerNotQualified."""
    if facts.away or (facts.candidate is not None and facts.candidate.away):
        raise errors.VolunteerNotQualified("您正在离开中,请先在 setAvailability 结束离开(不填 away_until)")


def _tell_members(change: Change, others: Sequence[Candidate]) -> Change:
    """Beside the lead also those of the team who may take it."""
    for one in others:
        if not unfit(one):
            change.tell(one.person_id, "order.offered_to_team")
    return change


def _demand_member(order: Order, facts: Taking) -> None:
    """A qualified member of the order's team – also now, after whoever removes members has been waited for."""
    candidate = facts.candidate
    demand_fit([candidate] if candidate and order.team_id in candidate.team_ids else [], but_for=OWN_CHOICE)


def own_people(order: Order) -> set[UUID]:
    """The resident's side, who neither dispatch nor serve an order: whom it serves, and who placed it and passes on what they
    say. Who represents them, the facts know (domain.md §1)."""
    return {order.requester_id, order.beneficiary_id, order.placed_by}


def _failed(change: Change, order: Order, topic: str) -> Change:
    """An offer came to nothing: after the second every qualified volunteer may claim, and the duty officer, who is told of each,
    is told so (domain.md §3). What is open to all the matcher offers no more: those who stay silent would be asked in turn for
    ever."""
    failures = order.detail.failures + 1
    opens = failures >= policy.FAILURES_BEFORE_POOL and not order.open_pool
    if order.open_pool or opens:
        for_all(change)
    said: dict[str, Any] = {"opened": True} if opens else {}
    change.tell_role(Role.DISPATCHER, topic, **said)
    return (
        change.set(assignee_id=None, team_id=None)
        .patch(OrderDetail, matter_id=order.id, failures=failures)
        .note(failures=failures)
    )


def refuse(
    change: Change, order: Order, person_id: UUID | None, reason: str, text: str | None, *, round_number: int
) -> None:
    """Keep that this person, and the team that it was offered to through them, is not offered the order again in a round."""
    if person_id is not None:
        change.insert(
            OrderRefusal,
            id=new_id(),
            matter_id=order.id,
            place_id=order.place_id,
            round=round_number,
            person_id=person_id,
            team_id=order.team_id,
            reason=reason,
            text=text,
            refused_by=change.actor.id,
            refused_at=change.at,
        )


VERBS = (offer, match, decline, lapse, accept, claim, assign)
