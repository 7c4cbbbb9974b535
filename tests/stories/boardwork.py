"""Units that are whistled, and cases that need one, for the stories of the joint board."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.kernel.rules import Role
from app.kernel.time import CHINA
from tests.people import Someone
from tests.stories.conftest import Street

LAMP = {"category": "lighting", "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外"}
PHOTO = [{"kind": "photo", "text": "IMG-0301"}]
RESULT = {"outcome": "已扶正", "answer": "已修好", "evidence": PHOTO}


def in_days(days: float) -> str:
    return (datetime.now(CHINA) + timedelta(days=days)).replace(microsecond=0).isoformat()


@dataclass
class Unit:
    """A unit at the street, with its head and an officer."""

    id: str
    head: Someone
    officer: Someone

    async def task(self) -> str:
        """The path of its newest assignment."""
        return f"/v1/assignments/{(await self.officer.get('/v1/assignments'))['items'][0]['id']}"

    async def state(self) -> str:
        return str((await self.officer.get("/v1/assignments"))["items"][0]["state"])

    async def reports_in(self) -> str:
        """Signs and reports in."""
        task = await self.task()
        await self.officer.post(f"{task}/sign")
        await self.officer.post(f"{task}/report-in")
        return task


async def new_unit(street: Street, name: str, kind: str = "department") -> Unit:
    """A unit at the street whose head and officer log in by WeChat."""
    made = await street.administrator.post(
        "/v1/units", {"place_id": str(street.world.street), "name": name, "kind": kind}
    )
    people = []
    for post in ("head", "officer"):
        someone = await street.with_role(f"{name}{post}", Role.VOLUNTEER, "street")
        body = {"person_id": str(someone.id), "post": post}
        await street.administrator.post(f"/v1/units/{made['id']}/members", body)
        people.append(someone)
    return Unit(made["id"], *people)


@dataclass
class Matter:
    """A case that was whistled at the street."""

    path: str
    reporter: Someone
    chief: Someone
    lead: Unit
    co: Unit | None


async def officers(street: Street) -> tuple[Someone, Someone, Someone]:
    """Who brings a case up to a whistle: a grid worker, the community's secretary, the street's."""
    return (
        await street.with_role("小李", Role.GRID_WORKER),
        await street.with_role("陈书记", Role.SECRETARY),
        await street.with_role("街道书记", Role.SECRETARY, "street"),
    )


async def whistled(street: Street, kind: str = "routine", *, co: bool = False) -> Matter:
    """A lamp post that nobody owns: reported, gone up to the street, and whistled."""
    reporter = await street.resident("王奶奶")
    staff = await officers(street)
    lead = await new_unit(street, "城管办")
    beside = await new_unit(street, "供电所", "station") if co else None
    return Matter(await blown(reporter, staff, lead, beside, kind), reporter, staff[-1], lead, beside)


async def blown(
    reporter: Someone, staff: tuple[Someone, Someone, Someone], lead: Unit, beside: Unit | None, kind: str = "routine"
) -> str:
    """The path of a case that goes up to the street and is whistled."""
    grid, secretary, chief = staff
    path = f"/v1/cases/{(await reporter.post('/v1/cases', LAMP))['id']}"
    await grid.post(f"{path}/triage", {"lane": "hard"})
    await secretary.post(f"{path}/escalate", {"reason": "无权限", "tried": "现场看过,不属物业"})
    asked = {"kind": kind, "reason": "权属不清", "lead_id": lead.id, "co_ids": [beside.id] if beside else []}
    await chief.post(f"{path}/whistle", asked)
    await chief.post(f"{path}/whistle/decide", {"approved": True})
    return path


async def topics(someone: Someone) -> list[str]:
    """What is in an inbox, by topic."""
    return [message["topic"] for message in (await someone.get("/v1/inbox", limit=50))["items"]]
