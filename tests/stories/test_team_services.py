"""What a team publishes, pauses and withdraws; and that whoever leaves hands over what was live."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import NOT_ALLOWED, person, team, told
from tests.world import tireless


def service(street: Street, **more: Any) -> dict[str, Any]:
    return {"place_id": str(street.world.east), "name": "理发", "description": "上门理发", **more}


async def listed(who: Someone, street: Street, **query: str) -> list[str]:
    return [row["id"] for row in (await who.get("/v1/services", place_id=str(street.world.east), **query))["items"]]


async def order(street: Street, resident: Someone, volunteer: Someone, service_id: str, *then: str) -> str:
    made = (await resident.post("/v1/orders", {"service_id": service_id, "note": "x"}))["id"]
    path = f"/v1/orders/{made}"
    for step in then:
        if step == "offer":
            await street.administrator.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
        elif step == "accept":
            await volunteer.post(f"{path}/accept")
        else:
            await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
    return made


async def handed_back(street: Street) -> list[dict[str, str]]:
    """Take the events that ask for orders to be given back; of which order, from whom, by order."""
    rows = await street.world.owner.fetch(
        "DELETE FROM outbox WHERE topic = 'order.hand_back' AND sort = 'event' RETURNING payload"
    )
    found = [json.loads(row["payload"]) for row in rows]
    return sorted(
        ({name: one[name] for name in ("order_id", "person_id")} for one in found), key=lambda one: one["order_id"]
    )


async def test_a_lead_publishes_what_the_team_can_do_where_it_serves(street: Street) -> None:
    lead, member = [await street.with_role(name, "volunteer") for name in ("小李", "小赵")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    body = service(street, team_id=made, skill="haircut", form="service_day")
    assert await lead.refused("/v1/services", body) == (409, "team-not-skilled")
    await street.administrator.post(
        "/v1/skills", {"place_id": str(street.world.east), "code": "haircut", **person(member)}
    )
    published = (await lead.post("/v1/services", body))["id"]
    assert await member.refused("/v1/services", body) == NOT_ALLOWED
    assert await lead.refused("/v1/services", service(street)) == NOT_ALLOWED
    elsewhere = {**body, "place_id": str(street.world.west)}
    assert await lead.refused("/v1/services", elsewhere) == NOT_ALLOWED
    assert await street.administrator.refused("/v1/services", elsewhere) == (409, "team-not-serving")
    resident = await street.resident("王秀英")
    shown = (await resident.get("/v1/services", place_id=str(street.world.east), team_id=made))["items"][0]
    assert (shown["team_name"], shown["team_colour"], shown["form_label"]) == ("红马甲", "red", "服务日")
    assert await listed(resident, street, skill="haircut") == await listed(resident, street, form="service_day")
    assert await listed(resident, street, skill="haircut") == [published]
    assert published not in await listed(resident, street, form="visit")


async def test_a_paused_service_is_not_ordered_and_says_until_when(street: Street, later: Later) -> None:
    dispatcher, resident = await street.with_role("张敏", "dispatcher"), await street.resident("王秀英")
    made = (await street.administrator.post("/v1/services", service(street)))["id"]
    placed = (await resident.post("/v1/orders", {"service_id": made, "note": "x"}))["id"]
    path, until = f"/v1/services/{made}", datetime.now(UTC) + timedelta(hours=2)
    past = {"until_at": (until - timedelta(hours=3)).isoformat()}
    assert await street.administrator.refused(f"{path}/pause", past) == (422, "pause-too-early")
    await street.administrator.post(f"{path}/pause", {"until_at": until.isoformat()})
    assert await street.administrator.refused(f"{path}/pause", {}) == (409, "service-paused")
    another = {"service_id": made, "note": "x"}
    assert await resident.refused("/v1/orders", another) == (409, "service-paused")
    shown = {row["id"]: row for row in (await resident.get("/v1/services", place_id=str(street.world.east)))["items"]}
    assert shown[made]["paused"] is True
    assert datetime.fromisoformat(shown[made]["paused_until"]) - until < timedelta(milliseconds=1)
    assert (await resident.get(f"/v1/orders/{placed}"))["state"] == "submitted"
    await later(1)
    sentences = [message["text"] for message in (await dispatcher.get("/v1/inbox"))["items"]]
    assert "一项服务已暂停,已下的订单照常办理(还有 1 单未完成)" in sentences
    await street.administrator.post(f"{path}/resume")
    assert await street.administrator.refused(f"{path}/resume") == (409, "service-not-paused")
    await resident.post("/v1/orders", another)
    await street.administrator.post(f"{path}/pause", {"until_at": until.isoformat()})
    await later(3 * 3600)
    await resident.post("/v1/orders", another)  # the pause has ended by itself


async def test_a_withdrawn_service_is_gone_and_its_orders_go_on(street: Street, later: Later) -> None:
    dispatcher, lead = await street.with_role("张敏", "dispatcher"), await street.with_role("小李", "volunteer")
    resident = await street.resident("王秀英")
    made = (await lead.post("/v1/services", service(street, team_id=await team(street, lead))))["id"]
    placed = await order(street, resident, lead, made, "offer", "accept")
    path = f"/v1/services/{made}/withdraw"
    for other in (dispatcher, resident):
        assert await other.refused(path) == NOT_ALLOWED
    await lead.post(path)
    assert await lead.refused(path) == (409, "service-withdrawn")
    assert await lead.refused(f"/v1/services/{made}/pause", {}) == (409, "service-withdrawn")
    assert await resident.refused("/v1/orders", {"service_id": made, "note": "x"}) == (409, "service-not-offered")
    assert made not in await listed(resident, street)
    assert (await resident.get(f"/v1/orders/{placed}"))["state"] == "accepted"
    await later(0)
    sentences = [message["text"] for message in (await dispatcher.get("/v1/inbox"))["items"]]
    assert "一项服务已下架,已下的订单照常办理(还有 1 单未完成)" in sentences


# ── leaving ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_leaving_a_team_hands_over_what_one_holds_through_it(street: Street, later: Later) -> None:
    dispatcher, lead, member = [
        await street.with_role(name, role)
        for name, role in (("张敏", "dispatcher"), ("小李", "volunteer"), ("小赵", "volunteer"))
    ]
    await tireless(street.world.owner, member.id)
    resident, made = await street.resident("王秀英"), await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    theirs = (await lead.post("/v1/services", service(street, team_id=made)))["id"]
    offered, accepted, serving = [
        await order(street, resident, member, theirs, *steps)
        for steps in (["offer"], ["offer", "accept"], ["offer", "accept", "start"])
    ]
    await order(street, resident, member, street.service_id, "offer", "accept")  # not through the team
    await later(0)
    await lead.post(f"/v1/teams/{made}/members/{member.id}/remove")
    about = [{"order_id": one, "person_id": str(member.id)} for one in sorted((offered, accepted))]
    assert await handed_back(street) == about
    await later(0)
    leaving = [m for m in (await dispatcher.get("/v1/inbox"))["items"] if m["topic"] == "order.server_leaves"]
    assert len(leaving) == 1
    assert (await resident.get(f"/v1/orders/{serving}"))["state"] == "in_service"


async def test_a_volunteer_whose_role_ends_hands_over_what_no_other_role_lets_them_serve(street: Street) -> None:
    volunteer, resident = await street.with_role("小赵", "volunteer"), await street.resident("王秀英")
    body = {"place_id": str(street.world.street), "role": "volunteer", **person(volunteer)}
    above = (await street.administrator.post("/v1/roles", body))["id"]
    held = sorted(
        [await order(street, resident, volunteer, street.service_id, "offer", *rest) for rest in ((), ("accept",))]
    )
    grants = {role["place_id"]: role["id"] for role in (await volunteer.get("/v1/me"))["roles"]}
    await street.administrator.post(f"/v1/roles/{grants[str(street.world.east)]}/revoke")
    assert await handed_back(street) == []  # the street's role still reaches them
    await street.administrator.post(f"/v1/roles/{above}/revoke")
    assert await handed_back(street) == [{"order_id": one, "person_id": str(volunteer.id)} for one in held]


async def test_going_away_hands_over_when_one_says_so(street: Street) -> None:
    volunteer, resident = await street.with_role("小赵", "volunteer"), await street.resident("王秀英")
    held = await order(street, resident, volunteer, street.service_id, "offer", "accept")
    away = {"away_until": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    await volunteer.put("/v1/me/availability", away)
    assert await handed_back(street) == []
    await volunteer.put("/v1/me/availability", {**away, "hand_back": True})
    assert await handed_back(street) == [{"order_id": held, "person_id": str(volunteer.id)}]


async def test_disbanding_hands_over_for_every_member(street: Street) -> None:
    lead, member = [await street.with_role(name, "volunteer") for name in ("小李", "小赵")]
    resident, made = await street.resident("王秀英"), await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    theirs = (await lead.post("/v1/services", service(street, team_id=made)))["id"]
    held = {await order(street, resident, who, theirs, "offer"): str(who.id) for who in (lead, member)}
    await lead.post(f"/v1/services/{theirs}/withdraw")
    await street.administrator.post(f"/v1/teams/{made}/disband")
    assert {event["order_id"]: event["person_id"] for event in await handed_back(street)} == held


async def test_a_refused_leave_hands_over_nothing(street: Street) -> None:
    lead, resident = await street.with_role("小李", "volunteer"), await street.resident("王秀英")
    made = await team(street, lead)
    theirs = (await lead.post("/v1/services", service(street, team_id=made)))["id"]
    await order(street, resident, lead, theirs, "offer")
    assert (await lead.refused(f"/v1/teams/{made}/members/{lead.id}/remove"))[1] == "lead-stays"
    assert await handed_back(street) == []
    assert "team.removed" not in await told(lead)


async def test_a_name_is_one_service_at_a_place_until_it_is_withdrawn(street: Street) -> None:
    chief = street.administrator
    first = (await chief.post("/v1/services", service(street)))["id"]
    assert await chief.refused("/v1/services", service(street)) == (409, "service-name-taken")
    await chief.post("/v1/services", {**service(street), "place_id": str(street.world.west)})
    await chief.post(f"/v1/services/{first}/withdraw")
    await chief.post("/v1/services", service(street))


async def test_what_a_place_above_offers_is_not_published_again_below(street: Street) -> None:
    chief, secretary = street.administrator, await street.with_role("刘书记", "secretary")
    whole = {**service(street), "place_id": str(street.world.street)}
    first = (await chief.post("/v1/services", whole))["id"]
    answer = await secretary.ask("POST", "/v1/services", service(street))
    assert (answer.status_code, answer.json()["code"]) == (409, "service-offered-above")
    place = await chief.get(f"/v1/places/{street.world.street}")
    assert place["name"] in answer.json()["detail"]
    await secretary.post("/v1/services", service(street, name="给老人理发"))
    await chief.post(f"/v1/services/{first}/withdraw")
    await secretary.post("/v1/services", service(street))
    await chief.post("/v1/services", whole)


async def test_a_lead_without_the_skill_takes_it_for_the_team_and_sends_a_member(street: Street) -> None:
    lead, member = [await street.with_role(name, "volunteer") for name in ("小李", "小赵")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    await street.administrator.post(
        "/v1/skills", {"place_id": str(street.world.east), "code": "haircut", **person(member)}
    )
    offered = (await lead.post("/v1/services", service(street, team_id=made, skill="haircut")))["id"]
    resident = await street.resident("王秀英")
    path = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': offered, 'note': 'x'}))['id']}"
    await street.administrator.post(f"{path}/offer", {"team_id": made})
    await lead.post(f"{path}/accept")
    code = {"code": (await resident.get(path))["start_code"]}
    assert await lead.refused(f"{path}/start", code) == (409, "volunteer-not-qualified")
    await lead.post(f"{path}/member", {"member_id": str(member.id)})
    code = {"code": (await resident.get(path))["start_code"]}
    await member.post(f"{path}/start", code)


async def test_a_lead_without_the_skill_does_not_take_an_errands_papers_either(street: Street) -> None:
    lead, member = [await street.with_role(name, "volunteer") for name in ("小李", "小赵")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    await street.administrator.post(
        "/v1/skills", {"place_id": str(street.world.east), "code": "haircut", **person(member)}
    )
    body = service(street, team_id=made, skill="haircut", form="errand")
    offered = (await lead.post("/v1/services", body))["id"]
    resident = await street.resident("王秀英")
    path = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': offered, 'note': 'x'}))['id']}"
    await street.administrator.post(f"{path}/offer", {"team_id": made})
    await lead.post(f"{path}/accept")
    authority = {"text": "代我办理", "until_at": (datetime.now(UTC) + timedelta(days=9)).isoformat()}
    for agent, answer in ((lead, (409, "volunteer-not-qualified")), (member, None)):
        await resident.post(f"{path}/authority", authority)
        papers = {"code": (await resident.get(path))["start_code"], "papers": []}
        if answer:
            assert await agent.refused(f"{path}/papers", papers) == answer
            await lead.post(f"{path}/member", {"member_id": str(member.id)})
        else:
            await agent.post(f"{path}/papers", papers)


async def test_whoever_may_not_pause_a_service_is_told_whose_it_is(street: Street) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    of_street = await street.administrator.post("/v1/services", service(street, place_id=str(street.world.street)))
    answer = await secretary.ask("POST", f"/v1/services/{of_street['id']}/pause", {})
    assert (answer.status_code, answer.json()["code"]) == NOT_ALLOWED
    assert "这项服务由『试验街道』提供" in answer.json()["detail"]
