"""What the stories of cases share: evidence, a case in a state, and the people on whom it depends."""

from typing import Any

from app.kernel.rules import Role
from tests.people import Someone
from tests.stories.conftest import Street

PHOTO = [{"kind": "photo", "text": "IMG-0301"}, {"kind": "note", "text": "已到现场"}]
LAMP = {"category": "lighting", "words": "东门外的路灯不亮了", "spot": "东门外"}
RESULT = {"outcome": "已更换灯泡", "answer": "路灯已修好", "evidence": PHOTO}


async def reported(reporter: Someone, **other: Any) -> str:
    """The path of a case that somebody reports."""
    return f"/v1/cases/{(await reporter.post('/v1/cases', LAMP | other))['id']}"


async def at_street(street: Street, case: str, lane: str = "hard") -> Someone:
    """Triaged and handed up: who heads it there."""
    secretary = await street.with_role("副书记", Role.SECRETARY)
    chief = await street.with_role("街道书记", Role.SECRETARY, "street")
    await secretary.post(f"{case}/triage", {"lane": lane})
    await secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "已看现场"})
    return chief


async def governing(someone: Someone, case: str) -> dict[str, Any]:
    """The limit that runs and governs the work on a case."""
    found = (await someone.get(f"{case}/deadlines"))["items"]
    (running,) = [
        d for d in found if d["stopped_at"] is None and d["kind"] not in ("respond", "reply", "meeting", "answer")
    ]
    return running
