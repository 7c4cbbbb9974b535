"""What the database refuses about records: hours that nobody served, looks in another's name, shifts of others; and what the
functions that find orders never give away."""

from uuid import UUID

import asyncpg
import pytest

from tests.security.conftest import AsPerson, Neighbours, refused, tried
from tests.security.illegal import BROKEN, ME, NO_RIGHT, RUNNING, TWICE, fill

HOURS = (
    "INSERT INTO service_record (matter_id, round, place_id, person_id, started_at, ended_at, minutes)"
    " SELECT {matter}, {round}, '{east}', {by}, t.now - interval '1 hour', t.now, {minutes} FROM (SELECT app_now() AS now) t"
)
AGAIN = (
    "INSERT INTO service_record SELECT matter_id, 2, place_id, person_id, started_at - interval '1 hour', ended_at, minutes + 60"
    " FROM service_record WHERE matter_id = '{rated}'"
)
LOOK = (
    "INSERT INTO reveal (id, matter_id, place_id, viewer_id, subject_id, shown, capacity, hour_at, shown_at)"
    " VALUES ('{new}', {matter}, {place}, {by}, {whom}, {shown}, 'assignee', app_now(), app_now())"
)
SHIFT = (
    "INSERT INTO shift_handover (id, place_id, left_by, taken_by, note, open_orders, handed_at)"
    " VALUES ('{new}', {place}, {by}, {next}, 'x', '{{}}', app_now())"
)
ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "hours of a service that nobody delivered": (
        "volunteer", fill(HOURS, matter=RUNNING, round="1", by=ME, minutes="60"), (BROKEN,)),
    "hours in somebody else's name": (
        "dispatcher", fill(HOURS, matter="'{rated}'", round="2", by="'{volunteer}'", minutes="60"), (NO_RIGHT,)),
    "hours of a neighbour's order": (
        "neighbour", fill(HOURS, matter=RUNNING, round="1", by=ME, minutes="60"), (NO_RIGHT,)),
    "more minutes than there were": (
        "volunteer", fill(HOURS, matter=RUNNING, round="1", by=ME, minutes="61"), (BROKEN,)),
    "hours of one round twice": (
        "volunteer", "INSERT INTO service_record SELECT * FROM service_record WHERE matter_id = '{rated}'", (TWICE,)),
    "hours of one delivery under another round": ("volunteer", AGAIN, (BROKEN,)),
    "hours altered": ("volunteer", "UPDATE service_record SET minutes = 600", (NO_RIGHT,)),
    "hours deleted": ("volunteer", "DELETE FROM service_record", (NO_RIGHT,)),
    "a look in somebody else's name": (
        "volunteer", fill(LOOK, matter=RUNNING, place="'{east}'", by="'{secretary}'", whom="'{resident}'", shown="'contact'"),
        (NO_RIGHT,)),
    "a look at a neighbour's order": (
        "neighbour", fill(LOOK, matter=RUNNING, place="'{east}'", by=ME, whom="'{resident}'", shown="'contact'"), (NO_RIGHT,)),
    "a look at oneself": (
        "volunteer", fill(LOOK, matter=RUNNING, place="'{east}'", by=ME, whom=ME, shown="'contact'"), (BROKEN,)),
    "a look at something that is not known": (
        "volunteer", fill(LOOK, matter=RUNNING, place="'{east}'", by=ME, whom="'{resident}'", shown="'diary'"), (BROKEN,)),
    "a look taken back": ("secretary", "DELETE FROM reveal", (NO_RIGHT,)),
    "a look altered": ("secretary", "UPDATE reveal SET capacity = 'other'", (NO_RIGHT,)),
    "a shift in somebody else's name": (
        "dispatcher", fill(SHIFT, place="'{east}'", by="'{secretary}'", next="'{dispatcher}'"), (NO_RIGHT,)),
    "a shift of another community": (
        "dispatcher", fill(SHIFT, place="'{west}'", by=ME, next="'{secretary}'"), (NO_RIGHT,)),
    "a shift of a volunteer's": ("volunteer", fill(SHIFT, place="'{east}'", by=ME, next="'{secretary}'"), (NO_RIGHT,)),
    "a shift to oneself": ("dispatcher", fill(SHIFT, place="'{east}'", by=ME, next=ME), (BROKEN,)),
    "a shift's note altered": ("dispatcher", "UPDATE shift_handover SET note = 'y'", (NO_RIGHT,)),
    "the words of orders read": ("secretary", "SELECT body FROM order_search", (NO_RIGHT,)),
    "the words of an order altered": ("secretary", "UPDATE order_search SET body = ''", (NO_RIGHT,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(ids: dict[str, UUID], as_person: AsPerson, what: str) -> None:
    who, statement, answers = ILLEGAL[what]
    assert await tried(as_person, ids, who, statement) in answers


@pytest.mark.parametrize("table", ["service_record", "reveal", "shift_handover"])
async def test_the_past_is_altered_by_nobody(owner: asyncpg.Connection, table: str) -> None:
    for statement in (f"UPDATE {table} SET place_id = place_id", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        await owner.execute("SAVEPOINT before")
        assert await refused(owner, statement) == BROKEN
        await owner.execute("ROLLBACK TO before")


# ── what is found ────────────────────────────────────────────────────────────────────────────────────────────────

FIND = """
SELECT array_agg(DISTINCT matter_id)
  FROM find_orders({wanted}, {id}, NULL, NULL, NULL, {place}, NULL, NULL, false, NULL, NULL, 99)
"""
WAITING = "SELECT array_agg(matter_id) FROM waiting_orders(NULL, NULL, {place}, NULL, NULL, false, NULL, NULL, 99)"


async def found(connection: asyncpg.Connection, statement: str, **values: str) -> set[UUID]:
    blanks = {"wanted": "NULL", "id": "NULL", "place": "NULL"} | values
    return set(await connection.fetchval(statement.format(**blanks)) or ())


@pytest.mark.parametrize("who", ["resident", "volunteer", "dispatcher", "secretary", "station"])
async def test_what_is_found_is_what_is_seen(neighbours: Neighbours, as_person: AsPerson, who: str) -> None:
    for here, there in ((neighbours.east, neighbours.west), (neighbours.west, neighbours.east)):
        async with as_person(here.people[who]) as connection:
            seen = {row["id"] for row in await connection.fetch("SELECT id FROM matter")}
            for words in ("'医'", "'医院'", "'请陪我去医院'", "'陪诊取药'"):
                by_words = await found(connection, FIND, wanted=words)
                assert by_words <= seen
                mine = seen & {here.orders[name] for name in ("rated", "declined", "missed", "running")}
                assert by_words >= (mine if who != "volunteer" else set())
                assert not await found(connection, FIND, wanted=words, place=f"'{there.place}'")
            for order in there.orders.values():
                assert not await found(connection, FIND, id=f"'{order}'")
            waiting = await found(connection, WAITING)
            assert waiting <= seen
            assert (here.orders["missed"] in waiting) is (who in ("volunteer", "dispatcher", "secretary"))
            assert not await found(connection, WAITING, place=f"'{there.place}'")


@pytest.mark.parametrize("who", [None, "stranger"])
async def test_without_a_role_nothing_is_found(neighbours: Neighbours, as_person: AsPerson, who: str | None) -> None:
    async with as_person(neighbours.stranger if who else None) as connection:
        assert not await found(connection, FIND, wanted="'医院'")
        assert not await found(connection, FIND, id=f"'{neighbours.east.orders['rated']}'")
        assert not await found(connection, WAITING)
        assert await connection.fetchval("SELECT my_ratings()") is None


async def test_a_phone_is_tried_out_only_by_those_who_see_it(neighbours: Neighbours, as_person: AsPerson) -> None:
    """Whoever has served an order does not see its contact any more, and does not find it by the phone."""
    here = neighbours.east
    served, running = here.orders["rated"], here.orders["running"]
    await neighbours.world.owner.execute(
        "UPDATE order_contact SET phone_index = 'tried'::bytea WHERE matter_id = ANY ($1)", [served, running]
    )
    by_phone = FIND.replace("{id}, NULL", "{id}, 'tried'::bytea")
    for who, orders in (("volunteer", {running}), ("resident", {served, running}), ("dispatcher", {served, running})):
        async with as_person(here.people[who]) as connection:
            assert await found(connection, by_phone) == orders
