"""Representations that name somebody by id, wait after a refusal, tell late registrants and move along with the beneficiary."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0052_naming_by_id.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
