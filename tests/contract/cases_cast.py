"""Cases in every state for the cast: the administrator is the community's grid worker and office, the resident reports and is an
officer of the unit."""

from collections.abc import Mapping
from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.world import World

ONLY_OFFICE = {
    *("solveOnTheSpot", "refuseCase", "triageCase", "escalateCase", "submitResult", "proposeWhistle", "approveWhistle"),
    *("checkResult", "excuseAssignment", "createUnit", "addUnitMember", "setResponsibility"),
}
"""What the administrator does here."""
ONLY_OFFICER = {
    *("withdrawCase", "signAssignment", "reportInAssignment", "beginAssignment", "finishAssignment"),
}
"""What the resident does, as reporter or as officer of the unit."""

PHOTO = [{"kind": "photo", "text": "IMG-0301"}]


async def furnish(
    world: World, administrator: Someone, resident: Someone, ids: dict[str, Any]
) -> Mapping[str, Mapping[str, Any]]:
    """What each operation is about: the parameters and fields of its sound request."""
    await world.grant(administrator.id, Role.GRID_WORKER, world.east)
    unit = (
        await administrator.post("/v1/units", {"place_id": str(world.street), "name": "城管办", "kind": "department"})
    )["id"]
    await administrator.post(f"/v1/units/{unit}/members", {"person_id": str(resident.id), "post": "head"})

    async def case(*steps: str) -> str:
        body = {"category": "lighting", "words": "东门外的路灯杆歪了"}
        made = str((await resident.post("/v1/cases", body))["id"])
        path = f"/v1/cases/{made}"
        for step in steps:
            match step:
                case "triage":
                    await administrator.post(f"{path}/triage", {"lane": "hard"})
                case "propose":
                    whistle = {"kind": "routine", "reason": "无权限", "lead_id": unit, "co_ids": []}
                    await administrator.post(f"{path}/whistle", whistle)
                case "approve":
                    await administrator.post(f"{path}/whistle/decide", {"approved": True})
                case "result":
                    await at_work(made, "sign", "report-in")
                    told = {"outcome": "已修", "answer": "已修好", "evidence": PHOTO}
                    await resident.post(f"{path}/result", told)
        return made

    async def at_work(about: str, *steps: str) -> str:
        ours = (await resident.get("/v1/assignments"))["items"]
        made = next(str(one["id"]) for one in ours if one["case_id"] == about)
        for step in steps:
            await resident.post(f"/v1/assignments/{made}/{step}")
        return made

    async def assignment(*steps: str) -> str:
        return await at_work(await case("triage", "propose", "approve"), *steps)

    handling = {"case_id": await case("triage")}
    return {
        "reportCase": {"beneficiary_id": None},
        "getCase": {"case_id": await case()},
        "getCaseHistory": {"case_id": await case()},
        "refuseCase": {"case_id": await case()},
        "triageCase": {"case_id": await case()},
        "withdrawCase": {"case_id": await case()},
        "escalateCase": handling,
        "submitResult": {"case_id": await case("triage")},
        "proposeWhistle": {"case_id": await case("triage"), "lead_id": unit},
        "approveWhistle": {"case_id": await case("triage", "propose")},
        "checkResult": {"case_id": await case("triage", "propose", "approve", "result"), "accepted": True},
        "getAssignment": {"assignment_id": await assignment()},
        "signAssignment": {"assignment_id": await assignment()},
        "reportInAssignment": {"assignment_id": await assignment("sign")},
        "beginAssignment": {"assignment_id": await assignment("sign", "report-in")},
        "finishAssignment": {"assignment_id": await assignment("sign", "report-in", "begin")},
        "excuseAssignment": {"assignment_id": await assignment()},
        "addUnitMember": {"unit_id": unit, "person_id": ids["third"]},
        "setResponsibility": {"unit_id": unit, "place_id": str(world.east)},
    }
