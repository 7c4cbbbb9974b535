"""Who lives and serves on the street, and which orders and cases will come. All but the first administrator come over HTTP."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from random import Random
from typing import TypeVar

from app.kernel.time import CHINA
from app.simulation.affairs import Order
from app.simulation.person import Person
from app.simulation.profiles import (
    ARRIVALS,
    CHARACTERS,
    FATES,
    ORDINARY,
    RESIDENTS,
    VOLUNTEERS,
    Character,
    Fate,
    Part,
    Way,
)
from app.simulation.street import Street

F = TypeVar("F", bound=Fate)
FAMILY = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
AT_ONCE = 6
TEAM = 4
IN_ESTATES = (2, 3)
"""Of five residents these live in an estate; those who are represented do not (`furnishing.py`)."""
OF_COMMUNITY = (Part.SECRETARY, Part.STATION, Part.GRID, Part.BRANCH, Part.INFORMATION)
ROLES = {
    Part.STREET: "secretary",
    Part.DISTRICT: "secretary",
    Part.UNIT: "information_officer",
    Part.HEAD: "information_officer",
    Part.DEPUTY: "information_officer",
}
"""The role where it is not named as the part. An account begins with a role: that of a unit's people lets them report what they
see, and no more."""
RESIDENT_WORDS = ("奶奶", "大爷", "阿姨", "叔叔", "先生", "女士")


async def people(
    street: Street,
    administrator: Person,
    street_id: str,
    communities: Sequence[tuple[str, str]],
    estates: Mapping[str, str],
) -> None:
    """Officers, volunteers and residents of the communities (id, name); some residents live in the estate of the
    community, where there is one."""
    administrator.id = (await administrator.get("/v1/me"))["id"]
    street.people[administrator.id] = administrator
    await officer(street, administrator, Part.STREET, 0, street_id, "")
    for number, (community, name) in enumerate(communities):
        street.communities[community] = name
        vacant = number >= len(communities) - street.profile.vacant
        for part in (*OF_COMMUNITY, *(() if vacant else (Part.DISPATCHER,))):
            await officer(street, administrator, part, number, community, community)
        await _volunteers(street, administrator, number, community)
        for first in range(number * RESIDENTS, (number + 1) * RESIDENTS, AT_ONCE):
            some = range(first, min(first + AT_ONCE, (number + 1) * RESIDENTS))
            homes = {one: estates.get(community, community) if one % 5 in IN_ESTATES else community for one in some}
            await asyncio.gather(*(_resident(street, one, community, home) for one, home in homes.items()))
    await _team(street, administrator, street_id)
    # In an order that does not depend on who was the quickest: dice are thrown person by person.
    street.people = dict(sorted(street.people.items(), key=lambda found: found[1].login))


async def officer(
    street: Street, administrator: Person, part: Part, number: int, place: str, community: str, name: str = ""
) -> Person:
    """Somebody with an account of their own and a role at the place."""
    login = f"{part.value}-{number}"
    character = _nth(CHARACTERS[part], number, 4)
    who = Person(
        name or f"{part.value} {number + 1}", part, character, street.wire, login, administrator.password, community
    )
    body = {
        "place_id": place,
        "login_name": login,
        "password": administrator.password,
        "name": "工作人员",
        "role": ROLES.get(part, part.value),
    }
    who.id = (await administrator.must("/v1/officers", body))["id"]
    street.people[who.id] = who
    return who


async def _volunteers(street: Street, administrator: Person, number: int, community: str) -> None:
    former: Person | None = None
    for one in range(VOLUNTEERS + 1):
        character = _nth(CHARACTERS[Part.VOLUNTEER], one, VOLUNTEERS)
        family = FAMILY[(number * (VOLUNTEERS + 1) + one) % len(FAMILY)]
        name = f"小{family} {number + 1}.{one + 1}"
        who = Person(name, Part.VOLUNTEER, character, street.wire, f"volunteer-{number}-{one}", community=community)
        await _introduce(street, who, f"小{family}", 2_000_000 + number * 100 + one)
        granted = await administrator.must(
            "/v1/roles", {"place_id": community, "role": "volunteer", "person_id": who.id}
        )
        if one < VOLUNTEERS:
            await _serves(street, who)
        else:
            former = who
            await administrator.must(f"/v1/roles/{granted['id']}/revoke")
    if former is not None:
        street.former[community] = former


async def _team(street: Street, administrator: Person, street_id: str) -> None:
    """The members of the team, who volunteer in all of the street; the first will lead it."""
    for one in range(TEAM):
        character = CHARACTERS[Part.VOLUNTEER][0]
        who = Person(f"队员 {one + 1}", Part.VOLUNTEER, character, street.wire, f"team-{one}")
        await _introduce(street, who, f"小{FAMILY[-one - 1]}", 3_000_000 + one)
        await administrator.must("/v1/roles", {"place_id": street_id, "role": "volunteer", "person_id": who.id})
        await _serves(street, who)
        street.team.append(who)


async def _serves(street: Street, who: Person) -> None:
    """A volunteer; some say how much they take a day, and when they are not to be disturbed."""
    street.serving.append(who)
    if who.character.says:
        said = {"daily_capacity": who.character.capacity, "quiet_from": "21:00", "quiet_until": "07:00"}
        street.hours[who.id] = said
        await who.must("/v1/me/availability", said, "PUT")


async def _resident(street: Street, number: int, community: str, home: str) -> None:
    character = _nth(CHARACTERS[Part.RESIDENT], number, 20)
    word = f"{FAMILY[number % len(FAMILY)]}{RESIDENT_WORDS[number % len(RESIDENT_WORDS)]}"
    who = Person(f"{word} {number}", Part.RESIDENT, character, street.wire, f"resident-{number}", community=community)
    await _introduce(street, who, word, 1_000_000 + number)
    await who.must("/v1/me/community", {"place_id": home})
    who.home = home


async def _introduce(street: Street, who: Person, name: str, number: int) -> None:
    """Logs in, and says who they are."""
    who.phone = f"138{number:08d}"
    body = {"name": name, "phone": who.phone, "address": f"{number % 12 + 1} 号院 {number % 7 + 1} 号楼 301"}
    who.id = (await who.must("/v1/me", body, "PUT"))["id"]
    street.people[who.id] = who


def _nth(characters: Sequence[Character], number: int, among: int) -> Character:
    """The character of the n-th of so many people: each has its share, exactly."""
    place = (number % among + 0.5) / among
    for character in characters:
        place -= character.share
        if place < 0:
            return character
    return characters[-1]


def orders_of(street: Street, days: int, each_day: int) -> Iterator[Order]:
    """The orders that will be placed, from early to late, each with its resident, its moment and its fate."""
    residents = residents_of(street)
    represented = [who for who in residents if who.id in street.represented]
    number = 0
    for day in range(days):
        dice = Random(f"{street.seed}/day {day}")
        fates = fates_of(each_day, dice, FATES, ORDINARY)
        today = street.profile.begins + timedelta(days=day)
        usual = zip(arrivals(today, each_day, dice), fates, strict=True)
        moments = [(at if fate.hour is None else within(today, fate.hour, dice), fate) for at, fate in usual]
        for at, fate in sorted(moments, key=lambda one: one[0]):
            some = represented if fate.way is Way.REPRESENTATIVE else residents
            yield Order(number, street.seed, dice.choice(some), at, fate)
            number += 1


def residents_of(street: Street) -> list[Person]:
    """In an order that does not depend on who was the quickest."""
    return sorted((p for p in street.people.values() if p.part is Part.RESIDENT), key=lambda p: p.login)


def arrivals(day: date, number: int, dice: Random) -> list[datetime]:
    """So many moments of a day by the curve of arrivals, in order."""
    hours = dice.choices(range(24), ARRIVALS, k=number)
    return sorted(within(day, hour, dice) for hour in hours)


def within(day: date, hour: int, dice: Random) -> datetime:
    """A moment within an hour of a day."""
    return datetime.combine(day, time(), CHINA) + timedelta(hours=hour, seconds=dice.randrange(3600))


def fates_of(number: int, dice: Random, fates: Sequence[F], ordinary: F) -> list[F]:
    """A fate for each affair of a day: each fate has its share and at least one, where there are affairs enough."""
    dealt = [fate for fate in fates for _ in range(max(1, round(fate.share * number)))][:number]
    dealt += [ordinary] * (number - len(dealt))
    dice.shuffle(dealt)
    return dealt
