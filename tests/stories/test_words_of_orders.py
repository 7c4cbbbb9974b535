"""What an order shows is said in Chinese beside each code, and in the time of China."""

from typing import Any

from tests.people import Someone, agree
from tests.stories.conftest import Clock, Street
from tests.stories.orderwork import accepted, agreed, at, crew, place, wire


async def test_the_history_says_which_time_was_proposed_confirmed_and_moved(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await agreed(street, grandma, dispatcher, volunteer, at(11, 30, 14))
    await grandma.post(f"{order}/appointment", {"meet_at": wire(at(12, 1, 10))})
    await agree(volunteer, order)
    first, second, another, moved = (await grandma.get(f"{order}/history"))["items"][-4:]
    assert first["note"] == second["note"] == {"meet_at": wire(at(11, 30, 14))}
    assert another["note"] == {"meet_at": wire(at(12, 1, 10))}
    assert moved["note"] == {"moved_from": wire(at(11, 30, 14)), "meet_at": wire(at(12, 1, 10))}
    assert first["note_label"] == "时间:11月30日(周一)14:00"
    assert set(moved["note_label"].split(";")) == {"原来的时间:11月30日(周一)14:00", "时间:12月1日(周二)10:00"}


async def test_the_history_says_its_codes_in_chinese(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    await dispatcher.post(f"{order}/contact", {"channel": "phone", "text": "已电话告知"})
    await dispatcher.post(f"{order}/take-back", {"reason": "no_answer"})
    contact, back = (await grandma.get(f"{order}/history"))["items"][-2:]
    assert (contact["note_label"], back["note_label"]) == ("方式:电话", "原因:联系不上志愿者")
    assert [one["channel_label"] for one in (await grandma.get(f"{order}/posts"))["items"]] == ["电话"]


async def test_a_list_says_what_is_due_and_is_open_only_until_somebody_has_it(street: Street, clock: Clock) -> None:
    grandma, _, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await place(street, grandma)
    page = await grandma.get(order)
    assert (page["form_label"], page["placed_as_label"], page["due_label"]) == ("上门服务", "本人", "响应")
    await street.world.owner.execute("UPDATE matter SET open_pool = true WHERE id = $1::uuid", page["id"])
    assert (await grandma.get(order))["open_pool"] is True
    await volunteer.post(f"{order}/claim")
    assert (await grandma.get(order))["open_pool"] is False
    (row,) = (await volunteer.get("/v1/orders/tasks"))["items"]
    assert (row["open_pool"], row["form_label"]) == (False, "上门服务")
    assert await volunteer.refused(f"{order}/claim") == (409, "transition-refused")


async def test_a_message_says_which_order_it_is_about_and_which_time(street: Street, clock: Clock) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    await clock(at(11, 30, 9))
    order = await accepted(street, grandma, dispatcher, volunteer)
    await volunteer.post(f"{order}/appointment", {"meet_at": wire(at(11, 30, 14))})
    await clock(at(11, 30, 9, 1))
    told = {one["topic"]: one["about"] for one in (await grandma.get("/v1/inbox"))["items"]}
    assert told["order.accepted"] == "陪同就医"
    assert told["order.appointment_proposed"] == "陪同就医,11月30日(周一)14:00"


async def last(someone: Someone, order: str) -> dict[str, Any]:
    return (await someone.get(f"{order}/history"))["items"][-1]


async def test_the_history_says_why_an_order_was_cancelled_not_taken_on_or_became_a_case(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    cancelled = await accepted(street, grandma, dispatcher, volunteer)
    await grandma.post(f"{cancelled}/cancel", {"reason": "家人陪我去了"})
    rejected, converted = await place(street, grandma), await place(street, grandma)
    await dispatcher.post(f"{rejected}/reject", {"reason": "paid_trade", "other_help": "请找家政公司"})
    await dispatcher.post(f"{converted}/convert", {"reason": "整栋楼的下水管堵了"})
    for order, why, field in (
        (cancelled, "家人陪我去了", "cancel_reason"),
        (rejected, "属于收费服务", "reject_reason"),
        (converted, "整栋楼的下水管堵了", "convert_reason"),
    ):
        assert (await last(grandma, order))["note_label"] == f"原因:{why}"
        assert (await grandma.get(order))[field] == why
    assert (await last(volunteer, cancelled))["note_label"] == "原因:家人陪我去了"
    silent = await place(street, grandma)
    await grandma.post(f"{silent}/cancel")
    assert (await last(grandma, silent))["note_label"] is None
