"""Where somebody could not go on, was not told, or read what was not theirs: moves, papers, ratings, requests, the pool."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0056_dead_ends.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
