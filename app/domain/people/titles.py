"""What people call whoever holds a role at a place: 街道书记 at a street, 社区书记 at a community. Said here, once;
so is whom rules allow. Pure."""

from collections.abc import Iterable, Iterator

from app.domain.places.models import Level
from app.kernel.rules import Role, Rules, Via


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


_OWN = (Role.RESIDENT, Role.VOLUNTEER)
"""What people are where they live; nobody is it for a place from above."""

_ALLOWED = {
    Via.SELF: "{}本人", Via.BENEFICIARY: "{}本人", Via.REPRESENTATIVE: "{}", Via.ASSIGNED: "承接的{}本人",
    Via.TEAM: "承接队伍的{}", Via.LEAD: "承接队伍的{}", Via.UNIT: "{}的人员", Via.HEAD: "{}", Via.REPORTER: "{}本人",
    Via.JOINER: "{}", Via.SEATED: "{}的人员", Via.PLACER: "{}", Via.DESK: "{}", Via.POOL: "{}", Via.KEEPER: "{}本人",
}  # fmt: skip
"""Who a rule without roles of their own allows, around the word for the relation."""

_OF_RECORDS = {Via.LEAD: "这支队伍的队长"}
"""Of what no order is taken on for: a team, its services and its days."""

_OF_CASES = {Via.SELF: Via.REPORTER.label, Via.REPRESENTATIVE: "代为上报的人"}


def who_may(rules: Rules, of: str | None) -> str:
    """Whom the rules allow, in one sentence; `of`: a matter of this kind, since whoever places an order reports a case."""
    said = list(dict.fromkeys(_each(rules, of)))
    if not said:
        return "这一步由系统进行,不由人办理"
    return f"这项操作由{'、'.join(said[:-1])}{'或' if said[1:] else ''}{said[-1]}办理"


def _each(rules: Rules, of: str | None) -> Iterator[str]:
    for via in dict.fromkeys(rule.via for rule in rules):
        roles = [role for role in Role if any(role in rule.roles for rule in rules if rule.via is via)]
        if via is Via.SUBTREE:
            if own := [role for role in roles if role in _OWN]:
                yield f"当地的{_listed(own)}"
            if posts := [role for role in roles if role not in _OWN]:
                yield f"当地及上级的{_listed(posts)}"
        elif via is Via.SEAT:
            yield f"{via.label}的{_listed(roles)}"
        elif via is not Via.SYSTEM:
            yield (not of and _OF_RECORDS.get(via)) or _ALLOWED[via].format(
                (of == "case" and _OF_CASES.get(via)) or via.label
            )


def _listed(roles: Iterable[Role]) -> str:
    return "、".join(office(role) for role in roles)
