"""What an answer offers is what would be accepted: its verb decides each offered action at once, and nothing of it is kept."""

import inspect
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

import orjson
import pytest

from app.api.doing import OPERATIONS
from app.domain.cases import board_errors as of_board
from app.domain.cases import board_policy
from app.domain.cases import errors as of_cases
from app.domain.cases import policy as case_policy
from app.domain.cases.callback_errors import CallbackNotFound, NoCallWanted
from app.domain.deadlines.errors import DeadlineNotFound
from app.domain.orders import appointment_errors, errand_errors
from app.domain.orders import errors as of_orders
from app.domain.orders import policy as order_policy
from app.domain.orders.models import TakeBack
from app.domain.people.errors import NothingToChange
from app.kernel.calendar_store import know
from app.kernel.command import Caller, _decide, _load
from app.kernel.database import Database, begin
from app.kernel.errors import InvalidInput, ReasonWanted, Refusal
from app.kernel.ids import NOBODY, new_id
from app.kernel.lifecycle import Lifecycle
from app.kernel.loading import pinned
from app.kernel.rules import Via
from app.kernel.verbs import Verb
from app.main import VERBS
from tests.people import Someone, agree, by_day, offered
from tests.special import service_of, team_of
from tests.stories.boardwork import whistled
from tests.stories.casework import RESULT, reported
from tests.stories.conftest import Later, Street
from tests.stories.teamwork import team
from tests.stories.test_emergencies import WALL
from tests.stories.test_one_thread import place
from tests.stories.test_representatives import registered

SAID = (
    InvalidInput, DeadlineNotFound, CallbackNotFound, NoCallWanted, of_board.HeldInFuture,
    of_orders.VolunteerNotQualified, of_orders.TeamNotHere, of_orders.QuestionNotFound, of_orders.PauseNotFound,
    of_orders.ServiceNotOffered, of_orders.NotForThisService, of_orders.StartCodeWrong, of_orders.EvidenceMissing,
    errand_errors.AuthorityTooLong, of_orders.NotReached, of_orders.AlreadyRefused, appointment_errors.AnotherTime,
    errand_errors.AuthorityChannel, NothingToChange,
    of_cases.EvidenceMissing, of_board.UnitNotHere, of_board.UnitTwice, of_cases.ParentNotFound, of_board.PromiseNotOpen,
    of_board.NotOnBoard, of_cases.NotAdmitted, of_board.NotAPartner, ReasonWanted, of_cases.ReviewTooFar,
    of_board.ExtensionTooLong,
)  # fmt: skip
"""Refusals of what was said, which are made up here, and not of who says it when."""

LIFECYCLES = {"orders": order_policy.LIFECYCLE, "cases": case_policy.LIFECYCLE, "assignments": board_policy.LIFECYCLE}
BY_ACTION = {(verb.kind, verb.name): verb for verb in reversed(VERBS)}
INSTEAD = {
    ("order", "take_back"): ("take_back", {"reason": TakeBack.CANNOT_COME}),
    ("case", "refuse_whistle"): ("approve_whistle", {"approved": False}),
    ("case", "confirm_whistle"): ("approve_whistle", {}),
    ("case", "submit_whistled"): ("submit_result", {}),
    ("assignment", "dismiss"): ("uphold", {"upheld": False}),
    ("assignment", "dismiss_reported"): ("uphold", {"upheld": False}),
}
"""Actions that a verb of another name takes, with what it is told for it."""

Check = Callable[..., Any]


def made_up(parameter: inspect.Parameter) -> Any:
    kind = parameter.annotation
    simple = {
        str: "好",
        bool: True,
        int: 3,
        float: 1.0,
        UUID: new_id(),
        datetime: by_day(days=3),
    }
    if kind in simple:
        return simple[kind]
    if inspect.isclass(kind) and issubclass(kind, Enum):
        return next(iter(kind))
    return ()


def inputs_of(verb: Verb[Any, Any]) -> dict[str, Any]:
    """Something for each input that has no default."""
    asked = inspect.signature(verb.decide).parameters.values()
    return {
        one.name: made_up(one)
        for one in asked
        if one.kind is one.KEYWORD_ONLY and one.name != "facts" and one.default is one.empty
    }


@pytest.fixture
async def app(app_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(app_url, size=2)
    yield database
    await database.close()


@pytest.fixture
def check(app: Database) -> Check:
    """That whatever each of these people is offered on a page is not refused for who they are, or for how it stands."""

    async def one(who: Someone, lifecycle: Lifecycle, action: str, matter: UUID) -> None:
        name, told = INSTEAD.get((lifecycle.kind, action), (action, {}))
        verb = BY_ACTION[lifecycle.kind, name]
        inputs = {**inputs_of(verb), **told}
        async with app.pool.acquire() as connection:
            await connection.execute(begin(who.id, None))
            try:
                row = await _load(connection, verb, Caller(who.id, NOBODY), None, matter, inputs)
                assert row["found"], (who.name, action)
                timed = orjson.loads(row["timed"] or "[]")
                await know(connection, pinned(timed))
                _decide(verb, row, timed, {}, who.id, inputs)
            except SAID:
                pass
            except Refusal as refused:
                raise AssertionError(f"{who.name} is offered {action}: {refused.code}") from refused
            finally:
                await connection.execute("ROLLBACK")

    async def all_of(path: str, *people: Someone) -> list[str]:
        seen: list[str] = []
        _, _, kind, matter = path.split("/")
        for who in people:
            answer = await who.ask("GET", path)
            if answer.status_code == 200:
                page = answer.json()
                seen += [f"{page['state']} {action}" for action in offered(page)]
                for action in offered(page):
                    await one(who, LIFECYCLES[kind], action, UUID(matter))
        return seen

    return all_of


@pytest.mark.parametrize("lifecycle", LIFECYCLES.values(), ids=LIFECYCLES)
def test_each_action_of_a_person_has_its_operation(lifecycle: Lifecycle) -> None:
    """What has none follows from another one."""
    follow = {"close", "close_unreached", "reopen", "reopen_whistled"}
    mine = {
        t.action
        for t in lifecycle.transitions
        if t.sources and not t.hidden and any(rule.via is not Via.SYSTEM for rule in t.by)
    }
    assert mine - {action for kind, action in OPERATIONS if kind == lifecycle.kind} <= follow
    assert {action for kind, action in OPERATIONS if kind == lifecycle.kind} <= mine


async def test_what_is_offered_of_an_order_is_accepted(street: Street, check: Check) -> None:
    resident = await street.resident("王秀英")
    dispatcher, secretary = [await street.with_role(who, who) for who in ("dispatcher", "secretary")]
    volunteer, lead = [await street.with_role(who, "volunteer") for who in ("李强", "冯强")]
    station = await street.with_role("站长", "station_staff")
    await team(street, lead)
    # Somebody who may do everything does nothing for themselves.
    grant = {"place_id": str(street.world.east), "person_id": str(resident.id)}
    await street.administrator.post("/v1/roles", {**grant, "role": "volunteer"})
    await street.administrator.post("/v1/roles", {**grant, "role": "dispatcher"})
    everybody = (resident, dispatcher, secretary, volunteer, lead, station, street.administrator)

    order = f"/v1/orders/{await place(street, resident)}"
    seen = await check(order, *everybody)
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", order.rsplit("/", 1)[1])
    seen += await check(order, *everybody)
    await dispatcher.post(f"{order}/questions", {"question": "几楼?"})
    seen += await check(order, *everybody)
    for round_number in (1, 2):
        await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
        seen += await check(order, *everybody)
        await volunteer.post(f"{order}/accept")
        meet_at = by_day().isoformat()
        await volunteer.post(f"{order}/appointment", {"meet_at": meet_at})
        seen += await check(order, *everybody)
        await agree(resident, order)
        seen += await check(order, *everybody)
        await volunteer.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
        seen += await check(order, *everybody)
        await volunteer.post(f"{order}/deliver", {"outcome": "好了"})
        seen += await check(order, *everybody)
        rating = {"solved": "no", "stars": 2, "reason": "还是不行"}
        assert (await resident.post(f"{order}/rate", rating))["state"] == (
            "submitted" if round_number == 1 else "rated"
        )
        seen += await check(order, *everybody)
    assert {"submitted offer", "submitted claim", "accepted start", "delivered rate", "rated rework"} <= set(seen)


async def test_a_refusal_names_what_the_page_offers_and_nothing_else(street: Street) -> None:
    resident, neighbour = await street.resident("王秀英"), await street.resident("邻居")
    dispatcher = await street.with_role("张敏", "dispatcher")
    volunteer = await street.with_role("李强", "volunteer")
    order = f"/v1/orders/{await place(street, resident)}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")
    rating = {"solved": "yes", "stars": 5}
    assert await volunteer.refused(f"{order}/rate", rating) == (409, "transition-refused")
    assert (await resident.get(f"{order}/reveals"))["items"] == [], "a refusal shows nobody's phone, and is no look"
    for who in (resident, dispatcher, volunteer):
        answer = await who.ask("POST", f"{order}/rate", rating)
        labels = dict.fromkeys(one["label"] for one in (await who.get(order))["actions"])
        assert (answer.status_code, answer.json()["detail"]) == (409, f"现在是『已接单』,可以:{'、'.join(labels)}")
    assert "确认约定" not in (await resident.ask("POST", f"{order}/rate", rating)).json()["detail"], (
        "nobody proposed one"
    )
    assert await neighbour.refused(f"{order}/rate", rating) == (404, "order-not-found")
    english = await resident.http.post(
        f"{order}/rate", json=rating, headers={"Accept-Language": "en", "Idempotency-Key": str(new_id())}
    )
    assert english.json()["detail"] == "The state is now accepted; possible now: cancel, change_contact, propose"
    await resident.post(f"{order}/cancel", {})
    gone = (await volunteer.ask("POST", f"{order}/start", {"code": "123456"})).json()["detail"]
    assert gone == "现在是『已取消』", "how to order anew is advice for the resident"
    ended = (await resident.ask("POST", f"{order}/rate", rating)).json()["detail"]
    assert ended == "现在是『已取消』;仍需帮助的,请另行点单(placeOrder);服务日的,另约时段(bookSlot)"


async def test_what_is_offered_of_a_case_is_accepted(street: Street, check: Check, later: Later) -> None:
    matter = await whistled(street, co=True)
    assert matter.co is not None
    resident, grid, chief = matter.reporter, await street.with_role("网格员", "grid_worker"), matter.chief
    secretary = await street.with_role("副书记", "secretary")
    roles = ("branch_secretary", "callback_officer", "supervisor", "arbiter", "dispatcher")
    others = [await street.with_role(role, role, "street") for role in roles]
    caller, arbiter = others[1], others[3]
    case = await reported(resident)
    everybody = [resident, grid, secretary, chief, *others, street.administrator]
    seen = await check(case, *everybody)
    await secretary.post(f"{case}/triage", {"lane": "hard"})
    seen += await check(case, *everybody)
    await secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "已看现场"})
    seen += await check(case, *everybody)
    asked = {"kind": "routine", "reason": "权属不清", "lead_id": matter.lead.id}
    await chief.post(f"{case}/whistle", asked)
    seen += await check(case, *everybody)

    people = [*everybody, matter.lead.officer, matter.lead.head, matter.co.officer]
    seen += await check(matter.path, *people)
    task, beside = await matter.lead.task(), await matter.co.task()
    for one in (task, beside):
        seen += await check(one, *people)
    await matter.co.officer.post(f"{beside}/sign")
    other = {"ground": "不属我单位", "proposed_id": matter.lead.id}
    await matter.co.officer.post(f"{beside}/contest", other)
    seen += await check(beside, *people)
    await arbiter.post(f"{beside}/arbitrate", {"upheld": False, "decision": "仍由你单位办"})
    again = offered(await matter.co.officer.get(beside))
    assert "contest" not in again, "once only"
    await matter.lead.reports_in()
    for one in (task, beside, matter.path):
        seen += await check(one, *people)
    await matter.lead.officer.post(f"{matter.path}/extension", {"hours": 4, "reason": "缺配件"})
    seen += await check(matter.path, *people)
    await matter.lead.officer.post(f"{matter.path}/result", RESULT)
    await later(1)
    for one in (task, beside, matter.path):
        seen += await check(one, *people)
    await matter.chief.post(f"{matter.path}/check", {"accepted": True})
    await later(2)
    for one in (task, beside, matter.path):
        seen += await check(one, *people)
    await matter.reporter.post(f"{matter.path}/callback", {"solved": False, "words": "没有修好"})
    seen += await check(matter.path, *people, caller)
    wanted = {"reported triage", "handling escalate", "sent sign", "contested dismiss", "result return_result"}
    assert {*wanted, "callback answer_callback", "callback record_callback"} <= set(seen)


async def test_the_reporters_own_community_talks_to_them_wherever_the_case_went(street: Street, check: Check) -> None:
    """Whoever holds it: grid worker, dispatcher and secretary of the place are offered the same, and do it."""
    resident, grid = await street.resident("王奶奶"), await street.with_role("网格员", "grid_worker")
    dispatcher, secretary = [await street.with_role(role, role) for role in ("dispatcher", "secretary")]
    case = await reported(resident)
    await secretary.post(f"{case}/triage", {"lane": "hard"})
    await secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "已看现场"})
    for someone in (grid, dispatcher, secretary):
        assert await check(case, someone) == ["handling contact", "handling reply"], someone.name
        await someone.post(f"{case}/contact", {"channel": "phone", "text": "已告知交街道办理"})
        await someone.post(f"{case}/reply", {"text": "街道在办"})
    west = await street.with_role("西书记", "secretary", "west")
    assert await west.refused(f"{case}/reply", {"text": "不是我们这里的"}) == (404, "case-not-found")


async def test_papers_are_taken_only_with_an_authority(street: Street, check: Check) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    agent = await street.with_role("李强", "volunteer")
    body = {"service_id": await service_of(street.world, "errand", "代办老年证"), "note": "腿脚不便"}
    order = f"/v1/orders/{(await resident.post('/v1/orders', body))['id']}"
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(agent.id)})
    await agent.post(f"{order}/accept")
    assert "accepted hand_over_papers" not in await check(order, resident, dispatcher, agent)
    until = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    await resident.post(f"{order}/authority", {"text": "代我办理老年证", "until_at": until})
    assert "accepted hand_over_papers" in await check(order, resident, dispatcher, agent)


async def test_what_is_offered_of_a_callers_errand_is_accepted(street: Street, check: Check) -> None:
    """By whoever placed it, from the authority to the rating; by a volunteer who is only asked, no contact."""
    station, dispatcher = await street.with_role("站长", "station_staff"), await street.with_role("张敏", "dispatcher")
    agent = await street.with_role("李强", "volunteer")
    _, phone = await registered(street, station)
    wanted = await service_of(street.world, "errand", "代办老年证")
    body = {"channel": "phone", "service_id": wanted, "note": "腿脚不便", "phone": phone}
    order = f"/v1/orders/{(await station.post('/v1/orders/for-caller', body))['id']}"
    seen = await check(order, station, dispatcher, agent)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(agent.id)})
    assert "offered contact" not in await check(order, agent)
    seen += await check(order, station)
    await agent.post(f"{order}/accept")
    seen += await check(order, station, dispatcher, agent)
    until = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    given = {"text": "代我办理老年证", "until_at": until, "channel": "phone"}
    await station.post(f"{order}/authority", given)
    seen += await check(order, station, dispatcher, agent)
    await station.post(f"{order}/contact", {"channel": "phone", "text": "在家"})
    await agent.post(f"{order}/papers", {"unverified": True, "papers": []})
    seen += await check(order, station, dispatcher, agent)
    await agent.post(f"{order}/deliver", {"outcome": "已办好"})
    seen += await check(order, station, dispatcher, agent)
    assert {
        "accepted record_authority", "accepted withdraw_authority", "in_service abort", "in_service contact",
        "delivered rate",
    } <= set(seen)  # fmt: skip


async def test_a_booked_place_becomes_nothing_else(street: Street, check: Check) -> None:
    resident, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    lead = await street.with_role("李强", "volunteer")
    service = await service_of(street.world, "service_day", "义诊日")
    slot = {"starts_at": by_day().isoformat(), "minutes": 30, "capacity": 1}
    day = {"place_id": str(street.world.east), "team_id": await team_of(street.world, lead.id), "service_id": service}
    await lead.post("/v1/service-days", {**day, "slots": [slot]})
    (opened,) = (await resident.get("/v1/service-days", place_id=day["place_id"]))["items"]
    booked = await resident.post(f"/v1/service-slots/{opened['slots'][0]['id']}/book", {"note": "量血压"})
    order = f"/v1/orders/{booked['id']}"
    await lead.post(f"{order}/start", {"code": (await resident.get(order))["start_code"]})
    await lead.post(f"{order}/deliver", {"outcome": "血压正常"})
    await resident.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "还没有量血糖"})
    assert "submitted recategorise" not in await check(order, dispatcher, lead)
    assert "submitted offer" in await check(order, dispatcher)


async def test_an_emergency_is_merged_only_when_somebody_has_seen_it(street: Street, check: Check) -> None:
    resident, secretary = await street.resident("王奶奶"), await street.with_role("副书记", "secretary")
    case = await reported(resident, **WALL)
    assert "reported merge" not in await check(case, secretary)
    await secretary.post(f"{case}/triage", {"lane": "small"})
    assert "handling merge" in await check(case, secretary)


async def test_the_last_promise_of_a_hard_whistle_is_kept_with_the_result(street: Street) -> None:
    matter = await whistled(street, "hard")
    for number, finishes in ((1, False), (2, True)):
        due_at = (datetime.now(UTC) + timedelta(days=number)).isoformat()
        promise = {"unit_id": matter.lead.id, "text": "先围挡", "due_at": due_at}
        await matter.lead.officer.post(f"{matter.path}/board/promises", promise)
        assert ("finish_promise" in offered(await matter.lead.officer.get(matter.path))) is finishes
