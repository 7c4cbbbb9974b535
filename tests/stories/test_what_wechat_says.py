"""What leaves the house by WeChat: what happened, when, and of which order or case, in what a template holds; and nothing of what
somebody said or of who it is."""

from collections.abc import AsyncIterator, Awaitable, Callable

import httpx
import pytest

from app.integrations.wechat import WeChat
from app.integrations.wechat_standin import openid_of
from app.kernel.database import Database
from app.kernel.rules import Role
from app.workers.deliveries import OF_NO_MATTER, Deliveries
from tests.people import Someone
from tests.stories.boardwork import LAMP, whistled
from tests.stories.casework import reported
from tests.stories.conftest import Later, Street
from tests.stories.orderwork import place

Phone = Callable[[Someone], Awaitable[dict[str, str]]]


@pytest.fixture
async def phone(street: Street, later: Later, worker_url: str, standin_url: str) -> AsyncIterator[Phone]:
    """Lets the worker tell and deliver, and answers what somebody's phone shows: by what happened, of what."""
    await street.world.owner.execute("UPDATE inbox_message SET delivery = 'none' WHERE delivery = 'due'")
    worker = await Database.connect(worker_url, size=4)

    async with httpx.AsyncClient(base_url=standin_url) as http:
        deliveries = Deliveries(worker, WeChat(standin_url, "demo-appid", "demo-secret", http), "linli-notice")

        async def shown(someone: Someone) -> dict[str, str]:
            await later(1)
            await deliveries.run()
            mine = {"openid": openid_of(someone.name), "limit": 1000}
            messages = (await http.get("/standin/messages", params=mine)).json()["messages"]
            return {one["data"]["thing1"]: one["data"]["thing3"] for one in messages}

        yield shown
    await worker.close()


async def test_a_message_names_the_service_of_the_order(street: Street, phone: Phone) -> None:
    grandma, dispatcher = await street.resident("王秀英"), await street.with_role("张敏", "dispatcher")
    await place(street, grandma)
    assert await phone(dispatcher) == {"您有了新的角色:派单员": OF_NO_MATTER, "有新的订单,请尽快派单": "陪同就医"}


async def test_a_message_names_category_and_place_of_the_case_and_not_what_was_said(
    street: Street, phone: Phone
) -> None:
    case = await whistled(street)
    shown = await case.reporter.get(case.path)
    about = f"{shown['category_name']},{shown['place_name']}"
    mine, units = await phone(case.reporter), await phone(case.lead.officer)
    assert mine["您反映的事项已吹哨,责任单位须到场"] == about
    assert units["吹哨:您的单位有一项任务,请签收并报到"] == about
    assert LAMP["words"] not in f"{mine}{units}"


async def test_whoever_joined_from_elsewhere_is_told_the_street_alone(street: Street, phone: Phone) -> None:
    resident, grid = await street.resident("王奶奶"), await street.with_role("小李", Role.GRID_WORKER)
    elsewhere, near = await street.resident("西邻", "west"), await street.resident("东邻")
    case = await reported(resident)
    for neighbour in (elsewhere, near):
        await neighbour.post(f"{case}/join", {"words": "我们楼下也黑"})
    await grid.post(f"{case}/triage", {"lane": "small"})
    whole, outline = await resident.get(case), await elsewhere.get(case)
    assert outline["place_name"] != whole["place_name"]
    for neighbour, seen in ((resident, whole), (near, whole), (elsewhere, outline)):
        told = (await phone(neighbour))["您反映的事项已受理并开始办理"]
        assert told == f"{seen['category_name']},{seen['place_name']}"
