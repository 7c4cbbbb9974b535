"""Deadlines complete: calendars, budgets on them, pauses, followers, appointments, and what is said on an order."""

import csv
import json
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.util import await_only

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0003_deadlines_complete.sql"
DRAFTS = Path(__file__).parents[1] / "sql" / "0003_drafts.sql"
RULES = Path(__file__).parents[1] / "sql" / "0003_rules.sql"
NOTICES = Path(__file__).parents[1] / "sql" / "0003_workdays.csv"


def upgrade() -> None:
    connection = op.get_bind()
    driver = connection.connection.driver_connection
    await_only(driver.execute(SQL.read_text("utf-8")))
    await_only(driver.execute(DRAFTS.read_text("utf-8")))
    with NOTICES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    days = {row["day"]: {"works": row["is_working"] == "1", "name": row["name"]} for row in rows}
    years = sorted({int(day[:4]) for day in days})
    connection.execute(
        sa.text(
            "INSERT INTO workday_set (id, version, years, days, source, imported_by, imported_at, published_by, published_at)"
            " VALUES ('00000000-0000-7000-8000-000000000201', 1, CAST(:years AS int[]), CAST(:days AS jsonb), :source, :nobody,"
            " '2026-01-01T00:00:00+08:00', :nobody, '2026-01-01T00:00:00+08:00')"
        ),
        {
            "years": years,
            "days": json.dumps(days, ensure_ascii=False),
            "source": "国务院办公厅关于部分节假日安排的通知",
            "nobody": "00000000-0000-0000-0000-000000000000",
        },
    )
    await_only(driver.execute(RULES.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
