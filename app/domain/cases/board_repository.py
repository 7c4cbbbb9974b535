"""The joint board of a case as it is read: every seat with its limits, minutes, promises, contests; and sums of the ratings."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.repository import ASSIGNMENT_STANDS, get_case
from app.kernel.pagination import Cursor

# A seat is red for good once the unit has not signed, or not reported in, in time (domain.md §5).
_SEATS = text("""
SELECT m.id, m.unit_id, u.name AS unit_name, a.role, m.state, a.signed_at, a.outcome, a.excuse, w.kind AS whistle,
       (SELECT min(h.at) FROM history h WHERE h.matter_id = m.id AND h.action = 'report_in') AS reported_in_at,
       (SELECT min(d.due_at) FROM deadline d WHERE d.matter_id = m.id AND d.stopped_at IS NULL) AS due_at,
       EXISTS (SELECT 1 FROM mark k JOIN deadline d ON d.id = k.deadline_id
                WHERE k.matter_id = m.id AND k.percent = 100 AND d.kind IN ('sign', 'report_in')) AS red,
       c.ground, c.decision, c.upheld, p.name AS proposed_name, g.name AS given_name
  FROM matter m JOIN assignment_detail a ON a.matter_id = m.id JOIN unit u ON u.id = m.unit_id
  JOIN whistle w ON w.id = a.whistle_id
  LEFT JOIN contest c ON c.matter_id = m.id LEFT JOIN unit p ON p.id = c.proposed_id LEFT JOIN unit g ON g.id = c.unit_id
 WHERE a.case_id = :id ORDER BY a.role DESC, m.created_at, m.id""")

_MINUTES = text("""
SELECT n.id, n.text, n.held_at, n.written_at,
       ARRAY(SELECT u.name FROM unit u WHERE u.id = ANY (n.attended) ORDER BY u.name) AS attended
  FROM case_minutes n WHERE n.matter_id = :id ORDER BY n.held_at, n.id""")

_PROMISES = text("""
SELECT p.id, p.unit_id, u.name AS unit_name, p.text, p.due_at, p.made_at, p.kept_at,
       coalesce(p.kept_at, app_now()) >= p.due_at AS red, h.through AS written_by
  FROM case_promise p JOIN unit u ON u.id = p.unit_id
  JOIN history h ON h.matter_id = p.matter_id AND h.action = 'add_promise' AND h.at = p.made_at AND h.actor_id = p.made_by
 WHERE p.matter_id = :id ORDER BY p.due_at, p.id""")

_MEETING = text("""
SELECT d.due_at FROM deadline d WHERE d.matter_id = :id AND d.kind = 'meeting' AND d.stopped_at IS NULL""")


async def get_board(
    connection: AsyncConnection, case_id: UUID
) -> tuple[RowMapping, Mapping[str, Sequence[RowMapping]], Any]:
    """The case; seats, minutes and promises; until when the joint meeting is held, if it is still to be. Raises CaseNotFound."""
    case, parts = await get_case(connection, case_id), {}
    for name, query in (("seats", _SEATS), ("minutes", _MINUTES), ("promises", _PROMISES)):
        parts[name] = (await connection.execute(query, {"id": case_id})).mappings().all()
    return case, parts, (await connection.execute(_MEETING, {"id": case_id})).scalar_one_or_none()


_CONTESTS = f"""
SELECT {ASSIGNMENT_STANDS}, c.id AS contest_id, c.ground, c.contested_at, c.upheld, c.decision, c.decided_at,
       d.case_id, d.role, u.name AS unit_name, o.name AS proposed_name, g.name AS given_name, p.name AS place_name, x.words,
       k.name AS category_name, l.due_at, coalesce(c.decided_at, app_now()) >= l.due_at AS late
  FROM contest c JOIN matter m ON m.id = c.matter_id JOIN assignment_detail d ON d.matter_id = m.id
  JOIN unit u ON u.id = m.unit_id JOIN unit o ON o.id = c.proposed_id LEFT JOIN unit g ON g.id = c.unit_id
  JOIN place p ON p.id = m.place_id JOIN case_detail x ON x.matter_id = d.case_id
  JOIN case_category k ON k.id = x.category_id
  JOIN LATERAL (SELECT max(l.due_at) AS due_at FROM deadline l WHERE l.matter_id = m.id AND l.kind = 'arbitration') l ON true
 WHERE app_reaches(m.place_id, '{{arbiter}}')"""

_OPEN_CONTESTS = text(f"""{_CONTESTS} AND m.state = 'contested'
   AND (CAST(:after AS timestamptz) IS NULL OR (l.due_at, c.id) > (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY l.due_at, c.id LIMIT :most""")

_DECIDED_CONTESTS = text(f"""{_CONTESTS} AND c.decided_at IS NOT NULL
   AND (CAST(:after AS timestamptz) IS NULL OR (c.decided_at, c.id) < (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY c.decided_at DESC, c.id DESC LIMIT :most""")


async def list_contests(
    connection: AsyncConnection, *, decided: bool, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The contests where the reader is an arbiter: those that wait, what goes late first; or those that were decided, the newest
    first. One more than `limit`."""
    asked = {"after": after and after.created_at, "last": after and after.id, "most": limit + 1}
    query = _DECIDED_CONTESTS if decided else _OPEN_CONTESTS
    return (await connection.execute(query, asked)).mappings().all()


_UNIT_RATED = text("SELECT r.rated, r.stars FROM unit u CROSS JOIN LATERAL unit_rated(u.id) r WHERE u.id = :id")
_WHISTLES_RATED = text(
    "SELECT r.rated, r.valid, r.stars FROM place p CROSS JOIN LATERAL whistles_rated(p.id) r WHERE p.id = :id"
)


async def unit_rated(connection: AsyncConnection, unit_id: UUID) -> RowMapping | None:
    """How often a unit was rated, from five times on with which average; None when there is no such unit."""
    return (await connection.execute(_UNIT_RATED, {"id": unit_id})).mappings().one_or_none()


async def whistles_rated(connection: AsyncConnection, place_id: UUID) -> RowMapping | None:
    """How often the whistles of a level were rated, from five times on how many were valid and with which average; None when
    there is no such place."""
    return (await connection.execute(_WHISTLES_RATED, {"id": place_id})).mappings().one_or_none()
