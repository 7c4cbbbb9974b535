"""What others read holds no refused term: the administrators of a place keep the list, and it holds there and below."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.people import Someone
from tests.stories.conftest import Street

TERMS = "/v1/refused-terms"
FIT, UNFIT = "周三上午想请人陪我去医院取药", "想请人陪我取药,谢谢。加 微*信:abc"


async def refuse(street: Street, term: str, at: str = "east", **more: str) -> str:
    body = {"place_id": str(getattr(street.world, at)), "term": term, **more}
    receipt = await street.administrator.post(TERMS, body)
    assert (receipt["state"], receipt["version"]) == ("add", 1)
    return receipt["id"]


async def order(street: Street, resident: Someone, note: str = FIT) -> str:
    body = {"service_id": street.service_id, "note": note}
    return (await resident.post("/v1/orders", body))["id"]


async def unfit(someone: Someone, path: str, body: dict[str, Any]) -> list[str]:
    """The fields for which the text is refused."""
    answer = await someone.ask("POST", path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "text-refused"), answer.text
    assert answer.json()["title"] == "这段文字含有不宜发布的内容,请修改"
    assert {(error["code"], error["message"]) for error in answer.json()["errors"]} == {
        ("text-refused", "这段文字含有不宜发布的内容,请修改")
    }
    return [error["pointer"] for error in answer.json()["errors"]]


async def test_a_term_holds_where_it_was_added_until_it_is_removed(street: Street) -> None:
    grandma, neighbour = await street.resident("王秀英"), await street.resident("西居民", "west")
    await order(street, grandma, UNFIT)
    term = await refuse(street, "加微信", reason="广告")

    placing = {"service_id": street.service_id, "note": UNFIT}
    assert await unfit(grandma, "/v1/orders", placing) == ["/body/note"]
    assert len((await grandma.get("/v1/orders/mine"))["items"]) == 1, "nothing is stored"
    stored = "SELECT count(*) FROM idempotency WHERE actor_id = $1 AND operation = 'placeOrder'"
    assert await street.world.owner.fetchval(stored, grandma.id) == 1
    await order(street, neighbour, UNFIT)
    await order(street, grandma, FIT)

    assert (await street.administrator.post(f"{TERMS}/{term}/remove"))["state"] == "remove"
    await order(street, grandma, UNFIT)
    assert await street.administrator.refused(f"{TERMS}/{term}/remove") == (409, "term-already-removed")


async def test_the_answer_does_not_say_which_term_it_was(street: Street) -> None:
    grandma = await street.resident("王秀英")
    await refuse(street, "加微信")
    answer = await grandma.ask("POST", "/v1/orders", {"service_id": street.service_id, "note": UNFIT})
    assert "微信" not in answer.text


async def test_the_corrected_text_goes_through_under_the_same_key(street: Street) -> None:
    """A refusal is no receipt: the key is free until something is done under it."""
    grandma, key = await street.resident("王秀英"), str(uuid4())
    term = await refuse(street, "加微信")
    texts = {note: {"service_id": street.service_id, "note": note} for note in (UNFIT, FIT)}
    for _ in range(2):
        assert (await grandma.ask("POST", "/v1/orders", texts[UNFIT], key)).json()["code"] == "text-refused"
    done = await grandma.ask("POST", "/v1/orders", texts[FIT], key)
    assert done.status_code == 200
    assert (await grandma.ask("POST", "/v1/orders", texts[UNFIT], key)).json()["code"] == "idempotency-key-reused"

    await street.administrator.post(f"{TERMS}/{term}/remove")
    await refuse(street, "陪我去医院")
    again = await grandma.ask("POST", "/v1/orders", texts[FIT], key)
    assert again.json() == done.json(), "what was done is repeated, whatever is refused by now"


async def test_a_term_of_the_street_holds_in_its_communities_and_one_of_a_community_not_above(street: Street) -> None:
    neighbour = await street.resident("西居民", "west")
    await refuse(street, "加微信", "street")
    await refuse(street, "刷单", "west")
    for note in (UNFIT, "在家刷单"):
        assert await unfit(neighbour, "/v1/orders", {"service_id": street.service_id, "note": note}) == ["/body/note"]
    service = {"place_id": str(street.world.street), "name": "在家刷单", "description": "日结"}
    await street.administrator.post("/v1/services", service)
    service |= {"place_id": str(street.world.west), "description": "扫码加微信"}
    assert await unfit(street.administrator, "/v1/services", service) == ["/body/description", "/body/name"]


async def test_whatever_others_read_of_an_order_is_compared(street: Street) -> None:
    grandma = await street.resident("王秀英")
    volunteer = await street.with_role("李强", "volunteer")
    secretary = await street.with_role("刘书记", "secretary")
    path = f"/v1/orders/{await order(street, grandma)}"
    await refuse(street, "加微信")
    text = {"text": UNFIT}
    when = "2099-01-01T09:00:00+08:00"
    for someone, what, body, fields in (
        (secretary, "contact", {"channel": "phone", **text}, ["text"]),
        (secretary, "reply", text, ["text"]),
        (secretary, "questions", {"question": UNFIT}, ["question"]),
        (grandma, "answer", {"question_id": str(uuid4()), **text}, ["text"]),
        (secretary, "plan", {**text, "steps": [FIT, UNFIT], "promised_at": when}, ["steps/1", "text"]),
        (secretary, f"deadlines/{uuid4()}/pause", {"until_at": when, **text}, ["text"]),
        (grandma, f"pauses/{uuid4()}/dispute", text, ["text"]),
        (secretary, f"pauses/{uuid4()}/decision", {"upheld": True, **text}, ["text"]),
        (grandma, "cancel", {"reason": UNFIT}, ["reason"]),
    ):
        assert await unfit(someone, f"{path}/{what}", body) == [f"/body/{field}" for field in fields], what
    await secretary.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{path}/accept")
    await volunteer.post(f"{path}/start", {"code": (await grandma.get(path))["start_code"]})
    assert await unfit(volunteer, f"{path}/deliver", {"outcome": UNFIT}) == ["/body/outcome"]
    await volunteer.post(f"{path}/deliver", {"outcome": "已陪同"})
    rating = {"solved": "no", "stars": 1}
    assert await unfit(grandma, f"{path}/rate", {**rating, "reason": UNFIT}) == ["/body/reason"]
    await grandma.post(f"{path}/rate", {"solved": "yes", "stars": 5})
    assert (await grandma.get(f"{path}/posts"))["items"] == []


async def test_what_one_does_not_see_stays_missing_whatever_one_writes(street: Street) -> None:
    stranger = await street.resident("西居民", "west")
    path = f"/v1/orders/{await order(street, await street.resident('王秀英'))}/reply"
    await refuse(street, "加微信", "street")
    assert await stranger.refused(path, {"text": UNFIT}) == (404, "order-not-found")


async def test_a_list_is_imported_whole_reported_and_may_be_sent_again(street: Street) -> None:
    grandma = await street.resident("王秀英")
    await refuse(street, "刷单")
    given = ["加微信", "刷 单", "赌球", "加*微*信"]
    body, key = {"place_id": str(street.world.east), "terms": given, "reason": "广告和赌博"}, str(uuid4())
    first = await street.administrator.ask("POST", f"{TERMS}/import", body, key)
    counts = {"given": 4, "added": 2, "already_there": 1, "repeated": 1}
    assert {name: first.json()[name] for name in counts} == counts
    assert (await street.administrator.ask("POST", f"{TERMS}/import", body, key)).json() == first.json()
    assert await unfit(grandma, "/v1/orders", {"service_id": street.service_id, "note": UNFIT}) == ["/body/note"]

    again = await street.administrator.post(f"{TERMS}/import", body)
    assert {name: again[name] for name in counts} == {**counts, "added": 0, "already_there": 3}
    answer = await street.administrator.ask("POST", f"{TERMS}/import", {**body, "terms": ["贷款秒批", "赌。"]})
    assert (answer.status_code, answer.json()["code"]) == (422, "term-too-short")
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/body/terms/1"]
    shown = (await street.administrator.get(TERMS, place_id=str(street.world.east)))["items"]
    assert {item["term"] for item in shown} == {"刷单", "加微信", "赌球"}


async def test_the_list_is_read_page_by_page_searched_and_keeps_what_was_removed(street: Street) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    east, west = str(street.world.east), str(street.world.west)
    own = await refuse(street, "加微信", reason="广告")
    await refuse(street, "微信群", "street")
    await refuse(street, "刷单", "west")
    gone = await refuse(street, "赌球")
    await street.administrator.post(f"{TERMS}/{gone}/remove")

    async def terms(someone: Someone, **query: str) -> list[str]:
        return [item["term"] for item in (await someone.get(TERMS, **query))["items"]]

    assert await terms(secretary, place_id=east) == ["微信群", "加微信"], "its own, and what holds from above"
    assert await terms(secretary, place_id=west) == ["微信群"], "a neighbour's own are not shown"
    assert await terms(street.administrator, place_id=west) == ["刷单", "微信群"]
    assert await terms(secretary, place_id=east, search="加-微") == ["加微信"]
    assert await terms(secretary, place_id=east, search="%") == []
    (removed,) = (await secretary.get(TERMS, place_id=east, ended="true"))["items"]
    by = str(street.administrator.id)
    assert (removed["id"], removed["added_by"], removed["ended_by"]) == (gone, by, by)
    assert removed["added_at"] < removed["ended_at"]

    first = await secretary.get(TERMS, place_id=east, limit=1)
    second = await secretary.get(TERMS, place_id=east, limit=1, cursor=first["next_cursor"])
    assert [page["items"][0]["term"] for page in (first, second)] == ["微信群", "加微信"]
    assert (second["next_cursor"], second["items"][0]["id"], second["items"][0]["reason"]) == (None, own, "广告")


async def test_administrators_of_the_place_keep_it_and_nobody_else(street: Street) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    west = await street.with_role("西管理员", "administrator", "west")
    grandma = await street.resident("王秀英")
    own, above = await refuse(street, "加微信"), await refuse(street, "刷单", "street")
    body = {"place_id": str(street.world.east), "term": "赌球"}
    many = {"place_id": str(street.world.east), "terms": ["赌球"]}
    for someone in (secretary, west, grandma):
        assert await someone.refused(TERMS, body) == (403, "not-allowed")
        assert await someone.refused(f"{TERMS}/import", many) == (403, "not-allowed")
    for someone in (secretary, west, grandma):
        for term in (own, above):
            assert await someone.refused(f"{TERMS}/{term}/remove") == (404, "term-not-found"), "even if it is shown"
    dispatcher = await street.with_role("张敏", "dispatcher")
    shown = (await dispatcher.get(TERMS, place_id=str(street.world.east)))["items"]
    assert {term["id"] for term in shown} == {own, above}, "who is asked why a text was refused"
    assert (await grandma.get(TERMS, place_id=str(street.world.east)))["items"] == []


async def test_of_many_who_remove_or_add_it_at_once_one_does(street: Street) -> None:
    term = await refuse(street, "加微信")
    body = {"place_id": str(street.world.east), "term": "加微信"}
    for path, sent, late in (
        (f"{TERMS}/{term}/remove", None, "term-already-removed"),
        (TERMS, body, "term-already-refused"),
    ):
        answers = await asyncio.gather(*(street.administrator.ask("POST", path, sent) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {late}


@pytest.mark.parametrize("again", ["加微信", "加 微 信", "加*微*信"])
async def test_the_same_term_is_added_once_and_again_after_its_removal(street: Street, again: str) -> None:
    term = await refuse(street, "加微信")
    body = {"place_id": str(street.world.east), "term": again}
    assert await street.administrator.refused(TERMS, body) == (409, "term-already-refused")
    await street.administrator.post(f"{TERMS}/{term}/remove")
    assert await refuse(street, again) != term
