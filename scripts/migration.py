# ruff: noqa: INP001 – a program of its own
"""`make migration m="what changes"`: a new revision, drafted by Alembic from the models against a throw-away database.

Read and finish the draft by hand: policies, triggers and data are not drafted.
"""

import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from app.local.postgres import EmbeddedPostgres, create_database


def main(message: str) -> None:
    """Draft the revision after the newest one; the file's name is printed by Alembic."""
    with EmbeddedPostgres(durable=False) as server:
        create_database(server, "draft")
        config = Config(attributes={"url": server.url("linli_owner", "draft")})
        config.set_main_option("script_location", "migrations")
        config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
        command.upgrade(config, "head")
        number = len(list(Path("migrations/versions").glob("*.py"))) + 1
        command.revision(config, message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or not sys.argv[1].strip():
        sys.exit('用法 · usage: make migration m="what changes"')
    main(sys.argv[1])
