"""What the database refuses about those who order for others: consents, cards, whom an order serves, and who serves it."""

from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest

from app.domain.representations.policy import AGAIN_AFTER
from tests.security.conftest import AsPerson, Neighbours, new_id, refused, tried
from tests.security.illegal import BROKEN, NO_RIGHT, NOTHING, TWICE, fill

NAMED = (
    "INSERT INTO representation (id, place_id, representative_id, representative_name_sealed, name_sealed, phone_sealed,"
    " phone_index, relation, named_at{columns}, version) VALUES ('{new}', '{east}', {by}, '\\x01', '\\x01', '\\x01', {phone},"
    " 'family', app_now(){values}, 1)"
)
BY_ID = (
    "INSERT INTO representation (id, place_id, representative_id, representative_name_sealed, name_sealed, named_id,"
    " phone_sealed, phone_index, relation, named_at, version) VALUES ('{new}', '{east}', {by}, '\\x01', '\\x01', {named},"
    " {phone}, {phone}, 'family', {at}, 1)"
)
CONSENT = ", beneficiary_id, consented_at, recorded_by, how"
PHONE = "(SELECT phone_index FROM person WHERE id = '{resident}')"
AGREE = (
    "UPDATE representation SET beneficiary_id = {whom}, consented_at = app_now(), recorded_by = {by}, how = {how}, version = 2"
    " WHERE id = '{asked}'"
)
MATTER = (
    "INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool,"
    " moved_by, moved_in, created_at, changed_at) VALUES ('{new}', 'order', {place}, 'submitted', 1, 1, {by}, {whom}, {placed},"
    " false, {by}, 0, app_now(), app_now())"
)
CARD = (
    "INSERT INTO household_card (id, person_id, place_id, number_sealed, number_index, issued_by, issued_at)"
    " VALUES ('{new}', '{resident}', {place}, '\\x01', '\\x01', {by}, app_now())"
)
ME, MOTHER, STATION = "app_actor()", "'{resident}'", "'{station}'"

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a representation that comes with its consent": (
        "neighbour",
        fill(NAMED, by=ME, phone=PHONE, columns=CONSENT, values=", '{resident}', app_now(), '{station}', 'phone'"),
        (NO_RIGHT,),
    ),
    "a representation in another's name": (
        "neighbour", fill(NAMED, by=STATION, phone="'\\x02'", columns="", values=""), (NO_RIGHT,)),
    "a second representation of one pair": (
        "station", fill(NAMED, by=ME, phone=PHONE, columns="", values=""), (TWICE,)),
    "a consent by the representative": (
        "neighbour", fill(AGREE, whom=MOTHER, by=ME, how="'phone'"), (BROKEN,)),
    "a consent in another's name": (
        "neighbour", fill(AGREE, whom=MOTHER, by=STATION, how="'phone'"), (BROKEN,)),
    "a consent of somebody else than who was named": (
        "station", fill(AGREE, whom="'{volunteer}'", by=ME, how="'phone'"), (BROKEN, "40001")),
    "a consent that staff record as one's own": (
        "station", fill(AGREE, whom=MOTHER, by=ME, how="'self'"), (BROKEN,)),
    "a consent without saying how": ("station", fill(AGREE, whom=MOTHER, by=ME, how="NULL"), (BROKEN,)),
    "a consent by a stranger": ("stranger", fill(AGREE, whom=MOTHER, by=ME, how="'phone'"), NOTHING),
    "a consent by the other community's staff": (
        "foreign_station", fill(AGREE, whom=MOTHER, by=ME, how="'phone'"), NOTHING),
    "another phone for a representation": (
        "neighbour", "UPDATE representation SET phone_index = '\\x02', version = 2 WHERE id = '{asked}'", (BROKEN,)),
    "a representation that names nobody": (
        "neighbour", fill(BY_ID, by=ME, named="NULL", phone="NULL", at="app_now()"), (BROKEN,)),
    "a representation that names by phone and by id": (
        "neighbour", fill(BY_ID, by=ME, named="'{missed}'", phone="'\\x03'", at="app_now()"), (BROKEN,)),
    "another id for a representation": (
        "neighbour", "UPDATE representation SET named_id = '{stranger}', version = 2 WHERE id = '{by_id}'", (BROKEN,)),
    "a consent of somebody else than whose id was named": (
        "station", fill(AGREE, whom=MOTHER, by=ME, how="'phone'").replace("{asked}", "{by_id}"), (BROKEN,)),
    "a representation that waits, in another place": (
        "neighbour", "UPDATE representation SET place_id = '{west}', version = 2 WHERE id = '{asked}'", (BROKEN,)),
    "a representation where the beneficiary does not live": (
        "station",
        "UPDATE representation SET place_id = '{west}', version = version + 1 WHERE beneficiary_id = '{resident}'",
        (BROKEN,),
    ),
    "the contact on file of whom an order serves": (
        "dispatcher", "SELECT contact_on_file('{missed}')", (NO_RIGHT,)),
    "an end in another's name": (
        "neighbour",
        "UPDATE representation SET ended_at = app_now(), ended_by = '{resident}', version = 2 WHERE id = '{asked}'",
        (BROKEN,),
    ),
    "a representation deleted": ("neighbour", "DELETE FROM representation WHERE id = '{asked}'", (NO_RIGHT,)),
    "an order for somebody without their consent": (
        "neighbour", fill(MATTER, place="'{east}'", by=ME, whom=MOTHER, placed=ME), (NO_RIGHT,)),
    "an order for whom one represents, away from their home": (
        "station", fill(MATTER, place="'{west}'", by=ME, whom=MOTHER, placed=ME), (NO_RIGHT,)),
    "an order for a caller by a volunteer": (
        "volunteer", fill(MATTER, place="'{east}'", by=MOTHER, whom=MOTHER, placed=ME), (NO_RIGHT,)),
    "an order for a caller of the other community": (
        "foreign_station", fill(MATTER, place="'{east}'", by=MOTHER, whom=MOTHER, placed=ME), (NO_RIGHT,)),
    "an order for a caller in another's name": (
        "dispatcher", fill(MATTER, place="'{east}'", by=MOTHER, whom=MOTHER, placed=STATION), (NO_RIGHT,)),
    "an order given another who placed it": (
        "dispatcher", "UPDATE matter SET placed_by = '{stranger}' WHERE id = '{missed}'", (BROKEN,)),
    "an order served by who placed it": (
        "dispatcher", "UPDATE matter SET assignee_id = '{stranger}' WHERE id = '{called}'", (BROKEN,)),
    "a card from a volunteer": ("volunteer", fill(CARD, by=ME, place="'{east}'"), (NO_RIGHT,)),
    "a card of a community where the resident does not live": (
        "administrator", fill(CARD, by=ME, place="'{west}'"), (NO_RIGHT,)),
    "a second card beside the first": ("station", fill(CARD, by=ME, place="'{east}'"), (TWICE,)),
    "a card with another number": (
        "station", "UPDATE household_card SET number_index = '\\x02' WHERE person_id = '{resident}'", (BROKEN,)),
}  # fmt: skip


@pytest.fixture(scope="module")
async def world(neighbours: Neighbours, ids: dict[str, UUID]) -> dict[str, UUID]:
    """The ids, with a representation that waits for the consent, and an order that a stranger once placed for the resident."""
    owner, asked, called = neighbours.world.owner, new_id(), new_id()
    phone = await owner.fetchval("SELECT phone_index FROM person WHERE id = $1", ids["resident"])
    naming = fill(NAMED, by="'{neighbour}'", columns="", values="", phone=f"'\\x{phone.hex()}'")
    await owner.execute(naming.format(**ids, new=asked))
    by_id = new_id()
    named = fill(BY_ID, by="'{neighbour}'", named="'{volunteer}'", phone="NULL", at="app_now()")
    await owner.execute(named.format(**ids, new=by_id))
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute(
        "INSERT INTO matter SELECT (x).* FROM (SELECT jsonb_populate_record(m, jsonb_build_object('id', $2::text,"
        " 'state', 'submitted', 'assignee_id', NULL, 'placed_by', $3::text)) AS x FROM matter m WHERE id = $1) y",
        ids["missed"],
        str(called),
        str(ids["stranger"]),
    )
    await owner.execute(
        "INSERT INTO order_detail SELECT (x).* FROM (SELECT jsonb_populate_record(d, jsonb_build_object('matter_id', $2::text"
        ")) AS x FROM order_detail d WHERE matter_id = $1) y",
        ids["missed"],
        str(called),
    )
    await owner.execute(
        "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)"
        " SELECT gen_random_uuid(), $2, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired"
        " FROM deadline WHERE matter_id = $1 AND kind = 'coordinate'",
        ids["missed"],
        called,
    )
    await transaction.commit()
    return {**ids, "asked": asked, "called": called, "by_id": by_id, "foreign_station": neighbours.west.station}


@pytest.mark.parametrize("name", ILLEGAL)
async def test_is_refused(name: str, world: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement, expected = ILLEGAL[name]
    assert await tried(as_person, world, who, statement) in expected


LEGAL = {
    "the staff record it": ("station", fill(AGREE, whom=MOTHER, by=ME, how="'in_person'")),
    "by oneself": ("resident", fill(AGREE, whom=MOTHER, by=ME, how="'self'")),
    "an order for whom one represents": ("station", fill(MATTER, place="'{east}'", by=ME, whom=MOTHER, placed=ME)),
    "an order for a caller": ("dispatcher", fill(MATTER, place="'{east}'", by=MOTHER, whom=MOTHER, placed=ME)),
    "an order served by somebody else": (
        "dispatcher", "UPDATE matter SET assignee_id = '{volunteer}' WHERE id = '{called}'"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEGAL)
async def test_the_same_done_rightly_is_not(name: str, world: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement = LEGAL[name]
    assert await tried(as_person, world, who, statement) in ("done: UPDATE 1", "done: INSERT 0 1")


async def test_a_consent_and_an_end_are_said_once(world: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(world["station"]) as connection:
        await connection.execute(fill(AGREE, whom=MOTHER, by=ME, how="'phone'").format(**world))
        await connection.execute("SAVEPOINT agreed")
        for other in ("how = 'written'", "consented_at = app_now()", "beneficiary_id = '{volunteer}'"):
            again = f"UPDATE representation SET {other}, version = 3 WHERE id = '{{asked}}'".format(**world)
            assert await refused(connection, again) == BROKEN, other
            await connection.execute("ROLLBACK TO agreed")
        end = "UPDATE representation SET ended_at = {}, ended_by = {}, version = version + 1 WHERE id = '{asked}'"
        await connection.execute(end.replace("{}", "app_now()", 1).replace("{}", "app_actor()").format(**world))
        back = end.replace("{}", "NULL").format(**world)
        assert await refused(connection, back) == BROKEN


async def test_whoever_was_refused_does_not_ask_again_within_the_week(
    world: dict[str, UUID], as_person: AsPerson
) -> None:
    """By phone and by id; the verb's AGAIN_AFTER is the wall's."""
    phone = f"'\\x{world['resident'].bytes.hex()}'"
    by_phone = fill(NAMED, by=ME, phone=phone, columns="", values="").replace("app_now()", "{at}")
    for asked, again in (("asked", by_phone), ("by_id", fill(BY_ID, by=ME, named="'{volunteer}'", phone="NULL"))):
        async with as_person(world["station"]) as connection:
            end = "UPDATE representation SET ended_at = app_now(), ended_by = app_actor(), version = 2 WHERE id = $1"
            await connection.execute(end, world[asked])
            await connection.execute(f"SET LOCAL app.actor = '{world['neighbour']}'")
            await connection.execute("SAVEPOINT refused")
            for after, expected in ((AGAIN_AFTER - timedelta(minutes=1), BROKEN), (AGAIN_AFTER, "done: INSERT 0 1")):
                at = f"app_now() + interval '{after.total_seconds()} seconds'"
                said = fill(again, at=at).format(**{**world, "new": new_id()})
                assert await refused(connection, said) == expected
                await connection.execute("ROLLBACK TO refused")


async def test_whoever_is_named_by_id_sees_it_and_nobody_else_of_the_neighbours(
    world: dict[str, UUID], as_person: AsPerson
) -> None:
    for who, seen in (("volunteer", 1), ("stranger", 0), ("neighbour", 1), ("station", 1), ("foreign_station", 0)):
        async with as_person(world[who]) as connection:
            found = await connection.fetch("SELECT 1 FROM representation WHERE id = $1", world["by_id"])
            assert len(found) == seen, who


async def test_who_is_on_file_is_told_to_the_staff_there_alone(world: dict[str, UUID], as_person: AsPerson) -> None:
    """Not to who asks, nor to whoever knows the representation's id."""
    for who in ("station", "neighbour", "resident", "volunteer", "stranger", "foreign_station"):
        async with as_person(world[who]) as connection:
            found = await connection.fetch("SELECT person_id FROM named_on_file($1)", world["asked"])
            assert [row["person_id"] for row in found] == ([world["resident"]] if who == "station" else []), who


async def test_even_the_owner_deletes_no_consent_and_no_card(owner: asyncpg.Connection) -> None:
    for table in ("representation", "household_card"):
        await owner.execute("SAVEPOINT before")
        assert await refused(owner, f"DELETE FROM {table}") == BROKEN
        await owner.execute("ROLLBACK TO before")
