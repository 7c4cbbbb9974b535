"""A small application out of the parts of `app/api`, with one field of every kind."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Form, Header, Path, Query
from pydantic import Field
from starlette.requests import Request

from app.api import problems, shortcut
from app.api.census import PUBLIC, SIGNED_IN, Api
from app.api.docs import MINI_PROGRAM, Application, PasswordForm, Tag
from app.api.middleware import FORM, Intake
from app.api.schema import Choice, CommandKey, FlagArg, In, Int4, Out, StrictUUID
from app.kernel.errors import Busy, NotAllowed, NotFound, TransitionRefused
from app.kernel.pagination import Page, PageQuery
from app.kernel.rules import Role, Rule, Via, reach
from app.kernel.text import Digits, Line, Paragraph, Phone, Search
from app.kernel.time import Moment

RULES = (Rule(Via.SELF), reach(Role.DISPATCHER))
AN_ID = "01985a3c-7d1e-7f00-8a6b-2f4c5d6e7f80"


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"

    @property
    def label(self) -> str:
        return {Colour.RED: "红"}.get(self, "")


class Contact(In):
    name: Annotated[str, Line(20)]
    phone: Phone | None = None


class NoteIn(In):
    title: Annotated[str, Line(20)]
    note: Annotated[str, Paragraph(200)] | None = None
    amount: Int4 = 1
    urgent: bool = False
    colour: Choice[Colour] = Colour.RED
    wanted_at: Moment | None = None
    place_id: StrictUUID | None = None
    contact: Contact | None = None
    labels: Annotated[list[Annotated[str, Line(10)]], Field(max_length=5, default_factory=list)]


class NoteOut(Out):
    id: StrictUUID
    title: str
    note: str | None
    amount: int
    colour: Colour
    wanted_at: Moment | None
    phone: str | None


class TokenOut(Out):
    access_token: str
    token_type: str


class NotesQuery(PageQuery):
    q: Search | None = None
    colour: Choice[Colour] | None = None
    since: Moment | None = None
    least: Annotated[int, Digits(0, 9)] = 0
    place_id: StrictUUID | None = None
    urgent: FlagArg = False


NOTE = {"title": "请帮忙", "colour": "blue", "contact": {"name": "王奶奶"}}
ANSWER = {
    "id": AN_ID,
    "title": "请帮忙",
    "note": None,
    "amount": 1,
    "colour": "blue",
    "wanted_at": "2026-03-01T09:00:00+08:00",
    "phone": None,
}


def build() -> Application:
    app = Application(version="1.0.0")
    problems.install(app)
    app.include_router(_router(), prefix="/v1")
    shortcut.install(app)
    return app


def _router() -> Api:
    api = Api(prefix="/notes", tags=(Tag.RESIDENT,))

    @api.post(
        "",
        rule=RULES,
        operation_id="writeNote",
        summary="写一条",
        status_code=201,
        responses=problems.problems(TransitionRefused, NotAllowed),
        example=NOTE,
        answer=ANSWER,
    )
    async def write(body: NoteIn, idempotency_key: Annotated[CommandKey, Header()]) -> NoteOut:
        """English words for developers."""
        return NoteOut(
            id=UUID(AN_ID),
            title=body.title,
            note=body.note,
            amount=body.amount,
            colour=body.colour,
            wanted_at=body.wanted_at,
            phone=body.contact.phone if body.contact else None,
        )

    @api.get(
        "", rule=SIGNED_IN, operation_id="listNotes", summary="列出", answer={"items": [ANSWER], "next_cursor": None}
    )
    async def find(query: Annotated[NotesQuery, Query()]) -> Page[NoteOut]:
        query.after()
        return Page(items=[], next_cursor=None)

    @api.get("/{note_id}", rule=RULES, operation_id="getNote", summary="查看", responses=problems.problems(NotFound))
    async def get(note_id: Annotated[StrictUUID, Path()]) -> NoteOut:
        raise NotFound

    @api.delete("/{note_id}", rule=RULES, operation_id="dropNote", summary="删除", audience=frozenset(("admin",)))
    async def drop(note_id: Annotated[StrictUUID, Path()]) -> TokenOut:
        raise TransitionRefused("已经删除")

    @api.post("/{note_id}/accept", rule=RULES, operation_id="acceptNote", summary="接受")
    async def accept(note_id: Annotated[StrictUUID, Path()]) -> TokenOut:
        return TokenOut(access_token=str(note_id), token_type="none")

    @api.post(
        "/import",
        rule=RULES,
        operation_id="importNotes",
        summary="导入",
        intake=Intake("text/csv", 4000, streamed=True),
        example="code,name\n1,a\n",
    )
    async def upload(request: Request) -> TokenOut:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        return TokenOut(access_token=str(size), token_type="size")

    @api.post(
        "/login",
        rule=PUBLIC,
        operation_id="loginWithPassword",
        summary="登录",
        tags=(Tag.LOGIN,),
        audience=frozenset((MINI_PROGRAM,)),
        intake=FORM,
        example={"username": "admin", "password": "secret-secret"},
    )
    async def login(form: Annotated[PasswordForm, Form()]) -> TokenOut:
        return TokenOut(access_token=form.username, token_type="bearer")

    @api.get("/broken/{how}", rule=PUBLIC, operation_id="breakDown", summary="出错")
    async def broken(how: Annotated[str, Line(20)]) -> TokenOut:
        raise FAILURES.get(how, NotFound())

    return api


class LimitedHere(Busy):
    retry_after = 7


FAILURES: dict[str, Exception] = {
    "bug": RuntimeError("secret-of-ours"),
    "value": asyncpg.exceptions.NumericValueOutOfRangeError("secret-of-ours"),
    "full": asyncpg.exceptions.TooManyConnectionsError("secret-of-ours"),
    "serial": asyncpg.exceptions.SerializationError("x"),
    "sql": asyncpg.exceptions.UndefinedColumnError("secret-of-ours"),
    "refused": ConnectionRefusedError(111, "x"),
    "several": OSError("Multiple exceptions: [Errno 111] Connect call failed"),
    "file": FileNotFoundError(2, "secret-of-ours"),
    "late": TimeoutError(),
    "closed": asyncpg.InterfaceError("pool is closing"),
    "encode": asyncpg.exceptions._base.DataError("value out of int32 range"),
    "limited": LimitedHere(),
}
