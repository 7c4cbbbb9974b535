"""The street while it is simulated: its people, their orders and cases, what time it is, and how a deed comes to be done."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

import asyncpg

from app.kernel.time import CHINA
from app.simulation.affairs import Affair, Case, Order, offered
from app.simulation.agenda import Agenda
from app.simulation.case_fates import Unit
from app.simulation.life import Standing
from app.simulation.person import Person, Wire
from app.simulation.profiles import HOURS, MINUTES_EACH, WORKDAYS_ONLY, Minutes, Part, Profile, Way

# What is told of an assignment belongs to its case, and the case that an order became to whoever placed the order.
_TOLD = """
SELECT i.id::text, i.person_id::text, coalesce(a.case_id, i.subject_id)::text AS subject_id, d.order_id::text, topic, as_role,
       payload ->> 'deadline' AS deadline, payload ->> 'percent' AS percent, payload ->> 'to' AS target, i.created_at
  FROM inbox_message i LEFT JOIN assignment_detail a ON a.matter_id = i.subject_id
  LEFT JOIN case_detail d ON d.matter_id = coalesce(a.case_id, i.subject_id)
 WHERE i.created_at >= $1 AND i.subject_kind IN ('order', 'case', 'assignment') ORDER BY i.created_at, i.id"""

_OVERLAP = timedelta(minutes=2)
"""How far back is looked for new messages: the sweep may write while we read."""


Deed = Callable[["Street", Person, Any], Awaitable[None]]
"""Of an order or of a case: the table of reactions says to which it belongs."""

URGENT = 0.1
"""So much of the usual time is taken for what is urgent."""
SHOWN, MOST = 20, 100
"""So many older messages somebody sees with the new ones when they open their inbox, and so many at most in all."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What somebody does about what they are told: after so many minutes, with what chance. `by`: not they themselves but
    the one of this part in the same community, to whom they pass it on. `only`: whoever is told as well does nothing, unless
    they are of these parts."""

    deed: Deed
    minutes: Minutes
    chance: float = 1.0
    by: Part | None = None
    only: frozenset[Part] | None = None


@dataclass
class Street:
    """Everything that deeds need. `now` is the simulated time at the last rest."""

    seed: int
    profile: Profile
    wire: Wire
    agenda: Agenda
    reactions: Mapping[str, Mapping[str, Sequence[Reaction]]]
    """By the kind of affair."""
    now: datetime
    works: Callable[[date], bool] = lambda _: True
    """Whether a day is a working day."""
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
    units: dict[str, Unit] = field(default_factory=dict)
    """By id."""
    affairs: dict[str, Affair] = field(default_factory=dict)
    """Orders and cases by id."""
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

    def will(self, affair: Affair, what: str, chance: float) -> bool:
        """Whether it happens on this affair: its fate says so, else the profile, else the chance."""
        chance = self.profile.deeds.get(what, chance)
        if affair.drawn[what] == 0 or what not in affair.fate.once:
            chance = affair.fate.deeds.get(what, chance)
        return affair.dice(what).random() < chance

    def minutes(self, affair: Affair, what: str, who: Person, minutes: Minutes) -> timedelta:
        """How long it takes them: drawn between at least and at most, longer for the slow and on a slow day, and much shorter
        for what is urgent."""
        low, usual, high = minutes
        drawn = affair.dice(f"minutes of {what}").triangular(low, high, usual)
        return timedelta(minutes=drawn * who.character.haste * self.profile.haste * (URGENT if affair.urgent else 1))

    def intend(self, deed: Deed, who: Person, affair: Affair, minutes: Minutes) -> None:
        """They do it after so many minutes, when they are about."""
        self.intend_at(deed, who, affair, self.now + self.minutes(affair, deed.__name__, who, minutes))

    def intend_at(self, deed: Deed, who: Person, affair: Affair, at: datetime) -> None:
        """They do it at this moment, or when they are about again; what is urgent, at any hour."""
        moment = at if affair.urgent else self._when_about(who, at)
        self.agenda.intend(moment, lambda: self._do(deed, who, affair))

    def _when_about(self, who: Person, at: datetime) -> datetime:
        moment = when_about(at, HOURS[who.part])
        while who.part in WORKDAYS_ONLY and not self.works(moment.astimezone(CHINA).date()):
            # Midnight lies before every opening.
            moment = when_about(moment.astimezone(CHINA).replace(hour=0) + timedelta(days=1), HOURS[who.part])
        return moment

    async def _do(self, deed: Deed, who: Person, affair: Affair) -> None:
        each = MINUTES_EACH.get(who.part)
        if each is None or affair.urgent:
            await deed(self, who, affair)
            return
        who.waiting.append(partial(deed, self, who, affair))
        if len(who.waiting) == 1:
            await self._next_thing(who, timedelta(minutes=each * who.character.haste))

    async def _next_thing(self, who: Person, each: timedelta) -> None:
        """An officer does one thing after the other: the first that waits, and when they are free the next."""
        if who.free_at is not None and who.free_at > self.now:
            self.agenda.intend(self._when_about(who, who.free_at), lambda: self._next_thing(who, each))
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
            meant = [(affair, row) for row in messages if (affair := self._affair_of(row)) is not None]
            if not any(key_of(row) in self.reactions[affair.kind] for affair, row in meant):
                continue  # read some other time: nobody does anything about it
            inbox = await who.get("/v1/inbox", limit=min(MOST, SHOWN + len(messages)))
            shown = {item["id"] for item in inbox["items"]}
            self.unread += [row["id"] for row in messages if row["id"] not in shown]
            for affair, row in meant:
                self._react(who, affair, key_of(row))

    def _affair_of(self, row: asyncpg.Record) -> Affair | None:
        """The order or case that a message is about; an order that has become a case is one of ours as well."""
        known = self.affairs.get(row["subject_id"])
        order = self.affairs.get(row["order_id"])
        if known is None and isinstance(order, Order):
            known = self.affairs[row["subject_id"]] = Case.of_order(order, row["subject_id"])
        return known

    def _react(self, who: Person, affair: Affair, key: str) -> None:
        for reaction in self.reactions[affair.kind].get(key, ()):
            if reaction.only is not None and who.part not in reaction.only:
                continue
            actor = who if reaction.by is None else self.of(reaction.by, affair.resident.community)
            if actor is None:
                continue
            heed = reaction.chance * actor.character.heeds * self.profile.heed
            if self.will(affair, reaction.deed.__name__, heed):
                self.intend(reaction.deed, actor, affair, reaction.minutes)

    async def may(self, who: Person, affair: Affair, action: str) -> bool:
        """Whether the affair, as they see it over HTTP, lets them do this."""
        seen: Any = await who.look(affair.path)
        return seen is not None and action in offered(seen)


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
