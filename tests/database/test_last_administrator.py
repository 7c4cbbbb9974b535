"""A tree keeps an administrator: of two who leave at once one stays, and plain SQL takes the last one away neither."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.domain.people import service as people
from app.domain.people.errors import LastAdministrator
from app.kernel.command import execute
from app.kernel.database import Database
from app.kernel.errors import Refusal
from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.world import LONG_AGO, World, new_key

ROUNDS = 12


async def a_root(world: World) -> UUID:
    """The top of a tree of its own, which nobody administers."""
    root = new_id()
    await world.owner.execute(
        "INSERT INTO place (id, code, level, name, created_at, updated_at) VALUES ($1, $2, 'province', '另一省', $3, $3)",
        root, f"98{root.int % 10**9:09d}", LONG_AGO,
    )  # fmt: skip
    await world.owner.execute("INSERT INTO place_ancestor VALUES ($1, $1, 0)", root)
    return root


async def administrator(world: World, name: str, place: UUID) -> tuple[UUID, UUID]:
    """A person and their post."""
    person = await world.person(name)
    return person, await world.grant(person, Role.ADMINISTRATOR, place)


async def revoke(world: World, app: Database, who: UUID, post: UUID) -> str | type[Refusal]:
    try:
        return (await execute(app, people.revoke_role, await world.caller(who), new_key(), post, {})).state
    except Refusal as refused:
        return type(refused)


async def test_of_two_who_leave_at_once_one_stays(world: World, app: Database) -> None:
    for _ in range(ROUNDS):
        root = await a_root(world)
        two = [await administrator(world, name, root) for name in ("甲", "乙")]
        outcomes = await asyncio.gather(*(revoke(world, app, who, post) for who, post in two))
        assert Counter(outcomes) == {"revoke": 1, LastAdministrator: 1}


async def test_who_is_left_is_there_as_long(world: World, app: Database) -> None:
    """Who acts until next week, who is not there yet and whose account is closed does not stand in for good."""
    root = await a_root(world)
    last, post = await administrator(world, "甲", root)
    other, standing_in = await administrator(world, "乙", root)
    for columns in (
        "ends_at = app_now() + interval '7 days'",
        "ends_at = NULL, starts_at = app_now() + interval '1 day'",
    ):
        await world.owner.execute(f"UPDATE role_grant SET {columns} WHERE id = $1", standing_in)
        assert await revoke(world, app, last, post) is LastAdministrator
    await world.owner.execute("UPDATE role_grant SET starts_at = $2 WHERE id = $1", standing_in, LONG_AGO)
    await world.owner.execute("UPDATE person SET disabled_at = app_now() WHERE id = $1", other)
    assert await revoke(world, app, last, post) is LastAdministrator
    await world.owner.execute("UPDATE person SET disabled_at = NULL WHERE id = $1", other)
    assert await revoke(world, app, last, post) == "revoke"


async def test_below_an_administrator_a_place_may_have_none(world: World, app: Database) -> None:
    eastern, post = await administrator(world, "东管理员", world.east)
    assert await revoke(world, app, eastern, post) == "revoke"


@pytest.mark.parametrize("ends", [timedelta(), timedelta(days=1)])
async def test_no_sql_ends_the_last_post(world: World, ends: timedelta) -> None:
    _, post = await administrator(world, "甲", await a_root(world))
    with pytest.raises(asyncpg.CheckViolationError, match="nobody else administers the place"):
        await world.owner.execute("UPDATE role_grant SET ends_at = app_now() + $2 WHERE id = $1", post, ends)
