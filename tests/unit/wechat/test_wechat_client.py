"""Whatever WeChat answers, or does not, becomes one of a few things that the rest of Linli knows."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import respx

from app.integrations import wechat
from app.integrations.wechat import (
    PhoneCodeInvalid,
    SendOutcome,
    WeChat,
    WechatCodeInvalid,
    WechatUnavailable,
    WechatUserBlocked,
)
from app.kernel.errors import Kind

BASE = "https://wechat.example"
SECRET = "the-app-secret"
OPENID = "oABCDEFGHIJKLMNOPQRSTUVWXYZ0"


@pytest.fixture
def server() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE, assert_all_called=False) as router:
        yield router


@pytest.fixture
async def line() -> AsyncIterator[WeChat]:
    async with httpx.AsyncClient() as client:
        yield WeChat(BASE + "/", "wx123", SECRET, client)


def login(server: respx.MockRouter, answer: Any) -> respx.Route:
    """The next log-ins get this: a response, a problem of the network, or WeChat's JSON."""
    route = server.get("/sns/jscode2session")
    if isinstance(answer, Exception):
        return route.mock(side_effect=answer)
    return route.mock(return_value=answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer))


def gives_token(server: respx.MockRouter, *answers: Any) -> respx.Route:
    good = {"access_token": "T", "expires_in": 7200}
    return server.post("/cgi-bin/stable_token").mock(
        side_effect=[httpx.Response(200, json=answer) for answer in answers] or [httpx.Response(200, json=good)] * 50
    )


# ── log-in ───────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_becomes_an_openid(server: respx.MockRouter, line: WeChat) -> None:
    route = login(server, {"openid": OPENID, "session_key": "k", "unionid": "u"})
    assert await line.code_to_session("c/&=码") == OPENID
    asked = route.calls.last.request
    assert dict(asked.url.params) == {
        "appid": "wx123",
        "secret": SECRET,
        "js_code": "c/&=码",
        "grant_type": "authorization_code",
    }
    assert not [name for name, value in vars(line).items() if value == "k"]


async def test_success_may_spell_its_errcode(server: respx.MockRouter, line: WeChat) -> None:
    for errcode in (0, "0"):
        login(server, {"openid": OPENID, "errcode": errcode})
        assert await line.code_to_session("c") == OPENID


@pytest.mark.parametrize("errcode", [40029, 40163, "40029"])
async def test_a_wrong_or_spent_code_asks_for_another(server: respx.MockRouter, line: WeChat, errcode: object) -> None:
    login(server, {"errcode": errcode, "errmsg": "x"})
    with pytest.raises(WechatCodeInvalid) as caught:
        await line.code_to_session("c")
    assert (caught.value.kind, caught.value.code) == (Kind.UNAUTHENTICATED, "wechat-code-invalid")
    assert caught.value.title_zh == "请重新打开小程序登录"


async def test_a_blocked_user_is_told(server: respx.MockRouter, line: WeChat) -> None:
    login(server, {"errcode": 40226, "errmsg": "x"})
    with pytest.raises(WechatUserBlocked) as caught:
        await line.code_to_session("c")
    assert caught.value.kind is Kind.FORBIDDEN


@pytest.mark.parametrize("code", ["", "x" * 257, "a\0b", "a\nb", "\ud800"])
async def test_a_code_that_cannot_be_one_is_not_sent(server: respx.MockRouter, line: WeChat, code: str) -> None:
    route = login(server, {"openid": OPENID})
    with pytest.raises(WechatCodeInvalid):
        await line.code_to_session(code)
    assert not route.called


NO_ANSWERS: dict[str, Any] = {
    "busy": {"errcode": -1},
    "minute quota": {"errcode": 45011},
    "wrong appid": {"errcode": 40013},
    "wrong secret": {"errcode": 40125},
    "address not listed": {"errcode": 40164},
    "errcode no number": {"errcode": "broken", "openid": OPENID},
    "errcode null": {"errcode": None, "openid": OPENID},
    "no openid": {"session_key": "k"},
    "openid a number": {"openid": 7},
    "openid empty": {"openid": ""},
    "openid with NUL": {"openid": "o\0"},
    "openid endless": {"openid": "o" * 500},
    "a list": [1],
    "null": httpx.Response(200, content=b"null"),
    "html": httpx.Response(200, html="<html>"),
    "empty": httpx.Response(200),
    "bad utf-8": httpx.Response(200, content=b'{"openid": "\xff"}'),
    "nested": httpx.Response(200, content=b"[" * 100_000),
    "500": httpx.Response(500, json={"openid": OPENID}),
    "502": httpx.Response(502, html="bad gateway"),
    "404": httpx.Response(404, json={"openid": OPENID}),
    "redirect": httpx.Response(302, headers={"location": "https://elsewhere.example/"}),
    "broken encoding": httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")),
    "connect": httpx.ConnectError("x"),
    "connect timeout": httpx.ConnectTimeout("x"),
    "read timeout": httpx.ReadTimeout("x"),
    "pool timeout": httpx.PoolTimeout("x"),
    "cut": httpx.RemoteProtocolError("x"),
    "reset": httpx.ReadError("x"),
}


@pytest.mark.parametrize("answer", NO_ANSWERS.values(), ids=NO_ANSWERS.keys())
async def test_no_answer_is_busy_and_the_code_is_not_tried_twice(
    server: respx.MockRouter, line: WeChat, answer: Any
) -> None:
    route = login(server, answer)
    with pytest.raises(WechatUnavailable) as caught:
        await line.code_to_session("c")
    assert caught.value.kind is Kind.BUSY
    assert caught.value.__cause__ is None
    assert route.call_count == 1


async def test_a_slow_answer_is_given_up_after_the_whole_time(
    server: respx.MockRouter, line: WeChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    async def slow(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        await asyncio.sleep(5)
        return httpx.Response(200, json={"openid": OPENID})

    monkeypatch.setattr(wechat, "TOTAL_SECONDS", 0.05)
    server.get("/sns/jscode2session").mock(side_effect=slow)
    begin = time.monotonic()
    with pytest.raises(WechatUnavailable):
        await line.code_to_session("c")
    assert time.monotonic() - begin < 2
    assert asked == 1


async def test_secrets_stay_out_of_the_log(
    server: respx.MockRouter, line: WeChat, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    login(server, {"openid": OPENID})
    gives_token(server, {"access_token": "the-token", "expires_in": 7200})
    server.post("/cgi-bin/message/subscribe/send").respond(json={"errcode": 47003})
    await line.code_to_session("the-code")
    await line.send_subscribe_message(OPENID, "tpl", {"thing1": "家电维修"})
    assert "secret=…" in caplog.text
    logged = caplog.text + capsys.readouterr().out
    assert "wechat.send_failed" in logged
    for word in (SECRET, "the-token", "the-code", "家电维修", OPENID):
        assert word not in logged


# ── token ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_token_is_fetched_once_for_many_who_ask_at_once(server: respx.MockRouter, line: WeChat) -> None:
    async def slowly(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {
            "grant_type": "client_credential",
            "appid": "wx123",
            "secret": SECRET,
            "force_refresh": False,
        }
        await asyncio.sleep(0.02)
        return httpx.Response(200, json={"access_token": "T", "expires_in": 7200})

    route = server.post("/cgi-bin/stable_token").mock(side_effect=slowly)
    first = asyncio.create_task(line.stable_token())
    others = [asyncio.create_task(line.stable_token()) for _ in range(50)]
    await asyncio.sleep(0.005)
    first.cancel()  # who asked first goes away; the others still get it
    assert await asyncio.gather(*others) == ["T"] * 50
    assert await line.stable_token() == "T"
    assert route.call_count == 1
    assert '"T"' not in repr(line._token)


async def test_many_who_wait_share_a_failure_and_the_next_tries_anew(server: respx.MockRouter, line: WeChat) -> None:
    route = gives_token(server, {"errcode": -1}, {"access_token": "T", "expires_in": 7200})
    found = await asyncio.gather(*(line.stable_token() for _ in range(20)), return_exceptions=True)
    assert {type(one) for one in found} == {WechatUnavailable}
    assert route.call_count == 1
    assert await line.stable_token() == "T"


@pytest.mark.parametrize(("expires_in", "held_for"), [(7200, 6900), (601, 301), (600, 300), (100, 50), (1, 0.5)])
async def test_a_token_is_held_until_five_minutes_before_its_end(
    server: respx.MockRouter, expires_in: int, held_for: float
) -> None:
    now = 1000.0
    route = gives_token(server, *({"access_token": f"T{n}", "expires_in": expires_in} for n in range(3)))
    async with httpx.AsyncClient() as client:
        line = WeChat(BASE, "wx123", SECRET, client, clock=lambda: now)
        assert await line.stable_token() == "T0"
        now += held_for - 0.1
        assert await line.stable_token() == "T0"
        now += 0.1
        assert await line.stable_token() == "T1"
    assert route.call_count == 2


@pytest.mark.parametrize(
    "answer",
    [
        {"errcode": 40013},
        {"errcode": 40164},
        {"access_token": "", "expires_in": 7200},
        {"access_token": 7, "expires_in": 7200},
        {"access_token": "T"},
        {"access_token": "T", "expires_in": "7200"},
        {"access_token": "T", "expires_in": True},
        {"access_token": "T", "expires_in": 0},
    ],
)
async def test_without_a_token_there_is_no_call(server: respx.MockRouter, line: WeChat, answer: Any) -> None:
    gives_token(server, answer, answer)
    route = server.post("/cgi-bin/message/subscribe/send").respond(json={"errcode": 0})
    with pytest.raises(WechatUnavailable):
        await line.stable_token()
    assert await line.send_subscribe_message(OPENID, "tpl", {}) is SendOutcome.TRY_LATER
    assert not route.called


# ── a phone ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_code_becomes_the_number_of_a_phone(server: respx.MockRouter, line: WeChat) -> None:
    gives_token(server)
    info = {"phoneNumber": "+8613812345678", "purePhoneNumber": "13812345678", "countryCode": "86"}
    route = server.post("/wxa/business/getuserphonenumber").respond(json={"errcode": 0, "phone_info": info})
    assert await line.phone_number("C", OPENID) == "+8613812345678"
    asked = route.calls.last.request
    assert asked.url.params["access_token"] == "T"
    assert json.loads(asked.content) == {"code": "C", "openid": OPENID}, "whose code it is, WeChat compares"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ({"errcode": 40029}, PhoneCodeInvalid),
        ({"errcode": 40163}, PhoneCodeInvalid),
        ({"errcode": -1}, WechatUnavailable),
        ({"errcode": 45011}, WechatUnavailable),
        ({"errcode": 0}, WechatUnavailable),
        ({"errcode": 0, "phone_info": []}, WechatUnavailable),
        ({"errcode": 0, "phone_info": {"purePhoneNumber": 13812345678, "countryCode": "86"}}, WechatUnavailable),
        ({"errcode": 0, "phone_info": {"purePhoneNumber": "13812345678"}}, WechatUnavailable),
    ],
)
async def test_without_a_number_there_is_none(
    server: respx.MockRouter, line: WeChat, answer: Any, problem: type[Exception]
) -> None:
    gives_token(server)
    server.post("/wxa/business/getuserphonenumber").respond(json=answer)
    with pytest.raises(problem):
        await line.phone_number("C", OPENID)


@pytest.mark.parametrize("code", ["", "x" * 257, "a\nb"])
async def test_a_phone_code_that_cannot_be_one_is_not_sent(server: respx.MockRouter, line: WeChat, code: str) -> None:
    with pytest.raises(PhoneCodeInvalid):
        await line.phone_number(code, OPENID)


# ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_goes_out_as_wechat_wants_it(server: respx.MockRouter, line: WeChat) -> None:
    gives_token(server)
    route = server.post("/cgi-bin/message/subscribe/send").respond(json={"errcode": 0, "errmsg": "ok", "msgid": 1})
    outcome = await line.send_subscribe_message(OPENID, "tpl", {"thing1": "维修", "time2": "09:00"}, "pages/order?id=1")
    assert outcome is SendOutcome.SENT
    asked = route.calls.last.request
    assert asked.url.params["access_token"] == "T"
    assert json.loads(asked.content) == {
        "touser": OPENID,
        "template_id": "tpl",
        "page": "pages/order?id=1",
        "data": {"thing1": {"value": "维修"}, "time2": {"value": "09:00"}},
        "miniprogram_state": "formal",
        "lang": "zh_CN",
    }
    await line.send_subscribe_message(OPENID, "tpl", {})
    assert "page" not in json.loads(route.calls.last.request.content)


@pytest.mark.parametrize(
    ("errcode", "outcome"),
    [
        (0, SendOutcome.SENT),
        (43101, SendOutcome.REFUSED_BY_USER),
        ("43101", SendOutcome.REFUSED_BY_USER),
        (47003, SendOutcome.BAD_TEMPLATE),
        (40037, SendOutcome.BAD_TEMPLATE),
        (45168, SendOutcome.BAD_TEMPLATE),
        (40003, SendOutcome.BAD_RECIPIENT),
        (-1, SendOutcome.TRY_LATER),
        (43107, SendOutcome.TRY_LATER),
        (43108, SendOutcome.TRY_LATER),
        (45009, SendOutcome.TRY_LATER),
        (99999, SendOutcome.TRY_LATER),
        ("broken", SendOutcome.TRY_LATER),
    ],
)
async def test_each_errcode_has_its_outcome(
    server: respx.MockRouter, line: WeChat, errcode: object, outcome: SendOutcome
) -> None:
    gives_token(server)
    route = server.post("/cgi-bin/message/subscribe/send").respond(json={"errcode": errcode})
    assert await line.send_subscribe_message(OPENID, "tpl", {}) is outcome
    assert route.call_count == 1


@pytest.mark.parametrize("problem", [httpx.ReadTimeout("x"), httpx.ConnectError("x"), httpx.RemoteProtocolError("x")])
async def test_a_message_without_an_answer_may_be_tried_later(
    server: respx.MockRouter, line: WeChat, problem: Exception
) -> None:
    gives_token(server)
    route = server.post("/cgi-bin/message/subscribe/send").mock(side_effect=problem)
    assert await line.send_subscribe_message(OPENID, "tpl", {}) is SendOutcome.TRY_LATER
    assert route.call_count == 1


@pytest.mark.parametrize("stale", [40001, 40014, 42001])
async def test_a_stale_token_is_replaced_and_the_message_sent_again(
    server: respx.MockRouter, line: WeChat, stale: int
) -> None:
    tokens = gives_token(server, *({"access_token": f"T{n}", "expires_in": 7200} for n in range(3)))
    route = server.post("/cgi-bin/message/subscribe/send").mock(
        side_effect=[httpx.Response(200, json={"errcode": errcode}) for errcode in (stale, 0)]
    )
    assert await line.send_subscribe_message(OPENID, "tpl", {}) is SendOutcome.SENT
    assert [call.request.url.params["access_token"] for call in route.calls] == ["T0", "T1"]
    assert tokens.call_count == 2


async def test_a_token_that_stays_stale_is_given_up_after_one_more_try(server: respx.MockRouter, line: WeChat) -> None:
    tokens = gives_token(server)
    route = server.post("/cgi-bin/message/subscribe/send").respond(json={"errcode": 40001})
    assert await line.send_subscribe_message(OPENID, "tpl", {}) is SendOutcome.TRY_LATER
    assert (route.call_count, tokens.call_count) == (2, 2)


async def test_many_stale_answers_throw_away_one_token_only(server: respx.MockRouter, line: WeChat) -> None:
    tokens = gives_token(server, *({"access_token": f"T{n}", "expires_in": 7200} for n in range(9)))

    async def answers(request: httpx.Request) -> httpx.Response:
        stale = request.url.params["access_token"] == "T0"
        # Some hear of it late, when the others have a new token already.
        await asyncio.sleep(0.001 * (hash(request.content) % 20) if stale else 0)
        return httpx.Response(200, json={"errcode": 40001 if stale else 0})

    server.post("/cgi-bin/message/subscribe/send").mock(side_effect=answers)
    sent = await asyncio.gather(*(line.send_subscribe_message(OPENID, "tpl", {"number1": str(n)}) for n in range(30)))
    assert set(sent) == {SendOutcome.SENT}
    assert tokens.call_count == 2
