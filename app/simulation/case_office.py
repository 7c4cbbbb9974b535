"""What grid workers and the community do with a case, a small function each; `case_street.py` is what comes above."""

from app.domain.cases.models import Lane
from app.simulation.affairs import Case
from app.simulation.case_results import work
from app.simulation.case_street import blow
from app.simulation.person import Person
from app.simulation.profiles import Part
from app.simulation.street import Street

REFUSALS = ("not_ours", "in_court", "with_others", "settled")


async def triage(street: Street, who: Person, case: Case) -> None:
    """Which lane it takes, and what comes next in it."""
    if not await street.may(who, case, "triage"):
        return
    lane = {"lane": case.fate.lane} if case.fate.lane else {}
    if await who.send(f"{case.path}/triage", lane):
        seen = await who.look(case.path)
        await _set_to_work(street, who, case, seen["lane"])


async def triage_late(street: Street, who: Person, case: Case) -> None:
    """The same, once the limit has come near or is missed."""
    await triage(street, who, case)


async def _set_to_work(street: Street, who: Person, case: Case, lane: str) -> None:
    grid = street.of(Part.GRID, case.resident.community) or who
    if lane == Lane.SMALL:
        if street.will(case, "work", 0.95):
            street.intend(work, grid, case, (30, 120, 300))
    elif lane == Lane.BIG:
        if street.will(case, "deliberate", 0.7):
            street.intend(deliberate, street.of(Part.SECRETARY, case.resident.community) or who, case, (20, 60, 180))
    elif street.will(case, "blow_here", 0.3):
        street.intend(blow, grid, case, (10, 40, 120))
    elif street.will(case, "escalate", 0.95):
        street.intend(escalate, grid, case, (10, 40, 120))


async def refuse_case(street: Street, who: Person, case: Case) -> None:
    """It is nothing for the community; where else to go, is said."""
    if await street.may(who, case, "refuse"):
        reason = case.dice("refusal").choice(REFUSALS)
        await who.send(f"{case.path}/refuse", {"reason": reason, "elsewhere": "请拨打 12345"})


async def contact(street: Street, who: Person, case: Case) -> None:
    if await street.may(who, case, "contact"):
        await who.send(f"{case.path}/contact", {"channel": "phone", "text": "已电话问清位置和情况"})


async def contact_late(street: Street, who: Person, case: Case) -> None:
    await contact(street, who, case)


async def reply_case(street: Street, who: Person, case: Case) -> None:
    if await street.may(who, case, "reply"):
        await who.send(f"{case.path}/reply", {"text": "已安排人今天去看,有结果会告诉您"})


async def reply_late(street: Street, who: Person, case: Case) -> None:
    await reply_case(street, who, case)


async def escalate(street: Street, who: Person, case: Case) -> None:
    """It is beyond their power: one level up, with what was tried."""
    if await street.may(who, case, "escalate"):
        await who.send(f"{case.path}/escalate", {"reason": "无权限,涉及多个单位", "tried": "现场看过,不属物业"})


async def deliberate(street: Street, who: Person, case: Case) -> None:
    """A big matter comes before the four-party meeting."""
    if await street.may(who, case, "deliberate"):
        await who.send(f"{case.path}/deliberate")


async def conclude(street: Street, who: Person, case: Case) -> None:
    """The branch says what the meeting decided."""
    if await street.may(who, case, "conclude"):
        await who.send(f"{case.path}/conclude", {"decision": "物业三天内修好,费用由维修基金出"})


async def merge(street: Street, who: Person, case: Case) -> None:
    """It is the same as one that is there: merged, and sometimes parted again."""
    if case.twin is None or not case.twin.id or not await street.may(who, case, "merge"):
        return
    if await who.send(f"{case.path}/merge", {"parent_id": case.twin.id}) and street.will(case, "unmerge", 0.1):
        street.intend(unmerge, who, case, (10, 20, 40))


async def unmerge(street: Street, who: Person, case: Case) -> None:
    """On a second look it is another one: it goes on alone."""
    if await street.may(who, case, "unmerge") and await who.send(f"{case.path}/unmerge"):
        street.intend(work, street.of(Part.GRID, case.resident.community) or who, case, (30, 120, 300))


async def call_out(street: Street, who: Person, case: Case) -> None:
    """An emergency for which no unit was named: the secretary calls one by hand."""
    if await street.may(who, case, "triage"):
        await who.send(f"{case.path}/triage", {})
    await blow(street, who, case)
