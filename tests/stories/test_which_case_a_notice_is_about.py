"""What the messages of cases say and to whom: which case, which way it was decided, and whose limit it is."""

import re

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import LAMP, new_unit, officers, topics, whistled
from tests.stories.casework import reported
from tests.stories.conftest import Clock, Later, Street
from tests.stories.orderwork import at


async def told(someone: Someone, topic: str) -> list[tuple[str, str | None]]:
    """What the messages of a topic say, and of which case."""
    found = (await someone.get("/v1/inbox", limit=50))["items"]
    return [(message["text"], message["about"]) for message in found if message["topic"] == topic]


async def texts(someone: Someone, topic: str) -> list[str]:
    return [text for text, _ in await told(someone, topic)]


async def test_a_notice_says_which_case_and_its_words_only_to_whoever_reported_it(street: Street, later: Later) -> None:
    case = await whistled(street)
    task = await case.lead.reports_in()
    await later(1)
    shown = await case.reporter.get(case.path)
    about = f"{shown['category_name']},{shown['place_name']}"
    whistle = ("您反映的事项已吹哨,责任单位须到场", f"{about}:{LAMP['words']}")
    assert await told(case.reporter, "case.whistled") == [whistle]
    assert await told(case.chief, "whistle.proposed") == [("有一个吹哨等您批准", about)]
    assert await told(case.lead.officer, "assignment.sent") == [("吹哨:您的单位有一项任务,请签收并报到", about)]
    assert (await case.lead.officer.get(task))["state"] == "reported_in"


async def test_whoever_joined_from_elsewhere_hears_the_category_and_the_street_only(
    street: Street, later: Later
) -> None:
    resident, grid = await street.resident("王奶奶"), await street.with_role("小李", Role.GRID_WORKER)
    neighbour = await street.resident("西邻", "west")
    case = await reported(resident)
    await neighbour.post(f"{case}/join", {"words": "我们楼下也黑"})
    await grid.post(f"{case}/triage", {"lane": "small"})
    await later(1)
    (mine,), (theirs,) = await told(resident, "case.triaged"), await told(neighbour, "case.triaged")
    outline, whole = await neighbour.get(case), await resident.get(case)
    assert theirs == ("您反映的事项已受理并开始办理", f"{outline['category_name']},{outline['place_name']}")
    assert outline["place_name"] != whole["place_name"]
    assert mine == (theirs[0], f"{whole['category_name']},{whole['place_name']}:{whole['words']}")


async def test_a_decision_says_which_way_it_went(street: Street, later: Later) -> None:
    case = await whistled(street)
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/extension", {"hours": 14, "reason": "配件从外地调运"})
    await case.chief.post(f"{case.path}/extension/decide", {"granted": False, "reason": "不需要"})
    await later(1)
    assert await texts(case.lead.officer, "extension.decided") == ["您申请的延期未获批准,可查看原因"]


async def test_a_limit_of_a_unit_that_begins_later_is_told_to_the_unit_and_not_to_the_resident(
    street: Street, clock: Clock
) -> None:
    """At night nobody works: each unit hears from when its time counts, and the resident of their own case alone."""
    await clock(at(11, 26, 22, 30))
    case = await whistled(street, co=True)
    assert case.co is not None
    await clock(at(11, 26, 22, 31))
    ours = r"现在不在工作时间,您单位的任务的签收、报到时限从.+开始计时"
    for unit in (case.lead, case.co):
        assert [
            re.match(ours, text) is not None for text in await texts(unit.officer, "deadline.waits_for_opening")
        ] == [True]
    theirs = await texts(case.reporter, "deadline.waits_for_opening")
    assert [text for text in theirs if "任务" in text] == []


async def test_only_arbiters_are_asked_to_decide_a_contest(street: Street, later: Later) -> None:
    case = await whistled(street)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": "移交清单", "proposed_id": water.id})
    await later(1)
    assert "contest.opened" in await topics(arbiter)
    assert "contest.opened" not in await topics(case.chief)
    assert await texts(case.chief, "contest.referred") == ["一个单位对派给它的任务提出异议,已转裁定人"]


async def test_grid_workers_hear_of_an_emergency_of_a_resident(street: Street, later: Later) -> None:
    grid, _, _ = await officers(street)
    resident = await street.resident("王奶奶")
    await reported(resident, category="danger", words="井盖没了")
    await later(1)
    (near,) = await texts(grid, "case.emergency_near")
    assert near == "您负责的地方有紧急事项:责任单位、社区书记和街道值班的派单员已收到通知,请到场协助"
    (first,) = await texts(resident, "case.call_first")
    assert "街道值班的派单员" in first
