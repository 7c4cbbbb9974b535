"""An order that becomes a case: by hand, or because its plan was missed; one thread, with the time already used (domain.md
§4.7)."""

from datetime import datetime

from app.kernel.rules import Role
from tests.people import Someone, offered
from tests.stories.casework import PHOTO, governing
from tests.stories.conftest import Clock, Later, Street
from tests.stories.orderwork import at


async def ordered(street: Street, who: Someone, note: str = "楼道灯坏了三盏,请人来修") -> str:
    return f"/v1/orders/{(await who.post('/v1/orders', {'service_id': street.service_id, 'note': note}))['id']}"


async def test_an_order_that_becomes_a_case_keeps_its_story_and_its_time(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    order = await ordered(street, grandmother)
    placed_at = datetime.fromisoformat((await grandmother.get(order))["created_at"])
    before = await grandmother.get(order)
    assert (before["case_id"], before["case_label"]) == (None, None)
    await later(3600)
    await secretary.post(f"{order}/convert", {"reason": "涉及整栋楼的线路"})
    for reader in (grandmother, secretary):
        meanwhile = await reader.get(order)
        assert (meanwhile["case_id"], meanwhile["case_label"]) == (None, "正在立案,请稍候再看")
    await later(3601)
    shown = await grandmother.get(order)
    assert (shown["state"], shown["case_label"]) == ("converted", "已立案,编号见 case_id")
    case = f"/v1/cases/{shown['case_id']}"

    found = await grandmother.get(case)
    assert (found["words"], found["category"], found["reported_as"], found["state"]) == (
        shown["note"], "other", "order", "handling",
    )  # fmt: skip
    assert (found["order_id"], found["holder"]) == (shown["id"], "东社区")
    limit = await governing(grandmother, case)
    assert (limit["kind"], datetime.fromisoformat(limit["started_at"])) == ("resolve_community", placed_at)
    explained = await grandmother.get(f"{case}/deadlines/{limit['id']}")
    assert any("社区办结时限为" in sentence for sentence in explained["sentences"])
    held = "SELECT holder_id FROM matter WHERE id = $1::uuid"
    assert await street.world.owner.fetchval(held, shown["case_id"]) == street.world.people["书记"]

    history = (await grandmother.get(f"{case}/history"))["items"]
    assert [row["action"] for row in history][:1] == ["place"]
    assert [row["action"] for row in history][-2:] == ["convert", "open_converted"]
    assert [sentence.partition(",")[2] for sentence in found["story"][:-1]][-2:] == [
        "订单转为民情事项。", "由订单转来,东社区书记负责。",
    ]  # fmt: skip
    assert found["story"][-1].startswith("现在由东社区负责,")


async def test_who_placed_the_order_for_a_caller_reads_the_case_that_it_became(street: Street, later: Later) -> None:
    grandmother, staff = await street.resident("王奶奶"), await street.with_role("站点", Role.STATION_STAFF)
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    asked = {
        "channel": "phone",
        "person_id": str(grandmother.id),
        "service_id": street.service_id,
        "note": "楼道灯坏了",
    }
    order = f"/v1/orders/{(await staff.post('/v1/orders/for-caller', asked))['id']}"
    await secretary.post(f"{order}/convert", {"reason": "线路老化"})
    await later(1)
    case = (await staff.get(order))["case_id"]
    shown = await staff.get(f"/v1/cases/{case}")
    assert (shown["words"], shown["reported_as"], offered(shown)) == ("楼道灯坏了", "order", ["withdraw"])
    assert (await staff.get(f"/v1/cases/{case}/history"))["items"][0]["action"] == "place_for_caller"
    assert [row["id"] for row in (await staff.get("/v1/cases", for_callers="true"))["items"]] == [case]


async def test_a_service_that_is_called_as_a_category_makes_a_case_of_it(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    body = {"place_id": str(street.world.east), "name": "小修小补", "description": "换灯泡", "category": "repair"}
    service = await street.administrator.post("/v1/services", body)
    order = await grandmother.post("/v1/orders", {"service_id": service["id"], "note": "楼道灯坏了"})
    await secretary.post(f"/v1/orders/{order['id']}/convert", {"reason": "线路老化"})
    await later(1)
    case = (await grandmother.get(f"/v1/orders/{order['id']}"))["case_id"]
    assert (await grandmother.get(f"/v1/cases/{case}"))["category_name"] == "公共设施维修"


async def test_the_case_is_solved_as_any_other(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    order = await ordered(street, grandmother)
    await secretary.post(f"{order}/convert", {"reason": "线路老化"})
    await later(1)
    case = f"/v1/cases/{(await grandmother.get(order))['case_id']}"
    await secretary.post(f"{case}/result", {"outcome": "已换线", "answer": "已修好", "evidence": PHOTO})
    assert (await grandmother.get(case))["state"] == "callback"


async def test_a_missed_plan_opens_a_case_and_the_street_is_told(street: Street, clock: Clock) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    await clock(at(12, 1, 9))
    order = await ordered(street, grandmother)
    await clock(at(12, 2, 8, 59))
    assert (await grandmother.get(order))["state"] == "submitted"
    await clock(at(12, 2, 9, 1))
    shown = await grandmother.get(order)
    assert shown["state"] == "converted"
    found = await secretary.get(f"/v1/cases/{shown['case_id']}")
    assert found["state"] == "handling"
    told = [row["text"] for row in (await chief.get("/v1/inbox"))["items"]]
    assert "社区有一个订单超过方案时限,将转为民情事项,请街道关注" in told
    assert any("方案时限已到,还没有做到" in sentence for sentence in found["story"])


async def test_a_plan_in_time_keeps_it_an_order(street: Street, clock: Clock) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    await clock(at(12, 1, 9))
    order = await ordered(street, grandmother)
    plan = {"text": "请电工来看", "steps": ["看现场"], "promised_at": at(12, 4, 17).isoformat()}
    await secretary.post(f"{order}/plan", plan)
    await clock(at(12, 3, 9))
    assert (await grandmother.get(order))["state"] == "submitted"


async def test_who_served_it_is_told_of_no_case_that_they_do_not_read(street: Street, later: Later) -> None:
    grandmother, volunteer = await street.resident("王奶奶"), await street.with_role("李强", Role.VOLUNTEER)
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    order = await ordered(street, grandmother)
    await secretary.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    await secretary.post(f"{order}/convert", {"reason": "线路老化"})
    for seconds in (0, 1):
        await later(seconds)
        seen = await volunteer.get(order)
        assert (seen["state"], seen["case_id"], seen["case_label"]) == ("converted", None, None)
