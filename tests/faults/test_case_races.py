"""Two moves of one case meet, over real HTTP and beside a working worker: one wins, the other is told so (domain.md §5)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.cases import converting, setting_aside
from app.kernel.command import SYSTEM_CALLER, execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.rules import Role
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.faults.conftest import Arena
from tests.people import Someone
from tests.stories.casework import RESULT, at_street, reported
from tests.world import new_key

TIMES = 8


@pytest.fixture
async def worker(arena: Arena) -> AsyncIterator[Database]:
    made = await Database.connect(arena.settings.worker_url, size=8)
    yield made
    await made.close()


@pytest.fixture
async def settle(worker: Database) -> Callable[[], Awaitable[None]]:
    """Let the worker do all that is due."""

    async def done() -> None:
        busy = True
        while busy:
            async with worker.pool.acquire() as connection:
                busy = bool(await sweep_once(connection)) | bool(await relay_notices(connection))
            busy |= await react_once(worker, REACTIONS)

    return done


async def outcome(asked: Awaitable[object]) -> str:
    try:
        await asked
    except Refusal as refusal:
        return refusal.code
    return "done"


async def code(who: Someone, path: str, body: dict | None = None) -> str:
    answer = await who.ask("POST", path, body)
    return "done" if answer.status_code == 200 else answer.json()["code"]


async def test_two_reactions_make_one_case_of_an_order(arena: Arena, worker: Database) -> None:
    grandmother = await arena.street.resident("王奶奶")
    dispatcher = await arena.street.with_role("张敏", Role.DISPATCHER)
    for _ in range(TIMES):
        body = {"service_id": arena.street.service_id, "note": "楼道灯坏了"}
        order = (await grandmother.post("/v1/orders", body))["id"]
        await dispatcher.post(f"/v1/orders/{order}/convert", {"reason": "线路老化"})
        twice = [
            outcome(execute(worker, converting.open_converted, SYSTEM_CALLER, new_key(), UUID(order), {}))
            for _ in range(2)
        ]
        assert Counter(await asyncio.gather(*twice)) == {"done": 1, "transition-refused": 1}
        assert (await grandmother.get(f"/v1/orders/{order}"))["case_id"]


async def test_whoever_joins_twice_at_once_has_joined_once(arena: Arena) -> None:
    grandmother, neighbour = [await arena.street.resident(name) for name in ("钱奶奶", "李大爷")]
    for _ in range(TIMES):
        case = await reported(grandmother)
        twice = [code(neighbour, f"{case}/join", {"words": "我家也是"}) for _ in range(2)]
        assert Counter(await asyncio.gather(*twice)) == {"done": 1, "already-joined": 1}
        assert (await neighbour.get(case))["reporters"] == 2


async def test_a_merge_meets_the_result(arena: Arena, settle: Callable[[], Awaitable[None]]) -> None:
    one, two = [await arena.street.resident(name) for name in ("孙奶奶", "周大爷")]
    secretary = await arena.street.with_role("书记甲", Role.SECRETARY)
    ends = Counter[str]()
    for _ in range(TIMES):
        parent, child = await reported(one), await reported(two)
        for case in (parent, child):
            await secretary.post(f"{case}/triage", {"lane": "big"})
        merged, result = await asyncio.gather(
            code(secretary, f"{child}/merge", {"parent_id": parent.rpartition("/")[2]}),
            code(secretary, f"{parent}/result", RESULT),
        )
        await settle()
        assert result == "done"
        assert merged in ("done", "transition-refused")
        ends[merged] += 1
        state = (await two.get(child))["state"]
        assert state == ("callback" if merged == "done" else "handling"), "nobody who was merged is forgotten"
    assert sum(ends.values()) == TIMES
    assert await arena.broken() == []


async def test_two_that_merge_into_each_other_do_not_both(arena: Arena) -> None:
    one, two = [await arena.street.resident(name) for name in ("吴奶奶", "郑大爷")]
    secretary = await arena.street.with_role("书记乙", Role.SECRETARY)
    for _ in range(TIMES):
        first, second = await reported(one), await reported(two)
        pair = ((first, second), (second, first))
        ends = await asyncio.gather(
            *(code(secretary, f"{a}/merge", {"parent_id": b.rpartition("/")[2]}) for a, b in pair)
        )
        assert Counter(ends)["done"] == 1, ends
        states = sorted([(await one.get(first))["state"], (await two.get(second))["state"]])
        assert states == ["merged", "reported"]


async def test_whoever_wakes_a_case_meets_its_review(arena: Arena, worker: Database) -> None:
    grandmother = await arena.street.resident("冯奶奶")
    chief = await at_street(arena.street, await reported(grandmother))
    ends = Counter[str]()
    for number in range(TIMES):
        case = await reported(grandmother, words=f"第 {number} 盏灯不亮")
        secretary = await arena.street.with_role(f"书记{number}", Role.SECRETARY)
        await secretary.post(f"{case}/triage", {"lane": "hard"})
        await secretary.post(f"{case}/escalate", {"reason": "无权限", "tried": "看过"})
        review_at = (datetime.now(UTC) + timedelta(days=2)).isoformat()
        await chief.post(f"{case}/hang", {"owner": "建设办", "must_change": "立项", "review_at": review_at})
        found = (await grandmother.get(f"{case}/deadlines"))["items"]
        review = next(d["id"] for d in found if d["kind"] == "review")
        by_review = execute(
            worker,
            setting_aside.wake,
            SYSTEM_CALLER,
            new_key(),
            UUID(case.rpartition("/")[2]),
            {"deadline_id": UUID(review)},
        )
        by_hand = [code(chief, f"{case}/wake") for _ in range(2)]
        ends.update(await asyncio.gather(*by_hand, outcome(by_review)))
        history = (await grandmother.get(f"{case}/history"))["items"]
        assert [row["action"] for row in history].count("wake") == 1
        live = [d["kind"] for d in (await grandmother.get(f"{case}/deadlines"))["items"] if d["stopped_at"] is None]
        assert live.count("resolve_street") == 1
    assert ends == {"done": TIMES, "transition-refused": 2 * TIMES}
