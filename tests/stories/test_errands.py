"""Errands (帮办代办, domain.md §3): authority first, papers against a receipt, and back against one, whatever happens."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.people import Someone, offered
from tests.special import service_of, told
from tests.stories.conftest import Later, Street
from tests.stories.test_representatives import registered

PAPERS = [{"kind": "id_card", "copies": 1, "note": "原件"}, {"kind": "photo", "copies": 2}]


def soon(days: float = 30) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat()


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


@dataclass
class Errand:
    """An errand that an agent has accepted."""

    path: str
    resident: Someone
    agent: Someone
    dispatcher: Someone

    async def code(self) -> str:
        return (await self.resident.get(self.path))["start_code"]

    async def return_code(self) -> str:
        return (await self.resident.get(self.path))["return_code"]

    async def authorise(self, days: float = 30) -> None:
        await self.resident.post(f"{self.path}/authority", {"text": "代我办理老年证", "until_at": soon(days)})

    async def begin(self, papers: list | None = None) -> None:
        await self.authorise()
        body = {"code": await self.code(), "papers": PAPERS if papers is None else papers}
        await self.agent.post(f"{self.path}/papers", body)

    async def state(self) -> str:
        return (await self.resident.get(self.path))["state"]


@pytest.fixture
async def errand(street: Street) -> Errand:
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", "dispatcher")
    agent = await street.with_role("李强", "volunteer")
    body = {"service_id": await service_of(street.world, "errand", "代办老年证"), "note": "腿脚不便,想办老年证"}
    path = f"/v1/orders/{(await resident.post('/v1/orders', body))['id']}"
    await dispatcher.post(f"{path}/offer", {"volunteer_id": str(agent.id)})
    await agent.post(f"{path}/accept")
    return Errand(path, resident, agent, dispatcher)


async def test_papers_go_out_and_come_back_each_against_a_receipt(errand: Errand, later: Later) -> None:
    await errand.begin()
    assert await errand.state() == "in_service"
    await later(0)
    for side in (errand.resident, errand.agent):
        assert await told(side, "order.papers_handed_over") == ["收据:已交给代办员 身份证件 1 份、照片 2 份"]
    assert await errand.agent.refused(f"{errand.path}/deliver", {"outcome": "已办好"}) == (409, "papers-out")
    first = await errand.return_code()
    await errand.agent.post(f"{errand.path}/papers/return", {"code": first, "papers": [2]})
    second = await errand.return_code()
    again = {"code": first, "papers": [1]}
    assert second != first, "who has seen one gives nothing back without the resident"
    assert await errand.agent.refused(f"{errand.path}/papers/return", again) == (409, "return-code-wrong")
    await errand.agent.post(f"{errand.path}/papers/return", {"code": second, "papers": [1]})
    assert await errand.return_code() is None
    twice = {"code": second, "papers": [1]}
    assert await errand.agent.refused(f"{errand.path}/papers/return", twice) == (409, "papers-not-out")
    await errand.agent.post(f"{errand.path}/deliver", {"outcome": "已办好"})
    await later(0)
    for reader in (errand.resident, errand.agent, errand.dispatcher):
        seen = await reader.get(f"{errand.path}/papers")
        assert [(r["action"], [p["no"] for p in r["papers"]]) for r in seen["items"]] == [
            ("handed_over", [1, 2]), ("returned", [2]), ("returned", [1]),
        ]  # fmt: skip
        assert not any(p["out"] for r in seen["items"] for p in r["papers"])
    assert await told(errand.resident, "order.papers_returned") == [
        "收据:已归还居民 照片 2 份", "收据:已归还居民 身份证件 1 份",
    ]  # fmt: skip


async def test_an_errand_begins_with_its_papers_and_nothing_else_does(street: Street, errand: Errand) -> None:
    await errand.authorise()
    code = await errand.code()
    assert await errand.agent.refused(f"{errand.path}/start", {"code": code}) == (409, "errand-starts-with-papers")
    actions = offered(await errand.agent.get(errand.path))
    assert "hand_over_papers" in actions
    assert not {"start", "return_papers"} & set(actions)
    visit = (await errand.resident.post("/v1/orders", {"service_id": street.service_id, "note": "陪我去医院"}))["id"]
    await errand.dispatcher.post(f"/v1/orders/{visit}/offer", {"volunteer_id": str(errand.agent.id)})
    await errand.agent.post(f"/v1/orders/{visit}/accept")
    body = {"code": (await errand.resident.get(f"/v1/orders/{visit}"))["start_code"], "papers": []}
    assert await errand.agent.refused(f"/v1/orders/{visit}/papers", body) == (409, "not-for-this-service")
    text = {"text": "代办", "until_at": soon()}
    assert await errand.resident.refused(f"/v1/orders/{visit}/authority", text) == (409, "not-for-this-service")


async def test_without_authority_nothing_begins(errand: Errand, later: Later) -> None:
    body = {"code": await errand.code(), "papers": PAPERS}
    assert await errand.agent.refused(f"{errand.path}/papers", body) == (409, "no-authority")
    for until_at, why in ((soon(-1), "authority-over"), (soon(400), "authority-too-long")):
        amiss = {"text": "代办", "until_at": until_at}
        assert await errand.resident.refused(f"{errand.path}/authority", amiss) == (422, why)
    await errand.authorise(days=1)
    # Without a plan it would be a case by tomorrow.
    plan = {"text": "周五去办", "steps": ["取号"], "promised_at": soon(9)}
    await errand.dispatcher.post(f"{errand.path}/plan", plan)
    await later(86_401)
    assert await errand.agent.refused(f"{errand.path}/papers", body) == (409, "no-authority"), "it has run out"
    await errand.authorise()
    await errand.resident.post(f"{errand.path}/authority/withdraw")
    assert await errand.agent.refused(f"{errand.path}/papers", body) == (409, "no-authority"), "it was taken back"
    await errand.authorise()
    await errand.agent.post(f"{errand.path}/papers", body)
    given = (await errand.resident.get(f"{errand.path}/papers"))["authorities"]
    assert [one["ended_at"] is None for one in given] == [False, False, True]


async def test_an_errand_may_need_no_papers(errand: Errand, later: Later) -> None:
    await errand.begin([])
    await later(0)
    assert await told(errand.resident, "order.papers_handed_over") == ["代办员已开始办理,无需材料"]
    await errand.agent.post(f"{errand.path}/deliver", {"outcome": "已代缴"})


async def test_wrong_codes_are_counted_as_at_any_start(errand: Errand) -> None:
    await errand.authorise()
    body = {"code": other(await errand.code()), "papers": PAPERS}
    for _ in range(5):
        assert await errand.agent.refused(f"{errand.path}/papers", body) == (409, "start-code-wrong")
    right = {"code": await errand.code(), "papers": PAPERS}
    assert await errand.agent.refused(f"{errand.path}/papers", right) == (429, "start-code-locked")


async def test_wrong_return_codes_are_counted_too(errand: Errand) -> None:
    await errand.begin()
    body = {"code": other(await errand.return_code()), "papers": [1]}
    for _ in range(5):
        assert await errand.agent.refused(f"{errand.path}/papers/return", body) == (409, "return-code-wrong")
    right = {"code": await errand.return_code(), "papers": [1]}
    assert await errand.agent.refused(f"{errand.path}/papers/return", right) == (429, "start-code-locked")


async def test_of_an_errand_that_is_called_off_the_papers_still_come_back(errand: Errand, later: Later) -> None:
    await errand.begin()
    await errand.resident.post(f"{errand.path}/abort", {"reason": "no_longer_needed", "again": False})
    await later(0)
    assert await told(errand.dispatcher, "order.papers_out") == ["帮办代办已中止,还有材料没有归还居民,请跟进"]
    body = {"code": await errand.return_code(), "papers": [1, 2]}
    await errand.agent.post(f"{errand.path}/papers/return", body)
    assert await errand.state() == "cancelled"
    assert await errand.return_code() is None


async def test_of_an_errand_that_goes_to_somebody_else_the_station_returns_the_papers(
    street: Street, errand: Errand, later: Later
) -> None:
    await errand.begin()
    await errand.agent.post(f"{errand.path}/abort", {"reason": "needs_tradesman", "again": True})
    await later(0)
    assert len(await told(errand.dispatcher, "order.papers_out")) == 1
    receipts = (await errand.agent.get(f"{errand.path}/papers"))["items"]
    assert [r["action"] for r in receipts] == ["handed_over"], "whoever holds papers still has the receipt"
    for reader in (errand.resident, errand.dispatcher, errand.agent):
        (receipt,) = (await reader.get(f"{errand.path}/papers"))["items"]
        assert (receipt["by_label"], receipt["by_name"]) == ("签收人", "李*"), "so that she knows who has them"
    body = {"code": await errand.return_code(), "papers": [1]}
    await errand.dispatcher.post(f"{errand.path}/papers/return", body)
    back = (await errand.resident.get(f"{errand.path}/papers"))["items"][-1]
    assert (back["action_label"], back["by_label"], back["by_name"]) == ("归还居民", "归还人", "张*")
    second = await street.with_role("赵芳", "volunteer")
    await errand.dispatcher.post(f"{errand.path}/offer", {"volunteer_id": str(second.id)})
    await second.post(f"{errand.path}/accept")
    hand_over = {"code": await errand.code(), "papers": [{"kind": "form", "copies": 1}]}
    assert await second.refused(f"{errand.path}/papers", hand_over) == (409, "no-authority"), "it was the first one's"
    await errand.authorise()
    await second.post(f"{errand.path}/papers", hand_over)
    seen = (await errand.resident.get(f"{errand.path}/papers"))["items"]
    assert {p["no"]: p["out"] for r in seen for p in r["papers"]} == {1: False, 2: True, 3: True}
    await second.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [3]})
    await later(0)
    assert await told(errand.agent, "order.papers_returned") == ["收据:已归还居民 身份证件 1 份"], (
        "what they had signed for"
    )
    refused = await second.ask("POST", f"{errand.path}/deliver", {"outcome": "已办好"})
    assert (refused.status_code, refused.json()["code"]) == (409, "papers-out")
    assert "先前的代办员手中还有材料" in refused.json()["detail"]
    assert "在外的材料见" not in refused.json()["detail"], "it is not theirs to bring back"
    lost = {"lost": "先前的代办员已搬走,联系不上", "papers": [2]}
    await errand.dispatcher.post(f"{errand.path}/papers/return", lost)
    await second.post(f"{errand.path}/deliver", {"outcome": "已办好"})
    authorities = (await errand.resident.get(f"{errand.path}/papers"))["authorities"]
    assert [one["ended_at"] is None for one in authorities] == [False, False], "with what it was given for"


async def test_who_has_papers_brings_them_back_whatever_became_of_the_errand(errand: Errand, later: Later) -> None:
    await errand.begin()
    await errand.agent.post(f"{errand.path}/abort", {"reason": "needs_tradesman", "again": True})
    page = await errand.agent.get(errand.path)
    assert (page["state"], page["contact"]["name"], offered(page)) == ("submitted", "王秀英", ["return_papers"])
    first = {"code": await errand.return_code(), "papers": [1]}
    await errand.agent.post(f"{errand.path}/papers/return", first)
    await errand.resident.post(f"{errand.path}/cancel", {"reason": "不办了"})
    await later(0)
    assert len(await told(errand.resident, "order.papers_to_come")) == 2, "when it was aborted, and when she cancelled"
    assert len(await told(errand.dispatcher, "order.papers_out")) == 2
    code = await errand.return_code()
    wrong = {"code": f"{(int(code) + 1) % 10**6:06d}", "papers": [2]}
    assert await errand.agent.refused(f"{errand.path}/papers/return", wrong) == (409, "return-code-wrong")
    await errand.agent.post(f"{errand.path}/papers/return", {"code": code, "papers": [2]})
    assert (await errand.agent.ask("GET", errand.path)).status_code == 403, "nothing of it is theirs any more"


async def test_who_had_signed_reads_that_others_brought_the_papers_back(street: Street, errand: Errand) -> None:
    await errand.begin()
    await errand.agent.post(f"{errand.path}/abort", {"reason": "needs_tradesman", "again": True})
    await errand.agent.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [1]})
    second = await street.with_role("赵芳", "volunteer")
    await errand.dispatcher.post(f"{errand.path}/offer", {"volunteer_id": str(second.id)})
    await second.post(f"{errand.path}/accept")
    await second.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [2]})
    for reader in (errand.agent, errand.resident, errand.dispatcher):
        papers = [p for r in (await reader.get(f"{errand.path}/papers"))["items"] for p in r["papers"]]
        assert [p["no"] for p in papers if p["out"]] == []


async def test_who_has_papers_finds_the_errand_among_their_tasks_until_they_have_brought_them_back(
    street: Street, errand: Errand
) -> None:
    """Whatever became of it: stopped for good, given to somebody else, or turned into a case."""

    async def tasks(**narrowed: str) -> list[tuple[str, bool]]:
        return [
            (t["state"], t["keeps_papers"]) for t in (await errand.agent.get("/v1/orders/tasks", **narrowed))["items"]
        ]

    assert await tasks() == [("accepted", False)]
    await errand.begin()
    assert await tasks() == [("in_service", True)]
    await errand.agent.post(f"{errand.path}/abort", {"reason": "needs_tradesman", "again": True})
    assert await tasks() == [("submitted", True)]
    second = await street.with_role("赵芳", "volunteer")
    await errand.dispatcher.post(f"{errand.path}/offer", {"volunteer_id": str(second.id)})
    await second.post(f"{errand.path}/accept")
    assert await tasks() == [("accepted", True)]
    assert [t["keeps_papers"] for t in (await second.get("/v1/orders/tasks"))["items"]] == [False]
    await errand.resident.post(f"{errand.path}/cancel", {"reason": "不办了"})
    assert await tasks() == [("cancelled", True)]
    assert await tasks(state="cancelled", place_id=str(street.world.east)) == [("cancelled", True)]
    assert await tasks(state="submitted") == await tasks(place_id=str(street.world.west)) == []
    assert (await second.get("/v1/orders/tasks"))["items"] == []
    for no in (1, 2):
        assert len(await tasks()) == 1
        await errand.agent.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [no]})
    assert await tasks() == []


async def test_papers_that_are_lost_wait_for_nobody_and_everybody_concerned_knows(
    street: Street, errand: Errand, later: Later
) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    await errand.begin()
    lost = {"papers": [2], "lost": "在公交车上遗失,已报失"}
    assert await errand.resident.refused(f"{errand.path}/papers/return", lost) == (403, "not-allowed")
    both = await errand.agent.refused(f"{errand.path}/papers/return", {**lost, "code": "123456"})
    assert both == (422, "invalid-input")
    await errand.agent.post(f"{errand.path}/papers/return", lost)
    await later(0)
    assert await told(errand.resident, "order.papers_lost") == ["收据:材料遗失,不能归还:照片 2 份"]
    for officer in (errand.dispatcher, secretary):
        assert await told(officer, "order.papers_lost_here") == ["有代办的材料报告遗失,请过问并协助居民补办"]
    items = (await errand.resident.get(f"{errand.path}/papers"))["items"]
    assert [(r["action_label"], r["by_label"], [(p["no"], p["out"]) for p in r["papers"]]) for r in items] == [
        ("代办员签收", "签收人", [(1, True), (2, False)]), ("遗失", "报失人", [(2, False)]),
    ]  # fmt: skip
    step = (await errand.resident.get(f"{errand.path}/history"))["items"][-1]
    assert step["note_label"] == "材料遗失:在公交车上遗失,已报失;材料 1 项"
    await errand.agent.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [1]})
    await errand.agent.post(f"{errand.path}/deliver", {"outcome": "已办好"})


async def test_an_errand_whose_authority_was_withdrawn_is_not_delivered(errand: Errand, later: Later) -> None:
    """It goes on under a new authority, or is broken off; the papers come back first."""
    await errand.begin()
    await errand.resident.post(f"{errand.path}/authority/withdraw")
    await later(0)
    assert any("请停止办理" in text for text in await told(errand.agent, "order.authority_withdrawn"))
    papers = await errand.agent.ask("POST", f"{errand.path}/deliver", {"outcome": "已办好"})
    assert (papers.status_code, papers.json()["code"]) == (409, "papers-out")
    assert "先凭归还码归还材料" in papers.json()["detail"]
    await errand.agent.post(f"{errand.path}/papers/return", {"code": await errand.return_code(), "papers": [1, 2]})
    refused = await errand.agent.ask("POST", f"{errand.path}/deliver", {"outcome": "已办好"})
    assert (refused.status_code, refused.json()["code"]) == (409, "no-authority")
    assert [one for one in ("recordAuthority", "abortOrder") if one not in refused.json()["detail"]] == []
    may = offered(await errand.agent.get(errand.path))
    assert ("deliver" in may, "abort" in may) == (False, True)
    await errand.authorise()
    assert "deliver" in offered(await errand.agent.get(errand.path))
    await errand.agent.post(f"{errand.path}/deliver", {"outcome": "已办好"})
    assert await errand.state() == "delivered"


async def test_an_errand_for_a_caller_without_a_phone(street: Street, later: Later) -> None:
    """Whoever placed it passes the authority on; papers go out and come back after a call, and every receipt says so."""
    station, colleague = [await street.with_role(who, "station_staff") for who in ("站长", "站员")]
    dispatcher, agent = await street.with_role("张敏", "dispatcher"), await street.with_role("李强", "volunteer")
    _, phone = await registered(street, station)
    wanted = await service_of(street.world, "errand", "代办老年证")
    body = {"channel": "walk_in", "service_id": wanted, "note": "想办老年证", "phone": phone}
    path = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    await dispatcher.post(f"{path}/offer", {"volunteer_id": str(agent.id)})
    await agent.post(f"{path}/accept")
    assert "record_authority" in offered(await station.get(path))
    given = {"text": "代我办理老年证", "until_at": soon()}
    assert await station.refused(f"{path}/authority", given) == (422, "authority-channel")
    by_phone = {**given, "channel": "phone"}
    assert await colleague.refused(f"{path}/authority", given) == (422, "authority-channel"), "whoever passes it on"
    await station.post(f"{path}/authority", by_phone)
    take = {"unverified": True, "papers": PAPERS}
    assert await agent.refused(f"{path}/papers", take) == (409, "not-reached")
    await colleague.post(f"{path}/contact", {"channel": "phone", "text": "老人在家,证件已备好"})
    await agent.post(f"{path}/papers", take)
    assert "contact" in offered(await station.get(path))
    back = {"unverified": True, "papers": [1, 2]}
    refused = await agent.ask("POST", f"{path}/papers/return", back)
    assert (refused.status_code, refused.json()["code"]) == (409, "not-reached"), "that call was before they went out"
    assert "交出材料" in refused.json()["detail"]
    await station.post(f"{path}/contact", {"channel": "phone", "text": "材料今天送回"})
    await agent.post(f"{path}/papers/return", back)
    await agent.post(f"{path}/deliver", {"outcome": "已办好"})
    papers = await station.get(f"{path}/papers")
    (authority,) = papers["authorities"]
    assert (authority["passed_on"], authority["channel"], authority["channel_label"]) == (True, "phone", "来电")
    assert [(r["action"], r["unverified"]) for r in papers["items"]] == [("handed_over", True), ("returned", True)]
    assert (await station.get(path))["unverified"]


async def test_a_callers_papers_come_back_through_the_community_and_by_the_card(street: Street) -> None:
    """The errand is over, so nobody calls about it any more: the dispatcher brings one back, the card opens for the other."""
    station = await street.with_role("站长", "station_staff")
    dispatcher, agent = await street.with_role("张敏", "dispatcher"), await street.with_role("李强", "volunteer")
    caller, phone = await registered(street, station)
    card_path = f"/v1/residents/{caller}/card"
    await station.post(card_path)
    card = (await station.get(card_path))["number"]
    wanted = await service_of(street.world, "errand", "代办老年证")
    body = {"channel": "phone", "service_id": wanted, "note": "想办老年证", "phone": phone}
    path = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    await dispatcher.post(f"{path}/offer", {"volunteer_id": str(agent.id)})
    await agent.post(f"{path}/accept")
    given = {"text": "代我办理老年证", "until_at": soon(), "channel": "walk_in"}
    await station.post(f"{path}/authority", given)
    await station.post(f"{path}/authority/withdraw")
    await station.post(f"{path}/authority", given)
    take = {"card": other(card).zfill(8), "papers": PAPERS}
    assert await agent.refused(f"{path}/papers", take) == (409, "start-code-wrong")
    await agent.post(f"{path}/papers", {**take, "card": card})
    await agent.post(f"{path}/abort", {"reason": "needs_tradesman", "again": False})
    assert await agent.refused(f"{path}/papers/return", {"unverified": True, "papers": [1]}) == (409, "not-reached")
    await agent.post(f"{path}/papers/return", {"card": card, "papers": [2]})
    await dispatcher.post(f"{path}/papers/return", {"unverified": True, "papers": [1]})
    found = (await dispatcher.get(f"{path}/papers"))["items"]
    assert [(r["action"], r["unverified"]) for r in found] == [
        ("handed_over", False), ("returned", False), ("returned", True),
    ]  # fmt: skip


async def test_an_agent_who_gives_the_errand_back_loses_the_authority(errand: Errand) -> None:
    await errand.authorise()
    await errand.agent.post(f"{errand.path}/release", {"reason": "生病"})
    given = (await errand.resident.get(f"{errand.path}/papers"))["authorities"]
    assert given[0]["ended_at"] is not None


async def test_receipts_are_for_both_sides_and_staff(street: Street, errand: Errand) -> None:
    await errand.begin()
    for stranger in (await street.with_role("孙丽", "volunteer"), await street.resident("邻居")):
        answer = await stranger.http.get(f"{errand.path}/papers")
        assert (answer.status_code, answer.json()["code"]) == (404, "order-not-found")
