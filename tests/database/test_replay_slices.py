"""However the period is cut, the slices say together what one statement says; in one snapshot, and in their turn."""

from collections.abc import Sequence
from datetime import timedelta

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.api.replays import ReplayOut, replay_out
from app.domain.deadlines.errors import ReplayTooLong
from app.domain.deadlines.replay import PAGE, Drafted, Pace, Progress, Replay
from app.domain.deadlines.replaying import replay, replaying
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor
from app.local import replaying as at_the_console
from app.local.faults import LocalFault
from app.settings import Settings
from tests.database.replay_ground import LIMITS, NOW, SINCE, UNTIL, Ground, drafted


class Steady(Pace):
    """The same span for each slice, whatever it took."""

    def after(self, seconds: float) -> Pace:
        return self


async def sliced(
    ground: Ground, app: Database, draft: Drafted, pace: Pace, after: Cursor | None = None
) -> tuple[list[Progress], Replay]:
    caller = await ground.world.caller(ground.world.people["管理员"])
    async with app.reading(caller.person_id, caller.family, one_snapshot=True) as connection:
        found = [
            one async for one in replaying(connection, draft, ground.world.street, (SINCE, UNTIL), NOW, after, pace)
        ]
    *steps, answer = found
    assert isinstance(answer, Replay)
    return [step for step in steps if isinstance(step, Progress)], answer


@pytest.mark.parametrize("name", LIMITS)
async def test_slices_and_the_whole_agree(ground: Ground, app: Database, name: str) -> None:
    draft = await drafted(ground, ground.world.street, LIMITS[name])
    one, whole = await sliced(ground, app, draft, Steady(timedelta(days=366)))
    assert [step.share for step in one] == [1]
    assert min(whole.total.newly, PAGE) <= len(whole.newly) <= PAGE + 1
    for span in (timedelta(days=7), timedelta(hours=11, microseconds=7)):
        steps, answer = await sliced(ground, app, draft, Steady(span))
        assert answer == whole
        assert_told_honestly(steps, span, whole)
    middle = whole.newly[len(whole.newly) // 2]
    after = Cursor(middle.started_at, middle.id)
    _, rest = await sliced(ground, app, draft, Steady(timedelta(days=3)), after)
    assert rest == (await sliced(ground, app, draft, Steady(timedelta(days=366)), after))[1]
    assert rest.newly[0].started_at >= middle.started_at


def assert_told_honestly(steps: Sequence[Progress], span: timedelta, whole: Replay) -> None:
    """Each step is one slice further, and its share is that of the time; at the end everything is counted."""
    assert len(steps) == -(-(UNTIL - SINCE) // span)
    for number, step in enumerate(steps, 1):
        assert step.until_at == min(SINCE + number * span, UNTIL)
        assert step.share == (step.until_at - SINCE) / (UNTIL - SINCE)
    counted = [step.deadlines for step in steps]
    assert counted == sorted(counted)
    assert counted[-1] == whole.total.deadlines


async def test_all_slices_see_the_same_moment(ground: Ground, app: Database, superuser: asyncpg.Connection) -> None:
    """What is stopped or started while a replay runs is not half in its answer."""
    draft = await drafted(ground, ground.world.street, LIMITS["wall"])
    _, before = await sliced(ground, app, draft, Steady(timedelta(days=366)))
    caller = await ground.world.caller(ground.world.people["管理员"])
    seen = None
    copied = new_id()
    async with app.reading(caller.person_id, caller.family, one_snapshot=True) as connection:
        steps = replaying(connection, draft, ground.world.street, (SINCE, UNTIL), NOW, None, Steady(timedelta(days=10)))
        async for found in steps:
            if seen is None:
                await superuser.execute("SET session_replication_role = replica")
                await superuser.execute(
                    "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents,"
                    " times, fired, budget_seconds, pausable, stopped_at)"
                    " SELECT $1, matter_id, place_id, kind, round, policy_id, $2, $3, '{100}',"
                    " ARRAY[$3::timestamptz], 1, 600, true, $3 FROM deadline WHERE id = $4",
                    copied,
                    UNTIL - timedelta(hours=1),
                    UNTIL,
                    ground.deadlines[0].id,
                )
                await superuser.execute("RESET session_replication_role")
            seen = found
    assert seen == before
    _, after = await sliced(ground, app, draft, Steady(timedelta(days=366)))
    assert after.total.deadlines == before.total.deadlines + 1
    await superuser.execute("SET session_replication_role = replica")
    await superuser.execute("DELETE FROM deadline WHERE id = $1", copied)
    await superuser.execute("RESET session_replication_role")


async def test_a_reading_of_one_snapshot_writes_nothing(ground: Ground, app: Database) -> None:
    caller = await ground.world.caller(ground.world.people["管理员"])
    write = text("UPDATE person SET version = version + 1 WHERE id = app_actor()")
    async with app.reading(caller.person_id, caller.family) as connection:
        await connection.execute(write)
        await connection.rollback()
    with pytest.raises(DBAPIError, match="read-only transaction"):
        async with app.reading(caller.person_id, caller.family, one_snapshot=True) as connection:
            await connection.execute(write)


async def test_what_is_not_done_in_time_is_refused_and_says_how_far_it_came(ground: Ground, app: Database) -> None:
    draft = await drafted(ground, ground.world.street, LIMITS["wall"])
    caller = await ground.world.caller(ground.world.people["管理员"])
    asked = (draft, ground.world.street, (SINCE, UNTIL), NOW, None)
    async with app.reading(caller.person_id, caller.family, one_snapshot=True) as connection:
        with pytest.raises(ReplayTooLong) as refused:
            await replay(connection, *asked, timedelta(0))
        assert refused.value.detail == "已重演 2%", "the first slice is a day of forty-nine"
        assert (await replay(connection, *asked, timedelta(hours=1))).total.deadlines > 0


async def test_at_the_console_it_is_the_same_answer(
    ground: Ground, app: Database, owner_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The last days up to now, in which all of this past lies."""
    draft = await drafted(ground, ground.world.street, LIMITS["wall"])
    period = (NOW - timedelta(days=100), NOW)
    caller = await ground.world.caller(ground.world.people["管理员"])
    async with app.reading(caller.person_id, caller.family) as connection:
        expected = replay_out(period, await replay(connection, draft, ground.world.street, period, NOW, None))
    await ground.world.owner.execute(
        "UPDATE clock_shift SET seconds = extract(epoch FROM $1::timestamptz - clock_timestamp())", NOW
    )
    try:
        for as_json in (True, False):
            await at_the_console.run(Settings(migration_url=owner_url), draft.id, 100, as_json=as_json)
            shown = capsys.readouterr()
            if as_json:
                said = ReplayOut.model_validate_json(shown.out)
                assert (said.total, said.places) == (expected.total, expected.places)
            else:
                assert all(str(place.newly_missed) in shown.out for place in expected.places)
            assert "replay" in shown.err
    finally:
        await ground.world.owner.execute("UPDATE clock_shift SET seconds = 0")


async def test_a_draft_that_does_not_exist_is_a_sentence(owner_url: str) -> None:
    with pytest.raises(LocalFault, match="no such draft"):
        await at_the_console.run(Settings(migration_url=owner_url), new_id(), 90, as_json=True)
