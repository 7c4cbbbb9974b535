"""The table of reactions: who does what, after how many minutes and with which chance, when they are told something.

A message is named by its topic; one of a limit by limit, percent and to whom. A new action of the system is a function
beside the others and a line here.
"""

from collections.abc import Mapping, Sequence

from app.simulation import officers, residents, volunteers
from app.simulation.profiles import Part
from app.simulation.street import Reaction as R

REACTIONS: Mapping[str, Sequence[R]] = {
    # What is told about an order
    "order.placed": (
        R(officers.look_after, (1, 4, 18)),
        R(officers.reply, (2, 8, 40), 0.9),
        R(officers.plan_ahead, (5, 20, 60), 0.03),
        R(officers.hold_up, (10, 25, 60), 0.0, by=Part.SECRETARY),
    ),
    "order.offered": (R(volunteers.answer_offer, (0.5, 3, 9)),),
    "order.lapsed": (R(officers.look_after, (1, 4, 12)), R(officers.spread_the_word, (1, 2, 5))),
    "order.taken": (R(volunteers.let_go, (1, 2, 3)),),
    "order.cancelled": (R(volunteers.let_go, (1, 2, 3)),),
    "order.asked": (R(residents.answer, (3, 20, 150), 0.8),),
    "order.answered": (R(officers.look_after, (1, 5, 20)),),
    "order.appointment_proposed": (R(residents.confirm, (1, 8, 45), 0.95),),
    "order.appointment_confirmed": (R(volunteers.keep_appointment, (0, 0, 0)),),
    "order.appointment_missed": (R(volunteers.let_go, (1, 2, 3)),),
    "order.delivered": (R(residents.rate, (5, 60, 600), 0.8),),
    "order.paused": (R(residents.dispute, (5, 20, 60), 0.3),),
    "order.disputed": (R(officers.decide, (5, 20, 40)),),
    # What a limit says: kind, percent, to whom
    "respond 80 dispatcher": (R(officers.look_after, (0.5, 2, 5), 0.7),),
    "respond 100 dispatcher": (R(officers.look_after, (1, 4, 12)), R(officers.spread_the_word, (1, 2, 5))),
    "respond 150 secretary": (R(officers.take_over, (2, 8, 25)),),
    "reply 80 dispatcher": (R(officers.reply, (0.5, 2, 5), 0.7),),
    "reply 100 secretary": (R(officers.reply_in_person, (2, 7, 14), 0.6),),
    "reply_in_person 80 secretary": (R(officers.reply_in_person, (0.5, 1, 2), 0.4),),
    "reply_in_person 100 secretary@street": (R(officers.reply_in_person, (5, 15, 40)),),
    "coordinate 80 dispatcher": (R(officers.settle, (1, 5, 20)),),
    "coordinate 100 dispatcher": (R(officers.settle, (2, 10, 30)),),
    "coordinate 100 secretary@street": (R(officers.street_steps_in, (10, 30, 90), 0.2),),
    "plan 80 dispatcher": (R(officers.plan_at_last, (2, 10, 30), 0.7),),
    "plan 100 secretary": (R(officers.plan_at_last, (5, 20, 60)),),
    "plan 100 secretary@street": (R(officers.street_steps_in, (10, 30, 90), 0.4),),
    "offer 80 assignee": (R(volunteers.answer_offer, (0.2, 0.6, 1.2), 0.5),),
    "appointment 80 assignee": (R(volunteers.hurry, (0.2, 1, 2.5), 0.4),),
    "appointment 100 dispatcher": (R(officers.look_after, (1, 4, 12)),),
    "promise 100 dispatcher": (R(officers.press_on, (2, 10, 30)),),
    "promise_late 100 secretary": (R(officers.keep_promise, (3, 12, 40)),),
    "finish 80 assignee": (R(volunteers.remember, (2, 10, 30), 0.7),),
    "finish 100 dispatcher": (R(officers.be_asked, (5, 15, 40)),),
    "rating 60 requester": (R(residents.rate_at_last, (10, 90, 600), 0.4),),
    "rating 100 dispatcher": (R(officers.call_back, (10, 60, 240)),),
}
