"""Teams and volunteers (亮单): who makes a team, who joins and leads it, who sees what of it, and how one becomes a volunteer."""

from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import NOT_ALLOWED, person, team, told


async def members(who: Someone, team_id: str) -> list[str]:
    return [row["person_id"] for row in (await who.get(f"/v1/teams/{team_id}"))["members"]]


# ── a team ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_secretary_makes_a_team_with_a_lead_who_volunteers_there(street: Street, later: Later) -> None:
    secretary, lead = await street.with_role("刘书记", "secretary"), await street.with_role("小李", "volunteer")
    resident = await street.resident("王秀英")
    body = {"place_id": str(street.world.east), "name": "红马甲", "colour": "red", "lead_id": str(lead.id)}
    made = await secretary.post("/v1/teams", body)
    await later(0)
    assert await told(lead) == ["team.lead", "role.granted"]
    seen = await lead.get(f"/v1/teams/{made['id']}")
    assert (seen["name"], seen["colour_label"], seen["i_lead"]) == ("红马甲", "红色扶老助残", True)
    assert [row["leads"] for row in seen["members"]] == [True]
    assert [row["id"] for row in (await lead.get("/v1/me/teams"))["items"]] == [made["id"]]
    assert await secretary.refused("/v1/teams", {**body, "lead_id": str(resident.id)}) == (409, "not-a-volunteer")
    assert await secretary.refused("/v1/teams", {**body, "place_id": str(street.world.street)}) == NOT_ALLOWED
    for other in (lead, resident, await street.with_role("张敏", "dispatcher")):
        assert await other.refused("/v1/teams", body) == NOT_ALLOWED


async def test_the_lead_takes_volunteers_in_by_id_or_by_phone(street: Street, later: Later) -> None:
    lead, by_id, by_phone = [await street.with_role(name, "volunteer") for name in ("小李", "小赵", "小钱")]
    made, above = await team(street, lead), await street.with_role("小孙", "volunteer", "street")
    path = f"/v1/teams/{made}/members"
    await lead.post(path, person(by_id))
    await lead.post(path, {"phone": f"138{by_phone.id.int % 10**8:08d}"})
    await lead.post(path, person(above))
    assert await members(lead, made) == [str(someone.id) for someone in (lead, by_id, by_phone, above)]
    assert await lead.refused(path, person(by_id)) == (409, "already-member")
    for who, code in (
        (await street.resident("王秀英"), "not-a-volunteer"),
        (await street.with_role("西志愿者", "volunteer", "west"), "not-a-volunteer"),
    ):
        assert await lead.refused(path, person(who)) == (409, code)
    registered = f"139{(await street.resident('赵大爷')).id.int % 10**8:08d}"
    answers = [await lead.ask("POST", path, {"phone": phone}) for phone in ("13000000000", registered)]
    unknown, known = [{k: v for k, v in a.json().items() if k not in ("trace_id", "instance")} for a in answers]
    assert unknown == known, "a lead does not try out which phones are registered"
    assert unknown["code"] == "not-a-volunteer"
    assert (await lead.refused(path, {}))[0] == 422
    assert await by_id.refused(path, person(by_phone)) == NOT_ALLOWED
    await later(0)
    assert "team.joined" in await told(by_id)


async def test_who_led_and_is_no_volunteer_any_more_stays_until_somebody_else_leads(
    street: Street, later: Later
) -> None:
    """And everybody who is told of it reads whom and which team it is about, also where they see neither any more."""
    lead, second = [await street.with_role(name, "volunteer") for name in ("小李", "小赵")]
    secretary = await street.with_role("刘书记", "secretary")
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(second))
    (role,) = [one["id"] for one in (await lead.get("/v1/me"))["roles"] if one["role"] == "volunteer"]
    await lead.post(f"/v1/roles/{role}/revoke")
    leave = f"/v1/teams/{made}/members/{lead.id}/remove"
    assert await lead.refused(leave) == await secretary.refused(leave) == (409, "lead-stays")
    await secretary.post(f"/v1/teams/{made}/lead", person(second))
    await secretary.post(leave)
    await later(0)
    about = {message["topic"]: message["about"] for message in (await secretary.get("/v1/inbox"))["items"]}
    assert about["role.resigned"] == "小*,东社区"
    about = {message["topic"]: message["about"] for message in (await lead.get("/v1/inbox"))["items"]}
    assert about["team.removed"] == "红马甲"


async def test_a_lead_hands_over_and_does_not_just_leave(street: Street, later: Later) -> None:
    lead, second, outsider = [await street.with_role(name, "volunteer") for name in ("小李", "小赵", "小钱")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(second))
    leave = f"/v1/teams/{made}/members/{lead.id}/remove"
    assert await lead.refused(leave) == (409, "lead-stays")
    assert await street.administrator.refused(leave) == (409, "lead-stays")
    assert await lead.refused(f"/v1/teams/{made}/lead", person(outsider)) == (409, "not-a-member")
    assert await second.refused(f"/v1/teams/{made}/lead", person(second)) == NOT_ALLOWED
    await lead.post(f"/v1/teams/{made}/lead", person(second))
    assert await lead.refused(f"/v1/teams/{made}/members", person(outsider)) == NOT_ALLOWED
    await lead.post(leave)
    assert await members(second, made) == [str(second.id)]
    assert (await lead.get("/v1/me/teams"))["items"] == []
    await later(0)
    assert {"team.lead", "team.left"} <= set(await told(second))
    await second.post(f"/v1/teams/{made}/members", person(lead))  # and comes back
    assert await members(second, made) == [str(second.id), str(lead.id)]


async def test_a_member_goes_by_themselves_or_is_let_go(street: Street, later: Later) -> None:
    lead, first, second = [await street.with_role(name, "volunteer") for name in ("小李", "小赵", "小钱")]
    made = await team(street, lead)
    for someone in (first, second):
        await lead.post(f"/v1/teams/{made}/members", person(someone))
    remove = f"/v1/teams/{made}/members/"
    assert await first.refused(f"{remove}{second.id}/remove") == (404, "member-not-found")
    await first.post(f"{remove}{first.id}/remove")
    await lead.post(f"{remove}{second.id}/remove")
    assert await lead.refused(f"{remove}{second.id}/remove") == (404, "member-not-found")
    await later(0)
    assert "team.left" in await told(lead)
    assert "team.removed" in await told(second)
    assert "team.removed" not in await told(first)


async def test_who_sees_what_of_a_team(street: Street) -> None:
    await street.world.owner.execute(
        "UPDATE person SET name_sealed = NULL, phone_sealed = NULL WHERE name_sealed < '\\x02'"
    )
    lead, member = [await street.with_role(name, "volunteer") for name in ("欧阳小明", "司马小红")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    shows = {}
    for name, who in {
        "resident": await street.resident("王秀英"),
        "member": member,
        "lead": lead,
        "dispatcher": await street.with_role("张敏", "dispatcher"),
    }.items():
        seen = await who.get(f"/v1/teams/{made}")
        assert (seen["name"], seen["colour"], seen["place_name"]) == ("红马甲", "red", "东社区")
        shows[name] = [(row["name"], row["phone"] and row["phone"].count("*")) for row in seen["members"]]
    assert shows == {
        "resident": [],
        "member": [("欧**", None), ("司**", None)],
        "lead": [("欧**", 4), ("司**", 4)],
        "dispatcher": [("欧**", 4), ("司**", 4)],
    }
    for outsider in (await street.resident("西居民", "west"), await street.with_role("西书记", "secretary", "west")):
        assert (await outsider.http.get(f"/v1/teams/{made}")).status_code == 404
        assert (await outsider.get("/v1/teams", place_id=str(street.world.east)))["items"] == []
        assert await outsider.refused(f"/v1/teams/{made}/members", person(lead)) == (404, "team-not-found")


async def test_a_place_is_served_by_its_teams_and_by_those_above_it(street: Street) -> None:
    above, here, west = [
        await street.with_role(name, "volunteer", place)
        for name, place in (("小孙", "street"), ("小李", "east"), ("小吴", "west"))
    ]
    made = [await team(street, above, "street", "街道队"), await team(street, here), await team(street, west, "west")]
    resident = await street.resident("王秀英")
    listed = await resident.get("/v1/teams", place_id=str(street.world.east), colour="red")
    assert [row["id"] for row in listed["items"]] == made[:2]
    assert (await resident.get("/v1/teams", place_id=str(street.world.east), colour="blue"))["items"] == []
    first = await resident.get("/v1/teams", place_id=str(street.world.east), limit=1)
    rest = await resident.get("/v1/teams", place_id=str(street.world.east), cursor=first["next_cursor"])
    assert [row["id"] for row in first["items"] + rest["items"]] == made[:2]


async def test_a_team_is_disbanded_when_it_offers_nothing_any_more(street: Street, later: Later) -> None:
    lead = await street.with_role("小李", "volunteer")
    made = await team(street, lead)
    service = await lead.post(
        "/v1/services", {"place_id": str(street.world.east), "name": "理发", "description": "x", "team_id": made}
    )
    path = f"/v1/teams/{made}/disband"
    assert await lead.refused(path) == NOT_ALLOWED
    assert await street.administrator.refused(path) == (409, "team-has-services")
    await lead.post(f"/v1/services/{service['id']}/withdraw")
    await street.administrator.post(path)
    await later(0)
    assert "team.disbanded" in await told(lead)
    assert await street.administrator.refused(path) == (409, "team-disbanded")
    assert await lead.refused(f"/v1/teams/{made}/members", person(lead)) == (409, "team-disbanded")
    assert (await lead.get("/v1/teams", place_id=str(street.world.east)))["items"] == []
