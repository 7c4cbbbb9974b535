"""The figures: three rates from the call-back, with an exclusion beside them; who held a case how long; units that were called
(三率, domain.md §5)."""

from datetime import datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import Any
from zipfile import ZipFile

from app.domain.cases.unit_figures import UnitFigure
from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.boardwork import RESULT as LAMP_RESULT
from tests.stories.boardwork import blown, new_unit, officers, whistled
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
    dispatcher = await street.with_role("小张", "dispatcher")
    unseen = await dispatcher.ask("POST", "/v1/exclusions", asked)
    assert (unseen.status_code, "由书记提请不计" in unseen.json()["detail"]) == (404, True)
    shown = await dispatcher.http.get("/v1/rates/cases", params=period(street, by="category", figure="unsolved"))
    assert shown.status_code == 403, "nor is it listed for them"
    proposed = await life.secretary.post("/v1/exclusions", asked)
    decide = f"/v1/exclusions/{proposed['id']}/decide"
    assert (await life.secretary.refused(decide, {"upheld": True, "note": "属实"}))[0] == 403
    before = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert (before["solved"]["no"], before["excluded"]) == (1, 0)
    await later(1)
    about = [
        (one["subject_kind"], one["about"])
        for one in (await life.chief.get("/v1/inbox", limit=50))["items"]
        if one["topic"] == "exclusion.proposed"
    ]
    assert about == [("exclusion", "噪音扰民,东社区")]
    await life.chief.post(decide, {"upheld": True, "note": "录音属实"})
    after = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert (after["solved"], after["excluded"]) == ({"yes": 2, "no": 0, "percent": 100.0}, 1)
    (listed,) = (await life.chief.get("/v1/exclusions", state="upheld"))["items"]
    assert (listed["callback_id"], listed["kind"], listed["deadline_id"]) == (call["id"], "callback", None)
    assert await life.secretary.refused("/v1/exclusions", asked) == (409, "already-excluded")


async def test_the_response_rate_is_of_those_who_said_whether_they_were_contacted(street: Street, later: Later) -> None:
    """Whoever handled it stopped respond and reply in time, or late: neither counts. Who did not say is counted beside it."""
    life = await Neighbourhood.of(street)
    in_time = await life.reported()
    await life.grid.post(f"{in_time}/contact", {"channel": "phone", "text": "问清了位置"})
    await life.grid.post(f"{in_time}/reply", {"text": "今天来"})
    await life.grid.post(f"{in_time}/result", RESULT)
    await life.resident.post(f"{in_time}/callback", {"solved": True})
    late = await life.reported()
    await later(1801)
    await life.grid.post(f"{late}/result", RESULT)
    await life.resident.post(f"{late}/callback", {"solved": True, "contacted_in_time": True})
    total = (await life.chief.get("/v1/rates", **period(street)))["total"]
    assert total["response"] == {"yes": 1, "no": 0, "percent": 100.0}
    assert (total["unsaid"], total["solved"]["yes"]) == (1, 2)
    (behind,) = (await life.chief.get("/v1/rates/cases", **period(street, figure="unsaid")))["items"]
    assert behind["case_id"] == in_time.rpartition("/")[2]
    assert behind["contacted_in_time"] is None


async def listed(who: Someone, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Every row of a list, page by page."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await who.get(path, **asked, limit=2, **({"cursor": cursor} if cursor else {}))
        rows += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return rows


async def test_each_figure_lists_as_many_cases_as_it_counts(street: Street, later: Later) -> None:
    """Of the rates, of the units and of the hold-times: for each figure, of each group."""
    reporter, staff = await street.resident("王奶奶"), await officers(street)
    chief = staff[-1]
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    lead, co = await new_unit(street, "城管办"), await new_unit(street, "供电所", "station")
    await blown(reporter, staff, lead, co)
    task = await lead.reports_in()
    await lead.officer.post(f"{task}/contest", {"ground": "不归我们", "proposed_id": co.id})
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "改派", "unit_id": co.id})
    checked = await blown(reporter, staff, lead, None)
    await lead.reports_in()
    await lead.officer.post(f"{checked}/result", LAMP_RESULT)
    await blown(reporter, staff, lead, co)
    await later(30 * 86400)
    await lead.reports_in()
    span = period(street) | {"until": str(datetime.now(CHINA).date() + timedelta(days=400))}

    figures = await chief.get("/v1/rates/units", **span)
    seen = set()
    for rows, counted in (
        (
            figures["units"],
            {
                "assignments": lambda row: row["assignments"],
                "not_theirs": lambda row: row["not_theirs"],
                "signed": lambda row: row["signed"]["yes"],
                "not_signed": lambda row: row["signed"]["no"],
                "reported_in": lambda row: row["reported_in"]["yes"],
                "not_reported_in": lambda row: row["reported_in"]["no"],
            },
        ),
        (
            figures["whistlers"],
            {
                "whistles": lambda row: row["whistles"],
                "approved": lambda row: row["approved"],
                "valid": lambda row: row["valid"]["yes"],
                "not_valid": lambda row: row["valid"]["no"],
                "silent": lambda row: row["silent"],
            },
        ),
    ):
        for figure, count in counted.items():
            for row in rows:
                behind = await listed(chief, "/v1/rates/units/cases", **span, figure=figure, key=row["key"])
                assert len({one["id"] for one in behind}) == len(behind) == count(row), (figure, row)
                seen |= {figure} if behind else set()
            of_all = await listed(chief, "/v1/rates/units/cases", **span, figure=figure)
            assert len(of_all) == sum(count(row) for row in rows), figure
    assert seen == set(UnitFigure)

    for by in ("unit", "level", "category"):
        held = await chief.get("/v1/hold-times", **span, by=by)
        for row in (*held["items"], held["total"]):
            of = {} if row["key"] is None else {"key": row["key"]}
            stretches = await listed(chief, "/v1/hold-times/cases", **span, by=by, **of)
            assert len(stretches) == row["stretches"]
            assert len({one["case_id"] for one in stretches}) == row["cases"]
            # Some still run: they are some seconds longer by now.
            running = sum(one["until_at"] is None for one in stretches)
            assert 0 <= sum(one["seconds"] for one in stretches) - row["seconds"] <= 20 * running

    west = await street.with_role("西书记", Role.SECRETARY, "west")
    assert await listed(west, "/v1/rates/units/cases", **span, figure="assignments") == []
    assert await listed(west, "/v1/hold-times/cases", **span) == []


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
    # Whoever reads no figures anywhere is told so: zeros would look like an answer.
    for path in ("/v1/rates", "/v1/rates/cases", "/v1/rates/units", "/v1/hold-times"):
        wanted = period(street, **({"figure": "unsolved"} if path.endswith("cases") else {}))
        assert (await life.caller.http.get(path, params=wanted)).status_code == 403


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
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", LAMP_RESULT)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(1)
    assert await case.co.state() == "excused"
    figures = await case.chief.get("/v1/rates/units", **period(street))
    assert [unit["not_theirs"] for unit in figures["units"]] == [0, 0]
    (whistler,) = figures["whistlers"]
    assert (whistler["valid"]["yes"], whistler["valid"]["no"]) == (1, 0)
