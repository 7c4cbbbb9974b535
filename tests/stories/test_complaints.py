"""A complaint about attitude: on that order whoever it was about does not come again, and learns of it nowhere (domain.md §3,
rework: same team first, unless the complaint is about attitude)."""

from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import accepted, crew, texts
from tests.stories.teamwork import person, team

NOT_THEM = (409, "volunteer-not-qualified")


async def done(order: str, grandma: Someone, volunteer: Someone) -> str:
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已修好"})
    return order


async def open_to_all(street: Street, order: str) -> None:
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])


async def test_whoever_it_was_about_is_not_offered_the_order_and_does_not_claim_it(street: Street) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)
    other = await street.with_role("赵明", "volunteer")
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rework", {"reason": "说话很冲", "about_attitude": True})
    offer = {"volunteer_id": str(volunteer.id)}
    assert await dispatcher.refused(f"{order}/offer", offer) == (409, "complained-of")
    suggested = [row["volunteer_id"] for row in (await dispatcher.get(f"{order}/volunteers"))["items"]]
    assert str(volunteer.id) not in suggested
    assert (await grandma.get(order))["outcome"] is None, "what was done in the round before is no outcome of this one"
    await open_to_all(street, order)
    answer = await volunteer.ask("POST", f"{order}/claim")
    assert (answer.status_code, answer.json()["code"]) == NOT_THEM
    assert "detail" not in answer.json() or "投诉" not in answer.json()["detail"]
    await other.post(f"{order}/claim")
    await done(order, grandma, other)
    await secretary.post(f"{order}/rework", {"reason": "还是漏", "about_attitude": False})
    assert await dispatcher.refused(f"{order}/offer", offer) == (409, "complained-of"), "also in the round after that"
    for who in (volunteer, other):
        seen = await who.ask("GET", f"{order}/history")
        assert "attitude" not in seen.text
        assert "complaint" not in seen.text


async def test_of_a_team_they_do_not_come_in_another_members_place(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    lead, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明")]
    made = await team(street, lead)
    for someone in (volunteer, member):
        await lead.post(f"/v1/teams/{made}/members", person(someone))
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rework", {"reason": "说话很冲", "about_attitude": True})
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    assert await volunteer.refused(f"{order}/accept") == NOT_THEM
    await member.post(f"{order}/accept")
    assert await lead.refused(f"{order}/member", {"member_id": str(volunteer.id)}) == NOT_THEM


async def test_a_team_whose_lead_it_was_about_is_not_offered_it(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    made = await team(street, volunteer)
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rework", {"reason": "说话很冲", "about_attitude": True})
    assert await dispatcher.refused(f"{order}/offer", {"team_id": made}) == (409, "complained-of")


async def served_by_a_team(street: Street, grandma: Someone, dispatcher: Someone) -> tuple[str, str, Someone, Someone]:
    """An order that a member has done, and their team with its lead."""
    lead, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    order = "/v1/orders/" + (await grandma.post("/v1/orders", {"service_id": street.service_id, "note": "漏水"}))["id"]
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await member.post(f"{order}/accept")
    return await done(order, grandma, member), made, lead, member


async def test_after_a_complaint_with_the_rating_the_team_is_not_asked_first_either(street: Street) -> None:
    """Whoever begins the further round, and whatever they say of it."""
    grandma, dispatcher, secretary, _ = await crew(street)
    order, made, *_ = await served_by_a_team(street, grandma, dispatcher)
    low = {"solved": "partly", "stars": 1, "reason": "说话很冲", "about_attitude": True}
    await grandma.post(f"{order}/rate", low)
    await secretary.post(f"{order}/rework", {"reason": "没有修完", "about_attitude": False})
    asked = (await dispatcher.get(f"{order}/volunteers"))["items"]
    assert not [row["why"] for row in asked if "上一轮" in row["why"]]
    assert await dispatcher.refused(f"{order}/offer", {"team_id": made}) == (409, "complained-of")


async def test_without_such_a_complaint_the_team_that_had_it_is_asked_first(street: Street) -> None:
    grandma, dispatcher, _, fresh = await crew(street)
    order, _, lead, member = await served_by_a_team(street, grandma, dispatcher)
    await grandma.post(f"{order}/rework", {"reason": "还漏"})
    asked = (await dispatcher.get(f"{order}/volunteers"))["items"]
    assert [row["volunteer_id"] for row in asked[:2]] == [str(member.id), str(lead.id)]
    assert [row["why"].partition(",")[0] for row in asked[:2]] == ["上一轮由其服务", "上一轮由其队伍服务"]
    assert str(fresh.id) in [row["volunteer_id"] for row in asked[2:]]


async def test_the_staff_read_it_and_the_secretary_is_told(street: Street, later: Later) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    low = {"solved": "no", "stars": 1, "reason": "说话很冲", "about_attitude": True}
    await grandma.post(f"{order}/rate", low)
    await later(1)
    assert any("态度" in text for text in await texts(secretary))
    said = (await dispatcher.get(f"{order}/posts"))["items"]
    assert [(one["kind_label"], one["text"], one["about_id"]) for one in said] == [
        ("居民一方的意见", "说话很冲", str(volunteer.id))
    ]
    answer = await dispatcher.ask("POST", f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "complained-of")
    assert "有意见" in answer.json()["title"]
    for reading in ("/history", ""):
        assert "说话很冲" not in (await volunteer.ask("GET", f"{order}{reading}")).text


async def test_whoever_it_was_about_does_not_read_it_as_a_dispatcher_either(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await street.administrator.post(
        "/v1/roles", {"place_id": str(street.world.east), "role": "dispatcher", "person_id": str(volunteer.id)}
    )
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rework", {"reason": "说话很冲", "about_attitude": True})
    for reading in ("", "/posts", "/history"):
        found = await volunteer.ask("GET", f"{order}{reading}")
        assert found.status_code == 200
        assert "说话很冲" not in found.text, reading


async def test_whoever_comes_again_reads_what_was_missing_and_not_who_said_it(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "水龙头还在漏"})
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    page = await volunteer.get(order)
    assert (page["rating"], page["rework_reason"]) == (None, "水龙头还在漏")
    (begun,) = [one for one in (await volunteer.get(f"{order}/history"))["items"] if one["action"] == "rework"]
    assert (begun["note"], begun["note_label"]) == ({"reason": "水龙头还在漏"}, "原因:水龙头还在漏")
    for reader in (grandma, dispatcher):
        (begun,) = [one for one in (await reader.get(f"{order}/history"))["items"] if one["action"] == "rework"]
        assert begun["note_label"] == "原因:水龙头还在漏;评价为未解决,自动再来一轮", "whoever reads the rating"


async def test_what_was_done_is_kept_from_whoever_may_only_take_the_order(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rework", {"reason": "还在漏", "about_attitude": False})
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])
    stranger = await street.with_role("路人", "volunteer")
    for reader, reads in ((grandma, True), (dispatcher, True), (volunteer, True), (stranger, False)):
        (step,) = [one for one in (await reader.get(f"{order}/history"))["items"] if one["action"] == "deliver"]
        assert ("outcome" in step["note"]) == reads, reader.name
