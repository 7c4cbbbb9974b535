"""The rules of assignments, pure: what a unit that was whistled does, and until when (domain.md §5)."""

from app.domain.cases.models import AssignmentState as A
from app.domain.cases.policy import arbiter, head, office, officers
from app.domain.cases.words import OF_ASSIGNMENTS, WAITING_ASSIGNMENTS
from app.kernel.lifecycle import STAYS, Lifecycle, Transition
from app.kernel.rules import Rule, Rules, Via

unit = Rule(Via.UNIT)
in_unit = Rule(Via.SEATED)
system = Rule(Via.SYSTEM)

READ: Rules = (unit, officers, in_unit)
"""Who sees an assignment: the unit, whoever sits on the same board, and the officers of the place and above."""

ARBITRATE: Rules = (arbiter,)
"""Who sees which contests wait to be decided."""

LIVE = (A.SENT, A.SIGNED, A.REPORTED_IN, A.WORKING, A.CONTESTED)
ENDED = (A.DONE, A.EXCUSED)
ALL = ("sign", "report_in", "arbitration")

LIFECYCLE = Lifecycle(
    "assignment",
    Transition("send", (), A.SENT, (head, arbiter, system), starts=("sign", "report_in")),
    Transition("sign", (A.SENT,), A.SIGNED, (unit,), stops=("sign",), may_start=("contest",)),
    Transition("report_in", (A.SIGNED,), A.REPORTED_IN, (unit,), stops=("report_in",)),
    Transition("begin", (A.REPORTED_IN,), A.WORKING, (unit,)),
    Transition("finish", (A.REPORTED_IN, A.WORKING), A.DONE, (unit,)),
    Transition("complete", (A.SENT, A.SIGNED, A.REPORTED_IN, A.WORKING), A.DONE, (system,), stops=ALL, hidden=True),
    Transition("contest", (A.SIGNED, A.REPORTED_IN), A.CONTESTED, (unit,), starts=("arbitration",)),
    Transition("uphold", (A.CONTESTED,), A.EXCUSED, (arbiter,), stops=ALL, may_start=("sign", "report_in")),
    Transition("dismiss", (A.CONTESTED,), A.SIGNED, (arbiter,), stops=("arbitration",)),
    Transition("dismiss_reported", (A.CONTESTED,), A.REPORTED_IN, (arbiter,), stops=("arbitration",)),
    Transition("excuse", LIVE, A.EXCUSED, (office,), stops=ALL),
    Transition("release", LIVE, A.EXCUSED, (system,), stops=ALL, hidden=True),
    Transition("reopen", (A.DONE,), A.WORKING, (system,), hidden=True),
    Transition("promise", (*LIVE, A.DONE), STAYS, (system,), hidden=True),
    Transition("recalculate", LIVE, STAYS, (system,), timed=True, hidden=True),
    # How the two sides rate each other afterwards: facts, no states
    Transition("rate_department", ENDED, STAYS, (office,)),
    Transition("rate_whistler", ENDED, STAYS, (unit,)),
    states_zh={state: state.label for state in A},
    actions_zh=OF_ASSIGNMENTS,
    advice_zh=WAITING_ASSIGNMENTS,
    promised=(A.SENT, A.SIGNED, A.CONTESTED),
)  # fmt: skip

LOW = 2
"""So few stars need a reason."""
