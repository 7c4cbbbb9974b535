"""Wishes as values: placed open, claimed in a name, open again (domain.md §3)."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import dispatching, errors, outcomes, placing, wishes
from app.domain.orders.kind_tables import Claimant
from app.domain.orders.models import OrderDetail
from app.domain.orders.models import OrderState as S
from app.domain.orders.repository import Accepted, Detail, ServedSide
from app.domain.services.models import Form
from app.kernel.change import Event, Patch
from app.kernel.errors import NotAllowed, Refusal, TransitionRefused
from app.kernel.matter import LiveDeadline, Matter
from app.kernel.rules import SYSTEM, Role
from tests.unit.orders.kinds import CLAIM, HOME, HOUR, SERVICE, of
from tests.unit.orders.promised import TEN, coordinate
from tests.unit.orders.test_dispatching import candidate
from tests.unit.orders.test_policy import FAMILY, NOON, OTHER, RESIDENT, VOLUNTEER, WHO


def test_a_wish_is_placed_open_and_the_matcher_has_no_turn() -> None:
    home = replace(HOME, form=Form.WISH, category="wish")
    change = placing.place(home, WHO["requester"], NOON, service_id=SERVICE, note="老花镜")
    assert (change.action, change.state) == ("wish", S.SUBMITTED)
    assert change.matter is not None
    assert change.matter.open_pool
    assert change.starts == ["respond", "reply", "coordinate", "plan"]
    assert change.rows[0].values["form"] == "wish"
    assert change.events == [Event("order.wished", to_role=Role.DISPATCHER)]


@pytest.mark.parametrize(("claimed_as", "name"), [(Claimant.MEMBER, None), (Claimant.UNIT, "西峪小学")])
def test_a_wish_is_claimed_in_a_name(claimed_as: Claimant, name: str | None) -> None:
    change = wishes.claim_wish(
        of(Form.WISH),
        WHO["volunteer"],
        NOON,
        facts=dispatching.Taking(candidate(OTHER)),
        claimed_as=claimed_as,
        name=name,
    )
    assert (change.state, change.starts, change.columns) == (S.ACCEPTED, ["wish"], {"assignee_id": OTHER})
    assert change.patches == [
        Patch(OrderDetail, {"matter_id": UUID(int=9), "claimed_as": claimed_as.value, "claimed_name": name})
    ]
    assert change.remark == {"claimed_as": claimed_as.value}, "no name in the history"


@pytest.mark.parametrize(
    ("order", "who", "found", "refusal"),
    [
        (of(Form.VISIT), "volunteer", candidate(OTHER), errors.NotForThisService),
        (replace(of(Form.WISH), requester_id=OTHER), "volunteer", candidate(OTHER), errors.OwnOrder),
        (of(Form.WISH), "volunteer", candidate(OTHER, skilled=False), errors.VolunteerNotQualified),
        (of(Form.WISH), "volunteer", None, errors.VolunteerNotQualified),
        (replace(of(Form.WISH), open_pool=False), "volunteer", candidate(OTHER), NotAllowed),
        (of(Form.WISH, S.ACCEPTED), "volunteer", candidate(OTHER), TransitionRefused),
    ],
)
def test_a_claim_is_refused(order: Matter[Detail], who: str, found: Any, refusal: type[Refusal]) -> None:
    facts = dispatching.Taking(found)
    with pytest.raises(refusal):
        wishes.claim_wish(order, WHO[who], NOON, facts=facts, claimed_as=Claimant.MEMBER)


def test_a_wish_is_neither_offered_nor_plainly_claimed() -> None:
    facts = dispatching.Offered((candidate(),), None, refused=False)
    with pytest.raises(errors.WishIsClaimed):
        dispatching.offer(of(Form.WISH), WHO["dispatcher"], NOON, facts=facts, volunteer_id=VOLUNTEER)
    with pytest.raises(errors.WishIsClaimed):
        dispatching.claim(of(Form.WISH), WHO["volunteer"], NOON, facts=dispatching.Taking(candidate(OTHER)))


def test_a_claim_that_runs_out_opens_the_wish_and_what_it_had_stopped_goes_on() -> None:
    stopped = replace(coordinate(), kind="respond", stopped_at=TEN + HOUR)
    claimed = replace(of(Form.WISH, S.ACCEPTED), live=(LiveDeadline(CLAIM, "wish", None),), timed=(stopped,))
    change = wishes.expire_claim(claimed, SYSTEM, TEN + 3 * HOUR, facts=Accepted(TEN + HOUR), deadline_id=CLAIM)
    assert (change.state, change.stops, change.starts) == (S.SUBMITTED, ["wish"], [])
    assert change.columns == {"assignee_id": None, "team_id": None, "open_pool": True}
    assert [retime.deadline.kind for retime in change.retimes] == ["respond"]
    assert Patch(OrderDetail, {"matter_id": claimed.id, "claimed_as": None, "claimed_name": None}) in change.patches
    assert {(e.topic, e.to_person or e.to_role) for e in change.events} == {
        ("order.claim_expired", VOLUNTEER), ("order.wish_open_again", RESIDENT), ("order.wish_open_again", FAMILY),
        ("order.wish_open_again", Role.DISPATCHER),
    }  # fmt: skip
    with pytest.raises(TransitionRefused):
        wishes.expire_claim(claimed, SYSTEM, TEN, facts=Accepted(TEN), deadline_id=UUID(int=42))


def test_a_wish_that_begins_again_is_open() -> None:
    change = outcomes.rework(
        of(Form.WISH, S.DELIVERED),
        WHO["requester"],
        NOON,
        reason="度数不对",
        about_attitude=False,
        facts=ServedSide(logs_in=True),
    )
    assert change.columns["open_pool"]
    assert "dispatch" not in change.starts
    told = {event.topic: event.payload for event in change.events}
    assert told["order.reworked"] == told["order.wanted_again"] == {"wish": True}, "nobody dispatches it"
