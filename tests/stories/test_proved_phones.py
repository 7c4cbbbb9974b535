"""Whose a phone is: whoever proves it by WeChat; what others typed in gives way, and what the station registered follows."""

from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import told


def a_number() -> str:
    return f"135{new_id().int % 10**8:08d}"


async def newcomer(street: Street, name: str) -> Someone:
    return await Someone.by_wechat(street.api_url, f"{name}@{street.world.street}")


async def prove(someone: Someone, phone: str, **more: bool) -> dict[str, Any]:
    answer = await someone.http.post("/v1/auth/phone", json={"code": f"demo:{phone}", **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def registered(street: Street, station: Someone, name: str, phone: str) -> str:
    body = {"place_id": str(street.world.east), "name": name, "phone": phone, "address": "1 号楼 102"}
    return str((await station.post("/v1/residents", body))["id"])


async def said(someone: Someone, code: str, **more: bool) -> tuple[int, str]:
    answer = await someone.http.post("/v1/auth/phone", json={"code": code, **more})
    return answer.status_code, answer.json()["code"]


async def test_a_phone_that_nobody_has_is_the_provers(street: Street) -> None:
    someone, phone = await newcomer(street, "王秀英"), a_number()
    proved = {"phone": f"{phone[:3]}****{phone[-4:]}", "sign_in_again": False, "record_apart": False}
    assert await prove(someone, phone) == proved
    assert (await someone.get("/v1/me"))["phone"] == phone
    assert (await prove(someone, phone))["sign_in_again"] is False, "again is nothing new"


async def test_whoever_typed_in_a_number_that_is_not_theirs_loses_it(street: Street, later: Later) -> None:
    squatter, owner = await street.resident("占号"), await street.resident("王秀英")
    phone = a_number()
    await squatter.put("/v1/me", {"phone": phone})
    answer = await owner.ask("PUT", "/v1/me", {"phone": phone})
    assert (answer.status_code, answer.json()["code"]) == (409, "phone-taken")
    assert "provePhone" in answer.json()["detail"]
    await prove(owner, phone)
    assert [(await one.get("/v1/me"))["phone"] for one in (owner, squatter)] == [phone, None]
    await later(0)
    assert "person.phone_released" in await told(squatter)
    station = await street.with_role("站长", "station_staff")
    call = {"channel": "phone", "phone": phone, "service_id": street.service_id, "note": "请修灯"}
    order = (await station.post("/v1/orders/for-caller", call))["id"]
    assert [row["id"] for row in (await owner.get("/v1/orders/mine"))["items"]] == [order]


async def test_who_was_registered_by_the_station_comes_with_wechat_later_and_finds_everything(
    street: Street, later: Later
) -> None:
    station, phone = await street.with_role("站长", "station_staff"), a_number()
    record = await registered(street, station, "吴叔", phone)
    call = {"channel": "phone", "phone": phone, "service_id": street.service_id, "note": "请修灯"}
    order = (await station.post("/v1/orders/for-caller", call))["id"]
    himself = await newcomer(street, "吴叔")
    await himself.post("/v1/me/community", {"place_id": str(street.world.west)})
    asked = await himself.http.post("/v1/auth/phone", json={"code": f"demo:{phone}"})
    assert (asked.status_code, asked.json()["code"], "『吴*』" in asked.json()["detail"]) == (
        409,
        "phone-registered",
        True,
    )
    assert (await prove(himself, phone, take_over=True))["sign_in_again"] is True
    assert (await himself.http.get("/v1/me")).status_code == 401, "this log-in is over"
    again = await newcomer(street, "吴叔")
    me = await again.get("/v1/me")
    assert (str(again.id), me["name"], me["phone"], me["community_name"]) == (record, "吴叔", phone, "东社区")
    assert [row["id"] for row in (await again.get("/v1/orders/mine"))["items"]] == [order]
    await later(0)
    assert "person.taken_over" in await told(again), "they look whether community and address are still theirs"
    owner = street.world.owner
    rows = await owner.fetch("SELECT subject_id, action FROM audit WHERE actor_id = $1 AND kind = 'person'", himself.id)
    assert {(str(row["subject_id"]), row["action"]) for row in rows} >= {
        (record, "take_over"),
        (str(himself.id), "merge"),
    }
    homes = "SELECT count(*) FROM role_grant WHERE person_id = $1 AND ends_at IS NULL"
    assert await owner.fetchval(homes, himself.id) == 0


async def test_a_phone_that_a_family_shares_stays_with_whom_the_station_registered(street: Street) -> None:
    station, daughter = await street.with_role("站长", "station_staff"), await street.resident("王芳")
    phone = a_number()
    mother = await registered(street, station, "王妈妈", phone)
    assert await said(daughter, f"demo:{phone}") == (409, "phone-registered")
    call = {"channel": "phone", "phone": phone, "service_id": street.service_id, "note": "请修门"}
    order = (await station.post("/v1/orders/for-caller", call))["id"]
    whose = await street.world.owner.fetchval("SELECT requester_id::text FROM matter WHERE id = $1::uuid", order)
    assert whose == mother


async def test_who_has_orders_of_their_own_gets_the_number_and_the_station_finds_its_record_by_name(
    street: Street, later: Later
) -> None:
    """Two records are not made one; but the phone is theirs, so nobody else consents or is called under it."""
    station, himself = await street.with_role("站长", "station_staff"), await street.resident("吴叔")
    phone = a_number()
    record = await registered(street, station, "吴 叔", phone)
    call = {"channel": "phone", "phone": phone, "service_id": street.service_id, "note": "请修门"}
    by_station = (await station.post("/v1/orders/for-caller", call))["id"]
    own = (await himself.post("/v1/orders", {"service_id": street.service_id, "note": "请修灯"}))["id"]
    assert await said(himself, f"demo:{phone}") == (409, "phone-registered")
    proved = await prove(himself, phone, take_over=True)
    assert (proved["sign_in_again"], proved["record_apart"]) == (False, True)
    me = await himself.get("/v1/me")
    assert (me["phone"], [row["id"] for row in (await himself.get("/v1/orders/mine"))["items"]]) == (phone, [own])
    await later(0)
    notice = next(one for one in (await station.get("/v1/inbox"))["items"] if one["topic"] == "person.number_moved")
    assert (notice["subject_id"], notice["about"]) == (record, "吴**,东社区")
    assert (await station.get(f"/v1/orders/{by_station}"))["contact"]["phone"] == phone, "it keeps whom to call"
    (found,) = (await station.get("/v1/residents", place_id=str(street.world.east), name="吴叔"))["items"]
    assert (found["id"], found["name"], found["address"]) == (record, "吴 叔", "1 号楼 102")
    by_id = {"channel": "phone", "person_id": record, "service_id": street.service_id, "note": "请修窗"}
    asking = {**by_id, "contact": {"phone": phone}}
    assert (await station.post("/v1/orders/for-caller", asking))["state"] == "submitted"
    ringing = (await station.post("/v1/orders/for-caller", call))["id"]
    whose = await street.world.owner.fetchval("SELECT requester_id FROM matter WHERE id = $1::uuid", ringing)
    assert whose == himself.id, "whoever calls under it is who proved it"


async def test_whoever_has_no_phone_is_found_by_their_whole_name(street: Street) -> None:
    station, resident = await street.with_role("站长", "station_staff"), await street.resident("王秀英")
    estate = await street.world.estate(street.world.east, "东园", "old")
    body = {"name": "周奶奶", "address": "东园小区3号楼501"}
    ids = [
        (await station.post("/v1/residents", {**body, "place_id": str(place)}))["id"]
        for place in (street.world.east, estate)
    ]
    await registered(street, station, "周奶奶", a_number())
    asked = {"place_id": str(street.world.east), "name": "周奶奶", "limit": 1}
    first = await station.get("/v1/residents", **asked)
    rest = await station.get("/v1/residents", **asked, cursor=first["next_cursor"])
    assert ([row["id"] for row in first["items"] + rest["items"]], rest["next_cursor"]) == (ids[::-1], None)
    assert (first["items"][0]["place_name"], first["items"][0]["address"]) == ("东园", "东园小区3号楼501")
    shown = "SELECT note -> 'found' ->> 0 FROM audit WHERE actor_id = $1 AND action = 'find' ORDER BY at"
    looks = [row[0] for row in await street.world.owner.fetch(shown, station.id)]
    assert looks == ids[::-1], "whom somebody was shown is kept"
    by_wechat = await newcomer(street, "周奶奶")
    await by_wechat.post("/v1/me/community", {"place_id": str(estate), "address": "东园小区9号楼"})
    await by_wechat.put("/v1/me", {"name": "周奶奶"})
    found = await station.get("/v1/residents", place_id=str(estate), name="周 奶奶")
    assert [row["id"] for row in found["items"]] == ids[1:]
    assert (await station.get("/v1/residents", **{**asked, "name": "周奶"}))["items"] == []
    for someone, place, why in (
        (resident, street.world.east, (403, "not-allowed")),
        (station, street.world.west, (403, "not-allowed")),
        (station, new_id(), (404, "place-not-found")),
        (street.administrator, street.world.street, (409, "not-a-community")),
    ):
        answer = await someone.http.get(f"/v1/residents?place_id={place}&name=周奶奶")
        assert (answer.status_code, answer.json()["code"]) == why


async def test_a_phone_of_an_officers_account_stays(street: Street) -> None:
    phone, owner = a_number(), street.world.owner
    officer = await Someone.by_wechat(street.api_url, f"干部@{street.world.street}")
    await officer.put("/v1/me", {"phone": phone})
    await owner.execute("UPDATE person SET login_name = $2 WHERE id = $1", officer.id, f"g{officer.id.int % 10**9}")
    assert await said(await newcomer(street, "别人"), f"demo:{phone}") == (409, "phone-taken")
    assert (await officer.get("/v1/me"))["phone"] == phone


@pytest.mark.parametrize(
    ("code", "problem"),
    [("061abc", (409, "phone-code-invalid")), ("demo:+852 51234567", (409, "phone-abroad"))],
)
async def test_what_proves_nothing(street: Street, code: str, problem: tuple[int, str]) -> None:
    assert await said(await newcomer(street, "王秀英"), code) == problem


async def test_nobody_tries_out_which_numbers_are_registered(street: Street) -> None:
    someone = await newcomer(street, "好奇")
    answers = [(await someone.ask("PUT", "/v1/me", {"phone": a_number()})).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]
