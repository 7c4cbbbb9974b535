"""The table of reactions to what is told of cases, as `reactions.py` is that of orders."""

from collections.abc import Mapping, Sequence

from app.simulation import case_independent as independent
from app.simulation import case_office as office
from app.simulation import case_reporting as reporting
from app.simulation import case_results as results
from app.simulation import case_street as above
from app.simulation import case_units as units
from app.simulation import residents
from app.simulation.profiles import Part
from app.simulation.street import Reaction

GRID = frozenset({Part.GRID})
DESK = frozenset({Part.DISPATCHER, Part.ADMINISTRATOR})
"""Who answers at the community; an administrator where the post is empty."""
SEAT = frozenset({Part.SECRETARY, Part.STREET, Part.DISTRICT})
UNIT = frozenset({Part.UNIT})
HOLDERS = SEAT | UNIT
ARBITER = frozenset({Part.ARBITER})

LATE = Reaction(results.work_late, (20, 90, 300), 0.7, only=HOLDERS)

CASE_REACTIONS: Mapping[str, Sequence[Reaction]] = {
    "case.reported": (
        Reaction(office.triage, (2, 15, 60), 0.95, only=GRID),
        Reaction(office.contact, (2, 8, 25), 0.85, only=GRID),
        Reaction(office.reply_case, (3, 12, 40), 0.9, only=DESK),
        Reaction(office.refuse_case, (1, 5, 12), 0.03, only=DESK),
        Reaction(office.merge, (5, 20, 40), 0.0, only=DESK),
    ),
    "case.reported_by_representative": (Reaction(residents.end_consent, (5, 20, 60), 0.0),),
    "case.emergency": (Reaction(office.contact, (10, 30, 90), 0.9, only=frozenset({Part.SECRETARY})),),
    "case.nobody_answers": (Reaction(office.call_out, (10, 60, 150), only=frozenset({Part.SECRETARY})),),
    "case.escalated": (Reaction(above.take_up, (10, 40, 150), only=SEAT),),
    "case.handed_down": (Reaction(results.work, (60, 300, 900), only=SEAT),),
    "case.to_deliberate": (Reaction(office.conclude, (300, 1200, 2800), 0.95, only=frozenset({Part.BRANCH})),),
    "case.concluded": (Reaction(results.work, (60, 300, 900), 0.95, only=SEAT),),
    "case.woken": (Reaction(results.work, (60, 300, 900), 0.95, only=SEAT),),
    "case.to_check": (Reaction(above.check, (20, 90, 300), 0.9, only=SEAT),),
    "case.returned": (Reaction(results.work, (60, 400, 1200), only=UNIT),),
    "case.not_solved": (Reaction(results.work, (60, 300, 900), 0.95, only=HOLDERS),),
    "case.please_answer": (Reaction(reporting.tap, (5, 90, 900), 0.8),),
    "case.call_needed": (Reaction(independent.call, (10, 45, 200)),),
    "case.answer_wanted": (Reaction(results.answer_supervision, (20, 90, 300), 0.8, only=HOLDERS),),
    "case.supervised_card": (Reaction(independent.terminate, (20, 60, 200), 0.0),),
    "whistle.proposed": (Reaction(above.decide_whistle, (5, 30, 90), only=SEAT),),
    "whistle.to_confirm": (Reaction(above.decide_whistle, (60, 200, 600), 0.95, only=SEAT),),
    "whistle.decided": (Reaction(office.escalate, (10, 30, 60), 0.8, only=GRID),),
    "assignment.sent": (Reaction(units.sign, (5, 40, 100), only=UNIT),),
    "assignment.reported_in": (Reaction(above.excuse, (5, 20, 40), 0.0, only=SEAT),),
    "contest.opened": (Reaction(independent.arbitrate, (20, 60, 180), 0.95, only=ARBITER),),
    "contest.decided": (Reaction(units.go_on, (10, 30, 90), only=UNIT),),
    "extension.asked": (Reaction(above.decide_extension, (20, 60, 200), 0.9, only=SEAT),),
    # What a limit says: kind, percent, to whom
    "respond 80 dispatcher": (Reaction(office.contact, (0.5, 2, 4), 0.5, only=DESK),),
    "respond 100 secretary": (Reaction(office.contact_late, (3, 10, 30), 0.9, only=SEAT),),
    "reply 80 dispatcher": (Reaction(office.reply_case, (0.5, 2, 5), 0.5, only=DESK),),
    "reply 100 secretary": (Reaction(office.reply_late, (3, 10, 30), 0.9, only=SEAT),),
    "triage 80 grid_worker": (Reaction(office.triage, (1, 5, 20), 0.5, only=GRID),),
    "triage 100 secretary": (Reaction(office.triage_late, (5, 20, 60), 0.9, only=SEAT),),
    **{
        f"{kind} 80 seat": (LATE,)
        for kind in ("resolve_small", "resolve_community", "resolve_street", "resolve_district")
    },
    **{f"{kind} 80 unit": (LATE,) for kind in ("resolve_emergency", "resolve_routine", "resolve_hard", "milestone")},
    "check 80 seat": (Reaction(above.check_late, (10, 40, 80), 0.5, only=SEAT),),
    "answer 80 seat": (Reaction(results.answer_supervision, (5, 20, 60), 0.4, only=SEAT),),
    "sign 80 unit": (Reaction(units.sign_late, (2, 6, 15), 0.6, only=UNIT),),
    "sign 100 unit_deputy": (Reaction(units.sign_for, (5, 20, 60), 0.8),),
    "report_in 80 unit": (Reaction(units.report_in, (2, 20, 60), 0.6, only=UNIT),),
    "report_in 100 unit_head": (Reaction(units.step_in, (10, 40, 120), 0.9),),
    "meeting 100 unit_head": (Reaction(units.meet_late, (10, 40, 120), 0.9),),
    "arbitration 80 arbiter": (Reaction(independent.arbitrate, (2, 10, 30), only=ARBITER),),
    "arbitration 100 arbiter@district": (Reaction(independent.arbitrate_late, (20, 60, 180), only=ARBITER),),
}
