"""A role is called by the level of its place, and by nothing where that is not known."""

import pytest

from app.api.docs_words import CHINESE
from app.domain.cases.policy import LIFECYCLE as CASES
from app.domain.orders.policy import LIFECYCLE as ORDERS
from app.domain.people.looks import through
from app.domain.people.titles import office, title, title_upward, who_may
from app.domain.places.models import Level
from app.kernel.lifecycle import Transition
from app.kernel.rules import Role, Rule, Via


@pytest.mark.parametrize(
    ("role", "level", "called"),
    [
        (Role.SECRETARY, Level.COMMUNITY, "社区书记"),
        (Role.SECRETARY, Level.STREET, "街道书记"),
        (Role.SECRETARY, Level.DISTRICT, "区县书记"),
        (Role.DISPATCHER, Level.COMMUNITY, "社区派单员"),
        (Role.DISPATCHER, Level.STREET, "街道派单员"),
        (Role.BRANCH_SECRETARY, Level.ESTATE, "小区党支部书记"),
        (Role.BRANCH_SECRETARY, Level.COMMUNITY, "社区党支部书记"),
        (Role.GRID_WORKER, Level.GRID, "网格员"),
        (Role.SUPERVISOR, Level.STREET, "督办员"),
        (Role.VOLUNTEER, Level.STREET, "志愿者"),
        (Role.ADMINISTRATOR, Level.CITY, "管理员"),
    ],
)
def test_a_holder_is_called_by_the_level_of_their_place(role: Role, level: Level, called: str) -> None:
    assert title(role, level) == called


@pytest.mark.parametrize(
    ("capacity", "level", "called"),
    [
        ("secretary", "street", "街道书记"),
        ("dispatcher", "district", "区县派单员"),
        ("dispatcher", None, "派单员"),
        ("assignee", None, "志愿者"),
        ("unit", None, "办理单位"),
    ],
)
def test_who_looked_is_called_by_the_level_that_was_kept(capacity: str, level: str | None, called: str) -> None:
    assert through(capacity, level) == called


def test_who_is_looked_for_from_a_level_upward_is_not_said_to_be_that_levels() -> None:
    assert title_upward(Role.SECRETARY, Level.STREET) == "街道及以上的书记"
    assert title_upward(Role.SUPERVISOR, Level.DISTRICT) == "区县及以上的督办员"


@pytest.mark.parametrize("role", Role)
def test_without_a_place_no_level_is_claimed(role: Role) -> None:
    assert office(role)
    assert not office(role).startswith(tuple(level.label for level in (Level.COMMUNITY, Level.STREET, Level.ESTATE)))


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (CASES["hang"], "这项操作由办理层级的书记、管理员办理"),
        (CASES["withdraw"], "这项操作由上报人本人、受益人本人或代为点单或上报的工作人员办理"),
        (CASES["triage"], "这项操作由当地及上级的网格员或办理层级的派单员、书记、管理员办理"),
        (CASES["report"], "这项操作由代为上报的人、当地的居民或当地及上级的网格员、民情信息员、党支部书记办理"),
        (CASES["submit_whistled"], "这项操作由办理单位的人员办理"),
        (CASES["alarm"], "这一步由系统进行,不由人办理"),
        (ORDERS["rate"], "这项操作由下单人本人、受益人本人、代为点单或上报的工作人员或转达居民来电的工作人员办理"),
        (ORDERS["claim"], "这项操作由抢单的志愿者办理"),
        (ORDERS["start"], "这项操作由承接的志愿者本人办理"),
        (ORDERS["assign"], "这项操作由承接队伍的队长办理"),
    ],
    ids=lambda one: one.action if isinstance(one, Transition) else None,
)
def test_who_may_is_said_from_the_rules(row: Transition, said: str) -> None:
    of = "case" if row in CASES.transitions else "order"
    assert who_may(row.by, of) == said


def test_a_teams_lead_is_named_where_they_may_too() -> None:
    """Of a record: what no order is taken on for."""
    rules = (Rule(Via.LEAD), Rule(Via.SUBTREE, frozenset({Role.SECRETARY, Role.ADMINISTRATOR})))
    assert who_may(rules, None) == "这项操作由这支队伍的队长或当地及上级的书记、管理员办理"


@pytest.mark.parametrize("via", Via)
def test_every_relation_has_words(via: Via) -> None:
    assert CHINESE.search(who_may((Rule(via, frozenset({Role.SECRETARY})),), None))
