"""`linli simulate`: starts the house, peoples the street, lets it live, measures, reports. Nothing runs afterwards."""

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from functools import partial
from pathlib import Path
from typing import Final, Self

import asyncpg
import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from app.domain.cases.policy import GOVERNING
from app.domain.places.importing import import_places
from app.kernel.passwords import random_password
from app.kernel.time import CHINA, real_now
from app.local.first_admin import create_administrator
from app.local.seed import ESTATES, STREET, TREE
from app.local.supervisor import Ended, Interruptions
from app.simulation import case_peopling, case_reporting, furnishing, peopling, placing
from app.simulation.agenda import Agenda
from app.simulation.case_measuring import read_rates
from app.simulation.case_reactions import CASE_REACTIONS
from app.simulation.clock import Clock
from app.simulation.figures import report_of
from app.simulation.house import House
from app.simulation.life import Standing, live
from app.simulation.measuring import Measured, measure
from app.simulation.page import page
from app.simulation.person import Person, Wire
from app.simulation.profiles import CHARACTERS, COMMUNITIES, PROFILES, Part
from app.simulation.reactions import REACTIONS
from app.simulation.street import Street
from app.simulation.terminal import show
from app.workers.jobs import Bell

WAKES: Final = timedelta(hours=1)
"""The people are there an hour before the first day begins."""

_OVER: Final = """
SELECT count(*) FILTER (WHERE state NOT IN (SELECT p.state FROM promised_state p WHERE p.kind = 'order')) AS done,
       (SELECT count(*) FROM mark WHERE percent = 100) AS missed FROM matter WHERE kind = 'order'"""

SATURDAY: Final = 5
_WORKDAYS: Final = "SELECT days::text FROM workday_set WHERE published_at IS NOT NULL ORDER BY version DESC LIMIT 1"
_DISTRICT: Final = "SELECT parent_id::text FROM place WHERE code = $1"

# One mark of a limit that was missed, taken away with triggers off: what only a broken database or a hand can do. Of any limit,
# or of one that governs a case.
_SABOTAGE: Final = {
    sort: f"""
BEGIN;
SET LOCAL session_replication_role = replica;
DELETE FROM mark WHERE (deadline_id, percent) IN (
  SELECT k.deadline_id, k.percent FROM mark k JOIN deadline d ON d.id = k.deadline_id
   WHERE k.percent = 100 AND {which} ORDER BY k.deadline_id LIMIT 1);
COMMIT"""
    for sort, which in (("mark", "true"), ("governing", f"d.kind IN {GOVERNING}"))
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    days: int
    seed: int
    profile: str
    orders: int | None
    cases: int | None
    strict: bool
    folder: Path
    sabotage: str | None
    command: str


def run(wanted: Wanted) -> bool:
    """Simulate and report; answers whether everything is as it must be. Raises LocalFault when it cannot start, Unexpected
    or Stuck when the system answers what it never should, Ended after Ctrl-C."""
    console = Console(highlight=False)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with Interruptions() as interruptions:
        house = House(wanted.folder / f"simulation-{wanted.seed}-logs", interruptions)
        try:
            with console.status("数据库、接口、工作进程 · database, API, worker"):
                house.start()
            measured = asyncio.run(_lived(console, wanted, house))
        finally:
            with contextlib.suppress(Ended), interruptions.held():
                house.end()
    report = report_of(measured, strict=wanted.strict)
    show(console, report)
    file = wanted.folder / f"simulation-{wanted.seed}.html"
    file.write_text(page(report), "utf-8")
    console.print(f"报告 · report: {file}")
    return report.good


async def _lived(console: Console, wanted: Wanted, house: House) -> Measured:
    began = time.monotonic()
    profile = PROFILES[wanted.profile]
    begins = datetime.combine(profile.begins, clock_time(), CHINA)
    owner = await asyncpg.connect(house.settings.migration_url)
    try:
        async with httpx.AsyncClient(base_url=house.url, timeout=30) as http:
            clock = Clock(owner, house.ring)
            await clock.begin(begins - WAKES)
            wire = Wire(http)
            reactions = {"order": REACTIONS, "case": CASE_REACTIONS}
            works = await _workdays(owner)
            street = Street(wanted.seed, profile, wire, Agenda(), reactions, begins, works)
            with console.status("地点、人员、服务 · places, people, services"):
                street_id = await _peopled(owner, street)
            orders = list(peopling.orders_of(street, wanted.days, wanted.orders or profile.orders))
            await furnishing.open_days(street, street_id, orders)
            for order in orders:
                street.agenda.intend(order.at, partial(placing.place, street, order.resident, order))
            for case in case_peopling.cases_of(street, wanted.days, wanted.cases or profile.cases):
                street.agenda.intend(case.at, partial(case_reporting.report, street, case.resident, case))
            with _Watch(console, owner, street, len(orders)) as watch:

                async def hear(standing: Standing) -> None:
                    await street.hear(owner, standing)
                    await watch.look()

                ended = await live(clock, street.agenda, hear)
            supervisor = next(who for who in street.people.values() if who.part is Part.SUPERVISOR)
            rates = await read_rates(supervisor, begins, ended)
            with console.status("推送 · deliveries to WeChat"):
                bell = Bell(house.settings.redis_url)
                await clock.delivered(bell.ring)
                await bell.close()
        if wanted.sabotage:
            superuser = await asyncpg.connect(house.superuser_url)
            await superuser.execute(_SABOTAGE[wanted.sabotage])
            await superuser.close()
        return await measure(
            owner,
            [(p.id, p.name, p.character.zh, p.character.capacity) for p in street.serving],
            [(affair.id, affair.fate) for affair in street.affairs.values()],
            rates,
            command=wanted.command,
            made_at=real_now(),
            profile=profile.name,
            profile_zh=profile.zh,
            seed=wanted.seed,
            begins=begins,
            ended=ended,
            real_seconds=time.monotonic() - began,
            requests=wire.requests,
            refusals=wire.refusals,
            races=street.races,
            crowded_races=len(street.crowded_races),
            unread=len(street.unread),
            suggested=street.suggested,
        )
    finally:
        await owner.close()


async def _workdays(owner: asyncpg.Connection) -> Callable[[date], bool]:
    """Which days are worked on, by the newest notice of the State Council that the system has."""
    said = json.loads(await owner.fetchval(_WORKDAYS))
    works = {date.fromisoformat(day): bool(about["works"]) for day, about in said.items()}
    return lambda day: works.get(day, day.weekday() < SATURDAY)


async def _peopled(owner: asyncpg.Connection, street: Street) -> str:
    for tree in (TREE, ESTATES):
        with tree.open("rb") as lines:
            await import_places(owner, lines, dry_run=False)
    password = random_password()
    await create_administrator(owner, "admin", password, None)
    street_id = str(await owner.fetchval("SELECT id FROM place WHERE code = $1", STREET))
    communities = await owner.fetch(
        "SELECT id::text, name FROM place WHERE parent_id = $1::uuid ORDER BY code LIMIT $2", street_id, COMMUNITIES
    )
    estates = dict(
        await owner.fetch(
            "SELECT DISTINCT ON (parent_id) parent_id::text, id::text FROM place WHERE level = 'estate' ORDER BY parent_id, code"
        )
    )
    character = CHARACTERS[Part.ADMINISTRATOR][0]
    admin = Person("管理员", Part.ADMINISTRATOR, character, street.wire, "admin", password)
    await peopling.people(street, admin, street_id, [(row["id"], row["name"]) for row in communities], estates)
    await case_peopling.units(street, admin, street_id, await owner.fetchval(_DISTRICT, STREET))
    await furnishing.furnish(street, admin, street_id)
    return street_id


class _Watch:
    """The progress bar: simulated time, orders that are over, limits that were missed."""

    def __init__(self, console: Console, owner: asyncpg.Connection, street: Street, orders: int) -> None:
        self._owner = owner
        self._street = street
        self._orders = orders
        self._next = 0.0
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.fields[at]}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} 单 · orders"),
            TextColumn("{task.fields[missed]} 错过 · missed"),
            TimeElapsedColumn(),
            console=console,
        )
        self._task = self._bar.add_task("", total=orders, at="", missed=0)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    async def look(self) -> None:
        """At most three times a second."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 0.33
        done, missed = await self._owner.fetchrow(_OVER)
        at = self._street.now.astimezone(CHINA)
        self._bar.update(self._task, completed=done, missed=missed, at=f"{at:%m-%d %H:%M}")
