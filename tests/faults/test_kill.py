"""`make kill-test`: the whole system under kill -9 at random moments, while people go on and limits fall due.

`linli up` on a folder of its own, seeded, with limits of seconds that an administrator published; its parts are killed
and it restarts them. Everything that a client was told must be in the database, once; every limit must have acted, once.
LINLI_KILL_SEED repeats a run's choices.
"""

import asyncio
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import pytest

from app import invariants
from app.kernel.ids import new_id
from tests.faults.crowd import Community, Ledger, Person, Refused
from tests.faults.house import AWAY, PARTS, House
from tests.faults.reckoning import Line, due_while_dead, reckon

pytestmark = pytest.mark.kill

EACH = 7
FLUSHES = 3
COMMANDS = 1000
DUE_WHILE_DEAD = 200
MATCHED = 100
LONGEST_SECONDS = 480.0
COMMUNITIES = 7
LIVES = 2
"""So many orders go on in each community at a time."""

BURST = 3
"""So many orders are placed in each community right before a kill, to fall due while the part is dead."""

CAPACITY = 50
"""So many orders a day every volunteer takes: the most that one may say."""

SECONDS = {"dispatch": (1, 2), "respond": (2, 3)}
"""Between these lies a limit; two to four seconds otherwise. The matcher comes soon after a dispatcher who is slow."""

LIMITS = {
    "dispatch": ((100,),),
    "respond": (
        (80, "notify dispatcher"),
        (100, "notify dispatcher", "open_pool"),
        (150, "set_holder secretary", "notify secretary"),
    ),
    "offer": ((80, "notify assignee"), (100,)),
    "finish": ((80, "notify assignee"), (100, "notify dispatcher")),
    "reply": ((80, "notify dispatcher"), (100, "notify secretary", "start reply_in_person")),
    "reply_in_person": ((100, "notify secretary@street"),),
    "coordinate": ((100, "notify dispatcher", "notify secretary@street"),),
    "plan": ((100, "set_holder secretary", "notify secretary"),),
    "rating": ((60, "notify requester"), (100, "notify dispatcher"), (140,)),
}  # fmt: skip


@pytest.fixture
async def house() -> AsyncIterator[House]:
    folder = Path(tempfile.mkdtemp(prefix="linli-kill-"))
    folder.chmod(0o755)
    made = House(folder)
    try:
        await made.start()
        yield made
    finally:
        made.end()
        servers = folder / "data/servers"
        if servers.is_symlink():
            shutil.rmtree(servers.resolve())
        shutil.rmtree(folder)


async def test_nothing_is_missing_and_nothing_twice(house: House, tmp_path: Path) -> None:
    seed = int(os.environ.get("LINLI_KILL_SEED") or random.SystemRandom().randrange(10**6))
    print(f"\nseed {seed} (LINLI_KILL_SEED={seed} repeats the choices)")
    chance = random.Random(seed)
    log = tmp_path / "acknowledged.jsonl"
    ledger = Ledger(log)
    began = time.monotonic()
    communities = await people(house, ledger, chance)
    lives = [asyncio.create_task(community.live()) for community in communities for _ in range(LIVES)]
    await kills(house, communities, chance, ledger, began)
    for community in communities:
        community.ended.set()
    await asyncio.gather(*lives)
    owner = await rest(house)
    assert [await owner.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == (
        ["on"] * 3
    )
    lines = await reckon(owner, log)
    broken = [str(found) for found in await invariants.check(owner)]
    dead = await due_while_dead(owner, house.downs)
    matched = await owner.fetchval("SELECT count(*) FROM history WHERE action = 'match'")
    parked = await owner.fetchval("SELECT count(*) FROM outbox")
    await owner.close()
    ledger.close()
    report(house, ledger, lines, dead, time.monotonic() - began)
    print(f"offers by the matcher {matched}")
    print(f"broken invariants: {broken or 0} of {len(invariants.ALL)}; rows left in the outbox: {parked}")
    print(f"missing {sum(line.missing for line in lines)}, twice {sum(line.twice for line in lines)}")
    assert [line for line in lines if line.missing or line.twice] == []
    assert (broken, parked) == ([], 0)
    assert ledger.strange == [], "5xx that are not 'busy'"
    assert ledger.acknowledged.total() >= COMMANDS
    assert dead >= DUE_WHILE_DEAD
    assert matched >= MATCHED
    assert min(Counter(down.part for down in house.downs)[part] for part in PARTS) >= 4
    assert house.flushes >= 1
    house.end()
    assert house.left() == []


async def people(house: House, ledger: Ledger, chance: random.Random) -> list[Community]:
    """The seeded street's people, logged in; limits of seconds for everything, by the administrator."""
    from app.local.seed import RESIDENTS, TEAMS, VOLUNTEERS  # noqa: PLC0415 - the domain, only where it is needed

    async def officer(login: str, password: str) -> Person:
        form = {"username": login, "password": password}
        return await Person.log_in(house.url, ledger, "/v1/auth/password", data=form)

    async def wechat(name: str) -> Person:
        return await Person.log_in(house.url, ledger, "/v1/auth/wechat", json={"code": f"demo:{name}"})

    async def serving(name: str) -> Person:
        volunteer = await wechat(name)
        said = {"daily_capacity": CAPACITY}
        answer = await volunteer.http.put("/v1/me/availability", json=said, headers={"Idempotency-Key": str(new_id())})
        assert answer.status_code == 200, answer.text
        return volunteer

    admin = await officer("admin", house.admin_password)
    others = [await serving(name) for team in TEAMS for name in team[2]]
    made = []
    for number in range(COMMUNITIES):
        resident = await wechat(RESIDENTS[number])
        home = (await resident.get("/v1/me"))["community_id"]
        service = (await resident.get("/v1/services", place_id=home))["items"][0]["id"]
        for kind, marks in LIMITS.items():
            await publish(admin, home, kind, chance.randint(*SECONDS.get(kind, (2, 4))), marks)
        dispatcher = await officer(f"paidan{number + 1:03d}", house.password)
        volunteer = await serving(VOLUNTEERS[number])
        own = random.Random(chance.getrandbits(64))
        street = {other.id: other for other in others}
        made.append(Community(resident, volunteer, dispatcher, service, own, street))
    return made


async def publish(admin: Person, place_id: str, kind: str, seconds: int, marks: tuple[tuple[Any, ...], ...]) -> None:
    effects = [
        {
            "percent": percent,
            "effects": [{"primitive": effect.partition(" ")[0], "target": effect.partition(" ")[2]} for effect in said],
        }
        for percent, *said in marks
    ]
    body = {
        "place_id": place_id,
        "matter_kind": "order",
        "deadline_kind": kind,
        "budget_seconds": seconds,
        "marks": effects,
    }
    answer = await admin.http.post("/v1/deadline-policies", json=body, headers={"Idempotency-Key": str(new_id())})
    assert answer.status_code == 200, answer.text


async def kills(
    house: House, communities: list[Community], chance: random.Random, ledger: Ledger, began: float
) -> None:
    """Kill parts in a random order at random moments; go on beyond the plan until enough was asked and fell due."""
    plan = [part for part in PARTS for _ in range(EACH)] + ["flush"] * FLUSHES
    chance.shuffle(plan)
    backs: list[asyncio.Task[None]] = []
    bursts: list[asyncio.Task[None]] = []
    while plan or not await enough(house, ledger):
        assert time.monotonic() - began < LONGEST_SECONDS, "not enough happened in the time"
        part = plan.pop() if plan else chance.choice(("worker", "api", "worker", "postgres"))
        await asyncio.sleep(chance.uniform(1.0, 4.0))
        if part == "flush":
            await house.flush()
            continue
        bursts += [asyncio.create_task(burst(community)) for community in communities]
        await asyncio.sleep(chance.uniform(0.3, 1.0))
        down = await house.kill(part)
        print(f"{time.monotonic() - began:6.1f} s  kill -9 {part}", flush=True)
        backs.append(asyncio.create_task(house.back(down)))
        if chance.random() < 0.75:  # else the next one dies while this one is still away
            await backs[-1]
    await asyncio.gather(*backs, *bursts)


async def burst(community: Community) -> None:
    for _ in range(BURST):
        with suppress(Refused):
            await community.place()


async def enough(house: House, ledger: Ledger) -> bool:
    if ledger.acknowledged.total() < COMMANDS * 1.05:
        return False
    with suppress(*AWAY):
        owner = await asyncpg.connect(house.owner_url, timeout=5)
        try:
            return await due_while_dead(owner, house.downs) >= DUE_WHILE_DEAD * 1.05
        finally:
            owner.terminate()
    return False


async def rest(house: House) -> asyncpg.Connection:
    """Wait until nothing is due, no order has a mark to come, and nothing waits to be told. A case that an order became waits
    for working days."""
    owner = await asyncpg.connect(house.owner_url)
    deadline = time.monotonic() + 60
    while await owner.fetchval(
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE failed_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM deadline d JOIN matter m ON m.id = d.matter_id WHERE d.next_at IS NOT NULL"
        "             AND (m.kind = 'order' OR d.next_at <= app_now()))"
    ):
        assert time.monotonic() < deadline, "the system did not come to rest"
        await asyncio.sleep(0.2)
    return owner


def report(house: House, ledger: Ledger, lines: list[Line], dead: int, seconds: float) -> None:
    print(f"\n{'killed':<12}{'times':>6}{'back after: shortest':>24}{'median':>9}{'longest':>9}")
    for part in PARTS:
        took = [down.seconds for down in house.downs if down.part == part]
        print(f"{part:<12}{len(took):>6}{min(took):>22.1f} s{median(took):>7.1f} s{max(took):>7.1f} s")
    print(f"FLUSHALL    {house.flushes:>6}")
    print(f"\nacknowledged commands {ledger.acknowledged.total()}: {dict(ledger.acknowledged.most_common())}")
    print(f"refused {ledger.refused.total()}: {dict(ledger.refused.most_common())}")
    print(f"requests that were sent again {ledger.repeated}; 5xx other than busy {len(ledger.strange)}")
    print(f"deadlines that fell due while something was dead {dead}")
    print(f"longest recovery {max(down.seconds for down in house.downs):.1f} s; whole run {seconds:.0f} s\n")
    print(f"{'compared':<40}{'expected':>9}{'missing':>9}{'twice':>7}")
    for line in lines:
        print(f"{line.what:<40}{line.expected:>9}{line.missing:>9}{line.twice:>7}")
