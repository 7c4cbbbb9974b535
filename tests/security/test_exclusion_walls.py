"""What the application's role may do with exclusions, in plain SQL: two people, and the miss stays."""

from uuid import UUID

import asyncpg
import pytest

from tests.security.conftest import AsPerson, new_id, refused
from tests.security.illegal import ABSENT, BROKEN, ME, NO_RIGHT, NOTHING, TWICE, fill

PROPOSE = (
    "INSERT INTO exclusion (id, deadline_id, percent, matter_id, place_id, reason, note, proposed_by, proposed_at, decided_by,"
    " decided_at, upheld, decision, version) VALUES ('{new}', {deadline}, {percent}, {matter}, {place}, {reason}, 'x', {by},"
    " app_now(), {decided}, 1)"
)
DECIDE = "UPDATE exclusion SET upheld = true, decision = 'x', decided_by = {by}, decided_at = app_now(){more}"
DECIDE += " WHERE matter_id = '{missed}'"
MISS = {
    "deadline": "(SELECT k.deadline_id FROM mark k WHERE k.matter_id = '{missed}' AND k.percent = 100)",
    "percent": "100",
    "matter": "'{missed}'",
    "place": "'{east}'",
    "reason": "'outage'",
    "by": ME,
    "decided": "NULL, NULL, NULL, NULL",
}


def proposal(**other: str) -> str:
    return fill(PROPOSE, **{**MISS, **other})


def decision(by: str = ME, more: str = "") -> str:
    return fill(DECIDE, by=by, more=more)


ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a miss excluded by the volunteer": ("volunteer", proposal(), (NO_RIGHT,)),
    "a miss excluded by the resident": ("resident", proposal(), (NO_RIGHT,)),
    "a miss excluded by an administrator": ("administrator", proposal(), (NO_RIGHT,)),
    "a miss excluded in somebody else's name": ("dispatcher", proposal(by="'{secretary}'"), (NO_RIGHT,)),
    "a miss excluded and decided at once": (
        "dispatcher", proposal(decided="'{administrator}', app_now(), true, 'x'"), (NO_RIGHT,)),
    "a miss excluded twice": ("secretary", proposal(), (TWICE,)),
    "what was not missed": (
        "dispatcher", proposal(deadline="'{coordinate}'", matter="'{running}'"), (NO_RIGHT, ABSENT)),
    "a warning instead of a miss": ("dispatcher", proposal(percent="80"), (BROKEN,)),
    "a miss under another matter": ("dispatcher", proposal(matter="'{running}'"), (NO_RIGHT,)),
    "a miss under another place": ("dispatcher", proposal(place="'{west}'"), (NO_RIGHT,)),
    "a miss of the other community": ("dispatcher", proposal(matter="'{foreign_missed}'"), (NO_RIGHT,)),
    "a reason that is not listed": ("dispatcher", proposal(reason="'busy'"), (BROKEN,)),
    "decided by who proposed it": ("dispatcher", decision(), (NO_RIGHT, BROKEN)),
    "decided by the community's secretary": ("secretary", decision(), (NO_RIGHT,)),
    "decided by the volunteer": ("volunteer", decision(), NOTHING),
    "decided by the resident": ("resident", decision(), NOTHING),
    "decided in somebody else's name": ("administrator", decision("'{head}'"), (NO_RIGHT,)),
    "decided in the name of who proposed it": ("administrator", decision("'{dispatcher}'"), (NO_RIGHT, BROKEN)),
    "decided, and another note written": ("administrator", decision(more=", note = 'y'"), (BROKEN,)),
    "decided, and laid on another proposer": ("administrator", decision(more=", proposed_by = '{head}'"), (BROKEN,)),
    "altered and not decided": (
        "administrator", "UPDATE exclusion SET version = 9 WHERE matter_id = '{missed}'", (NO_RIGHT, BROKEN)),
    "decided by halves": (
        "administrator", "UPDATE exclusion SET decided_by = app_actor(), decided_at = app_now() WHERE matter_id = '{missed}'",
        (BROKEN,)),
    "deleted": ("administrator", "DELETE FROM exclusion", (NO_RIGHT,)),
    "a miss taken back": ("administrator", "DELETE FROM mark", (NO_RIGHT,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, as_person: AsPerson, ids: dict[str, UUID]) -> None:
    who, statement, answers = ILLEGAL[what]
    async with as_person(ids[who]) as connection:
        found = await refused(connection, statement.format_map({**ids, "new": new_id()}))
    assert found in answers


async def test_two_people_make_one_and_then_it_stays(as_person: AsPerson, ids: dict[str, UUID]) -> None:
    async with as_person(ids["administrator"]) as connection:
        assert await connection.execute(decision().format_map(ids)) == "UPDATE 1"
        await connection.execute("SELECT set_config('app.actor', $1, true)", str(ids["resident"]))
        seen = "SELECT reason FROM exclusion WHERE matter_id = $1 AND upheld"
        assert await connection.fetchval(seen, ids["missed"]) == "outage", "the resident may know why it does not count"
        await connection.execute("SELECT set_config('app.actor', $1, true)", str(ids["administrator"]))
        assert await refused(connection, decision().format_map(ids)) == BROKEN


async def test_whoever_had_it_does_not_decide_even_at_the_street(
    owner: asyncpg.Connection, ids: dict[str, UUID]
) -> None:
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("UPDATE matter SET holder_id = $2 WHERE id = $1", ids["missed"], ids["volunteer"])
    found = await refused(owner, decision("'{volunteer}'").format_map(ids))
    await transaction.rollback()
    assert found == BROKEN


async def test_not_even_the_owner_deletes_one(owner: asyncpg.Connection) -> None:
    assert await refused(owner, "DELETE FROM exclusion") == BROKEN
