"""A login name is one whatever its letters' case; who works at no desk is told so, and not that there is no such caller."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    for name in ("0028_login_names.sql", "0028_desks.sql"):
        await_only(connection.execute((SQL / name).read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
