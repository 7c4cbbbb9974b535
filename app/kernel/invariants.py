"""What must be true of the data at every moment, each as a SELECT that must answer no row (`linli check`).

The schema already refuses most of this; here it is looked at again from outside, after every fault test and nightly in
production, so that a trigger that was dropped, a repair by hand or a restored backup shows. Reading only, in one
snapshot, so it may run beside a living system. Rooms add theirs to ALL as they come.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg
import orjson

from app.kernel.recomputed import differing

EXAMPLES = 5
"""So many rows of a broken invariant are shown; all are counted."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """One thing that is always true: `sql` gives the rows that break it, or `search` finds them where it takes arithmetic."""

    name: str
    zh: str
    en: str
    sql: str = ""
    search: Callable[[asyncpg.Connection], AsyncIterator[dict[str, Any]]] | None = None


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold: how many rows break it, and the first of them as JSON."""

    invariant: Invariant
    rows: int
    examples: tuple[str, ...]

    def __str__(self) -> str:
        shown = "".join(f"\n    {example}" for example in self.examples)
        return f"{self.invariant.name}: {self.invariant.zh} · {self.invariant.en} ({self.rows}){shown}"


_HISTORY = (
    Invariant(
        "history-complete",
        "每个事项的版本连续,且等于经过的条数",
        "versions of a matter have no gaps, and its version is the number of its history rows",
        """SELECT m.id, m.version, count(h.version) AS rows, min(h.version) AS first, max(h.version) AS last
             FROM matter m LEFT JOIN history h ON h.matter_id = m.id GROUP BY m.id
           HAVING m.version <> count(h.version) OR min(h.version) <> 1 OR max(h.version) <> m.version""",
    ),
    Invariant(
        "history-chained",
        "每一步从上一步的状态出发,最后一步就是现在的状态",
        "each change starts from the state that the one before it left, and the last one left the present state",
        """SELECT * FROM (
             SELECT h.matter_id, h.version, h.from_state, h.to_state, m.state,
                    lag(h.to_state) OVER matters AS before, h.version = m.version AS is_last
               FROM history h JOIN matter m ON m.id = h.matter_id
             WINDOW matters AS (PARTITION BY h.matter_id ORDER BY h.version)) step
            WHERE from_state IS DISTINCT FROM before OR (is_last AND to_state <> state)""",
    ),
    Invariant(
        "moves-legal",
        "每次状态变化都在允许的变化表里",
        "every move of the history is an allowed transition",
        """SELECT h.matter_id, h.version, h.from_state, h.to_state FROM history h JOIN matter m ON m.id = h.matter_id
            WHERE h.from_state IS DISTINCT FROM h.to_state
              AND NOT EXISTS (SELECT 1 FROM allowed_transition t WHERE t.kind = m.kind
                                 AND t.from_state = coalesce(h.from_state, '') AND t.to_state = h.to_state)""",
    ),
)

_DEADLINES = (
    Invariant(
        "promise-has-deadline",
        "承诺了时限的事项都有正在走的时限",
        "a matter in a promised state has a live deadline",
        """SELECT m.id, m.state FROM matter m JOIN promised_state p ON p.kind = m.kind AND p.state = m.state
            WHERE NOT EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = m.id AND d.stopped_at IS NULL)""",
    ),
    Invariant(
        "live-deadline-once",
        "同一事项同一种时限最多一个在走",
        "at most one live deadline of a kind runs for a matter",
        """SELECT matter_id, kind, count(*) AS live FROM deadline WHERE stopped_at IS NULL
            GROUP BY matter_id, kind HAVING count(*) > 1""",
    ),
    Invariant(
        "end-stops-deadlines",
        "已经结束的事项没有还在走的时限",
        "a matter that has ended has no live deadline",
        """SELECT m.id, m.state, d.kind FROM matter m JOIN deadline d ON d.matter_id = m.id AND d.stopped_at IS NULL
            WHERE m.state IN ('rated', 'closed_unrated', 'cancelled', 'rejected', 'converted')""",
    ),
    Invariant(
        "met-or-missed",
        "按时停止的时限没有 100% 标记,迟停的一定有",
        "stopped in time means no 100 % mark and stopped before due; stopped late means a 100 % mark",
        """SELECT d.id, d.matter_id, d.kind, d.due_at, d.stopped_at FROM deadline d
            WHERE d.stopped_at IS NOT NULL
              AND (d.stopped_at < d.due_at)
                  = EXISTS (SELECT 1 FROM mark k WHERE k.deadline_id = d.id AND k.percent = 100)""",
    ),
    Invariant(
        "marks-counted",
        "已触发的标记恰好是时限最前面的那几个,各一次",
        "the marks of a deadline are exactly the first `fired` of its percents, once each",
        """SELECT d.id, d.matter_id, d.kind, d.fired, array_agg(k.percent ORDER BY k.percent) AS marks
             FROM deadline d LEFT JOIN mark k ON k.deadline_id = d.id GROUP BY d.id
           HAVING count(k.percent) <> d.fired OR count(DISTINCT k.percent) <> d.fired
               OR bool_or(k.percent <> ALL (d.percents[:d.fired])) FILTER (WHERE k.percent IS NOT NULL)""",
    ),
    Invariant(
        "mark-not-early",
        "标记不会早于它的时间触发",
        "no mark fires before it is due, and its due time is the deadline's own",
        """SELECT k.deadline_id, k.percent, k.due_at, k.fired_at FROM mark k JOIN deadline d ON d.id = k.deadline_id
            WHERE k.fired_at < k.due_at
               OR k.due_at IS DISTINCT FROM d.times[array_position(d.percents, k.percent)]""",
    ),
    Invariant(
        "due-computed",
        "每项时限的各个时间,由开始、时长、日历和暂停重新算出来都一样",
        "every moment of a deadline is what its start, budget, calendar and pauses give",
        search=differing,
    ),
    Invariant(
        "pause-within-bounds",
        "能暂停的时限才有暂停,因提问的暂停有提问,裁定的不是暂停的人",
        "pauses belong to a kind that pauses, a question's to a question on the matter, and nobody judged their own",
        """SELECT s.id, s.deadline_id, s.reason FROM deadline_pause s JOIN deadline d ON d.id = s.deadline_id
            WHERE (s.reason <> 'undone' AND NOT d.pausable) OR s.decided_by = s.paused_by
               OR (s.reason = 'question' AND NOT EXISTS (
                     SELECT 1 FROM order_post q WHERE q.matter_id = s.matter_id AND q.kind = 'question'))""",
    ),
    Invariant(
        "excluded-by-two",
        "不计考核的错过由两人提请和复核,复核人没有经办过该事项",
        "an exclusion hangs on a miss of its own matter; whoever decided neither proposed it nor had a part in the matter",
        """SELECT e.id, e.deadline_id, e.matter_id FROM exclusion e
             LEFT JOIN mark k ON k.deadline_id = e.deadline_id AND k.percent = 100 AND k.matter_id = e.matter_id
            WHERE k.deadline_id IS NULL OR e.decided_by = e.proposed_by
               OR (e.decided_by IS NOT NULL AND EXISTS (
                     SELECT 1 FROM history h WHERE h.matter_id = e.matter_id AND h.actor_id = e.decided_by
                        AND h.at < e.decided_at))""",
    ),
)

# What the marks that have fired owe, and what has become of it: still in the outbox, or in an inbox. Marks of a late
# stop are told by the command that stopped the deadline, all others by the sweep; both name deadline and percent. What fired
# before the matter was re-categorised owed what another policy said, which the deadline no longer names.
_KEPT = "k.percent = ANY (coalesce(d.percents[:d.kept], '{}'))"
_OWED = f"""
  SELECT k.deadline_id::text, k.percent::text, k.matter_id, k.fired_at, e.target
    FROM mark k JOIN deadline d ON d.id = k.deadline_id AND NOT {_KEPT}
    JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.primitive = 'notify'"""

_TOLD = """
  SELECT n.payload ->> 'deadline_id' AS deadline_id, n.payload ->> 'percent' AS percent,
         n.outbox_id, n.role, n.person_id
    FROM (SELECT payload, topic, id AS outbox_id, to_role AS role, to_person AS person_id FROM outbox
          UNION ALL SELECT payload, topic, outbox_id, as_role, person_id FROM inbox_message) n
   WHERE n.topic = 'deadline.mark'"""

_NOTICES = (
    Invariant(
        "notice-not-lost",
        "每个该通知的标记都有待发的通知或已到的消息",
        "every mark that notifies has its notice in the outbox, or a message in an inbox",
        # A notice to the assignee is owed in those states alone in which a matter has one.
        f"""SELECT owed.* FROM ({_OWED}) owed
             LEFT JOIN LATERAL (SELECT h.to_state FROM history h
                                 WHERE h.matter_id = owed.matter_id AND h.at <= owed.fired_at
                                 ORDER BY h.version DESC LIMIT 1) was ON true
             LEFT JOIN ({_TOLD}) told
               ON told.deadline_id = owed.deadline_id AND told.percent = owed.percent
              AND CASE WHEN owed.target IN ('assignee', 'requester') THEN told.role IS NULL
                       ELSE told.role = owed.target END
            WHERE told.deadline_id IS NULL
              AND (owed.target <> 'assignee' OR was.to_state IN ('offered', 'accepted', 'in_service', 'delivered'))""",
    ),
    Invariant(
        "notice-once",
        "同一标记对同一人、同一职务只通知一次",
        "a mark is told once to each person in each capacity, and only where it was owed",
        f"""WITH told AS MATERIALIZED ({_TOLD}), owed AS MATERIALIZED ({_OWED})
            SELECT deadline_id, percent, role, person_id, count(*) AS times FROM told
             GROUP BY deadline_id, percent, role, person_id HAVING count(*) > 1
            UNION ALL
            SELECT deadline_id, percent, role, NULL, count(DISTINCT outbox_id) FROM told
             WHERE role IS NOT NULL GROUP BY deadline_id, percent, role HAVING count(DISTINCT outbox_id) > 1
            UNION ALL
            SELECT told.deadline_id, told.percent, told.role, told.person_id, 1
              FROM told LEFT JOIN owed USING (deadline_id, percent)
             WHERE owed.deadline_id IS NULL AND NOT EXISTS (
                     SELECT 1 FROM mark k JOIN deadline d ON d.id = k.deadline_id
                      WHERE d.id::text = told.deadline_id AND k.percent::text = told.percent AND {_KEPT})""",
    ),
    Invariant(
        "notice-to-holder",
        "因职务收到的消息,收件人确有这一职务或是代管的管理员",
        "a message for a role reached somebody who held it at the place or above, or an administrator in their stead",
        """SELECT i.id, i.person_id, i.as_role, i.place_id FROM inbox_message i
            WHERE i.as_role IS NOT NULL
              AND NOT EXISTS (SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id
                               WHERE a.place_id = i.place_id AND g.person_id = i.person_id
                                 AND g.role = CASE WHEN i.nobody_in_post THEN 'administrator'
                                                   ELSE split_part(i.as_role, '@', 1) END)""",
    ),
    Invariant(
        "event-not-lost",
        "到点要做的后续动作,要么做了,要么还在排队",
        "a mark that causes an event has it in the outbox for as long as the deadline was not stopped",
        """SELECT k.deadline_id, k.percent, e.target
             FROM mark k JOIN deadline d ON d.id = k.deadline_id AND d.stopped_at IS NULL
             JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.primitive = 'event'
            WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sort = 'event' AND o.topic = e.target
                                 AND o.payload ->> 'deadline_id' = k.deadline_id::text)""",
    ),
)

_RECEIPTS = (
    Invariant(
        "receipt-once",
        "同一人、同一操作、同一个键只有一张回执",
        "there is one receipt for an actor, an operation and a key",
        """SELECT actor_id, operation, key, count(*) AS receipts FROM idempotency
            GROUP BY actor_id, operation, key HAVING count(*) > 1""",
    ),
    Invariant(
        "receipt-tells-truth",
        "每张回执说的变更确实发生了,而且是本人做的",
        "every receipt names a change that took place, by the same actor",
        """SELECT i.actor_id, i.operation, i.key, i.receipt FROM idempotency i
            WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = (i.receipt ->> 'id')::uuid
                                 AND h.version = (i.receipt ->> 'version')::int AND h.to_state = i.receipt ->> 'state'
                                 AND h.actor_id = i.actor_id)
              AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.subject_id = (i.receipt ->> 'id')::uuid
                                 AND a.version = (i.receipt ->> 'version')::int AND a.action = i.receipt ->> 'state'
                                 AND a.actor_id = i.actor_id)""",
    ),
    Invariant(
        "change-has-one-receipt",
        "一次变更只对应一张回执",
        "no change was acknowledged under two keys",
        """SELECT receipt ->> 'id' AS id, receipt ->> 'version' AS version, count(*) AS receipts FROM idempotency
            GROUP BY 1, 2 HAVING count(*) > 1""",
    ),
)

_TREE = """
  SELECT id AS place_id, id AS ancestor_id, 0 AS depth FROM place
  UNION ALL
  SELECT p.id, a.ancestor_id, a.depth + 1 FROM place p JOIN place_ancestor a ON a.place_id = p.parent_id"""

_PEOPLE_AND_PLACES = (
    Invariant(
        "not-own-server",
        "没有人承接自己的或自己下的事项",
        "nobody serves a matter of their own, for themselves, or that they placed",
        """SELECT id, assignee_id FROM matter m WHERE assignee_id IN (requester_id, beneficiary_id)
               OR EXISTS (SELECT 1 FROM order_detail d WHERE d.matter_id = m.id AND d.placed_by = m.assignee_id)""",
    ),
    Invariant(
        "represented-with-consent",
        "代下单的事项,下单时有本人同意的记录",
        "whoever ordered for somebody else had their recorded consent at that moment",
        """SELECT m.id, m.requester_id, m.beneficiary_id FROM matter m
            WHERE m.requester_id <> m.beneficiary_id AND NOT EXISTS (
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
    Invariant(
        "child-in-place",
        "事项的每条记录都与事项在同一地点",
        "no row of a matter stands in another place than the matter",
        """SELECT child.relation, child.matter_id, child.place_id FROM (
             SELECT 'history' AS relation, matter_id, place_id FROM history
             UNION ALL SELECT 'deadline', matter_id, place_id FROM deadline
             UNION ALL SELECT 'mark', matter_id, place_id FROM mark
             UNION ALL SELECT 'deadline_pause', matter_id, place_id FROM deadline_pause
             UNION ALL SELECT 'exclusion', matter_id, place_id FROM exclusion
             UNION ALL SELECT 'order_post', matter_id, place_id FROM order_post
             UNION ALL SELECT 'appointment', matter_id, place_id FROM appointment
             UNION ALL SELECT 'order_detail', matter_id, place_id FROM order_detail
             UNION ALL SELECT 'order_contact', matter_id, place_id FROM order_contact
             UNION ALL SELECT 'rating', matter_id, place_id FROM rating
             UNION ALL SELECT 'order_refusal', matter_id, place_id FROM order_refusal
             UNION ALL SELECT 'service_record', matter_id, place_id FROM service_record
             UNION ALL SELECT 'reveal', matter_id, place_id FROM reveal
             UNION ALL SELECT 'order_search', matter_id, place_id FROM order_search
             UNION ALL SELECT 'order_authority', matter_id, place_id FROM order_authority
             UNION ALL SELECT 'order_papers', matter_id, place_id FROM order_papers
             UNION ALL SELECT 'slot_booking', matter_id, place_id FROM slot_booking
             UNION ALL SELECT 'order_evidence', matter_id, place_id FROM order_evidence
             UNION ALL SELECT 'outbox', subject_id, place_id FROM outbox WHERE subject_kind = 'order'
             UNION ALL SELECT 'inbox_message', subject_id, place_id FROM inbox_message
                        WHERE subject_kind = 'order') child
            WHERE NOT EXISTS (SELECT 1 FROM matter m WHERE m.id = child.matter_id AND m.place_id = child.place_id)""",
    ),
    Invariant(
        "one-home",
        "没有人同时住在两个社区",
        "nobody lives in two communities at a time",
        """SELECT a.person_id, a.place_id, b.place_id AS other FROM role_grant a
             JOIN role_grant b ON b.person_id = a.person_id AND b.id > a.id AND b.role = 'resident'
            WHERE a.role = 'resident'
              AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)""",
    ),
    Invariant(
        "home-not-wider",
        "居民只住在社区或小区",
        "a resident lives in a community or an estate, never in a wider place",
        """SELECT g.id, g.person_id, p.level FROM role_grant g JOIN place p ON p.id = g.place_id
            WHERE g.role = 'resident' AND p.level NOT IN ('community', 'estate')""",
    ),
    Invariant(
        "tree-closed",
        "每个地点的上级表与地点树一致",
        "the table of ancestors is the tree's: oneself, and the parent's ancestors one step further",
        f"""SELECT 'missing' AS fault, m.* FROM ({_TREE} EXCEPT SELECT * FROM place_ancestor) m
            UNION ALL
            SELECT 'too much', t.* FROM (SELECT * FROM place_ancestor EXCEPT ({_TREE})) t""",
    ),
)

ALL: Sequence[Invariant] = (*_HISTORY, *_DEADLINES, *_NOTICES, *_RECEIPTS, *_PEOPLE_AND_PLACES)


async def check(connection: asyncpg.Connection) -> list[Broken]:
    """Look at every invariant in one snapshot, as a role that sees every row (the owner); an empty list when all hold.

    Reads only, and takes no lock that a command would wait for.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await broken(connection)


async def broken(connection: asyncpg.Connection) -> list[Broken]:
    """The invariants that do not hold in the transaction at hand."""
    found = []
    for invariant in ALL:
        if invariant.search is not None:
            faulty = [orjson.dumps(row).decode() async for row in invariant.search(connection)]
            if faulty:
                found.append(Broken(invariant, len(faulty), tuple(faulty[:EXAMPLES])))
            continue
        rows = await connection.fetch(
            "SELECT count(*) OVER () AS rows, to_jsonb(found)::text AS example"
            f" FROM ({invariant.sql}) found LIMIT {EXAMPLES}"
        )
        if rows:
            found.append(Broken(invariant, rows[0]["rows"], tuple(row["example"] for row in rows)))
    return found
