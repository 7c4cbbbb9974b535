"""`linli check`: every invariant holds for a life of orders, and each one is reported when somebody breaks it by hand.

The hand is the superuser's with triggers switched off, in a transaction that is rolled back. What is true of cases and their
call-backs is broken in files of their own.
"""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from app import invariants
from app.domain.exclusions import service as exclusions
from app.domain.exclusions.models import ExclusionReason
from app.domain.orders import dispatching, outcomes
from app.domain.orders import service as orders
from app.kernel.command import execute
from app.kernel.database import Database
from app.local.postgres import PostgresServer, create_database, drop_database
from app.workers.deadlines import sweep_once
from app.workers.outbox import react_once, relay_notices
from app.workers.reactions import REACTIONS
from tests.conftest import TEMPLATE
from tests.database import test_case_invariants
from tests.stories import test_callback_invariants
from tests.world import World, build, new_key

ROOT = Path(__file__).parents[2]

# One statement that breaks each invariant. {name}: an order of `lives`, or whatever else is named there.
SABOTAGE = {
    "history-complete": "DELETE FROM history WHERE matter_id = '{rated}' AND version = 3",
    "history-chained": "UPDATE history SET to_state = 'offered' WHERE matter_id = '{rated}' AND version = 3",
    "moves-legal": "UPDATE history SET to_state = 'rated' WHERE matter_id = '{rated}' AND version = 1",
    "promise-has-deadline": "UPDATE deadline SET stopped_at = started_at WHERE matter_id = '{accepted}'",
    "live-deadline-once": (
        "DROP INDEX deadline_live;"
        " INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)"
        " SELECT gen_random_uuid(), matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired"
        " FROM deadline WHERE matter_id = '{accepted}' AND stopped_at IS NULL"
    ),
    "end-stops-deadlines": "UPDATE deadline SET stopped_at = NULL WHERE matter_id = '{rated}' AND kind = 'finish'",
    "met-or-missed": "UPDATE deadline SET stopped_at = due_at WHERE matter_id = '{rated}' AND kind = 'finish'",
    "met-or-missed, the other way": (
        "INSERT INTO mark SELECT id, 100, matter_id, place_id, due_at, due_at FROM deadline"
        " WHERE matter_id = '{rated}' AND kind = 'finish'"
    ),
    "marks-counted": "DELETE FROM mark WHERE matter_id = '{missed}' AND percent = 80",
    "marks-counted, one too many": "UPDATE deadline SET fired = 1 WHERE matter_id = '{missed}' AND kind = 'respond'",
    "mark-not-early": "UPDATE mark SET fired_at = due_at - interval '1 microsecond' WHERE matter_id = '{missed}'",
    "due-computed": (
        "UPDATE deadline SET due_at = due_at + interval '1 second', times[2] = times[2] + interval '1 second'"
        " WHERE matter_id = '{accepted}' AND kind = 'plan'"
    ),
    "due-computed, another budget": "UPDATE deadline SET budget_seconds = 60 WHERE matter_id = '{accepted}' AND kind = 'plan'",
    "pause-within-bounds": "INSERT INTO deadline_pause (id, deadline_id, matter_id, place_id, reason, paused_by, from_at,"
    " until_at, limit_at, pausable) SELECT gen_random_uuid(), id, matter_id, place_id, 'force_majeure', '{stranger}',"
    " started_at, started_at, started_at, true FROM deadline WHERE matter_id = '{accepted}' AND kind = 'reply'",
    "excluded-by-two": "ALTER TABLE exclusion DROP CONSTRAINT exclusion_two_people;"
    " UPDATE exclusion SET decided_by = proposed_by, decided_at = app_now(), upheld = true, decision = 'x'",
    "excluded-by-two, by who had it": "UPDATE exclusion SET decided_by = '{volunteer}', decided_at = app_now(), upheld = true,"
    " decision = 'x' WHERE matter_id = '{late}'",
    "excluded-by-two, of another matter": "UPDATE exclusion SET matter_id = '{accepted}' WHERE matter_id = '{late}'",
    "notice-not-lost": "DELETE FROM inbox_message WHERE subject_id = '{missed}' AND payload ->> 'percent' = '100'",
    "notice-not-lost, of a late stop": "DELETE FROM outbox WHERE subject_id = '{late}' AND topic = 'deadline.mark'",
    "notice-once": (
        "INSERT INTO inbox_message (id, outbox_id, person_id, place_id, topic, subject_kind, subject_id, payload, as_role,"
        " nobody_in_post, created_at, version, delivery, attempts, retry_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), person_id, place_id, topic, subject_kind, subject_id, payload,"
        " as_role, nobody_in_post, created_at, version, delivery, attempts, retry_at"
        " FROM inbox_message WHERE subject_id = '{missed}' AND payload ->> 'percent' = '150'"
    ),
    "notice-once, told without a mark": (
        "UPDATE inbox_message SET payload = jsonb_set(payload, '{{percent}}', '99')"
        " WHERE subject_id = '{missed}' AND payload ->> 'percent' = '150'"
    ),
    "notice-to-holder": "UPDATE inbox_message SET person_id = '{stranger}' WHERE subject_id = '{missed}'",
    "event-not-lost": "DELETE FROM outbox WHERE subject_id = '{waiting}' AND sort = 'event'",
    "receipt-once": "ALTER TABLE idempotency DROP CONSTRAINT idempotency_pkey;"
    " INSERT INTO idempotency SELECT * FROM idempotency LIMIT 1",
    "receipt-tells-truth": "UPDATE idempotency SET receipt = jsonb_set(receipt, '{{version}}', '77')"
    " WHERE receipt ->> 'id' = '{rated}' AND receipt ->> 'version' = '2'",
    "receipt-tells-truth, of another": "UPDATE idempotency SET actor_id = '{stranger}' WHERE receipt ->> 'id' = '{rated}'",
    "change-has-one-receipt": "INSERT INTO idempotency SELECT actor_id, operation, key || '2', fingerprint, receipt, created_at"
    " FROM idempotency WHERE receipt ->> 'id' = '{rated}'",
    "not-own-server": "ALTER TABLE matter DROP CONSTRAINT matter_not_own_server;"
    " UPDATE matter SET assignee_id = requester_id WHERE id = '{accepted}'",
    "not-own-server, placed for a caller": "ALTER TABLE matter DROP CONSTRAINT matter_not_own_server;"
    " UPDATE matter SET placed_by = '{volunteer}' WHERE id = '{accepted}'",
    "represented-with-consent": "UPDATE matter SET beneficiary_id = '{stranger}' WHERE id = '{accepted}'",
    "asked-for-by-consent": "UPDATE matter SET requester_id = '{stranger}' WHERE id = '{accepted}'",
    "represented-where-they-live": (
        "INSERT INTO representation SELECT gen_random_uuid(), '{west}', '{stranger}', '\\x01', g.person_id, '\\x01', '\\x01',"
        " '\\x01', 'family', now(), now(), g.person_id, 'self', NULL, NULL, 1 FROM role_grant g"
        " WHERE g.role = 'resident' AND g.place_id = '{east}' AND g.person_id <> '{stranger}' LIMIT 1"
    ),
    "served-by-somebody": "UPDATE matter SET assignee_id = NULL WHERE id = '{rated}'",
    "rating-after-delivery": "UPDATE rating SET matter_id = '{accepted}' WHERE matter_id = '{rated}'",
    "hours-as-served": "DELETE FROM service_record WHERE matter_id = '{rated}'",
    "hours-as-served, longer": "UPDATE service_record SET started_at = started_at - interval '1 hour',"
    " minutes = minutes + 60 WHERE matter_id = '{rated}'",
    "hours-as-served, another's": "UPDATE service_record SET person_id = '{stranger}' WHERE matter_id = '{rated}'",
    "found-as-written": "UPDATE order_detail SET outcome = '别的' WHERE matter_id = '{rated}'",
    "found-as-written, not at all": "DELETE FROM order_search WHERE matter_id = '{rated}'",
    "child-in-place": "UPDATE order_contact SET place_id = '{west}' WHERE matter_id = '{rated}'",
    "one-home": "DROP INDEX role_grant_one_home;"
    " INSERT INTO role_grant SELECT gen_random_uuid(), person_id, '{west}', role, starts_at, NULL, granted_by, 1"
    " FROM role_grant WHERE role = 'resident' AND place_id = '{east}'",
    "home-not-wider": (
        "UPDATE role_grant SET place_id = (SELECT parent_id FROM place WHERE id = '{west}')"
        " WHERE role = 'resident' AND place_id = '{west}'"
    ),
    "tree-closed": "DELETE FROM place_ancestor WHERE place_id = '{west}' AND depth = 2",
    "tree-closed, too much": "INSERT INTO place_ancestor VALUES ('{west}', '{east}', 1)",
}


@pytest.fixture(scope="module")
async def lives(postgres: PostgresServer, worker_id: str) -> AsyncIterator[tuple[str, World, dict[str, UUID]]]:
    """A database of its own with orders in every kind of life: its name, its world, and its orders by name."""
    name = f"linli_invariants_{worker_id}"
    drop_database(postgres, name)
    create_database(postgres, name, template=TEMPLATE)
    world = await build(postgres.url("linli_owner", name))
    app = await Database.connect(postgres.url("linli_app", name), size=2)
    worker = await Database.connect(postgres.url("linli_worker", name), size=4)
    found = {
        "stranger": world.people["西居民"],
        "volunteer": world.people["小李"],
        "east": world.east,
        "west": world.west,
    }

    async def at(seconds: float) -> None:
        await world.owner.execute("UPDATE clock_shift SET seconds = $1", seconds)

    async def order(*, offered: bool = True, accepted: bool = True) -> UUID:
        made = (await world.place(app)).id
        if offered:
            await world.do(app, dispatching.offer, "派单员", made, volunteer_id=world.people["小李"])
        if accepted:
            await world.do(app, dispatching.accept, "小李", made)
        return made

    rated = found["rated"] = await order()
    await world.do(app, orders.start, "小李", rated, fits_after=(0,))
    await world.do(app, orders.deliver, "小李", rated, outcome="已陪同")
    await world.do(app, outcomes.rate, "王奶奶", rated, solved="yes", stars=5, reason=None)
    found["late"] = await order(accepted=False)
    found["missed"] = await order(accepted=False)
    await at(1300)
    await world.do(app, dispatching.accept, "小李", found["late"])
    await at(1801)
    async with worker.pool.acquire() as connection:
        await connection.execute("UPDATE outbox SET retry_at = 'infinity' WHERE subject_id = $1", found["late"])
        while await sweep_once(connection):
            pass
        await relay_notices(connection)
        while await react_once(worker, REACTIONS):
            pass
        found["accepted"] = await order()
        found["waiting"] = await order(accepted=False)
        await at(1801 + 481)
        while await sweep_once(connection):
            pass
        await relay_notices(connection)
    late = "SELECT k.deadline_id FROM mark k WHERE k.matter_id = $1 AND k.percent = 100 LIMIT 1"
    about = {
        "deadline_id": await world.owner.fetchval(late, found["late"]),
        "reason": ExclusionReason.OUTAGE,
        "note": "停电",
    }
    await execute(app, exclusions.propose, await world.caller(world.people["派单员"]), new_key(), None, about)
    yield name, world, found
    await app.close()
    await worker.close()
    await world.owner.close()
    drop_database(postgres, name)


async def test_all_hold(lives: tuple[str, World, dict[str, UUID]]) -> None:
    _, world, found = lives
    assert [str(broken) for broken in await invariants.check(world.owner)] == []
    marks = await world.owner.fetchval("SELECT count(*) FROM mark WHERE matter_id = $1", found["missed"])
    assert marks == 7, "80 and 100 of the offer, 80, 100 and 150 of the response, 80 and 100 of the reply"


def test_every_invariant_is_sabotaged() -> None:
    everywhere = (SABOTAGE, test_case_invariants.SABOTAGE, test_callback_invariants.SABOTAGE)
    assert {name.partition(",")[0] for each in everywhere for name in each} == {one.name for one in invariants.ALL}


@pytest.mark.parametrize("name", SABOTAGE)
async def test_what_is_broken_is_reported(
    name: str, lives: tuple[str, World, dict[str, UUID]], postgres: PostgresServer
) -> None:
    database, _, found = lives
    superuser = await asyncpg.connect(postgres.url("postgres", database))
    try:
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(SABOTAGE[name].format(**found))
        reported = {broken.invariant.name: broken for broken in await invariants.broken(superuser)}
        await transaction.rollback()
    finally:
        await superuser.close()
    assert name.split(",", maxsplit=1)[0] in reported
    broken = reported[name.split(",", maxsplit=1)[0]]
    assert broken.rows >= 1
    assert broken.examples
    assert broken.invariant.zh in str(broken)


async def test_every_table_of_matters_is_looked_at(lives: tuple[str, World, dict[str, UUID]]) -> None:
    """A new room's table with matter_id and place_id must join `child-in-place`."""
    _, world, _ = lives
    tables = await world.owner.fetch(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname IN ('matter_id', 'place_id')"
        " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' GROUP BY 1 HAVING count(*) = 2"
    )
    sql = next(invariant.sql for invariant in invariants.ALL if invariant.name == "child-in-place")
    assert [row["relname"] for row in tables if f"FROM {row['relname']}\n" not in sql + "\n"] == []


def test_the_command_reports_and_exits(lives: tuple[str, World, dict[str, UUID]], postgres: PostgresServer) -> None:
    database, _, found = lives

    def check() -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            "LINLI_MODE": "local",
            "LINLI_MIGRATION_URL": postgres.url("linli_owner", database),
        }
        return subprocess.run(
            [sys.executable, "-m", "app.cli", "check"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment,
            check=False,
        )

    done = check()
    assert done.returncode == 0, done.stderr
    lost = f"UPDATE matter SET version = version + 1 WHERE id = '{found['rated']}'"
    postgres.psql("-c", f"SET session_replication_role = replica; {lost}", database=database)
    try:
        done = check()
    finally:
        postgres.psql("-c", f"SET session_replication_role = replica; {lost.replace('+ 1', '- 1')}", database=database)
    assert done.returncode == 1
    assert "history-complete" in done.stderr
    assert str(found["rated"]) in done.stderr
