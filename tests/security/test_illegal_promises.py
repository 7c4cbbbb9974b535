"""What the database refuses about promises: limits, pauses, calendars, and what is said and agreed on an order."""

from uuid import UUID

import asyncpg
import pytest

from tests.security.conftest import AsPerson, new_id, refused, tried
from tests.security.illegal import (
    ABSENT,
    BROKEN,
    BUDGET,
    COORDINATE,
    DECISION,
    DELAY,
    DRAFT,
    HOURS,
    ME,
    MEET,
    MEETING,
    MISSED,
    MOVING,
    NO_RIGHT,
    NOTHING,
    PAUSE,
    POST,
    RESPOND,
    RUNNING,
    TWICE,
    USED,
    WORKDAYS,
    fill,
)

ILLEGAL: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # what is tried: (by whom, the statement, what Postgres may answer)
    "a warning put off without a new revision": (
        "volunteer", "UPDATE deadline SET times[1] = times[1] + interval '1 minute' WHERE id = '{coordinate}'", (BROKEN,)),
    "a limit counted on other working days without a new revision": (
        "volunteer", "UPDATE deadline SET workdays_id = '{standard_workdays}' WHERE id = '{coordinate}'",
        (BROKEN,)),
    "a limit made unsure without a new revision": (
        "volunteer", "UPDATE deadline SET calendar_missing = true WHERE id = '{coordinate}'", (BROKEN,)),
    "a later revision that jumps by two": (
        "volunteer", DELAY + ", revision = revision + 2 WHERE id = '{coordinate}'", (BROKEN,)),
    "a revision taken back": (
        "volunteer", "UPDATE deadline SET revision = revision - 1 WHERE id = '{coordinate}'", (BROKEN,)),
    "a larger budget with a new revision": (
        "volunteer", "UPDATE deadline SET budget_seconds = 9, revision = revision + 1 WHERE id = '{coordinate}'", (BROKEN,)),
    "other hours with a new revision": (
        "volunteer", "UPDATE deadline SET hours_id = '{standard_hours}', revision = revision + 1 WHERE id = '{coordinate}'",
        (BROKEN,)),
    "a response that may be paused after all": (
        "volunteer", "UPDATE deadline SET pausable = true, stopped_at = NULL, revision = revision + 1 WHERE id = '{respond}'",
        (BROKEN,)),
    "a stopped deadline put off and left stopped, with a new revision": (
        "volunteer", DELAY + ", revision = revision + 1 WHERE id = '{respond}'", (BROKEN,)),
    "a stopped deadline set running without a new revision, with more time": (
        "volunteer", DELAY + ", stopped_at = NULL WHERE id = '{respond}'", (BROKEN,)),
    "a stopped deadline set running by a revision that jumps by two": (
        "volunteer", "UPDATE deadline SET stopped_at = NULL, revision = revision + 2 WHERE id = '{respond}'", (BROKEN,)),
    "a pause of a deadline that never pauses": (
        "secretary", fill(PAUSE, deadline=RESPOND, matter=RUNNING, pausable="true", reason="'question'", by=ME), (ABSENT,)),
    "a pause of a deadline that never pauses, as it is": (
        "secretary", fill(PAUSE, deadline=RESPOND, matter=RUNNING, pausable="false", reason="'question'", by=ME), (BROKEN,)),
    "a pause of a deadline that never pauses, untold": (
        "secretary", fill(PAUSE, deadline=RESPOND, matter=RUNNING, pausable="NULL", reason="'question'", by=ME), (BROKEN,)),
    "a pause in somebody else's name": (
        "secretary", fill(PAUSE, deadline=COORDINATE, matter=RUNNING, pausable="true", reason="'question'", by="'{volunteer}'"),
        (NO_RIGHT,)),
    "a pause of a neighbour's order": (
        "neighbour", fill(PAUSE, deadline=COORDINATE, matter=RUNNING, pausable="true", reason="'question'", by=ME),
        (NO_RIGHT,)),
    "a pause of another community's deadline, under one's own order": (
        "secretary", fill(PAUSE, deadline="'{foreign_deadline}'", matter=RUNNING, pausable="true", reason="'question'", by=ME),
        (NO_RIGHT,)),
    "a pause that somebody had decided before it began": (
        "volunteer", fill(PAUSE, deadline=COORDINATE, matter=RUNNING, pausable="true", reason="'question'", by=ME)
        .replace("limit_at)", "limit_at, disputed_at, decided_at, decided_by)")
        .replace("'1 hour')", "'1 hour', app_now(), app_now(), '{secretary}')"), (NO_RIGHT,)),
    "a pause's beginning moved": (
        "volunteer", "UPDATE deadline_pause SET from_at = from_at - interval '1 hour' WHERE matter_id = '{running}'",
        (BROKEN,)),
    "a pause made longer": (
        "volunteer", "UPDATE deadline_pause SET until_at = until_at + interval '1 hour' WHERE matter_id = '{running}'",
        (BROKEN,)),
    "a pause given a later limit": (
        "volunteer", "UPDATE deadline_pause SET limit_at = limit_at + interval '1 hour' WHERE matter_id = '{running}'",
        (BROKEN,)),
    "a pause laid on somebody else": (
        "volunteer", "UPDATE deadline_pause SET paused_by = '{dispatcher}' WHERE matter_id = '{running}'", (BROKEN,)),
    "a pause ended in somebody else's name": (
        "volunteer", "UPDATE deadline_pause SET until_at = from_at, resumed_by = '{dispatcher}' WHERE matter_id = '{running}'",
        (BROKEN,)),
    "a pause decided by who paused": ("volunteer", fill(DECISION, by=ME), (BROKEN,)),
    "a pause decided in somebody else's name": ("resident", fill(DECISION, by="'{secretary}'"), (BROKEN,)),
    "a pause decided by nobody": ("volunteer", fill(DECISION, by="NULL"), (BROKEN,)),
    "a pause decided that nobody disputes": (
        "secretary", fill(DECISION, by=ME).replace("disputed_at = app_now(), ", ""), (BROKEN,)),
    "a pause annulled without a decision": (
        "resident", "UPDATE deadline_pause SET annulled = true WHERE matter_id = '{running}'", (BROKEN,)),
    "a pause of another community": (
        "secretary", "UPDATE deadline_pause SET until_at = from_at WHERE matter_id = '{foreign}'", NOTHING),
    "a pause deleted": ("secretary", "DELETE FROM deadline_pause", (NO_RIGHT,)),
    "a post in somebody else's name": (
        "volunteer", fill(POST, matter=RUNNING, kind="'reply'", answers="NULL", by="'{dispatcher}'"), (NO_RIGHT,)),
    "a post on a neighbour's order": (
        "neighbour", fill(POST, matter=RUNNING, kind="'reply'", answers="NULL", by=ME), (NO_RIGHT,)),
    "a post altered": ("volunteer", "UPDATE order_post SET text = 'x' WHERE matter_id = '{running}'", (NO_RIGHT,)),
    "a post deleted": ("volunteer", "DELETE FROM order_post WHERE matter_id = '{running}'", (NO_RIGHT,)),
    "a question answered twice": (
        "resident", fill(POST, matter="'{rated}'", kind="'answer'", answers="'{answered}'", by=ME), (TWICE,)),
    "another community's question answered, under one's own order": (
        "resident", fill(POST, matter=RUNNING, kind="'answer'", answers="'{foreign_question}'", by=ME), (NO_RIGHT,)),
    "an answer to nothing": (
        "resident", fill(POST, matter=RUNNING, kind="'answer'", answers="NULL", by=ME), (BROKEN,)),
    "a plan without owner, steps and date": (
        "volunteer", fill(POST, matter=RUNNING, kind="'plan'", answers="NULL", by=ME), (BROKEN,)),
    "an appointment confirmed by who proposed it": (
        "volunteer", fill(MEET, what="confirmed_by = app_actor(), confirmed_at = app_now()"), (BROKEN,)),
    "an appointment confirmed in the other's name": (
        "volunteer", fill(MEET, what="confirmed_by = '{resident}', confirmed_at = app_now()"), (BROKEN,)),
    "an appointment that was the other's proposal": (
        "volunteer", fill(MEET, what="proposed_by = '{resident}', by_resident = true"), (BROKEN,)),
    "an appointment at another time": ("volunteer", fill(MEET, what="meet_at = meet_at + interval '1 day'"), (BROKEN,)),
    "an appointment that has ended, opened again": (
        "volunteer", "UPDATE appointment SET ended_at = NULL WHERE id = '{ended}'", (BROKEN,)),
    "a second open appointment of one order": (
        "resident", fill(MEETING, matter=RUNNING, by=ME, confirmed="NULL, NULL"), (TWICE,)),
    "another time for an appointment of another order": (
        "dispatcher", fill(MOVING, matter=MISSED, first="'{ended}'"), (NO_RIGHT,)),
    "another time for what is not confirmed": (
        "resident", fill(MOVING, matter=RUNNING, first="(SELECT a.id FROM appointment a WHERE a.matter_id = '{running}')"),
        (NO_RIGHT,)),
    "another time for what others have agreed on": (
        "dispatcher", fill(MOVING, matter="'{rated}'", first="'{ended}'"), (NO_RIGHT,)),
    "an appointment said to be another one moved": (
        "volunteer", fill(MEET, what="first_id = id"), (BROKEN,)),
    "an appointment proposed in somebody else's name": (
        "dispatcher", fill(MEETING, matter=MISSED, by="'{resident}'", confirmed="NULL, NULL"), (NO_RIGHT,)),
    "an appointment that comes confirmed": (
        "dispatcher", fill(MEETING, matter=MISSED, by=ME, confirmed="'{resident}', app_now()"), (NO_RIGHT,)),
    "an appointment on a neighbour's order": (
        "neighbour", fill(MEETING, matter=RUNNING, by=ME, confirmed="NULL, NULL"), (NO_RIGHT,)),
    "an appointment on a neighbour's order that nobody has taken": (
        "neighbour", fill(MEETING, matter=MISSED, by=ME, confirmed="NULL, NULL"), (NO_RIGHT,)),
    "another community's appointment": (
        "secretary", "UPDATE appointment SET ended_at = app_now() WHERE matter_id = '{foreign}'", NOTHING),
    "an appointment deleted": ("secretary", "DELETE FROM appointment", (NO_RIGHT,)),
    "a draft of limits by the secretary": ("secretary", fill(DRAFT, place="'{east}'"), (NO_RIGHT,)),
    "a draft of limits for a place that one does not administer": (
        "administrator", fill(DRAFT, place="'{province}'"), (NO_RIGHT,)),
    "a draft of limits altered": ("administrator", "UPDATE deadline_policy_draft SET category = 'x'", (NO_RIGHT,)),
    "a draft of limits published by the secretary": ("secretary", fill(USED, by=ME), NOTHING),
    "a draft of limits published in another's name": ("administrator", fill(USED, by="'{secretary}'"), (NO_RIGHT,)),
    "a draft of limits deleted": ("administrator", "DELETE FROM deadline_policy_draft", (NO_RIGHT,)),
    "hours by the secretary": ("secretary", fill(HOURS, place="'{east}'", calendar="'DUTY'"), (NO_RIGHT,)),
    "hours of a place that one does not administer": (
        "administrator", fill(HOURS, place="'{province}'", calendar="'DUTY'"), (NO_RIGHT,)),
    "hours for everybody": ("head", fill(HOURS, place="NULL", calendar="'DUTY'"), (NO_RIGHT,)),
    "hours of the clock on the wall": ("administrator", fill(HOURS, place="'{east}'", calendar="'WALL'"), (BROKEN,)),
    "hours altered": ("head", "UPDATE calendar_hours SET week = '[]'", (NO_RIGHT,)),
    "hours deleted": ("head", "DELETE FROM calendar_hours", (NO_RIGHT,)),
    "working days by who does not administer the tree": ("administrator", WORKDAYS, (NO_RIGHT,)),
    "working days altered by who does not administer the tree": (
        "administrator", "UPDATE workday_set SET days = '{{}}'", NOTHING),
    "working days altered after publishing": ("head", "UPDATE workday_set SET days = '{{}}'", (BROKEN,)),
    "working days published twice": (
        "head", "UPDATE workday_set SET published_by = app_actor(), published_at = app_now()", (BROKEN,)),
    "working days withdrawn": ("head", "UPDATE workday_set SET published_by = NULL, published_at = NULL", (BROKEN,)),
    "working days deleted": ("head", "DELETE FROM workday_set", (NO_RIGHT,)),
    "a post on a neighbour's order that nobody has taken": (
        "neighbour", fill(POST, matter=MISSED, kind="'reply'", answers="NULL", by=ME), (NO_RIGHT,)),
    "a limit with both budgets": (
        "administrator", fill(BUDGET, calendar="'WORK'", seconds="3600", days="1"), (BROKEN,)),
    "a limit with no budget": (
        "administrator", fill(BUDGET, calendar="'WORK'", seconds="NULL", days="NULL"), (BROKEN,)),
    "a limit in days of duty": (
        "administrator", fill(BUDGET, calendar="'DUTY'", seconds="NULL", days="1"), (BROKEN,)),
    "a limit in days of the clock on the wall": (
        "administrator", fill(BUDGET, calendar="'WALL'", seconds="NULL", days="1"), (BROKEN,)),
}  # fmt: skip


@pytest.mark.parametrize("what", ILLEGAL)
async def test_is_refused(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement, answers = ILLEGAL[what]
    assert await tried(as_person, ids, who, statement) in answers


SOUND = {
    # The same statements where they are right.
    "a limit computed again by a new revision": (
        "volunteer", DELAY + ", revision = revision + 1 WHERE id = '{coordinate}'"),
    "a stopped deadline set running by a new revision": (
        "volunteer", DELAY + ", stopped_at = NULL, revision = revision + 1 WHERE id = '{respond}'"),
    "a pause of a deadline that pauses": (
        "secretary", fill(PAUSE, deadline=COORDINATE, matter=RUNNING, pausable="true", reason="'force_majeure'", by=ME)),
    "a pause decided by somebody else": ("secretary", fill(DECISION, by=ME)),
    "a pause ended early": (
        "dispatcher", "UPDATE deadline_pause SET until_at = from_at, resumed_by = app_actor() WHERE matter_id = '{running}'"),
    "a reply": ("volunteer", fill(POST, matter=RUNNING, kind="'reply'", answers="NULL", by=ME)),
    "an answer to the question on one's order": (
        "resident", fill(POST, matter=RUNNING, kind="'answer'", answers="'{asked}'", by=ME)),
    "an appointment confirmed by the other side": (
        "resident", fill(MEET, what="confirmed_by = app_actor(), confirmed_at = app_now()")),
    "an appointment ended": ("volunteer", fill(MEET, what="ended_at = app_now()")),
    "another time for what is confirmed": ("resident", fill(MOVING, matter="'{rated}'", first="'{ended}'")),
    "an appointment proposed": ("resident", fill(MEETING, matter=MISSED, by=ME, confirmed="NULL, NULL")),
    "a draft of limits by the administrator": ("administrator", fill(DRAFT, place="'{east}'")),
    "a draft of limits used up": ("administrator", fill(USED, by=ME)),
    "hours of a place that one administers": ("administrator", fill(HOURS, place="'{east}'", calendar="'DUTY'")),
    "working days by who administers the tree": ("head", WORKDAYS),
    "a limit in days of work": ("administrator", fill(BUDGET, calendar="'WORK'", seconds="NULL", days="1")),
    "a limit in seconds of duty": ("administrator", fill(BUDGET, calendar="'DUTY'", seconds="3600", days="NULL")),
}  # fmt: skip


@pytest.mark.parametrize("what", SOUND)
async def test_is_allowed_where_it_is_right(what: str, ids: dict[str, UUID], as_person: AsPerson) -> None:
    who, statement = SOUND[what]
    done = await tried(as_person, ids, who, statement)
    assert done.startswith("done: ")
    assert done not in (*NOTHING, "done: INSERT 0 0")


# ── one step after another ───────────────────────────────────────────────────────────────────────────────────────


async def test_published_working_days_are_altered_by_nobody(owner: asyncpg.Connection) -> None:
    for statement in ("UPDATE workday_set SET days = '{}'", "DELETE FROM workday_set", "TRUNCATE workday_set CASCADE"):
        await owner.execute("SAVEPOINT before")
        assert await refused(owner, statement) == BROKEN, statement
        await owner.execute("ROLLBACK TO before")


async def test_working_days_are_published_as_they_were_imported(ids: dict[str, UUID], as_person: AsPerson) -> None:
    new = new_id()
    publish = f"UPDATE workday_set SET published_by = app_actor(), published_at = app_now(){{}} WHERE id = '{new}'"
    async with as_person(ids["head"]) as connection:
        await connection.execute(WORKDAYS.format(new=new))
        await connection.execute("SAVEPOINT imported")
        for more in (", days = '{}', years = '{2028}'", ", imported_by = NULL", ", version = 10"):
            assert await refused(connection, publish.format(more)) == BROKEN, more
            await connection.execute("ROLLBACK TO imported")
        assert await connection.execute(publish.format("")) == "UPDATE 1"


async def test_a_pause_that_was_ended_does_not_go_on(ids: dict[str, UUID], as_person: AsPerson) -> None:
    until = "UPDATE deadline_pause SET until_at = {}, resumed_by = app_actor() WHERE deadline_id = '{coordinate}'"
    async with as_person(ids["volunteer"]) as connection:
        assert await connection.execute(until.replace("{}", "from_at").format(**ids)) == "UPDATE 1"
        assert await refused(connection, until.replace("{}", "limit_at").format(**ids)) == BROKEN


async def test_a_dispute_is_decided_once(ids: dict[str, UUID], as_person: AsPerson) -> None:
    async with as_person(ids["secretary"]) as connection:
        await connection.execute(fill(DECISION, by=ME).format(**ids).replace("annulled = true", "annulled = false"))
        await connection.execute("SAVEPOINT decided")
        for other in ("annulled = true", "decision = 'y'", "decided_by = '{administrator}'", "dispute = 'y'"):
            again = f"UPDATE deadline_pause SET {other} WHERE matter_id = '{{running}}'".format(**ids)
            assert await refused(connection, again) == BROKEN, other
            await connection.execute("ROLLBACK TO decided")


async def test_a_move_is_confirmed_by_whoever_serves(ids: dict[str, UUID], as_person: AsPerson) -> None:
    confirm = (
        "UPDATE appointment SET confirmed_by = app_actor(), confirmed_at = app_now()"
        " WHERE matter_id = '{rated}' AND first_id IS NOT NULL"
    ).format(**ids)
    async with as_person(ids["resident"]) as connection:
        await connection.execute(fill(MOVING, matter="'{rated}'", first="'{ended}'").format(**ids, new=new_id()))
        for who, done in (("dispatcher", BROKEN), ("volunteer", "UPDATE 1")):
            await connection.execute("SELECT set_config('app.actor', $1, true)", str(ids[who]))
            await connection.execute("SAVEPOINT proposed")
            if done is BROKEN:
                assert await refused(connection, confirm) == BROKEN
                await connection.execute("ROLLBACK TO proposed")
            else:
                assert await connection.execute(confirm) == done


async def test_a_confirmed_appointment_is_not_confirmed_anew(ids: dict[str, UUID], as_person: AsPerson) -> None:
    confirm = fill(MEET, what="confirmed_by = app_actor(), confirmed_at = app_now()").format(**ids)
    async with as_person(ids["resident"]) as connection:
        assert await connection.execute(confirm) == "UPDATE 1"
        await connection.execute("SAVEPOINT confirmed")
        for other in (confirm, fill(MEET, what="confirmed_by = NULL, confirmed_at = NULL").format(**ids)):
            assert await refused(connection, other) == BROKEN
            await connection.execute("ROLLBACK TO confirmed")
