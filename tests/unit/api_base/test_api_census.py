"""An operation without a declared rule does not start."""

from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Path, Query
from starlette.staticfiles import StaticFiles

from app.api.census import PUBLIC, SIGNED_IN, Api, UndeclaredOperation, census, lacking_examples
from app.api.docs import Application, Tag
from app.api.schema import In, Out, StrictUUID
from tests.unit.api_base.sample import RULES, build

SOUND = {"rule": PUBLIC, "operation_id": "doIt", "summary": "做", "tags": (Tag.SYSTEM,)}


class Nothing(Out):
    ok: bool


async def nothing() -> Nothing:
    return Nothing(ok=True)


def register(**changes: Any) -> Api:
    api = Api()
    api.get("/it", **(SOUND | changes))(nothing)
    return api


def test_what_is_declared_is_counted() -> None:
    counted = census(build())
    assert set(counted) == {
        *(
            "writeNote",
            "listNotes",
            "getNote",
            "dropNote",
            "acceptNote",
            "importNotes",
            "loginWithPassword",
            "breakDown",
        )
    }
    assert counted["listNotes"].rule is SIGNED_IN
    assert counted["writeNote"].rule == RULES


@pytest.mark.parametrize(
    "changes",
    [
        {"rule": None},
        {"rule": ()},
        {"rule": ("anybody",)},
        {"operation_id": ""},
        {"operation_id": "do_it"},
        {"summary": ""},
        {"summary": "do it"},
        {"tags": ()},
        {"audience": frozenset()},
        {"audience": frozenset(("everyone",))},
        {"include_in_schema": False},
    ],
)
def test_sabotage_an_incomplete_declaration_fails_at_import(changes: dict[str, Any]) -> None:
    register()
    with pytest.raises(UndeclaredOperation):
        register(**changes)


def test_sabotage_a_missing_rule_fails_at_import() -> None:
    with pytest.raises(UndeclaredOperation, match="no rule"):
        Api().get("/it", operation_id="doIt", summary="做", tags=(Tag.SYSTEM,))(nothing)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "door",
    [
        "patch",
        "head",
        "options",
        "trace",
        "api_route",
        "add_api_route",
        "add_route",
        "route",
        "websocket",
        "mount",
        "frontend",
        "add_websocket_route",
        "add_api_websocket_route",
        "host",
    ],
)
def test_there_is_no_other_door_in(door: str) -> None:
    with pytest.raises(UndeclaredOperation):
        getattr(Api(), door)("/it", nothing)


@pytest.mark.parametrize("method", ["PATCH", "HEAD", "get"])
def test_methods_that_wechat_cannot_send(method: str) -> None:
    with pytest.raises(UndeclaredOperation):
        Api().operation(method, "/it", **SOUND)  # type: ignore[arg-type]


def test_open_ended_parameters_fail_at_import() -> None:
    async def loose_path(it: str) -> Nothing: ...
    async def loose_query(it: Annotated[int, Query()] = 1) -> Nothing: ...
    async def loose_body(it: dict[str, str]) -> Nothing: ...
    async def tight(it: Annotated[StrictUUID, Path()]) -> Nothing: ...

    Api().post("/{it}", **SOUND)(tight)
    for path, loose in (("/{it}", loose_path), ("/it", loose_query), ("/it", loose_body)):
        with pytest.raises(UndeclaredOperation, match="doIt: it"):
            Api().post(path, **SOUND)(loose)


def test_an_example_that_does_not_fit_fails_at_import() -> None:
    register(answer={"ok": True})
    with pytest.raises(UndeclaredOperation, match="example"):
        register(answer={"ok": "perhaps"})

    class Body(In):
        urgent: bool

    async def takes(body: Body) -> Nothing: ...

    with pytest.raises(UndeclaredOperation, match="example"):
        Api().post("/it", **SOUND, example={"urgent": 1})(takes)


def plain() -> APIRouter:
    router = APIRouter()
    router.add_api_route("/past", nothing)
    return router


@pytest.mark.parametrize(
    "smuggle",
    [
        lambda app: app.include_router(plain()),
        lambda app: app.include_router(plain(), include_in_schema=False),
        lambda app: app.add_api_route("/past", nothing),
        lambda app: app.add_route("/past", nothing),
        lambda app: app.mount("/past", StaticFiles(directory="/")),
        lambda app: app.add_api_websocket_route("/past", nothing),
        lambda app: app.mount("/past", Application(version="2")),
        lambda app: app.frontend("/past", directory="/"),
        lambda app: app.include_router(register(), include_in_schema=False),
        lambda app: app.include_router(register(operation_id="getNote")),
    ],
)
def test_what_came_in_past_the_router_is_found(smuggle: Any) -> None:
    app = build()
    smuggle(app)
    with pytest.raises(UndeclaredOperation):
        census(app)


def test_a_router_inside_a_router_is_counted_with_its_prefix() -> None:
    outer = Api(prefix="/outer")
    outer.include_router(register(), prefix="/inner")
    app = Application(version="1")
    app.include_router(outer, prefix="/v1")
    assert set(census(app)) == {"doIt"}
    assert set(app.openapi()["paths"]) == {"/v1/outer/inner/it"}


def test_operations_without_examples_can_be_found() -> None:
    lacking = lacking_examples(build().openapi())
    assert "acceptNote" in lacking
    assert "writeNote" not in lacking
