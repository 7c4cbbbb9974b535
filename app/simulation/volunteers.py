"""What volunteers do, a small function each."""

import asyncio
from datetime import timedelta

from app.simulation.person import Person
from app.simulation.profiles import Part
from app.simulation.residents import agreed
from app.simulation.street import Order, Street

LOADED = 0.8
"""How the wish to accept shrinks with each order that they have already."""
OUTCOMES = ("已陪同取药并送回家", "东西已买好送到", "已经教会，演示了两遍", "已理好，老人满意")
AT_ONCE = 3
"""So many at most tap on the same order of the pool in the same moment."""


async def answer_offer(street: Street, who: Person, order: Order) -> None:
    load = LOADED ** len(street.carrying[who.id])
    if not await street.may(who, order, "accept"):
        return
    if street.will(order, "take", who.character.accepts * load) and await who.send(f"{order.path}/accept"):
        await taken(street, who, order)


async def taken(street: Street, who: Person, order: Order) -> None:
    """It is theirs now: they propose a time, or go at once."""
    street.carrying[who.id].add(order.id)
    if street.will(order, "propose", 0.35):
        street.intend(propose, who, order, (1, 4, 15))
    elif street.will(order, "arrive", who.character.comes):
        street.intend(arrive, who, order, (15, 40, 100))


async def propose(street: Street, who: Person, order: Order) -> None:
    if not await street.may(who, order, "propose"):
        return
    meet_at = agreed(street, order)
    if await who.send(f"{order.path}/appointment", {"meet_at": meet_at.isoformat()}):
        order.meet_at = meet_at


async def keep_appointment(street: Street, who: Person, order: Order) -> None:
    """The time is agreed: they come a little before or after it, or not at all."""
    if order.meet_at is not None and street.will(order, "arrive", who.character.comes):
        early = timedelta(minutes=order.dice("punctual").triangular(-10, 12, 2))
        street.intend_at(arrive, who, order, max(street.now, order.meet_at + early))


async def arrive(street: Street, who: Person, order: Order) -> None:
    """At the door: the resident opens the order on the phone, and reads out the code."""
    if not await street.may(who, order, "start"):
        return
    shown = await order.resident.get(order.path)
    if street.will(order, "mistype", 0.01):
        await who.send(f"{order.path}/start", {"code": f"{(int(shown['start_code']) + 1) % 1_000_000:06d}"})
    if await who.send(f"{order.path}/start", {"code": shown["start_code"]}) and street.will(order, "deliver", 0.99):
        street.intend(deliver, who, order, (15, 45, 120))


async def hurry(street: Street, who: Person, order: Order) -> None:
    await arrive(street, who, order)


async def deliver(street: Street, who: Person, order: Order) -> None:
    outcome = {"outcome": order.dice("outcome").choice(OUTCOMES)}
    if await street.may(who, order, "deliver") and await who.send(f"{order.path}/deliver", outcome):
        street.carrying[who.id].discard(order.id)


async def remember(street: Street, who: Person, order: Order) -> None:
    """It was done long ago, and is said only now."""
    await deliver(street, who, order)


async def let_go(street: Street, who: Person, order: Order) -> None:
    """It is not theirs any more."""
    street.carrying[who.id].discard(order.id)


async def look_at_pool(street: Street, who: Person, order: Order) -> None:
    """Somebody tells the volunteers of the community that an order is open; up to three want it, and tap at once."""
    keen = [
        person
        for person in street.people.values()
        if person.part is Part.VOLUNTEER and person.community == order.resident.community
        if order.dice("keen").random() < person.character.accepts * person.character.heeds * 0.6
    ]
    order.dice("who first").shuffle(keen)
    rivals = []
    for person in keen[:AT_ONCE]:
        pool = (await person.get("/v1/orders/pool", limit=100))["items"]
        if any(item["id"] == order.id and item["open_pool"] for item in pool):
            rivals.append(person)
    won = await asyncio.gather(*(person.send(f"{order.path}/claim") for person in rivals))
    winners = [person for person, receipt in zip(rivals, won, strict=True) if receipt]
    street.races += len(rivals) > 1
    if len(winners) > 1:
        street.crowded_races.append(order.id)
    for winner in winners[:1]:
        await taken(street, winner, order)
