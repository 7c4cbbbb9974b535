"""An order turns out to be something else (domain.md §4.5): it moves to another service, and the time used is kept."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from app import invariants
from app.kernel.time import CHINA
from tests.people import Someone
from tests.special import service_of
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import at, crew, due, limits, near, place, texts


async def publish(street: Street, kind: str, seconds: int, *marks: int, category: str = "repair") -> None:
    body = {
        "place_id": str(street.world.street), "deadline_kind": kind, "category": category, "calendar": "DUTY",
        "budget_seconds": seconds,
        "marks": [{"percent": percent, "effects": [{"primitive": "notify", "target": "dispatcher"}]} for percent in marks],
    }  # fmt: skip
    await street.administrator.post("/v1/deadline-policies", body)


def times(limit: dict[str, Any]) -> list[tuple[int, datetime]]:
    return [(mark["percent"], datetime.fromisoformat(mark["due_at"])) for mark in limit["marks"]]


async def test_an_order_moves_to_another_service_and_the_time_used_is_kept(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 8))
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    await publish(street, "coordinate", 7200, 50, 100)
    await publish(street, "respond", 3600, 80, 100, 150)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 12))
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await clock(at(11, 30, 9, 17))
    before = await limits(grandma, order)
    assert [percent for percent, _ in times(before["respond"])] == [80], "warned under the limits of twenty minutes"

    moved = await dispatcher.post(f"{order}/recategorise", {"service_id": repair})
    assert moved["state"] == "submitted"
    shown = await grandma.get(order)
    assert (shown["service_name"], shown["volunteer"]) == ("水电维修", None)
    await clock(at(11, 30, 9, 18))
    names = ":从『陪同就医』改为『水电维修』"
    assert f"社区把您的订单改到了更合适的服务,已用的时间照计,可查看订单{names}" in await texts(grandma)
    assert f"派给您的订单已改为另一项服务,无需再接{names}" in await texts(volunteer)
    after = await limits(grandma, order)
    assert near(due(after["respond"]), at(11, 30, 10)), "an hour from the placing, not from now"
    assert near(due(after["coordinate"]), at(11, 30, 11))
    assert due(after["plan"]) == due(before["plan"]), "no limits of its own for the category: the same policy"
    assert after["offer"]["stopped_at"]
    assert times(after["respond"]) == times(before["respond"]), "what has fired keeps its moment"

    await clock(at(11, 30, 9, 50))
    assert times((await limits(grandma, order))["respond"]) == times(before["respond"]), "and does not fire twice"
    await clock(at(11, 30, 10, 0, 10))
    assert [percent for percent, _ in times((await limits(grandma, order))["respond"])] == [80, 100]
    assert [percent for percent, _ in times((await limits(grandma, order))["coordinate"])] == [50]
    said = await grandma.get(f"{order}/deadlines/{after['respond']['id']}")
    assert "订单改换过服务:时限改按新类别的规则,已经用掉的时间照计。" in said["sentences"]
    (line,) = [h for h in (await grandma.get(f"{order}/history"))["items"] if h["action"] == "recategorise"]
    assert set(line["note_label"].split(";")) == {"原来的服务:陪同就医", "改为:水电维修"}
    assert (line["by"], line["note"]["category"]) == ("subtree", "repair")
    found = await dispatcher.get("/v1/orders/search", search="水电维修")
    assert [row["id"] for row in found["items"]] == [order.rpartition("/")[2]]
    async with street.world.owner.transaction(isolation="repeatable_read", readonly=True):
        broken = await invariants.broken(street.world.owner)
    here = order.rpartition("/")[2]
    assert not [str(one) for one in broken if here in str(one)]


async def test_a_mark_that_the_new_limit_has_passed_fires_at_the_next_sweep(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    await clock(at(11, 30, 8))
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    await publish(street, "coordinate", 600, 100)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 12))
    await dispatcher.post(f"{order}/recategorise", {"service_id": repair})
    assert (await limits(grandma, order))["coordinate"]["missed"] is False
    await clock(at(11, 30, 9, 12, 5))
    coordinate = (await limits(grandma, order))["coordinate"]
    assert coordinate["missed"] is True
    ((_, moment),) = times(coordinate)
    assert near(moment, at(11, 30, 9, 10)), "due ten minutes after the placing"


async def test_a_miss_that_no_sweep_has_come_to_yet_is_not_taken_back(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    await clock(at(11, 30, 8))
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    await publish(street, "respond", 3600, 80, 100, 150)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    without_worker = (at(11, 30, 9, 25) - datetime.now(CHINA)).total_seconds()
    await street.world.owner.execute("UPDATE clock_shift SET seconds = $1", without_worker)
    await dispatcher.post(f"{order}/recategorise", {"service_id": repair})
    await clock(at(11, 30, 9, 26))
    respond = (await limits(grandma, order))["respond"]
    assert respond["missed"] is True
    assert near(due(respond), at(11, 30, 9, 20)), "twenty minutes from the placing, as it was when they had passed"
    assert [percent for percent, _ in times(respond)] == [80, 100]
    said = await grandma.get(f"{order}/deadlines/{respond['id']}")
    assert sum(period["seconds"] for period in said["periods"]) == pytest.approx(said["budget_seconds"], abs=1e-3)
    async with street.world.owner.transaction(isolation="repeatable_read", readonly=True):
        broken = await invariants.broken(street.world.owner)
    here = order.rpartition("/")[2]
    assert not [str(one) for one in broken if here in str(one)]


async def test_a_limit_that_was_published_later_acts_on_nothing_that_had_begun(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    before = await limits(grandma, order)
    await clock(at(11, 30, 9, 5))
    await publish(street, "coordinate", 600, 100)
    await dispatcher.post(f"{order}/recategorise", {"service_id": repair})
    assert due((await limits(grandma, order))["coordinate"]) == due(before["coordinate"])


async def test_what_cannot_be_moved(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    repair, wish, day = [
        await service_of(street.world, *s) for s in (("visit", "修"), ("wish", "愿"), ("service_day", "诊"))
    ]
    path = f"{order}/recategorise"
    assert await dispatcher.refused(path, {"service_id": street.service_id}) == (409, "same-service")
    assert await dispatcher.refused(path, {"service_id": wish}) == (409, "not-for-this-service")
    assert await dispatcher.refused(path, {"service_id": day}) == (409, "slots-are-booked")
    nowhere = await dispatcher.refused(path, {"service_id": str(street.world.east)})
    assert nowhere[1] == "service-not-offered"
    away = {"place_id": str(street.world.west), "name": "只在西边", "description": "只在西边"}
    west = (await street.administrator.post("/v1/services", away))["id"]
    assert (await dispatcher.refused(path, {"service_id": west}))[1] == "service-not-offered"
    for somebody, code in ((grandma, "not-allowed"), (volunteer, "order-not-found")):
        assert (await somebody.refused(path, {"service_id": repair}))[1] == code
    await secretary.post(path, {"service_id": repair})
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    assert await dispatcher.refused(path, {"service_id": street.service_id}) == (409, "transition-refused")


async def test_repeated_under_its_key_it_moves_once(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    body, key = {"service_id": repair}, "move-once-0001"
    answers = [await dispatcher.ask("POST", f"{order}/recategorise", body, key) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert [h["action"] for h in (await grandma.get(f"{order}/history"))["items"]] == ["place", "recategorise"]


async def test_an_acceptance_and_a_move_at_one_moment_have_one_winner(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    repair = await service_of(street.world, "visit", "水电维修", "repair")
    for _ in range(8):
        order = await place(street, grandma)
        await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
        accepted, moved = await asyncio.gather(
            volunteer.ask("POST", f"{order}/accept"),
            dispatcher.ask("POST", f"{order}/recategorise", {"service_id": repair}),
        )
        shown = await state_of(dispatcher, order)
        if accepted.status_code == 200:
            assert (moved.json()["code"], shown) == ("transition-refused", ("accepted", "陪同就医"))
            await grandma.post(f"{order}/cancel", {})
        else:
            assert accepted.json()["code"] in (
                "order-not-found",
                "order-passed-on",
                "transition-refused",
                "not-allowed",
            )
            assert (moved.status_code, shown) == (200, ("submitted", "水电维修"))


async def state_of(someone: Someone, order: str) -> tuple[str, str]:
    shown = await someone.get(order)
    return shown["state"], shown["service_name"]
