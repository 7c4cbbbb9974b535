"""Who may be asked, whom first, and why: tables, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from uuid import UUID

import pytest

from app.domain.teams.fitness import Candidate, Unfit, explain, rank, unfit

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
FIT = Candidate(
    UUID(int=1),
    in_area=True,
    skilled=True,
    on_duty=True,
    quiet=False,
    away=False,
    capacity=3,
    taken_today=1,
    recent=1,
    last_served_at=NOON,
    team_ids=(),
)

AGAINST = {
    Unfit.NOT_IN_AREA: {"in_area": False},
    Unfit.NOT_SKILLED: {"skilled": False},
    Unfit.OFF_DUTY: {"on_duty": False},
    Unfit.QUIET_HOURS: {"quiet": True},
    Unfit.AWAY: {"away": True},
    Unfit.CAPACITY_USED: {"taken_today": 3},
}


def test_one_with_nothing_against_them_is_fit() -> None:
    assert unfit(FIT) == ()


@pytest.mark.parametrize("reason", Unfit)
def test_each_reason_alone_makes_unfit(reason: Unfit) -> None:
    assert unfit(replace(FIT, **AGAINST[reason])) == (reason,)


def test_every_reason_is_told_at_once() -> None:
    everything = {name: value for change in AGAINST.values() for name, value in change.items()}
    assert unfit(replace(FIT, **everything)) == tuple(Unfit)


@pytest.mark.parametrize(
    ("capacity", "taken", "left"), [(3, 0, 3), (3, 2, 1), (3, 3, 0), (3, 4, 0), (1, 1, 0), (50, 49, 1)]
)
def test_what_is_left_of_a_day(capacity: int, taken: int, left: int) -> None:
    candidate = replace(FIT, capacity=capacity, taken_today=taken)
    assert candidate.left == left
    assert (Unfit.CAPACITY_USED in unfit(candidate)) is (left == 0)


def somebody(number: int, **changes: object) -> Candidate:
    return replace(FIT, person_id=UUID(int=number), **changes)


SHARES = {
    # the one who comes first, and the one after them
    "who served less lately": ({"recent": 0, "taken_today": 2}, {"recent": 1, "taken_today": 0}),
    "then who has more capacity left": ({"taken_today": 0}, {"taken_today": 1, "last_served_at": None}),
    "more left of a larger day": ({"capacity": 5, "taken_today": 2}, {"capacity": 3, "taken_today": 1}),
    "then who has not served for longer": ({"last_served_at": NOON - timedelta(days=2)}, {"last_served_at": NOON}),
    "who never served before anybody who did": ({"last_served_at": None}, {"last_served_at": NOON - timedelta(days=999)}),
    "then by id": ({}, {}),
}  # fmt: skip


@pytest.mark.parametrize("what", SHARES)
def test_fair_shares(what: str) -> None:
    first, second = SHARES[what]
    # Ids decide last: where something else does, they are set against it.
    ids = (1, 2) if what == "then by id" else (2, 1)
    expected = [somebody(ids[0], **first), somebody(ids[1], **second)]
    assert rank(expected) == rank(reversed(expected)) == expected


def test_the_same_facts_give_the_same_order_however_they_come() -> None:
    people = [somebody(n, recent=n % 2, taken_today=n % 3) for n in range(1, 6)]
    assert {tuple(rank(order)) for order in permutations(people)} == {tuple(rank(people))}


def test_those_who_are_unfit_are_not_ranked() -> None:
    assert rank([somebody(1, **change) for change in AGAINST.values()] + [somebody(9)]) == [somebody(9)]


@pytest.mark.parametrize(("skill", "said"), [("haircut", "会理发"), ("lute", "会lute")])
def test_a_sentence_names_the_skill_that_is_wanted(skill: str, said: str) -> None:
    assert explain(somebody(1), (), skill).startswith(f"在服务范围内、{said}、当班、")


@pytest.mark.parametrize(
    ("changes", "others", "sentence"),
    [
        ({}, (), "在服务范围内、当班、今天还能接 2 单,近 28 天服务 1 次"),
        ({}, (2, 3), "在服务范围内、当班、今天还能接 2 单,近 28 天服务 1 次,比其他人少"),
        ({}, (1, 3), "在服务范围内、当班、今天还能接 2 单,近 28 天服务 1 次"),
        ({"recent": 0}, (4,), "在服务范围内、当班、今天还能接 2 单,近 28 天没有服务过,比其他人少"),
        ({"taken_today": 3}, (4,), "现在不能派:今天已接满"),
        ({"away": True, "skilled": False}, (), "现在不能派:没有所需技能或证照已过期、暂时离开"),
    ],
)
def test_a_sentence_says_why(changes: dict[str, object], others: tuple[int, ...], sentence: str) -> None:
    me = somebody(1, **changes)
    among = [me, *(somebody(n, recent=recent) for n, recent in enumerate(others, 2))]
    assert explain(me, among) == sentence
