"""Who rings the station is heard, whoever placed the order; name, phone and address of an order are changed by its own side."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0053_desk.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
