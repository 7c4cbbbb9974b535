"""A refusal says what is wrong, and where: of whom it is about, which field, what to write instead."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.people import Someone
from tests.stories.conftest import Street
from tests.stories.orderwork import accepted, crew, limits, place
from tests.stories.teamwork import person, team
from tests.stories.test_complaints import done


async def no(who: Someone, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> dict[str, Any]:
    """The problem that a command is refused with."""
    answer = await who.ask(method, path, body)
    assert answer.status_code >= 400, answer.text
    return answer.json()


def said(problem: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["pointer"], one["message"]) for one in problem["errors"]]


async def test_of_a_team_it_is_said_that_it_is_about_the_team(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    lead, member = [await street.with_role(name, "volunteer") for name in ("孙磊", "赵明")]
    made = await team(street, lead)
    await lead.post(f"/v1/teams/{made}/members", person(member))
    order = await place(street, grandma)
    for one in (lead, member):
        away = {"away_until": (datetime.now(UTC) + timedelta(days=900)).isoformat(timespec="seconds")}
        await one.put("/v1/me/availability", away)
    assert (await no(dispatcher, f"{order}/offer", {"team_id": made}))["code"] == "team-not-qualified"
    for one in (lead, member):
        await one.put("/v1/me/availability", {})
    await dispatcher.post(f"{order}/offer", {"team_id": made})
    await member.post(f"{order}/accept")
    assert (await no(lead, f"{order}/member", {"member_id": str(volunteer.id)}))["code"] == "not-of-the-team"
    late = await no(lead, f"{order}/accept")
    assert late["detail"].startswith("已有人先接了这个订单")


async def test_a_rated_order_is_the_secretarys_to_begin_again(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await done(await accepted(street, grandma, dispatcher, volunteer), grandma, volunteer)
    await grandma.post(f"{order}/rate", {"solved": "yes", "stars": 5})
    refused = await no(grandma, f"{order}/rework", {"reason": "又坏了"})
    assert (refused["code"], "社区书记" in refused["detail"]) == ("not-allowed", True)


async def test_a_pause_of_the_past_and_a_question_that_was_answered(street: Street) -> None:
    grandma, dispatcher, secretary, _ = await crew(street)
    order = await place(street, grandma)
    plan = f"{order}/deadlines/{(await limits(grandma, order))['plan']['id']}"
    over = await no(secretary, f"{plan}/pause", {"until_at": "2026-01-01T09:00:00+08:00", "text": "暴雪"})
    assert (over["code"], said(over)) == ("pause-over", [("/body/until_at", "暂停的结束时间须在将来")])
    await dispatcher.post(f"{order}/questions", {"question": "上午还是下午?"})
    (asked,) = (await grandma.get(f"{order}/posts"))["items"]
    await grandma.post(f"{order}/answer", {"question_id": asked["id"], "text": "上午"})
    again = await no(grandma, f"{order}/answer", {"question_id": asked["id"], "text": "下午"})
    assert (again["code"], "已经回答" in again["detail"]) == ("question-not-found", True)


async def test_what_has_no_required_field_needs_no_body(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/decline")
    await grandma.post(f"{order}/cancel")
    await street.administrator.post(f"/v1/services/{street.service_id}/pause")


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("/v1/orders/{id}/start", {"code": "12"}, ("/body/code", "请填写六位数字")),
        (
            "/v1/orders/{id}/rate",
            {"solved": "maybe", "stars": 3},
            ("/body/solved", "只能是 yes 已解决、partly 部分解决、no 未解决 之一"),
        ),
        (
            "/v1/orders/for-caller",
            {"channel": "fax", "phone": "13812345678", "service_id": str(uuid4()), "note": "请人来"},
            ("/body/channel", "只能是 phone 来电、walk_in 到站 之一"),
        ),
    ],
)  # fmt: skip
async def test_a_field_says_what_it_wants(
    street: Street, path: str, body: dict[str, Any], fault: tuple[str, str]
) -> None:
    problem = await no(await street.resident("王秀英"), path.format(id=uuid4()), body)
    assert said(problem) == [fault]


async def test_a_time_says_how_it_is_written(street: Street) -> None:
    volunteer = await street.with_role("李强", "volunteer")
    problem = await no(volunteer, "/v1/me/availability", {"quiet_from": "9", "quiet_until": "07:00"}, "PUT")
    assert said(problem) == [("/body/quiet_from", "请写成四位的时刻,如 09:00")]
