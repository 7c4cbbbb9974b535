"""The joint board of a hard whistle: meeting, minutes, promises that govern one after another, and the two-way rating (联席,
domain.md §5)."""

from datetime import datetime
from typing import Any

from app.domain.deadlines.spoken import moment
from tests.stories.boardwork import LAMP, RESULT, Matter, in_days, topics, whistled
from tests.stories.conftest import Later, Street

DAY = 86400


async def governing(street: Street, case: Matter) -> list[str]:
    """The limits of a hard case that run."""
    found = await street.world.owner.fetch(
        "SELECT kind FROM deadline WHERE matter_id = $1 AND stopped_at IS NULL"
        " AND kind IN ('meeting', 'resolve_hard', 'milestone') ORDER BY kind",
        case.path.rpartition("/")[2],
    )
    return [row["kind"] for row in found]


async def test_a_promise_missed_at_the_top_is_renewed_until_it_is_kept(street: Street, later: Later) -> None:
    case = await whistled(street, "hard")
    await case.lead.reports_in()
    path = f"{case.path}/board/promises"

    async def promised(days: float, **more: str) -> str:
        body = {"unit_id": case.lead.id, "text": "扶正", "due_at": in_days(days), **more}
        await case.lead.officer.post(path, body)
        open_now = (await case.chief.get(f"{case.path}/board"))["promises"]
        return str(next(one["id"] for one in open_now if one["due_at"] == body["due_at"]))

    async def governs() -> list[str]:
        limits = (await case.reporter.get(f"{case.path}/deadlines"))["items"]
        kinds = ("milestone", "renewal", "resolve_hard")
        return [one["kind"] for one in limits if one["kind"] in kinds and one["stopped_at"] is None]

    first = await promised(2)
    assert await governs() == ["milestone"]
    await later(2 * DAY + 60)
    assert await governs() == ["renewal"]
    second = await promised(20)
    assert await governs() == ["renewal"], "the first one is still to be kept"
    await case.lead.officer.post(f"{path}/{first}/finish")
    assert await governs() == ["milestone"]
    assert (await case.reporter.get(case.path))["due_at"] == next(
        one["due_at"] for one in (await case.chief.get(f"{case.path}/board"))["promises"] if one["id"] == second
    )


async def test_a_hard_whistle_with_a_meeting_and_milestones(street: Street, later: Later) -> None:
    """Where somebody is above the level that whistled."""
    await street.world.district()
    case = await whistled(street, "hard", co=True)
    assert case.co is not None
    assert await governing(street, case) == ["meeting", "resolve_hard"]
    await case.lead.reports_in()
    board = f"{case.path}/board"
    held = {"text": "三方确认权属", "held_at": in_days(-0.01), "attended": [case.lead.id, case.co.id]}
    assert await case.lead.officer.refused(f"{board}/minutes", {**held, "held_at": in_days(1)}) == (
        422,
        "held-in-future",
    )
    assert await case.lead.officer.refused(f"{board}/minutes", {**held, "attended": [str(case.reporter.id)]}) == (
        422, "not-on-board",
    )  # fmt: skip
    await case.lead.officer.post(f"{board}/minutes", held)
    assert await governing(street, case) == ["resolve_hard"]

    async def promises(**more: Any) -> None:
        await case.lead.officer.post(f"{board}/promises", {"unit_id": case.lead.id, **more})

    dig, lift = in_days(8), in_days(4)
    await promises(text="挖沟埋线", due_at=dig)
    assert await governing(street, case) == ["milestone"]
    assert (await case.reporter.get(case.path))["due_at"] == dig, "the plan is there: the promise governs"
    await case.lead.officer.post(f"{board}/promises", {"unit_id": case.co.id, "text": "断电吊装", "due_at": lift})
    assert (await case.reporter.get(case.path))["due_at"] == lift, "the nearest one governs"
    first, second = (await case.chief.get(board))["promises"]
    assert (first["unit_name"], second["unit_name"]) == ("供电所", "城管办")
    past = {"unit_id": case.lead.id, "text": "昨天", "due_at": in_days(-1)}
    assert await case.lead.officer.refused(f"{board}/promises", past) == (422, "promise-in-past")
    answer = await case.lead.officer.ask("POST", f"{board}/promises", {**past, "due_at": in_days(70 * 365)})
    (fault,) = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("/body/due_at", "promise-too-far")
    await case.co.officer.post(f"{board}/promises/{first['id']}/finish")
    assert (await case.reporter.get(case.path))["due_at"] == dig, "the next one governs"
    refused = await case.lead.officer.refused(f"{board}/promises/{second['id']}/finish")
    assert refused == (409, "next-promise-missing")
    after = in_days(20)
    await promises(text="恢复绿化", due_at=after, kept_id=second["id"])
    assert (await case.reporter.get(case.path))["due_at"] == after
    await later(20 * DAY + 120)
    shown = await case.chief.get(board)
    assert [one["red"] for one in shown["promises"]] == [False, False, True]
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(20 * DAY + 121)
    assert await governing(street, case) == []
    assert await case.lead.state() == "done"
    await case.chief.post(f"{case.path}/check", {"accepted": False, "reason": "绿化没有恢复"})
    await later(20 * DAY + 122)
    assert await governing(street, case) == ["milestone"], "what the result had stopped goes on"
    assert await case.lead.state() == "working"


async def test_what_others_promise_for_a_unit_it_hears_and_everybody_reads_who_wrote_it(
    street: Street, later: Later
) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    await case.lead.reports_in()
    due_at = in_days(4)
    until = moment(datetime.fromisoformat(due_at))
    for who, unit, text in (
        (case.lead.officer, case.lead, "挖沟"), (case.lead.officer, case.co, "断电"), (case.chief, case.lead, "清运"),
    ):  # fmt: skip
        promise = {"unit_id": unit.id, "text": text, "due_at": due_at}
        await who.post(f"{case.path}/board/promises", promise)
    await later(1)
    for unit, heard in ((case.co, ("主办单位", "断电")), (case.lead, ("办理层级", "清运"))):
        for who in (unit.head, unit.officer):
            inbox = (await who.get("/v1/inbox", limit=50))["items"]
            (said,) = [one["text"] for one in inbox if one["topic"] == "assignment.promised"]
            assert said == f"{heard[0]}替您单位写下一项承诺:{until}前做到“{heard[1]}”;有出入的,请与对方核对"
    story = "".join((await case.reporter.get(case.path))["story"])
    assert f"供电所承诺{until}前做到:断电(由主办单位写下)。" in story
    assert f"城管办承诺{until}前做到:清运(由办理层级写下)。" in story
    assert f"城管办承诺{until}前做到:挖沟。" in story, "it wrote that itself"
    board = (await case.co.officer.get(f"{case.path}/board"))["promises"]
    written = {(one["text"], one["written_by"]) for one in board}
    assert written == {("挖沟", "主办单位"), ("断电", "主办单位"), ("清运", "办理层级")}


async def test_the_sheet_of_the_board_is_for_units_and_officers(street: Street) -> None:
    case = await whistled(street, "hard", co=True)
    assert case.co is not None
    page = await case.co.officer.http.get(f"{case.path}/board/sheet")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "联席工作单" in page.text
    assert "供电所" in page.text
    assert "http" not in page.text, "it needs nothing from anywhere"
    for path in ("board", "board/sheet"):
        hidden = await case.reporter.http.get(f"{case.path}/{path}")
        assert (hidden.status_code, hidden.json()["code"]) == (403, "not-allowed")


async def test_results_of_co_units_go_to_the_lead_and_a_returned_one_opens_its_assignment_again(
    street: Street, later: Later
) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    await case.lead.reports_in()
    beside = await case.co.reports_in()
    await case.co.officer.post(f"{beside}/finish", {"outcome": "已断电"})
    await later(1)
    assert "assignment.finished" in await topics(case.lead.officer)
    seats = {seat["role"]: seat for seat in (await case.lead.officer.get(f"{case.path}/board"))["seats"]}
    assert (seats["co"]["outcome"], seats["co"]["state"]) == ("已断电", "done")
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(2)
    assert await case.lead.state() == "done"
    assert (await case.reporter.get(case.path))["outcome"] == RESULT["outcome"]
    await case.chief.post(f"{case.path}/check", {"accepted": False, "reason": "还歪着"})
    assert (await case.reporter.get(case.path))["outcome"] is None, "what was sent back is no result"
    await later(3)
    assert await case.lead.state() == "working"
    assert "assignment.reopened" in await topics(case.lead.officer)


async def test_a_resident_who_withdraws_releases_everybody(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    await case.lead.reports_in()
    await case.reporter.post(f"{case.path}/withdraw", {})
    await later(1)
    await later(2)
    for unit in (case.lead, case.co):
        task = await unit.officer.get(await unit.task())
        assert (task["state"], task["excuse"], task["excuse_label"]) == ("excused", "ended", "事项已结束")
        for who in (unit.head, unit.officer):
            assert (await topics(who)).count("assignment.released") == 1, "who is on the way turns back"


async def test_a_result_that_is_accepted_releases_who_need_not_come(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(2)
    task = await case.co.officer.get(await case.co.task())
    assert (task["excuse"], task["excuse_label"]) == ("accepted", "事项已有结果并通过核验")
    assert (await topics(case.co.officer)).count("assignment.accepted") == 1
    assert (await case.lead.officer.get(await case.lead.task()))["excuse"] is None
    assert "assignment.accepted" not in await topics(case.lead.officer), "its part was done"


async def test_a_co_unit_is_excused_and_the_lead_stays(street: Street) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    excuse = {"reason": "不涉及"}
    assert await case.chief.refused(f"{await case.lead.task()}/excuse", excuse) == (409, "lead-unit-stays")
    await case.chief.post(f"{await case.co.task()}/excuse", excuse)
    task = await case.co.officer.get(await case.co.task())
    assert (task["state"], task["excuse_label"]) == ("excused", "不再需要:不涉及")


async def test_a_seat_that_was_late_stays_red(street: Street, later: Later) -> None:
    case = await whistled(street)
    await later(2 * 3600 + 1)
    task = await case.lead.task()
    assert "deadline.mark" in await topics(case.lead.head), "the deputy, or the head where there is none, is told"
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/report-in")
    (seat,) = (await case.chief.get(f"{case.path}/board"))["seats"]
    assert (seat["state"], seat["red"]) == ("reported_in", True)


async def test_the_two_sides_rate_each_other_once_and_see_sums(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    task = await case.lead.reports_in()
    beside = await case.co.reports_in()
    early = await case.chief.refused(f"{task}/rate-department", {"stars": 5})
    assert early == (409, "transition-refused")
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    assert await case.chief.refused(f"{task}/rate-department", {"stars": 5}) == (409, "not-ended")
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(2)
    assert await case.chief.refused(f"{task}/rate-department", {"stars": 2}) == (422, "reason-wanted")
    await case.chief.post(f"{task}/rate-department", {"stars": 2, "reason": "到得晚"})
    assert await case.chief.refused(f"{task}/rate-department", {"stars": 5}) == (409, "already-rated")
    assert await case.lead.officer.refused(f"{task}/rate-department", {"stars": 5}) == (403, "not-allowed")
    await case.lead.officer.post(f"{task}/rate-whistler", {"valid": True, "stars": 4})
    invalid = {"valid": False, "stars": 3}
    assert await case.co.officer.refused(f"{beside}/rate-whistler", invalid) == (422, "reason-wanted")
    await case.co.officer.post(f"{beside}/rate-whistler", {**invalid, "reason": "与我们无关"})
    few = await case.lead.officer.get(f"/v1/units/{case.lead.id}/ratings")
    assert few == {"rated": 1, "stars": None, "stars_label": "不满五次,暂不显示"}, (
        "of fewer than five one could tell who said what"
    )
    sums = await case.chief.get(f"/v1/places/{street.world.street}/whistle-ratings")
    assert sums == {"rated": 2, "valid": None, "stars": None, "stars_label": "不满五次,暂不显示"}
    more = (
        "INSERT INTO whistle_rating SELECT matter_id, place_id, $2, seat_id, true, 5, NULL, rated_by, rated_at"
        " FROM (SELECT DISTINCT ON (m.id) m.id AS matter_id, w.place_id, w.seat_id, w.rated_by, w.rated_at FROM whistle_rating w"
        " JOIN matter m ON m.place_id = w.place_id WHERE w.seat_id = $1 AND NOT EXISTS ("
        "  SELECT 1 FROM whistle_rating x WHERE x.matter_id = m.id)) made LIMIT 3"
    )
    for _ in range(3):
        await case.reporter.post("/v1/cases", LAMP)
    await street.world.owner.execute(more, street.world.street, case.lead.id)
    many = await case.chief.get(f"/v1/places/{street.world.street}/whistle-ratings")
    assert many["rated"] == 5
    assert many["valid"] == 4
    assert many["stars"] == 4.4
