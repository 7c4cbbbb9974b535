"""What SQL says about moves, promises and permissions is what the rooms' rules say."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.domain.cases import board_policy as board
from app.domain.cases import policy as cases
from app.domain.orders import policy as orders
from app.kernel.deadline_tables import GOVERNING
from app.kernel.rules import to_sql
from tests.migrations.expected_policies import EXPECTED, FUNCTIONS, OFFICIAL


def meaning(row: asyncpg.Record) -> list[str]:
    return [
        re.sub(r"'\{(.*?)\}'", lambda roles: "{" + ",".join(sorted(roles[1].split(","))) + "}", str(value))
        for value in row
    ]


@pytest.fixture
async def owner(owner_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(owner_url)
    yield connection
    await connection.close()


LIFECYCLES = (orders.LIFECYCLE, cases.LIFECYCLE, board.LIFECYCLE)


@pytest.mark.parametrize("lifecycle", LIFECYCLES, ids=lambda lifecycle: lifecycle.kind)
async def test_moves_and_promises_are_those_of_the_lifecycle(owner: asyncpg.Connection, lifecycle) -> None:
    moves = await owner.fetch("SELECT from_state, to_state FROM allowed_transition WHERE kind = $1", lifecycle.kind)
    promised = await owner.fetch("SELECT * FROM promised_state WHERE kind = $1", lifecycle.kind)
    assert {tuple(row) for row in moves} == lifecycle.pairs()
    assert {row["state"] for row in promised} == lifecycle.promised
    assert {row["state"] for row in promised if row["only_told"]} == lifecycle.only_told
    assert {row["state"]: tuple(row["governs"]) for row in promised if row["governs"]} == lifecycle.governed
    assert {row["state"]: row["holder"] for row in promised if row["holder"]} == lifecycle.held


async def test_what_governs_is_what_the_index_and_the_trigger_watch(owner: asyncpg.Connection) -> None:
    assert set(GOVERNING) == {kind for kinds in cases.LIFECYCLE.governed.values() for kind in kinds}
    body = await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'matter_has_deadline'")
    (watched,) = re.findall(r"NEW\.kind = ANY \('\{(.*?)\}'\)", body)
    assert set(watched.split(",")) == set(GOVERNING)


async def test_no_kind_of_matter_is_in_sql_alone(owner: asyncpg.Connection) -> None:
    kinds = await owner.fetch("SELECT kind FROM allowed_transition UNION SELECT kind FROM promised_state")
    assert {row["kind"] for row in kinds} == {lifecycle.kind for lifecycle in LIFECYCLES}


@pytest.mark.parametrize("name", EXPECTED)
async def test_a_policy_says_what_the_rules_say(owner: asyncpg.Connection, name: str) -> None:
    """Both are read back as Postgres understood them: the spelling does not count, nor the order of a list of roles."""
    table, command, using, check = EXPECTED[name]
    transaction = owner.transaction()
    await transaction.start()
    clauses = (f" USING ({using})" if using else "") + (f" WITH CHECK ({check})" if check else "")
    await owner.execute(f"CREATE POLICY expected ON {table} FOR {command} TO linli_app{clauses}")
    found = await owner.fetch(
        "SELECT permissive, roles, cmd, qual, with_check FROM pg_policies"
        " WHERE tablename = $1 AND policyname IN ($2, 'expected')",
        table,
        name,
    )
    await transaction.rollback()
    assert len(found) == 2
    assert meaning(found[0]) == meaning(found[1])


@pytest.mark.parametrize("name", FUNCTIONS)
async def test_a_function_says_what_the_rules_say(owner: asyncpg.Connection, name: str) -> None:
    body = await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = $1", name)
    looked, _, judged = words(body).partition("IFNOTFOUNDTHENRETURNNULL;ENDIF;")
    assert looked.endswith(words("INTO matter FROM matter m WHERE m.id = subject;"))
    assert judged == words(f"RETURN {FUNCTIONS[name]}; END")


async def test_who_sees_cases_and_assignments_is_who_reads_them(owner: asyncpg.Connection) -> None:
    body = await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'app_sees_official'")
    assert words(body) == words(f"BEGIN RETURN {OFFICIAL}; END")


async def test_who_looks_a_reporter_up_is_who_contacts_them(owner: asyncpg.Connection) -> None:
    contact = cases.LIFECYCLE["contact"]
    states = ", ".join(f"'{state}'" for state in sorted(contact.sources))
    body = await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'may_contact'")
    assert words(body) == words(f"BEGIN RETURN kind = 'case' AND state IN ({states}) AND {to_sql(contact.by)}; END")


async def test_who_reads_why_it_was_not_solved_is_who_works_on_it(owner: asyncpg.Connection) -> None:
    body = words(await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'unsolved_words'"))
    assert words(to_sql(board.READ, "m")) in body


async def test_who_sees_a_whole_case_is_every_reader_but_who_joined_from_elsewhere(owner: asyncpg.Connection) -> None:
    """A reporter only where they live; each other way to read a case is a way to read all of it."""
    body = words(await owner.fetchval("SELECT prosrc FROM pg_proc WHERE proname = 'app_sees_whole'"))
    for rule in set(cases.READ) - {cases.requester, cases.beneficiary, cases.reporter, cases.joiner}:
        assert words(rule.to_sql("m")) in body
    for relation in ("requester_id", "beneficiary_id"):
        assert f"m.{relation}" in body
    assert "joiner" not in body


def words(sql: str) -> str:
    """Without spaces, and without the table's name before a column."""
    return re.sub(r"\s+", "", sql.replace("matter.", "").replace("$", ""))
