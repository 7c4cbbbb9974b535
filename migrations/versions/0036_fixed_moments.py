"""A replay leaves alone what is due at a moment of its own."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0036_fixed_moments.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
