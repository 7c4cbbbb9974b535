"""Units and cases in every state that the operations of the joint board ask for, so that a sound request finds its own."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import asyncpg

from app.kernel.rules import Role
from tests.people import Someone
from tests.world import World

RESULT = {"outcome": "已扶正", "answer": "已修好", "evidence": [{"kind": "photo", "text": "IMG-0301"}]}


class Boards:
    """The administrator approves and checks, and arbitrates where the chief did; the resident works in the unit that leads; the
    neighbour reports."""

    def __init__(self, world: World, administrator: Someone, resident: Someone, neighbour: Someone) -> None:
        self.world = world
        self.administrator = administrator
        self.resident = resident
        self.neighbour = neighbour
        self.units: dict[str, str] = {}

    async def furnish(self) -> Mapping[str, dict[str, object]]:
        """What the operations are about, by operation."""
        await self.world.grant(self.administrator.id, Role.ARBITER, self.world.street)
        address = str(self.administrator.http.base_url)
        self.chief = await Someone.by_wechat(address, f"街道书记@{self.world.street}")
        await self.world.grant(self.chief.id, Role.SECRETARY, self.world.street)
        for name in ("lead", "co", "other", "idle"):
            body = {"place_id": str(self.world.street), "name": name, "kind": "department"}
            self.units[name] = (await self.administrator.post("/v1/units", body))["id"]
        third, fourth = str(self.world.people["小赵"]), str(self.world.people["小李"])
        for unit, person, post in (
            ("lead", str(self.resident.id), "head"), ("lead", third, "officer"), ("lead", fourth, "officer"),
            ("other", third, "officer"),
        ):  # fmt: skip
            await self.member(unit, person, post)
        lead, other = {"unit_id": self.units["lead"]}, {"unit_id": self.units["other"]}
        found: dict[str, dict[str, object]] = {
            "getUnit": {**lead},
            "createUnit": {"place_id": str(self.world.street)},
            "addUnitMember": {"unit_id": self.units["co"], "person_id": fourth},
            "endUnitMember": {**other, "person_id": third},
            "closeUnit": {"unit_id": self.units["idle"]},
            "setDeputy": {**lead, "absent_id": third, "deputy_id": fourth},
            "setResponsibility": {**lead, "place_id": str(self.world.east)},
            "listUnits": {},
            "listResponsibilities": lead,
            "getUnitRatings": lead,
            "approveWhistle": {"case_id": await self.proposed()},
        }
        for operation in ("getBoard", "getBoardSheet", "requestExtension", "addMinutes", "addPromise"):
            found[operation] = {"case_id": await self.whistled(), **lead, "attended": [self.units["lead"]]}
        found["addPromise"] |= {"due_at": self.days(3)}
        found |= {
            "decideExtension": {"case_id": await self.asked()},
            "finishPromise": await self.promised(),
            "contestAssignment": {"assignment_id": await self.seat("sign"), "proposed_id": self.units["other"]},
            "arbitrateContest": {"assignment_id": await self.contested()},
            "excuseAssignment": {"assignment_id": await self.seat(role="co")},
            "finishAssignment": {"assignment_id": await self.seat("sign", "report-in")},
            "rateDepartment": {"assignment_id": await self.done()},
            "rateWhistler": {"assignment_id": await self.done()},
        }
        return found

    @staticmethod
    def days(number: int) -> str:
        return (datetime.now(UTC) + timedelta(days=number)).isoformat()

    async def member(self, unit: str, person: str, post: str) -> None:
        path = f"/v1/units/{self.units[unit]}/members"
        await self.administrator.post(path, {"person_id": person, "post": post})

    async def proposed(self, head: Someone | None = None) -> str:
        """A case with a hard whistle that waits; the administrator's, or another head's."""
        head = head or self.administrator
        reported = {"category": "lighting", "words": "路灯不亮", "place_id": str(self.world.east)}
        case = str((await self.neighbour.post("/v1/cases", reported))["id"])
        await head.post(f"/v1/cases/{case}/triage", {"lane": "hard"})
        asked = {"kind": "hard", "reason": "权属不清", "lead_id": self.units["lead"], "co_ids": [self.units["co"]]}
        await head.post(f"/v1/cases/{case}/whistle", asked)
        return case

    async def whistled(self, head: Someone | None = None) -> str:
        case = await self.proposed(head)
        await (head or self.administrator).post(f"/v1/cases/{case}/whistle/decide", {"approved": True})
        return case

    async def seat(self, *steps: str, case: str | None = None, role: str = "lead") -> str:
        """An assignment, of which the resident has done the steps."""
        case = case or await self.whistled()
        query = "SELECT matter_id::text FROM assignment_detail WHERE case_id = $1::uuid AND role = $2"
        seat = str(await self._value(query, case, role))
        for step in steps:
            await self.resident.post(f"/v1/assignments/{seat}/{step}")
        return seat

    async def contested(self) -> str:
        seat = await self.seat("sign", case=await self.whistled(self.chief))
        body = {"ground": "移交清单", "proposed_id": self.units["other"]}
        await self.resident.post(f"/v1/assignments/{seat}/contest", body)
        return seat

    async def asked(self) -> str:
        case = await self.whistled()
        await self.resident.post(f"/v1/cases/{case}/extension", {"hours": 1, "reason": "配件未到"})
        return case

    async def promised(self) -> dict[str, object]:
        case = await self.whistled()
        for days in (3, 4):
            promise = {"unit_id": self.units["lead"], "text": "扶正", "due_at": self.days(days)}
            await self.resident.post(f"/v1/cases/{case}/board/promises", promise)
        promises = (await self.resident.get(f"/v1/cases/{case}/board"))["promises"]
        return {"case_id": case, "promise_id": promises[0]["id"]}

    async def done(self) -> str:
        """What the lead has done, in a case whose result was accepted."""
        case = await self.whistled()
        seat = await self.seat("sign", "report-in", case=case)
        await self.resident.post(f"/v1/assignments/{seat}/finish", {"outcome": "已扶正"})
        await self.resident.post(f"/v1/cases/{case}/result", RESULT)
        await self.administrator.post(f"/v1/cases/{case}/check", {"accepted": True})
        return seat

    async def _value(self, query: str, *values: str) -> object:
        owner: asyncpg.Connection = self.world.owner
        return await owner.fetchval(query, *values)
