"""Plain SQL as the application's role: nobody sees what is not theirs. The second wall, behind every check of ours."""

import asyncpg
import pytest

from app.kernel.ids import NOBODY, new_id
from app.local.postgres import PostgresServer
from tests.security.conftest import AsPerson, Neighbours
from tests.security.reading import closed_tables, everything, found

ROLES = ("resident", "volunteer", "dispatcher", "secretary", "station")


def seen(counts: dict[str, int]) -> dict[str, int]:
    return {table: count for table, count in counts.items() if count}


async def test_there_is_something_to_see_in_every_table(neighbours: Neighbours, postgres: PostgresServer) -> None:
    """Otherwise the tests below would show nothing."""
    superuser = await asyncpg.connect(postgres.url("postgres", neighbours.database))
    for community in (neighbours.east, neighbours.west):
        counts = await found(superuser, community.canaries)
        assert [table for table, count in counts.items() if not count] == []
    assert len(counts) >= 16
    assert {
        *("deadline_pause", "order_post", "appointment", "deadline_policy_draft", "service_record", "reveal"),
        "shift_handover",
    } <= set(counts)
    await superuser.close()


@pytest.mark.parametrize("role", ROLES)
async def test_the_other_community_is_not_there(neighbours: Neighbours, as_person: AsPerson, role: str) -> None:
    for here, there in ((neighbours.east, neighbours.west), (neighbours.west, neighbours.east)):
        async with as_person(here.people[role]) as connection:
            assert seen(await found(connection, there.canaries)) == {}
            assert seen(await found(connection, here.canaries)), "but one's own is"


@pytest.mark.parametrize("who", ["nobody", "a logged-in stranger", "an unknown id", "the system's id"])
async def test_without_a_role_nothing_is_there(neighbours: Neighbours, as_person: AsPerson, who: str) -> None:
    actors = {"nobody": None, "a logged-in stranger": neighbours.stranger, "an unknown id": new_id()}
    async with as_person(actors.get(who, NOBODY)) as connection:
        counts = seen(await everything(connection))
    # Oneself, and the column that a policy of everybody's own rows may show.
    assert counts == ({"person": 1} if who == "a logged-in stranger" else {})


async def test_a_broken_actor_is_an_error_and_no_view(as_person: AsPerson) -> None:
    async with as_person(None) as connection:
        await connection.execute("SELECT set_config('app.actor', 'everybody', true)")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.fetch("SELECT id FROM matter")


async def test_the_pool_shows_the_order_and_not_whose_door_it_is(neighbours: Neighbours, as_person: AsPerson) -> None:
    missed = neighbours.east.orders["missed"]
    async with as_person(neighbours.east.volunteer) as connection:
        assert await connection.fetchval("SELECT open_pool FROM matter WHERE id = $1", missed) is True
        assert await connection.fetch("SELECT * FROM order_contact WHERE matter_id = $1", missed) == []
        requester = "SELECT p.id FROM matter m JOIN person p ON p.id = m.requester_id WHERE m.id = $1"
        assert await connection.fetch(requester, missed) == []


async def test_the_volunteer_reads_the_address_while_the_order_is_theirs_and_live(
    neighbours: Neighbours, as_person: AsPerson
) -> None:
    async with as_person(neighbours.east.volunteer) as connection:
        rows = await connection.fetch("SELECT matter_id FROM order_contact")
    theirs = {neighbours.east.orders[name] for name in ("running", "errand", "booked")}
    assert {row["matter_id"] for row in rows} == theirs


async def test_what_a_draft_would_have_done_is_for_who_administers_its_place(
    neighbours: Neighbours, as_person: AsPerson
) -> None:
    draft = await neighbours.world.owner.fetchval(
        "SELECT id FROM deadline_policy_draft WHERE place_id = $1", neighbours.west.place
    )
    replay = "SELECT replay_draft($1, app_now() - interval '1 day', app_now(), app_now(), 100000000000, '{0}',"
    replay += " '{100000000000}', '{0}', '{1}', '{1}', '{}', '{}', NULL, NULL, 10)"
    for person in (*neighbours.east.people.values(), *neighbours.west.people.values(), neighbours.stranger, None):
        async with as_person(person) as connection:
            assert await connection.fetchval(replay, draft) is None
    async with as_person(neighbours.world.people["管理员"]) as connection:
        told = await connection.fetchval(replay, draft)
    assert str(neighbours.west.place) in told
    assert [canary for canary in neighbours.east.canaries if canary in told] == []


async def test_station_staff_see_the_orders_that_are_under_way(neighbours: Neighbours, as_person: AsPerson) -> None:
    """To answer whoever rings about one, and to call before a start without a code; nothing of the next community."""
    seen = "SELECT id FROM matter WHERE kind = 'order' AND ({}) ORDER BY id"
    whole = await neighbours.world.owner.fetch(
        seen.format("place_id = $1 AND state IN ('submitted', 'offered', 'accepted', 'in_service', 'delivered')"),
        neighbours.east.place,
    )
    async with as_person(neighbours.east.station) as connection:
        assert await connection.fetch(seen.format("true")) == whole != []
        contacts = await connection.fetch("SELECT matter_id FROM order_contact ORDER BY 1")
        about = await connection.fetch("SELECT DISTINCT matter_id FROM history ORDER BY 1")
    assert [row["matter_id"] for row in about] == [row["id"] for row in whole]
    assert {row["matter_id"] for row in contacts} <= {row["id"] for row in whole}


@pytest.mark.parametrize("column", ["password_hash", "openid"])
async def test_secrets_of_a_person_are_not_columns_for_the_application(
    neighbours: Neighbours, as_person: AsPerson, column: str
) -> None:
    async with as_person(neighbours.east.resident) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT {column} FROM person")


@pytest.mark.parametrize("table", ["session", "refresh_token", "outbox"])
async def test_these_tables_are_not_for_reading_at_all(as_person: AsPerson, table: str) -> None:
    async with as_person(None) as connection:
        assert table not in await closed_tables(connection)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch(f"SELECT count(*) FROM {table}")
