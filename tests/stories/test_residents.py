"""Where people live: they choose a community, move, or are registered by the station."""

from uuid import UUID

import pytest

from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.conftest import Street


async def home(someone: Someone) -> tuple[str | None, list[str]]:
    me = await someone.get("/v1/me")
    return me["community_name"], [role["place_name"] for role in me["roles"]]


async def test_only_a_community_is_a_home(street: Street) -> None:
    someone = await Someone.by_wechat(street.api_url, f"新人@{street.world.street}")
    for place in (street.world.street, someone.id):
        assert await someone.refused("/v1/me/community", {"place_id": str(place)}) == (409, "not-a-community")
    await someone.post("/v1/me/community", {"place_id": str(street.world.east)})
    assert await home(someone) == ("东社区", ["东社区"])


async def test_without_a_home_there_is_no_order(street: Street) -> None:
    someone = await Someone.by_wechat(street.api_url, f"流浪者@{street.world.street}")
    body = {"service_id": street.service_id, "note": "x"}
    assert (await someone.refused("/v1/orders", body))[1] in ("no-community", "not-allowed")


async def test_choosing_another_community_moves_the_home(street: Street) -> None:
    resident = await street.resident("王秀英")
    await resident.post("/v1/me/community", {"place_id": str(street.world.west)})
    assert await home(resident) == ("西社区", ["西社区"])
    await resident.post("/v1/me/community", {"place_id": str(street.world.west)})
    assert await home(resident) == ("西社区", ["西社区"]), "again is no move"
    await resident.post("/v1/me/community", {"place_id": str(street.world.east)})
    assert await home(resident) == ("东社区", ["东社区"]), "and back"


async def test_who_moves_does_not_take_the_old_address_along(street: Street) -> None:
    """Nobody is sent to a door that is theirs no more; within the community, and chosen again, it stays."""
    resident = await street.resident("王秀英")
    told = (await resident.get("/v1/me"))["address"]

    async def cleared(home_place: UUID, **given: str) -> bool:
        return (await resident.post("/v1/me/community", {"place_id": str(home_place), **given}))["address_cleared"]

    within = await street.world.estate(street.world.east, "东园", "old")
    for home_place in (street.world.east, within):
        assert not await cleared(home_place)
        assert (await resident.get("/v1/me"))["address"] == told
    other = await street.world.estate(street.world.east, "北园", "old")
    body, key = {"place_id": str(other)}, str(new_id())
    for _ in ("said", "and said again"):
        assert (await resident.ask("POST", "/v1/me/community", body, key)).json()["address_cleared"]
    me = await resident.get("/v1/me")
    assert (me["estate_name"], me["address"]) == ("北园", None), "the house of another estate is another house"
    assert not await cleared(within), "there is nothing left to clear"
    assert not await cleared(street.world.east, address="北园 1 号楼")
    assert (await resident.get("/v1/me"))["address"] == "北园 1 号楼"
    assert await cleared(street.world.west)
    assert (await resident.get("/v1/me"))["address"] is None
    answer = await resident.ask("POST", "/v1/orders", {"service_id": street.service_id, "note": "x"})
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/contact/address"]
    assert not await cleared(street.world.east, address="东园 3 号楼")
    assert (await resident.get("/v1/me"))["address"] == "东园 3 号楼"


async def test_an_order_stays_with_the_community_where_it_was_placed(street: Street) -> None:
    resident = await street.resident("王秀英")
    eastern, western = [await street.with_role(f"{place}派单员", "dispatcher", place) for place in ("east", "west")]
    body = {"service_id": street.service_id, "note": "x"}
    before = (await resident.post("/v1/orders", body))["id"]
    await resident.post("/v1/me/community", {"place_id": str(street.world.west), "address": "西园 1 号楼"})
    after = (await resident.post("/v1/orders", body))["id"]
    for order, sees, not_ in ((before, eastern, western), (after, western, eastern)):
        assert (await sees.http.get(f"/v1/orders/{order}")).status_code == 200
        assert (await not_.http.get(f"/v1/orders/{order}")).status_code == 404
        assert (await resident.http.get(f"/v1/orders/{order}")).status_code == 200, "one's own, wherever one lives"
    await resident.post(f"/v1/orders/{before}/cancel", {})


async def test_ones_own_data_is_shown_whole_to_oneself_and_a_phone_belongs_to_one(street: Street) -> None:
    resident = await street.resident("王秀英")
    me = await resident.get("/v1/me")
    assert (me["name"], me["address"]) == ("王秀英", "西峪东街 8 号院 2 号楼")
    other = await Someone.by_wechat(street.api_url, f"别人@{street.world.street}")
    answer = await other.ask("PUT", "/v1/me", {"phone": me["phone"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "phone-taken")
    await resident.put("/v1/me", {"address": "新家"})
    assert (await resident.get("/v1/me"))["name"] == "王秀英", "what is not given stays"


@pytest.mark.parametrize("role", ["station_staff", "dispatcher", "secretary", "administrator"])
async def test_staff_register_somebody_without_wechat(street: Street, role: str) -> None:
    staff = await street.with_role("站长", role)
    phone = f"135{staff.id.int % 10**8:08d}"
    body = {"place_id": str(street.world.east), "name": "李大爷", "phone": phone, "address": "1 号楼 102"}
    registered = await staff.post("/v1/residents", body)
    assert await staff.refused("/v1/residents", body) == (409, "phone-taken")
    row = await street.world.owner.fetchrow(
        "SELECT p.openid, p.name_sealed, g.role, g.place_id FROM person p JOIN role_grant g ON g.person_id = p.id"
        " WHERE p.id = $1",
        registered["id"],
    )
    assert (row["openid"], row["role"], row["place_id"]) == (None, Role.RESIDENT, street.world.east)
    assert "李大爷".encode() not in row["name_sealed"], "sealed, not written"


async def test_registering_is_for_staff_of_that_community(street: Street) -> None:
    body = {"name": "李大爷", "phone": "13512345678", "address": "1 号楼 102"}
    staff = await street.with_role("站长", "station_staff")
    east, west, wide = [{**body, "place_id": str(getattr(street.world, p))} for p in ("east", "west", "street")]
    for someone in (await street.resident("王秀英"), await street.with_role("李强", "volunteer")):
        assert await someone.refused("/v1/residents", east) == (403, "not-allowed")
    assert await staff.refused("/v1/residents", west) == (403, "not-allowed")
    assert await street.administrator.refused("/v1/residents", wide) == (409, "not-a-community")


async def test_who_has_no_phone_is_registered_and_ordered_for_with_the_phone_of_the_household(street: Street) -> None:
    staff = await street.with_role("站长", "station_staff")
    home = {"place_id": str(street.world.east), "address": "1 号楼 102"}
    phone = f"03516{staff.id.int % 10**6:06d}"
    await staff.post("/v1/residents", {**home, "name": "李大爷", "phone": phone})
    answer = await staff.ask("POST", "/v1/residents", {**home, "name": "王奶奶", "phone": phone})
    assert (answer.json()["code"], answer.json()["title"]) == ("phone-taken", "这个电话已被登记")
    assert "另一位登记时可不填电话" in answer.text
    wife = (await staff.post("/v1/residents", {**home, "name": "王奶奶"}))["id"]
    asked = {"channel": "walk_in", "person_id": wife, "service_id": street.service_id, "note": "请帮我修灯"}
    assert await staff.refused("/v1/orders/for-caller", asked) == (422, "contact-missing")
    order = (await staff.post("/v1/orders/for-caller", {**asked, "contact": {"phone": phone}}))["id"]
    assert (await staff.get(f"/v1/orders/{order}"))["contact"] == {
        "name": "王奶奶",
        "phone": phone,
        "address": "1 号楼 102",
    }
