"""Cases and the whistle: units, cases, assignments, who holds a case, and the limits that govern it."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    for name in ("0016_cases.sql", "0016_case_limits.sql"):
        await_only(connection.execute((SQL / name).read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
