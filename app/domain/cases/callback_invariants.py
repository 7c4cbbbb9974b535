"""What is always true of call-backs and supervision, each as a SELECT that answers no row (`kernel/invariants.py`)."""

from app.kernel.invariants import Invariant

CALLBACKS = (
    Invariant(
        "callback-of-each-reporter",
        "待回访的事项,每位上报人本轮各有一项回访",
        "each reporter of a case that waits for its call-back has one in its round",
        """SELECT m.id, m.round, r.person_id FROM matter m JOIN case_reporter r ON r.matter_id = m.id
            WHERE m.kind = 'case' AND m.state = 'callback'
              AND r.joined_at <= (SELECT max(h.at) FROM history h WHERE h.matter_id = m.id AND h.to_state = 'callback'
                                     AND h.from_state IS DISTINCT FROM 'callback')
              AND NOT EXISTS (SELECT 1 FROM callback c WHERE c.matter_id = m.id AND c.round = m.round
                                 AND c.reporter_id = r.person_id)""",
    ),
    Invariant(
        "closed-by-its-reporters",
        "办结的事项,上报人都已有结果:至少一人说已解决,没有人说未解决",
        "a case is closed by what its reporters said in its round, and as unreached only when nobody was reached",
        """SELECT m.id, m.state, array_agg(c.state) AS said
             FROM matter m LEFT JOIN callback c ON c.matter_id = m.id AND c.round = m.round
            WHERE m.kind = 'case' AND m.state IN ('closed', 'closed_unreached') GROUP BY m.id
           HAVING bool_or(c.state IN ('open', 'unsolved', 'dropped'))
               OR (m.state = 'closed') IS DISTINCT FROM bool_or(c.state = 'solved')""",
    ),
    Invariant(
        "called-by-another",
        "回访的人没有办理或裁定过该事项,也不是上报人",
        "whoever called back had no other duty in the case, and did not report it",
        """SELECT t.id, t.matter_id, t.tried_by FROM callback_try t JOIN callback c ON c.id = t.callback_id
            WHERE t.channel <> 'self'
              AND (t.tried_by = c.reporter_id
                   OR EXISTS (SELECT 1 FROM case_duty d WHERE d.matter_id = t.matter_id AND d.person_id = t.tried_by
                                 AND d.duty <> 'callback'))""",
    ),
    Invariant(
        "unreached-after-three-tries",
        "未联系上的回访,至少在两个不同的日子共有三次没有联系上",
        "who counts as not reached was tried three times on two days",
        """SELECT c.id, c.matter_id, count(t.id) AS tries FROM callback c
             LEFT JOIN callback_try t ON t.callback_id = c.id AND NOT t.reached
            WHERE c.state = 'unreached' GROUP BY c.id
           HAVING count(t.id) < 3 OR count(DISTINCT (t.tried_at AT TIME ZONE 'Asia/Shanghai')::date) < 2""",
    ),
    Invariant(
        "supervision-moves-no-hold",
        "督办不改变由谁负责",
        "no hold begins with a step of supervision",
        """SELECT h.matter_id, h.version, y.action
             FROM hold h JOIN history y ON y.matter_id = h.matter_id AND y.version = h.version
            WHERE y.action IN ('supervise', 'renew', 'answer_supervision')""",
    ),
    Invariant(
        "agenda-is-renewed",
        "列入区县会议议程而仍在办理的事项,由逐日续办的时限管着,或已有新的时限",
        "a case on the agenda whose limit was not replaced by another one is renewed each day",
        """SELECT s.matter_id, s.kind FROM supervision s JOIN deadline d ON d.id = s.deadline_id AND d.stopped_at IS NULL
            WHERE s.step = 'agenda' AND d.kind <> 'renewal'""",
    ),
    Invariant(
        "supervised-at-each-mark",
        "仍在走的办理时限,每次超时都有督办,或督办还在排队",
        "each mark of a limit that is missed and runs has its step of supervision, or its event waits",
        """SELECT k.deadline_id, k.percent FROM mark k JOIN deadline d ON d.id = k.deadline_id AND d.stopped_at IS NULL
             JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.target = 'case.supervise'
             JOIN matter m ON m.id = d.matter_id AND m.state IN ('handling', 'whistled')
            WHERE NOT EXISTS (SELECT 1 FROM supervision s WHERE s.deadline_id = k.deadline_id AND s.percent = k.percent)
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'case.supervise'
                                 AND o.payload ->> 'deadline_id' = k.deadline_id::text)
              AND NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.to_state = 'merged')""",
    ),
    Invariant(
        "called-when-silent",
        "上报人的回访时限过后,没有答复的都有人去回访,或这一步还在排队",
        "when the reporters' limit has passed, an officer is to call whoever did not answer, or the event waits",
        """SELECT c.id, c.matter_id FROM callback c JOIN deadline d ON d.matter_id = c.matter_id AND d.round = c.round
              AND d.kind = 'callback' AND d.stopped_at IS NULL
             JOIN mark k ON k.deadline_id = d.id
             JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.target = 'case.need_call'
            WHERE c.state = 'open' AND c.call_reason IS NULL AND c.opened_at <= k.fired_at
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.topic = 'case.need_call'
                                 AND o.payload ->> 'deadline_id' = d.id::text)""",
    ),
)
