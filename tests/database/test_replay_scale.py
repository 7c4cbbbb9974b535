"""A million deadlines are replayed in one request. It prints how long that takes, and asserts only that it is right:

.venv/bin/python -m pytest -s -m slow tests/database/test_replay_scale.py
"""

import time
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson
import pytest

from app.domain.deadlines.models import Limits, MarkPlan
from app.domain.deadlines.replay import Drafted, Replay
from app.domain.deadlines.replaying import replay
from app.kernel.calendar_store import week_of, workdays_of
from app.kernel.calendars import WHOLE_DAY, Calendar, CalendarName
from app.kernel.database import Database
from app.kernel.deadlines import Stretch, Timing
from app.kernel.ids import new_id
from app.kernel.time import CHINA
from app.local.postgres import PostgresServer, create_database, drop_database
from tests.conftest import TEMPLATE
from tests.world import LONG_AGO, World, build

pytestmark = pytest.mark.slow

MILLION = 1_000_000
COMMUNITIES = 40
SAMPLE = 500
KIND = "coordinate"
UNTIL = datetime(2026, 3, 20, 10, 30, tzinfo=CHINA)
SINCE = UNTIL - timedelta(days=90)
AFTERNOONS = [[[46_800, 68_400]]] * 7
MARKS = (MarkPlan(100, ()),)
LIMITS = {
    "WALL": Limits(CalendarName.WALL, 3 * 3600, None, MARKS),
    "DUTY": Limits(CalendarName.DUTY, 3 * 3600, None, MARKS, None, 50),
    "WORK": Limits(CalendarName.WORK, None, 1, MARKS, None, 50),
}

# Communities 1 to COMMUNITIES; every fourth is open in the afternoon only. Starts spread over the period; most are stopped
# within hours, one in fifty runs on; one in twenty has been paused, for up to a day.
_WORLD = f"""
SET session_replication_role = replica;
CREATE SCHEMA bench;
CREATE FUNCTION bench.id(word text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (word || '-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
INSERT INTO place (id, code, parent_id, level, name)
SELECT bench.id('01980003', c), '98' || lpad(c::text, 10, '0'), '{{street}}', 'community', '社区 ' || c
  FROM generate_series(1, {COMMUNITIES}) c;
INSERT INTO place_ancestor (place_id, ancestor_id, depth)
SELECT bench.id('01980003', c), a.ancestor_id, a.depth + 1
  FROM generate_series(1, {COMMUNITIES}) c, place_ancestor a WHERE a.place_id = '{{street}}'
UNION ALL SELECT bench.id('01980003', c), bench.id('01980003', c), 0 FROM generate_series(1, {COMMUNITIES}) c;
INSERT INTO calendar_hours (id, place_id, calendar, version, week, published_by, published_at)
SELECT gen_random_uuid(), bench.id('01980003', c), calendar, 1, '{{week}}', '{{person}}', '2026-01-01'
  FROM generate_series(4, {COMMUNITIES}, 4) c, unnest(ARRAY['DUTY', 'WORK']) calendar;
SELECT setseed(0.5);
CREATE TABLE bench.wave AS
SELECT k, bench.id('01980004', k) AS id, bench.id('01980003', 1 + k % {COMMUNITIES}) AS place_id,
       1 + (random() < 0.1)::int AS round,
       '{{since}}'::timestamptz + random() * interval '90 days' AS started_at, -ln(1 - random()) * interval '6 hours' AS took,
       random() < 0.05 AS paused, random() < 0.02 AS runs
  FROM generate_series(1, {MILLION}) k;
INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool, moved_by,
                    moved_in, created_at, changed_at)
SELECT id, 'order', place_id, 'cancelled', 2, 1, '{{person}}', '{{person}}', '{{person}}', false, '{{person}}', 0,
       started_at, started_at FROM bench.wave;
INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                      budget_seconds, pausable, stopped_at)
SELECT bench.id('01980005', k), id, place_id, '{KIND}', round, '{{policy}}'::uuid, started_at, started_at + interval '4 hours',
       '{{{{80,100}}}}'::int[], ARRAY[started_at + interval '3 hours', started_at + interval '4 hours'], 0, 14400, true,
       CASE WHEN NOT runs AND started_at + took < '{{until}}' THEN started_at + took END FROM bench.wave;
INSERT INTO deadline_pause (id, deadline_id, matter_id, place_id, pausable, reason, paused_by, from_at, until_at, limit_at)
SELECT gen_random_uuid(), bench.id('01980005', k), id, place_id, true, 'question', '{{person}}', started_at + took / 4,
       started_at + took / 4 + random() * interval '1 day', started_at + interval '3 years' FROM bench.wave WHERE paused;
ANALYZE matter, deadline, deadline_pause, place, place_ancestor;
"""


@dataclass
class Ground:
    world: World
    app: Database
    url: str


@pytest.fixture(scope="module")
async def ground(postgres: PostgresServer) -> AsyncIterator[Ground]:
    name = "linli_replay_scale"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    world = await build(postgres.url("linli_owner", name))
    superuser = await asyncpg.connect(postgres.url("postgres", name), timeout=60)
    began = time.perf_counter()
    policy_id = await superuser.fetchval(
        "SELECT id FROM deadline_policy WHERE place_id = $1 AND deadline_kind = $2", world.street, KIND
    )
    await superuser.execute(
        _WORLD.format(
            street=world.street,
            person=world.people["管理员"],
            week=orjson.dumps(AFTERNOONS).decode(),
            since=SINCE.isoformat(),
            until=UNTIL.isoformat(),
            policy=policy_id,
        )
    )
    await superuser.close()
    print(f"\n{MILLION:,} deadlines written in {time.perf_counter() - began:.1f} s")
    app = await Database.connect(postgres.url("linli_app", name), size=2)
    yield Ground(world, app, postgres.url("postgres", name))
    await app.close()
    await world.owner.close()
    drop_database(postgres, name)


async def drafted(ground: Ground, limits: Limits) -> Drafted:
    draft = Drafted(new_id(), "order", KIND, limits)
    await ground.world.owner.execute(
        "INSERT INTO deadline_policy_draft VALUES ($1, $2, 'order', $3, '', $4, $5, $6)",
        draft.id,
        ground.world.street,
        KIND,
        orjson.dumps(asdict(limits)).decode(),
        ground.world.people["管理员"],
        LONG_AGO,
    )
    return draft


async def ask(ground: Ground, draft: Drafted, period: Stretch) -> Replay:
    caller = await ground.world.caller(ground.world.people["管理员"])
    async with ground.app.reading(caller.person_id, caller.family) as connection:
        return await replay(connection, draft, ground.world.street, period, UNTIL, None)


@pytest.mark.parametrize("name", LIMITS)
async def test_a_million_deadlines_are_replayed(ground: Ground, name: str) -> None:
    draft = await drafted(ground, LIMITS[name])
    for attempt in ("first", "again"):
        began = time.perf_counter()
        answer = await ask(ground, draft, (SINCE, UNTIL))
        print(f"{name}, {attempt}: {time.perf_counter() - began:.2f} s; {answer.total}")
    assert answer.total.deadlines == MILLION
    assert len(answer.places) == COMMUNITIES
    assert answer.total.before + answer.total.newly - answer.total.no_longer == answer.total.under_draft

    began = time.perf_counter()
    sample = await some(ground)
    expected = await slowly(ground, sample, LIMITS[name])
    print(f"{name}: a sample of {len(sample)} one by one in Python: {time.perf_counter() - began:.2f} s")
    period = (sample[0]["started_at"], sample[-1]["started_at"] + timedelta(microseconds=1))
    found = await ask(ground, draft, period)
    assert found.total.deadlines == len(sample) >= SAMPLE
    total = found.total
    assert (total.before, total.under_draft, total.newly, total.no_longer) == (
        sum(before for before, _ in expected.values()),
        sum(would for _, would in expected.values()),
        sum(would and not before for before, would in expected.values()),
        sum(before and not would for before, would in expected.values()),
    )
    assert {one.id for one in found.newly[:100]} <= {key for key, one in expected.items() if one == (False, True)}


async def some(ground: Ground) -> list[asyncpg.Record]:
    """So many that started one after another, from the middle of the period: those of a replay of their own."""
    return await ground.world.owner.fetch(
        "SELECT d.*, (SELECT coalesce(array_agg(ARRAY[p.from_at, p.until_at]), '{}') FROM deadline_pause p"
        " WHERE p.deadline_id = d.id) AS pauses FROM deadline d WHERE d.started_at >= $1 ORDER BY d.started_at LIMIT $2",
        SINCE + timedelta(days=50, hours=3),
        SAMPLE,
    )


async def slowly(ground: Ground, sample: list[asyncpg.Record], limits: Limits) -> dict[UUID, tuple[bool, bool]]:
    """Of each, whether it was missed, and whether the draft would have missed it."""
    owner = ground.world.owner
    hours = await owner.fetch("SELECT place_id, week FROM calendar_hours WHERE calendar = $1", limits.calendar)
    weeks = {row["place_id"]: week_of(orjson.loads(row["week"])) for row in hours}
    row = await owner.fetchrow("SELECT years, days FROM workday_set ORDER BY version DESC LIMIT 1")
    workdays = workdays_of(row["years"], orjson.loads(row["days"])) if limits.calendar == "WORK" else None
    found = {}
    for d in sample:
        week = weeks.get(d["place_id"], weeks[None]) if weeks else WHOLE_DAY
        calendar = Calendar(limits.calendar, week, workdays)
        budget = timedelta(seconds=limits.budget_seconds or 0) or calendar.working_day
        if d["round"] > 1:
            budget = budget * limits.later_round_percent / 100
        pauses = tuple((begin, end) for begin, end in d["pauses"])
        end = d["stopped_at"] or UNTIL
        due = Timing(d["started_at"], budget, (100,), calendar, pauses).at(100)
        found[d["id"]] = (d["due_at"] <= end, due <= end)
    return found
