"""Supervision of what is late, and the call-back that closes a case."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    for name in ("0019_callbacks.sql", "0019_excluded_callbacks.sql"):
        await_only(connection.execute((SQL / name).read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
