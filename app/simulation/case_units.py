"""What departments, stations and partners do when they are whistled: sign, report in, contest, work, in time or late or never."""

from datetime import timedelta
from typing import Any, Final

from app.simulation.affairs import Case, offered
from app.simulation.case_results import moved, task_of, work
from app.simulation.case_street import called
from app.simulation.person import Person
from app.simulation.street import Street

AT_ONCE: Final = (2, 5, 10)


async def sign(street: Street, who: Person, case: Case) -> None:
    """They have it; some say at once that it is not theirs."""
    task = await task_of(who, case)
    if await moved(who, task, "sign"):
        if not case.urgent and street.will(case, "contest", 0.04):
            street.intend(contest, who, case, (5, 20, 60))
        elif street.will(case, "report_in", who.character.heeds):
            street.intend(report_in, who, case, AT_ONCE if street.will(case, "come_at_once", 0.1) else (10, 60, 240))


async def sign_late(street: Street, who: Person, case: Case) -> None:
    """The same, once the limit comes near."""
    await sign(street, who, case)


async def sign_for(street: Street, who: Person, case: Case) -> None:
    """The limit is missed, and whoever stands in signs."""
    await sign(street, who, case)


async def report_in(street: Street, who: Person, case: Case) -> None:
    """They are there, and the work begins."""
    task = await task_of(who, case)
    if await moved(who, task, "report_in"):
        if street.will(case, "contest_late", 0.01):
            street.intend(contest, who, case, (1, 5, 10))
        else:
            await _begin(street, who, case, task)


async def step_in(street: Street, who: Person, case: Case) -> None:
    """Nobody has reported in: the head goes."""
    task = await task_of(who, case)
    await moved(who, task, "sign")
    await report_in(street, who, case)


async def go_on(street: Street, who: Person, case: Case) -> None:
    """It was contested and is theirs all the same: from where it stood."""
    task = await task_of(who, case)
    if task is None or "begin" in offered(task):
        await _begin(street, who, case, task)
    else:
        await report_in(street, who, case)


async def _begin(street: Street, who: Person, case: Case, task: Any) -> None:
    """A unit beside the lead does its part; the lead the whole."""
    if task is None:
        return
    await who.send(f"/v1/assignments/{task['id']}/begin")
    if task["role"] == "co":
        if street.will(case, "finish", who.character.heeds):
            street.intend(finish, who, case, (30, 120, 400))
        return
    if task["whistle"] == "hard" and street.will(case, "meet", who.character.heeds):
        street.intend(meet, who, case, (200, 600, 1200))
        return
    if street.will(case, "ask_longer", 0.06):
        street.intend(ask_longer, who, case, (30, 120, 300))
    if street.will(case, "work", who.character.heeds):
        street.intend(work, who, case, (400, 1400, 3500))


async def finish(street: Street, who: Person, case: Case) -> None:
    """A unit's part is done."""
    task = await task_of(who, case)
    if task is not None and "finish" in offered(task):
        await who.send(f"/v1/assignments/{task['id']}/finish", {"outcome": "本单位部分已完成"})


async def contest(street: Street, who: Person, case: Case) -> None:
    """It is not theirs: by which ground, and whose it is."""
    task = await task_of(who, case)
    if task is not None and "contest" in offered(task):
        _, others = called(street, case, case.fate.whistle)
        proposed = next(one for one in others if one != who.unit)
        body = {"ground": "产权移交清单第 3 条", "proposed_id": proposed}
        await who.send(f"/v1/assignments/{task['id']}/contest", body)


async def ask_longer(street: Street, who: Person, case: Case) -> None:
    """More time, before it is too late."""
    if await street.may(who, case, "request_extension"):
        hours = case.dice("longer").choice((7, 14, 21))
        await who.send(f"{case.path}/extension", {"hours": hours, "reason": "配件须从外地调运"})


async def meet(street: Street, who: Person, case: Case) -> None:
    """The joint meeting of a hard whistle: what was agreed, and the first promise, which another one follows: of a unit
    beside the lead, where there is one."""
    if not await street.may(who, case, "add_minutes"):
        return
    minutes = {"text": "三方现场确认权属,分步拆除", "held_at": street.now.isoformat(), "attended": [who.unit]}
    await who.send(f"{case.path}/board/minutes", minutes)
    seats = (await who.get(f"{case.path}/board"))["seats"]
    last = next((seat["unit_id"] for seat in seats if seat["role"] == "co" and seat["state"] != "excused"), who.unit)
    for unit, days, text in ((who.unit, 1, "先行断电"), (last, 4, "拆除并清运")):
        body = {"unit_id": unit, "text": text, "due_at": (street.now + timedelta(days=days)).isoformat()}
        await who.send(f"{case.path}/board/promises", body)
    if street.will(case, "keep_promise_made", 0.9):
        street.intend(keep_promise_made, who, case, (300, 600, 900))


async def meet_late(street: Street, who: Person, case: Case) -> None:
    """The limit of the meeting is missed: the head calls it."""
    await meet(street, who, case)


async def keep_promise_made(street: Street, who: Person, case: Case) -> None:
    """The first promise of the board is kept."""
    if await street.may(who, case, "finish_promise"):
        promises = (await who.get(f"{case.path}/board"))["promises"]
        first = next((one for one in promises if one["kept_at"] is None), None)
        if first is not None:
            await who.send(f"{case.path}/board/promises/{first['id']}/finish")
        street.intend(work, who, case, (400, 1400, 3500))
