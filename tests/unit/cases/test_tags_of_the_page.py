"""What the docs page says who may do is what the rules of cases say."""

import pytest

from app.api.docs import _TAGS, Tag
from app.domain.cases import callback_policy
from app.domain.cases.policy import LIFECYCLE
from app.kernel.rules import Role, Rules


def may(rules: Rules, role: Role) -> bool:
    return any(role in rule.roles for rule in rules)


@pytest.mark.parametrize(
    ("word", "rules"),
    [
        ("提请吹哨", LIFECYCLE["propose_whistle"].by),
        ("核验结果", LIFECYCLE["accept_result"].by),
        ("上报一级", LIFECYCLE["escalate"].by),
        ("查看督办", callback_policy.SUPERVISE),
        ("批准吹哨", LIFECYCLE["approve_whistle"].by),
        ("挂账", LIFECYCLE["hang"].by),
        ("下派", LIFECYCLE["hand_down"].by),
        ("决定延期", LIFECYCLE["decide_extension"].by),
        ("查看三率", callback_policy.FIGURES),
    ],
)
def test_what_the_street_does_is_named_for_whom_it_is(word: str, rules: Rules) -> None:
    both, only_the_secretary = _TAGS[Tag.STREET].partition("查看督办;")[::2]
    both += "查看督办"
    assert may(rules, Role.SECRETARY)
    assert (word in both, word in only_the_secretary) == (
        (True, False) if may(rules, Role.DISPATCHER) else (False, True)
    )


def test_an_information_officer_only_reports() -> None:
    assert [t.action for t in LIFECYCLE.transitions if may(t.by, Role.INFORMATION_OFFICER)] == ["report"]
    assert "民情信息员只上报" in _TAGS[Tag.GRID_WORKER]
