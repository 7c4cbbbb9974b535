"""The verbs of orders as values: what each Change holds, without a database."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.orders import errors
from app.domain.orders import service as orders
from app.domain.orders.evidence import Served
from app.domain.orders.facts import Starting
from app.domain.orders.models import OrderState as S
from app.domain.orders.record_models import ServiceRecord
from app.domain.orders.repository import Detail
from app.kernel.matter import LiveDeadline
from tests.unit.orders.test_policy import NOON, VOLUNTEER, WHO, an_order

RESPOND = LiveDeadline(UUID(int=21), "respond", NOON + timedelta(minutes=9))
OFFER = LiveDeadline(UUID(int=22), "offer", NOON + timedelta(minutes=5))
FINISH = LiveDeadline(UUID(int=23), "finish", NOON + timedelta(hours=3))
REPLY = LiveDeadline(UUID(int=24), "reply", NOON + timedelta(minutes=20))
PLAN = LiveDeadline(UUID(int=25), "plan", NOON + timedelta(hours=6))
APPOINTMENT = LiveDeadline(UUID(int=26), "appointment", NOON + timedelta(days=1))
STARTING = Starting(card_fits=False, reached=False)
RATING = LiveDeadline(UUID(int=27), "rating", NOON + timedelta(days=5))


def test_starting_with_the_code_stops_the_appointment_and_begins_finish() -> None:
    order = replace(an_order(S.ACCEPTED), live=(REPLY, APPOINTMENT))
    change = orders.start(order, WHO["assignee"], NOON, facts=STARTING, fits_after=(0,))
    assert (change.state, change.refusal) == (S.IN_SERVICE, None)
    assert (change.stops, change.starts) == (["appointment"], ["finish"])


def test_a_finish_of_the_older_rules_begins_anew_with_the_service() -> None:
    change = orders.start(
        replace(an_order(S.ACCEPTED), live=(FINISH,)), WHO["assignee"], NOON, facts=STARTING, fits_after=(0,)
    )
    assert (change.stops, change.starts) == (["finish"], ["finish"])


def test_a_wrong_code_is_counted_and_refused() -> None:
    order = replace(an_order(S.ACCEPTED), live=(APPOINTMENT,))
    change = orders.start(order, WHO["assignee"], NOON, facts=STARTING)
    assert (change.action, change.state) == ("wrong_code", S.ACCEPTED)
    assert (change.stops, change.starts) == ([], []), "the appointment still waits"
    assert change.patches[0].values["wrong_codes"] == 1
    assert isinstance(change.refusal, errors.StartCodeWrong)


def test_the_sixth_code_is_refused_even_when_it_fits() -> None:
    order = replace(an_order(S.ACCEPTED), detail=Detail(UUID(int=7), 0, 5, NOON - timedelta(minutes=3)))
    with pytest.raises(errors.StartCodeLocked):
        orders.start(order, WHO["assignee"], NOON, facts=STARTING, fits_after=(0,))


def test_delivering_stops_whatever_runs_and_waits_for_the_rating() -> None:
    order = replace(an_order(S.IN_SERVICE), live=(FINISH, REPLY, PLAN))
    served = Served(NOON - timedelta(minutes=95, seconds=59), NOON - timedelta(hours=2))
    change = orders.deliver(order, WHO["assignee"], NOON, facts=served, outcome="做好了")
    assert (change.state, change.starts) == (S.DELIVERED, ["rating"])
    assert sorted(change.stops) == ["finish", "plan", "reply"]
    (hours,) = change.rows
    assert (hours.table, hours.values["person_id"], hours.values["round"]) == (ServiceRecord, VOLUNTEER, 1)
    assert (hours.values["started_at"], hours.values["ended_at"], hours.values["minutes"]) == (
        served.started_at,
        NOON,
        95,
    )
