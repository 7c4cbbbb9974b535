"""How long a resident has waited in all (domain.md §4.8): each round has limits of its own, the total time runs on."""

import io

from openpyxl import load_workbook

from app.api.spreadsheet import COLUMNS
from tests.people import Someone
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import accepted, at, crew, limits


async def test_the_total_time_runs_on_through_a_rework_and_is_told_apart(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await clock(at(11, 30, 10, 0, 30))
    total = (await grandma.get(order))["total"]
    assert (total["ended_at"], total["minutes"], total["working_minutes"]) == (None, 60, 60)
    first = (await limits(grandma, order))["plan"]
    assert not any("轮" in said for said in (await grandma.get(f"{order}/deadlines/{first['id']}"))["sentences"])
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    await volunteer.post(f"{order}/deliver", {"outcome": "换了垫圈"})
    await clock(at(11, 30, 16))
    total = (await grandma.get(order))["total"]
    assert (total["minutes"], total["working_minutes"]) == (60, 60), "it stands from the delivery on"
    assert total["ended_at"] == total["rounds"][0]["ended_at"] is not None

    await clock(at(12, 1, 10))
    await grandma.post(f"{order}/rate", {"solved": "no", "stars": 2, "reason": "还在漏"})
    await clock(at(12, 1, 11, 0, 30))
    for somebody in (grandma, dispatcher):
        total = (await somebody.get(order))["total"]
        assert total["ended_at"] is None
        assert total["minutes"] == 26 * 60, "a day and two hours, with what lay between the rounds"
        assert total["working_minutes"] == 9 * 60
        assert [(one["round"], one["ended_at"] is None) for one in total["rounds"]] == [(1, False), (2, True)]
    [said] = [
        sentence
        for sentence in (await grandma.get(f"{order}/deadlines/{await plan_of_round(grandma, order, 2)}"))["sentences"]
        if "第 2 轮" in sentence
    ]
    assert said.startswith("这是第 2 轮;从11月30日(周一)09:00")
    assert said.endswith("下单起已过 1 天 2 小时。")

    period = {"from": "2026-11-01", "until": "2026-12-31", "place_id": str(street.world.east)}
    answer = await dispatcher.http.get("/v1/orders/export", params=period)
    _, row = load_workbook(io.BytesIO(answer.content)).active.iter_rows(values_only=True)
    assert row[[name for name, _, _ in COLUMNS].index("总用时(分钟)")] == 26 * 60

    await grandma.post(f"{order}/cancel", {})
    total = (await grandma.get(order))["total"]
    assert total["ended_at"] == total["rounds"][1]["ended_at"]
    ended = await grandma.get(f"{order}/deadlines/{await plan_of_round(grandma, order, 2)}")
    assert any("下单起一共用了 1 天 2 小时" in sentence for sentence in ended["sentences"])


async def plan_of_round(someone: Someone, order: str, wanted: int) -> str:
    found = (await someone.get(f"{order}/deadlines"))["items"]
    return next(d["id"] for d in found if (d["kind"], d["round"]) == ("plan", wanted))
