"""A contest: a unit says that an assignment is not theirs, and an arbiter decides (领哨异议, domain.md §5)."""

from datetime import datetime, timedelta

import pytest

from app.invariants import check
from app.kernel.rules import Role
from tests.people import Someone, offered
from tests.stories.boardwork import RESULT, Matter, Unit, blown, new_unit, topics, whistled
from tests.stories.conftest import Later, Street

GROUND = "产权移交清单第 3 条"
TWO_HOURS = timedelta(hours=2)


async def test_an_upheld_contest_gives_the_case_to_another_lead(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    old = await case.lead.task()
    await case.lead.officer.post(f"{old}/sign")
    await case.lead.officer.post(f"{old}/contest", {"ground": GROUND, "proposed_id": water.id})
    await later(1)
    assert "contest.opened" in await topics(arbiter)
    due_at = (await case.reporter.get(case.path))["due_at"]
    await arbiter.post(f"{old}/arbitrate", {"upheld": True, "decision": "依清单,归水务"})
    await later(2)

    kept = await case.lead.officer.get(old)
    assert (kept["state"], kept["excuse"], kept["excuse_label"]) == ("excused", "contest", "裁定归水务站")
    assert "assignment.released" not in await topics(case.lead.officer), "of the decision they were told"
    assert (kept["category_name"], kept["place_name"], kept["words"], kept["spot"]) == (
        "路灯照明",
        "东社区",
        None,
        None,
    )
    told = (await case.lead.officer.get("/v1/inbox", limit=50))["items"]
    of_it = {one["topic"]: one["about"] for one in told if one["subject_kind"] == "assignment"}
    assert {"assignment.sent", "contest.decided"} <= of_it.keys()
    assert set(of_it.values()) == {"路灯照明,东社区"}, "which it was, and not what was said"
    by = {step["action"]: step["by_label"] for step in (await case.reporter.get(f"{case.path}/history"))["items"]}
    assert by["reseat"] == "裁定人"
    shown = await case.reporter.get(case.path)
    assert (shown["holder"], shown["due_at"]) == ("主办单位:水务站", due_at), "resolve runs on"
    new = await water.reports_in()
    assert (await water.officer.get(new))["role"] == "lead"
    again = {"ground": "也不是我们的", "proposed_id": case.lead.id}
    assert await water.officer.refused(f"{new}/contest", again) == (409, "already-contested")
    assert await case.lead.officer.refused(f"{case.path}/result", RESULT) == (404, "case-not-found")
    await water.officer.post(f"{case.path}/result", RESULT)
    await later(3)
    assert await water.state() == "done"


async def test_a_refused_contest_leaves_the_unit_where_it_stood(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.reports_in()
    body = {"ground": GROUND, "proposed_id": case.co.id}
    await case.lead.officer.post(f"{task}/contest", body)
    assert await case.lead.officer.refused(f"{task}/contest", body) == (409, "transition-refused")
    (seat,) = [s for s in (await case.chief.get(f"{case.path}/board"))["seats"] if s["role"] == "lead"]
    assert (seat["contest"]["ground"], seat["contest"]["proposed_name"]) == (GROUND, "供电所")
    await arbiter.post(f"{task}/arbitrate", {"upheld": False, "decision": "移交尚未完成"})
    assert (await case.lead.officer.get(task))["state"] == "reported_in"
    assert await case.lead.officer.refused(f"{task}/contest", body) == (409, "already-contested")
    await later(1)
    assert "contest.decided" in await topics(case.lead.officer)


async def test_a_lead_has_come_before_it_submits_a_result(street: Street) -> None:
    """Whether it contests or not: sent → signed → reported in → done (domain.md §5)."""
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    officer, task = case.lead.officer, await case.lead.task()
    not_yet = (409, "not-reported-in")
    assert await officer.refused(f"{case.path}/result", RESULT) == not_yet
    await officer.post(f"{task}/sign")
    assert await officer.refused(f"{case.path}/result", RESULT) == not_yet
    assert "submit_whistled" not in offered(await officer.get(case.path))
    await officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    assert await officer.refused(f"{case.path}/result", RESULT) == not_yet
    await arbiter.post(f"{task}/arbitrate", {"upheld": False, "decision": "移交尚未完成"})
    await officer.post(f"{task}/report-in")
    assert "submit_whistled" in offered(await officer.get(case.path))
    assert (await officer.post(f"{case.path}/result", RESULT))["state"] == "result"


async def test_an_upheld_contest_makes_a_co_unit_the_lead(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    beside = await case.co.task()
    task = await case.lead.reports_in()
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": case.co.id})
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "归供电"})
    await later(1)
    assert (await case.reporter.get(case.path))["holder"] == "主办单位:供电所"
    given_up = await case.co.officer.get(beside)
    assert (given_up["state"], given_up["excuse"]) == ("excused", "leads"), "its seat beside the lead was given up"
    assert not {"assignment.released", "assignment.accepted"} & set(await topics(case.co.officer)), "they do come"
    assert (await case.co.officer.get(await case.co.task()))["role"] == "lead"


async def test_an_arbiter_finds_what_waits_and_what_was_decided(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    both = {"place_id": str(street.world.street), "role": "arbiter", "person_id": str(case.chief.id)}
    await street.administrator.post("/v1/roles", both)
    assert (await arbiter.get("/v1/contests"))["items"] == [], "an arbiter to whom nothing is left"
    first = await case.lead.task()
    await case.lead.officer.post(f"{first}/sign")
    await case.lead.officer.post(f"{first}/contest", {"ground": GROUND, "proposed_id": water.id})
    await later(60)
    grid = await street.with_role("小王", Role.GRID_WORKER)
    staff = (grid, await street.with_role("刘书记", Role.SECRETARY), case.chief)
    other = await blown(case.reporter, staff, water, None)
    second = await water.task()
    await water.officer.post(f"{second}/sign")
    await water.officer.post(f"{second}/contest", {"ground": "不属水务", "proposed_id": case.lead.id})
    for someone in (case.chief, arbiter):
        waiting = (await someone.get("/v1/contests"))["items"]
        assert [one["ground"] for one in waiting] == [GROUND, "不属水务"], "what is due first stands first"
    assert [one["actions"] for one in waiting if one["actions"] == []] == [], "the arbiter may decide both"
    assert (waiting[0]["proposed_name"], waiting[0]["role_label"], waiting[0]["late"]) == ("水务站", "主办", False)
    assert all(one["actions"] == [] for one in (await case.chief.get("/v1/contests"))["items"]), (
        "who whistled does not judge"
    )
    page = await arbiter.get("/v1/contests", limit=1)
    rest = await arbiter.get("/v1/contests", limit=1, cursor=page["next_cursor"])
    assert [one["case_id"] for one in (*page["items"], *rest["items"])] == [
        path.rpartition("/")[2] for path in (case.path, other)
    ]
    decided = {"upheld": False, "decision": "移交尚未完成"}
    await arbiter.post(f"/v1/assignments/{waiting[0]['assignment_id']}/arbitrate", decided)
    assert [one["ground"] for one in (await arbiter.get("/v1/contests"))["items"]] == ["不属水务"]
    (done,) = (await arbiter.get("/v1/contests", decided="true"))["items"]
    assert (done["decision"], done["upheld"], done["ground"]) == ("移交尚未完成", False, GROUND)


async def test_who_is_no_arbiter_anywhere_has_no_list_of_contests(street: Street) -> None:
    case = await whistled(street)
    for someone in (case.reporter, case.lead.officer, case.chief):
        answer = await someone.http.get("/v1/contests")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), someone.name
        assert answer.json()["detail"] == "这里给裁定人查看;您现在没有这样的岗位"


async def test_what_nobody_contested_is_not_arbitrated(street: Street) -> None:
    matter = await whistled(street)
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await matter.lead.task()
    refused = (409, "transition-refused")
    assert await arbiter.refused(f"{task}/arbitrate", {"upheld": True, "decision": "不归它"}) == refused
    await matter.lead.officer.post(f"{task}/sign")
    assert await arbiter.refused(f"{task}/arbitrate", {"upheld": False, "decision": "归它"}) == refused


async def test_it_is_contested_in_time_and_judged_by_a_third_person(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    body = {"ground": GROUND, "proposed_id": case.co.id}
    own = {"ground": GROUND, "proposed_id": case.lead.id}
    assert await case.lead.officer.refused(f"{task}/contest", own) == (422, "unit-not-here")
    signed = await case.lead.officer.get(task)
    assert datetime.fromisoformat(signed["contest_until"]) - datetime.fromisoformat(signed["signed_at"]) == TWO_HOURS
    assert "contest" in offered(signed)
    await later(7201)
    assert "contest" not in offered(await case.lead.officer.get(task))
    late = (await case.lead.officer.ask("POST", f"{task}/contest", body)).json()
    assert (late["status"], late["code"]) == (409, "contest-too-late")
    assert late["detail"].startswith("现在是『已签收』;")
    assert "requestExtension" in late["detail"]

    beside = await case.co.task()
    await case.co.officer.post(f"{beside}/sign")
    await case.co.officer.post(f"{beside}/contest", {"ground": GROUND, "proposed_id": case.lead.id})
    await street.world.grant(case.lead.head.id, Role.ARBITER, street.world.street)
    decided = {"upheld": False, "decision": "照办"}
    assert await case.lead.head.refused(f"{beside}/arbitrate", decided) == (403, "same-hand")
    assert await case.chief.refused(f"{beside}/arbitrate", decided) == (403, "not-allowed")


async def test_a_late_arbitration_goes_to_the_next_level(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    province = await street.world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
    higher = await street.resident("上级裁定人")
    grant = await street.world.grant(higher.id, Role.ARBITER, province)
    task = await case.lead.reports_in()
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    await later(4 * 3600 + 5)
    decided = {"upheld": False, "decision": "照办"}
    assert offered(await arbiter.get(task)) == [], "late: no longer theirs"
    assert await arbiter.refused(f"{task}/arbitrate", decided) == (409, "arbitration-went-up")
    assert "uphold" in offered(await higher.get(task))
    await higher.post(f"{task}/arbitrate", decided)
    await street.world.owner.execute("UPDATE role_grant SET ends_at = app_now() WHERE id = $1", grant)


async def test_a_contest_of_a_case_that_is_over_calls_nobody_else(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    await later(1)
    await case.reporter.post(f"{case.path}/withdraw", {})
    decided = {"upheld": True, "decision": "归水务"}
    assert await arbiter.refused(f"{task}/arbitrate", decided) == (409, "transition-refused")
    await later(2)
    assert (await case.lead.officer.get(task))["state"] == "excused"
    assert (await water.officer.get("/v1/assignments"))["items"] == []


async def test_a_case_that_ends_after_the_arbiter_decided_lets_the_new_lead_go(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    await later(1)
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "归水务"})
    await case.reporter.post(f"{case.path}/withdraw", {})
    await later(2)
    assert await water.state() == "excused"


async def test_whoever_whistled_does_not_judge_the_contest(street: Street) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    both = {"place_id": str(street.world.street), "role": "arbiter", "person_id": str(case.chief.id)}
    await street.administrator.post("/v1/roles", both)
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    refused = await case.chief.refused(f"{task}/arbitrate", {"upheld": False, "decision": "照办"})
    assert refused == (403, "same-hand")


async def solved_and_contested(street: Street) -> tuple[Matter, str, Unit, Someone, Someone]:
    """A case that its lead solved though it contests it, with its task, whose it may be, who arbitrates and who calls back."""
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    task = await case.lead.reports_in()
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    return case, task, water, arbiter, caller


async def test_a_lead_that_was_replaced_at_the_call_back_works_again_for_whom_was_not_helped(
    street: Street, later: Later
) -> None:
    case, task, water, arbiter, caller = await solved_and_contested(street)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "归水务"})
    await later(1)
    (call,) = (await caller.get("/v1/callbacks"))["items"]
    said = {"channel": "phone", "reached": True, "solved": False}
    await caller.post(f"{case.path}/callbacks/{call['id']}", said)
    await later(2)
    assert (await case.reporter.get(case.path))["holder"] == "主办单位:水务站"
    assert await water.state() == "working"


async def test_a_lead_that_works_again_is_not_let_go_by_what_the_worker_hears_late(
    street: Street, later: Later
) -> None:
    case = await whistled(street)
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await street.world.owner.execute(
        "UPDATE outbox SET retry_at = retry_at + interval '1 minute'"
        " WHERE topic = 'assignment.release' AND subject_id = $1::uuid",
        case.path.rpartition("/")[2],
    )
    (call,) = (await caller.get("/v1/callbacks"))["items"]
    said = {"channel": "phone", "reached": True, "solved": False}
    await caller.post(f"{case.path}/callbacks/{call['id']}", said)
    await later(2)
    assert await case.lead.state() == "working"
    await later(90)
    assert await case.lead.state() == "working"


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("heard", [False, True], ids=["before the worker heard", "after"])
@pytest.mark.parametrize("closed", [False, True], ids=["called back", "closed"])
@pytest.mark.parametrize("upheld", [False, True], ids=["dismissed", "upheld"])
async def test_a_lead_that_solved_what_it_contests_is_told_whose_it_was(
    street: Street, later: Later, upheld: bool, closed: bool, heard: bool
) -> None:
    """Come first, argue later: it did the work, and what it contested is decided afterwards."""
    case = await whistled(street, co=True)
    assert case.co is not None
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    task = await case.lead.reports_in()
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": case.co.id})
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    if heard:
        await later(2)
    if closed:
        await case.reporter.post(f"{case.path}/callback", {"solved": True, "satisfied": True})
        for call in (await caller.get("/v1/callbacks"))["items"]:
            said = {"channel": "phone", "reached": True, "solved": True, "satisfied": True}
            await caller.post(f"{case.path}/callbacks/{call['id']}", said)
        await later(3)
    assert (await case.reporter.get(case.path))["state"] == ("closed" if closed else "callback")
    assert (await case.lead.officer.get(task))["state"] == "contested"
    assert not await left_behind(street)
    assert offered(await arbiter.get(task)) == ["uphold", "dismiss_reported"]
    await arbiter.post(f"{task}/arbitrate", {"upheld": upheld, "decision": "依清单"})
    await later(4)
    assert (await case.lead.officer.get(task))["state"] == ("excused" if upheld else "done")
    called = [one["role"] for one in (await case.co.officer.get("/v1/assignments"))["items"]]
    assert called == (["lead", "co"] if upheld and not closed else ["co"]), "no unit is called for a case that is over"


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("silent", [False, True], ids=["checked", "silence"])
async def test_a_lead_that_came_after_the_result_need_not_come(street: Street, later: Later, silent: bool) -> None:
    """An arbiter appointed it while the result was checked: the case goes on to the call-back and closes without it."""
    case, task, water, arbiter, caller = await solved_and_contested(street)
    await later(1)
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "归水务"})
    await later(2)
    assert await water.state() == "sent"
    if silent:
        await later(86400 + 3)
    else:
        await case.chief.post(f"{case.path}/check", {"accepted": True})
        await later(3)
    assert (await case.reporter.get(case.path))["state"] == "callback"
    assert await water.state() == "done"
    assert "assignment.accepted" in await topics(water.officer)
    await case.reporter.post(f"{case.path}/callback", {"solved": True, "satisfied": True})
    for call in (await caller.get("/v1/callbacks"))["items"]:
        said = {"channel": "phone", "reached": True, "solved": True, "satisfied": True}
        await caller.post(f"{case.path}/callbacks/{call['id']}", said)
    assert (await case.reporter.get(case.path))["state"] == "closed"
    assert not await left_behind(street)


async def left_behind(street: Street) -> list[str]:
    """Which units still sit on the board of a case that has ended."""
    found = [broken for broken in await check(street.world.owner) if broken.invariant.name == "case-ended-lets-go"]
    return [example for broken in found for example in broken.examples]
