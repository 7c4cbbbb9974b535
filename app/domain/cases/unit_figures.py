"""The SQL of how units answer a whistle, and how valid whistles are (domain.md §5). Each figure is a condition, which counts and
lists the assignments or whistles behind it alike, as in `rates.py`."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.rates import Period, counts, page, paged, within
from app.kernel.pagination import Cursor


class UnitFigure(StrEnum):
    """What is counted: of the assignments of units, then of the whistles of a level."""

    ASSIGNMENTS = "assignments"
    NOT_THEIRS = "not_theirs"
    SIGNED = "signed"
    NOT_SIGNED = "not_signed"
    REPORTED_IN = "reported_in"
    NOT_REPORTED_IN = "not_reported_in"
    WHISTLES = "whistles"
    APPROVED = "approved"
    VALID = "valid"
    NOT_VALID = "not_valid"
    SILENT = "silent"

    @property
    def label(self) -> str:
        """The Chinese words that people read."""
        return _FIGURES[self]


_FIGURES = {
    UnitFigure.ASSIGNMENTS: "派给单位的任务",
    UnitFigure.NOT_THEIRS: "经裁定不属于该单位",
    UnitFigure.SIGNED: "按时签收",
    UnitFigure.NOT_SIGNED: "未按时签收",
    UnitFigure.REPORTED_IN: "按时报到",
    UnitFigure.NOT_REPORTED_IN: "未按时报到",
    UnitFigure.WHISTLES: "有决定的吹哨",
    UnitFigure.APPROVED: "获批准的吹哨",
    UnitFigure.VALID: "有效哨",
    UnitFigure.NOT_VALID: "无效哨",
    UnitFigure.SILENT: "逾期未核验",
}

# A promise of an assignment is kept by what the unit did, missed, or neither: it runs, or the unit was released before. A miss
# that was excluded is none.
_PROMISE = """
  LEFT JOIN LATERAL (
    SELECT CASE WHEN missed THEN false WHEN done THEN true END AS kept FROM (
      SELECT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.action = '{kind}') AS done,
             EXISTS (SELECT 1 FROM mark k WHERE k.deadline_id = d.id AND k.percent = 100)
               AND NOT EXISTS (SELECT 1 FROM exclusion e WHERE e.deadline_id = d.id AND e.upheld) AS missed
        FROM deadline d WHERE d.matter_id = m.id AND d.kind = '{kind}' ORDER BY d.started_at LIMIT 1) s) {kind} ON true"""

# The case, and the level that whistled; a row without them is neither counted nor listed.
_ABOUT = """p.name AS place_name, s.name AS seat_name, u.name AS unit_name, k.name AS category_name, w.kind"""
_CASE = """JOIN case_detail d ON d.matter_id = w.matter_id JOIN case_category k ON k.id = d.category_id
    JOIN place p ON p.id = w.place_id JOIN place s ON s.id = w.seat_id"""

_CALLED = f"""
counted AS MATERIALIZED (
  SELECT m.id, m.unit_id AS key, u.name AS label, w.matter_id AS case_id, {_ABOUT}, m.created_at AS at,
         coalesce(c.upheld, false) AS not_theirs, sign.kept AS signed, report_in.kept AS reported_in,
         NULL::boolean AS approved, NULL::boolean AS valid, NULL::boolean AS silent
    FROM matter m JOIN unit u ON u.id = m.unit_id JOIN assignment_detail a ON a.matter_id = m.id
    JOIN whistle w ON w.id = a.whistle_id {_CASE} LEFT JOIN contest c ON c.matter_id = m.id
    {_PROMISE.format(kind="sign")} {_PROMISE.format(kind="report_in")}
   WHERE m.kind = 'assignment' AND m.created_at >= :since AND m.created_at < :until AND {within("m")})"""

_BLOWN = f"""
counted AS MATERIALIZED (
  SELECT w.id, w.seat_id AS key, s.name AS label, w.matter_id AS case_id, {_ABOUT}, w.decided_at AS at,
         NULL::boolean AS not_theirs, NULL::boolean AS signed, NULL::boolean AS reported_in, w.approved,
         w.approved AND NOT EXISTS (
           SELECT 1 FROM assignment_detail a JOIN contest c ON c.matter_id = a.matter_id AND c.upheld
            WHERE a.whistle_id = w.id) AS valid,
         EXISTS (SELECT 1 FROM history h WHERE h.matter_id = w.matter_id AND h.action = 'accept_result' AND h.note ? 'silent')
           AS silent
    FROM whistle w JOIN unit u ON u.id = w.lead_id {_CASE}
   WHERE w.decided_at >= :since AND w.decided_at < :until AND {within("w")})"""

_OF_UNITS: Mapping[UnitFigure, str] = {
    UnitFigure.ASSIGNMENTS: "true",
    UnitFigure.NOT_THEIRS: "not_theirs",
    UnitFigure.SIGNED: "signed",
    UnitFigure.NOT_SIGNED: "NOT signed",
    UnitFigure.REPORTED_IN: "reported_in",
    UnitFigure.NOT_REPORTED_IN: "NOT reported_in",
}
_OF_WHISTLERS: Mapping[UnitFigure, str] = {
    UnitFigure.WHISTLES: "true",
    UnitFigure.APPROVED: "approved",
    UnitFigure.VALID: "valid",
    UnitFigure.NOT_VALID: "NOT valid",
    UnitFigure.SILENT: "silent",
}


def _grouped(source: str, conditions: Mapping[UnitFigure, str], largest: UnitFigure) -> str:
    return (
        f"WITH {source} SELECT key, min(label) AS label, {counts(conditions)} FROM counted"
        f" GROUP BY key ORDER BY {largest} DESC, label"
    )


_UNITS = text(_grouped(_CALLED, _OF_UNITS, UnitFigure.ASSIGNMENTS))
_WHISTLERS = text(_grouped(_BLOWN, _OF_WHISTLERS, UnitFigure.WHISTLES))


async def unit_figures(
    connection: AsyncConnection, period: Period
) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
    """How units that were called in a period signed and reported in; and how many whistles that were decided in it were valid:
    approved, and no unit was found not to be responsible; and of how many the result was accepted because the level that
    whistled said nothing."""
    units = (await connection.execute(_UNITS, period.values())).mappings().all()
    return units, (await connection.execute(_WHISTLERS, period.values())).mappings().all()


async def unit_figure_cases(
    connection: AsyncConnection, period: Period, figure: UnitFigure, key: UUID | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The assignments or whistles behind a figure, with their cases – of one unit or level, or with no key of all –, newest
    first; one more than `limit`."""
    source, condition = (_CALLED, _OF_UNITS[figure]) if figure in _OF_UNITS else (_BLOWN, _OF_WHISTLERS[figure])
    query = text(f"""
WITH {source}
SELECT * FROM counted WHERE {condition} AND (CAST(:key AS uuid) IS NULL OR key = CAST(:key AS uuid))
   {paged("at", "id")}""")
    return (await connection.execute(query, period.values() | page(after, limit) | {"key": key})).mappings().all()
