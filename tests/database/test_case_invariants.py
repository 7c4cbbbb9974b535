"""What is always true of cases holds after they lived, and each breach by hand is reported, alone.

The hand is the superuser's with triggers switched off, in a transaction that is rolled back.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.domain.cases.invariants import CASES
from app.kernel.rules import Role
from app.local.postgres import PostgresServer
from tests.faults import conftest as faults
from tests.faults.conftest import Arena
from tests.faults.test_races import crew, until_told
from tests.stories.boardwork import new_unit
from tests.stories.caselife import Neighbourhood

arena = faults.arena

_TOLD = (
    "UPDATE inbox_message SET person_id = '{{resident}}'"
    " WHERE id = (SELECT id FROM inbox_message WHERE as_role = '{}' LIMIT 1)"
)
_RUNS = "matter_id = '{handling}' AND kind = 'resolve_community' AND stopped_at IS NULL"
_SECOND = (
    "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)"
    " SELECT gen_random_uuid(), matter_id, place_id, 'review', round, policy_id, started_at, due_at, percents, times, fired"
    " FROM deadline WHERE " + _RUNS
)

# One statement that breaks each invariant. {name}: a case of `lives`, or whatever else is named there.
SABOTAGE = {
    "case-governed": "UPDATE deadline SET stopped_at = started_at WHERE " + _RUNS,
    "case-governed, by another state's": "UPDATE deadline SET kind = 'review' WHERE " + _RUNS,
    "case-governed, by two": "DROP INDEX deadline_governs; " + _SECOND,
    "case-ended": "UPDATE deadline SET stopped_at = NULL WHERE matter_id = '{closed}' AND kind = 'reply'",
    "case-ended, of an assignment": "UPDATE deadline SET stopped_at = NULL WHERE matter_id = '{excused}' AND kind = 'sign'",
    "case-ended-lets-go": "UPDATE assignment_detail SET case_id = '{closed}' WHERE matter_id = '{working}'",
    "held-by-one": "DELETE FROM hold WHERE matter_id = '{handling}' AND until_at IS NULL",
    "held-by-one, another's": "UPDATE hold SET unit_id = '{beside}' WHERE matter_id = '{whistled}' AND until_at IS NULL",
    "held-by-one, at another place": "UPDATE hold SET seat_id = '{west}' WHERE matter_id = '{handling}' AND until_at IS NULL",
    "held-by-one, when it is closed": "UPDATE hold SET until_at = NULL WHERE matter_id = '{closed}' AND holder = 'callback'",
    "held-every-minute": "UPDATE hold SET from_at = from_at + interval '1 microsecond' WHERE matter_id = '{handling}'"
    " AND until_at IS NULL",
    "held-every-minute, by two": "UPDATE hold SET until_at = until_at + interval '1 second' WHERE matter_id = '{whistled}'"
    " AND version = 1",
    "held-every-minute, from its first moment": "DELETE FROM hold WHERE matter_id = '{whistled}' AND version = 1",
    "one-lead": "UPDATE assignment_detail SET leads = NULL WHERE case_id = '{whistled}'",
    "one-lead, and no second": "ALTER TABLE assignment_detail DROP CONSTRAINT assignment_one_lead,"
    " DROP CONSTRAINT assignment_leads; UPDATE assignment_detail SET leads = true WHERE case_id = '{whistled}'",
    "one-lead, who holds it": "UPDATE matter SET unit_id = '{beside}' WHERE id = '{whistled}';"
    " UPDATE hold SET unit_id = '{beside}' WHERE matter_id = '{whistled}' AND until_at IS NULL",
    "reported-with-consent": "UPDATE case_detail SET reported_as = 'representative' WHERE matter_id = '{handling}'",
    "three-hands": "DELETE FROM case_duty WHERE matter_id = '{closed}'",
    "three-hands, of one person": "UPDATE case_duty SET duty = 'callback' WHERE matter_id = '{closed}'",
    "notice-to-office": _TOLD.format("unit"),
    "notice-to-office, of a seat": _TOLD.format("seat"),
    "case-found-as-written": "UPDATE case_detail SET words = '别的' WHERE matter_id = '{handling}'",
    "case-found-as-written, with its outcome": "UPDATE case_detail SET outcome = '别的' WHERE matter_id = '{closed}'",
    "case-found-as-written, not at all": "DELETE FROM case_search WHERE matter_id = '{handling}'",
    "converted-once": "UPDATE matter SET state = 'submitted' WHERE id = '{order}'",
    "converted-once, for another": "UPDATE matter SET placed_by = '{grid}' WHERE id = '{converted}'",
    "converted-once, with its time": "UPDATE deadline SET started_at = started_at + interval '1 second'"
    " WHERE matter_id = '{converted}'",
    "merged-into-something": "UPDATE case_detail SET merged_into = NULL WHERE matter_id = '{merged}'",
}


@pytest.fixture(scope="module")
async def lives(arena: Arena) -> dict[str, str]:
    """Cases in every kind of life, by name, and whoever and whatever they meet."""
    street = arena.street
    life = await Neighbourhood.of(street)
    dispatcher = await street.with_role("张敏", Role.DISPATCHER)
    lead, beside, third = [await new_unit(street, name) for name in ("城管办", "供电所", "水务站")]

    handling, closed, whistled = await life.reported("big"), await life.solved(), await life.reported("hard")
    merged, parent = await life.reported("big"), await life.reported("big")
    await life.secretary.post(f"{merged}/merge", {"parent_id": parent.rpartition("/")[2]})
    await life.resident.post(f"{closed}/callback", {"solved": True})
    asked = {"kind": "routine", "reason": "权属不清", "lead_id": lead.id, "co_ids": [beside.id, third.id]}
    await life.grid.post(f"{whistled}/whistle", asked)
    await life.secretary.post(f"{whistled}/whistle/decide", {"approved": True})
    working, excused = await beside.reports_in(), await third.task()
    await beside.officer.post(f"{working}/begin")
    await life.secretary.post(f"{excused}/excuse", {"reason": "不需要"})
    order = (await life.resident.post("/v1/orders", {"service_id": street.service_id, "note": "楼道灯坏了"}))["id"]
    await dispatcher.post(f"/v1/orders/{order}/convert", {"reason": "线路老化"})
    async with crew(arena, sweepers=1, relays=1) as failures:
        await until_told(arena)
    assert failures == []
    converted = (await life.resident.get(f"/v1/orders/{order}"))["case_id"]
    paths = {"handling": handling, "closed": closed, "whistled": whistled, "merged": merged, "excused": excused}
    paths["working"] = working
    return {name: path.rpartition("/")[2] for name, path in paths.items()} | {
        "order": order,
        "converted": converted,
        "beside": beside.id,
        "west": str(street.world.west),
        "resident": str(life.resident.id),
        "grid": str(life.grid.id),
    }


@pytest.fixture(scope="module")
async def superuser(arena: Arena, postgres: PostgresServer, lives: dict[str, str]) -> AsyncIterator[asyncpg.Connection]:
    database = arena.settings.migration_url.rpartition("/")[2]
    connection = await asyncpg.connect(postgres.url("postgres", database))
    yield connection
    await connection.close()


async def test_all_hold_where_cases_lived(arena: Arena, lives: dict[str, str]) -> None:
    assert await arena.broken() == []


def test_every_invariant_of_cases_is_sabotaged() -> None:
    assert {name.partition(",")[0] for name in SABOTAGE} == {invariant.name for invariant in CASES}


@pytest.mark.parametrize("name", SABOTAGE)
async def test_what_is_broken_is_reported_alone(
    name: str, lives: dict[str, str], superuser: asyncpg.Connection
) -> None:
    transaction = superuser.transaction()
    await transaction.start()
    try:
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(SABOTAGE[name].format(**lives))
        broken = {one.name for one in CASES if await superuser.fetch(f"SELECT 1 FROM ({one.sql}) found LIMIT 1")}
    finally:
        await transaction.rollback()
    assert broken == {name.partition(",")[0]}
