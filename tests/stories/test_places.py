"""The tree of places: read by everybody, changed from its top."""

from typing import Any

import httpx
import pytest

from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.conftest import Street

HEADER = "code,parent_code,level,name\n"


@pytest.fixture
async def top(street: Street) -> Someone:
    """The street's administrator, now at the top of the tree."""
    province = await street.world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
    await street.world.grant(street.administrator.id, Role.ADMINISTRATOR, province)
    return street.administrator


async def code_of(street: Street, place: str = "street") -> str:
    return await street.world.owner.fetchval("SELECT code FROM place WHERE id = $1", getattr(street.world, place))


async def upload(someone: Someone, lines: str | bytes, **query: Any) -> httpx.Response:
    content = lines if isinstance(lines, bytes) else (HEADER + lines).encode()
    headers = {"Idempotency-Key": str(new_id()), "Content-Type": "text/csv"}
    return await someone.http.post("/v1/places/import", content=content, headers=headers, params=query)


async def names(someone: Someone, **query: Any) -> list[str]:
    return [row["name"] for row in (await someone.get("/v1/places", **query))["items"]]


async def test_the_tree_is_walked_from_above(street: Street) -> None:
    resident = await street.resident("王秀英")
    assert "试验省" in await names(resident)
    assert await names(resident, parent_id=str(street.world.street)) == ["东社区", "西社区"]
    assert await names(resident, parent_id=str(street.world.east)) == []


async def test_a_place_is_found_by_id_and_by_code_with_all_above_it(street: Street) -> None:
    resident = await street.resident("王秀英")
    by_id = await resident.get(f"/v1/places/{street.world.east}")
    assert by_id == await resident.get(f"/v1/places/{await code_of(street, 'east')}")
    assert [place["name"] for place in by_id["ancestors"]] == ["试验省", "试验街道"]
    assert (by_id["level"], by_id["level_label"], by_id["children"]) == ("community", "社区", 0)
    assert (await resident.get(f"/v1/places/{street.world.street}"))["children"] == 2
    for unknown in (str(new_id()), "990000000000", "no-such"):
        answer = await resident.http.get(f"/v1/places/{unknown}")
        assert (answer.status_code, answer.json()["code"]) == (404, "place-not-found")


async def test_what_is_neither_id_nor_code_is_a_fault_of_the_place(street: Street) -> None:
    answer = await (await street.resident("王秀英")).http.get("/v1/places/西峪")
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/path/place"}


async def test_places_are_searched_below_a_place(street: Street, top: Someone) -> None:
    code = await code_of(street)
    await upload(top, f"{code}101,{code},community,一百%社区\n{code}102,{code},community,百花社区\n")
    parent = str(street.world.street)
    assert await names(top, parent_id=parent, search="百") == ["一百%社区", "百花社区"]
    assert await names(top, parent_id=parent, search="%") == ["一百%社区"]
    assert await names(top, parent_id=parent, search="没有的") == []
    assert await names(top, parent_id=parent, level="building") == []


async def test_a_long_list_of_places_comes_in_pages(street: Street, top: Someone) -> None:
    code = await code_of(street)
    await upload(top, "".join(f"{code}{n},{code},community,第{n}社区\n" for n in range(100, 123)))
    found, cursor = [], None
    while True:
        query = {"parent_id": str(street.world.street), "limit": 10, **({"cursor": cursor} if cursor else {})}
        page = await top.get("/v1/places", **query)
        found += [row["code"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == 25
    assert found == sorted(set(found))


async def test_who_has_not_logged_in_sees_no_places(street: Street) -> None:
    async with httpx.AsyncClient(base_url=street.api_url) as http:
        assert (await http.get("/v1/places")).status_code == 401


async def test_an_import_is_tried_first_then_done_and_then_changes_nothing(street: Street, top: Someone) -> None:
    code = await code_of(street)
    lines = f"{code},99,street,试验街道\n{code}001,{code},community,东社区(新)\n{code}003,{code},community,南社区\n"
    trial = (await upload(top, lines, dry_run="true")).json()
    assert (trial["dry_run"], trial["written"]) == (True, False)
    assert (trial["lines"], trial["created"], trial["renamed"], trial["unchanged"]) == (3, 1, 1, 1)
    assert await names(top, parent_id=str(street.world.street)) == ["东社区", "西社区"], "nothing is written yet"
    done = (await upload(top, lines)).json()
    assert (done["written"], done["created"], done["renamed"], done["absent_in_file"]) == (True, 1, 1, 1)
    assert await names(top, parent_id=str(street.world.street)) == ["东社区(新)", "西社区", "南社区"]
    again = (await upload(top, lines)).json()
    assert (again["created"], again["renamed"], again["moved"], again["unchanged"]) == (0, 0, 0, 3)


async def test_an_imported_community_is_a_home_at_once(street: Street, top: Someone) -> None:
    code = await code_of(street)
    await upload(top, f"{code}009,{code},community,新社区\n")
    new = (await top.get(f"/v1/places/{code}009"))["id"]
    resident = await street.resident("王秀英")
    await resident.post("/v1/me/community", {"place_id": new, "address": "新社区 1 号楼"})
    order = await resident.post("/v1/orders", {"service_id": street.service_id, "note": "x"})
    assert (await resident.get(f"/v1/orders/{order['id']}"))["place_name"] == "新社区"
    assert (await top.http.get(f"/v1/orders/{order['id']}")).status_code == 200, "and below the street at once"


async def test_every_bad_line_is_named_and_none_is_written(street: Street, top: Someone) -> None:
    code = await code_of(street)
    lines = (
        f"{code}004,{code},community,好的\n{code}005,{code},village,级别不对\n{code}00X,{code},community,代码不对\n"
        f"{code}006,{code},community,\n{code}004,{code},community,重复\n"
    )
    answer = await upload(top, lines)
    assert (answer.status_code, answer.json()["code"]) == (422, "import-refused")
    assert {(e["pointer"], e["code"]) for e in answer.json()["errors"]} == {
        ("/lines/3", "level-unknown"), ("/lines/4", "code-wrong"), ("/lines/5", "name-empty"), ("/lines/6", "code-repeated"),
    }  # fmt: skip
    assert all(error["message"] for error in answer.json()["errors"])
    trial = (await upload(top, lines, dry_run="true")).json()
    assert [line["line"] for line in trial["bad_lines"]] == [3, 4, 5, 6]
    assert await names(top, parent_id=str(street.world.street)) == ["东社区", "西社区"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ((HEADER + "990000001,99,street,神堂沟街道\n").encode("gbk"), "import-not-utf8"),
        ((HEADER + "990000001,99,street,神堂沟街道\n").encode("utf-16"), "import-not-utf8"),
        ("编号,名称\n1,街道\n".encode(), "import-header-wrong"),
        (b"", "import-header-wrong"),
    ],
)
async def test_a_file_that_is_none_is_refused_as_a_whole(top: Someone, content: bytes, code: str) -> None:
    answer = await upload(top, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["detail"]


async def test_the_tree_is_not_the_streets_to_change(street: Street) -> None:
    code = await code_of(street)
    for someone in (
        street.administrator,
        await street.with_role("刘书记", "secretary"),
        await street.resident("王秀英"),
    ):
        answer = await upload(someone, f"{code}008,{code},community,自立社区\n")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert await names(street.administrator, parent_id=str(street.world.street)) == ["东社区", "西社区"]


async def test_a_place_says_where_its_station_is_and_whom_to_ring(street: Street) -> None:
    """Also to who lives in an estate of it; what the street says holds where nobody nearer said anything."""
    resident, secretary = await street.resident("王秀英"), await street.with_role("刘书记", "secretary")
    estate = await street.world.estate(street.world.east, "东园", "old")

    async def shown(place: Any) -> tuple[str, ...] | None:
        station = (await resident.get(f"/v1/places/{place}"))["station"]
        return station and tuple(station[name] for name in ("place_name", "phone", "address"))

    assert await shown(street.world.east) is None
    at_street = {"phone": "0351 601-0000", "address": "街道 1 号"}
    await street.administrator.put(f"/v1/places/{street.world.street}/station", at_street)
    east, of_street = f"/v1/places/{street.world.east}/station", ("试验街道", "03516010000", "街道 1 号")
    assert await shown(estate) == await shown(street.world.west) == of_street
    here = {"phone": "03516010001", "address": "东街 3 号"}
    for somebody in (
        resident,
        await street.with_role("西书记", "secretary", "west"),
        await street.with_role("张敏", "dispatcher"),
    ):
        answer = await somebody.ask("PUT", east, here)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    await secretary.put(east, here)
    assert await shown(estate) == ("东社区", "03516010001", "东街 3 号")
    answer = await secretary.ask("PUT", east, here)
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing-changed")
    await secretary.put(east, {**here, "phone": "03516010002"})
    assert await shown(street.world.east) == ("东社区", "03516010002", "东街 3 号")
    assert await shown(street.world.west) == of_street
