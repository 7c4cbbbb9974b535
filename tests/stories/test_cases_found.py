"""Cases are found by what is written on them, each in their own sight (查找)."""

from app.kernel.rules import Role
from tests.stories.casework import RESULT, reported
from tests.stories.conftest import Street


async def found(someone, search: str, **more: str) -> list[str]:
    return [row["id"] for row in (await someone.get("/v1/cases/search", search=search, **more))["items"]]


async def test_officers_find_in_their_places_and_residents_their_own(street: Street) -> None:
    grandmother, neighbour = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    western = await street.with_role("西书记", Role.SECRETARY, "west")
    lamp = (await reported(grandmother)).rpartition("/")[2]
    noise = (await reported(neighbour, category="noise", words="楼下夜里施工,吵得睡不着", spot=None)).rpartition("/")[2]
    assert await found(secretary, "路灯") == [lamp]
    assert await found(secretary, "施工 睡不着") == [noise]
    assert await found(chief, "噪音扰民") == [noise], "by the category's name"
    assert await found(chief, "灯") == [lamp]
    assert await found(chief, lamp) == [lamp]
    assert await found(western, "路灯") == []
    assert await found(western, lamp) == []
    assert await found(grandmother, "路灯") == [lamp]
    assert await found(grandmother, "施工") == []
    await neighbour.post(f"/v1/cases/{lamp}/join", {"words": "我也看不清路"})
    assert await found(neighbour, "路灯") == [lamp]
    assert await found(secretary, "路灯", category="noise") == []
    assert await found(secretary, "路灯", state="reported") == [lamp]


async def test_a_result_is_found_too_and_pages_go_on(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    cases = [await reported(grandmother, words=f"第 {n} 盏路灯不亮") for n in range(3)]
    await secretary.post(f"{cases[1]}/triage", {"lane": "small"})
    await secretary.post(f"{cases[1]}/result", RESULT)
    assert await found(secretary, "更换灯泡") == [cases[1].rpartition("/")[2]]
    first = await secretary.get("/v1/cases/search", search="路灯", limit=2)
    rest = await secretary.get("/v1/cases/search", search="路灯", limit=2, cursor=first["next_cursor"])
    seen = [row["id"] for row in (*first["items"], *rest["items"])]
    assert seen == [case.rpartition("/")[2] for case in reversed(cases)]
    assert rest["next_cursor"] is None


async def test_lists_are_narrowed(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    lamp, danger = await reported(grandmother), await reported(grandmother, category="danger", words="煤气味")
    await secretary.post(f"{lamp}/triage", {"lane": "hard"})
    for narrowed, wanted in (
        ({"lane": "hard"}, [lamp]),
        ({"emergency": "true"}, [danger]),
        ({"level": "street"}, []),
        ({"state": "handling"}, [lamp]),
        ({"category": "danger"}, [danger]),
        ({"held_by": str(street.world.east)}, []),
    ):
        items = (await secretary.get("/v1/cases", **narrowed))["items"]
        assert [f"/v1/cases/{row['id']}" for row in items] == wanted, narrowed


async def test_a_search_refuses_what_it_does_not_narrow_by(street: Street) -> None:
    """A list knows more filters; one that a search left aside without a word would show what was not asked for."""
    grandmother = await street.resident("王奶奶")
    asked = {"search": "路灯", "lane": "hard"}
    assert (await grandmother.http.get("/v1/cases/search", params=asked)).status_code == 422
    assert (await grandmother.http.get("/v1/cases", params={"lane": "hard"})).status_code == 200
