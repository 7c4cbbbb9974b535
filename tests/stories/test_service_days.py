"""Service days (服务日, domain.md §3): one team, many slots; who books one has an order with an appointment."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from app.kernel.time import CHINA
from tests.people import Someone, agree, by_day, offered
from tests.special import service_of, team_of, told
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import place, texts
from tests.stories.test_records import calendar
from tests.stories.test_representatives import name, registered

NOTE = {"note": "量血压"}


def tomorrow(hour: int, minute: int = 0) -> datetime:
    day = datetime.now(UTC).astimezone(CHINA) + timedelta(days=1)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


def slot(start: datetime, capacity: int = 2, minutes: int = 30) -> dict:
    return {"starts_at": start.isoformat(), "minutes": minutes, "capacity": capacity}


@dataclass
class Team:
    """A team of the east community, and a service for its days."""

    id: str
    lead: Someone
    service_id: str
    place_id: str

    async def opens(self, *slots: dict, by: Someone | None = None) -> str:
        return (await (by or self.lead).post("/v1/service-days", self.day(*slots)))["id"]

    def day(self, *slots: dict) -> dict:
        return {"place_id": self.place_id, "team_id": self.id, "service_id": self.service_id, "slots": list(slots)}


@pytest.fixture
async def team(street: Street) -> Team:
    lead = await street.with_role("李强", "volunteer")
    service_id = await service_of(street.world, "service_day", "义诊日")
    return Team(await team_of(street.world, lead.id), lead, service_id, str(street.world.east))


async def days(someone: Someone, street: Street, community: str = "east", **query: str) -> list[dict]:
    return (await someone.get("/v1/service-days", place_id=str(getattr(street.world, community)), **query))["items"]


async def slots_of(someone: Someone, street: Street) -> list[dict]:
    return (await days(someone, street))[0]["slots"]


async def book(someone: Someone, slot_id: str) -> str:
    return f"/v1/orders/{(await someone.post(f'/v1/service-slots/{slot_id}/book', NOTE))['id']}"


async def test_a_resident_books_a_slot_and_is_served(street: Street, team: Team, later: Later) -> None:
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(10)), slot(tomorrow(9)))
    (day,) = await days(resident, street)
    assert (day["service_name"], day["team_name"]) == ("义诊日", "白衣义诊队")
    assert [s["free"] for s in day["slots"]] == [2, 2]
    assert day["starts_at"] == day["slots"][0]["starts_at"]
    order = await book(resident, day["slots"][0]["id"])
    page = await resident.get(order)
    assert (page["state"], page["form"], page["volunteer"]["id"]) == ("accepted", "service_day", str(team.lead.id))
    (limit,) = (await resident.get(f"{order}/deadlines"))["items"]
    assert (limit["kind"], limit["started_at"]) == ("appointment", day["slots"][0]["starts_at"])
    assert [s["free"] for s in await slots_of(resident, street)] == [1, 2]
    await later(0)
    assert await told(team.lead, "order.booked") == ["有居民预约了您队伍的服务日"]
    again = f"/v1/service-slots/{day['slots'][1]['id']}/book"
    assert await resident.refused(again, NOTE) == (409, "already-booked"), "one booking a person and day"
    await team.lead.post(f"{order}/start", {"code": page["start_code"]})
    await team.lead.post(f"{order}/deliver", {"outcome": "血压正常"})
    await resident.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    assert next(row["action"] for row in (await resident.get(f"{order}/history"))["items"]) == "book"


@pytest.mark.parametrize("spot", [None, "居委会一楼"])
async def test_the_resident_goes_where_the_day_is(street: Street, team: Team, spot: str | None) -> None:
    """And not the other way round: who lives in an estate reads the place of the day, and not their own."""
    estate = await street.world.estate(street.world.east, "幸福小区")
    resident = await street.resident("王秀英")
    await resident.post("/v1/me/community", {"place_id": str(estate)})
    await team.lead.post("/v1/service-days", {**team.day(slot(tomorrow(9))), "spot": spot})
    (day,) = await days(resident, street)
    assert day["spot"] == spot
    order = await book(resident, day["slots"][0]["id"])
    where = " ".join(filter(None, ("东社区", spot)))
    assert (await resident.get(order))["appointment"]["day_place"] == where
    for someone, said in ((resident, "义诊日:请到现场"), (team.lead, "义诊日:在现场服务")):
        (event,) = (await calendar(someone))[1].walk("VEVENT")
        assert (str(event["summary"]), str(event["location"])) == (said, where)


async def test_a_booked_slot_that_another_member_takes_is_called_off_in_the_leads_calendar(
    street: Street, team: Team, later: Later
) -> None:
    resident, member = await street.resident("王秀英"), await street.with_role("赵敏", "volunteer")
    await team.lead.post(f"/v1/teams/{team.id}/members", {"person_id": str(member.id)})
    await team.opens(slot(tomorrow(9)))
    order = await book(resident, (await slots_of(resident, street))[0]["id"])
    await later(0)
    (had,) = (await calendar(team.lead))[1].walk("VEVENT")
    await team.lead.post(f"{order}/member", {"member_id": str(member.id)})
    (lost,) = (await calendar(team.lead))[1].walk("VEVENT")
    assert (lost["uid"], str(lost["status"]), lost["location"]) == (had["uid"], "CANCELLED", had["location"])
    (taken,) = (await calendar(member))[1].walk("VEVENT")
    assert (taken["uid"], str(taken["status"])) == (had["uid"], "CONFIRMED")


async def test_who_lives_nowhere_yet_chooses_a_community_first(street: Street, team: Team) -> None:
    await team.opens(slot(tomorrow(9)))
    newcomer = await Someone.by_wechat(street.api_url, f"新人@{street.world.street}")
    path = f"/v1/service-slots/{(await slots_of(team.lead, street))[0]['id']}/book"
    refused = (await newcomer.ask("POST", path, NOTE)).json()
    assert (refused["status"], refused["code"]) == (409, "no-community")
    assert refused["title"] == "请先选择您所在的社区"
    assert "在「我的社区」里选定" in refused["detail"]


async def test_whoever_was_not_at_home_in_the_slot_books_another_one(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(9)), slot(tomorrow(10)))
    first, second = await slots_of(resident, street)
    order = await book(resident, first["id"])
    await team.lead.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await team.lead.post(f"{order}/abort", {"reason": "nobody_home", "again": False})
    await book(resident, second["id"])


async def test_a_team_without_a_lead_hosts_nobody_and_says_so(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(9)))
    (found,) = await slots_of(resident, street)
    (role,) = [one for one in (await team.lead.get("/v1/me"))["roles"] if one["role"] == "volunteer"]
    await team.lead.post(f"/v1/roles/{role['id']}/revoke")
    assert [s["free"] for s in await slots_of(resident, street)] == [0]
    assert await resident.refused(f"/v1/service-slots/{found['id']}/book", NOTE) == (409, "nobody-hosts")
    another = team.day(slot(tomorrow(15)))
    assert await street.administrator.refused("/v1/service-days", another) == (409, "team-without-lead")


async def test_whom_the_lead_represents_is_told_why_they_cannot_book(street: Street, team: Team) -> None:
    station = await street.with_role("站长", "station_staff")
    mother, phone = await registered(street, station)
    asked = await name(street, team.lead, phone)
    await station.post(f"{asked}/consent", {"how": "phone"})
    await team.opens(slot(tomorrow(9)))
    path = f"/v1/service-slots/{(await slots_of(team.lead, street))[0]['id']}/book"
    for who, whom in ((station, {"person_id": mother}), (team.lead, {"beneficiary_id": mother})):
        answer = await who.ask("POST", path, {**NOTE, **whom})
        assert (answer.status_code, answer.json()["code"]) == (409, "lead-is-yours")
        assert "别的队伍" in answer.json()["detail"]


async def test_what_was_not_solved_on_the_day_is_done_at_another_time(street: Street, team: Team, later: Later) -> None:
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("派单员", "dispatcher")
    await team.opens(slot(tomorrow(9), capacity=1))
    order = await book(resident, (await slots_of(resident, street))[0]["id"])
    await team.lead.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await team.lead.post(f"{order}/deliver", {"outcome": "血压正常"})
    await resident.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "还没有量血糖"})
    assert [s["free"] for s in await slots_of(resident, street)] == [1]
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(team.lead.id)})
    await team.lead.post(f"{order}/accept")
    assert "propose" in offered(await resident.get(order))
    await resident.post(f"{order}/appointment", {"meet_at": by_day(days=2).isoformat()})
    await agree(team.lead, order)
    assert (await resident.get(order))["appointment"]["meet_at"] == by_day(days=2).isoformat()


async def test_who_stands_at_a_service_day_visits_nobody_then(street: Street, team: Team) -> None:
    dispatcher = await street.with_role("派单员", "dispatcher")
    first, second = await street.resident("王秀英"), await street.resident("刘大爷")
    await team.opens(slot(tomorrow(9), capacity=2))
    (at_nine,) = await slots_of(first, street)
    await book(first, at_nine["id"])
    order = await place(street, second)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(team.lead.id)})
    await team.lead.post(f"{order}/accept")
    soon_after = {"meet_at": tomorrow(9, 15).isoformat()}
    assert await team.lead.refused(f"{order}/appointment", soon_after) == (409, "appointment-double")
    await book(second, at_nine["id"])


async def test_thirty_ask_for_five_places_and_five_get_one(street: Street, team: Team) -> None:
    residents = [await street.resident(f"居民{n}") for n in range(30)]
    await team.opens(slot(tomorrow(9), capacity=5))
    slot_id = (await slots_of(residents[0], street))[0]["id"]
    path = f"/v1/service-slots/{slot_id}/book"
    answers = await asyncio.gather(*(resident.ask("POST", path, NOTE) for resident in residents))
    assert Counter(answer.status_code for answer in answers) == {200: 5, 409: 25}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"slot-full"}
    numbers = await street.world.owner.fetch("SELECT number FROM slot_booking WHERE slot_id = $1::uuid", slot_id)
    assert sorted(row["number"] for row in numbers) == [1, 2, 3, 4, 5]
    winner = next(r for r, answer in zip(residents, answers, strict=True) if answer.status_code == 200)
    order = next(a.json()["id"] for a in answers if a.status_code == 200)
    await winner.post(f"/v1/orders/{order}/cancel", {})
    assert (await slots_of(winner, street))[0]["free"] == 1, "cancelling frees the place"
    await book(winner, slot_id)


async def test_one_person_who_books_twice_at_once_has_one_booking(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    await team.opens(*(slot(tomorrow(hour), capacity=1) for hour in range(9, 15)))
    paths = [f"/v1/service-slots/{s['id']}/book" for s in await slots_of(resident, street)]
    answers = await asyncio.gather(*(resident.ask("POST", path, NOTE) for path in paths))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 5}


async def test_a_day_is_opened_by_the_staff_or_the_teams_lead(street: Street, team: Team) -> None:
    dispatcher = await street.with_role("张敏", "dispatcher")
    elsewhere = await street.with_role("赵芳", "dispatcher", "west")
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(9)), by=dispatcher)
    for stranger in (elsewhere, resident, await street.with_role("孙丽", "volunteer")):
        assert await stranger.refused("/v1/service-days", team.day(slot(tomorrow(9)))) == (403, "not-allowed")
    for wrong in (
        {**team.day(slot(tomorrow(9))), "service_id": street.service_id},
        {**team.day(slot(tomorrow(9))), "place_id": str(street.world.west)},
    ):
        assert await team.lead.refused("/v1/service-days", wrong) == (409, "not-a-day-of-here")


async def test_slots_lie_on_one_day_to_come_and_do_not_overlap(team: Team) -> None:
    for slots in (
        [slot(tomorrow(9)), slot(tomorrow(9, 20))],
        [slot(tomorrow(9)), slot(tomorrow(9) + timedelta(days=1))],
        [slot(tomorrow(9) - timedelta(days=2))],
        [slot(tomorrow(9) + timedelta(days=100))],
        [slot(tomorrow(3))],
        [slot(tomorrow(23))],
        [slot(tomorrow(6, 59)), slot(tomorrow(9))],
        [slot(tomorrow(21, 1))],
    ):
        assert await team.lead.refused("/v1/service-days", team.day(*slots)) == (422, "slots-invalid")
    await team.opens(slot(tomorrow(7)), slot(tomorrow(21)))


async def test_a_day_is_for_those_who_live_there(street: Street, team: Team) -> None:
    neighbour = await street.resident("西边居民", "west")
    await team.opens(slot(tomorrow(9)))
    slot_id = (await slots_of(team.lead, street))[0]["id"]
    assert await days(neighbour, street) == []
    path = f"/v1/service-slots/{slot_id}/book"
    assert await neighbour.refused(path, NOTE) == (404, "slot-not-found")
    lead_at_home = {"place_id": str(street.world.east)}
    await team.lead.put("/v1/me", {"address": "西峪东街 9 号院"})
    await team.lead.post("/v1/me/community", lead_at_home)
    assert await team.lead.refused(path, NOTE) == (409, "lead-is-yours")


async def test_a_booked_service_is_not_simply_ordered(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    assert await resident.refused("/v1/orders", {"service_id": team.service_id, "note": "义诊"}) == (
        409,
        "slots-are-booked",
    )


async def test_a_cancelled_day_cancels_what_was_booked_and_tells_everybody(
    street: Street, team: Team, later: Later
) -> None:
    residents = [await street.resident(f"居民{n}") for n in range(3)]
    day = await team.opens(slot(tomorrow(9), capacity=5))
    slot_id = (await slots_of(residents[0], street))[0]["id"]
    orders = [await book(resident, slot_id) for resident in residents]
    await residents[2].post(f"{orders[2]}/cancel", {})
    await team.lead.post(f"/v1/service-days/{day}/cancel", {"reason": "大雪,义诊改期"})
    assert await team.lead.refused(f"/v1/service-days/{day}/cancel", {"reason": "再取消"}) == (409, "day-over")
    late = await street.resident("来晚了")
    for someone in (late, residents[0]):
        answer = await someone.ask("POST", f"/v1/service-slots/{slot_id}/book", NOTE)
        assert (answer.status_code, answer.json()["code"]) == (409, "day-cancelled"), "also who had booked"
        assert "大雪,义诊改期" in answer.json()["detail"]
    await later(0)
    for resident, order in zip(residents[:2], orders, strict=False):
        page = await resident.get(order)
        assert (page["state"], page["cancel_reason"]) == ("cancelled", "大雪,义诊改期")
        assert (await resident.get(f"{order}/history"))["items"][-1]["note_label"] == "原因:大雪,义诊改期"
        assert await told(resident, "order.day_cancelled") == ["您预约的服务日已取消,可另约时段或另行点单"]
    assert await told(residents[2], "order.day_cancelled") == []
    assert await days(late, street) == [], "nothing that could be booked"
    await team.opens(slot(tomorrow(9), capacity=5))


ENDED = "您的服务日预约已结束,原因见订单;仍需要的,可另约时段或另行点单"


async def test_a_slot_at_which_nobody_began_ends_and_blames_nobody(street: Street, team: Team, later: Later) -> None:
    """Who did not come is not known; and nobody of another team is sent to the home for it."""
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    second = await street.with_role("赵芳", "volunteer")
    await team.opens(slot(tomorrow(9)))
    order = await book(resident, (await slots_of(resident, street))[0]["id"])
    await later((tomorrow(9) - datetime.now(UTC)).total_seconds() + 15 * 60 + 5)
    page = await resident.get(order)
    assert (page["state"], page["cancel_reason"]) == ("cancelled", "预约的时段已过,没有开始服务")
    assert await told(resident, "order.booking_ended") == [ENDED]
    assert not [text for text in await texts(resident) if "志愿者" in text], "neither side is named"
    assert await dispatcher.refused(f"{order}/offer", {"volunteer_id": str(second.id)}) == (409, "transition-refused")
    assert [one["state"] for one in (await resident.get("/v1/orders/mine"))["items"]] == ["cancelled"]


async def test_a_booking_that_the_team_lets_go_ends_and_the_resident_books_again(
    street: Street, team: Team, later: Later
) -> None:
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    await team.opens(slot(tomorrow(9), capacity=1))
    (at_nine,) = await slots_of(resident, street)
    order = await book(resident, at_nine["id"])
    await team.lead.post(f"{order}/release", {"reason": "队员不够"})
    page = await resident.get(order)
    assert (page["state"], page["cancel_reason"]) == ("cancelled", "队员不够")
    assert (await resident.get(f"{order}/history"))["items"][-1]["note_label"] == "原因:队员不够"
    await later(0)
    assert await told(resident, "order.booking_ended") == [ENDED]
    assert await told(dispatcher, "order.booking_let_go") == ["服务队放弃了服务日的一个预约,订单已取消,居民已收到通知"]
    again = await book(resident, at_nine["id"])
    states = {one["id"]: one["state"] for one in (await resident.get("/v1/orders/mine"))["items"]}
    assert states == {order.rsplit("/", 1)[1]: "cancelled", again.rsplit("/", 1)[1]: "accepted"}


async def test_a_booking_that_is_broken_off_is_ended_and_given_to_nobody_else(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(9)))
    order = await book(resident, (await slots_of(resident, street))[0]["id"])
    await team.lead.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    unsafe = {"reason": "unsafe", "again": True}
    assert await team.lead.refused(f"{order}/abort", unsafe) == (422, "booking-ends")
    await team.lead.post(f"{order}/abort", {**unsafe, "again": False})
    assert (await resident.get(order))["state"] == "cancelled"


async def test_days_come_in_pages_soonest_first(street: Street, team: Team) -> None:
    for offset in (2, 0, 1):
        await team.opens(slot(tomorrow(9) + timedelta(days=offset)))
    place = {"place_id": team.place_id}
    first = await team.lead.get("/v1/service-days", **place, limit=2)
    rest = await team.lead.get("/v1/service-days", **place, limit=2, cursor=first["next_cursor"])
    starts = [day["starts_at"] for day in first["items"] + rest["items"]]
    assert starts == sorted(starts)
    assert (len(starts), rest["next_cursor"]) == (3, None)
    until = (tomorrow(9) + timedelta(days=1)).isoformat()
    assert len(await days(team.lead, street, until_at=until)) == 1
    assert len(await days(team.lead, street, from_at=until)) == 2


async def test_a_day_whose_service_rests_or_is_withdrawn_is_not_booked(street: Street, team: Team) -> None:
    resident = await street.resident("王秀英")
    await team.opens(slot(tomorrow(9)))
    path = f"/v1/service-slots/{(await slots_of(resident, street))[0]['id']}/book"
    service = f"/v1/services/{team.service_id}"
    await street.administrator.post(f"{service}/pause", {})
    assert await resident.refused(path, NOTE) == (409, "service-paused")
    await street.administrator.post(f"{service}/resume")
    await street.administrator.post(f"{service}/withdraw")
    assert (await resident.refused(path, NOTE))[1] == "service-not-offered"


async def test_the_same_day_is_opened_once(street: Street, team: Team) -> None:
    body = team.day(slot(tomorrow(9)))
    answers = await asyncio.gather(*(team.lead.ask("POST", "/v1/service-days", body) for _ in range(3)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 2}
    assert {a.json()["code"] for a in answers if a.status_code == 409} == {"day-is-open"}
    await team.opens(slot(tomorrow(11)))


async def test_a_daughter_books_for_her_mother_and_once(street: Street, team: Team) -> None:
    station = await street.with_role("站长", "station_staff")
    mother, daughter = await street.resident("王妈妈"), await street.resident("陈芳", "west")
    await team.opens(slot(tomorrow(9), capacity=5))
    path = f"/v1/service-slots/{(await slots_of(mother, street))[0]['id']}/book"
    for_her = {**NOTE, "beneficiary_id": str(mother.id)}
    assert await daughter.refused(path, for_her) == (404, "no-consent")
    asked = await name(street, daughter, (await mother.get("/v1/me"))["phone"])
    await station.post(f"{asked}/consent", {"how": "phone"})
    assert len(await days(daughter, street)) == 1, "she sees what she may book"
    order = f"/v1/orders/{(await daughter.post(path, for_her))['id']}"
    page = await mother.get(order)
    assert (page["state"], page["placed_as"], page["beneficiary_id"]) == ("accepted", "representative", str(mother.id))
    assert await mother.refused(path, NOTE) == (409, "already-booked")
    await daughter.post(f"{order}/cancel", {})
    await mother.post(path, NOTE)
    assert await daughter.refused(path, for_her) == (409, "already-booked"), "of what she does not see"


async def test_the_station_books_for_a_caller_and_takes_it_back_as_she_says(street: Street, team: Team) -> None:
    station = await street.with_role("站长", "station_staff")
    western = await street.with_role("西站长", "station_staff", "west")
    caller, phone = await registered(street, station)
    await team.opens(slot(tomorrow(9), capacity=1))
    path = f"/v1/service-slots/{(await slots_of(station, street))[0]['id']}/book"
    answer = await station.ask("POST", path, NOTE)
    assert (answer.status_code, answer.json()["code"]) == (409, "no-community")
    assert "请填 person_id 或 phone" in answer.json()["detail"], "whom it is for is not said"
    assert await western.refused(path, {**NOTE, "phone": phone}) == (404, "caller-not-found")
    someone = await street.resident("王秀英")
    assert await someone.refused(path, {**NOTE, "person_id": caller}) == (403, "not-allowed")
    both = await station.ask("POST", path, {**NOTE, "phone": phone, "person_id": caller})
    assert both.json()["errors"][0]["code"] == "exactly-one"
    order = f"/v1/orders/{(await station.post(path, {**NOTE, 'phone': phone}))['id']}"
    page = await station.get(order)
    assert (page["state"], page["placed_as"], page["contact"]["phone"]) == ("accepted", "staff", phone)
    assert await station.refused(path, {**NOTE, "person_id": caller}) == (409, "already-booked")
    await station.post(f"{order}/cancel", {"reason": "住院了"})
    assert (await slots_of(someone, street))[0]["free"] == 1
    await someone.post(path, NOTE)
