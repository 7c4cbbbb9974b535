"""Plain SQL as the application's role: who reads what stands on a joint board, and what nobody writes past the verbs."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from app.kernel.ids import new_id
from app.kernel.rules import Role
from tests.people import Someone
from tests.security.conftest import refused
from tests.security.illegal import BROKEN, NO_RIGHT, NOTHING
from tests.stories.boardwork import RESULT, Matter, in_days, new_unit, whistled
from tests.stories.conftest import Later, Street, later, street  # noqa: F401 - fixtures

TABLES = ("contest", "case_extension", "case_minutes", "case_promise", "unit_rating", "whistle_rating")
HELD = "2026-03-01T09:00:00+08:00"


@dataclass
class Board:
    """A case with something in every table of the board, and plain SQL in its database."""

    case: Matter
    others: dict[str, Someone]
    app: asyncpg.Connection
    owner: asyncpg.Connection

    @property
    def id(self) -> str:
        return self.case.path.rpartition("/")[2]

    async def count(self, table: str, who: Someone) -> int:
        """How many rows of this case – or of its assignments – somebody reads."""
        async with self.app.transaction():
            await self.app.execute("SELECT set_config('app.actor', $1, true)", str(who.id))
            seats = await self.owner.fetch("SELECT matter_id FROM assignment_detail WHERE case_id = $1::uuid", self.id)
            ids = [self.id, *(str(row["matter_id"]) for row in seats)]
            query = f"SELECT count(*) FROM {table} WHERE matter_id = ANY ($1::uuid[])"
            return int(await self.app.fetchval(query, ids))

    async def tried(self, who: Someone, statement: str) -> str:
        """What Postgres answers; nothing of it stays."""
        transaction = self.app.transaction()
        await transaction.start()
        try:
            await self.app.execute("SELECT set_config('app.actor', $1, true)", str(who.id))
            return await refused(
                self.app, statement.format(case=self.id, new=new_id(), me=who.id, lead=self.case.lead.id)
            )
        finally:
            await transaction.rollback()


@pytest.fixture
async def board(street: Street, later: Later, app_url: str) -> AsyncIterator[Board]:  # noqa: F811
    case = await whistled(street, "hard", co=True)
    assert case.co is not None
    others = {
        "arbiter": await street.with_role("裁定人", Role.ARBITER, "street"),
        "supervisor": await street.with_role("督办员", Role.SUPERVISOR, "street"),
        "west": await street.with_role("西书记", Role.SECRETARY, "west"),
        "outside": (await new_unit(street, "水务站")).officer,
        "stranger": await street.resident("路人", "west"),
    }
    task, beside = await case.lead.reports_in(), await case.co.reports_in()
    await case.co.officer.post(f"{beside}/contest", {"ground": "不归我们", "proposed_id": case.lead.id})
    await others["arbiter"].post(f"{beside}/arbitrate", {"upheld": False, "decision": "照办"})
    await case.lead.officer.post(f"{case.path}/extension", {"hours": 1, "reason": "配件"})
    minutes = {"text": "议定", "held_at": HELD, "attended": []}
    await case.lead.officer.post(f"{case.path}/board/minutes", minutes)
    promise = {"unit_id": case.lead.id, "text": "扶正", "due_at": in_days(30)}
    await case.lead.officer.post(f"{case.path}/board/promises", promise)
    await case.lead.officer.post(f"{case.path}/result", RESULT)
    await later(1)
    await case.chief.post(f"{case.path}/check", {"accepted": True})
    await later(2)
    await case.chief.post(f"{task}/rate-department", {"stars": 4})
    await case.lead.officer.post(f"{task}/rate-whistler", {"valid": True, "stars": 4})
    app, owner = await asyncpg.connect(app_url), street.world.owner
    yield Board(case, others, app, owner)
    await app.close()


SEEN = {
    # who: of contest, case_extension, case_minutes, case_promise, unit_rating, whistle_rating
    "reporter": (0, 1, 0, 1, 0, 0),
    "lead": (1, 1, 1, 1, 0, 1),
    "chief": (1, 1, 1, 1, 1, 0),
    "supervisor": (1, 1, 1, 1, 1, 1),
    "arbiter": (1, 1, 1, 1, 0, 0),
    "west": (0, 0, 0, 0, 0, 0),
    "outside": (0, 0, 0, 0, 0, 0),
    "stranger": (0, 0, 0, 0, 0, 0),
}


async def test_each_reads_what_is_theirs_and_the_rated_no_rating(board: Board) -> None:
    people = {
        **board.others,
        "reporter": board.case.reporter,
        "lead": board.case.lead.officer,
        "chief": board.case.chief,
    }
    seen = {name: tuple([await board.count(table, people[name]) for table in TABLES]) for name in SEEN}
    assert seen == SEEN


RATE = (
    "INSERT INTO unit_rating (matter_id, place_id, unit_id, seat_id, stars, rated_by, rated_at)"
    " SELECT m.id, m.place_id, m.unit_id, m.seat_id, {stars}, '{{me}}', app_now() FROM matter m"
    " JOIN assignment_detail a ON a.matter_id = m.id WHERE a.case_id = '{{case}}' AND a.role = 'co'"
)


@pytest.mark.parametrize(
    ("who", "statement", "answer"),
    [
        ("lead", RATE.format(stars=5), NO_RIGHT),
        ("chief", RATE.format(stars=2), BROKEN),
        ("chief", "UPDATE unit_rating SET stars = 5", NO_RIGHT),
        ("lead", "UPDATE case_minutes SET text = 'x'", NO_RIGHT),
        ("lead", "UPDATE case_promise SET due_at = due_at + interval '1 year' WHERE matter_id = '{case}'", NO_RIGHT),
        ("stranger", "UPDATE case_promise SET kept_at = app_now(), kept_by = '{me}'", NOTHING),
        ("lead", "UPDATE case_extension SET granted = true, decided_at = app_now(), decided_by = '{me}'", BROKEN),
        (
            "lead",
            (
                "INSERT INTO case_extension (id, matter_id, place_id, round, deadline_id, seconds, reason, asked_by, asked_at)"
                " SELECT '{new}', matter_id, place_id, 2, id, 60, '再等', '{me}', app_now() FROM deadline"
                " WHERE matter_id = '{case}' AND stopped_at IS NULL LIMIT 1"
            ),
            BROKEN,
        ),
        ("chief", "UPDATE case_detail SET returns = 3 WHERE matter_id = '{case}'", BROKEN),
        ("stranger", "UPDATE contest SET upheld = true", NOTHING),
        ("chief", "UPDATE matter SET changed_at = '2035-01-01' WHERE id = '{case}'", BROKEN),
        ("chief", "UPDATE matter SET changed_at = created_at WHERE id = '{case}'", BROKEN),
        ("lead", "UPDATE deadline SET extension_seconds = 60 WHERE matter_id = '{case}'", BROKEN),
        (
            "lead",
            (
                "UPDATE deadline SET extension_seconds = budget_seconds * 2, budget_seconds = budget_seconds * 3,"
                " revision = revision + 1 WHERE matter_id = '{case}' AND stopped_at IS NULL"
            ),
            BROKEN,
        ),
        (
            "outside",
            (
                "INSERT INTO case_minutes SELECT '{new}', id, place_id, 1, 'x', app_now(), '{{}}', '{me}', app_now()"
                " FROM matter WHERE id = '{case}'"
            ),
            ("done: INSERT 0 0",),
        ),
    ],
)
async def test_nobody_writes_past_the_verbs(
    board: Board, who: str, statement: str, answer: str | tuple[str, ...]
) -> None:
    people = {**board.others, "lead": board.case.lead.officer, "chief": board.case.chief}
    answered = await board.tried(people[who], statement)
    assert answered in ((answer,) if isinstance(answer, str) else answer)


async def test_a_limit_grows_once(board: Board) -> None:
    """The owner's own hand is not allowed to, either."""
    grow = (
        "UPDATE deadline SET extension_seconds = 60, budget_seconds = budget_seconds + 60, revision = revision + 1"
        f" WHERE matter_id = '{board.id}' AND stopped_at IS NULL"
    )
    transaction = board.owner.transaction()
    await transaction.start()
    await board.owner.execute(grow)
    assert await refused(board.owner, grow) == BROKEN
    await transaction.rollback()


async def test_three_hands_and_one_lead_are_the_databases_to_keep(street: Street, app_url: str) -> None:  # noqa: F811
    case = await whistled(street, co=True)
    assert case.co is not None
    task, case_id = await case.lead.task(), _id(case.path)
    await case.lead.officer.post(f"{task}/sign")
    await case.lead.officer.post(f"{task}/contest", {"ground": "不归我们", "proposed_id": case.co.id})
    judged = "SET decided_by = app_actor(), decided_at = app_now(), upheld = false, decision = 'x'"
    app = await asyncpg.connect(app_url)

    for who, statement in (
        (case.chief, f"UPDATE contest {judged} WHERE matter_id = '{_id(task)}'"),
        (case.lead.officer, f"UPDATE case_detail SET handler_id = app_actor() WHERE matter_id = '{case_id}'"),
        (case.lead.officer, f"UPDATE assignment_detail SET leads = NULL WHERE case_id = '{case_id}'"),
        (case.lead.officer, f"UPDATE matter SET unit_id = NULL WHERE id = '{case_id}'"),
        (case.lead.officer, f"UPDATE matter SET unit_id = '{case.co.id}' WHERE id = '{case_id}'"),
        (case.chief, f"UPDATE matter SET seat_id = place_id WHERE id = '{case_id}'"),
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await commit(app, who, statement)
    late = f"""INSERT INTO contest (id, matter_id, place_id, ground, proposed_id, contested_by, contested_at)
        SELECT gen_random_uuid(), id, place_id, '不归我们', '{case.lead.id}', app_actor(), app_now()
          FROM matter WHERE id = '{_id(await case.co.task())}'"""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await commit(app, case.co.officer, late)
    beside = await case.co.task()
    await case.co.officer.post(f"{beside}/sign")
    await commit(app, case.co.officer, late)
    longer = f"UPDATE assignment_detail SET contest_until = app_now() + '9 days' WHERE matter_id = '{_id(beside)}'"
    with pytest.raises(asyncpg.CheckViolationError):
        await commit(app, case.co.officer, longer)
    await app.close()


async def test_a_contest_is_not_dated_back(street: Street, later: Later, app_url: str) -> None:  # noqa: F811
    case = await whistled(street, co=True)
    assert case.co is not None
    task = await case.lead.reports_in()
    await later(7201)
    app = await asyncpg.connect(app_url)
    back = f"""INSERT INTO contest (id, matter_id, place_id, ground, proposed_id, contested_by, contested_at)
        SELECT gen_random_uuid(), matter_id, place_id, '不归我们', '{case.co.id}', app_actor(), signed_at + interval '1 hour'
          FROM assignment_detail WHERE matter_id = '{_id(task)}'"""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await commit(app, case.lead.officer, back)
    await app.close()


TOLD = """INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
    SELECT id, version, place_id, '{action}', state, {to_state}, app_actor(), 'unit', {at}, '{{}}' FROM matter
     WHERE id = '{id}'"""


@pytest.mark.parametrize(
    ("action", "to_state", "at"),
    [
        ("reply", "state", "changed_at"),
        ("replace_lead", "'result'", "changed_at"),
        ("replace_lead", "state", "app_now() - interval '3 days'"),
    ],
    ids=["an action that moves nobody", "another state", "another time"],
)
async def test_what_the_history_says_beside_a_move_is_true(
    street: Street,  # noqa: F811
    app_url: str,
    action: str,
    to_state: str,
    at: str,
) -> None:
    case = await whistled(street, co=True)
    assert case.co is not None
    app = await asyncpg.connect(app_url)
    moved = f"UPDATE matter SET unit_id = '{case.co.id}' WHERE id = '{_id(case.path)}'"
    told = TOLD.format(action=action, to_state=to_state, at=at, id=_id(case.path))
    with pytest.raises(asyncpg.CheckViolationError, match="history does not say"):
        await commit(app, case.lead.officer, moved, told)
    await app.close()


async def commit(app: asyncpg.Connection, who: Someone, *statements: str) -> None:
    """As the application's role, with nothing but SQL."""
    async with app.transaction():
        await app.execute("SELECT set_config('app.actor', $1, true)", str(who.id))
        for statement in statements:
            await app.execute(statement)


def _id(path: str) -> str:
    return path.rpartition("/")[2]


async def test_which_case_it_is_reads_a_unit_that_was_called_to_it_and_nobody_else(board: Board) -> None:
    assert board.case.co is not None
    told = {}
    for name, who in {"co": board.case.co.officer, **board.others}.items():
        async with board.app.transaction():
            await board.app.execute("SELECT set_config('app.actor', $1, true)", str(who.id))
            rows = await board.app.fetch("SELECT * FROM assigned_case($1::uuid)", board.id)
            told[name] = [tuple(row) for row in rows]
    assert told.pop("co") == [("路灯照明", "东社区")]
    assert [name for name, rows in told.items() if rows] == []
