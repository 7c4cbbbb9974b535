"""The table of bad input, by hand, at three operations: what must be refused, and what must come back as it was sent."""

import json
import unicodedata
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from app.kernel.ids import new_id
from tests.contract.actors import Cast
from tests.people import Someone

SOUND = {
    "a family of emoji": "👨‍👩‍👧‍👦 四口之家",
    "beyond the basic plane": "𠮷𠀀㐀",
    "combining": "cafe\u0301",
    "traditional": "繁體中文",
    "full-width": "１２号楼",
    "right to left": "مرحبا",
    "a flag and a skin": "🇨🇳👍🏽",
    "signs of LIKE": "100%_\\",
    "a formula": "=1+1",
    "markup": "<b>&amp;</b>",
    "SQL": "'; DROP TABLE matter; --",
}
WRONG = {
    "nothing": "",
    "zero-width only": "\u200b\u200d",
    "spaces only": "   ",
    "ideographic spaces only": "\u3000\u3000",
    "NUL": "a\x00b",
    "half a surrogate pair": "a\ud800b",
    "bidi override": "a\u202eb",
    "bidi isolate": "a\u2066b",
    "a bell": "a\x07b",
    "a number": 12,
    "true": True,
    "a list": ["a"],
}
UNREADABLE = {
    "GBK": '{"note":"中文"}'.encode("gbk"),
    "cut-off UTF-8": '{"note":"中'.encode()[:-1] + b'"}',
    "overlong UTF-8": b'{"note":"\xc0\xaf"}',
    "a byte order mark": b'\xef\xbb\xbf{"note":"a"}',
    "a key twice": b'{"note":"a","note":"b"}',
    "10^5000": b'{"stars":1' + b"0" * 5000 + b"}",
    "NaN": b'{"stars":NaN}',
}
WRONG_STARS = [-1, 0, 6, 2**31, 2**63, True, "5", "12", 1.0, 4.5, None, [5], {"stars": 5}]
WRONG_MOMENTS = [
    "2027-02-29T10:00:00+08:00", "2027-02-01T24:00:00+08:00", "2027-02-01T23:59:60+08:00", "2027-02-01T10:00:00",
    "2027-02-01", 1_700_000_000, "1700000000", "2027-02-01T10:00:00+25:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
    "",
]  # fmt: skip
PHONES = {
    "13812340001": "13812340001",
    "+8613812340002": "13812340002",
    "0086 138 1234 0003": "13812340003",
    "138-1234-0004": "13812340004",
    "１３８１２３４０００５": "13812340005",
    " 13812340006 ": "13812340006",
    "0351-6012345": "03516012345",
}


@pytest.fixture(scope="module")
async def cast(owner_url: str, api_url: str) -> AsyncIterator[Cast]:
    made = await Cast.assemble(owner_url, api_url)
    yield made
    await made.world.owner.close()


def pointers(answer: httpx.Response) -> list[str]:
    return [error["pointer"] for error in answer.json()["errors"]]


async def send(cast: Cast, method: str, path: str, body: Any) -> httpx.Response:
    """As escaped JSON, which can hold half a surrogate pair."""
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    return await cast.resident.http.request(method, path, content=json.dumps(body), headers=headers)


def order(cast: Cast, note: Any) -> dict[str, Any]:
    return {"service_id": cast.ids["service_id"], "note": note}


@pytest.mark.parametrize("what", SOUND)
async def test_text_comes_back_as_it_was_sent(cast: Cast, what: str) -> None:
    text = SOUND[what]
    kept = unicodedata.normalize("NFC", text)
    made = await cast.resident.post("/v1/orders", order(cast, text))
    assert (await cast.resident.get(f"/v1/orders/{made['id']}"))["note"] == kept
    await cast.resident.put("/v1/me", {"name": text, "address": f" {text}\u3000"})
    me = await cast.resident.get("/v1/me")
    assert (me["name"], me["address"]) == (kept, kept), "trimmed, and otherwise untouched"


async def test_a_rating_gives_the_reason_as_it_was_sent(cast: Cast) -> None:
    reason = "\n".join(SOUND.values())
    path = f"/v1/orders/{cast.ids['delivered']}"
    await cast.resident.post(f"{path}/rate", {"solved": "partly", "stars": 1, "reason": reason})
    assert (await cast.resident.get(path))["rating"]["reason"] == unicodedata.normalize("NFC", reason)


@pytest.mark.parametrize("what", WRONG)
async def test_such_text_is_refused_with_its_field(cast: Cast, what: str) -> None:
    rating = {"solved": "no", "stars": 1, "reason": WRONG[what]}
    for method, path, body, field in (
        ("POST", "/v1/orders", order(cast, WRONG[what]), "note"),
        ("PUT", "/v1/me", {"name": WRONG[what]}, "name"),
        ("POST", f"/v1/orders/{cast.ids['mine']}/rate", rating, "reason"),
    ):
        answer = await send(cast, method, path, body)
        assert (answer.status_code, pointers(answer)) == (422, [f"/body/{field}"])


async def test_lengths_are_counted_as_people_count(cast: Cast) -> None:
    assert (await cast.resident.ask("PUT", "/v1/me", {"name": "𠮷" * 30})).status_code == 200
    answer = await cast.resident.ask("PUT", "/v1/me", {"name": "𠮷" * 31})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "text-too-long")
    assert (await cast.resident.ask("PUT", "/v1/me", {"name": "长" * 60_000})).status_code == 422
    assert (await cast.resident.ask("PUT", "/v1/me", {"name": "a" * 10**6})).status_code == 413
    assert (await cast.resident.ask("PUT", "/v1/me", {"name": "a" * 10**7})).status_code == 413


@pytest.mark.parametrize("what", UNREADABLE)
async def test_what_is_no_sound_json_is_not_read(cast: Cast, what: str) -> None:
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    for method, path in (("POST", "/v1/orders"), ("PUT", "/v1/me"), ("POST", f"/v1/orders/{cast.ids['mine']}/rate")):
        answer = await cast.resident.http.request(method, path, content=UNREADABLE[what], headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed-json")


@pytest.mark.parametrize("stars", WRONG_STARS, ids=repr)
async def test_stars_are_whole_numbers_from_one_to_five(cast: Cast, stars: Any) -> None:
    path = f"/v1/orders/{cast.ids['delivered']}/rate"
    answer = await cast.resident.ask("POST", path, {"solved": "yes", "stars": stars})
    assert (answer.status_code, pointers(answer)) == (422, ["/body/stars"])


async def test_a_number_beyond_all_bounds(cast: Cast) -> None:
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "application/json"}
    body = b'{"solved":"yes","stars":1e999}'
    answer = await cast.resident.http.post(f"/v1/orders/{cast.ids['delivered']}/rate", content=body, headers=headers)
    assert answer.status_code in (400, 422)


@pytest.mark.parametrize(
    "field", ["state", "version", "requester_id", "volunteer_id", "place_id", "created_at", "role"]
)
async def test_fields_that_are_not_ones_to_set_are_refused(cast: Cast, field: str) -> None:
    for path, body in (("/v1/orders", order(cast, "x")), (f"/v1/orders/{cast.ids['mine']}/cancel", {})):
        answer = await cast.resident.ask("POST", path, {**body, field: "x"})
        assert (answer.status_code, pointers(answer)) == (422, [f"/body/{field}"])
    answer = await cast.resident.ask("PUT", "/v1/me", {field: "x"})
    assert answer.status_code == 422


@pytest.mark.parametrize("moment", WRONG_MOMENTS, ids=repr)
async def test_moments_that_are_none(cast: Cast, moment: Any) -> None:
    body = {"place_id": cast.ids["place_id"], "role": "volunteer", "person_id": str(cast.neighbour.id)}
    answer = await cast.administrator.ask("POST", "/v1/roles", {**body, "starts_at": moment})
    assert (answer.status_code, pointers(answer)) == (422, ["/body/starts_at"])


async def test_one_instant_however_it_is_written(cast: Cast) -> None:
    body = {"place_id": cast.ids["place_id"], "role": "station_staff", "person_id": str(cast.resident.id)}
    written = ("2028-02-29T10:00:00+08:00", "2028-02-29T02:00:00Z", "2028-02-29T07:30:00+05:30")
    for day, moment in enumerate(written, start=1):
        await cast.administrator.post(
            "/v1/roles", {**body, "starts_at": moment, "ends_at": f"2028-03-0{day}T00:00:00+08:00"}
        )
    holders = await cast.administrator.get("/v1/roles", place_id=body["place_id"], role="station_staff")
    assert [row["starts_at"] for row in holders["items"][-3:]] == ["2028-02-29T10:00:00+08:00"] * 3


@pytest.mark.parametrize("phone", PHONES)
async def test_phones_are_kept_in_one_form(api_url: str, cast: Cast, phone: str) -> None:
    """Of somebody new each: nobody changes theirs so often."""
    someone = await Someone.by_wechat(api_url, f"{phone}@{cast.ids['place_id']}")
    await someone.put("/v1/me", {"phone": phone})
    assert (await someone.get("/v1/me"))["phone"] == PHONES[phone]


@pytest.mark.parametrize(
    "phone", ["138123400010", "1381234000", "12812340001", "电话", "+1 202 555 0100", "138\n12340001"]
)
async def test_phones_that_are_none(cast: Cast, phone: str) -> None:
    answer = await cast.resident.ask("PUT", "/v1/me", {"phone": phone})
    assert (answer.status_code, pointers(answer)) == (422, ["/body/phone"])


@pytest.mark.parametrize("text", ["1 OR 1=1", "%2e%2e", "1", "{0}", "01985a3c7d1e7f008a6b2f4c5d6e7f80"])
async def test_ids_that_are_none(cast: Cast, text: str) -> None:
    answer = await cast.resident.http.get(f"/v1/orders/{text}")
    assert (answer.status_code, answer.json()["code"]) in ((422, "invalid-input"), (404, "no-such-path"))


async def test_ids_of_other_things_are_not_found(cast: Cast) -> None:
    upper = await cast.resident.get(f"/v1/orders/{cast.ids['mine'].upper()}")
    assert upper["id"] == cast.ids["mine"]
    for other in (cast.ids["service_id"], cast.ids["place_id"], str(cast.resident.id), cast.ids["grant_id"]):
        answer = await cast.resident.http.get(f"/v1/orders/{other}")
        assert (answer.status_code, answer.json()["code"]) == (404, "order-not-found")
        assert await cast.resident.refused(f"/v1/orders/{other}/cancel", {}) == (404, "order-not-found")


async def test_signs_of_like_find_themselves_only(cast: Cast) -> None:
    body = {"place_id": cast.ids["place_id"], "description": "x"}
    for name in ("打折100%", "下_划线", "反\\斜线", "平常"):
        await cast.administrator.post("/v1/services", {**body, "name": name})
    for sign, found in (("%", "打折100%"), ("_", "下_划线"), ("\\", "反\\斜线")):
        page = await cast.resident.get("/v1/services", place_id=cast.ids["place_id"], search=sign)
        assert [row["name"] for row in page["items"]] == [found]


async def test_a_refused_request_leaves_nothing(cast: Cast) -> None:
    tables = ("matter", "history", "audit", "idempotency", "outbox", "person", "role_grant")
    count = "SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables)
    before = await cast.world.owner.fetchrow(count)
    for text in WRONG.values():
        await send(cast, "POST", "/v1/orders", order(cast, text))
        await send(cast, "PUT", "/v1/me", {"name": text})
    await cast.resident.ask("POST", f"/v1/orders/{cast.ids['offered']}/rate", {"solved": "yes", "stars": 5})
    await cast.resident.ask("POST", "/v1/orders", order(cast, "a") | {"service_id": str(new_id())})
    assert await cast.world.owner.fetchrow(count) == before
