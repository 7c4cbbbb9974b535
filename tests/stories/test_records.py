"""What is kept: hours of service, who looked at whose data, and what a rated volunteer learns."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone, agree, by_day
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import team
from tests.stories.test_finding import order
from tests.world import tireless


async def accepted(street: Street, resident: Someone, volunteer: Someone) -> str:
    path = f"/v1/orders/{await order(street, resident)}"
    await street.administrator.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{path}/accept")
    return path


async def started(street: Street, resident: Someone, volunteer: Someone) -> str:
    path = await accepted(street, resident, volunteer)
    await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
    return path


async def rated(street: Street, resident: Someone, volunteer: Someone, stars: int, **more: Any) -> str:
    path = await started(street, resident, volunteer)
    await volunteer.post(f"{path}/deliver", {"outcome": "好了"})
    await resident.post(f"{path}/rate", {"solved": "yes", "stars": stars, **more})
    return path


# ── hours ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_hours_grow_from_delivered_orders(street: Street, later: Later) -> None:
    resident = await street.resident("王秀英")
    volunteer, other = await street.with_role("李强", "volunteer"), await street.with_role("小赵", "volunteer")
    paths = []
    for minutes in (95, 30):
        await later(0)
        path = await started(street, resident, volunteer)
        assert len((await volunteer.get("/v1/me/hours"))["items"]) == len(paths), "not before it is delivered"
        await later(60 * minutes + 20)
        await volunteer.post(f"{path}/deliver", {"outcome": "好了"})
        paths.append(path)
    hours = await volunteer.get("/v1/me/hours")
    assert (hours["minutes"], hours["services"], hours["ratings"]) == (125, 2, None)
    assert sum(month["minutes"] for year in hours["years"] for month in year["months"]) == 125
    assert re.fullmatch(r"20\d\d-\d\d", hours["years"][0]["months"][0]["month"])
    assert {(item["order_id"], item["minutes"]) for item in hours["items"]} == {
        (paths[0].rpartition("/")[2], 95),
        (paths[1].rpartition("/")[2], 30),
    }
    first = await volunteer.get("/v1/me/hours", limit=1)
    second = await volunteer.get("/v1/me/hours", limit=1, cursor=first["next_cursor"])
    assert [*first["items"], *second["items"]] == hours["items"]
    assert second["next_cursor"] is None
    assert (second["minutes"], second["services"]) == (125, 2), "the totals are the whole's"
    for somebody in (other, resident, street.administrator):
        assert (await somebody.get("/v1/me/hours"))["items"] == [], "hours are one's own"


# ── raters are not shown to the rated ────────────────────────────────────────────────────────────────────────────


async def test_a_volunteer_learns_how_they_were_rated_as_a_whole_and_no_more(street: Street) -> None:
    resident = await street.resident("王秀英")
    volunteer = await street.with_role("李强", "volunteer")
    await tireless(street.world.owner, volunteer.id)
    for stars in (5, 5, 4, 5):
        path = await rated(street, resident, volunteer, stars)
    assert (await volunteer.get("/v1/me/hours"))["ratings"] is None, "four could be told apart"
    low = await rated(street, resident, volunteer, 1, reason="来得太晚")
    ratings = (await volunteer.get("/v1/me/hours"))["ratings"]
    assert ratings == {"count": 5, "average": 4.0, "solved": {"yes": 5, "partly": 0, "no": 0}}
    for one in (path, low):
        assert (await volunteer.get(one))["rating"] is None
    assert (await resident.get(low))["rating"]["reason"] == "来得太晚"
    assert (await street.administrator.get(low))["rating"]["stars"] == 1
    for part in ("history", "posts", "deadlines"):
        assert "来得太晚" not in (await volunteer.http.get(f"{low}/{part}")).text


async def test_not_even_a_secretary_sees_the_rating_of_their_own_service(street: Street) -> None:
    resident = await street.resident("王秀英")
    both = await street.with_role("刘书记", "secretary")
    grant = {"place_id": str(street.world.east), "role": "volunteer", "person_id": str(both.id)}
    await street.administrator.post("/v1/roles", grant)
    path = await rated(street, resident, both, 2, reason="不太好")
    assert (await both.get(path))["rating"] is None
    other = await street.with_role("陈书记", "secretary")
    assert (await other.get(path))["rating"]["stars"] == 2


# ── who looked ───────────────────────────────────────────────────────────────────────────────────────────────────


async def looks(someone: Someone, path: str) -> list[tuple[str, str, str]]:
    items = (await someone.get(f"{path}/reveals"))["items"]
    return [(item["shown"], item["capacity"], item["name"]) for item in items]


async def test_each_look_at_personal_data_is_recorded(street: Street, later: Later) -> None:
    resident = await street.resident("王秀英")
    volunteer = await street.with_role("李强", "volunteer")
    dispatcher = await street.with_role("张敏", "dispatcher")
    secretary = await street.with_role("刘书记", "secretary")
    path = f"/v1/orders/{await order(street, resident)}"
    await resident.get(path)
    assert await looks(resident, path) == [], "one's own is no look"
    await dispatcher.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
    assert (await volunteer.get(path))["contact"] is None, "not before it is theirs"
    assert await looks(resident, path) == []
    await volunteer.post(f"{path}/accept")
    for _ in range(3):
        assert (await volunteer.get(path))["contact"]["phone"].isdigit()
    assert await looks(resident, path) == [("contact", "assignee", "李*")], "once an hour"
    await later(3601)
    await volunteer.get(path)
    assert len(await looks(resident, path)) == 2
    shown = await resident.get(path)
    assert re.fullmatch(r"1\d\d\*{4}\d{4}", shown["volunteer"]["phone"])
    assert shown["volunteer"]["name"] == "李*"
    await dispatcher.get(path)
    mine = await looks(resident, path)
    assert mine[0] == ("contact", "dispatcher", "张*")
    assert {shown for shown, _, _ in mine} == {"contact"}, "who looked at the volunteer is the volunteer's"
    theirs = await looks(volunteer, path)
    assert theirs == [("volunteer", "dispatcher", "张*"), ("volunteer", "requester", "王**")]
    refused = (await dispatcher.ask("GET", f"{path}/reveals")).json()
    assert (refused["code"], refused["detail"].endswith("当地及上级的书记、管理员办理")) == ("not-allowed", True)
    assert len(await looks(secretary, path)) == len(mine) + len(theirs)
    assert (await resident.get(f"{path}/reveals"))["items"][0]["capacity_label"] == "社区派单员"
    stranger = await street.resident("西边的人", "west")
    assert (await stranger.http.get(f"{path}/reveals")).json()["code"] == "order-not-found"


async def test_the_volunteer_sees_the_contact_only_while_the_order_is_live(street: Street) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    path = await started(street, resident, volunteer)
    assert (await volunteer.get(path))["contact"]["address"]
    await volunteer.post(f"{path}/deliver", {"outcome": "好了"})
    assert (await volunteer.get(path))["contact"] is None
    assert (await resident.get(path))["volunteer"]["name"] == "李*", "whom they rate"
    await resident.post(f"{path}/rate", {"solved": "yes", "stars": 5})
    assert (await resident.get(path))["volunteer"] == {
        "id": str(volunteer.id),
        "team": None,
        "name": "李*",
        "phone": None,
    }


async def test_who_came_is_named_to_the_resident_for_good_and_reached_until_it_was_said_how_it_went(
    street: Street,
) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    path = await rated(street, resident, volunteer, 5)
    came = (await resident.get(path))["volunteer"]
    assert (came["name"], came["phone"]) == ("李*", None)
    await accepted(street, resident, volunteer)
    assert (await resident.get(path))["volunteer"] == came, "another order of theirs changes nothing on this page"


async def test_who_looked_is_called_by_the_level_of_their_post(street: Street) -> None:
    """Of a district's, a street's and a community's people; by the nearest post of whoever holds several."""
    district = await street.world.district()
    resident = await street.resident("王秀英")
    path = f"/v1/orders/{await order(street, resident)}"
    posts = [
        (("secretary", street.world.street), "街道书记"),
        (("dispatcher", district), "区县派单员"),
        (("dispatcher", street.world.east), "社区派单员"),
    ]
    for (role, place), called in posts:
        someone = await street.with_role(called, role, "west")
        await street.world.owner.execute("UPDATE role_grant SET place_id = $2 WHERE person_id = $1", someone.id, place)
        await street.world.grant(someone.id, Role(role), district)
        await someone.get(path)
        assert (await resident.get(f"{path}/reveals"))["items"][0]["capacity_label"] == called


# ── one's week and calendar ──────────────────────────────────────────────────────────────────────────────────────


async def appointed(street: Street, resident: Someone, volunteer: Someone, meet_at: datetime) -> str:
    path = await accepted(street, resident, volunteer)
    await volunteer.post(f"{path}/appointment", {"meet_at": meet_at.isoformat()})
    await agree(resident, path)
    return path


async def calendar(someone: Someone) -> tuple[str, Calendar]:
    answer = await someone.http.get("/v1/me/calendar.ics")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    return answer.text, Calendar.from_ical(answer.content)


async def test_confirmed_appointments_stand_in_the_calendars_of_both(street: Street, later: Later) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    meet_at = by_day(days=2)
    kept = await appointed(street, resident, volunteer, meet_at)
    off = await appointed(street, resident, volunteer, meet_at + timedelta(hours=3))
    open_ = await accepted(street, resident, volunteer)
    await volunteer.post(f"{open_}/appointment", {"meet_at": (meet_at + timedelta(hours=1)).isoformat()})
    before = {event["uid"] for event in (await calendar(resident))[1].walk("VEVENT")}
    await resident.post(f"{off}/cancel", {})
    me, them = await resident.get("/v1/me"), await volunteer.get("/v1/me")
    for someone in (resident, volunteer):
        text, read = await calendar(someone)
        events = list(read.walk("VEVENT"))
        assert {event["uid"] for event in events} == before, "the same ids, and none for what is not confirmed"
        assert [str(event["status"]) for event in events] == ["CONFIRMED", "CANCELLED"]
        assert events[0].decoded("dtstart") == meet_at
        assert events[0]["dtstart"].params["TZID"] == CHINA.key
        assert [zone["tzid"] for zone in read.walk("VTIMEZONE")] == [CHINA.key]
        assert kept.rpartition("/")[2] in str(events[0]["description"])
        secrets = (me["phone"], me["address"], me["name"], them["phone"], them["name"], "请帮忙")
        assert [secret for secret in secrets if secret in text] == []
    assert list((await calendar(street.administrator))[1].walk("VEVENT")) == []
    await later(31 * 86_400)
    assert [str(e["status"]) for e in (await calendar(resident))[1].walk("VEVENT")] == ["CANCELLED"], (
        "the one that was missed"
    )


async def test_a_moved_appointment_is_the_same_event_in_a_calendar(street: Street) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    meet_at = by_day(days=2)
    path = await appointed(street, resident, volunteer, meet_at)

    async def event() -> tuple[str, int, datetime, str]:
        (found,) = (await calendar(volunteer))[1].walk("VEVENT")
        return str(found["uid"]), int(found["sequence"]), found.decoded("dtstart"), str(found["status"])

    uid, *rest = await event()
    assert rest == [0, meet_at, "CONFIRMED"]
    for moves, hours in ((1, 3), (2, 5)):
        await resident.post(f"{path}/appointment", {"meet_at": (meet_at + timedelta(hours=hours)).isoformat()})
        assert (await event())[1] == moves - 1, "only what both have confirmed"
        await agree(volunteer, path)
        assert await event() == (uid, moves, meet_at + timedelta(hours=hours), "CONFIRMED")
    await resident.post(f"{path}/cancel", {})
    assert await event() == (uid, 3, meet_at + timedelta(hours=5), "CANCELLED")


@pytest.mark.parametrize("how", ["release", "take-back"])
async def test_what_is_lost_with_the_order_is_called_off_in_the_volunteers_calendar(
    street: Street, later: Later, how: str
) -> None:
    """Also what the staff proposed and the resident confirmed."""
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    first, second = [await street.with_role(who, "volunteer") for who in ("李强", "赵敏")]
    meet_at = by_day(days=2)
    path = await accepted(street, resident, first)
    await dispatcher.post(f"{path}/appointment", {"meet_at": meet_at.isoformat()})
    await agree(resident, path)
    (had,) = (await calendar(first))[1].walk("VEVENT")
    if how == "release":
        await first.post(f"{path}/release", {"reason": "发烧"})
    else:
        await dispatcher.post(f"{path}/take-back", {"reason": "cannot_come"})
    me = await resident.get("/v1/me")

    async def gone(someone: Someone) -> Any:
        text, read = await calendar(someone)
        assert [secret for secret in (me["phone"], me["address"], me["name"], "请帮忙") if secret in text] == []
        (event,) = read.walk("VEVENT")
        return event

    lost = await gone(first)
    assert (lost["uid"], str(lost["status"]), int(lost["sequence"])) == (had["uid"], "CANCELLED", 1)
    for name in ("summary", "location", "description"):
        assert lost[name] == had[name]
    assert lost.decoded("dtstart") == meet_at
    assert lost.decoded("dtstamp") >= had.decoded("dtstamp")
    assert await gone(resident), "as for the resident"
    await dispatcher.post(f"{path}/offer", {"volunteer_id": str(second.id)})
    await second.post(f"{path}/accept")
    await second.post(f"{path}/appointment", {"meet_at": (meet_at + timedelta(hours=2)).isoformat()})
    await agree(resident, path)
    await resident.post(f"{path}/cancel", {})
    assert (await gone(first)).to_ical() == lost.to_ical(), "what came after is nothing of theirs"
    assert list((await calendar(street.administrator))[1].walk("VEVENT")) == []
    await later(31 * 86_400)
    assert list((await calendar(first))[1].walk("VEVENT")) == []


async def test_what_was_begun_and_broken_off_is_called_off_for_the_volunteer_and_what_was_served_is_not(
    street: Street,
) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    path = await appointed(street, resident, volunteer, by_day(days=2))
    await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
    await resident.post(f"{path}/abort", {"reason": "needs_tradesman", "again": True})
    mine, theirs = [next(iter((await calendar(who))[1].walk("VEVENT"))) for who in (volunteer, resident)]
    for name in ("uid", "sequence", "status", "dtstart"):
        assert mine[name] == theirs[name]
    assert (int(mine["sequence"]), str(mine["status"])) == (2, "CANCELLED")

    served = await appointed(street, resident, volunteer, by_day(days=3))
    await volunteer.post(f"{served}/start", {"code": (await resident.get(served))["start_code"]})
    await volunteer.post(f"{served}/deliver", {"outcome": "好了"})
    await resident.post(f"{served}/rate", {"solved": "no", "stars": 1, "reason": "还在漏"})
    states = {
        str(event["description"]): str(event["status"]) for event in (await calendar(volunteer))[1].walk("VEVENT")
    }
    assert "CANCELLED" not in [state for order, state in states.items() if served.rpartition("/")[2] in order]


async def test_an_appointment_that_changes_hands_in_the_team_follows_whoever_goes(street: Street, later: Later) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    lead, member = [await street.with_role(who, "volunteer") for who in ("李强", "赵敏")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", {"person_id": str(member.id)})
    path = f"/v1/orders/{await order(street, resident)}"
    await dispatcher.post(f"{path}/offer", {"team_id": made})
    await lead.post(f"{path}/accept")
    await lead.post(f"{path}/appointment", {"meet_at": by_day(days=2).isoformat()})
    await agree(resident, path)

    async def stand(someone: Someone) -> tuple[str, int, str]:
        (event,) = (await calendar(someone))[1].walk("VEVENT")
        return str(event["uid"]), int(event["sequence"]), str(event["status"])

    uid, *_ = await stand(lead)
    seen = [await stand(lead)]
    for goes, stays in ((member, lead), (lead, member), (member, lead)):
        await lead.post(f"{path}/member", {"member_id": str(goes.id)})
        await later(len(seen))
        assert [(await stand(who))[::2] for who in (goes, stays)] == [(uid, "CONFIRMED"), (uid, "CANCELLED")]
        seen.append(await stand(lead))
    assert [sequence for _, sequence, _ in seen] == sorted({sequence for _, sequence, _ in seen}), "each is newer"
    await member.post(f"{path}/release", {"reason": "发烧"})
    assert (await stand(member))[::2] == (uid, "CANCELLED")


async def test_what_was_served_early_stands_in_a_calendar_where_it_was(street: Street) -> None:
    """Neither side waits for what is over: the event is when they met, with its end."""
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    meet_at = by_day(days=2)
    path = await appointed(street, resident, volunteer, meet_at)

    async def event() -> Any:
        (found,) = (await calendar(resident))[1].walk("VEVENT")
        return found

    uid = (await event())["uid"]
    started = await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
    begun = await event()
    assert (begun["uid"], int(begun["sequence"]), str(begun["status"])) == (uid, 1, "CONFIRMED")
    assert begun.decoded("dtstart") == datetime.fromisoformat(started["at"]).replace(microsecond=0)
    assert "dtend" not in begun
    delivered = await volunteer.post(f"{path}/deliver", {"outcome": "好了"})
    over = await event()
    assert (over["uid"], int(over["sequence"]), str(over["status"])) == (uid, 2, "CONFIRMED")
    assert over.decoded("dtstart") == begun.decoded("dtstart") < meet_at
    assert over.decoded("dtend") == datetime.fromisoformat(delivered["at"]).replace(microsecond=0)
    await resident.post(f"{path}/rate", {"solved": "yes", "stars": 5})
    assert (await event()).to_ical() == over.to_ical(), "rating it changes nothing"


async def test_a_week_holds_appointments_and_limits_of_ones_own_tasks(street: Street) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    meet_at = by_day(days=8)
    path = await appointed(street, resident, volunteer, meet_at)
    that_day: date = meet_at.astimezone(CHINA).date()
    week = (await volunteer.get("/v1/me/week", day=str(that_day)))["items"]
    assert {(item["order_id"], item["what"], item["kind_label"]) for item in week} == {
        (path.rpartition("/")[2], "appointment", None),
        (path.rpartition("/")[2], "deadline", "赴约"),
    }
    assert week == sorted(week, key=lambda item: item["at"])
    before = str(that_day - timedelta(days=7 + that_day.weekday()))
    assert "appointment" not in {item["what"] for item in (await volunteer.get("/v1/me/week", day=before))["items"]}
    assert (await resident.get("/v1/me/week", day=str(that_day)))["items"] == []
