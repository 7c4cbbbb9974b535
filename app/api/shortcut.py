"""The short way from a path to its operation.

Starlette tries one pattern after the other, and FastAPI tries those of an included router twice: with forty operations
that is a tenth of a command's whole time. This index finds the operation by the parts of its path. It only ever answers
for what it surely knows; everything else (unknown paths, wrong methods, pages) goes the ordinary way.
"""

from typing import Final

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.convertors import StringConvertor
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.direct import Direct
from app.api.middleware import Front, StrictRoute

_APP: Final = "linli.operation"


class _Node:
    """One part of a path: named next parts, a parameter as next part, and what ends here by method."""

    __slots__ = ("ends", "named", "parameter")

    def __init__(self) -> None:
        self.named: dict[str, _Node] = {}
        self.parameter: _Node | None = None
        self.ends: dict[str, tuple[Direct | None, ASGIApp, APIRoute, tuple[str, ...]]] = {}


class Shortcut(BaseRoute):
    """A route in front of all others. A named part wins over a parameter, whatever was registered first."""

    def __init__(self, app: FastAPI) -> None:
        self._root = _Node()
        for route in iter_route_contexts(app.routes):
            original = route.original_route
            plain = all(type(kind) is StringConvertor for kind in getattr(route, "param_convertors", {}).values())
            if isinstance(original, APIRoute) and plain and route.path_format and route.methods:
                self._add(route.path_format, route.methods, route.app, original)

    def _add(self, path: str, methods: set[str], ordinary: ASGIApp, route: APIRoute) -> None:
        node, names = self._root, []
        for part in path.split("/"):
            if part.startswith("{"):
                names.append(part[1:-1])
                if node.parameter is None:
                    node.parameter = _Node()
                node = node.parameter
            elif "{" in part:
                return
            else:
                node = node.named.setdefault(part, _Node())
        direct = Direct.of(route) if isinstance(route, StrictRoute) else None
        for method in methods:
            node.ends.setdefault(method, (direct, ordinary, route, tuple(names)))

    def straight(self, scope: Scope) -> Direct | None:
        """The short way of the operation that `scope` asks for, if it has one. Writes into `scope` which operation was
        found; `matches` goes on from there."""
        if scope.get("root_path"):
            return None
        node, values = self._root, []
        for part in scope["path"].split("/"):
            following = node.named.get(part)
            if following is None:
                following = node.parameter
                if following is None or not part:
                    return None
                values.append(part)
            node = following
        found = node.ends.get(scope["method"])
        if found is None:
            return None
        direct, ordinary, route, names = found
        scope["path_params"] = dict(zip(names, values, strict=True))
        scope["endpoint"], scope["route"] = route.endpoint, route
        scope[_APP] = ordinary
        return direct

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """FULL for an operation that is in the index, else NONE."""
        return (Match.FULL if _APP in scope else Match.NONE), {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Go on with the operation that was found."""
        await scope[_APP](scope, receive, send)


def install(app: FastAPI) -> None:
    """Put the index in front, behind `Front` alone. Call it when all routers are included: what comes later goes the
    ordinary way."""
    index = Shortcut(app)
    app.router.routes.insert(0, index)
    app.add_middleware(Front, straight=index.straight)
