"""`linli storm`: a storm of reports over real HTTP on a house of its own, one category many times as often as the others. At the
end all that was acknowledged is stored, once, and every invariant holds. Nothing runs afterwards."""

import asyncio
import contextlib
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final, TextIO

import asyncpg
import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from app import invariants
from app.domain.places.importing import import_places
from app.kernel.ids import new_id
from app.kernel.passwords import random_password
from app.local.first_admin import create_administrator
from app.local.seed import STREET, TREE
from app.local.supervisor import Ended, Interruptions
from app.simulation.clock import Clock
from app.simulation.house import House
from app.simulation.person import Person, Unexpected, Wire
from app.simulation.profiles import CHARACTERS, COMMUNITIES, Part

CONNECTIONS: Final = 32
RESIDENTS: Final = 20
"""Of each community."""

MULTIPLIED: Final = "water_power_gas"
TIMES: Final = 16
"""So many times as often as each other category it is reported."""

OTHERS: Final = (
    "rubbish", "repair", "lighting", "noise", "dispute", "illegal_building", "property", "danger", "other",
)  # fmt: skip
PATIENCE_SECONDS: Final = 60.0
"""So long a report whose answer did not come is repeated, under its key."""

_STORED: Final = "SELECT m.id::text AS id, d.words FROM matter m JOIN case_detail d ON d.matter_id = m.id"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line; `rate`: reports a second."""

    seconds: int
    rate: int
    seed: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Sent:
    """What the client knows: which report was acknowledged as which case, what was answered otherwise, and how long each answer
    took, in seconds from the moment at which the report was to leave."""

    log: TextIO
    cases: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    took: list[float] = field(default_factory=list)

    def acknowledged(self, words: str, case: str, seconds: float) -> None:
        """Written down before the client goes on."""
        self.log.write(json.dumps({"words": words, "case": case}, ensure_ascii=False) + "\n")
        self.log.flush()
        self.cases[words] = case
        self.took.append(seconds)


@dataclass(frozen=True, slots=True)
class Difference:
    """Between the client's log and the database: acknowledged and not there; there more than once; there and never
    acknowledged."""

    missing: int
    twice: int
    unknown: int


def compare(cases: Mapping[str, str], stored: Sequence[tuple[str, str]]) -> Difference:
    """`cases`: the case that each report (its words are its own) was acknowledged as; `stored`: case and words of each row."""
    times = Counter(words for _, words in stored)
    there = set(stored)
    return Difference(
        sum((case, words) not in there for words, case in cases.items()),
        sum(number - 1 for number in times.values()),
        len(times.keys() - cases.keys()),
    )


def run(wanted: Wanted) -> bool:
    """Let it storm and report; answers whether everything is as it must be. Raises LocalFault when it cannot start, Unexpected
    or Stuck when the system answers what it never should, Ended after Ctrl-C."""
    console = Console(highlight=False)
    wanted.folder.mkdir(parents=True, exist_ok=True)
    with Interruptions() as interruptions:
        house = House(wanted.folder / f"storm-{wanted.seed}-logs", interruptions)
        try:
            with console.status("数据库、接口、工作进程 · database, API, worker"):
                house.start()
            return asyncio.run(_stormed(console, wanted, house))
        finally:
            with contextlib.suppress(Ended), interruptions.held():
                house.end()


async def _stormed(console: Console, wanted: Wanted, house: House) -> bool:
    owner = await asyncpg.connect(house.settings.migration_url)
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    try:
        async with httpx.AsyncClient(base_url=house.url, timeout=30, limits=limits) as http:
            with console.status("地点、人员、单位 · places, people, units"):
                tokens = await _peopled(owner, http)
            log = wanted.folder / f"storm-{wanted.seed}.jsonl"
            began = time.monotonic()
            with log.open("w", encoding="utf-8") as file:
                sent = await _sent(console, wanted, http, tokens, file)
            lasted = time.monotonic() - began
        with console.status("工作进程做完 · the worker finishes"):
            await Clock(owner, house.ring).rest()
        stored = [(row["id"], row["words"]) for row in await owner.fetch(_STORED)]
        broken = [str(one) for one in await invariants.check(owner)]
    finally:
        await owner.close()
    difference = compare(sent.cases, stored)
    _show(console, wanted, sent, difference, len(stored), lasted)
    for one in broken:
        console.print(f"[red]不变式不成立 · broken[/red] {one}")
    console.print(f"客户端的记录 · the client's log: {log}")
    holds = len(sent.cases) == wanted.seconds * wanted.rate == len(stored) and difference == Difference(0, 0, 0)
    return holds and not broken


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────


async def _peopled(owner: asyncpg.Connection, http: httpx.AsyncClient) -> list[str]:
    """Officers, a unit that answers for dangers, and residents, whose tokens are given."""
    with TREE.open("rb") as lines:
        await import_places(owner, lines, dry_run=False)
    password = random_password()
    await create_administrator(owner, "admin", password, None)
    street = str(await owner.fetchval("SELECT id FROM place WHERE code = $1", STREET))
    found = await owner.fetch(
        "SELECT id::text FROM place WHERE parent_id = $1::uuid ORDER BY code LIMIT $2", street, COMMUNITIES
    )
    admin = Person("管理员", Part.ADMINISTRATOR, CHARACTERS[Part.ADMINISTRATOR][0], Wire(http), "admin", password)
    communities = [row["id"] for row in found]
    wanted = [(street, "secretary"), (street, "dispatcher"), (street, "callback_officer"), (street, "supervisor")]
    wanted += [(place, role) for place in communities for role in ("grid_worker", "secretary", "dispatcher")]
    for number, (place, role) in enumerate(wanted):
        body = {"place_id": place, "login_name": f"officer-{number}", "name": "工作人员", "role": role}
        officer = await admin.must("/v1/officers", {**body, "password": password})
    unit = await admin.must("/v1/units", {"place_id": street, "name": "应急管理办", "kind": "department"})
    await admin.must(f"/v1/units/{unit['id']}/members", {"person_id": officer["id"], "post": "head"})
    await admin.must("/v1/responsibilities", {"place_id": street, "category": "danger", "unit_id": unit["id"]})
    homes = [place for place in communities for _ in range(RESIDENTS)]
    return [await _resident(http, number, home) for number, home in enumerate(homes)]


async def _resident(http: httpx.AsyncClient, number: int, community: str) -> str:
    logged_in = await http.post("/v1/auth/wechat", json={"code": f"demo:storm-{number}"})
    token = str(logged_in.json()["access_token"])
    about = {"name": "王秀英", "phone": f"139{number:08d}", "address": "8 号院 2 号楼 301"}
    for method, path, body in (("PUT", "/v1/me", about), ("POST", "/v1/me/community", {"place_id": community})):
        answer = await http.request(method, path, json=body, headers=_headers(token))
        if answer.status_code != httpx.codes.OK:
            raise Unexpected(f"{method} {path}: {answer.status_code} {answer.text}")
    return token


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": str(new_id())}


# ── the reports ──────────────────────────────────────────────────────────────────────────────────────────────


async def _sent(console: Console, wanted: Wanted, http: httpx.AsyncClient, tokens: Sequence[str], log: TextIO) -> Sent:
    """Every report, each at its moment: whether the system is quick or slow, the next one comes."""
    sent, dice, total = Sent(log), Random(wanted.seed), wanted.seconds * wanted.rate
    categories = dice.choices((MULTIPLIED, *OTHERS), (TIMES, *(1 for _ in OTHERS)), k=total)
    bar = Progress(
        SpinnerColumn(), TextColumn("上报 · reports"), BarColumn(), TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(), console=console,
    )  # fmt: skip
    with bar:
        task = bar.add_task("", total=total)
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number, category in enumerate(categories):
                at = begin + number / wanted.rate
                await asyncio.sleep(max(0.0, at - time.monotonic()))
                body = {"category": category, "words": f"雨太大了,第 {number + 1} 件", "spot": "东门外"}
                group.create_task(_report(sent, http, dice.choice(tokens), body, at, bar, task))
    return sent


async def _report(
    sent: Sent, http: httpx.AsyncClient, token: str, body: dict[str, Any], at: float, bar: Progress, task: TaskID
) -> None:
    headers = _headers(token)
    while True:
        try:
            answer = await http.post("/v1/cases", json=body, headers=headers)
            said = "" if answer.status_code == httpx.codes.OK else f"{answer.status_code} {answer.json()['code']}"
        except httpx.TransportError as error:
            said = type(error).__name__
        if not said:
            sent.acknowledged(body["words"], answer.json()["id"], time.monotonic() - at)
        else:
            sent.refused[said] += 1
        if not said or said[0] == "4" or time.monotonic() > at + PATIENCE_SECONDS:
            bar.advance(task)
            return
        await asyncio.sleep(0.2)


# ── what is told ─────────────────────────────────────────────────────────────────────────────────────────────


def _show(console: Console, wanted: Wanted, sent: Sent, difference: Difference, stored: int, lasted: float) -> None:
    took = sorted(sent.took)
    table = Table(title="风暴 · storm", title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    for name, value in (
        ("已发送 · sent", f"{wanted.seconds * wanted.rate}"),
        ("每秒 · a second", f"{wanted.seconds * wanted.rate / lasted:.1f}"),
        ("已确认 · acknowledged", f"{len(sent.cases)}"),
        ("已存储 · stored", f"{stored}"),
        ("丢失 · missing", f"{difference.missing}"),
        ("重复 · twice", f"{difference.twice}"),
        ("未确认而存在 · stored, not acknowledged", f"{difference.unknown}"),
        *((f"p{share} ms", f"{_share(took, share) * 1000:.1f}") for share in (50, 95, 99)),
        ("最慢 · slowest ms", f"{(took[-1] if took else 0.0) * 1000:.1f}"),
        *((f"其他回答 · other answers: {said}", f"{times}") for said, times in sent.refused.most_common()),
    ):
        table.add_row(name, value)
    console.print(table)


def _share(took: Sequence[float], percent: int) -> float:
    """The percentile of what is sorted; 0 of nothing."""
    return took[min(len(took) - 1, len(took) * percent // 100)] if took else 0.0
