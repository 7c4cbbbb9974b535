"""A miss stays; that it does not count, two people say, and every report shows both (domain.md §4.6)."""

import asyncio
import io

from openpyxl import load_workbook

from app.api.spreadsheet import COLUMNS
from tests.people import Someone
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import at, crew, limits, place, texts

OUTAGE = {"reason": "outage", "note": "当天全社区停电,值守电话无法接通"}


async def missed_order(street: Street, clock: Clock) -> tuple[str, Someone, Someone, Someone]:
    """An order whose response was missed; whom it serves, the dispatcher, and the street's secretary."""
    grandma, dispatcher, *_ = await crew(street)
    above = await street.with_role("街道书记", "secretary", "street")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 21))
    return order, grandma, dispatcher, above


async def test_a_miss_does_not_count_when_another_person_at_the_street_agrees(street: Street, clock: Clock) -> None:
    order, grandma, dispatcher, above = await missed_order(street, clock)
    found = await limits(dispatcher, order)
    assert (found["respond"]["missed"], found["respond"]["excluded"]) == (True, False)
    miss = {"deadline_id": found["respond"]["id"], **OUTAGE}
    made = await dispatcher.post("/v1/exclusions", miss)
    assert made["state"] == "propose"
    await clock(at(11, 30, 9, 22))
    assert any("提请不计" in text for text in await texts(above))
    assert (await limits(grandma, order))["respond"]["excluded"] is False, "not yet"

    await above.post(f"/v1/exclusions/{made['id']}/decide", {"upheld": True, "note": "供电公司有公告"})
    await clock(at(11, 30, 9, 23))
    assert "您提请不计的错过已复核:同意不计" in await texts(dispatcher)
    for somebody in (grandma, dispatcher, above):
        respond = (await limits(somebody, order))["respond"]
        assert (respond["missed"], respond["excluded"]) == (True, True), "the miss stays, and is told apart"
        assert [mark["percent"] for mark in respond["marks"]][-1] == 100
    said = await grandma.get(f"{order}/deadlines/{respond['id']}")
    assert said["excluded"] == "outage"
    assert said["sentences"][-1] == "这次错过经复核不计入考核,原因是停水、停电或断网。"
    going = (await dispatcher.get("/v1/deadlines/going-late"))["items"]
    assert [(row["missed"], row["excluded"]) for row in going if row["id"] == respond["id"]] == [(True, True)]
    period = {"from": "2026-11-01", "until": "2026-12-31", "place_id": str(street.world.east)}
    answer = await dispatcher.http.get("/v1/orders/export", params=period)
    _, row = load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    names = [name for name, _, _ in COLUMNS]
    assert (row[names.index("错过的时限")], row[names.index("其中经复核不计")]) == (1, 1)

    draft = {
        "place_id": str(street.world.street), "deadline_kind": "respond", "calendar": "DUTY", "budget_seconds": 3600,
        "marks": [{"percent": 100, "effects": []}],
    }  # fmt: skip
    drafted = (await street.administrator.post("/v1/deadline-policies/drafts", draft))["id"]
    total = (await street.administrator.get(f"/v1/deadline-policies/drafts/{drafted}/replay"))["total"]
    assert (total["missed"], total["excluded"], total["missed_under_draft"]) == (1, 1, 0)


async def test_two_people_decide_and_neither_had_a_part_in_it(street: Street, clock: Clock) -> None:
    order, grandma, dispatcher, above = await missed_order(street, clock)
    found = await limits(dispatcher, order)
    respond = {"deadline_id": found["respond"]["id"], **OUTAGE}
    for somebody, expected in ((grandma, (403, "not-allowed")), (street.administrator, (403, "not-allowed"))):
        assert await somebody.refused("/v1/exclusions", respond) == expected
    stranger = await street.with_role("西派单员", "dispatcher", "west")
    assert await stranger.refused("/v1/exclusions", respond) == (404, "miss-not-found")
    running = {"deadline_id": found["plan"]["id"], **OUTAGE}
    assert await dispatcher.refused("/v1/exclusions", running) == (409, "not-missed")

    made = await above.post("/v1/exclusions", respond)
    decide, agree = f"/v1/exclusions/{made['id']}/decide", {"upheld": True, "note": "属实"}
    assert await dispatcher.refused("/v1/exclusions", respond) == (409, "already-excluded")
    assert await above.refused(decide, agree) == (403, "own-review")
    assert await dispatcher.refused(decide, agree) == (403, "not-allowed")
    here = await street.with_role("赵书记", "secretary")
    assert await here.refused(decide, agree) == (403, "reviewed-higher-up")
    assert await stranger.refused(decide, agree) == (404, "exclusion-not-found")
    assert await grandma.refused(decide, agree) == (404, "exclusion-not-found")
    await street.administrator.post(decide, {"upheld": False, "note": "没有停电记录"})
    assert await street.administrator.refused(decide, agree) == (409, "already-reviewed")
    assert (await limits(grandma, order))["respond"]["excluded"] is False
    again = await dispatcher.post("/v1/exclusions", {**respond, "reason": "system_fault"})
    assert again["id"] != made["id"], "what was refused may be proposed again, for a better reason"


async def test_whoever_dealt_with_the_order_as_staff_does_not_review_either(street: Street, clock: Clock) -> None:
    order, _, dispatcher, above = await missed_order(street, clock)
    await above.post(f"{order}/reply", {"text": "对不起,我来办"})
    miss = {"deadline_id": (await limits(dispatcher, order))["respond"]["id"], **OUTAGE}
    decide = f"/v1/exclusions/{(await dispatcher.post('/v1/exclusions', miss))['id']}/decide"
    assert await above.refused(decide, {"upheld": True, "note": "属实"}) == (403, "own-review")
    await street.administrator.post(decide, {"upheld": True, "note": "属实"})


async def test_who_is_asked_to_review_is_who_may(street: Street, clock: Clock) -> None:
    """Neither whoever proposes it, nor who replied, nor a secretary below the street."""
    order, _, dispatcher, above = await missed_order(street, clock)
    below = await street.with_role("赵书记", "secretary")
    colleague = await street.with_role("街道副书记", "secretary", "street")
    found = await limits(dispatcher, order)
    miss = {"deadline_id": found["respond"]["id"], **OUTAGE}
    decide = f"/v1/exclusions/{(await above.post('/v1/exclusions', miss))['id']}/decide"

    async def asked() -> list[bool]:
        who = (colleague, street.administrator, above, below, dispatcher)
        return ["有一次时限错过提请不计,请复核" in await texts(one) for one in who]

    await clock(at(11, 30, 9, 22))
    assert await asked() == [True, False, False, False, False]
    await colleague.post(decide, {"upheld": False, "note": "没有停电记录"})

    await colleague.post(f"{order}/reply", {"text": "对不起,我来办"})
    await above.post("/v1/exclusions", {**miss, "reason": "system_fault"})
    await clock(at(11, 30, 9, 23))
    assert await asked() == [True, True, False, False, False], "the administrator alone may by now"


async def test_exclusions_are_listed_by_place_state_and_period(street: Street, clock: Clock) -> None:
    order, grandma, dispatcher, above = await missed_order(street, clock)
    miss = {"deadline_id": (await limits(dispatcher, order))["respond"]["id"], **OUTAGE}
    made = await dispatcher.post("/v1/exclusions", miss)
    for somebody in (dispatcher, above, street.administrator):
        (row,) = (await somebody.get("/v1/exclusions"))["items"]
        assert (row["id"], row["state"], row["kind"], row["matter_id"]) == (
            made["id"], "proposed", "respond", order.rpartition("/")[2],
        )  # fmt: skip
    for query, there in (
        ({"state": "proposed"}, True), ({"state": "upheld"}, False), ({"state": "refused"}, False),
        ({"place_id": str(street.world.street)}, True), ({"place_id": str(street.world.west)}, False),
        ({"from": "2026-11-30"}, True), ({"from": "2026-12-01"}, False), ({"until": "2026-11-30"}, False),
    ):  # fmt: skip
        assert bool((await above.get("/v1/exclusions", **query))["items"]) is there, query
    empty = await above.http.get("/v1/exclusions", params={"from": "2026-12-01", "until": "2026-12-01"})
    assert empty.status_code == 422
    west = await street.with_role("西派单员", "dispatcher", "west")
    assert (await west.get("/v1/exclusions"))["items"] == (await grandma.get("/v1/exclusions"))["items"] == []


async def test_of_two_who_decide_at_once_one_is_refused(street: Street, clock: Clock) -> None:
    order, _, dispatcher, above = await missed_order(street, clock)
    made = await dispatcher.post(
        "/v1/exclusions", {"deadline_id": (await limits(dispatcher, order))["respond"]["id"], **OUTAGE}
    )
    decide = f"/v1/exclusions/{made['id']}/decide"
    answers = await asyncio.gather(
        above.ask("POST", decide, {"upheld": True, "note": "属实"}),
        street.administrator.ask("POST", decide, {"upheld": False, "note": "不属实"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
