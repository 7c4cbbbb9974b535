"""What people call whoever holds a role at a place: 街道书记 at a street, 社区书记 at a community. Said here, once. Pure."""

from app.domain.places.models import Level
from app.kernel.rules import Role


def title(role: Role, level: Level) -> str:
    """The Chinese word for a holder of `role` at a place of this level; of most roles it is the same at every level."""
    bare = office(role)
    return role.label if bare == role.label else level.label + bare


def title_upward(role: Role, level: Level) -> str:
    """Whoever of a role is found first when one looks from this level upward (`holders_of`): the street's, or where it has
    none the district's."""
    return f"{level.label}及以上的{office(role)}"


def office(role: Role) -> str:
    """The role's word where the place is not known: 书记, for a role whose own word names the level that it mostly has."""
    return role.label.removeprefix(Level.COMMUNITY.label).removeprefix(Level.ESTATE.label)
