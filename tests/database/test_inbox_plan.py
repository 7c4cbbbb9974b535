"""The inbox reads what its few messages are about, and not every order, case and person there is."""

import re
from uuid import UUID

from sqlalchemy import text

from app.domain.notifications.repository import _INBOX
from app.kernel.database import Database
from tests.world import World

WHOLE = re.compile(
    r"Seq Scan on (matter|order_detail|case_detail|assignment_detail|person|team|representation|exclusion)\b"
)


async def test_what_a_message_is_about_is_found_by_an_index(world: World, app: Database) -> None:
    """A policy stands before each row. Beside an expression that might leak, Postgres asks it of the whole table first."""
    asked = {"person": UUID(int=1), "unread": False, "after_at": None, "after_id": None, "limit": 51}
    async with app.engine.connect() as connection:
        await connection.execute(text("SET LOCAL enable_seqscan = off"))
        rows = (await connection.execute(text(f"EXPLAIN {_INBOX.text}"), asked)).scalars().all()
    assert [line for line in rows if WHOLE.search(line)] == []
    assert any("inbox_message" in line for line in rows)
