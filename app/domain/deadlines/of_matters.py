"""The deadlines of one matter, whatever kind of matter it is: listed with their marks, and one to be explained."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, Select, func, literal_column, select, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.deadlines.errors import DeadlineNotFound
from app.kernel.calendar_store import know
from app.kernel.database import driver, rows
from app.kernel.deadline_tables import Deadline, DeadlinePolicy, Mark
from app.kernel.errors import NotFound
from app.kernel.loading import RUNS_ON, TIMED, pinned
from app.kernel.tables import MatterRow

STEPS = """(
  SELECT jsonb_agg(jsonb_build_object('from_state', h.from_state, 'to_state', h.to_state, 'at', h.at) ORDER BY h.version)
    FROM history h WHERE h.matter_id = matter.id AND h.from_state IS DISTINCT FROM h.to_state)"""
"""The lines of a matter's history that moved it to another state."""

STOPPED_BY = """(SELECT h.action FROM history h
         WHERE h.matter_id = {0}.matter_id AND h.at = {0}.stopped_at AND h.action <> 'mark' ORDER BY h.version LIMIT 1)"""
"""The action that stopped a deadline, whose alias goes in."""

_EXPLAINED = text(f"""
SELECT {TIMED} AS timed, p.version AS policy_version, p.estate_type, d.round, d.pausable, d.calendar_missing, w.days AS day_names,
       {STEPS} AS steps, app_now() AS now,
       EXISTS (SELECT 1 FROM mark k WHERE k.deadline_id = d.id AND k.percent = 100) AS missed, matter.kind AS matter_kind,
       {STOPPED_BY.format("d")} AS stopped_by,
       app_actor() IN (matter.requester_id, matter.beneficiary_id)
         OR app_reaches(matter.place_id, '{{administrator,dispatcher,secretary}}') AS of_dispute,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('percent', e.percent, 'target', e.target)
                                  ORDER BY e.percent, e.target), '[]')
          FROM policy_effect e
         WHERE e.policy_id = d.policy_id AND (e.primitive IN ('notify', 'set_holder') OR e.target = 'case.supervise')) AS told,
       (SELECT e.reason FROM exclusion e WHERE e.deadline_id = d.id AND e.upheld) AS excluded
  FROM deadline d JOIN matter ON matter.id = d.matter_id JOIN deadline_policy p ON p.id = d.policy_id
  LEFT JOIN workday_set w ON w.id = d.workdays_id
 WHERE d.matter_id = :matter_id AND d.id = :deadline_id AND matter.kind = :kind""")


async def get_deadline(connection: AsyncConnection, kind: str, matter_id: UUID, deadline_id: UUID) -> RowMapping:
    """One deadline of a matter with all that its moments are computed from; its calendar is known then. Raises
    DeadlineNotFound, also for a matter that the reader does not see."""
    asked = {"kind": kind, "matter_id": matter_id, "deadline_id": deadline_id}
    row = (await connection.execute(_EXPLAINED, asked)).mappings().one_or_none()
    if row is None:
        raise DeadlineNotFound
    await know(await driver(connection), pinned([row["timed"]]))
    return row


# The pause that runs now. The text of a question's pause is the question's id: the question stands among the posts.
_PAUSE = """(SELECT jsonb_build_object('reason', s.reason, 'until_at', s.until_at,
                                       'text', CASE s.reason WHEN 'force_majeure' THEN s.text END)
               FROM deadline_pause s
              WHERE s.deadline_id = deadline.id AND deadline.stopped_at IS NULL AND NOT s.annulled
                AND s.from_at <= app_now() AND s.until_at > app_now()
              ORDER BY s.from_at, s.id LIMIT 1)"""
_EXCLUDED = "EXISTS (SELECT 1 FROM exclusion e WHERE e.deadline_id = deadline.id AND e.upheld)"


async def list_deadlines(
    connection: AsyncConnection, kind: str, matter_id: UUID, missing: type[NotFound]
) -> Sequence[RowMapping]:
    """The deadlines of a matter, oldest first, each with the marks that have fired. Raises `missing`."""
    d = Deadline
    fired = (
        select(
            func.coalesce(
                func.jsonb_agg(
                    func.jsonb_build_object("percent", Mark.percent, "due_at", Mark.due_at, "fired_at", Mark.fired_at)
                ),
                text("'[]'"),
            )
        )
        .where(col(Mark.deadline_id) == col(d.id))
        .scalar_subquery()
    )
    query: Select[*tuple[Any, ...]] = (
        select(
            d.__table__,  # type: ignore[attr-defined]
            fired.label("marks"),
            literal_column(_EXCLUDED).label("excluded"),
            literal_column(STOPPED_BY.format("deadline")).label("stopped_by"),
            literal_column(_PAUSE).label("pause"),
            col(MatterRow.kind).label("matter_kind"),
            col(DeadlinePolicy.version).label("policy_version"),
            literal_column(RUNS_ON.format("deadline", "deadline_policy")).label("calendar"),
            col(DeadlinePolicy.matter_kind),
        )
        .join(DeadlinePolicy, col(DeadlinePolicy.id) == col(d.policy_id))
        .join(MatterRow, col(MatterRow.id) == col(d.matter_id))
        .where(col(d.matter_id) == matter_id, col(MatterRow.kind) == kind)
        .order_by(col(d.started_at), col(d.id))
    )
    found = await rows(connection, query)
    if not found:
        raise missing
    return found
