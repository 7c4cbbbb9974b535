"""No operation without a declared rule.

`Api` is the only router of this house: it refuses, at import, an operation that does not say who may call it. `census`
counts at start and in tests that nothing came in by another door.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn, Required, TypedDict, TypeVar, Unpack

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import get_flat_params
from fastapi.params import Depends as DependsOn
from fastapi.routing import iter_route_contexts
from starlette.responses import Response

from app.api.docs import MINI_PROGRAM, PAGES, Tag, operations
from app.api.docs_words import CHINESE, apart
from app.api.doing import OPERATIONS
from app.api.middleware import FORM, JSON, Intake, StrictRoute
from app.api.problems import (
    BodyTooLarge,
    MalformedBody,
    MalformedJson,
    WrongContentType,
    merged,
    problems,
)
from app.api.schema import open_ended
from app.api.shortcut import Shortcut
from app.kernel.errors import Busy, InvalidInput, NotSignedIn, Refusal
from app.kernel.rules import Rule, Rules

ADMIN: Final = "admin"
EVERYWHERE: Final = frozenset((ADMIN, MINI_PROGRAM))

_OPERATION_ID: Final = re.compile(r"[a-z][a-zA-Z0-9]{2,40}")

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an operation that is not about one matter."""

    name: str
    label: str

    def __str__(self) -> str:
        return self.label


PUBLIC: Final = Access("public", "公开,无需登录")
SIGNED_IN: Final = Access("signed-in", "登录即可")


@dataclass(frozen=True, slots=True)
class Declared:
    """What an operation said about itself when it was registered. `path` is without prefixes of including routers."""

    operation_id: str
    method: str
    path: str
    rule: Access | Rules
    audience: frozenset[str]


class Declaration(TypedDict, total=False):
    """The keywords of an operation."""

    rule: Required[Access | Rules]
    operation_id: Required[str]
    summary: Required[str]
    description: str
    tags: tuple[Tag, ...]
    audience: frozenset[str]
    responses: Mapping[int | str, dict[str, Any]]
    status_code: int
    intake: Intake
    example: Any
    examples: Mapping[str, Any]
    answer: Any
    response_model: Any
    response_class: type[Response]
    dependencies: Sequence[DependsOn]
    deprecated: bool
    does: Sequence[tuple[str, str]]


_FOR_FASTAPI: Final = frozenset(("response_model", "response_class", "dependencies", "deprecated"))


class UndeclaredOperation(Exception):
    """A route that does not say who may call it, or came in past `Api`. The process does not start with one."""


class ApiRoute(StrictRoute):
    """One operation with its declaration."""

    declared: Declared | None = None


class Api(APIRouter):
    """The router of all rooms: `@api.post("/{order_id}/accept", rule=RULES, operation_id=…, summary=…, tags=…)`.

    `rule`: the room's tuple of rules, PUBLIC or SIGNED_IN. `audience`: MINI_PROGRAM and/or ADMIN. `example` (or
    `examples`, by name: the docs page fills in the first) and `answer`: a request and a success body, checked against
    their models. `intake`: the media type and limit. `does`: which actions of which kind of matter it takes, so that an answer
    that offers one names the operation.
    What every operation may answer (401, 413, 415, 422, 503 …) is declared here and need not stand in `responses`.
    """

    def __init__(self, *, prefix: str = "", tags: tuple[Tag, ...] = ()) -> None:
        super().__init__(prefix=prefix, tags=list(tags), route_class=ApiRoute, redirect_slashes=False)

    def get(  # type: ignore[override]
        self, path: str, **declaration: Unpack[Declaration]
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a reading."""
        return self.operation("GET", path, **declaration)

    def post(  # type: ignore[override]
        self, path: str, **declaration: Unpack[Declaration]
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a command."""
        return self.operation("POST", path, **declaration)

    def put(  # type: ignore[override]
        self, path: str, **declaration: Unpack[Declaration]
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a replacement."""
        return self.operation("PUT", path, **declaration)

    def delete(  # type: ignore[override]
        self, path: str, **declaration: Unpack[Declaration]
    ) -> Callable[[Endpoint], Endpoint]:
        """Register a removal."""
        return self.operation("DELETE", path, **declaration)

    def operation(self, method: str, path: str, **declaration: Unpack[Declaration]) -> Callable[[Endpoint], Endpoint]:
        """Register one operation. Raises UndeclaredOperation where something is missing or open-ended."""
        given: dict[str, Any] = dict(declaration)
        declared = _declared(f"{method} {self.prefix}{path}", method, self.prefix + path, given, self.tags)
        intake: Intake = declaration.get("intake", JSON)
        example, answer = declaration.get("example"), declaration.get("answer")
        examples = declaration.get("examples", {} if example is None else {"default": example})
        status = declaration.get("status_code", 200)

        def register(endpoint: Endpoint) -> Endpoint:
            route = ApiRoute(
                self.prefix + path,
                endpoint,
                methods=[method],
                operation_id=declared.operation_id,
                summary=declaration["summary"],
                # Without one FastAPI would show the docstring, which speaks to developers.
                description=declaration.get("description", declaration["summary"]),
                response_description="成功",
                tags=[*self.tags, *declaration.get("tags", ())],
                status_code=status,
                openapi_extra=_described(declared, status, intake, examples, answer, _media(declaration)),
                **{key: given[key] for key in _FOR_FASTAPI & given.keys()},
            )
            route.declared = declared
            route.intake = intake
            route.responses = merged(problems(*_always(route, declared, intake)), declaration.get("responses", {}))
            _check_inputs(route, declared)
            _check_examples(route, declared, [*examples.values()], answer)
            OPERATIONS.update(dict.fromkeys(declaration.get("does", ()), declared.operation_id))
            self.routes.append(route)
            self._mark_routes_changed()
            return endpoint

        return register

    def add_api_route(self, path: str, *_args: Any, **_more: Any) -> NoReturn:
        """Refused: FastAPI's own way in knows no rule."""
        raise UndeclaredOperation(f"{self.prefix}{path}: register it with get, post, put or delete and a rule")


for _door in ("api_route", "add_route", "add_api_websocket_route", "add_websocket_route", "mount", "host", "frontend"):
    setattr(Api, _door, Api.add_api_route)
for _door in ("route", "websocket", "websocket_route", "patch", "head", "options", "trace"):
    setattr(Api, _door, Api.add_api_route)


def _declared(name: str, method: str, path: str, given: Mapping[str, Any], tags: Sequence[Any]) -> Declared:
    rule, audience = given.get("rule"), given.get("audience", EVERYWHERE)
    operation_id = given.get("operation_id", "")
    if rule is None or rule == ():
        raise UndeclaredOperation(f"{name}: no rule says who may call it")
    if not isinstance(rule, Access) and not all(isinstance(one, Rule) for one in rule):
        raise UndeclaredOperation(f"{name}: rule= takes a tuple of Rule, PUBLIC or SIGNED_IN")
    if not _OPERATION_ID.fullmatch(operation_id):
        raise UndeclaredOperation(f"{name}: no operation_id in camelCase")
    if not CHINESE.search(given.get("summary", "")):
        raise UndeclaredOperation(f"{name}: no Chinese summary")
    if not (tags or given.get("tags")):
        raise UndeclaredOperation(f"{name}: no tag says whom it is for")
    if not audience or not audience <= EVERYWHERE:
        raise UndeclaredOperation(f"{name}: audience= takes MINI_PROGRAM and ADMIN")
    if method not in ("GET", "POST", "PUT", "DELETE"):
        raise UndeclaredOperation(f"{name}: WeChat cannot send {method}; use GET, POST, PUT or DELETE")
    if unknown := given.keys() - Declaration.__annotations__.keys():
        raise UndeclaredOperation(f"{name}: not a part of a declaration: {sorted(unknown)}")
    return Declared(operation_id, method, path, rule, audience)


def _media(declaration: Declaration) -> str:
    """The media type of a success."""
    given = declaration.get("response_class")
    return JSON.media if given is None or given.media_type is None else given.media_type


def _described(
    declared: Declared, status: int, intake: Intake, examples: Mapping[str, Any], answer: Any, media: str
) -> dict[str, Any]:
    rule = declared.rule
    extra: dict[str, Any] = {
        "x-rule": str(rule) if isinstance(rule, Access) else " | ".join(map(str, rule)),
        "x-access": rule.name if isinstance(rule, Access) else "rule",
        "x-audience": sorted(declared.audience),
    }
    if intake.streamed:
        # FastAPI knows nothing of a body that the endpoint reads by itself.
        extra["requestBody"] = {"required": True, "content": {intake.media: {"schema": {"type": "string"}}}}
    if examples:
        body = extra.setdefault("requestBody", {"content": {intake.media: {}}})
        body["content"][intake.media]["examples"] = {name: {"value": one} for name, one in examples.items()}
    if answer is not None:
        content = {media: {"examples": {"default": {"value": apart(answer)}}}}
        extra["responses"] = {str(status): {"content": content}}
    return extra


def _always(route: ApiRoute, declared: Declared, intake: Intake) -> Iterator[type[Refusal]]:
    """What the house itself may answer to this operation."""
    yield InvalidInput  # an unknown query parameter, at least
    yield Busy
    if declared.rule is not PUBLIC:
        yield NotSignedIn
    if declared.method != "GET":
        yield BodyTooLarge
    if route.body_field is not None or intake.streamed:
        yield WrongContentType
        yield MalformedJson if intake is JSON else MalformedBody


def _check_inputs(route: ApiRoute, declared: Declared) -> None:
    """Every parameter and body field must be of a strict type; `In` has seen to its own fields."""
    for field in (*get_flat_params(route.dependant), *_bodies(route.dependant)):
        if fault := open_ended(field.field_info):
            raise UndeclaredOperation(f"{declared.operation_id}: {field.alias}: {fault}")


def _bodies(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.body_params
    for inner in dependant.dependencies:
        yield from _bodies(inner)


def _check_examples(route: ApiRoute, declared: Declared, examples: Sequence[Any], answer: Any) -> None:
    given = [(route.body_field, one) for one in examples]
    for field, value in (*given, (route.response_field, answer)):
        if value is not None and field is not None:
            _, errors = field.validate(value, {}, loc=("example",))
            if errors:
                raise UndeclaredOperation(f"{declared.operation_id}: the example does not fit its model: {errors}")


def census(app: FastAPI) -> dict[str, Declared]:
    """Every operation that `app` serves, by operation id.

    The walk over the routes and the OpenAPI document must name the same operations; a route, mount or socket that came
    in past `Api` fails it. Raises UndeclaredOperation.
    """
    if any(True for _ in app.router._iter_low_priority_routes()):  # noqa: SLF001 - FastAPI shows them nowhere else
        raise UndeclaredOperation("a static frontend is mounted past Api")
    walked: dict[str, Declared] = {}
    served: set[tuple[str, str, str]] = set()
    for route in iter_route_contexts(app.routes):
        declared = getattr(route.original_route, "declared", None)
        if isinstance(declared, Declared):
            if declared.operation_id in walked:
                raise UndeclaredOperation(f"{declared.operation_id}: two operations have this id")
            walked[declared.operation_id] = declared
            served.add((declared.operation_id, declared.method, route.path_format or ""))
        elif route.path not in PAGES and not isinstance(route.original_route, Shortcut):
            raise UndeclaredOperation(f"{route.path}: came in past Api, nobody says who may call it")
    documented = {
        (operation.get("operationId", "?"), method, path) for method, path, operation in operations(app.openapi())
    }
    if served != documented:
        raise UndeclaredOperation(f"served and documented operations differ: {sorted(served ^ documented)}")
    return walked


def lacking_examples(spec: dict[str, Any]) -> list[str]:
    """Operations of a document without an example of their request body or of their success body."""
    lacking: list[str] = []
    for _, _, operation in operations(spec):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        bodies += [answer for status, answer in operation["responses"].items() if status.startswith("2")]
        contents = [content for body in bodies for content in body.get("content", {}).values()]
        if not all(content.get("examples") for content in contents):
            lacking.append(operation["operationId"])
    return lacking


__all__ = [
    "ADMIN",
    "EVERYWHERE",
    "FORM",
    "JSON",
    "MINI_PROGRAM",
    "PUBLIC",
    "SIGNED_IN",
    "Api",
    "Intake",
    "Tag",
    "census",
]
