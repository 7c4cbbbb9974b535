"""Who handles cases in the local street: grid workers, the street, the independent officers, and units with their people; and one
whistle that waits, so that a department officer who logs in finds something to sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from app.domain.cases import reporting, whistles
from app.domain.cases import service as cases
from app.domain.cases.models import Lane, WhistleKind
from app.domain.units import service as units
from app.domain.units.models import Post, UnitKind
from app.kernel.command import Caller
from app.kernel.rules import Role
from app.kernel.time import real_now
from app.local.seeder import Seeder

STREET_OFFICERS: Final = (
    ("jiedao001", "街道书记", Role.SECRETARY),
    ("zhiban001", "街道值班", Role.DISPATCHER),
    ("huifang001", "回访员", Role.CALLBACK_OFFICER),
    ("duban001", "督办员", Role.SUPERVISOR),
    ("caiding001", "裁定人", Role.ARBITER),
)
"""Login name, name and role of whoever acts for the whole street."""

CHIEF: Final = "quxian001"
"""Login name of the secretary of the district, to whom the street hands up what it cannot solve."""

DISTRICT_OFFICERS: Final = (
    (CHIEF, "区县书记", Role.SECRETARY),
    ("quhuifang001", "区县回访员", Role.CALLBACK_OFFICER),
    ("quduban001", "区县督办员", Role.SUPERVISOR),
    ("qucaiding001", "区县裁定人", Role.ARBITER),
)
"""Whoever acts for the whole district: who calls back, supervises and decides what came up to it."""

GRIDS: Final = 2
"""So many communities, the first ones, have a grid worker: `wangge001` and so on."""

BRANCH: Final = "zhibu{:03d}"
"""Login name of the secretary of the Party branch in an estate of the shown community."""

INFORMATION: Final = "minqing{:03d}"
"""Login name of the information officer of the shown community, who reports what people say, and no more."""


@dataclass(frozen=True, slots=True)
class Furnished:
    """A unit of the street: what it answers for, and who works there, by login name."""

    name: str
    kind: UnitKind
    category: str | None
    posts: tuple[tuple[str, Post], ...]


UNITS: Final = (
    Furnished(
        "城管办",
        UnitKind.DEPARTMENT,
        "lighting",
        (("chengguan001", Post.OFFICER), ("chengguan002", Post.HEAD), ("chengguan003", Post.OFFICER)),
    ),
    Furnished("供电所", UnitKind.STATION, "danger", (("gongdian001", Post.OFFICER), ("gongdian002", Post.HEAD))),
    Furnished("春风超市", UnitKind.PARTNER, None, (("gongjian001", Post.HEAD),)),
)

LEAD, BESIDE = UNITS[0].name, UNITS[1].name
OFFICER: Final = UNITS[0].posts[0][0]
"""Login name of the department officer of the panel."""

STANDS_IN: Final = ("chengguan002", "chengguan003", timedelta(days=30))
"""Who is away from the first unit, who stands in, and for how long."""

LAMP: Final[dict[str, Any]] = {"category": "lighting", "words": "东门外的路灯杆歪了,没人认领", "spot": "东门外"}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where cases are handled here: the district, the street, its communities in order, which of them is shown, and the first
    estate of each that has one."""

    district: UUID
    street: UUID
    communities: tuple[UUID, ...]
    shown: int
    homes: Mapping[UUID, UUID]


async def furnish_cases(seeder: Seeder, admin: Caller, password_hash: str, ground: Ground) -> None:
    """Bring in whoever is missing. Units are made once, with all that belongs to them; what was changed since stays."""
    for place, officers in ((ground.street, STREET_OFFICERS), (ground.district, DISTRICT_OFFICERS)):
        for login, name, role in officers:
            await seeder.officer(admin, place, login, password_hash, name, role)
    for number, community in enumerate(ground.communities[:GRIDS], 1):
        await seeder.officer(admin, community, f"wangge{number:03d}", password_hash, "网格员", Role.GRID_WORKER)
    shown = ground.communities[ground.shown]
    branch = BRANCH.format(ground.shown + 1)
    home = ground.homes.get(shown, shown)
    informs, role = INFORMATION.format(ground.shown + 1), Role.INFORMATION_OFFICER
    await seeder.officer(admin, shown, informs, password_hash, role.label, role)
    await seeder.officer(admin, home, branch, password_hash, "支部书记", Role.BRANCH_SECRETARY)
    known = await seeder.known(admin, "unit", ground.street)
    made = {
        unit.name: await _unit(seeder, admin, password_hash, ground.street, unit)
        for unit in UNITS
        if unit.name not in known
    }
    if LEAD in made:
        absent, deputy, time = STANDS_IN
        now = real_now()
        await seeder.do(
            admin, units.name_deputy, made[LEAD], absent_id=(await seeder.by_login(absent)).person_id,
            deputy_id=(await seeder.by_login(deputy)).person_id, from_at=now, until_at=now + time,
        )  # fmt: skip
    if {LEAD, BESIDE} <= made.keys():
        await _whistled(seeder, ground, [made[LEAD], made[BESIDE]])


async def _unit(seeder: Seeder, admin: Caller, password_hash: str, street: UUID, unit: Furnished) -> UUID:
    unit_id = await seeder.do(admin, units.create, place_id=street, name=unit.name, kind=unit.kind)
    for login, post in unit.posts:
        # An account begins with a role at a place: this one lets its holder report what they see, and no more.
        name = f"{unit.name}{post.label}"
        await seeder.officer(admin, street, login, password_hash, name, Role.INFORMATION_OFFICER)
        person_id = (await seeder.by_login(login)).person_id
        await seeder.do(admin, units.add_member, unit_id, person_id=person_id, post=post)
    if unit.category:
        await seeder.do(admin, units.set_responsibility, place_id=street, category=unit.category, unit_id=unit_id)
    return unit_id


async def _whistled(seeder: Seeder, ground: Ground, called: list[UUID]) -> None:
    """A lamp post on its way up, from a patrol to the whistle of the street: its lead has not signed yet."""
    grid = await seeder.by_login(f"wangge{ground.shown + 1:03d}")
    chief = await seeder.by_login("jiedao001")
    case = await seeder.do(grid, reporting.report, place_id=ground.communities[ground.shown], patrol=True, **LAMP)
    await seeder.do(grid, cases.triage, case, lane=Lane.HARD)
    await seeder.do(grid, cases.escalate, case, reason="无权限", tried="现场看过,不属物业")
    asked: dict[str, Any] = {"kind": WhistleKind.ROUTINE, "reason": "权属不清", "lead_id": called[0], "units": called}
    await seeder.do(chief, whistles.propose_whistle, case, **asked)
    await seeder.do(chief, whistles.decide_whistle, case, approved=True)
