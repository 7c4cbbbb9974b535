"""Lists page by page, and commands that are sent twice."""

import asyncio
from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.people import Someone
from tests.stories.conftest import Street


async def orders(street: Street, resident: Someone, count: int) -> list[str]:
    body = {"service_id": street.service_id, "note": "请帮忙"}
    return [(await resident.post("/v1/orders", body))["id"] for _ in range(count)]


async def pages(someone: Someone, path: str, limit: int, **query: Any) -> list[list[str]]:
    found, cursor = [], None
    while True:
        page = await someone.get(path, limit=limit, **query, **({"cursor": cursor} if cursor else {}))
        found.append([row["id"] for row in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def flat(found: list[list[str]]) -> list[str]:
    return [row for page in found for row in page]


async def test_twenty_five_orders_come_in_three_pages_newest_first(street: Street) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    made = await orders(street, resident, 25)
    mine = await pages(resident, "/v1/orders/mine", 10)
    assert [len(page) for page in mine] == [10, 10, 5]
    assert flat(mine) == made[::-1]
    assert flat(await pages(dispatcher, "/v1/orders/pool", 10)) == made, "the pool: oldest first"
    assert [len(page) for page in await pages(resident, "/v1/orders/mine", 25)] == [25], "no empty last page"


async def test_new_orders_do_not_disturb_a_list_that_is_being_read(street: Street) -> None:
    resident = await street.resident("王秀英")
    made = await orders(street, resident, 12)
    first = await resident.get("/v1/orders/mine", limit=5)
    later = await orders(street, resident, 3)
    await resident.post(f"/v1/orders/{made[0]}/cancel", {})
    second = await resident.get("/v1/orders/mine", limit=100, cursor=first["next_cursor"])
    read = [row["id"] for row in (*first["items"], *second["items"])]
    assert read == made[::-1], "each once, none of the new"
    assert [row["id"] for row in (await resident.get("/v1/orders/mine", limit=3))["items"]] == later[::-1]


async def test_a_list_is_narrowed_by_state(street: Street) -> None:
    resident = await street.resident("王秀英")
    made = await orders(street, resident, 4)
    await resident.post(f"/v1/orders/{made[1]}/cancel", {})
    assert await pages(resident, "/v1/orders/mine", 2, state="cancelled") == [[made[1]]]
    assert flat(await pages(resident, "/v1/orders/mine", 2, state="submitted")) == [made[3], made[2], made[0]]


async def test_a_list_holds_ones_own_only(street: Street) -> None:
    resident, neighbour = await street.resident("王秀英"), await street.resident("李大爷")
    await orders(street, resident, 2)
    assert await pages(neighbour, "/v1/orders/mine", 10) == [[]]
    assert await pages(neighbour, "/v1/orders/tasks", 10) == [[]]
    assert await pages(neighbour, "/v1/orders/pool", 10) == [[]]


@pytest.mark.parametrize("cursor", ["", "x", "bm90IGEgY3Vyc29y", "../..", "W10"])
async def test_a_cursor_of_ones_own_making_is_refused(street: Street, cursor: str) -> None:
    answer = await street.administrator.http.get("/v1/orders/mine", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/query/cursor"


# ── sent twice ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_repeated_command_gets_the_same_receipt_and_acts_once(street: Street) -> None:
    resident, key = await street.resident("王秀英"), str(new_id())
    body = {"service_id": street.service_id, "note": "请帮忙"}
    first, again = [await resident.ask("POST", "/v1/orders", body, key) for _ in range(2)]
    assert first.status_code == again.status_code == 200
    assert first.json() == again.json()
    assert len((await resident.get("/v1/orders/mine"))["items"]) == 1


async def test_the_receipt_stays_the_same_when_the_order_has_moved_on(street: Street) -> None:
    resident, key = await street.resident("王秀英"), str(new_id())
    body = {"service_id": street.service_id, "note": "请帮忙"}
    first = (await resident.ask("POST", "/v1/orders", body, key)).json()
    await resident.post(f"/v1/orders/{first['id']}/cancel", {})
    assert (await resident.ask("POST", "/v1/orders", body, key)).json() == first


async def test_another_request_under_the_same_key_is_refused(street: Street) -> None:
    resident, key = await street.resident("王秀英"), str(new_id())
    body = {"service_id": street.service_id, "note": "请帮忙"}
    await resident.ask("POST", "/v1/orders", body, key)
    other = await resident.ask("POST", "/v1/orders", {**body, "note": "另一件事"}, key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert len((await resident.get("/v1/orders/mine"))["items"]) == 1


async def test_a_key_belongs_to_its_operation_its_subject_and_its_person(street: Street) -> None:
    resident, neighbour, key = await street.resident("王秀英"), await street.resident("李大爷"), str(new_id())
    body = {"service_id": street.service_id, "note": "请帮忙"}
    first = (await resident.ask("POST", "/v1/orders", body, key)).json()
    theirs = (await neighbour.ask("POST", "/v1/orders", body, key)).json()
    assert theirs["id"] != first["id"], "another person's key is another key"
    assert (await resident.ask("POST", f"/v1/orders/{first['id']}/cancel", {}, key)).status_code == 200
    (second,) = await orders(street, resident, 1)
    answer = await resident.ask("POST", f"/v1/orders/{second}/cancel", {}, key)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused"), (
        "the same words, another order"
    )


async def test_a_refused_command_keeps_no_receipt(street: Street) -> None:
    resident, key = await Someone.by_wechat(street.api_url, f"晚到@{street.world.street}"), str(new_id())
    contact = {"name": "王", "phone": "13812345678", "address": "x"}
    body = {"service_id": street.service_id, "note": "请帮忙", "contact": contact}
    assert (await resident.ask("POST", "/v1/orders", body, key)).status_code == 409
    await resident.post("/v1/me/community", {"place_id": str(street.world.east)})
    assert (await resident.ask("POST", "/v1/orders", body, key)).status_code == 200, "the same intention, now possible"


@pytest.mark.parametrize("key", [None, "", "short", "a" * 129, "带中文的键".encode(), "with space x"])
async def test_a_command_without_a_sound_key_is_not_run(street: Street, key: str | bytes | None) -> None:
    headers = {} if key is None else {"Idempotency-Key": key}
    body = {"place_id": str(street.world.east), "name": "理发", "description": "上门"}
    answer = await street.administrator.http.post("/v1/services", json=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].lower() == "/header/idempotency-key"


async def test_twenty_at_once_under_one_key_are_one(street: Street) -> None:
    resident, key = await street.resident("王秀英"), str(new_id())
    body = {"service_id": street.service_id, "note": "请帮忙"}
    answers = await asyncio.gather(*(resident.ask("POST", "/v1/orders", body, key) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
