"""Values on their way into jsonb."""

from typing import Any
from uuid import UUID

import orjson


def dump(value: Any) -> str:
    """JSON as Postgres takes it: moments with offset, ids as text, sealed bytes as it reads a bytea. Raises TypeError."""
    return orjson.dumps(value, default=_plain).decode()


def _plain(value: Any) -> Any:
    """What orjson does not take: bytes, and asyncpg's own UUIDs."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(type(value).__name__)
