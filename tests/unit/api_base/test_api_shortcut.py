"""The short way finds what the ordinary way finds, and leaves the rest to it."""

import pytest
from starlette.routing import Match
from starlette.types import Scope

from app.api.shortcut import Shortcut
from tests.unit.api_base.sample import AN_ID, build

SHORTCUT = next(route for route in build().routes if isinstance(route, Shortcut))


@pytest.mark.parametrize(
    ("method", "path", "parameters"),
    [
        ("POST", "/v1/notes", {}),
        ("GET", f"/v1/notes/{AN_ID}", {"note_id": AN_ID}),
        ("POST", f"/v1/notes/{AN_ID}/accept", {"note_id": AN_ID}),
        ("POST", "/v1/notes/import", {}),
        ("GET", "/v1/notes/%00 a", {"note_id": "%00 a"}),
    ],
)
def test_known_paths(method: str, path: str, parameters: dict[str, str]) -> None:
    found: Scope = {"type": "http", "method": method, "path": path}
    SHORTCUT.straight(found)
    assert SHORTCUT.matches(found)[0] is Match.FULL
    assert found["path_params"] == parameters
    assert found["route"].endpoint is found["endpoint"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", f"/v1/notes/{AN_ID}"),
        ("GET", "/v1/notes/import"),
        ("GET", "/v1/notes/"),
        ("GET", "/v1"),
        ("GET", ""),
        ("GET", "/docs"),
        ("POST", f"/v1/notes/{AN_ID}/accept/more"),
        ("POST", "/v1/notes//accept"),
    ],
)
def test_the_rest_goes_the_ordinary_way(method: str, path: str) -> None:
    asked: Scope = {"type": "http", "method": method, "path": path}
    assert SHORTCUT.straight(asked) is None
    assert SHORTCUT.matches(asked)[0] is Match.NONE


def test_only_at_the_root() -> None:
    behind: Scope = {"type": "http", "method": "POST", "path": "/x/v1/notes", "root_path": "/x"}
    assert SHORTCUT.straight(behind) is None
    assert SHORTCUT.matches(behind)[0] is Match.NONE
