"""Who writes a phone number or the number of an identity card where others read it is told where it belongs instead."""

from typing import Any

import pytest

from app.kernel.private_numbers import CARD_ELSEWHERE, PHONE_ELSEWHERE
from tests.people import Someone
from tests.stories.casework import LAMP, reported
from tests.stories.conftest import Street
from tests.stories.orderwork import accepted, crew, place

PHONE, CARD = "有事打 138 1234 5678", "我的身份证号是 11010519491231002X"


async def told(someone: Someone, path: str, body: dict[str, Any]) -> dict[str, str]:
    """By field, what somebody is told of a text that is refused."""
    answer = await someone.ask("POST", path, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "text-refused"), answer.text
    assert "13812345678" not in answer.text.replace(" ", ""), "the number is not repeated"
    assert answer.json()["detail"] in (PHONE_ELSEWHERE, CARD_ELSEWHERE)
    assert {error["code"] for error in answer.json()["errors"]} == {"private-number"}
    return {error["pointer"]: error["message"] for error in answer.json()["errors"]}


async def test_an_order_keeps_the_phone_in_its_contact(street: Street) -> None:
    grandma = await street.resident("王秀英")
    order = {"service_id": street.service_id, "note": PHONE}
    assert await told(grandma, "/v1/orders", order) == {"/body/note": PHONE_ELSEWHERE}
    assert (await grandma.get("/v1/orders/mine"))["items"] == [], "nothing is stored"
    placed = await grandma.post("/v1/orders", order | {"note": "请人来", "contact": {"phone": "138 1234 5678"}})
    assert (await grandma.get(f"/v1/orders/{placed['id']}"))["contact"]["phone"] == "13812345678"


async def test_what_both_sides_write_of_an_order_is_looked_at(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    plan = {"text": "先看现场", "steps": ["量尺寸", CARD], "promised_at": "2099-01-01T09:00:00+08:00"}
    assert (await told(dispatcher, f"{order}/plan", plan))["/body/steps/1"] == CARD_ELSEWHERE
    for path, body, who in (
        ("contact", {"channel": "phone", "text": PHONE}, dispatcher),
        ("reply", {"text": PHONE}, dispatcher),
        ("cancel", {"reason": PHONE}, grandma),
    ):
        (message,) = (await told(who, f"{order}/{path}", body)).values()
        assert message == PHONE_ELSEWHERE


@pytest.mark.parametrize("field", ["words", "spot"])
async def test_a_case_holds_no_private_number(street: Street, field: str) -> None:
    resident = await street.resident("王秀英")
    assert await told(resident, "/v1/cases", LAMP | {field: CARD}) == {f"/body/{field}": CARD_ELSEWHERE}
    await reported(resident, **{field: "请打 12345 或 0351-6012345"})


async def test_an_office_that_rejects_an_order_may_name_a_number_to_call(street: Street) -> None:
    grandma, dispatcher, _, _ = await crew(street)
    order = await place(street, grandma)
    instead = "可联系社区合作的张师傅 13812345678"
    await dispatcher.post(f"{order}/reject", {"reason": "needs_tradesman", "other_help": instead})
    assert (await grandma.get(order))["other_help"] == instead
