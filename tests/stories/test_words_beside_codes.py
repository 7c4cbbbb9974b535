"""Beside each code stands the word that people read, and beside what is kept back, why."""

from app.kernel.rules import Role
from tests.stories.boardwork import whistled
from tests.stories.conftest import Street


async def test_a_case_and_its_board_say_in_words_what_their_codes_mean(street: Street) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    shown = await case.chief.get(case.path)
    assert (shown["lane_label"], shown["level_label"]) == ("难事", "街道")
    assert "难事" in [row["lane_label"] for row in (await case.chief.get("/v1/cases"))["items"]]
    seats = (await case.chief.get(f"{case.path}/board"))["seats"]
    assert [seat["role_label"] for seat in seats] == ["主办", "协办"]
    (task,) = (await case.co.officer.get("/v1/assignments"))["items"]
    assert task["role_label"] == "协办"


async def test_the_history_says_in_words_what_was_noted(street: Street) -> None:
    case = await whistled(street)
    steps = (await case.chief.get(f"{case.path}/history"))["items"]
    said = {step["action"]: step["note_label"] for step in steps}
    assert said["report"] is None
    assert said["triage"] == "定为难事"
    assert said["escalate"] == "到街道;原因:无权限;试过:现场看过,不属物业"
    assert said["propose_whistle"] == "日常哨"


async def test_lists_of_categories_name_them(street: Street) -> None:
    case = await whistled(street)
    place_id = str(street.world.street)
    body = {"place_id": place_id, "category": "lighting", "unit_id": case.lead.id}
    await street.administrator.post("/v1/responsibilities", body)
    (row,) = (await case.chief.get("/v1/responsibilities", place_id=place_id))["items"]
    assert (row["category"], row["category_name"]) == ("lighting", "路灯照明")
    secretary = await street.with_role("区书记", Role.SECRETARY, "street")
    await secretary.post("/v1/admission-lists", {"place_id": place_id, "codes": ["lighting"]})
    listed = await case.chief.get("/v1/admission-lists", place_id=place_id)
    assert (listed["codes"], listed["names"]) == (["lighting"], ["路灯照明"])


async def test_an_average_that_is_kept_back_says_why(street: Street) -> None:
    case = await whistled(street)
    for path in (f"/v1/units/{case.lead.id}/ratings", f"/v1/places/{street.world.street}/whistle-ratings"):
        shown = await case.chief.get(path)
        assert (shown["stars"], shown["stars_label"]) == (None, "不满五次,暂不显示")
