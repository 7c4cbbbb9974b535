"""One thread through the house: a resident orders, the community dispatches, a volunteer delivers, the resident rates."""

from tests.people import offered
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import texts


async def place(street: Street, resident) -> str:
    body = {"service_id": street.service_id, "note": "周三上午陪我去医院取药"}
    return (await resident.post("/v1/orders", body))["id"]


async def test_an_order_is_dispatched_served_and_rated(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")

    order = f"/v1/orders/{await place(street, grandma)}"
    await later(0)
    told = await dispatcher.get("/v1/inbox")
    assert [message["text"] for message in told["items"]] == ["有新的订单,请尽快派单", "您有了新的角色:派单员"]
    assert [row["id"] for row in (await dispatcher.get("/v1/orders/pool"))["items"]] == [order.rsplit("/", 1)[1]]

    seen = await dispatcher.get(order)
    assert seen["contact"]["address"] == "西峪东街 8 号院 2 号楼"
    assert seen["start_code"] is None
    assert "offer" in offered(seen)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})

    task = (await volunteer.get("/v1/orders/tasks"))["items"][0]
    assert (task["state"], task["state_label"]) == ("offered", "待接单")
    assert (await volunteer.get(order))["contact"] is None, "the address comes with the acceptance"
    await volunteer.post(f"{order}/accept")
    assert (await volunteer.get(order))["contact"]["name"] == "王秀英"
    assert (await volunteer.get(order))["start_code"] is None

    page = await grandma.get(order)
    assert page["volunteer"]["name"] == "李*"
    assert page["volunteer"]["phone"].count("*") == 4
    code = page["start_code"]
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert await volunteer.refused(f"{order}/start", {"code": wrong}) == (409, "start-code-wrong")
    await volunteer.post(f"{order}/start", {"code": code})
    await volunteer.post(f"{order}/deliver", {"outcome": "已陪同取药并送回家"})
    assert (await volunteer.get(order))["contact"] is None, "and goes with the delivery"
    await grandma.post(f"{order}/rate", {"solved": "yes", "stars": 5})

    page = await grandma.get(order)
    assert (page["state"], page["rating"]["stars"], page["due_at"]) == ("rated", 5, None)
    history = await grandma.get(f"{order}/history")
    assert [row["action"] for row in history["items"]] == [
        "place",
        "offer",
        "accept",
        "wrong_code",
        "start",
        "deliver",
        "rate",
    ]
    deadlines = (await grandma.get(f"{order}/deadlines"))["items"]
    assert {d["kind_label"] for d in deadlines} == {"响应", "答复", "协调", "方案", "派单", "接单", "完成", "评价"}
    assert not any(d["missed"] for d in deadlines)


async def test_a_missed_limit_acts_step_by_step(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    secretary = await street.with_role("刘书记", "secretary")
    volunteer = await street.with_role("李强", "volunteer")
    order_id = await place(street, grandma)

    await later(959)
    assert len((await dispatcher.get("/v1/inbox"))["items"]) == 2, "the role and the order, no warning yet"
    await later(961)
    assert "即将到期" in (await dispatcher.get("/v1/inbox"))["items"][0]["text"]
    assert (await volunteer.get("/v1/orders/pool"))["items"] == []
    await later(1201)
    assert "已到期" in (await dispatcher.get("/v1/inbox"))["items"][0]["text"]
    pool = (await volunteer.get("/v1/orders/pool"))["items"]
    assert [(row["id"], row["open_pool"]) for row in pool] == [(order_id, True)]
    await later(1801)
    assert any("亲自负责" in message["text"] for message in (await secretary.get("/v1/inbox"))["items"])
    await later(1900)
    told = [message["text"] for message in (await secretary.get("/v1/inbox"))["items"]]
    assert len([text for text in told if "响应" in text]) == 1, "the mark, once"

    await volunteer.post(f"/v1/orders/{order_id}/claim")
    deadlines = (await grandma.get(f"/v1/orders/{order_id}/deadlines"))["items"]
    found = {d["kind"]: (d["missed"], [m["percent"] for m in d["marks"]]) for d in deadlines}
    assert found["respond"] == (True, [80, 100, 150])
    assert found["plan"] == (False, [])


async def test_an_offer_that_nobody_answers_lapses_and_the_second_opens_the_pool(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    silent = await street.with_role("老沉", "volunteer")
    order = f"/v1/orders/{await place(street, grandma)}"

    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(silent.id)})
    await later(481)
    assert ((await grandma.get(order))["state"], (await grandma.get(order))["open_pool"]) == ("submitted", False)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(silent.id)})
    await later(481 + 481)
    page = await grandma.get(order)
    assert (page["state"], page["open_pool"]) == ("submitted", True)
    assert await silent.refused(f"{order}/accept") == (409, "transition-refused")
    said = [text for text in await texts(dispatcher) if ("派单" in text and "无人应答" in text) or "退回待派" in text]
    assert sorted("已开放抢单" in text for text in said) == [False, True], "told of each, and once of the pool"
    await silent.post(f"{order}/claim")


async def test_the_other_community_sees_nothing(street: Street) -> None:
    grandma = await street.resident("王秀英")
    neighbour = await street.resident("西边的人", "west")
    stranger = await street.with_role("西派单员", "dispatcher", "west")
    order_id = await place(street, grandma)
    random_id = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"
    for someone in (neighbour, stranger):
        for path in ("", "/history", "/deadlines"):
            real = await someone.http.get(f"/v1/orders/{order_id}{path}")
            none = await someone.http.get(f"/v1/orders/{random_id}{path}")
            assert real.status_code == none.status_code == 404
            assert {**real.json(), "trace_id": ""} == {**none.json(), "trace_id": ""}
        assert await someone.refused(f"/v1/orders/{order_id}/cancel", {}) == (404, "order-not-found")
    assert (await stranger.get("/v1/orders/pool"))["items"] == []


async def test_a_pool_order_is_nobody_elses_once_it_is_taken(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    quick = await street.with_role("小快", "volunteer")
    slow = await street.with_role("小慢", "volunteer")
    order = f"/v1/orders/{await place(street, grandma)}"
    await later(1201)
    assert (await slow.get(order))["note"] == "周三上午陪我去医院取药"
    await quick.post(f"{order}/claim")
    assert await slow.refused(f"{order}/claim") == (409, "transition-refused")
    for path in ("", "/history", "/deadlines"):
        assert (await slow.http.get(f"{order}{path}")).status_code == 404


async def test_a_new_limit_acts_on_what_starts_after_it(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    before = f"/v1/orders/{await place(street, grandma)}/deadlines"
    limit = {
        "place_id": str(street.world.street),
        "deadline_kind": "respond",
        "budget_seconds": 60,
        "marks": [{"percent": 100, "effects": [{"primitive": "open_pool"}]}],
    }
    await street.administrator.post("/v1/deadline-policies", limit)
    after = f"/v1/orders/{await place(street, grandma)}/deadlines"
    await later(61)
    found = [(await grandma.get(path))["items"] for path in (before, after)]
    first, second = (next(d for d in items if d["kind"] == "respond") for items in found)
    assert (first["missed"], [mark["percent"] for mark in first["marks"]]) == (False, [])
    assert (second["missed"], [mark["percent"] for mark in second["marks"]]) == (True, [100])
    in_force = (await grandma.get("/v1/deadline-policies", place_id=str(street.world.east)))["items"]
    budgets = {row["deadline_kind"]: row["budget_seconds"] for row in in_force if not row["category"]}
    assert (budgets["respond"], budgets["offer"], budgets["finish"]) == (60, 480, 14400)
