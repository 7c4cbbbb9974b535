"""The table of reactions: who does what, after how many minutes and with which chance, when they are told something.

A message is named by its topic; one of a limit by limit, percent and to whom. A new action of the system is a function
beside the others and a line here.
"""

from collections.abc import Mapping, Sequence

from app.simulation import officers, residents, volunteers
from app.simulation.profiles import Part
from app.simulation.street import Reaction

REACTIONS: Mapping[str, Sequence[Reaction]] = {
    # What is told about an order
    "order.placed": (
        Reaction(officers.look_after, (0.2, 1, 6)),
        Reaction(officers.reply, (2, 8, 35), 0.95),
        Reaction(officers.plan_ahead, (5, 20, 60), 0.03),
        Reaction(officers.hold_up, (10, 25, 60), 0.0, by=Part.SECRETARY),
        Reaction(officers.turn_away, (0.3, 2, 6), 0.015),
        Reaction(officers.convert, (10, 30, 60), 0.005),
    ),
    "order.placed_by_representative": (Reaction(residents.end_consent, (5, 20, 60), 0.0),),
    "order.wished": (Reaction(officers.spread_the_word, (10, 60, 240)), Reaction(officers.reply, (10, 60, 300), 0.8)),
    "order.booked": (
        Reaction(volunteers.send_member, (5, 30, 120), 0.5),
        Reaction(volunteers.release, (5, 30, 120), 0.0),
        Reaction(volunteers.keep_appointment, (0.1, 0.2, 0.3)),
    ),
    "order.nobody_qualifies": (
        Reaction(officers.spread_the_word, (1, 2, 5)),
        Reaction(officers.turn_away, (2, 5, 15), 0.0),
    ),
    "order.offered": (Reaction(volunteers.answer_offer, (0.5, 3, 9)),),
    "order.lapsed": (Reaction(officers.look_after, (0.5, 2, 8)), Reaction(officers.spread_the_word, (1, 2, 5))),
    "order.declined": (Reaction(officers.look_after, (0.5, 2, 8)), Reaction(officers.spread_the_word, (1, 2, 5))),
    "order.released": (Reaction(officers.look_after, (1, 4, 12)),),
    "order.handed_back": (Reaction(officers.look_after, (1, 4, 12)),),
    "order.aborted": (Reaction(officers.look_after, (1, 4, 12)),),
    "order.unsafe": (Reaction(officers.look_after, (1, 4, 12)),),
    "order.reworked": (Reaction(officers.look_after, (0.5, 3, 12)), Reaction(officers.reply, (2, 8, 35), 0.95)),
    "order.unsolved": (Reaction(officers.begin_again, (10, 60, 300), 0.4),),
    "order.wish_open_again": (Reaction(officers.spread_the_word, (10, 60, 240)),),
    "order.claim_expired": (Reaction(volunteers.let_go, (1, 2, 3)),),
    "order.assigned": (Reaction(volunteers.set_out, (1, 5, 15)),),
    "order.accepted": (
        Reaction(residents.authorise, (2, 20, 90), 0.95),
        Reaction(residents.correct_contact, (1, 3, 6), 0.01),
    ),
    "order.authority_recorded": (Reaction(volunteers.arrive, (15, 40, 100)),),
    "order.papers_out": (Reaction(officers.bring_papers_back, (10, 40, 120)),),
    "order.taken": (Reaction(volunteers.let_go, (1, 2, 3)),),
    "order.cancelled": (Reaction(volunteers.let_go, (1, 2, 3)),),
    "order.taken_back": (Reaction(volunteers.let_go, (1, 2, 3)),),
    "order.asked": (Reaction(residents.answer, (3, 20, 150), 0.8),),
    "order.answered": (Reaction(officers.look_after, (1, 5, 20)),),
    "order.appointment_proposed": (Reaction(residents.confirm, (1, 8, 45), 0.95),),
    "order.appointment_confirmed": (Reaction(volunteers.keep_appointment, (0, 0, 0)),),
    "order.appointment_missed": (Reaction(volunteers.let_go, (1, 2, 3)),),
    "order.delivered": (
        Reaction(residents.rate, (5, 60, 600), 0.8),
        Reaction(residents.ask_again, (5, 30, 120), 0.01),
    ),
    "order.paused": (Reaction(residents.dispute, (5, 20, 60), 0.3),),
    "order.disputed": (Reaction(officers.decide, (5, 20, 40)),),
    # What a limit says: kind, percent, to whom
    "respond 80 dispatcher": (Reaction(officers.look_after, (0.5, 2, 5), 0.7),),
    "respond 100 dispatcher": (
        Reaction(officers.look_after, (1, 4, 12)),
        Reaction(officers.spread_the_word, (1, 2, 5)),
    ),
    "respond 150 secretary": (
        Reaction(officers.take_over, (2, 8, 25)),
        Reaction(officers.hand_over_shift, (20, 30, 60), 0.1),
    ),
    "reply 80 dispatcher": (Reaction(officers.reply, (0.5, 2, 5), 0.7),),
    "reply 100 secretary": (Reaction(officers.reply_in_person, (2, 7, 14), 0.6),),
    "reply_in_person 80 secretary": (Reaction(officers.reply_in_person, (0.5, 1, 2), 0.4),),
    "reply_in_person 100 secretary@street": (Reaction(officers.reply_in_person, (5, 15, 40)),),
    "coordinate 80 dispatcher": (Reaction(officers.settle, (1, 5, 20)),),
    "coordinate 100 dispatcher": (
        Reaction(officers.settle, (2, 10, 30)),
        Reaction(officers.turn_away, (2, 10, 30), 0.0),
        Reaction(officers.remind, (5, 20, 60), 0.6),
        Reaction(officers.take_back, (5, 20, 60), 0.0),
        Reaction(officers.convert, (30, 60, 90), 0.1),
    ),
    "coordinate 100 secretary@street": (Reaction(officers.street_looks_in, (10, 30, 90), 0.2),),
    "plan 80 dispatcher": (Reaction(officers.plan_at_last, (2, 10, 30), 0.7),),
    "plan 100 secretary": (
        Reaction(officers.plan_at_last, (5, 20, 60)),
        Reaction(officers.remind, (10, 30, 60)),
        Reaction(officers.take_over, (30, 60, 90), 0.6),
    ),
    "plan 100 secretary@street": (Reaction(officers.street_steps_in, (10, 30, 90), 0.4),),
    "offer 80 assignee": (Reaction(volunteers.answer_offer, (0.2, 0.6, 1.2), 0.5),),
    "appointment 80 assignee": (Reaction(volunteers.hurry, (0.2, 1, 2.5), 0.4),),
    "appointment 100 dispatcher": (Reaction(officers.look_after, (1, 4, 12)),),
    "wish 80 assignee": (Reaction(volunteers.hurry, (60, 600, 1500), 0.6),),
    "promise 100 dispatcher": (Reaction(officers.press_on, (2, 10, 30)),),
    "promise_late 100 secretary": (Reaction(officers.keep_promise, (3, 12, 40)),),
    "finish 80 assignee": (Reaction(volunteers.remember, (2, 10, 30), 0.7),),
    "finish 100 dispatcher": (Reaction(officers.be_asked, (5, 15, 40)),),
    "rating 60 requester": (Reaction(residents.rate_at_last, (10, 90, 600), 0.4),),
    "rating 100 dispatcher": (Reaction(officers.call_back, (10, 60, 240)),),
}
