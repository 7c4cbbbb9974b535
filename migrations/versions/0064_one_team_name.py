"""A name is one living team, along the tree as well."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0064_one_team_name.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
