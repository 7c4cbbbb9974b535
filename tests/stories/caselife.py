"""A street whose cases are handled: who reports, handles, whistles and calls back in the stories of cases."""

from dataclasses import dataclass
from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.conftest import Street

RUBBISH = {"category": "noise", "words": "楼下半夜放音响", "spot": "3 号楼"}
NOTE = [{"kind": "note", "text": "已上门"}]
RESULT = {"outcome": "已上门劝止", "answer": "已劝止,谢谢反映", "evidence": NOTE}


@dataclass
class Neighbourhood:
    """One resident, one grid worker, a secretary below and one above, and a call-back officer for the street."""

    street: Street
    resident: Someone
    grid: Someone
    secretary: Someone
    chief: Someone
    caller: Someone

    @classmethod
    async def of(cls, street: Street) -> "Neighbourhood":
        return cls(
            street,
            await street.resident("王秀英"),
            await street.with_role("小李", Role.GRID_WORKER),
            await street.with_role("陈书记", Role.SECRETARY),
            await street.with_role("街道书记", Role.SECRETARY, "street"),
            await street.with_role("回访员", Role.CALLBACK_OFFICER, "street"),
        )

    async def reported(self, lane: str = "small", **about: Any) -> str:
        """The path of a case of the resident's that is handled; no case of the sample, so that a tap can close it."""
        while True:
            made = (await self.resident.post("/v1/cases", {**RUBBISH, **about}))["id"]
            if not await self.street.world.owner.fetchval("SELECT case_is_sampled($1::uuid)", made):
                await self.grid.post(f"/v1/cases/{made}/triage", {"lane": lane})
                return f"/v1/cases/{made}"
            await self.resident.post(f"/v1/cases/{made}/withdraw", {"reason": "重复上报"})

    async def solved(self, lane: str = "small", **about: Any) -> str:
        """The path of a case whose result waits for the call-back."""
        case = await self.reported(lane, **about)
        await self.grid.post(f"{case}/result", RESULT)
        return case

    async def state(self, case: str) -> str:
        return str((await self.secretary.get(case))["state"])

    async def calls(self) -> list[dict[str, Any]]:
        """What the call-back officer has to do."""
        return list((await self.caller.get("/v1/callbacks"))["items"])
