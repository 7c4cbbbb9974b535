"""What whoever has a case does with it at last, be it an office or a unit: a result, in time or late, true or not."""

from typing import Any, Final

from app.domain.cases.models import CaseState
from app.simulation.affairs import Case, offered
from app.simulation.person import Person
from app.simulation.street import Street

OUTCOMES: Final = ("已上门处理完毕", "已联系责任方整改到位", "已更换并试用正常", "已清理干净并拍照")
PROOF: Final = ({"kind": "photo", "text": "IMG-0301"}, {"kind": "note", "text": "已到现场核实"})
RESULTS: Final = frozenset({"submit_result", "submit_whistled"})


async def work(street: Street, who: Person, case: Case) -> None:
    """It is done, or is said to be: some results are not true. A unit comes before it says so, whatever it left undone."""
    seen = await who.look(case.path)
    if seen is not None and who.unit and seen["state"] == CaseState.WHISTLED:
        await come(who, case)
        seen = await who.look(case.path)
    if seen is None or not RESULTS & offered(seen):
        return
    untrue = street.will(case, "untrue", 1 - who.character.truthful)
    outcome = case.dice("outcome").choice(OUTCOMES)
    if await who.send(f"{case.path}/result", {"outcome": outcome, "answer": f"{outcome},谢谢反映", "evidence": PROOF}):
        case.untrue = untrue
        if who.unit:
            street.intend(rate_whistler, who, case, (600, 1500, 3000))


async def work_late(street: Street, who: Person, case: Case) -> None:
    """The same, once the limit comes near."""
    await work(street, who, case)


async def finish_late(street: Street, who: Person, case: Case) -> None:
    """The same, once it is supervised."""
    await work(street, who, case)


async def answer_supervision(street: Street, who: Person, case: Case) -> None:
    """Why it is late, and what comes next; most then do it."""
    if await street.may(who, case, "answer_supervision"):
        await who.send(f"{case.path}/supervision/answer", {"text": "配件刚到货,明天办结"})
    if street.will(case, "finish_late", 0.8):
        street.intend(finish_late, who, case, (60, 200, 500))


async def come(who: Person, case: Case) -> None:
    """Sign and report in, as far as that was not done: only then a result counts."""
    for action in ("sign", "report_in"):
        await moved(who, await task_of(who, case), action)


async def moved(who: Person, task: Any, action: str) -> bool:
    """A step with an assignment, where it is offered."""
    if task is None or action not in offered(task):
        return False
    return bool(await who.send(f"/v1/assignments/{task['id']}/{action.replace('_', '-')}"))


async def task_of(who: Person, case: Case) -> Any:
    """The assignment of somebody's unit for this case, the newest; None: it has none."""
    tasks = (await who.get("/v1/assignments", limit=100))["items"]
    return next((task for task in tasks if task["case_id"] == case.id), None)


async def rate_whistler(street: Street, who: Person, case: Case) -> None:
    """Was it right to call this unit?"""
    task = await task_of(who, case)
    if task is not None and "rate_whistler" in offered(task):
        stars = case.dice("stars").choice((3, 4, 5))
        await who.send(f"/v1/assignments/{task['id']}/rate-whistler", {"valid": True, "stars": stars})
