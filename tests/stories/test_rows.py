"""A row of a list tells its order from the next: for whom it is, when they meet, to whom it is offered (GLOSSARY.md)."""

import pytest

from tests.people import Someone, agree, by_day
from tests.special import service_of
from tests.stories.casework import reported
from tests.stories.conftest import Clock, Later, Street
from tests.stories.orderwork import accepted, at, crew, place
from tests.stories.test_complaints import done


async def rows(someone: Someone, which: str, **query: str) -> list[dict]:
    return (await someone.get(f"/v1/orders/{which}", **query))["items"]


async def test_a_row_says_for_whom_when_and_to_whom_it_is_offered(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await place(street, grandma)
    (waiting,) = await rows(dispatcher, "pool")
    assert (waiting["contact_name"], waiting["meet_at"], waiting["offered_to"]) == ("王**", None, None)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    (asked,) = await rows(dispatcher, "pool")
    assert asked["offered_to"] == "李*"
    (task,) = await rows(volunteer, "tasks")
    assert task["contact_name"] is None, "whoever is only asked sees no contact"
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day().isoformat()})
    assert [row["meet_at"] for row in await rows(grandma, "mine")] == [None], "proposed, and not agreed on"
    await agree(grandma, order)
    for someone, which in ((grandma, "mine"), (volunteer, "tasks"), (dispatcher, "search")):
        (row,) = await rows(someone, which, **({"search": "水龙头"} if which == "search" else {}))
        assert (row["contact_name"], row["meet_at"], row["offered_to"]) == ("王**", by_day().isoformat(), None)
    page = await volunteer.get(order)
    assert (page["contact_name"], page["meet_at"]) == ("王**", by_day().isoformat())
    await done(order, grandma, volunteer)
    (task,) = await rows(volunteer, "tasks", state="delivered")
    assert (task["contact_name"], task["meet_at"]) == (None, None), "served, and no contact any more"


async def test_what_is_going_late_says_what_it_is(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    await clock(at(11, 30, 9))
    await place(street, grandma)
    wish = await service_of(street.world, "wish", "微心愿")
    await grandma.post("/v1/orders", {"service_id": wish, "note": "想要一副老花镜"})
    await reported(grandma)
    late = (await secretary.get("/v1/deadlines/going-late", within_minutes=10080))["items"]
    said = {(row["matter_kind"], row["state_label"], row["what"], row["words"]) for row in late}
    assert ("order", "待派单", "陪同就医", "水龙头漏水,请人看看") in said
    assert ("order", "待认领", "微心愿", "想要一副老花镜") in said
    assert {(what, words) for kind, _, what, words in said if kind == "case"} == {("路灯照明", "东门外的路灯不亮了")}
    assert (await dispatcher.get("/v1/deadlines/going-late"))["items"]


async def test_a_shift_that_is_handed_over_says_what_is_late(street: Street, later: Later) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    await place(street, grandma)
    body = {"place_id": str(street.world.east), "next_id": str(secretary.id), "note": "请留意"}
    await dispatcher.post("/v1/shifts/hand-over", body)
    (record,) = (await secretary.get("/v1/shifts/hand-overs"))["items"]
    assert {(late["service_name"], late["words"]) for late in record["late"]} == {("陪同就医", "水龙头漏水,请人看看")}


async def test_suggestions_say_why_the_others_are_left_out(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    away = await street.with_role("赵明", "volunteer")
    await away.put("/v1/me/availability", {"daily_capacity": 3, "away_until": by_day(days=3).isoformat()})
    order = await place(street, grandma)
    found = await dispatcher.get(f"{order}/volunteers")
    reasons = {one["reason"]: one["people"] for one in found["left_out"]}
    assert reasons["暂时离开"] == 1
    assert sum(reasons.values()) + len(found["items"]) == found["considered"]
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/decline", {})
    found = await dispatcher.get(f"{order}/volunteers")
    assert {"reason": "系统不再派这一单:已谢绝、退回或被收回,或居民不要", "people": 1} in found["left_out"]


async def test_a_wish_waits_for_whoever_claims_it_and_is_not_dispatched(street: Street, later: Later) -> None:
    grandma, _, _, volunteer = await crew(street)
    body = {"service_id": await service_of(street.world, "wish", "微心愿"), "note": "想要一副老花镜"}
    wish = f"/v1/orders/{(await grandma.post('/v1/orders', body))['id']}"
    assert (await grandma.get(wish))["state_label"] == "待认领"
    assert [row["state_label"] for row in await rows(volunteer, "pool")] == ["待认领"]
    (placed,) = (await grandma.get(f"{wish}/history"))["items"]
    assert placed["to_state_label"] == "待认领"
    await volunteer.post(f"{wish}/claim-wish", {"claimed_as": "member"})
    claimed = (await grandma.get(f"{wish}/history"))["items"][-1]
    assert (claimed["from_state_label"], claimed["to_state_label"]) == ("待认领", "已接单")
    (limit,) = [d for d in (await grandma.get(f"{wish}/deadlines"))["items"] if d["kind"] == "wish"]
    said = (await grandma.get(f"{wish}/deadlines/{limit['id']}"))["sentences"]
    assert any("微心愿随即重新开放认领" in sentence for sentence in said)


@pytest.mark.parametrize("how", ["rework", "abort"])
async def test_whoever_wrote_a_complaint_reads_it_again_and_nobody_it_was_about(street: Street, how: str) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    if how == "rework":
        await volunteer.post(f"{order}/deliver", {"outcome": "已修好"})
        await grandma.post(f"{order}/rework", {"reason": "说话很冲", "about_attitude": True})
    else:
        await grandma.post(f"{order}/abort", {"reason": "unsafe", "again": True, "text": "说话很冲"})
    for someone, mine in ((grandma, True), (dispatcher, False)):
        (said,) = (await someone.get(f"{order}/posts"))["items"]
        assert (said["kind"], said["text"], said["by_me"]) == ("complaint", "说话很冲", mine)
    for reading in ("", "/posts", "/history"):
        assert "说话很冲" not in (await volunteer.ask("GET", f"{order}{reading}")).text
