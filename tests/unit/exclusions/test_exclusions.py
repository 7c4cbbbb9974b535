"""Misses that shall not count (domain.md §4.6): who proposes, who decides, as values."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.domain.exclusions import errors
from app.domain.exclusions import service as exclusions
from app.domain.exclusions.models import Exclusion, ExclusionReason, ExclusionState
from app.domain.exclusions.repository import Proposed, Proposing
from app.kernel.errors import NotAllowed, Refusal
from app.kernel.ids import new_id
from app.kernel.rules import Actor, Role

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
PLACE, STREET, MATTER, DEADLINE = new_id(), new_id(), new_id(), new_id()
REVIEWER = new_id()
MISSED = Proposing(MATTER, PLACE, missed=True, street_id=STREET, reviewers=(REVIEWER,))


def actor(*roles: Role) -> Actor:
    return Actor(new_id(), frozenset(roles))


DISPATCHER, HEAD = actor(Role.DISPATCHER), actor(Role.SECRETARY)
WAITING = Proposed(new_id(), PLACE, DISPATCHER.id, None, 1, had_part=False, from_street=True)


@pytest.mark.parametrize(
    ("who", "about", "refusal"),
    [
        (Role.RESIDENT, MISSED, NotAllowed),
        (Role.VOLUNTEER, MISSED, NotAllowed),
        (Role.STATION_STAFF, MISSED, NotAllowed),
        (Role.ADMINISTRATOR, MISSED, NotAllowed),
        (Role.DISPATCHER, MISSED, None),
        (Role.SECRETARY, MISSED, None),
        (Role.DISPATCHER, replace(MISSED, missed=False), errors.NotMissed),
    ],
)
def test_an_officer_of_the_place_proposes_that_a_miss_shall_not_count(
    who: Role, about: Proposing, refusal: type[Refusal] | None
) -> None:
    asked = {"deadline_id": DEADLINE, "reason": ExclusionReason.OUTAGE, "note": "全社区停电"}
    if refusal:
        with pytest.raises(refusal):
            exclusions.propose(about, actor(who), NOON, **asked)
        return
    proposer = actor(who)
    change = exclusions.propose(about, proposer, NOON, **asked)
    (row,) = change.rows
    assert row.table is Exclusion
    assert {name: row.values[name] for name in ("deadline_id", "matter_id", "place_id", "reason", "proposed_by")} == {
        "deadline_id": DEADLINE, "matter_id": MATTER, "place_id": PLACE, "reason": "outage", "proposed_by": proposer.id,
    }  # fmt: skip
    assert "upheld" not in row.values
    (told,) = change.events
    assert (told.to_person, told.topic) == (REVIEWER, "exclusion.proposed")


def test_where_nobody_may_review_the_administrator_is_told() -> None:
    asked = {"deadline_id": DEADLINE, "reason": ExclusionReason.OUTAGE, "note": "全社区停电"}
    change = exclusions.propose(replace(MISSED, reviewers=()), DISPATCHER, NOON, **asked)
    (told,) = change.events
    assert (told.to_role, told.topic, told.place_id) == (Role.ADMINISTRATOR, "exclusion.proposed", STREET)
    assert told.payload["nobody"], "who hears of it may not review it either"


@pytest.mark.parametrize(
    ("who", "found", "refusal"),
    [
        (actor(Role.DISPATCHER), WAITING, NotAllowed),
        (actor(Role.STATION_STAFF), WAITING, NotAllowed),
        (HEAD, replace(WAITING, from_street=False), errors.ReviewedHigherUp),
        (HEAD, replace(WAITING, had_part=True), errors.OwnReview),
        (HEAD, replace(WAITING, proposed_by=HEAD.id), errors.OwnReview),
        (HEAD, replace(WAITING, decided_at=NOON), errors.AlreadyReviewed),
        (actor(Role.ADMINISTRATOR), replace(WAITING, decided_at=NOON, version=2), errors.AlreadyReviewed),
    ],
)
def test_these_do_not_decide(who: Actor, found: Proposed, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        exclusions.decide(found, who, NOON, upheld=True, note="属实")


@pytest.mark.parametrize("role", [Role.SECRETARY, Role.ADMINISTRATOR])
@pytest.mark.parametrize(("upheld", "topic"), [(True, "exclusion.upheld"), (False, "exclusion.refused")])
def test_another_person_at_the_street_decides_and_who_proposed_is_told(role: Role, topic: str, *, upheld: bool) -> None:
    head = actor(role)
    change = exclusions.decide(WAITING, head, NOON, upheld=upheld, note="已核实")
    (patch,) = change.patches
    assert patch.values == {
        "id": WAITING.id, "version": 2, "upheld": upheld, "decision": "已核实", "decided_by": head.id, "decided_at": NOON,
    }  # fmt: skip
    assert [(told.to_person, told.topic) for told in change.events] == [(DISPATCHER.id, topic)]
    assert change.rows == []


@pytest.mark.parametrize(
    ("upheld", "state"),
    [(None, ExclusionState.PROPOSED), (True, ExclusionState.UPHELD), (False, ExclusionState.REFUSED)],
)
def test_what_has_become_of_one(upheld: bool | None, state: ExclusionState) -> None:
    assert ExclusionState.of(upheld) is state
