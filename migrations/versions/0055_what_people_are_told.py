"""Whoever ends a role or a skill, moves or goes away leaves nobody in the dark."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0055_what_people_are_told.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
