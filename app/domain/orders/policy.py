"""The rules of orders, pure: the table of moves, who reads what, and the guards. No clock, no SQL, no await."""

from datetime import datetime, timedelta

from app.domain.orders.models import OrderState as S
from app.kernel.lifecycle import Lifecycle, Transition
from app.kernel.rules import Role, Rule, Rules, Via, reach

requester = Rule(Via.SELF)
beneficiary = Rule(Via.BENEFICIARY)
assignee = Rule(Via.ASSIGNED)
staff = reach(Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
resident = reach(Role.RESIDENT)
pool = Rule(Via.POOL, frozenset({Role.VOLUNTEER}))
system = Rule(Via.SYSTEM)

READ: Rules = (requester, beneficiary, assignee, staff, pool)
"""Who sees that an order is there, and in which state. One that was opened to the pool stays in sight of the volunteers, so
that a late claim is told why it lost."""

DETAIL: Rules = (
    requester,
    beneficiary,
    assignee,
    staff,
    Rule(Via.POOL, frozenset({Role.VOLUNTEER}), frozenset({S.SUBMITTED, S.OFFERED})),
)
"""Who sees what it is about: note, outcome, history, deadlines, rating. Volunteers only while they may still claim it."""

CONTACT: Rules = (
    requester,
    beneficiary,
    Rule(Via.ASSIGNED, states=frozenset({S.ACCEPTED, S.IN_SERVICE})),
    staff,
)
"""Who sees name, phone and address: a volunteer only while the order is theirs and live."""

CODE: Rules = (requester, beneficiary)
"""Who reads the start code."""

LIFECYCLE = Lifecycle(
    "order",
    #          action     from                                  to            by
    Transition("place", (), S.SUBMITTED, (resident,), starts=("respond",)),
    Transition("offer", (S.SUBMITTED,), S.OFFERED, (staff,), starts=("offer",)),
    Transition("lapse", (S.OFFERED,), S.SUBMITTED, (system,), stops=("offer",)),
    Transition("accept", (S.OFFERED,), S.ACCEPTED, (assignee,), stops=("respond", "offer"), starts=("finish",)),
    Transition("claim", (S.SUBMITTED, S.OFFERED), S.ACCEPTED, (pool,), stops=("respond", "offer"), starts=("finish",)),
    Transition("start", (S.ACCEPTED,), S.IN_SERVICE, (assignee,)),
    Transition("wrong_code", (S.ACCEPTED,), S.ACCEPTED, (assignee,)),
    Transition("deliver", (S.IN_SERVICE,), S.DELIVERED, (assignee,), stops=("finish",)),
    Transition("rate", (S.DELIVERED,), S.RATED, (requester,)),
    Transition(
        "cancel",
        (S.SUBMITTED, S.OFFERED, S.ACCEPTED),
        S.CANCELLED,
        (requester,),
        stops=("respond", "offer", "finish"),
    ),
    promised=(S.SUBMITTED, S.OFFERED, S.ACCEPTED, S.IN_SERVICE),
)

LAPSES_BEFORE_POOL = 2
"""After so many failed offers every qualified volunteer may claim, and the duty officer is told (domain.md §3)."""

WRONG_CODES = 5
WRONG_CODE_WINDOW = timedelta(minutes=10)
"""So many wrong start codes within the window close the door until it has passed: six digits are not to be guessed."""


def code_is_locked(wrong_codes: int, since: datetime | None, now: datetime) -> bool:
    """Whether too many wrong start codes came in the last ten minutes."""
    return since is not None and now < since + WRONG_CODE_WINDOW and wrong_codes >= WRONG_CODES


def needs_reason(stars: int, solved: str) -> bool:
    """A low rating (one or two stars, or not solved) says why."""
    return stars <= 2 or solved == "no"
