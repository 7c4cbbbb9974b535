"""What the clients were told against what the database holds: what is missing, what is there twice."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from tests.faults.house import Down

# Each set is compared both ways: what should be and is not is missing, what is and should not be is too much.
_MARKS_DUE = """
SELECT d.id, x.percent FROM deadline d CROSS JOIN LATERAL unnest(d.percents, d.times) x(percent, due)
 WHERE x.due <= coalesce(d.stopped_at, app_now())"""
_MARKS = "SELECT deadline_id, percent FROM mark"

# A mark of the sweep stands in one row of the history; one of a late stop in none, the command that stopped it stands there –
# also when the deadline has gone on since.
_SWEPT = """
SELECT k.matter_id, d.kind, k.percent::text, k.fired_at FROM mark k JOIN deadline d ON d.id = k.deadline_id
 WHERE NOT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = k.matter_id AND h.at = k.fired_at AND h.action <> 'mark')"""
_TOLD_BY_HISTORY = """
SELECT h.matter_id, m ->> 'deadline', m ->> 'percent', h.at
  FROM history h CROSS JOIN LATERAL jsonb_array_elements(h.note -> 'marks') m WHERE h.action = 'mark'"""

_NOTICES_DUE = """
SELECT k.deadline_id::text, k.percent::text, e.target, h.person_id
  FROM mark k JOIN deadline d ON d.id = k.deadline_id
  JOIN policy_effect e ON e.policy_id = d.policy_id AND e.percent = k.percent AND e.primitive = 'notify'
 CROSS JOIN LATERAL holders_of(k.place_id, e.target) h WHERE e.target NOT IN ('assignee', 'requester')"""
_NOTICES = """
SELECT payload ->> 'deadline_id', payload ->> 'percent', as_role, person_id FROM inbox_message
 WHERE topic = 'deadline.mark' AND as_role IS NOT NULL"""

_TOPICS = {
    "place": "order.placed", "offer": "order.offered", "lapse": "order.lapsed", "accept": "order.accepted",
    "match": "order.offered", "open_pool": "order.nobody_qualifies", "decline": "order.declined", "claim": "order.accepted",
    "start": "order.started", "deliver": "order.delivered", "rate": "order.rated",
}  # fmt: skip


BY_THE_SYSTEM = ("match", "open_pool", "lapse", "close_unrated", "convert")
"""What nobody asked for: the matcher, and limits that act."""


@dataclass(frozen=True)
class Line:
    """One comparison, with some of what differs."""

    what: str
    expected: int
    missing: int
    twice: int
    such_as: tuple[object, ...] = ()


async def reckon(owner: asyncpg.Connection, log: Path) -> list[Line]:
    """Every comparison, for a system that has come to rest."""
    told = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    lines = [Line("keys in the log of the clients", len(told), 0, len(told) - len({entry["key"] for entry in told}))]
    rows = await owner.fetch(
        "SELECT h.matter_id::text AS id, h.version, h.action, h.to_state, h.through = 'system' AS by_itself"
        " FROM history h JOIN matter m ON m.id = h.matter_id"
        " WHERE h.action <> 'mark' AND m.kind = 'order'"
    )
    by_people = Counter(
        (row["id"], row["version"], row["action"], row["to_state"])
        for row in rows
        if not (row["by_itself"] and row["action"] in BY_THE_SYSTEM)
    )
    acknowledged = Counter((e["id"], e["version"], e["operation"], e["state"]) for e in told)
    lines.append(_line("acknowledged changes in the history", acknowledged, by_people))
    receipts = await owner.fetch("SELECT key, receipt ->> 'id' AS id FROM idempotency WHERE key LIKE 'kill-%'")
    lines.append(
        _line(
            "receipts by key",
            Counter((e["key"], e["id"]) for e in told),
            Counter((r["key"], r["id"]) for r in receipts),
        )
    )
    orders = await owner.fetch("SELECT id::text FROM matter WHERE kind = 'order'")
    lines.append(
        _line(
            "orders", Counter(e["id"] for e in told if e["operation"] == "place"), Counter(row["id"] for row in orders)
        )
    )
    converted = await owner.fetch("SELECT id::text FROM matter WHERE kind = 'order' AND state = 'converted'")
    became = await owner.fetch("SELECT order_id::text FROM case_detail WHERE order_id IS NOT NULL")
    lines.append(
        _line(
            "cases of converted orders",
            Counter(row["id"] for row in converted),
            Counter(row["order_id"] for row in became),
        )
    )
    for what, due, done in (
        ("marks", _MARKS_DUE, _MARKS),
        ("marks in the history", _SWEPT, _TOLD_BY_HISTORY),
        ("notices of marks, by holder", _NOTICES_DUE, _NOTICES),
    ):
        expected = Counter(tuple(row.values()) for row in await owner.fetch(due))
        lines.append(_line(what, expected, Counter(tuple(row.values()) for row in await owner.fetch(done))))
    messages = await owner.fetch(
        "SELECT DISTINCT subject_id::text AS id, topic, outbox_id FROM inbox_message WHERE topic = ANY ($1)",
        [*_TOPICS.values()],
    )
    steps = Counter((row["id"], _TOPICS[row["action"]]) for row in rows if row["action"] in _TOPICS)
    lines.append(_line("notices of changes", steps, Counter((row["id"], row["topic"]) for row in messages)))
    return lines


def _line(what: str, expected: Counter[object], found: Counter[object]) -> Line:
    missing, twice = expected - found, found - expected
    return Line(what, expected.total(), missing.total(), twice.total(), (*list(missing)[:3], *list(twice)[:3]))


async def due_while_dead(owner: asyncpg.Connection, downs: Sequence[Down]) -> int:
    """How many deadlines were missed at a moment at which some part was dead."""
    ended = [down for down in downs if down.until is not None]
    return int(
        await owner.fetchval(
            "SELECT count(DISTINCT k.deadline_id) FROM mark k"
            " JOIN unnest($1::timestamptz[], $2::timestamptz[]) down(since, until)"
            " ON k.due_at >= down.since AND k.due_at <= down.until WHERE k.percent = 100",
            [down.since for down in ended],
            [down.until for down in ended],
        )
    )
