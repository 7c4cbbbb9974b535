"""The rules of orders, pure: the table of moves, who reads what, and the guards. No clock, no SQL, no await."""

from datetime import datetime, timedelta

from app.domain.orders.models import OrderState as S
from app.kernel.lifecycle import STAYS, Lifecycle, Transition
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

RATING: Rules = (requester, beneficiary, staff)
"""Who sees a rating of one order; but never who was rated, whatever else they are (a condition of the policy in SQL)."""

OWN: Rules = (requester, beneficiary, assignee)
"""Whose order it is in person, without a role."""

CODE: Rules = (requester, beneficiary)
"""Who reads the start code."""

chief = reach(Role.SECRETARY, Role.ADMINISTRATOR)

LOOKS: Rules = (*OWN, chief)
"""Who reads who looked at an order's personal data: each at what was shown of themselves, and who answers for the place."""

SHIFT = reach(Role.DISPATCHER, Role.SECRETARY)
"""Whose shifts are handed over."""

BEFORE_SERVICE = (S.SUBMITTED, S.OFFERED, S.ACCEPTED)
OPEN = (*BEFORE_SERVICE, S.IN_SERVICE)

ANSWERED = ("reply", "reply_in_person")
SETTLED = ("coordinate", "plan")
PROMISED = ("promise", "promise_late")
ALL = ("respond", "offer", *ANSWERED, *SETTLED, "appointment", *PROMISED, "finish")

LIFECYCLE = Lifecycle(
    "order",
    # What moves it: action, from, to, by, and the limits that start and stop (domain.md §3, §4.4)
    Transition("place", (), S.SUBMITTED, (resident,), starts=("respond", "reply", "coordinate", "plan")),
    Transition("offer", (S.SUBMITTED,), S.OFFERED, (staff,), starts=("offer",)),
    Transition("lapse", (S.OFFERED,), S.SUBMITTED, (system,), stops=("offer",)),
    Transition("accept", (S.OFFERED,), S.ACCEPTED, (assignee,), stops=("respond", "offer")),
    Transition("claim", (S.SUBMITTED, S.OFFERED), S.ACCEPTED, (pool,), stops=("respond", "offer")),
    Transition("miss_appointment", (S.ACCEPTED,), S.SUBMITTED, (system,), stops=("appointment",), timed=True),
    Transition("start", (S.ACCEPTED,), S.IN_SERVICE, (assignee,), stops=("appointment", "finish"), starts=("finish",)),
    Transition("wrong_code", (S.ACCEPTED,), STAYS, (assignee,), hidden=True),
    Transition("deliver", (S.IN_SERVICE,), S.DELIVERED, (assignee,), stops=ALL, starts=("rating",)),
    Transition("rate", (S.DELIVERED,), S.RATED, (requester,), stops=("rating",)),
    Transition("close_unrated", (S.DELIVERED,), S.CLOSED_UNRATED, (system,), stops=("rating",)),
    Transition("cancel", BEFORE_SERVICE, S.CANCELLED, (requester,), stops=ALL),
    # What is said and agreed on the way: facts, no states
    Transition("contact", (*OPEN, S.DELIVERED), STAYS, (staff, assignee), stops=("respond",)),
    Transition("reply", OPEN, STAYS, (staff, assignee), stops=ANSWERED),
    Transition("ask", OPEN, STAYS, (staff, assignee), timed=True),
    Transition("answer", OPEN, STAYS, (requester, beneficiary), timed=True),
    Transition("propose", (S.ACCEPTED,), STAYS, (requester, assignee, staff)),
    Transition("confirm", (S.ACCEPTED,), STAYS, (requester, assignee, staff), stops=SETTLED, starts=("appointment",)),
    Transition("write_plan", OPEN, STAYS, (staff, assignee), stops=("plan", *PROMISED), starts=("promise",)),
    Transition("pause", OPEN, STAYS, (chief,), timed=True),
    Transition("resume", OPEN, STAYS, (staff,), timed=True),
    Transition("dispute", OPEN, STAYS, (requester, beneficiary), timed=True),
    Transition("decide", OPEN, STAYS, (chief,), timed=True),
    Transition("recalculate", (*OPEN, S.DELIVERED), STAYS, (system,), timed=True, hidden=True),
    Transition("hand_over", (*OPEN, S.DELIVERED), STAYS, (system,), hidden=True),
    promised=OPEN,
    only_told=(S.IN_SERVICE,),
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


PAUSES_PER_BUDGET = 2
"""All pauses of a deadline together last at most so many times its budget (domain.md §4.5)."""
