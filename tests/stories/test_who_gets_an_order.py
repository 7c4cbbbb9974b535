"""Who gets an order and how it comes back: suggestions, the matcher, teams, saying no, giving back (domain.md §3)."""

import pytest

from app.domain.deadlines.spoken import moment
from app.kernel.ids import new_id
from tests.people import Someone, agree, by_day, offered
from tests.stories.conftest import Clock, Later, Street
from tests.stories.orderwork import accepted, at, crew, due, limits, near, place, texts
from tests.stories.teamwork import person, team


async def state(someone: Someone, order: str) -> str:
    return (await someone.get(order))["state"]


async def by_itself(street: Street) -> None:
    """Here the matcher acts after three minutes, as the standard limits say."""
    await street.world.owner.execute("ALTER TABLE deadline_policy DISABLE TRIGGER policy_never_altered")
    await street.world.owner.execute(
        "DELETE FROM deadline_policy WHERE place_id = $1 AND deadline_kind = 'dispatch'", street.world.street
    )
    await street.world.owner.execute("ALTER TABLE deadline_policy ENABLE TRIGGER policy_never_altered")


async def test_the_dispatcher_is_told_who_would_fit_and_why(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    await accepted(street, grandma, dispatcher, volunteer)
    fresh = await street.with_role("赵明", "volunteer")
    order = await place(street, grandma)
    found = await dispatcher.get(f"{order}/volunteers")
    assert [item["volunteer_id"] for item in found["items"][:1]] != [str(grandma.id)]
    why = {item["volunteer_id"]: item["why"] for item in found["items"]}
    assert "今天还能接 3 单" in why[str(fresh.id)]
    assert "今天还能接 2 单" in why[str(volunteer.id)]
    assert found["considered"] >= 2
    assert (await volunteer.ask("GET", f"{order}/volunteers")).json()["code"] == "order-not-found"
    refused = (await grandma.ask("GET", f"{order}/volunteers")).json()
    assert (refused["status"], refused["code"]) == (403, "not-allowed"), "it is theirs, and not theirs to give out"
    assert "派单员" in refused["detail"]


async def test_two_of_one_surname_are_told_apart(street: Street) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    twins = [await street.with_role(name, "volunteer") for name in ("赵明", "赵亮")]
    await team(street, twins[0])
    order = await place(street, resident)
    rows = (await dispatcher.get(f"{order}/volunteers"))["items"]
    first, second = [next(row for row in rows if row["volunteer_id"] == str(twin.id)) for twin in twins]
    assert (first["name"], second["name"]) == ("赵*", "赵*")
    assert (first["teams"], second["teams"]) == (["红马甲(红色扶老助残)"], [])
    assert first["phone"] != second["phone"]
    assert {row["phone"].count("*") for row in (first, second)} == {4}


async def test_nobody_dispatched_so_the_matcher_does_and_says_why(street: Street, clock: Clock) -> None:
    await by_itself(street)
    grandma, _, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 2))
    assert await state(grandma, order) == "submitted"
    await clock(at(11, 30, 9, 3, 1))
    assert await state(grandma, order) == "offered"
    matched = (await grandma.get(f"{order}/history"))["items"][-1]
    assert (matched["action"], matched["by"]) == ("match", "system")
    assert "当班" in matched["note"]["why"]
    taken = await volunteer.get(order) if await _is_mine(volunteer, order) else None
    assert taken is None or taken["state"] == "offered"


async def _is_mine(someone: Someone, order: str) -> bool:
    tasks = (await someone.get("/v1/orders/tasks"))["items"]
    return any(row["id"] == order.rsplit("/", 1)[1] for row in tasks)


async def test_when_nobody_qualifies_it_is_open_to_all_and_the_dispatcher_knows_at_once(
    street: Street, clock: Clock
) -> None:
    await by_itself(street)
    await street.world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE role = 'volunteer' AND place_id IN ($1, $2)",
        street.world.street, street.world.east,
    )  # fmt: skip
    grandma = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 3, 1))
    page = await grandma.get(order)
    assert (page["state"], page["open_pool"]) == ("submitted", True)
    assert any("没有合适的志愿者" in text for text in await texts(dispatcher))


async def test_when_two_stay_silent_it_is_open_to_all_and_the_matcher_rests(street: Street, clock: Clock) -> None:
    await by_itself(street)
    grandma, _, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    for minute in (0, 4, 13, 17, 26, 30, 40, 50):
        await clock(at(11, 30, 9, minute))
    steps = [row["action"] for row in (await grandma.get(f"{order}/history"))["items"] if row["action"] != "mark"]
    assert steps == ["place", "match", "lapse", "match", "lapse"]
    page = await grandma.get(order)
    assert (page["state"], page["open_pool"]) == ("submitted", True)
    assert (await limits(grandma, order))["dispatch"]["stopped_at"] is not None
    await volunteer.post(f"{order}/claim")


async def test_whoever_declines_is_not_asked_again_and_after_two_it_is_open_to_all(
    street: Street, later: Later
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    other = await street.with_role("赵明", "volunteer")
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/decline", {"reason": "当天要去医院"})
    assert await dispatcher.refused(f"{order}/offer", {"volunteer_id": str(volunteer.id)}) == (409, "already-refused")
    assert (await grandma.get(order))["open_pool"] is False
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(other.id)})
    await other.post(f"{order}/decline", {})
    assert (await grandma.get(order))["open_pool"] is True
    await later(1)
    assert any("谢绝" in text for text in await texts(dispatcher))
    await volunteer.post(f"{order}/claim")
    assert await state(grandma, order) == "accepted", "who declined may still come forward"


async def test_what_is_given_back_goes_on_with_the_time_used(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await clock(at(11, 30, 9, 30))
    await volunteer.post(f"{order}/release", {"reason": "临时发烧,去不了"})
    found = await limits(grandma, order)
    assert found["respond"]["stopped_at"] is None
    assert near(due(found["respond"]), at(11, 30, 9, 50)), "half an hour with somebody does not count"
    assert await state(grandma, order) == "submitted"
    await clock(at(11, 30, 9, 31))
    assert any("退回" in text for text in await texts(grandma))
    assert await volunteer.refused(f"{order}/accept") == (403, "order-passed-on")


async def test_whoever_comes_late_is_told_that_it_is_theirs_no_more(street: Street, clock: Clock) -> None:
    """And not who has it now; whoever never had to do with it is told that there is none."""
    grandma, dispatcher, _, late = await crew(street)
    other, stranger = await street.with_role("赵明", "volunteer"), await street.with_role("外人", "volunteer")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(late.id)})
    await clock(at(11, 30, 9, 9))
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(other.id)})
    await other.post(f"{order}/accept")
    answers = [
        await late.ask("POST", f"{order}/accept"),
        await late.ask("POST", f"{order}/decline"),
        await late.ask("POST", f"{order}/start", {"code": "123456"}),
        await late.ask("GET", order),
    ]
    readings = ("history", "deadlines", "posts", "papers", "reveals", "volunteers")
    answers += [await late.ask("GET", f"{order}/{reading}") for reading in readings]
    assert [(one.status_code, one.json()["code"]) for one in answers] == [(403, "order-passed-on")] * 10
    assert answers[0].json()["title"] == "这个订单已不归您承接:已退回社区、转给他人,或已结束"
    assert "listPool" in answers[0].json()["detail"]
    assert not any("赵" in one.text or str(other.id) in one.text for one in answers)
    assert await stranger.refused(f"{order}/accept") == (404, "order-not-found")
    for reading in ("", *(f"/{reading}" for reading in readings)):
        assert (await stranger.ask("GET", f"{order}{reading}")).json()["code"] == "order-not-found"
    assert (await other.ask("GET", f"{order}/volunteers")).json()["code"] == "not-allowed", "it is still theirs"


async def a_team(street: Street, lead: Someone, *members: Someone) -> str:
    """A team of the community, written by the owner: teams have stories of their own."""
    team = new_id()
    await street.world.owner.execute(
        "WITH made AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, version)"
        "  VALUES ($1, $2, '红马甲', 'red', $3, true, $3, now(), 1))"
        "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
        " SELECT gen_random_uuid(), $1, $2, p, true, $3, now(), 1 FROM unnest($4::uuid[]) p",
        team, street.world.east, lead.id, [person.id for person in (lead, *members)],
    )  # fmt: skip
    return str(team)


async def test_a_team_is_offered_an_order_and_a_member_takes_it(street: Street) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    member = await street.with_role("赵明", "volunteer")
    another = await street.with_role("孙磊", "volunteer")
    stranger = await street.with_role("外人", "volunteer")
    team = await a_team(street, lead, member, another)
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"team_id": team})
    assert (await member.get(order))["note"] == "水龙头漏水,请人看看"
    assert await stranger.refused(f"{order}/accept") == (404, "order-not-found")
    await member.post(f"{order}/accept")
    assert await another.refused(f"{order}/accept") == (409, "transition-refused"), "somebody was first"
    seen = (await grandma.get(order))["volunteer"]
    assert (seen["id"], seen["team"], seen["name"]) == (str(member.id), "红马甲", "赵*")
    assert (await lead.get(order))["contact"] is None
    assert await member.refused(f"{order}/member", {"member_id": str(another.id)}) == (403, "not-allowed")
    await lead.post(f"{order}/member", {"member_id": str(another.id)})
    assert (await grandma.get(order))["volunteer"]["id"] == str(another.id)
    assert (await another.get(order))["contact"]["name"] == "王秀英"


async def test_the_lead_sees_the_teams_week_and_a_member_what_is_theirs(street: Street) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    member = await street.with_role("赵明", "volunteer")
    stranger = await street.with_role("外人", "volunteer", "west")
    team = await a_team(street, lead, member)
    for taker in (lead, member):
        order = await place(street, grandma)
        await dispatcher.post(f"{order}/offer", {"team_id": team})
        await taker.post(f"{order}/accept")
    weeks = {who.id: (await who.get(f"/v1/teams/{team}/week"))["items"] for who in (lead, member, dispatcher)}
    assert {row["mine"] for row in weeks[lead.id]} == {True, False}
    assert {row["mine"] for row in weeks[member.id]} == {True}
    assert {row["mine"] for row in weeks[dispatcher.id]} == {False}
    assert len({row["order_id"] for row in weeks[lead.id]}) == 2
    assert (await stranger.ask("GET", f"/v1/teams/{team}/week")).json()["code"] == "team-not-found"


async def test_the_community_sends_a_team_of_the_whole_street_and_sees_who_they_are(street: Street) -> None:
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    lead, barber = [await street.with_role(name, "volunteer", "street") for name in ("冯强", "陈刚")]
    made = await team(street, lead, "street")
    await lead.post(f"/v1/teams/{made}/members", person(barber))
    order = await place(street, resident)
    found = {row["volunteer_id"]: row["name"] for row in (await dispatcher.get(f"{order}/volunteers"))["items"]}
    assert (found[str(lead.id)], found[str(barber.id)]) == ("冯*", "陈*")
    members = (await dispatcher.get(f"/v1/teams/{made}"))["members"]
    assert [(row["name"], row["phone"].count("*")) for row in members] == [("冯*", 4), ("陈*", 4)]
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    assert (await dispatcher.get(order))["volunteer"]["name"] == "冯*"
    await lead.post(f"{order}/accept")
    await lead.post(f"{order}/member", {"member_id": str(barber.id)})
    assert (await resident.get(order))["volunteer"]["id"] == str(barber.id)
    grants = await dispatcher.get("/v1/roles", place_id=str(street.world.street))
    found = {row["role"] for row in grants["items"]}
    assert found == {"volunteer", "administrator"}, "of those above, who can be sent, and who holds an office"


async def test_the_staff_take_back_what_nobody_comes_for(street: Street, later: Later) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    assert await grandma.refused(f"{order}/take-back", {"reason": "no_answer"}) == (403, "not-allowed")
    answer = await dispatcher.ask("POST", f"{order}/take-back", {"reason": "i do not like him"})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/reason")
    await dispatcher.post(f"{order}/take-back", {"reason": "no_answer"})
    await later(1)
    assert any("收回了您已接的订单" in text for text in await texts(volunteer))
    assert any("社区会另行安排" in text for text in await texts(grandma))
    page = await grandma.get(order)
    assert (page["state"], page["volunteer"]) == ("submitted", None)
    assert (await limits(grandma, order))["respond"]["stopped_at"] is None, "what the acceptance had stopped goes on"
    suggested = [row["volunteer_id"] for row in (await dispatcher.get(f"{order}/volunteers"))["items"]]
    assert str(volunteer.id) not in suggested, "the matcher does not ask them again in this round"


async def test_an_offer_that_was_sent_by_mistake_is_taken_back(street: Street, later: Later) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    other = await street.with_role("赵明", "volunteer")
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert await volunteer.refused(f"{order}/take-back", {"reason": "by_mistake"}) == (403, "not-allowed")
    assert "take_back" in offered(await dispatcher.get(order))
    await dispatcher.post(f"{order}/take-back", {"reason": "by_mistake"})
    await later(1)
    assert any("收回了派给您的订单" in text for text in await texts(volunteer)), "they need not answer"
    assert not any("退回了订单" in text for text in await texts(grandma)), "nobody had it yet"
    live = {kind for kind, limit in (await limits(grandma, order)).items() if limit["stopped_at"] is None}
    assert live == {"respond", "reply", "coordinate", "plan", "dispatch"}, "it waits for somebody, as before the offer"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(other.id)})
    await other.post(f"{order}/decline")
    page = await dispatcher.get(order)
    assert (page["state"], page["open_pool"]) == ("submitted", False), "of two offers one failed"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")


async def test_what_has_a_confirmed_appointment_is_not_taken_back(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    meet_at = by_day().isoformat()
    await volunteer.post(f"{order}/appointment", {"meet_at": meet_at})
    assert "take_back" in offered(await dispatcher.get(order))
    await agree(grandma, order)
    assert await dispatcher.refused(f"{order}/take-back", {"reason": "no_answer"}) == (409, "appointment-stands")


@pytest.mark.parametrize("reason", ["cannot_come", "resident_asks"])
async def test_what_one_of_the_two_sides_calls_off_is_taken_back_whatever_was_agreed(
    street: Street, later: Later, reason: str
) -> None:
    """The volunteer has phoned in sick: nobody waits for the time to pass."""
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    await agree(grandma, order)
    assert "take_back" in offered(await dispatcher.get(order))
    await dispatcher.post(f"{order}/take-back", {"reason": reason})
    await later(1)
    page = await grandma.get(order)
    assert (page["state"], page["volunteer"], page["appointment"]) == ("submitted", None, None)
    live = {kind for kind, limit in (await limits(grandma, order)).items() if limit["stopped_at"] is None}
    assert live == {"respond", "reply", "coordinate", "plan", "dispatch"}, "what was agreed had stopped goes on"
    assert any("收回了您已接的订单" in text for text in await texts(volunteer))


async def test_why_somebody_did_not_take_it_is_read_by_the_staff_and_by_nobody_else(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    other = await street.with_role("赵明", "volunteer")
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/decline", {"reason": "当天要去医院"})
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(other.id)})
    await other.post(f"{order}/accept")
    await other.post(f"{order}/release", {"reason": "临时发烧"})
    said = (await dispatcher.get(f"{order}/posts"))["items"]
    assert [(one["kind"], one["kind_label"], one["text"], one["about_name"]) for one in said] == [
        ("declined", "谢绝的原因", "当天要去医院", "李*"),
        ("released", "退回的原因", "临时发烧", "赵*"),
    ]
    assert (await grandma.get(f"{order}/posts"))["items"] == []


async def test_what_is_offered_to_a_team_its_members_find_and_are_told(street: Street, later: Later) -> None:
    grandma, dispatcher, _, stranger = await crew(street)
    lead, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await later(1)
    for someone in (lead, member):
        assert await _is_mine(someone, order)
    assert not await _is_mine(stranger, order)
    assert "社区派给您的队伍一个订单,队长或您都可以接,先接为准" in await texts(member)
    await member.post(f"{order}/accept")
    assert not await _is_mine(lead, order)


async def test_what_a_team_was_offered_is_offered_anew_when_somebody_else_leads(street: Street, later: Later) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    second = await street.with_role("赵明", "volunteer")
    made = await a_team(street, lead, second)
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await street.administrator.post(f"/v1/teams/{made}/lead", person(second))
    await later(0)
    assert "派给的服务队换了队长,请另行派单" in await texts(dispatcher)
    assert "社区收回了派给您的订单,不必再答复" in await texts(lead)
    assert (await grandma.get(order))["volunteer"] is None
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    assert "decline" in offered(await second.get(order))
    assert (await grandma.get(order))["volunteer"]["name"] is None, "nobody is named who was merely asked"
    await second.post(f"{order}/decline", {"reason": "本周人手不够"})
    assert await dispatcher.refused(f"{order}/offer", {"team_id": made}) == (409, "already-refused")


async def test_whom_the_resident_asked_to_replace_does_not_come_back_by_claiming(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    await dispatcher.post(f"{order}/take-back", {"reason": "resident_asks"})
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])
    assert await volunteer.refused(f"{order}/claim") == (409, "volunteer-not-qualified")


async def test_what_was_agreed_goes_along_to_whom_the_lead_sends_and_both_sides_read_when(
    street: Street, later: Later
) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    second = await street.with_role("赵明", "volunteer")
    made = await a_team(street, lead, second)
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await later(0)
    assert "社区派给您的队伍一个订单,请您或合适的队员尽快接单" in await texts(lead)
    await lead.post(f"{order}/accept")
    await lead.post(f"{order}/appointment", {"meet_at": by_day(days=2).isoformat()})
    await agree(grandma, order)
    await lead.post(f"{order}/member", {"member_id": str(second.id)})
    await later(0)
    for who, topic in ((second, "order.assigned"), (grandma, "order.member_changed")):
        about = next(one["about"] for one in (await who.get("/v1/inbox"))["items"] if one["topic"] == topic)
        assert about.endswith(moment(by_day(days=2))), about


async def test_a_member_who_comes_after_the_lead_is_told_that_it_is_taken(street: Street, later: Later) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    second = await street.with_role("赵明", "volunteer")
    made = await a_team(street, lead, second)
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await later(0)
    await lead.post(f"{order}/accept")
    late = await second.ask("GET", order)
    assert (late.status_code, late.json()["code"]) == (403, "order-passed-on")
    assert await lead.refused(f"{order}/member", {"member_id": str(lead.id)}) == (409, "already-assigned")


async def test_what_takes_a_skill_is_offered_to_whoever_has_it_and_is_here(street: Street) -> None:
    grandma, _, _, volunteer = await crew(street)
    service = await street.administrator.post(
        "/v1/services", {"place_id": str(street.world.east), "name": "护理", "description": "换药", "skill": "nursing"}
    )
    order = f"/v1/orders/{(await grandma.post('/v1/orders', {'service_id': service['id'], 'note': '换药'}))['id']}"
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])
    assert "claim" not in offered(await volunteer.get(order))
    other = await place(street, grandma)
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", other.rsplit("/", 1)[1])
    assert "claim" in offered(await volunteer.get(other))
    await volunteer.put("/v1/me/availability", {"away_until": by_day(days=3).isoformat()})
    assert "claim" not in offered(await volunteer.get(other))
    assert [row["id"] for row in (await grandma.get("/v1/orders/pool"))["items"]] == []
