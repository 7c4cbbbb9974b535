"""What residents do, a small function each."""

from datetime import datetime, time, timedelta

from app.integrations.wechat_standin import DEMO
from app.simulation.affairs import Affair, Order, offered
from app.simulation.person import Person
from app.simulation.street import Street, when_about

VISITS = (time(9), time(19))
LAST_ROUND = 3
LOW = ("来得太晚", "事情没有办完", "态度不耐烦")


async def confirm(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "confirm") and (proposed := (await who.get(order.path))["proposed_appointment"]):
        await who.send(f"{order.path}/appointment/confirm", {"meet_at": proposed["meet_at"]})


async def answer(street: Street, who: Person, order: Order) -> None:
    if not await street.may(who, order, "answer"):
        return
    posts = (await who.get(f"{order.path}/posts"))["items"]
    for post in posts:
        if post["kind"] == "question" and not post["answered"]:
            await who.send(f"{order.path}/answer", {"question_id": post["id"], "text": "上午方便，家里一直有人"})
            return


async def dispute(street: Street, who: Person, order: Order) -> None:
    if not await street.may(who, order, "dispute"):
        return
    for deadline in (await who.get(f"{order.path}/deadlines"))["items"]:
        explained = await who.get(f"{order.path}/deadlines/{deadline['id']}")
        for pause in explained["pauses"]:
            if not pause["disputed"] and pause["reason"] != "undone":
                await who.send(f"{order.path}/pauses/{pause['id']}/dispute", {"text": "我家门口并不受影响，为什么要等"})
                return


async def give_up(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "cancel"):
        await who.send(f"{order.path}/cancel", {"reason": "家人已经办好了"})


async def rate(street: Street, who: Person, order: Order) -> None:
    """By what came of it; a "no" begins a new round, the first time."""
    seen = await who.look(order.path)
    if seen is None or "rate" not in offered(seen):
        return
    dice = order.dice("stars")
    pleased = street.will(order, "be_pleased", who.character.pleased)
    if seen["round"] < LAST_ROUND and street.will(order, "unsolved", 0 if pleased else 0.3):
        about_attitude = dice.random() < 0.3
        body = {
            "solved": "no",
            "stars": dice.randint(1, 2),
            "reason": dice.choice(LOW),
            "about_attitude": about_attitude,
        }
    elif pleased:
        body = {"solved": "yes", "stars": dice.choice((4, 5, 5, 5))}
    else:
        body = {"solved": "partly", "stars": dice.randint(1, 3), "reason": dice.choice(LOW)}
    await who.send(f"{order.path}/rate", body)


async def ask_again(street: Street, who: Person, order: Order) -> None:
    """Without rating it: once more, please."""
    if await street.may(who, order, "rework"):
        await who.send(f"{order.path}/rework", {"reason": order.dice("again").choice(LOW)})


async def rate_at_last(street: Street, who: Person, order: Order) -> None:
    """The same, after a reminder or a call."""
    await rate(street, who, order)


async def authorise(street: Street, who: Person, order: Order) -> None:
    """An errand has somebody now: what they may do in the resident's name, and until when. Some take it back, and think again."""
    if not await street.may(who, order, "record_authority"):
        return
    until_at = street.now + timedelta(days=order.dice("authority").randint(3, 20))
    body = {"text": "代我到街道政务大厅办理", "until_at": until_at.isoformat()}
    if await who.send(f"{order.path}/authority", body) and street.will(order, "withdraw", 0.03):
        street.intend(withdraw, who, order, (1, 2, 4))


async def withdraw(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "withdraw_authority") and await who.send(f"{order.path}/authority/withdraw"):
        street.intend(authorise, who, order, (20, 60, 120))


async def correct_contact(street: Street, who: Person, order: Order) -> None:
    """Somebody comes, and the address that they have is wrong."""
    if await street.may(who, order, "change_contact"):
        await who.send(f"{order.path}/contact-details", {"address": "西峪东街 8 号院 3 号楼 1 单元 202"})


async def end_consent(street: Street, who: Person, affair: Affair) -> None:
    """The neighbour lets it go; for what comes later, they agree to the same one anew."""
    neighbour = street.represented.pop(who.id, None)
    if neighbour is None:
        return
    for one in (await who.get("/v1/representatives"))["items"]:
        if one["state"] == "consented":
            await neighbour.send(f"/v1/beneficiaries/{one['id']}/end")
    body = {"place_id": who.community, "name": who.name[:3], "phone": who.phone, "relation": "neighbour"}
    named = await neighbour.must("/v1/beneficiaries", body)
    await who.must("/v1/auth/phone", {"code": f"{DEMO}{who.phone}"})
    await who.must(f"/v1/beneficiaries/{named['id']}/consent", {})
    street.represented[who.id] = neighbour


def agreed(street: Street, order: Order) -> datetime:
    """A time to meet, at a full quarter of an hour: one to four hours ahead, or in the morning when that is too late."""
    at = street.now + timedelta(minutes=order.dice("meet").choice((60, 75, 90, 120, 150, 180, 240)))
    at = when_about(at, VISITS)
    return at - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
