"""What takes its time or goes down again: hanging and waking, deliberating, handing down, and the catalogue behind it
(挂账 · 议事 · 下派)."""

import re
from datetime import datetime, timedelta
from typing import Any

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone, offered
from tests.stories.casework import LAMP, RESULT, at_street, governing, reported
from tests.stories.conftest import Later, Street

HANG = {"owner": "街道建设办", "must_change": "须先立项,列入下季度预算"}


def in_days(days: float) -> str:
    return (datetime.now(CHINA) + timedelta(days=days)).isoformat()


def due(limit: dict) -> datetime:
    return datetime.fromisoformat(limit["due_at"])


async def test_a_case_that_hangs_wakes_at_its_review_with_the_time_used(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    supervisor = await street.with_role("督办员", Role.SUPERVISOR, "street")
    case = await reported(grandmother)
    chief = await at_street(street, case)
    before = await governing(grandmother, case)
    review_at = datetime.now(CHINA).replace(microsecond=0) + timedelta(days=10)
    await chief.post(f"{case}/hang", HANG | {"review_at": review_at.isoformat()})
    shown = await grandmother.get(case)
    assert (shown["state"], datetime.fromisoformat(shown["due_at"])) == ("hung", review_at)
    assert "挂账,由街道建设办负责;须改变的是:须先立项,列入下季度预算" in shown["story"][-2]
    assert (await governing(grandmother, case))["kind"] == "review"

    await later(timedelta(days=10, hours=1).total_seconds())
    shown = await grandmother.get(case)
    assert shown["state"] == "handling"
    after = await governing(grandmother, case)
    assert after["id"] == before["id"]
    assert timedelta(days=10) < due(after) - due(before) < timedelta(days=10, hours=2), "the time used counts"
    explained = await grandmother.get(f"{case}/deadlines/{after['id']}")
    assert [pause["reason"] for pause in explained["pauses"]] == ["undone"]
    told = [(row["text"], row["about"]) for row in (await supervisor.get("/v1/inbox"))["items"]]
    assert ("挂账的事项到了复核日期仍未复核,请督办", "路灯照明,东社区") in told


async def test_it_is_woken_by_hand_and_the_review_is_over(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    case = await reported(grandmother)
    chief = await at_street(street, case)
    await chief.post(f"{case}/hang", HANG | {"review_at": in_days(2)})
    await later(3600)
    await chief.post(f"{case}/wake")
    assert await chief.refused(f"{case}/wake") == (409, "transition-refused")
    await later(timedelta(days=2, hours=1).total_seconds())
    actions = [row["action"] for row in (await grandmother.get(f"{case}/history"))["items"]]
    assert actions.count("wake") == 1


async def test_who_lets_hang_and_until_when(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    case = await reported(grandmother)
    await secretary.post(f"{case}/triage", {"lane": "hard"})
    body = HANG | {"review_at": in_days(9)}
    assert await secretary.refused(f"{case}/hang", body) == (409, "only-from-street")
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    await secretary.post(f"{case}/escalate", {"reason": "缺资源", "tried": "已找物业"})
    assert await secretary.refused(f"{case}/hang", body) == (403, "not-allowed")
    for days in (-1, 31):
        refused = await chief.refused(f"{case}/hang", body | {"review_at": in_days(days)})
        assert refused == (422, "review-too-far")
    assert await grandmother.refused(f"{case}/hang", body) == (403, "not-allowed")
    await chief.post(f"{case}/hang", body)
    assert await chief.refused(f"{case}/result", RESULT) == (409, "transition-refused"), "it is not solved"


async def test_a_big_matter_is_deliberated_and_goes_on_with_what_was_decided(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    branch = await street.with_role("支部书记", Role.BRANCH_SECRETARY)
    case = await reported(grandmother, category="property", words="电动车没有地方充电")
    await secretary.post(f"{case}/triage", {})
    assert (await grandmother.get(case))["lane"] == "big", "as the catalogue suggests"
    before = await governing(grandmother, case)
    await secretary.post(f"{case}/deliberate")
    shown = await grandmother.get(case)
    assert (shown["state"], shown["holder"]) == ("deliberating", "东社区党组织")
    assert shown["story"][-2].endswith(",提交四方议事,由居民、物业、社区等各方一起商量。")
    await later(7200)
    await branch.post(f"{case}/conclude", {"decision": "物业出地,街道出钱,建充电棚"})
    shown = await grandmother.get(case)
    assert (shown["state"], shown["holder"]) == ("handling", "东社区")
    assert "议事决定:物业出地,街道出钱,建充电棚。" in shown["story"][-2]
    after = await governing(grandmother, case)
    assert after["id"] == before["id"]
    assert timedelta(hours=2) <= due(after) - due(before) < timedelta(hours=2, minutes=2)
    await later(7201)
    heard = [row["text"] for row in (await grandmother.get("/v1/inbox"))["items"]]
    assert "您反映的事项已提交四方议事,请居民、物业、社区等各方一起商量;有了决定会通知您" in heard
    assert "您反映的事项经各方商量已有决定,现在继续办理,可查看决定" in heard


async def test_where_no_branch_has_a_secretary_the_communitys_convenes(street: Street, later: Later) -> None:
    """Neither the estate's, who does not see what is the community's, nor the administrator."""
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    estate = await street.world.estate(street.world.east, "东园")
    below = await street.resident("支部书记", "west")
    post = {"place_id": str(estate), "role": Role.BRANCH_SECRETARY.value, "person_id": str(below.id)}
    await street.administrator.post("/v1/roles", post)
    case = await reported(grandmother, category="property", words="电动车没有地方充电")
    await secretary.post(f"{case}/triage", {})
    await secretary.post(f"{case}/deliberate")
    await later(1)
    assert (await below.ask("GET", case)).status_code == 404
    told = [
        [row["nobody_in_post"] for row in (await one.get("/v1/inbox"))["items"] if row["topic"] == "case.to_deliberate"]
        for one in (secretary, below, street.administrator)
    ]
    assert told == [[True], [], []]
    await secretary.post(f"{case}/conclude", {"decision": "建充电棚"})


async def test_a_small_matter_is_not_deliberated(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    case = await reported(grandmother)
    await secretary.post(f"{case}/triage", {"lane": "small"})
    assert await secretary.refused(f"{case}/deliberate") == (409, "not-big")


async def handed_up(street: Street) -> tuple[Someone, Someone, str]:
    grandmother = await street.resident("王奶奶")
    case = await reported(grandmother)
    return grandmother, await at_street(street, case), case


async def test_only_what_is_on_the_list_goes_down(street: Street, later: Later) -> None:
    grandmother, chief, case = await handed_up(street)
    east = {"place_id": str(street.world.east)}
    assert await chief.refused(f"{case}/hand-down", {}) == (409, "not-admitted"), "there is no list"
    secretary = await street.with_role("书记", Role.SECRETARY)
    listed = {**east, "codes": ["lighting", "repair"]}
    refused = (await secretary.ask("POST", "/v1/admission-lists", listed)).json()
    assert refused["code"] == "not-allowed", "it protects the community"
    assert refused["detail"] == "准入清单由街道及以上的书记、管理员发布,社区自己不能发布"
    assert await chief.refused("/v1/admission-lists", {**east, "codes": ["no-such-thing"]}) == (
        422, "category-not-found",
    )  # fmt: skip
    await chief.post("/v1/admission-lists", {"place_id": str(street.world.street), "codes": ["repair"]})
    assert await chief.refused(f"{case}/hand-down", {}) == (409, "not-admitted"), "another list"
    await chief.post("/v1/admission-lists", listed)
    found = await secretary.get("/v1/admission-lists", **east)
    assert (found["version"], found["codes"]) == (1, ["lighting", "repair"])
    again = {**east, "codes": ["repair", "lighting", "repair"]}
    assert await chief.refused("/v1/admission-lists", again) == (409, "nothing-changed"), "in whatever order"

    before = await governing(grandmother, case)
    await chief.post(f"{case}/hand-down", {})
    shown = await grandmother.get(case)
    assert (shown["level"], shown["holder"]) == ("community", "东社区")
    after = await governing(grandmother, case)
    assert (after["kind"], after["started_at"]) == ("resolve_community", before["started_at"]), "with the time used"
    assert await chief.refused(f"{case}/hand-down", {}) == (409, "at-the-bottom")


async def test_what_is_not_on_it_goes_down_with_its_money(street: Street) -> None:
    _, chief, case = await handed_up(street)
    assert (await chief.ask("POST", f"{case}/hand-down", {"amount": 3000})).status_code == 422
    await chief.post(f"{case}/hand-down", {"amount": 3000, "source": "街道为民服务项目资金"})
    (step,) = [row for row in (await chief.get(f"{case}/history"))["items"] if row["action"] == "hand_down"]
    assert step["note"] == {"to": "community", "listed": False, "amount": 3000, "source": "街道为民服务项目资金"}


async def test_a_place_publishes_its_own_catalogue_and_the_nearest_wins(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    body = {
        "place_id": str(street.world.street), "code": "lighting", "name": "小区照明", "lane": "big", "by_midnight": False,
        "evidence": ["note"],
    }  # fmt: skip
    assert await secretary.refused("/v1/case-categories", body) == (403, "not-allowed")
    for version in (1, 2):
        await street.administrator.post("/v1/case-categories", body | {"lane": ("hard", "big")[version - 1]})
    found = {
        c["code"]: c for c in (await grandmother.get("/v1/case-categories", place_id=str(street.world.east)))["items"]
    }
    assert {"rubbish", "illegal_building", "danger", "parking", "repair"} <= found.keys(), "S3's five service rules"
    shown = found["lighting"]
    assert (shown["name"], shown["version"], shown["lane"], shown["place_name"]) == ("小区照明", 2, "big", "试验街道")
    case = await reported(grandmother)
    await secretary.post(f"{case}/triage", {"lane": "small"})
    assert (await governing(grandmother, case))["kind"] == "resolve_community", "not the same day, it says"


async def test_a_small_matter_is_due_at_midnight(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    case = await reported(grandmother)
    await secretary.post(f"{case}/triage", {})
    limit = await governing(grandmother, case)
    assert limit["kind"] == "resolve_small"
    moment = due(limit)
    assert (moment.hour, moment.minute) == (0, 0)
    assert timedelta() < moment - datetime.now(CHINA) <= timedelta(days=2)


async def test_which_limit_counts_is_said_where_it_is_published_and_read(street: Street) -> None:
    grandmother, place = await street.resident("王奶奶"), str(street.world.street)
    marks = [{"percent": 100, "effects": [{"primitive": "notify", "target": "seat"}]}]
    wanted = {
        "place_id": place, "matter_kind": "case", "category": "lighting", "calendar": "WALL", "budget_seconds": 14_400,
        "marks": marks,
    }  # fmt: skip
    for path in ("/v1/deadline-policies", "/v1/deadline-policies/drafts"):
        refused = await street.administrator.ask("POST", path, {**wanted, "deadline_kind": "resolve_small"})
        (fault,) = refused.json()["errors"]
        assert (refused.status_code, fault["code"]) == (422, "by-midnight")
        assert "by_midnight=false" in fault["message"], "it says what to publish instead"
    midnight = {**wanted, "deadline_kind": "resolve_small", "budget_seconds": 86_400}
    await street.administrator.post("/v1/deadline-policies", midnight)
    await street.administrator.post("/v1/deadline-policies", {**wanted, "deadline_kind": "resolve_community"})
    listed = await grandmother.get("/v1/deadline-policies", place_id=place, matter_kind="case")
    found = {one["deadline_kind"]: one for one in listed["items"] if one["category"] in ("", "lighting")}
    assert "当天 24:00" in found["resolve_small"]["counts"]
    assert "按 resolve_small,不按这里" in found["resolve_community"]["counts"]
    assert found["resolve_community"]["marks_label"][:2] == [
        "用到 100%:由上一级督办、通知办理的一级",
        "用到 150%:由上一级督办",
    ]

    async def lighting() -> dict[str, Any]:
        listed = await grandmother.get("/v1/case-categories", place_id=place)
        return next(one for one in listed["items"] if one["code"] == "lighting")

    assert "不按“社区办结”时限" in (await lighting())["limit_label"]
    own = {"place_id": place, "code": "lighting", "name": "路灯照明", "lane": "small", "by_midnight": False}
    await street.administrator.post("/v1/case-categories", {**own, "evidence": ["note"], "unit_kind": "department"})
    shown = await lighting()
    assert "小事、大事、难事都按“社区办结”时限" in shown["limit_label"]
    assert (shown["evidence_label"], shown["unit_kind_label"]) == (["文字说明"], "职能部门")


async def test_codes_are_read_in_chinese_beside_them(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    secretary = await street.with_role("书记", Role.SECRETARY)
    case = await reported(grandmother)
    await secretary.post(f"{case}/triage", {"lane": "hard"})
    step = (await grandmother.get(f"{case}/history"))["items"][-1]
    assert (step["label"], step["from_state_label"], step["to_state_label"]) == ("分流", "待分流", "办理中")
    limits = {one["kind"]: one for one in (await grandmother.get(f"{case}/deadlines"))["items"]}
    assert limits["reply"]["pausing"] == "从不暂停:响应和答复一直计时"
    assert limits["resolve_community"]["pausing"].startswith("不可暂停;只在挂账、议事期间停下")
    explained = await grandmother.get(f"{case}/deadlines/{limits['reply']['id']}")
    assert explained["pausing"] == limits["reply"]["pausing"]
    for kind in ("order", "case", "assignment"):
        listed = await grandmother.get("/v1/deadline-policies", place_id=str(street.world.east), matter_kind=kind)
        for one in listed["items"]:
            said = (one["deadline_kind_label"], one["calendar_label"], one["pausing"], *one["marks_label"])
            assert not [words for words in said if re.search("[a-z@_]", words)], one


async def test_the_reporter_is_contacted_answered_or_told_where_to_go(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    grid = await street.with_role("网格员", Role.GRID_WORKER)
    case = await reported(grandmother)
    await grid.post(f"{case}/contact", {"channel": "phone", "text": "已问清位置"})
    await grid.post(f"{case}/reply", {"text": "今天下午去看"})
    stopped = {d["kind"]: d["stopped_at"] is not None for d in (await grandmother.get(f"{case}/deadlines"))["items"]}
    assert stopped == {"respond": True, "reply": True, "triage": False}
    assert (await grid.ask("POST", f"{case}/refuse", {"reason": "懒得办", "elsewhere": "别处"})).status_code == 422
    await grid.post(f"{case}/refuse", {"reason": "with_others", "elsewhere": "市政公司热线"})
    shown = await grandmother.get(case)
    assert (shown["end_reason"], shown["elsewhere"]) == ("其他单位正在办理", "市政公司热线")


async def test_station_staff_report_for_a_caller_and_a_daughter_for_her_mother(street: Street) -> None:
    mother = await street.resident("王奶奶")
    daughter = await street.resident("王芳")
    staff = await street.with_role("站点", Role.STATION_STAFF)
    body = {"category": "noise", "words": "楼下夜里施工"}
    made = await staff.post("/v1/cases/for-caller", body | {"person_id": str(mother.id)})
    assert (await mother.get(f"/v1/cases/{made['id']}"))["reported_as"] == "station"
    stranger = await street.resident("远方", "west")
    refused = await staff.refused("/v1/cases/for-caller", body | {"person_id": str(stranger.id)})
    assert refused == (404, "reporter-not-found")

    shown = await staff.get(f"/v1/cases/{made['id']}")
    assert (shown["words"], offered(shown), shown["reporters"]) == ("楼下夜里施工", ["withdraw"], 1)
    assert [step["action"] for step in (await staff.get(f"/v1/cases/{made['id']}/history"))["items"]] == [
        "report_for_caller"
    ]
    assert [row["id"] for row in (await staff.get("/v1/cases", for_callers="true"))["items"]] == [made["id"]]
    assert (await staff.get("/v1/cases", mine="true"))["items"] == [], "it is not their own"
    assert [row["id"] for row in (await staff.get("/v1/cases/search", search="施工"))["items"]] == [made["id"]]
    assert await staff.refused(f"/v1/cases/{made['id']}/triage", {"lane": "small"}) == (403, "not-allowed")
    for other in (
        await street.with_role("站员", Role.STATION_STAFF),
        await street.with_role("西站点", Role.STATION_STAFF, "west"),
    ):
        assert (await other.ask("GET", f"/v1/cases/{made['id']}")).status_code == 404
        assert (await other.get("/v1/cases", for_callers="true"))["items"] == []

    asked = LAMP | {"beneficiary_id": str(mother.id)}
    assert await daughter.refused("/v1/cases", asked) == (404, "not-represented")
    naming = {
        "place_id": str(street.world.east), "name": "王奶奶", "relation": "family",
        "phone": f"139{mother.id.int % 10**8:08d}",
    }  # fmt: skip
    consent = await daughter.post("/v1/beneficiaries", naming)
    await mother.prove_phone()
    await mother.post(f"/v1/beneficiaries/{consent['id']}/consent", {})
    made = await daughter.post("/v1/cases", asked)
    for who in (mother, daughter):
        assert (await who.get(f"/v1/cases/{made['id']}"))["reported_as"] == "representative"


async def test_an_independent_review_ends_a_case(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    case = await reported(grandmother)
    secretary = await street.with_role("书记", Role.SECRETARY)
    hand = await street.with_role("督办兼书记", Role.SUPERVISOR)
    grant = {"place_id": str(street.world.east), "role": "secretary", "person_id": str(hand.id)}
    await street.administrator.post("/v1/roles", grant)
    await hand.post(f"{case}/triage", {"lane": "hard"})
    reason = {"reason": "同一诉求已由法院判决"}
    assert await hand.refused(f"{case}/terminate", reason) == (403, "same-hand")
    assert await secretary.refused(f"{case}/terminate", reason) == (403, "not-allowed")
    other = await street.with_role("督办员", Role.SUPERVISOR)
    await other.post(f"{case}/terminate", reason)
    assert (await grandmother.get(f"{case}/history"))["items"][-1]["by_label"] == "督办员"
    await later(1)
    assert (await grandmother.get(case))["state"] == "terminated"
    assert "case.terminated" in {row["topic"] for row in (await grandmother.get("/v1/inbox"))["items"]}
