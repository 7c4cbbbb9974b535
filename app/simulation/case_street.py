"""What whoever holds a case above the grid does with it: whistles, checks, lets it hang, hands it on."""

from datetime import timedelta

from app.domain.cases.models import WhistleKind
from app.domain.cases.policy import RETURNS
from app.simulation.affairs import Case
from app.simulation.case_fates import ADMITTED
from app.simulation.case_results import work
from app.simulation.person import Person
from app.simulation.profiles import Part
from app.simulation.street import Street


async def take_up(street: Street, who: Person, case: Case) -> None:
    """It has come up from below: it hangs, goes down again with money, goes on up, or a whistle is blown."""
    if who.part is Part.DISTRICT:
        street.intend(work, who, case, (200, 600, 1500))
    elif street.will(case, "hang", 0.03):
        await hang(street, who, case)
    elif street.will(case, "hand_down", 0.05):
        if await street.may(who, case, "hand_down"):
            body = {} if case.category in ADMITTED else {"amount": 3000, "source": "街道为民服务项目资金"}
            await who.send(f"{case.path}/hand-down", body)
    elif street.will(case, "push_up", 0.03):
        if await street.may(who, case, "escalate"):
            await who.send(f"{case.path}/escalate", {"reason": "须区里立项", "tried": "街道已召集相关单位"})
    elif street.will(case, "blow", 0.8):
        await blow(street, who, case)
    else:
        street.intend(work, who, case, (120, 400, 1000))


async def hang(street: Street, who: Person, case: Case) -> None:
    """Not now: who looks after it, what must change, and when it is looked at again."""
    if not await street.may(who, case, "hang"):
        return
    review_at = street.now + timedelta(days=case.dice("review").randint(2, 4))
    body = {"owner": "街道建设办", "must_change": "须先立项", "review_at": review_at.isoformat()}
    if await who.send(f"{case.path}/hang", body) and street.will(case, "wake", 0.5):
        street.intend(wake, who, case, (600, 1500, 2400))


async def wake(street: Street, who: Person, case: Case) -> None:
    if await street.may(who, case, "wake"):
        await who.send(f"{case.path}/wake")


async def blow(street: Street, who: Person, case: Case) -> None:
    """Propose a whistle to the unit that answers for it, or to one of the diligence that the fate names."""
    if not await street.may(who, case, "propose_whistle"):
        return
    kind = WhistleKind.EMERGENCY if case.urgent else case.fate.whistle
    lead, others = called(street, case, kind)
    body = {
        "kind": kind,
        "reason": "权属不清,须一起到场",
        "lead_id": lead,
        "co_ids": others[:1] if case.fate.co else [],
    }
    await who.send(f"{case.path}/whistle", body)


def called(street: Street, case: Case, kind: WhistleKind) -> tuple[str, list[str]]:
    """The unit that leads – one that the fate names, or of its diligence –, and others that may be called beside it, the most
    diligent first."""
    partner = kind is WhistleKind.CALL_UP
    units = {one: unit for one, unit in street.units.items() if (unit.kind == "partner") is partner}
    wanted = [one for one, unit in units.items() if case.fate.unit in (unit.name, unit.diligence)]
    answers = [one for one, unit in units.items() if case.category in unit.categories]
    lead = [*(one for one in answers if one in wanted), *wanted, *answers, *units][0]
    return lead, [one for one in units if one != lead]


async def decide_whistle(street: Street, who: Person, case: Case) -> None:
    """The head of the level approves, or does not; an emergency's was blown already."""
    if await street.may(who, case, "approve_whistle") or await street.may(who, case, "confirm_whistle"):
        approved = street.will(case, "approve", 0.95)
        body = {"approved": approved} if approved else {"approved": approved, "reason": "先由社区协调物业"}
        await who.send(f"{case.path}/whistle/decide", body)


async def check(street: Street, who: Person, case: Case) -> None:
    """The level that whistled looks at the result: what is not true comes back, if they notice, at most twice."""
    if not await street.may(who, case, "accept_result"):
        return
    if case.untrue and case.drawn["notice"] < RETURNS and street.will(case, "notice", 0.7):
        await who.send(f"{case.path}/check", {"accepted": False, "reason": "现场没有变化"})
    elif await who.send(f"{case.path}/check", {"accepted": True}) and street.will(case, "rate_department", 0.6):
        street.intend(rate_department, who, case, (60, 300, 900))


async def check_late(street: Street, who: Person, case: Case) -> None:
    await check(street, who, case)


async def rate_department(street: Street, who: Person, case: Case) -> None:
    """How did they do?"""
    for seat in (await who.get(f"{case.path}/board"))["seats"]:
        if seat["state"] == "done":
            stars = case.dice("stars").choice((3, 4, 5))
            await who.send(f"/v1/assignments/{seat['id']}/rate-department", {"stars": stars})


async def excuse(street: Street, who: Person, case: Case) -> None:
    """A unit beside the lead is not needed after all."""
    for seat in (await who.get(f"{case.path}/board"))["seats"]:
        if seat["role"] == "co" and seat["state"] not in ("done", "excused"):
            await who.send(f"/v1/assignments/{seat['id']}/excuse", {"reason": "已查明不涉及该单位"})


async def decide_extension(street: Street, who: Person, case: Case) -> None:
    """More time, or not, with the reason that the resident reads."""
    if await street.may(who, case, "decide_extension"):
        granted = street.will(case, "grant", 0.7)
        body = {"granted": granted} if granted else {"granted": granted, "reason": "请按期办结"}
        await who.send(f"{case.path}/extension/decide", body)
