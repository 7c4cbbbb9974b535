"""The stand-in over real HTTP: the client cannot tell it from WeChat, and it fails when it is told to."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from app.integrations.wechat import (
    PhoneCodeInvalid,
    SendOutcome,
    WeChat,
    WechatCodeInvalid,
    WechatUnavailable,
    WechatUserBlocked,
)
from app.integrations.wechat_standin import StandIn, create_app, openid_of

WANG = openid_of("王秀英")
SEND = "/cgi-bin/message/subscribe/send"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(create_app(), port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture
async def http(address: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=address) as client:
        await client.delete("/standin/faults")
        await client.delete("/standin/messages")
        yield client


@pytest.fixture
def line(address: str, http: httpx.AsyncClient) -> WeChat:
    return WeChat(address, "demo-appid", "demo-secret", http)


async def fail(http: httpx.AsyncClient, **fault: Any) -> None:
    assert (await http.post("/standin/faults", json=fault)).status_code == 200


async def test_a_name_is_always_the_same_person(line: WeChat, http: httpx.AsyncClient) -> None:
    assert await line.code_to_session("demo:王秀英") == WANG
    assert await line.code_to_session("demo: 王秀英 ") == WANG
    people = [await line.code_to_session(f"demo:{name}") for name in ("王秀英", "王英", "Zoë", "👨‍👩‍👧", "a&b=c")]
    assert len(set(people)) == 5
    assert all(len(openid) == 28 and openid.startswith("o") for openid in people)


@pytest.mark.parametrize("code", ["demo:", "demo: ", "Demo:x", "0a3xyz", "王秀英"])
async def test_any_other_code_is_not_valid(line: WeChat, code: str) -> None:
    with pytest.raises(WechatCodeInvalid):
        await line.code_to_session(code)


@pytest.mark.parametrize(
    ("changed", "errcode"),
    [
        ({"appid": ""}, 41002),
        ({"secret": ""}, 41004),
        ({"grant_type": "x"}, 40002),
        ({"js_code": ""}, 41008),
        ({"js_code": "demo:a\0b"}, 40029),
    ],
)
async def test_a_login_call_is_checked(http: httpx.AsyncClient, changed: dict[str, str], errcode: int) -> None:
    query = {"appid": "a", "secret": "s", "js_code": "demo:x", "grant_type": "authorization_code"} | changed
    assert (await http.get("/sns/jscode2session", params=query)).json()["errcode"] == errcode


@pytest.mark.parametrize(
    ("code", "number"), [("demo:13812345678", "+8613812345678"), ("demo:+852 51234567", "+85251234567")]
)
async def test_a_phone_is_what_the_code_says(line: WeChat, code: str, number: str) -> None:
    assert await line.phone_number(code, openid_of("王秀英")) == number


@pytest.mark.parametrize(
    ("code", "openid"),
    [("13812345678", openid_of("王秀英")), ("demo:王秀英", openid_of("王秀英")), ("demo:13812345678", "x")],
)
async def test_any_other_code_of_a_phone_is_not_valid(line: WeChat, code: str, openid: str) -> None:
    with pytest.raises(PhoneCodeInvalid):
        await line.phone_number(code, openid)


async def test_a_message_arrives_and_can_be_looked_up(line: WeChat, http: httpx.AsyncClient) -> None:
    for number, person in enumerate([WANG, openid_of("李"), WANG]):
        data = {"thing1": "家电维修", "number2": str(number)}
        sent = await line.send_subscribe_message(person, "order-accepted", data, "pages/order/index?id=7")
        assert sent is SendOutcome.SENT
    everything = (await http.get("/standin/messages")).json()["messages"]
    assert [message["data"]["number2"] for message in everything] == ["2", "1", "0"]
    mine = (await http.get("/standin/messages", params={"openid": WANG, "limit": 1})).json()["messages"]
    assert [message["data"] for message in mine] == [{"thing1": "家电维修", "number2": "2"}]
    assert (mine[0]["openid"], mine[0]["template_id"], mine[0]["page"]) == (
        WANG,
        "order-accepted",
        "pages/order/index?id=7",
    )
    assert (await http.delete("/standin/messages")).json() == {"removed": 3}
    assert (await http.get("/standin/messages")).json() == {"messages": []}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "二" * 20),
        ("thing12", "维修 A-1 👍"),
        ("number1", "-12.5"),
        ("letter1", "ABC"),
        ("symbol1", "%"),
        ("character_string1", "NO.2026-001"),
        ("time1", "15:01"),
        ("time1", "2019年10月1日 15:01"),
        ("time1", "2019年10月1日 15:01~2019年10月1日 16:01"),
        ("date1", "2019年10月1日"),
        ("date1", "2019年10月1日 15:01"),
        ("amount1", "¥100.50元"),
        ("phone_number1", "+86-0912-8345678"),
        ("car_number1", "陕K8Z888挂"),
        ("name1", "阿卜杜拉·买买提"),
        ("name1", "John Smith"),
        ("phrase1", "已接单"),
        ("enum1", "进行中"),
    ],
)
async def test_what_fits_a_template_is_taken(line: WeChat, http: httpx.AsyncClient, key: str, value: str) -> None:
    assert await line.send_subscribe_message(WANG, "tpl", {key: value}) is SendOutcome.SENT


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "二" * 21),
        ("thing1", ""),
        ("thing1", " \u3000"),
        ("thing1", "两\n行"),
        ("thing1", "a\0b"),
        ("thing", "no number"),
        ("thing1.DATA", "x"),
        ("title1", "x"),
        ("标题1", "x"),
        ("number1", "12a"),
        ("number1", "１２"),
        ("number1", "1" * 33),
        ("letter1", "A1"),
        ("symbol1", "abc"),
        ("symbol1", "!!!!!!"),
        ("character_string1", "单号1"),
        ("time1", "24:00"),
        ("time1", "2019-10-01 15:01"),
        ("time1", "2019年10月1日"),
        ("date1", "2019年13月1日"),
        ("date1", "15:01"),
        ("amount1", "12345678901"),
        ("phone_number1", "1" * 18),
        ("car_number1", "陕K88888888"),
        ("name1", "一" * 11),
        ("name1", "王A"),
        ("phrase1", "已经接受订单"),
        ("phrase1", "ok"),
    ],
)
async def test_what_does_not_fit_is_refused(line: WeChat, http: httpx.AsyncClient, key: str, value: str) -> None:
    assert await line.send_subscribe_message(WANG, "tpl", {"thing1": "好"} | {key: value}) is SendOutcome.BAD_TEMPLATE
    assert (await http.get("/standin/messages")).json() == {"messages": []}


async def test_recipient_and_template_are_checked(line: WeChat) -> None:
    good = {"thing1": "好"}
    assert await line.send_subscribe_message("nobody", "tpl", good) is SendOutcome.BAD_RECIPIENT
    assert await line.send_subscribe_message(WANG, "", good) is SendOutcome.BAD_TEMPLATE
    assert await line.send_subscribe_message(WANG, "tpl", {}) is SendOutcome.BAD_TEMPLATE


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b'{"touser": 1}', b'{"data": {"thing1": 5}}']
)
async def test_a_broken_body_is_an_errcode_and_never_a_500(http: httpx.AsyncClient, line: WeChat, body: bytes) -> None:
    for path in (SEND, "/cgi-bin/stable_token"):
        answer = await http.post(path, params={"access_token": await line.stable_token()}, content=body)
        assert answer.status_code == 200
        assert answer.json()["errcode"] > 40000


@pytest.mark.parametrize(
    "changed", [{"page": 5}, {"page": "a\nb"}, {"data": {"thing1": "bare"}}, {"data": {"\ud800": {"value": "x"}}}]
)
async def test_a_message_of_another_shape_is_refused(http: httpx.AsyncClient, line: WeChat, changed: Any) -> None:
    message = {"touser": WANG, "template_id": "t", "data": {"thing1": {"value": "好"}}} | changed
    token = await line.stable_token()
    answer = (await http.post(SEND, params={"access_token": token}, content=_json(message))).json()
    assert answer["errcode"] in (41030, 47003)


def _json(value: Any) -> bytes:
    """With escapes, so that a lone surrogate can be sent."""
    return json.dumps(value).encode()


async def test_a_token_is_the_same_until_it_is_forced(http: httpx.AsyncClient) -> None:
    account = {"grant_type": "client_credential", "appid": "a", "secret": "s"}
    one, again = [(await http.post("/cgi-bin/stable_token", json=account)).json() for _ in range(2)]
    assert one["access_token"] == again["access_token"]
    assert 0 < again["expires_in"] <= 7200
    forced = (await http.post("/cgi-bin/stable_token", json=account | {"force_refresh": True})).json()
    assert forced["access_token"] != one["access_token"]
    for token, errcode in ((one["access_token"], 40001), (forced["access_token"], 47001), ("", 41001)):
        assert (await http.post(SEND, params={"access_token": token})).json()["errcode"] == errcode
    for changed, errcode in (({"appid": ""}, 41002), ({"secret": 5}, 41004), ({"grant_type": "x"}, 40002)):
        assert (await http.post("/cgi-bin/stable_token", json=account | changed)).json()["errcode"] == errcode


def test_a_token_is_renewed_five_minutes_before_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    standin = StandIn()
    first, seconds = standin.token(force=False)
    assert seconds == 7200
    now += 6899
    assert standin.token(force=False) == (first, 301)
    now += 1
    second, seconds = standin.token(force=False)
    assert (second != first, seconds) == (True, 7200)
    assert standin.knows(first)
    now += 300
    assert not standin.knows(first)
    assert standin.knows(second)


async def test_the_client_gets_over_a_token_that_somebody_else_ended(line: WeChat, http: httpx.AsyncClient) -> None:
    assert await line.send_subscribe_message(WANG, "tpl", {"thing1": "一"}) is SendOutcome.SENT
    account = {"grant_type": "client_credential", "appid": "a", "secret": "s", "force_refresh": True}
    await http.post("/cgi-bin/stable_token", json=account)
    assert await line.send_subscribe_message(WANG, "tpl", {"thing1": "二"}) is SendOutcome.SENT


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 502},
        {"kind": "errcode", "errcode": -1},
        {"kind": "errcode", "errcode": 45011},
        {"kind": "drop"},
        {"kind": "garbage"},
    ],
)
async def test_faults_happen_as_often_as_asked(line: WeChat, http: httpx.AsyncClient, fault: dict[str, Any]) -> None:
    await fail(http, times=2, **fault)
    for _ in range(2):
        with pytest.raises(WechatUnavailable):
            await line.code_to_session("demo:王秀英")
    assert (await http.get("/standin/faults")).json() == {"faults": []}
    assert await line.code_to_session("demo:王秀英") == WANG


async def test_faults_of_one_path_leave_the_others_alone(line: WeChat, http: httpx.AsyncClient) -> None:
    await fail(http, kind="errcode", errcode=43101, path=SEND)
    await fail(http, kind="errcode", errcode=40226, path="/sns/jscode2session")
    with pytest.raises(WechatUserBlocked):
        await line.code_to_session("demo:王秀英")
    assert len((await http.get("/standin/faults")).json()["faults"]) == 1
    assert await line.send_subscribe_message(WANG, "tpl", {"thing1": "一"}) is SendOutcome.REFUSED_BY_USER
    assert await line.send_subscribe_message(WANG, "tpl", {"thing1": "一"}) is SendOutcome.SENT


async def test_a_delay_answers_in_the_end(line: WeChat, http: httpx.AsyncClient) -> None:
    await fail(http, kind="delay", seconds=0.2)
    begin = time.monotonic()
    assert await line.code_to_session("demo:王秀英") == WANG
    assert time.monotonic() - begin >= 0.2


async def test_a_delay_longer_than_patience_is_no_answer(
    line: WeChat, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.integrations.wechat.TOTAL_SECONDS", 0.1)
    await fail(http, kind="delay", seconds=1)
    with pytest.raises(WechatUnavailable):
        await line.code_to_session("demo:王秀英")


async def test_nobody_listening_is_no_answer(http: httpx.AsyncClient) -> None:
    server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    line = WeChat(f"http://127.0.0.1:{port}", "a", "s", http)
    with pytest.raises(WechatUnavailable):
        await line.code_to_session("demo:王秀英")
    server.close()
    await server.wait_closed()
    with pytest.raises(WechatUnavailable):
        await line.code_to_session("demo:王秀英")


async def test_faults_can_be_cleared_and_wrong_ones_are_refused(http: httpx.AsyncClient) -> None:
    await fail(http, kind="drop", times=9)
    assert (await http.delete("/standin/faults")).json() == {"removed": 1}
    for wrong in (
        {},
        {"kind": "fire"},
        {"kind": "drop", "times": 0},
        {"kind": "delay", "seconds": 1e9},
        {"kind": "drop", "x": 1},
    ):
        assert (await http.post("/standin/faults", json=wrong)).status_code == 422
    assert (await http.get("/standin/health")).json() == {"status": "ok"}


async def test_the_docs_are_chinese_and_need_no_other_host(http: httpx.AsyncClient) -> None:
    page = (await http.get("/docs")).text
    assert "http://" not in page
    assert "https://" not in page
    assert "swagger-ui-bundle.js" in page
    schema = (await http.get("/openapi.json")).json()
    assert schema["info"]["title"] == "微信服务器替身"
    operations = [operation for path in schema["paths"].values() for operation in path.values()]
    assert len(operations) == 10
    assert all(any("\u4e00" <= mark <= "\u9fff" for mark in operation["summary"]) for operation in operations)
