"""Whom a message is about, which team, and which papers came back."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0066"
down_revision = "0065"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0066_told_of_whom.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
