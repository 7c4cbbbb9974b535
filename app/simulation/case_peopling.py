"""Who handles cases on the street: officers above the communities, units with their people; and which cases will come."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from app.simulation.affairs import Case
from app.simulation.case_fates import (
    ADMITTED,
    CASE_FATES,
    CATEGORIES,
    FIRST_OF_TWO,
    ORDINARY_CASE,
    UNITS,
    CaseFate,
    Source,
)
from app.simulation.peopling import arrivals, fates_of, officer, residents_of, within
from app.simulation.person import Person
from app.simulation.profiles import DILIGENCE, Part, Surge
from app.simulation.street import Street

MEANWHILE = (8, 20)
"""So many minutes after somebody else the same is reported again."""
AWAY = timedelta(days=60)


async def units(street: Street, administrator: Person, street_id: str, district_id: str) -> None:
    """The officers for all of the street, and what it lets go down; the units: an officer and a head each, and what they answer
    for."""
    await officer(street, administrator, Part.DISTRICT, 0, district_id, "")
    await officer(street, administrator, Part.ARBITER, 1, district_id, "")
    for part in (Part.CALLER, Part.SUPERVISOR, Part.ARBITER):
        await officer(street, administrator, part, 0, street_id, "")
    chief = street.of(Part.STREET, "")
    if chief is not None:
        await chief.must("/v1/admission-lists", {"place_id": street_id, "codes": list(ADMITTED)})
    answered = list(street.communities)[:-1]
    for number, unit in enumerate(UNITS):
        made = {"place_id": street_id, "name": unit.name, "kind": unit.kind}
        unit_id = (await administrator.must("/v1/units", made))["id"]
        street.units[unit_id] = unit
        character = next(one for one in DILIGENCE if one.name == unit.diligence)
        for part, post in ((Part.UNIT, "officer"), (Part.HEAD, "head")):
            who = await officer(street, administrator, part, number, street_id, "", f"{unit.name}{part.value}")
            who.unit = unit_id
            if part is Part.UNIT:
                who.character = character
            await administrator.must(f"/v1/units/{unit_id}/members", {"person_id": who.id, "post": post})
        if unit.away:
            await _deputy(street, administrator, number, street_id, unit_id)
        for category in unit.categories:
            for place in answered if category == "danger" else (street_id,):
                await administrator.must(
                    "/v1/responsibilities", {"place_id": place, "category": category, "unit_id": unit_id}
                )


async def _deputy(street: Street, administrator: Person, number: int, street_id: str, unit_id: str) -> None:
    """The officer of a unit is away all the time: the head names a colleague who stands in."""
    name = f"{street.units[unit_id].name}代理"
    deputy = await officer(street, administrator, Part.DEPUTY, number, street_id, "", name)
    deputy.unit = unit_id
    await administrator.must(f"/v1/units/{unit_id}/members", {"person_id": deputy.id, "post": "officer"})
    absent, head = (
        next(who for who in street.people.values() if who.unit == unit_id and who.part is part)
        for part in (Part.UNIT, Part.HEAD)
    )
    period = {"from_at": street.now.isoformat(), "until_at": (street.now + AWAY).isoformat()}
    await head.must(f"/v1/units/{unit_id}/deputies", {"absent_id": absent.id, "deputy_id": deputy.id, **period})


def cases_of(street: Street, days: int, each_day: int) -> Iterator[Case]:
    """The cases that will be reported, each with whoever it happens to, its moment and its fate; what happens twice, twice."""
    number = 0
    for day in range(days):
        dice = Random(f"{street.seed}/cases of day {day}")
        for at, fate, category in dealt(
            street.profile.begins + timedelta(days=day), each_day, dice, street.profile.surge
        ):
            who = dice.choice(_where(street, fate))
            first = Case(number, street.seed, who, at, FIRST_OF_TWO if fate.twin else fate, category=category)
            yield first
            number += 1
            if fate.twin:
                other = dice.choice(
                    [one for one in _where(street, fate) if one.community == who.community and one is not who]
                )
                later = at + timedelta(minutes=dice.uniform(*MEANWHILE))
                yield Case(number, street.seed, other, later, fate, category=category, twin=first)
                number += 1


def dealt(day: date, number: int, dice: Random, surge: Surge | None) -> list[tuple[datetime, CaseFate, str]]:
    """Moment, fate and category of each case of a day; in the hour of a surge its category comes so many times as often."""
    fates = fates_of(number, dice, CASE_FATES, ORDINARY_CASE)
    cases = []
    for usual, fate in zip(arrivals(day, number, dice), fates, strict=True):
        at = usual if fate.hour is None else within(day, fate.hour, dice)
        cases.append((at, fate, fate.category or dice.choices(list(CATEGORIES), list(CATEGORIES.values()))[0]))
    if surge is not None:
        usually = sum(at.hour == surge.hour and category == surge.category for at, _, category in cases)
        more = max(1, usually) * surge.times - usually
        plain = replace(ORDINARY_CASE, name="surge", zh="激增")
        cases += [(within(day, surge.hour, dice), plain, surge.category) for _ in range(more)]
    return sorted(cases, key=lambda case: case[0])


def _where(street: Street, fate: CaseFate) -> Sequence[Person]:
    """To whom it may happen: what no unit answers for, where nobody was named."""
    everybody = residents_of(street)
    last = list(street.communities)[-1]
    if fate.source is Source.REPRESENTATIVE:
        return [who for who in everybody if who.id in street.represented]
    if fate.category == "danger":
        return [who for who in everybody if (who.community == last) is fate.nobody]
    return everybody
