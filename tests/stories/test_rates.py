"""The figures: three rates from the call-back, with an exclusion beside them; who held a case how long; units that were called
(三率, domain.md §5)."""

from datetime import datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any
from zipfile import ZipFile

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.stories.boardwork import RESULT as LAMP_RESULT
from tests.stories.boardwork import whistled
from tests.stories.caselife import RESULT, Neighbourhood
from tests.stories.conftest import Later, Street

DAY = 86400


def period(street: Street, **more: Any) -> dict[str, Any]:
    """From yesterday until in a month, on this street alone."""
    today = datetime.now(CHINA).date()
    days = {"from": str(today - timedelta(days=1)), "until": str(today + timedelta(days=30))}
    return {"place_id": str(street.world.street), **days, **more}


async def test_three_rates_with_an_exclusion(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    for said in (
        {"solved": True, "stars": 5, "contacted_in_time": True},
        {"solved": True, "satisfied": False, "contacted_in_time": False},
    ):
        await life.resident.post(f"{await life.solved()}/callback", said)
    unsolved = await life.solved()
    await life.resident.post(f"{unsolved}/callback", {"solved": False})
    (call,) = await life.calls()
    said = {"channel": "phone", "reached": True, "solved": False, "satisfied": False, "contacted_in_time": True}
    await life.caller.post(f"{unsolved}/callbacks/{call['id']}", said)
    await life.solved()

    found = await life.chief.get("/v1/rates", **period(street, by="category"))
    (row,) = found["items"]
    assert (row["label"], row["callbacks"], row["waiting"]) == ("噪音扰民", 4, 1)
    # Two were contacted in time by their own word, one was not, and of the last one respond is not missed yet.
    assert (row["response"]["yes"], row["response"]["no"]) == (2, 1)
    assert row["solved"] == {"yes": 2, "no": 1, "percent": 66.7}
    assert row["satisfied"] == {"yes": 1, "no": 2, "percent": 33.3}
    assert found["total"] == {**row, "key": None, "label": "合计"}
    (behind,) = (await life.chief.get("/v1/rates/cases", **period(street, by="category", figure="unsolved")))["items"]
    assert (behind["id"], behind["handled_by"], behind["state"]) == (call["id"], "东社区", "unsolved")

    # The secretary below proposes that it shall not count, and may not decide; the street does.
    asked = {"callback_id": call["id"], "reason": "recorded_wrongly", "note": "回访记错了人"}
    proposed = await life.secretary.post("/v1/exclusions", asked)
    decide = f"/v1/exclusions/{proposed['id']}/decide"
    assert (await life.secretary.refused(decide, {"upheld": True, "note": "属实"}))[0] == 403
    before = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert (before["solved"]["no"], before["excluded"]) == (1, 0)
    await life.chief.post(decide, {"upheld": True, "note": "录音属实"})
    after = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert (after["solved"], after["excluded"]) == ({"yes": 2, "no": 0, "percent": 100.0}, 1)
    (listed,) = (await life.chief.get("/v1/exclusions", state="upheld"))["items"]
    assert (listed["callback_id"], listed["kind"], listed["deadline_id"]) == (call["id"], "callback", None)
    assert await life.secretary.refused("/v1/exclusions", asked) == (409, "already-excluded")


async def test_whoever_says_nothing_was_contacted_as_the_limits_say(street: Street, later: Later) -> None:
    """Respond and reply of the case count as contacted in time; a miss that was excluded does not count."""
    life = await Neighbourhood.of(street)
    in_time = await life.reported()
    await life.grid.post(f"{in_time}/result", RESULT)
    await life.resident.post(f"{in_time}/callback", {"solved": True})
    late = await life.reported()
    await later(1801)
    await life.grid.post(f"{late}/result", RESULT)
    await life.resident.post(f"{late}/callback", {"solved": True})
    # What the end of the case stopped in time was no miss; what was missed before was.
    total = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert total["response"] == {"yes": 1, "no": 1, "percent": 50.0}
    rows = await street.world.owner.fetch(
        "SELECT d.id FROM deadline d JOIN mark k ON k.deadline_id = d.id AND k.percent = 100 WHERE d.matter_id = $1::uuid",
        late.rpartition("/")[2],
    )
    for row in rows:
        asked = {"deadline_id": str(row["id"]), "reason": "outage", "note": "停电"}
        made = await life.secretary.post("/v1/exclusions", asked)
        await life.chief.post(f"/v1/exclusions/{made['id']}/decide", {"upheld": True, "note": "属实"})
    total = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert total["response"] == {"yes": 1, "no": 0, "percent": 100.0}


async def test_each_minute_of_a_case_has_one_holder(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    unit = {"place_id": str(street.world.street), "name": "=城管办", "kind": "department"}
    bureau = await street.administrator.post("/v1/units", unit)
    officer = await street.with_role("城管", Role.VOLUNTEER, "street")
    await street.administrator.post(
        f"/v1/units/{bureau['id']}/members", {"person_id": str(officer.id), "post": "officer"}
    )
    case = await life.reported("hard")
    await later(3600)
    await life.secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "看过"})
    await later(2 * 3600)
    await life.chief.post(f"{case}/whistle", {"kind": "routine", "reason": "需城管", "lead_id": bureau["id"]})
    await life.chief.post(f"{case}/whistle/decide", {"approved": True})
    (task,) = (await officer.get("/v1/assignments"))["items"]
    await officer.post(f"/v1/assignments/{task['id']}/sign")
    await officer.post(f"/v1/assignments/{task['id']}/report-in")
    await later(5 * 3600)
    await officer.post(f"{case}/result", RESULT)
    await life.chief.post(f"{case}/check", {"accepted": True})
    await later(6 * 3600)
    (call,) = await life.calls()
    said = {"channel": "phone", "reached": True, "solved": True}
    await life.caller.post(f"{case}/callbacks/{call['id']}", said)

    holds = (await life.resident.get(f"{case}/holds"))["items"]
    assert [hold["holder"] for hold in holds] == [
        *("东社区", "试验街道", "主办单位:=城管办", "试验街道", "试验街道回访单位"),
    ]
    edges = [(hold["from_at"], hold["until_at"]) for hold in holds]
    assert all(until == begins for (_, until), (begins, _) in pairwise(edges))
    hours = [round(hold["seconds"] / 3600) for hold in holds]
    assert hours == [1, 1, 3, 0, 1]
    found = await life.chief.get("/v1/hold-times", **period(street))
    assert {row["label"]: round(row["seconds"] / 3600) for row in found["items"]} == {
        "=城管办": 3, "试验街道": 1, "试验街道回访单位": 1, "东社区": 1,
    }  # fmt: skip
    whole = datetime.fromisoformat(edges[-1][1]) - datetime.fromisoformat(edges[0][0])
    assert abs(found["total"]["seconds"] - whole.total_seconds()) <= 1
    by_level = await life.chief.get("/v1/hold-times", **period(street, by="level"))
    assert {row["label"] for row in by_level["items"]} == {"街道", "社区"}

    figures = await life.chief.get("/v1/rates/units", **period(street))
    (row,) = figures["units"]
    assert (row["label"], row["signed"]["yes"], row["reported_in"]) == (
        "=城管办",
        1,
        {"yes": 1, "no": 0, "percent": 100.0},
    )
    (whistler,) = figures["whistlers"]
    assert (whistler["label"], whistler["valid"]["percent"]) == ("试验街道", 100.0)

    answer = await life.chief.http.get("/v1/rates/export", params=period(street))
    assert answer.status_code == 200, answer.text
    with ZipFile(BytesIO(answer.content)) as book:
        names = book.namelist()
        assert sum(name.startswith("xl/charts/chart") for name in names) >= 6
        assert "=城管办" in book.read("xl/sharedStrings.xml").decode()
        assert not any("<f>" in book.read(name).decode() for name in names if name.startswith("xl/worksheets/sheet"))
    audited = await street.world.owner.fetchval(
        "SELECT count(*) FROM audit WHERE kind = 'rates' AND actor_id = $1", life.chief.id
    )
    assert audited == 1
    # A neighbour's figures are not theirs to export, and show nothing.
    west = await street.with_role("西书记", Role.SECRETARY, "west")
    refused = await west.http.get("/v1/rates/export", params=period(street))
    assert refused.status_code == 403
    assert (await west.get("/v1/rates", **period(street)))["total"]["callbacks"] == 0


async def test_what_waits_counts_in_no_rate(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported("big")
    await life.grid.post(f"{case}/contact", {"channel": "phone", "text": "问清了位置"})
    await life.grid.post(f"{case}/reply", {"text": "明天来"})
    await life.grid.post(f"{case}/result", RESULT)
    total = (await life.chief.get("/v1/rates", **period(street)))["total"]
    none = {"yes": 0, "no": 0, "percent": None}
    assert (total["waiting"], total["response"], total["solved"], total["satisfied"]) == (1, none, none, none)


async def test_a_contest_that_was_refused_leaves_the_unit_responsible_and_the_whistle_valid(
    street: Street, later: Later
) -> None:
    """Also when the unit is released in the end, before it was done."""
    case = await whistled(street, co=True)
    assert case.co is not None
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.co.reports_in()
    await case.co.officer.post(f"{task}/contest", {"ground": "不归我们", "proposed_id": case.lead.id})
    await arbiter.post(f"{task}/arbitrate", {"upheld": False, "decision": "照办"})
    await case.lead.officer.post(f"{case.path}/result", LAMP_RESULT)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(1)
    assert await case.co.state() == "excused"
    figures = await case.chief.get("/v1/rates/units", **period(street))
    assert [unit["not_theirs"] for unit in figures["units"]] == [0, 0]
    (whistler,) = figures["whistlers"]
    assert (whistler["valid"]["yes"], whistler["valid"]["no"]) == (1, 0)
