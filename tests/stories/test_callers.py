"""Somebody calls the station, or walks in: the staff place the order, and it is served without a phone at the door."""

from typing import Any

import pytest

from app.kernel.ids import new_id
from tests.people import Someone, agree, by_day, offered
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import texts
from tests.stories.teamwork import person, team
from tests.stories.test_representatives import registered


@pytest.fixture
async def station(street: Street) -> Someone:
    return await street.with_role("站长", "station_staff")


def call(street: Street, **who: str) -> dict[str, Any]:
    return {"channel": "phone", "service_id": street.service_id, "note": "请帮我修灯", **who}


async def listed(someone: Someone, **query: str) -> list[str]:
    return [row["id"] for row in (await someone.get("/v1/orders/mine", **query))["items"]]


async def accepted(street: Street, station: Someone) -> tuple[str, Someone, Someone, str]:
    """A caller's order that a volunteer has accepted: its path, the volunteer, a dispatcher, the caller's id."""
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    caller, phone = await registered(street, station)
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', call(street, phone=phone)))['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    return order, volunteer, dispatcher, caller


async def test_a_callers_order_is_the_callers_who_is_told(street: Street, station: Someone, later: Later) -> None:
    dispatcher, caller = await street.with_role("张敏", "dispatcher"), await street.resident("王秀英")
    phone = (await caller.get("/v1/me"))["phone"]
    placed = await station.post("/v1/orders/for-caller", call(street, phone=phone))
    order = f"/v1/orders/{placed['id']}"
    await later(0)
    assert "社区已按您所说为您下单" in await texts(caller)
    page = await caller.get(order)
    assert (page["placed_as"], page["contact"]["address"]) == ("staff", "西峪东街 8 号院 2 号楼")
    first = (await dispatcher.get(f"{order}/history"))["items"][0]
    assert (first["action"], first["by"], first["note"]) == ("place_for_caller", "subtree", {"channel": "phone"})
    assert {"cancel"} <= set(offered(page))
    walked_in = {**call(street, person_id=str(caller.id)), "channel": "walk_in"}
    await dispatcher.post("/v1/orders/for-caller", walked_in)
    assert len((await caller.get("/v1/orders/mine"))["items"]) == 2


async def test_staff_place_for_who_lives_where_they_work(street: Street, station: Someone) -> None:
    eastern, western = await street.resident("王秀英"), await street.resident("西居民", "west")
    western_staff = await street.with_role("西站长", "station_staff", "west")
    here, there = [call(street, person_id=str(someone.id)) for someone in (eastern, western)]
    assert await station.refused("/v1/orders/for-caller", there) == (404, "caller-not-found")
    assert await western_staff.refused("/v1/orders/for-caller", here) == (404, "caller-not-found")
    unknown = call(street, phone=f"134{station.id.int % 10**8:08d}")
    assert await station.refused("/v1/orders/for-caller", unknown) == (404, "caller-not-found")
    for body in (call(street), {**here, "phone": "13500000002"}):
        answer = await station.ask("POST", "/v1/orders/for-caller", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "exactly-one")
    await station.post("/v1/orders/for-caller", here)


async def test_who_placed_it_for_a_caller_reads_it_again_whatever_becomes_of_it(
    street: Street, station: Someone
) -> None:
    """The caller calls again, and asks. It stays theirs: to open the door."""
    caller, phone = await registered(street, station)
    placed = (await station.post("/v1/orders/for-caller", call(street, phone=phone)))["id"]
    order = f"/v1/orders/{placed}"
    page = await station.get(order)
    assert (page["state"], page["placed_as"], page["note"]) == ("submitted", "staff", "请帮我修灯")
    assert (page["contact"]["phone"], page["beneficiary_id"]) == (phone, caller)
    assert (offered(page), page["start_code"], page["rating"]) == (["cancel", "contact", "change_contact"], None, None)
    (first,) = (await station.get(f"{order}/history"))["items"]
    assert (first["action"], first["by_me"]) == ("place_for_caller", True)
    assert {limit["kind"] for limit in (await station.get(f"{order}/deadlines"))["items"]} >= {"respond", "plan"}
    assert await listed(station, for_callers="true") == [placed]
    assert await listed(station) == [], "it is not their own"
    for search in (phone, "修灯", placed):
        assert [row["id"] for row in (await station.get("/v1/orders/search", search=search))["items"]] == [placed]

    colleague = await street.with_role("站员", "station_staff")
    western = await street.with_role("西站长", "station_staff", "west")
    for path in (order, f"{order}/history", f"{order}/deadlines"):
        assert (await western.ask("GET", path)).status_code == 404, path
    assert offered(await colleague.get(order)) == ["cancel", "contact", "change_contact"], (
        "who placed it has gone home: the caller rings all the same"
    )
    for other, finds in ((colleague, [placed]), (western, [])):
        assert await listed(other, for_callers="true") == []
        assert [row["id"] for row in (await other.get("/v1/orders/search", search=phone))["items"]] == finds

    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await station.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await volunteer.post(f"{order}/start", {"unverified": True})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换灯泡"})
    page = await station.get(order)
    assert (page["state"], page["outcome"], offered(page)) == ("delivered", "已换灯泡", ["rate", "rework", "contact"])
    assert offered(await colleague.get(order)) == ["rate", "rework", "contact"], (
        "she has no log-in: whom she rings passes on how it went"
    )
    await station.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    assert (await colleague.ask("GET", order)).status_code == 404, "what is rated is no business of theirs"


async def test_the_station_answers_whoever_rings_about_what_they_ordered_themselves(
    street: Street, station: Someone
) -> None:
    """Who has it and until when, from the order to the end of the service; and what they say is passed on."""
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    body = {"service_id": street.service_id, "note": "请修灯"}
    placed = (await resident.post("/v1/orders", body))["id"]
    order, phone = f"/v1/orders/{placed}", (await resident.get("/v1/me"))["phone"]

    async def answers(state: str, *passed_on: str) -> None:
        (row,) = (await station.get("/v1/orders/search", search=phone))["items"]
        page = await station.get(order)
        assert (row["id"], row["state"], page["contact"]["name"]) == (placed, state, "王秀英")
        assert (page["start_code"], set(offered(page))) == (None, {"contact", "change_contact", *passed_on})
        assert (await station.get(f"{order}/deadlines"))["items"]

    await answers("submitted", "cancel")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await answers("offered", "cancel")
    await volunteer.post(f"{order}/accept")
    await answers("accepted", "cancel", "propose")
    await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await answers("in_service", "abort", "call_off")
    await volunteer.post(f"{order}/deliver", {"outcome": "灯修好了"})
    assert (await station.get(order))["outcome"] == "灯修好了"
    await resident.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    assert (await station.get("/v1/orders/search", search=phone))["items"] == []


async def test_who_left_the_staff_has_left_what_they_placed(street: Street, station: Someone) -> None:
    caller = await street.resident("王秀英")
    placed = (await station.post("/v1/orders/for-caller", call(street, person_id=str(caller.id))))["id"]
    reported = {"category": "noise", "words": "楼下夜里施工", "person_id": str(caller.id)}
    case = (await station.post("/v1/cases/for-caller", reported))["id"]
    paths = (f"/v1/orders/{placed}", f"/v1/orders/{placed}/history", f"/v1/cases/{case}", f"/v1/cases/{case}/history")
    for path in paths:
        await station.get(path)
    (role,) = (await station.get("/v1/me"))["roles"]
    await street.administrator.post(f"/v1/roles/{role['id']}/revoke")
    elsewhere = {"place_id": str(street.world.west), "role": "station_staff", "person_id": str(station.id)}
    await street.administrator.post("/v1/roles", elsewhere)
    for path in paths:
        assert (await station.ask("GET", path)).status_code == 404, path
    assert await listed(station, for_callers="true") == []
    assert (await station.get("/v1/orders/search", search="修灯"))["items"] == []
    assert (await station.get("/v1/cases", for_callers="true"))["items"] == []
    assert (await station.get("/v1/cases/search", search="施工"))["items"] == []


async def test_who_works_at_no_desk_is_told_what_is_theirs(street: Street, station: Someone) -> None:
    """Whoever they name, and whether there is such a person or not: the answer is the same."""
    resident, neighbour = await street.resident("王秀英"), await street.resident("李奶奶")
    trouble = {"category": "lighting", "words": "路灯不亮", "spot": "东门外"}
    for path, body, own in (
        ("/v1/orders/for-caller", call(street), "placeOrder"),
        ("/v1/cases/for-caller", trouble, "reportCase"),
    ):
        for whom in (neighbour.id, resident.id, new_id()):
            answer = await resident.ask("POST", path, {**body, "person_id": str(whom)})
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), answer.text
            assert answer.json()["detail"].endswith(own)


async def test_who_placed_it_for_a_caller_neither_dispatches_nor_serves_it(street: Street) -> None:
    dispatcher, other = [await street.with_role(who, "dispatcher") for who in ("张敏", "赵红")]
    caller = await street.resident("王秀英")
    placed = await dispatcher.post("/v1/orders/for-caller", call(street, person_id=str(caller.id)))
    order = f"/v1/orders/{placed['id']}"
    grant = {"place_id": str(street.world.east), "role": "volunteer", "person_id": str(dispatcher.id)}
    await street.administrator.post("/v1/roles", grant)
    volunteer = await street.with_role("李强", "volunteer")
    to_herself, to_volunteer = [{"volunteer_id": str(who.id)} for who in (dispatcher, volunteer)]
    assert await dispatcher.refused(f"{order}/offer", to_volunteer) == (409, "own-order")
    assert await other.refused(f"{order}/offer", to_herself) == (409, "own-order")
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1", placed["id"])
    assert await dispatcher.refused(f"{order}/claim") == (409, "own-order")
    await other.post(f"{order}/offer", to_volunteer)


async def test_a_callers_order_is_served_unverified_after_a_call(street: Street, station: Someone) -> None:
    order, volunteer, dispatcher, _ = await accepted(street, station)
    start = {"unverified": True}
    assert await volunteer.refused(f"{order}/start", start) == (409, "not-reached")
    await volunteer.post(f"{order}/contact", {"channel": "phone", "text": "我打过电话"})
    assert await volunteer.refused(f"{order}/start", start) == (409, "not-reached"), "not by the volunteer's own word"
    await dispatcher.post(f"{order}/contact", {"channel": "message", "text": "发了短信"})
    assert await volunteer.refused(f"{order}/start", start) == (409, "not-reached"), "a message is no call"
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await volunteer.post(f"{order}/start", start)
    assert (await dispatcher.get(order))["unverified"] is True
    last = (await dispatcher.get(f"{order}/history"))["items"][-1]
    assert (last["action"], last["note"]) == ("start", {"unverified": True})


async def test_a_refusal_says_from_when_on_a_contact_counts_and_who_records_it(
    street: Street, station: Someone
) -> None:
    """What was said before the acceptance is no word for the door; a volunteer who was only asked has nobody's number."""
    dispatcher, volunteer = await street.with_role("张敏", "dispatcher"), await street.with_role("李强", "volunteer")
    _, phone = await registered(street, station)
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', call(street, phone=phone)))['id']}"
    called = {"channel": "phone", "text": "本人在家等候"}
    await station.post(f"{order}/contact", called)
    await dispatcher.post(f"{order}/contact", called)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert "contact" not in offered(await volunteer.get(order))
    asked = await volunteer.ask("POST", f"{order}/contact", called)
    assert (asked.status_code, "『已接单』" in asked.json()["detail"]) == (403, True)
    await volunteer.post(f"{order}/accept")
    assert "contact" in offered(await volunteer.get(order))
    refused = (await volunteer.ask("POST", f"{order}/start", {"unverified": True})).json()
    assert refused["code"] == "not-reached"
    assert [one for one in ("接单之后", "社区或站点的工作人员", "recordContact") if one not in refused["detail"]] == []


async def test_a_caller_who_no_longer_wants_it_is_heard_while_it_is_served(
    street: Street, station: Someone, later: Later
) -> None:
    order, volunteer, dispatcher, _ = await accepted(street, station)
    await station.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await volunteer.post(f"{order}/start", {"unverified": True})
    assert {"abort", "call_off"} <= set(offered(await station.get(order)))
    both = {"reason": "no_longer_needed", "again": True}
    for who in (station, volunteer):
        answer = await who.ask("POST", f"{order}/abort", both)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/again"), answer.text
    await station.post(f"{order}/abort", {**both, "again": False})
    await later(0)
    assert "订单已取消,可查看原因" in await texts(volunteer)
    last = (await dispatcher.get(f"{order}/history"))["items"][-1]
    assert (last["action"], last["by"]) == ("call_off", "placer")


async def test_whom_the_resident_wants_no_more_is_not_offered_it_again(street: Street, station: Someone) -> None:
    order, volunteer, dispatcher, _ = await accepted(street, station)
    await dispatcher.post(f"{order}/take-back", {"reason": "resident_asks"})
    answer = await dispatcher.ask("POST", f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "already-refused")
    assert "居民要求换人" in answer.json()["detail"]


async def test_the_stations_staff_call_the_resident_whose_volunteer_stands_at_the_door(
    street: Street, station: Someone
) -> None:
    order, volunteer, dispatcher, _ = await accepted(street, station)
    colleague = await street.with_role("站员", "station_staff")
    western = await street.with_role("西站长", "station_staff", "west")
    called = {"channel": "phone", "text": "本人在家等候"}
    unseen = await western.ask("POST", f"{order}/contact", called)
    assert (unseen.status_code, unseen.json()["code"]) == (404, "order-not-found")
    assert "站点看得到的" in unseen.json()["detail"]
    unseen = await (await street.resident("邻居")).ask("POST", f"{order}/cancel", {})
    assert (unseen.status_code, unseen.json().get("detail")) == (404, None), (
        "who works at no station reads nothing of it"
    )
    seen = await colleague.get(order)
    assert seen["contact"]["phone"], "whom to call"
    assert (seen["start_code"], offered(seen)) == (None, ["cancel", "contact", "change_contact", "propose"])
    await colleague.post(f"{order}/contact", called)
    await volunteer.post(f"{order}/start", {"unverified": True})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换灯泡"})
    assert offered(await colleague.get(order)) == ["rate", "rework", "contact"], "until it was said how it went"
    done = (await dispatcher.get(f"{order}/history"))["items"]
    assert [row["action"] for row in done][-3:] == ["contact", "start", "deliver"]


async def test_a_call_by_the_lead_who_then_sends_another_is_no_call_by_the_staff(
    street: Street, station: Someone
) -> None:
    dispatcher, lead = await street.with_role("张敏", "dispatcher"), await street.with_role("李强", "volunteer")
    member, team_id = await street.with_role("孙丽", "volunteer"), await team(street, lead)
    await lead.post(f"/v1/teams/{team_id}/members", person(member))
    _, phone = await registered(street, station)
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', call(street, phone=phone)))['id']}"
    await dispatcher.post(f"{order}/offer", {"team_id": team_id})
    await lead.post(f"{order}/accept")
    await lead.post(f"{order}/contact", {"channel": "phone", "text": "我打过电话"})
    await lead.post(f"{order}/member", {"member_id": str(member.id)})
    assert await member.refused(f"{order}/start", {"unverified": True}) == (409, "not-reached")
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await member.post(f"{order}/start", {"unverified": True})


async def test_a_household_card_starts_the_service_and_a_new_one_ends_the_old(street: Street, station: Someone) -> None:
    order, volunteer, _, caller = await accepted(street, station)
    card = f"/v1/residents/{caller}/card"
    assert (await station.http.get(card)).status_code == 404
    await station.post(card)
    old = (await station.get(card))["number"]
    assert len(old) == 8
    await station.post(card)
    number = (await station.get(card))["number"]
    for wrong in (old, f"{(int(number) + 1) % 10**8:08d}"):
        assert await volunteer.refused(f"{order}/start", {"card": wrong}) == (409, "start-code-wrong")
    stored = await street.world.owner.fetch("SELECT c::text AS row FROM household_card c WHERE person_id = $1", caller)
    assert len(stored) == 2
    assert [row["row"] for row in stored if number in row["row"] or number.encode().hex() in row["row"]] == []
    for body in ({}, {"code": "123456", "card": number}, {"card": number, "unverified": True}):
        answer = await volunteer.ask("POST", f"{order}/start", body)
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "exactly-one")
    await volunteer.post(f"{order}/start", {"card": number})
    assert (await volunteer.get(order))["unverified"] is False


async def test_five_wrong_cards_close_the_door(street: Street, station: Someone) -> None:
    order, volunteer, _, caller = await accepted(street, station)
    await station.post(f"/v1/residents/{caller}/card")
    number = (await station.get(f"/v1/residents/{caller}/card"))["number"]
    for step in range(1, 6):
        wrong = f"{(int(number) + step) % 10**8:08d}"
        assert await volunteer.refused(f"{order}/start", {"card": wrong}) == (409, "start-code-wrong")
    assert await volunteer.refused(f"{order}/start", {"card": number}) == (429, "start-code-locked")


async def test_cards_are_issued_and_seen_by_the_staff_there(street: Street, station: Someone) -> None:
    caller = await street.resident("王秀英")
    card = f"/v1/residents/{caller.id}/card"
    await station.post(card)
    western = await street.with_role("西站长", "station_staff", "west")
    for someone in (western, caller, await street.with_role("李强", "volunteer")):
        assert (await someone.http.get(card)).status_code == 404
        assert await someone.refused(card) == (404, "person-not-found")


async def test_what_the_caller_says_is_passed_on_by_who_placed_it(
    street: Street, station: Someone, later: Later
) -> None:
    """She has no phone: whoever placed it is told in her place, and answers, agrees on a time and rates as she says."""
    order, volunteer, dispatcher, _ = await accepted(street, station)
    await later(0)
    assert "请转告居民:您的订单已有志愿者接单" in await texts(station)
    (passed_on,) = [one for one in (await station.get("/v1/inbox"))["items"] if one["topic"] == "order.accepted"]
    assert passed_on["about"] == "王**,陪同就医", "whom to tell"
    await volunteer.post(f"{order}/questions", {"question": "灯在哪间屋?"})
    tomorrow = by_day().isoformat()
    await volunteer.post(f"{order}/appointment", {"meet_at": tomorrow})
    await later(1)
    assert {"请转告居民:志愿者有问题要问您,等您回答", "请转告居民:对方提出了上门的时间,请确认"} <= set(
        await texts(station)
    )
    assert {"answer", "confirm", "propose", "cancel"} <= set(offered(await station.get(order)))
    (question,) = [one for one in (await station.get(f"{order}/posts"))["items"] if one["kind"] == "question"]
    await station.post(f"{order}/answer", {"question_id": question["id"], "text": "厨房"})
    await agree(station, order)
    another = by_day(days=2).isoformat()
    await station.post(f"{order}/appointment", {"meet_at": another})
    assert (await dispatcher.get(order))["proposed_appointment"]["proposed_by"] == "resident"
    assert await station.refused(f"{order}/appointment/confirm", {"meet_at": another}) == (409, "no-appointment"), (
        "by the other side"
    )
    await agree(volunteer, order)
    await station.post(f"{order}/contact", {"channel": "phone", "text": "本人在家等候"})
    await volunteer.post(f"{order}/start", {"unverified": True})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换灯泡"})
    assert {"rate", "rework"} <= set(offered(await station.get(order)))
    await station.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    for reader in (dispatcher, station):
        rating = (await reader.get(order))["rating"]
        assert (rating["stars"], rating["by_representative"], rating["passed_on"]) == (5, False, True)
    assert (await volunteer.get(order))["rating"] is None, "raters are not shown to the rated"
    done = [(row["action"], row["by"]) for row in (await dispatcher.get(f"{order}/history"))["items"]]
    assert {("answer", "placer"), ("confirm", "placer"), ("propose", "placer"), ("rate", "placer")} <= set(done)


async def test_a_caller_who_calls_it_off_is_heard_and_a_caller_with_a_login_reads_for_herself(
    street: Street, station: Someone, later: Later
) -> None:
    order, volunteer, _, _ = await accepted(street, station)
    western = await street.with_role("西站长", "station_staff", "west")
    assert await western.refused(f"{order}/cancel", {}) == (404, "order-not-found"), "where she does not live"
    await station.post(f"{order}/cancel", {"reason": "女儿已经修好"})
    caller = await street.resident("王秀英")
    own = await station.post("/v1/orders/for-caller", call(street, person_id=str(caller.id)))
    dispatcher = await street.with_role("赵红", "dispatcher")
    await dispatcher.post(f"/v1/orders/{own['id']}/reply", {"text": "已收到"})
    await later(0)
    assert "订单已取消,可查看原因" in await texts(volunteer)
    assert "社区答复了您的订单" in await texts(caller)
    assert [text for text in await texts(station) if text.endswith("社区答复了您的订单")] == []


async def test_a_dispatcher_who_placed_it_speaks_for_the_caller(street: Street, station: Someone) -> None:
    dispatcher, other = [await street.with_role(who, "dispatcher") for who in ("张敏", "赵红")]
    volunteer = await street.with_role("李强", "volunteer")
    _, phone = await registered(street, station)
    order = f"/v1/orders/{(await dispatcher.post('/v1/orders/for-caller', call(street, phone=phone)))['id']}"
    await other.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await other.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    assert "confirm" in offered(await dispatcher.get(order))
    await agree(dispatcher, order)
