"""Every no that leaves over HTTP: RFC 9457 problems, in one shape, with stable codes.

The domain says why (`Kind`); here it becomes a status. Refusals that only HTTP knows (a body that is no JSON, a path
that does not exist) are declared here as well, so that the contract can list them like any other.
"""

import errno
import logging
import re
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, ClassVar, Final

import asyncpg
import orjson
import sqlalchemy.exc
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from app.api import metrics
from app.api.schema import Out
from app.api.wording import in_chinese
from app.domain.people.titles import who_may
from app.kernel.errors import Busy, FieldFault, InvalidInput, Kind, NotAllowed, NotSignedIn, Refusal

log: Final = logging.getLogger("linli.api")

trace_id: Final[ContextVar[str]] = ContextVar("trace_id", default="-")
"""The trace of the request at hand; set by `app/api/middleware.py`, for logs and problems."""

MEDIA_TYPE: Final = "application/problem+json"
SCHEMA_REF: Final = "#/components/schemas/Problem"
MAX_FAULTS: Final = 50
_MAX_POINTER: Final = 200
_TRACE_EXAMPLE: Final = "4bf92f3577b34da6a3ce929d0e0e4736"

STATUS: Final[Mapping[Kind, int]] = {
    Kind.INVALID: 422,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.LIMITED: 429,
    Kind.BUSY: 503,
}


class WireRefusal(Refusal):
    """A refusal about the HTTP message itself, with a status of its own."""

    kind = Kind.INVALID
    status: ClassVar[int]


class MalformedJson(WireRefusal):
    status = 400
    code = "malformed-json"
    title_zh = "请求内容不是合格的 JSON"
    title_en = "The body is not well-formed JSON"


class MalformedBody(WireRefusal):
    status = 400
    code = "malformed-body"
    title_zh = "请求内容无法读取"
    title_en = "The body cannot be read"


class BodyTooLarge(WireRefusal):
    status = 413
    code = "body-too-large"
    title_zh = "请求内容过大"
    title_en = "The body is too large"


class WrongContentType(WireRefusal):
    status = 415
    code = "wrong-content-type"
    title_zh = "请求内容的类型不受支持"
    title_en = "This content type is not supported here"


class NoSuchPath(WireRefusal):
    kind = Kind.MISSING
    status = 404
    code = "no-such-path"
    title_zh = "没有这个接口"
    title_en = "There is no such path"


class WrongMethod(WireRefusal):
    status = 405
    code = "wrong-method"
    title_zh = "这个接口不支持该请求方法"
    title_en = "This path does not know that method"


class Unexpected(WireRefusal):
    """A fault of ours; the log has it under the trace id, the answer says nothing of it."""

    status = 500
    code = "unexpected"
    title_zh = "系统出错了,请稍后重试"
    title_en = "Something went wrong on our side"


class FieldProblem(Out):
    """One field that is wrong."""

    pointer: str = Field(description="出错的位置(RFC 6901),如 /body/note、/query/limit、/header/idempotency-key")
    code: str = Field(description="稳定的错误代码")
    message: str = Field(description="给人看的中文说明")


class Problem(Out):
    """The body of every answer that is not a success (RFC 9457)."""

    type: str = Field(description="问题类型")
    title: str = Field(description="给人看的标题;Accept-Language 以英文优先时为英文")
    status: int = Field(description="HTTP 状态码", ge=400, le=599)
    code: str = Field(description="稳定的错误代码,程序据此判断")
    detail: str | None = Field(default=None, description="这一次的补充说明;以英文优先而没有英文的,不给")
    trace_id: str = Field(description="追踪编号,反馈问题时请提供")
    errors: list[FieldProblem] | None = Field(default=None, description="逐项说明哪里填错了")


def status_of(refusal: Refusal | type[Refusal]) -> int:
    """The HTTP status of a refusal or its class."""
    own = getattr(refusal, "status", None)
    return own if isinstance(own, int) else STATUS[refusal.kind]


def problem(refusal: Refusal, scope: Scope, headers: Mapping[str, str] | None = None) -> Response:
    """The answer for `refusal` to the request of `scope`."""
    status, english = status_of(refusal), _prefers_english(scope)
    body: dict[str, Any] = {
        "type": f"urn:linli:problem:{refusal.code}",
        "title": refusal.title_en if english else refusal.title_zh,
        "status": status,
        "code": refusal.code,
        "trace_id": trace_id.get(),
    }
    detail = (refusal.detail_en if english else refusal.detail) or _who_may(refusal, english=english)
    if detail is not None:
        body["detail"] = detail
    if refusal.fields:
        body["errors"] = [
            {"pointer": _clean(fault.pointer)[:_MAX_POINTER], "code": fault.code, "message": fault.message}
            for fault in refusal.fields
        ]
    extra = dict(headers or {})
    if status == STATUS[Kind.UNAUTHENTICATED]:
        extra["WWW-Authenticate"] = "Bearer"
    elif status == STATUS[Kind.LIMITED]:
        extra["Retry-After"] = str(getattr(refusal, "retry_after", 60))
    elif status == STATUS[Kind.BUSY]:
        extra["Retry-After"] = str(getattr(refusal, "retry_after", 1))
    return Response(orjson.dumps(body), status, extra, MEDIA_TYPE)


def _who_may(refusal: Refusal, *, english: bool) -> str | None:
    """What a bare "you may not" says: who may, by the rules that refused. Never by name."""
    if not isinstance(refusal, NotAllowed) or not refusal.rules:
        return None
    if english:
        return f"Who may: {' | '.join(map(str, refusal.rules))}"
    said = who_may(refusal.rules, refusal.of)
    return f"{refusal.when};现在{said}" if refusal.when else said


def problems(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """`responses=` of a route: each refusal as a named example under its status.

    Content is declared by hand and not by `model=`, since FastAPI would declare it as `application/json`; the schema
    that it points to is added by `app/api/docs.py`.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        status = status_of(refusal)
        entry = found.setdefault(
            status,
            {"description": "", "content": {MEDIA_TYPE: {"schema": {"$ref": SCHEMA_REF}, "examples": {}}}},
        )
        entry["content"][MEDIA_TYPE]["examples"][refusal.code] = {
            "summary": refusal.title_zh,
            "value": _example(refusal, status),
        }
        titles = [example["summary"] for example in entry["content"][MEDIA_TYPE]["examples"].values()]
        entry["description"] = "；".join(titles)
        if status in (STATUS[Kind.LIMITED], STATUS[Kind.BUSY]):
            entry["headers"] = {"Retry-After": {"description": "多少秒后再试", "schema": {"type": "integer"}}}
    return found


def merged(*parts: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Several `responses=` in one; refusals that share a status stand side by side."""
    whole: dict[int | str, dict[str, Any]] = {}
    for part in parts:
        for status, entry in part.items():
            known = whole.get(status)
            if known is None or MEDIA_TYPE not in known.get("content", {}):
                whole[status] = entry
                continue
            examples = known["content"][MEDIA_TYPE]["examples"] | entry["content"][MEDIA_TYPE]["examples"]
            content = {MEDIA_TYPE: {"schema": {"$ref": SCHEMA_REF}, "examples": examples}}
            description = "；".join(example["summary"] for example in examples.values())
            whole[status] = known | {"description": description, "content": content}
    return whole


def _example(refusal: type[Refusal], status: int) -> dict[str, Any]:
    body: dict[str, Any] = {
        "type": f"urn:linli:problem:{refusal.code}",
        "title": refusal.title_zh,
        "status": status,
        "code": refusal.code,
        "trace_id": _TRACE_EXAMPLE,
    }
    if refusal.advice_zh is not None:
        body["detail"] = refusal.advice_zh
    if refusal is InvalidInput:
        body["errors"] = [{"pointer": "/body/note", "code": "text-too-long", "message": "最多填写 200 个字"}]
    return body


def install(app: FastAPI) -> None:
    """Make `app` answer every foreseen failure with a problem; `middleware.Front` answers the unforeseen."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, answer)


async def answer_to(request: Request, error: Exception) -> Response:
    """The problem for a foreseen failure of a command that goes past FastAPI. Raises what nobody foresaw."""
    for kind in type(error).__mro__:
        if kind in _ANSWERS:
            return await _ANSWERS[kind](request, error)
    raise error


async def _on_refusal(request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class
    if isinstance(refusal, Busy):
        metrics.BUSY.labels("races").inc()
    return problem(refusal, request.scope)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    return problem(InvalidInput(fields=faults_of(error.errors())), request.scope)


async def _on_http(request: Request, error: Exception) -> Response:
    """What Starlette and FastAPI refuse by themselves."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    refusals = {400: MalformedBody, 401: NotSignedIn, 404: NoSuchPath, 413: BodyTooLarge, 415: WrongContentType}
    if error.status_code == WrongMethod.status:
        return problem(WrongMethod(), request.scope, {"Allow": ", ".join(methods_of(request))})
    if refusal := refusals.get(error.status_code):
        return problem(refusal(), request.scope)
    log.error("an HTTPException that nobody declared", exc_info=error, extra={"trace_id": trace_id.get()})
    return problem(Unexpected(), request.scope)


async def _on_infrastructure(request: Request, error: Exception) -> Response:
    """The database refused a value (422), is away or overloaded (503), or we wrote wrong SQL (500)."""
    refusal = refusal_of(error)
    # While the database is away every request ends here: a line each says enough.
    told = None if isinstance(refusal, Busy) else error
    if told is None:
        metrics.BUSY.labels("database").inc()
    what = f"{refusal.code} from below: {type(error).__name__}"
    log.log(logging.WARNING if told is None else logging.ERROR, what, exc_info=told, extra={"trace_id": trace_id.get()})
    return problem(refusal, request.scope)


_ANSWERS: Final[Mapping[Any, Callable[[Request, Exception], Awaitable[Response]]]] = {
    Refusal: _on_refusal,
    RequestValidationError: _on_validation,
    HTTPException: _on_http,
    asyncpg.PostgresError: _on_infrastructure,
    asyncpg.InterfaceError: _on_infrastructure,
    asyncpg.InternalClientError: _on_infrastructure,
    sqlalchemy.exc.SQLAlchemyError: _on_infrastructure,
    OSError: _on_infrastructure,
}


# SQLSTATE classes and codes after which the same request may well succeed in a moment.
_PASSING: Final = ("08", "53", "57", "40001", "40P01", "55P03", "25P03")
_AWAY: Final = (sqlalchemy.exc.TimeoutError, TimeoutError, ConnectionError, socket.gaierror)
# None: asyncio's own summary when several addresses of one host were tried in vain.
_UNREACHABLE: Final = frozenset((errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, None))


def refusal_of(error: BaseException) -> Refusal:
    """What a failure of the database means for the caller: InvalidInput, Busy or Unexpected."""
    for cause in _causes(error):
        state = getattr(cause, "sqlstate", None)
        if isinstance(state, str):
            if state.startswith("22"):
                return InvalidInput()
            if state.startswith(_PASSING):
                return Busy()
        elif isinstance(cause, asyncpg.InterfaceError):
            # Its client-side DataError is a ValueError as well: a value that the column's type cannot hold.
            return InvalidInput() if isinstance(cause, ValueError) else Busy()
        elif isinstance(cause, asyncpg.InternalClientError):
            # A server that is killed says goodbye on connections that asyncpg did not expect to hear from.
            return Busy()
        elif isinstance(cause, _AWAY) or (isinstance(cause, OSError) and cause.errno in _UNREACHABLE):
            return Busy()
    return Unexpected()


def _causes(error: BaseException) -> Iterable[BaseException]:
    """The error and what it was raised from, outermost first; SQLAlchemy keeps the driver's in `orig`."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        seen.append(cause)
        cause = getattr(cause, "orig", None) or cause.__cause__
    return seen


def methods_of(request: Request) -> list[str]:
    """Every method that the request's path knows; Starlette itself would name those of the first route only."""
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    found: set[str] = set()
    for route in iter_route_contexts(request.app.routes):
        regex = getattr(route, "path_regex", None)
        if regex is not None and route.methods and regex.match(path):
            found |= route.methods
    return sorted(found)


def faults_of(errors: Sequence[Any]) -> tuple[FieldFault, ...]:
    """Pydantic's errors as ours: pointer, stable code, Chinese message. Never what the client sent."""
    return tuple(
        FieldFault(pointer_to(_sent(error)), error["type"].replace("_", "-"), in_chinese(error))
        for error in errors[:MAX_FAULTS]
    )


_INTERNAL: Final = re.compile(r"[a-z-]*\[.*\]|int|str|bool|float|none|[A-Z]\w*", re.DOTALL)
"""What pydantic puts between names of fields: validators, branches of a union (types, models), keys. No field is so named."""


def _sent(error: Mapping[str, Any]) -> list[str | int]:
    """The location of an error as whoever sent it knows it; the name of a field that nobody knows is theirs, whatever it is."""
    *above, last = error["loc"]
    theirs = error["type"] == "extra_forbidden" or not _is_internal(last)
    return [part for part in above if not _is_internal(part)] + ([last] if theirs else [])


def _is_internal(part: str | int) -> bool:
    return isinstance(part, str) and _INTERNAL.fullmatch(part) is not None


def pointer_to(location: Iterable[str | int]) -> str:
    """The RFC 6901 pointer of a pydantic location: ("body", "items", 0) is `/body/items/0`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def _clean(text: str) -> str:
    """`text` without lone surrogates, which no answer can carry."""
    return text.encode("utf-8", "replace").decode()


def _prefers_english(scope: Scope) -> bool:
    """Whether Accept-Language puts English before Chinese; Chinese when it says nothing."""
    header = next((value for name, value in scope["headers"] if name == b"accept-language"), None)
    if header is None:
        return False
    weight = {"zh": 0.0, "en": 0.0}
    for item in header.decode("latin-1").lower().split(",")[:20]:
        tag, _, quality = item.strip().partition(";q=")
        language = tag.split("-")[0].strip()
        if language in weight:
            weight[language] = max(weight[language], _quality(quality))
    return weight["en"] > weight["zh"]


def _quality(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
