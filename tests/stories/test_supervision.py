"""Supervision: a case that nobody resolves goes through card, listing, agenda and daily renewal while its holder stays
(督办, domain.md §5)."""

from itertools import pairwise

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.boardwork import Unit
from tests.stories.caselife import RESULT, Neighbourhood
from tests.stories.conftest import Later, Street

DAY = 86400
BUDGET = 2 * DAY
"""Of the community, on a street whose limits run around the clock (tests/world.py)."""


async def live(street: Street, case: str) -> list[str]:
    """Which limits govern a case now."""
    rows = await street.world.owner.fetch(
        "SELECT d.kind FROM deadline d JOIN matter m ON m.id = d.matter_id"
        " JOIN promised_state p ON p.kind = m.kind AND p.state = m.state"
        " WHERE m.id = $1::uuid AND d.stopped_at IS NULL AND d.kind = ANY (p.governs)",
        case.rpartition("/")[2],
    )
    return [row["kind"] for row in rows]


async def holds(street: Street, case: str) -> list[tuple[object, ...]]:
    rows = await street.world.owner.fetch(
        "SELECT version, holder, seat_id, unit_id, from_at, until_at FROM hold WHERE matter_id = $1::uuid ORDER BY version",
        case.rpartition("/")[2],
    )
    return [tuple(row) for row in rows]


async def test_nobody_resolves_it_and_its_holder_stays(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    supervisor = await street.with_role("督办员", Role.SUPERVISOR, "street")
    case = await life.reported("big")
    before = await holds(street, case)
    await later(BUDGET + 1)
    (card,) = (await supervisor.get("/v1/supervision"))["items"]
    assert (card["step"], card["seat_name"], card["holder"], card["answer"]) == ("card", "试验街道", "东社区", None)
    assert card["answer_due_at"] is not None
    assert "case.answer_wanted" in [one["topic"] for one in (await life.secretary.get("/v1/inbox"))["items"]]

    said = {"text": "配件明天到,后天修好"}
    await life.secretary.post(f"{case}/supervision/answer", said)
    assert await life.secretary.refused(f"{case}/supervision/answer", said) == (409, "nothing-to-answer")
    (card,) = (await supervisor.get("/v1/supervision", answered="true"))["items"]
    assert card["answer"] == said["text"]

    await later(BUDGET * 1.5 + 1)
    assert [one["step"] for one in (await supervisor.get("/v1/supervision"))["items"]] == ["listed", "card"]
    assert (await supervisor.get("/v1/supervision/agenda"))["items"] == []
    assert await live(street, case) == ["resolve_community"]

    await later(BUDGET * 2 + 1)
    (agenda,) = (await supervisor.get("/v1/supervision/agenda"))["items"]
    assert (agenda["percent"], agenda["state"]) == (200, "handling")
    for day in range(1, 4):
        assert await live(street, case) == ["renewal"]
        await later(BUDGET * 2 + day * DAY + 1)
    assert (await supervisor.get("/v1/supervision/agenda"))["items"][0]["renewals"] == 4
    actions = [one["action"] for one in (await life.resident.get(f"{case}/history"))["items"]]
    assert actions.count("renew") == 3
    assert await holds(street, case) == before

    await life.grid.post(f"{case}/result", RESULT)
    assert (await supervisor.get("/v1/supervision/agenda"))["items"] == []
    assert len((await supervisor.get("/v1/supervision"))["items"]) == 3


async def test_who_was_away_for_days_finds_each_step_once(street: Street, later: Later) -> None:
    """The worker slept through all of it: three cards, and renewals up to today."""
    life = await Neighbourhood.of(street)
    case = await life.reported("big")
    await later(BUDGET * 2 + 2 * DAY + 1)
    cards = (await life.chief.get("/v1/supervision"))["items"]
    assert sorted(card["percent"] for card in cards) == [100, 150, 200]
    assert await live(street, case) == ["renewal"]
    due = await street.world.owner.fetchval(
        "SELECT due_at > app_now() FROM deadline WHERE matter_id = $1::uuid AND kind = 'renewal' AND stopped_at IS NULL",
        case.rpartition("/")[2],
    )
    assert due is True


async def test_at_the_top_a_missed_limit_is_renewed_at_once_and_each_working_day(street: Street, later: Later) -> None:
    """Nobody is above the district: no limit that has passed stands there for days, and what is late is still supervised."""
    district = await street.world.district()
    life = await Neighbourhood.of(street)
    mayor = await Someone.by_wechat(street.api_url, f"区长@{street.world.street}")
    supervisor = await Someone.by_wechat(street.api_url, f"区督办员@{street.world.street}")
    await street.world.grant(mayor.id, Role.SECRETARY, district)
    await street.world.grant(supervisor.id, Role.SUPERVISOR, district)
    case = await life.reported("big")
    await life.secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "看过"})
    await life.chief.post(f"{case}/escalate", {"reason": "跨街道", "tried": "协调过"})
    assert await live(street, case) == ["resolve_district"]
    before = await holds(street, case)

    async def limits() -> list[dict[str, object]]:
        return list((await life.resident.get(f"{case}/deadlines"))["items"])

    whole = 5 * DAY
    await later(whole + 1)
    assert await live(street, case) == ["renewal"]
    (missed,) = [one for one in await limits() if one["kind"] == "resolve_district"]
    (renewal,) = [one for one in await limits() if one["kind"] == "renewal"]
    assert missed["missed"]
    assert renewal["started_at"] == missed["due_at"]
    why = await life.resident.get(f"{case}/deadlines/{renewal['id']}")
    assert why["sentences"]
    (card,) = (await supervisor.get("/v1/supervision"))["items"]
    assert (card["step"], card["seat_name"], card["holder"]) == ("card", "试验区", "试验区")
    await mayor.post(f"{case}/supervision/answer", {"text": "下周进场"})
    (card,) = (await supervisor.get("/v1/supervision", answered="true"))["items"]
    assert (card["answer"], card["renewals"]) == ("下周进场", 1)

    for day in range(1, 6):
        await later(whole + day * DAY + 1)
        assert await live(street, case) == ["renewal"]
        chain = [one for one in await limits() if one["kind"] == "renewal"]
        assert len(chain) == day + 1
        assert all(after["started_at"] == one["due_at"] for one, after in pairwise(chain))
    actions = [one["action"] for one in (await life.resident.get(f"{case}/history"))["items"]]
    assert actions.count("renew") == 5
    steps = [(one["step"], one["percent"]) for one in (await supervisor.get("/v1/supervision"))["items"]]
    assert steps == [("agenda", 200), ("listed", 150), ("card", 100)]
    assert [one["percent"] for one in (await supervisor.get("/v1/supervision/agenda"))["items"]] == [200]
    assert await holds(street, case) == before


async def test_an_answer_that_does_not_come_is_told_upward(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    above = await Someone.by_wechat(street.api_url, f"上级督办员@{street.world.street}")
    top = await street.world.owner.fetchval("SELECT id FROM place WHERE code = '99'")
    await street.world.grant(above.id, Role.SUPERVISOR, top)
    case = await life.reported("big")
    await later(BUDGET + 1)
    await later(BUDGET + DAY + 2)
    told = [one for one in (await above.get("/v1/inbox"))["items"] if one["subject_id"] == case.rpartition("/")[2]]
    assert [one["text"] for one in told if one["topic"] == "deadline.mark"] == ["督办没有在一个工作日内得到答复,请过问"]


async def test_a_unit_that_holds_the_case_answers_itself(street: Street, later: Later) -> None:
    life = await Neighbourhood.of(street)
    unit = {"place_id": str(street.world.street), "name": "城管办", "kind": "department"}
    bureau = await street.administrator.post("/v1/units", unit)
    officer = await street.with_role("城管", Role.VOLUNTEER, "street")
    await street.administrator.post(
        f"/v1/units/{bureau['id']}/members", {"person_id": str(officer.id), "post": "officer"}
    )
    case = await life.reported("hard")
    await life.secretary.post(f"{case}/whistle", {"kind": "routine", "reason": "需城管", "lead_id": bureau["id"]})
    await life.secretary.post(f"{case}/whistle/decide", {"approved": True})
    before = await holds(street, case)
    await later(5 * DAY + 1)
    (card,) = (await officer.get("/v1/supervision"))["items"]
    assert card["holder"] == "城管办"
    said = {"text": "灯杆明天扶正"}
    assert await life.secretary.refused(f"{case}/supervision/answer", said) == (403, "not-allowed")
    await officer.post(f"{case}/supervision/answer", said)
    assert await holds(street, case) == before


async def test_a_result_that_is_sent_back_after_all_marks_is_renewed(street: Street, later: Later) -> None:
    """What the result had stopped has nothing left to say: the case is renewed each day, and stays governed."""
    life = await Neighbourhood.of(street)
    unit = {"place_id": str(street.world.street), "name": "城管办", "kind": "department"}
    bureau = await street.administrator.post("/v1/units", unit)
    officer = await street.with_role("城管", Role.VOLUNTEER, "street")
    await street.administrator.post(
        f"/v1/units/{bureau['id']}/members", {"person_id": str(officer.id), "post": "officer"}
    )
    case = await life.reported("hard")
    await life.secretary.post(f"{case}/whistle", {"kind": "routine", "reason": "需城管", "lead_id": bureau["id"]})
    await life.secretary.post(f"{case}/whistle/decide", {"approved": True})
    await later(10 * DAY + 1)
    await Unit(bureau["id"], officer, officer).reports_in()
    await officer.post(f"{case}/result", RESULT)
    await life.secretary.post(f"{case}/check", {"accepted": False, "reason": "还没有修好"})
    assert await live(street, case) == ["renewal"]
    await later(12 * DAY)
    assert await live(street, case) == ["renewal"]


async def test_a_limit_that_was_missed_before_a_pause_is_supervised_after_it(street: Street, later: Later) -> None:
    """The meeting took the case up after the limit had passed and before the worker saw it: when the work goes on, it is late."""
    life = await Neighbourhood.of(street)
    supervisor = await street.with_role("督办员", Role.SUPERVISOR, "street")
    case = await life.reported("big")
    await street.world.owner.execute("UPDATE clock_shift SET seconds = $1", float(BUDGET + 1))
    await life.secretary.post(f"{case}/deliberate")
    await later(BUDGET + 2)
    assert (await supervisor.get("/v1/supervision"))["items"] == []
    await life.secretary.post(f"{case}/conclude", {"decision": "照办"})
    await later(BUDGET + 3)
    (card,) = (await supervisor.get("/v1/supervision"))["items"]
    assert (card["step"], card["percent"], card["holder"]) == ("card", 100, "东社区")
