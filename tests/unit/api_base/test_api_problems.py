"""Every no has one shape."""

import logging
from collections.abc import AsyncIterator

import pytest
from httpx import ASGITransport, AsyncClient

from app.api.problems import Problem, faults_of, merged, problems
from app.domain.orders.errors import StartCodeWrong
from app.kernel.errors import NotFound, TransitionRefused
from tests.unit.api_base.sample import AN_ID, NOTE, build

KEY = {"idempotency-key": "a-key-of-mine"}


@pytest.fixture
async def client() -> AsyncIterator[AsyncClient]:
    async with AsyncClient(transport=ASGITransport(build()), base_url="http://test") as client:
        yield client


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("bug", 500, "unexpected"),
        ("sql", 500, "unexpected"),
        ("file", 500, "unexpected"),
        ("value", 422, "invalid-input"),
        ("encode", 422, "invalid-input"),
        ("full", 503, "busy"),
        ("serial", 503, "busy"),
        ("refused", 503, "busy"),
        ("several", 503, "busy"),
        ("late", 503, "busy"),
        ("closed", 503, "busy"),
    ],
)
async def test_failures_from_below_become_problems_that_tell_nothing(
    client: AsyncClient, caplog: pytest.LogCaptureFixture, how: str, status: int, code: str
) -> None:
    with caplog.at_level(logging.WARNING, "linli.api"):
        answer = await client.get(f"/v1/notes/broken/{how}")
    body = Problem.model_validate(answer.json())
    assert (answer.status_code, body.code, body.status) == (status, code, status)
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret-of-ours" not in answer.text
    assert caplog.records[0].trace_id == body.trace_id == answer.headers["x-trace-id"]  # type: ignore[attr-defined]
    assert (answer.headers.get("retry-after") == "1") == (status == 503)


async def test_a_refusal_may_say_when_to_come_back(client: AsyncClient) -> None:
    assert (await client.get("/v1/notes/broken/limited")).headers["retry-after"] == "7"


async def test_field_faults_have_pointers_and_chinese_messages(client: AsyncClient) -> None:
    bad = {"amount": "1", "colour": "green", "contact": {"name": "\u3000", "x/y~z": 1}, "labels": ["a", 2]}
    answer = await client.post("/v1/notes", json=bad)
    errors = {error["pointer"]: (error["code"], error["message"]) for error in answer.json()["errors"]}
    assert answer.status_code == 422
    assert errors == {
        "/header/idempotency-key": ("missing", "必填,请填写"),
        "/body/title": ("missing", "必填,请填写"),
        "/body/amount": ("int-type", "应为整数"),
        "/body/colour": ("enum", "只能是 red 红、blue 之一"),
        "/body/contact/name": ("text-blank", "不能为空,请填写看得见的文字"),
        "/body/contact/x~1y~0z": ("extra-forbidden", "不认识的字段,请去掉"),
        "/body/labels/1": ("string-type", "应为文字"),
    }


@pytest.mark.parametrize(
    ("location", "kind", "pointer"),
    [
        (("path", "place", "function-plain[read_id()]"), "id", "/path/place"),
        (("path", "place", "function-after[read(), str]"), "text_not_ascii", "/path/place"),
        (("body", "when", "function-wrap[f()]", "day"), "missing", "/body/when/day"),
        (("body", "whose", "Contact", "name"), "missing", "/body/whose/name"),
        (("body", "size", "int"), "int_type", "/body/size"),
        (("body", "labels", "list[int]", 1, "none"), "none_required", "/body/labels/1"),
        (("body", "sizes", "a", "[key]"), "missing", "/body/sizes/a"),
        (("header", "idempotency-key"), "missing", "/header/idempotency-key"),
        (("body", "function", "integer"), "missing", "/body/function/integer"),
        (("body", "contact", "list[int]"), "extra_forbidden", "/body/contact/list[int]"),
        (("body",), "missing", "/body"),
    ],
)
def test_a_pointer_names_what_was_sent_and_no_internals(
    location: tuple[str | int, ...], kind: str, pointer: str
) -> None:
    (fault,) = faults_of([{"loc": location, "type": kind, "msg": "", "ctx": {}}])
    assert fault.pointer == pointer


async def test_what_was_sent_does_not_come_back(client: AsyncClient) -> None:
    for bad in ({**NOTE, "title": "canary" * 50}, {**NOTE, "colour": "canary"}, {**NOTE, "place_id": "canary"}):
        assert "canary" not in (await client.post("/v1/notes", json=bad, headers=KEY)).text


async def test_many_faults_are_cut_off(client: AsyncClient) -> None:
    answer = await client.post("/v1/notes", json={**NOTE, **{f"x{n}": n for n in range(500)}}, headers=KEY)
    assert len(answer.json()["errors"]) == 50


@pytest.mark.parametrize(
    ("languages", "title"),
    [
        (None, "没有找到"),
        ("en", "Not found"),
        ("en-GB,en;q=0.9,zh;q=0.8", "Not found"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "没有找到"),
        ("fr", "没有找到"),
        ("zh;q=0.1, en;q=0.2", "Not found"),
        (";;q=x,,", "没有找到"),
    ],
)
async def test_titles_follow_accept_language(client: AsyncClient, languages: str | None, title: str) -> None:
    headers = {} if languages is None else {"accept-language": languages}
    assert (await client.get(f"/v1/notes/{AN_ID}", headers=headers)).json()["title"] == title


async def test_a_refusal_keeps_its_detail_and_status(client: AsyncClient) -> None:
    answer = await client.delete(f"/v1/notes/{AN_ID}")
    assert (answer.status_code, answer.json()["detail"]) == (409, "已经删除")


async def test_who_prefers_english_is_not_told_the_rest_in_chinese(client: AsyncClient) -> None:
    body = (await client.delete(f"/v1/notes/{AN_ID}", headers={"accept-language": "en"})).json()
    assert body["title"].isascii()
    assert "detail" not in body


async def test_a_path_that_nobody_knows(client: AsyncClient) -> None:
    for path in ("/v1/nothing", "/v1", "/v1/notes/", f"/v1/notes/{AN_ID}/", "/v1/notes/%2e%2e/x/y/z"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-path")


async def test_a_wrong_method_names_all_that_the_path_knows(client: AsyncClient) -> None:
    for method in ("PATCH", "PUT", "OPTIONS", "TRACE"):
        answer = await client.request(method, f"/v1/notes/{AN_ID}")
        assert (answer.status_code, answer.json()["code"]) == (405, "wrong-method")
        assert answer.headers["allow"] == "DELETE, GET"
    assert (await client.put("/v1/notes")).headers["allow"] == "GET, POST"


def test_refusals_with_one_status_stand_side_by_side() -> None:
    declared = merged(problems(TransitionRefused, NotFound), problems(StartCodeWrong))
    examples = declared[409]["content"]["application/problem+json"]["examples"]
    assert set(declared) == {404, 409}
    assert set(examples) == {"transition-refused", "start-code-wrong"}
    for example in examples.values():
        Problem.model_validate(example["value"])
