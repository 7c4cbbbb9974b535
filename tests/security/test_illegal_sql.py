"""What the database refuses whoever asks: each invariant, tried with plain SQL by somebody who would gain from breaking it."""

from uuid import UUID

import asyncpg
import pytest

from app.kernel.database import begin
from app.local.postgres import PostgresServer
from tests.security.conftest import AsPerson, Neighbours, new_id, refused, tried
from tests.security.illegal import (
    BROKEN,
    COMPUTED,
    DEADLINE,
    DELAY,
    EFFECT,
    GRANT,
    HISTORY,
    MATTER,
    ME,
    MISSED,
    NEW_DEADLINE,
    NO_RIGHT,
    NOTHING,
    NOTICE,
    PERSON,
    PLACE,
    POLICY,
    RATING,
    RECEIPT,
    RECORD,
    RUNNING,
    SERVICE,
    TWICE,
    fill,
)

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a move that the lifecycle does not know": (
        "dispatcher", "UPDATE matter SET state = 'rated' WHERE id = '{missed}'", (BROKEN,)),
    "a move out of the last state": (
        "secretary", "UPDATE matter SET state = 'accepted' WHERE id = '{rated}'", (BROKEN,)),
    "an order that begins at its end": (
        "resident", fill(MATTER, kind="'order'", place="'{east}'", state="'cancelled'", by=ME), (BROKEN,)),
    "a matter of a kind that does not exist": (
        "resident", fill(MATTER, kind="'wish'", place="'{east}'", state="'submitted'", by=ME), (BROKEN,)),
    "an order in another's name": (
        "resident", fill(MATTER, kind="'order'", place="'{east}'", state="'submitted'", by="'{dispatcher}'"), (NO_RIGHT,)),
    "an order in a community where one does not live": (
        "resident", fill(MATTER, kind="'order'", place="'{west}'", state="'submitted'", by=ME), (NO_RIGHT,)),
    "an order by who lives nowhere": (
        "dispatcher", fill(MATTER, kind="'order'", place="'{east}'", state="'submitted'", by=ME), (NO_RIGHT,)),
    "an order moved to another place": (
        "dispatcher", "UPDATE matter SET place_id = '{west}' WHERE id = '{missed}'", (BROKEN,)),
    "an order made one's own": (
        "dispatcher", "UPDATE matter SET requester_id = '{dispatcher}' WHERE id = '{missed}'", (BROKEN,)),
    "an order that is to serve oneself, so that the address shows": (
        "volunteer", "UPDATE matter SET beneficiary_id = '{volunteer}' WHERE id = '{missed}'", (BROKEN,)),
    "an order of another kind": (
        "dispatcher", "UPDATE matter SET kind = 'case' WHERE id = '{missed}'", (BROKEN, NO_RIGHT)),
    "an order made older": (
        "dispatcher", "UPDATE matter SET created_at = created_at - interval '1 day' WHERE id = '{missed}'", (BROKEN,)),
    "an order served by its own requester": (
        "dispatcher", "UPDATE matter SET assignee_id = requester_id WHERE id = '{missed}'", (BROKEN,)),
    "an order that is being served by nobody": (
        "dispatcher", "UPDATE matter SET assignee_id = NULL WHERE id = '{running}'", (BROKEN,)),
    "an assignment moved to another place's seat": (
        "secretary", "UPDATE matter SET seat_id = '{street}' WHERE id = '{assignment}'", (BROKEN,)),
    "an assignment taken from its unit": (
        "volunteer", "UPDATE matter SET unit_id = NULL WHERE id = '{assignment}'", (BROKEN,)),
    "another community's order": (
        "secretary", "UPDATE matter SET open_pool = true WHERE id = '{foreign}'", NOTHING),
    "an order deleted": ("secretary", "DELETE FROM matter WHERE id = '{missed}'", (NO_RIGHT,)),
    "a second live deadline of one kind": (
        "secretary", DEADLINE + " WHERE id = '{coordinate}'", (TWICE,)),
    "a limit put off": (
        "volunteer", DELAY + " WHERE id = '{coordinate}'", (BROKEN,)),
    "a stopped deadline set running": (
        "volunteer", "UPDATE deadline SET stopped_at = NULL WHERE matter_id = '{running}' AND kind = 'offer'", (BROKEN,)),
    "marks taken back": (
        "dispatcher", "UPDATE deadline SET fired = 0 WHERE matter_id = '{missed}'", (BROKEN,)),
    "marks skipped past the last": (
        "dispatcher", "UPDATE deadline SET fired = 9 WHERE matter_id = '{missed}'", (BROKEN,)),
    "the next mark put off": (
        "dispatcher", "UPDATE deadline SET next_at = 'infinity' WHERE matter_id = '{missed}'", (COMPUTED,)),
    "history written as somebody else": (
        "dispatcher", fill(HISTORY, matter=MISSED, place="'{east}'", by="'{resident}'"), (NO_RIGHT,)),
    "history of a neighbour's order": (
        "neighbour", fill(HISTORY, matter=RUNNING, place="'{east}'", by=ME), (NO_RIGHT,)),
    "history of a neighbour's order that nobody has taken": (
        "neighbour", fill(HISTORY, matter=MISSED, place="'{east}'", by=ME), (NO_RIGHT,)),
    "history of another community's order that nobody has taken": (
        "resident", fill(HISTORY, matter="'{foreign_missed}'", place="'{west}'", by=ME), (NO_RIGHT,)),
    "a deadline of a neighbour's order that nobody has taken": (
        "neighbour", fill(NEW_DEADLINE, matter=MISSED), (NO_RIGHT,)),
    "a rating of a neighbour's order that nobody has taken": (
        "neighbour", fill(RATING, matter=MISSED, by=ME), (NO_RIGHT,)),
    "a notice about a neighbour's order that nobody has taken": (
        "neighbour", fill(NOTICE, by=ME).replace("'order', '{new}'", "'order', '{missed}'"), (NO_RIGHT,)),
    "history of another community's order": (
        "resident", fill(HISTORY, matter="'{foreign}'", place="'{west}'", by=ME), (NO_RIGHT,)),
    "history of another community's order, under one's own": (
        "resident", fill(HISTORY, matter="'{foreign}'", place="'{east}'", by=ME), (NO_RIGHT, "23503")),
    "a rating in the resident's name": (
        "volunteer", fill(RATING, matter="'{running}'", by="'{resident}'"), (NO_RIGHT,)),
    "a rating of a neighbour's order": ("neighbour", fill(RATING, matter="'{running}'", by=ME), (NO_RIGHT,)),
    "a role for oneself": (
        "dispatcher", fill(GRANT, whom=ME, place="'{east}'", role="'administrator'", by=ME), (NO_RIGHT,)),
    "a volunteer's role for oneself": (
        "resident", fill(GRANT, whom=ME, place="'{east}'", role="'volunteer'", by=ME), (NO_RIGHT,)),
    "a home as wide as a street": (
        "stranger", fill(GRANT, whom=ME, place="'{street}'", role="'resident'", by=ME), (BROKEN,)),
    "a home widened to a street": (
        "resident", "UPDATE role_grant SET place_id = '{street}' WHERE person_id = '{resident}' AND role = 'resident'",
        (BROKEN,)),
    "a dispatcher made by the secretary": (
        "secretary", fill(GRANT, whom="'{resident}'", place="'{east}'", role="'dispatcher'", by=ME), (NO_RIGHT,)),
    "a volunteer made in the next community": (
        "secretary", fill(GRANT, whom="'{resident}'", place="'{west}'", role="'volunteer'", by=ME), (NO_RIGHT,)),
    "a role granted in another's name": (
        "secretary", fill(GRANT, whom="'{resident}'", place="'{east}'", role="'volunteer'", by="'{resident}'"), (NO_RIGHT,)),
    "one's own role raised": (
        "resident", "UPDATE role_grant SET role = 'administrator' WHERE person_id = '{resident}'", (BROKEN,)),
    "one's own role made longer": (
        "volunteer", "UPDATE role_grant SET ends_at = NULL, starts_at = '-infinity' WHERE person_id = '{volunteer}'",
        (BROKEN,)),
    "one's own role ended later": (
        "volunteer",
        "UPDATE role_grant SET ends_at = app_now() + interval '1 year' WHERE person_id = '{volunteer}' AND role = 'volunteer'",
        (NO_RIGHT,)),
    "an officer's own role ended": (
        "dispatcher", "UPDATE role_grant SET ends_at = app_now() WHERE person_id = '{dispatcher}' AND role = 'dispatcher'",
        NOTHING),
    "another volunteer's role ended": (
        "resident", "UPDATE role_grant SET ends_at = app_now() WHERE person_id = '{volunteer}' AND role = 'volunteer'", NOTHING),
    "a role given to somebody else": (
        "resident", "UPDATE role_grant SET person_id = '{stranger}' WHERE role = 'resident'", (BROKEN,)),
    "one's own volunteering moved elsewhere and ended": (
        "volunteer",
        "UPDATE role_grant SET place_id = '{west}', ends_at = app_now() WHERE person_id = '{volunteer}' AND role = 'volunteer'",
        (BROKEN,)),
    "one's own volunteering granted by somebody else": (
        "volunteer",
        ("UPDATE role_grant SET granted_by = '{secretary}', ends_at = app_now()"
        " WHERE person_id = '{volunteer}' AND role = 'volunteer'"), (BROKEN,)),
    "a role forgotten": ("secretary", "DELETE FROM role_grant", (NO_RIGHT,)),
    "another person's data": (
        "resident", "UPDATE person SET phone_sealed = '\\x00' WHERE id = '{dispatcher}'", NOTHING),
    "a resident's password set by the secretary": (
        "secretary", "UPDATE person SET password_hash = 'x' WHERE id = '{resident}'", NOTHING),
    "a dispatcher disabled by the secretary": (
        "secretary", "UPDATE person SET disabled_at = app_now() WHERE id = '{dispatcher}'", NOTHING),
    "one's own openid": ("resident", "UPDATE person SET openid = 'x' WHERE id = '{resident}'", (NO_RIGHT,)),
    "a person made by a resident": ("resident", fill(PERSON, openid="NULL"), (NO_RIGHT,)),
    "a person who may log in by WeChat": ("station", fill(PERSON, openid="'x'"), (NO_RIGHT,)),
    "a person deleted": ("secretary", "DELETE FROM person WHERE id = '{resident}'", (NO_RIGHT,)),
    "an audit of another's doing": ("secretary", fill(RECORD, by="'{dispatcher}'"), (NO_RIGHT,)),
    "another's receipt": ("resident", fill(RECEIPT, by="'{dispatcher}'"), (NO_RIGHT,)),
    "a notice in another's name": ("resident", fill(NOTICE, by="'{dispatcher}'"), (NO_RIGHT,)),
    "another's message ticked off": (
        "resident", "UPDATE inbox_message SET read_at = app_now() WHERE person_id = '{dispatcher}'", NOTHING),
    "one's own message put into another's inbox": (
        "resident", "UPDATE inbox_message SET person_id = '{dispatcher}'", (NO_RIGHT,)),
    "a message written past the relay": (
        "resident", "INSERT INTO inbox_message SELECT * FROM inbox_message LIMIT 1", (NO_RIGHT,)),
    "a place made by a street's administrator": (
        "administrator", PLACE, (NO_RIGHT,)),
    "a place renamed by a street's administrator": (
        "administrator", "UPDATE place SET name = 'x' WHERE id = '{east}'", NOTHING),
    "a place moved below another": ("administrator", "UPDATE place_ancestor SET ancestor_id = '{east}'", NOTHING),
    "a place deleted": ("administrator", "DELETE FROM place WHERE id = '{east}'", NOTHING),
    "a service of the next community": ("secretary", fill(SERVICE, place="'{west}'", by=ME), (NO_RIGHT,)),
    "a service by the dispatcher": ("dispatcher", fill(SERVICE, place="'{east}'", by=ME), (NO_RIGHT,)),
    "a limit by the secretary": ("secretary", fill(POLICY, place="'{east}'", by=ME), (NO_RIGHT,)),
    "a limit for everybody": ("administrator", fill(POLICY, place="NULL", by=ME), (NO_RIGHT,)),
    "an effect added by the secretary": (
        "secretary", fill(EFFECT, policy="'00000000-0000-7000-8000-000000000001'"), (NO_RIGHT,)),
    "an effect added to a published policy": (
        "administrator", fill(EFFECT, policy="'00000000-0000-7000-8000-000000000001'"), (NO_RIGHT,)),
    "the clock": ("administrator", "UPDATE clock_shift SET seconds = 3600", (NO_RIGHT,)),
    "the legal moves": ("administrator", "INSERT INTO allowed_transition VALUES ('order', 'rated', 'submitted')", (NO_RIGHT,)),
    "the promises": ("administrator", "DELETE FROM promised_state", (NO_RIGHT,)),
    "a promise that is only told of": ("administrator", "UPDATE promised_state SET only_told = true", (NO_RIGHT,)),
    "the worker's heart": ("administrator", "INSERT INTO heartbeat VALUES ('sweep', app_now())", (NO_RIGHT,)),
    "a log-in forged": (
        "resident", "INSERT INTO session VALUES ('{new}', '{dispatcher}', app_now(), NULL)", (NO_RIGHT,)),
    "the worker's role": ("resident", "SET ROLE linli_worker", (NO_RIGHT,)),
    "the checker's role": ("resident", "SET ROLE linli_checker", (NO_RIGHT,)),
    "row-level security switched off": ("resident", "ALTER TABLE matter DISABLE ROW LEVEL SECURITY", (NO_RIGHT,)),
    "triggers switched off": ("resident", "SET session_replication_role = replica", (NO_RIGHT,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement, answers = ILLEGAL[what]
    assert await tried(as_person, ids, who, statement) in answers


SOUND = {
    # The same statements where they are right: otherwise a misspelt one would be "refused" too.
    "an order of one's own": ("resident", fill(MATTER, kind="'order'", place="'{east}'", state="'submitted'", by=ME)),
    "a legal move": ("dispatcher", "UPDATE matter SET state = 'cancelled' WHERE id = '{missed}'"),
    "history of one's own doing": ("dispatcher", fill(HISTORY, matter=MISSED, place="'{east}'", by=ME)),
    "a rating of one's own order": ("resident", fill(RATING, matter="'{running}'", by=ME)),
    "a deadline of another kind": (
        "secretary", DEADLINE.replace("place_id, kind, round", "place_id, 'answer', round", 2).replace(
            "'answer'", "kind", 1) + " WHERE id = '{coordinate}'"),
    "a deadline of one's own order": ("resident", fill(NEW_DEADLINE, matter=MISSED)),
    "a notice about one's own order": (
        "resident", fill(NOTICE, by=ME).replace("'order', '{new}'", "'order', '{missed}'")),
    "a home": ("stranger", fill(GRANT, whom=ME, place="'{east}'", role="'resident'", by=ME)),
    "a volunteer by the secretary": (
        "secretary", fill(GRANT, whom="'{stranger}'", place="'{east}'", role="'volunteer'", by=ME)),
    "a dispatcher by the administrator": (
        "administrator", fill(GRANT, whom="'{stranger}'", place="'{east}'", role="'dispatcher'", by=ME)),
    "one's own data": ("resident", "UPDATE person SET phone_sealed = '\\x00' WHERE id = '{resident}'"),
    "a dispatcher's password by the administrator": (
        "administrator", "UPDATE person SET password_hash = 'x' WHERE id = '{dispatcher}'"),
    "a person by the station": ("station", fill(PERSON, openid="NULL")),
    "an audit of one's own doing": ("secretary", fill(RECORD, by=ME)),
    "one's own receipt": ("resident", fill(RECEIPT, by=ME)),
    "a notice of one's own": ("resident", fill(NOTICE, by=ME)),
    "one's own message ticked off": ("dispatcher", "UPDATE inbox_message SET read_at = app_now()"),
    "a service by the secretary": ("secretary", fill(SERVICE, place="'{east}'", by=ME)),
    "a limit with its effect": (
        "administrator", "WITH p AS (" + fill(POLICY, place="'{east}'", by=ME) + ") " + fill(EFFECT, policy="'{new}'")),
}  # fmt: skip


@pytest.mark.parametrize("what", SOUND)
async def test_is_allowed_where_it_is_right(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement = SOUND[what]
    done = await tried(as_person, ids, who, statement)
    assert done.startswith("done: ")
    assert done not in (*NOTHING, "done: INSERT 0 0")


# ── the past ─────────────────────────────────────────────────────────────────────────────────────────────────────


ALTERED = {
    "history": "action = 'x'", "audit": "action = 'x'", "mark": "percent = 1", "rating": "stars = 5",
    "deadline_policy": "budget_seconds = 1", "policy_effect": "percent = 1", "calendar_hours": "version = 9",
    "order_post": "text = 'x'", "deadline_policy_draft": "category = 'x'",
}  # fmt: skip


@pytest.mark.parametrize("table", ALTERED)
async def test_the_past_is_altered_by_nobody(
    table: str, owner: asyncpg.Connection, ids: dict[str, UUID], as_person: AsPerson
) -> None:
    for statement in (f"UPDATE {table} SET {ALTERED[table]}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        async with as_person(ids["administrator"]) as connection:
            assert await refused(connection, statement) == NO_RIGHT, statement
        await owner.execute("SAVEPOINT before")
        assert await refused(owner, statement) == BROKEN, statement
        await owner.execute("ROLLBACK TO before")


@pytest.mark.parametrize("table", ALTERED)
async def test_the_worker_alters_no_past_either(table: str, neighbours: Neighbours, postgres: PostgresServer) -> None:
    connection = await asyncpg.connect(postgres.url("linli_worker", neighbours.database))
    for statement in (f"UPDATE {table} SET {ALTERED[table]}", f"DELETE FROM {table}"):
        assert await refused(connection, statement) == NO_RIGHT, statement
    await connection.close()


# ── at commit ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_last_deadline_of_a_promised_order_cannot_stop(ids: dict[str, UUID], as_person: AsPerson) -> None:
    stop = "UPDATE deadline SET stopped_at = app_now() WHERE matter_id = $1 AND stopped_at IS NULL AND"
    async with as_person(ids["volunteer"]) as connection:
        assert await connection.execute(f"{stop} kind IN ('reply', 'plan')", ids["running"]) == "UPDATE 2"
        await connection.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        assert await connection.execute(f"{stop} kind = 'coordinate'", ids["running"]) == "UPDATE 1", "the last"
        assert await refused(connection, "SET CONSTRAINTS ALL IMMEDIATE") == BROKEN


async def test_deadlines_stop_for_whoever_sees_their_order(ids: dict[str, UUID], as_person: AsPerson) -> None:
    """The function that the door asks looks past the policies: it asks for the order, and stops no other's deadline by it."""
    stop = "SELECT count(*) FROM stop_deadlines($1, $2, app_now())"
    unseen = "SELECT stop_deadlines('{foreign}', ARRAY['{foreign_deadline}']::uuid[], app_now())"
    async with as_person(ids["volunteer"]) as connection:
        assert await refused(connection, unseen.format_map(ids)) == NO_RIGHT
    async with as_person(ids["volunteer"]) as connection:
        assert await connection.fetchval(stop, ids["running"], [ids["foreign_deadline"]]) == 0
        assert await connection.fetchval(stop, ids["running"], [ids["coordinate"]]) == 1


async def test_a_new_order_without_a_deadline_does_not_commit(
    neighbours: Neighbours, postgres: PostgresServer, ids: dict[str, UUID]
) -> None:
    connection = await asyncpg.connect(postgres.url("linli_app", neighbours.database))
    new = new_id()
    statement = fill(MATTER, kind="'order'", place="'{east}'", state="'submitted'", by=ME).format(**ids, new=new)
    await connection.execute(begin(ids["resident"]))
    await connection.execute(statement)
    with pytest.raises(asyncpg.CheckViolationError, match="no live deadline"):
        await connection.execute("COMMIT")
    assert await neighbours.world.owner.fetchval("SELECT count(*) FROM matter WHERE id = $1", new) == 0
    await connection.close()


async def test_a_move_into_a_promised_state_without_a_deadline_does_not_commit(
    ids: dict[str, UUID], as_person: AsPerson
) -> None:
    async with as_person(ids["dispatcher"]) as connection:
        await connection.execute(
            "UPDATE deadline SET stopped_at = app_now() WHERE matter_id = $1 AND stopped_at IS NULL", ids["missed"]
        )
        await connection.execute(
            "UPDATE matter SET state = 'offered', assignee_id = $2 WHERE id = $1", ids["missed"], ids["volunteer"]
        )
        assert await refused(connection, "SET CONSTRAINTS ALL IMMEDIATE") == BROKEN


# ── what is not believed ─────────────────────────────────────────────────────────────────────────────────────────


async def test_version_and_mover_are_the_databases_own(ids: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(ids["dispatcher"]) as connection:
        before = await connection.fetchval("SELECT version FROM matter WHERE id = $1", ids["missed"])
        row = await connection.fetchrow(
            "UPDATE matter SET version = 77, moved_by = $2, moved_in = 1 WHERE id = $1 RETURNING version, moved_by",
            ids["missed"],
            ids["resident"],
        )
    assert tuple(row) == (before + 1, ids["dispatcher"])


async def test_a_temporary_table_of_the_same_name_fools_nobody(ids: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(ids["dispatcher"]) as connection:
        now = await connection.fetchval("SELECT app_now()")
        await connection.execute(
            """
            CREATE TEMP TABLE allowed_transition AS SELECT 'order' AS kind, 'submitted' AS from_state, 'rated' AS to_state;
            CREATE TEMP TABLE clock_shift AS SELECT true AS one, 1e8::float AS seconds;
            CREATE TEMP TABLE role_grant AS SELECT '{dispatcher}'::uuid AS person_id, p.id AS place_id, r.role,
              '-infinity'::timestamptz AS starts_at, NULL::timestamptz AS ends_at
              FROM place p, unnest(ARRAY['administrator', 'resident']) r(role);
            GRANT SELECT ON allowed_transition, clock_shift, role_grant TO PUBLIC""".replace(
                "{dispatcher}", str(ids["dispatcher"])
            )
        )
        assert (await connection.fetchval("SELECT app_now()") - now).total_seconds() < 3600
        assert await connection.fetchval("SELECT count(*) FROM matter WHERE id = $1", ids["foreign"]) == 0
        assert await connection.fetchval("SELECT app_administers_tree()") is False
        assert await refused(connection, ILLEGAL["a move that the lifecycle does not know"][1].format(**ids)) == BROKEN
