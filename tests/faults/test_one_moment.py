"""What falls due in one moment fires once each, whoever dies; and an answer at that moment is in time or marked, never both."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app.local.postgres import PostgresServer
from tests.faults.conftest import Arena
from tests.faults.programs import Program
from tests.faults.test_races import crew, until_told
from tests.people import Someone

pytestmark = pytest.mark.kill

BUDGET_SECONDS = 60
AT_ONE_MOMENT = 20_000
ANSWERS = 500
SPREAD_SECONDS = 0.05

# Orders that wait, each with a respond that is due at its moment: `first` and then one every `step`; coordinate and the matcher's
# turn run as well, and are due much later.
_ORDERS = """
WITH made AS MATERIALIZED (
  SELECT gen_random_uuid() AS id, $1::timestamptz + k * $2::interval - make_interval(secs => $3) AS at
    FROM generate_series(0, $4::int - 1) k),
m AS (INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool, moved_by,
                          moved_in, created_at, changed_at)
      SELECT id, 'order', $5, 'submitted', 1, 1, $6, $6, $6, false, $6, 0, at, at FROM made),
h AS (INSERT INTO history (matter_id, version, place_id, action, to_state, actor_id, through, at, note)
      SELECT id, 1, $5, 'place', 'submitted', $6, 'subtree', at, '{}' FROM made),
o AS (INSERT INTO order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
      SELECT id, $5, $7, '请帮忙', 0, 0 FROM made),
c AS (INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                            budget_seconds, pausable)
      SELECT gen_random_uuid(), made.id, $5, p.deadline_kind, 1, p.id, at, at + make_interval(secs => p.budget_seconds),
             p.percents, ARRAY(SELECT at + make_interval(secs => p.budget_seconds * x / 100.0) FROM unnest(p.percents) x), 0,
             p.budget_seconds, p.deadline_kind = 'coordinate'
        FROM made, deadline_policy p
       WHERE p.place_id = $9 AND p.category = '' AND p.deadline_kind IN ('coordinate', 'dispatch'))
INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired, budget_seconds)
SELECT gen_random_uuid(), id, $5, 'respond', 1, $8, at, at + make_interval(secs => $3), '{100}',
       ARRAY[at + make_interval(secs => $3)], 0, $3 FROM made RETURNING matter_id, due_at"""


@pytest.fixture
async def superuser(arena: Arena, postgres: PostgresServer) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url("postgres", arena.settings.migration_url.rpartition("/")[2]))
    yield connection
    await connection.close()


async def waiting(
    arena: Arena, superuser: asyncpg.Connection, resident: Someone, first_in: float, step: float, count: int
) -> dict[UUID, datetime]:
    """So many orders; the moment at which each has to be answered."""
    street = arena.street
    limit = {
        "place_id": str(street.world.street), "deadline_kind": "respond", "budget_seconds": BUDGET_SECONDS,
        "marks": [{"percent": 100, "effects": [
            {"primitive": "notify", "target": "dispatcher"}, {"primitive": "set_holder", "target": "secretary"},
            {"primitive": "open_pool"},
        ]}],
    }  # fmt: skip
    # Published once, for the street outlives a test.
    policy = await street.world.owner.fetchval(
        "SELECT id::text FROM deadline_policy WHERE place_id = $1 AND deadline_kind = 'respond' AND budget_seconds = $2",
        street.world.street, BUDGET_SECONDS,
    ) or (await street.administrator.post("/v1/deadline-policies", limit))["id"]  # fmt: skip
    now = await superuser.fetchval("SELECT clock_timestamp()")
    async with superuser.transaction():
        await superuser.execute("SET LOCAL session_replication_role = replica")
        rows = await superuser.fetch(
            _ORDERS, now + timedelta(seconds=first_in), timedelta(seconds=step), BUDGET_SECONDS, count,
            street.world.east, resident.id, UUID(street.service_id), UUID(policy), street.world.street,
        )  # fmt: skip
        # What an order is found by is written by a trigger, which slept.
        await superuser.execute("SET LOCAL session_replication_role = origin")
        made = [row["matter_id"] for row in rows]
        await superuser.execute("UPDATE order_detail SET note = note WHERE matter_id = ANY ($1)", made)
    await superuser.execute("ANALYZE")
    return {row["matter_id"]: row["due_at"] for row in rows}


async def test_twenty_thousand_due_at_one_moment_fire_once_each_though_a_worker_is_killed(
    arena: Arena, superuser: asyncpg.Connection, tmp_path: Path
) -> None:
    resident = await arena.street.resident("王秀英")
    with (
        Program("worker", arena.settings, tmp_path / "one") as one,
        Program("worker", arena.settings, tmp_path / "two"),
    ):
        await waiting(arena, superuser, resident, 20, 0, AT_ONE_MOMENT)
        end = time.monotonic() + 120
        killed, marks = False, 0
        while marks < AT_ONE_MOMENT and time.monotonic() < end:
            marks = await superuser.fetchval("SELECT count(*) FROM mark")
            if not killed and marks >= 1000:
                one.process.kill()
                killed = True
            await asyncio.sleep(0.02)
        assert killed
        await asyncio.sleep(1)
        await until_told(arena)
    per_deadline = await superuser.fetch("SELECT count(*) AS times FROM mark GROUP BY deadline_id")
    assert [row["times"] for row in per_deadline] == [1] * AT_ONE_MOMENT
    moved = await superuser.fetchrow(
        "SELECT count(*) FILTER (WHERE open_pool AND holder_id IS NOT NULL AND version = 2) AS once, count(*) AS all FROM matter"
    )
    assert tuple(moved) == (AT_ONE_MOMENT, AT_ONE_MOMENT)
    told = await superuser.fetchval(
        "SELECT count(DISTINCT subject_id) FROM inbox_message WHERE topic = 'deadline.mark'"
    )
    assert told == AT_ONE_MOMENT
    assert await arena.broken() == []


async def test_five_hundred_answers_around_their_moments_are_in_time_or_marked_never_both(
    arena: Arena, superuser: asyncpg.Connection
) -> None:
    resident = await arena.street.resident("李大爷")
    dispatcher = await arena.street.with_role("张敏", "dispatcher")
    chance = random.Random(20)
    async with crew(arena, sweepers=2, relays=2) as failures:
        moments = await waiting(arena, superuser, resident, 4, 0.02, ANSWERS)

        async def answer(order: UUID, due: datetime) -> None:
            now = await superuser_now()
            await asyncio.sleep((due - now).total_seconds() + chance.uniform(-SPREAD_SECONDS, SPREAD_SECONDS))
            await dispatcher.post(f"/v1/orders/{order}/contact", {"channel": "phone", "text": "已联系"})

        offset = await superuser.fetchval("SELECT clock_timestamp()") - datetime.now(
            tz=next(iter(moments.values())).tzinfo
        )

        async def superuser_now() -> datetime:
            return datetime.now(tz=next(iter(moments.values())).tzinfo) + offset

        await asyncio.gather(*(answer(order, due) for order, due in moments.items()))
        await until_told(arena)
    assert failures == []
    rows = await superuser.fetch(
        "SELECT d.stopped_at, d.due_at, (SELECT count(*) FROM mark k WHERE k.deadline_id = d.id) AS marks, m.version,"
        " (SELECT count(*) FROM inbox_message i WHERE i.subject_id = m.id AND i.topic = 'deadline.mark') AS told"
        " FROM deadline d JOIN matter m ON m.id = d.matter_id WHERE d.kind = 'respond' AND m.id = ANY ($1)",
        list(moments),
    )
    in_time = [row for row in rows if row["stopped_at"] < row["due_at"]]
    late = [row for row in rows if row["stopped_at"] >= row["due_at"]]
    assert len(in_time) + len(late) == ANSWERS
    assert {(row["marks"], row["told"]) for row in in_time} == {(0, 0)}
    assert {row["marks"] for row in late} == {1}
    assert {row["told"] for row in late} <= {1, 2, 3}, "the notice once to each dispatcher, and to who holds it now"
    assert min(len(in_time), len(late)) > ANSWERS // 10, f"no race took place: {len(in_time)} in time, {len(late)} late"
    assert await arena.broken() == []
