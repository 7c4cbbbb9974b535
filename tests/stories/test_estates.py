"""Estates: where somebody may live, who reaches their orders, and limits that differ by type (domain.md §2, S3)."""

from typing import Any
from uuid import UUID

import pytest

from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.test_one_thread import place


async def estate(street: Street, community: str, name: str, kind: str | None) -> UUID:
    return await street.world.estate(getattr(street.world, community), name, kind)


async def living_in(street: Street, name: str, home: UUID) -> Someone:
    """A resident who has moved from the community to an estate."""
    someone = await street.resident(name)
    await someone.post("/v1/me/community", {"place_id": str(home)})
    return someone


async def test_one_lives_in_an_estate_of_a_community(street: Street) -> None:
    home = await estate(street, "east", "东园", "old")
    resident = await living_in(street, "王秀英", home)
    me = await resident.get("/v1/me")
    assert (me["community_id"], me["community_name"]) == (str(street.world.east), "东社区")
    assert (me["estate_id"], me["estate_name"]) == (str(home), "东园")
    assert [role["place_name"] for role in me["roles"]] == ["东园"], "one home at a time"
    await resident.post("/v1/me/community", {"place_id": str(street.world.west)})
    me = await resident.get("/v1/me")
    assert (me["community_name"], me["estate_id"], me["estate_name"]) == ("西社区", None, None)


async def test_staff_register_a_resident_of_an_estate(street: Street) -> None:
    home = await estate(street, "east", "东园", None)
    staff, others = [await street.with_role(f"{at}站长", "station_staff", at) for at in ("east", "west")]
    body = {"place_id": str(home), "name": "李大爷", "phone": f"135{staff.id.int % 10**8:08d}", "address": "1 号楼 102"}
    assert await others.refused("/v1/residents", body) == (403, "not-allowed")
    registered = await staff.post("/v1/residents", body)
    lives = "SELECT place_id FROM role_grant WHERE person_id = $1 AND role = 'resident'"
    assert await street.world.owner.fetchval(lives, UUID(registered["id"])) == home


async def test_the_communitys_people_serve_its_estates_and_the_neighbours_do_not(street: Street) -> None:
    resident = await living_in(street, "王秀英", await estate(street, "east", "东园", "old"))
    dispatcher, stranger = [await street.with_role(f"{at}派单员", "dispatcher", at) for at in ("east", "west")]
    volunteer = await street.with_role("李强", "volunteer")
    order_id = await place(street, resident)
    order = f"/v1/orders/{order_id}"
    assert [row["place_name"] for row in (await dispatcher.get("/v1/orders/pool"))["items"]] == ["东园"]
    assert (await dispatcher.get(order))["contact"]["name"] == "王秀英"
    assert (await stranger.get("/v1/orders/pool"))["items"] == []
    assert (await stranger.http.get(order)).status_code == 404
    assert await stranger.refused(f"{order}/offer", {"volunteer_id": str(volunteer.id)}) == (404, "order-not-found")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已取药"})
    assert (await resident.post(f"{order}/rate", {"solved": "yes", "stars": 5}))["state"] == "rated"


async def test_a_missed_order_of_an_estate_is_claimed_by_a_volunteer_of_the_community(
    street: Street, later: Later
) -> None:
    resident = await living_in(street, "王秀英", await estate(street, "east", "东园", None))
    dispatcher = await street.with_role("张敏", "dispatcher")
    ours, theirs = [await street.with_role(f"{at}志愿者", "volunteer", at) for at in ("east", "west")]
    order_id = await place(street, resident)
    await later(1201)
    told = [message["text"] for message in (await dispatcher.get("/v1/inbox"))["items"]]
    assert "订单的响应时限已到期,请立即处理" in told, "whoever is in post nearest upward is told"
    assert [row["id"] for row in (await ours.get("/v1/orders/pool"))["items"]] == [order_id]
    assert (await theirs.get("/v1/orders/pool"))["items"] == []
    assert await theirs.refused(f"/v1/orders/{order_id}/claim") == (404, "order-not-found")
    assert (await ours.post(f"/v1/orders/{order_id}/claim"))["state"] == "accepted"


async def test_neighbours_never_see_each_others_orders(street: Street, later: Later) -> None:
    """Of two estates, of one estate, and of the community itself: also once the pool is open."""
    homes = [await estate(street, "east", name, "old") for name in ("东园", "北园")]
    grandma = await living_in(street, "王秀英", homes[0])
    others = [
        await living_in(street, "同园的人", homes[0]),
        await living_in(street, "北园的人", homes[1]),
        await street.resident("社区的人"),
    ]
    order_id = await place(street, grandma)
    await later(1201)
    for someone in others:
        for path in ("", "/history", "/deadlines", "/posts"):
            assert (await someone.http.get(f"/v1/orders/{order_id}{path}")).status_code == 404
        assert (await someone.get("/v1/orders/mine"))["items"] == []
        assert (await someone.get("/v1/orders/pool"))["items"] == []
        assert await someone.refused(f"/v1/orders/{order_id}/cancel", {}) == (404, "order-not-found")


async def test_estates_are_listed_by_type(street: Street) -> None:
    await estate(street, "east", "东园", "old")
    home = await estate(street, "west", "西苑", "residential")
    resident = await living_in(street, "王秀英", home)
    found = (await resident.get("/v1/places", parent_id=str(street.world.street), estate_type="old"))["items"]
    assert [(row["name"], row["estate_type"], row["estate_type_label"]) for row in found] == [
        ("东园", "old", "老旧型小区")
    ]
    one = await resident.get(f"/v1/places/{home}")
    assert (one["estate_type"], one["estate_type_label"], one["level"]) == ("residential", "居住型小区", "estate")
    assert (await resident.get(f"/v1/places/{street.world.east}"))["estate_type"] is None
    answer = await resident.http.get("/v1/places", params={"estate_type": "villa"})
    assert answer.status_code == 422


def limits(at: UUID, seconds: int, **more: Any) -> dict[str, Any]:
    marks = [{"percent": 100, "effects": [{"primitive": "open_pool"}]}]
    return {"place_id": str(at), "deadline_kind": "respond", "budget_seconds": seconds, "marks": marks, **more}


async def seconds_of(street: Street, resident: Someone, service_id: str) -> int:
    """How long respond is of an order that this resident places now."""
    placed = await resident.post("/v1/orders", {"service_id": service_id, "note": "x"})
    order = f"/v1/orders/{placed['id']}"
    respond = next(d for d in (await resident.get(f"{order}/deadlines"))["items"] if d["kind"] == "respond")
    return (await resident.get(f"{order}/deadlines/{respond['id']}"))["budget_seconds"]


@pytest.fixture
async def repair(street: Street) -> str:
    body = {"place_id": str(street.world.street), "name": "修水管", "description": "小修", "category": "repair"}
    published = await street.administrator.post("/v1/services", body)
    return published["id"]


async def test_the_nearest_place_wins_there_category_with_type_then_category_then_type(
    street: Street, repair: str
) -> None:
    old = await living_in(street, "老院的人", await estate(street, "east", "老院", "old"))
    new = await living_in(street, "花园的人", await estate(street, "east", "花园", "residential"))
    untyped = await living_in(street, "无名院的人", await estate(street, "east", "无名院", None))
    whole = await street.resident("社区的人")
    everybody = {"old": old, "new": new, "untyped": untyped, "community": whole}

    async def found(service_id: str) -> dict[str, int]:
        return {name: await seconds_of(street, who, service_id) for name, who in everybody.items()}

    async def publish(at: UUID, seconds: int, **more: Any) -> None:
        await street.administrator.post("/v1/deadline-policies", limits(at, seconds, **more))

    plain = street.service_id
    assert await found(plain) == dict.fromkeys(everybody, 1200)
    await publish(street.world.street, 1100, estate_type="old")
    assert await found(plain) == {"old": 1100, "new": 1200, "untyped": 1200, "community": 1200}
    await publish(street.world.street, 1000, category="repair")
    assert await found(repair) == dict.fromkeys(everybody, 1000), "a category comes before a type"
    await publish(street.world.street, 900, category="repair", estate_type="old")
    assert await found(repair) == {"old": 900, "new": 1000, "untyped": 1000, "community": 1000}
    assert (await found(plain))["old"] == 1100
    await publish(street.world.east, 800)
    assert await found(repair) == dict.fromkeys(everybody, 800), "and the nearer place before all of them"
    await publish(street.world.east, 700, estate_type="residential")
    assert await found(plain) == {"old": 800, "new": 700, "untyped": 800, "community": 800}


async def test_the_limits_of_a_type_are_shown_compared_replayed_and_explained(street: Street) -> None:
    administrator, east = street.administrator, street.world.east
    old, new = [await estate(street, "east", name, kind) for name, kind in (("老院", "old"), ("花园", "residential"))]
    grandma, neighbour = await living_in(street, "王秀英", old), await living_in(street, "花园的人", new)
    for who in (grandma, neighbour):
        await place(street, who)
    draft = await administrator.post("/v1/deadline-policies/drafts", limits(east, 600, estate_type="old"))
    path = f"/v1/deadline-policies/drafts/{draft['id']}"
    compared = await administrator.get(f"{path}/comparison")
    assert (compared["draft"]["estate_type"], compared["in_force"]["estate_type"]) == ("old", "")
    assert compared["differences"][0]["sentence"] == "时限由 20 分钟改为 10 分钟"
    replayed = await administrator.get(f"{path}/replay")
    assert [(row["place_name"], row["deadlines"]) for row in replayed["places"]] == [("老院", 1)]

    for seconds in (540, 600):
        await administrator.post("/v1/deadline-policies", limits(east, seconds, estate_type="old"))
    shown = {
        name: [
            (row["estate_type"], row["version"], row["budget_seconds"])
            for row in (await grandma.get("/v1/deadline-policies", place_id=str(at)))["items"]
            if row["deadline_kind"] == "respond" and not row["category"]
        ]
        for name, at in (("east", east), ("old", old), ("new", new), ("west", street.world.west))
    }
    everywhere = [("", 1, 1200)]
    both = [*everywhere, ("old", 2, 600)]
    assert shown == {"east": both, "old": both, "new": everywhere, "west": everywhere}

    plain = await administrator.post("/v1/deadline-policies/drafts", limits(east, 60))
    replayed = await administrator.get(f"/v1/deadline-policies/drafts/{plain['id']}/replay")
    assert {row["place_name"]: row["not_reached"] for row in replayed["places"]} == {"老院": 1, "花园": 0}

    order = f"/v1/orders/{await place(street, grandma)}"
    respond = next(d for d in (await grandma.get(f"{order}/deadlines"))["items"] if d["kind"] == "respond")
    said = await grandma.get(f"{order}/deadlines/{respond['id']}")
    assert said["estate_type"] == "old"
    assert "这是为老旧型小区规定的时限。" in said["sentences"]
    assert await administrator.refused("/v1/deadline-policies", limits(east, 600, estate_type="villa")) == (
        422,
        "invalid-input",
    )


async def test_the_community_records_the_consent_of_who_lives_in_an_estate(street: Street) -> None:
    home = await estate(street, "east", "东园", "old")
    mother = await living_in(street, "王妈妈", home)
    daughter, son = [await street.resident(name, "west") for name in ("陈芳", "陈刚")]
    station, others = [await street.with_role(f"{at}站长", "station_staff", at) for at in ("east", "west")]
    phone = (await mother.get("/v1/me"))["phone"]
    body = {"name": "王妈妈", "phone": phone, "relation": "family"}
    named, elsewhere = [
        (await who.post("/v1/beneficiaries", {**body, "place_id": str(community)}))["id"]
        for who, community in ((daughter, street.world.east), (son, street.world.west))
    ]
    assert await others.refused(f"/v1/beneficiaries/{elsewhere}/consent", {"how": "phone"}) == (
        409,
        "beneficiary-not-registered",
    )
    await station.post(f"/v1/beneficiaries/{named}/consent", {"how": "in_person"})
    wish = {"service_id": street.service_id, "note": "请陪妈妈去医院", "beneficiary_id": str(mother.id)}
    order = (await daughter.post("/v1/orders", wish))["id"]
    assert (await mother.get(f"/v1/orders/{order}"))["place_name"] == "东园"
