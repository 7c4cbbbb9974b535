"""The last administrator stays; a service day says where exactly it is; a look says at which level its office is."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0044_last_administrator.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
