"""Who asks twice for the same: nothing is refused, and the receipt names what is open already, so that one can be taken back."""

from typing import Any

from app.kernel.ids import new_id
from tests.people import Someone, offered
from tests.special import service_of
from tests.stories.casework import LAMP
from tests.stories.conftest import Later, Street
from tests.stories.test_representatives import name, registered

NOTE = "陪我去医院"


def an_order(street: Street, **other: Any) -> dict[str, Any]:
    return {"service_id": street.service_id, "note": NOTE, **other}


async def doubles(someone: Someone, path: str, body: dict[str, Any]) -> tuple[str, list[str], str | None]:
    """The id of what somebody asked for, the ids of its doubles, and what is said of them."""
    receipt = await someone.post(path, body)
    return receipt["id"], [one["id"] for one in receipt["doubles"]], receipt["advice"]


async def test_the_same_order_twice_is_placed_and_the_receipt_names_the_first(street: Street) -> None:
    grandma = await street.resident("王秀英")
    first, before, silent = await doubles(grandma, "/v1/orders", an_order(street))
    assert (before, silent) == ([], None)
    key = str(new_id())
    second = await grandma.ask("POST", "/v1/orders", an_order(street), key=key)
    (double,) = second.json()["doubles"]
    at = (await grandma.get(f"/v1/orders/{first}"))["created_at"]
    assert double == {"id": first, "state": "submitted", "state_label": "待派单", "created_at": at}
    assert second.json()["advice"] == "您还有 1 张同一项服务的订单未完成;若是重复,可取消其中一张"

    third = await grandma.post("/v1/orders", an_order(street))
    assert third["advice"] == "您还有 2 张同一项服务的订单未完成;若是重复,可取消其中一张"
    await grandma.post(f"/v1/orders/{first}/cancel")
    again = await grandma.ask("POST", "/v1/orders", an_order(street), key=key)
    assert again.json() == second.json(), "under the same key the same is answered, whatever became of the first"


async def test_what_has_ended_is_of_another_service_or_of_somebody_else_is_no_double(street: Street) -> None:
    grandma, neighbour = await street.resident("王秀英"), await street.resident("李大爷")
    repair = await service_of(street.world, "visit", "家电维修")
    first, _, _ = await doubles(grandma, "/v1/orders", an_order(street))
    assert (await doubles(neighbour, "/v1/orders", an_order(street)))[1:] == ([], None)
    assert (await doubles(grandma, "/v1/orders", an_order(street, service_id=str(repair))))[1:] == ([], None)
    await grandma.post(f"/v1/orders/{first}/cancel")
    assert (await doubles(grandma, "/v1/orders", an_order(street)))[1:] == ([], None)


async def test_the_newest_three_are_named(street: Street) -> None:
    grandma = await street.resident("王秀英")
    placed = [(await doubles(grandma, "/v1/orders", an_order(street)))[0] for _ in range(4)]
    _, named, said = await doubles(grandma, "/v1/orders", an_order(street))
    assert named == placed[:0:-1]
    assert said == "您还有至少 3 张同一项服务的订单未完成;若是重复,可取消其中一张"


async def test_of_whom_one_represents_and_of_callers_it_is_their_orders_that_count(
    street: Street, later: Later
) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("陈芳", "west")
    mother, phone = await registered(street, station)
    asked = await name(street, daughter, phone)
    await later(0)
    await station.post(f"{asked}/consent", {"how": "phone"})
    own, _, _ = await doubles(daughter, "/v1/orders", an_order(street))
    theirs = "这位居民还有 1 张同一项服务的订单未完成;若是重复,可取消其中一张"
    first = await doubles(daughter, "/v1/orders", an_order(street, beneficiary_id=mother))
    assert first[1:] == ([], None), "the daughter's own is for herself"
    again = await doubles(daughter, "/v1/orders", an_order(street, beneficiary_id=mother))
    assert again[1:] == ([first[0]], theirs)
    assert (await doubles(daughter, "/v1/orders", an_order(street)))[1] == [own]

    call = an_order(street, channel="phone", phone=phone)
    called = await doubles(station, "/v1/orders/for-caller", call)
    assert called[1] == [again[0], first[0]], "who is at the desk sees what the daughter placed"
    dispatcher = await street.with_role("张敏", "dispatcher")
    assert (await doubles(dispatcher, "/v1/orders/for-caller", call))[1] == [called[0], again[0], first[0]]


async def test_the_same_trouble_twice_is_reported_and_the_receipt_names_the_first(street: Street) -> None:
    resident, neighbour = await street.resident("王秀英"), await street.resident("李大爷")
    first, _, _ = await doubles(resident, "/v1/cases", LAMP)
    assert (await doubles(neighbour, "/v1/cases", LAMP))[1:] == ([], None)
    assert (await doubles(resident, "/v1/cases", LAMP | {"category": "noise"}))[1:] == ([], None)
    key = str(new_id())
    second = await resident.ask("POST", "/v1/cases", LAMP | {"words": "路灯还是不亮"}, key=key)
    (double,) = second.json()["doubles"]
    assert (double["id"], double["state_label"]) == (first, "待分流")
    assert second.json()["advice"] == "您在这里还有 1 件同类的事项没有办结;若是重复,可撤回其中一件"
    await resident.post(f"/v1/cases/{first}/withdraw", {})
    again = await resident.ask("POST", "/v1/cases", LAMP | {"words": "路灯还是不亮"}, key=key)
    assert again.json() == second.json()
    await resident.post(f"/v1/cases/{second.json()['id']}/withdraw", {})
    assert (await doubles(resident, "/v1/cases", LAMP))[1:] == ([], None)


async def test_a_callers_second_report_names_the_first(street: Street) -> None:
    station, caller = await street.with_role("站长", "station_staff"), await street.resident("王秀英")
    call = {**LAMP, "person_id": str(caller.id)}
    first, _, _ = await doubles(station, "/v1/cases/for-caller", call)
    again = await doubles(station, "/v1/cases/for-caller", call)
    assert again[1:] == ([first], "这位居民在这里还有 1 件同类的事项没有办结;若是重复,可撤回其中一件")
    second = f"/v1/cases/{again[0]}"
    assert "withdraw" in offered(await station.get(second))
    await station.post(f"{second}/withdraw", {"reason": "说了两遍"})
    assert (await caller.get(second))["state"] == "withdrawn"
    assert (await doubles(station, "/v1/cases/for-caller", call))[1] == [first]


async def test_officers_on_their_rounds_are_not_asked_whether_it_is_the_same(street: Street) -> None:
    grid = await street.with_role("小李", "grid_worker")
    seen = {**LAMP, "place_id": str(street.world.east)}
    for spot in ("东门外", "西门外"):
        assert (await doubles(grid, "/v1/cases", {**seen, "spot": spot, "patrol": True}))[1:] == ([], None)
    assert (await doubles(grid, "/v1/cases", seen))[1:] == ([], None)
