"""How an order comes to be placed: by the resident, by who represents them, by the station for a caller, or as a booked slot."""

from datetime import datetime
from typing import Any

from app.simulation.affairs import Order
from app.simulation.person import Person
from app.simulation.profiles import Part, Way
from app.simulation.residents import give_up
from app.simulation.street import Street

NOTES = (
    "周三上午想请人陪我去医院取药", "请帮我买一袋米和两棵白菜", "手机挂号一直不会，想请人教一教", "老伴腿脚不便，想请人上门理发",
    "快递在驿站，自己拿不动", "想请人陪着去社区医院量血压", "家里的血压计不会用了", "请帮忙取一下降压药",
)  # fmt: skip
WISHES = ("想要一个放大镜看报", "想和年轻人下一盘象棋", "想有一张全家福的相框")
ERRANDS = ("请代办老年证", "请代交水费并取发票", "请到街道代取残疾证")
REFUSED = "帮忙转发：扫码进群，加微信领红包"
"""What the street's list of refused terms does not let through."""


async def place(street: Street, who: Person, order: Order) -> None:
    """The moment has come: in the way that the order's fate says."""
    match order.fate.way:
        case Way.CALLER if (station := street.of(Part.STATION, who.community)) is not None:
            street.intend_at(take_call, station, order, street.now)
        case Way.DAY | Way.CANCELLED_DAY as way if await _booked(street, who, order, way):
            pass
        case Way.REPRESENTATIVE if (daughter := street.represented.get(who.id)) is not None:
            await _place(street, daughter, order, {"beneficiary_id": who.id})
        case _:
            await _place(street, who, order, {})


async def take_call(street: Street, who: Person, order: Order) -> None:
    """Somebody calls the station or walks in: the staff there order for them."""
    dice = order.dice("call")
    body = {
        "channel": dice.choice(("phone", "phone", "walk_in")),
        "phone": order.resident.phone,
        **_asked(street, order),
    }
    _placed(street, order.resident, order, await who.must("/v1/orders/for-caller", body))


async def _place(street: Street, who: Person, order: Order, more: dict[str, Any]) -> None:
    body = {**_asked(street, order), **more}
    if street.will(order, "advertise", 0.005):
        await who.send("/v1/orders", {**body, "note": REFUSED})
    _placed(street, who, order, await who.must("/v1/orders", body))


async def _booked(street: Street, who: Person, order: Order, way: Way) -> bool:
    """Books the first slot of the day that has a place; False when there is none left."""
    days = (await who.get("/v1/service-days", place_id=who.community))["items"]
    for day in days:
        if day["id"] != street.days.get(way):
            continue
        slot = next((slot for slot in day["slots"] if slot["free"]), day["slots"][0])
        receipt = await who.send(f"/v1/service-slots/{slot['id']}/book", {"note": "量血压、理发"})
        if receipt is not None:
            order.meet_at = datetime.fromisoformat(slot["starts_at"])
            _placed(street, who, order, receipt)
            return True
    return False


def _asked(street: Street, order: Order) -> dict[str, Any]:
    dice = order.dice("place")
    notes = {Way.WISH: WISHES, Way.ERRAND: ERRANDS}.get(order.fate.way, NOTES)
    service = dice.choice(street.services)
    return {"service_id": street.special.get(order.fate.way, service), "note": dice.choice(notes)}


def _placed(street: Street, who: Person, order: Order, receipt: dict[str, Any]) -> None:
    order.id = receipt["id"]
    street.affairs[order.id] = order
    if street.will(order, "give_up", 0.02):
        street.intend(give_up, who, order, (5, 40, 180))
