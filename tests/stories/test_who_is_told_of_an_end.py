"""What ends is told to whom it concerns, by name: a role, a skill, a membership, a leave, an application (domain.md §3)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from app.kernel.database import Database
from app.workers.jobs import end_roles
from tests.people import Someone, agree, by_day
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import accepted, crew
from tests.stories.teamwork import NOT_ALLOWED, person, team, told


def days(number: float) -> str:
    return (datetime.now(UTC) + timedelta(days=number)).isoformat(timespec="seconds")


async def notice(someone: Someone, topic: str) -> dict[str, Any]:
    """The newest message with this topic."""
    return next(one for one in (await someone.get("/v1/inbox"))["items"] if one["topic"] == topic)


async def grant_of(someone: Someone, role: str = "volunteer") -> str:
    return next(one["id"] for one in (await someone.get("/v1/me"))["roles"] if one["role"] == role)


async def nursed(street: Street, resident: Someone, volunteer: Someone, *, until: str) -> tuple[str, str]:
    """An order of a service that takes a licence, with a volunteer who has it: its path, and the skill's."""
    here = {"place_id": str(street.world.east)}
    service = await street.administrator.post(
        "/v1/services", {**here, "name": "上门护理", "description": "换药", "skill": "nursing"}
    )
    skill = {**here, **person(volunteer), "code": "nursing", "licence": "晋A2026"}
    recorded = (await street.administrator.post("/v1/skills", skill))["id"]
    order = "/v1/orders/" + (await resident.post("/v1/orders", {"service_id": service["id"], "note": "换药"}))["id"]
    await street.administrator.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    if until == "in_service":
        await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    return order, f"/v1/skills/{recorded}/end"


# ── a skill ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_withdrawn_licence_stops_a_service_and_the_dispatcher_hears_of_which(
    street: Street, later: Later
) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    station = await street.with_role("站点", "station_staff")
    order, end = await nursed(street, resident, volunteer, until="accepted")
    await station.post(end)
    code = {"code": (await resident.get(order))["start_code"]}
    answer = await volunteer.ask("POST", f"{order}/start", code)
    assert (answer.status_code, answer.json()["code"]) == (409, "volunteer-not-qualified")
    assert "releaseOrder" in answer.json()["detail"]
    await later(0)
    heard = await notice(dispatcher, "order.server_unskilled")
    assert (heard["about"], heard["subject_kind"]) == ("上门护理", "order")
    assert order.endswith(heard["subject_id"])
    own = await notice(volunteer, "skill.ended")
    assert (own["text"], own["about"]) == ("社区取消了您的一项技能;有 1 单须有这项技能,未开始的请退回", "护理")
    assert (await notice(volunteer, "skill.recorded"))["about"] == "护理"
    await volunteer.post(f"{order}/release", {"reason": "证照已停"})


async def test_of_what_is_being_served_without_the_skill_the_dispatcher_is_told_too(
    street: Street, later: Later
) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order, end = await nursed(street, resident, volunteer, until="in_service")
    await volunteer.post(end)
    await later(0)
    assert order.endswith((await notice(dispatcher, "order.server_unskilled"))["subject_id"])
    assert "skill.ended" not in await told(volunteer), "they did it"
    await volunteer.post(f"{order}/deliver", {"outcome": "已换药"})


async def test_a_skill_of_a_places_own_is_shown_to_whoever_has_it(street: Street) -> None:
    volunteer, resident = await street.with_role("李强", "volunteer"), await street.resident("王秀英")
    body = {"place_id": str(street.world.east), **person(volunteer), "code": "修二胡", "own_code": True}
    await street.administrator.post("/v1/skills", body)
    codes = [
        [one["code"] for one in (await who.get("/v1/skill-codes", place_id=str(street.world.east)))["items"]]
        for who in (volunteer, resident)
    ]
    assert ["修二胡" in one for one in codes] == [True, False]
    (shown,) = (await volunteer.get("/v1/skills"))["items"]
    assert (shown["code"], shown["name"]) == ("修二胡", "修二胡")


# ── a role ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_gets_or_loses_a_role_is_told_which_and_where(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    held = await accepted(street, resident, dispatcher, volunteer)
    await later(0)
    for someone, role, label in ((volunteer, "volunteer", "志愿者"), (dispatcher, "dispatcher", "社区派单员")):
        given = await notice(someone, "role.granted")
        assert (given["text"], given["about"]) == (f"您有了新的角色:{label.removeprefix('社区')}", f"{label},东社区")
        await street.administrator.post(f"/v1/roles/{await grant_of(someone, role)}/revoke")
    await later(0)
    ended = await notice(volunteer, "role.ended")
    assert (ended["text"], ended["about"]) == (
        "您的任职已结束:志愿者;手上未开始的 1 单已退回社区或取消",
        "志愿者,东社区",
    )
    assert (await resident.get(held))["state"] == "submitted"
    assert (await notice(dispatcher, "role.ended"))["text"] == "您的任职已结束:派单员"


async def test_an_officer_whose_post_ends_by_its_date_is_told_once(
    street: Street, later: Later, worker_url: str
) -> None:
    officer = await Someone.by_wechat(street.api_url, f"短期派单员@{street.world.street}")
    body = {"place_id": str(street.world.east), "role": "dispatcher", "ends_at": days(0.01), **person(officer)}
    await street.administrator.post("/v1/roles", body)
    worker = await Database.connect(worker_url, size=2)
    for seconds in (0, 1000, 1000):
        await later(seconds)
        await end_roles(worker)
    await later(1000)
    await worker.close()
    assert (await told(officer)).count("role.lapsed") == 1
    assert (await notice(officer, "role.lapsed"))["text"] == "您的任职已到期:派单员"


async def test_where_two_grants_of_a_role_overlap_the_end_of_one_says_that_the_other_stands(
    street: Street, later: Later, worker_url: str
) -> None:
    officer = await Someone.by_wechat(street.api_url, f"接任派单员@{street.world.street}")
    body = {"place_id": str(street.world.east), "role": "dispatcher", **person(officer)}
    await street.administrator.post("/v1/roles", {**body, "ends_at": days(0.01)})
    second = (await street.administrator.post("/v1/roles", {**body, "ends_at": days(5)}))["id"]
    third = (await street.administrator.post("/v1/roles", {**body, "ends_at": days(9)}))["id"]
    await street.administrator.post(f"/v1/roles/{second}/revoke")
    await later(0)
    assert (await notice(officer, "role.ended"))["text"] == "您的任职已结束:派单员;另一段同样的任职仍然有效"
    worker = await Database.connect(worker_url, size=2)
    await later(1000)
    await end_roles(worker)
    await later(1000)
    await worker.close()
    assert "role.lapsed" not in await told(officer), "nothing ended for them"
    await street.administrator.post(f"/v1/roles/{third}/revoke")
    await later(1000)
    assert (await notice(officer, "role.ended"))["text"] == "您的任职已结束:派单员"


async def test_a_volunteer_resigns_and_nobody_else_for_them(street: Street, later: Later) -> None:
    resident, dispatcher, secretary, volunteer = await crew(street)
    fellow = await street.resident("李大爷")
    apply = "/v1/volunteer-applications"
    made = (await fellow.post(apply, {"text": "想帮忙"}))["id"]
    await secretary.post(f"{apply}/{made}/decide", {"approve": True, "reason": "欢迎,周三来领马甲"})
    await later(0)
    yes = await notice(fellow, "volunteer.approved")
    assert (yes["text"], yes["about"]) == ("您的志愿者申请已通过", "理由:欢迎,周三来领马甲")
    await street.world.owner.execute("UPDATE volunteer_profile SET daily_capacity = 50")
    order = await accepted(street, resident, dispatcher, fellow)
    revoke = f"/v1/roles/{await grant_of(fellow)}/revoke"
    for somebody, refusal in (
        (dispatcher, NOT_ALLOWED),
        (volunteer, (404, "role-not-found")),
    ):
        assert await somebody.refused(revoke) == refusal
    home = await fellow.ask("POST", f"/v1/roles/{await grant_of(fellow, 'resident')}/revoke")
    assert (home.status_code, "joinPlace" in home.json()["detail"]) == (403, True)
    own_post = f"/v1/roles/{await grant_of(dispatcher, 'dispatcher')}/revoke"
    assert await dispatcher.refused(own_post) == NOT_ALLOWED
    await fellow.post(revoke)
    assert await fellow.refused(revoke) == (409, "already-ended")
    await later(0)
    assert (await resident.get(order))["state"] == "submitted"
    for officer in (dispatcher, secretary):
        heard = await notice(officer, "role.resigned")
        assert (heard["text"], heard["about"]) == ("一位志愿者不再做志愿者了", "李**,东社区")
    assert "role.ended" not in await told(fellow)


async def test_a_role_that_never_began_is_gone_when_it_is_revoked(street: Street) -> None:
    someone = await street.resident("王秀英")
    body = {"place_id": str(street.world.east), "role": "volunteer", "starts_at": days(1), **person(someone)}
    given = (await street.administrator.post("/v1/roles", body))["id"]
    await street.administrator.post(f"/v1/roles/{given}/revoke")
    assert [one["role"] for one in (await someone.get("/v1/me"))["roles"]] == ["resident"]
    listed = [
        [one["id"] for one in (await street.administrator.get("/v1/roles", **asked))["items"]]
        for asked in (
            {"place_id": str(street.world.east), "limit": "100"},
            {"place_id": str(street.world.east), "limit": "100", "ended": "true"},
        )
    ]
    assert [given in one for one in listed] == [False, True]
    assert await street.administrator.refused(f"/v1/roles/{given}/revoke") == (409, "already-ended")


async def test_a_period_that_is_over_is_said_to_be(street: Street) -> None:
    someone = await street.resident("王秀英")
    body = {"place_id": str(street.world.east), "role": "dispatcher", "starts_at": days(-2), "ends_at": days(-1)}
    answer = await street.administrator.ask("POST", "/v1/roles", {**body, **person(someone)})
    assert answer.status_code == 422
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [("/body/ends_at", "past")]


async def test_nobody_is_made_a_volunteer_without_name_and_phone(street: Street) -> None:
    nameless = await Someone.by_wechat(street.api_url, f"无名@{street.world.street}")
    body = {"place_id": str(street.world.east), "role": "volunteer", **person(nameless)}
    assert await street.administrator.refused("/v1/roles", body) == (409, "applicant-unnamed")
    await street.administrator.post("/v1/roles", {**body, "role": "dispatcher"})
    await nameless.put("/v1/me", {"name": "张三", "phone": f"137{nameless.id.int % 10**8:08d}"})
    await street.administrator.post("/v1/roles", body)


async def test_whoever_moves_takes_back_what_they_applied_for(street: Street, later: Later) -> None:
    secretary, resident = await street.with_role("刘书记", "secretary"), await street.resident("王秀英")
    apply = "/v1/volunteer-applications"
    made = (await resident.post(apply, {"text": "想陪老人看病"}))["id"]
    await resident.post("/v1/me/community", {"place_id": str(street.world.east)})
    (still,) = (await secretary.get(apply, state="open"))["items"]
    assert still["name"] == "王秀英", "who does not move keeps it"
    await resident.post("/v1/me/community", {"place_id": str(street.world.west)})
    assert (await secretary.get(apply, state="open"))["items"] == []
    for decides in (secretary, street.administrator):
        assert await decides.refused(f"{apply}/{made}/decide", {"approve": True}) == (409, "application-withdrawn")
    await later(0)
    assert "搬到别的社区" in (await notice(secretary, "volunteer.withdrawn"))["text"]
    await resident.post(apply, {"text": "在新社区也想做"})


# ── a leave ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_whoever_is_away_takes_nothing_until_they_say_that_they_are_back(street: Street) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    body = {"service_id": street.service_id, "note": "水龙头漏水"}
    order = "/v1/orders/" + (await resident.post("/v1/orders", body))["id"]
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.put("/v1/me/availability", {"away_until": days(3)})
    answer = await volunteer.ask("POST", f"{order}/accept")
    assert (answer.status_code, answer.json()["code"]) == (409, "volunteer-not-qualified")
    assert "setAvailability" in answer.json()["detail"]
    await street.world.owner.execute(
        "UPDATE matter SET open_pool = true WHERE id = $1", order.removeprefix("/v1/orders/")
    )
    assert await volunteer.refused(f"{order}/claim") == (409, "volunteer-not-qualified")
    await volunteer.put("/v1/me/availability", {})
    await volunteer.post(f"{order}/accept")


async def test_an_appointment_that_lies_in_a_leave_is_told_to_the_dispatcher_once(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, resident, dispatcher, volunteer)
    await volunteer.post(f"{order}/appointment", {"meet_at": by_day(days=2).isoformat()})
    await agree(resident, order)
    await volunteer.put("/v1/me/availability", {"away_until": by_day(days=1).isoformat()})
    await later(0)
    assert "order.server_away" not in await told(dispatcher)
    for _ in range(2):
        await volunteer.put("/v1/me/availability", {"away_until": days(5)})
    await later(0)
    assert (await told(dispatcher)).count("order.server_away") == 1
    heard = await notice(dispatcher, "order.server_away")
    assert (heard["about"], order.endswith(heard["subject_id"])) == ("陪同就医", True)


async def test_a_leave_ends_with_the_role(street: Street) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    await volunteer.put("/v1/me/availability", {"away_until": days(30), "daily_capacity": 2})
    await volunteer.post(f"/v1/roles/{await grant_of(volunteer)}/revoke")
    body = {"place_id": str(street.world.east), "role": "volunteer", **person(volunteer)}
    await street.administrator.post("/v1/roles", body)
    said = await volunteer.get("/v1/availability")
    assert (said["away_until"], said["daily_capacity"]) == (None, 2)
    await accepted(street, resident, dispatcher, volunteer)


# ── a team ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_notices_of_a_team_name_it_and_who_it_is_about(street: Street, later: Later) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    lead, second, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明", "钱多多")]
    made = await team(street, lead)
    for someone in (second, member):
        await lead.post(f"/v1/teams/{made}/members", person(someone))
    await member.post(f"/v1/teams/{made}/members/{member.id}/remove")
    await street.administrator.post(f"/v1/teams/{made}/lead", person(second))
    await later(0)
    assert (await notice(lead, "team.left"))["about"] == "红马甲", "who leads no more reads no names"
    for someone, topic in (
        (lead, "team.lead"), (lead, "team.lead_changed"), (second, "team.joined"), (second, "team.lead"),
    ):  # fmt: skip
        assert (await notice(someone, topic))["about"] == "红马甲"
    await street.administrator.post(f"/v1/roles/{await grant_of(second)}/revoke")
    await later(0)
    assert (await notice(secretary, "team.without_lead"))["about"] == "红马甲"


async def test_a_lead_reads_who_left(street: Street, later: Later) -> None:
    lead, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "钱多多")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    await member.post(f"/v1/teams/{made}/members/{member.id}/remove")
    await later(0)
    assert (await notice(lead, "team.left"))["about"] == "钱**,红马甲"


async def test_what_a_team_without_a_lead_waits_for_is_said(street: Street) -> None:
    resident, dispatcher, secretary, lead = await crew(street)
    second = await street.with_role("赵明", "volunteer")
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(second))
    for someone in (lead, second):
        await street.administrator.post(f"/v1/roles/{await grant_of(someone)}/revoke")
    order = (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "漏水"}))["id"]
    answer = await dispatcher.ask("POST", f"/v1/orders/{order}/offer", {"team_id": made})
    assert answer.json()["code"] == "team-without-lead"
    assert "setTeamLead" in answer.json()["detail"]
    gone = await secretary.ask("POST", f"/v1/teams/{made}/lead", person(second))
    assert (gone.status_code, gone.json()["code"]) == (409, "not-a-volunteer")
    assert "还在队里" in gone.json()["detail"]


async def test_a_disbanded_teams_volunteer_goes_on_and_the_dispatcher_is_told_so(street: Street, later: Later) -> None:
    resident, dispatcher, _, lead = await crew(street)
    made = await team(street, lead)
    service = {"place_id": str(street.world.east), "name": "理发", "description": "上门理发", "team_id": made}
    offers = (await lead.post("/v1/services", service))["id"]
    order = "/v1/orders/" + (await resident.post("/v1/orders", {"service_id": offers, "note": "理发"}))["id"]
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await lead.post(f"{order}/accept")
    await lead.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await lead.post(f"/v1/services/{offers}/withdraw")
    await street.administrator.post(f"/v1/teams/{made}/disband")
    await later(0)
    heard = await notice(dispatcher, "order.server_leaves")
    assert (heard["text"], heard["about"]) == ("服务队已解散,正在服务的志愿者仍会做完这一单,请关注", "理发")
    await lead.post(f"{order}/deliver", {"outcome": "已理发"})


async def test_two_living_teams_that_serve_one_place_have_two_names(street: Street) -> None:
    lead = await street.with_role("孙磊", "volunteer")
    other, above = (
        await street.with_role("钱进", "volunteer", "west"),
        await street.with_role("周全", "volunteer", "street"),
    )
    made = await team(street, lead)
    body = {"place_id": str(street.world.east), "name": "红马甲", "colour": "blue", "lead_id": str(lead.id)}
    for place, who in ((street.world.east, lead), (street.world.street, above)):
        body = {**body, "place_id": str(place), "lead_id": str(who.id)}
        assert await street.administrator.refused("/v1/teams", body) == (409, "team-name-taken")
    await street.administrator.post("/v1/teams", {**body, "place_id": str(street.world.west), "lead_id": str(other.id)})
    await street.administrator.post(f"/v1/teams/{made}/disband")
    await street.administrator.post("/v1/teams", {**body, "place_id": str(street.world.east), "lead_id": str(lead.id)})


async def test_a_lead_hears_who_of_the_team_took_an_order_and_that_it_was_lost(street: Street, later: Later) -> None:
    resident, dispatcher, _, lead = await crew(street)
    member = await street.with_role("赵明", "volunteer")
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    order = "/v1/orders/" + (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "漏水"}))["id"]
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    no = await member.ask("POST", f"{order}/decline", {"reason": "没空"})
    assert (no.status_code, no.json()["detail"]) == (403, "这一单派给了队伍,由队长谢绝;您不接的,不必答复")
    await member.post(f"{order}/accept")
    await later(0)
    assert (await notice(lead, "order.taken_by_member"))["text"] == "派给您队伍的订单已由队员接下"
    await member.post(f"{order}/release", {"reason": "家里有事"})
    await later(0)
    heard = await notice(lead, "order.team_lost")
    assert (heard["text"], heard["about"]) == (
        "您队伍的订单已退回社区,由社区另行安排",
        (await resident.get(order))["service_name"],
    )


async def test_whoever_does_not_answer_an_offer_hears_that_it_is_gone(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    order = "/v1/orders/" + (await resident.post("/v1/orders", {"service_id": street.service_id, "note": "漏水"}))["id"]
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await later(3600)
    assert (await notice(volunteer, "order.offer_lapsed"))["text"].startswith("您没有及时答复派给您的订单")


async def test_whoever_moves_hears_that_their_application_stayed_behind_and_officers_of_whom_one_is(
    street: Street, later: Later
) -> None:
    resident, dispatcher, secretary, _ = await crew(street)
    await resident.post("/v1/volunteer-applications", {"text": "想帮忙"})
    await later(0)
    assert (await notice(secretary, "volunteer.applied"))["about"] == "王**,东社区"
    await resident.post("/v1/me/community", {"place_id": str(street.world.west)})
    colleague = await street.with_role("周敏", "dispatcher")
    body = {"place_id": str(street.world.east), "next_id": str(colleague.id), "note": "两单在等回音"}
    await dispatcher.post("/v1/shifts/hand-over", body)
    await later(0)
    assert (await notice(resident, "volunteer.left_behind"))["text"].startswith("您搬了家")
    assert (await notice(colleague, "shift.handed_over"))["about"] == "东社区"


async def test_the_dispatcher_hears_that_what_they_dispatched_is_cancelled(street: Street, later: Later) -> None:
    resident, dispatcher, _, volunteer = await crew(street)
    body = {"service_id": street.service_id, "note": "漏水"}
    early = "/v1/orders/" + (await resident.post("/v1/orders", body))["id"]
    await resident.post(f"{early}/cancel", {"reason": "不用了"})
    order = await accepted(street, resident, dispatcher, volunteer)
    await resident.post(f"{order}/cancel", {"reason": "家人陪我去了"})
    await later(0)
    assert (await told(dispatcher)).count("order.not_needed") == 1, "nobody had the first one"
    heard = await notice(dispatcher, "order.not_needed")
    assert heard["text"] == "已派出或已接的订单取消了,不必再安排,可查看订单"
    assert order.endswith(heard["subject_id"])
