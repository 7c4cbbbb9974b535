"""An emergency goes at report to the responsible unit, the secretary and the street's duty, by day or night (domain.md §5)."""

from datetime import datetime, timedelta

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.boardwork import PHOTO, new_unit, officers, topics
from tests.stories.conftest import Clock, Later, Street

WALL = {"category": "danger", "words": "围墙裂开,快倒了", "spot": "东门外"}


def tomorrow_at_three() -> datetime:
    night = datetime.now(CHINA) + timedelta(days=1)
    return night.replace(hour=3, minute=0, second=0, microsecond=0)


async def answers_for_danger(street: Street, unit: str) -> None:
    body = {"place_id": str(street.world.street), "category": "danger", "unit_id": unit}
    await street.administrator.post("/v1/responsibilities", body)


async def held(someone: Someone, topic: str) -> list[dict[str, object]]:
    """The messages about something."""
    return [one for one in (await someone.get("/v1/inbox", limit=50))["items"] if one["topic"] == topic]


async def test_at_three_in_the_night_the_unit_comes_first_and_approval_afterwards(street: Street, clock: Clock) -> None:
    neighbour = await street.resident("王奶奶")
    _, secretary, chief = await officers(street)
    duty = await street.with_role("街道值班", Role.DISPATCHER, "street")
    unit = await new_unit(street, "应急办")
    await answers_for_danger(street, unit.id)
    night = tomorrow_at_three()
    await clock(night)
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    await clock(night + timedelta(seconds=1))

    assert "110" in (await neighbour.get(case))["advice"]
    promised = {one["kind"]: one for one in (await neighbour.get(f"{case}/deadlines"))["items"]}
    assert [promised[kind]["calendar"] for kind in ("respond", "reply")] == ["WALL", "WALL"], "by night as by day"
    assert not {"deadline.later", "deadline.begins_later"} & set(await topics(neighbour)), "nobody is told to wait"
    assert "case.call_first" in await topics(neighbour)
    assert "case.emergency" in await topics(secretary)
    assert "case.emergency" in await topics(duty)
    shown = await neighbour.get(case)
    assert (shown["state"], shown["holder"]) == ("whistled", "主办单位:应急办")
    task = await unit.officer.get(await unit.task())
    sign_by = datetime.fromisoformat(task["due_at"])
    assert timedelta(minutes=9) < sign_by - night <= timedelta(minutes=10, seconds=30)
    await unit.officer.post(f"{await unit.task()}/sign")
    report_by = datetime.fromisoformat((await unit.officer.get(await unit.task()))["due_at"])
    assert timedelta(minutes=29) < report_by - night <= timedelta(minutes=30, seconds=30)
    await unit.officer.post(f"{await unit.task()}/report-in")
    decided = await secretary.post(f"{case}/whistle/decide", {"approved": True})
    assert decided["state"] == "whistled", "approved afterwards: nothing is whistled again"
    assert await chief.refused(f"{case}/whistle/decide", {"approved": True}) == (409, "transition-refused")
    assert len((await unit.officer.get("/v1/assignments"))["items"]) == 1


async def test_what_a_place_calls_an_emergency_is_promised_by_night_whatever_its_hours(
    street: Street, clock: Clock
) -> None:
    """A category of its own, and limits of its own in the hours of the station: both are nearer than the standard's."""
    neighbour = await street.resident("王奶奶")
    here = {"place_id": str(street.world.street)}
    lift = {"code": "lift", "name": "电梯困人", "lane": "hard", "emergency": True}
    await street.administrator.post("/v1/case-categories", {**here, **lift})
    for limit in (
        {"deadline_kind": "respond", "calendar": "DUTY", "budget_seconds": 600},
        {"deadline_kind": "reply", "calendar": "WORK", "budget_days": 1},
    ):
        marks = [{"percent": 100, "effects": []}]
        await street.administrator.post(
            "/v1/deadline-policies", {**here, **limit, "matter_kind": "case", "marks": marks}
        )
    night = tomorrow_at_three()
    await clock(night)
    promised = {}
    for category in ("lift", "danger", "noise"):
        made = await neighbour.post("/v1/cases", {**WALL, "category": category})
        found = (await neighbour.get(f"/v1/cases/{made['id']}/deadlines"))["items"]
        promised[category] = {one["kind"]: one for one in found}
    for category in ("lift", "danger"):
        assert [promised[category][kind]["calendar"] for kind in ("respond", "reply", "triage")] == ["WALL"] * 3
        for kind, budget in (("respond", timedelta(minutes=10)), ("reply", timedelta(days=1))):
            due = datetime.fromisoformat(promised[category][kind]["due_at"])
            assert budget <= due - night < budget + timedelta(minutes=1)
    due = datetime.fromisoformat(promised["noise"]["respond"]["due_at"])
    assert promised["noise"]["respond"]["calendar"] == "DUTY"
    assert due - night > timedelta(hours=3)


async def test_an_emergency_is_not_solved_on_the_spot_by_one_person(street: Street, later: Later) -> None:
    grid, secretary, _ = await officers(street)
    unit = await new_unit(street, "应急办")
    await answers_for_danger(street, unit.id)
    seen = {**WALL, "place_id": str(street.world.east)}
    answer = await grid.ask("POST", "/v1/cases/solved", {**seen, "outcome": "已拉警戒线", "evidence": PHOTO})
    assert (answer.status_code, answer.json()["code"]) == (409, "emergency-on-the-spot")
    assert "reportCase" in answer.json()["title"]
    await grid.post("/v1/cases", seen)
    await later(1)
    assert "case.emergency" in await topics(secretary)
    assert (await unit.officer.get("/v1/assignments"))["items"] != []


async def test_nobody_in_post_at_three_in_the_night(street: Street, clock: Clock) -> None:
    neighbour = await street.resident("王奶奶")
    _, secretary, _ = await officers(street)
    made = await street.administrator.post(
        "/v1/units", {"place_id": str(street.world.street), "name": "应急办", "kind": "department"}
    )
    await answers_for_danger(street, made["id"])
    night = tomorrow_at_three()
    await clock(night)
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    await clock(night + timedelta(seconds=1))
    await clock(night + timedelta(minutes=10, seconds=30))
    sent = await held(street.administrator, "assignment.sent")
    assert [one["nobody_in_post"] for one in sent] == [True]
    missed = [one for one in await held(street.administrator, "deadline.mark") if one["nobody_in_post"]]
    assert missed, "the miss of the signature goes to whoever can put somebody there"
    assert "case.emergency" in await topics(secretary)
    (seat,) = (await secretary.get(f"{case}/board"))["seats"]
    assert (seat["state"], seat["red"]) == ("sent", True)


async def test_an_emergency_for_which_no_unit_answers_stays_with_the_secretary(street: Street, clock: Clock) -> None:
    neighbour = await street.resident("王奶奶")
    grid, secretary, _ = await officers(street)
    duty = await street.with_role("街道值班", Role.DISPATCHER, "street")
    unit = await new_unit(street, "应急办")
    night = tomorrow_at_three()
    await clock(night)
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    await clock(night + timedelta(seconds=1))
    assert (await neighbour.get(case))["state"] == "reported"
    assert "case.nobody_answers" in await topics(secretary)
    assert "case.nobody_answers" in await topics(duty)

    await grid.post(f"{case}/triage", {"lane": "hard"})
    body = {"kind": "emergency", "reason": "随时会倒", "lead_id": unit.id}
    await grid.post(f"{case}/whistle", body)
    await clock(night + timedelta(seconds=2))
    assert (await neighbour.get(case))["state"] == "whistled", "whoever sees it whistles: approval comes afterwards"
    await unit.officer.post(f"{await unit.task()}/sign")
    contested = {"ground": "不归我们", "proposed_id": unit.id}
    refused = await unit.officer.refused(f"{await unit.task()}/contest", contested)
    assert refused == (409, "report-in-first"), "come first, argue later"
    assert await secretary.refused(f"{case}/whistle/decide", {"approved": False}) == (422, "reason-wanted")
    await secretary.post(f"{case}/whistle/decide", {"approved": False, "reason": "已由物业围挡"})


async def test_an_emergency_that_is_not_confirmed_says_so_where_it_is_read(street: Street, later: Later) -> None:
    neighbour = await street.resident("王奶奶")
    grid, secretary, _ = await officers(street)
    unit = await new_unit(street, "应急办")
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', {'category': 'lighting', 'words': '灯杆要倒'}))['id']}"
    await grid.post(f"{case}/triage", {"lane": "hard"})
    await grid.post(f"{case}/whistle", {"kind": "emergency", "reason": "随时会倒", "lead_id": unit.id})
    await later(1)
    for page in (await neighbour.get(case), await secretary.get(f"{case}/board")):
        assert page["whistle"]["approval_label"] == "已吹响,待补批"
    await secretary.post(f"{case}/whistle/decide", {"approved": False, "reason": "物业已围挡"})
    await later(2)
    not_confirmed = "未予追认,已到的单位照常办理"
    for page in (await grid.get(case), await secretary.get(f"{case}/board")):
        assert (page["whistle"]["approval_label"], page["whistle"]["decision"]) == (not_confirmed, "物业已围挡")
    told = (await neighbour.get(case))["whistle"]
    assert (told["approval_label"], told["reason"], told["decision"]) == (not_confirmed, None, None), "between offices"
    assert (await unit.officer.get(await unit.task()))["approval_label"] == not_confirmed
    told = (await grid.get(case))["story"]
    assert any(sentence.endswith("应急哨事后未予追认,已到的单位照常办理。") for sentence in told)
    for someone in (grid, unit.head, unit.officer):
        assert "whistle.not_confirmed" in await topics(someone), someone.name
    assert (await neighbour.get(case))["state"] == "whistled", "nobody is called back"
    assert not_confirmed in (await secretary.http.get(f"{case}/board/sheet")).text


async def test_whoever_reported_an_emergency_hears_that_it_was_confirmed(street: Street, later: Later) -> None:
    neighbour = await street.resident("王奶奶")
    _, secretary, _ = await officers(street)
    await answers_for_danger(street, (await new_unit(street, "应急办")).id)
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    await later(1)
    await secretary.post(f"{case}/whistle/decide", {"approved": True})
    await later(2)
    assert (await neighbour.get(case))["whistle"]["approval_label"] == "已批准"
    assert "whistle.confirmed" in await topics(neighbour)


async def test_whoever_was_asked_hears_that_the_level_above_has_decided(street: Street, later: Later) -> None:
    """The community's heads are asked (domain.md §5: "approved by the community's head or above")."""
    neighbour = await street.resident("王奶奶")
    grid, secretary, chief = await officers(street)
    colleague = await street.with_role("副书记", Role.SECRETARY)
    unit = await new_unit(street, "应急办")
    await answers_for_danger(street, unit.id)
    wall = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    await later(1)
    assert [await held(one, "whistle.to_confirm") != [] for one in (secretary, colleague, chief)] == [True, True, False]
    await chief.post(f"{wall}/whistle/decide", {"approved": False, "reason": "物业已围挡"})
    lamp = f"/v1/cases/{(await neighbour.post('/v1/cases', {'category': 'lighting', 'words': '路灯不亮'}))['id']}"
    await grid.post(f"{lamp}/triage", {"lane": "hard"})
    await grid.post(f"{lamp}/whistle", {"kind": "routine", "reason": "不会修", "lead_id": unit.id})
    await secretary.post(f"{lamp}/whistle/decide", {"approved": True})
    await later(2)
    for someone in (secretary, colleague, neighbour):
        (told,) = await held(someone, "whistle.not_confirmed")
        assert told["text"] == "应急哨事后未予追认,已到的单位照常办理", "a reason that not all may read is not promised"
    assert await held(chief, "whistle.not_confirmed") == [], "who decides is not told what they did"
    assert [one["text"] for one in await held(colleague, "whistle.settled")] == ["等您批准的吹哨已由他人批准"]
    assert await held(secretary, "whistle.settled") == []


async def test_a_call_up_goes_to_partners_and_keeps_the_limit(street: Street, later: Later) -> None:
    neighbour = await street.resident("王奶奶")
    _, secretary, _ = await officers(street)
    branch = await street.with_role("支部书记", Role.BRANCH_SECRETARY)
    bank = await new_unit(street, "社区银行", "partner")
    bureau = await new_unit(street, "城管办")
    lamp = {"category": "other", "words": "想请人一起清理空地"}
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', lamp))['id']}"
    await secretary.post(f"{case}/triage", {"lane": "big"})
    due_at = (await neighbour.get(case))["due_at"]
    asked = {"kind": "call_up", "reason": "人手不够", "lead_id": bank.id, "co_ids": [bureau.id]}
    assert await branch.refused(f"{case}/whistle", asked) == (422, "not-a-partner")
    await branch.post(f"{case}/whistle", {**asked, "co_ids": []})
    await secretary.post(f"{case}/whistle/decide", {"approved": True})
    shown = await neighbour.get(case)
    assert (shown["state"], shown["holder"], shown["due_at"]) == ("whistled", "主办单位:社区银行", due_at)
    await bank.reports_in()
    done = {"outcome": "已清理", "answer": "空地已清理", "evidence": [{"kind": "note", "text": "见照片"}]}
    await bank.officer.post(f"{case}/result", done)
    await later(1)
    assert await bank.state() == "done"


async def test_a_refused_whistle_leaves_the_case_where_it_was(street: Street) -> None:
    neighbour = await street.resident("王奶奶")
    grid, secretary, _ = await officers(street)
    unit = await new_unit(street, "城管办")
    case = f"/v1/cases/{(await neighbour.post('/v1/cases', {'category': 'lighting', 'words': '路灯不亮'}))['id']}"
    await grid.post(f"{case}/triage", {"lane": "hard"})
    asked = {"kind": "routine", "reason": "不会修", "lead_id": unit.id}
    await grid.post(f"{case}/whistle", asked)
    waits = await secretary.ask("POST", f"{case}/whistle", asked)
    assert (waits.status_code, waits.json()["code"]) == (409, "whistle-waits")
    assert waits.json()["detail"].startswith("现在是『办理中』;已有一个在等批准"), (
        "how it stands, and what to do instead"
    )
    await secretary.post(f"{case}/whistle/decide", {"approved": False, "reason": "社区自己能修"})
    assert (await neighbour.get(case))["state"] == "handling"
    assert await secretary.refused(f"{case}/whistle/decide", {"approved": True}) == (409, "no-whistle")


async def test_an_emergency_is_not_merged_away_before_its_unit_is_called(street: Street, later: Later) -> None:
    grandmother, neighbour = await street.resident("王奶奶"), await street.resident("李爷爷")
    _, secretary, _ = await officers(street)
    unit = await new_unit(street, "应急办")
    await answers_for_danger(street, unit.id)
    lamp = (await grandmother.post("/v1/cases", {"category": "lighting", "words": "灯不亮"}))["id"]
    await secretary.post(f"/v1/cases/{lamp}/triage", {"lane": "hard"})
    wall = f"/v1/cases/{(await neighbour.post('/v1/cases', WALL))['id']}"
    assert await secretary.refused(f"{wall}/merge", {"parent_id": lamp}) == (409, "transition-refused")
    await later(1)
    assert (await neighbour.get(wall))["state"] == "whistled"
