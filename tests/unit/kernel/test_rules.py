"""Rules: the verb's check and the policy's text say the same."""

from dataclasses import replace
from uuid import UUID

import pytest

from app.kernel.errors import NotAllowed
from app.kernel.rules import Actor, Role, Rule, Via, demand, reach, to_sql
from tests.unit.orders.test_policy import OTHER, RESIDENT, WHO, an_order


def test_to_sql_is_the_text_of_the_policy() -> None:
    rules = (
        Rule(Via.SELF),
        Rule(Via.ASSIGNED, states=frozenset({"accepted"})),
        reach(Role.SECRETARY, Role.DISPATCHER),
        Rule(Via.POOL, frozenset({Role.VOLUNTEER})),
        Rule(Via.REPRESENTATIVE),
        Rule(Via.PLACER, frozenset({Role.STATION_STAFF})),
        Rule(Via.SYSTEM),
    )
    assert to_sql(rules, "m") == (
        "(m.requester_id = app_actor()"
        " OR (m.state IN ('accepted') AND m.assignee_id = app_actor())"
        " OR app_reaches(m.place_id, '{dispatcher,secretary}')"
        " OR (m.open_pool AND app_reaches(m.place_id, '{volunteer}'))"
        " OR (m.requester_id = app_actor() AND person_represents(app_actor(), m.beneficiary_id))"
        " OR (m.placed_by = app_actor() AND app_reaches(m.place_id, '{station_staff}'))"
        " OR false)"
    )


@pytest.mark.parametrize(
    ("placed_by", "roles", "allowed"),
    [
        (OTHER, {Role.STATION_STAFF}, True),
        (OTHER, {Role.RESIDENT}, False),
        (OTHER, set(), False),
        (RESIDENT, {Role.STATION_STAFF}, False),
    ],
)
def test_a_placer_placed_it_and_is_still_on_the_staff(placed_by: UUID, roles: set[Role], allowed: bool) -> None:
    rule = Rule(Via.PLACER, frozenset({Role.STATION_STAFF}))
    assert rule.allows(replace(an_order(), placed_by=placed_by), Actor(OTHER, frozenset(roles))) is allowed


@pytest.mark.parametrize("via", Via)
def test_every_relation_has_a_word_that_people_read(via: Via) -> None:
    assert via.label


def test_demand_asks_for_a_role_at_the_place() -> None:
    demand((reach(Role.SECRETARY),), WHO["secretary"])
    for who in ("dispatcher", "elsewhere", "system"):
        with pytest.raises(NotAllowed):
            demand((reach(Role.SECRETARY),), WHO[who])
    with pytest.raises(NotAllowed):
        demand((), Actor(WHO["secretary"].id, frozenset(Role)))
