"""The street while it is simulated: its people, its orders, what time it is, and how a deed comes to be done."""

from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any

import asyncpg

from app.kernel.time import CHINA
from app.simulation.agenda import Agenda
from app.simulation.life import Standing
from app.simulation.person import Person, Wire
from app.simulation.profiles import HOURS, MINUTES_EACH, ORDINARY, Fate, Minutes, Part, Profile, Way

_TOLD = """
SELECT id::text, person_id::text, subject_id::text, topic, as_role, payload ->> 'deadline' AS deadline,
       payload ->> 'percent' AS percent, payload ->> 'to' AS target, created_at
  FROM inbox_message WHERE created_at >= $1 AND subject_kind = 'order' ORDER BY created_at, id"""

_OVERLAP = timedelta(minutes=2)
"""How far back is looked for new messages: the sweep may write while we read."""


@dataclass
class Order:
    """One order as its resident means it: the fate and the chances are fixed before it is placed."""

    number: int
    seed: int
    resident: Person
    at: datetime
    fate: Fate = ORDINARY
    id: str = ""
    asked: set[str] = field(default_factory=set)
    """Volunteers that it was offered to, by id."""
    meet_at: datetime | None = None
    drawn: Counter[str] = field(default_factory=Counter)

    @property
    def path(self) -> str:
        return f"/v1/orders/{self.id}"

    def dice(self, what: str) -> Random:
        """The dice for the next decision of this name on this order: the same in every run with this seed, whatever else
        happens on the street."""
        self.drawn[what] += 1
        return Random(f"{self.seed}/{self.number}/{what}/{self.drawn[what]}")


Deed = Callable[["Street", Person, Order], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody does about what they are told: after so many minutes, with what chance. `by`: not they themselves but
    the one of this part in the same community, to whom they pass it on."""

    deed: Deed
    minutes: Minutes
    chance: float = 1.0
    by: Part | None = None


@dataclass
class Street:
    """Everything that deeds need. `now` is the simulated time at the last rest."""

    seed: int
    profile: Profile
    wire: Wire
    agenda: Agenda
    reactions: Mapping[str, Sequence[Reaction]]
    now: datetime
    people: dict[str, Person] = field(default_factory=dict)
    communities: dict[str, str] = field(default_factory=dict)
    """Names by id."""
    former: dict[str, Person] = field(default_factory=dict)
    """By community: somebody whose role as a volunteer has ended, whom the dispatcher still has on a list."""
    services: list[str] = field(default_factory=list)
    special: dict[Way, str] = field(default_factory=dict)
    """The services of other forms, and of the team."""
    team: list[Person] = field(default_factory=list)
    """Volunteers of the whole street: the lead first."""
    team_id: str = ""
    serving: list[Person] = field(default_factory=list)
    """Everybody who serves: volunteers of the communities, of the team, and residents who became one."""
    hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What volunteers said of when they serve, by id."""
    represented: dict[str, Person] = field(default_factory=dict)
    """Who orders for whom, by the beneficiary's id."""
    cards: dict[str, str] = field(default_factory=dict)
    """Household cards, by the resident's id."""
    days: dict[Way, str] = field(default_factory=dict)
    """The service days that are opened, by id."""
    suggested: list[tuple[int, int]] = field(default_factory=list)
    """What dispatchers were shown: how many are fit, among how many."""
    orders: dict[str, Order] = field(default_factory=dict)
    to_place: list[Order] = field(default_factory=list)
    offers: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    carrying: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The orders that a volunteer has accepted and not delivered, by their ids."""
    races: int = 0
    crowded_races: list[str] = field(default_factory=list)
    """Orders that more than one of those who claimed at once was given: there must be none."""
    unread: list[str] = field(default_factory=list)
    """Messages that were written and that the person's inbox did not show over HTTP: there must be none."""
    _heard: set[str] = field(default_factory=set)
    _since: datetime | None = None

    def of(self, part: Part, community: str) -> Person | None:
        """The one of this part in the community, or on the street."""
        for person in self.people.values():
            if person.part is part and person.community in (community, ""):
                return person
        return None

    # ── what people intend ───────────────────────────────────────────────────────────────────────────────────

    def will(self, order: Order, what: str, chance: float) -> bool:
        """Whether it happens on this order: its fate says so, else the profile, else the chance."""
        chance = self.profile.deeds.get(what, chance)
        if order.drawn[what] == 0 or what not in order.fate.once:
            chance = order.fate.deeds.get(what, chance)
        return order.dice(what).random() < chance

    def minutes(self, order: Order, what: str, who: Person, minutes: Minutes) -> timedelta:
        """How long it takes them: drawn between at least and at most, longer for the slow and on a slow day."""
        low, usual, high = minutes
        drawn = order.dice(f"minutes of {what}").triangular(low, high, usual)
        return timedelta(minutes=drawn * who.character.haste * self.profile.haste)

    def intend(self, deed: Deed, who: Person, order: Order, minutes: Minutes) -> None:
        """They do it after so many minutes, when they are about."""
        self.intend_at(deed, who, order, self.now + self.minutes(order, deed.__name__, who, minutes))

    def intend_at(self, deed: Deed, who: Person, order: Order, at: datetime) -> None:
        """They do it at this moment, or when they are about again."""
        self.agenda.intend(when_about(at, HOURS[who.part]), lambda: self._do(deed, who, order))

    async def _do(self, deed: Deed, who: Person, order: Order) -> None:
        each = MINUTES_EACH.get(who.part)
        if each is None:
            await deed(self, who, order)
            return
        who.waiting.append(partial(deed, self, who, order))
        if len(who.waiting) == 1:
            await self._next_thing(who, timedelta(minutes=each * who.character.haste))

    async def _next_thing(self, who: Person, each: timedelta) -> None:
        """An officer does one thing after the other: the first that waits, and when they are free the next."""
        if who.free_at is not None and who.free_at > self.now:
            self.agenda.intend(when_about(who.free_at, HOURS[who.part]), lambda: self._next_thing(who, each))
            return
        who.free_at = self.now + each
        await who.waiting.popleft()()
        if who.waiting:
            await self._next_thing(who, each)

    # ── what people are told ─────────────────────────────────────────────────────────────────────────────────

    async def hear(self, owner: asyncpg.Connection, standing: Standing) -> None:
        """Whose phone buzzed since the last time: they open their inbox, and some of them mean to do something about it.

        That a message is there is looked up in the database, in the place of a push; what they read comes over HTTP.
        """
        self.now = standing.now
        rows = await owner.fetch(_TOLD, (self._since or standing.now) - _OVERLAP)
        self._since = standing.now
        news: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            if row["id"] not in self._heard:
                self._heard.add(row["id"])
                news[row["person_id"]].append(row)
        for person_id, messages in news.items():
            who = self.people.get(person_id)
            if who is None:
                continue
            if not any(key_of(row) in self.reactions for row in messages):
                continue  # read some other time: nobody does anything about it
            shown = {item["id"] for item in (await who.get("/v1/inbox", limit=100))["items"]}
            self.unread += [row["id"] for row in messages if row["id"] not in shown]
            for row in messages:
                self._react(who, row)

    def _react(self, who: Person, row: asyncpg.Record) -> None:
        order = self.orders[row["subject_id"]]
        for reaction in self.reactions.get(key_of(row), ()):
            actor = who if reaction.by is None else self.of(reaction.by, order.resident.community)
            if actor is None:
                continue
            heed = reaction.chance * actor.character.heeds * self.profile.heed
            if self.will(order, reaction.deed.__name__, heed):
                self.intend(reaction.deed, actor, order, reaction.minutes)

    async def may(self, who: Person, order: Order, action: str) -> bool:
        """Whether the order, as they see it over HTTP, lets them do this."""
        seen: Any = await who.look(order.path)
        return seen is not None and action in seen["actions"]


def key_of(row: Mapping[str, Any] | asyncpg.Record) -> str:
    """How the table of reactions names a message: its topic, or limit, percent and to whom."""
    if row["topic"] != "deadline.mark":
        return str(row["topic"])
    return f"{row['deadline']} {row['percent']} {row['target'] or row['as_role']}"


def when_about(at: datetime, hours: tuple[time, time]) -> datetime:
    """The same moment within the hours, else the next opening, China time."""
    opens, closes = hours
    local = at.astimezone(CHINA)
    if local.time() < opens:
        return local.replace(hour=opens.hour, minute=opens.minute, second=0, microsecond=0)
    if local.time() >= closes:
        tomorrow = local + timedelta(days=1)
        return tomorrow.replace(hour=opens.hour, minute=opens.minute, second=0, microsecond=0)
    return at
