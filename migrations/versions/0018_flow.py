"""What flows into cases and out of them: conversion, joining, merging, hanging, handing down, and the search."""

from pathlib import Path

from alembic import op
from sqlalchemy.util import await_only

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

SQL = Path(__file__).parents[1] / "sql"


def upgrade() -> None:
    connection = op.get_bind().connection.driver_connection
    for name in ("0018_flow.sql", "0018_flow_limits.sql"):
        await_only(connection.execute((SQL / name).read_text("utf-8")))


def downgrade() -> None:
    raise RuntimeError("downgrades are not written: restore a backup")
