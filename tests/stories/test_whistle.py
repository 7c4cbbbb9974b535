"""The whistle: what a grid cannot solve goes up, units report in, and the level that whistled checks the result (吹哨报到)."""

from datetime import datetime, timedelta

import asyncpg

from app.kernel.rules import Role
from app.kernel.time import CHINA
from app.workers.deadlines import sweep_once
from tests.stories.boardwork import RESULT, new_unit, officers, whistled
from tests.stories.conftest import Later, Street

LAMP = {"category": "lighting", "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外"}
PHOTO = [{"kind": "photo", "text": "IMG-0301"}]
DAY = 86400


async def test_a_lamp_post_that_nobody_owns(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    grid = await street.with_role("小李", Role.GRID_WORKER)
    secretary = await street.with_role("陈书记", Role.SECRETARY)
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    officer = await street.with_role("城管", Role.VOLUNTEER, "street")
    power = await street.with_role("供电", Role.VOLUNTEER, "street")
    bureau = await street.administrator.post(
        "/v1/units", {"place_id": str(street.world.street), "name": "城管办", "kind": "department"}
    )
    station = await street.administrator.post(
        "/v1/units", {"place_id": str(street.world.street), "name": "供电所", "kind": "station"}
    )
    for unit, person in ((bureau, officer), (station, power)):
        body = {"person_id": str(person.id), "post": "officer"}
        await street.administrator.post(f"/v1/units/{unit['id']}/members", body)

    reported = await grandmother.post("/v1/cases", LAMP)
    case = f"/v1/cases/{reported['id']}"
    assert (await grandmother.get(case))["holder"] == "东社区"
    await grid.post(f"{case}/triage", {"lane": "hard"})
    await secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "现场看过,不属物业"})
    assert (await grandmother.get(case))["holder"] == "试验街道"
    asked = {"kind": "routine", "reason": "权属不清", "lead_id": bureau["id"], "co_ids": [station["id"]]}
    await chief.post(f"{case}/whistle", asked)
    await chief.post(f"{case}/whistle/decide", {"approved": True})
    shown = await grandmother.get(case)
    assert (shown["state"], shown["holder"]) == ("whistled", "主办单位:城管办")

    (task,) = (await officer.get("/v1/assignments"))["items"]
    assert (task["role"], task["words"]) == ("lead", LAMP["words"])
    await officer.post(f"/v1/assignments/{task['id']}/sign")
    await officer.post(f"/v1/assignments/{task['id']}/report-in")
    (beside,) = (await power.get("/v1/assignments"))["items"]
    assert beside["role"] == "co"
    story = (await grandmother.get(case))["story"]
    assert [said.partition(",")[2] for said in story[-3:-1]] == ["主办单位城管办签收。", "主办单位城管办报到。"]
    result = {"outcome": "已扶正", "answer": "已修好", "evidence": PHOTO}
    await officer.post(f"{case}/result", result)
    again = await officer.ask("POST", f"{case}/result", result)
    assert (again.status_code, again.json()["detail"]) == (409, "现在是『待核验』,可以:联系、答复")
    await chief.post(f"{case}/check", {"accepted": True})
    await later(1)
    assert (await grandmother.get(case))["state"] == "callback"
    assert (await power.get(f"/v1/assignments/{beside['id']}"))["state"] == "excused"


async def test_after_two_returns_the_next_level_decides(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    grid, secretary, chief = await officers(street)
    lead = await new_unit(street, "城管办")
    case = f"/v1/cases/{(await grandmother.post('/v1/cases', LAMP))['id']}"
    await grid.post(f"{case}/triage", {"lane": "hard"})
    await secretary.post(f"{case}/whistle", {"kind": "routine", "reason": "无权限", "lead_id": lead.id})
    await secretary.post(f"{case}/whistle/decide", {"approved": True})
    await lead.reports_in()
    for number, seat in ((1, "东社区"), (2, "试验街道")):
        await lead.officer.post(f"{case}/result", RESULT)
        await later(2 * number - 1)
        await secretary.post(f"{case}/check", {"accepted": False, "reason": "还歪着"})
        await later(2 * number)
        assert (await grandmother.get(case))["seat_name"] == seat
        assert await lead.state() == "working"
    await lead.officer.post(f"{case}/result", RESULT)
    assert await secretary.refused(f"{case}/check", {"accepted": True}) == (403, "not-allowed")
    back = {"accepted": False, "reason": "还歪着"}
    assert await chief.refused(f"{case}/check", back) == (409, "returned-twice"), "a third time nobody sends it back"
    assert (await chief.post(f"{case}/check", {"accepted": True}))["state"] == "callback"


async def test_at_the_top_a_result_comes_back_twice_as_well(street: Street, later: Later) -> None:
    """Nobody is above who could decide: after two returns it goes to the call-back, or the case is ended."""
    case = await whistled(street)
    await case.lead.reports_in()
    back = {"accepted": False, "reason": "还歪着"}
    for number in (1, 2):
        await case.lead.officer.post(f"{case.path}/result", RESULT)
        await later(2 * number - 1)
        assert (await case.chief.post(f"{case.path}/check", back))["state"] == "whistled"
        await later(2 * number)
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    assert await case.chief.refused(f"{case.path}/check", back) == (409, "returned-twice")
    assert (await case.chief.post(f"{case.path}/check", {"accepted": True}))["state"] == "callback"


async def test_silence_about_a_result_that_came_back_accepts_no_other(
    street: Street, later: Later, worker_url: str
) -> None:
    """The limit was missed and its event waited, while the result was returned and the next one submitted."""
    case = await whistled(street)
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    await street.world.owner.execute("UPDATE clock_shift SET seconds = $1", float(DAY + 2))
    worker = await asyncpg.connect(worker_url)
    assert await sweep_once(worker)
    await worker.close()
    await case.chief.post(f"{case.path}/check", {"accepted": False, "reason": "还歪着"})
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(DAY + 3)
    assert (await case.chief.get(case.path))["state"] == "result"

    await later(2 * DAY + 3)
    assert (await case.chief.get(case.path))["state"] == "callback", "now it said nothing"
    today = datetime.now(CHINA).date()
    period = {"from": str(today), "until": str(today + timedelta(days=1)), "place_id": str(street.world.street)}
    (whistler,) = (await case.chief.get("/v1/rates/units", **period))["whistlers"]
    assert (whistler["whistles"], whistler["silent"]) == (1, 1), "silence counts against the level that whistled"
