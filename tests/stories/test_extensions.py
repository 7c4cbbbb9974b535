"""More time: asked for once, before it is due, by whoever holds the case; decided a level up (延期, domain.md §5)."""

from datetime import datetime, timedelta

from app.domain.deadlines.spoken import moment
from app.kernel.rules import Role
from tests.stories.boardwork import LAMP, officers, topics, whistled
from tests.stories.caselife import RESULT as NOISE_RESULT
from tests.stories.caselife import Neighbourhood
from tests.stories.conftest import Later, Street

DAY = 86400


async def test_a_granted_extension_moves_the_limit_and_the_resident_hears_why(street: Street, later: Later) -> None:
    case = await whistled(street)
    await case.lead.reports_in()
    before = datetime.fromisoformat((await case.reporter.get(case.path))["due_at"])
    await later(4.5 * DAY)
    fired = await street.world.owner.fetchval(
        "SELECT fired FROM deadline WHERE matter_id = $1 AND kind = 'resolve_routine'", case.path.rpartition("/")[2]
    )
    assert fired == 1, "the warning at 80 % has fired, and stays"
    await case.lead.officer.post(f"{case.path}/extension", {"hours": 48, "reason": "配件从外地调运"})
    assert await case.lead.head.refused(f"{case.path}/extension/decide", {"granted": True}) == (403, "not-allowed")
    await case.chief.post(f"{case.path}/extension/decide", {"granted": True})
    shown = await case.reporter.get(case.path)
    assert datetime.fromisoformat(shown["due_at"]) - before == timedelta(hours=48)
    assert (shown["extension"]["reason"], shown["extension"]["granted"]) == ("配件从外地调运", True)
    await later(5.5 * DAY)
    told = [one for one in (await case.reporter.get("/v1/inbox", limit=50))["items"] if one["topic"] == "case.extended"]
    until = moment(before + timedelta(hours=48))
    assert [one["text"] for one in told] == [f"您反映的事项经上一级批准延长了办理时限,可查看原因;新的时限是{until}"]
    assert any(f"申请把办理时限延到{until}" in line for line in shown["story"]), "and not a number of working hours"
    assert "extension.decided" in await topics(case.lead.officer)
    marks = await street.world.owner.fetch(
        "SELECT k.percent FROM mark k JOIN deadline d ON d.id = k.deadline_id WHERE d.kind = 'resolve_routine'"
        " AND k.matter_id = $1",
        case.path.rpartition("/")[2],
    )
    assert [mark["percent"] for mark in marks] == [80], "not missed at what was the due moment"
    asked = {"hours": 1, "reason": "还要"}
    assert await case.lead.officer.refused(f"{case.path}/extension", asked) == (409, "extension-asked")


async def test_a_refused_extension_leaves_the_limit(street: Street, later: Later) -> None:
    reporter = await street.resident("王奶奶")
    grid, secretary, chief = await officers(street)
    path = f"/v1/cases/{(await reporter.post('/v1/cases', LAMP))['id']}"
    await grid.post(f"{path}/triage", {"lane": "big"})
    before = (await reporter.get(path))["due_at"]
    assert await grid.refused(f"{path}/extension", {"hours": 5, "reason": "忙"}) == (403, "not-allowed")
    assert await secretary.refused(f"{path}/extension", {"hours": 100, "reason": "忙"}) == (422, "extension-too-long")
    await secretary.post(f"{path}/extension", {"hours": 5, "reason": "等业主商量"})
    await later(1)
    assert "extension.asked" in await topics(chief), "the level above the community"
    neighbour = await street.with_role("同事书记", Role.SECRETARY)
    granted = {"granted": True}
    assert await neighbour.refused(f"{path}/extension/decide", granted) == (403, "not-allowed"), "not a level up"
    assert await chief.refused(f"{path}/extension/decide", {"granted": False}) == (422, "reason-wanted")
    await chief.post(f"{path}/extension/decide", {"granted": False, "reason": "不需要"})
    assert (await reporter.get(path))["due_at"] == before
    assert await chief.refused(f"{path}/extension/decide", granted) == (409, "nothing-asked")


async def test_a_case_gets_more_time_once_also_in_a_later_round(street: Street) -> None:
    life = await Neighbourhood.of(street)
    case = await life.reported("big")
    asked = {"hours": 5, "reason": "等业主商量"}
    await life.secretary.post(f"{case}/extension", asked)
    await life.chief.post(f"{case}/extension/decide", {"granted": False, "reason": "不需要"})
    await life.grid.post(f"{case}/result", NOISE_RESULT)
    (call,) = await life.calls()
    said = {"channel": "phone", "reached": True, "solved": False}
    assert (await life.caller.post(f"{case}/callbacks/{call['id']}", said))["state"] == "handling"
    assert (await life.secretary.get(case))["round"] == 2
    assert await life.secretary.refused(f"{case}/extension", asked) == (409, "extension-asked")
    assert (await life.secretary.get(case))["extension"]["reason"] == asked["reason"], (
        "the page says that it was asked for"
    )


async def test_it_is_too_late_once_the_limit_is_due(street: Street, later: Later) -> None:
    """Where somebody is above; at the top the limit is renewed by then, and a renewal gets no more time."""
    await street.world.district()
    case = await whistled(street)
    await later(5 * DAY + 60)
    asked = {"hours": 5, "reason": "忙"}
    assert await case.lead.officer.refused(f"{case.path}/extension", asked) == (409, "extension-too-late")
