"""Micro-wishes (微心愿, domain.md §3): open from the start, claimed in somebody's name, open again when nobody comes."""

import asyncio
from collections import Counter

import pytest

from app.kernel.ids import new_id
from tests.people import Someone, offered
from tests.special import service_of, told
from tests.stories.conftest import Later, Street

DAY = 86_400
SCHOOL = {"claimed_as": "unit", "name": "西峪小学"}


@pytest.fixture
async def resident(street: Street) -> Someone:
    return await street.resident("王秀英")


@pytest.fixture
async def dispatcher(street: Street) -> Someone:
    return await street.with_role("张敏", "dispatcher")


@pytest.fixture
async def volunteer(street: Street) -> Someone:
    return await street.with_role("李强", "volunteer")


@pytest.fixture
async def wish(street: Street, resident: Someone) -> str:
    """The path of a wish."""
    body = {"service_id": await service_of(street.world, "wish", "微心愿"), "note": "想要一副老花镜"}
    return f"/v1/orders/{(await resident.post('/v1/orders', body))['id']}"


async def kinds(someone: Someone, order: str, *, live: bool) -> set[str]:
    found = (await someone.get(f"{order}/deadlines"))["items"]
    return {d["kind"] for d in found if (d["stopped_at"] is None) is live}


async def test_a_wish_is_open_from_its_placing_and_its_limits_are_days(
    resident: Someone, dispatcher: Someone, volunteer: Someone, wish: str, later: Later
) -> None:
    page = await resident.get(wish)
    assert (page["form"], page["open_pool"], page["state"]) == ("wish", True, "submitted")
    limits = {d["kind"]: d for d in (await resident.get(f"{wish}/deadlines"))["items"]}
    assert limits.keys() == {"respond", "reply", "coordinate", "plan"}, "the matcher has no turn"
    assert limits["respond"]["due_at"][:10] != limits["respond"]["started_at"][:10]
    await later(0)
    assert await told(dispatcher, "order.wished") == ["有一个新的微心愿,已开放认领"]
    assert [row["id"] for row in (await volunteer.get("/v1/orders/pool"))["items"]] == [wish.rsplit("/", 1)[1]]
    await later(0.9 * DAY)
    assert (await resident.get(wish))["state"] == "submitted", "nobody matches it"
    assert (await dispatcher.ask("GET", f"{wish}/volunteers")).json()["code"] == "wish-is-claimed"
    assert await dispatcher.refused(f"{wish}/offer", {"volunteer_id": str(volunteer.id)}) == (409, "wish-is-claimed")
    assert await volunteer.refused(f"{wish}/claim") == (409, "wish-is-claimed")


async def test_a_wish_is_claimed_in_a_name_and_granted(
    resident: Someone, volunteer: Someone, wish: str, later: Later
) -> None:
    for body in ({"claimed_as": "unit"}, {"claimed_as": "member", "name": "李强"}):
        assert await volunteer.refused(f"{wish}/claim-wish", body) == (422, "invalid-input")
    assert await resident.refused(f"{wish}/claim-wish", SCHOOL) == (403, "not-allowed")
    await volunteer.post(f"{wish}/claim-wish", SCHOOL)
    page = await resident.get(wish)
    assert (page["state"], page["claimed_as"], page["claimed_name"]) == ("accepted", "unit", "西峪小学")
    assert page["volunteer"]["id"] == str(volunteer.id), "who claims in a unit's name serves"
    await later(0)
    assert await told(resident, "order.wish_claimed") == ["您的微心愿已有人认领,可查看是谁"]
    assert "wish" in await kinds(resident, wish, live=True)
    await volunteer.post(f"{wish}/start", {"code": page["start_code"]})
    assert "wish" in await kinds(resident, wish, live=False)
    await volunteer.post(f"{wish}/deliver", {"outcome": "已送去老花镜"})
    await resident.post(f"{wish}/rate", {"solved": "yes", "stars": 5})


async def test_a_wish_is_called_the_same_in_receipts_refusals_and_on_its_page(
    resident: Someone, dispatcher: Someone, volunteer: Someone, street: Street
) -> None:
    body = {"service_id": await service_of(street.world, "wish", "又一个微心愿"), "note": "想要一把梳子"}
    placed = await resident.post("/v1/orders", body)
    order = f"/v1/orders/{placed['id']}"
    page = await resident.get(order)
    assert placed["state_label"] == page["state_label"] == "待认领"
    assert (await resident.post("/v1/orders", body))["doubles"][0]["state_label"] == "待认领"
    told_of_it = await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "本人在家"})
    assert told_of_it["state_label"] == "待认领"
    refusal = (await dispatcher.ask("POST", f"{order}/deliver", {"outcome": "已送去"})).json()
    assert "现在是『待认领』" in refusal["detail"], refusal
    assert (await volunteer.post(f"{order}/claim-wish", SCHOOL))["state_label"] == "已接单"


async def test_a_claim_runs_out_and_the_wish_is_open_again(
    resident: Someone, dispatcher: Someone, volunteer: Someone, wish: str, later: Later
) -> None:
    await volunteer.post(f"{wish}/claim-wish", {"claimed_as": "member"})
    await later(0.81 * 14 * DAY)
    assert any("认领时限即将到期" in text for text in await told(volunteer, "deadline.mark"))
    assert (await resident.get(wish))["state"] == "accepted"
    await later(14 * DAY + 60)
    page = await resident.get(wish)
    assert (page["state"], page["open_pool"], page["volunteer"], page["claimed_as"]) == ("submitted", True, None, None)
    assert "respond" in await kinds(resident, wish, live=True), "it goes on with the time used"
    assert not {"dispatch", "wish"} & await kinds(resident, wish, live=True)
    assert await told(volunteer, "order.claim_expired") == ["您认领的微心愿超过时限没有开始,已重新开放"]
    for person in (resident, dispatcher):
        assert len(await told(person, "order.wish_open_again")) == 1
    await volunteer.post(f"{wish}/claim-wish", {"claimed_as": "group", "name": "晨练队"})
    assert (await resident.get(wish))["claimed_name"] == "晨练队"


async def test_a_claim_that_is_given_back_opens_the_wish_without_the_matcher(
    resident: Someone, volunteer: Someone, wish: str
) -> None:
    await volunteer.post(f"{wish}/claim-wish", SCHOOL)
    await volunteer.post(f"{wish}/release", {"reason": "临时有事"})
    page = await resident.get(wish)
    assert (page["state"], page["open_pool"], page["claimed_name"]) == ("submitted", True, None)
    assert not {"dispatch", "wish"} & await kinds(resident, wish, live=True)


async def test_a_wish_that_was_not_granted_is_open_once_more(resident: Someone, volunteer: Someone, wish: str) -> None:
    await volunteer.post(f"{wish}/claim-wish", SCHOOL)
    await volunteer.post(f"{wish}/start", {"code": (await resident.get(wish))["start_code"]})
    await volunteer.post(f"{wish}/deliver", {"outcome": "已送去"})
    await resident.post(f"{wish}/rate", {"solved": "no", "stars": 2, "reason": "度数不对"})
    page = await resident.get(wish)
    assert (page["state"], page["round"], page["open_pool"], page["claimed_as"]) == ("submitted", 2, True, None)
    assert "dispatch" not in await kinds(resident, wish, live=True)


async def test_of_many_who_claim_one_wins(street: Street, resident: Someone, wish: str) -> None:
    volunteers = [await street.with_role(f"志愿者{n}", "volunteer") for n in range(8)]
    body = {"claimed_as": "member"}
    answers = await asyncio.gather(*(v.ask("POST", f"{wish}/claim-wish", body) for v in volunteers))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 7}


async def test_a_unit_claims_by_a_volunteer_of_its_own(street: Street, resident: Someone, wish: str) -> None:
    made = {"place_id": str(street.world.street), "name": "西峪小学", "kind": "partner"}
    unit = (await street.administrator.post("/v1/units", made))["id"]
    teacher = await street.resident("孙老师")
    joining = {"person_id": str(teacher.id), "post": "officer"}
    assert await teacher.refused(f"{wish}/claim-wish", SCHOOL) == (404, "order-not-found")
    await street.administrator.post(f"/v1/units/{unit}/members", joining)
    for path in (wish, f"/v1/orders/{new_id()}"):
        answer = await teacher.ask("POST", f"{path}/claim-wish", SCHOOL)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), "the same for any"
        assert "applyToVolunteer" in answer.json()["detail"]
    body = {"place_id": str(street.world.east), "role": "volunteer", "person_id": str(teacher.id)}
    await street.administrator.post("/v1/roles", body)
    await teacher.post(f"{wish}/claim-wish", SCHOOL)
    assert (await resident.get(wish))["claimed_name"] == "西峪小学"


async def test_only_a_wish_is_claimed_in_a_name(street: Street, resident: Someone, volunteer: Someone) -> None:
    order = (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "陪我去医院"}))["id"]
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order)
    assert await volunteer.refused(f"/v1/orders/{order}/claim-wish", SCHOOL) == (409, "not-for-this-service")
    assert "claim_wish" not in offered(await volunteer.get(f"/v1/orders/{order}"))


async def test_a_service_with_a_category_keeps_its_limits_in_whatever_form(street: Street, resident: Someone) -> None:
    for category, expected in (("", "wish"), ("reading", "reading")):
        service_id = await service_of(street.world, "wish", f"微心愿{category}", category)
        order = (await resident.post("/v1/orders", {"service_id": service_id, "note": "想要一本书"}))["id"]
        found = await street.world.owner.fetchval("SELECT category FROM matter WHERE id = $1::uuid", order)
        assert found == expected
