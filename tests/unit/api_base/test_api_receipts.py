"""A receipt says in Chinese what was done."""

from app.api.receipts import DONE, LABELS
from app.domain.cases import board_policy
from app.domain.cases import policy as case_policy
from app.domain.orders import policy as order_policy
from app.main import VERBS

LIFECYCLES = (order_policy.LIFECYCLE, case_policy.LIFECYCLE, board_policy.LIFECYCLE)


def test_every_verb_of_a_record_has_its_word() -> None:
    matters = {lifecycle.kind for lifecycle in LIFECYCLES}
    assert {verb.name for verb in VERBS if verb.kind not in matters} <= DONE.keys()


def test_a_state_has_one_name() -> None:
    for lifecycle in LIFECYCLES:
        assert lifecycle.states_zh.keys() & DONE.keys() == set()
        assert {state: LABELS[state] for state in lifecycle.states_zh} == dict(lifecycle.states_zh)
