"""The name on file beside the one that a representative typed; and what a calendar still has of orders that were lost."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0057_on_file.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
