"""A grid worker at work: solves on the spot, and finishes small matters that residents close by a tap (随手办, 小事快办)."""

import pytest

from app.kernel.rules import Role
from tests.stories.casework import LAMP, PHOTO, RESULT, reported
from tests.stories.conftest import Later, Street


async def test_what_is_solved_on_the_spot_goes_straight_to_the_call_back(street: Street) -> None:
    grid = await street.with_role("网格员", Role.GRID_WORKER)
    found = LAMP | {"outcome": "已扶正", "place_id": str(street.world.east)}
    nowhere = {name: value for name, value in found.items() if name != "place_id"} | {"evidence": PHOTO}
    for path, body in (("/v1/cases/solved", nowhere), ("/v1/cases", LAMP)):
        unplaced = (await grid.ask("POST", path, body)).json()
        assert (unplaced["status"], unplaced["code"]) == (422, "place-not-below-community")
        assert unplaced["errors"][0]["pointer"] == "/body/place_id", "who lives nowhere here says where it is"
    assert (await grid.refused("/v1/cases/solved", found | {"evidence": []}))[1] == "case-evidence-missing"
    case = f"/v1/cases/{(await grid.post('/v1/cases/solved', found | {'evidence': PHOTO}))['id']}"
    shown = await grid.get(case)
    assert (shown["state"], shown["lane"], shown["reported_as"]) == ("callback", "small", "grid_worker")
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    (call,) = (await caller.get("/v1/callbacks"))["items"]
    assert (call["reason"], call["mine"]) == ("own", True), "nobody's tap closes what they solved themselves"


async def test_a_small_matter_from_the_report_to_the_tap(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    grid = await street.with_role("网格员", Role.GRID_WORKER)
    case = await reported(grandmother)
    await grid.post(f"{case}/triage", {"lane": "small"})
    await grid.post(f"{case}/result", RESULT)
    await later(1)
    (asked,) = (await grandmother.get(f"{case}/callback"))["items"]
    await grandmother.post(f"{case}/callback", {"solved": True, "stars": 5})
    steps = [(step["action"], step["by_label"]) for step in (await grandmother.get(f"{case}/history"))["items"]]
    tapped = ("answer_callback" if asked["will_call"] else "close", "上报人")
    assert steps == [("report", "上报人"), ("triage", "网格员"), ("submit_result", "网格员"), tapped]


@pytest.mark.parametrize(
    ("role", "label"),
    [
        (Role.GRID_WORKER, "网格员上报"),
        (Role.BRANCH_SECRETARY, "支部书记上报"),
        (Role.INFORMATION_OFFICER, "民情信息员上报"),
    ],
)
async def test_a_report_says_who_reported_it(street: Street, role: Role, label: str) -> None:
    who = await street.with_role("小李", role)
    made = await who.post("/v1/cases", LAMP | {"place_id": str(street.world.east)})
    assert (await who.get(f"/v1/cases/{made['id']}"))["reported_as_label"] == label
    if role is not Role.INFORMATION_OFFICER:
        made = await who.post("/v1/cases", LAMP | {"place_id": str(street.world.east), "patrol": True})
        assert (await who.get(f"/v1/cases/{made['id']}"))["reported_as_label"] == "巡查发现"
