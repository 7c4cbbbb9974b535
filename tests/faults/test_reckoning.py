"""The kill test's reckoning can fail: what is taken away or doubled behind its back is counted."""

import json
import random
from pathlib import Path

import asyncpg
import pytest

from app.local.postgres import PostgresServer
from tests.faults.conftest import Arena
from tests.faults.crowd import Community, Ledger, Person
from tests.faults.reckoning import reckon
from tests.faults.test_races import crew, until_told

COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(NULL::{0}, to_jsonb(t) || jsonb_build_object({1}))).* FROM {0} t"
ANEW = "'id', gen_random_uuid(), 'outbox_id', gen_random_uuid()"
TWICE_MARKED = "UPDATE history SET note = jsonb_set(note, '{marks}', (note -> 'marks') || (note -> 'marks'))"

# What is done, and how much of it must then be missing, or there twice.
TAMPERING = {
    "acknowledged changes in the history": ("DELETE FROM history WHERE action = 'accept'", (2, 0)),
    "receipts by key": ("DELETE FROM idempotency WHERE operation = 'acceptOrder'", (2, 0)),
    "orders": (COPY.format("matter", "'id', gen_random_uuid()") + " LIMIT 1", (0, 1)),
    "cases of converted orders": ("UPDATE case_detail SET order_id = NULL", (1, 0)),
    "marks": ("DELETE FROM mark WHERE percent = 80", (6, 0)),
    "marks in the history": (f"{TWICE_MARKED} WHERE action = 'mark'", (0, 9)),
    "notices of marks, by holder": (
        "DELETE FROM inbox_message WHERE topic = 'deadline.mark' AND payload ->> 'percent' = '150'",
        (2, 0),
    ),
    "notices of changes": (COPY.format("inbox_message", ANEW) + " WHERE topic = 'order.accepted'", (0, 2)),
}


@pytest.fixture(scope="module")
async def told(arena: Arena, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One order accepted, one whose response was missed, one that became a case, one that was accepted late and given back, all
    by the crowd's own client; its log."""
    street = arena.street
    resident, volunteer, dispatcher = (
        await street.resident("王秀英"),
        await street.with_role("李强", "volunteer"),
        await street.with_role("张敏", "dispatcher"),
    )
    log = tmp_path_factory.mktemp("reckoning") / "log"
    ledger = Ledger(log)
    who = [Person(someone.http, ledger, str(someone.id)) for someone in (resident, volunteer, dispatcher)]
    community = Community(*who, street.service_id, random.Random(1))
    missed = await community.place()
    order = await community.place()
    await who[2].do("offer", f"{order}/offer", {"volunteer_id": who[1].id}, community.key())
    await who[1].do("accept", f"{order}/accept", None, community.key())
    more = await community.place()
    await who[2].do("convert", f"{more}/convert", {"reason": "整栋楼的事"}, community.key())
    late = await community.place()
    await who[2].do("offer", f"{late}/offer", {"volunteer_id": who[1].id}, community.key())
    await street.world.owner.execute("UPDATE clock_shift SET seconds = 1801")
    await who[1].do("accept", f"{late}/accept", None, community.key())
    await who[1].do("release", f"{late}/release", {"reason": "临时有事"}, community.key())
    async with crew(arena, sweepers=1, relays=1) as failures:
        await until_told(arena)
    assert (failures, missed != order) == ([], True)
    ledger.close()
    return log


async def test_what_is_whole_is_found_whole(arena: Arena, told: Path) -> None:
    lines = await reckon(arena.street.world.owner, told)
    assert [line for line in lines if line.missing or line.twice] == []
    assert all(line.expected for line in lines)


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_counted(what: str, arena: Arena, told: Path, postgres: PostgresServer) -> None:
    sql, (missing, twice) = TAMPERING[what]
    database = arena.settings.migration_url.rpartition("/")[2]
    superuser = await asyncpg.connect(postgres.url("postgres", database))
    try:
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute(f"SET LOCAL session_replication_role = replica; {sql}")
        found = {line.what: (line.missing, line.twice) for line in await reckon(superuser, told)}
        await transaction.rollback()
    finally:
        await superuser.close()
    assert found[what] == (missing, twice)


async def test_a_command_that_the_database_forgot_is_missing(arena: Arena, told: Path, tmp_path: Path) -> None:
    entries = [json.loads(line) for line in told.read_text().splitlines()]
    more = tmp_path / "log"
    more.write_text(
        "".join(json.dumps(entry) + "\n" for entry in [*entries, {**entries[-1], "version": 9, "key": "kill-x"}])
    )
    found = {line.what: line.missing for line in await reckon(arena.street.world.owner, more)}
    assert (found["acknowledged changes in the history"], found["receipts by key"]) == (1, 1)
