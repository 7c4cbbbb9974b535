"""Units: who works there, who stands in, and who answers for what where (domain.md §5)."""

from datetime import UTC, datetime, timedelta

import httpx

from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import LAMP, RESULT, new_unit, officers, topics, whistled
from tests.stories.conftest import Later, Street


def hours(number: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=number)).isoformat()


async def test_an_absent_officers_deputy_signs(street: Street, later: Later) -> None:
    case = await whistled(street)
    unit = f"/v1/units/{case.lead.id}"
    away = {"absent_id": str(case.lead.head.id), "deputy_id": str(case.lead.officer.id)}
    outsider = await street.resident("路人")
    period = {"from_at": hours(-1), "until_at": hours(48)}
    assert await outsider.refused(f"{unit}/deputies", {**away, **period}) == (403, "not-allowed")
    empty = {"from_at": hours(2), "until_at": hours(1)}
    assert await case.lead.head.refused(f"{unit}/deputies", {**away, **empty}) == (422, "period-empty")
    stranger = {"absent_id": str(case.lead.head.id), "deputy_id": str(outsider.id), **period}
    assert await case.lead.head.refused(f"{unit}/deputies", stranger) == (422, "not-in-unit")
    await case.lead.head.post(f"{unit}/deputies", {**away, **period})
    await later(2 * 3600 + 1)
    officer = await case.lead.officer.get("/v1/inbox", limit=50)
    assert any(m["topic"] == "deadline.mark" and "签收" in m["text"] for m in officer["items"]), "the deputy is told"
    await case.lead.officer.post(f"{await case.lead.task()}/sign")
    members = (await case.lead.officer.get(unit))["members"]
    assert {(m["post"], m["stands_in_for"]) for m in members} == {
        ("head", None), ("officer", str(case.lead.head.id)),
    }  # fmt: skip
    assert (await outsider.get(unit))["members"] == []


async def test_who_works_in_a_unit_reads_full_names_and_others_surnames(street: Street) -> None:
    """Whoever names a deputy tells their colleagues apart."""
    made = await new_unit(street, "城管办")
    away = {"absent_id": str(made.head.id), "deputy_id": str(made.officer.id)}
    await made.head.post(f"/v1/units/{made.id}/deputies", {**away, "from_at": hours(-1), "until_at": hours(48)})
    for who in (made.head, made.officer):
        members = (await who.get(f"/v1/units/{made.id}"))["members"]
        assert [(one["name"], one["stands_in_for_name"]) for one in members] == [
            ("城管办head", None), ("城管办officer", "城管办head"),
        ]  # fmt: skip
    for one in (await street.administrator.get(f"/v1/units/{made.id}"))["members"]:
        assert one["name"].startswith("城*")
        assert (one["stands_in_for_name"] or "城*").startswith("城*")


async def test_a_unit_stands_at_a_street_or_a_district(street: Street) -> None:
    """Whatever a community whistles goes to units above it (domain.md §5)."""
    estate = await street.world.estate(street.world.east, "东苑小区")
    body = {"name": "物业站", "kind": "station"}
    for place in (street.world.east, estate):
        asked = {**body, "place_id": str(place)}
        assert await street.administrator.refused("/v1/units", asked) == (422, "units-stand-above")
    await street.administrator.post("/v1/units", {**body, "place_id": str(street.world.street)})


async def test_what_waited_for_a_leaver_waits_for_the_others_or_the_administrator_is_told(
    street: Street, later: Later
) -> None:
    case = await whistled(street)
    await case.lead.officer.post(f"{await case.lead.task()}/sign")
    unit = f"/v1/units/{case.lead.id}"
    await street.administrator.post(f"{unit}/members/{case.lead.officer.id}/end")
    again = await street.administrator.refused(f"{unit}/members/{case.lead.officer.id}/end")
    assert again == (404, "unit-member-not-found")
    await later(1)
    assert "unit.colleague_left" in await topics(case.lead.head)
    assert (await case.lead.officer.get("/v1/assignments"))["items"] == []
    (task,) = (await case.lead.head.get("/v1/assignments"))["items"]
    await case.lead.head.post(f"/v1/assignments/{task['id']}/report-in")
    await street.administrator.post(f"{unit}/members/{case.lead.head.id}/end")
    await later(2)
    assert "unit.nobody_left" in await topics(street.administrator)


async def test_a_case_suggests_the_units_that_its_category_names(street: Street) -> None:
    """First whom the register names at the place, then the others of the kind that the catalogue names; for who whistles."""
    reporter = await street.resident("王奶奶")
    grid, _, _ = await officers(street)
    other, named = await new_unit(street, "甲办"), await new_unit(street, "照明所", "station")
    await new_unit(street, "社区银行", "partner")
    entry = {"place_id": str(street.world.street), "category": "lighting", "unit_id": named.id}
    await street.administrator.post("/v1/responsibilities", entry)
    case = f"/v1/cases/{(await reporter.post('/v1/cases', LAMP))['id']}"
    for state in ("reported", "handling"):
        found = await grid.get(case)
        suggested = [(unit["id"], unit["answers"]) for unit in found["suggested_units"]]
        assert (found["state"], suggested) == (state, [(named.id, True), (other.id, False)])
        if state == "reported":
            await grid.post(f"{case}/triage", {"lane": "hard"})
    assert (await reporter.get(case))["suggested_units"] == []
    await grid.post(f"{case}/whistle", {"kind": "routine", "reason": "无权限", "lead_id": suggested[0][0]})


async def test_a_unit_is_closed_when_nothing_waits_for_it(street: Street) -> None:
    case = await whistled(street)
    assert await street.administrator.refused(f"/v1/units/{case.lead.id}/close") == (409, "unit-busy")
    idle = await new_unit(street, "闲置办")
    here = {"place_id": str(street.world.street), "category": "noise"}
    await street.administrator.post("/v1/responsibilities", {**here, "unit_id": idle.id})
    await street.administrator.post(f"/v1/units/{idle.id}/close")
    mine = (await street.administrator.get("/v1/units", place_id=str(street.world.east)))["items"]
    assert {unit["name"] for unit in mine} == {"城管办"}
    assert (await street.administrator.get(f"/v1/units/{idle.id}"))["closed_at"] is not None
    (entry,) = (await street.administrator.get("/v1/responsibilities", unit_id=idle.id, past=True))["items"]
    assert entry["until_at"] is not None
    assert await street.administrator.refused(f"/v1/units/{idle.id}/close") == (404, "unit-not-found")


async def send(who: Someone, place: str, file: str, key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key or str(new_id()), "content-type": "text/csv"}
    path = "/v1/responsibilities/import"
    return await who.http.post(path, params={"place_id": place}, content=file.encode(), headers=headers)


async def test_the_register_is_imported_and_keeps_its_past(street: Street) -> None:
    bureau, water = await new_unit(street, "城管办"), await new_unit(street, "水务站")
    codes = {
        name: await street.world.owner.fetchval("SELECT code FROM place WHERE id = $1", getattr(street.world, name))
        for name in ("street", "east")
    }
    head = "place_code,category,unit_place_code,unit_name\n"
    good = (
        f"{head}{codes['street']},lighting,{codes['street']},城管办\n"
        f"{codes['east']},water_power_gas,{codes['street']},水务站\n"
    )
    here = str(street.world.street)
    first = await send(street.administrator, here, good)
    assert first.status_code == 200, first.text
    assert (first.json()["entered"], first.json()["unchanged"]) == (2, 0)
    second = await send(street.administrator, here, good)
    assert (second.json()["entered"], second.json()["unchanged"]) == (0, 2), "again: nothing changes"
    moved = await send(
        street.administrator,
        here,
        good.replace("lighting," + codes["street"] + ",城管办", "lighting," + codes["street"] + ",水务站"),
    )
    assert (moved.json()["entered"], moved.json()["unchanged"]) == (1, 1)
    past = (await street.administrator.get("/v1/responsibilities", category="lighting", place_id=here, past=True))[
        "items"
    ]
    assert [(entry["unit_id"], entry["until_at"] is None) for entry in past] == [(water.id, True), (bureau.id, False)]
    present = (await street.administrator.get("/v1/responsibilities", place_id=str(street.world.east)))["items"]
    assert {entry["category"] for entry in present} == {"lighting", "water_power_gas"}

    bad = (
        f"{head}00000000,lighting,{codes['street']},城管办\n{codes['east']},nothing,{codes['street']},城管办\n"
        f"{codes['east']},lighting,{codes['street']},没有办\n{codes['east']},noise,{codes['street']},城管办\n"
        f"{codes['east']},noise,{codes['street']},水务站\n"
    )
    refused = await send(street.administrator, here, bad)
    assert (refused.status_code, refused.json()["code"]) == (422, "responsibilities-refused")
    named = [(one["pointer"], one["code"]) for one in refused.json()["errors"]]
    assert named == [
        ("/lines/2", "place-unknown"), ("/lines/3", "category-unknown"), ("/lines/4", "unit-unknown"), ("/lines/6", "line-twice"),
    ]  # fmt: skip
    ragged = await send(street.administrator, here, f"{head}a,b\n")
    assert ragged.json()["errors"][0]["code"] == "line-wrong"
    assert (await send(street.administrator, here, "a,b\n")).json()["code"] == "import-header-wrong"
    outsider = await street.with_role("书记", Role.SECRETARY, "street")
    assert (await send(outsider, here, good)).status_code == 403


async def test_a_unit_for_which_something_is_still_to_come_is_not_closed(street: Street, later: Later) -> None:
    """A whistle that waits would call nobody, and a result that comes back would have nobody who works on it."""
    grandmother = await street.resident("王奶奶")
    _, secretary, _ = await officers(street)
    unit = await new_unit(street, "城管办")
    case = f"/v1/cases/{(await grandmother.post('/v1/cases', LAMP))['id']}"
    await secretary.post(f"{case}/triage", {"lane": "hard"})
    await secretary.post(f"{case}/whistle", {"kind": "routine", "reason": "无权限", "lead_id": unit.id})
    assert await street.administrator.refused(f"/v1/units/{unit.id}/close") == (409, "unit-busy")
    await secretary.post(f"{case}/whistle/decide", {"approved": True})
    await unit.reports_in()
    await unit.officer.post(f"{case}/result", RESULT)
    await later(1)
    assert await unit.state() == "done"
    assert await street.administrator.refused(f"/v1/units/{unit.id}/close") == (409, "unit-busy")


async def test_a_unit_answers_for_what_can_be_reported(street: Street) -> None:
    """A slip of the pen would leave an emergency with nobody who answers for it."""
    unit = await new_unit(street, "应急办")
    entry = {"place_id": str(street.world.street), "category": "dangr", "unit_id": unit.id}
    assert await street.administrator.refused("/v1/responsibilities", entry) == (422, "invalid-input")
    await street.administrator.post("/v1/responsibilities", {**entry, "category": "danger"})
