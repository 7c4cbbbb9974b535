"""Outside its hours a deadline starts at the next opening, and the resident is told so at once (domain.md §4.2)."""

from tests.people import Someone, agree
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import accepted, at, crew, place, texts, wire


async def told(someone: Someone) -> list[str]:
    """What the resident was told of openings, newest first."""
    return [text for text in await texts(someone) if "开始计时" in text]


async def test_an_order_of_the_night_is_told_at_once_when_time_begins(street: Street, clock: Clock) -> None:
    grandma, dispatcher, *_ = await crew(street)
    night, morning = at(11, 26, 22, 30), at(11, 27, 8)
    await clock(night)
    order = await place(street, grandma)
    assert (await grandma.get(order))["counting_from"] == wire(morning)
    assert (await dispatcher.get(order))["counting_from"] == wire(morning)
    await clock(at(11, 26, 22, 31))
    assert await told(grandma) == [
        "现在不在值守时间,您的订单的响应、答复、协调、派单时限从11月27日(周五)08:00开始计时"
    ], "once"
    assert await told(dispatcher) == []
    await clock(at(11, 27, 8, 1))
    assert (await grandma.get(order))["counting_from"] is None, "time counts"
    # Without a plan it would be a case by the evening.
    plan = {"text": "明天上门", "steps": ["看现场"], "promised_at": wire(at(11, 30, 12))}
    await dispatcher.post(f"{order}/plan", plan)
    await clock(at(11, 27, 20, 30))
    assert (await grandma.get(order))["counting_from"] == wire(at(11, 28, 8)), "and in the evening no longer"
    await grandma.post(f"{order}/cancel", {})
    assert (await grandma.get(order))["counting_from"] is None


async def test_an_order_within_all_hours_is_told_nothing(street: Street, clock: Clock) -> None:
    grandma, *_ = await crew(street)
    await clock(at(11, 26, 10))
    order = await place(street, grandma)
    await clock(at(11, 26, 10, 1))
    assert await told(grandma) == []
    assert (await grandma.get(order))["counting_from"] is None


async def test_on_a_saturday_the_plan_alone_waits_for_monday(street: Street, clock: Clock) -> None:
    grandma, *_ = await crew(street)
    await clock(at(11, 28, 10))
    order = await place(street, grandma)
    await clock(at(11, 28, 10, 1))
    assert await told(grandma) == ["现在不在工作时间,您的订单的方案时限从11月30日(周一)09:00开始计时"]
    assert (await grandma.get(order))["counting_from"] is None, "the other limits count"


async def test_each_opening_is_told_once_and_not_only_of_placing_but_no_appointed_moment(
    street: Street, clock: Clock
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 26, 10))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/reply", {"text": "今晚上门"})
    await clock(at(11, 26, 20, 30))
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await clock(at(11, 26, 20, 31))
    assert await told(grandma) == ["现在不在值守时间,您的订单的接单时限从11月27日(周五)08:00开始计时"]
    await volunteer.post(f"{order}/accept")
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(11, 26, 20, 55))})
    await agree(grandma, order)
    await clock(at(11, 26, 20, 32))
    assert len(await told(grandma)) == 1, "an appointment waits for no opening"
    assert (await grandma.get(order))["counting_from"] is None
    await clock(at(11, 26, 20, 56))
    await volunteer.post(f"{order}/start", {"code": (await grandma.get(order))["start_code"]})
    await clock(at(11, 26, 21, 32))
    assert len(await told(grandma)) == 1, "what starts later in the same night opens when the first does"
    await clock(at(11, 27, 21))
    await volunteer.post(f"{order}/abort", {"reason": "needs_tradesman", "again": True})
    await clock(at(11, 27, 21, 5))
    assert await told(grandma) == [
        "现在不在值守时间,您的订单的派单时限从11月28日(周六)08:00开始计时",
        "现在不在值守时间,您的订单的接单时限从11月27日(周五)08:00开始计时",
    ], "the next night is another one"


async def test_two_starts_before_anybody_is_told_are_told_once_and_another_order_by_itself(
    street: Street, clock: Clock
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 26, 22))
    order = await place(street, grandma)
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await dispatcher.post(f"{order}/take-back", {"reason": "by_mistake"})
    await place(street, grandma)
    await clock(at(11, 26, 22, 5))
    assert (
        await told(grandma)
        == ["现在不在值守时间,您的订单的响应、答复、协调、派单时限从11月27日(周五)08:00开始计时"] * 2
    )


async def test_what_follows_a_miss_of_the_night_is_told_as_well(street: Street, clock: Clock) -> None:
    """A promise is missed around the clock; what follows it counts in the hours of the station."""
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 26, 10))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await dispatcher.post(f"{order}/reply", {"text": "今晚修好"})
    plan = {"text": "今晚修好", "steps": ["换阀门"], "promised_at": wire(at(11, 26, 22))}
    await dispatcher.post(f"{order}/plan", plan)
    await clock(at(11, 26, 22, 5))
    assert await told(grandma) == ["现在不在值守时间,您的订单的承诺逾期处理时限从11月27日(周五)08:00开始计时"]
