"""Skills that need no licence come with the approval; a draft of limits is published once."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0041_skills_on_approval.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
