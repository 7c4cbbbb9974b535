"""Two moves on the joint board meet, over real HTTP beside a working crew: one wins, the other is told so, and nobody's
assignment is lost or there twice (domain.md §5)."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.kernel.rules import Role
from tests.faults.conftest import Arena
from tests.faults.test_races import crew, until_told
from tests.people import Someone
from tests.stories.boardwork import LAMP, RESULT, Unit, new_unit

TIMES = 8
LATE = {(409, "transition-refused"), (409, "no-whistle"), (409, "already-contested"), (409, "nothing-asked")}
LOST = {*LATE, (403, "not-allowed"), (404, "case-not-found"), (409, "lead-replaced")}


@dataclass
class Ring:
    """Where the races take place, with who runs them."""

    arena: Arena
    reporter: Someone
    grid: Someone
    chiefs: list[Someone]
    arbiters: list[Someone]
    supervisor: Someone
    lead: Unit
    co: Unit
    other: Unit
    chance: random.Random

    async def proposed(self, *co: Unit) -> str:
        path = f"/v1/cases/{(await self.reporter.post('/v1/cases', LAMP))['id']}"
        await self.grid.post(f"{path}/triage", {"lane": "hard"})
        asked = {"kind": "routine", "reason": "权属不清", "lead_id": self.lead.id, "co_ids": [unit.id for unit in co]}
        await self.grid.post(f"{path}/whistle", asked)
        return path

    async def whistled(self) -> tuple[str, str]:
        """A case, and its lead's assignment."""
        case = await self.proposed()
        await self.chiefs[0].post(f"{case}/whistle/decide", {"approved": True})
        return case, await self.lead_of(case)

    async def lead_of(self, case: str) -> str:
        """The lead's assignment of a case."""
        leads = "SELECT matter_id FROM assignment_detail WHERE case_id = $1::uuid AND leads"
        return f"/v1/assignments/{await self.value(leads, case.rpartition('/')[2])}"

    async def come(self, task: str) -> None:
        """The lead signs and reports in."""
        for step in ("sign", "report-in"):
            await self.lead.officer.post(f"{task}/{step}")

    async def contested(self) -> tuple[str, str]:
        case, task = await self.whistled()
        await self.come(task)
        await self.lead.officer.post(f"{task}/contest", {"ground": "移交清单", "proposed_id": self.other.id})
        return case, task

    async def contested_beside(self) -> tuple[str, str]:
        """A case, and the assignment of a co-unit that contests it."""
        case = await self.proposed(self.co)
        await self.chiefs[0].post(f"{case}/whistle/decide", {"approved": True})
        task = await self.co.reports_in()
        await self.co.officer.post(f"{task}/contest", {"ground": "移交清单", "proposed_id": self.other.id})
        return case, task

    async def several(self, made: Callable[[], Awaitable[Any]]) -> list[Any]:
        return [await made() for _ in range(TIMES)]

    async def at_once(self, *asked: tuple[Someone, str, dict[str, Any] | None]) -> list[tuple[int, str]]:
        """The answers, of requests that leave in one moment and in an order of chance."""
        answers: dict[int, tuple[int, str]] = {}

        async def ask(number: int) -> None:
            who, path, body = asked[number]
            answer = await who.ask("POST", path, body)
            answers[number] = (answer.status_code, answer.json().get("code", answer.json().get("state")))

        await asyncio.gather(*(ask(number) for number in self.chance.sample(range(len(asked)), len(asked))))
        return [answers[number] for number in range(len(asked))]

    async def value(self, query: str, *values: Any) -> Any:
        return await self.arena.street.world.owner.fetchval(query, *values)


@pytest.fixture(scope="module")
async def people(arena: Arena) -> Ring:
    street = arena.street
    return Ring(
        arena,
        await street.resident("王秀英"),
        await street.with_role("网格员", Role.GRID_WORKER),
        [await street.with_role(f"书记{n}", Role.SECRETARY) for n in range(2)],
        [await street.with_role(f"裁定人{n}", Role.ARBITER, "street") for n in range(2)],
        await street.with_role("督查员", Role.SUPERVISOR, "street"),
        await new_unit(street, "城管办"),
        await new_unit(street, "供电所", "station"),
        await new_unit(street, "水务站"),
        random.Random(5),
    )


@pytest.fixture
async def ring(people: Ring) -> AsyncIterator[Ring]:
    """The ring with a working crew; whatever the race was, everything that must be true is true after it."""
    async with crew(people.arena, sweepers=2, relays=2) as failures:
        yield people
        await until_told(people.arena)
    assert failures == []
    assert await people.arena.broken() == []


def one_won(answers: list[tuple[int, str]]) -> None:
    assert sorted(status for status, _ in answers) == [200, 409], answers
    assert {answer for answer in answers if answer[0] == 409} <= LATE


async def test_two_approve_one_whistle(ring: Ring) -> None:
    for case in await ring.several(ring.proposed):
        body = {"approved": True}
        one_won(await ring.at_once(*((chief, f"{case}/whistle/decide", body) for chief in ring.chiefs)))
        sent = "SELECT count(*) FROM assignment_detail WHERE case_id = $1::uuid"
        assert await ring.value(sent, case.rpartition("/")[2]) == 1


async def test_two_officers_sign(ring: Ring) -> None:
    for _, task in await ring.several(ring.whistled):
        one_won(await ring.at_once((ring.lead.officer, f"{task}/sign", None), (ring.lead.head, f"{task}/sign", None)))


async def test_two_contests_of_one_assignment(ring: Ring) -> None:
    for _, task in await ring.several(ring.whistled):
        await ring.lead.officer.post(f"{task}/sign")
        body = {"ground": "移交清单", "proposed_id": ring.other.id}
        asked = [(someone, f"{task}/contest", body) for someone in (ring.lead.officer, ring.lead.head)]
        one_won(await ring.at_once(*asked))


async def test_two_arbiters_of_one_contest(ring: Ring) -> None:
    for case, task in await ring.several(ring.contested):
        answers = await ring.at_once(
            (ring.arbiters[0], f"{task}/arbitrate", {"upheld": True, "decision": "归水务"}),
            (ring.arbiters[1], f"{task}/arbitrate", {"upheld": False, "decision": "照办"}),
        )
        one_won(answers)
        await until_told(ring.arena)
        leads = "SELECT count(*) FROM assignment_detail WHERE case_id = $1::uuid AND leads"
        assert await ring.value(leads, case.rpartition("/")[2]) == 1
        holds = await ring.value("SELECT unit_id::text FROM matter WHERE id = $1::uuid", case.rpartition("/")[2])
        assert holds == (ring.other.id if answers[0][0] == 200 else ring.lead.id)


async def test_the_lead_is_replaced_when_it_submits_the_result(ring: Ring) -> None:
    for case, task in await ring.several(ring.contested):
        upheld, submitted = await ring.at_once(
            (ring.arbiters[0], f"{task}/arbitrate", {"upheld": True, "decision": "归水务"}),
            (ring.lead.officer, f"{case}/result", RESULT),
        )
        assert upheld == (200, "excused")
        assert submitted == (200, "result") or submitted in LOST
        await until_told(ring.arena)
        case_id = case.rpartition("/")[2]
        assert await ring.value("SELECT unit_id::text FROM matter WHERE id = $1::uuid", case_id) == ring.other.id
        state = await ring.value("SELECT state FROM matter WHERE id = $1::uuid", case_id)
        assert state == ("result" if submitted[0] == 200 else "whistled")
        fresh = (
            "SELECT m.state FROM assignment_detail a JOIN matter m ON m.id = a.matter_id"
            " WHERE a.case_id = $1::uuid AND a.leads"
        )
        assert await ring.value(fresh, case_id) == "sent"


async def test_two_decide_one_extension(ring: Ring) -> None:
    for case, _ in await ring.several(ring.whistled):
        await ring.lead.officer.post(f"{case}/extension", {"hours": 24, "reason": "配件未到"})
        granted = {"granted": True}
        refused = {"granted": False, "reason": "不需要"}
        answers = await ring.at_once(
            (ring.chiefs[0], f"{case}/extension/decide", granted), (ring.chiefs[1], f"{case}/extension/decide", refused)
        )
        one_won(answers)
        more = "SELECT extension_seconds FROM deadline WHERE matter_id = $1::uuid AND kind = 'resolve_routine'"
        assert await ring.value(more, case.rpartition("/")[2]) == (86400 if answers[0][0] == 200 else 0)


LIVE_SEATS = (
    "SELECT count(*) FROM assignment_detail a JOIN matter m ON m.id = a.matter_id"
    " WHERE a.case_id = $1::uuid AND m.state NOT IN ('done', 'excused')"
)
UPHELD = {"upheld": True, "decision": "归水务"}


@pytest.mark.parametrize("way", ["withdraw", "terminate", "accept"])
async def test_a_co_units_seat_is_given_on_when_its_case_ends(ring: Ring, way: str) -> None:
    """Whoever comes second sees what the first has done: nobody is called for a case that is over."""
    for case, task in await ring.several(ring.contested_beside):
        if way == "accept":
            await ring.come(await ring.lead_of(case))
            await ring.lead.officer.post(f"{case}/result", RESULT)
        ends = {
            "withdraw": (ring.reporter, f"{case}/withdraw", {}),
            "terminate": (ring.supervisor, f"{case}/terminate", {"reason": "另案处理"}),
            "accept": (ring.chiefs[0], f"{case}/check", {"accepted": True}),
        }
        upheld, ended = await ring.at_once((ring.arbiters[0], f"{task}/arbitrate", UPHELD), ends[way])
        assert ended[0] == 200
        assert upheld in {(200, "excused"), (409, "transition-refused")}
        await until_told(ring.arena)
        assert await ring.value(LIVE_SEATS, case.rpartition("/")[2]) == 0


async def test_a_case_ends_when_its_result_has_just_come_back(ring: Ring) -> None:
    """The lead works again and is let go, in whatever order the worker hears of it."""
    for case, task in await ring.several(ring.whistled):
        await ring.come(task)
        await ring.lead.officer.post(f"{case}/result", RESULT)
        await until_told(ring.arena)
        await ring.chiefs[0].post(f"{case}/check", {"accepted": False, "reason": "灯还不亮"})
        await ring.reporter.post(f"{case}/withdraw", {})
        await until_told(ring.arena)
        assert await ring.value(LIVE_SEATS, case.rpartition("/")[2]) == 0
