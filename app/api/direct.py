"""A command straight from its request to its verb.

FastAPI describes a command; solving its dependencies anew with each request, inside two exit stacks, costs a sixth of a
command's whole time (adr/0013). What is solved never differs: parts of the path, the body, the caller with the key. So the
fields that FastAPI has made are used here directly. Only the happy way is short: whatever is missing or does not validate
goes FastAPI's ordinary way, which says what is wrong.
"""

from collections.abc import Mapping
from typing import Any, Final, Self

from fastapi.dependencies.models import Dependant
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.deps import Run
from app.api.middleware import JSON, StrictRoute
from app.api.problems import answer_to
from app.kernel.errors import InvalidInput

_MISSING: Final = object()


class Direct:
    """The short way of one command, past everything that is put around an operation (adr/0013)."""

    def __init__(self, route: StrictRoute, run: str, key: Any) -> None:
        self._route = route
        self._run = run
        self._key = key
        self._path = [(field.alias, field.name, field) for field in route.dependant.path_params]
        self._body = route.body_field
        self._body_name = route.dependant.body_params[0].name if self._body is not None else ""
        self._answer = route.response_field

    @classmethod
    def of(cls, route: StrictRoute) -> Self | None:
        """The short way of `route`, or None when it takes anything else than a path, one JSON body and a keyed `Run`."""
        known = _keyed(route.dependant)
        one_body = len(route.dependant.body_params) <= 1
        if known is None or not one_body or route.intake is not JSON or route.response_field is None:
            return None
        if route.dependant.query_params or route.dependant.header_params or route.dependant.cookie_params:
            return None
        return cls(route, *known)

    async def __call__(self, scope: Scope, receive: Receive, send: Send, ordinary: ASGIApp) -> None:
        """Answer the request, or hand it on to `ordinary`."""
        request = Request(scope, receive, send)
        try:
            request = await self._route.read(request)
            values = await self._values(request)
            if values is None:
                # The body was read: the ordinary way gets it again.
                await ordinary(scope, _again(await request.body()), send)
                return
            result = await self._route.endpoint(**values)
        except Exception as error:  # noqa: BLE001 - what nobody foresaw is raised again
            answer = await answer_to(request, error)
        else:
            content = self._answer.serialize_json(result)  # type: ignore[union-attr]
            answer = Response(content, self._route.status_code or 200, media_type=JSON.media)
        await answer(scope, receive, send)

    async def _values(self, request: Request) -> dict[str, Any] | None:
        """The endpoint's arguments; None where one is missing or invalid."""
        values: dict[str, Any] = {}
        given: Mapping[str, Any] = request.scope["path_params"]
        for alias, name, field in self._path:
            values[name], faults = field.validate(given[alias])
            if faults:
                return None
        if self._body is not None:
            body = getattr(request, "_json", _MISSING)
            if body is _MISSING:
                return None
            values[self._body_name], faults = self._body.validate(body)
            if faults:
                return None
        key, faults = self._key.validate(request.headers.get(self._key.alias))
        if faults:
            return None
        try:
            values[self._run] = await Run.keyed(request, key)
        except InvalidInput:
            return None
        return values


def _keyed(dependant: Dependant) -> tuple[str, Any] | None:
    """The name under which the endpoint takes its keyed Run, and the field of the key."""
    if len(dependant.dependencies) != 1:
        return None
    (only,) = dependant.dependencies
    if only.call != Run.keyed or only.name is None or len(only.header_params) != 1:
        return None
    return only.name, only.header_params[0]


def _again(body: bytes) -> Receive:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
