"""Service days for callers and the represented; what was placed for a caller is ended by who placed it."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0038_for_callers.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
