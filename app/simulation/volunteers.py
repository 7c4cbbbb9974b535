"""What volunteers do, a small function each."""

import asyncio
from datetime import timedelta
from typing import Any

from app.simulation.affairs import Order, offered
from app.simulation.person import Person
from app.simulation.profiles import Part, Way
from app.simulation.residents import agreed
from app.simulation.street import Street

LOADED = 0.8
"""How the wish to accept shrinks with each order that they have already."""
OUTCOMES = ("已陪同取药并送回家", "东西已买好送到", "已经教会，演示了两遍", "已理好，老人满意")
AT_ONCE = 3
"""So many at most tap on the same order of the pool in the same moment."""
LOOKS = 12
"""So often at most the word goes round again when nobody took an order of the pool."""
ABORTS = ("nobody_home", "nobody_home", "unsafe", "needs_tradesman")
UNITS = ("西峪小学", "街道卫生院", "红马甲读书会")
PAPERS = (("id_card", 1, "复印件"), ("household_register", 1, None))
AWAY = timedelta(days=2)


async def answer_offer(street: Street, who: Person, order: Order) -> None:
    """Take it, say no, or let it lapse."""
    load = LOADED ** len(street.carrying[who.id])
    if not await street.may(who, order, "accept"):
        return
    if street.will(order, "take", who.character.accepts * load):
        if await who.send(f"{order.path}/accept"):
            await taken(street, who, order)
    elif street.will(order, "decline", 0.6):
        await decline(street, who, order)


async def decline(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "decline"):
        await who.send(f"{order.path}/decline", {"reason": "今天走不开"})


async def taken(street: Street, who: Person, order: Order) -> None:
    """It is theirs now: most serve it, some think again."""
    street.carrying[who.id].add(order.id)
    order.meet_at = None
    if street.will(order, "leave", 0.005):
        street.intend(leave, who, order, (5, 12, 25))
    elif street.will(order, "release", 0.03):
        street.intend(release, who, order, (5, 12, 25))
    elif who in street.team[:1] and street.will(order, "send_member", 0.5):
        street.intend(send_member, who, order, (1, 5, 15))
    else:
        await set_out(street, who, order)


async def set_out(street: Street, who: Person, order: Order) -> None:
    """They come as agreed, propose a time, or go at once. An errand waits for what the resident allows."""
    street.carrying[who.id].add(order.id)
    if order.meet_at is not None:
        await keep_appointment(street, who, order)
    elif order.fate.way is Way.ERRAND:
        return
    elif street.will(order, "propose", 0.35):
        street.intend(propose, who, order, (1, 4, 15))
    elif street.will(order, "arrive", who.character.comes):
        wish = order.fate.way is Way.WISH
        street.intend(arrive, who, order, (600, 2000, 6000) if wish else (15, 40, 100))


async def send_member(street: Street, who: Person, order: Order) -> None:
    """The lead lets another member go, where it is the team's."""
    if not await street.may(who, order, "assign"):
        await set_out(street, who, order)
        return
    member = order.dice("member").choice(street.team[1:])
    if await who.send(f"{order.path}/member", {"member_id": member.id}):
        street.carrying[who.id].discard(order.id)
    else:
        await set_out(street, who, order)


async def release(street: Street, who: Person, order: Order) -> None:
    """They took on too much, and say so."""
    if await street.may(who, order, "release") and await who.send(f"{order.path}/release", {"reason": "家里临时有事"}):
        street.carrying[who.id].discard(order.id)


async def come_or_release(street: Street, who: Person, order: Order) -> None:
    """They were called: they come after all, or give it back."""
    if street.will(order, "come_after_all", 0.6):
        await arrive(street, who, order)
    else:
        await release(street, who, order)


async def leave(street: Street, who: Person, order: Order) -> None:
    """Away for two days: whatever has not begun goes back."""
    if await street.may(who, order, "release"):
        away = {"away_until": (street.now + AWAY).isoformat(), "hand_back": True}
        await who.send("/v1/me/availability", {**street.hours.get(who.id, {}), **away}, "PUT")
        street.carrying[who.id].clear()


async def propose(street: Street, who: Person, order: Order) -> None:
    """Say when they would come, unless somebody has proposed a time meanwhile."""
    if order.meet_at is not None or not await street.may(who, order, "propose"):
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
    """At the door: the resident opens the order on the phone, and reads out the code; or has no phone at hand."""
    if order.fate.way is Way.ERRAND:
        await collect_papers(street, who, order)
        return
    if not await street.may(who, order, "start"):
        return
    shown = await order.resident.get(order.path)
    if street.will(order, "mistype", 0.01):
        await who.send(f"{order.path}/start", {"code": _misread(shown["start_code"])})
    body: dict[str, Any] = {"code": shown["start_code"]}
    if street.will(order, "no_phone", 0.03):
        card = street.cards.get(order.resident.id)
        body = {"card": card} if card else {"unverified": True}
        if not card and (station := street.of(Part.STATION, order.resident.community)):
            await station.send(f"{order.path}/contact", {"channel": "phone", "text": "已电话核实是本人"})
    if await who.send(f"{order.path}/start", body):
        _under_way(street, who, order)


def _under_way(street: Street, who: Person, order: Order) -> None:
    """The service has begun: it ends as it should, is broken off, or its end is not said."""
    if street.will(order, "break_off", 0.02):
        street.intend(break_off, who, order, (3, 10, 25))
    elif street.will(order, "call_off", 0.01):
        street.intend(call_off, order.resident, order, (3, 10, 25))
    elif street.will(order, "deliver", 0.99):
        street.intend(deliver, who, order, (15, 45, 120))


def _misread(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


async def hurry(street: Street, who: Person, order: Order) -> None:
    await arrive(street, who, order)


async def break_off(street: Street, who: Person, order: Order) -> None:
    """It cannot be done now; somebody else is to come."""
    body = {"reason": order.dice("abort").choice(ABORTS), "again": True, "text": "已告知社区"}
    if await street.may(who, order, "abort") and await who.send(f"{order.path}/abort", body):
        street.carrying[who.id].discard(order.id)


async def call_off(street: Street, who: Person, order: Order) -> None:
    """The resident does not need it any more, while it is under way."""
    if await street.may(who, order, "call_off"):
        await who.send(f"{order.path}/abort", {"reason": "no_longer_needed", "again": False})


async def collect_papers(street: Street, who: Person, order: Order) -> None:
    """An errand begins with the papers, against a receipt."""
    if not await street.may(who, order, "hand_over_papers"):
        return
    shown = await order.resident.get(order.path)
    papers = [{"kind": kind, "copies": copies, "note": note} for kind, copies, note in PAPERS]
    if await who.send(f"{order.path}/papers", {"code": shown["start_code"], "papers": papers}):
        _under_way(street, who, order)


async def return_papers(street: Street, who: Person, order: Order) -> None:
    """Whatever is still out goes back against a receipt; the staff do it where the errand was broken off."""
    if not await street.may(who, order, "return_papers"):
        return
    receipts = (await who.get(f"{order.path}/papers"))["items"]
    out = sorted({paper["no"] for receipt in receipts for paper in receipt["papers"] if paper["out"]})
    code = (await order.resident.get(order.path))["return_code"]
    if street.will(order, "mistype_return", 0.03):
        await who.send(f"{order.path}/papers/return", {"code": _misread(code), "papers": out})
    await who.send(f"{order.path}/papers/return", {"code": code, "papers": out})


async def deliver(street: Street, who: Person, order: Order) -> None:
    if order.fate.way is Way.ERRAND:
        await return_papers(street, who, order)
    seen = await who.look(order.path)
    if seen is None or "deliver" not in offered(seen):
        return
    body = {"outcome": order.dice("outcome").choice(OUTCOMES)}
    if seen["evidence_wanted"] and street.will(order, "forget_evidence", 0.05):
        await who.send(f"{order.path}/deliver", body)
    evidence = [_shown(street, order, kind) for kind in seen["evidence_wanted"]]
    if await who.send(f"{order.path}/deliver", {**body, "evidence": evidence}):
        street.carrying[who.id].discard(order.id)


def _shown(street: Street, order: Order, kind: str) -> dict[str, Any]:
    """A picture's digest, or what was gone through."""
    if kind == "checklist":
        return {"kind": kind, "text": "药名、用法、下次取药时间均已核对"}
    return {"kind": kind, "sha256": f"{order.dice(kind).getrandbits(256):064x}", "taken_at": street.now.isoformat()}


async def remember(street: Street, who: Person, order: Order) -> None:
    """It was done long ago, and is said only now."""
    await deliver(street, who, order)


async def let_go(street: Street, who: Person, order: Order) -> None:
    """It is not theirs any more."""
    street.carrying[who.id].discard(order.id)


async def look_at_pool(street: Street, who: Person, order: Order) -> None:
    """Somebody tells the volunteers of the community that an order is open; up to three want it, and tap at once. When nobody
    does, the word goes round again later."""
    action = "claim_wish" if order.fate.way is Way.WISH else "claim"
    if not await street.may(who, order, action):
        return
    keen = [
        person
        for person in street.serving
        if person.community in (order.resident.community, "") and person is not order.resident
        if order.dice("keen").random() < person.character.accepts * person.character.heeds * 0.6
    ]
    order.dice("who first").shuffle(keen)
    rivals = []
    for person in keen[:AT_ONCE]:
        pool = (await person.get("/v1/orders/pool", limit=100))["items"]
        if any(item["id"] == order.id and item["open_pool"] for item in pool):
            rivals.append(person)
    path, body = f"{order.path}/{action.replace('_', '-')}", _in_whose_name(order)
    won = await asyncio.gather(*(person.send(path, body) for person in rivals))
    winners = [person for person, receipt in zip(rivals, won, strict=True) if receipt]
    street.races += len(rivals) > 1
    if len(winners) > 1:
        street.crowded_races.append(order.id)
    for winner in winners[:1]:
        await taken(street, winner, order)
    if not winners and order.drawn["who first"] < LOOKS:
        street.intend(look_at_pool, who, order, (30, 90, 240))


def _in_whose_name(order: Order) -> dict[str, Any] | None:
    """A wish is claimed for oneself or for a unit."""
    if order.fate.way is not Way.WISH:
        return None
    dice = order.dice("name")
    return {"claimed_as": "unit", "name": dice.choice(UNITS)} if dice.random() < 0.5 else {"claimed_as": "member"}
