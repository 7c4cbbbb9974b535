"""A stand-in for WeChat's server (微信替身): what `wechat.py` calls, over real HTTP, for a machine without WeChat.

It keeps everything in memory. It is strict where WeChat is strict, so that a message that passes here fits there; and
it can be told to fail. It asks nobody who they are: `linli wechat-standin` starts in local mode only, on loopback.
"""

import asyncio
import base64
import json
import re
import secrets
import time
import unicodedata
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Receive, Scope, Send

DEMO: Final = "demo:"
TOKEN_SECONDS: Final = 7200
TOKEN_RENEWED_BEFORE: Final = 300
MESSAGES_KEPT: Final = 10_000

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_OPENID: Final = re.compile(r"o[A-Za-z0-9_-]{27}")
_TEMPLATE_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_KEY: Final = re.compile(r"([a-z_]+)[0-9]{1,3}")

_PHONE_CODE: Final = re.compile(r"demo:(?:\+(?P<country>[0-9]{1,3}) )?(?P<pure>[0-9]{5,15})")

_CLOCK: Final = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DAY: Final = r"[0-9]{4}年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12][0-9]|3[01])日"
_TIME: Final = rf"(?:{_DAY} ?)?{_CLOCK}"
_DATE: Final = rf"{_DAY}(?: ?{_CLOCK})?"
_VALUES: Final = {
    "thing": re.compile(r".{1,20}"),
    "number": re.compile(r"(?=.{1,32}$)-?[0-9]+(?:\.[0-9]+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[!-~ ]{1,32}"),
    "time": re.compile(rf"{_TIME}(?:~{_TIME})?"),
    "date": re.compile(rf"{_DATE}(?:~{_DATE})?"),
    "amount": re.compile(r"[¥¥$€£]?[0-9]{1,10}(?:\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+()*# -]{1,17}"),
    "car_number": re.compile(r"\w{1,8}"),
    "name": re.compile(r"[\u3400-\u9fff\U00020000-\U000323af·]{1,10}|[A-Za-z .]{1,20}"),
    "phrase": re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]{1,5}"),
    "enum": re.compile(r".{1,20}"),
}
"""What each kind of template key may hold, by the platform's documentation of subscription messages."""


class SentMessage(BaseModel):
    """一条已发送的订阅消息"""

    msgid: int = Field(description="消息编号,从 1 递增")
    at: datetime = Field(description="发送时间")
    openid: str = Field(description="接收者")
    template_id: str = Field(description="模板编号")
    page: str | None = Field(description="点击后打开的页面")
    data: dict[str, str] = Field(description="各字段的内容")


class SentMessages(BaseModel):
    messages: list[SentMessage] = Field(description="最新的在前")


class Fault(BaseModel):
    """一种故障,用于接下来的若干次调用"""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"kind": "errcode", "errcode": 43101, "times": 1}]},
    )

    kind: Literal["status", "errcode", "delay", "drop", "garbage"] = Field(
        description="status 回答 HTTP 状态码;errcode 回答微信错误码;delay 延迟后照常回答;"
        "drop 中途断开连接;garbage 回答非 JSON"
    )
    times: int = Field(1, ge=1, le=100_000, description="影响几次调用")
    path: str | None = Field(None, description="只影响此路径,如 /sns/jscode2session;不填则影响全部微信接口")
    status: int = Field(500, ge=400, le=599, description="kind 为 status 时的状态码")
    errcode: int = Field(-1, description="kind 为 errcode 时的错误码")
    seconds: float = Field(1.0, ge=0, le=60, description="kind 为 delay 时的秒数")


class Faults(BaseModel):
    faults: list[Fault] = Field(description="尚未用完的故障,按使用顺序")


class Removed(BaseModel):
    removed: int = Field(description="清除的条数")


class Health(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "ok"}]})

    status: str = Field(description="固定为 ok")


def openid_of(name: str) -> str:
    """The openid of `demo:<name>`: the same for a name on every machine, in the shape of WeChat's own."""
    digest = sha256(b"linli stand-in openid " + unicodedata.normalize("NFC", name.strip()).encode()).digest()
    return "o" + base64.urlsafe_b64encode(digest).decode()[:27]


class StandIn:
    """What the stand-in remembers."""

    def __init__(self) -> None:
        self.faults: deque[Fault] = deque()
        self.messages: deque[SentMessage] = deque(maxlen=MESSAGES_KEPT)
        self._sent = 0
        self._tokens: dict[str, float] = {}
        """Each token and the second at which it ends, by the monotonic clock; the newest last."""

    def token(self, *, force: bool) -> tuple[str, int]:
        """The token and the seconds that are left of it; the same one until five minutes before its end."""
        now = time.monotonic()
        newest = next(reversed(self._tokens), None)
        if force or newest is None or self._tokens[newest] - now <= TOKEN_RENEWED_BEFORE:
            self._tokens = {} if force else {text: end for text, end in self._tokens.items() if end > now}
            newest = secrets.token_urlsafe(96)
            self._tokens[newest] = now + TOKEN_SECONDS
        return newest, int(self._tokens[newest] - now)

    def knows(self, token: str) -> bool:
        return self._tokens.get(token, 0) > time.monotonic()

    def keep(self, message: Mapping[str, Any]) -> int:
        self._sent += 1
        kept = SentMessage(
            msgid=self._sent,
            at=datetime.now(UTC),
            openid=message["touser"],
            template_id=message["template_id"],
            page=message.get("page"),
            data={key: item["value"] for key, item in message["data"].items()},
        )
        self.messages.appendleft(kept)
        return self._sent


class FaultDoor:
    """Stands before WeChat's paths and lets the next fault happen there. The stand-in's own paths always work."""

    def __init__(self, app: ASGIApp, faults: deque[Fault]) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self._next(scope["path"]) if scope["type"] == "http" else None
        if fault is None:
            await self._app(scope, receive, send)
        elif fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
            await self._app(scope, receive, send)
        elif fault.kind == "status":
            await Response("standin fault", fault.status)(scope, receive, send)
        elif fault.kind == "errcode":
            await JSONResponse(_error(fault.errcode, "standin fault"))(scope, receive, send)
        elif fault.kind == "garbage":
            await Response("<html>standin fault</html>", media_type="text/html")(scope, receive, send)
        else:
            # An answer that promises more than it brings: the server can only hang up.
            head = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": b'{"err', "more_body": True})

    def _next(self, path: str) -> Fault | None:
        if path.startswith(("/sns/", "/cgi-bin/", "/wxa/")):
            for fault in self._faults:
                if fault.path in (None, path):
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                    return fault
        return None


def create_app() -> FastAPI:
    """The stand-in as an ASGI application, with an empty memory."""
    standin = StandIn()
    app: FastAPI = FastAPIOffline(
        title="微信服务器替身",
        version="1",
        description=(
            "本地开发与测试用的微信服务器替身,数据只在内存中。\n\n"
            "- 登录:`js_code` 填 `demo:<任意名字>`,同一个名字总是同一个 `openid`。\n"
            "- 手机号:`code` 填 `demo:<手机号>`,即视为此人已授权的手机号。\n"
            "- 查看已发送的订阅消息:`GET /standin/messages`。\n"
            "- 制造故障:`POST /standin/faults`。"
        ),
        openapi_tags=[
            {"name": "微信接口", "description": "与微信服务端接口同名同义"},
            {"name": "替身控制", "description": "真实的微信没有这些接口"},
        ],
    )
    app.include_router(_wechat(standin))
    app.include_router(_control(standin))
    app.add_middleware(FaultDoor, faults=standin.faults)
    return app


def _wechat(standin: StandIn) -> APIRouter:
    """WeChat's own paths. They read their input by hand, since WeChat answers bad input with 200 and an errcode."""
    router = APIRouter(tags=["微信接口"])

    @router.get("/sns/jscode2session", summary="小程序登录凭证校验")
    async def jscode2session(
        appid: Annotated[str, Query(description="任意非空值")] = "",
        secret: Annotated[str, Query(description="任意非空值")] = "",
        js_code: Annotated[str, Query(description="demo:<任意名字>", examples=["demo:王秀英"])] = "",
        grant_type: Annotated[str, Query(description="authorization_code")] = "",
    ) -> dict[str, Any]:
        """用登录凭证换取 openid。demo 凭证可以反复使用;其他凭证一律回答 40029。"""
        return _wrong_account(appid, secret, grant_type, "authorization_code") or _session(js_code)

    @router.post("/cgi-bin/stable_token", summary="获取稳定版接口调用凭据", openapi_extra=_body(_TOKEN_EXAMPLE))
    async def stable_token(request: Request) -> dict[str, Any]:
        """普通模式下重复调用返回同一个凭据和剩余秒数;`force_refresh` 使旧凭据立即失效。"""
        asked = await _json_object(request)
        if asked is None:
            return _error(47001, "data format error")
        wrong = _wrong_account(asked.get("appid"), asked.get("secret"), asked.get("grant_type"), "client_credential")
        if wrong:
            return wrong
        text, seconds = standin.token(force=asked.get("force_refresh") is True)
        return {"access_token": text, "expires_in": seconds}

    @router.post("/wxa/business/getuserphonenumber", summary="获取手机号", openapi_extra=_body(_PHONE_EXAMPLE))
    async def phone(request: Request, access_token: Annotated[str, Query()] = "") -> dict[str, Any]:
        """用手机号凭证换取手机号。demo 凭证可以反复使用;其他凭证一律回答 40029。"""
        return _unknown(standin, access_token) or _phone(await _json_object(request))

    @router.post("/cgi-bin/message/subscribe/send", summary="发送订阅消息", openapi_extra=_body(_SEND_EXAMPLE))
    async def send(request: Request, access_token: Annotated[str, Query()] = "") -> dict[str, Any]:
        """校验凭据、接收者、模板编号与各字段的格式;合格的消息记录在替身中。"""
        if unknown := _unknown(standin, access_token):
            return unknown
        message = await _json_object(request)
        if message is None:
            return _error(47001, "data format error")
        wrong = _wrong_message(message)
        if wrong:
            return wrong
        return {"errcode": 0, "errmsg": "ok", "msgid": standin.keep(message)}

    return router


def _control(standin: StandIn) -> APIRouter:
    router = APIRouter(prefix="/standin", tags=["替身控制"])

    @router.get("/health", summary="健康检查")
    async def health() -> Health:
        return Health(status="ok")

    @router.get("/messages", summary="查看已发送的订阅消息")
    async def messages(
        openid: Annotated[str | None, Query(description="只看发给此人的")] = None,
        limit: Annotated[int, Query(ge=1, le=1000, description="最多条数")] = 100,
    ) -> SentMessages:
        """最新的在前;最多保留 10000 条。"""
        chosen = [message for message in standin.messages if openid in (None, message.openid)]
        return SentMessages(messages=chosen[:limit])

    @router.delete("/messages", summary="清空已发送的订阅消息")
    async def forget_messages() -> Removed:
        removed = len(standin.messages)
        standin.messages.clear()
        return Removed(removed=removed)

    @router.get("/faults", summary="查看尚未用完的故障")
    async def faults() -> Faults:
        return Faults(faults=list(standin.faults))

    @router.post("/faults", summary="让接下来的若干次调用出错")
    async def set_fault(fault: Fault) -> Faults:
        """每次调用使用第一个路径相符的故障;先设置的先使用。只影响微信接口。"""
        standin.faults.append(fault)
        return Faults(faults=list(standin.faults))

    @router.delete("/faults", summary="清除全部故障")
    async def clear_faults() -> Removed:
        removed = len(standin.faults)
        standin.faults.clear()
        return Removed(removed=removed)

    return router


_TOKEN_EXAMPLE: Final = {"grant_type": "client_credential", "appid": "demo-appid", "secret": "demo-secret"}
_PHONE_EXAMPLE: Final = {"code": "demo:13812345678", "openid": openid_of("王秀英")}
_SEND_EXAMPLE: Final = {
    "touser": openid_of("王秀英"),
    "template_id": "order-accepted",
    "page": "pages/order/index",
    "data": {"thing1": {"value": "家电维修"}, "time2": {"value": "2026年3月1日 09:00"}},
}


def _body(example: Mapping[str, Any]) -> dict[str, Any]:
    """The docs page's request body for a route that reads its body by hand."""
    return {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}, "example": example}}}}


async def _json_object(request: Request) -> dict[str, Any] | None:
    try:
        read = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _error(errcode: int, errmsg: str) -> dict[str, Any]:
    return {"errcode": errcode, "errmsg": errmsg}


def _wrong_account(appid: object, secret: object, grant_type: object, wanted: str) -> dict[str, Any] | None:
    if not appid or not isinstance(appid, str):
        return _error(41002, "appid missing")
    if not secret or not isinstance(secret, str):
        return _error(41004, "appsecret missing")
    return None if grant_type == wanted else _error(40002, "invalid grant_type")


def _session(js_code: str) -> dict[str, Any]:
    if not js_code:
        return _error(41008, "missing code")
    name = js_code.removeprefix(DEMO).strip()
    if not js_code.startswith(DEMO) or not name or _CONTROL.search(name):
        return _error(40029, "invalid code")
    return {"openid": openid_of(name), "session_key": base64.b64encode(secrets.token_bytes(16)).decode()}


def _unknown(standin: StandIn, token: str) -> dict[str, Any] | None:
    if not token:
        return _error(41001, "access_token missing")
    return None if standin.knows(token) else _error(40001, "invalid credential, access_token is invalid or not latest")


def _phone(asked: Mapping[str, Any] | None) -> dict[str, Any]:
    if asked is None:
        return _error(47001, "data format error")
    number = _PHONE_CODE.fullmatch(str(asked.get("code")))
    if number is None or not _matches(_OPENID, asked.get("openid")):
        return _error(40029, "invalid code")
    pure, country = number["pure"], number["country"] or "86"
    info = {"phoneNumber": f"+{country}{pure}", "purePhoneNumber": pure, "countryCode": country}
    return {"errcode": 0, "errmsg": "ok", "phone_info": info}


def _wrong_message(message: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answer to a message that WeChat would not take; None when it is good."""
    if not _matches(_OPENID, message.get("touser")):
        return _error(40003, "invalid openid")
    if not _matches(_TEMPLATE_ID, message.get("template_id")):
        return _error(40037, "invalid template_id")
    page = message.get("page")
    if page is not None and (not isinstance(page, str) or _CONTROL.search(page)):
        return _error(41030, "invalid page")
    data = message.get("data")
    if not isinstance(data, dict) or not data:
        return _error(47003, "argument invalid! data is empty")
    for key, item in data.items():
        kind = _KEY.fullmatch(key)
        form = _VALUES.get(kind[1]) if kind else None
        value = item.get("value") if isinstance(item, dict) else None
        if form is None or not isinstance(value, str) or not _fits(form, value):
            return _error(47003, f"argument invalid! data.{_shown(key)}.value invalid")
    return None


def _matches(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _fits(form: re.Pattern[str], value: str) -> bool:
    """No line breaks or control characters in any kind, and something to see."""
    return not _CONTROL.search(value) and not value.isspace() and form.fullmatch(value) is not None


def _shown(key: str) -> str:
    return key.encode("ascii", "replace").decode()[:40]
