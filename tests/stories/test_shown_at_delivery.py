"""What shows that an order was done: a service says what it wants, the volunteer hands it in, and the resident sees it
(domain.md §3, deliver: what was done, evidence by category)."""

from datetime import datetime, timedelta
from typing import Any

from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.conftest import Street
from tests.stories.orderwork import crew

DIGEST = "0f" * 32
CHECKED = {"kind": "checklist", "text": "药名、用法已核对"}


def photo(*, later: float = 0) -> dict[str, Any]:
    """Taken now, or so many seconds later."""
    taken_at = datetime.now(CHINA) + timedelta(seconds=later)
    return {"kind": "photo", "sha256": DIGEST, "taken_at": taken_at.isoformat(), "text": "药袋"}


async def served(street: Street, *wanted: str) -> tuple[str, dict[str, Any], Someone, Someone, Someone]:
    """An order under way, of a service that wants this evidence: with the resident, the dispatcher and the volunteer."""
    body = {"place_id": str(street.world.east), "name": "代取药品", "description": "代取", "evidence": list(wanted)}
    service = await street.administrator.post("/v1/services", body)
    grandma, dispatcher, _, volunteer = await crew(street)
    made = await grandma.post("/v1/orders", {"service_id": service["id"], "note": "请帮我取药"})
    order = f"/v1/orders/{made['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    return order, await volunteer.get(order), grandma, dispatcher, volunteer


async def test_a_service_says_what_it_wants_to_be_shown(street: Street) -> None:
    _, seen, grandma, *_ = await served(street, "photo", "checklist")
    assert seen["evidence_wanted"] == ["photo", "checklist"], "whoever serves knows it before the door"
    listed = (await grandma.get("/v1/services", place_id=str(street.world.east)))["items"]
    wanted = {row["name"]: row["evidence"] for row in listed}
    assert (wanted["陪同就医"], wanted["代取药品"]) == ([], ["photo", "checklist"]), "nothing, unless it says so"


async def test_without_what_is_wanted_it_is_not_delivered_and_what_is_missing_is_named(street: Street) -> None:
    order, *_, volunteer = await served(street, "photo", "checklist")
    answer = await volunteer.ask("POST", f"{order}/deliver", {"outcome": "药已送到", "evidence": [CHECKED]})
    assert (answer.status_code, answer.json()["code"]) == (422, "evidence-missing")
    assert [(one["pointer"], one["message"]) for one in answer.json()["errors"]] == [
        ("/body/evidence", "还须提交:现场照片")
    ]
    assert (await volunteer.get(order))["state"] == "in_service"
    body = {"outcome": "药已送到", "evidence": [photo(), CHECKED]}
    assert (await volunteer.post(f"{order}/deliver", body))["state"] == "delivered"


async def test_a_picture_of_the_round_before_shows_nothing_in_the_next(street: Street) -> None:
    order, _, grandma, dispatcher, volunteer = await served(street, "photo")
    earlier = photo()
    await volunteer.post(f"{order}/deliver", {"outcome": "药已送到", "evidence": [earlier]})
    await grandma.post(f"{order}/rework", {"reason": "少了一盒"})
    await street.world.owner.execute("UPDATE clock_shift SET seconds = seconds + 900")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    answer = await volunteer.ask("POST", f"{order}/deliver", {"outcome": "药已补齐", "evidence": [earlier]})
    assert (answer.status_code, answer.json()["code"]) == (422, "evidence-invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/body/evidence/0/taken_at"]
    body = {"outcome": "药已补齐", "evidence": [photo(later=900)]}
    assert (await volunteer.post(f"{order}/deliver", body))["state"] == "delivered"


async def test_what_was_handed_in_is_for_whom_it_was_done_for_and_who_answers_for_the_place(street: Street) -> None:
    order, _, grandma, dispatcher, volunteer = await served(street, "photo")
    station, stranger = await street.with_role("站点", "station_staff"), await street.with_role("外人", "volunteer")
    await volunteer.post(f"{order}/deliver", {"outcome": "药已送到", "evidence": [photo()]})
    for who in (grandma, dispatcher, volunteer):
        (shown,) = (await who.get(order))["evidence"]
        assert (shown["kind_label"], shown["sha256"], shown["text"], shown["round"]) == ("现场照片", DIGEST, "药袋", 1)
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])
    assert (await station.get(order))["evidence"] == [], "who answers callers reads the outcome, and not what shows it"
    assert (await stranger.ask("GET", order)).status_code == 404
    await grandma.post(f"{order}/rework", {"reason": "少了一盒"})
    other = await street.with_role("赵明", "volunteer")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(other.id)})
    assert (await other.get(order))["evidence"] == [], "whoever serves the next round does not see it"


async def test_its_words_are_read_by_others(street: Street) -> None:
    order, _, _, _, volunteer = await served(street)
    await street.administrator.post("/v1/refused-terms", {"place_id": str(street.world.east), "term": "加微信"})
    unfit = [CHECKED, {"kind": "checklist", "text": "下次请加微信"}]
    answer = await volunteer.ask("POST", f"{order}/deliver", {"outcome": "药已送到", "evidence": unfit})
    assert (answer.status_code, answer.json()["code"]) == (422, "text-refused")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/body/evidence/1/text"]
