"""Finding orders: filters, what goes late first, Chinese search within one's scope, and a period as a spreadsheet."""

import io
from datetime import datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook

from app.api.spreadsheet import COLUMNS
from app.domain.orders import finding
from app.domain.orders.models import Reject
from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.test_lists import flat, pages

TODAY = datetime.now(CHINA).date()


async def order(street: Street, resident: Someone, note: str = "请帮忙", **more: Any) -> str:
    body = {"service_id": street.service_id, "note": note, **more}
    return (await resident.post("/v1/orders", body))["id"]


async def found(someone: Someone, search: str, **more: Any) -> list[str]:
    return flat(await pages(someone, "/v1/orders/search", 2, search=search, **more))


# ── filters ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_lists_are_narrowed_by_service_and_day(street: Street) -> None:
    resident = await street.resident("王秀英")
    first = await order(street, resident)
    body = {"place_id": str(street.world.east), "name": "理发", "description": "上门理发"}
    other = await street.administrator.post("/v1/services", body)
    second = await order(street, resident, service_id=other["id"])
    assert flat(await pages(resident, "/v1/orders/mine", 5, service_id=other["id"])) == [second]
    today, tomorrow = str(TODAY), str(TODAY + timedelta(days=1))
    assert flat(await pages(resident, "/v1/orders/mine", 5, **{"from": today, "until": tomorrow})) == [second, first]
    assert flat(await pages(resident, "/v1/orders/mine", 5, until=today)) == [], "until is not included"
    refused = await resident.http.get("/v1/orders/mine", params={"from": today, "until": today})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/query/until")


async def test_the_pool_shows_what_goes_late_first(street: Street, later: Later) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    old = await order(street, resident)
    await dispatcher.post(f"/v1/orders/{old}/contact", {"channel": "phone", "text": "已通话"})
    await dispatcher.post(f"/v1/orders/{old}/reply", {"text": "正在找人"})
    await later(60)
    young = await order(street, resident)
    await later(120)
    youngest = await order(street, resident)
    listed = [young, youngest, old]
    assert flat(await pages(dispatcher, "/v1/orders/pool", 10)) == listed, (
        "the older was answered: its next limit is hours away"
    )
    assert flat(await pages(dispatcher, "/v1/orders/pool", 1)) == listed, "page by page as well"
    assert flat(await pages(dispatcher, "/v1/orders/pool", 10, overdue="true")) == []
    await later(60 + 1201)
    assert flat(await pages(dispatcher, "/v1/orders/pool", 10, overdue="true")) == [young]
    assert flat(await pages(resident, "/v1/orders/mine", 10, overdue="true")) == [young]
    due = [row["due_at"] for row in (await dispatcher.get("/v1/orders/pool"))["items"]]
    assert due == sorted(due)


async def test_the_pool_is_narrowed_by_place_and_state(street: Street) -> None:
    east, west = await street.resident("东边的人"), await street.resident("西边的人", "west")
    head = await street.with_role("街道派单员", "dispatcher", "street")
    volunteer = await street.with_role("李强", "volunteer")
    here, there = await order(street, east), await order(street, west)
    assert flat(await pages(head, "/v1/orders/pool", 1)) == [here, there]
    assert flat(await pages(head, "/v1/orders/pool", 5, place_id=str(street.world.west))) == [there]
    await head.post(f"/v1/orders/{here}/offer", {"volunteer_id": str(volunteer.id)})
    assert flat(await pages(head, "/v1/orders/pool", 5, state="offered")) == [here]
    assert flat(await pages(head, "/v1/orders/pool", 5, state="accepted")) == [], "what is served waits for nobody"
    assert flat(await pages(volunteer, "/v1/orders/tasks", 5, place_id=str(street.world.east))) == [here]
    assert flat(await pages(volunteer, "/v1/orders/tasks", 5, place_id=str(street.world.west))) == []


# ── search ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("search", "hits"),
    [
        ("药", [0, 2]),
        ("取药", [0]),
        ("医院取药", [0]),
        ("陪同就医", [0, 1, 2]),
        ("取药 医院", [0]),
        ("药取", []),
        ("院药", []),
        ("wifi", [1]),
        ("WiFi", [1]),
        ("ＷＩＦＩ", [1]),
        ("%", []),
        ("买药 退烧", [2]),
    ],
)
async def test_words_of_any_length_are_found(street: Street, search: str, hits: list[int]) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    notes = ("请陪我去医院取药", "家里的 WiFi 连不上", "帮忙买药,退烧用")
    made = [await order(street, resident, note) for note in notes]
    for someone in (resident, dispatcher, street.administrator):
        assert await found(someone, search) == [made[hit] for hit in sorted(hits, reverse=True)]


async def test_what_was_done_is_found_too(street: Street) -> None:
    resident, volunteer = await street.resident("王秀英"), await street.with_role("李强", "volunteer")
    made = await order(street, resident)
    path = f"/v1/orders/{made}"
    await street.administrator.post(f"{path}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{path}/accept")
    await volunteer.post(f"{path}/start", {"code": (await resident.get(path))["start_code"]})
    await volunteer.post(f"{path}/deliver", {"outcome": "换好了水龙头"})
    for someone in (resident, volunteer):
        assert await found(someone, "水龙头") == [made]
        assert await found(someone, "水龙头", state="submitted") == []


async def test_an_order_is_found_by_its_number_and_by_the_phone_of_its_contact(street: Street) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    phone = f"137{street.world.street.int % 10**8:08d}"
    on_file = await order(street, resident)
    given = await order(street, resident, contact={"phone": phone})
    assert await found(dispatcher, on_file) == [on_file]
    assert await found(dispatcher, f"{phone[:3]} {phone[3:7]}-{phone[7:]}") == [given]
    own = (await resident.get("/v1/me"))["phone"]
    assert await found(dispatcher, own) == [on_file]
    assert await found(dispatcher, phone[:7]) == [], "a phone is found whole or not at all"


async def test_nobody_finds_what_is_somebody_elses(street: Street) -> None:
    resident, neighbour = await street.resident("王秀英"), await street.resident("李大爷")
    volunteer = await street.with_role("李强", "volunteer")
    western = await street.with_role("西站", "station_staff", "west")
    there = await street.with_role("西派单员", "dispatcher", "west")
    former = await street.with_role("老张", "dispatcher")
    made = await order(street, resident, "请陪我去医院取药")
    (role,) = (await former.get("/v1/me"))["roles"]
    assert await found(former, "取药") == [made]
    await street.administrator.post(f"/v1/roles/{role['id']}/revoke")
    phone = (await resident.get("/v1/me"))["phone"]
    for somebody in (neighbour, volunteer, western, there, former):
        for search in ("药", "取药", "医院取药", "陪同", made, phone):
            assert await found(somebody, search) == [], somebody.name
            assert await found(somebody, search, place_id=str(street.world.east)) == []
    assert await found(resident, "取药") == [made]


async def test_the_station_finds_what_is_under_way(street: Street) -> None:
    """Page by page, among what has ended, which it does not see."""
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    station, volunteer = await street.with_role("小站", "station_staff"), await street.with_role("李强", "volunteer")
    there = await street.with_role("西站", "station_staff", "west")
    phone = f"137{street.world.street.int % 10**8:08d}"
    asked = {"note": "请陪我去医院取药", "contact": {"phone": phone}}
    made = await order(street, resident, **asked)
    await dispatcher.post(f"/v1/orders/{made}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"/v1/orders/{made}/accept")
    for _ in range(3):
        await resident.post(f"/v1/orders/{await order(street, resident, **asked)}/cancel", {})
    for search in ("取药", "药", made, phone):
        assert await found(station, search) == [made]
        assert await found(there, search) == []
    code = (await resident.get(f"/v1/orders/{made}"))["start_code"]
    await volunteer.post(f"/v1/orders/{made}/start", {"code": code})
    assert await found(station, "取药") == [made]
    await volunteer.post(f"/v1/orders/{made}/deliver", {"outcome": "取到了"})
    assert await found(station, "取药") == [made]
    await resident.post(f"/v1/orders/{made}/rate", {"solved": "yes", "stars": 5})
    assert await found(station, "取药") == []


# ── a spreadsheet ────────────────────────────────────────────────────────────────────────────────────────────────

FORMULAS = ("=1+1", "+86 就诊", "-2 楼", "@SUM(A1)", '=HYPERLINK("x")', "第一行\n\t第二行", "=cmd|' /C calc'!A0")


async def test_a_period_is_exported_as_texts(street: Street) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    made = [await order(street, resident, note) for note in FORMULAS]
    await resident.post(f"/v1/orders/{made[0]}/cancel", {"reason": "=不用了"})
    paid = {"reason": "paid_trade", "other_help": "=街道便民服务中心"}
    await dispatcher.post(f"/v1/orders/{made[1]}/reject", paid)
    period = {"from": str(TODAY), "until": str(TODAY + timedelta(days=1)), "place_id": str(street.world.east)}
    answer = await dispatcher.http.get("/v1/orders/export", params=period)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert ".xlsx" in answer.headers["content-disposition"]
    sheet = load_workbook(io.BytesIO(answer.content)).active
    header, *rows = list(sheet.iter_rows())
    assert [cell.value for cell in header] == [name for name, _, _ in COLUMNS]
    assert [row[0].value for row in rows] == made
    assert [row[5].value for row in rows] == list(FORMULAS)
    assert rows[0][1].value == "已取消"
    assert rows[0][10].value == "=不用了"
    assert [cell.value for cell in rows[1][11:13]] == [Reject.PAID_TRADE.label, "=街道便民服务中心"]
    for row in rows:
        for cell in row:
            assert cell.data_type in ("s", "n", "d"), "never a formula"
            assert not isinstance(cell.value, str) or cell.quotePrefix, "and none when somebody edits it"
    text = str([[cell.value for cell in row] for row in rows])
    me = await resident.get("/v1/me")
    assert not [secret for secret in (me["name"], me["phone"], me["address"]) if secret in text]
    audit = await street.world.owner.fetchrow(
        "SELECT * FROM audit WHERE action = 'export' AND place_id = $1", street.world.east
    )
    assert (audit["actor_id"], audit["note"].count(f'"rows": {len(FORMULAS)}')) == (dispatcher.id, 1)


async def test_an_export_is_for_staff_of_the_place(street: Street) -> None:
    resident = await street.resident("王秀英")
    there = await street.with_role("西派单员", "dispatcher", "west")
    await order(street, resident)
    period = {"from": str(TODAY), "until": str(TODAY + timedelta(days=1)), "place_id": str(street.world.east)}
    for somebody in (resident, there):
        answer = await somebody.http.get("/v1/orders/export", params=period)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    nowhere = {**period, "place_id": street.service_id}
    assert (await there.http.get("/v1/orders/export", params=nowhere)).json()["code"] == "place-not-found"


async def test_too_many_orders_are_not_exported(street: Street, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_EXPORTED", 3)
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    period = {"from": str(TODAY), "until": str(TODAY + timedelta(days=1)), "place_id": str(street.world.east)}
    for expected in (200, 200, 200, 422):
        await order(street, resident)
        answer = await dispatcher.http.get("/v1/orders/export", params=period)
        assert answer.status_code == expected
    assert answer.json()["code"] == "export-too-large"
    exports = "SELECT count(*) FROM audit WHERE action = 'export' AND place_id = $1"
    assert await street.world.owner.fetchval(exports, street.world.east) == 3
