"""Skills are seen from below, as the volunteers are."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0039_skills_from_below.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
