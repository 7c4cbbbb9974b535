"""Officers: made by an administrator, in by the form, and what ends their log-ins."""

import httpx
import pytest

from app.kernel.passwords import Passwords
from app.kernel.rules import Role
from app.local.faults import LocalFault
from app.local.first_admin import create_administrator
from tests.people import Someone
from tests.stories.conftest import PASSWORD, Street

OTHER = "m4tz-8rqk-w2vn-c6yp"


async def form(street: Street, login_name: str, password: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=street.api_url, timeout=20) as http:
        return await http.post("/v1/auth/password", data={"username": login_name, "password": password})


def named(street: Street, name: str) -> str:
    return f"{name}-{street.world.street.hex[-10:]}"


def officer(street: Street, name: str, role: str = "dispatcher", **changes: str) -> dict[str, str]:
    made = {"place_id": str(street.world.east), "login_name": named(street, name), "password": PASSWORD}
    return {**made, "name": "张敏", "role": role, **changes}


async def hired(
    street: Street, name: str, role: str = "dispatcher", by: Someone | None = None, **changes: str
) -> Someone:
    await (by or street.administrator).post("/v1/officers", officer(street, name, role, **changes))
    return await Someone.by_password(street.api_url, named(street, name), PASSWORD)


async def change(someone: Someone, path: str, **body: str) -> tuple[int, str | None]:
    answer = await someone.http.post(path, json=body)
    return answer.status_code, answer.json().get("code")


async def test_an_officer_logs_in_and_is_what_they_were_made(street: Street) -> None:
    dispatcher = await hired(street, "paidan")
    me = await dispatcher.get("/v1/me")
    assert me["name"] == "张敏"
    assert [(role["role"], role["place_name"]) for role in me["roles"]] == [("dispatcher", "东社区")]
    assert (await dispatcher.get("/v1/orders/pool"))["items"] == []


async def test_a_wrong_password_and_an_unknown_name_get_one_answer(street: Street) -> None:
    await hired(street, "known")
    wrong, unknown = [await form(street, named(street, name), OTHER) for name in ("known", "unknown")]
    assert wrong.status_code == unknown.status_code == 401
    assert {**wrong.json(), "trace_id": ""} == {**unknown.json(), "trace_id": ""}
    assert wrong.json()["code"] == "wrong-password"


async def test_a_login_name_is_given_once(street: Street) -> None:
    await hired(street, "twice")
    answer = await street.administrator.ask("POST", "/v1/officers", officer(street, "twice"))
    assert (answer.status_code, answer.json()["code"]) == (409, "login-name-taken")


async def test_a_login_name_is_one_whatever_its_letters_case(street: Street) -> None:
    await hired(street, "Wang")
    twin = await street.administrator.ask("POST", "/v1/officers", officer(street, "wang"))
    assert (twin.status_code, twin.json()["code"]) == (409, "login-name-taken")
    assert (await form(street, named(street, "WANG"), PASSWORD)).status_code == 200


@pytest.mark.parametrize("name", ["wang\u3000li", "wang\u200bli", "wang li", "w\u0430ng", "wang\nli"])
async def test_a_login_name_that_looks_like_another_is_refused(street: Street, name: str) -> None:
    answer = await street.administrator.ask("POST", "/v1/officers", officer(street, "alike", login_name=name))
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/login_name"]


async def test_the_first_administrator_has_a_login_name_that_can_be_typed(street: Street) -> None:
    with pytest.raises(LocalFault, match="登录名只能使用英文字母"):
        await create_administrator(street.world.owner, "ad\u3000min", None, None)


@pytest.mark.parametrize("password", ["short", "password123", "aaaaaaaaaaaaaaa", "xiaozhang-2026"])
async def test_a_weak_password_is_refused_with_its_field(street: Street, password: str) -> None:
    body = officer(street, "weak", login_name="xiaozhang", password=password)
    answer = await street.administrator.ask("POST", "/v1/officers", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/password"]


async def test_a_password_stands_in_no_answer(street: Street) -> None:
    dispatcher = await hired(street, "secret")
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL WHERE id = ANY ($1)", list(street.world.people.values())
    )
    page = await street.administrator.http.get("/v1/roles", params={"place_id": str(street.world.east)})
    for text in (page.text, (await dispatcher.http.get("/v1/me")).text):
        assert PASSWORD not in text
        assert "argon2" not in text


@pytest.mark.parametrize(
    ("role", "operations"),
    [("resident", ["joinPlace", "registerResident"]), ("volunteer", ["applyToVolunteer", "grantRole"])],
)
async def test_no_account_is_made_for_who_is_no_officer(street: Street, role: str, operations: list[str]) -> None:
    """They are told what makes a resident or a volunteer instead."""
    answer = await street.administrator.ask("POST", "/v1/officers", officer(street, "no-officer", role))
    assert (answer.status_code, answer.json()["code"]) == (422, "not-an-officers-role")
    assert all(operation in answer.json()["detail"] for operation in operations)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/role"]


async def test_who_is_no_administrator_there_makes_no_officer(street: Street) -> None:
    secretary = await hired(street, "shuji", "secretary")
    assert await secretary.refused("/v1/officers", officer(street, "by-secretary")) == (403, "not-allowed")
    eastern = await hired(street, "eastern", "administrator")
    west = officer(street, "western", place_id=str(street.world.west))
    assert await eastern.refused("/v1/officers", west) == (403, "not-allowed")
    await eastern.post("/v1/officers", officer(street, "by-eastern"))


async def test_a_new_password_ends_every_log_in(street: Street) -> None:
    here = await hired(street, "changes")
    there = await Someone.by_password(street.api_url, here.name, PASSWORD)
    path = "/v1/auth/password/change"
    wrong = {"current_password": OTHER, "new_password": OTHER}
    answer = await here.http.post(path, json=wrong)
    assert (answer.status_code, [error["pointer"] for error in answer.json()["errors"]]) == (
        422,
        ["/body/current_password"],
    )
    same = await here.http.post(path, json={"current_password": PASSWORD, "new_password": PASSWORD})
    assert (same.status_code, [error["pointer"] for error in same.json()["errors"]]) == (422, ["/body/new_password"])
    assert await change(here, path, current_password=PASSWORD, new_password="short") == (422, "invalid-input")
    assert (await here.http.get("/v1/me")).status_code == 200, "nothing has changed yet"
    assert await change(here, path, current_password=PASSWORD, new_password=OTHER) == (200, None)
    for ended in (here, there):
        assert (await ended.http.get("/v1/me")).status_code == 401
    assert (await form(street, here.name, PASSWORD)).status_code == 401
    assert (await form(street, here.name, OTHER)).status_code == 200


async def test_who_comes_by_wechat_has_no_password_to_change(street: Street) -> None:
    resident = await street.resident("王秀英")
    path = "/v1/auth/password/change"
    assert await change(resident, path, current_password=PASSWORD, new_password=OTHER) == (409, "no-password")
    reset = f"/v1/officers/{resident.id}/password"
    assert await change(street.administrator, reset, new_password=OTHER) == (409, "no-password")


async def test_an_administrator_of_all_their_places_resets_a_password(street: Street) -> None:
    dispatcher = await hired(street, "forgets")
    reset = f"/v1/officers/{dispatcher.id}/password"
    assert await change(street.administrator, reset, new_password="password123") == (422, "invalid-input")
    assert await change(street.administrator, reset, new_password=OTHER) == (200, None)
    assert (await dispatcher.http.get("/v1/me")).status_code == 401
    assert (await form(street, dispatcher.name, OTHER)).status_code == 200


async def test_nobody_resets_the_password_of_somebody_higher_or_elsewhere(street: Street) -> None:
    eastern = await hired(street, "east-admin", "administrator")
    secretary = await hired(street, "east-secretary", "secretary")
    both = await hired(street, "both")
    await street.world.grant(both.id, Role.DISPATCHER, street.world.west)
    for who, whom in ((eastern, street.administrator), (eastern, both), (secretary, eastern), (secretary, both)):
        status, code = await change(who, f"/v1/officers/{whom.id}/password", new_password=OTHER)
        assert (status, code) in ((403, "not-allowed"), (404, "person-not-found"))
        assert (await whom.http.get("/v1/me")).status_code == 200
    assert (await change(street.administrator, f"/v1/officers/{both.id}/password", new_password=OTHER))[0] == 200


async def test_who_is_disabled_is_told_so_only_with_the_right_password(street: Street) -> None:
    dispatcher = await hired(street, "disabled")
    await street.world.owner.execute("UPDATE person SET disabled_at = now() WHERE id = $1", dispatcher.id)
    right, wrong = await form(street, dispatcher.name, PASSWORD), await form(street, dispatcher.name, OTHER)
    assert (right.status_code, right.json()["code"]) == (403, "person-disabled")
    assert (wrong.status_code, wrong.json()["code"]) == (401, "wrong-password")


async def test_full_width_digits_of_a_keyboard_are_the_same_password(street: Street) -> None:
    hashed = await Passwords().hash_password("ｔq4m-z8wk-2hvn-c6rb")
    dispatcher = await hired(street, "keyboard")
    await street.world.owner.execute("UPDATE person SET password_hash = $2 WHERE id = $1", dispatcher.id, hashed)
    assert (await form(street, dispatcher.name, "tq4m-z8wk-2hvn-c6rb")).status_code == 200
