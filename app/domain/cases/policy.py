"""The rules of cases, pure: the table of moves, who reads what, and which limit governs. No clock, no SQL, no await."""

from datetime import datetime, time, timedelta

from app.domain.cases.models import CaseState as S
from app.domain.cases.models import Lane, WhistleKind
from app.domain.cases.words import ENDED_CASES, OF_CASES
from app.domain.places.models import Level
from app.kernel.lifecycle import STAYS, Lifecycle, Transition
from app.kernel.rules import Role, Rule, Rules, Via, reach, seated
from app.kernel.time import CHINA

requester = Rule(Via.SELF)
beneficiary = Rule(Via.BENEFICIARY)
reporter = Rule(Via.REPORTER)
joiner = Rule(Via.JOINER)
representative = Rule(Via.REPRESENTATIVE)
resident = reach(Role.RESIDENT)
watchers = reach(Role.GRID_WORKER, Role.INFORMATION_OFFICER, Role.BRANCH_SECRETARY)
station = reach(Role.STATION_STAFF, Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
placer = Rule(Via.PLACER, station.roles)
grid_worker = reach(Role.GRID_WORKER)
lead = Rule(Via.UNIT)
in_unit = Rule(Via.SEATED)
office = seated(Role.DISPATCHER, Role.SECRETARY, Role.ADMINISTRATOR)
head = seated(Role.SECRETARY, Role.ADMINISTRATOR)
branch = reach(Role.BRANCH_SECRETARY)
local_officers = reach(Role.GRID_WORKER, *office.roles)
"""The officers of the place and those above it, whoever holds the case by now: they go on talking to its reporter."""
caller_back = reach(Role.CALLBACK_OFFICER)
supervisor = reach(Role.SUPERVISOR)
arbiter = reach(Role.ARBITER)
system = Rule(Via.SYSTEM)

officers = reach(
    Role.GRID_WORKER, Role.BRANCH_SECRETARY, Role.DISPATCHER, Role.SECRETARY, Role.CALLBACK_OFFICER, Role.SUPERVISOR,
    Role.ARBITER, Role.ADMINISTRATOR,
)  # fmt: skip

CONTACT: Rules = (office, lead, local_officers)
"""Who contacts the reporters of a case and replies to them, and so looks up who they are while it is open: the same three."""

READ: Rules = (requester, beneficiary, lead, officers, reporter, in_unit, joiner, placer)
"""Who sees a case: whoever reported or joined it, the officers of its place and above, and the units with a seat on its board;
whoever joins it, with that command; and who reported it for a caller, or placed the order that it was, while they are on the
staff there."""

CONTACTS: Rules = (requester, beneficiary, lead, officers, in_unit, placer)
"""Who reads what was said when a reporter was reached: whoever works on the case, and whose it is, not who joined it."""

CATALOGUE: Rules = (reach(Role.ADMINISTRATOR),)
"""Who publishes categories."""

ADMISSION: Rules = (reach(Role.ADMINISTRATOR, Role.SECRETARY),)
"""Who publishes what communities admit: at the street, or above it."""

SEARCH: Rules = (requester, beneficiary, reporter, lead, in_unit, officers, placer)
"""Who finds cases: officers those of their places, everybody their own."""

SIMILAR: Rules = (resident, watchers, station)
"""Who is shown what is like a trouble nearby: whoever may report it there."""

STANDING = (requester, beneficiary, reporter)
"""Whose case it is in person."""

LOOKS: Rules = (*STANDING, reach(Role.SECRETARY, Role.ADMINISTRATOR))
"""Who reads who looked a reporter up: each at looks at themselves, and who answers for the place."""

RESOLVES = (
    "resolve_small", "resolve_community", "resolve_street", "resolve_district", "resolve_emergency", "resolve_routine",
    "resolve_hard", "milestone", "renewal",
)  # fmt: skip
"""The limits that may govern a case while it is worked on, one at a time."""

AT_WORK = (S.HANDLING, S.WHISTLED)
OPEN = (S.REPORTED, *AT_WORK, S.RESULT, S.CALLBACK, S.DELIBERATING, S.HUNG)
UNENDED = (*OPEN, S.MERGED)
"""While its reporter is to be reached and answered; also of a merged one, whose reporters keep their promise (domain.md §5)."""
ENDED = (S.CLOSED, S.CLOSED_UNREACHED, S.WITHDRAWN, S.TERMINATED)
"""How a case ends that was whistled."""
BEFORE_RESULT = (S.REPORTED, *AT_WORK, S.DELIBERATING, S.HUNG)
TAKES_IN = (*BEFORE_RESULT, S.RESULT)
"""While others may be merged into a case, or join it: nobody has been called back yet."""
GOVERNING = ("triage", "check", "callback", "deliberation", "review", *RESOLVES)
ALL = ("respond", "reply", "answer", "meeting", *GOVERNING)

RETURNS = 2
"""So often a result is sent back in a round, by whomever; the next level decides about the third (domain.md §5)."""

LIFECYCLE = Lifecycle(
    "case",
    # What moves it: action, from, to, by, and the limits that start and stop (domain.md §5)
    Transition("report", (), S.REPORTED, (representative, resident, watchers), starts=("respond", "reply", "triage")),
    Transition("report_for_caller", (), S.REPORTED, (station,), starts=("respond", "reply", "triage")),
    Transition("solve_on_the_spot", (), S.CALLBACK, (grid_worker,), starts=("callback",)),
    Transition("open_converted", (), S.HANDLING, (system,), starts=("resolve_community",), hidden=True),
    Transition("alarm", (S.REPORTED, S.HANDLING), S.WHISTLED, (system,), stops=("triage",), may_start=RESOLVES, timed=True,
               hidden=True),
    Transition("no_unit", (S.REPORTED,), STAYS, (system,), hidden=True),
    Transition("refuse", (S.REPORTED,), S.NOT_ACCEPTED, (grid_worker, office), stops=ALL),
    Transition("triage", (S.REPORTED,), S.HANDLING, (grid_worker, office), stops=("triage",), may_start=RESOLVES, timed=True),
    Transition("withdraw", BEFORE_RESULT, S.WITHDRAWN, (requester, beneficiary, placer), stops=ALL),
    Transition("escalate", (S.HANDLING,), STAYS, (grid_worker, office, system), may_start=RESOLVES, timed=True),
    Transition("hand_down", (S.HANDLING,), STAYS, (head,), may_start=RESOLVES, timed=True),
    Transition("propose_whistle", (S.HANDLING,), STAYS, (branch, grid_worker, office)),
    Transition("approve_whistle", (S.HANDLING,), S.WHISTLED, (head,), may_start=(*RESOLVES, "meeting"), timed=True),
    Transition("refuse_whistle", (S.HANDLING,), STAYS, (head,)),
    Transition("confirm_whistle", (S.WHISTLED, S.RESULT, S.CALLBACK), STAYS, (head,)),
    Transition("submit_result", (S.HANDLING,), S.CALLBACK, (grid_worker, office), stops=RESOLVES, starts=("callback",),
               may_start=("check",)),
    Transition("submit_whistled", (S.WHISTLED,), S.RESULT, (lead,), stops=(*RESOLVES, "meeting"), starts=("check",)),
    Transition("accept_result", (S.RESULT,), S.CALLBACK, (office, system), stops=("check",), starts=("callback",)),
    Transition("return_result", (S.RESULT,), S.WHISTLED, (office,), stops=("check",), may_start=("renewal",),
               timed=True),
    Transition("close", (S.CALLBACK,), S.CLOSED, (*STANDING, caller_back), stops=ALL),
    Transition("close_unreached", (S.CALLBACK,), S.CLOSED_UNREACHED, (caller_back,), stops=ALL),
    Transition("reopen", (S.CALLBACK,), S.HANDLING, (caller_back,), stops=("callback",), may_start=RESOLVES, timed=True),
    Transition("reopen_whistled", (S.CALLBACK,), S.WHISTLED, (caller_back,), stops=("callback",), may_start=RESOLVES, timed=True),
    Transition("deliberate", (S.HANDLING,), S.DELIBERATING, (branch, office), stops=RESOLVES, starts=("deliberation",)),
    Transition("conclude", (S.DELIBERATING,), S.HANDLING, (branch, office), stops=("deliberation",), may_start=("renewal",),
               timed=True),
    Transition("hang", (S.HANDLING,), S.HUNG, (head,), stops=RESOLVES, starts=("review",)),
    Transition("wake", (S.HUNG,), S.HANDLING, (head, system), stops=("review",), may_start=("renewal",),
               timed=True),
    Transition("merge", (S.REPORTED, S.HANDLING), S.MERGED, (office,), stops=("answer", "triage"),
               may_start=RESOLVES, timed=True),
    Transition("take_in", TAKES_IN, STAYS, (office,), hidden=True),
    Transition("unmerge", (S.MERGED,), S.HANDLING, (office, system)),
    Transition("follow", (S.MERGED,), S.CALLBACK, (system,), stops=RESOLVES, starts=("callback",), hidden=True),
    Transition("terminate", OPEN, S.TERMINATED, (supervisor,), stops=ALL),
    # What is said and decided on the way: facts, no states
    Transition("contact", UNENDED, STAYS, CONTACT, stops=("respond",)),
    Transition("reply", UNENDED, STAYS, CONTACT, stops=("reply",)),
    Transition("join", TAKES_IN, STAYS, (joiner,)),
    Transition("answer_callback", (S.CALLBACK,), STAYS, STANDING),
    Transition("record_callback", (S.CALLBACK,), STAYS, (caller_back,), may_start=RESOLVES),
    Transition("need_call", (S.CALLBACK,), STAYS, (system,), hidden=True),
    Transition("add_minutes", AT_WORK, STAYS, (office, lead), stops=("meeting",)),
    Transition("add_promise", AT_WORK, STAYS, (office, lead), may_start=("milestone",), timed=True),
    Transition("finish_promise", AT_WORK, STAYS, (office, lead, in_unit), may_start=("milestone",), timed=True),
    Transition("request_extension", AT_WORK, STAYS, (office, lead), timed=True),
    Transition("decide_extension", AT_WORK, STAYS, (head, supervisor), timed=True),
    Transition("replace_lead", (S.WHISTLED, S.RESULT, S.CALLBACK, *ENDED), STAYS, (system,), hidden=True),
    Transition("reseat", (S.WHISTLED, S.RESULT, S.CALLBACK), STAYS, (arbiter,), hidden=True),
    Transition("supervise", AT_WORK, STAYS, (system,), may_start=("answer", "renewal"), timed=True, hidden=True),
    Transition("answer_supervision", OPEN, STAYS, (office, lead), stops=("answer",)),
    Transition("renew", AT_WORK, STAYS, (system,), stops=("renewal",), starts=("renewal",), timed=True, hidden=True),
    Transition("recalculate", UNENDED, STAYS, (system,), timed=True, hidden=True),
    Transition("to_beneficiary", tuple(S), STAYS, (system,), hidden=True),
    states_zh={state: state.label for state in S},
    actions_zh=OF_CASES,
    advice_zh=ENDED_CASES,
    promised=(*OPEN, S.MERGED),
    only_told=(S.MERGED,),
    governed={
        S.REPORTED: ("triage",),
        S.HANDLING: RESOLVES,
        S.WHISTLED: RESOLVES,
        S.RESULT: ("check",),
        S.CALLBACK: ("callback",),
        S.DELIBERATING: ("deliberation",),
        S.HUNG: ("review",),
        S.MERGED: RESOLVES,
    },
    held={
        S.REPORTED: "seat",
        S.HANDLING: "seat",
        S.WHISTLED: "unit",
        S.RESULT: "seat",
        S.CALLBACK: "callback",
        S.DELIBERATING: "branch",
        S.HUNG: "seat",
    },
)  # fmt: skip

LEVELS = (Level.COMMUNITY, Level.STREET, Level.DISTRICT)
"""Where a case may be handled, from below: no level is skipped but in an emergency (domain.md §5)."""


def resolve_at(level: str, lane: str | None, *, same_day: bool) -> str:
    """Which limit governs a case that is handled at this level without a whistle (domain.md §5); `same_day`: the catalogue
    says of its category that a small matter is not left overnight."""
    if level == Level.COMMUNITY:
        return "resolve_small" if lane == Lane.SMALL and same_day else "resolve_community"
    return "resolve_street" if level == Level.STREET else "resolve_district"


def told_as_new(*, emergency: bool) -> tuple[tuple[Role, str | None], ...]:
    """Who hears of a case when it is reported, and from which level on: whoever triages it there; of an emergency by day or night
    also the secretary and the duty of the street (domain.md §5)."""
    near: tuple[tuple[Role, str | None], ...] = ((Role.GRID_WORKER, None), (Role.DISPATCHER, None))
    return (*near, (Role.SECRETARY, None), (Role.DISPATCHER, Level.STREET.value)) if emergency else near


WHISTLED_BY: dict[WhistleKind, str | None] = {
    WhistleKind.EMERGENCY: "resolve_emergency",
    WhistleKind.ROUTINE: "resolve_routine",
    WhistleKind.HARD: "resolve_hard",
    WhistleKind.CALL_UP: None,
}
"""Which limit governs after a whistle; a call-up keeps the one that runs."""

SAME_DAY_UNTIL = time(18)
"""A small matter that was received before this hour is solved by 24:00, a later one by 24:00 of the next day (domain.md §5)."""


def by_midnight(received_at: datetime) -> datetime:
    """When a small matter is due: 24:00, China time, of the day or the next."""
    local = received_at.astimezone(CHINA)
    days = 1 if local.time() < SAME_DAY_UNTIL else 2
    return datetime.combine(local.date() + timedelta(days=days), time(), CHINA)
