"""A draft for what is due at midnight moves no due moment: its replay says so."""

from app.kernel.rules import Role
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import at

DRAFT = {"matter_kind": "case", "deadline_kind": "resolve_small", "calendar": "WALL", "budget_seconds": 86400}


async def test_a_longer_budget_keeps_no_small_matter_from_being_missed(street: Street, clock: Clock) -> None:
    await clock(at(11, 30, 9))
    grid = await street.with_role("小李", Role.GRID_WORKER)
    resident = await street.resident("王奶奶")
    case = (await resident.post("/v1/cases", {"category": "rubbish", "words": "垃圾没清"}))["id"]
    await grid.post(f"/v1/cases/{case}/triage", {"lane": "small"})
    await clock(at(12, 1, 6))
    body = {**DRAFT, "place_id": str(street.world.street), "marks": [{"percent": 100, "effects": []}]}
    draft = (await street.administrator.post("/v1/deadline-policies/drafts", body))["id"]
    total = (await street.administrator.get(f"/v1/deadline-policies/drafts/{draft}/replay"))["total"]
    assert (total["missed"], total["missed_under_draft"], total["no_longer_missed"]) == (1, 1, 0)
