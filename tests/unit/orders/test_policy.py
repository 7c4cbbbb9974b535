"""The table of orders, walked by hand: every action × state × relation. The expected table is written here, not derived."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.domain.orders import policy
from app.domain.orders.models import OrderState as S
from app.domain.orders.policy import LIFECYCLE
from app.domain.orders.repository import Detail
from app.domain.orders.words import ACTIONS, ENDED
from app.domain.services.models import Form
from app.kernel.change import Event
from app.kernel.errors import Instead, NotAllowed, Refusal, TransitionRefused
from app.kernel.ids import NOBODY
from app.kernel.matter import LiveDeadline, Matter
from app.kernel.rules import Actor, Role

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
RESIDENT, VOLUNTEER, OTHER, FAMILY, TEAM = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4), UUID(int=6)
CLERK = UUID(int=9)

WHO = {
    "requester": Actor(RESIDENT, frozenset({Role.RESIDENT})),
    "beneficiary": Actor(FAMILY, frozenset({Role.RESIDENT})),
    "assignee": Actor(VOLUNTEER, frozenset({Role.VOLUNTEER})),
    "member": Actor(OTHER, frozenset({Role.VOLUNTEER}), "member"),
    "lead": Actor(OTHER, frozenset({Role.VOLUNTEER}), "lead"),
    "volunteer": Actor(OTHER, frozenset({Role.VOLUNTEER})),
    "neighbour": Actor(OTHER, frozenset({Role.RESIDENT})),
    "dispatcher": Actor(OTHER, frozenset({Role.DISPATCHER})),
    "secretary": Actor(OTHER, frozenset({Role.SECRETARY})),
    "administrator": Actor(OTHER, frozenset({Role.ADMINISTRATOR})),
    "station": Actor(OTHER, frozenset({Role.STATION_STAFF})),
    "clerk": Actor(CLERK, frozenset({Role.STATION_STAFF})),
    "keeper": Actor(OTHER, parts=frozenset({"keeper"})),
    "system": Actor(NOBODY),
    "elsewhere": Actor(OTHER),
}


def served(topic: str, **payload: Any) -> list[Event]:
    """What whoever asked for it and whom it serves are told."""
    return [Event(topic, to_person=who, payload=payload) for who in (RESIDENT, FAMILY)]


STAFF = {"dispatcher", "secretary", "administrator"}
CHIEFS = {"secretary", "administrator"}
THEIRS = {"requester", "beneficiary"}
HEARD = THEIRS | {"clerk"}
DESK = STAFF | {"station"}
VOICES = HEARD | DESK
BEFORE_SERVICE = {S.SUBMITTED, S.OFFERED, S.ACCEPTED}
OPEN = BEFORE_SERVICE | {S.IN_SERVICE}
PAPERS_OUT = OPEN | {S.CANCELLED, S.REJECTED, S.CONVERTED}
MAY = {
    "offer": STAFF,
    "match": {"system"},
    "open_pool": {"system"},
    "decline": {"assignee"},
    "lapse": {"system"},
    "accept": {"assignee", "member", "lead"},
    "claim": {"assignee", "volunteer", "member", "lead"},
    "claim_wish": {"assignee", "volunteer", "member", "lead"},
    "expire_claim": {"system"},
    "hand_over_papers": {"assignee"},
    "record_authority": VOICES,
    "withdraw_authority": VOICES,
    "return_papers": STAFF | {"assignee", "keeper"},
    "wrong_return_code": STAFF | {"assignee", "keeper"},
    "cancel_day": {"system"},
    "end_booking": STAFF | {"assignee", "lead", "system"},
    "assign": {"lead"},
    "release": {"assignee", "lead"},
    "take_back": STAFF,
    "hand_back": {"system"},
    "server_leaves": {"system"},
    "start": {"assignee"},
    "wrong_code": {"assignee"},
    "abort": VOICES | {"assignee"},
    "call_off": VOICES | {"assignee"},
    "deliver": {"assignee"},
    "rate": VOICES,
    "rework": VOICES,
    "reject": STAFF,
    "cancel": VOICES,
    "convert": STAFF | {"system"},
    "recategorise": STAFF,
    "miss_appointment": {"system"},
    "close_unrated": {"system"},
    "recalculate": {"system"},
    "hand_over": {"system"},
    "to_beneficiary": {"system"},
    "contact": STAFF | {"assignee", "station", "clerk"},
    "reply": STAFF | {"assignee"},
    "ask": STAFF | {"assignee"},
    "answer": VOICES,
    "change_contact": VOICES,
    "propose": DESK | {"assignee", "requester", "clerk"},
    "confirm": DESK | {"assignee", "requester", "clerk"},
    "write_plan": STAFF | {"assignee"},
    "pause": CHIEFS,
    "resume": STAFF,
    "dispute": THEIRS,
    "decide": CHIEFS,
}
BUT_FOR = {
    ("rework", S.RATED): HEARD | DESK - CHIEFS,
    **{("contact", state): {"assignee"} for state in (S.SUBMITTED, S.OFFERED)},
}
"""Whom it served asks for it once more until they have rated; then it is the secretary's to say. The station calls until it
was rated; whoever serves it, once they accepted. In a state in
which nobody may ask, they are late, and not forbidden: of two at once the second is told so."""
FROM_TO = {
    "offer": ({S.SUBMITTED}, S.OFFERED),
    "match": ({S.SUBMITTED}, S.OFFERED),
    "open_pool": ({S.SUBMITTED}, None),
    "decline": ({S.OFFERED}, S.SUBMITTED),
    "lapse": ({S.OFFERED}, S.SUBMITTED),
    "accept": ({S.OFFERED}, S.ACCEPTED),
    "claim": ({S.SUBMITTED, S.OFFERED}, S.ACCEPTED),
    "claim_wish": ({S.SUBMITTED}, S.ACCEPTED),
    "expire_claim": ({S.ACCEPTED}, S.SUBMITTED),
    "hand_over_papers": ({S.ACCEPTED}, S.IN_SERVICE),
    "record_authority": ({S.ACCEPTED, S.IN_SERVICE}, None),
    "withdraw_authority": ({S.ACCEPTED, S.IN_SERVICE}, None),
    "return_papers": (PAPERS_OUT, None),
    "wrong_return_code": (PAPERS_OUT, None),
    "cancel_day": ({S.ACCEPTED}, S.CANCELLED),
    "end_booking": ({S.ACCEPTED}, S.CANCELLED),
    "assign": ({S.ACCEPTED}, None),
    "release": ({S.ACCEPTED}, S.SUBMITTED),
    "take_back": ({S.OFFERED, S.ACCEPTED}, S.SUBMITTED),
    "hand_back": ({S.OFFERED, S.ACCEPTED}, S.SUBMITTED),
    "server_leaves": ({S.IN_SERVICE}, None),
    "start": ({S.ACCEPTED}, S.IN_SERVICE),
    "wrong_code": ({S.ACCEPTED}, S.ACCEPTED),
    "abort": ({S.IN_SERVICE}, S.SUBMITTED),
    "call_off": ({S.IN_SERVICE}, S.CANCELLED),
    "deliver": ({S.IN_SERVICE}, S.DELIVERED),
    "rate": ({S.DELIVERED}, S.RATED),
    "rework": ({S.DELIVERED, S.RATED}, S.SUBMITTED),
    "reject": ({S.SUBMITTED}, S.REJECTED),
    "cancel": (BEFORE_SERVICE, S.CANCELLED),
    "convert": (BEFORE_SERVICE, S.CONVERTED),
    "recategorise": ({S.SUBMITTED, S.OFFERED}, S.SUBMITTED),
    "miss_appointment": ({S.ACCEPTED}, S.SUBMITTED),
    "close_unrated": ({S.DELIVERED}, S.CLOSED_UNRATED),
    "recalculate": (OPEN | {S.DELIVERED}, None),
    "hand_over": (OPEN | {S.DELIVERED}, None),
    "to_beneficiary": (set(S), None),
    "contact": (OPEN | {S.DELIVERED}, None),
    "reply": (OPEN, None),
    "ask": (OPEN, None),
    "answer": (OPEN, None),
    "change_contact": (OPEN, None),
    "propose": ({S.ACCEPTED}, None),
    "confirm": ({S.ACCEPTED}, None),
    "write_plan": (OPEN, None),
    "pause": (OPEN, None),
    "resume": (OPEN, None),
    "dispute": (OPEN, None),
    "decide": (OPEN, None),
}
"""None: it stays where it is."""

KINDS = {
    "respond", "reply", "reply_in_person", "coordinate", "plan", "dispatch", "offer", "appointment", "promise",
    "promise_late", "wish", "finish", "rating",
}  # fmt: skip
ROUND = ["respond", "reply", "coordinate", "plan", "dispatch"]
STARTS = {
    "place": ROUND,
    "place_for_caller": ROUND,
    "rework": ROUND,
    "offer": ["offer"],
    "match": ["offer"],
    **{a: ["dispatch"] for a in ("decline", "lapse", "release", "take_back", "hand_back", "miss_appointment", "abort")},
    "confirm": ["appointment"],
    "write_plan": ["promise"],
    "start": ["finish"],
    "hand_over_papers": ["finish"],
    "wish": ["respond", "reply", "coordinate", "plan"],
    "book": ["appointment"],
    "claim_wish": ["wish"],
    "deliver": ["rating"],
}
STOPS = {
    "offer": {"dispatch"},
    "match": {"dispatch"},
    "open_pool": {"dispatch"},
    "decline": {"offer"},
    "lapse": {"offer"},
    "recategorise": {"offer"},
    "accept": {"respond", "offer"},
    "claim": {"respond", "dispatch", "offer"},
    "claim_wish": {"respond"},
    "expire_claim": {"appointment", "wish", "promise", "promise_late"},
    "release": {"appointment", "wish", "promise", "promise_late"},
    "take_back": {"offer", "appointment", "wish", "promise", "promise_late"},
    "hand_back": {"offer", "appointment", "wish", "promise", "promise_late"},
    "contact": {"respond"},
    "reply": {"reply", "reply_in_person"},
    "confirm": {"coordinate", "plan", "appointment"},
    "write_plan": {"plan", "promise", "promise_late"},
    "miss_appointment": {"appointment", "wish"},
    "start": {"appointment", "wish", "finish"},
    "hand_over_papers": {"appointment", "wish", "finish"},
    "abort": {"finish", "promise", "promise_late"},
    **dict.fromkeys(
        ("deliver", "cancel", "cancel_day", "end_booking", "call_off", "reject", "convert"), KINDS - {"rating"}
    ),
    "rate": {"rating"},
    "rework": {"rating"},
    "close_unrated": {"rating"},
}


def an_order(state: S = S.SUBMITTED, *, open_pool: bool = True) -> Matter[Detail]:
    return Matter(
        id=UUID(int=9),
        kind="order",
        place_id=UUID(int=8),
        state=state,
        version=4,
        round=1,
        requester_id=RESIDENT,
        beneficiary_id=FAMILY,
        placed_by=CLERK,
        assignee_id=VOLUNTEER,
        team_id=TEAM,
        holder_id=None,
        open_pool=open_pool,
        created_at=NOON,
        detail=Detail(UUID(int=7), 0, 0, None),
    )


def outcome(action: str, state: S, who: str) -> S | type[Refusal]:
    try:
        return S(LIFECYCLE.move(an_order(state), action, WHO[who], NOON).state)
    except Refusal as refusal:
        return type(refusal)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("state", S)
@pytest.mark.parametrize("action", MAY)
def test_every_action_from_every_state_by_everybody(action: str, state: S, who: str) -> None:
    sources, target = FROM_TO[action]
    after = state if target is None else target
    may = MAY[action] - BUT_FOR.get((action, state), set())
    expected = TransitionRefused if state not in sources else after if who in may else NotAllowed
    assert outcome(action, state, who) == expected


@pytest.mark.parametrize(
    ("who", "state", "possible"),
    [
        ("assignee", S.IN_SERVICE, "abort call_off deliver contact reply ask write_plan"),
        ("lead", S.ACCEPTED, "assign release"),
        ("neighbour", S.ACCEPTED, ""),
        ("requester", S.CANCELLED, ""),
    ],
)
def test_a_refusal_names_the_state_and_knows_what_may_be_done_in_it(who: str, state: S, possible: str) -> None:
    with pytest.raises(TransitionRefused) as refused:
        LIFECYCLE.move(an_order(state), "lapse", WHO[who], NOON)
    assert refused.value.detail == f"现在是『{state.label}』" + (f";{ENDED[state]}" if state in ENDED else "")
    assert refused.value.detail_en == f"The state is now {state}"
    assert refused.value.instead == Instead(
        "order", an_order().id, state, f"现在是『{state.label}』", tuple(possible.split()), ENDED.get(state)
    )


def test_how_help_is_still_to_be_had_is_no_advice_for_whoever_served() -> None:
    with pytest.raises(TransitionRefused) as refused:
        LIFECYCLE.move(an_order(S.CANCELLED), "start", WHO["assignee"], NOON)
    assert refused.value.detail == "现在是『已取消』"


def test_of_a_wish_the_same_state_is_called_otherwise_in_refusals_and_receipts() -> None:
    wish = replace(an_order(), detail=Detail(UUID(int=7), 0, 0, None, form=Form.WISH))
    with pytest.raises(TransitionRefused) as refused:
        LIFECYCLE.move(wish, "start", WHO["assignee"], NOON)
    assert (refused.value.detail or "").startswith("现在是『待认领』")
    assert LIFECYCLE.move(wish, "contact", WHO["dispatcher"], NOON).state_label == "待认领"


def test_every_action_has_a_word() -> None:
    assert ACTIONS.keys() == {t.action for t in LIFECYCLE.transitions}


def test_the_table_has_these_actions_and_no_other() -> None:
    assert {t.action for t in LIFECYCLE.transitions} == {"place", "place_for_caller", "wish", "book", *MAY}


def test_a_pool_that_is_not_open_is_not_claimed() -> None:
    with pytest.raises(NotAllowed):
        LIFECYCLE.move(an_order(open_pool=False), "claim", WHO["volunteer"], NOON)


@pytest.mark.parametrize("action", [t.action for t in LIFECYCLE.transitions])
def test_what_each_action_starts_and_stops(action: str) -> None:
    row = LIFECYCLE[action]
    assert list(row.starts) == STARTS.get(action, [])
    assert set(row.stops) == STOPS.get(action, set())


def test_of_what_it_could_stop_an_action_stops_what_runs() -> None:
    running = tuple(LiveDeadline(UUID(int=n), kind, None) for n, kind in enumerate(("coordinate", "promise", "reply")))
    change = LIFECYCLE.move(replace(an_order(), live=running), "write_plan", WHO["dispatcher"], NOON)
    assert (change.stops, change.starts) == (["promise"], ["promise"])


def test_before_delivered_an_order_is_promised_and_while_somebody_serves_a_miss_is_only_told() -> None:
    assert LIFECYCLE.promised == OPEN
    assert LIFECYCLE.only_told == {S.IN_SERVICE}


def test_nobody_is_offered_what_is_counted_or_computed() -> None:
    offered = list(LIFECYCLE.permitted(an_order(S.ACCEPTED), WHO["assignee"]))
    assert [action for action in offered if policy.suits(action, Form.VISIT)] == [
        "release", "start", "contact", "reply", "ask", "propose", "confirm", "write_plan",
    ]  # fmt: skip
    assert LIFECYCLE.permitted(an_order(S.ACCEPTED), WHO["system"]) == ("convert",), "what the staff may do too"


@pytest.mark.parametrize(
    ("action", "forms"),
    [
        ("offer", {Form.VISIT, Form.ERRAND, Form.SERVICE_DAY}),
        ("claim", {Form.VISIT, Form.ERRAND, Form.SERVICE_DAY}),
        ("claim_wish", {Form.WISH}),
        ("start", {Form.VISIT, Form.WISH, Form.SERVICE_DAY}),
        ("hand_over_papers", {Form.ERRAND}),
        ("return_papers", {Form.ERRAND}),
        ("record_authority", {Form.ERRAND}),
        ("withdraw_authority", {Form.ERRAND}),
        ("deliver", set(Form)),
    ],
)
def test_what_is_for_which_form(action: str, forms: set[Form]) -> None:
    assert {form for form in Form if policy.suits(action, form)} == forms


@pytest.mark.parametrize(
    ("rules", "who", "state", "sees"),
    [
        (policy.CONTACT, "requester", S.RATED, True),
        (policy.CONTACT, "assignee", S.OFFERED, False),
        (policy.CONTACT, "assignee", S.ACCEPTED, True),
        (policy.CONTACT, "assignee", S.IN_SERVICE, True),
        (policy.CONTACT, "assignee", S.DELIVERED, False),
        (policy.CONTACT, "volunteer", S.SUBMITTED, False),
        (policy.CONTACT, "dispatcher", S.SUBMITTED, True),
        (policy.CONTACT, "neighbour", S.SUBMITTED, False),
        (policy.READ, "volunteer", S.SUBMITTED, True),
        (policy.READ, "assignee", S.RATED, True),
        (policy.READ, "neighbour", S.SUBMITTED, False),
        (policy.READ, "station", S.SUBMITTED, True),
        (policy.READ, "station", S.RATED, False),
        (policy.READ, "station", S.ACCEPTED, True),
        (policy.DETAIL, "station", S.ACCEPTED, True),
        (policy.DETAIL, "station", S.IN_SERVICE, True),
        (policy.CONTACT, "station", S.ACCEPTED, True),
        (policy.CONTACT, "station", S.RATED, False),
        (policy.READ, "elsewhere", S.SUBMITTED, False),
        (policy.DETAIL, "volunteer", S.OFFERED, True),
        (policy.DETAIL, "volunteer", S.ACCEPTED, False),
        (policy.DETAIL, "assignee", S.RATED, True),
        (policy.READ, "member", S.ACCEPTED, True),
        (policy.DETAIL, "member", S.OFFERED, True),
        (policy.DETAIL, "member", S.ACCEPTED, False),
        (policy.DETAIL, "lead", S.RATED, True),
        (policy.CONTACT, "lead", S.ACCEPTED, False),
        (policy.DETAIL, "beneficiary", S.CLOSED_UNRATED, True),
        (policy.CODE, "requester", S.ACCEPTED, True),
        (policy.CODE, "beneficiary", S.ACCEPTED, True),
        (policy.CODE, "assignee", S.ACCEPTED, False),
        (policy.CODE, "dispatcher", S.ACCEPTED, False),
    ],
)
def test_who_sees_what(rules: policy.Rules, who: str, state: S, sees: bool) -> None:
    assert any(rule.allows(an_order(state), WHO[who]) for rule in rules) is sees


@pytest.mark.parametrize(("wrong", "minutes", "locked"), [(4, 1, False), (5, 9, True), (5, 10, False), (9, 0, True)])
def test_five_wrong_codes_lock_for_ten_minutes(wrong: int, minutes: int, locked: bool) -> None:
    assert policy.code_is_locked(wrong, NOON - timedelta(minutes=minutes), NOON) is locked


@pytest.mark.parametrize(
    ("stars", "solved", "needed"),
    [(1, "yes", True), (2, "yes", True), (3, "yes", False), (5, "no", True), (3, "partly", False)],
)
def test_a_low_rating_says_why(stars: int, solved: str, needed: bool) -> None:
    assert policy.needs_reason(stars, solved) is needed


@pytest.mark.parametrize(
    ("roles", "by", "through"),
    [
        ({Role.STATION_STAFF}, OTHER, "desk"),
        ({Role.DISPATCHER}, OTHER, "subtree"),
        ({Role.STATION_STAFF, Role.DISPATCHER}, OTHER, "subtree"),
        ({Role.STATION_STAFF}, VOLUNTEER, "assignee"),
        ({Role.STATION_STAFF}, CLERK, "placer"),
        ({Role.STATION_STAFF, Role.RESIDENT}, RESIDENT, "requester"),
    ],
)
def test_of_a_time_the_station_speaks_for_the_resident_and_whoever_dispatches_does_not(
    roles: set[Role], by: UUID, through: str
) -> None:
    for action in ("propose", "confirm"):
        change = LIFECYCLE.move(an_order(S.ACCEPTED), action, Actor(by, frozenset(roles)), NOON)
        assert change.through == through


@pytest.mark.parametrize("action", ["cancel", "answer", "change_contact"])
def test_whoever_has_an_order_does_not_speak_for_whom_it_serves(action: str) -> None:
    with pytest.raises(NotAllowed):
        LIFECYCLE.move(an_order(S.ACCEPTED), action, Actor(VOLUNTEER, frozenset(Role)), NOON)
