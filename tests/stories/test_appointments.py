"""A time is agreed on by both sides, is a limit of its own, and is moved, missed or made anew (domain.md §3, §4.4)."""

from datetime import datetime
from typing import Any

import pytest

from tests.people import agree, offered
from tests.special import team_of
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import accepted, agreed, at, crew, due, limits, near, place, texts, wire


async def test_a_confirmed_appointment_stops_the_limits_and_is_one(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    meet = {"meet_at": wire(at(12, 2, 14))}
    assert await volunteer.refused(f"{order}/appointment", {"meet_at": wire(at(11, 29, 9))}) == (
        422,
        "appointment-too-early",
    )
    await volunteer.post(f"{order}/appointment", meet)
    assert await volunteer.refused(f"{order}/appointment/confirm", meet) == (409, "no-appointment"), (
        "the other side confirms"
    )
    await agree(grandma, order)
    found = await limits(grandma, order)
    assert (bool(found["coordinate"]["stopped_at"]), bool(found["plan"]["stopped_at"])) == (True, True)
    assert due(found["appointment"]) == at(12, 2, 14, 15)
    await clock(at(12, 2, 14, 5))
    code = (await grandma.get(order))["start_code"]
    await volunteer.post(f"{order}/start", {"code": code})
    found = await limits(grandma, order)
    assert (found["appointment"]["missed"], bool(found["appointment"]["stopped_at"])) == (False, True)
    assert near(due(found["finish"]), at(12, 2, 18, 5))


def times(page: dict[str, Any]) -> tuple[dict[str, Any] | None, ...]:
    """What is agreed, and what is proposed: when, and by whom."""
    both = (page["appointment"], page["proposed_appointment"])
    return tuple(one and {name: one[name] for name in ("meet_at", "proposed_by")} for one in both)


async def test_an_appointment_is_moved_when_both_have_said_so(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await agreed(street, grandma, dispatcher, volunteer, at(11, 30, 14))
    await grandma.post(f"{order}/appointment", {"meet_at": wire(at(12, 1, 10))})
    for reader in (grandma, volunteer, dispatcher):
        page = await reader.get(order)
        assert times(page) == (
            {"meet_at": wire(at(11, 30, 14)), "proposed_by": "community"},
            {"meet_at": wire(at(12, 1, 10)), "proposed_by": "resident"},
        ), "both times are seen"
        assert ("confirm" in offered(page), "propose" in offered(page)) == (
            reader is volunteer,
            reader is not dispatcher,
        )
    assert due((await limits(grandma, order))["appointment"]) == at(11, 30, 14, 15), "what is confirmed counts on"
    await clock(at(11, 30, 12))
    assert "对方想改上门的时间,请看两个时间再确认;双方确认之前,原约定照旧" in await texts(volunteer)
    await agree(volunteer, order)
    page = await grandma.get(order)
    assert times(page) == (
        {"meet_at": wire(at(12, 1, 10)), "proposed_by": "resident"},
        None,
    )
    (old, new) = [d for d in (await grandma.get(f"{order}/deadlines"))["items"] if d["kind"] == "appointment"]
    assert (old["missed"], old["replaced"], bool(old["stopped_at"])) == (False, True, True), "neither kept nor missed"
    assert (new["replaced"], new["stopped_at"], due(new)) == (False, None, at(12, 1, 10, 15))
    said = (await grandma.get(f"{order}/deadlines/{old['id']}"))["sentences"][-1]
    assert said.endswith("因『确认约定』停止计时,由新的接替,既不算按时也不算错过。")
    note = (await grandma.get(f"{order}/history"))["items"][-1]["note"]
    assert [datetime.fromisoformat(note[name]) for name in ("moved_from", "meet_at")] == [at(11, 30, 14), at(12, 1, 10)]
    await clock(at(11, 30, 14, 16))
    assert (await grandma.get(order))["state"] == "accepted", "nobody missed the old one"
    await clock(at(12, 1, 10, 16))
    assert (await grandma.get(order))["state"] == "submitted", "the new one is an appointment like any other"
    found = await limits(grandma, order)
    assert near(due(found["coordinate"]), at(12, 1, 14, 16)), "none of its four hours was used"


async def test_what_is_not_agreed_to_leaves_the_appointment_as_it_was(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    old, new = ({"meet_at": wire(at(11, 30, hour))} for hour in (14, 17))
    await volunteer.post(f"{order}/appointment", old)
    await agree(grandma, order)
    await volunteer.post(f"{order}/appointment", new)
    assert await volunteer.refused(f"{order}/appointment/confirm", new) == (409, "no-appointment"), (
        "nobody moves it alone"
    )
    await grandma.post(f"{order}/appointment", old)
    await clock(at(11, 30, 10))
    assert "对方不改上门的时间,原约定照旧" in await texts(volunteer)
    page = await volunteer.get(order)
    assert (page["appointment"]["meet_at"], page["proposed_appointment"]) == (old["meet_at"], None)
    assert await volunteer.refused(f"{order}/appointment", old) == (409, "appointment-stands")
    await volunteer.post(f"{order}/appointment", new)
    await clock(at(11, 30, 14, 16))
    page = await grandma.get(order)
    assert (page["state"], page["appointment"], page["proposed_appointment"]) == ("submitted", None, None)


async def test_nobodys_time_is_moved_without_them(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    early, late = ({"meet_at": wire(at(11, 30, hour))} for hour in (11, 14))
    await grandma.post(f"{order}/appointment", late)
    await agree(dispatcher, order)
    await clock(at(11, 30, 9, 1))
    assert "上门的时间已确认" in await texts(volunteer), "the staff agreed for them: they are told"
    await grandma.post(f"{order}/appointment", early)
    assert await dispatcher.refused(f"{order}/appointment/confirm", early) == (409, "agreed-by-two")
    assert await dispatcher.refused(f"{order}/appointment", late) == (409, "agreed-by-two"), "nor does it stay for them"
    page = await volunteer.get(order)
    assert (page["appointment"]["meet_at"], page["proposed_appointment"]["meet_at"]) == (
        late["meet_at"],
        early["meet_at"],
    )
    await agree(volunteer, order)
    await clock(at(11, 30, 9, 2))
    assert "上门的时间已改,原约定不再算数" in await texts(grandma)


async def test_a_time_that_one_has_not_seen_is_not_confirmed(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await dispatcher.post(f"{order}/appointment", {"meet_at": wire(at(11, 30, 15))})
    await clock(at(11, 30, 9, 1))
    assert any("提出了上门的时间,等对方确认" in text for text in await texts(volunteer))
    seen = (await grandma.get(order))["proposed_appointment"]["meet_at"]
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(12, 20, 9))})
    answer = await grandma.ask("POST", f"{order}/appointment/confirm", {"meet_at": seen})
    assert (answer.status_code, answer.json()["code"]) == (409, "another-time")
    assert "2026年12月20日(周日)09:00" in answer.json()["detail"]
    assert (await grandma.get(order))["appointment"] is None


async def test_what_has_begun_or_ended_has_no_time_to_agree_on(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    begun = await agreed(street, grandma, dispatcher, volunteer, at(11, 30, 14))
    await grandma.post(f"{begun}/appointment", {"meet_at": wire(at(11, 30, 15))})
    week = (await volunteer.get("/v1/me/week"))["items"]
    assert [row["what"] for row in week if row["what"] != "deadline"] == ["appointment", "proposed"]
    await volunteer.post(f"{begun}/start", {"code": (await grandma.get(begun))["start_code"]})
    week = (await volunteer.get("/v1/me/week"))["items"]
    assert [row["what"] for row in week if row["what"] != "deadline"] == ["appointment"]
    assert (await grandma.get(begun))["appointment"]["meet_at"] == wire(at(11, 30, 14)), "it is being kept"
    called_off = await agreed(street, grandma, dispatcher, volunteer, at(11, 30, 18))
    await grandma.post(f"{called_off}/cancel", {})
    assert (await grandma.get(called_off))["appointment"] is None


async def test_another_time_is_agreed_in_a_second_round(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(12, 2, 10))
    order = await agreed(street, grandma, dispatcher, volunteer, at(12, 2, 14))
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "换了垫圈"})
    await grandma.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "又漏水"})
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(12, 3, 9))})
    await agree(grandma, order)


async def test_a_missed_appointment_goes_back_to_the_community_with_the_time_used(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 10))
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(11, 30, 14))})
    await agree(grandma, order)
    await clock(at(11, 30, 14, 16))
    page = await grandma.get(order)
    assert (page["state"], page["volunteer"]) == ("submitted", None)
    found = await limits(grandma, order)
    assert found["appointment"]["missed"]
    assert near(due(found["respond"]), at(11, 30, 14, 26)), "ten of the twenty minutes were used"
    assert found["respond"]["stopped_at"] is None
    assert any("约定" in text for text in await texts(dispatcher))
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})


async def test_a_new_round_has_an_appointment_of_its_own(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await agreed(street, grandma, dispatcher, volunteer, at(11, 30, 14))
    await clock(at(11, 30, 14))
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "换了垫圈"})
    await grandma.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "还在漏"})
    for reader in (grandma, dispatcher):
        rating = (await reader.get(order))["rating"]
        assert (rating["round"], rating["reason"]) == (1, "还在漏"), "why there is a further round"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    assert (await volunteer.get(order))["rating"] is None
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(12, 1, 10))})
    await agree(grandma, order)
    found = [d for d in (await grandma.get(f"{order}/deadlines"))["items"] if d["kind"] == "appointment"]
    assert [(d["round"], due(d)) for d in found] == [(1, at(11, 30, 14, 15)), (2, at(12, 1, 10, 15))]


@pytest.mark.parametrize(("hour", "minute"), [(3, 0), (6, 59), (21, 1)])
async def test_nobody_is_visited_by_night(street: Street, clock: Clock, hour: int, minute: int) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    answer = await volunteer.ask("POST", f"{order}/appointment", {"meet_at": wire(at(12, 1, hour, minute))})
    said = answer.json()
    assert (answer.status_code, said["code"], said["errors"][0]["pointer"]) == (
        422,
        "appointment-at-night",
        "/body/meet_at",
    )
    assert "须在每天 07:00 至 21:00 之间" in said["detail"]
    for latest in (at(12, 1, 7), at(12, 1, 21)):
        await volunteer.post(f"{order}/appointment", {"meet_at": wire(latest)})


async def test_nobody_is_at_two_places_at_once(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    neighbour = await street.resident("刘大爷")
    await clock(at(11, 30, 9))
    hers, his = [await accepted(street, who, dispatcher, volunteer) for who in (grandma, neighbour)]
    await neighbour.post(f"{his}/appointment", {"meet_at": wire(at(12, 1, 10, 20))})
    await volunteer.post(f"{hers}/appointment", {"meet_at": wire(at(12, 1, 10))})
    await agree(grandma, hers)
    answer = await volunteer.ask("POST", f"{his}/appointment/confirm", {"meet_at": wire(at(12, 1, 10, 20))})
    assert (answer.status_code, answer.json()["code"]) == (409, "appointment-double")
    assert "另一个约定在2026年12月1日(周二)10:00" in answer.json()["detail"]
    assert hers.rsplit("/", 1)[1] not in answer.text, "which order it is, is not said"
    assert "confirm" not in offered(await volunteer.get(his))
    answer = await neighbour.ask("POST", f"{his}/appointment", {"meet_at": wire(at(12, 1, 9, 31))})
    assert (answer.status_code, answer.json()["code"]) == (409, "appointment-double")
    assert "10:00" not in answer.text, "nor, to a resident, when it is"
    await neighbour.post(f"{his}/appointment", {"meet_at": wire(at(12, 1, 10, 30))})
    await agree(volunteer, his)
    await grandma.post(f"{hers}/cancel", {})
    await neighbour.post(f"{his}/appointment", {"meet_at": wire(at(12, 1, 10))})
    await agree(volunteer, his)


async def test_a_member_who_is_elsewhere_is_not_sent_instead(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, lead = await crew(street)
    member = await street.with_role("赵敏", "volunteer")
    team = await team_of(street.world, lead.id)
    await street.administrator.post(f"/v1/teams/{team}/members", {"person_id": str(member.id)})
    await clock(at(11, 30, 9))
    theirs = await place(street, grandma)
    await dispatcher.post(f"{theirs}/offer", {"team_id": team})
    await lead.post(f"{theirs}/accept")
    neighbour = await street.resident("刘大爷")
    own = await accepted(street, neighbour, dispatcher, member)
    for who, order, minute, other in ((lead, theirs, 0, grandma), (member, own, 20, neighbour)):
        await who.post(f"{order}/appointment", {"meet_at": wire(at(12, 1, 10, minute))})
        await agree(other, order)
    answer = await lead.ask("POST", f"{theirs}/member", {"member_id": str(member.id)})
    assert (answer.status_code, answer.json()["code"]) == (409, "appointment-double")
    assert "另一个约定在2026年12月1日(周二)10:20;请换一位队员" in answer.json()["detail"]
    await neighbour.post(f"{own}/cancel", {})
    await lead.post(f"{theirs}/member", {"member_id": str(member.id)})
