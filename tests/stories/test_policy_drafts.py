"""An administrator drafts limits, sees what would change, and what the last days would have looked like under them."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from app.kernel.ids import new_id
from app.local.postgres import PostgresServer
from tests.people import Someone
from tests.stories.conftest import Later, Street
from tests.stories.test_one_thread import place

DRAFTS = "/v1/deadline-policies/drafts"
MARKS = [
    {"percent": 80, "effects": [{"primitive": "notify", "target": "dispatcher"}]},
    {"percent": 100, "effects": [{"primitive": "notify", "target": "dispatcher"}, {"primitive": "open_pool"}]},
]


def limits(street: Street, seconds: int, at: str = "street") -> dict[str, Any]:
    """Limits of respond on WALL, as the world has them at its street: 20 minutes, and a mark at 150 %."""
    place_id = str(getattr(street.world, at))
    return {"place_id": place_id, "deadline_kind": "respond", "budget_seconds": seconds, "marks": MARKS}


async def draft(street: Street, seconds: int, at: str = "street") -> str:
    receipt = await street.administrator.post(DRAFTS, limits(street, seconds, at))
    assert (receipt["state"], receipt["version"]) == ("draft", 1)
    return f"{DRAFTS}/{receipt['id']}"


async def test_a_draft_says_what_would_change_and_changes_nothing(street: Street) -> None:
    administrator = street.administrator
    before = await administrator.get("/v1/deadline-policies", place_id=str(street.world.east))
    compared = await administrator.get(f"{await draft(street, 900)}/comparison")
    assert (compared["in_force"]["budget_seconds"], compared["draft"]["budget_seconds"]) == (1200, 900)
    assert [(one["part"], one["sentence"]) for one in compared["differences"]] == [
        ("budget", "时限由 20 分钟改为 15 分钟"),
        ("mark", "取消 150% 的节点(通知社区书记、移交社区书记负责)"),
    ]
    assert await administrator.get("/v1/deadline-policies", place_id=str(street.world.east)) == before


@pytest.mark.parametrize(
    ("matter_kind", "deadline_kind", "known", "calendar"),
    [
        ("order", "respond", {"repair", "wish", "errand", "service_day"}, "DUTY"),
        ("case", "resolve_community", {"lighting", "danger"}, "WORK"),
        ("assignment", "sign", {"emergency", "routine", "hard", "call_up"}, "WORK"),
    ],
)
async def test_limits_for_a_category_that_nothing_has_are_refused_with_those_that_there_are(
    street: Street, matter_kind: str, deadline_kind: str, known: set[str], calendar: str
) -> None:
    service = {"place_id": str(street.world.east), "name": "修水管", "description": "小修", "category": "repair"}
    await street.administrator.post("/v1/services", service)
    marks = [{"percent": 100, "effects": [{"primitive": "notify", "target": "secretary"}]}]
    body = {**limits(street, 900), "matter_kind": matter_kind, "deadline_kind": deadline_kind, "calendar": calendar}
    body |= {"marks": marks, "category": "repiar"}
    for path in (DRAFTS, "/v1/deadline-policies"):
        answer = await street.administrator.ask("POST", path, body)
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["pointer"], fault["code"]) == (422, "/body/category", "category-unknown")
        assert known <= set(fault["message"].partition(":")[2].split("、"))
    west = {**body, "place_id": str(street.world.west), "category": "repair"}
    if matter_kind == "order":
        assert await street.administrator.refused(DRAFTS, west) == (422, "policy-invalid"), "another community's"
    receipt = await street.administrator.post(DRAFTS, {**body, "category": min(known)})
    await street.administrator.post(f"{DRAFTS}/{receipt['id']}/publish")


async def test_drafts_are_listed_and_published_as_they_were_kept(street: Street) -> None:
    administrator = street.administrator
    made = [await draft(street, seconds) for seconds in (900, 600)]
    elsewhere = await draft(street, 300, "west")
    listed = (await administrator.get(DRAFTS, place_id=str(street.world.street)))["items"]
    assert [f"{DRAFTS}/{row['id']}" for row in listed] == [elsewhere, made[1], made[0]]
    west = (await administrator.get(DRAFTS, place_id=str(street.world.west)))["items"]
    assert [(f"{DRAFTS}/{row['id']}", row["budget_seconds"]) for row in west] == [(elsewhere, 300)]
    first = await administrator.get(DRAFTS, place_id=str(street.world.street), limit=1)
    rest = await administrator.get(DRAFTS, place_id=str(street.world.street), cursor=first["next_cursor"])
    assert [row["id"] for row in first["items"] + rest["items"]] == [row["id"] for row in listed]
    secretary = await street.with_role("刘书记", "secretary")
    assert (await secretary.get(DRAFTS))["items"] == []
    assert await secretary.refused(f"{made[0]}/publish") == (404, "draft-not-found")
    receipt = await administrator.post(f"{made[0]}/publish")
    assert receipt["state"] == "publish"
    in_force = (await administrator.get("/v1/deadline-policies", place_id=str(street.world.east)))["items"]
    (respond,) = [row for row in in_force if row["deadline_kind"] == "respond" and not row["category"]]
    assert (respond["id"], respond["budget_seconds"]) == (receipt["id"], 900)
    assert (await administrator.get(f"{made[0]}/comparison"))["differences"] == []


async def test_a_replay_shows_what_would_have_been_missed(street: Street, later: Later) -> None:
    grandma, neighbour = await street.resident("王秀英"), await street.resident("西居民", "west")
    volunteer = await street.with_role("李强", "volunteer")
    dispatcher = await street.with_role("张敏", "dispatcher")
    kept, waits, elsewhere = [await place(street, who) for who in (grandma, grandma, neighbour)]
    await later(600)
    await dispatcher.post(f"/v1/orders/{kept}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"/v1/orders/{kept}/accept")
    await later(1000)

    strict = await street.administrator.get(f"{await draft(street, 300)}/replay")
    assert counted(strict["total"]) == (3, 0, 3, 3, 0, 0)
    assert {row["place_name"]: row["newly_missed"] for row in strict["places"]} == {"东社区": 2, "西社区": 1}
    assert {row["id"] for row in strict["newly_missed"]} == {kept, waits, elsewhere}
    (shown,) = (row for row in strict["newly_missed"] if row["id"] == kept)
    assert shown["due_under_draft"] < shown["stopped_at"] < shown["due_before"]
    assert (strict["next_cursor"], strict["places_left_out"]) == (None, 0)

    milder = await street.administrator.get(f"{await draft(street, 900)}/replay")
    assert counted(milder["total"]) == (3, 0, 2, 2, 0, 0), "what was answered after ten minutes is kept"
    east = await street.administrator.get(f"{await draft(street, 300, 'east')}/replay")
    assert counted(east["total"]) == (2, 0, 2, 2, 0, 0)

    await later(1300)
    generous = await street.administrator.get(f"{await draft(street, 1800)}/replay")
    assert counted(generous["total"]) == (3, 2, 0, 0, 2, 0)
    deadlines = (await grandma.get(f"/v1/orders/{waits}/deadlines"))["items"]
    assert [d["missed"] for d in deadlines if d["kind"] == "respond"] == [True], "a replay changes nothing"


async def test_a_long_replay_tells_its_progress_line_by_line_and_its_answer_last(street: Street, later: Later) -> None:
    grandma = await street.resident("王秀英")
    await place(street, grandma)
    await later(600)
    path = f"{await draft(street, 300)}/replay"
    async with street.administrator.http.stream("GET", f"{path}/progress") as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-ndjson")
        lines = [json.loads(line) async for line in answer.aiter_lines()]
    assert len(lines) >= 3
    shares = [line["share"] for line in lines]
    assert shares == sorted(shares)
    assert shares[0] == pytest.approx(1 / 90)
    assert shares[-1] == 1
    assert [line["replay"] for line in lines[:-1]] == [None] * (len(lines) - 1)
    assert {line["problem"] for line in lines} == {None}
    last, whole = lines[-1]["replay"], await street.administrator.get(path)
    assert counted(last["total"]) == counted(whole["total"]) == (1, 0, 1, 1, 0, 0)
    assert [row["id"] for row in last["newly_missed"]] == [row["id"] for row in whole["newly_missed"]]


async def test_a_person_replays_once_at_a_time_and_two_people_at_all(
    street: Street, postgres: PostgresServer, worker_database: str
) -> None:
    path = f"{await draft(street, 300)}/replay"
    other = await asyncpg.connect(postgres.url("postgres", worker_database))
    lock = "SELECT pg_advisory_xact_lock(hashtext($1), {})"
    own, of_all = (lock.format("hashtext($2)"), lock.format("$2"))
    for taken, allowed in (
        ([(own, "linli replay of", str(street.administrator.id))], False),
        ([(of_all, "linli replay", 1)], True),
        ([(of_all, "linli replay", 1), (of_all, "linli replay", 2)], False),
        ([], True),
    ):
        async with other.transaction():
            for statement in taken:
                await other.execute(*statement)
            for what in (path, f"{path}/progress"):
                answer = await street.administrator.http.get(what)
                if allowed:
                    assert answer.status_code == 200
                else:
                    assert (answer.status_code, answer.json()["code"]) == (429, "replay-running")
                    assert answer.headers["retry-after"] == "10"
    await other.close()


async def test_a_nearer_place_with_limits_of_its_own_stays_as_it_was(street: Street, later: Later) -> None:
    grandma, neighbour = await street.resident("王秀英"), await street.resident("西居民", "west")
    for who in (grandma, neighbour):
        await place(street, who)
    await street.administrator.post("/v1/deadline-policies", limits(street, 1200, "west"))
    await later(600)
    found = await street.administrator.get(f"{await draft(street, 300)}/replay")
    assert counted(found["total"]) == (2, 0, 1, 1, 0, 1)


async def test_only_administrators_of_the_place_draft_and_see_drafts(street: Street) -> None:
    secretary = await street.with_role("刘书记", "secretary")
    west = await street.with_role("西管理员", "administrator", "west")
    assert await secretary.refused(DRAFTS, limits(street, 900, "east")) == (403, "not-allowed")
    assert await west.refused(DRAFTS, limits(street, 900, "east")) == (403, "not-allowed")
    paths = [await draft(street, 900, "east"), f"{DRAFTS}/{new_id()}"]
    for someone in (secretary, west):
        for path in paths:
            for what in ("comparison", "replay", "replay/progress"):
                assert await missing(someone, f"{path}/{what}")


async def test_what_may_not_be_published_may_not_be_drafted(street: Street) -> None:
    body = limits(street, 900)
    administrator = street.administrator
    answer = await administrator.ask("POST", DRAFTS, {**body, "marks": MARKS[:1]})
    assert (answer.status_code, answer.json()["code"]) == (422, "policy-invalid")
    assert answer.json()["errors"][0]["pointer"] == "/body/marks"
    assert await administrator.refused(DRAFTS, {**body, "deadline_kind": "sleep"}) == (404, "unknown-deadline")
    assert await administrator.refused(DRAFTS, {**body, "place_id": str(new_id())}) == (404, "place-not-found")


async def test_a_period_is_checked(street: Street) -> None:
    path = f"{await draft(street, 900)}/replay"
    day = "2026-03-{:02}T00:00:00+08:00"
    found = await street.administrator.get(path, **{"from": day.format(1), "until": day.format(2)})
    assert (found["from_at"], found["until_at"], found["total"]["deadlines"]) == (day.format(1), day.format(2), 0)
    for query, code in (
        ({"from": day.format(2), "until": day.format(2)}, "period-empty"),
        ({"from": "2025-03-01T00:00:00+08:00", "until": day.format(3)}, "period-too-long"),
        ({"cursor": "nonsense"}, "cursor-invalid"),
        ({"since": day.format(1)}, "extra-forbidden"),
    ):
        answer = await street.administrator.http.get(path, params=query)
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == [code]


async def missing(someone: Someone, path: str) -> bool:
    answer = await someone.http.get(path)
    return (answer.status_code, answer.json()["code"]) == (404, "draft-not-found")


def counted(counts: dict[str, int]) -> tuple[int, ...]:
    names = ("deadlines", "missed", "missed_under_draft", "newly_missed", "no_longer_missed", "not_reached")
    return tuple(counts[name] for name in names)


async def test_each_limit_in_force_may_be_drafted_as_it_stands_and_compared(street: Street) -> None:
    """Of orders, cases and assignments: whom it tells may be said as it is read. What a room needs to happen is carried over."""
    administrator = street.administrator
    seen = 0
    for kind in ("order", "case", "assignment"):
        listed = await administrator.get("/v1/deadline-policies", place_id=str(street.world.street), matter_kind=kind)
        for row in listed["items"]:
            marks = [
                {**mark, "effects": [e for e in mark["effects"] if e["primitive"] != "event"]} for mark in row["marks"]
            ]
            names = ("deadline_kind", "category", "calendar", "budget_seconds", "budget_days", "pause_limit_seconds")
            same = {name: row[name] for name in names if row[name] not in (None, "")}
            body = {**same, "place_id": str(street.world.street), "matter_kind": kind, "marks": marks}
            kept = await administrator.post(DRAFTS, body)
            compared = await administrator.get(f"{DRAFTS}/{kept['id']}/comparison")
            assert not [one for one in compared["differences"] if one["part"] in ("mark", "effect")], (kind, row)
            seen += 1
    assert seen > 40


async def test_a_draft_makes_one_policy_and_the_receipt_names_its_version(street: Street) -> None:
    administrator = street.administrator
    path = f"{await draft(street, 900)}/publish"
    first = await administrator.post(path)
    in_force = (await administrator.get("/v1/deadline-policies", place_id=str(street.world.street)))["items"]
    (respond,) = [row for row in in_force if row["id"] == first["id"]]
    assert first["version"] == respond["version"] > 1
    assert await administrator.refused(path) == (409, "draft-used")
    for same in (f"{await draft(street, 900)}/publish", "/v1/deadline-policies"):
        again = await administrator.ask("POST", same, limits(street, 900) if same.endswith("policies") else None)
        assert (again.status_code, again.json()["code"]) == (409, "nothing-changed")
        assert f"现行的第 {respond['version']} 版" in again.json()["detail"]
    other = await administrator.post("/v1/deadline-policies", limits(street, 840))
    assert other["version"] == respond["version"] + 1
    assert await administrator.refused(path) == (409, "draft-used"), "also when something else is in force by now"
    listed = (await administrator.get(DRAFTS, place_id=str(street.world.street)))["items"]
    assert [one["published_at"] is not None for one in listed] == [False, True], "the second one was never published"
    back = f"{await draft(street, 900)}/publish"
    assert (await administrator.post(back))["version"] == respond["version"] + 2, "another draft of the same"


async def test_of_many_who_publish_one_draft_at_once_one_does(street: Street) -> None:
    path = f"{await draft(street, 900)}/publish"
    answers = await asyncio.gather(*(street.administrator.ask("POST", path) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    kept = "SELECT count(*) FROM deadline_policy WHERE place_id = $1 AND deadline_kind = 'respond' AND budget_seconds = 900"
    assert await street.world.owner.fetchval(kept, street.world.street) == 1


async def test_a_category_as_it_is_in_force_is_not_published_again(street: Street) -> None:
    body = {"place_id": str(street.world.street), "code": "charging", "name": "电动车充电", "lane": "big"}
    body |= {"evidence": ["note"]}
    for version, name in ((1, "电动车充电"), (2, "电动自行车充电")):
        receipt = await street.administrator.post("/v1/case-categories", body | {"name": name})
        listed = await street.administrator.get("/v1/case-categories", place_id=str(street.world.east))
        (shown,) = [one for one in listed["items"] if one["code"] == "charging"]
        assert (receipt["id"], receipt["version"]) == (shown["id"], shown["version"]) == (shown["id"], version)
        assert await street.administrator.refused("/v1/case-categories", body | {"name": name}) == (
            409,
            "nothing-changed",
        )


async def test_marks_may_be_copied_with_the_events_that_stand_in_them(street: Street) -> None:
    administrator, place_id = street.administrator, str(street.world.street)
    copied = 0
    for kind in ("order", "case", "assignment"):
        listed = await administrator.get("/v1/deadline-policies", place_id=place_id, matter_kind=kind)
        for row in listed["items"]:
            if row["category"] or all(e["primitive"] != "event" for mark in row["marks"] for e in mark["effects"]):
                continue
            names = ("deadline_kind", "calendar", "budget_seconds", "budget_days", "pause_limit_seconds", "marks")
            same = {name: row[name] for name in names if row[name] is not None}
            kept = await administrator.post(DRAFTS, {**same, "place_id": place_id, "matter_kind": kind})
            compared = await administrator.get(f"{DRAFTS}/{kept['id']}/comparison")
            assert not [one for one in compared["differences"] if one["part"] in ("mark", "effect")], (kind, row)
            copied += 1
    assert copied > 5


async def test_an_unknown_deadline_is_told_which_there_are(street: Street) -> None:
    answer = await street.administrator.ask("POST", DRAFTS, {**limits(street, 900), "deadline_kind": "sleep"})
    (fault,) = answer.json()["errors"]
    assert (answer.status_code, fault["pointer"]) == (404, "/body/deadline_kind")
    assert "respond 响应" in fault["message"]
    assert "sign 签收" not in fault["message"], "that is an assignment's"
    answer = await street.administrator.ask("POST", DRAFTS, {**limits(street, 900), "deadline_kind": "响应"})
    (fault,) = answer.json()["errors"]
    assert "getDeadlinePolicy" in fault["message"]


async def test_an_effect_on_the_wrong_target_is_told_which_there_are(street: Street) -> None:
    administrator = street.administrator
    for effect, code in (
        ({"primitive": "notify", "target": "seat"}, "bad-target"),
        ({"primitive": "set_holder", "target": "unit"}, "bad-target"),
        ({"primitive": "event", "target": "case.supervise"}, "event-carried"),
    ):
        body = {**limits(street, 900), "marks": [{"percent": 100, "effects": [effect]}]}
        answer = await administrator.ask("POST", DRAFTS, body)
        (fault,) = answer.json()["errors"]
        assert (answer.status_code, fault["code"]) == (422, code)
