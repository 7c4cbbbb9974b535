"""What cases still allowed – a second extension, a third return, a seat that moves –, and whom to ask at the call-back."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    await_only(connection.execute((SQL / "0027_case_ends.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
