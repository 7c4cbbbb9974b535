"""The first schema: tables, the kernel's functions and triggers, logins, roles and policies."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind()
    for part in ("tables", "kernel", "auth", "security", "rules"):
        # Whole files of statements go to the driver itself: SQLAlchemy would prepare each, one at a time.
        driver = connection.connection.driver_connection
        await_only(driver.execute((SQL / f"{part}.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("the first schema has nothing below it: drop the database")
