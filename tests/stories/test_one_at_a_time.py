"""What only shows when two things meet: twins of a record, a role that ends meanwhile, a move, guesses at once."""

import asyncio

import httpx

from tests.stories.conftest import Street


async def test_twins_of_a_grant_get_one_receipt(street: Street) -> None:
    someone = await street.resident("李强")
    body = {"place_id": str(street.world.east), "role": "volunteer", "person_id": str(someone.id)}
    twins = [street.administrator.ask("POST", "/v1/roles", body, key="one-grant-of-many") for _ in range(12)]
    answers = await asyncio.gather(*twins)
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert await street.administrator.refused("/v1/roles", body) == (409, "already-granted")


async def test_whoever_lost_the_role_does_not_accept(street: Street) -> None:
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    placed = await grandma.post("/v1/orders", {"service_id": street.service_id, "note": "陪我去医院"})
    order = f"/v1/orders/{placed['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    (role,) = (await volunteer.get("/v1/me"))["roles"]
    await street.administrator.post(f"/v1/roles/{role['id']}/revoke")
    assert await volunteer.refused(f"{order}/accept") == (409, "volunteer-not-qualified")


async def test_the_old_community_no_longer_reads_who_moved_away(street: Street) -> None:
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    here = {"place_id": str(street.world.east), "role": "resident"}
    await grandma.post("/v1/me/community", {"place_id": str(street.world.west)})
    ended = (await dispatcher.get("/v1/roles", **here, ended="true"))["items"]
    assert [(row["name"], row["phone"]) for row in ended] == [(None, None)]


async def test_guesses_at_once_are_counted_one_by_one(street: Street) -> None:
    form = {"username": "nobody-of-this-name", "password": "not-the-password", "grant_type": "password"}
    async with httpx.AsyncClient(base_url=street.api_url) as http:
        form["username"] += street.world.east.hex[-6:]
        answers = await asyncio.gather(*(http.post("/v1/auth/password", data=form) for _ in range(16)))
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 6


async def test_a_limit_after_the_acceptance_cannot_open_the_pool(street: Street) -> None:
    marks = [{"percent": 100, "effects": [{"primitive": "open_pool"}]}]
    body = {"place_id": str(street.world.street), "deadline_kind": "finish", "budget_seconds": 60, "marks": marks}
    answer = await street.administrator.ask("POST", "/v1/deadline-policies", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "policy-invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body/marks/0/effects/0"
