"""The rules of orders, pure: the table of moves, who reads what, and the guards. No clock, no SQL, no await."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.orders.models import OrderState as S
from app.domain.orders.words import ACTIONS, ENDED
from app.domain.services.models import Form
from app.kernel.lifecycle import STAYS, Lifecycle, Transition
from app.kernel.rules import Role, Rule, Rules, Via, reach

requester = Rule(Via.SELF)
beneficiary = Rule(Via.BENEFICIARY)
assignee = Rule(Via.ASSIGNED)
team = Rule(Via.TEAM)
lead = Rule(Via.LEAD)
staff = reach(Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
resident = reach(Role.RESIDENT)
representative = Rule(Via.REPRESENTATIVE)
station = reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
placer = Rule(Via.PLACER, station.roles)
"""Whoever placed it for a caller reads it again and passes on what the caller says: it is the caller who cancels, confirms,
answers and rates (domain.md §3), and who has no phone to do it with. Who is not on the staff there any more has nothing of it."""
pool = Rule(Via.POOL, frozenset({Role.VOLUNTEER}))
BEFORE_SERVICE = (S.SUBMITTED, S.OFFERED, S.ACCEPTED)
OPEN = (*BEFORE_SERVICE, S.IN_SERVICE)
phoning = replace(reach(Role.STATION_STAFF), states=frozenset((*OPEN, S.DELIVERED)))
"""Who is at the station answers whoever rings about their order, and calls the resident when somebody stands at the door without
a code (domain.md §3, start): so they see what is under way, and what is done until it was said how it went; whom to call; and
record that they reached them."""
reaching = replace(assignee, states=frozenset({S.ACCEPTED, S.IN_SERVICE, S.DELIVERED}))
"""Who was only offered an order has nobody's number yet: they reach the resident from the acceptance on."""
desk = Rule(Via.DESK, station.roles, frozenset(OPEN))
"""Whoever rings about what is under way is heard, whoever placed it: the staff there pass on what they say."""
heard_at_desk = replace(desk, states=frozenset({S.DELIVERED}))
"""And how it went, of whoever cannot say so themselves: nobody on their side logs in (`outcomes.py`)."""
clerk = Rule(Via.DESK, phoning.roles, desk.states)
"""Of a time only the station speaks for the resident: who dispatches is there for whoever serves (`appointments.py`)."""
keeper = Rule(Via.KEEPER)
"""Whoever took papers of an errand that are still out brings them back, whoever has the errand by now (domain.md §3)."""
system = Rule(Via.SYSTEM)

READ: Rules = (requester, beneficiary, assignee, team, staff, pool, phoning, placer, keeper)
"""Who sees that an order is there, and in which state. One that was opened to the pool stays in sight of the volunteers, and
one that was offered to a team in sight of its members, so that a late claim or acceptance is told why it lost."""

DETAIL: Rules = (
    requester,
    beneficiary,
    assignee,
    lead,
    Rule(Via.TEAM, states=frozenset({S.OFFERED})),
    staff,
    Rule(Via.POOL, frozenset({Role.VOLUNTEER}), frozenset({S.SUBMITTED, S.OFFERED})),
    phoning,
    placer,
    keeper,
)
"""Who sees what it is about: note, outcome, history, deadlines. Volunteers and members of a team only while they may still
take it; the team's lead as long as it is the team's."""

CONTACT: Rules = (
    requester,
    beneficiary,
    Rule(Via.ASSIGNED, states=frozenset({S.ACCEPTED, S.IN_SERVICE})),
    staff,
    phoning,
    placer,
    keeper,
)
"""Who sees name, phone and address: a volunteer only while the order is theirs and live, or they have papers to bring back;
whoever wrote it down for a caller."""

RATING: Rules = (requester, beneficiary, staff, placer)
"""Who sees a rating of one order, also who passed it on; but never who was rated, whatever else they are (a condition of the
policy in SQL)."""

OWN: Rules = (requester, beneficiary, assignee)
"""Whose order it is in person, without a role."""

CODE: Rules = (requester, beneficiary)
"""Who reads the start code."""

CASE: Rules = (requester, beneficiary, staff, placer)
"""Who is told of the case that an order becomes: whoever reads that case too."""

ADVISED: Rules = (requester, beneficiary, station, placer)
"""Whom it concerns how help is still to be had after an end: the resident's side and the staff, and not whoever served."""

PAPERS: Rules = (requester, beneficiary, assignee, lead, staff, phoning, placer)
"""Who reads an errand's authority and the receipts for its papers: both sides, staff, and who passes on what the resident says;
and whoever signed a receipt, theirs."""

EVIDENCE: Rules = (requester, beneficiary, staff)
"""Who sees what shows that it was done: whoever it was done for, and who answers for the place; and whoever gave it, theirs."""

OPEN_DAYS: Rules = (staff,)
"""Who opens and cancels service days, beside the lead of the team."""

chief = reach(Role.SECRETARY, Role.ADMINISTRATOR)
served = (requester, beneficiary)
voices = (*served, placer, desk)
"""Whoever it serves, and the staff who pass on what they say."""
heard = (*served, placer)
"""When it is done who placed it passes on how it went."""
delivered = tuple(replace(rule, states=frozenset({S.DELIVERED})) for rule in served)
"""Whoever it served may ask for it once more until they have rated; then it is the secretary's to say."""
passed_on = replace(placer, states=frozenset({S.DELIVERED}))

LOOKS: Rules = (*OWN, chief)
"""Who reads who looked at an order's personal data: each at what was shown of themselves, and who answers for the place."""

SHIFT = reach(Role.DISPATCHER, Role.SECRETARY)
"""Whose shifts are handed over."""

PAPERS_OUT = (*OPEN, S.CANCELLED, S.REJECTED, S.CONVERTED)
"""Where papers may still be out: whatever became of the errand, they come back."""

ANSWERED = ("reply", "reply_in_person")
SETTLED = ("coordinate", "plan")
PROMISED = ("promise", "promise_late")
FOUR = ("respond", "reply", "coordinate", "plan")
"""The four of "2341"."""
FRESH = (*FOUR, "dispatch")
"""What begins with each round: the four, and the matcher's turn."""
AGREED = ("appointment", "wish", *PROMISED)
"""What ends when whoever had agreed to it lets go."""
BEGUN = ("appointment", "wish", "finish")
"""What ends when the service begins."""
ALL = ("respond", "dispatch", "offer", *ANSWERED, *SETTLED, *AGREED, "finish")

LIFECYCLE = Lifecycle(
    "order",
    # What moves it: action, from, to, by, and the limits that start and stop (domain.md §3, §4.4)
    Transition("place", (), S.SUBMITTED, (representative, resident), starts=FRESH),
    Transition("place_for_caller", (), S.SUBMITTED, (station,), starts=FRESH),
    Transition("wish", (), S.SUBMITTED, (representative, resident, station), starts=FOUR),
    Transition("book", (), S.ACCEPTED, (representative, resident, station), starts=("appointment",)),
    Transition("offer", (S.SUBMITTED,), S.OFFERED, (staff,), stops=("dispatch",), starts=("offer",)),
    Transition("match", (S.SUBMITTED,), S.OFFERED, (system,), stops=("dispatch",), starts=("offer",), hidden=True),
    Transition("open_pool", (S.SUBMITTED,), STAYS, (system,), stops=("dispatch",), hidden=True),
    Transition("decline", (S.OFFERED,), S.SUBMITTED, (assignee,), stops=("offer",), starts=("dispatch",)),
    Transition("lapse", (S.OFFERED,), S.SUBMITTED, (system,), stops=("offer",), starts=("dispatch",)),
    Transition("accept", (S.OFFERED,), S.ACCEPTED, (assignee, team), stops=("respond", "offer")),
    Transition("claim", (S.SUBMITTED, S.OFFERED), S.ACCEPTED, (pool,), stops=("respond", "dispatch", "offer")),
    Transition("claim_wish", (S.SUBMITTED,), S.ACCEPTED, (pool,), stops=("respond",), starts=("wish",)),
    Transition("expire_claim", (S.ACCEPTED,), S.SUBMITTED, (system,), stops=AGREED, timed=True, hidden=True),
    Transition("assign", (S.ACCEPTED,), STAYS, (lead,)),
    Transition("release", (S.ACCEPTED,), S.SUBMITTED, (assignee, lead), stops=AGREED, starts=("dispatch",),
               timed=True),
    Transition("take_back", (S.OFFERED, S.ACCEPTED), S.SUBMITTED, (staff,), stops=("offer", *AGREED), starts=("dispatch",),
               timed=True),
    Transition("hand_back", (S.OFFERED, S.ACCEPTED), S.SUBMITTED, (system,), stops=("offer", *AGREED), starts=("dispatch",),
               timed=True, hidden=True),
    Transition("server_leaves", (S.IN_SERVICE,), STAYS, (system,), hidden=True),
    Transition("miss_appointment", (S.ACCEPTED,), S.SUBMITTED, (system,), stops=("appointment", "wish"),
               starts=("dispatch",), timed=True, hidden=True),
    Transition("start", (S.ACCEPTED,), S.IN_SERVICE, (assignee,), stops=BEGUN, starts=("finish",)),
    Transition("hand_over_papers", (S.ACCEPTED,), S.IN_SERVICE, (assignee,), stops=BEGUN, starts=("finish",)),
    Transition("wrong_code", (S.ACCEPTED,), STAYS, (assignee,), hidden=True),
    Transition("abort", (S.IN_SERVICE,), S.SUBMITTED, (assignee, *voices), stops=("finish", *PROMISED),
               starts=("dispatch",), timed=True),
    Transition("call_off", (S.IN_SERVICE,), S.CANCELLED, (assignee, *voices), stops=ALL),
    Transition("deliver", (S.IN_SERVICE,), S.DELIVERED, (assignee,), stops=ALL, starts=("rating",)),
    Transition("rate", (S.DELIVERED,), S.RATED, (*heard, heard_at_desk), stops=("rating",), may_start=FRESH),
    Transition("rework", (S.DELIVERED, S.RATED), S.SUBMITTED, (*delivered, chief, passed_on, heard_at_desk), stops=("rating",),
               starts=FRESH),
    Transition("close_unrated", (S.DELIVERED,), S.CLOSED_UNRATED, (system,), stops=("rating",), hidden=True),
    Transition("reject", (S.SUBMITTED,), S.REJECTED, (staff,), stops=ALL),
    Transition("cancel", BEFORE_SERVICE, S.CANCELLED, voices, stops=ALL),
    Transition("cancel_day", (S.ACCEPTED,), S.CANCELLED, (system,), stops=ALL, hidden=True),
    Transition("end_booking", (S.ACCEPTED,), S.CANCELLED, (assignee, lead, staff, system), stops=ALL, hidden=True),
    Transition("convert", BEFORE_SERVICE, S.CONVERTED, (staff, system), stops=ALL),
    Transition("recategorise", (S.SUBMITTED, S.OFFERED), S.SUBMITTED, (staff,), stops=("offer",), may_start=("dispatch",),
               timed=True),
    # What is said and agreed on the way: facts, no states
    Transition("contact", (*OPEN, S.DELIVERED), STAYS, (staff, phoning, reaching), stops=("respond",)),
    Transition("reply", OPEN, STAYS, (staff, assignee), stops=ANSWERED),
    Transition("ask", OPEN, STAYS, (staff, assignee), timed=True),
    Transition("answer", OPEN, STAYS, voices, timed=True),
    Transition("change_contact", OPEN, STAYS, voices),
    Transition("propose", (S.ACCEPTED,), STAYS, (requester, assignee, placer, staff, clerk), timed=True),
    Transition("confirm", (S.ACCEPTED,), STAYS, (requester, assignee, placer, staff, clerk), stops=(*SETTLED, "appointment"),
               starts=("appointment",), timed=True),
    Transition("write_plan", OPEN, STAYS, (staff, assignee), stops=("plan", *PROMISED), starts=("promise",)),
    Transition("pause", OPEN, STAYS, (chief,), timed=True),
    Transition("resume", OPEN, STAYS, (staff,), timed=True),
    Transition("dispute", OPEN, STAYS, (requester, beneficiary), timed=True),
    Transition("decide", OPEN, STAYS, (chief,), timed=True),
    Transition("record_authority", (S.ACCEPTED, S.IN_SERVICE), STAYS, voices),
    Transition("withdraw_authority", (S.ACCEPTED, S.IN_SERVICE), STAYS, voices),
    Transition("return_papers", PAPERS_OUT, STAYS, (assignee, staff, keeper)),
    Transition("wrong_return_code", PAPERS_OUT, STAYS, (assignee, staff, keeper), hidden=True),
    Transition("recalculate", (*OPEN, S.DELIVERED), STAYS, (system,), timed=True, hidden=True),
    Transition("hand_over", (*OPEN, S.DELIVERED), STAYS, (system,), hidden=True),
    Transition("to_beneficiary", tuple(S), STAYS, (system,), hidden=True),
    states_zh={state: state.label for state in S},
    actions_zh=ACTIONS,
    advice_zh=ENDED,
    advised=ADVISED,
    promised=OPEN,
    only_told=(S.IN_SERVICE,),
    suits=lambda action, order: suits(action, order.detail.form),
    called=lambda state, order: S(state).said(order.detail.form if order.detail else Form.VISIT),
)  # fmt: skip

ONLY_FOR = {
    "claim_wish": Form.WISH,
    "record_authority": Form.ERRAND,
    "withdraw_authority": Form.ERRAND,
    "hand_over_papers": Form.ERRAND,
    "return_papers": Form.ERRAND,
}
NOT_FOR = {"offer": Form.WISH, "claim": Form.WISH, "start": Form.ERRAND, "recategorise": Form.SERVICE_DAY}


def suits(action: str, form: str) -> bool:
    """Whether an action is for orders of this form: a wish is claimed and not offered, an errand starts with its papers, a
    booked place stays one on that day."""
    return ONLY_FOR.get(action, form) == form and NOT_FOR.get(action) != form


FAILURES_BEFORE_POOL = 2
"""After so many offers that were declined or lapsed every qualified volunteer may claim, and the duty officer is told
(domain.md §3)."""

ROUNDS_BY_ASKING = 1
"""So many new rounds come by themselves, when it was rated unsolved or the resident asks; the next needs the secretary
(domain.md §3)."""

WRONG_CODES = 5
WRONG_CODE_WINDOW = timedelta(minutes=10)
"""So many wrong start codes within the window close the door until it has passed: six digits are not to be guessed. A guard, as
for wrong passwords, and no limit of domain.md §4: nobody is promised anything by it."""


def code_is_locked(wrong_codes: int, since: datetime | None, now: datetime) -> bool:
    """Whether too many wrong start codes came in the last ten minutes."""
    return since is not None and now < since + WRONG_CODE_WINDOW and wrong_codes >= WRONG_CODES


def needs_reason(stars: int, solved: str) -> bool:
    """A low rating (one or two stars, or not solved) says why."""
    return stars <= 2 or solved == "no"
