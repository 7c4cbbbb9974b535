"""What those do who are outside of every handling: the call-back officer, the arbiter, the supervisor."""

from typing import Any

from app.simulation.affairs import Case
from app.simulation.person import Person
from app.simulation.street import Street

CHANNELS = ("phone", "phone", "phone", "visit", "message")


async def call(street: Street, who: Person, case: Case) -> None:
    """Call whoever has to be called; nobody there: again later, on another day if need be."""
    waiting = (await who.get("/v1/callbacks", limit=100))["items"]
    tries = [await _try(street, who, case, one) for one in waiting if one["case_id"] == case.id and one["mine"]]
    if not all(tries):
        street.intend(call, who, case, (180, 240, 330))


async def _try(street: Street, who: Person, case: Case, one: dict[str, Any]) -> bool:
    """One try, and whether somebody was there."""
    dice = case.dice("call back")
    body: dict[str, Any] = {"channel": dice.choice(CHANNELS), "reached": street.will(case, "reach", 0.8)}
    if body["reached"]:
        refused = any(said["solved"] is False for said in one["tries"])
        body["solved"] = not refused and not (case.untrue and street.will(case, "feel", 0.9))
        body |= {"satisfied": body["solved"] and dice.random() < 0.9, "contacted_in_time": dice.random() < 0.85}
    else:
        body["words"] = "无人接听"
    await who.send(f"{case.path}/callbacks/{one['id']}", body)
    return bool(body["reached"])


async def arbitrate(street: Street, who: Person, case: Case) -> None:
    """Whose it is."""
    for seat in (await who.get(f"{case.path}/board"))["seats"]:
        if seat["state"] == "contested":
            upheld = street.will(case, "uphold", 0.4)
            body = {"upheld": upheld, "decision": "依移交清单" if upheld else "移交尚未完成"}
            await who.send(f"/v1/assignments/{seat['id']}/arbitrate", body)


async def arbitrate_late(street: Street, who: Person, case: Case) -> None:
    """The arbiter let the limit pass: the one of the district decides."""
    await arbitrate(street, who, case)


async def terminate(street: Street, who: Person, case: Case) -> None:
    """After a look from outside it is ended for good."""
    if await street.may(who, case, "terminate"):
        await who.send(f"{case.path}/terminate", {"reason": "经核实,同一诉求已由法院判决"})
