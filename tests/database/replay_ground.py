"""The past that replays are tried on: some thousand deadlines of a street, with hours, limits and pauses of every sort."""

import random
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import orjson

from app.domain.deadlines.models import Effect, Limits, MarkPlan
from app.domain.deadlines.replay import Drafted, Replay
from app.domain.deadlines.replaying import replay
from app.kernel.calendar_store import week_of, workdays_of
from app.kernel.calendars import WHOLE_DAY, Calendar, CalendarName, Workdays
from app.kernel.database import Database
from app.kernel.deadline_tables import Primitive
from app.kernel.deadlines import Timing
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor
from app.kernel.time import CHINA
from tests.world import LONG_AGO, World, build

HOW_MANY = 2000
KIND = "coordinate"
SINCE = datetime(2026, 1, 20, 7, 13, 5, 250001, tzinfo=CHINA)
NOW = datetime(2026, 3, 20, 10, 30, 0, 7, tzinfo=CHINA)
"""Between them lies the Spring Festival with its make-up days."""
UNTIL = datetime(2026, 3, 10, tzinfo=CHINA)
MICROSECOND = timedelta(microseconds=1)

MARKS = (MarkPlan(80, (Effect(Primitive.NOTIFY, "dispatcher"),)), MarkPlan(100, ()))
LIMITS = {
    "wall": Limits(CalendarName.WALL, 14_400, None, MARKS, None, 50),
    "duty": Limits(CalendarName.DUTY, 14_400, None, MARKS, 3600, 50),
    "duty of a shift": Limits(CalendarName.DUTY, 12 * 3600, None, MARKS, 3600, 100),
    "work": Limits(CalendarName.WORK, 3 * 3600, None, MARKS, 3600, 33),
    "work by days": Limits(CalendarName.WORK, None, 2, MARKS, 3600, 50),
}
SPLIT = [[[25_200, 43_200], [43_200, 46_800], [50_400, 86_400]]] * 5 + [[[0, 3600], [36_000, 50_400]], []]
NIGHT = [[[0, 21_600], [79_200, 86_400]]] * 7
SHORT = [[[32_400, 41_400], [50_400, 57_600]]] * 5 + [[[32_400, 41_400]]] * 2


@dataclass
class Deadline:
    id: UUID
    matter_id: UUID
    place_id: UUID
    category: str
    round: int
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    pauses: list[tuple[datetime, datetime, bool]]


@dataclass
class Ground:
    """The street with what stands below it, its hours, and the deadlines."""

    world: World
    types: dict[UUID, str]
    parents: dict[UUID, UUID | None]
    weeks: dict[tuple[str, UUID | None], list]
    workdays: Workdays
    limits_at: set[tuple[UUID, str, str]]
    deadlines: list[Deadline]

    def up(self, place_id: UUID | None) -> list[UUID | None]:
        """The places from this one to the top, and None for everywhere."""
        found: list[UUID | None] = []
        while place_id is not None:
            found.append(place_id)
            place_id = self.parents[place_id]
        return [*found, None]

    def calendar(self, name: CalendarName, place_id: UUID) -> Calendar:
        if name is CalendarName.WALL:
            return Calendar(name, WHOLE_DAY)
        week = next(self.weeks[name, at] for at in self.up(place_id) if (name, at) in self.weeks)
        return Calendar(name, week_of(week), self.workdays if name is CalendarName.WORK else None)

    def reached(self, deadline: Deadline, at: UUID, category: str, estate_type: str) -> bool:
        """Whether the deadline would start with a policy published at a place for a category and a type of estate."""
        mine = (at, category, estate_type)
        of, in_a = deadline.category, self.types.get(deadline.place_id, "")
        for place_id in self.up(deadline.place_id):
            for first in ((of, in_a), (of, ""), ("", in_a), ("", "")):
                if (place_id, *first) in self.limits_at | {mine}:
                    return (place_id, *first) == mine
        return False

    def timing(self, deadline: Deadline, limits: Limits) -> Timing:
        """Computed without a line of the replay's: the budget too."""
        calendar = self.calendar(limits.calendar, deadline.place_id)
        seconds = limits.budget_seconds
        if seconds is None:
            monday = next(day for day in calendar.week if day)
            seconds = (limits.budget_days or 0) * sum(end - begin for begin, end in monday)
        if deadline.round > 1:
            seconds = seconds * limits.later_round_percent // 100
        pauses = tuple((begin, end) for begin, end, annulled in deadline.pauses if not annulled)
        return Timing(deadline.started_at, timedelta(seconds=seconds), (100,), calendar, pauses)


async def make_ground(owner_url: str, superuser: asyncpg.Connection) -> Ground:
    """All of it, written."""
    world = await build(owner_url)
    estate = await world.estate(world.east, "老院", "old")
    types = {estate: "old"}
    for community, name, kind in (
        (world.east, "花园", "residential"),
        (world.west, "西老院", "old"),
        (world.west, "无名", None),
    ):
        types[await world.estate(community, name, kind)] = kind or ""
    parents = {row[0]: row[1] for row in await world.owner.fetch("SELECT id, parent_id FROM place")}
    weeks = await publish_hours(world, estate)
    limits_at = await publish_limits(world)
    row = await world.owner.fetchrow(
        "SELECT years, days FROM workday_set WHERE published_at IS NOT NULL ORDER BY version DESC LIMIT 1"
    )
    workdays = workdays_of(row["years"], orjson.loads(row["days"]))
    made = Ground(world, types, parents, weeks, workdays, limits_at, [])
    rng = random.Random(20260320)
    made.deadlines = [a_deadline(rng, made) for _ in range(HOW_MANY)]
    await write(superuser, made)
    return made


async def publish_hours(world: World, estate: UUID) -> dict[tuple[str, UUID | None], list]:
    """Hours at the street, in both communities, and in an estate of the east, where an older version counts for nothing."""
    standard = await world.owner.fetch(
        "SELECT DISTINCT ON (calendar) calendar, week FROM calendar_hours WHERE place_id IS NULL"
        " ORDER BY calendar, version DESC"
    )
    weeks: dict[tuple[str, UUID | None], list] = {
        (row["calendar"], None): orjson.loads(row["week"]) for row in standard
    }
    for place_id, calendar, version, week in (
        (world.street, "DUTY", 1, SPLIT),
        (world.west, "DUTY", 1, SPLIT),
        (world.east, "DUTY", 1, SHORT),
        (estate, "DUTY", 1, SPLIT),
        (estate, "DUTY", 2, NIGHT),
        (world.west, "WORK", 1, SHORT),
    ):
        weeks[calendar, place_id] = week
        await world.owner.execute(
            "INSERT INTO calendar_hours VALUES ($1, $2, $3, $4, $5, $6, $7)",
            new_id(),
            place_id,
            calendar,
            version,
            orjson.dumps(week).decode(),
            world.people["管理员"],
            LONG_AGO,
        )
    return weeks


async def publish_limits(world: World) -> set[tuple[UUID, str, str]]:
    """Limits of a category or a type of estate, or of both, at the street and in the communities; the world has some for all
    at the street."""
    found = {(world.street, "", "")}
    for place_id, category, estate_type in (
        (world.street, "medical", ""),
        (world.street, "", "work_unit"),
        (world.street, "other", "old"),
        (world.east, "repair", ""),
        (world.east, "", "residential"),
        (world.west, "medical", "old"),
    ):
        found.add((place_id, category, estate_type))
        await world.owner.execute(
            "INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, estate_type, version, calendar,"
            " budget_seconds, percents, published_by, published_at)"
            " VALUES ($1, $2, 'order', $3, $4, $5, 1, 'WALL', 600, '{100}', $6, $7)",
            new_id(),
            place_id,
            KIND,
            category,
            estate_type,
            world.people["管理员"],
            LONG_AGO,
        )
    return found


def a_deadline(rng: random.Random, ground: Ground) -> Deadline:
    """One that started about the period, with or without pauses that overlap, touch, are empty, annulled, or lie outside; it
    was often stopped at the very moment at which a draft has it due, or a microsecond beside."""
    world = ground.world
    started = SINCE + timedelta(microseconds=rng.randrange(-2 * 86_400 * 10**6, 51 * 86_400 * 10**6))
    if rng.random() < 0.2:
        started = started.replace(minute=0, second=0, microsecond=0)
    if rng.random() < 0.02:
        started = rng.choice((SINCE, SINCE - MICROSECOND, UNTIL, UNTIL - MICROSECOND))
    pauses = []
    begin = started + timedelta(hours=rng.uniform(-5, 30))
    for _ in range(rng.choice((0, 0, 1, 1, 2, 4))):
        end = begin + timedelta(seconds=rng.choice((0, 1, 900, rng.randrange(200_000))))
        pauses.append((begin, end, rng.random() < 0.2))
        begin = rng.choice((begin, end, end + timedelta(hours=rng.uniform(-3, 20))))
    made = Deadline(
        id=new_id(),
        matter_id=new_id(),
        place_id=rng.choice((world.street, world.east, world.west, *ground.types)),
        category=rng.choice(("", "", "medical", "repair", "other")),
        round=rng.choice((1, 1, 2, 3)),
        started_at=started,
        due_at=started + timedelta(seconds=rng.choice((60, 14_400, 200_000))),
        stopped_at=None,
        pauses=pauses,
    )
    due = ground.timing(made, rng.choice(list(LIMITS.values()))).at(100)
    by_chance = started + timedelta(seconds=rng.expovariate(1 / 40_000))
    beside = (due, due - MICROSECOND, due + MICROSECOND, by_chance, by_chance, made.due_at, made.due_at - MICROSECOND)
    made.stopped_at = rng.choice((*beside, None))
    if made.stopped_at is not None and made.stopped_at > NOW:
        made.stopped_at = None
    return made


async def write(superuser: asyncpg.Connection, ground: Ground) -> None:
    """With triggers off: a past that no verb would make in a second."""
    person = ground.world.people["王奶奶"]
    policy_id = await superuser.fetchval(
        "SELECT id FROM deadline_policy WHERE place_id = $1 AND deadline_kind = $2 AND category = ''"
        "   AND estate_type = ''",
        ground.world.street,
        KIND,
    )
    await superuser.execute("SET session_replication_role = replica")
    await superuser.executemany(
        "INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, open_pool,"
        " moved_by, moved_in, created_at, changed_at, category)"
        " VALUES ($1, 'order', $2, 'cancelled', 1, 1, $3, $3, $3, false, $3, 0, $4, $4, $5)",
        [(d.matter_id, d.place_id, person, d.started_at, d.category) for d in ground.deadlines],
    )
    await superuser.executemany(
        "INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,"
        " budget_seconds, pausable, stopped_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '{100}', ARRAY[$8::timestamptz], 1, 600, true, $9)",
        [
            (d.id, d.matter_id, d.place_id, KIND, d.round, policy_id, d.started_at, d.due_at, d.stopped_at)
            for d in ground.deadlines
        ],
    )
    await superuser.executemany(
        "INSERT INTO deadline_pause (id, deadline_id, matter_id, place_id, pausable, reason, paused_by, from_at, until_at,"
        " limit_at, annulled) VALUES ($1, $2, $3, $4, true, 'question', $5, $6, $7, $7, $8)",
        [
            (new_id(), d.id, d.matter_id, d.place_id, person, begin, end, annulled)
            for d in ground.deadlines
            for begin, end, annulled in d.pauses
        ],
    )
    await superuser.execute("RESET session_replication_role")


async def drafted(
    ground: Ground, place_id: UUID, limits: Limits, category: str = "", estate_type: str = "", kind: str = KIND
) -> Drafted:
    draft = Drafted(new_id(), "order", kind, limits)
    await ground.world.owner.execute(
        "INSERT INTO deadline_policy_draft (id, place_id, matter_kind, deadline_kind, category, estate_type, limits, drafted_by,"
        " drafted_at) VALUES ($1, $2, 'order', $3, $4, $5, $6, $7, $8)",
        draft.id,
        place_id,
        kind,
        category,
        estate_type,
        orjson.dumps(asdict(limits)).decode(),
        ground.world.people["管理员"],
        NOW,
    )
    return draft


async def ask(
    ground: Ground, app: Database, draft: Drafted, place_id: UUID, after: Cursor | None = None, who: str = "管理员"
) -> Replay:
    caller = await ground.world.caller(ground.world.people[who])
    async with app.reading(caller.person_id, caller.family) as connection:
        return await replay(connection, draft, place_id, (SINCE, UNTIL), NOW, after)
