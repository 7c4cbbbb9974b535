"""What dispatchers, secretaries and administrators do, a small function each."""

from datetime import datetime, timedelta

from app.simulation.affairs import Order, offered
from app.simulation.person import Person
from app.simulation.profiles import Part, Way
from app.simulation.residents import LAST_ROUND, agreed, rate_at_last
from app.simulation.street import Street
from app.simulation.volunteers import come_or_release, deliver, look_at_pool, return_papers

REPLIES = ("您的订单已收到，正在联系志愿者", "已收到，今天安排人上门", "收到，请保持电话畅通")
FAVOURITES = 0.4
"""How often a dispatcher calls whom they know, instead of whom the list shows first."""
FROM_MEMORY = 0.05
"""How often they do so without a look at who is fit."""
REJECTS = ("not_a_service", "emergency", "needs_tradesman", "paid_trade", "duplicate")


async def look_after(street: Street, who: Person, order: Order) -> None:
    """A dispatcher takes up an order: asks or phones first, or offers it at once. The matcher may have been quicker."""
    if order.drawn["ask"] == 0 and street.will(order, "ask", 0.05):
        await ask(street, who, order)
        return
    if order.drawn["phone"] == 0 and street.will(order, "phone", 0.5):
        await phone(street, who, order)
    if order.drawn["move"] == 0 and order.fate.way not in street.special and street.will(order, "move", 0.08):
        await move(street, who, order)
    if await offer(street, who, order) and order.drawn["recall"] == 0 and street.will(order, "recall", 0.01):
        street.intend(recall, who, order, (0.1, 0.2, 0.4))


async def move(street: Street, who: Person, order: Order) -> None:
    """It is another service than the resident chose; the time used goes along."""
    seen = await who.look(order.path)
    if seen is not None and "recategorise" in offered(seen) and seen["service_id"] in street.services:
        others = [service for service in street.services if service != seen["service_id"]]
        await who.send(f"{order.path}/recategorise", {"service_id": order.dice("move").choice(others)})


async def offer(street: Street, who: Person, order: Order) -> bool:
    """Offer it to the team whose service it is, or to somebody fit, where anybody is; answers whether that was tried."""
    if not await street.may(who, order, "offer"):
        return False
    dice = order.dice("whom")
    if order.fate.way is Way.TEAM and street.will(order, "to_team", 0.8):
        return bool(await who.send(f"{order.path}/offer", {"team_id": street.team_id}))
    if dice.random() < FROM_MEMORY:
        await _offer_from_memory(street, who, order)
    shown = await who.get(f"{order.path}/volunteers")
    street.suggested.append((len(shown["items"]), shown["considered"]))
    fit = [one["volunteer_id"] for one in shown["items"]]
    fit = [one for one in fit if one not in order.asked] or fit
    if not fit:
        return False
    # Whom one knows is called again and again; whom the list shows first has served least.
    known = sorted(fit, key=lambda one: street.people[one].name)
    chosen = known[int(len(known) * dice.random() ** 2)] if dice.random() < FAVOURITES else fit[0]
    order.asked.add(chosen)
    return bool(await who.send(f"{order.path}/offer", {"volunteer_id": chosen}))


async def _offer_from_memory(street: Street, who: Person, order: Order) -> None:
    """Without a look at who is fit: somebody whose role has ended, or who has enough already, is refused."""
    community = order.resident.community
    held = await who.get("/v1/roles", place_id=community, role="volunteer", limit=100)
    known = sorted({item["person_id"] for item in held["items"]}, key=lambda one: street.people[one].name)
    former = street.former.get(community)
    whom = order.dice("memory").choice([*known, *([former.id] if former else [])])
    await who.send(f"{order.path}/offer", {"volunteer_id": whom})


async def _find_somebody(street: Street, who: Person, order: Order) -> None:
    """Offer it once more; and where it is open to all or nobody is left to be asked, the volunteers are told so."""
    seen = await who.look(order.path)
    if seen is None or seen["state"] not in ("submitted", "offered"):
        return
    offered = await offer(street, who, order)
    if (seen["open_pool"] or not offered) and (one := street.of(Part.VOLUNTEER, order.resident.community)):
        street.intend(look_at_pool, one, order, (5, 15, 40))


async def turn_away(street: Street, who: Person, order: Order) -> None:
    """It is nothing for volunteers; where else there is help, is said."""
    if await street.may(who, order, "reject"):
        reason = order.dice("reject").choice(REJECTS)
        await who.send(f"{order.path}/reject", {"reason": reason, "other_help": "可拨打 12345 便民热线"})


async def convert(street: Street, who: Person, order: Order) -> None:
    """More than a small service: a case of the secretary's."""
    if await street.may(who, order, "convert"):
        await who.send(f"{order.path}/convert", {"reason": "整栋楼的下水管堵了，不是一户能解决的"})


async def begin_again(street: Street, who: Person, order: Order) -> None:
    """It was not solved the second time either: the secretary decides on a third, and on no fourth."""
    seen = await who.look(order.path)
    if seen is not None and "rework" in offered(seen) and seen["round"] < LAST_ROUND:
        body = {"reason": "由书记安排，换人再办一次", "about_attitude": True}
        await who.send(f"{order.path}/rework", body)


async def hand_over_shift(street: Street, who: Person, order: Order) -> None:
    """The secretary goes off duty: what they hold is the dispatcher's now, or the street's where there is none."""
    community = order.resident.community
    if (colleague := street.of(Part.DISPATCHER, community) or street.of(Part.STREET, community)) is not None:
        body = {"place_id": community, "next_id": colleague.id, "note": "还有未派出的订单，请接着联系志愿者"}
        await who.send("/v1/shifts/hand-over", body)


async def bring_papers_back(street: Street, who: Person, order: Order) -> None:
    """An errand was broken off, and its papers are still out."""
    await return_papers(street, who, order)


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
    """The limit to coordinate comes near: find somebody, or agree on a time with whoever has it."""
    if not await street.may(who, order, "propose"):
        await _find_somebody(street, who, order)
        return
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
    await _find_somebody(street, who, order)


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
        street.intend(resume, who, order, (20, 40, 60))


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


async def remind(street: Street, who: Person, order: Order) -> None:
    """It was accepted long ago, and nobody came: the volunteer is called."""
    seen = await who.look(order.path)
    volunteer = seen and seen["volunteer"] and street.people.get(seen["volunteer"]["id"])
    if volunteer:
        street.intend(come_or_release, volunteer, order, (2, 10, 40))


async def take_back(street: Street, who: Person, order: Order) -> None:
    """It was accepted long ago, nobody came and no time was agreed on: somebody else is looked for."""
    if await street.may(who, order, "take_back") and await who.send(f"{order.path}/take-back", {"reason": "no_answer"}):
        await offer(street, who, order)


async def recall(street: Street, who: Person, order: Order) -> None:
    """It was offered to the wrong one: they are asked no longer, and somebody else is."""
    seen = await who.look(order.path)
    if seen is None or seen["state"] != "offered" or "take_back" not in offered(seen):
        return
    if await who.send(f"{order.path}/take-back", {"reason": "by_mistake"}):
        await offer(street, who, order)


async def spread_the_word(street: Street, who: Person, order: Order) -> None:
    """The pool is open: volunteers of the community hear of it."""
    if street.will(order, "look_at_pool", 0.9) and (one := street.of(Part.VOLUNTEER, order.resident.community)):
        street.intend(look_at_pool, one, order, (3, 12, 40))
