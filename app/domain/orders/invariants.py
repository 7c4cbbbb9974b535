"""What must always be true of orders (domain.md §3), each as a SELECT that must answer no row."""

from app.kernel.invariants import Invariant

ORDERS = (
    Invariant(
        "end-stops-deadlines",
        "已经结束的事项没有还在走的时限",
        "a matter that has ended has no live deadline",
        """SELECT m.id, m.state, d.kind FROM matter m JOIN deadline d ON d.matter_id = m.id AND d.stopped_at IS NULL
            WHERE m.state IN ('rated', 'closed_unrated', 'cancelled', 'rejected', 'converted')""",
    ),
    Invariant(
        "not-own-server",
        "没有人承接自己的或自己下的事项",
        "nobody serves a matter of their own, for themselves, or that they placed",
        "SELECT id, assignee_id FROM matter WHERE assignee_id IN (requester_id, beneficiary_id, placed_by)",
    ),
    Invariant(
        "represented-with-consent",
        "代下单的事项,下单时有本人同意的记录",
        "whoever ordered for somebody else had their recorded consent at that moment",
        """SELECT m.id, m.requester_id, m.beneficiary_id FROM matter m
            WHERE m.kind = 'order' AND m.requester_id <> m.beneficiary_id AND NOT EXISTS (
              SELECT 1 FROM representation r
               WHERE r.representative_id = m.requester_id AND r.beneficiary_id = m.beneficiary_id
                 AND r.consented_at <= m.created_at AND (r.ended_at IS NULL OR r.ended_at >= m.created_at))""",
    ),
    Invariant(
        "served-by-somebody",
        "有人承接的状态一定有承接人",
        "a matter that is being served has somebody who serves it",
        """SELECT id, state FROM matter
            WHERE state IN ('offered', 'accepted', 'in_service', 'delivered', 'rated') AND assignee_id IS NULL""",
    ),
    Invariant(
        "rating-after-delivery",
        "只有完成的订单有评价,已评价的订单一定有",
        "only a delivered order is rated, and a rated one has its rating",
        """SELECT m.id, m.state, r.round FROM matter m LEFT JOIN rating r ON r.matter_id = m.id AND r.round = m.round
            WHERE (r.matter_id IS NOT NULL AND m.state NOT IN ('delivered', 'rated'))
               OR (r.matter_id IS NULL AND m.state = 'rated')""",
    ),
    Invariant(
        "hours-as-served",
        "每次完成的服务恰有一条时长,开始、完成和服务的人与经过一致",
        "each delivery has one record of hours, with the person and the moments of the history",
        """SELECT d.matter_id, d.at, s.person_id, s.started_at, s.ended_at
             FROM (SELECT h.matter_id, h.at, h.actor_id FROM history h JOIN matter m ON m.id = h.matter_id
                    WHERE m.kind = 'order' AND h.from_state = 'in_service' AND h.to_state = 'delivered') d
             FULL JOIN service_record s ON s.matter_id = d.matter_id AND s.ended_at = d.at
            WHERE s.person_id IS DISTINCT FROM d.actor_id OR s.started_at IS DISTINCT FROM (
                    SELECT max(b.at) FROM history b WHERE b.matter_id = d.matter_id AND b.to_state = 'in_service'
                       AND b.from_state <> 'in_service' AND b.at <= d.at)""",
    ),
    Invariant(
        "found-as-written",
        "每个订单都能按现在写着的内容找到",
        "every order is searched by what is written on it now",
        """SELECT d.matter_id FROM order_detail d LEFT JOIN order_search s ON s.matter_id = d.matter_id
            WHERE s.body IS NULL OR strpos(s.body, search_form(d.note)) <> 1
               OR right(s.body, length(search_form(d.outcome))) <> search_form(d.outcome)""",
    ),
)
