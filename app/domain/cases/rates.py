"""The SQL of the figures: three rates from the call-back, hold-times, and how units answer a whistle (domain.md §5). Each
figure is a condition, which counts and lists the rows behind it alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.places.errors import PlaceNotFound
from app.kernel.errors import NotAllowed
from app.kernel.ids import new_id
from app.kernel.pagination import Cursor


class Group(StrEnum):
    """By what figures are told apart: whoever handled it (the unit that led, or the office of its level), level, category."""

    UNIT = "unit"
    LEVEL = "level"
    CATEGORY = "category"

    @property
    def label(self) -> str:
        """The Chinese word that people read."""
        return _GROUPS[self]


_GROUPS = {Group.UNIT: "单位", Group.LEVEL: "层级", Group.CATEGORY: "类别"}


class Figure(StrEnum):
    """What is counted. What is excluded counts in `excluded` alone, what waits in `waiting`; who was not reached is neutral."""

    CALLBACKS = "callbacks"
    WAITING = "waiting"
    UNREACHED = "unreached"
    EXCLUDED = "excluded"
    CONTACTED = "contacted"
    NOT_CONTACTED = "not_contacted"
    SOLVED = "solved"
    UNSOLVED = "unsolved"
    SATISFIED = "satisfied"
    DISSATISFIED = "dissatisfied"

    @property
    def label(self) -> str:
        return _FIGURES[self]


_FIGURES = {
    Figure.CALLBACKS: "回访",
    Figure.WAITING: "待答复",
    Figure.UNREACHED: "未联系上",
    Figure.EXCLUDED: "经复核不计",
    Figure.CONTACTED: "及时联系",
    Figure.NOT_CONTACTED: "未及时联系",
    Figure.SOLVED: "解决",
    Figure.UNSOLVED: "未解决",
    Figure.SATISFIED: "满意",
    Figure.DISSATISFIED: "不满意",
}

_CONDITIONS: Mapping[Figure, str] = {
    Figure.CALLBACKS: "true",
    Figure.WAITING: "NOT excluded AND state = 'open'",
    Figure.UNREACHED: "NOT excluded AND state = 'unreached'",
    Figure.EXCLUDED: "excluded",
    Figure.CONTACTED: "NOT excluded AND contacted AND solved IS NOT NULL",
    Figure.NOT_CONTACTED: "NOT excluded AND NOT contacted AND solved IS NOT NULL",
    Figure.SOLVED: "NOT excluded AND solved",
    Figure.UNSOLVED: "NOT excluded AND NOT solved",
    Figure.SATISFIED: "NOT excluded AND satisfied",
    Figure.DISSATISFIED: "NOT excluded AND NOT satisfied",
}

_KEYS: Mapping[Group, str] = {
    Group.UNIT: "coalesce(unit_id, seat_id)::text",
    Group.LEVEL: "level",
    Group.CATEGORY: "category",
}
_LABELS: Mapping[Group, str] = {
    Group.UNIT: "coalesce(unit_name, seat_name)",
    Group.LEVEL: "level",
    Group.CATEGORY: "category_name",
}


@dataclass(frozen=True, slots=True)
class Period:
    """What figures are of: a place and below it (None: everything that the reader sees), in [since, until)."""

    place_id: UUID | None
    since: datetime
    until: datetime

    def values(self) -> dict[str, Any]:
        """As the queries take them."""
        return {"place": self.place_id, "since": self.since, "until": self.until}


_BELOW = """(CAST(:place AS uuid) IS NULL OR EXISTS (
       SELECT 1 FROM place_ancestor b WHERE b.place_id = {row}.place_id AND b.ancestor_id = CAST(:place AS uuid)))"""
_MAY = "app_reaches({row}.place_id, '{{administrator,secretary,supervisor}}')"

# Whoever was asked says whether they were contacted in time; where they said nothing, whether respond and reply of the case
# were kept – but for a miss that was excluded, which does not count.
_COUNTED = f"""
counted AS MATERIALIZED (
  SELECT c.*, e.id IS NOT NULL AS excluded, s.level, s.name AS seat_name, u.name AS unit_name, k.name AS category_name,
         coalesce(c.contacted_in_time, (
           SELECT bool_and(NOT missed) FROM (
             SELECT EXISTS (SELECT 1 FROM mark y WHERE y.deadline_id = d.id AND y.percent = 100) AS missed, d.stopped_at
               FROM deadline d WHERE d.matter_id = c.matter_id AND d.kind IN ('respond', 'reply')
                AND NOT EXISTS (SELECT 1 FROM exclusion x WHERE x.deadline_id = d.id AND x.upheld)) first
            WHERE missed OR stopped_at IS NOT NULL)) AS contacted
    FROM callback c JOIN place s ON s.id = c.seat_id LEFT JOIN unit u ON u.id = c.unit_id
    JOIN case_detail d ON d.matter_id = c.matter_id JOIN case_category k ON k.id = d.category_id
    LEFT JOIN exclusion e ON e.callback_id = c.id AND e.upheld
   WHERE c.opened_at >= :since AND c.opened_at < :until AND c.state <> 'dropped'
     AND {_MAY.format(row="c")} AND {_BELOW.format(row="c")})"""

_COUNTS = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {figure}" for figure, condition in _CONDITIONS.items())


async def three_rates(connection: AsyncConnection, period: Period, group: Group) -> Sequence[RowMapping]:
    """The counts of a period by group, the largest first; the last row, whose key is NULL, is all of them."""
    query = text(
        f"WITH {_COUNTED} SELECT {_KEYS[group]} AS key, min({_LABELS[group]}) AS label, {_COUNTS} FROM counted"
        f" GROUP BY GROUPING SETS (({_KEYS[group]}), ()) ORDER BY grouping({_KEYS[group]}), callbacks DESC, label"
    )
    return (await connection.execute(query, period.values())).mappings().all()


async def rate_cases(
    connection: AsyncConnection,
    period: Period,
    figure: Figure,
    group: Group,
    key: str | None,
    after: Cursor | None,
    limit: int,
) -> Sequence[RowMapping]:
    """The call-backs behind a figure – of one group, or with no key of all –, newest first; one more than `limit`."""
    query = text(f"""
WITH {_COUNTED}
SELECT counted.*, p.name AS place_name FROM counted JOIN place p ON p.id = counted.place_id
 WHERE {_CONDITIONS[figure]} AND (CAST(:key AS text) IS NULL OR {_KEYS[group]} = CAST(:key AS text))
   AND (CAST(:after AS timestamptz) IS NULL
        OR (opened_at, counted.id) < (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY opened_at DESC, counted.id DESC LIMIT :most""")
    place = {"after": after and after.created_at, "last": after and after.id, "most": limit + 1, "key": key}
    return (await connection.execute(query, period.values() | place)).mappings().all()


_HELD = f"""
held AS MATERIALIZED (
  SELECT h.matter_id, h.unit_id, h.seat_id, h.holder, s.level, s.name AS seat_name, u.name AS unit_name, m.category,
         k.name AS category_name,
         extract(epoch FROM least(coalesce(h.until_at, app_now()), :until) - greatest(h.from_at, :since)) AS seconds
    FROM hold h JOIN matter m ON m.id = h.matter_id JOIN place s ON s.id = h.seat_id LEFT JOIN unit u ON u.id = h.unit_id
    JOIN case_detail d ON d.matter_id = h.matter_id JOIN case_category k ON k.id = d.category_id
   WHERE h.from_at < :until AND coalesce(h.until_at, app_now()) > :since AND {_MAY.format(row="h")}
     AND {_BELOW.format(row="h")})"""


# Who holds it while it is called back or deliberated is not the office of its level.
_HOLDER_KEY = "coalesce(unit_id::text, CASE holder WHEN 'seat' THEN seat_id::text ELSE seat_id || ':' || holder END)"


async def hold_times(connection: AsyncConnection, period: Period, group: Group) -> Sequence[RowMapping]:
    """Who held cases how long within a period, in seconds: the sum, and the median of the stretches; the longest first. The
    last row, whose key is NULL, is all of them. By unit each row says in which capacity (`holder`)."""
    key = _HOLDER_KEY if group is Group.UNIT else _KEYS[group]
    query = text(
        f"WITH {_HELD} SELECT {key} AS key, min({_LABELS[group]}) AS label, min(holder) AS holder,"
        " count(DISTINCT matter_id) AS cases,"
        " count(*) AS stretches, coalesce(sum(seconds), 0)::bigint AS seconds,"
        " coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0)::bigint AS median_seconds"
        f" FROM held GROUP BY GROUPING SETS (({key}), ()) ORDER BY grouping({key}), seconds DESC, label"
    )
    return (await connection.execute(query, period.values())).mappings().all()


_CASE_HOLDS = text("""
SELECT h.version, h.holder, h.from_at, h.until_at, s.name AS seat_name, s.level, u.name AS unit_name,
       extract(epoch FROM coalesce(h.until_at, app_now()) - h.from_at)::bigint AS seconds
  FROM hold h JOIN place s ON s.id = h.seat_id LEFT JOIN unit u ON u.id = h.unit_id
 WHERE h.matter_id = :id ORDER BY h.from_at, h.version""")


async def case_holds(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """Who held one case from when until when, the oldest first."""
    return (await connection.execute(_CASE_HOLDS, {"id": case_id})).mappings().all()


# A promise of an assignment is kept by what the unit did, missed, or neither: it runs, or the unit was released before. A miss
# that was excluded is none.
_KEPT = """
  count(*) FILTER (WHERE {kind}.done AND NOT {kind}.missed) AS {kind}_kept,
  count(*) FILTER (WHERE {kind}.missed) AS {kind}_missed"""
_PROMISE = """
  LEFT JOIN LATERAL (
    SELECT EXISTS (SELECT 1 FROM history h WHERE h.matter_id = m.id AND h.action = '{kind}') AS done,
           EXISTS (SELECT 1 FROM mark k WHERE k.deadline_id = d.id AND k.percent = 100)
             AND NOT EXISTS (SELECT 1 FROM exclusion e WHERE e.deadline_id = d.id AND e.upheld) AS missed
      FROM deadline d WHERE d.matter_id = m.id AND d.kind = '{kind}' ORDER BY d.started_at LIMIT 1) {kind} ON true"""

_UNITS = text(f"""
SELECT u.id AS key, min(u.name) AS label, count(*) AS assignments,
       count(*) FILTER (WHERE c.upheld) AS not_theirs, {_KEPT.format(kind="sign")},
       {_KEPT.format(kind="report_in")}
  FROM matter m JOIN unit u ON u.id = m.unit_id LEFT JOIN contest c ON c.matter_id = m.id
  {_PROMISE.format(kind="sign")} {_PROMISE.format(kind="report_in")}
 WHERE m.kind = 'assignment' AND m.created_at >= :since AND m.created_at < :until AND {_MAY.format(row="m")}
   AND {_BELOW.format(row="m")}
 GROUP BY u.id ORDER BY assignments DESC, label""")

_WHISTLERS = text(f"""
SELECT p.id AS key, min(p.name) AS label, count(*) AS whistles, count(*) FILTER (WHERE w.approved) AS approved,
       count(*) FILTER (WHERE w.approved AND NOT EXISTS (
         SELECT 1 FROM assignment_detail a JOIN contest c ON c.matter_id = a.matter_id AND c.upheld
          WHERE a.whistle_id = w.id)) AS valid,
       count(*) FILTER (WHERE EXISTS (
         SELECT 1 FROM history h WHERE h.matter_id = w.matter_id AND h.action = 'accept_result' AND h.note ? 'silent')) AS silent
  FROM whistle w JOIN place p ON p.id = w.seat_id
 WHERE w.decided_at >= :since AND w.decided_at < :until AND {_MAY.format(row="w")} AND {_BELOW.format(row="w")}
 GROUP BY p.id ORDER BY whistles DESC, label""")


async def unit_figures(
    connection: AsyncConnection, period: Period
) -> tuple[Sequence[RowMapping], Sequence[RowMapping]]:
    """How units that were called in a period signed and reported in; and how many whistles that were decided in it were valid:
    approved, and no unit was found not to be responsible; and of how many the result was accepted because the level that
    whistled said nothing."""
    units = (await connection.execute(_UNITS, period.values())).mappings().all()
    return units, (await connection.execute(_WHISTLERS, period.values())).mappings().all()


_MAY_EXPORT = text(
    "SELECT app_reaches(p.id, '{administrator,secretary,supervisor}') AS may FROM place p WHERE p.id = :place"
)
_AUDITED = text("""
INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
VALUES (:id, 1, 'rates', :place, 'export', app_actor(), app_now(),
        jsonb_build_object('since', CAST(:since AS timestamptz), 'until', CAST(:until AS timestamptz)))""")


async def exporting(connection: AsyncConnection, period: Period) -> None:
    """Write down that the figures of a place are exported. Raises PlaceNotFound, NotAllowed."""
    place = (await connection.execute(_MAY_EXPORT, {"place": period.place_id})).one_or_none()
    if place is None:
        raise PlaceNotFound
    if not place.may:
        raise NotAllowed
    await connection.execute(_AUDITED, period.values() | {"id": new_id()})
