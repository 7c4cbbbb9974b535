"""Roles at a place, with a beginning and an end: who gives them, and that they act at once."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from app.kernel.database import Database
from app.kernel.rules import Role
from app.workers.jobs import end_roles
from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import team, told

NOT_ALLOWED = (403, "not-allowed")


MINUTES_A_DAY = 1440


def moment(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def grant(street: Street, role: str, place: str = "east", **more: str) -> dict[str, str]:
    return {"place_id": str(getattr(street.world, place)), "role": role, **more}


async def newcomer(street: Street, name: str, phone: str | None = None) -> Someone:
    someone = await Someone.by_wechat(street.api_url, f"{name}@{street.world.street}")
    await someone.put("/v1/me", {"name": name, "phone": phone or f"136{someone.id.int % 10**8:08d}"})
    return someone


async def roles(someone: Someone) -> list[str]:
    return [role["role"] for role in (await someone.get("/v1/me"))["roles"]]


async def test_a_role_is_given_by_id_or_by_the_phone_that_one_has_registered(street: Street) -> None:
    by_id, by_phone = (
        await newcomer(street, "张三"),
        await newcomer(street, "李四", f"135{street.world.east.int % 10**8:08d}"),
    )
    await street.administrator.post("/v1/roles", grant(street, "volunteer", person_id=str(by_id.id)))
    phone = f"+86 135{street.world.east.int % 10**8:08d}"
    await street.administrator.post("/v1/roles", grant(street, "volunteer", phone=phone))
    assert await roles(by_id) == await roles(by_phone) == ["volunteer"]


async def test_nobody_is_given_a_role_who_is_not_there(street: Street) -> None:
    for who in ({"phone": "13000000000"}, {"person_id": str(street.world.east)}):
        assert await street.administrator.refused("/v1/roles", grant(street, "volunteer", **who)) == (
            404,
            "person-not-found",
        )


async def test_one_says_by_one_name_who_is_meant(street: Street) -> None:
    someone = await newcomer(street, "张三")
    both = {"person_id": str(someone.id), "phone": "13000000000"}
    for who in ({}, both):
        answer = await street.administrator.ask("POST", "/v1/roles", grant(street, "volunteer", **who))
        assert answer.status_code == 422
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/person_id"]


async def test_a_role_is_held_once_and_may_be_given_again_after_its_end(street: Street) -> None:
    someone = await newcomer(street, "张三")
    body = grant(street, "volunteer", person_id=str(someone.id))
    given = await street.administrator.post("/v1/roles", body)
    assert await street.administrator.refused("/v1/roles", body) == (409, "already-granted")
    await street.administrator.post(f"/v1/roles/{given['id']}/revoke")
    assert await roles(someone) == []
    assert await street.administrator.refused(f"/v1/roles/{given['id']}/revoke") == (409, "already-ended")
    await street.administrator.post("/v1/roles", body)
    assert await roles(someone) == ["volunteer"]


async def test_a_role_that_never_began_ends_for_nobody(street: Street, later: Later) -> None:
    secretary, officer, resident = (
        await street.with_role("刘书记", "secretary"),
        await street.with_role("张敏", "dispatcher"),
        await street.resident("王秀英"),
    )
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    grant = {
        "place_id": str(street.world.east),
        "person_id": str(resident.id),
        "role": "volunteer",
        "starts_at": tomorrow,
    }
    for revokes in (resident, street.administrator):
        given = (await street.administrator.post("/v1/roles", grant))["id"]
        await revokes.post(f"/v1/roles/{given}/revoke")
    await later(0)
    for someone in (secretary, officer):
        topics = [message["topic"] for message in (await someone.get("/v1/inbox"))["items"]]
        assert "role.resigned" not in topics, "nobody stopped being a volunteer"
    (ended,) = [m["text"] for m in (await resident.get("/v1/inbox"))["items"] if m["topic"] == "role.ended"]
    assert ended == "您的一项任职还没开始就已撤销:志愿者"


async def test_a_revoked_role_is_gone_with_the_next_request(street: Street) -> None:
    dispatcher = await street.with_role("张敏", "dispatcher")
    resident = await street.resident("王秀英")
    order = (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"}))["id"]
    assert (await dispatcher.http.get(f"/v1/orders/{order}")).status_code == 200
    held = (await dispatcher.get("/v1/me"))["roles"][0]["id"]
    await street.administrator.post(f"/v1/roles/{held}/revoke")
    assert (await dispatcher.http.get(f"/v1/orders/{order}")).status_code == 404
    body = {"volunteer_id": str(dispatcher.id)}
    assert await dispatcher.refused(f"/v1/orders/{order}/offer", body) == (404, "order-not-found")
    assert (await dispatcher.get("/v1/orders/pool"))["items"] == []


async def test_a_role_begins_and_ends_by_itself(street: Street, later: Later) -> None:
    dispatcher = await newcomer(street, "接班人")
    body = grant(street, "dispatcher", person_id=str(dispatcher.id), starts_at=moment(1), ends_at=moment(2))
    await street.administrator.post("/v1/roles", body)
    resident = await street.resident("王秀英")
    order = (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"}))["id"]
    sees = []
    for days in (0, 1.1, 2.1):
        await later(days * 86_400)
        sees.append((await dispatcher.http.get(f"/v1/orders/{order}")).status_code)
    assert sees == [404, 200, 404]


@pytest.mark.parametrize(("starts", "ends"), [(2, 1), (-1, -2)])
async def test_a_role_does_not_end_before_it_begins(street: Street, starts: float, ends: float) -> None:
    someone = await newcomer(street, "张三")
    body = grant(street, "volunteer", person_id=str(someone.id), starts_at=moment(starts), ends_at=moment(ends))
    answer = await street.administrator.ask("POST", "/v1/roles", body)
    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/ends_at"]


async def test_a_secretary_gives_volunteers_and_nothing_else(street: Street) -> None:
    secretary, someone = await street.with_role("刘书记", "secretary"), await newcomer(street, "张三")
    given = await secretary.post("/v1/roles", grant(street, "volunteer", person_id=str(someone.id)))
    for role in ("dispatcher", "station_staff", "secretary", "administrator"):
        assert await secretary.refused("/v1/roles", grant(street, role, person_id=str(someone.id))) == NOT_ALLOWED
    await secretary.post(f"/v1/roles/{given['id']}/revoke")
    assert await roles(someone) == []


async def test_nobody_gives_a_role_outside_their_own_places(street: Street) -> None:
    someone = await newcomer(street, "张三")
    secretary = await street.with_role("刘书记", "secretary")
    eastern = await street.with_role("东管理员", "administrator")
    for who, role in ((secretary, "volunteer"), (eastern, "volunteer"), (eastern, "administrator")):
        for place in ("west", "street"):
            assert await who.refused("/v1/roles", grant(street, role, place, person_id=str(someone.id))) == NOT_ALLOWED
    await eastern.post("/v1/roles", grant(street, "dispatcher", person_id=str(someone.id)))


@pytest.mark.parametrize("role", ["dispatcher", "station_staff", "volunteer"])
async def test_these_give_no_roles_not_even_to_themselves(street: Street, role: str) -> None:
    someone = await street.with_role("某人", role)
    for wanted in ("volunteer", "administrator"):
        assert await someone.refused("/v1/roles", grant(street, wanted, person_id=str(someone.id))) == NOT_ALLOWED


async def test_a_resident_is_not_made_by_granting(street: Street) -> None:
    someone = await newcomer(street, "张三")
    body = grant(street, "resident", person_id=str(someone.id))
    assert await street.administrator.refused("/v1/roles", body) == (409, "role-not-grantable")


async def test_another_places_role_is_not_revoked(street: Street) -> None:
    western = await street.with_role("西派单员", "dispatcher", "west")
    held = (await western.get("/v1/me"))["roles"][0]["id"]
    for role in ("secretary", "administrator", "dispatcher"):
        eastern = await street.with_role(f"东{role}", role)
        status, code = await eastern.refused(f"/v1/roles/{held}/revoke")
        assert (status, code) == (404, "role-not-found")
    assert await roles(western) == ["dispatcher"]


async def test_who_holds_what_is_shown_masked_to_those_who_work_there(street: Street) -> None:
    # The world's names are not sealed by this API's key.
    people = list(street.world.people.values())
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY ($1)", people
    )
    volunteer, dispatcher = (
        await street.with_role("欧阳小明", "volunteer"),
        await street.with_role("张敏", "dispatcher"),
    )
    place = str(street.world.east)
    found = (await dispatcher.get("/v1/roles", place_id=place, role="volunteer"))["items"]
    row = next(row for row in found if row["person_id"] == str(volunteer.id))
    assert "小明" not in row["name"]
    assert row["phone"].count("*") == 4
    assert {row["role"] for row in found} == {"volunteer"}
    for outsider in (volunteer, await street.with_role("西派单员", "dispatcher", "west")):
        seen = (await outsider.get("/v1/roles", place_id=place))["items"]
        assert {row["person_id"] for row in seen} <= {str(outsider.id)}


async def test_ended_roles_are_kept_and_shown_when_asked_for(street: Street) -> None:
    people = list(street.world.people.values())
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE id = ANY ($1)", people
    )
    volunteer = await street.with_role("李强", Role.VOLUNTEER)
    held = (await volunteer.get("/v1/me"))["roles"][0]["id"]
    await street.administrator.post(f"/v1/roles/{held}/revoke")
    place = str(street.world.east)
    live, ended = [
        [row["id"] for row in (await street.administrator.get("/v1/roles", place_id=place, ended=flag))["items"]]
        for flag in ("false", "true")
    ]
    assert held not in live
    assert ended == [held]


async def test_each_grant_of_a_role_says_how_it_stands(street: Street) -> None:
    someone = await newcomer(street, "接班人")
    who, place = {"person_id": str(someone.id)}, str(street.world.east)
    body = grant(street, "dispatcher", **who, ends_at=moment(2))
    now = (await street.administrator.post("/v1/roles", body))["id"]
    next_one = (await street.administrator.post("/v1/roles", {**body, "starts_at": moment(1), "ends_at": moment(9)}))[
        "id"
    ]

    async def standing(*, ended: bool) -> dict[str, str]:
        found = await street.administrator.get("/v1/roles", place_id=place, role="dispatcher", ended=str(ended).lower())
        return {row["id"]: row["state_label"] for row in found["items"] if row["person_id"] == str(someone.id)}

    two = {now: "生效中", next_one: "未开始"}
    assert await standing(ended=False) == two
    assert {row["id"]: row["state_label"] for row in (await someone.get("/v1/me"))["roles"]} == two
    for held in (now, next_one):
        await street.administrator.post(f"/v1/roles/{held}/revoke")
    assert (await standing(ended=False), await standing(ended=True)) == ({}, {now: "已结束", next_one: "未开始即撤销"})


async def test_a_role_that_ends_by_its_date_hands_back_what_was_held_by_it(
    street: Street, later: Later, worker_url: str
) -> None:
    grandma, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    secretary = await street.with_role("刘书记", "secretary")
    passing = await newcomer(street, "短期志愿者")
    given = grant(street, "volunteer", person_id=str(passing.id), ends_at=moment(5 / MINUTES_A_DAY))
    await street.administrator.post("/v1/roles", given)
    made = await team(street, passing)
    orders = []
    for _ in range(2):
        body = {"service_id": street.service_id, "note": "陪我去医院"}
        order = "/v1/orders/" + (await grandma.post("/v1/orders", body))["id"]
        await dispatcher.post(f"{order}/offer", {"volunteer_id": str(passing.id)})
        orders.append(order)
    await passing.post(f"{orders[0]}/accept")
    worker = await Database.connect(worker_url, size=4)
    await end_roles(worker)
    assert [(await grandma.get(order))["state"] for order in orders] == ["accepted", "offered"], "not before its date"
    await street.world.owner.execute("UPDATE clock_shift SET seconds = 400")
    assert await passing.refused(f"{orders[1]}/accept") == (409, "volunteer-not-qualified")
    third = "/v1/orders/" + (await grandma.post("/v1/orders", body))["id"]
    assert await dispatcher.refused(f"{third}/offer", {"team_id": made}) == (409, "team-without-lead"), "at once"
    for _ in range(2):
        await end_roles(worker)
    await later(400)
    await worker.close()
    for order, before in zip(orders, (["place", "offer", "accept"], ["place", "offer"]), strict=True):
        rows = (await grandma.get(f"{order}/history"))["items"]
        history = [row["action"] for row in rows if row["action"] != "mark"]
        assert history == [*before, "hand_back"], "once"
    assert (await told(secretary)).count("team.without_lead") == 1


async def test_a_lead_who_loses_the_role_leads_no_more_until_somebody_else_is_named(
    street: Street, later: Later
) -> None:
    grandma, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    secretary = await street.with_role("刘书记", "secretary")
    lead, second = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", {"person_id": str(second.id)})
    order = "/v1/orders/" + (await grandma.post("/v1/orders", {"service_id": street.service_id, "note": "漏水"}))["id"]
    (role,) = (await lead.get("/v1/me"))["roles"]
    await street.administrator.post(f"/v1/roles/{role['id']}/revoke")
    await later(1)
    assert "team.without_lead" in await told(secretary)
    assert await dispatcher.refused(f"{order}/offer", {"team_id": made}) == (409, "team-without-lead")
    assert not any(row["leads"] for row in (await secretary.get(f"/v1/teams/{made}"))["members"])
    another = await street.with_role("孙丽", "volunteer")
    path = f"/v1/teams/{made}/members"
    # Not even a resident here: the team is nothing to them any more.
    assert await lead.refused(path, {"person_id": str(another.id)}) == (404, "team-not-found")
    assert await lead.refused(f"{path}/{second.id}/remove") == (404, "member-not-found")
    await secretary.post(f"/v1/teams/{made}/lead", {"person_id": str(second.id)})
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    assert (await dispatcher.get(order))["volunteer"]["id"] == str(second.id)
    assert await secretary.refused(f"/v1/teams/{made}/lead", {"person_id": str(lead.id)}) == (409, "not-a-volunteer")


async def test_the_last_administrator_appoints_another_first(street: Street) -> None:
    """In a tree of its own: nobody there could appoint anybody any more."""
    owner, root = street.world.owner, uuid4()
    await owner.execute(
        "INSERT INTO place (id, code, level, name, created_at, updated_at) VALUES ($1, $2, 'province', '另一省', now(), now())",
        root, f"97{root.int % 10**9:09d}",
    )  # fmt: skip
    await owner.execute("INSERT INTO place_ancestor VALUES ($1, $1, 0)", root)
    last, second = [await newcomer(street, name) for name in ("首任", "次任")]
    post = await street.world.grant(last.id, Role.ADMINISTRATOR, root)
    refused = (await last.ask("POST", f"/v1/roles/{post}/revoke")).json()
    assert refused["code"] == "last-administrator"
    assert "请先用 grantRole 任命另一位管理员" in refused["detail"]
    await last.post("/v1/roles", {"place_id": str(root), "role": "administrator", "person_id": str(second.id)})
    await last.post(f"/v1/roles/{post}/revoke")
    assert await roles(last) == []
