"""Who orders when, and what becomes of it: the seed decides, and the tables say how much."""

from collections import Counter
from datetime import date, datetime, time
from random import Random

import pytest

from app.domain.orders.policy import LIFECYCLE
from app.kernel.time import CHINA
from app.simulation import officers, placing, residents, volunteers
from app.simulation.affairs import Order
from app.simulation.figures import EXEMPT
from app.simulation.peopling import arrivals, fates_of
from app.simulation.person import Person, Wire
from app.simulation.profiles import CHARACTERS, FATES, ORDINARY, PROFILES, Character, Part
from app.simulation.reactions import REACTIONS
from app.simulation.street import key_of, when_about

DAY = date(2026, 3, 3)
DEEDS = {
    name for room in (officers, placing, residents, volunteers) for name, found in vars(room).items()
    if callable(found) and getattr(found, "__module__", "") == room.__name__
}  # fmt: skip
CHANCES = {
    "phone",
    "take",
    "mistype",
    "be_pleased",
    "uphold",
    "unsolved",
    "no_phone",
    "mistype_return",
    "to_team",
    "advertise",
    "come_after_all",
}
"""What is decided within a deed."""


def moments(seed: int, orders: int = 400) -> list[datetime]:
    return arrivals(DAY, orders, Random(seed))


def test_orders_come_in_order_within_their_day_with_two_peaks() -> None:
    found = moments(1)
    assert found == sorted(found)
    assert {moment.astimezone(CHINA).date() for moment in found} == {DAY}
    by_hour = Counter(moment.astimezone(CHINA).hour for moment in found)
    assert by_hour[9] + by_hour[10] > by_hour[16] + by_hour[17] > by_hour[12] + by_hour[13] > by_hour[2] + by_hour[3]


def test_a_seed_repeats_and_another_differs() -> None:
    assert moments(1) == moments(1)
    assert moments(1) != moments(2)


def test_each_fate_has_its_share_and_at_least_one() -> None:
    few, many = (Counter(fate.name for fate in fates_of(orders, Random(1), FATES, ORDINARY)) for orders in (60, 1000))
    assert all(few[fate.name] >= 1 for fate in FATES)
    assert all(many[fate.name] == round(1000 * fate.share) for fate in FATES)
    assert (few.total(), many.total()) == (60, 1000)
    assert len(fates_of(3, Random(1), FATES, ORDINARY)) == 3, "never more than there are orders"


def test_a_decision_does_not_depend_on_what_else_happens() -> None:
    someone = Person("王奶奶", Part.RESIDENT, Character("content", "随和", 1), Wire(None), "resident-1")  # type: ignore[arg-type]
    one, two = (Order(7, 1, someone, datetime.combine(DAY, time(9), CHINA)) for _ in range(2))
    two.dice("reply").random()
    first = [one.dice("accept").random() for _ in range(3)]
    assert first == [two.dice("accept").random() for _ in range(3)]
    assert len(set(first)) == 3


@pytest.mark.parametrize(
    ("at", "becomes"),
    [("06:59:30", "03 07:00"), ("07:00:00", "03 07:00"), ("12:34:00", "03 12:34"), ("22:00:00", "04 07:00")],
)
def test_who_is_not_about_reacts_when_they_are_again(at: str, becomes: str) -> None:
    moment = datetime.combine(DAY, time.fromisoformat(at), CHINA)
    assert f"{when_about(moment, (time(7), time(22))):%d %H:%M}" == becomes


def test_a_message_of_a_limit_is_named_by_limit_percent_and_whom() -> None:
    about = {"deadline": "respond", "percent": "100", "target": "dispatcher", "as_role": "dispatcher"}
    assert key_of({"topic": "deadline.mark", **about}) == "respond 100 dispatcher"
    assert key_of({"topic": "order.placed", **dict.fromkeys(about)}) == "order.placed"


def test_the_tables_name_only_what_people_do() -> None:
    named = {deed for fate in FATES for deed in fate.deeds} | {deed for p in PROFILES.values() for deed in p.deeds}
    assert named <= DEEDS | CHANCES
    assert all(reaction.deed.__name__ in DEEDS for reactions in REACTIONS.values() for reaction in reactions)


def test_each_row_of_the_flow_is_arranged_by_a_fate_and_not_left_to_chance() -> None:
    rows = {move.action for move in LIFECYCLE.transitions}
    assert rows - EXEMPT <= {one for fate in FATES for one in fate.shows}


def test_the_shares_of_the_characters_are_everybody() -> None:
    assert {part: round(sum(c.share for c in found), 9) for part, found in CHARACTERS.items()} == dict.fromkeys(
        Part, 1.0
    )
