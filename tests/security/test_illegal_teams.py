"""What the database refuses about teams, skills, hours, applications and their services; and whom its functions tell."""

from typing import Any
from uuid import UUID

import pytest

from app.kernel.ids import new_id
from tests.security.conftest import AsPerson, Neighbours, refused, tried
from tests.security.illegal import ABSENT, BROKEN, GRANT, ME, NO_RIGHT, NOTHING, TWICE, fill

AGAIN = "40001"  # serialization_failure: it has ended already

TEAM = (
    "WITH t AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, version)"
    " VALUES ('{new}', {place}, 'x', 'red', {lead}, true, {by}, app_now(), 1))"
    " INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
    " VALUES (gen_random_uuid(), '{new}', {place}, {member}, true, {by}, app_now(), 1)"
)
MEMBER = (
    "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
    " VALUES ('{new}', {team}, {place}, {whom}, true, {by}, app_now(), 1)"
)
SKILL = (
    "INSERT INTO skill (id, person_id, place_id, code, seen_by, seen_at, version)"
    " VALUES ('{new}', {whom}, {place}, 'sewing', {by}, app_now(), 1)"
)
LAW = SKILL.replace("'sewing'", "'law'")
NAMED = SKILL.replace("'sewing'", "'haircut'")
LICENSED = NAMED.replace("code, ", "code, licence_sealed, ").replace("'haircut', ", "'haircut', 'x', ")
HOURS = (
    "INSERT INTO volunteer_profile (id, person_id, daily_capacity, quiet_from, quiet_until, version)"
    " VALUES ('{new}', {whom}, {capacity}, {begin}, 60, 1)"
)
APPLICATION = (
    "INSERT INTO volunteer_application (id, person_id, place_id, text, skills, created_at, version)"
    " VALUES ('{new}', {whom}, {place}, 'x', '{{}}', app_now(), 1)"
)
DECISION = (
    "UPDATE volunteer_application SET decided_at = app_now(), decided_by = {by}, approved = true"
    " WHERE place_id = '{east}'"
)
WITHDRAWAL = (
    "UPDATE volunteer_application SET withdrawn_at = app_now() WHERE person_id = '{resident}' AND decided_at IS NULL"
)
OFFER = (
    "INSERT INTO service (id, place_id, name, description, team_id, published_by, created_at, version)"
    " VALUES ('{new}', {place}, 'x', 'x', {team}, {by}, app_now(), 1)"
)
LEAVE = "UPDATE team_member SET ended_at = app_now(), live = NULL, ended_by = {by} WHERE team_id = {team}"
DISBAND = "UPDATE team SET led = NULL, disbanded_at = app_now() WHERE id = '{team}'"
EAST, VOLUNTEER, OURS = "'{east}'", "'{volunteer}'", "'{team}'"

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a team by the dispatcher": (
        "dispatcher", fill(TEAM, place=EAST, lead=VOLUNTEER, member=VOLUNTEER, by=ME), (NO_RIGHT,)),
    "a team of the next community": (
        "secretary", fill(TEAM, place="'{west}'", lead=VOLUNTEER, member=VOLUNTEER, by=ME), (NO_RIGHT,)),
    "a team whose lead is no member": (
        "secretary", fill(TEAM, place=EAST, lead="'{secretary}'", member=VOLUNTEER, by=ME), (ABSENT,)),
    "a lead from outside": ("volunteer", "UPDATE team SET lead_id = '{resident}' WHERE id = '{team}'", (ABSENT,)),
    "a team without a lead that goes on": ("volunteer", "UPDATE team SET led = NULL WHERE id = '{team}'", (BROKEN,)),
    "a team disbanded by its lead": (
        "volunteer", DISBAND, (NO_RIGHT,)),
    "a team disbanded with members left in it": ("secretary", DISBAND, (ABSENT,)),
    "a second team of the same name": (
        "secretary", fill(TEAM, place=EAST, lead=VOLUNTEER, member=VOLUNTEER, by=ME)
        .replace("'x', 'red'", "(SELECT t.name FROM team t WHERE t.id = '{team}'), 'red'"), (TWICE,)),
    "a team moved to another place": (
        "volunteer", "UPDATE team SET place_id = '{street}' WHERE id = '{team}'", (BROKEN,)),
    "another community's team": (
        "secretary", "UPDATE team SET lead_id = '{volunteer}' WHERE id = '{foreign_team}'", NOTHING),
    "a lead who leaves": ("volunteer", fill(LEAVE, team=OURS, by=ME), (ABSENT,)),
    "a member let go in another's name": ("secretary", fill(LEAVE, team=OURS, by=VOLUNTEER), (NO_RIGHT,)),
    "a member let go by the dispatcher": ("dispatcher", fill(LEAVE, team=OURS, by=ME), NOTHING),
    "a membership handed to somebody else": (
        "secretary", "UPDATE team_member SET person_id = '{resident}', ended_by = app_actor()", (BROKEN,)),
    "a member who does not volunteer": (
        "secretary", fill(MEMBER, team=OURS, place=EAST, whom="'{resident}'", by=ME), (NO_RIGHT,)),
    "a member twice": ("secretary", fill(MEMBER, team=OURS, place=EAST, whom=VOLUNTEER, by=ME), (TWICE,)),
    "oneself into a team": (
        "dispatcher", fill(MEMBER, team=OURS, place=EAST, whom=ME, by=ME), (NO_RIGHT,)),
    "a member of another place's team": (
        "secretary", fill(MEMBER, team="'{foreign_team}'", place=EAST, whom=VOLUNTEER, by=ME), (ABSENT,)),
    "a skill of one's own": ("volunteer", fill(SKILL, whom=ME, place=EAST, by=ME), (NO_RIGHT,)),
    "a skill seen by somebody else": ("station", fill(SKILL, whom=VOLUNTEER, place=EAST, by="'{secretary}'"), (NO_RIGHT,)),
    "a skill by the dispatcher": ("dispatcher", fill(SKILL, whom=VOLUNTEER, place=EAST, by=ME), (NO_RIGHT,)),
    "a skill that takes a licence, without one": ("station", fill(LAW, whom=VOLUNTEER, place=EAST, by=ME), (NO_RIGHT,)),
    "a skill that an applicant did not name": (
        "secretary", fill(SKILL, whom="'{resident}'", place=EAST, by=ME), (NO_RIGHT,)),
    "a skill of an applicant with a licence": ("secretary", fill(LICENSED, whom="'{resident}'", place=EAST, by=ME), (NO_RIGHT,)),
    "a skill that an applicant named, by who does not decide": (
        "station", fill(NAMED, whom="'{resident}'", place=EAST, by=ME), (NO_RIGHT,)),
    "a skill of who does not volunteer": ("station", fill(SKILL, whom="'{resident}'", place=EAST, by=ME), (NO_RIGHT,)),
    "a licence made longer": (
        "volunteer", "UPDATE skill SET licence_until = '2099-01-01' WHERE person_id = '{volunteer}'", (BROKEN,)),
    "another's hours": (
        "dispatcher", "UPDATE volunteer_profile SET daily_capacity = 50 WHERE person_id = '{volunteer}'", NOTHING),
    "hours said for somebody else": (
        "secretary", fill(HOURS, whom="'{resident}'", capacity="3", begin="0"), (NO_RIGHT,)),
    "more orders than a day has": ("resident", fill(HOURS, whom=ME, capacity="1001", begin="0"), (BROKEN,)),
    "half of the quiet hours": ("resident", fill(HOURS, whom=ME, capacity="3", begin="NULL"), (BROKEN,)),
    "quiet hours that never begin": ("resident", fill(HOURS, whom=ME, capacity="3", begin="60"), (BROKEN,)),
    "an application in another's name": (
        "secretary", fill(APPLICATION, whom="'{neighbour}'", place=EAST), (NO_RIGHT,)),
    "an application elsewhere": ("neighbour", fill(APPLICATION, whom=ME, place="'{west}'"), (NO_RIGHT,)),
    "a second application while one is open": ("resident", fill(APPLICATION, whom=ME, place=EAST), (TWICE,)),
    "an application decided by the applicant": ("resident", fill(DECISION, by=ME), (NO_RIGHT,)),
    "an application withdrawn by who decides": ("secretary", WITHDRAWAL, (NO_RIGHT,)),
    "an application withdrawn by a stranger": ("neighbour", WITHDRAWAL, NOTHING),
    "an application decided and withdrawn at once": (
        "secretary", fill(DECISION, by=ME).replace("approved = true", "approved = true, withdrawn_at = app_now()"), (BROKEN,)),
    "an application decided in another's name": ("secretary", fill(DECISION, by="'{administrator}'"), (NO_RIGHT,)),
    "an application altered": (
        "secretary", fill(DECISION, by=ME).replace("approved = true", "approved = true, text = 'y'"), (BROKEN,)),
    "a service of a team by a member of none": (
        "dispatcher", fill(OFFER, place=EAST, team=OURS, by=ME), (NO_RIGHT,)),
    "a service of a team where it does not serve": (
        "volunteer", fill(OFFER, place="'{west}'", team=OURS, by=ME), (NO_RIGHT,)),
    "a service without a team by a lead": ("volunteer", fill(OFFER, place=EAST, team="NULL", by=ME), (NO_RIGHT,)),
    "a service published in another's name": (
        "volunteer", fill(OFFER, place=EAST, team=OURS, by="'{secretary}'"), (NO_RIGHT,)),
    "a service renamed": ("secretary", "UPDATE service SET name = 'x' WHERE place_id = '{east}'", (BROKEN,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement, answers = ILLEGAL[what]
    assert await tried(as_person, ids, who, statement) in answers


SOUND = {
    # The same statements where they are right: otherwise a misspelt one would be "refused" too.
    "a team by the secretary": ("secretary", fill(TEAM, place=EAST, lead=VOLUNTEER, member=VOLUNTEER, by=ME)),
    "a lead who stays": ("volunteer", "UPDATE team SET version = version + 1 WHERE id = '{team}'"),
    "a team disbanded by the secretary": (
        "secretary", f"WITH gone AS ({fill(LEAVE, team=OURS, by=ME)}) {DISBAND}"),
    "a skill that an applicant named, by who decides": ("secretary", fill(NAMED, whom="'{resident}'", place=EAST, by=ME)),
    "a skill that takes a licence, with one": (
        "station", fill(LICENSED, whom=VOLUNTEER, place=EAST, by=ME).replace("'haircut'", "'law'")),
    "a skill seen by the station": ("station", fill(SKILL, whom=VOLUNTEER, place=EAST, by=ME)),
    "a volunteer's own role, at once": (
        "volunteer", "UPDATE role_grant SET ends_at = app_now() WHERE person_id = '{volunteer}' AND role = 'volunteer'"),
    "one's own hours": ("resident", fill(HOURS, whom=ME, capacity="3", begin="0")),
    "an application at home": ("neighbour", fill(APPLICATION, whom=ME, place=EAST)),
    "an application decided by the secretary": ("secretary", fill(DECISION, by=ME)),
    "an application withdrawn by the applicant": ("resident", WITHDRAWAL),
    "a service of one's team": ("volunteer", fill(OFFER, place=EAST, team=OURS, by=ME)),
    "a service that rests": ("secretary", "UPDATE service SET paused_at = app_now() WHERE place_id = '{east}'"),
}  # fmt: skip


@pytest.mark.parametrize("what", SOUND)
async def test_is_allowed_where_it_is_right(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement = SOUND[what]
    done = await tried(as_person, ids, who, statement)
    assert done.startswith("done: ")
    assert done not in (*NOTHING, "done: INSERT 0 0")


async def test_an_applicant_has_no_skill_at_commit_whom_nobody_admitted(
    ids: dict[str, UUID], as_person: AsPerson
) -> None:
    skill = fill(NAMED, whom="'{resident}'", place=EAST, by=ME).format(**ids, new=new_id())
    admitted = fill(GRANT, whom="'{resident}'", place=EAST, role="'volunteer'", by=ME).format(**ids, new=new_id())
    for statements, answer in (((skill,), BROKEN), ((skill, admitted), "done: SET CONSTRAINTS")):
        async with as_person(ids["secretary"]) as connection:
            for statement in statements:
                assert (await refused(connection, statement)).startswith("done")
            assert await refused(connection, "SET CONSTRAINTS ALL IMMEDIATE") == answer


async def test_what_has_ended_ends_no_second_time(ids: dict[str, UUID], as_person: AsPerson) -> None:
    end = "UPDATE service SET withdrawn_at = app_now() WHERE place_id = $1"
    async with as_person(ids["secretary"]) as connection:
        assert (await refused(connection, end, ids["east"])).startswith("done")
        assert await refused(connection, end, ids["east"]) == AGAIN


# ── what the functions tell ──────────────────────────────────────────────────────────────────────────────────────


async def test_the_roster_is_for_the_team_and_for_who_works_there(neighbours: Neighbours, as_person: AsPerson) -> None:
    east, west = neighbours.east, neighbours.west
    shown: dict[str, Any] = {}
    for name, person in {**east.people, "foreign secretary": west.secretary, "stranger": neighbours.stranger}.items():
        async with as_person(person) as connection:
            rows = await connection.fetch("SELECT * FROM team_roster($1)", east.team)
        shown[name] = [row["phone_sealed"] is not None for row in rows]
    works_there = ("volunteer", "dispatcher", "secretary", "station")  # the volunteer is its lead
    assert shown == {name: [True] if name in works_there else [] for name in shown}
    async with as_person(None) as connection:
        assert await connection.fetch("SELECT * FROM team_roster($1)", east.team) == []


async def test_what_somebody_holds_is_told_to_them_and_to_who_looks_after_the_place(
    neighbours: Neighbours, as_person: AsPerson
) -> None:
    east, told = neighbours.east, set()
    for name, person in {**east.people, "foreign secretary": neighbours.west.secretary, "nobody": None}.items():
        async with as_person(person) as connection:
            held = await connection.fetchval("SELECT held_orders($1, NULL, NULL)", east.volunteer)
        if str(east.orders["running"]) in held:
            told.add(name)
        else:
            assert held == "[]"
    assert told == {"volunteer", "dispatcher", "secretary"}


async def test_what_lies_behind_a_notice_is_told_to_whom_it_is_for(neighbours: Neighbours, as_person: AsPerson) -> None:
    """Who left a team, which orders a skill leaves, and whether somebody has told name and phone."""
    east, owner = neighbours.east, neighbours.world.owner
    member = await owner.fetchval("SELECT id FROM team_member WHERE team_id = $1", east.team)
    skill = await owner.fetchval(
        "INSERT INTO skill (id, person_id, place_id, code, seen_by, seen_at, version)"
        " VALUES (gen_random_uuid(), $1, $2, 'sewing', $3, app_now(), 1) RETURNING id",
        east.volunteer,
        east.place,
        east.secretary,
    )
    await owner.execute("ALTER TABLE service DISABLE TRIGGER service_only_ends")
    await owner.execute("UPDATE service SET skill = 'sewing'")
    await owner.execute("ALTER TABLE service ENABLE TRIGGER service_only_ends")
    told: dict[str, set[str]] = {"name": set(), "orders": set(), "named": set()}
    for name, person in {**east.people, "foreign secretary": neighbours.west.secretary, "nobody": None}.items():
        async with as_person(person) as connection:
            if await connection.fetchval("SELECT member_name($1)", member):
                told["name"].add(name)
            if await connection.fetchval("SELECT skill_orders($1)", skill) != "[]":
                told["orders"].add(name)
            if await connection.fetchval("SELECT person_named($1)", east.volunteer):
                told["named"].add(name)
    assert told == {
        "name": {"volunteer", "dispatcher", "secretary", "station"},
        "orders": {"volunteer", "secretary", "station"},
        "named": {"volunteer", "secretary", "foreign secretary"},
    }
