"""Search and the pool over a million orders. It prints how long they take, and asserts only that they are right:

.venv/bin/python -m pytest -s -m slow tests/database/test_search_scale.py
"""

import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import pytest

from app.domain.orders import finding
from app.domain.orders.filters import Filters
from app.domain.orders.finding import Wanted
from app.domain.orders.models import OrderState
from app.kernel.database import Database
from app.kernel.rules import Role
from app.local.postgres import PostgresServer, create_database, drop_database
from tests.conftest import TEMPLATE
from tests.world import World, build

pytestmark = pytest.mark.slow

MILLION = 1_000_000
COMMUNITIES = 200
WAITING = 40_000

# Two years of orders in two hundred communities. Every note holds four of these; one in fifty thousand speaks of 拔罐.
PHRASES = (
    "陪同去医院", "帮忙取药", "买米买油", "修水龙头", "换灯泡", "打扫卫生", "理发", "量血压", "读报纸", "通下水道", "搬家具",
    "接孩子放学", "辅导功课", "代缴水电费", "办理社保", "教用手机", "修自行车", "送餐上门", "晒被子", "聊聊天", "陪散步",
    "测血糖", "调解邻里", "法律咨询", "照看宠物", "浇花", "装扶手", "清洗油烟机", "修门锁", "办老年卡",
)  # fmt: skip

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
SELECT setseed(0.5);
CREATE TABLE bench.wave AS
SELECT k, bench.id('01980004', k) AS id, bench.id('01980003', 1 + k % {COMMUNITIES}) AS place_id,
       app_now() - random() * interval '730 days' AS at, k <= {WAITING} AS waits,
       p[1 + (random() * 29)::int] || ',' || p[1 + (random() * 29)::int] || '。' || p[1 + (random() * 29)::int] || ' '
         || p[1 + (random() * 29)::int] || CASE WHEN k % 50000 = 7 THEN ',拔罐' ELSE '' END AS note
  FROM generate_series(1, {MILLION}) k, (SELECT '{{phrases}}'::text[] AS p) vocabulary;
UPDATE bench.wave SET at = app_now() - random() * interval '2 days' WHERE waits;
INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool, moved_by,
                    moved_in, created_at, changed_at)
SELECT id, 'order', place_id, CASE WHEN waits THEN 'submitted' ELSE 'cancelled' END, 1, 1, '{{person}}', '{{person}}',
       '{{person}}', k % 7 = 0, '{{person}}', 0, at, at FROM bench.wave;
INSERT INTO order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
SELECT id, place_id, '{{service}}', note, 0, 0 FROM bench.wave;
INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired, budget_seconds)
SELECT gen_random_uuid(), w.id, w.place_id, l.kind, 1, '{{policy}}', w.at, w.at + l.budget, '{{{{100}}}}',
       ARRAY[w.at + l.budget], 0, 60
  FROM bench.wave w, (VALUES ('respond', interval '20 minutes'), ('reply', interval '30 minutes'),
       ('coordinate', interval '4 hours'), ('plan', interval '1 day')) l(kind, budget) WHERE w.waits;
"""
_INDEXED = """
SET maintenance_work_mem = '512MB';
SET jit = off;
DROP INDEX order_search_tokens;
INSERT INTO order_search (matter_id, place_id, created_at, body, tokens)
SELECT m.id, m.place_id, m.created_at, f.form, search_grams(f.form) || ('p:' || m.place_id)
  FROM matter m JOIN order_detail d ON d.matter_id = m.id JOIN service s ON s.id = d.service_id
  CROSS JOIN LATERAL search_form(concat_ws(' ', d.note, s.name, d.outcome)) f(form);
CREATE INDEX order_search_tokens ON order_search USING gin (tokens)"""


@dataclass
class Ground:
    world: World
    app: Database
    superuser: asyncpg.Connection
    people: dict[str, UUID]


@pytest.fixture(scope="module")
async def ground(postgres: PostgresServer) -> AsyncIterator[Ground]:
    name = "linli_search_scale"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    world = await build(postgres.url("linli_owner", name))
    superuser = await asyncpg.connect(postgres.url("postgres", name))
    blanks = {
        "street": str(world.street),
        "person": str(world.people["西居民"]),
        "service": str(world.service),
        "phrases": "{" + ",".join(PHRASES) + "}",
        "policy": str(await superuser.fetchval("SELECT id FROM deadline_policy WHERE deadline_kind = 'plan' LIMIT 1")),
    }
    began = time.perf_counter()
    await superuser.execute(_WORLD.format(**blanks), timeout=600)
    print(f"\n{MILLION:,} orders written in {time.perf_counter() - began:.1f} s", flush=True)
    began = time.perf_counter()
    await superuser.execute(_INDEXED, timeout=1200)
    await superuser.execute("VACUUM ANALYZE matter, order_detail, order_search, deadline, place_ancestor", timeout=600)
    size = await superuser.fetchval("SELECT pg_size_pretty(pg_relation_size('order_search_tokens'))")
    print(f"words of each indexed in {time.perf_counter() - began:.1f} s, the index is {size}", flush=True)
    one = UUID("01980003-0000-7000-8000-000000000002")
    people = {
        "of one community": await world.person("社区派单员", Role.DISPATCHER, one),
        "of two hundred": await world.person("街道书记", Role.SECRETARY, world.street),
        "volunteer": await world.person("社区志愿者", Role.VOLUNTEER, one),
        "resident": world.people["王奶奶"],
    }
    app = await Database.connect(postgres.url("linli_app", name), size=2)
    yield Ground(world, app, superuser, people)
    await app.close()
    await superuser.close()
    await world.owner.close()
    drop_database(postgres, name)


async def timed(ground: Ground, who: str, what: str, find) -> list:
    """What is found, the second time; it prints how long both took."""
    caller = await ground.world.caller(ground.people[who])
    took = []
    for _ in range(2):
        async with ground.app.reading(caller.person_id, caller.family) as connection:
            began = time.perf_counter()
            rows = await find(connection)
            took.append((time.perf_counter() - began) * 1000)
    print(f"{what:<34} {who:<18} {took[0]:8.1f} ms, again {took[1]:8.1f} ms, {len(rows)} rows", flush=True)
    return list(rows)


SEARCHES = {
    # what is searched: how many of a page of twenty there are, of one community and of two hundred
    "药": 21, "药 扶手": 21, "取药": 21, "陪同去医院": 21, "拔罐": 20, "罐": 20, "拔罐 取药": None, "火箭": 0, "陪同就医": 21,
}  # fmt: skip


@pytest.mark.parametrize("who", ["of one community", "of two hundred"])
@pytest.mark.parametrize("words", SEARCHES)
async def test_words_are_found(ground: Ground, who: str, words: str) -> None:
    rows = await timed(ground, who, words, lambda c: finding.search(c, Wanted(words=words), Filters(), None, 20))
    for word in words.split():
        assert all(word in row["note"] + row["service_name"] for row in rows)
    assert [row["id"] for row in rows] == [row["id"] for row in sorted(rows, key=_newest, reverse=True)]
    place = UUID("01980003-0000-7000-8000-000000000002") if who == "of one community" else None
    patterns = [f"%{word}%" for word in words.split()]
    expected = await ground.superuser.fetch(
        "SELECT m.id FROM matter m JOIN order_detail d ON d.matter_id = m.id JOIN service s ON s.id = d.service_id"
        " WHERE d.note || ' ' || s.name LIKE ALL ($1) AND ($2::uuid IS NULL OR m.place_id = $2)"
        " ORDER BY m.created_at DESC, m.id DESC LIMIT 21",
        patterns,
        place,
    )
    assert [row["id"] for row in rows] == [row["id"] for row in expected]


def _newest(row) -> tuple:
    return row["created_at"], row["id"]


@pytest.mark.parametrize("who", ["volunteer", "resident"])
@pytest.mark.parametrize("words", ["药", "取药"])
async def test_those_without_a_post_find_nothing_of_it(ground: Ground, who: str, words: str) -> None:
    rows = await timed(ground, who, words, lambda c: finding.search(c, Wanted(words=words), Filters(), None, 20))
    assert rows == []


@pytest.mark.parametrize("who", ["of one community", "of two hundred"])
async def test_a_state_and_a_late_page_are_found(ground: Ground, who: str) -> None:
    few = Filters((OrderState.SUBMITTED,))
    rows = await timed(ground, who, "取药, waiting", lambda c: finding.search(c, Wanted(words="取药"), few, None, 20))
    assert {row["state"] for row in rows} == {"submitted"}
    none = Filters((OrderState.IN_SERVICE,))
    assert (
        await timed(ground, who, "药, in service", lambda c: finding.search(c, Wanted(words="药"), none, None, 20))
        == []
    )
    old = Filters(until=rows[-1]["created_at"].replace(year=rows[-1]["created_at"].year - 1))
    rows = await timed(ground, who, "药, a year ago", lambda c: finding.search(c, Wanted(words="药"), old, None, 20))
    assert len(rows) == 21


@pytest.mark.parametrize("who", ["of one community", "of two hundred", "volunteer"])
async def test_the_pool_comes_in_its_order(ground: Ground, who: str) -> None:
    rows = await timed(ground, who, "the pool", lambda c: finding.list_pool(c, Filters(), None, 20))
    assert len(rows) == 21
    assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)
    after = finding.Cursor(rows[-1]["place_in_list"], rows[-1]["id"])
    more = await timed(ground, who, "the pool, page two", lambda c: finding.list_pool(c, Filters(), after, 20))
    assert not {row["id"] for row in rows} & {row["id"] for row in more}


async def test_the_ways_that_postgres_goes(ground: Ground) -> None:
    """Printed: for a rare and for a frequent word of one community, and for the newest day of a word that all have."""
    place = "ARRAY['p:01980003-0000-7000-8000-000000000002']"
    for what, condition in {
        "a rare word": "tokens @> ARRAY['拔罐']",
        "a frequent word of one community": f"tokens @> ARRAY['取药'] AND tokens && {place}",
        "the newest day of a word that all have": (
            "tokens @> ARRAY['就医'] AND created_at >= (SELECT app_now()) - interval '1 day'"
        ),
    }.items():
        plan = await ground.superuser.fetchval(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT matter_id FROM order_search WHERE {condition}"
        )
        found = json.loads(plan)[0]
        indexes = re.findall(r'"Index Name": "(\w+)"', plan)
        print(what, indexes, found["Execution Time"], "ms,", found["Plan"]["Shared Hit Blocks"], "blocks")
        assert indexes, "never the whole table"
