"""What residents do, a small function each."""

from datetime import datetime, time, timedelta

from app.simulation.person import Person
from app.simulation.street import Order, Street, when_about

NOTES = (
    "周三上午想请人陪我去医院取药", "请帮我买一袋米和两棵白菜", "手机挂号一直不会，想请人教一教", "老伴腿脚不便，想请人上门理发",
    "快递在驿站，自己拿不动", "想请人陪着去社区医院量血压", "家里的血压计不会用了", "请帮忙取一下降压药",
)  # fmt: skip
VISITS = (time(9), time(19))
LOW = ("来得太晚", "事情没有办完", "态度不耐烦")


async def place(street: Street, who: Person, order: Order) -> None:
    dice = order.dice("place")
    body = {"service_id": dice.choice(street.services), "note": dice.choice(NOTES)}
    receipt = await who.must("/v1/orders", body)
    order.id = receipt["id"]
    street.orders[order.id] = order
    if street.will(order, "give_up", 0.02):
        street.intend(give_up, who, order, (5, 40, 180))


async def confirm(street: Street, who: Person, order: Order) -> None:
    if await street.may(who, order, "confirm"):
        await who.send(f"{order.path}/appointment/confirm")


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
    if not await street.may(who, order, "rate"):
        return
    dice = order.dice("stars")
    if street.will(order, "be_pleased", who.character.pleased):
        body = {"solved": "yes", "stars": dice.choice((4, 5, 5, 5))}
    else:
        body = {"solved": dice.choice(("partly", "no")), "stars": dice.randint(1, 3), "reason": dice.choice(LOW)}
    await who.send(f"{order.path}/rate", body)


async def rate_at_last(street: Street, who: Person, order: Order) -> None:
    """The same, after a reminder or a call."""
    await rate(street, who, order)


def agreed(street: Street, order: Order) -> datetime:
    """A time to meet, at a full quarter of an hour: one to four hours ahead, or in the morning when that is too late."""
    at = street.now + timedelta(minutes=order.dice("meet").choice((60, 75, 90, 120, 150, 180, 240)))
    at = when_about(at, VISITS)
    return at - timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
