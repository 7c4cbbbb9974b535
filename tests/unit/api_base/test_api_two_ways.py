"""When a command goes straight to its endpoint and when FastAPI's way; and that both ways give one answer."""

import base64
from datetime import timedelta
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import Path, Query
from httpx import ASGITransport, AsyncClient
from starlette.types import Receive, Scope, Send

from app.api import problems, shortcut
from app.api.census import Api
from app.api.deps import TheRun
from app.api.direct import Direct
from app.api.docs import Application, Tag
from app.api.middleware import Front, Intake, StrictRoute
from app.api.schema import In, Out, StrictUUID
from app.kernel.errors import TransitionRefused
from app.kernel.rules import Role, reach
from app.kernel.text import Digits, Line
from app.kernel.tokens import AccessTokens
from app.kernel.vault import Vault
from tests.unit.api_base.sample import AN_ID

RULE = (reach(Role.DISPATCHER),)
TOKENS = AccessTokens("a secret of the tests, long enough for HS256", timedelta(hours=5))
VAULT = Vault.from_text(f"k1:{base64.b64encode(b'k' * 32).decode()}", base64.b64encode(b"i" * 32).decode())
TOKEN = TOKENS.issue(UUID(AN_ID), UUID(AN_ID)).text
KEY = {"Idempotency-Key": "a-key-of-one-intention"}
SIGNED = {"Authorization": f"Bearer {TOKEN}"}
BODY = {"title": "请帮忙"}


class TitleIn(In):
    title: Annotated[str, Line(20)]


class Told(Out):
    id: StrictUUID
    title: str
    caller: StrictUUID


def _router() -> Api:
    api = Api(prefix="/notes", tags=(Tag.RESIDENT,))

    @api.post("/{note_id}/title", rule=RULE, operation_id="nameNote", summary="命名", example=BODY)
    async def name(note_id: Annotated[StrictUUID, Path()], body: TitleIn, run: TheRun) -> Told:
        if body.title == "不行":
            raise TransitionRefused
        return Told(id=note_id, title=body.title, caller=run.caller.person_id)

    @api.post("/{note_id}/touch", rule=RULE, operation_id="touchNote", summary="碰一下")
    async def touch(note_id: Annotated[StrictUUID, Path()], run: TheRun) -> Told:
        return Told(id=note_id, title="", caller=run.caller.person_id)

    @api.post("/{note_id}/count", rule=RULE, operation_id="countNote", summary="数一数")
    async def count(
        note_id: Annotated[StrictUUID, Path()], least: Annotated[int, Digits(0, 9), Query()], run: TheRun
    ) -> Told:
        return Told(id=note_id, title=str(least), caller=run.caller.person_id)

    @api.get("/{note_id}", rule=RULE, operation_id="readNote", summary="查看")
    async def read(note_id: Annotated[StrictUUID, Path()]) -> Told:
        return Told(id=note_id, title="", caller=note_id)

    @api.post(
        "/import", rule=RULE, operation_id="importNotes", summary="导入", intake=Intake("text/csv", 100), example="a\n"
    )
    async def upload(run: TheRun) -> Told:
        return Told(id=UUID(AN_ID), title="", caller=run.caller.person_id)

    return api


def _app(*, straight: bool) -> Application:
    app = Application(version="1.0.0")
    problems.install(app)
    app.include_router(_router(), prefix="/v1")
    if straight:
        shortcut.install(app)
    else:
        app.add_middleware(Front, straight=lambda _scope: None)
    # A command here asks nobody but these two.
    app.state.house = SimpleNamespace(vault=VAULT, tokens=TOKENS)
    return app


@pytest.mark.parametrize(
    ("operation_id", "goes_straight"),
    [("nameNote", True), ("touchNote", True), ("countNote", False), ("readNote", False), ("importNotes", False)],
)
def test_a_path_one_json_body_and_a_key_go_straight(operation_id: str, goes_straight: bool) -> None:
    (route,) = [one for one in _router().routes if getattr(one, "operation_id", "") == operation_id]
    assert isinstance(route, StrictRoute)
    assert (Direct.of(route) is not None) is goes_straight


REQUESTS: list[tuple[str, str, dict[str, str], Any, int, bool]] = [
    # what is sent: path, headers, body; the answer, and whether it comes straight
    ("all that is needed", f"{AN_ID}/title", SIGNED | KEY, BODY, 200, True),
    ("no body is wanted", f"{AN_ID}/touch", SIGNED | KEY, None, 200, True),
    ("the verb refuses", f"{AN_ID}/title", SIGNED | KEY, {"title": "不行"}, 409, True),
    ("nobody is signed in", f"{AN_ID}/title", KEY, BODY, 401, True),
    ("a token of nobody", f"{AN_ID}/title", {"Authorization": "Bearer x"} | KEY, BODY, 401, True),
    ("no key", f"{AN_ID}/title", SIGNED, BODY, 422, False),
    ("a key too short", f"{AN_ID}/title", SIGNED | {"Idempotency-Key": "x"}, BODY, 422, False),
    ("no id", "nonsense/title", SIGNED | KEY, BODY, 422, False),
    ("a field is missing", f"{AN_ID}/title", SIGNED | KEY, {}, 422, False),
    ("a field too many", f"{AN_ID}/title", SIGNED | KEY, {**BODY, "more": 1}, 422, False),
    ("no body", f"{AN_ID}/title", SIGNED | KEY, None, 422, False),
]


async def _answer(app: Application, path: str, headers: dict[str, str], body: Any) -> tuple[int, str, dict[str, Any]]:
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        answer = await client.post(f"/v1/notes/{path}", headers=headers, json=body)
    said = {name: value for name, value in answer.json().items() if name != "trace_id"}
    return answer.status_code, answer.headers["content-type"], said


@pytest.mark.parametrize(
    ("path", "headers", "body", "status"), [r[1:5] for r in REQUESTS], ids=[r[0] for r in REQUESTS]
)
async def test_both_ways_give_one_answer(path: str, headers: dict[str, str], body: Any, status: int) -> None:
    straight, ordinary = [await _answer(_app(straight=way), path, headers, body) for way in (True, False)]
    assert straight == ordinary
    assert straight[0] == status


@pytest.mark.parametrize(
    ("path", "headers", "body", "comes_straight"),
    [(*r[1:4], r[5]) for r in REQUESTS],
    ids=[r[0] for r in REQUESTS],
)
async def test_what_is_missing_or_invalid_goes_the_ordinary_way(
    monkeypatch: pytest.MonkeyPatch, path: str, headers: dict[str, str], body: Any, comes_straight: bool
) -> None:
    handed_on: list[str] = []
    call = Direct.__call__

    async def watched(self: Direct, scope: Scope, receive: Receive, send: Send, ordinary: Any) -> None:
        async def noted(scope: Scope, receive: Receive, send: Send) -> None:
            handed_on.append(scope["path"])
            await ordinary(scope, receive, send)

        await call(self, scope, receive, send, noted)

    monkeypatch.setattr(Direct, "__call__", watched)
    await _answer(_app(straight=True), path, headers, body)
    assert (handed_on == []) is comes_straight
