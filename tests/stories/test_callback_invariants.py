"""What is always true of call-backs and supervision holds after a life of cases, and each breach by hand is reported."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.domain.cases.callback_invariants import CALLBACKS
from app.kernel.rules import Role
from app.local.postgres import PostgresServer
from tests.stories.caselife import Neighbourhood
from tests.stories.conftest import Later, Street

DAY = 86400
NOBODY = {"channel": "phone", "reached": False}

SABOTAGE = {
    "callback-of-each-reporter": "DELETE FROM callback WHERE matter_id = '{waiting}'",
    "closed-by-its-reporters": "UPDATE callback SET state = 'unsolved', solved = false WHERE matter_id = '{closed}'",
    "closed-by-its-reporters, of one not reached": "UPDATE matter SET state = 'closed' WHERE id = '{unreached}'",
    "called-by-another": "UPDATE callback_try SET tried_by = '{grid}' WHERE matter_id = '{unreached}'",
    "called-by-another, by the reporter": "UPDATE callback_try SET tried_by = '{resident}' WHERE matter_id = '{unreached}'",
    "unreached-after-three-tries": "UPDATE callback_try SET tried_at = now() WHERE matter_id = '{unreached}'",
    "supervision-moves-no-hold": (
        "INSERT INTO hold (matter_id, version, place_id, holder, seat_id, from_at, until_at) SELECT y.matter_id, y.version,"
        " y.place_id, 'seat', y.place_id, y.at, y.at FROM history y WHERE y.matter_id = '{late}' AND y.action = 'renew'"
    ),
    "supervised-at-each-mark": "DELETE FROM supervision WHERE matter_id = '{missed}'",
    "called-when-silent": (
        "UPDATE callback SET call_reason = NULL, called_for_at = NULL WHERE matter_id = '{silent}';"
        " DELETE FROM outbox WHERE topic = 'case.need_call'"
    ),
    "agenda-is-renewed": (
        "UPDATE deadline SET stopped_at = now() WHERE matter_id = '{late}' AND kind = 'renewal';"
        " UPDATE deadline SET stopped_at = NULL WHERE matter_id = '{late}' AND kind = 'resolve_community'"
    ),
}


@pytest.fixture
async def superuser(postgres: PostgresServer, worker_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url("postgres", worker_database))
    yield connection
    await connection.close()


async def broken(connection: asyncpg.Connection) -> set[str]:
    return {one.name for one in CALLBACKS if await connection.fetch(f"SELECT 1 FROM ({one.sql}) found LIMIT 1")}


async def test_they_hold_and_each_breach_is_reported(
    street: Street, later: Later, superuser: asyncpg.Connection
) -> None:
    life = await Neighbourhood.of(street)
    await street.with_role("督办员", Role.SUPERVISOR, "street")
    ids = {"late": await life.reported("big"), "closed": await life.solved(), "unreached": await life.solved("big")}
    await life.resident.post(f"{ids['closed']}/callback", {"solved": True})
    (call,) = await life.calls()
    for _ in range(2):
        await life.caller.post(f"{ids['unreached']}/callbacks/{call['id']}", NOBODY)
    await later(DAY + 1)
    await life.caller.post(f"{ids['unreached']}/callbacks/{call['id']}", NOBODY)
    ids["silent"] = await life.solved()
    await later(4 * DAY)
    ids["missed"] = await life.reported("big")
    await later(7 * DAY)
    ids["waiting"] = await life.solved()
    assert await broken(superuser) == set()

    named = {name: case.rpartition("/")[2] for name, case in ids.items()}
    named |= {"grid": str(life.grid.id), "resident": str(life.resident.id)}
    for name, statement in SABOTAGE.items():
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(statement.format(**named))
        assert await broken(superuser) == {name.partition(",")[0]}, name
        await transaction.rollback()
    assert {name.partition(",")[0] for name in SABOTAGE} == {one.name for one in CALLBACKS}
