"""Whoever handles a case looks up whom to contact, against a record; who asks what is like their trouble at their community."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0035_who_is_contacted.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
