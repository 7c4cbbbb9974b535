"""The promise of "2341" on real calendars: what stops, waits, escalates and explains itself (domain.md §4). The clock stands
where a story puts it; the worker does all that is due."""

import pytest

from app.kernel import calendar_store
from app.kernel.database import Database
from app.workers.deadlines import recalculate_once
from app.workers.reactions import RECALCULATIONS
from tests.people import Someone, agree, by_day, offered
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import accepted, at, crew, due, limits, near, place, texts, wire


async def test_an_order_of_friday_night_is_due_in_the_hours_of_its_promises(street: Street, clock: Clock) -> None:
    grandma, *_ = await crew(street)
    await clock(at(11, 27, 20))
    order = await place(street, grandma)
    found = await limits(grandma, order)
    assert due(found["respond"]) == at(11, 28, 8, 20)
    assert due(found["reply"]) == at(11, 28, 8, 30)
    assert due(found["coordinate"]) == at(11, 28, 12)
    assert due(found["plan"]) == at(11, 30, 17, 30)
    said = await grandma.get(f"{order}/deadlines/{found['plan']['id']}")
    assert said["sentences"][0].startswith("方案:社区给出带日期的方案")
    assert "11月27日(周五)20:00下单" in said["sentences"][1]
    assert "11月30日(周一)09:00起算" in said["sentences"][1]
    assert any("11月28日" in sentence and "不计" in sentence for sentence in said["sentences"]), said["sentences"]
    assert any("当天17:30到期" in sentence for sentence in said["sentences"])
    assert sum(period["seconds"] for period in said["periods"]) == pytest.approx(said["budget_seconds"], abs=1e-3)


async def test_the_national_holiday_does_not_count(street: Street, clock: Clock) -> None:
    await clock(at(9, 30, 16))
    grandma, *_ = await crew(street)
    order = await place(street, grandma)
    assert near(due((await limits(grandma, order))["plan"]), at(10, 8, 16))


async def test_a_recorded_contact_stops_respond_and_a_reply_stops_reply(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    assert await grandma.get(f"{order}/posts") == {"items": []}
    stranger = await street.resident("西居民", "west")
    unseen = await stranger.http.get(f"{order}/posts")
    assert (unseen.status_code, unseen.json()["code"]) == (404, "order-not-found")
    await clock(at(11, 30, 9, 5))
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "已电话联系"})
    await dispatcher.post(f"{order}/reply", {"text": "下午派人上门"})
    found = await limits(grandma, order)
    assert {kind for kind, limit in found.items() if limit["stopped_at"]} == {"respond", "reply"}
    said = (await grandma.get(f"{order}/deadlines/{found['respond']['id']}"))["sentences"]
    assert said[-1] == "11月30日(周一)09:05因『联系』停止计时,没有超过时限。"
    assert any(sentence.endswith("仍没有做到就再报社区书记。") for sentence in said), said
    await clock(at(11, 30, 9, 29))
    assert not any(limit["missed"] for limit in (await limits(grandma, order)).values())
    posts = (await grandma.get(f"{order}/posts"))["items"]
    assert [(post["kind"], post["text"]) for post in posts] == [("contact", "已电话联系"), ("reply", "下午派人上门")]
    assert "社区答复了您的订单" in await texts(grandma)


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ([], "订单的响应时限已超过(已用 150%),现在由您负责,请处理"),
        ([{"primitive": "notify", "target": "secretary"}], "订单的响应时限已超过(150%),请您亲自负责"),
    ],
)
async def test_whoever_becomes_the_holder_is_told_once(
    street: Street, clock: Clock, also: list[dict], said: str
) -> None:
    """Also where the mark does nothing but hand it over."""
    grandma, _, secretary, _ = await crew(street)
    await street.world.owner.execute(
        "UPDATE role_grant SET ends_at = starts_at WHERE person_id = $1", street.world.people["书记"]
    )
    await clock(at(11, 30, 9))
    handed = [{"primitive": "set_holder", "target": "secretary"}, *also]
    limit = {"place_id": str(street.world.east), "deadline_kind": "respond", "calendar": "DUTY", "budget_seconds": 900}
    await street.administrator.post(
        "/v1/deadline-policies",
        {**limit, "marks": [{"percent": 100, "effects": []}, {"percent": 150, "effects": handed}]},
    )
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 23))
    assert [text for text in await texts(secretary) if "响应" in text] == [said]
    explained = await grandma.get(f"{order}/deadlines/{(await limits(grandma, order))['respond']['id']}")
    assert any(sentence.endswith("到 150%,仍没有做到就报社区书记。") for sentence in explained["sentences"])


async def test_a_contact_that_is_recorded_after_acceptance_counts_also_when_the_order_is_given_back(
    street: Street, clock: Clock
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await clock(at(11, 30, 9, 10))
    await volunteer.post(f"{order}/contact", {"channel": "phone", "text": "已电话联系,下午上门"})
    await volunteer.post(f"{order}/release", {"reason": "发烧"})
    await clock(at(11, 30, 9, 45))
    respond = (await limits(grandma, order))["respond"]
    assert (bool(respond["stopped_at"]), respond["missed"]) == (True, False)
    assert not (await dispatcher.get(order))["open_pool"], "nothing was missed"


async def test_a_missed_reply_asks_the_secretary_and_then_the_street(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    above = await street.with_role("街道书记", "secretary", "street")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "已电话联系"})
    await clock(at(11, 30, 9, 31))
    assert any("亲自答复" in text for text in await texts(secretary))
    assert due((await limits(grandma, order))["reply_in_person"]) >= at(11, 30, 9, 45)
    assert not any("街道过问" in text for text in await texts(above))
    await clock(at(11, 30, 9, 50))
    assert any("街道过问" in text for text in await texts(above))
    await secretary.post(f"{order}/reply", {"text": "对不起,我来办"})
    found = await limits(grandma, order)
    assert found["reply_in_person"]["stopped_at"]
    assert (found["reply"]["missed"], found["reply_in_person"]["missed"]) == (True, True)


async def test_a_missed_plan_makes_the_secretary_own_it(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "已电话联系"})
    await dispatcher.post(f"{order}/reply", {"text": "在想办法"})
    await clock(at(11, 30, 13, 1))
    assert any("转为民情事项" in text for text in await texts(dispatcher))
    await clock(at(12, 1, 9, 1))
    assert (await secretary.get(order))["held_by"]
    assert any("由您负责" in text for text in await texts(secretary))


async def test_a_question_pauses_coordinate_and_plan_until_it_is_answered(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 10))
    await dispatcher.post(f"{order}/questions", {"question": "上午还是下午方便?"})
    found = await limits(grandma, order)
    assert near(due(found["coordinate"]), at(12, 1, 9)), "it waits for eight hours at most: twice its budget"
    assert due(found["respond"]) == at(11, 30, 9, 20), "respond and reply never pause"
    question = (await grandma.get(f"{order}/posts"))["items"][0]["id"]
    await clock(at(11, 30, 12))
    await grandma.post(f"{order}/answer", {"question_id": question, "text": "下午"})
    found = await limits(grandma, order)
    assert near(due(found["coordinate"]), at(11, 30, 15)), "two hours of waiting do not count"
    said = await grandma.get(f"{order}/deadlines/{found['coordinate']['id']}")
    assert [(pause["reason"], pause["by"]) for pause in said["pauses"]] == [("question", "社区")]
    assert await grandma.refused(f"{order}/answer", {"question_id": question, "text": "再答"}) == (
        404,
        "question-not-found",
    )


async def test_what_the_volunteer_asks_and_replies_is_not_said_to_be_of_the_community(
    street: Street, clock: Clock
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await volunteer.post(f"{order}/questions", {"question": "几楼?"})
    await volunteer.post(f"{order}/reply", {"text": "下午到"})
    await volunteer.post(
        f"{order}/plan", {"text": "分两次修", "steps": ["先换阀门"], "promised_at": wire(at(12, 2, 9))}
    )
    said = await grandma.get(f"{order}/deadlines/{(await limits(grandma, order))['coordinate']['id']}")
    assert [pause["by"] for pause in said["pauses"]] == ["志愿者"]
    assert any(sentence.startswith("志愿者向居民提了问题,") for sentence in said["sentences"])
    await clock(at(11, 30, 9, 1))
    told = await texts(grandma)
    assert {"志愿者有问题要问您,等您回答", "志愿者答复了您的订单", "志愿者为您的订单写下了方案和承诺的日期"} <= set(
        told
    )
    assert [text for text in told if text.startswith("社区")] == []


async def test_a_pause_has_limits_is_shown_and_can_be_disputed(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    found = await limits(grandma, order)
    plan, respond = (f"{order}/deadlines/{found[kind]['id']}" for kind in ("plan", "respond"))
    storm = {"until_at": wire(at(12, 1, 9)), "text": "暴雪红色预警"}
    assert await dispatcher.refused(f"{plan}/pause", storm) == (403, "not-allowed")
    assert await secretary.refused(f"{respond}/pause", storm) == (409, "nothing-to-pause")
    assert await secretary.refused(f"{plan}/pause", {**storm, "until_at": wire(at(12, 9, 9))}) == (
        409,
        "paused-too-long",
    )
    await secretary.post(f"{plan}/pause", storm)
    assert near(due((await limits(grandma, order))["plan"]), at(12, 1, 17, 30))
    assert await secretary.refused(f"{plan}/pause", storm) == (409, "nothing-to-pause")
    shown = (await limits(grandma, order))["plan"]["paused"]
    assert (shown["reason_label"], shown["text"]) == ("不可抗力", "暴雪红色预警")
    assert (await limits(grandma, order))["coordinate"]["paused"] is None
    pause = (await grandma.get(plan))["pauses"][0]
    assert (pause["by"], pause["text"], pause["disputed"]) == ("书记", "暴雪红色预警", False)

    above = await street.with_role("街道书记", "secretary", "street")
    await grandma.post(f"{order}/pauses/{pause['id']}/dispute", {"text": "室内的事不受雪影响"})
    await clock(at(11, 30, 9, 1))
    told = [any("提出异议" in text for text in await texts(one)) for one in (street.administrator, above, secretary)]
    assert told == [True, True, False], "not to the secretary, who paused"
    decision = {"upheld": True, "text": "室内维修照常"}
    assert await secretary.refused(f"{order}/pauses/{pause['id']}/decision", decision) == (409, "own-pause")
    await street.administrator.post(f"{order}/pauses/{pause['id']}/decision", decision)
    await clock(at(11, 30, 9, 2))
    assert "对您所作暂停的异议成立:仍在计时的时限,暂停的时间照算,请看订单现在的时限" in await texts(secretary)
    assert "一次暂停经异议被撤销:暂停的时间照算,请看订单现在的时限" in await texts(dispatcher)
    assert near(due((await limits(grandma, order))["plan"]), at(12, 1, 9))
    pause = (await grandma.get(plan))["pauses"][0]
    assert (pause["disputed"], pause["decided"], pause["annulled"]) == (True, True, True)
    assert (pause["dispute"], pause["decision"]) == ("室内的事不受雪影响", "室内维修照常")
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    pause = (await volunteer.get(plan))["pauses"][0]
    assert (pause["text"], pause["dispute"], pause["decision"]) == ("暴雪红色预警", None, None), "between those two"
    assert await grandma.refused(f"{order}/pauses/{pause['id']}/dispute", {"text": "再次"}) == (409, "already-disputed")
    steps = [(row["action"], row["by_label"]) for row in (await grandma.get(f"{order}/history"))["items"]]
    assert [step for step in steps if step[0] in ("pause", "dispute", "decide")] == [
        ("pause", "工作人员"), ("dispute", "下单人"), ("decide", "工作人员"),
    ], "which need not be the community's"  # fmt: skip


async def test_a_pause_ends_early_or_by_itself(street: Street, clock: Clock) -> None:
    grandma, _, secretary, _ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    plan = f"{order}/deadlines/{(await limits(grandma, order))['plan']['id']}"
    await secretary.post(f"{plan}/pause", {"until_at": wire(at(12, 1, 9)), "text": "暴雪"})
    await clock(at(11, 30, 11))
    await secretary.post(f"{plan}/resume")
    assert near(due((await limits(grandma, order))["plan"]), at(12, 1, 11))
    assert await secretary.refused(f"{plan}/resume") == (404, "pause-not-found")


async def test_a_plan_stops_plan_and_its_promise_is_kept_or_missed(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    plan = {"text": "请师傅换阀门", "steps": ["看现场", "更换"], "promised_at": wire(at(12, 3, 12))}
    assert await dispatcher.refused(f"{order}/plan", {**plan, "promised_at": wire(at(11, 29, 12))}) == (
        422,
        "promise-too-early",
    )
    await dispatcher.post(f"{order}/plan", plan)
    found = await limits(grandma, order)
    assert found["plan"]["stopped_at"]
    assert due(found["promise"]) == at(12, 3, 12)
    await clock(at(12, 3, 12))
    assert any("承诺的日期已到" in text for text in await texts(dispatcher)), "at the due moment it is missed"
    await clock(at(12, 3, 13, 1))
    assert any("承诺的日期已过" in text for text in await texts(secretary))
    assert (await secretary.get(order))["held_by"]


async def test_while_somebody_serves_a_miss_is_told_and_does_nothing_else(street: Street, clock: Clock) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    code = (await grandma.get(order))["start_code"]
    await volunteer.post(f"{order}/start", {"code": code})
    await clock(at(12, 1, 9, 1))
    found = await limits(grandma, order)
    assert found["plan"]["missed"]
    assert (await secretary.get(order))["held_by"] is None
    assert any("方案" in text for text in await texts(secretary))
    assert "reply_in_person" not in found


async def test_an_unrated_order_is_reminded_called_and_closed(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    code = (await grandma.get(order))["start_code"]
    await volunteer.post(f"{order}/start", {"code": code})
    await volunteer.post(f"{order}/deliver", {"outcome": "已换好"})
    await clock(at(12, 3, 9, 1))
    assert any("请评价一下效果" in text for text in await texts(grandma))
    await clock(at(12, 5, 9, 1))
    assert any("请致电回访" in text for text in await texts(dispatcher))
    assert (await grandma.get(order))["state"] == "delivered"
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "居民说很满意,不会用手机评价"})
    await clock(at(12, 7, 9, 1))
    page = await grandma.get(order)
    assert (page["state"], page["state_label"], page["rating"]) == ("closed_unrated", "未评价关闭", None)


async def test_what_is_going_late_is_seen_by_who_must_act(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    elsewhere = await street.with_role("西派单员", "dispatcher", "west")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    rows = (await dispatcher.get("/v1/deadlines/going-late", within_minutes=25))["items"]
    assert [(row["kind"], row["missed"]) for row in rows] == [("respond", False)]
    assert rows[0]["matter_id"] == order.rsplit("/", 1)[1]
    assert (await elsewhere.get("/v1/deadlines/going-late", within_minutes=10080))["items"] == []
    assert (await volunteer.get("/v1/deadlines/going-late", within_minutes=10080))["items"] == []
    await clock(at(11, 30, 9, 21))
    rows = (await dispatcher.get("/v1/deadlines/going-late", within_minutes=25))["items"]
    assert [(row["kind"], row["missed"]) for row in rows] == [("respond", True), ("reply", False)]
    first = await dispatcher.get("/v1/deadlines/going-late", within_minutes=10080, limit=1)
    second = await dispatcher.get(
        "/v1/deadlines/going-late", within_minutes=10080, limit=1, cursor=first["next_cursor"]
    )
    assert [page["items"][0]["kind"] for page in (first, second)] == ["respond", "reply"]


async def test_what_was_missed_today_is_seen_also_when_it_was_dealt_with_afterwards(
    street: Street, clock: Clock
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    secretary = await street.with_role("书记", "secretary")
    elsewhere = await street.with_role("西派单员", "dispatcher", "west")
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    await clock(at(11, 30, 9, 31))
    going = (await secretary.get("/v1/deadlines/going-late"))["items"]
    assert [(row["kind"], row["missed"]) for row in going] == [
        ("respond", True),
        ("reply", True),
        ("reply_in_person", False),
    ], "what went up to the secretary is still there"
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "已联系"})
    kinds = [row["kind"] for row in (await secretary.get("/v1/deadlines/going-late"))["items"]]
    assert kinds == ["reply", "reply_in_person"], "nobody need respond any more"
    today = (await secretary.get("/v1/deadlines/going-late", missed_since="2026-11-30"))["items"]
    assert [(row["kind"], row["missed"], row["stopped_by"], row["minutes_left"]) for row in today] == [
        ("respond", True, "联系", None), ("reply", True, None, -1),
    ]  # fmt: skip
    assert [row["stopped_at"] is not None for row in today] == [True, False]
    first = await secretary.get("/v1/deadlines/going-late", missed_since="2026-11-30", limit=1)
    second = await secretary.get(
        "/v1/deadlines/going-late", missed_since="2026-11-30", limit=1, cursor=first["next_cursor"]
    )
    assert [*first["items"], *second["items"]] == today
    await grandma.post(f"{order}/cancel", {})
    ended = (await secretary.get("/v1/deadlines/going-late", missed_since="2026-11-30"))["items"]
    assert [(row["kind"], row["stopped_by"], row["minutes_left"]) for row in ended] == [
        ("respond", "联系", None), ("reply", "取消", None),
    ], "what ended with the order was not kept late"  # fmt: skip
    for who, day in ((secretary, "2026-12-01"), (elsewhere, "2026-11-30"), (volunteer, "2026-11-30")):
        assert (await who.get("/v1/deadlines/going-late", missed_since=day))["items"] == []


async def test_what_was_missed_is_listed_for_a_month_and_no_longer(street: Street, clock: Clock) -> None:
    dispatcher = await street.with_role("张敏", "dispatcher")
    await clock(at(11, 30, 9))
    assert (await dispatcher.get("/v1/deadlines/going-late", missed_since="2026-10-30"))["items"] == []
    answer = await dispatcher.http.get("/v1/deadlines/going-late", params={"missed_since": "2026-10-29"})
    assert (answer.status_code, answer.json()["code"]) == (422, "missed-too-long-ago")
    assert [(error["pointer"], error["message"]) for error in answer.json()["errors"]] == [
        ("/query/missed_since", "最多填 31 天前")
    ]


async def test_posts_that_nobody_holds_are_listed(street: Street) -> None:
    await street.with_role("街道书记", "secretary", "street")
    items = (await street.administrator.get("/v1/deadlines/empty-posts"))["items"]
    found = {row["place_name"]: {p["role"]: p["covered_by"] for p in row["posts"]} for row in items}
    assert found["西社区"] == {"secretary": "试验街道"}


async def test_hours_of_a_station_act_on_what_starts_after_them(street: Street, clock: Clock) -> None:
    grandma, *_ = await crew(street)
    await clock(at(11, 30, 12))
    before = await place(street, grandma)
    split = [{"begin": "08:00", "until": "12:00"}, {"begin": "14:00", "until": "24:00"}]
    body = {"place_id": str(street.world.east), "calendar": "DUTY", "week": [split] * 7}
    assert await street.administrator.refused(
        "/v1/calendars/hours", {**body, "week": [[split[1], split[0]]] + [split] * 6}
    ) == (422, "calendar-invalid")
    await street.administrator.post("/v1/calendars/hours", body)
    assert await street.administrator.refused("/v1/calendars/hours", body) == (409, "nothing-changed")
    after = await place(street, grandma)
    assert due((await limits(grandma, before))["respond"]) == at(11, 30, 12, 20)
    assert due((await limits(grandma, after))["respond"]) == at(11, 30, 14, 20)
    day = (await grandma.get("/v1/calendars", place_id=str(street.world.east), begin="2026-11-30", days=1))["items"][0]
    assert day["duty"] == split
    assert (day["works"], day["known"]) == (True, True)


async def test_a_year_without_a_notice_is_flagged_and_computed_anew_when_it_comes(
    street: Street, clock: Clock, worker_url: str
) -> None:
    grandma, *_ = await crew(street)
    await clock(at(12, 31, 16))
    order = await place(street, grandma)
    assert near(due((await limits(grandma, order))["plan"]), at(1, 1, 16, year=2027)), (
        "weekdays, until the notice comes"
    )
    plan = f"{order}/deadlines/{(await limits(grandma, order))['plan']['id']}"
    assert any("尚未公布" in sentence for sentence in (await grandma.get(plan))["sentences"])

    notice = {"year": 2027, "source": "试验", "days": [{"day": "2027-01-01", "works": False, "name": "元旦"}]}
    assert await street.administrator.refused("/v1/calendars", notice) == (403, "not-allowed"), (
        "not at the top of the tree"
    )
    province = await street.world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
    await street.world.owner.execute(
        "INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)"
        " SELECT gen_random_uuid(), $1, $2, 'administrator', '2026-01-01', $1, 1",
        street.administrator.id,
        province,
    )
    twice = await street.administrator.ask("POST", "/v1/calendars", {**notice, "days": notice["days"] * 2})
    assert [error["code"] for error in twice.json()["errors"]] == ["day-twice"]
    draft = await street.administrator.post("/v1/calendars", notice)
    assert near(due((await limits(grandma, order))["plan"]), at(1, 1, 16, year=2027)), "a draft changes nothing"
    await street.administrator.post(f"/v1/calendars/{draft['id']}/publish")
    worker = await Database.connect(worker_url, size=2)
    try:
        await recalculate_once(worker, RECALCULATIONS)
    finally:
        await worker.close()
    assert near(due((await limits(grandma, order))["plan"]), at(1, 4, 16, year=2027))
    assert not any("尚未公布" in sentence for sentence in (await grandma.get(plan))["sentences"])
    assert await street.administrator.refused(f"/v1/calendars/{draft['id']}/publish") == (409, "calendar-published")


async def test_an_explanation_is_there_for_a_process_that_has_not_met_the_calendar_yet(
    street: Street, clock: Clock
) -> None:
    """As after a restart of the API: the calendar's rows are read when they are asked for."""
    grandma, *_ = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    plan = (await limits(grandma, order))["plan"]["id"]
    calendar_store._WEEKS.clear()
    calendar_store._WORKDAYS.clear()
    calendar_store.calendar.cache_clear()
    assert (await grandma.get(f"{order}/deadlines/{plan}"))["sentences"]


async def test_one_is_offered_what_can_be_done_and_nothing_that_waits_for_nobody(street: Street) -> None:
    grandma, dispatcher, secretary, volunteer = await crew(street)

    async def open_to(who: Someone) -> set[str]:
        waiting = {"answer", "dispute", "resume", "decide", "confirm", "propose"}
        return waiting & set(offered(await who.get(order)))

    order = await accepted(street, grandma, dispatcher, volunteer)
    assert (await open_to(grandma), await open_to(dispatcher)) == ({"propose"}, {"propose"})
    await dispatcher.post(f"{order}/questions", {"question": "几楼?"})
    assert (await open_to(grandma), await open_to(dispatcher)) == (
        {"answer", "dispute", "propose"},
        {"resume", "propose", "answer"},
    )
    asked = (await grandma.get(f"{order}/posts"))["items"][0]["id"]
    await grandma.post(f"{order}/answer", {"question_id": asked, "text": "三楼"})
    assert (await open_to(grandma), await open_to(dispatcher)) == ({"dispute", "propose"}, {"propose"})
    meet_at = by_day().isoformat()
    await volunteer.post(f"{order}/appointment", {"meet_at": meet_at})
    assert "confirm" in await open_to(grandma)
    assert "confirm" not in await open_to(volunteer), "whoever proposed waits for the other side"
    await agree(grandma, order)
    assert "confirm" not in await open_to(grandma) | await open_to(volunteer), "nothing waits for either side"
    assert "propose" in await open_to(grandma) & await open_to(volunteer), "what was agreed can be moved"
    assert "propose" not in await open_to(dispatcher), "by the two who agreed"
    plan = (await limits(grandma, order))["plan"]["id"]
    (pause,) = (await grandma.get(f"{order}/deadlines/{plan}"))["pauses"]
    await grandma.post(f"{order}/pauses/{pause['id']}/dispute", {"text": "我当天就答了"})
    assert await open_to(secretary) >= {"decide"}
    assert "dispute" in await open_to(grandma), "the other limit's pause"
