"""What waits on an order for whoever goes on with it when a consent ends."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0065_what_waits.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
