"""A refusal is where somebody who does not know the way finds it: who may, how it goes on, what is missing."""

import re
from datetime import timedelta
from typing import Any

from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.kernel.time import real_now
from tests.people import Someone, by_day
from tests.special import service_of
from tests.stories.boardwork import LAMP, RESULT, whistled
from tests.stories.caselife import Neighbourhood
from tests.stories.casework import at_street, reported
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import person, team


async def detail(someone: Someone, path: str, body: dict[str, Any] | None = None, status: int = 409) -> str:
    """What the refusal of a command says beside its title."""
    answer = await someone.ask("POST", path, body)
    assert answer.status_code == status, answer.text
    return str(answer.json().get("detail"))


async def fault(someone: Someone, path: str, body: dict[str, Any]) -> tuple[str, str]:
    """The one field that a refusal names, and what it says of it."""
    answer = await someone.ask("POST", path, body)
    assert answer.status_code == 422, answer.text
    (found,) = answer.json()["errors"]
    return found["pointer"], found["message"]


async def test_who_may_is_said_by_office_and_never_by_name(street: Street) -> None:
    resident = await street.resident("王秀英")
    dispatcher = await street.with_role("张敏", Role.DISPATCHER)
    order = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': street.service_id, 'note': '水龙头漏水'}))['id']}"
    reject = {"reason": "duplicate", "other_help": "见上一单"}
    assert await detail(resident, f"{order}/reject", reject, 403) == "这项操作由当地及上级的派单员、书记、管理员办理"
    volunteer = await street.with_role("李强", Role.VOLUNTEER)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    assert (
        await detail(volunteer, f"{order}/cancel", {"reason": "不用了"}, 403)
        == "这项操作由下单人本人、受益人本人、代为点单或上报的工作人员或转达居民来电的工作人员办理"
    )
    case = await reported(resident)
    withdraw = {"reason": "好了"}
    assert (
        await detail(dispatcher, f"{case}/withdraw", withdraw, 403)
        == "这项操作由上报人本人、受益人本人或代为点单或上报的工作人员办理"
    )
    handles = "这项操作由当地及上级的网格员或办理层级的派单员、书记、管理员办理"
    assert await detail(resident, f"{case}/triage", {"lane": "small"}, 403) == handles
    unit = {"place_id": str(street.world.east), "name": "物业", "kind": "partner"}
    assert await detail(resident, "/v1/units", unit, 403) == "这项操作由当地及上级的管理员办理", "of records too"
    english = {"Accept-Language": "en", "Idempotency-Key": str(new_id())}
    answer = await dispatcher.http.post(f"{case}/withdraw", json=withdraw, headers=english)
    assert answer.json()["detail"] == (
        "Who may: requester | beneficiary | placer:administrator/dispatcher/secretary/station_staff"
    )


async def test_a_member_is_told_that_the_lead_may_too(street: Street) -> None:
    lead, member = [await street.with_role(who, "volunteer") for who in ("冯强", "孙丽")]
    of_team = await team(street, lead)
    await lead.post(f"/v1/teams/{of_team}/members", person(member))
    place_id, starts = str(street.world.east), by_day(days=2).isoformat()
    service = {"place_id": place_id, "name": "义诊", "description": "量血压", "team_id": of_team}
    offers = f"/v1/services/{(await lead.post('/v1/services', service))['id']}"
    day = {
        "place_id": place_id, "team_id": of_team, "service_id": await service_of(street.world, "service_day", "义诊日"),
        "slots": [{"starts_at": starts, "minutes": 30, "capacity": 1}],
    }  # fmt: skip
    for path, body, staff in (
        (f"/v1/teams/{of_team}/lead", person(member), "书记、管理员"),
        ("/v1/services", service, "书记、管理员"),
        (f"{offers}/pause", {}, "书记、管理员"),
        (f"{offers}/resume", None, "书记、管理员"),
        ("/v1/service-days", day, "派单员、书记、管理员"),
    ):
        assert await detail(member, path, body, 403) == f"这项操作由这支队伍的队长或当地及上级的{staff}办理", path


async def test_hours_that_are_no_time_are_said_of_ones_hours(street: Street) -> None:
    volunteer = await street.with_role("李强", "volunteer")
    week = [[{"begin": "09:00", "until": "25:00"}], *[[] for _ in range(6)]]
    for body, field in (
        ({"week": week}, "week/0/0/until"),
        ({"quiet_from": "24:30", "quiet_until": "07:00"}, "quiet_from"),
    ):
        answer = await volunteer.ask("PUT", "/v1/me/availability", body)
        said = answer.json()
        assert (answer.status_code, said["code"], said["title"]) == (422, "availability-invalid", "服务时间填写有误")
        assert [one["pointer"] for one in said["errors"]] == [f"/body/{field}"]


async def test_a_trouble_elsewhere_is_for_whoever_lives_there(street: Street) -> None:
    resident = await street.resident("王秀英")
    elsewhere = LAMP | {"place_id": str(street.world.west)}
    said = await detail(resident, "/v1/cases", elsewhere, 403)
    assert "joinPlace" in said
    assert "由那里的居民或网格员上报" in said


async def test_what_waits_says_how_it_goes_on(street: Street) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    task, officer = await case.lead.reports_in(), case.lead.officer
    await officer.post(f"{task}/contest", {"ground": "产权移交清单第 3 条", "proposed_id": case.co.id})
    for step, body in (("report-in", None), ("begin", None), ("finish", {"outcome": "好了"})):
        said = await detail(officer, f"{task}/{step}", body)
        assert said.startswith("现在是『有异议』;等待裁定")
        assert "时限照常计算" in said


async def test_what_has_ended_says_what_to_do_with_something_new(street: Street) -> None:
    resident = await street.resident("王秀英")
    case = await reported(resident)
    await resident.post(f"{case}/withdraw", {"reason": "好了"})
    said = await detail(resident, f"{case}/withdraw", {"reason": "好了"})
    assert said == "现在是『已撤回』;仍需办理或又出现的,请用 reportCase 另行上报"
    order = f"/v1/orders/{(await resident.post('/v1/orders', {'service_id': street.service_id, 'note': '水龙头漏水'}))['id']}"
    await resident.post(f"{order}/cancel", {"reason": "不用了"})
    said = await detail(resident, f"{order}/cancel", {"reason": "不用了"})
    assert said == "现在是『已取消』;仍需帮助的,请另行点单(placeOrder);服务日的,另约时段(bookSlot)"


async def test_a_result_is_returned_with_a_reason_and_accepted_without(street: Street) -> None:
    case = await whistled(street)
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    check = f"{case.path}/check"
    assert await fault(case.chief, check, {"accepted": False}) == ("/body/reason", "退回时请写明原因")
    both = await fault(case.chief, check, {"accepted": True, "reason": "还歪着"})
    assert both == ("/body/reason", "核验通过不写原因;要退回的,accepted 填 false")
    assert (await case.chief.post(check, {"accepted": False, "reason": "还歪着"}))["state"] == "whistled"


async def test_more_time_is_asked_for_with_the_first_limit_in_view(street: Street) -> None:
    case = await whistled(street)
    _, message = await fault(case.lead.head, f"{case.path}/extension", {"hours": 300, "reason": "等配件"})
    assert re.fullmatch(r"原定时限是 (\d+) 小时\(按全天候计\),最多再延长 \1 小时", message)


async def test_what_stands_in_a_body_is_corrected_in_its_own_words(street: Street) -> None:
    resident = await street.resident("王秀英")
    case = await reported(resident)
    chief = await at_street(street, case)
    hang = {"owner": "建设办", "must_change": "须先立项", "review_at": (real_now() - timedelta(days=1)).isoformat()}
    _, message = await fault(chief, f"{case}/hang", hang)
    assert message == "复核日期须晚于现在,最晚在三十天之内"
    itself = {"parent_id": case.rsplit("/", 1)[1]}
    assert await fault(chief, f"{case}/merge", itself) == ("/body/parent_id", "不能并入它自己:请填写另一个事项的编号")
    pointer, message = await fault(resident, "/v1/cases", LAMP | {"category": "路灯"})
    assert (pointer, "listCategories" in message) == ("/body/category", True)
    result = RESULT | {"evidence": [{"kind": "照片", "text": "IMG-1"}]}
    pointer, message = await fault(chief, f"{case}/result", result)
    assert (pointer, "photo 照片" in message) == ("/body/evidence/0/kind", True)
    down = await chief.ask("POST", f"{case}/hand-down", {})
    assert "下一级的准入清单" in down.json()["title"]


async def test_a_login_name_as_no_form_encodes_it_is_explained(street: Street) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    raw = "username=王书记&password=whatever-1".encode()
    answer = await street.administrator.http.post("/v1/auth/password", content=raw, headers=form)
    (found,) = answer.json()["errors"]
    assert (found["pointer"], "登录名只有英文字母" in found["message"]) == ("/body/username", True)


async def test_tries_that_count_are_counted(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved()
    await life.resident.post(f"{case}/callback", {"solved": False})
    await later(1)
    (call,) = await life.calls()
    assert (call["missed_tries"], call["next_try_label"][:6]) == (0, "还没有联系过")
    await life.caller.post(
        f"{case}/callbacks/{call['id']}", {"channel": "phone", "reached": False, "words": "无人接听"}
    )
    (call,) = await life.calls()
    assert call["missed_tries"] == 1
    assert "再有 2 次,其中至少一次在另一天" in call["next_try_label"]
