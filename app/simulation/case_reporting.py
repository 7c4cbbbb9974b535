"""How a case comes to be reported, and what its reporter does later: joining, taking back, saying whether it is solved."""

from typing import Any, Final

from app.simulation.affairs import Case
from app.simulation.case_fates import WORDS, Source
from app.simulation.person import Person
from app.simulation.profiles import Part
from app.simulation.street import Street

WATCHERS: Final = {
    Source.PATROL: Part.GRID, Source.INFORMATION: Part.INFORMATION, Source.BRANCH: Part.BRANCH,
}  # fmt: skip


async def report(street: Street, who: Person, case: Case) -> None:
    """The moment has come: in the way that the case's fate says."""
    grid = street.of(Part.GRID, who.community)
    watcher = WATCHERS.get(case.fate.source)
    match case.fate.source:
        case Source.CALLER if (station := street.of(Part.STATION, who.community)) is not None:
            street.intend(take_report, station, case, (0, 1, 2))
        case Source.REPRESENTATIVE if (neighbour := street.represented.get(who.id)) is not None:
            await _report(street, neighbour, case, {"beneficiary_id": who.id})
        case _ if watcher is not None and (seer := street.of(watcher, who.community)) is not None:
            street.intend(see, seer, case, (0, 1, 2))
        case Source.ON_THE_SPOT if grid is not None:
            street.intend(solve_on_the_spot, grid, case, (0, 1, 2))
        case _ if not await _joined(street, who, case):
            await _report(street, who, case, {})


async def take_report(street: Street, who: Person, case: Case) -> None:
    """Somebody calls the station or walks in."""
    body = {"phone": case.resident.phone, **_said(case)}
    _reported(street, case.resident, case, await who.must("/v1/cases/for-caller", body))


async def see(street: Street, who: Person, case: Case) -> None:
    """Somebody who is about for the community finds it or is told: a grid worker on patrol, an information officer, the
    secretary of the branch."""
    patrol = {"patrol": True} if case.fate.source is Source.PATROL else {}
    await _report(street, who, case, {**patrol, "place_id": who.community})


async def solve_on_the_spot(street: Street, who: Person, case: Case) -> None:
    """A grid worker finds it and puts it right, in one call."""
    body = {"outcome": "已当场处理", "evidence": [{"kind": "photo", "text": "IMG-0302"}], "place_id": who.community}
    _reported(street, who, case, await who.must("/v1/cases/solved", {**body, **_said(case)}))


async def _joined(street: Street, who: Person, case: Case) -> bool:
    """Before they report it, they are shown what is like it; some find that it is the same, and join."""
    asked = {"place_id": who.home, "category": case.category, "words": WORDS[case.category]}
    same = [found for found in (await who.get("/v1/cases/similar", **asked))["items"] if found["ours"]]
    if not same or not street.will(case, "join", 0.5):
        return False
    return bool(await who.send(f"/v1/cases/{same[0]['id']}/join", {"words": "我们楼下也一样"}))


async def _report(street: Street, who: Person, case: Case, more: dict[str, Any]) -> None:
    _reported(street, who, case, await who.must("/v1/cases", {**_said(case), **more}))


def _said(case: Case) -> dict[str, Any]:
    spot = case.dice("spot").choice(("东门外", "3 号楼前", "小广场旁"))
    return {"category": case.category, "words": WORDS[case.category], "spot": spot}


def _reported(street: Street, who: Person, case: Case, receipt: dict[str, Any]) -> None:
    case.id = receipt["id"]
    street.affairs[case.id] = case
    if street.will(case, "withdraw", 0.02):
        street.intend(withdraw, who, case, (5, 30, 90))


async def withdraw(street: Street, who: Person, case: Case) -> None:
    if await street.may(who, case, "withdraw"):
        await who.send(f"{case.path}/withdraw", {"reason": "已经自己解决了"})


async def tap(street: Street, who: Person, case: Case) -> None:
    """Their own answer; whoever sees that it is not done says so."""
    if not await street.may(who, case, "answer_callback"):
        return
    solved = not (case.untrue and street.will(case, "feel", 0.9))
    dice = case.dice("tap")
    stars = (
        dice.choice((4, 5, 5))
        if solved and street.will(case, "be_pleased", who.character.pleased)
        else dice.randint(1, 3)
    )
    body = {"solved": solved, "stars": stars, "contacted_in_time": dice.random() < 0.85}
    await who.send(f"{case.path}/callback", body)
