"""Logs: one line an event on stdout, JSON in production, for people in local mode.

Nothing personal: what is logged are ids, codes and counts. The message of an exception may quote a row, a parameter or
an address, so outside local mode an exception is told by its type, its SQLSTATE and constraint, and where it passed.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

FRAMES: Final = 20
CHATTY: Final = ("arq", "httpcore", "httpx")
"""Libraries that log every job or request at INFO; only what goes wrong there is of interest."""


def configure(local: bool, trace: ContextVar[str] | None = None) -> None:
    """Send structlog and the standard library's logging to stdout. Called once, by the roots.

    trace: holds the trace id of the request under way; what is logged meanwhile carries it.
    """
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow={"trace_id"}),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _one_line,
    ]
    if trace is not None:
        shared.append(_traced_by(trace))
    last: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if local
        else [_exceptions_without_messages, structlog.processors.JSONRenderer(_json)]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    logging.root.handlers = [handler]
    logging.root.setLevel(logging.INFO)
    for name in CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _one_line(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Only an event's first line: asyncio puts the exception itself, message and all, into the second."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def _traced_by(trace: ContextVar[str]) -> Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("trace_id", trace.get())
        return event

    return add


def _exceptions_without_messages(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else (given if isinstance(given, tuple) else sys.exc_info())[1]
    if given and error is not None:
        event["exception"] = [_told(each) for each in _all(error)]
    return event


def _all(error: BaseException) -> Iterator[BaseException]:
    """The exception, those of its group, and what caused it."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None or each in seen:
            continue
        seen.append(each)
        yield each
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        waiting.append(each.__cause__ or (None if each.__suppress_context__ else each.__context__))


def _told(error: BaseException) -> dict[str, Any]:
    told: dict[str, Any] = {"type": f"{type(error).__module__}.{type(error).__qualname__}"}
    for name in ("sqlstate", "constraint_name"):
        if value := getattr(error, name, None):
            told[name] = value
    told["at"] = _places(error.__traceback__)
    return told


def _places(passed: TracebackType | None) -> list[str]:
    """`file:line function`, where it was raised last."""
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(passed)[-FRAMES:]]


def _json(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str).decode()
