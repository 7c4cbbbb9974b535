"""A role is called by the level of its place, and by nothing where that is not known."""

import pytest

from app.domain.people.titles import office, title, title_upward
from app.domain.places.models import Level
from app.kernel.rules import Role


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


def test_who_is_looked_for_from_a_level_upward_is_not_said_to_be_that_levels() -> None:
    assert title_upward(Role.SECRETARY, Level.STREET) == "街道及以上的书记"
    assert title_upward(Role.SUPERVISOR, Level.DISTRICT) == "区县及以上的督办员"


@pytest.mark.parametrize("role", Role)
def test_without_a_place_no_level_is_claimed(role: Role) -> None:
    assert office(role)
    assert not office(role).startswith(tuple(level.label for level in (Level.COMMUNITY, Level.STREET, Level.ESTATE)))
