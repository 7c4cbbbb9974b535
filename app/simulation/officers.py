"""What dispatchers, secretaries and administrators do, a small function each."""

from datetime import datetime, timedelta

from app.simulation.person import Person
from app.simulation.profiles import Part
from app.simulation.residents import agreed, rate_at_last
from app.simulation.street import Order, Street
from app.simulation.volunteers import deliver, look_at_pool

REPLIES = ("您的订单已收到，正在联系志愿者", "已收到，今天安排人上门", "收到，请保持电话畅通")
FAVOURITES = 0.4
"""How often a dispatcher calls whom they know, instead of whom they have asked least."""


async def look_after(street: Street, who: Person, order: Order) -> None:
    """A dispatcher takes up an order: asks or phones first, or offers it at once."""
    if not await street.may(who, order, "offer"):
        return
    if order.drawn["ask"] == 0 and street.will(order, "ask", 0.05):
        await ask(street, who, order)
        return
    if order.drawn["phone"] == 0 and street.will(order, "phone", 0.5):
        await phone(street, who, order)
    await offer(street, who, order)


async def offer(street: Street, who: Person, order: Order) -> None:
    """Offer it to a volunteer of the community who was not asked yet."""
    community = order.resident.community
    held = await who.get("/v1/roles", place_id=community, role="volunteer", limit=100)
    free = sorted({item["person_id"] for item in held["items"]} - order.asked, key=lambda one: street.people[one].name)
    dice = order.dice("whom")
    former = street.former.get(community)
    if former is not None and dice.random() < 0.04:
        await who.send(f"{order.path}/offer", {"volunteer_id": former.id})  # is refused: the list is an old one
    if not free:
        return
    # Whom one knows is always first on the list; whom one has asked least is fair.
    if dice.random() < FAVOURITES:
        chosen = free[int(len(free) * dice.random() ** 2)]
    else:
        chosen = min(free, key=lambda one: street.offers[one])
    order.asked.add(chosen)
    street.offers[chosen] += 1
    await who.send(f"{order.path}/offer", {"volunteer_id": chosen})


async def phone(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "contact"):
        await who.send(f"{order.path}/contact", {"channel": "phone", "text": "已电话了解情况，正在安排"})


async def reply(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "reply"):
        await who.send(f"{order.path}/reply", {"text": order.dice("words").choice(REPLIES)})


async def reply_in_person(street: Street, who: Person, order: Order) -> None:
    """The secretary's, or at last the street's."""
    await reply(street, who, order)


async def ask(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "ask"):
        await who.send(f"{order.path}/questions", {"question": "您方便的是上午还是下午？"})


async def settle(street: Street, who: Person, order: Order) -> None:
    """The limit to coordinate comes near: offer it, or agree on a time with whoever has it."""
    if await street.may(who, order, "offer"):
        await offer(street, who, order)
    elif await street.may(who, order, "propose"):
        meet_at = agreed(street, order)
        if await who.send(f"{order.path}/appointment", {"meet_at": meet_at.isoformat()}):
            order.meet_at = meet_at


async def plan_ahead(street: Street, who: Person, order: Order) -> None:
    """It needs more than a visit: a plan with a promised time, two to five hours ahead."""
    if await street.may(who, order, "write_plan"):
        promised_at = street.now + timedelta(hours=order.dice("promise").randint(2, 5))
        body = {
            "text": "请水电师傅看过后更换阀门",
            "steps": ["看现场", "买阀门", "更换"],
            "promised_at": promised_at.isoformat(),
        }
        await who.send(f"{order.path}/plan", body)


async def plan_at_last(street: Street, who: Person, order: Order) -> None:
    await plan_ahead(street, who, order)


async def take_over(street: Street, who: Person, order: Order) -> None:
    """The secretary owns it: phones the resident, and offers it."""
    await phone(street, who, order)
    if await street.may(who, order, "offer"):
        await offer(street, who, order)


async def press_on(street: Street, who: Person, order: Order) -> None:
    await take_over(street, who, order)


async def keep_promise(street: Street, who: Person, order: Order) -> None:
    await take_over(street, who, order)


async def street_looks_in(street: Street, who: Person, order: Order) -> None:
    """The street hears of it early, and now and then sees to it at once."""
    await take_over(street, who, order)


async def street_steps_in(street: Street, who: Person, order: Order) -> None:
    await take_over(street, who, order)


async def hold_up(street: Street, who: Person, order: Order) -> None:
    """Force majeure: what may wait is paused for two hours."""
    if not await street.may(who, order, "pause"):
        return
    for deadline in (await who.get(f"{order.path}/deadlines"))["items"]:
        if deadline["kind"] in ("coordinate", "plan") and deadline["stopped_at"] is None:
            body = {"until_at": (street.now + timedelta(hours=2)).isoformat(), "text": "暴雨红色预警，暂停户外作业"}
            await who.send(f"{order.path}/deadlines/{deadline['id']}/pause", body)
    if street.will(order, "resume", 0.5):
        street.intend(resume, who, order, (30, 60, 110))


async def resume(street: Street, who: Person, order: Order) -> None:
    if not await street.may(who, order, "resume"):
        return
    for deadline in (await who.get(f"{order.path}/deadlines"))["items"]:
        explained = await who.get(f"{order.path}/deadlines/{deadline['id']}")
        ends = [datetime.fromisoformat(pause["until_at"]) for pause in explained["pauses"] if not pause["annulled"]]
        if any(street.now < end for end in ends) and deadline["stopped_at"] is None:
            await who.send(f"{order.path}/deadlines/{deadline['id']}/resume")


async def decide(street: Street, who: Person, order: Order) -> None:
    """Decide on the dispute, half of the time for the resident."""
    if not await street.may(who, order, "decide"):
        return
    for deadline in (await who.get(f"{order.path}/deadlines"))["items"]:
        explained = await who.get(f"{order.path}/deadlines/{deadline['id']}")
        for pause in explained["pauses"]:
            if pause["disputed"] and not pause["decided"]:
                body = {"upheld": street.will(order, "uphold", 0.5), "text": "已核对当时的预警和出勤情况"}
                await who.send(f"{order.path}/pauses/{pause['id']}/decision", body)


async def call_back(street: Street, who: Person, order: Order) -> None:
    """Nobody rated in five days: the dispatcher calls, and some rate then."""
    await phone(street, who, order)
    if street.will(order, "rate_at_last", 0.4):
        street.intend(rate_at_last, order.resident, order, (5, 60, 600))


async def be_asked(street: Street, who: Person, order: Order) -> None:
    """The service should be over: the dispatcher asks the volunteer, who reports it then."""
    seen = await who.look(order.path)
    volunteer = seen and seen["volunteer"] and street.people.get(seen["volunteer"]["id"])
    if volunteer:
        street.intend(deliver, volunteer, order, (2, 10, 40))


async def spread_the_word(street: Street, who: Person, order: Order) -> None:
    """The pool is open: volunteers of the community hear of it."""
    if street.will(order, "look_at_pool", 0.9) and (one := street.of(Part.VOLUNTEER, order.resident.community)):
        street.intend(look_at_pool, one, order, (3, 12, 40))
