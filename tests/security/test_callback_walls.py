"""What the database refuses about call-backs and supervision, in plain SQL: nobody speaks for a reporter, and no step of
supervision is made up."""

from uuid import UUID

import asyncpg
import pytest

from tests.security.conftest import AsPerson, Neighbours, refused, tried
from tests.security.illegal import BROKEN, NO_RIGHT, NOTHING

CASE = "WHERE matter_id = '{called}'"
SETTLE = (
    "UPDATE callback SET state = 'solved', solved = true, settled_at = app_now(), settled_by = {by} WHERE matter_id ="
    " '{{called}}'"
)
TRY = (
    "INSERT INTO callback_try (id, callback_id, matter_id, place_id, channel, reached, solved, tried_by, tried_at)"
    " SELECT '{{new}}', id, matter_id, place_id, '{channel}', true, true, {by}, app_now() FROM callback"
    " WHERE matter_id = '{{called}}'"
)
ANSWER = (
    "UPDATE supervision SET answered_by = {by}, answered_at = app_now(), answer = 'x' WHERE matter_id = '{{called}}'"
)
ME = "app_actor()"

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a call-back made up": (
        "secretary", "INSERT INTO callback SELECT * FROM callback WHERE matter_id = '{called}'", (NO_RIGHT,)),
    "settled by whoever handled it": ("dispatcher", SETTLE.format(by=ME), (NO_RIGHT, *NOTHING)),
    "settled by the secretary": ("secretary", SETTLE.format(by=ME), (NO_RIGHT, *NOTHING)),
    "settled by the reporter, when an officer calls": ("resident", SETTLE.format(by=ME), (NO_RIGHT,)),
    "settled in another's name": ("resident", SETTLE.format(by="'{secretary}'"), (NO_RIGHT,)),
    "a call that is wanted no longer": (
        "resident", f"UPDATE callback SET call_reason = NULL, called_for_at = NULL {CASE}", (BROKEN,)),
    "counted for another unit": ("resident", f"UPDATE callback SET category = 'other' {CASE}", (BROKEN,)),
    "a try of somebody who may not call": (
        "dispatcher", TRY.format(channel="phone", by=ME), (NO_RIGHT, "done: INSERT 0 0")),
    "a try of the secretary's": ("secretary", TRY.format(channel="phone", by=ME), (NO_RIGHT,)),
    "a tap in the reporter's name": ("secretary", TRY.format(channel="self", by=ME), (NO_RIGHT,)),
    "a call-back deleted": ("secretary", f"DELETE FROM callback {CASE}", (NO_RIGHT,)),
    "a tap altered": ("resident", f"UPDATE callback_try SET solved = true {CASE}", (NO_RIGHT,)),
    "supervision made up": (
        "secretary", "INSERT INTO supervision SELECT * FROM supervision WHERE matter_id = '{called}'", (NO_RIGHT,)),
    "supervision answered by the reporter": ("resident", ANSWER.format(by=ME), (NO_RIGHT,)),
    "supervision answered in another's name": ("dispatcher", ANSWER.format(by="'{secretary}'"), (NO_RIGHT,)),
    "supervision moved": ("dispatcher", f"UPDATE supervision SET percent = 150, answered_by = app_actor() {CASE}", (BROKEN,)),
    "supervision deleted": ("secretary", f"DELETE FROM supervision {CASE}", (NO_RIGHT,)),
}  # fmt: skip


@pytest.fixture(scope="module")
def known(ids: dict[str, UUID], neighbours: Neighbours) -> dict[str, UUID]:
    return {**ids, "called": neighbours.east.orders["called"]}


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, known: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement, answers = ILLEGAL[what]
    assert await tried(as_person, known, who, statement) in answers


async def test_the_office_answers_supervision(known: dict[str, UUID], as_person: AsPerson) -> None:
    assert await tried(as_person, known, "dispatcher", ANSWER.format(by=ME)) == "done: UPDATE 1"


@pytest.mark.parametrize("state", ["closed", "closed_unreached", "handling"])
async def test_whoever_handled_it_ends_no_call_back(state: str, known: dict[str, UUID], as_person: AsPerson) -> None:
    """A move that is legal in itself, but not what the reporters said: the commit refuses it."""
    async with as_person(known["dispatcher"]) as connection:
        await connection.execute("UPDATE matter SET state = $2 WHERE id = $1", known["called"], state)
        with pytest.raises(asyncpg.CheckViolationError, match="call-backs do not say so"):
            await connection.execute("SET CONSTRAINTS case_is_called_back IMMEDIATE")


async def test_a_phone_is_shown_to_who_calls_alone(known: dict[str, UUID], as_person: AsPerson) -> None:
    callback = "SELECT id FROM callback WHERE matter_id = $1"
    async with as_person(known["secretary"]) as connection:
        found = await connection.fetchval(callback, known["called"])
    for who in ("secretary", "dispatcher", "station", "resident"):
        async with as_person(known[who]) as connection:
            assert await connection.fetch("SELECT * FROM reveal_reporter($1)", found) == [], who
            assert await connection.fetch("SELECT * FROM callback_names(ARRAY[$1::uuid])", found) == [], who


async def test_a_reporter_is_shown_to_who_contacts_them_and_the_look_is_kept(
    known: dict[str, UUID], as_person: AsPerson
) -> None:
    look = "SELECT * FROM reveal_reporters($1)"
    kept = "SELECT capacity, shown FROM reveal WHERE matter_id = $1 AND viewer_id = app_actor()"
    for who in ("station", "volunteer", "stranger", "resident"):
        async with as_person(known[who]) as connection:
            assert await connection.fetch(look, known["called"]) == [], who
    for capacity in ("dispatcher", "secretary"):
        async with as_person(known[capacity]) as connection:
            for _ in range(2):
                (seen,) = await connection.fetch(look, known["called"])
            assert seen["phone_sealed"] is not None
            if capacity == "secretary":  # who answers for the place reads the looks; others read those at themselves
                assert [tuple(row) for row in await connection.fetch(kept, known["called"])] == [(capacity, "reporter")]
    async with as_person(known["resident"]) as connection:
        assert (
            await connection.fetch("SELECT * FROM reveal WHERE shown = 'reporter' AND subject_id <> app_actor()") == []
        )


async def test_nobody_writes_a_look_at_a_reporter_by_themselves(known: dict[str, UUID], as_person: AsPerson) -> None:
    """Neither beforehand, so that the true one would be left out, nor in another's name."""
    async with as_person(known["dispatcher"]) as connection:
        forged = (
            "INSERT INTO reveal (id, matter_id, place_id, viewer_id, subject_id, shown, capacity, hour_at, shown_at)"
            " SELECT gen_random_uuid(), id, place_id, app_actor(), requester_id, 'reporter', 'secretary',"
            f" date_trunc('hour', app_now()), app_now() FROM matter WHERE id = '{known['called']}'"
        )
        assert await refused(connection, forged) == NO_RIGHT
