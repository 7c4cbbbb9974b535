"""The second reckoning: what must have fired has, once, and nothing early. Each fault is found and named."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.simulation.reckoning import Fired, Limit, Message, faults

NINE = datetime(2026, 3, 3, 9, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


RESPOND = Limit("d1", "m1", "respond", NINE, at(20), None, (80, 100, 150), (at(16), at(20), at(30)), 2)
MARKS = (Fired("d1", 80, at(16), at(16)), Fired("d1", 100, at(20), at(20.1)))
TOLD = (Message("d1", 80, "dispatcher", "p1"), Message("d1", 100, "dispatcher", "p1"))


LATER = at(25)


def found(limit: Limit, marks: Sequence[Fired], told: Sequence[Message] = (), now: datetime = LATER) -> list[str]:
    return [fault.kind for fault in faults([limit], marks, told, now)]


def test_what_is_right_is_right() -> None:
    assert found(RESPOND, MARKS, TOLD) == []


@pytest.mark.parametrize(
    ("stopped", "marks"),
    [
        pytest.param(15.9, (), id="before the first mark"),
        pytest.param(16, MARKS[:1], id="at the moment of a mark"),
        pytest.param(19.99, MARKS[:1], id="right before it is due"),
        pytest.param(20, MARKS, id="at the due moment it is missed"),
    ],
)
def test_a_stop_ends_what_must_fire(stopped: float, marks: Sequence[Fired]) -> None:
    assert found(replace(RESPOND, stopped_at=at(stopped)), marks, now=at(600)) == []


@pytest.mark.parametrize(
    ("marks", "told", "kind"),
    [
        pytest.param(MARKS[:1], (), "missing", id="a mark that must have fired is not there"),
        pytest.param((*MARKS, Fired("d1", 150, at(30), at(30))), (), "too much", id="not due yet"),
        pytest.param((*MARKS, Fired("d1", 120, at(24), at(24))), (), "too much", id="no such mark"),
        pytest.param((*MARKS, MARKS[0]), (), "twice", id="twice"),
        pytest.param((MARKS[0], replace(MARKS[1], fired_at=at(19.9))), (), "early", id="early"),
        pytest.param((*MARKS, Fired("d2", 80, at(1), at(1))), (), "stray", id="of no limit"),
        pytest.param(MARKS, (*TOLD, TOLD[0]), "told twice", id="told twice"),
        pytest.param(MARKS, (Message("d1", 150, "secretary", "p2"),), "told of nothing", id="told of what never fired"),
    ],
)
def test_a_fault_is_found(marks: Sequence[Fired], told: Sequence[Message], kind: str) -> None:
    assert found(RESPOND, marks, told) == [kind]


def test_two_people_in_one_role_are_no_repetition() -> None:
    assert found(RESPOND, MARKS, (*TOLD, replace(TOLD[0], person_id="p2"))) == []
