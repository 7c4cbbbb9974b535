"""What stands in the catalogue: roles without power, row-level security on every table, few functions that look past it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.local.postgres import PostgresServer

PLAIN = {"allowed_transition", "promised_state", "clock_shift", "heartbeat", "alembic_version"}
"""Tables without rows of anybody's."""

OURS = ("linli_app", "linli_worker", "linli_checker", "linli_owner")

DEFINERS = {
    # Log-in and refresh, before there is an actor.
    "auth_person_by_openid(text,uuid,timestamp with time zone)",
    "auth_person_by_login_name(text)",
    "auth_session_open(uuid,uuid,bytea,timestamp with time zone)",
    "auth_session_rotate(uuid,integer,bytea,bytea,timestamp with time zone,timestamp with time zone)",
    "auth_session_close(uuid,uuid)",
    "auth_session_close_all(uuid,uuid)",
    "auth_session_forget(timestamp with time zone)",
    # Whose a phone is, after WeChat was asked; and under which of its accounts somebody logs in, to ask it.
    "auth_phone_proved(uuid,bytea,bytea,boolean)",
    "auth_openid_of(uuid)",
    # Whether somebody may, and who must be told.
    "app_reaches(uuid,text[])",
    "app_holds(text[])",
    "app_administers(uuid)",
    "app_administers_tree()",
    "last_administrator(uuid)",
    "app_signed_in(uuid,uuid)",
    "person_holds(uuid,uuid,text)",
    "find_person(uuid,bytea)",
    "holders_of(uuid,text)",
    "app_sees(uuid)",
    "app_sees_detail(uuid)",
    "app_roles(uuid,timestamp with time zone)",
    "app_team(uuid)",
    "app_stands_below(uuid,text[])",
    # What the actor is in a unit and in a case; who is told of a matter that officers hold.
    "app_unit(uuid)",
    "app_parts(uuid)",
    "app_sees_whole(uuid)",
    "told_of(uuid,uuid,text)",
    # Why a case came back, without who said it: for whoever works on it.
    "unsolved_words(uuid)",
    # At commit: one limit governs; who held it until now.
    "matter_is_governed()",
    "matter_is_held()",
    "app_reaches_from_street(uuid,text[])",
    # Which texts hold a refused term: for whoever writes one, who reads no list. Answers ids, never words.
    "refused_terms(uuid,jsonb)",
    "app_belongs(uuid)",
    "app_leads(uuid,uuid)",
    "team_can(uuid,text)",
    # Who may serve, who is in a team, what somebody holds: each asks first who wants to know.
    "volunteer_facts(uuid,uuid[],text,timestamp with time zone)",
    "team_roster(uuid)",
    "held_orders(uuid,uuid,uuid)",
    "led_teams(uuid,uuid)",
    # Whether somebody has told name and phone: a yes or no, for who admits volunteers. Which orders a skill leaves: ids, for who
    # ends it. Who left a team: the sealed name, for its lead. A leave ends with the role.
    "person_named(uuid)",
    "skill_orders(uuid)",
    "member_name(uuid)",
    "told_service(uuid)",
    "assigned_case(uuid)",
    "exclusion_reviewers(uuid)",
    "app_is_away()",
    "leave_is_over()",
    # Whether the resident complained of somebody on an order: a yes or no for the door, since those it is about do not read it.
    "complained_of(uuid,uuid)",
    "person_represents(uuid,uuid)",
    "person_lives(uuid,uuid)",
    "representatives_of(uuid)",
    # What was asked for under a representation: only ids, for both sides and the staff there, who end it.
    "represented_matters(uuid)",
    # The contact on file of whom an order serves, sealed: for the worker alone.
    "contact_on_file(uuid)",
    # Version and live deadlines of a matter, for whoever sees what it is about; with the log-in and the roles of whoever asks.
    "matter_snapshot(uuid)",
    "app_look(uuid,uuid,uuid)",
    # Stops deadlines, for whoever sees what their matter is about.
    "stop_deadlines(uuid,uuid[],timestamp with time zone)",
    # A resident's home and contact, for the staff there and for who acts for them; whether a card is theirs.
    "home_of(uuid,bytea)",
    "card_fits(uuid,uuid,bytea)",
    # Who is on file under the phone or id that a representative named: for themselves once they agreed, and for the staff where
    # they live. What the actor's own calendar has of orders that they lost: service, place and time.
    "named_on_file(uuid)",
    "lost_appointments(timestamp with time zone)",
    # How many of everybody's are not in order; only a number.
    "outbox_parked()",
    "deadlines_unsure()",
    # How full a service day is, and whether it is there; only a number.
    "next_place(uuid)",
    "places_taken(uuid)",
    "day_is_new(uuid)",
    "team_one_along_the_tree()",
    "told_person(uuid)",
    "told_team(uuid)",
    "papers_back(uuid)",
    "unphoned_residents(uuid)",
    # For whoever books for somebody: whether these are theirs, have booked, and who hosts; whether somebody leads a team.
    "app_represents_at(uuid)",
    "has_booked(uuid,uuid)",
    "hold_host(uuid,uuid)",
    # Which of the skills that an applicant named they have: for who decides, who records the rest, and themselves.
    "skills_of_applicant(uuid)",
    "leads(uuid,uuid)",
    # When whoever has an order is to be elsewhere, at about a time: for whoever sees the order.
    "appointment_near(uuid,uuid,timestamp with time zone)",
    "meets_near(uuid,uuid,timestamp with time zone)",
    # Whether the actor has papers of an errand that are out.
    "app_keeps_papers(uuid)",
    "service_live_orders(uuid)",
    # What a draft would have done to everything below a place: asks for its administrator first.
    (
        "replay_draft(uuid,timestamp with time zone,timestamp with time zone,timestamp with time zone,bigint,bigint[],"
        "bigint[],bigint[],bigint[],bigint[],uuid[],integer[],timestamp with time zone,uuid,integer)"
    ),
    # What the actor finds: their places' and their own, read through the policies again; and how they were rated as a whole.
    (
        "find_orders(text,uuid,bytea,text[],uuid,uuid,timestamp with time zone,timestamp with time zone,boolean,"
        "timestamp with time zone,uuid,integer)"
    ),
    (
        "waiting_orders(text[],uuid,uuid,timestamp with time zone,timestamp with time zone,boolean,"
        "timestamp with time zone,uuid,integer)"
    ),
    "my_ratings()",
    # Who works in a unit: asks who wants to know. Who sits on a board: only ids. How units and whistles were rated: only sums.
    "unit_roster(uuid)",
    "board_steps(uuid)",
    "seats_of(uuid)",
    "unit_rated(uuid)",
    "whistles_rated(uuid)",
    # Who may call a case's reporters back, how many wait; the names of those to be called, and a phone against a record.
    "may_call_back(uuid)",
    "callbacks_open(uuid,uuid)",
    "callback_names(uuid[])",
    "reveal_reporter(uuid)",
    # Name and phone of a case's reporters, against a record, for who contacts them.
    "reveal_reporters(uuid)",
    "case_is_to_be_called_back()",
    "case_is_called_back()",
    "case_hand_has_its_duty()",
    "whistle_keeps_its_lead()",
    "move_is_told()",
    # What the actor finds of cases, as of orders; what is like a trouble nearby, for whoever may report it there; which cases
    # are merged into one that the actor sees.
    (
        "find_cases(text,uuid,text[],text,uuid,timestamp with time zone,timestamp with time zone,boolean,"
        "timestamp with time zone,uuid,integer)"
    ),
    "similar_cases(uuid,text,text,integer)",
    "merged_into(uuid)",
    # Who holds what a case was merged into: the name of an office or a unit, for whoever sees the case.
    "held_with(uuid)",
    # Triggers that must see every row.
    "case_is_found()",
    "order_is_found()",
    "person_leaves()",
    "matter_has_deadline()",
    "recategorised_openly()",
    "representation_keeps_its_past()",
    "representation_is_at_home()",
    "application_is_at_home()",
    "applications_stay_behind()",
    "paper_signer(uuid)",
    "side_logs_in(uuid)",
    "server_name(uuid)",
}


@pytest.fixture
async def catalogue(postgres: PostgresServer, worker_database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(postgres.url("postgres", worker_database))
    yield connection
    await connection.close()


async def names(catalogue: asyncpg.Connection, statement: str, *values: object) -> set[str]:
    return {row[0] for row in await catalogue.fetch(statement, *values)}


async def test_every_table_but_the_plain_ones_forces_row_level_security(catalogue: asyncpg.Connection) -> None:
    tables = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    forced = await names(catalogue, f"{tables} AND relrowsecurity AND relforcerowsecurity")
    assert await names(catalogue, tables) - forced == PLAIN
    assert len(forced) >= 24


async def test_nothing_in_the_schema_goes_around_tables(catalogue: asyncpg.Connection) -> None:
    """A view would read with its owner's eyes, a sequence tells how many there are."""
    kinds = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT relkind IN ('r', 'i', 'p')"
    assert await names(catalogue, kinds) == set()
    assert await names(catalogue, "SELECT rulename::text FROM pg_rules WHERE schemaname = 'public'") == set()


@pytest.mark.parametrize("role", ["linli_app", "linli_worker"])
async def test_each_privilege_stands_behind_a_policy(catalogue: asyncpg.Connection, role: str) -> None:
    """Otherwise it is a privilege to do nothing, and somebody will open the table to make it work."""
    bare = await names(
        catalogue,
        """
        SELECT c.relname || ' ' || x.command
          FROM pg_class c CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) x(command)
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relrowsecurity
           AND (has_table_privilege($1, c.oid, x.command)
                OR (x.command <> 'DELETE' AND has_any_column_privilege($1, c.oid, x.command)))
           AND NOT EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname AND p.cmd IN (x.command, 'ALL')
                              AND $1::name = ANY (p.roles))""",
        role,
    )
    assert bare == set()


async def test_policies_are_for_our_roles_and_only_add(catalogue: asyncpg.Connection) -> None:
    strange = "SELECT policyname::text FROM pg_policies WHERE NOT roles <@ $1::name[] OR permissive <> 'PERMISSIVE'"
    assert await names(catalogue, strange, list(OURS)) == set()


async def test_only_these_policies_of_the_application_are_open_to_all(catalogue: asyncpg.Connection) -> None:
    open_ = "SELECT tablename::text FROM pg_policies WHERE 'linli_app' = ANY (roles) AND 'true' IN (qual, with_check)"
    # What becomes of a deadline, the trigger that pins it says; who may touch it, the other half of the policy.
    limits = {"deadline", "deadline_policy", "policy_effect", "calendar_hours", "workday_set"}
    cases = {"unit", "responsibility", "case_category", "admission_list"}
    assert await names(catalogue, open_) == {"place", "place_ancestor", "station", "service", *limits, *cases}


@pytest.mark.parametrize("role", OURS)
async def test_our_roles_have_no_power(catalogue: asyncpg.Connection, role: str) -> None:
    row = await catalogue.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", role)
    powers = ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication")
    assert [power for power in powers if row[power]] == []
    assert row["rolcanlogin"] is (role != "linli_checker")


async def test_the_application_belongs_to_no_other_role_and_owns_nothing(catalogue: asyncpg.Connection) -> None:
    members = "SELECT r.rolname || ' is ' || g.rolname FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member"
    members += " JOIN pg_roles g ON g.oid = m.roleid WHERE r.rolname LIKE 'linli%'"
    assert await names(catalogue, members) == {"linli_owner is linli_checker"}
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    assert await names(catalogue, owners) == {"linli_owner"}


@pytest.mark.parametrize("role", ["linli_app", "linli_worker", "linli_checker"])
async def test_they_make_nothing_in_the_schema(catalogue: asyncpg.Connection, role: str) -> None:
    assert not await catalogue.fetchval("SELECT has_schema_privilege($1, 'public', 'CREATE')", role)
    assert not await catalogue.fetchval("SELECT has_database_privilege($1, current_database(), 'CREATE')", role)
    powers = "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    powers += " AND has_table_privilege($1, oid, 'TRUNCATE, REFERENCES, TRIGGER')"
    assert await names(catalogue, powers, role) == set()


async def test_functions_that_look_past_row_level_security_are_these(catalogue: asyncpg.Connection) -> None:
    functions = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef"
    assert await names(catalogue, functions) == DEFINERS
    loose = f"{functions} AND (proowner <> 'linli_checker'::regrole OR NOT coalesce(proconfig @> $1, false))"
    assert await names(catalogue, loose, ["search_path=pg_catalog, public, pg_temp"]) == set()


async def test_no_function_is_for_everybody(catalogue: asyncpg.Connection) -> None:
    everybody = """
      SELECT oid::regprocedure::text FROM pg_proc p WHERE pronamespace = 'public'::regnamespace
         AND EXISTS (SELECT FROM aclexplode(coalesce(proacl, acldefault('f', proowner))) a WHERE a.grantee = 0)"""
    assert await names(catalogue, everybody) == set()


async def test_only_the_worker_forgets_log_ins(catalogue: asyncpg.Connection) -> None:
    forget = "SELECT has_function_privilege($1, 'auth_session_forget(timestamptz)', 'EXECUTE')"
    assert [await catalogue.fetchval(forget, role) for role in ("linli_app", "linli_worker")] == [False, True]


async def test_functions_of_the_caller_are_not_fooled_by_a_table_of_the_same_name(
    catalogue: asyncpg.Connection,
) -> None:
    """The application may make temporary tables (an import is staged in one), and those are found first: so a function
    that runs with the caller's search path must name the schema of each table."""
    ours = await names(
        catalogue, "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
    )
    bodies = await catalogue.fetch(
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proconfig IS NULL"
    )
    fooled = [
        f"{row['proname']}: {word}"
        for row in bodies
        for before, word in zip(["", *row["prosrc"].split()], row["prosrc"].split(), strict=False)
        if before.upper() in ("FROM", "JOIN", "INTO", "UPDATE") and word.strip("();,") in ours
    ]
    assert fooled == []
