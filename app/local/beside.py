"""What `linli check`, `import-places` and `create-admin` need to know of the `linli up` that runs beside them."""

import os
from pathlib import Path
from urllib.parse import urlsplit

from app.local.home import port_is_free
from app.settings import Mode, Settings


def _file(folder: Path) -> Path:
    return folder / "run" / "migration-url"


def leave_word(settings: Settings) -> None:
    """For tools beside this system: the owner's URL, readable by our account only."""
    path = _file(settings.data)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(settings.migration_url)


def take_back(folder: Path) -> None:
    """At the end of the system."""
    _file(folder).unlink(missing_ok=True)


def with_running_system(settings: Settings) -> Settings:
    """The settings with the URL of what runs from LINLI_DATA; as they are where LINLI_MIGRATION_URL or another mode is
    named, or nothing runs."""
    if settings.migration_url or ("mode" in settings.model_fields_set and not settings.local):
        return settings
    try:
        url = _file(settings.data).read_text(encoding="utf-8")
    except OSError:
        return settings
    port = urlsplit(url).port
    if port is None or port_is_free(port):
        return settings
    return settings.model_copy(update={"mode": Mode.LOCAL, "migration_url": url})
