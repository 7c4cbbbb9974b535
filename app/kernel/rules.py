"""Permission: one object with three uses.

A `Rule` says through what (`Via`) a person may act on or read a matter: as its requester, as the one it is assigned to,
or through a role at its place or above. `allows` is the verb's check; `to_sql` is the text of the row-level-security
policy; `str` is what the contract and the census say of an operation. Denied by default: no rule, no access.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.kernel.errors import NotAllowed
from app.kernel.ids import NOBODY


class Role(StrEnum):
    """What a person may be at a place. A role reaches the place's whole subtree, never a sibling (domain.md §2)."""

    RESIDENT = "resident"
    VOLUNTEER = "volunteer"
    STATION_STAFF = "station_staff"
    DISPATCHER = "dispatcher"
    SECRETARY = "secretary"
    GRID_WORKER = "grid_worker"
    INFORMATION_OFFICER = "information_officer"
    BRANCH_SECRETARY = "branch_secretary"
    CALLBACK_OFFICER = "callback_officer"
    SUPERVISOR = "supervisor"
    ARBITER = "arbiter"
    ADMINISTRATOR = "administrator"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _LABELS[self]


_LABELS = {
    Role.RESIDENT: "居民",
    Role.VOLUNTEER: "志愿者",
    Role.STATION_STAFF: "站点工作人员",
    Role.DISPATCHER: "社区派单员",
    Role.SECRETARY: "社区书记",
    Role.GRID_WORKER: "网格员",
    Role.INFORMATION_OFFICER: "民情信息员",
    Role.BRANCH_SECRETARY: "小区党支部书记",
    Role.CALLBACK_OFFICER: "回访员",
    Role.SUPERVISOR: "督办员",
    Role.ARBITER: "裁定人",
    Role.ADMINISTRATOR: "管理员",
}


class Via(StrEnum):
    """The relation between a person and a matter that a rule asks for."""

    SELF = "requester"
    BENEFICIARY = "beneficiary"
    REPRESENTATIVE = "representative"
    ASSIGNED = "assignee"
    TEAM = "team"
    LEAD = "lead"
    SEAT = "seat"
    UNIT = "unit"
    HEAD = "head"
    REPORTER = "reporter"
    JOINER = "joiner"
    SEATED = "seated"
    KEEPER = "keeper"
    PLACER = "placer"
    DESK = "desk"
    SUBTREE = "subtree"
    POOL = "pool"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        """Who acts through it, in the Chinese word that people read."""
        return _VIA[self]


_VIA = {
    Via.SELF: "下单人",
    Via.BENEFICIARY: "受益人",
    Via.REPRESENTATIVE: "代下单人",
    Via.ASSIGNED: "志愿者",
    Via.TEAM: "队员",
    Via.LEAD: "队长",
    Via.SEAT: "办理层级",
    Via.UNIT: "办理单位",
    Via.HEAD: "单位负责人",
    Via.REPORTER: "上报人",
    Via.JOINER: "附议人",
    Via.SEATED: "联席单位",
    Via.KEEPER: "持有材料的代办员",
    Via.PLACER: "代为点单或上报的工作人员",
    Via.DESK: "转达居民来电的工作人员",
    Via.SUBTREE: "工作人员",
    Via.POOL: "抢单的志愿者",
    Via.SYSTEM: "系统",
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, the roles they hold live at the subject's place or above it, and what they are in the team that
    the matter is offered to ("member", "lead" or None). `seat`: their roles at the place whose officers hold the matter, or
    above it; `unit`: what they are in the unit that it is assigned to ("officer", "head" or None); `parts`: "reporter" who
    joined it, "joiner" who may and does so with this command, "seated" who works in a unit that has a seat on its board, "keeper"
    who took papers of an errand that have not come back."""

    id: UUID
    roles: frozenset[Role] = frozenset()
    team: str | None = None
    seat: frozenset[Role] = frozenset()
    unit: str | None = None
    parts: frozenset[str] = frozenset()

    @property
    def is_system(self) -> bool:
        return self.id == NOBODY


SYSTEM = Actor(NOBODY)


class Subject(Protocol):
    """The columns of a matter that rules look at."""

    @property
    def state(self) -> str: ...
    @property
    def requester_id(self) -> UUID: ...
    @property
    def beneficiary_id(self) -> UUID: ...
    @property
    def placed_by(self) -> UUID: ...
    @property
    def assignee_id(self) -> UUID | None: ...
    @property
    def team_id(self) -> UUID | None: ...
    @property
    def unit_id(self) -> UUID | None: ...
    @property
    def open_pool(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to be allowed: `via` a relation, for SUBTREE, SEAT, POOL, PLACER and DESK with one of `roles`, only while in
    `states` (empty: any). REPRESENTATIVE is who acts for somebody else; that the consent is recorded, the verb's snapshot and the
    policy's SQL ask. PLACER is who placed it, for as long as they hold one of `roles` there: whoever leaves the place leaves
    what they placed for others. DESK is who passes on what somebody says that they placed nothing for; whoever serves it is the
    other side, and speaks for nobody.
    """

    via: Via
    roles: frozenset[Role] = field(default_factory=frozenset)
    states: frozenset[str] = field(default_factory=frozenset)

    def allows(self, subject: Subject, actor: Actor) -> bool:  # noqa: C901, PLR0911, PLR0912 - one line a relation
        """Whether `actor` is allowed on `subject` by this rule."""
        if self.states and subject.state not in self.states:
            return False
        match self.via:
            case Via.SELF:
                return subject.requester_id == actor.id
            case Via.BENEFICIARY:
                return subject.beneficiary_id == actor.id
            case Via.REPRESENTATIVE:
                return subject.requester_id == actor.id != subject.beneficiary_id
            case Via.ASSIGNED:
                return subject.assignee_id == actor.id
            case Via.TEAM:
                return subject.team_id is not None and actor.team is not None
            case Via.LEAD:
                return subject.team_id is not None and actor.team == "lead"
            case Via.UNIT:
                return subject.unit_id is not None and actor.unit is not None
            case Via.HEAD:
                return subject.unit_id is not None and actor.unit == "head"
            case Via.REPORTER | Via.JOINER | Via.SEATED | Via.KEEPER:
                return self.via.value in actor.parts
            case Via.SEAT:
                return bool(self.roles & actor.seat)
            case Via.PLACER:
                return subject.placed_by == actor.id and bool(self.roles & actor.roles)
            case Via.DESK:
                return subject.assignee_id != actor.id and actor.team is None and bool(self.roles & actor.roles)
            case Via.SUBTREE:
                return bool(self.roles & actor.roles)
            case Via.POOL:
                return subject.open_pool and bool(self.roles & actor.roles)
            case Via.SYSTEM:
                return actor.is_system

    def to_sql(self, row: str = "matter") -> str:
        """The same test as a SQL condition over `row`; SYSTEM is nobody here, since the worker has policies of its own."""
        condition = self._condition(row)
        if not self.states:
            return condition
        states = ", ".join(f"'{state}'" for state in sorted(self.states))
        return f"({row}.state IN ({states}) AND {condition})"

    def _condition(self, row: str) -> str:  # noqa: C901, PLR0911, PLR0912 - one line a relation
        roles = "{" + ",".join(sorted(self.roles)) + "}"
        match self.via:
            case Via.SELF | Via.BENEFICIARY | Via.ASSIGNED:
                return f"{row}.{self.via.value}_id = app_actor()"
            case Via.TEAM:
                return f"({row}.team_id IS NOT NULL AND app_team({row}.team_id) IS NOT NULL)"
            case Via.LEAD:
                return f"({row}.team_id IS NOT NULL AND app_team({row}.team_id) = 'lead')"
            case Via.REPRESENTATIVE:
                return f"({row}.requester_id = app_actor() AND person_represents(app_actor(), {row}.beneficiary_id))"
            case Via.UNIT:
                return f"({row}.unit_id IS NOT NULL AND app_unit({row}.unit_id) IS NOT NULL)"
            case Via.HEAD:
                return f"({row}.unit_id IS NOT NULL AND app_unit({row}.unit_id) = 'head')"
            case Via.REPORTER | Via.JOINER | Via.SEATED:
                return f"'{self.via.value}' = ANY (app_parts({row}.id))"
            case Via.KEEPER:
                return f"app_keeps_papers({row}.id)"
            case Via.SEAT:
                return f"app_reaches({row}.seat_id, '{roles}')"
            case Via.PLACER:
                return f"({row}.placed_by = app_actor() AND app_reaches({row}.place_id, '{roles}'))"
            case Via.DESK:
                serves = f"{row}.assignee_id IS NOT DISTINCT FROM app_actor() OR app_team({row}.team_id) IS NOT NULL"
                return f"(NOT ({serves}) AND app_reaches({row}.place_id, '{roles}'))"
            case Via.SUBTREE:
                return f"app_reaches({row}.place_id, '{roles}')"
            case Via.POOL:
                return f"({row}.open_pool AND app_reaches({row}.place_id, '{roles}'))"
            case Via.SYSTEM:
                return "false"

    def __str__(self) -> str:
        who = self.via.value + (":" + "/".join(sorted(self.roles)) if self.roles else "")
        return who + (f" while {'/'.join(sorted(self.states))}" if self.states else "")


Rules = tuple[Rule, ...]


def to_sql(rules: Iterable[Rule], row: str = "matter") -> str:
    """The condition of a policy: any of the rules, the cheap ones first as written."""
    return "(" + " OR ".join(rule.to_sql(row) for rule in rules) + ")"


def reach(*roles: Role) -> Rule:
    """One of `roles` at the subject's place or above it."""
    return Rule(Via.SUBTREE, frozenset(roles))


def seated(*roles: Role) -> Rule:
    """One of `roles` at the place whose officers hold the matter, or above it."""
    return Rule(Via.SEAT, frozenset(roles))


def demand(rules: Rules, actor: Actor) -> None:
    """For records, which have no matter: the actor holds one of the roles at the record's place or above it.

    Raises:
        NotAllowed: they do not.
    """
    if not any(rule.via is Via.SUBTREE and rule.roles & actor.roles for rule in rules):
        raise NotAllowed(rules=rules)


def demand_lead(lead_id: UUID | None, rules: Rules, actor: Actor) -> None:
    """The same for what a team's lead may as well; `lead_id`: None where there is no team.

    Raises:
        NotAllowed: it names the lead too.
    """
    if lead_id is None:
        demand(rules, actor)
    elif actor.id != lead_id:
        demand((Rule(Via.LEAD), *rules), actor)
