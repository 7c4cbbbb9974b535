"""What every request passes before and after its route, and how strictly a body is read.

`Front` is the outermost layer: trace id, security headers, the last resort for what nobody foresaw. `StrictRoute` reads
the request of one operation: content type, size, JSON, the query string. Both are on the way of every command, so they
do one pass and no more.
"""

import json
import logging
import re
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote_to_bytes

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import metrics
from app.api.problems import (
    BodyTooLarge,
    MalformedBody,
    MalformedJson,
    Unexpected,
    WrongContentType,
    pointer_to,
    problem,
    trace_id,
)
from app.api.schema import takes_several
from app.kernel.errors import FieldFault, InvalidInput

log: Final = logging.getLogger("linli.api")

MAX_DEPTH: Final = 20

_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_TRACEPARENT: Final = re.compile(rb"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_BOM: Final = b"\xef\xbb\xbf"

_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_NO_STORE: Final = (b"cache-control", b"no-store")
# For pages and their parts. Swagger UI sets styles inline; scripts come from this server only.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE_POLICY: Final = (b"content-security-policy", _POLICY.encode())


StraightApp = Callable[[Scope, Receive, Send, ASGIApp], Coroutine[Any, Any, None]]
"""What answers a request, or hands it on to the application that it is given."""


class Front:
    """The outermost ASGI layer; `straight` tells which commands go past all others (adr/0013).

    Every answer carries `X-Trace-Id`; answers under `/v1` are never stored by a cache.
    """

    def __init__(self, app: ASGIApp, straight: Callable[[Scope], StraightApp | None]) -> None:
        self.app = app
        self.straight = straight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.perf_counter()
        trace = _trace_of(scope)
        trace_id.set(trace)
        policy = _NO_STORE if scope["path"].startswith("/v1") else _PAGE_POLICY
        status = 0

        async def send_dressed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = message.setdefault("headers", [])
                if policy is _PAGE_POLICY or all(name != b"cache-control" for name, _ in headers):
                    headers.append(policy)
                headers.extend(_ALWAYS)
                headers.append((b"x-trace-id", trace.encode()))
            await send(message)

        try:
            if (straight := self.straight(scope)) is not None:
                await straight(scope, receive, send_dressed, self.app)
            else:
                await self.app(scope, receive, send_dressed)
        except ClientDisconnect:
            log.info("the client went away", extra={"trace_id": trace})
        except Exception:  # the last resort: the answer says nothing of it, the log everything
            log.exception("unforeseen", extra={"trace_id": trace})
            if status:
                raise
            await problem(Unexpected(), scope)(scope, receive, send_dressed)
        finally:
            metrics.answered(scope, status or metrics.GONE, time.perf_counter() - began)


def _trace_of(scope: Scope) -> str:
    """The caller's X-Request-Id or traceparent when it is sane, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            return str(value, "ascii")
        if name == b"traceparent" and (found := _TRACEPARENT.fullmatch(value)):
            return str(found[1], "ascii")
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class Intake:
    """What an operation takes as its body: one media type, up to `limit` bytes.

    `streamed`: the endpoint reads `request.stream()` itself, after it knows the caller; the limit holds there too.
    """

    media: str
    limit: int
    streamed: bool = False


JSON: Final = Intake("application/json", 256 * 1024)
FORM: Final = Intake("application/x-www-form-urlencoded", 16 * 1024)


class StrictRequest(Request):
    """A request whose body ends with BodyTooLarge as soon as it is longer than the intake allows."""

    def __init__(self, request: Request, limit: int) -> None:
        super().__init__(request.scope, request.receive, request._send)  # noqa: SLF001 - as FastAPI's own guide does
        self._limit = limit

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes in. Raises BodyTooLarge."""
        if not hasattr(self, "_body"):
            declared = self.headers.get("content-length", "0")
            if not declared.isdecimal() or int(declared[:19]) > self._limit:
                raise BodyTooLarge
        size = 0
        async for chunk in super().stream():
            size += len(chunk)
            if size > self._limit:
                raise BodyTooLarge
            yield chunk


class StrictRoute(APIRoute):
    """A route that reads its request strictly before FastAPI sees it; each failure is a problem, never a 5xx."""

    intake: Intake = JSON

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._takes = _arguments(self.dependant)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind our reading."""
        handler = super().get_route_handler()

        async def read_strictly(request: Request) -> Response:
            return await handler(await self.read(request))

        return read_strictly

    async def read(self, request: Request) -> Request:
        """The request with its query, path and body looked at; a JSON body is parsed. Raises the refusals of bad input."""
        scope = request.scope
        if scope["query_string"]:
            _check_query(scope["query_string"], self._takes)
        if b"%" in scope.get("raw_path", b""):
            _check_path(scope["raw_path"])
        if scope["method"] == "GET":
            return request
        intake = self.intake
        strict = StrictRequest(request, intake.limit)
        if intake.streamed:
            _check_type(strict, intake)
            return strict
        raw = await strict.body()
        if self.body_field is not None:
            if raw:
                _check_type(strict, intake)
                if intake.media == JSON.media:
                    strict._json = parse_json(raw)  # noqa: SLF001 - where Starlette's own json() keeps it
                else:
                    _check_utf8(raw.replace(b"+", b" "))
        elif raw and raw.strip() not in (b"{}", b"null"):
            fault = FieldFault("/body", "body-not-expected", "这个操作不需要请求内容")
            raise InvalidInput(fields=(fault,))
        return strict


def _arguments(dependant: Dependant) -> dict[str, bool]:
    """The names of all query parameters, also of models and dependencies; true for those that may be repeated."""
    found: dict[str, bool] = {}
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found |= {info.alias or name: takes_several(info) for name, info in kind.model_fields.items()}
        else:
            found[field.alias] = takes_several(field.field_info)
    for inner in dependant.dependencies:
        found |= _arguments(inner)
    return found


def _check_query(raw: bytes, known: dict[str, bool]) -> None:
    """Unknown and repeated parameters and bytes that are no UTF-8 are faults; Starlette would let each of them pass."""
    try:
        unquote_to_bytes(raw).decode()
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        fault = FieldFault("/query", "query-malformed", "查询参数无法读取,应为 UTF-8 编码")
        raise InvalidInput(fields=(fault,)) from None
    faults: list[FieldFault] = []
    seen: set[str] = set()
    for name, _ in pairs:
        repeated = known.get(name)
        if repeated is None:
            faults.append(FieldFault(pointer_to(("query", name)), "extra-forbidden", "不认识的参数,请去掉"))
        elif name in seen and not repeated:
            faults.append(FieldFault(pointer_to(("query", name)), "repeated", "这个参数只能出现一次"))
        seen.add(name)
    if faults:
        raise InvalidInput(fields=tuple(faults))


def _check_path(raw: bytes) -> None:
    try:
        unquote_to_bytes(raw).decode()
    except ValueError:
        fault = FieldFault("/path", "path-malformed", "路径无法读取,应为 UTF-8 编码")
        raise InvalidInput(fields=(fault,)) from None


def _check_utf8(raw: bytes) -> None:
    try:
        unquote_to_bytes(raw).decode()
    except ValueError:
        raise MalformedBody from None


def _check_type(request: Request, intake: Intake) -> None:
    """The media type that is expected, in UTF-8 and not compressed. Raises WrongContentType."""
    given = request.headers.get("content-type", "")
    if "content-encoding" in request.headers and request.headers["content-encoding"].lower() != "identity":
        raise WrongContentType
    if given == intake.media:
        return
    media, *parameters = given.lower().split(";")
    if media.strip() != intake.media:
        raise WrongContentType
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "charset" and value.strip('"') not in ("utf-8", "utf8"):
            raise WrongContentType


def parse_json(raw: bytes) -> Any:
    """One JSON value, read as the standard says and not as parsers tend to.

    Raises MalformedJson for a byte order mark, bytes that are no UTF-8, a repeated key, NaN and Infinity, numbers of
    thousands of digits and nesting beyond `MAX_DEPTH`; InvalidInput, with the place, for half of a surrogate pair.
    """
    if raw.startswith(_BOM):
        raise MalformedJson("请求内容不能以 BOM 开头")
    try:
        text = raw.decode()
        value = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise MalformedJson from None
    if text.count("{") + text.count("[") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise MalformedJson(f"嵌套不能超过 {MAX_DEPTH} 层")
    if "\\ud" in text or "\\uD" in text:
        _check_surrogates(value, ("body",))
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a repeated key")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _deeper_than(value: Any, depth: int) -> bool:
    """Whether containers are nested more than `depth` deep; level by level, without recursion."""
    level = [value]
    for _ in range(depth):
        level = [item for part in level for item in _parts(part)]
    return any(isinstance(part, dict | list) for part in level)


def _parts(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _check_surrogates(value: Any, place: tuple[str | int, ...]) -> None:
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            fault = FieldFault(pointer_to(place), "text-surrogate", "含有残缺的字符,请删除后重新填写")
            raise InvalidInput(fields=(fault,))
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_surrogates(key, place)
            _check_surrogates(item, (*place, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            _check_surrogates(item, (*place, index))
