"""Teams, skills, the hours of volunteers, and who may serve what."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    driver = op.get_bind().connection.driver_connection
    for part in ("0007_teams", "0007_fitness", "0007_services"):
        await_only(driver.execute((SQL / f"{part}.sql").read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
