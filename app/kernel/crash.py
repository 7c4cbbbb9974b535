"""Exact crashes: `LINLI_CRASH_AT=place:3` kills this process right after message 3 of `place`. Local mode only."""

import os
import signal

_at: str | None = None


def arm(at: str | None) -> None:
    """Set the point, as `name:number`; None disarms."""
    global _at  # noqa: PLW0603 - one process, one point
    _at = at


def crash_point(name: str, number: int) -> None:
    """Die here, as kill -9 would, when this point is armed."""
    if _at is not None and _at == f"{name}:{number}":
        os.kill(os.getpid(), signal.SIGKILL)
