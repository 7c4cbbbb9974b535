"""A case whose representative has no consent any more, as values."""

from dataclasses import replace
from uuid import uuid4

import pytest

from app.domain.cases.callback_tables import Callback
from app.domain.cases.ended_consents import Asked, to_beneficiary
from app.domain.cases.models import CaseReporter, CaseState
from app.domain.cases.policy import UNENDED
from app.kernel.change import Event, Patch
from app.kernel.errors import NotAllowed, TransitionRefused
from app.kernel.rules import SYSTEM
from tests.unit.cases.test_call_backs import NOON, RESIDENT, a_case

MOTHER, REPORTER, CALL = uuid4(), uuid4(), uuid4()
ASKED = Asked(REPORTER, (CALL,))


@pytest.mark.parametrize("state", CaseState)
def test_it_becomes_the_beneficiarys_in_every_state_with_its_call_backs(state: CaseState) -> None:
    change = to_beneficiary(a_case(state, beneficiary_id=MOTHER), SYSTEM, NOON, facts=ASKED, former_id=RESIDENT.id)
    assert (change.state, change.columns) == (state, {"requester_id": MOTHER})
    assert change.patches == [
        Patch(CaseReporter, {"id": REPORTER, "person_id": MOTHER}),
        Patch(Callback, {"id": CALL, "reporter_id": MOTHER}),
    ]
    assert change.events == ([Event("case.yours_now", to_person=MOTHER)] if state in UNENDED else [])


def test_who_joined_it_themselves_is_asked_as_that() -> None:
    case = a_case(beneficiary_id=MOTHER)
    joined = replace(case, detail=replace(case.detail, reporters=(RESIDENT.id, MOTHER)))
    change = to_beneficiary(joined, SYSTEM, NOON, facts=ASKED, former_id=RESIDENT.id)
    assert (change.columns, change.patches) == ({"requester_id": MOTHER}, [])


def test_once_and_by_the_system_alone() -> None:
    with pytest.raises(TransitionRefused):
        to_beneficiary(a_case(), SYSTEM, NOON, facts=ASKED, former_id=RESIDENT.id)
    with pytest.raises(NotAllowed):
        to_beneficiary(a_case(beneficiary_id=MOTHER), RESIDENT, NOON, facts=ASKED, former_id=RESIDENT.id)
