"""The lists and pages of cases and assignments: everything that row-level security lets the reader see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.board_errors import AssignmentNotFound
from app.domain.cases.errors import CaseNotFound
from app.domain.cases.facts import ANSWERS
from app.domain.cases.page import ASSIGNMENT_WAITS, CASE_WAITS
from app.kernel.pagination import Cursor

# What every list shows; what was merged is held by whoever holds the other case. `whole`: the reader may read all of it, and
# not only how it stands and in which `street`. `more` is what the page of one case asks
# beside it: a row of a list does without.
_SHOWN = """
SELECT m.id, m.category, m.place_id, m.state, m.version, m.created_at, d.words, d.spot, d.emergency, d.lane,
       c.name AS category_name, p.name AS place_name, coalesce(w.seat_name, s.name) AS seat_name,
       coalesce(w.holder, h.holder) AS holder, coalesce(w.from_at, h.from_at) AS held_since,
       coalesce(w.unit_name, u.name) AS unit_name,
       (SELECT min(g.due_at) FROM deadline g JOIN promised_state q ON q.kind = m.kind AND q.state = m.state
         WHERE g.matter_id = m.id AND g.stopped_at IS NULL AND g.kind = ANY (q.governs)) AS due_at,
       app_sees_whole(m.id) AS whole,
       (SELECT jsonb_build_object('place_id', t.id, 'place_name', t.name) FROM place t WHERE t.id = street_of(m.place_id))
         AS street{more}
  FROM matter m JOIN case_detail d ON d.matter_id = m.id JOIN case_category c ON c.id = d.category_id
  JOIN place p ON p.id = m.place_id JOIN place s ON s.id = m.seat_id
  LEFT JOIN hold h ON h.matter_id = m.id AND h.until_at IS NULL LEFT JOIN unit u ON u.id = h.unit_id
  LEFT JOIN LATERAL held_with(CASE WHEN m.state = 'merged' THEN m.id END) w ON true
 WHERE m.kind = 'case'"""
_MORE = f""",
       {CASE_WAITS} AS waits,
       m.round, m.requester_id, m.beneficiary_id, m.placed_by, m.assignee_id, m.team_id, m.seat_id, m.unit_id, m.holder_id,
       m.open_pool, d.reported_as, d.outcome, d.answer, d.evidence, d.end_reason, d.elsewhere, d.merged_into, d.order_id,
       s.level AS level,
       (SELECT count(*) FROM case_reporter r WHERE r.matter_id = m.id) AS reporters,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', g.kind, 'due_at', g.due_at, 'late', g.due_at <= app_now())), '[]')
          FROM deadline g WHERE g.matter_id = m.id AND g.stopped_at IS NULL) AS limits,
       (SELECT coalesce(jsonb_agg(to_jsonb(b)), '[]') FROM board_steps(m.id) b) AS board_steps,
       (SELECT jsonb_build_object('hours', round(e.seconds / 3600.0, 2), 'reason', e.reason, 'asked_at', e.asked_at,
                 'granted', e.granted, 'decision', e.decision)
          FROM case_extension e WHERE e.matter_id = m.id ORDER BY e.round DESC LIMIT 1) AS extension,
       (SELECT jsonb_build_object('kind', w.kind, 'reason', w.reason, 'proposed_at', w.proposed_at,
                 'blown', w.blown_at IS NOT NULL, 'approved', w.approved, 'decided_at', w.decided_at, 'decision', w.decision)
          FROM whistle w WHERE w.matter_id = m.id ORDER BY w.proposed_at DESC LIMIT 1) AS whistle,
       CASE WHEN m.state IN ('reported', 'handling') THEN (
         SELECT coalesce(jsonb_agg(to_jsonb(f) ORDER BY f.answers DESC, f.depth, f.name), '[]') FROM (
           SELECT x.id, x.name, x.kind, x.id IS NOT DISTINCT FROM r.unit_id AS answers, b.depth
             FROM (SELECT {ANSWERS.format(of="m")} AS unit_id) r CROSS JOIN unit x
             JOIN place_ancestor b ON b.ancestor_id = x.place_id AND b.place_id = m.place_id
            WHERE x.closed_at IS NULL AND (x.id = r.unit_id OR x.kind = c.unit_kind)
            ORDER BY answers DESC, b.depth, x.name LIMIT 8) f) ELSE '[]' END AS fitting,
       app_roles(m.place_id, app_now()) AS roles, app_roles(m.seat_id, app_now()) AS seat_roles,
       app_unit(m.unit_id) AS post, app_parts(m.id) AS parts"""
SHOWN = _SHOWN.format(more="")
"""A row of a list of cases; conditions follow."""

_PAGE = text(_SHOWN.format(more=_MORE) + " AND m.id = :id")


@dataclass(frozen=True, slots=True)
class Filters:
    """By what a list of cases is narrowed; None does not narrow. `since`, `until`: reported in [since, until). `mine`: reported
    or joined by the reader. `for_callers`: reported by the reader for callers, or what an order became that they placed for
    one. `held_by`: the unit that holds it."""

    states: tuple[str, ...] | None = None
    category: str | None = None
    place_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    overdue: bool = False
    mine: bool = False
    for_callers: bool = False
    held_by: UUID | None = None
    lane: str | None = None
    level: str | None = None
    emergency: bool = False

    def values(self) -> dict[str, Any]:
        """As the query takes them."""
        states = list(self.states) if self.states else None
        return {
            "states": states, "category": self.category, "place": self.place_id, "since": self.since, "until": self.until,
            "overdue": self.overdue, "mine": self.mine, "for_callers": self.for_callers, "held_by": self.held_by,
            "lane": self.lane, "level": self.level, "emergency": self.emergency,
        }  # fmt: skip


_LISTED = text(f"""{SHOWN}
   AND (CAST(:states AS text[]) IS NULL OR m.state = ANY (CAST(:states AS text[])))
   AND (CAST(:category AS text) IS NULL OR m.category = :category)
   AND (CAST(:place AS uuid) IS NULL OR EXISTS (
         SELECT 1 FROM place_ancestor a WHERE a.place_id = m.place_id AND a.ancestor_id = :place))
   AND (CAST(:since AS timestamptz) IS NULL OR m.created_at >= :since)
   AND (CAST(:until AS timestamptz) IS NULL OR m.created_at < :until)
   AND (NOT CAST(:overdue AS boolean) OR EXISTS (
         SELECT 1 FROM deadline g WHERE g.matter_id = m.id AND g.stopped_at IS NULL AND g.due_at <= app_now()))
   AND (NOT CAST(:mine AS boolean) OR m.requester_id = app_actor() OR m.beneficiary_id = app_actor() OR EXISTS (
         SELECT 1 FROM case_reporter r WHERE r.matter_id = m.id AND r.person_id = app_actor()))
   AND (NOT CAST(:for_callers AS boolean) OR (m.placed_by = app_actor() AND m.placed_by <> m.requester_id))
   AND (CAST(:held_by AS uuid) IS NULL OR h.unit_id = :held_by)
   AND (CAST(:lane AS text) IS NULL OR d.lane = :lane) AND (CAST(:level AS text) IS NULL OR s.level = :level)
   AND (NOT CAST(:emergency AS boolean) OR d.emergency)
   AND (CAST(:after_at AS timestamptz) IS NULL OR (m.created_at, m.id) < (:after_at, CAST(:after_id AS uuid)))
 ORDER BY m.created_at DESC, m.id DESC LIMIT :limit""")


async def list_cases(
    connection: AsyncConnection, filters: Filters, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The cases that the reader may see, newest first; one more than `limit`."""
    place = {"after_at": after and after.created_at, "after_id": after and after.id, "limit": limit + 1}
    return (await connection.execute(_LISTED, filters.values() | place)).mappings().all()


async def get_case(connection: AsyncConnection, case_id: UUID) -> RowMapping:
    """One case. Raises CaseNotFound."""
    found = (await connection.execute(_PAGE, {"id": case_id})).mappings().one_or_none()
    if found is None:
        raise CaseNotFound
    return found


_HISTORY = text("""
SELECT h.*, h.matter_id <> d.matter_id AS of_order, s.name AS seat_name, w.whole, h.actor_id <> m.beneficiary_id AS for_another,
       (SELECT u.name FROM unit u WHERE h.action = 'add_promise' AND u.id = (h.note ->> 'unit_id')::uuid) AS unit_name
  FROM case_detail d CROSS JOIN LATERAL (SELECT app_sees_whole(d.matter_id) AS whole OFFSET 0) w
  JOIN matter m ON m.id = d.matter_id JOIN history h ON h.matter_id IN (d.matter_id, d.order_id)
  LEFT JOIN hold o ON o.matter_id = h.matter_id AND o.version = h.version LEFT JOIN place s ON s.id = o.seat_id
 WHERE d.matter_id = :id ORDER BY h.matter_id = d.matter_id, h.version""")


async def list_history(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """Every change of a case, oldest first, with those of the order that it was before them: one thread. Each with the place
    whose officers it went to, where it moved, and the unit that promised something; `whole` as in a list. Raises CaseNotFound."""
    found = (await connection.execute(_HISTORY, {"id": case_id})).mappings().all()
    if not found:
        raise CaseNotFound
    return found


ASSIGNMENT_STANDS = f"""{ASSIGNMENT_WAITS} AS waits,
       m.id, m.category, m.place_id, m.state, m.version, m.round, m.requester_id, m.beneficiary_id, m.placed_by, m.assignee_id,
       m.team_id, m.seat_id, m.unit_id, m.holder_id, m.open_pool, m.created_at,
       app_roles(m.place_id, app_now()) AS roles, app_roles(m.seat_id, app_now()) AS seat_roles,
       app_unit(m.unit_id) AS post, app_parts(m.id) AS parts"""
"""What says what the reader may do with an assignment `m` with its detail `d`."""

_ASSIGNMENTS = f"""
SELECT {ASSIGNMENT_STANDS}, d.case_id, d.role, d.leads, d.signed_at, d.outcome, d.excuse,
       CASE WHEN NOT d.contested AND m.state IN ('signed', 'reported_in') THEN d.contest_until END AS contest_until,
       u.name AS unit_name, p.name AS place_name, x.words, x.spot, coalesce(k.name, f.category) AS category_name,
       w.approved, w.blown_at, CASE WHEN m.state = 'excused' THEN (
         SELECT jsonb_build_object('action', h.action, 'why', h.note ->> 'why') FROM history h
          WHERE h.matter_id = m.id AND h.to_state = 'excused' ORDER BY h.version DESC LIMIT 1) END AS excused_by,
       (SELECT g.name FROM contest c JOIN unit g ON g.id = c.unit_id WHERE c.matter_id = m.id) AS given_name,
       (SELECT min(g.due_at) FROM deadline g WHERE g.matter_id = m.id AND g.stopped_at IS NULL) AS due_at
  FROM matter m JOIN assignment_detail d ON d.matter_id = m.id JOIN unit u ON u.id = m.unit_id
  JOIN place p ON p.id = m.place_id LEFT JOIN case_detail x ON x.matter_id = d.case_id
  LEFT JOIN whistle w ON w.id = d.whistle_id
  LEFT JOIN case_category k ON k.id = x.category_id
  LEFT JOIN LATERAL assigned_case(CASE WHEN k.id IS NULL THEN d.case_id END) f ON true
 WHERE m.kind = 'assignment'"""

_OURS = """
   AND app_unit(m.unit_id) IS NOT NULL AND (CAST(:states AS text[]) IS NULL OR m.state = ANY (CAST(:states AS text[])))
   AND (CAST(:after_at AS timestamptz) IS NULL OR (m.created_at, m.id) < (:after_at, CAST(:after_id AS uuid)))
 ORDER BY m.created_at DESC, m.id DESC LIMIT :limit"""


async def list_assignments(
    connection: AsyncConnection, states: tuple[str, ...] | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The assignments of the reader's own units, newest first; one more than `limit`."""
    place = {"after_at": after and after.created_at, "after_id": after and after.id, "limit": limit + 1}
    asked = {"states": list(states) if states else None} | place
    return (await connection.execute(text(_ASSIGNMENTS + _OURS), asked)).mappings().all()


async def get_assignment(connection: AsyncConnection, assignment_id: UUID) -> RowMapping:
    """One assignment. Raises AssignmentNotFound."""
    asked = text(_ASSIGNMENTS + " AND m.id = :id")
    found = (await connection.execute(asked, {"id": assignment_id})).mappings().one_or_none()
    if found is None:
        raise AssignmentNotFound
    return found
