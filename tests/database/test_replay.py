"""The replay in SQL says of each deadline what the calendar's own arithmetic says: `Timing.at(100) <= stopped_at`, one by one."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.domain.deadlines.errors import DraftNotFound
from app.domain.deadlines.models import Limits
from app.domain.deadlines.replay import PAGE, Counts, Drafted, Replay
from app.kernel.calendars import CalendarName
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor
from tests.database.replay_ground import HOW_MANY, LIMITS, MICROSECOND, NOW, SINCE, UNTIL, Ground, ask, drafted


async def pages(ground: Ground, app: Database, draft: Drafted, place_id: UUID) -> tuple[Replay, list]:
    """The first answer, and the newly missed of all pages."""
    first = answer = await ask(ground, app, draft, place_id)
    newly = list(answer.newly[:PAGE])
    while len(answer.newly) > PAGE:
        answer = await ask(ground, app, draft, place_id, Cursor(newly[-1].started_at, newly[-1].id))
        assert answer.places == first.places
        newly += answer.newly[:PAGE]
    return first, newly


def slowly(
    ground: Ground, at: UUID, limits: Limits, category: str, estate_type: str
) -> tuple[dict[UUID, Counts], dict[UUID, datetime]]:
    """The counts of each place, and when each newly missed deadline is due under the draft."""
    counts: dict[UUID, Counts] = {}
    newly: dict[UUID, datetime] = {}
    for d in ground.deadlines:
        if at not in ground.up(d.place_id) or not SINCE <= d.started_at < UNTIL or category not in ("", d.category):
            continue
        if estate_type not in ("", ground.types.get(d.place_id)):
            continue
        end = d.stopped_at or NOW
        before, reached = d.due_at <= end, ground.reached(d, at, category, estate_type)
        due = ground.timing(d, limits).at(100)
        would = due <= end if reached else before
        if would and not before:
            newly[d.id] = due
        one = Counts(1, before, would, would and not before, before and not would, not reached)
        counts[d.place_id] = counts.get(d.place_id, Counts()) + one
    return counts, newly


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    ("where", "category", "estate_type"),
    [
        ("street", "", ""),
        ("east", "", ""),
        ("street", "repair", ""),
        ("west", "other", ""),
        ("street", "", "old"),
        ("street", "medical", "old"),
    ],
)
async def test_each_deadline_is_judged_as_the_calendar_judges_it(
    ground: Ground, app: Database, name: str, where: str, category: str, estate_type: str
) -> None:
    at = getattr(ground.world, where)
    draft = await drafted(ground, at, LIMITS[name], category, estate_type)
    answer, newly = await pages(ground, app, draft, at)
    counts, due = slowly(ground, at, LIMITS[name], category, estate_type)
    assert {place_id: found for place_id, _, found in answer.places} == counts
    assert {found.id: found.due_under_draft for found in newly} == due
    assert [(n.started_at, n.id) for n in newly] == sorted((n.started_at, n.id) for n in newly)
    assert min(answer.total.newly, answer.total.no_longer) > 0


async def test_there_is_something_of_everything(ground: Ground) -> None:
    """Otherwise the test above would say less than it seems to."""
    in_period = [d for d in ground.deadlines if SINCE <= d.started_at < UNTIL]
    dues = {d.id: {ground.timing(d, one).at(100) for one in LIMITS.values()} for d in in_period}
    exact = [d for d in in_period if d.stopped_at in dues[d.id]]
    just_before = [d for d in in_period if d.stopped_at and d.stopped_at + MICROSECOND in dues[d.id]]
    counting = [d for d in exact if ground.timing(d, LIMITS["duty"]).paused()]
    assert min(map(len, (exact, just_before, counting))) > 30
    assert len([d for d in in_period if d.stopped_at is None]) > 100
    assert len(in_period) < HOW_MANY


async def test_what_a_nearer_place_or_a_category_has_limits_for_stays_as_it_was(ground: Ground, app: Database) -> None:
    draft = await drafted(ground, ground.world.street, replace(LIMITS["wall"], budget_seconds=1))
    answer = await ask(ground, app, draft, ground.world.street)
    by_place = {place_id: counts for place_id, _, counts in answer.places}
    old, garden, *_ = ground.types
    assert by_place[garden].unreached == by_place[garden].deadlines > 0, "its type has limits in the community"
    assert by_place[old].unreached > by_place[ground.world.west].unreached > 0


async def test_a_promise_is_due_when_it_was_promised(
    ground: Ground, app: Database, superuser: asyncpg.Connection
) -> None:
    """Whatever budget its policy names; so no draft misses more or fewer."""
    await superuser.execute("SET session_replication_role = replica")
    for stop in (99, 100, 101):
        d = ground.deadlines[stop]
        await superuser.execute(
            "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times,"
            " fired, budget_seconds, pausable, stopped_at) SELECT $1, $2, $6, 'promise', 1, p.id, $3, $4, '{100}',"
            " ARRAY[$4::timestamptz], 1, 100, false, $5 FROM deadline_policy p"
            " WHERE p.place_id = $7 AND p.deadline_kind = 'promise'",
            new_id(),
            d.matter_id,
            SINCE,
            SINCE + timedelta(seconds=100),
            SINCE + timedelta(seconds=stop),
            d.place_id,
            ground.world.street,
        )
    await superuser.execute("RESET session_replication_role")
    for calendar in CalendarName:
        limits = replace(LIMITS["wall"], calendar=calendar, budget_seconds=1)
        draft = await drafted(ground, ground.world.street, limits, kind="promise")
        total = (await ask(ground, app, draft, ground.world.street)).total
        assert (total.deadlines, total.before, total.under_draft, total.newly) == (3, 2, 2, 0), calendar


async def test_only_who_administers_the_place_replays(ground: Ground, app: Database) -> None:
    draft = await drafted(ground, ground.world.east, LIMITS["wall"])
    for who in ("书记", "派单员", "王奶奶"):
        with pytest.raises(DraftNotFound):
            await ask(ground, app, draft, ground.world.east, who=who)


async def test_the_function_asks_itself_who_administers_the_place(ground: Ground, app_url: str) -> None:
    """It looks past row-level security, so that it has to be safe in anybody's hands."""
    draft = await drafted(ground, ground.world.east, LIMITS["wall"])
    call = "SELECT replay_draft($1, $2, $3, $4, 1000000000000000, '{0}', '{0}', '{0}', '{1}', '{1}', '{}', '{}', NULL, NULL, 5)"
    connection = await asyncpg.connect(app_url)
    for who, sees in (("管理员", True), ("书记", False)):
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.actor', $1, true)", str(ground.world.people[who]))
            assert (await connection.fetchval(call, draft.id, SINCE, UNTIL, NOW) is not None) is sees
    assert await connection.fetchval(call, draft.id, SINCE, UNTIL, NOW) is None, "nobody at all"
    await connection.close()
