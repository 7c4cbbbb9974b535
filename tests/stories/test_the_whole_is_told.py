"""What the story of a case tells whoever reads all of it (domain.md §5: "reason told to the resident")."""

import re
from datetime import datetime

from app.domain.deadlines.spoken import moment
from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import in_days, new_unit, whistled
from tests.stories.casework import reported
from tests.stories.conftest import Later, Street

GROUND = "产权移交清单第 3 条"


async def told(someone: Someone, case: str) -> list[str]:
    """The sentences of a story, without their moments."""
    return [re.sub(r"^\d+月\d+日\(周.\)[\d:]+,", "", line) for line in (await someone.get(case))["story"]]


async def test_a_contest_and_the_change_of_the_lead_are_told_and_not_the_ground(street: Street, later: Later) -> None:
    case = await whistled(street, co=True)
    water = await new_unit(street, "水务站")
    arbiter = await street.with_role("裁定人", Role.ARBITER, "street")
    task = await case.lead.task()
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": GROUND, "proposed_id": water.id})
    await arbiter.post(f"{task}/arbitrate", {"upheld": True, "decision": "依清单,归水务"})
    await later(1)
    await water.reports_in()
    story = await told(case.reporter, case.path)
    begun = story.index("吹响日常哨,责任单位须到场。")
    assert story[begun + 1 : -1] == [
        "通知主办单位城管办、协办单位供电所到场。",
        "主办单位城管办签收。",
        "主办单位城管办提出异议,认为不归它办;时限照常计算。",
        "裁定主办单位城管办的异议成立,不归它办。",
        "通知主办单位水务站到场。",
        "主办单位水务站签收。",
        "主办单位水务站报到。",
    ]
    assert GROUND not in "".join(story), "what officers write on the board stays there"


async def test_why_the_limit_is_longer_and_what_was_agreed_is_told(street: Street) -> None:
    case = await whistled(street)
    officer = case.lead.officer
    await case.lead.reports_in()
    await officer.post(f"{case.path}/extension", {"hours": 14, "reason": "配件从外地调运"})
    await case.chief.post(f"{case.path}/extension/decide", {"granted": True})
    promise = {"unit_id": case.lead.id, "text": "换好灯杆", "due_at": in_days(30)}
    made = await officer.post(f"{case.path}/board/promises", promise)
    assert made["state"] == "whistled"
    story = await told(case.reporter, case.path)
    (granted,) = (line for line in story if line.startswith("上一级批准延期,办理时限到"))
    until = granted.removeprefix("上一级批准延期,办理时限到").removesuffix("。")
    assert f"申请把办理时限延到{until},原因:配件从外地调运。" in story
    due_at = moment(datetime.fromisoformat(promise["due_at"]))
    assert f"城管办承诺{due_at}前做到:换好灯杆。" in story


async def test_what_the_level_above_takes_up_is_not_told_as_the_word_of_the_level_below(street: Street) -> None:
    resident, secretary = await street.resident("王奶奶"), await street.with_role("陈书记", Role.SECRETARY)
    case, other = await reported(resident), await reported(resident, words="东门外的井盖松了")
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    body = {"reason": "无权限", "tried": "已看现场"}
    for path, who in ((case, chief), (other, secretary)):
        await secretary.post(f"{path}/triage", {"lane": "big"})
        await who.post(f"{path}/escalate", body)
    taken, handed = (await told(resident, case))[-2], (await told(resident, other))[-2]
    assert taken.startswith("由上级提到")
    assert taken.endswith("办理,原因:无权限。")
    assert handed.endswith("办理,原因:社区无权办理。")


async def test_why_it_was_not_accepted_and_where_to_go_is_told(street: Street) -> None:
    resident, grid = await street.resident("王奶奶"), await street.with_role("小李", Role.GRID_WORKER)
    case = await reported(resident)
    await grid.post(f"{case}/refuse", {"reason": "not_ours", "elsewhere": "市场监管所"})
    assert (await told(resident, case))[-1] == "不予受理,原因:不属于社区、街道和区县的办理范围;可以去:市场监管所。"
