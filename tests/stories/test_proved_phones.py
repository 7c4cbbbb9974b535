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


async def said(someone: Someone, code: str, **more: bool) -> tuple[int, str]:
    answer = await someone.http.post("/v1/auth/phone", json={"code": code, **more})
    return answer.status_code, answer.json()["code"]


async def test_a_phone_that_nobody_has_is_the_provers(street: Street) -> None:
    someone, phone = await newcomer(street, "王秀英"), a_number()
    proved = {"phone": f"{phone[:3]}****{phone[-4:]}", "sign_in_again": False}
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
    body = {"place_id": str(street.world.east), "name": "吴叔", "phone": phone, "address": "1 号楼 102"}
    registered = (await station.post("/v1/residents", body))["id"]
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
    assert (str(again.id), me["name"], me["phone"], me["community_name"]) == (registered, "吴叔", phone, "东社区")
    assert [row["id"] for row in (await again.get("/v1/orders/mine"))["items"]] == [order]
    await later(0)
    assert "person.taken_over" in await told(again), "they look whether community and address are still theirs"
    owner = street.world.owner
    rows = await owner.fetch("SELECT subject_id, action FROM audit WHERE actor_id = $1 AND kind = 'person'", himself.id)
    assert {(str(row["subject_id"]), row["action"]) for row in rows} >= {
        (registered, "take_over"),
        (str(himself.id), "merge"),
    }
    homes = "SELECT count(*) FROM role_grant WHERE person_id = $1 AND ends_at IS NULL"
    assert await owner.fetchval(homes, himself.id) == 0


async def test_a_phone_that_a_family_shares_stays_with_whom_the_station_registered(street: Street) -> None:
    """Whoever has orders of their own is not made one with that record either, and the caller's orders stay the caller's."""
    station, daughter, phone = (
        await street.with_role("站长", "station_staff"),
        await street.resident("王芳"),
        a_number(),
    )
    body = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "address": "1 号楼 102"}
    mother = (await station.post("/v1/residents", body))["id"]
    await daughter.post("/v1/orders", {"service_id": street.service_id, "note": "请修灯"})
    assert await said(daughter, f"demo:{phone}") == (409, "phone-registered")
    assert await said(daughter, f"demo:{phone}", take_over=True) == (409, "records-apart")
    call = {"channel": "phone", "phone": phone, "service_id": street.service_id, "note": "请修门"}
    order = (await station.post("/v1/orders/for-caller", call))["id"]
    whose = await street.world.owner.fetchval("SELECT requester_id::text FROM matter WHERE id = $1::uuid", order)
    assert whose == mother


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
