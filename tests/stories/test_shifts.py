"""Handing a shift over: what is open is written down, the next person is told, and holds what the leaver held."""

from app.kernel.ids import new_id
from tests.stories.conftest import Later, Street
from tests.stories.test_finding import order


async def test_a_shift_is_handed_over_with_what_is_open_and_held(street: Street, later: Later) -> None:
    resident = await street.resident("王秀英")
    leaver, coming = await street.with_role("刘书记", "secretary"), await street.with_role("张敏", "dispatcher")
    await street.world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE person_id = $1", street.world.people["书记"]
    )
    held = await order(street, resident)
    await later(1801)  # respond is missed by half: the secretary holds it
    young = await order(street, resident)
    done = await order(street, resident)
    await resident.post(f"/v1/orders/{done}/cancel", {})
    body = {"place_id": str(street.world.east), "next_id": str(coming.id), "note": "2 号楼还没有派出"}
    key = str(new_id())
    receipt = (await leaver.ask("POST", "/v1/shifts/hand-over", body, key)).json()
    assert (await leaver.ask("POST", "/v1/shifts/hand-over", body, key)).json() == receipt
    assert (await coming.get(f"/v1/orders/{held}"))["held_by"] == "somebody"
    await later(1802)
    assert (await coming.get(f"/v1/orders/{held}"))["held_by"] == "me"
    assert [row["id"] for row in (await coming.get("/v1/orders/tasks"))["items"]] == [held]
    history = (await coming.get(f"/v1/orders/{held}/history"))["items"]
    assert (history[-1]["action"], history[-1]["by"]) == ("hand_over", "system")
    assert "交接" in (await coming.get("/v1/inbox"))["items"][0]["text"]

    (record,) = (await coming.get("/v1/shifts/hand-overs"))["items"]
    assert (record["id"], record["note"], record["passed_on"]) == (receipt["id"], "2 号楼还没有派出", [held])
    assert (record["left_name"], record["taken_name"]) == ("刘书记", "张敏")
    assert [(count["state_label"], count["orders"]) for count in record["counts"]] == [("待派单", 2)]
    late = [(item["order_id"], item["kind_label"]) for item in record["late"]]
    assert (held, "响应") in late
    assert (young, "响应") in late
    assert [item["due_at"] for item in record["late"]] == sorted(item["due_at"] for item in record["late"])
    assert "方案" not in {kind for _, kind in late}, "a day away"
    assert (await street.administrator.get("/v1/shifts/hand-overs"))["items"] == [record]


async def test_a_shift_goes_to_somebody_in_post_there(street: Street) -> None:
    leaver = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    there = await street.with_role("西派单员", "dispatcher", "west")
    body = {"place_id": str(street.world.east), "note": "无事"}
    for somebody in (leaver, volunteer, there):
        refused = await leaver.refused("/v1/shifts/hand-over", {**body, "next_id": str(somebody.id)})
        assert refused == (409, "not-on-duty")
    for somebody in (volunteer, there, street.administrator):
        refused = await somebody.refused("/v1/shifts/hand-over", {**body, "next_id": str(leaver.id)})
        assert refused == (403, "not-allowed")
    nowhere = {**body, "place_id": str(new_id()), "next_id": str(leaver.id)}
    assert await leaver.refused("/v1/shifts/hand-over", nowhere) == (404, "place-not-found")


async def test_shifts_are_read_by_staff_of_the_place(street: Street) -> None:
    leaver, coming = await street.with_role("张敏", "dispatcher"), await street.with_role("刘书记", "secretary")
    there = await street.with_role("西派单员", "dispatcher", "west")
    volunteer = await street.with_role("李强", "volunteer")
    for number in range(3):
        body = {"place_id": str(street.world.east), "next_id": str(coming.id), "note": f"第{number}班"}
        await leaver.post("/v1/shifts/hand-over", body)
    first = await coming.get("/v1/shifts/hand-overs", limit=2)
    second = await coming.get("/v1/shifts/hand-overs", limit=2, cursor=first["next_cursor"])
    assert [item["note"] for item in (*first["items"], *second["items"])] == ["第2班", "第1班", "第0班"]
    west = await coming.get("/v1/shifts/hand-overs", place_id=str(street.world.west))
    assert west["items"] == []
    for somebody in (there, volunteer):
        assert (await somebody.get("/v1/shifts/hand-overs"))["items"] == []


async def test_colleagues_of_one_family_name_are_told_apart(street: Street) -> None:
    leaver = await street.with_role("张敏", "dispatcher")
    first, second = await street.with_role("李强", "dispatcher"), await street.with_role("李梅", "secretary")
    above = await street.with_role("李街道", "dispatcher", "street")
    volunteer = await street.with_role("李小明", "volunteer")

    async def names(**asked: str) -> dict[str, str]:
        found = await leaver.get("/v1/roles", place_id=str(street.world.east), limit="100", **asked)
        return {row["person_id"]: row["name"] for row in found["items"]}

    shown = await names()
    assert [shown[str(one.id)] for one in (first, second)] == ["李强", "李梅"]
    assert [shown[str(one.id)] for one in (above, volunteer)] == ["李**", "李**"], "no colleagues of the place"
    held = (await first.get("/v1/me"))["roles"][0]["id"]
    await street.administrator.post(f"/v1/roles/{held}/revoke")
    assert (await names(ended="true")).get(str(first.id)) in (None, "李*"), "in post no more"
