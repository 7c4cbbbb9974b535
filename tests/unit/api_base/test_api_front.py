"""What a request passes before its route."""

import json
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from app.api.middleware import parse_json
from app.api.problems import MalformedJson
from app.kernel.errors import InvalidInput
from tests.unit.api_base.sample import AN_ID, NOTE, build

KEY = {"idempotency-key": "a-key-of-mine", "content-type": "application/json"}


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(build()), base_url="http://test") as client:
        yield client


async def test_a_sane_trace_id_is_kept_and_another_is_replaced(client: AsyncClient) -> None:
    async def trace(**headers: str) -> str:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return str((await client.get("/v1/nothing", headers=sent)).headers["x-trace-id"])

    assert await trace(x_request_id="abc-123.DEF_9") == "abc-123.DEF_9"
    assert await trace(traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01") == (
        "4bf92f3577b34da6a3ce929d0e0e4736"
    )
    for strange in ("short", "a" * 65, "a b c d e f g h", "-leading-hyphen"):
        assert len(await trace(x_request_id=strange)) == 32
    assert await trace(traceparent=f"00-{'0' * 32}-00f067aa0ba902b7-01") != "0" * 32
    assert await trace() != await trace()


async def test_security_headers(client: AsyncClient) -> None:
    answer = await client.get("/v1/nothing")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    page = await client.get("/docs")
    assert "script-src 'self';" in page.headers["content-security-policy"]


async def test_the_limit_holds_whether_the_length_is_declared_or_not(client: AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" " * 1024

    declared = await client.post("/v1/notes", content=b" " * 300 * 1024, headers=KEY)
    streamed = await client.post("/v1/notes", content=pieces(), headers=KEY)
    without_body = await client.post(f"/v1/notes/{AN_ID}/accept", content=pieces())
    assert [answer.status_code for answer in (declared, streamed, without_body)] == [413, 413, 413]


async def test_an_upload_has_a_limit_and_a_type_of_its_own(client: AsyncClient) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"a" * 1000

    csv = {"content-type": "text/csv; charset=utf-8"}
    assert (await client.post("/v1/notes/import", content=b"a" * 4000, headers=csv)).json()["access_token"] == "4000"
    assert (await client.post("/v1/notes/import", content=b"a" * 4001, headers=csv)).status_code == 413
    assert (await client.post("/v1/notes/import", content=pieces(), headers=csv)).status_code == 413
    assert (await client.post("/v1/notes/import", content=b"a", headers=KEY)).status_code == 415


@pytest.mark.parametrize(
    ("media", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ('Application/JSON;charset="UTF-8"', 201),
        ("application/json; charset=gbk", 415),
        ("text/json", 415),
        ("application/problem+json", 415),
        ("", 415),
    ],
)
async def test_content_types(client: AsyncClient, media: str, status: int) -> None:
    answer = await client.post("/v1/notes", content=json.dumps(NOTE), headers={**KEY, "content-type": media})
    assert answer.status_code == status


async def test_the_form_of_authorize_is_taken(client: AsyncClient) -> None:
    sent = {
        "grant_type": "password",
        "username": "xiyu-admin",
        "password": "secret-secret",
        "scope": "",
        "client_id": "",
    }
    assert (await client.post("/v1/notes/login", data=sent)).json()["access_token"] == "xiyu-admin"
    assert (await client.post("/v1/notes/login", json=sent)).status_code == 415


async def test_a_command_without_a_body_takes_none_or_an_empty_one(client: AsyncClient) -> None:
    path = f"/v1/notes/{AN_ID}/accept"
    for body, status in ((b"", 200), (b"{}", 200), (b'{"state":"done"}', 422), (b"x", 422)):
        assert (await client.post(path, content=body)).status_code == status


async def test_query_parameters_are_known_single_and_utf8(client: AsyncClient) -> None:
    sound = await client.get(
        "/v1/notes?limit=5&q=%E7%8E%8B&colour=red&since=2027-02-01T10:00:00%2B08:00&least=3&urgent=true"
    )
    assert sound.status_code == 200
    unescaped = await client.get("/v1/notes?since=2027-02-01T10:00:00+08:00")
    assert unescaped.status_code == 200, "a plus in an address arrives as a space"
    for query, pointer in (
        ("limit=5&limit=6", "/query/limit"),
        ("page=1", "/query/page"),
        ("q=%ff", "/query"),
        ("q=%00", "/query/q"),
        ("limit=1_0", "/query/limit"),
        ("least=10", "/query/least"),
        ("since=2027-02-01T10:00:00", "/query/since"),
        ("cursor=abc", "/query/cursor"),
        ("place_id=1", "/query/place_id"),
        ("urgent=1", "/query/urgent"),
    ):
        answer = await client.get(f"/v1/notes?{query}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


async def test_path_ids_that_are_none(client: AsyncClient) -> None:
    for strange in ("1%20OR%201=1", "%00", "%ff", "1", AN_ID.replace("-", ""), "%7B" + AN_ID + "%7D"):
        answer = await client.get(f"/v1/notes/{strange}")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"].startswith("/path")) == (422, True)
    assert (await client.get(f"/v1/notes/{AN_ID.upper()}")).status_code == 404


def test_depth_is_counted_exactly() -> None:
    assert parse_json(b"[" * 20 + b"1" + b"]" * 20)
    with pytest.raises(MalformedJson):
        parse_json(b"[" * 21 + b"1" + b"]" * 21)
    assert len(parse_json(b"[" + b"{}," * 500 + b"{}]")) == 501


def test_half_a_surrogate_pair_is_named_with_its_place() -> None:
    assert parse_json(b'{"a":"\\ud83d\\ude00"}') == {"a": "😀"}
    with pytest.raises(InvalidInput) as refused:
        parse_json(b'{"a":[1,"\\ud800"]}')
    assert refused.value.fields[0].pointer == "/body/a/1"
