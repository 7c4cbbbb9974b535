"""What was said on a case is read by whom it concerns; whoever must go on, or need not, is told (domain.md §5)."""

from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import LAMP, RESULT, Matter, in_days, whistled
from tests.stories.boardwork import topics as told
from tests.stories.caselife import RESULT as DONE
from tests.stories.caselife import Neighbourhood
from tests.stories.casework import at_street, reported
from tests.stories.conftest import Later, Street

HELD = "2026-01-05T09:00:00+08:00"


async def said(who: Someone, case: str) -> list[tuple[str, str]]:
    """What somebody reads on a case: kind and text."""
    return [(one["kind_label"], one["text"]) for one in (await who.get(f"{case}/posts"))["items"]]


async def texts(who: Someone, topic: str) -> list[str]:
    return [one["text"] for one in (await who.get("/v1/inbox", limit=50))["items"] if one["topic"] == topic]


async def withdrawals(who: Someone) -> int:
    return (await told(who)).count("case.withdrawn")


async def test_a_reply_is_read_by_the_reporters_and_a_contact_by_whom_it_concerns(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    neighbour, western = await street.resident("李大爷"), await street.resident("西居民", "west")
    stranger = await street.resident("路人")
    case = await life.reported()
    for who in (neighbour, western):
        await who.post(f"{case}/join", {"words": "我们楼下也吵"})
    await life.grid.post(f"{case}/contact", {"channel": "phone", "text": "已电话问清"})
    await life.grid.post(f"{case}/reply", {"text": "明天来修"})
    contact, reply = ("联系", "已电话问清"), ("答复", "明天来修")
    for who in (life.resident, life.grid, life.secretary, life.caller):
        assert await said(who, case) == [contact, reply], who.name
    assert await said(neighbour, case) == [reply]
    assert await said(western, case) == [], "whoever joined from elsewhere reads nothing that was written"
    assert (await stranger.ask("GET", f"{case}/posts")).status_code == 404
    first, second = (await life.grid.get(f"{case}/posts"))["items"]
    assert (first["channel_label"], second["channel_label"], first["by_me"]) == ("电话", None, True)
    await later(1)
    (text,) = await texts(life.resident, "case.replied")
    assert text.startswith("您反映的事项有了答复,可查看事项的沟通记录")


async def test_whoever_must_go_on_is_told_and_reads_why_it_was_not_solved(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    dispatcher = await street.with_role("派单员", Role.DISPATCHER)
    case = await life.solved()
    await life.resident.post(f"{case}/callback", {"solved": False, "words": "我家没修"})
    assert await said(life.grid, case) == [], "not before somebody asked, and the case came back"
    (call,) = await life.calls()
    words = {"channel": "phone", "reached": True, "solved": False, "words": "夜里又放了"}
    assert (await life.caller.post(f"{case}/callbacks/{call['id']}", words))["state"] == "handling"
    await later(1)
    for who in (life.grid, dispatcher, life.secretary):
        (text,) = await texts(who, "case.not_solved")
        assert text.startswith("回访得知事项没有解决,请继续办理;上报人写了话的,见事项的沟通记录"), who.name
        assert await said(who, case) == [("没有解决", "我家没修"), ("没有解决", "夜里又放了")]
    assert "case.not_solved" not in await told(life.chief), "the community goes on"


async def test_what_the_street_handled_comes_back_to_the_street(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    duty = await street.with_role("街道值班", Role.DISPATCHER, "street")
    case = await life.reported("hard")
    await life.secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "已看现场"})
    await life.chief.post(f"{case}/result", DONE)
    (call,) = await life.calls()
    unsolved = {"channel": "phone", "reached": True, "solved": False}
    await life.caller.post(f"{case}/callbacks/{call['id']}", unsolved)
    await later(1)
    told_of = [(await told(who)).count("case.not_solved") for who in (life.chief, duty, life.grid, life.secretary)]
    assert told_of == [1, 1, 0, 0]


async def test_what_one_reporter_said_is_not_read_by_another_and_nobody_reads_who_said_it(street: Street) -> None:
    life = await Neighbourhood.of(street)
    neighbour = await street.resident("李大爷")
    case = await life.reported()
    await neighbour.post(f"{case}/join", {"words": "我们楼下也吵"})
    await life.grid.post(f"{case}/result", DONE)
    for who, words in ((neighbour, "我这边没解决"), (life.resident, "我家没修")):
        await who.post(f"{case}/callback", {"solved": False, "words": words})
    call = next(one for one in await life.calls() if one["tries"][0]["words"] == "我这边没解决")
    unsolved = {"channel": "phone", "reached": True, "solved": False}
    await life.caller.post(f"{case}/callbacks/{call['id']}", unsolved)
    assert await said(life.resident, case) == [("没有解决", "我家没修")]
    assert await said(neighbour, case) == [("没有解决", "我这边没解决")]
    assert await said(life.grid, case) == [("没有解决", "我这边没解决"), ("没有解决", "我家没修")]
    posts = (await life.grid.get(f"{case}/posts"))["items"]
    history = (await life.grid.get(f"{case}/history"))["items"]
    for answer in (posts, history):
        assert not {str(neighbour.id), str(life.resident.id)} & set(str(answer).split("'"))
    assert "我这边没解决" not in str(await life.resident.get(f"{case}/history"))


async def test_the_unit_that_led_reads_why_it_was_not_solved(street: Street, later: Later) -> None:
    case = await whistled(street)
    caller = await street.with_role("回访员", Role.CALLBACK_OFFICER, "street")
    await case.lead.reports_in()
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    (call,) = (await caller.get("/v1/callbacks"))["items"]
    words = {"channel": "visit", "reached": True, "solved": False, "words": "灯杆还歪着"}
    await caller.post(f"{case.path}/callbacks/{call['id']}", words)
    await later(1)
    for who in (case.lead.head, case.lead.officer):
        assert "case.not_solved" in await told(who)
        assert await said(who, case.path) == [("没有解决", "灯杆还歪着")]


async def test_whoever_was_told_of_it_as_new_is_told_that_it_is_withdrawn(street: Street, later: Later) -> None:
    resident, grid = await street.resident("王奶奶"), await street.with_role("小李", Role.GRID_WORKER)
    dispatcher = await street.with_role("派单员", Role.DISPATCHER)
    case = await reported(resident)
    chief = await at_street(street, case)
    assert await withdrawals(grid) == 0
    await resident.post(f"{case}/withdraw", {})
    await later(1)
    assert [await withdrawals(who) for who in (grid, dispatcher, chief)] == [1, 1, 1]
    (text,) = await texts(grid, "case.withdrawn")
    assert text.startswith("一个事项已由上报人撤回")
    assert any("上报人撤回" in line for line in (await resident.get(case))["story"])


async def test_of_an_emergency_secretary_and_street_hear_once_that_it_is_withdrawn(
    street: Street, later: Later
) -> None:
    life = await Neighbourhood.of(street)
    nearby = await street.with_role("派单员", Role.DISPATCHER)
    duty = await street.with_role("街道值班", Role.DISPATCHER, "street")
    case = await reported(life.resident, category="danger", words="燃气味很大")
    await later(1)
    everybody = (life.grid, life.secretary, nearby, duty)
    new = [sum(topic.startswith("case.emergency") for topic in await told(who)) for who in everybody]
    await life.resident.post(f"{case}/withdraw", {})
    await later(2)
    assert [await withdrawals(who) for who in everybody] == new == [1, 1, 1, 1]


async def test_a_withdrawal_that_the_station_passes_on_is_called_so_everywhere(street: Street, later: Later) -> None:
    station, caller = await street.with_role("站长", Role.STATION_STAFF), await street.resident("王秀英")
    grid = await street.with_role("小李", Role.GRID_WORKER)
    made = await station.post("/v1/cases/for-caller", {**LAMP, "person_id": str(caller.id)})
    case = f"/v1/cases/{made['id']}"
    await station.post(f"{case}/withdraw", {"reason": "说了两遍"})
    await later(1)
    (text,) = await texts(grid, "case.withdrawn")
    assert text.startswith("一个事项已由工作人员按上报人所说撤回")
    for who in (caller, station, grid):
        story = (await who.get(case))["story"]
        assert any(line.endswith(",工作人员按上报人所说撤回。") for line in story), who.name
        (step,) = [one for one in (await who.get(f"{case}/history"))["items"] if one["action"] == "withdraw"]
        assert step["by_label"] == "代为点单或上报的工作人员"


async def _met(case: Matter) -> dict[str, Any]:
    """A joint meeting with minutes and a promise; the promise."""
    minutes = {"text": "两家互相推", "held_at": "2026-01-05T01:00:00Z", "attended": [case.lead.id]}
    await case.lead.officer.post(f"{case.path}/board/minutes", minutes)
    promise = {"unit_id": case.lead.id, "text": "换好灯杆", "due_at": in_days(30)}
    await case.lead.officer.post(f"{case.path}/board/promises", promise)
    return promise


async def test_a_resident_reads_the_promise_and_its_date_and_not_the_minutes(street: Street) -> None:
    """Those are for the board: page, story, history and Postgres agree."""
    case = await whistled(street, "hard")
    await case.lead.reports_in()
    promise = await _met(case)
    for who in (case.reporter, case.lead.officer):
        story = "".join((await who.get(case.path))["story"])
        history = (await who.get(f"{case.path}/history"))["items"]
        assert "召开了联席会议(1月5日(周一)09:00)" in story
        assert promise["text"] in story
        assert promise["text"] in str(history)
        assert "互相推" not in story + str(history), "they read it on the board"
    assert (await case.reporter.http.get(f"{case.path}/board")).status_code == 403
    assert (await case.lead.officer.get(f"{case.path}/board"))["minutes"][0]["text"] == "两家互相推"
    noted = "SELECT note ? 'text' FROM history WHERE matter_id = $1::uuid AND action = 'add_minutes'"
    assert await street.world.owner.fetchval(noted, case.path.rpartition("/")[2]) is False


async def test_no_moment_of_a_note_has_another_zone(street: Street) -> None:
    case = await whistled(street, "hard")
    await case.lead.reports_in()
    promise = await _met(case)
    notes = {one["action"]: one["note"] for one in (await case.reporter.get(f"{case.path}/history"))["items"]}
    assert notes["add_minutes"]["held_at"] == HELD
    assert notes["add_promise"]["due_at"] == promise["due_at"]
