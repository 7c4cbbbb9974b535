"""What was said on a case is read; whoever has no phone is found where they live."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql" / "0058_said_on_cases.sql"


def upgrade() -> None:
    await_only(op.get_bind().connection.driver_connection.execute(SQL.read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
