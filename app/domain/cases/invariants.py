"""What must always be true of cases (domain.md §5), each as a SELECT that must answer no row."""

from app.kernel.invariants import Invariant

CASES = (
    Invariant(
        "case-governed",
        "每个未结束的事项恰有一项主时限在走,而且是它这一状态的",
        "exactly one governing limit runs for an open case, and it is one of its state's",
        """SELECT m.id, m.state, array_agg(d.kind) FILTER (WHERE d.kind IS NOT NULL) AS governing
             FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state AND p.governs IS NOT NULL
             LEFT JOIN deadline d ON d.matter_id = m.id AND d.stopped_at IS NULL AND d.kind IN (
               SELECT unnest(q.governs) FROM promised_state q WHERE q.kind = m.kind)
            GROUP BY m.id, m.state, p.governs
           HAVING count(d.id) <> 1 OR bool_or(d.kind <> ALL (p.governs))""",
    ),
    Invariant(
        "case-ended",
        "已结束的事项和任务没有还在走的时限",
        "no limit runs for a case or an assignment that has ended",
        """SELECT m.id, m.kind, m.state, d.kind AS running
             FROM matter m JOIN deadline d ON d.matter_id = m.id AND d.stopped_at IS NULL
            WHERE m.kind = 'case' AND NOT EXISTS (SELECT 1 FROM promised_state p WHERE p.kind = m.kind AND p.state = m.state)
               OR m.kind = 'assignment' AND m.state IN ('done', 'excused')""",
    ),
    Invariant(
        "case-ended-lets-go",
        "事项结束后,各单位的任务都已解除",
        "no unit sits on the board of a case that has ended, but for what the worker is about to hear, and a lead that solved"
        " what it contests until the arbiter says whose it was",
        """SELECT s.id, s.state, m.id AS case_id, m.state AS ended
             FROM matter m JOIN assignment_detail a ON a.case_id = m.id JOIN matter s ON s.id = a.matter_id
            WHERE m.kind = 'case' AND s.state NOT IN ('done', 'excused')
              AND NOT (s.state = 'contested' AND a.role = 'lead' AND m.state IN ('closed', 'closed_unreached'))
              AND NOT EXISTS (SELECT 1 FROM promised_state p WHERE p.kind = m.kind AND p.state = m.state)
              AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sort = 'event' AND o.failed_at IS NULL
                                 AND (o.topic IN ('assignment.release', 'assignment.complete')
                                       AND o.payload ->> 'assignment_id' = s.id::text
                                   OR o.topic = 'case.replace_lead' AND o.payload ->> 'case_id' = m.id::text))""",
    ),
    Invariant(
        "held-by-one",
        "每个未结束的事项恰有一个持有人,与它的状态一致;已结束的没有",
        "an open case has exactly one open hold, which is its state's; one that has ended has none",
        """SELECT m.id, m.state, h.holder, h.seat_id, h.unit_id
             FROM matter m LEFT JOIN promised_state p ON p.kind = m.kind AND p.state = m.state
             LEFT JOIN hold h ON h.matter_id = m.id AND h.until_at IS NULL
            WHERE m.kind = 'case' AND (p.holder IS DISTINCT FROM h.holder
               OR h.holder IS NOT NULL AND (h.seat_id, h.unit_id) IS DISTINCT FROM (
                    m.seat_id, CASE WHEN p.holder = 'unit' THEN m.unit_id END))""",
    ),
    Invariant(
        "held-every-minute",
        "持有记录首尾相接:从上报开始,没有空档,也没有重叠",
        "the holds of a case follow one another from its first moment, without a gap and without an overlap",
        """SELECT * FROM (
             SELECT h.matter_id, h.version, h.from_at, m.created_at,
                    lag(h.until_at, 1, m.created_at) OVER (PARTITION BY h.matter_id ORDER BY h.version) AS before
               FROM hold h JOIN matter m ON m.id = h.matter_id) step
            WHERE from_at IS DISTINCT FROM before
              AND NOT EXISTS (SELECT 1 FROM history e WHERE e.matter_id = step.matter_id AND e.version = step.version
                                 AND e.from_state = 'merged')""",
    ),
    Invariant(
        "reported-with-consent",
        "代报的事项,上报时有本人同意的记录",
        "whoever reported for somebody else had their recorded consent at that moment",
        """SELECT m.id, m.placed_by, m.beneficiary_id FROM matter m JOIN case_detail d ON d.matter_id = m.id
            WHERE d.reported_as = 'representative' AND NOT EXISTS (
              SELECT 1 FROM representation r
               WHERE r.representative_id = m.placed_by AND r.beneficiary_id = m.beneficiary_id
                 AND r.consented_at <= m.created_at AND (r.ended_at IS NULL OR r.ended_at >= m.created_at))""",
    ),
    Invariant(
        "one-lead",
        "吹响的哨最多一个主办,主办就是事项的办理单位",
        "a whistle has one lead at most, and the case that it called is held by it",
        """SELECT m.id, m.state, m.unit_id, w.id AS whistle, count(a.matter_id) AS leads
             FROM matter m JOIN case_detail d ON d.matter_id = m.id JOIN whistle w ON w.id = d.whistle_id
             LEFT JOIN assignment_detail a ON a.whistle_id = w.id AND a.leads
             LEFT JOIN matter s ON s.id = a.matter_id
            WHERE m.state = 'whistled' GROUP BY m.id, m.state, m.unit_id, w.id
           HAVING count(a.matter_id) <> 1 OR bool_or(s.unit_id <> m.unit_id)""",
    ),
    Invariant(
        "three-hands",
        "提交结果的人有办理职责,回访和裁定的是别人",
        "whoever submitted a result has the duty of the handler, and nobody has two duties in a case",
        """SELECT d.matter_id, d.handler_id, h.duty FROM case_detail d
             LEFT JOIN case_duty h ON h.matter_id = d.matter_id AND h.person_id = d.handler_id
            WHERE d.handler_id IS NOT NULL AND h.duty IS DISTINCT FROM 'handler'""",
    ),
    Invariant(
        "notice-to-office",
        "发给单位或办理层级的消息,收件人确在其位",
        "a message for a unit reached somebody who worked in one, and one for a seat somebody who heads a place",
        """SELECT i.id, i.person_id, i.as_role FROM inbox_message i
            WHERE i.as_role IN ('unit', 'unit_head', 'unit_deputy', 'seat') AND NOT i.nobody_in_post
              AND NOT EXISTS (SELECT 1 FROM unit_member u WHERE u.person_id = i.person_id AND i.as_role <> 'seat')
              AND NOT EXISTS (SELECT 1 FROM role_grant g WHERE g.person_id = i.person_id AND g.role = 'secretary'
                                 AND i.as_role = 'seat')""",
    ),
    Invariant(
        "case-found-as-written",
        "每个事项都能按现在写着的内容找到",
        "every case is searched by what is written on it now",
        """SELECT d.matter_id FROM case_detail d LEFT JOIN case_search s ON s.matter_id = d.matter_id
            WHERE s.body IS NULL OR strpos(s.body, search_form(d.words)) <> 1
               OR strpos(s.body, search_form(d.outcome)) = 0""",
    ),
    Invariant(
        "converted-once",
        "由订单转来的事项,订单确已转出,用时从点单算起",
        "the case of an order has its people and its time, and the order was converted",
        """SELECT d.matter_id, o.id AS order_id FROM case_detail d JOIN matter o ON o.id = d.order_id
             JOIN matter c ON c.id = d.matter_id
            WHERE o.state <> 'converted' OR (c.placed_by, c.beneficiary_id) <> (o.placed_by, o.beneficiary_id) OR NOT EXISTS (
              SELECT 1 FROM deadline l WHERE l.matter_id = c.id AND l.started_at = o.created_at)""",
    ),
    Invariant(
        "merged-into-something",
        "并案的事项都说明并入哪个事项",
        "a case that is merged names what it is merged into",
        """SELECT d.matter_id FROM case_detail d JOIN matter m ON m.id = d.matter_id
            WHERE m.state = 'merged' AND d.merged_into IS NULL""",
    ),
)
