"""Becoming a volunteer, over HTTP: an application and its answer, skills and licences, hours (亮单, domain.md §3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.deadlines.spoken import moment
from app.kernel.ids import new_id
from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import NOT_ALLOWED, person, told


def days(number: float) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat(timespec="seconds")


# ── skills ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_skill_is_recorded_by_whoever_saw_the_licence(street: Street, later: Later) -> None:
    station, volunteer = await street.with_role("站点", "station_staff"), await street.with_role("小李", "volunteer")
    skill: dict[str, Any] = {"place_id": str(street.world.east), "code": "haircut", **person(volunteer)}
    recorded = await station.post("/v1/skills", {**skill, "licence": "晋A2026", "licence_until": days(300)[:10]})
    assert await station.refused("/v1/skills", skill) == (409, "already-skilled")
    expired = {**skill, "code": "nursing", "licence_until": days(-2)[:10]}
    assert await station.refused("/v1/skills", expired) == (422, "licence-expired")
    assert await station.refused("/v1/skills", {**skill, **person(station)}) == (409, "own-skill")
    resident = await street.resident("王秀英")
    assert await station.refused("/v1/skills", {**skill, **person(resident)}) == (409, "not-a-volunteer")
    for other in (volunteer, resident, await street.with_role("张敏", "dispatcher")):
        assert await other.refused("/v1/skills", skill) == NOT_ALLOWED
    assert await station.refused("/v1/skills", {**skill, "place_id": str(street.world.west)}) == NOT_ALLOWED
    dispatcher = await street.with_role("派单员", "dispatcher")
    own = (await volunteer.get("/v1/skills"))["items"]
    seen = (await dispatcher.get("/v1/skills", person_id=str(volunteer.id)))["items"]
    assert seen == [{**own[0], "licence": "晋***26"}], "whole to whom it belongs alone"
    assert [(row["id"], row["code"], row["licence"]) for row in own] == [(recorded["id"], "haircut", "晋A2026")]
    for outsider in (resident, await street.with_role("西派单员", "dispatcher", "west")):
        assert (await outsider.get("/v1/skills", person_id=str(volunteer.id)))["items"] == []
    end = f"/v1/skills/{recorded['id']}/end"
    assert await dispatcher.refused(end) == NOT_ALLOWED
    assert await resident.refused(end) == (404, "skill-not-found")
    await volunteer.post(end)
    assert await station.refused(end) == (404, "skill-not-found")
    assert (await volunteer.get("/v1/skills"))["items"] == []
    await station.post("/v1/skills", skill)
    await later(0)
    assert "skill.recorded" in await told(volunteer)


# ── becoming a volunteer ─────────────────────────────────────────────────────────────────────────────────────────


async def test_a_resident_applies_and_the_secretary_decides(street: Street, later: Later) -> None:
    secretary, resident = await street.with_role("刘书记", "secretary"), await street.resident("王秀英")
    apply = "/v1/volunteer-applications"
    await street.world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE person_id = $1", street.world.people["书记"]
    )
    first = await resident.post(apply, {"text": "想陪老人看病", "skills": ["haircut"]})
    assert await resident.refused(apply, {"text": "又一次"}) == (409, "already-applied")
    await later(0)
    assert "volunteer.applied" in await told(secretary)
    listed = (await secretary.get(apply, place_id=str(street.world.east), state="open"))["items"]
    assert [(row["id"], row["name"], row["skills"]) for row in listed] == [(first["id"], "王秀英", ["haircut"])]
    decide = f"{apply}/{first['id']}/decide"
    for other in (await street.with_role("张敏", "dispatcher"), await street.with_role("西书记", "secretary", "west")):
        assert await other.refused(decide, {"approve": True}) == (404, "application-not-found")
    await secretary.post(decide, {"approve": False, "reason": "人数已满"})
    assert await secretary.refused(decide, {"approve": True}) == (409, "already-decided")
    await later(0)
    assert "volunteer.refused" in await told(resident)
    mine = (await resident.get(apply))["items"]
    assert [(row["state"], row["reason"]) for row in mine] == [("refused", "人数已满")]
    second = await resident.post(apply, {"text": "再试一次"})
    assert (await secretary.post(f"{apply}/{second['id']}/decide", {"approve": True}))["state"] == "approve"
    assert {role["role"] for role in (await resident.get("/v1/me"))["roles"]} == {"resident", "volunteer"}
    await later(0)
    assert "role.granted" in await told(resident)
    assert await resident.refused(apply, {"text": "x"}) == (409, "already-volunteer")
    states = [(await secretary.get(apply, state=state))["items"] for state in ("open", "approved", "refused")]
    assert [[(row["id"], row["name"]) for row in rows] for rows in states] == [
        [],
        [(second["id"], "王秀英")],
        [(first["id"], "王**")],
    ]


async def test_an_applicant_takes_it_back_while_nobody_has_answered(street: Street, later: Later) -> None:
    secretary, resident = await street.with_role("刘书记", "secretary"), await street.resident("王秀英")
    neighbour, apply = await street.resident("李大爷"), "/v1/volunteer-applications"
    first = (await resident.post(apply, {"text": "想陪老人看病"}))["id"]
    answer = await resident.ask("POST", apply, {"text": "想教手机"})
    assert "withdrawApplication" in answer.json()["detail"]
    assert await neighbour.refused(f"{apply}/{first}/withdraw") == (404, "application-not-found")
    assert await secretary.refused(f"{apply}/{first}/withdraw") == NOT_ALLOWED
    assert (await resident.post(f"{apply}/{first}/withdraw"))["state"] == "retract"
    await later(0)
    assert "volunteer.withdrawn" in await told(secretary)
    withdrawn = (409, "application-withdrawn")
    assert await resident.refused(f"{apply}/{first}/withdraw") == withdrawn
    assert await secretary.refused(f"{apply}/{first}/decide", {"approve": True}) == withdrawn
    assert (await secretary.get(apply, state="open"))["items"] == []
    (row,) = (await secretary.get(apply, state="withdrawn"))["items"]
    assert (row["id"], row["name"], row["state_label"], row["decided_at"]) == (first, "王**", "已撤回", None)
    second = (await resident.post(apply, {"text": "想教手机"}))["id"]
    await secretary.post(f"{apply}/{second}/decide", {"approve": True})
    assert await resident.refused(f"{apply}/{second}/withdraw") == (409, "already-decided")
    states = [row["state"] for row in (await resident.get(apply))["items"]]
    assert states == ["withdrawn", "approved"]


async def test_whoever_is_admitted_has_at_once_what_takes_no_licence(street: Street, later: Later) -> None:
    secretary, station = await street.with_role("刘书记", "secretary"), await street.with_role("小高", "station_staff")
    resident, apply = await street.resident("王秀英"), "/v1/volunteer-applications"
    lute = {
        "place_id": str(street.world.east),
        "name": "修二胡",
        "description": "换弦",
        "skill": "修二胡",
        "own_code": True,
    }
    await secretary.post("/v1/services", lute)
    said = ["haircut", "law", "sewing", "haircut", "修二胡"]
    made = (await resident.post(apply, {"text": "想帮邻居", "skills": said}))["id"]
    (listed,) = (await secretary.get(apply, state="open"))["items"]
    assert listed["to_record"] == [], "nothing before they are admitted"
    await secretary.post(f"{apply}/{made}/decide", {"approve": True})
    has = (await resident.get("/v1/skills"))["items"]
    assert [(one["code"], one["seen_by"], one["licence"]) for one in has] == [
        ("haircut", str(secretary.id), None), ("sewing", str(secretary.id), None),
    ]  # fmt: skip
    await later(0)
    texts = {one["topic"]: one["text"] for one in (await resident.get("/v1/inbox"))["items"]}
    assert texts["volunteer.approved"] == (
        "您的志愿者申请已通过,已登记技能:理发、缝补;还须由工作人员登记:法律咨询(须看证照)、其他须登记的技能"
    )
    (notice,) = [
        one for one in (await station.get("/v1/inbox"))["items"] if one["topic"] == "volunteer.skills_to_record"
    ]
    assert (notice["text"], notice["subject_id"]) == (
        "请登记新志愿者的技能:法律咨询(须看证照)、其他须登记的技能;是谁,见志愿者申请", made,
    )  # fmt: skip
    law: dict[str, Any] = {"place_id": str(street.world.east), "code": "law", **person(resident)}
    missing = await station.ask("POST", "/v1/skills", law)
    assert (missing.status_code, missing.json()["code"]) == (422, "licence-missing")
    assert [error["pointer"] for error in missing.json()["errors"]] == ["/body/licence"]
    await station.post("/v1/skills", {**law, "licence": "晋A2026"})


async def test_the_station_sees_whose_skills_are_to_be_recorded_until_they_are(street: Street) -> None:
    secretary, station = await street.with_role("刘书记", "secretary"), await street.with_role("小高", "station_staff")
    elsewhere = await street.with_role("小林", "station_staff", "west")
    dispatcher = await street.with_role("张敏", "dispatcher")
    apply, law = "/v1/volunteer-applications", {"place_id": str(street.world.east), "code": "law", "licence": "晋A2026"}
    fiddles = {"name": "修二胡", "description": "换弦", "skill": "修二胡", "own_code": True}
    await street.administrator.post("/v1/services", {"place_id": str(street.world.east), **fiddles})
    residents = [await street.resident(name) for name in ("王秀英", "李建国", "赵大爷")]
    named = (["law", "修二胡", "haircut"], ["haircut"], ["law"])
    for resident, skills, agreed in zip(residents, named, (True, True, False), strict=True):
        made = (await resident.post(apply, {"text": "想帮邻居", "skills": skills}))["id"]
        assert (await station.get(apply))["items"] == [], "who applies is the secretary's to know"
        reason = None if agreed else "名额已满"
        await secretary.post(f"{apply}/{made}/decide", {"approve": agreed, "reason": reason})
        if resident is residents[0]:
            (row,) = (await station.get(apply))["items"]
            assert (row["person_id"], row["to_record"]) == (str(resident.id), ["law", "修二胡"])
            await station.post("/v1/skills", {**law, **person(resident)})
            for reader in (station, secretary, resident):
                assert [one["to_record"] for one in (await reader.get(apply))["items"]] == [["修二胡"]]
            for reader in (elsewhere, dispatcher):
                assert (await reader.get(apply))["items"] == []
            lute = (await station.post("/v1/skills", {**law, "code": "修二胡", "licence": None, **person(resident)}))[
                "id"
            ]
            assert (await station.get(apply))["items"] == []
            await resident.post(f"/v1/skills/{lute}/end")
        assert (await station.get(apply))["items"] == [], "what was recorded and has ended is not asked for again"
    assert [one["to_record"] for one in (await secretary.get(apply))["items"]] == [[], [], []]


async def test_a_code_is_not_brought_by_a_slip(street: Street) -> None:
    """What listSkillCodes does not show is mistyped, unless the staff say that it is new; then everybody there uses it."""
    station, resident = await street.with_role("小高", "station_staff"), await street.resident("王秀英")
    volunteer, east = await street.with_role("小赵", "volunteer"), str(street.world.east)
    service = {"place_id": east, "name": "修二胡", "description": "换弦", "skill": "修二胡"}
    skill = {"place_id": east, "code": "修二胡", **person(volunteer)}
    application = {"text": "会修二胡", "skills": ["haircut", "修二胡"]}
    tries = (
        (street.administrator, "/v1/services", service, "/body/skill", True),
        (station, "/v1/skills", skill, "/body/code", True),
        (resident, "/v1/volunteer-applications", application, "/body/skills/1", False),
    )
    for who, path, body, pointer, brings in tries:
        answer = await who.ask("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown-skill")
        (error,) = answer.json()["errors"]
        assert error["pointer"] == pointer
        assert error["message"].startswith("没有『修二胡』,请从 listSkillCodes 复制")
        assert ("own_code" in error["message"]) is brings
    await street.administrator.post("/v1/services", {**service, "own_code": True})
    await station.post("/v1/skills", skill)
    await resident.post("/v1/volunteer-applications", application)


async def test_a_skill_that_is_recorded_already_is_not_recorded_again(street: Street) -> None:
    """Also one that was recorded where whoever decides now does not work."""
    secretary, volunteer = (
        await street.with_role("刘书记", "secretary"),
        await street.with_role("小赵", "volunteer", "west"),
    )
    station = await street.with_role("小高", "station_staff", "west")
    await station.post("/v1/skills", {"place_id": str(street.world.west), "code": "sewing", **person(volunteer)})
    await volunteer.post("/v1/me/community", {"place_id": str(street.world.east)})
    body = {"text": "搬来了", "skills": ["sewing", "cooking"]}
    made = (await volunteer.post("/v1/volunteer-applications", body))["id"]
    decide = f"/v1/volunteer-applications/{made}/decide"
    key = str(new_id())
    first = (await secretary.ask("POST", decide, {"approve": True}, key)).json()
    assert (await secretary.ask("POST", decide, {"approve": True}, key)).json() == first
    assert [one["code"] for one in (await volunteer.get("/v1/skills"))["items"]] == ["sewing", "cooking"]


async def test_a_no_says_why(street: Street) -> None:
    secretary, resident = await street.with_role("刘书记", "secretary"), await street.resident("王秀英")
    made = (await resident.post("/v1/volunteer-applications", {"text": "想帮忙"}))["id"]
    answer = await secretary.ask("POST", f"/v1/volunteer-applications/{made}/decide", {"approve": False})
    assert (answer.status_code, answer.json()["code"]) == (422, "reason-wanted")
    assert [(error["pointer"], error["message"]) for error in answer.json()["errors"]] == [
        ("/body/reason", "不同意时请写明原因,申请人会看到")
    ]


async def test_everybody_finds_the_codes_of_skills_and_the_staff_how_many_have_them(street: Street) -> None:
    station, resident = await street.with_role("小高", "station_staff"), await street.resident("王秀英")
    volunteer, east = await street.with_role("小赵", "volunteer"), str(street.world.east)
    service = {"place_id": str(street.world.street), "name": "修二胡", "description": "换弦", "skill": "修二胡"}
    await street.administrator.post("/v1/services", {**service, "own_code": True})
    for code, own in (("sewing", False), ("paper_cutting", True)):
        await station.post("/v1/skills", {"place_id": east, "code": code, "own_code": own, **person(volunteer)})

    async def codes(reader: Someone, **asked: str) -> dict[str, tuple[Any, ...]]:
        found = (await reader.get("/v1/skill-codes", **asked))["items"]
        return {one["code"]: (one["name"], one["licensed"], one["services"], one["volunteers"]) for one in found}

    general = await codes(resident)
    assert general["haircut"] == ("理发", False, 0, None)
    assert general["law"] == ("法律咨询", True, 0, None)
    assert "修二胡" not in general
    shown = await codes(resident, place_id=east)
    assert shown.keys() - general.keys() == {"修二胡"}, "what only volunteers have is for the staff"
    assert shown["修二胡"] == ("修二胡", None, 1, None)
    counted = await codes(station, place_id=east)
    assert {code: counted[code][2:] for code in ("sewing", "paper_cutting", "修二胡", "law")} == {
        "sewing": (0, 1), "paper_cutting": (0, 1), "修二胡": (1, 0), "law": (0, 0),
    }  # fmt: skip
    assert (await codes(station, place_id=str(street.world.west)))["sewing"] == ("缝补", False, 0, None), (
        "no staff there"
    )


async def test_an_applicant_without_name_and_phone_is_asked_for_them_and_not_admitted(street: Street) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    nameless = await Someone.by_wechat(street.api_url, f"无名@{street.world.street}")
    await nameless.post("/v1/me/community", {"place_id": str(street.world.east)})
    apply = "/v1/volunteer-applications"
    assert await nameless.refused(apply, {"text": "想帮忙"}) == (409, "applicant-unnamed")
    await nameless.put("/v1/me", {"name": "张三", "phone": f"137{nameless.id.int % 10**8:08d}"})
    made = (await nameless.post(apply, {"text": "想帮忙"}))["id"]
    # One who applied when that was not asked yet.
    await street.world.owner.execute("UPDATE person SET phone_sealed = NULL WHERE id = $1", nameless.id)
    assert await secretary.refused(f"{apply}/{made}/decide", {"approve": True}) == (409, "applicant-unnamed")
    await nameless.put("/v1/me", {"phone": f"137{nameless.id.int % 10**8:08d}"})
    assert (await secretary.post(f"{apply}/{made}/decide", {"approve": True}))["state"] == "approve"


async def test_nobody_decides_on_their_own_application_nor_applies_from_nowhere(street: Street) -> None:
    secretary = await street.resident("刘书记")
    grant = {"place_id": str(street.world.east), "role": "secretary", **person(secretary)}
    await street.administrator.post("/v1/roles", grant)
    made = await secretary.post("/v1/volunteer-applications", {"text": "x"})
    decide = f"/v1/volunteer-applications/{made['id']}/decide"
    assert await secretary.refused(decide, {"approve": True}) == (409, "own-application")
    await street.administrator.post("/v1/roles", {**grant, "role": "volunteer"})
    assert (await street.administrator.post(decide, {"approve": True}))["state"] == "approve"
    homeless = await street.with_role("小李", "dispatcher")
    assert await homeless.refused("/v1/volunteer-applications", {"text": "x"}) == (409, "residents-only")


# ── hours ────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_volunteer_says_when_they_serve(street: Street) -> None:
    volunteer, dispatcher = await street.with_role("小李", "volunteer"), await street.with_role("张敏", "dispatcher")
    said = {
        "week": [[{"begin": "09:00", "until": "12:00"}, {"begin": "14:00", "until": "24:00"}], *[[] for _ in range(6)]],
        "quiet_from": "22:00",
        "quiet_until": "07:30",
        "daily_capacity": 2,
        "away_until": None,
    }
    before = await volunteer.get("/v1/availability")
    assert before == {"person_id": str(volunteer.id), **dict.fromkeys(said), "daily_capacity": 3}
    await volunteer.put("/v1/me/availability", said)
    assert await dispatcher.get("/v1/availability", person_id=str(volunteer.id)) == {**before, **said}
    await volunteer.put("/v1/me/availability", {"away_until": days(3)})
    after = await volunteer.get("/v1/availability")
    assert (after["week"], after["quiet_from"], after["daily_capacity"]) == (None, None, 3)
    outsider = await street.with_role("西派单员", "dispatcher", "west")
    assert (await outsider.get("/v1/availability", person_id=str(volunteer.id)))["away_until"] is None
    answer = await dispatcher.ask("PUT", "/v1/me/availability", said)
    assert (answer.status_code, answer.json()["code"]) == NOT_ALLOWED


@pytest.mark.parametrize(
    ("said", "pointer"),
    [
        ({"week": [[{"begin": "12:00", "until": "09:00"}]] * 7}, "/body/week"),
        ({"week": [[]] * 7}, "/body/week"),
        ({"week": [[{"begin": "25:00", "until": "26:00"}]] * 7}, "/body/week/0/0/begin"),
        ({"quiet_from": "22:00"}, "/body/quiet_until"),
        ({"quiet_from": "22:00", "quiet_until": "22:00"}, "/body/quiet_until"),
        ({"away_until": "2026-01-01T00:00:00+08:00"}, "/body/away_until"),
        ({"hand_back": True}, "/body/hand_back"),
    ],
)
async def test_hours_that_cannot_be(street: Street, said: dict[str, Any], pointer: str) -> None:
    volunteer = await street.with_role("小李", "volunteer")
    answer = await volunteer.ask("PUT", "/v1/me/availability", said)
    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_a_skill_of_a_wider_place_is_seen_where_the_volunteer_may_be_sent(street: Street) -> None:
    volunteer = await street.with_role("李强", "volunteer", "street")
    station = await street.with_role("站长", "station_staff", "street")
    dispatcher = await street.with_role("张敏", "dispatcher")
    await station.post("/v1/skills", {"place_id": str(street.world.street), "code": "haircut", **person(volunteer)})
    seen = (await dispatcher.get("/v1/skills", person_id=str(volunteer.id)))["items"]
    assert [one["code"] for one in seen] == ["haircut"]


async def test_an_applicant_who_is_to_volunteer_from_a_later_day_on_is_told_so(street: Street, later: Later) -> None:
    secretary, resident = await street.with_role("刘书记", "secretary"), await street.resident("王秀英")
    begins = days(5)
    grant = {"place_id": str(street.world.east), "role": "volunteer", "starts_at": begins, **person(resident)}
    await street.administrator.post("/v1/roles", grant)
    await later(0)
    (told_of,) = [one for one in (await resident.get("/v1/inbox"))["items"] if one["topic"] == "role.granted"]
    assert told_of["text"] == f"您有了新的角色:志愿者,从{moment(datetime.fromisoformat(begins))}起"
    await resident.put("/v1/me/availability", {"daily_capacity": 2})  # so that it holds from the first day on
    made = (await resident.post("/v1/volunteer-applications", {"text": "想帮忙"}))["id"]
    answer = await secretary.ask("POST", f"/v1/volunteer-applications/{made}/decide", {"approve": True})
    assert (answer.status_code, answer.json()["code"]) == (409, "already-granted")
    assert "revokeRole" in answer.json()["detail"]


async def test_who_has_a_role_for_a_time_is_told_until_when(street: Street, later: Later) -> None:
    resident, ends = await street.resident("王秀英"), days(40)
    grant = {"place_id": str(street.world.east), "role": "volunteer", "ends_at": ends, **person(resident)}
    await street.administrator.post("/v1/roles", grant)
    await later(0)
    (told_of,) = [one for one in (await resident.get("/v1/inbox"))["items"] if one["topic"] == "role.granted"]
    assert told_of["text"] == f"您有了新的角色:志愿者,到{moment(datetime.fromisoformat(ends))}为止"
