"""What must be true of the data at every moment, each as a SELECT that must answer no row (`linli check`).

The schema already refuses most of this; here it is looked at again from outside, after every fault test and nightly in
production, so that a trigger that was dropped, a repair by hand or a restored backup shows. Reading only, in one
snapshot, so it may run beside a living system. Each room has its own; `app/invariants.py` names them all.
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

LEAVE_IT_RUNNING = ("case.supervise", "case.need_call")
"""Events whose answer does not stop the limit: that they were answered is seen in the rows of their room."""

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
            WHERE i.as_role IS NOT NULL AND (i.nobody_in_post OR i.as_role NOT IN ('unit', 'unit_head', 'unit_deputy'))
              AND NOT EXISTS (SELECT 1 FROM role_grant g JOIN place_ancestor a ON a.ancestor_id = g.place_id
                               WHERE a.place_id = i.place_id AND g.person_id = i.person_id
                                 AND g.role = CASE WHEN i.nobody_in_post THEN 'administrator'
                                                   WHEN i.as_role = 'seat' THEN 'secretary'
                                                   ELSE split_part(i.as_role, '@', 1) END)
              AND (i.nobody_in_post OR NOT EXISTS (
                    SELECT 1 FROM unit_member u WHERE u.person_id = i.person_id
                       AND i.as_role IN ('lead', 'unit', 'unit_head', 'unit_deputy')))""",
    ),
    Invariant(
        "event-not-lost",
        "到点要做的后续动作,要么做了,要么还在排队",
        "a mark that causes an event has it in the outbox for as long as the deadline was not stopped",
        # Where a miss is only told, it causes nothing. What leaves the limit running, its room looks for (see LEAVE_IT_RUNNING).
        f"""SELECT k.deadline_id, k.percent, e.target
             FROM mark k JOIN deadline d ON d.id = k.deadline_id AND d.stopped_at IS NULL
             JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.primitive = 'event'
                                 AND e.target <> ALL ('{{{",".join(LEAVE_IT_RUNNING)}}}')
             LEFT JOIN LATERAL (SELECT p.only_told FROM history h JOIN matter m ON m.id = h.matter_id
                                  JOIN promised_state p ON p.kind = m.kind AND p.state = h.to_state
                                 WHERE h.matter_id = k.matter_id AND h.at <= k.fired_at
                                 ORDER BY h.version DESC LIMIT 1) was ON true
            WHERE was.only_told IS NOT TRUE AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.sort = 'event' AND o.topic = e.target
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

KERNEL: Sequence[Invariant] = (*_HISTORY, *_DEADLINES, *_NOTICES, *_RECEIPTS)


async def check(connection: asyncpg.Connection, invariants: Sequence[Invariant]) -> list[Broken]:
    """Look at these invariants in one snapshot, as a role that sees every row (the owner); an empty list when all hold.

    Reads only, and takes no lock that a command would wait for.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        return await broken(connection, invariants)


async def broken(connection: asyncpg.Connection, invariants: Sequence[Invariant]) -> list[Broken]:
    """Those that do not hold in the transaction at hand."""
    found = []
    for invariant in invariants:
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
