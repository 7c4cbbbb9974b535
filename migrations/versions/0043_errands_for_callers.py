"""An errand for a caller is authorised and served without a phone; who passed a rating on reads it."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0043_errands_for_callers.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
