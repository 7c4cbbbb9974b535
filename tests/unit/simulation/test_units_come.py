"""A department signs and reports in before it hands in a result, however late it comes to that."""

import asyncio
from datetime import datetime
from typing import Any

import httpx
import pytest

from app.kernel.time import CHINA
from app.simulation import case_results
from app.simulation.affairs import Case
from app.simulation.agenda import Agenda
from app.simulation.case_fates import ORDINARY_CASE
from app.simulation.person import Person, Wire
from app.simulation.profiles import DILIGENCE, PROFILES, Part
from app.simulation.street import Street

NINE = datetime(2026, 3, 3, 9, tzinfo=CHINA)
NEXT = {"sent": ("sign", "signed"), "signed": ("report_in", "reported_in"), "reported_in": ("begin", "working")}


class Office:
    """Where the assignment of a unit stands, and what was asked of it, as the API answers."""

    def __init__(self, state: str, case_state: str = "whistled") -> None:
        self.state, self.case_state = state, case_state
        self.asked: list[str] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET":
            return httpx.Response(200, json=self._task() if path == "/v1/assignments" else self._case())
        if path == "/v1/auth/password":
            return httpx.Response(200, json={"access_token": "t"})
        deed = path.rsplit("/", 1)[-1].replace("-", "_")
        self.asked.append(deed)
        if deed == "result":
            self.case_state = "result"
        else:
            self.state = NEXT[self.state][1]
        return httpx.Response(200, json={"id": "c1"})

    def _task(self) -> dict[str, Any]:
        step = NEXT.get(self.state)
        actions = [{"action": step[0]}] if step else []
        return {"items": [{"id": "a1", "case_id": "c1", "role": "lead", "whistle": "routine", "actions": actions}]}

    def _case(self) -> dict[str, Any]:
        came = self.case_state == "whistled" and self.state in ("reported_in", "working")
        return {"state": self.case_state, "actions": [{"action": "submit_whistled"}] if came else []}


@pytest.mark.parametrize(
    ("stood", "asked"),
    [
        ("sent", ["sign", "report_in", "result"]),
        ("signed", ["report_in", "result"]),
        ("reported_in", ["result"]),
        ("working", ["result"]),
    ],
)
@pytest.mark.parametrize("deed", [case_results.work, case_results.work_late, case_results.finish_late])
def test_whoever_finishes_came_before(deed: Any, stood: str, asked: list[str]) -> None:
    assert _after(Office(stood), deed) == asked


def test_nobody_comes_for_a_case_that_has_its_result() -> None:
    assert _after(Office("sent", "callback"), case_results.work) == []


def _after(office: Office, deed: Any) -> list[str]:
    async def act() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(office.answer), base_url="http://office") as http:
            wire = Wire(http)
            who = Person("环卫站", Part.UNIT, DILIGENCE[2], wire, "unit-4", "secret", unit="u1")
            street = Street(1, PROFILES["weekday"], wire, Agenda(), {}, NINE)
            await deed(street, who, Case(1, 1, who, NINE, ORDINARY_CASE, id="c1", category="lighting"))

    asyncio.run(act())
    return office.asked
