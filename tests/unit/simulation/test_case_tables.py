"""What cases a day brings: fates, diligence and a surge are tables, and the seed decides."""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

import pytest

from app.domain.cases import board_policy, policy
from app.kernel.time import CHINA
from app.simulation import (
    case_independent,
    case_office,
    case_reporting,
    case_results,
    case_street,
    case_units,
    residents,
)
from app.simulation.affairs import Case, Order
from app.simulation.agenda import Agenda
from app.simulation.case_fates import CASE_FATES, CATEGORIES, ORDINARY_CASE, UNITS, WORDS, Source
from app.simulation.case_figures import EXEMPT, MARKS
from app.simulation.case_peopling import cases_of, dealt
from app.simulation.case_reactions import CASE_REACTIONS
from app.simulation.case_street import called
from app.simulation.person import Person, Wire
from app.simulation.profiles import CHARACTERS, DILIGENCE, FATES, PROFILES, Character, Part, Profile, Surge
from app.simulation.street import Street

DAY = date(2026, 3, 3)
NINE = datetime.combine(DAY, time(9), CHINA)
ROOMS = (case_independent, case_office, case_reporting, case_results, case_street, case_units, residents)
DEEDS = {
    name for room in ROOMS for name, found in vars(room).items()
    if callable(found) and getattr(found, "__module__", "") == room.__name__
}  # fmt: skip
CHANCES = {
    "untrue", "feel", "notice", "reach", "approve", "grant", "uphold", "contest_late", "blow_here", "hand_down", "push_up",
    "join", "come_at_once",
}  # fmt: skip
"""What is decided within a deed."""
WHEREVER = Wire(None)  # type: ignore[arg-type]


def somebody(number: int, community: str) -> Person:
    return Person(f"王 {number}", Part.RESIDENT, Character("content", "随和", 1), WHEREVER, f"resident-{number:02d}",
                  community=community, id=f"p{number}")  # fmt: skip


def street() -> Street:
    """Two communities with three residents each; in the second no unit answers for emergencies."""
    made = Street(1, PROFILES["weekday"], WHEREVER, Agenda(), {}, NINE, communities={"a": "甲社区", "b": "乙社区"})
    residents = [somebody(number, "ab"[number // 3]) for number in range(6)]
    made.people = {who.id: who for who in residents}
    made.represented = {residents[0].id: residents[1]}
    made.units = {unit.name: unit for unit in UNITS}
    return made


def test_each_fate_of_a_case_comes_at_least_once_and_the_rest_is_ordinary() -> None:
    found = Counter(fate.name for _, fate, _ in dealt(DAY, 60, Random(1), None))
    assert all(found[fate.name] == 1 for fate in CASE_FATES)
    assert found["ordinary"] == 60 - len(CASE_FATES)


def test_an_emergency_by_night_comes_by_night_and_cases_come_in_order() -> None:
    cases = dealt(DAY, 60, Random(1), None)
    (night,) = [at for at, fate, _ in cases if fate.name == "emergency by night"]
    assert night.hour == 3
    assert [at for at, _, _ in cases] == sorted(at for at, _, _ in cases)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_in_a_surge_one_category_comes_sixteen_times_as_often_within_its_hour(seed: int) -> None:
    surge = Surge("water_power_gas", 9, 16)

    def in_hour(cases: list[tuple[datetime, Any, str]]) -> Counter[str]:
        return Counter(category for at, _, category in cases if at.hour == surge.hour)

    usual, more = (in_hour(dealt(DAY, 60, Random(seed), which)) for which in (None, surge))
    assert more[surge.category] == 16 * max(1, usual[surge.category])
    del usual[surge.category], more[surge.category]
    assert usual == more, "nothing else comes more often"


def test_a_storm_multiplies_one_category_and_other_days_none() -> None:
    assert {name: profile.surge and profile.surge.times for name, profile in PROFILES.items()} == {
        "weekday": None, "holiday": None, "storm": 16
    }  # fmt: skip


def test_a_seed_repeats_its_cases_and_another_differs() -> None:
    def cases(seed: int) -> list[tuple[Any, ...]]:
        here = replace(street(), seed=seed)
        return [(case.at, case.fate.name, case.category, case.resident.login) for case in cases_of(here, 1, 60)]

    assert cases(1) == cases(1)
    assert cases(1) != cases(2)


def test_what_happens_twice_is_reported_by_two_of_the_same_community() -> None:
    cases = list(cases_of(street(), 1, 60))
    twins = [case for case in cases if case.twin]
    assert len(twins) == sum(fate.twin for fate in CASE_FATES)
    for case in twins:
        first = case.twin
        assert first is not None
        assert first in cases
        assert (first.category, first.resident.community) == (case.category, case.resident.community)
        assert first.resident is not case.resident
        assert first.at < case.at
        assert first.fate.deeds["merge"] == 0, "only the second one is merged"


def test_an_emergency_comes_where_its_fate_says() -> None:
    where = {
        case.fate.name: case.resident.community for case in cases_of(street(), 1, 60) if case.fate.category == "danger"
    }
    assert where == {
        "emergency by night": "a", "emergency signed late": "a", "emergency left undone": "a",
        "emergency that nobody answers for": "b",
    }  # fmt: skip


def test_a_representative_reports_for_somebody_whom_they_represent() -> None:
    reported = [case for case in cases_of(street(), 1, 60) if case.fate.source is Source.REPRESENTATIVE]
    assert {case.fate.name for case in reported} == {"by a representative", "consent ended"}
    assert {case.resident.id for case in reported} == {"p0"}


def test_a_whistle_goes_to_whoever_answers_unless_the_fate_names_a_diligence() -> None:
    here = street()

    def lead(fate: str, category: str) -> str:
        found = next((one for one in CASE_FATES if one.name == fate), ORDINARY_CASE)
        case = Case(1, 1, here.people["p0"], NINE, found, category=category)
        unit, others = called(here, case, found.whistle)
        assert unit not in others
        return unit

    assert lead("ordinary", "repair") == "房管所"
    assert lead("silent department", "lighting") == "环卫站"
    assert lead("lamp post", "lighting") == "城管办"
    assert lead("emergency by night", "danger") == "应急管理办"
    assert lead("call-up", "lighting") == "春风超市"
    assert lead("officer away", "lighting") == "园林所"


def test_departments_are_prompt_slow_or_silent() -> None:
    prompt, slow, silent = DILIGENCE
    assert {unit.diligence for unit in UNITS} == {prompt.name, slow.name, silent.name}
    assert CHARACTERS[Part.UNIT] == DILIGENCE
    assert prompt.haste < slow.haste
    assert prompt.heeds > slow.heeds > silent.heeds
    assert prompt.truthful > slow.truthful > silent.truthful


def test_the_tables_name_only_what_people_do() -> None:
    named = {deed for fate in CASE_FATES for deed in fate.deeds}
    assert named <= DEEDS | CHANCES
    assert all(reaction.deed.__name__ in DEEDS for reactions in CASE_REACTIONS.values() for reaction in reactions)
    assert WORDS.keys() == CATEGORIES.keys()
    assert sum(CATEGORIES.values()) == pytest.approx(1)


def test_each_row_of_section_five_and_each_mark_is_arranged_by_a_fate_and_not_left_to_chance() -> None:
    """Whatever the seed: so `--strict` fails for a fault, and not for the dice."""
    shown = {one for fate in CASE_FATES for one in fate.shows}
    elsewhere = {"case open_converted", "case join", "case take_in"}
    """On what an order's fate arranges, and on the case that was there first."""
    in_the_end = {"case need_call"}
    """The system's own sample decides who is called at once, and who when the limit expires."""
    rows = {f"case {move.action}" for move in policy.LIFECYCLE.transitions}
    rows |= {f"assignment {move.action}" for move in board_policy.LIFECYCLE.transitions}
    assert rows - EXEMPT - elsewhere - in_the_end <= shown
    assert {f"{kind} {percent}" for kind, percent in MARKS} <= shown


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_a_day_has_cases_and_orders_enough_for_each_fate(profile: Profile) -> None:
    assert profile.cases >= len(CASE_FATES)
    assert profile.orders >= sum(max(1, round(fate.share * profile.orders)) for fate in FATES)


def test_an_order_that_became_a_case_has_dice_of_its_own() -> None:
    order = Order(7, 1, somebody(0, "a"), NINE)
    case = Case.of_order(order, "c1")
    assert (case.path, case.resident, case.fate) == ("/v1/cases/c1", order.resident, ORDINARY_CASE)
    rolls = {affair.dice("work").random() for affair in (order, case, Case(7, 1, order.resident, NINE))}
    assert len(rolls) == 3


def test_an_emergency_is_acted_on_at_any_hour_and_at_once() -> None:
    here = replace(street(), now=datetime.combine(DAY, time(3), CHINA))
    for number, category in ((1, "lighting"), (2, "danger")):
        who = here.people["p0"]
        here.intend(case_units.sign, who, Case(number, 1, who, here.now, category=category), (10, 20, 30))
    assert here.agenda.next_at is not None
    assert (here.agenda.next_at - here.now).total_seconds() <= 3 * 60
    here.agenda.take(here.agenda.next_at)
    assert f"{here.agenda.next_at:%H:%M}" == "07:00"


@pytest.mark.parametrize(
    ("category", "begins"), [("lighting", "09 09:00"), ("danger", "07 10:01")], ids=["waits", "an emergency does not"]
)
def test_a_department_is_not_about_on_a_day_off(category: str, begins: str) -> None:
    saturday = datetime(2026, 3, 7, 10, tzinfo=CHINA)
    here = replace(street(), now=saturday, works=lambda day: day.weekday() < 5)
    who = Person("城管办", Part.UNIT, DILIGENCE[1], WHEREVER, "unit-0")
    here.intend_at(
        case_units.sign,
        who,
        Case(1, 1, here.people["p0"], saturday, category=category),
        saturday + timedelta(minutes=1),
    )
    assert here.agenda.next_at is not None
    assert f"{here.agenda.next_at:%d %H:%M}" == begins
