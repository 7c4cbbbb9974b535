"""The start code proves that somebody stands at the door now: each service has a code of its own (domain.md §3, start)."""

from tests.people import Someone
from tests.stories.conftest import Street
from tests.stories.orderwork import accepted, crew

WRONG = (409, "start-code-wrong")


async def takes_again(order: str, dispatcher: Someone, volunteer: Someone) -> None:
    await dispatcher.post(f"{order}/offer", {"volunteer_id": str(volunteer.id)})
    await volunteer.post(f"{order}/accept")


async def test_after_a_service_that_was_broken_off_and_in_a_further_round_the_old_code_opens_no_more(
    street: Street,
) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    order = await accepted(street, grandma, dispatcher, volunteer)
    codes = [(await grandma.get(order))["start_code"]]
    await volunteer.post(f"{order}/start", {"code": codes[0]})
    await volunteer.post(f"{order}/abort", {"reason": "nobody_home", "again": True})

    await takes_again(order, dispatcher, volunteer)
    codes.append((await grandma.get(order))["start_code"])
    assert await volunteer.refused(f"{order}/start", {"code": codes[0]}) == WRONG
    await volunteer.post(f"{order}/start", {"code": codes[1]})
    await volunteer.post(f"{order}/deliver", {"outcome": "已修好"})

    await grandma.post(f"{order}/rework", {"reason": "还在滴水"})
    await takes_again(order, dispatcher, volunteer)
    codes.append((await grandma.get(order))["start_code"])
    for old in codes[:2]:
        assert await volunteer.refused(f"{order}/start", {"code": old}) == WRONG
    await volunteer.post(f"{order}/start", {"code": codes[2]})
    assert len(set(codes)) == 3


async def test_whoever_comes_instead_needs_a_code_of_their_own(street: Street) -> None:
    grandma, dispatcher, _, volunteer = await crew(street)
    other = await street.with_role("赵明", "volunteer")
    order = await accepted(street, grandma, dispatcher, volunteer)
    code = (await grandma.get(order))["start_code"]
    await volunteer.post(f"{order}/release", {"reason": "病了"})
    await takes_again(order, dispatcher, other)
    assert await other.refused(f"{order}/start", {"code": code}) == WRONG
