"""The call-back: a case is closed by what its reporters say, never by whoever handled it (回访, domain.md §5)."""

from datetime import datetime, timedelta

import asyncpg

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.boardwork import LAMP, Unit, new_unit, whistled
from tests.stories.boardwork import RESULT as LAMP_RESULT
from tests.stories.caselife import RESULT, RUBBISH, Neighbourhood
from tests.stories.conftest import Later, Street

DAY = 86400


async def passes(connection: asyncpg.Connection, who: Someone, statement: str) -> bool:
    """Whether plain SQL of somebody's changes a row and could commit; it is taken back."""
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(f"SET LOCAL app.actor = '{who.id}'")
    try:
        done = await connection.execute(statement)
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError):
        return False
    finally:
        await transaction.rollback()
    return not done.endswith(" 0")


async def test_a_tap_closes_a_small_matter(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved()
    await later(1)
    topics = [one["topic"] for one in (await life.resident.get("/v1/inbox"))["items"]]
    assert "case.please_answer" in topics
    assert await life.calls() == []
    done = await life.resident.post(f"{case}/callback", {"solved": True, "stars": 5, "words": "谢谢"})
    assert done["state"] == "closed"
    assert await life.resident.refused(f"{case}/callback", {"solved": True}) == (409, "transition-refused")


async def test_a_false_closure_is_refused_by_the_resident_and_comes_back_solved(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved()
    told = await life.resident.post(f"{case}/callback", {"solved": False, "words": "昨夜又放了"})
    assert told["state"] == "callback"
    (call,) = await life.calls()
    assert (call["reason"], call["reporter_name"], call["tries"][0]["words"]) == ("refused", "王**", "昨夜又放了")
    contact = await life.caller.get(f"/v1/callbacks/{call['id']}/contact")
    assert contact["name"] == "王秀英"
    looks = await street.world.owner.fetch("SELECT * FROM reveal WHERE matter_id = $1::uuid", call["case_id"])
    assert [(look["viewer_id"], look["capacity"]) for look in looks] == [(life.caller.id, "callback_officer")]
    said = {"channel": "phone", "reached": True, "solved": False, "satisfied": False, "contacted_in_time": True}
    back = await life.caller.post(f"{case}/callbacks/{call['id']}", said)
    assert back["state"] == "handling"
    shown = await life.secretary.get(case)
    assert (shown["round"], shown["holder"]) == (2, "东社区")
    for one in (shown, await life.resident.get(case)):
        assert (one["outcome"], one["answer"], one["evidence"]) == (None, None, []), "it did not solve it"
    steps = (await life.secretary.get(f"{case}/history"))["items"]
    assert RESULT["outcome"] in [step["note"].get("outcome") for step in steps], "but what was handed in is not lost"
    await later(1)
    assert "case.not_solved" in [one["topic"] for one in (await life.secretary.get("/v1/inbox"))["items"]]

    await life.grid.post(f"{case}/result", RESULT)
    assert (await life.resident.post(f"{case}/callback", {"solved": True}))["state"] == "closed"
    rounds = (await life.resident.get(f"{case}/callback"))["items"]
    assert [(one["round"], one["state"]) for one in rounds] == [(2, "solved"), (1, "unsolved")]


async def test_nobody_is_reached_in_three_tries_on_two_days(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    case = await life.solved()
    await later(2 * DAY + 1)
    (call,) = await life.calls()
    assert call["reason"] == "unanswered"
    missed = {"channel": "phone", "reached": False, "words": "无人接听"}
    path = f"{case}/callbacks/{call['id']}"
    for _ in range(3):
        assert (await life.caller.post(path, missed))["state"] == "callback"
    await later(3 * DAY + 1)
    assert (await life.caller.post(path, missed))["state"] == "closed_unreached"
    by = {step["action"]: step["by_label"] for step in (await life.resident.get(f"{case}/history"))["items"]}
    assert (by["record_callback"], by["close_unreached"]) == ("回访员", "回访员"), "and not who handled it"
    assert await life.calls() == []


async def test_an_officer_is_asked_once_when_nobody_answers(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    await life.solved()
    await later(2 * DAY + 1)
    await later(5 * DAY)
    asked = [one for one in (await life.caller.get("/v1/inbox"))["items"] if one["topic"] == "case.call_needed"]
    assert len(asked) == 1
    assert len(await life.calls()) == 1


async def test_who_cannot_tap_is_called_and_their_own_word_does_not_close(street: Street, later: Later) -> None:
    """A mother whose daughter reports for her, and a matter that is not small."""
    life = await Neighbourhood.of(street)
    daughter = await street.resident("陈芳", "west")
    phone = (await life.resident.get("/v1/me"))["phone"]
    naming = {"place_id": str(street.world.east), "name": "王妈妈", "phone": phone, "relation": "family"}
    asked = await daughter.post("/v1/beneficiaries", naming)
    await life.resident.prove_phone()
    await life.resident.post(f"/v1/beneficiaries/{asked['id']}/consent", {})
    made = await daughter.post("/v1/cases", {**RUBBISH, "beneficiary_id": str(life.resident.id)})
    careful = f"/v1/cases/{made['id']}"
    await life.grid.post(f"{careful}/triage", {"lane": "small"})
    await life.grid.post(f"{careful}/result", RESULT)
    assert (await life.resident.post(f"{careful}/callback", {"solved": True}))["state"] == "callback"
    weighty = await life.solved("big")
    assert {(one["reason"], one["careful"]) for one in await life.calls()} == {("care", True), ("weighty", False)}
    assert (await life.resident.post(f"{weighty}/callback", {"solved": True}))["state"] == "callback"
    call = next(one for one in await life.calls() if one["reason"] == "weighty")
    said = {"channel": "visit", "reached": True, "solved": True, "stars": 4}
    assert (await life.caller.post(f"{weighty}/callbacks/{call['id']}", said))["state"] == "closed"


async def test_the_handler_does_not_call_back(street: Street, later: Later, app_url: str) -> None:
    """By the API a refusal, and by plain SQL nothing."""
    life = await Neighbourhood.of(street)
    both = {"place_id": str(street.world.street), "role": "callback_officer", "person_id": str(life.grid.id)}
    await street.administrator.post("/v1/roles", both)
    case = await life.solved("big")
    (call,) = await life.calls()
    said = {"channel": "phone", "reached": True, "solved": True}
    assert await life.grid.refused(f"{case}/callbacks/{call['id']}", said) == (403, "same-hand")
    answer = await life.grid.http.get(f"/v1/callbacks/{call['id']}/contact")
    assert answer.status_code == 404
    settle = "UPDATE callback SET state = 'solved', solved = true, settled_at = app_now(), settled_by = app_actor()"
    attempt = (
        "INSERT INTO callback_try (id, callback_id, matter_id, place_id, channel, reached, solved, tried_by, tried_at)"
        " SELECT gen_random_uuid(), id, matter_id, place_id, 'phone', true, true, app_actor(), app_now() FROM callback"
    )
    statements = (
        f"{settle} WHERE id = '{call['id']}'",
        f"{attempt} WHERE id = '{call['id']}'",
        f"UPDATE matter SET state = 'closed' WHERE id = '{call['case_id']}'",
        f"DELETE FROM callback WHERE id = '{call['id']}'",
    )
    connection = await asyncpg.connect(app_url)
    for statement in statements:
        assert not await passes(connection, life.grid, statement), statement
    await connection.close()
    # And whoever called back does not handle the case in its next round.
    await life.caller.post(f"{case}/callbacks/{call['id']}", {**said, "solved": False})
    grant = {"place_id": str(street.world.street), "role": "grid_worker", "person_id": str(life.caller.id)}
    await street.administrator.post("/v1/roles", grant)
    assert await life.caller.refused(f"{case}/result", RESULT) == (403, "same-hand")


async def test_whoever_works_in_a_unit_of_the_case_does_not_call_back(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    unit = {"place_id": str(street.world.street), "name": "城管办", "kind": "department"}
    bureau = await street.administrator.post("/v1/units", unit)
    officer = await street.with_role("城管", Role.VOLUNTEER, "street")
    for person in (officer, life.caller):
        body = {"person_id": str(person.id), "post": "officer"}
        await street.administrator.post(f"/v1/units/{bureau['id']}/members", body)
    case = await life.reported("hard")
    await life.secretary.post(f"{case}/whistle", {"kind": "routine", "reason": "需城管", "lead_id": bureau["id"]})
    await life.secretary.post(f"{case}/whistle/decide", {"approved": True})
    await Unit(bureau["id"], officer, officer).reports_in()
    await officer.post(f"{case}/result", RESULT)
    await life.secretary.post(f"{case}/check", {"accepted": True})
    (call,) = await life.calls()
    assert not call["mine"]
    said = {"channel": "phone", "reached": True, "solved": False}
    assert await life.caller.refused(f"{case}/callbacks/{call['id']}", said) == (403, "handling-unit")

    other = await street.with_role("另一回访员", Role.CALLBACK_OFFICER, "street")
    assert (await other.post(f"{case}/callbacks/{call['id']}", said))["state"] == "whistled"
    await later(1)
    assert (await life.secretary.get(case))["holder"] == "主办单位:城管办"
    assert (await officer.post(f"{case}/result", RESULT))["state"] == "result"


async def test_a_grid_worker_does_not_call_their_own_work_solved(street: Street) -> None:
    life = await Neighbourhood.of(street)
    solved = {"category": "noise", "words": "路边放音响", "outcome": "已劝止", "evidence": RESULT["evidence"]}
    made = await life.grid.post("/v1/cases/solved", {**solved, "place_id": str(street.world.east)})
    case = f"/v1/cases/{made['id']}"
    (call,) = await life.calls()
    assert call["reason"] == "own"
    assert "就是办理人" in call["how"]
    assert "visit" in call["how"]
    assert (await life.caller.get(f"/v1/callbacks/{call['id']}/contact"))["how"].startswith("上报人小李就是办理人")
    assert (await life.grid.post(f"{case}/callback", {"solved": True}))["state"] == "callback"
    said = {"channel": "visit", "reached": True, "solved": True}
    assert (await life.caller.post(f"{case}/callbacks/{call['id']}", said))["state"] == "closed"


async def test_what_a_handler_taps_of_their_own_work_closes_nothing(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    solved = {"category": "noise", "words": "路边放音响", "outcome": "已劝止", "evidence": RESULT["evidence"]}
    made = await life.grid.post("/v1/cases/solved", {**solved, "place_id": str(street.world.east)})
    case = f"/v1/cases/{made['id']}"
    await life.grid.post(f"{case}/callback", {"solved": True})
    (call,) = await life.calls()
    missed = {"channel": "visit", "reached": False, "words": "现场没有人"}
    for wait in (1, 1, DAY):
        await later(wait)
        done = await life.caller.post(f"{case}/callbacks/{call['id']}", missed)
    assert done["state"] == "closed_unreached", "neutral, and no more: nobody but the handler said that it is solved"


async def test_who_has_no_such_post_is_told_so_and_not_shown_an_empty_list(street: Street) -> None:
    resident, secretary = await street.resident("王奶奶"), await street.with_role("陈书记", Role.SECRETARY)
    caller, dispatcher = (
        await street.with_role("回访员", Role.CALLBACK_OFFICER),
        await street.with_role("派单", Role.DISPATCHER),
    )
    unit = await new_unit(street, "城管办")
    lists = {
        "/v1/callbacks": ((caller,), (resident, secretary, unit.officer), "回访员、督办员"),
        "/v1/supervision": (
            (secretary, dispatcher, unit.officer), (resident, caller), "社区派单员、社区书记、督办员、管理员、责任单位的人员",
        ),
    }  # fmt: skip
    for path, (readers, others, who) in lists.items():
        for reader in readers:
            assert (await reader.get(path))["items"] == [], "theirs, and nothing is in it"
        for other in others:
            answer = await other.http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed"), (other.name, path)
            assert answer.json()["detail"] == f"这里给{who}查看;您现在没有这样的岗位"
    assert (await resident.http.get("/v1/supervision/agenda")).status_code == 403


async def test_a_list_says_whom_to_ask_and_how(street: Street) -> None:
    life = await Neighbourhood.of(street)
    await life.resident.post(f"{await life.solved()}/callback", {"solved": False})
    (call,) = await life.calls()
    assert call["how"].startswith("请给上报人王**打电话")
    assert (await life.caller.get(f"/v1/callbacks/{call['id']}/contact"))["phone"] is not None
    await street.world.owner.execute(
        "UPDATE person SET phone_sealed = NULL, phone_index = NULL WHERE id = $1", life.resident.id
    )
    (call,) = await life.calls()
    assert call["how"].startswith("上报人王**没有登记电话:请上门问,channel 填 visit;住址见 getReporterContact")
    shown = await life.caller.get(f"/v1/callbacks/{call['id']}/contact")
    assert (shown["phone"], shown["address"]) == (None, "西峪东街 8 号院 2 号楼")
    both = {"place_id": str(street.world.street), "role": "callback_officer", "person_id": str(life.grid.id)}
    await street.administrator.post("/v1/roles", both)
    (shown,) = (await life.grid.get("/v1/callbacks"))["items"]
    assert shown["how"].startswith("不由您回访")


async def test_whoever_holds_the_office_that_handled_it_does_not_call_back(street: Street) -> None:
    life = await Neighbourhood.of(street)
    both = {"place_id": str(street.world.street), "role": "callback_officer", "person_id": str(life.secretary.id)}
    await street.administrator.post("/v1/roles", both)
    case = await life.solved("big")
    (call,) = await life.calls()
    said = {"channel": "phone", "reached": True, "solved": True}
    assert await life.secretary.refused(f"{case}/callbacks/{call['id']}", said) == (403, "handling-unit")


async def test_whoever_worked_on_it_and_left_the_unit_does_not_call_back(street: Street) -> None:
    case = await whistled(street)
    await case.lead.reports_in()
    leaver = case.lead.officer
    role = {"place_id": str(street.world.street), "role": "callback_officer", "person_id": str(leaver.id)}
    await street.administrator.post("/v1/roles", role)
    await case.lead.head.post(f"{case.path}/result", LAMP_RESULT)
    await street.administrator.post(f"/v1/units/{case.lead.id}/members/{leaver.id}/end")
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    (call,) = (await leaver.get("/v1/callbacks"))["items"]
    assert not call["mine"]
    said = {"channel": "phone", "reached": True, "solved": True}
    assert await leaver.refused(f"{case.path}/callbacks/{call['id']}", said) == (403, "handling-unit")


async def test_what_was_merged_is_called_back_by_nobody_of_the_unit_that_handled_it(
    street: Street, later: Later
) -> None:
    """And what is said counts for that unit."""
    case = await whistled(street)
    neighbour = await street.resident("李爷爷")
    child = (await neighbour.post("/v1/cases", LAMP))["id"]
    await case.chief.post(f"/v1/cases/{child}/merge", {"parent_id": case.path.rpartition("/")[2]})
    await case.lead.reports_in()
    role = {"place_id": str(street.world.street), "role": "callback_officer", "person_id": str(case.lead.head.id)}
    await street.administrator.post("/v1/roles", role)
    await case.lead.officer.post(f"{case.path}/result", LAMP_RESULT)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(1)
    calls = (await case.lead.head.get("/v1/callbacks"))["items"]
    assert {(call["case_id"] == child, call["mine"]) for call in calls} == {(True, False), (False, False)}
    today = datetime.now(CHINA).date()
    period = {"from": str(today), "until": str(today + timedelta(days=1)), "place_id": str(street.world.street)}
    (row,) = (await case.chief.get("/v1/rates", **period))["items"]
    assert (row["label"], row["callbacks"]) == ("城管办", 2)
