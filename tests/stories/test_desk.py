"""The desk: whoever rings the station about what is under way is heard, whoever placed it; an order's contact is changed; what
comes back, or was not safe, is told as it was."""

import re
from datetime import timedelta

import pytest

from app.domain.deadlines.spoken import moment
from tests.people import Someone, agree, by_day, offered
from tests.special import service_of
from tests.stories.conftest import Clock, Later, Street
from tests.stories.orderwork import accepted, agreed, at, crew, place
from tests.stories.teamwork import person, team
from tests.stories.test_representatives import registered

SAYS_WHO = ";不是您说的,请联系社区"
VOID = ";原来约定的时间(…)不再算数"


@pytest.fixture
async def station(street: Street) -> Someone:
    return await street.with_role("站长", "station_staff")


async def said_of(someone: Someone, order: str) -> list[str]:
    """What they were told about this order, by what its notices say themselves; of an agreed time only that it is named."""
    found = (await someone.get("/v1/inbox"))["items"]
    told = [message["text"] for message in found if message["subject_id"] == order.rsplit("/", 1)[1]]
    return [re.sub(r"约定的时间\(.+?日.+?:\d\d\)", "约定的时间(…)", text) for text in told]


async def done(someone: Someone, order: str) -> list[tuple[str, str]]:
    return [(row["action"], row["by"]) for row in (await someone.get(f"{order}/history"))["items"]]


# ── whoever rings ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_rings_about_an_order_of_their_own_is_heard(
    street: Street, station: Someone, later: Later
) -> None:
    """The station answers, agrees on a time and cancels as she says, and she is told that it was done in her name."""
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await volunteer.post(f"{order}/questions", {"question": "灯在哪间屋?"})
    (question,) = [one for one in (await station.get(f"{order}/posts"))["items"] if one["kind"] == "question"]
    assert "answer" in offered(await station.get(order))
    await station.post(f"{order}/answer", {"question_id": question["id"], "text": "厨房"})
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    assert "confirm" in offered(await station.get(order))
    await agree(station, order)
    another = by_day(days=2).isoformat()
    await station.post(f"{order}/appointment", {"meet_at": another})
    assert (await dispatcher.get(order))["proposed_appointment"]["proposed_by"] == "resident"
    assert "confirm" not in offered(await station.get(order)), "the other side's to confirm"
    assert await station.refused(f"{order}/appointment/confirm", {"meet_at": another}) == (409, "no-appointment")
    await agree(volunteer, order)
    await station.post(f"{order}/cancel", {"reason": "女儿已经修好"})
    await later(0)
    assert {("answer", "desk"), ("confirm", "desk"), ("propose", "desk"), ("cancel", "desk")} <= set(
        await done(resident, order)
    )
    last = (await resident.get(f"{order}/history"))["items"][-1]
    assert last["by_label"] == "转达居民来电的工作人员"
    assert {
        f"工作人员按居民所说{deed}{SAYS_WHO}"
        for deed in (
            "回答了问题",
            f"确认了上门的时间({moment(by_day())})",
            f"提了上门的时间({moment(by_day(days=2))}),请看订单",
            "取消了订单",
        )
    } <= set(await said_of(resident, order))
    assert "订单已取消,可查看原因" in await said_of(volunteer, order)


async def test_of_a_time_whoever_dispatches_still_speaks_for_the_community(street: Street, station: Someone) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await dispatcher.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    assert (await resident.get(order))["proposed_appointment"]["proposed_by"] == "community"
    assert "confirm" not in offered(await dispatcher.get(order))
    await agree(station, order)
    assert "propose" not in offered(await dispatcher.get(order)), "what both agreed on, the two sides move"
    assert "propose" in offered(await station.get(order))


@pytest.mark.parametrize("role", ["station_staff", "dispatcher", "secretary"])
async def test_the_staff_cancel_on_a_callers_word(street: Street, role: str) -> None:
    resident, who = await street.resident("王秀英"), await street.with_role("值班", role)
    order = await place(street, resident)
    assert "cancel" in offered(await who.get(order))
    await who.post(f"{order}/cancel", {"reason": "来电说不要了"})
    assert (await done(resident, order))[-1] == ("cancel", "desk")


async def test_a_clerk_who_has_the_order_speaks_for_nobody_whom_they_serve(street: Street) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    grant = {"place_id": str(street.world.east), "person_id": str(volunteer.id), "role": "station_staff"}
    await street.administrator.post("/v1/roles", grant)
    order = await accepted(street, resident, dispatcher, volunteer)
    assert not {"cancel", "change_contact"} & set(offered(await volunteer.get(order)))
    assert await volunteer.refused(f"{order}/cancel", {}) == (403, "not-allowed")
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    assert (await resident.get(order))["proposed_appointment"]["proposed_by"] == "community"


async def test_a_colleague_of_who_placed_it_passes_on_also_how_it_went_for_who_has_no_login(
    street: Street, station: Someone
) -> None:
    colleague, dispatcher = (
        await street.with_role("站员", "station_staff"),
        await street.with_role("张敏", "dispatcher"),
    )
    volunteer = await street.with_role("李强", "volunteer")
    _, phone = await registered(street, station)
    body = {"channel": "phone", "service_id": street.service_id, "note": "请帮我修灯", "phone": phone}
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    await agree(colleague, order)
    await colleague.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await volunteer.post(f"{order}/start", {"unverified": True})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换灯泡"})
    await colleague.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    rating = (await station.get(order))["rating"]
    assert (rating["by_representative"], rating["passed_on"]) == (False, True)


async def test_whoever_logs_in_reads_what_was_passed_on_for_them_also_that_it_begins_again(
    street: Street, station: Someone, later: Later
) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    phone = (await resident.get("/v1/me"))["phone"]
    body = {"channel": "phone", "service_id": street.service_id, "note": "请帮我修灯", "phone": phone}
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换灯泡"})
    await station.post(f"{order}/rate", {"solved": "no", "stars": 1, "reason": "还是不亮"})
    await later(0)
    assert f"工作人员按居民所说评价了服务{SAYS_WHO}" in await said_of(resident, order)


async def test_an_errands_authority_is_passed_on_with_how_it_was_given(street: Street, station: Someone) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    wanted = await service_of(street.world, "errand", "代办老年证")
    order = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': wanted, 'note': '想办证'}))['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    given = {"text": "代我办理老年证", "until_at": by_day(days=20).isoformat()}
    assert await station.refused(f"{order}/authority", given) == (422, "authority-channel")
    await station.post(f"{order}/authority", {**given, "channel": "walk_in"})
    (authority,) = (await station.get(f"{order}/papers"))["authorities"]
    assert (authority["passed_on"], authority["channel"]) == (True, "walk_in")
    await station.post(f"{order}/authority/withdraw")
    assert (await done(resident, order))[-2:] == [("record_authority", "desk"), ("withdraw_authority", "desk")]


async def test_a_booked_place_is_given_up_by_phone(street: Street, station: Someone) -> None:
    """The place in the slot is free again."""
    resident, lead = await street.resident("王秀英"), await street.with_role("冯强", "volunteer")
    day = await service_of(street.world, "service_day", "义诊日")
    opening = {"place_id": str(street.world.east), "team_id": await team(street, lead), "service_id": day}
    slot = {"starts_at": by_day(days=3).isoformat(), "minutes": 30, "capacity": 1}
    await street.administrator.post("/v1/service-days", {**opening, "slots": [slot]})
    (opened,) = (await resident.get("/v1/service-days", place_id=str(street.world.east)))["items"]
    found = opened["slots"][0]["id"]
    booked = await resident.post(f"/v1/service-slots/{found}/book", {"note": "量血压"})
    await station.post(f"/v1/orders/{booked['id']}/cancel", {})
    (after,) = (await resident.get("/v1/service-days", place_id=str(street.world.east)))["items"]
    assert after["slots"][0]["free"] == 1


# ── whom to go to ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_changed_phone_reaches_an_open_order_and_whoever_has_it(
    street: Street, station: Someone, later: Later
) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    before = (await volunteer.get(order))["contact"]
    await resident.put("/v1/me", {"phone": "13911112222"})
    assert (await volunteer.get(order))["contact"] == before, "the file is for orders to come"
    await resident.post(f"{order}/contact-details", {"phone": "13911112222"})
    await station.post(f"{order}/contact-details", {"address": "三号楼 202"})
    same = {"phone": "13911112222", "address": "三号楼 202"}
    assert await resident.refused(f"{order}/contact-details", same) == (422, "nothing-to-change")
    after = (await volunteer.get(order))["contact"]
    assert after == {"name": before["name"], "phone": "13911112222", "address": "三号楼 202"}
    await later(0)
    assert (await said_of(volunteer, order)).count("订单的联系方式有更改,请再看订单") == 2
    assert f"工作人员按居民所说更改了订单的联系方式{SAYS_WHO}" in await said_of(resident, order)
    steps = [row for row in (await volunteer.get(f"{order}/history"))["items"] if row["action"] == "change_contact"]
    assert [(row["by"], row["note"], row["note_label"]) for row in steps] == [
        ("requester", {"changed": ["phone"]}, "更改:电话"),
        ("desk", {"changed": ["address"]}, "更改:地址"),
    ]
    (found,) = (await station.get("/v1/orders/search", search="13911112222"))["items"]
    assert order.endswith(found["id"])


async def test_whom_to_go_to_is_changed_by_the_residents_side_until_it_is_done(street: Street) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    change, phone = f"{order}/contact-details", {"phone": "13911112222"}
    assert await resident.refused(change, {}) == (422, "nothing-to-change")
    assert await volunteer.refused(change, phone) == (403, "not-allowed")
    assert await (await street.resident("邻居")).refused(change, phone) == (404, "order-not-found")
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await dispatcher.post(change, phone)
    await volunteer.post(f"{order}/deliver", {"outcome": "修好了"})
    assert await resident.refused(change, phone) == (409, "transition-refused")


# ── what was not safe ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("again", [False, True])
async def test_what_was_not_safe_reaches_the_staff_and_not_whom_it_is_about(
    street: Street, later: Later, again: bool
) -> None:
    resident, dispatcher, secretary, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await resident.post(f"{order}/abort", {"reason": "unsafe", "again": again, "text": "他喝了酒,动手推人"})
    await later(0)
    for who in (dispatcher, secretary):
        assert "一次服务因不安全中止,请过问;写了说明的,见订单的沟通记录" in await said_of(who, order)
        posts = (await who.get(f"{order}/posts"))["items"]
        assert [(one["kind"], one["text"], one["about_id"]) for one in posts] == [
            ("complaint", "他喝了酒,动手推人", str(volunteer.id))
        ]
    for path in (order, f"{order}/history", f"{order}/posts"):
        assert "喝了酒" not in (await volunteer.ask("GET", path)).text
    if not again:
        assert (await volunteer.get(order))["cancel_reason"] == "现场不安全"
        return
    answer = await dispatcher.refused(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert answer == (409, "complained-of")


async def test_what_a_volunteer_says_of_danger_the_resident_does_not_read(street: Street) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await volunteer.post(f"{order}/abort", {"reason": "unsafe", "again": False, "text": "家里有人动刀"})
    assert (await resident.get(order))["cancel_reason"] == "现场不安全"
    assert "动刀" not in (await resident.ask("GET", f"{order}/posts")).text
    for who in (dispatcher, volunteer):
        assert "动刀" in (await who.ask("GET", f"{order}/posts")).text


# ── what comes back ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_who_took_it_back_and_that_the_time_is_void_is_told_to_both(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await agreed(street, resident, dispatcher, volunteer, by_day(days=2))
    await dispatcher.post(f"{order}/take-back", {"reason": "cannot_come"})
    await later(0)
    assert f"志愿者来不了,社区收回了订单,社区会另行安排{VOID}" in await said_of(resident, order)
    assert f"社区收回了您已接的订单,请不必再去{VOID}" in await said_of(volunteer, order)
    assert not [said for said in await said_of(resident, order) if said.startswith("志愿者退回")]


async def test_the_dispatcher_is_told_to_dispatch_and_not_that_the_community_will(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await volunteer.post(f"{order}/release", {"reason": "临时发烧"})
    await later(0)
    assert "志愿者退回了订单,请另行派单" in await said_of(dispatcher, order)
    assert "志愿者退回了订单,社区会另行安排" in await said_of(resident, order)


async def test_whom_the_lead_had_sent_is_told_what_the_lead_did(street: Street, later: Later) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    lead, first, second = [await street.with_role(name, "volunteer") for name in ("冯强", "孙丽", "李强")]
    team_id = await team(street, lead)
    for member in (first, second):
        await lead.post(f"/v1/teams/{team_id}/members", person(member))
    order = await place(street, resident)
    await dispatcher.post(f"{order}/offer", {"team_id": team_id})
    await first.post(f"{order}/accept")
    await lead.post(f"{order}/member", {"member_id": str(second.id)})
    await lead.post(f"{order}/release", {"reason": "队里都没空"})
    await later(0)
    assert "队长改请别的队员去做您承接的订单,请不必再去" in await said_of(first, order)
    assert "派给您的订单已由他人领取" not in await said_of(first, order)
    assert "队长退回了您承接的订单,请不必再去" in await said_of(second, order)
    assert "队长退回了订单,社区会另行安排" in await said_of(resident, order)
    assert "队长退回了订单,请另行派单" in await said_of(dispatcher, order)


async def test_whoever_is_a_volunteer_no_more_and_whom_they_served_are_told(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await agreed(street, resident, dispatcher, volunteer, by_day(days=2))
    held = (await street.administrator.get("/v1/roles", place_id=str(street.world.east), role="volunteer"))["items"]
    (grant,) = [one["id"] for one in held if one["person_id"] == str(volunteer.id)]
    await street.administrator.post(f"/v1/roles/{grant}/revoke", {})
    await later(1)
    await later(1)
    assert f"您不再承接一个订单,它已退回社区,请不必再去{VOID}" in await said_of(volunteer, order)
    assert f"原来的志愿者不再承接,社区会另行安排{VOID}" in await said_of(resident, order)
    assert f"原定的人不再做志愿者,请另行派单{VOID}" in await said_of(dispatcher, order)


async def test_a_wish_that_is_given_back_is_open_to_all_again_and_says_so(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    wish = await service_of(street.world, "wish", "微心愿")
    order = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': wish, 'note': '想要一副老花镜'}))['id']}"
    await volunteer.post(f"{order}/claim-wish", {"claimed_as": "member"})
    await volunteer.post(f"{order}/release", {"reason": "买不到"})
    await later(0)
    for who in (resident, dispatcher):
        assert "志愿者退回了订单,微心愿已重新开放认领" in await said_of(who, order)


# ── a closed door ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_volunteer_at_a_closed_door_says_so(street: Street, clock: Clock) -> None:
    """From the agreed time on, without a code that nobody could show; and it is nobody's failure to come."""
    await clock(at(9, 2, 9))
    resident, dispatcher, _, volunteer = await crew(street)
    meet_at = at(9, 2, 14)
    order = await agreed(street, resident, dispatcher, volunteer, meet_at)
    gone = {"reason": "敲门三次,电话无人接", "nobody_home": True}
    assert await volunteer.refused(f"{order}/release", gone) == (409, "appointment-not-yet")
    await clock(meet_at + timedelta(minutes=5))
    await volunteer.post(f"{order}/release", gone)
    assert (await resident.get(order))["state"] == "submitted"
    await clock(meet_at + timedelta(minutes=6))
    assert f"志愿者来过,没有人应门,社区会另行安排{VOID}" in await said_of(resident, order)
    assert f"志愿者来过,没有人应门,请联系居民后另行派单{VOID}" in await said_of(dispatcher, order)
    last = [row for row in (await resident.get(f"{order}/history"))["items"] if row["action"] == "release"][-1]
    assert last["note_label"] == "到了约定的时间上门,没有人应门"
    assert "missed" not in [one["kind"] for one in (await dispatcher.get(f"{order}/posts"))["items"]]
