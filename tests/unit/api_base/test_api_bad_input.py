"""The classes of bad input, sent to every field of a small application."""

from collections import Counter

from httpx import ASGITransport, AsyncClient

from tests.bad_input import bad_requests
from tests.unit.api_base.sample import build

FLOOR = 800


async def test_bad_input_is_refused_with_the_right_status_and_never_a_5xx() -> None:
    app = build()
    statuses: Counter[int] = Counter()
    wrong: list[str] = []
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        for bad in bad_requests(app.openapi()):
            answer = await client.request(bad.method, bad.url, headers=bad.headers, content=bad.body)
            statuses[answer.status_code] += 1
            if answer.status_code not in bad.expects or answer.status_code >= 500:
                wrong.append(f"{answer.status_code} {bad.operation_id} {bad.description}")
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", bad
    assert wrong == []
    assert statuses[200] + statuses[201] >= FLOOR * 0.1, "sound requests are refused too: nothing is shown then"
    assert statuses.total() >= FLOOR
    assert statuses[422] >= FLOOR * 0.6


def test_every_field_and_parameter_is_reached() -> None:
    descriptions = {bad.description for bad in bad_requests(build().openapi()) if bad.operation_id == "writeNote"}
    for field in ("title", "note", "amount", "urgent", "colour", "wanted_at", "place_id", "contact", "labels"):
        assert any(description.startswith(f"{field}: ") for description in descriptions), field
    for field in ("contact/phone", "labels/0", "header Idempotency-Key"):
        assert any(description.lower().startswith(f"{field}: ".lower()) for description in descriptions), field


def test_requests_are_the_same_every_time() -> None:
    spec = build().openapi()
    assert list(bad_requests(spec)) == list(bad_requests(spec))
