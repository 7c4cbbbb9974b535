"""A confirmed appointment stands until both sides have confirmed another time."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0033"
down_revision = "0030"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    await_only(connection.execute((SQL / "0033_moved_appointments.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
