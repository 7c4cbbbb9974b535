"""WeChat's server, as far as Linli calls it: who is behind a log-in code, whose a phone is, and messages to those who subscribed.

Facts are from the platform's documentation; its habits that shape this file:

* Every answer is HTTP 200 with JSON `{errcode, errmsg, …}`; on success `errcode` may be missing.
* A log-in code works once. After a time-out nobody knows whether it was spent, so the call is never repeated: the
  mini-program fetches another code.
* `stable_token` gives every process the same token until shortly before its end. So each process keeps its own copy,
  and nothing has to be shared.
* Secret and token travel in the query string: they are struck out of what the HTTP library logs.
"""

import asyncio
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

import httpx
import structlog

from app.kernel.errors import Kind, Refusal

TOTAL_SECONDS: Final = 5.0
CONNECT_SECONDS: Final = 2.0
_TOKEN_MARGIN_SECONDS: Final = 300.0

_CODE_LENGTH: Final = 256
_UNSENDABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_OPENID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_IN_QUERY: Final = re.compile(r"\b(secret|access_token|js_code)=[^&\s\"]*")

_CODE_IS_SPENT_OR_WRONG: Final = frozenset({40029, 40163})
_USER_IS_BLOCKED: Final = 40226
_TOKEN_IS_STALE: Final = frozenset({40001, 40014, 42001})

_log: Final = structlog.get_logger(__name__)


class WechatCodeInvalid(Refusal):
    """The log-in code is wrong, older than five minutes, or was used before."""

    kind = Kind.UNAUTHENTICATED
    code = "wechat-code-invalid"
    title_zh = "请重新打开小程序登录"
    title_en = "Please open the mini-program again to sign in"


class WechatUserBlocked(Refusal):
    """WeChat holds this user for a high risk (40226)."""

    kind = Kind.FORBIDDEN
    code = "wechat-user-blocked"
    title_zh = "微信限制了该账号登录小程序"
    title_en = "WeChat does not let this account sign in"


class PhoneCodeInvalid(Refusal):
    """The code for a phone number is wrong, older than five minutes, was used before, or is somebody else's."""

    kind = Kind.CONFLICT
    code = "phone-code-invalid"
    title_zh = "手机号授权已失效,请重新点击授权"
    title_en = "The permission for the phone number has expired, please give it again"


class WechatUnavailable(Refusal):
    """WeChat did not answer, is busy, or answered something that cannot be understood."""

    kind = Kind.BUSY
    code = "wechat-unavailable"
    title_zh = "微信暂时没有回应,请稍后重试"
    title_en = "WeChat is not answering, please try again"


class SendOutcome(StrEnum):
    """What became of a message. All but `TRY_LATER` are final: sending again brings nothing, or a second message."""

    SENT = "sent"
    REFUSED_BY_USER = "refused_by_user"
    """No subscription is left (43101): the person never agreed, took it back, or has had the one message."""
    BAD_RECIPIENT = "bad_recipient"
    """The openid is not one of this mini-program (40003)."""
    BAD_TEMPLATE = "bad_template"
    """Template and data do not fit (47003), there is no such template (40037), or a word is barred (45168)."""
    TRY_LATER = "try_later"
    """No answer, or one that may be another next time. The message *may* have arrived: WeChat knows no repeat key."""


_FINAL: Final = {
    0: SendOutcome.SENT,
    43101: SendOutcome.REFUSED_BY_USER,
    40003: SendOutcome.BAD_RECIPIENT,
    40037: SendOutcome.BAD_TEMPLATE,
    45168: SendOutcome.BAD_TEMPLATE,
    47003: SendOutcome.BAD_TEMPLATE,
}


@dataclass(frozen=True, slots=True)
class _Token:
    text: str = field(repr=False)
    good_until: float
    """By the monotonic clock."""


class WeChat:
    """A mini-program's line to WeChat. One instance for a process; `client` is the caller's, who closes it.

    Each call takes 5 seconds at most, 2 of them to connect; a send is at most two calls for a token and two to send.
    """

    def __init__(
        self,
        base_url: str,
        appid: str,
        secret: str,
        client: httpx.AsyncClient,
        *,
        miniprogram_state: str = "formal",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._appid = appid
        self._secret = secret
        self._client = client
        self._miniprogram_state = miniprogram_state
        self._clock = clock
        self._token: _Token | None = None
        self._fetching: asyncio.Task[_Token] | None = None
        logging.getLogger("httpx").addFilter(_strike_secrets)

    async def code_to_session(self, js_code: str) -> str:
        """The openid behind a log-in code of `wx.login`. The session key that comes with it is dropped unread.

        Raises `WechatCodeInvalid`, `WechatUserBlocked` or `WechatUnavailable`; after each of them the mini-program
        needs a new code.
        """
        if not 0 < len(js_code) <= _CODE_LENGTH or _UNSENDABLE.search(js_code):
            raise WechatCodeInvalid
        query = {
            "appid": self._appid,
            "secret": self._secret,
            "js_code": js_code,
            "grant_type": "authorization_code",
        }
        answer = await self._call("GET", "/sns/jscode2session", params=query)
        errcode = _errcode(answer)
        if errcode in _CODE_IS_SPENT_OR_WRONG:
            raise WechatCodeInvalid
        if errcode == _USER_IS_BLOCKED:
            raise WechatUserBlocked
        openid = answer.get("openid")
        if errcode != 0 or not isinstance(openid, str) or not _OPENID.fullmatch(openid):
            _log.warning("wechat.login_failed", errcode=errcode)
            raise WechatUnavailable
        return openid

    async def phone_number(self, code: str, openid: str) -> str:
        """The number of the phone that WeChat has verified for this user, by a code of `getPhoneNumber` (not of `wx.login`); with
        the country's code before it, `+86…`. Raises `PhoneCodeInvalid` or `WechatUnavailable`; after both it needs a new code."""
        if not 0 < len(code) <= _CODE_LENGTH or _UNSENDABLE.search(code):
            raise PhoneCodeInvalid
        answer = await self._with_token("/wxa/business/getuserphonenumber", {"code": code, "openid": openid})
        errcode, info = _errcode(answer), answer.get("phone_info")
        if errcode in _CODE_IS_SPENT_OR_WRONG:
            raise PhoneCodeInvalid
        number, country = (
            (info.get("purePhoneNumber"), info.get("countryCode")) if isinstance(info, dict) else (None, None)
        )
        if errcode != 0 or not isinstance(number, str) or not number or not country:
            _log.warning("wechat.no_phone", errcode=errcode)
            raise WechatUnavailable
        return f"+{country}{number}"

    async def stable_token(self) -> str:
        """The access token for server calls; fetched once however many ask at the same time.

        Raises `WechatUnavailable`. Never forces a new one: that ends the token of every other process, and is
        allowed 20 times a day.
        """
        if self._token and self._clock() < self._token.good_until:
            return self._token.text
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch_token())
            self._fetching.add_done_callback(self._fetched)
        # Shielded: whoever asked first may go away, the others still wait for the answer.
        return (await asyncio.shield(self._fetching)).text

    async def send_subscribe_message(
        self, openid: str, template_id: str, data: Mapping[str, str], page: str | None = None
    ) -> SendOutcome:
        """Send one subscription message; `data` maps the template's keys (`thing1`, `time2`) to their text.

        Raises nothing for what WeChat or the network does: the outcome says whether another try makes sense.
        """
        message = {
            "touser": openid,
            "template_id": template_id,
            "data": {key: {"value": value} for key, value in data.items()},
            "miniprogram_state": self._miniprogram_state,
            "lang": "zh_CN",
        }
        if page is not None:
            message["page"] = page
        try:
            errcode = _errcode(await self._with_token("/cgi-bin/message/subscribe/send", message))
        except WechatUnavailable:
            return SendOutcome.TRY_LATER
        outcome = _FINAL.get(errcode, SendOutcome.TRY_LATER)
        if outcome not in (SendOutcome.SENT, SendOutcome.REFUSED_BY_USER):
            _log.warning("wechat.send_failed", errcode=errcode, template_id=template_id, outcome=outcome.value)
        return outcome

    async def _with_token(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Post with the token and give the answer; once more with a new token when this one is called stale."""
        answer: dict[str, Any] = {}
        for _ in range(2):
            token = await self.stable_token()
            answer = await self._call("POST", path, params={"access_token": token}, body=body)
            if _errcode(answer) not in _TOKEN_IS_STALE:
                break
            # Only if nobody has replaced it meanwhile: else each of many failing calls would throw away a good one.
            if self._token and self._token.text == token:
                self._token = None
        return answer

    async def _fetch_token(self) -> _Token:
        body = {
            "grant_type": "client_credential",
            "appid": self._appid,
            "secret": self._secret,
            "force_refresh": False,
        }
        answer = await self._call("POST", "/cgi-bin/stable_token", body=body)
        text, seconds = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(text, str) or not text or type(seconds) is not int or seconds <= 0:
            # 40013, 40125: wrong appid or secret; 40164: this machine's address is not on WeChat's list.
            _log.error("wechat.no_token", errcode=_errcode(answer))
            raise WechatUnavailable
        # WeChat makes the next token in the last five minutes of this one; nearer to the end, half of what is left.
        margin = _TOKEN_MARGIN_SECONDS if seconds > 2 * _TOKEN_MARGIN_SECONDS else seconds / 2
        self._token = _Token(text, self._clock() + seconds - margin)
        return self._token

    def _fetched(self, task: "asyncio.Task[_Token]") -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # looked at, so that nobody complains of it when all who waited have gone

    async def _call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One request, one JSON object. Everything else is `WechatUnavailable`; its cause is logged by name only, since
        an exception of the HTTP library may carry the address with the secret in it.
        """
        try:
            async with asyncio.timeout(TOTAL_SECONDS):
                response = await self._client.request(
                    method,
                    self._base_url + path,
                    params=params,
                    json=body,
                    timeout=httpx.Timeout(TOTAL_SECONDS, connect=CONNECT_SECONDS),
                    follow_redirects=False,
                )
            answer = json.loads(response.content) if response.status_code == httpx.codes.OK else None
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError, RecursionError) as problem:
            _log.warning("wechat.no_answer", path=path, problem=type(problem).__name__)
            raise WechatUnavailable from None
        if not isinstance(answer, dict):
            _log.warning("wechat.not_understood", path=path, status=response.status_code)
            raise WechatUnavailable
        return answer


def _errcode(answer: Mapping[str, Any]) -> int:
    """0 is success. Some of WeChat's answers spell numbers as text; what is no number is no success either."""
    try:
        return int(answer.get("errcode", 0))
    except (TypeError, ValueError, OverflowError):
        return -1


def _strike_secrets(record: logging.LogRecord) -> bool:
    """The HTTP library logs each address in full: name the keys, keep their values out."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            _IN_QUERY.sub(r"\1=…", str(value)) if isinstance(value, httpx.URL | str) else value for value in record.args
        )
    return True
