"""Neighbours with one trouble: what is shown to them before they join, joining, merging and its undoing (附议 · 并案)."""

from datetime import datetime, timedelta

from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.people import Someone, offered
from tests.stories.boardwork import new_unit, topics, whistled
from tests.stories.casework import LAMP, RESULT, at_street, governing, reported
from tests.stories.conftest import Later, Street


async def test_a_neighbour_is_shown_what_is_alike_and_joins_it(street: Street, later: Later) -> None:
    grandmother, neighbour = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    case = await reported(grandmother)
    await reported(grandmother, words="三号楼前的景观灯太亮", spot="三号楼")
    asked = {"place_id": str(street.world.east), "category": "lighting", "words": "东门的路灯坏了"}
    (alike,) = (await neighbour.get("/v1/cases/similar", **asked))["items"]
    assert (alike["id"], alike["words"], alike["place_name"], alike["ours"]) == (
        case.rpartition("/")[2], LAMP["words"], "东社区", True,
    )  # fmt: skip
    assert (await neighbour.ask("GET", case)).status_code == 404

    await neighbour.post(f"{case}/join", {"words": "我们楼下也黑"})
    shown = await neighbour.get(case)
    assert (shown["words"], shown["reporters"]) == (LAMP["words"], 2)
    assert shown["story"][1].endswith("有居民附议。")
    steps = (await neighbour.get(f"{case}/history"))["items"]
    assert [(step["action"], step["by_label"], step["by_me"]) for step in steps] == [
        ("report", "上报人", False), ("join", "附议人", True),
    ]  # fmt: skip
    assert await neighbour.refused(f"{case}/join", {"words": "再说一次"}) == (409, "already-joined")
    assert await grandmother.refused(f"{case}/join", {"words": "我也是"}) == (409, "already-joined")
    assert [row["id"] for row in (await neighbour.get("/v1/cases", mine="true"))["items"]] == [shown["id"]]
    assert await grandmother.refused(f"{case}/withdraw", {}) == (409, "others-joined")


async def test_of_another_community_only_category_street_and_state_are_shown(street: Street, later: Later) -> None:
    grandmother = await street.resident("王奶奶")
    stranger = await street.resident("西居民", "west")
    case = await reported(grandmother)
    asked = {"place_id": str(street.world.west), "category": "lighting", "words": "东门外的路灯不亮了"}
    (alike,) = (await stranger.get("/v1/cases/similar", **asked))["items"]
    shown = {name: value for name, value in alike.items() if value is not None}
    assert shown == {
        "id": case.rpartition("/")[2], "category_name": "路灯照明", "state": "reported", "state_label": "待分流",
        "place_name": "试验街道", "ours": False,
    }  # fmt: skip
    there = asked | {"place_id": str(street.world.east)}
    refused = await stranger.http.get("/v1/cases/similar", params=there)
    assert (refused.status_code, "不在这里居住" in refused.json()["detail"]) == (403, True)


async def test_who_lives_in_an_estate_is_shown_what_is_near_also_by_their_community(street: Street) -> None:
    """`getMe` names the community first; whoever lives above or below what they ask about, lives there."""
    grandmother = await street.resident("王奶奶")
    case = await reported(grandmother)
    estate = await street.world.estate(street.world.east, "东苑小区")
    neighbour = await Someone.by_wechat(street.api_url, f"李大爷@{street.world.street}")
    await neighbour.post("/v1/me/community", {"place_id": str(estate)})
    asked = {"category": "lighting", "words": "东门的路灯坏了"}
    for place in (estate, street.world.east):
        (alike,) = (await neighbour.get("/v1/cases/similar", **asked, place_id=str(place)))["items"]
        assert (alike["id"], alike["ours"]) == (case.rpartition("/")[2], True)
    for place, status, said in (
        (street.world.west, 403, "您不在这里居住或工作"), (street.world.street, 422, "请选择您所在社区"),
        (new_id(), 422, "请选择您所在社区"),
    ):  # fmt: skip
        answer = await neighbour.http.get("/v1/cases/similar", params=asked | {"place_id": str(place)})
        assert (answer.status_code, said in answer.text) == (status, True), place
    nowhere = await Someone.by_wechat(street.api_url, f"路人@{street.world.street}")
    answer = await nowhere.http.get("/v1/cases/similar", params=asked | {"place_id": str(street.world.east)})
    assert (answer.status_code, "还没有加入社区" in answer.json()["detail"]) == (403, True)


async def test_whoever_joins_from_another_community_reads_how_it_stands_and_nothing_that_others_wrote(
    street: Street, later: Later
) -> None:
    """On its page, in lists, in the search and in the history; the answer that is fit to be published, and their call-back."""
    grandmother = await street.resident("王奶奶")
    stranger, neighbour = await street.resident("西居民", "west"), await street.resident("李大爷")
    grid = await street.with_role("小李", Role.GRID_WORKER)
    secretary = await street.with_role("书记", Role.SECRETARY)
    case = await reported(grandmother)
    await stranger.post(f"{case}/join", {"words": "我每晚路过那里"})
    await neighbour.post(f"{case}/join", {"words": "我们楼下也黑"})
    await grid.post(f"{case}/triage", {"lane": "big"})
    await secretary.post(f"{case}/deliberate")
    await secretary.post(f"{case}/conclude", {"decision": "王奶奶家门口先修"})
    told = {**RESULT, "outcome": "按王奶奶指的位置修好", "evidence": [{"kind": "photo", "text": "IMG-0909"}]}
    await grid.post(f"{case}/result", told)

    written = (LAMP["words"], LAMP["spot"], "王奶奶", "IMG-0909", "我们楼下也黑", "居民上报")
    paths = (case, f"{case}/history", f"{case}/deadlines", f"{case}/holds", "/v1/cases", "/v1/cases/search")
    for path in paths:
        asked = {"search": case.rpartition("/")[2]} if path.endswith("search") else {}
        answer = await stranger.http.get(path, params=asked)
        assert answer.status_code == 200, path
        assert not [words for words in written if words in answer.text], path
    page = await stranger.get(case)
    assert {name: page[name] for name in ("words", "spot", "outcome", "evidence", "reported_as", "order_id")} == {
        "words": None, "spot": None, "outcome": None, "evidence": [], "reported_as": None, "order_id": None,
    }  # fmt: skip
    assert (page["category_name"], page["place_name"], page["place_id"]) == (
        "路灯照明", "试验街道", str(street.world.street),
    )  # fmt: skip
    assert (page["state"], page["answer"], page["reporters"]) == ("callback", RESULT["answer"], 3)
    assert page["due_at"] is not None
    assert any(sentence.endswith("议事有了决定。") for sentence in page["story"])
    assert page["story"][-1].startswith("现在由东社区回访单位负责,")
    (row,) = (await stranger.get("/v1/cases", mine="true"))["items"]
    assert (row["id"], row["words"], row["place_name"]) == (page["id"], None, "试验街道")
    for words in (LAMP["words"][:4], "王奶奶"):
        assert (await stranger.get("/v1/cases/search", search=words))["items"] == [], (
            "nor do they guess it by searching"
        )
        assert (await neighbour.get("/v1/cases/search", search=words))["items"] != []
    steps = (await stranger.get(f"{case}/history"))["items"]
    assert [step["action"] for step in steps][-1] == "submit_result"
    assert not any(set(step["note"]) - {"lane", "whistle", "to", "marks"} for step in steps)

    assert (await neighbour.get(case))["words"] == LAMP["words"], "whoever lives there reads it"
    (own,) = (await stranger.get(f"{case}/callback"))["items"]
    assert own["state"] == "open"
    await stranger.post(f"{case}/callback", {"solved": True})


async def test_whoever_lives_in_another_street_joins_nothing(street: Street) -> None:
    grandmother = await street.resident("王奶奶")
    officer = await street.with_role("志愿者", Role.VOLUNTEER)
    case = await reported(grandmother)
    assert await officer.refused(f"{case}/join", {"words": "我也是"}) == (404, "case-not-found")
    asked = {"place_id": str(street.world.east), "category": "lighting", "words": "东门外的路灯不亮了"}
    assert (await officer.http.get("/v1/cases/similar", params=asked)).status_code == 403


async def test_whoever_joined_hears_what_the_reporter_hears(street: Street, later: Later) -> None:
    """The joiner of another community too: it goes up, is whistled, gets more time, is not solved, and ends."""
    grandmother = await street.resident("王奶奶")
    joined = [await street.resident("李大爷"), await street.resident("西居民", "west")]
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    bureau = await new_unit(street, "城管办")
    case = await reported(grandmother)
    for one in joined:
        await one.post(f"{case}/join", {"words": "我们楼下也黑"})
    chief = await at_street(street, case)
    await chief.post(f"{case}/whistle", {"kind": "routine", "reason": "权属不清", "lead_id": bureau.id})
    await chief.post(f"{case}/whistle/decide", {"approved": True})
    await bureau.reports_in()
    await bureau.officer.post(f"{case}/extension", {"hours": 8, "reason": "配件从外地调运"})
    await chief.post(f"{case}/extension/decide", {"granted": True})
    await later(1)
    for solved in (False, True):
        await bureau.officer.post(f"{case}/result", RESULT)
        await chief.post(f"{case}/check", {"accepted": True})
        calls = (await caller.get("/v1/callbacks"))["items"]
        for call in calls if solved else calls[:1]:
            said = {"channel": "phone", "reached": True, "solved": solved}
            await caller.post(f"{case}/callbacks/{call['id']}", said)
        await later(2 + solved)
    assert (await grandmother.get(case))["state"] == "closed"

    heard = {"case.triaged", "case.went_up", "case.whistled", "case.extended", "case.back_to_work", "case.closed"}
    for one in (grandmother, *joined):
        told = await topics(one)
        assert heard <= set(told)
        assert all(told.count(topic) == 1 for topic in heard)


async def test_a_merge_of_three_reporters_and_everybody_is_called_back(street: Street, later: Later) -> None:
    reporters = [await street.resident(name) for name in ("王奶奶", "李大爷", "陈阿姨")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    first, second, third = [await reported(who) for who in reporters]
    await secretary.post(f"{first}/triage", {"lane": "small"})
    await secretary.post(f"{second}/triage", {"lane": "small"})
    promised = (await governing(reporters[1], second))["due_at"]
    parent = {"parent_id": first.rpartition("/")[2]}
    for child in (second, third):
        assert (await secretary.post(f"{child}/merge", parent))["state"] == "merged"
    assert await secretary.refused(f"{first}/merge", {"parent_id": second.rpartition("/")[2]}) == (409, "has-merged")
    shown = await reporters[1].get(second)
    assert (shown["state"], shown["merged_into"], shown["due_at"]) == ("merged", parent["parent_id"], promised)
    assert (await governing(reporters[2], third))["kind"] == "resolve_small", "a lane and a limit as the other's"
    assert (await reporters[1].ask("GET", first)).status_code == 404, "the other's case stays theirs"

    await secretary.post(f"{first}/result", RESULT)
    await later(1)
    for who, case in zip(reporters, (first, second, third), strict=True):
        shown = await who.get(case)
        assert (shown["state"], shown["answer"]) == ("callback", RESULT["answer"])
        assert (await governing(who, case))["kind"] == "callback"
        assert shown["merged_into"] is None, "history says into what"
    assert await secretary.refused(f"{third}/unmerge") == (409, "transition-refused")
    told = {row["topic"] for row in (await reporters[2].get("/v1/inbox"))["items"]}
    assert {"case.merged", "case.followed"} <= told


async def test_a_merge_that_is_undone_goes_on_with_the_time_used(street: Street, later: Later) -> None:
    one, two = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    first, second = await reported(one), await reported(two)
    for case in (first, second):
        await secretary.post(f"{case}/triage", {"lane": "big"})
    before = await governing(two, second)
    await secretary.post(f"{second}/merge", {"parent_id": first.rpartition("/")[2]})
    await later(3600)
    await secretary.post(f"{second}/unmerge")
    after = await governing(two, second)
    assert (after["id"], after["due_at"]) == (before["id"], before["due_at"])
    shown = await two.get(second)
    assert (shown["state"], shown["merged_into"]) == ("handling", None)
    await secretary.post(f"{first}/result", RESULT)
    await later(3601)
    assert (await two.get(second))["state"] == "handling", "it is its own again"


async def test_whose_case_is_merged_is_still_reached_and_answered(street: Street) -> None:
    """They keep their promise (domain.md §5): merging stops no limit of theirs but triage, which it is."""
    one, two = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    first, second = await reported(one), await reported(two)
    await secretary.post(f"{first}/triage", {"lane": "hard"})
    await secretary.post(f"{second}/merge", {"parent_id": first.rpartition("/")[2]})

    async def live() -> set[str]:
        limits = (await two.get(f"{second}/deadlines"))["items"]
        return {limit["kind"] for limit in limits if limit["stopped_at"] is None}

    assert await live() == {"respond", "reply", "resolve_community"}
    assert {"contact", "reply"} <= set(offered(await secretary.get(second)))
    await secretary.post(f"{second}/contact", {"channel": "phone", "text": "已告知并案办理"})
    await secretary.post(f"{second}/reply", {"text": "与王奶奶反映的是同一处,一并办理"})
    assert await live() == {"resolve_community"}
    await secretary.post(f"{second}/unmerge")
    shown = await two.get(second)
    assert (shown["state"], shown["lane"]) == ("handling", "hard"), "whoever merged it has looked at it"


async def test_a_missed_promise_of_a_merged_case_is_a_miss_and_only_told(street: Street, later: Later) -> None:
    one, two = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    first, second = await reported(one), await reported(two)
    for case in (first, second):
        await secretary.post(f"{case}/triage", {"lane": "big"})
    await secretary.post(f"{second}/merge", {"parent_id": first.rpartition("/")[2]})
    due = datetime.fromisoformat((await governing(two, second))["due_at"])
    await later((due - datetime.now(due.tzinfo) + timedelta(hours=1)).total_seconds())
    assert (await governing(two, second))["missed"]
    assert (await two.get(second))["state"] == "merged"


async def test_a_parent_that_ends_without_a_result_lets_its_children_go_on(street: Street, later: Later) -> None:
    one, two = [await street.resident(name) for name in ("王奶奶", "李大爷")]
    secretary = await street.with_role("书记", Role.SECRETARY)
    supervisor = await street.with_role("督办员", Role.SUPERVISOR, "street")
    first, second = await reported(one), await reported(two)
    await secretary.post(f"{second}/merge", {"parent_id": first.rpartition("/")[2]})
    await supervisor.post(f"{first}/terminate", {"reason": "同一诉求已由法院判决"})
    await later(1)
    assert (await one.get(first))["end_reason"] == "同一诉求已由法院判决"
    assert (await two.get(second))["state"] == "handling"
    assert "case.terminated" in {row["topic"] for row in (await one.get("/v1/inbox"))["items"]}


async def test_a_merge_needs_an_office_at_both_and_a_reach_over_both(street: Street) -> None:
    here, there = await street.resident("王奶奶"), await street.resident("西居民", "west")
    east, west = await reported(here), await reported(there)
    secretary = await street.with_role("书记", Role.SECRETARY)
    other = {"parent_id": west.rpartition("/")[2]}
    assert await secretary.refused(f"{east}/merge", other) == (422, "parent-not-found")
    chief = await at_street(street, east)
    assert await chief.refused(f"{east}/merge", other) == (422, "parent-not-found"), "the west does not reach the east"
    itself = {"parent_id": east.rpartition("/")[2]}
    assert await chief.refused(f"{east}/merge", itself) == (422, "invalid-input")
    assert (await chief.post(f"{west}/merge", itself))["state"] == "merged"
    assert await here.refused(f"{west}/unmerge") == (404, "case-not-found")


async def test_what_is_called_back_is_not_joined_any_more(street: Street) -> None:
    """Whoever joins has a call-back of their own; where the others are called already, one reports anew."""
    grandmother, neighbour = await street.resident("王奶奶"), await street.resident("李爷爷")
    grid = await street.with_role("小李", Role.GRID_WORKER)
    case = await reported(grandmother)
    await grid.post(f"{case}/triage", {"lane": "big"})
    await grid.post(f"{case}/result", RESULT)
    asked = {"place_id": str(street.world.east), "category": "lighting", "words": "东门外的路灯不亮了"}
    assert (await neighbour.get("/v1/cases/similar", **asked))["items"] == []
    assert (await neighbour.ask("POST", f"{case}/join", {"words": "我也是"})).status_code == 409


async def test_whose_case_was_merged_reads_who_holds_it_and_until_when(street: Street) -> None:
    case = await whistled(street)
    neighbour = await street.resident("李爷爷")
    child = await reported(neighbour)
    await case.chief.post(f"{child}/merge", {"parent_id": case.path.rpartition("/")[2]})
    shown = await neighbour.get(child)
    assert (shown["state"], shown["holder"]) == ("merged", "主办单位:城管办")
    assert shown["due_at"] is not None
    assert shown["story"][-1].startswith("现在由主办单位:城管办负责,")
    assert (await neighbour.http.get(case.path)).status_code == 404, "and no more of the other case"
