"""A lifecycle is a table that a person reads top to bottom: action, from, to, who, and what it starts and stops.

The database's `allowed_transition` and the drawings of the contract are generated from it; `move` is the one door.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from app.kernel.change import Change
from app.kernel.errors import Instead, NotAllowed, TransitionRefused
from app.kernel.matter import Matter
from app.kernel.rules import Actor, Rule, Rules, Via


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: `action` takes a matter from one of `sources` to `target`, done `by` whoever one of the rules allows.

    `starts` and `stops` name kinds of deadlines, `may_start` those that the verb starts itself where it must. A target of STAYS
    is a fact on the matter, not a move. `timed`: the verb computes with the deadlines of the round. `hidden`: nobody is offered
    it as something to do.
    """

    action: str
    sources: tuple[str, ...]
    target: str | None
    by: Rules
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    may_start: tuple[str, ...] = ()
    timed: bool = False
    hidden: bool = False


STAYS = None
"""The target of a fact: whatever state the matter is in, it stays."""


class Lifecycle:
    """The transitions of one kind of matter, with the states in which it must have a live deadline, and those of them in
    which a miss is only told. `governed`: the kinds of which exactly one governs in a state; `held`: who holds the matter
    in a state ("seat", "unit" …), so that its hold-time is counted. `states_zh`, `actions_zh`: what people call them;
    `called`: what they call a state of this very matter, where that depends on its sort; `advice_zh`: what somebody does
    who comes too late, of states in which a matter waits for others or has ended; `advised`: whose advice that is (None:
    everybody's); `suits`: whether an action is for matters of this sort at all."""

    def __init__(
        self,
        kind: str,
        *transitions: Transition,
        states_zh: Mapping[str, str],
        actions_zh: Mapping[str, str],
        advice_zh: Mapping[str, str],
        promised: Iterable[str],
        advised: Rules | None = None,
        only_told: Iterable[str] = (),
        governed: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
        held: Mapping[str, str] = MappingProxyType({}),
        suits: Callable[[str, Matter[Any]], bool] = lambda _action, _matter: True,
        called: Callable[[str, Matter[Any]], str] | None = None,
    ) -> None:
        self.kind = kind
        self.states_zh = states_zh
        self.actions_zh = actions_zh
        self.advice_zh = advice_zh
        self._advised = advised
        self._suits = suits
        self.called = called or (lambda state, _matter: states_zh[state])
        self.transitions = transitions
        self.promised = frozenset(promised)
        self.only_told = frozenset(only_told)
        self.governed = governed
        self.held = held
        self._by_action = {t.action: t for t in transitions}
        if len(self._by_action) != len(transitions):
            raise ValueError(f"{kind}: an action stands twice in the lifecycle")

    def __getitem__(self, action: str) -> Transition:
        return self._by_action[action]

    @property
    def states(self) -> frozenset[str]:
        """Every state that the table names."""
        return frozenset(s for t in self.transitions for s in (*t.sources, t.target) if s is not None)

    def pairs(self) -> frozenset[tuple[str, str]]:
        """(from, to) of each legal move; from is '' for the creation of a matter."""
        return frozenset(
            (s, t.target)
            for t in self.transitions
            for s in t.sources or ("",)
            if t.target is not None and s != t.target
        )

    def permitted(self, matter: Matter[Any], actor: Actor) -> tuple[str, ...]:
        """The moves that `actor` may make on `matter` now, in the order of the table."""
        return tuple(
            t.action
            for t in self.transitions
            if matter.state in t.sources and not t.hidden and any(rule.allows(matter, actor) for rule in t.by)
        )

    def move(self, matter: Matter[Any], action: str, actor: Actor, now: datetime) -> Change:
        """Begin the change that `action` makes, with the deadlines that the table starts and stops. The state comes before
        the rules: whoever gets here sees the matter and its state (the door answers everybody else that there is none).

        Raises:
            TransitionRefused: the matter is in another state; it says in which, and knows what the actor may do in that.
            NotAllowed: no rule of the row allows the actor.
        """
        row = self._by_action[action]
        if matter.state not in row.sources:
            raise self._too_late(matter, actor)
        rule = self._allowed(row.by, matter, actor)
        change = self._change(matter, row, actor, rule, now)
        change.stops.extend(kind for kind in row.stops if any(d.kind == kind for d in matter.live))
        return change

    def _too_late(self, matter: Matter[Any], actor: Actor) -> TransitionRefused:
        may = tuple(action for action in self.permitted(matter, actor) if self._suits(action, matter))
        theirs = self._advised is None or any(rule.allows(matter, actor) for rule in self._advised)
        advice = self.advice_zh.get(matter.state) if theirs else None
        instead = Instead(self.kind, matter.id, matter.state, self.present(matter), may, advice)
        refusal = TransitionRefused(self.stands(instead), detail_en=f"The state is now {matter.state}")
        refusal.instead = instead
        return refusal

    def present(self, matter: Matter[Any]) -> str:
        """The state in which a matter is, in words."""
        return f"现在是『{self.called(matter.state, matter)}』"

    def stands(self, instead: Instead, may: Iterable[str] = ()) -> str:
        """How a matter stands, in words: with the actions that the reader `may` take, and what is done otherwise."""
        ways = "、".join(dict.fromkeys(self.actions_zh[action] for action in may))
        so = instead.present + (ways and f",可以:{ways}")
        return f"{so};{instead.advice}" if instead.advice else so

    def create(self, matter: Matter[Any], action: str, actor: Actor, now: datetime) -> Change:
        """Begin the change that makes a new matter, given as it shall be; whoever makes their own is kept as its requester,
        whichever role allows it. Raises NotAllowed."""
        row = self._by_action[action]
        rule = self._allowed(row.by, matter, actor)
        if rule.via is Via.SUBTREE and matter.requester_id == actor.id:
            rule = Rule(Via.SELF)
        return self._change(matter, row, actor, rule, now)

    def _change(self, matter: Matter[Any], row: Transition, actor: Actor, rule: Rule, now: datetime) -> Change:
        state = row.target or matter.state
        change = Change.of(matter, row.action, state, self.called(state, matter), actor, rule, now)
        change.starts.extend(row.starts)
        return change

    def _allowed(self, rules: Rules, matter: Matter[Any], actor: Actor) -> Rule:
        for rule in rules:
            if rule.allows(matter, actor):
                return rule
        may = tuple(rule for rule in rules if not rule.states or matter.state in rule.states)
        raise NotAllowed(rules=may, of=self.kind, when=self._when(rules, matter, actor))

    def _when(self, rules: Rules, matter: Matter[Any], actor: Actor) -> str | None:
        """In which states `actor` may, who may not now, in words; None: in none."""
        states = {s for rule in rules if replace(rule, states=frozenset()).allows(matter, actor) for s in rule.states}
        named = "、".join(f"『{self.called(state, matter)}』" for state in self.states_zh if state in states)
        return named and f"{self.present(matter)},您在{named}时可以办理"
