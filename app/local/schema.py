"""The database's schema brought to the newest version: `linli migrate`, and a step of `linli up`."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from app.settings import Settings

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def migrate(settings: Settings) -> None:
    """Every migration that is not there yet, as LINLI_MIGRATION_URL. Raises what the database or a migration raises."""
    config = Config(attributes={"settings": settings})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    command.upgrade(config, "head")
