"""The story of a case tells what each unit on its board did."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    await_only(connection.execute((SQL / "0037_what_the_board_did.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
