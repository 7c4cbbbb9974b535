"""Who joins a case from another community reads how it stands; a case is held forward in time."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    await_only(connection.execute((SQL / "0022_outlines_and_holds.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
