"""The SQL of the figures: three rates from the call-back, and hold-times (domain.md §5). Each figure is a condition, which counts
and lists the rows behind it alike; `unit_figures.py` has those of the units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.cases.callback_policy import FIGURES
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
    """What is counted. What is excluded counts in `excluded` alone, what waits in `waiting`; who was not reached is neutral, and
    so, for the response rate, is who did not say whether they were contacted in time (`unsaid`)."""

    CALLBACKS = "callbacks"
    WAITING = "waiting"
    UNREACHED = "unreached"
    EXCLUDED = "excluded"
    CONTACTED = "contacted"
    NOT_CONTACTED = "not_contacted"
    UNSAID = "unsaid"
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
    Figure.UNSAID: "未说是否及时联系",
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
    Figure.CONTACTED: "NOT excluded AND contacted_in_time AND solved IS NOT NULL",
    Figure.NOT_CONTACTED: "NOT excluded AND NOT contacted_in_time AND solved IS NOT NULL",
    Figure.UNSAID: "NOT excluded AND contacted_in_time IS NULL AND solved IS NOT NULL",
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


_READERS = "'{administrator,secretary,supervisor}'"


def within(row: str) -> str:
    """The condition that a row, by its table's alias, is of the period's place or below it, and that the reader reads figures
    there."""
    return f"""app_reaches({row}.place_id, {_READERS})
     AND (CAST(:place AS uuid) IS NULL OR EXISTS (
       SELECT 1 FROM place_ancestor b WHERE b.place_id = {row}.place_id AND b.ancestor_id = CAST(:place AS uuid)))"""


# Only what the call-back says counts: whoever handled it cannot make a rate by stopping its limits.
_COUNTED = f"""
counted AS MATERIALIZED (
  SELECT c.*, e.id IS NOT NULL AS excluded, s.level, s.name AS seat_name, u.name AS unit_name, k.name AS category_name,
         p.name AS place_name
    FROM callback c JOIN place p ON p.id = c.place_id JOIN place s ON s.id = c.seat_id LEFT JOIN unit u ON u.id = c.unit_id
    JOIN case_detail d ON d.matter_id = c.matter_id JOIN case_category k ON k.id = d.category_id
    LEFT JOIN exclusion e ON e.callback_id = c.id AND e.upheld
   WHERE c.opened_at >= :since AND c.opened_at < :until AND c.state <> 'dropped'
     AND {within("c")})"""


def counts(conditions: Mapping[Any, str]) -> str:
    """The columns that count what the conditions of figures list."""
    return ", ".join(f"count(*) FILTER (WHERE {condition}) AS {figure}" for figure, condition in conditions.items())


def paged(at: str, key: str) -> str:
    """The end of a list that goes on after the cursor `:after`, `:last`, newest first."""
    return f"""
   AND (CAST(:after AS timestamptz) IS NULL OR ({at}, {key}) < (CAST(:after AS timestamptz), CAST(:last AS uuid)))
 ORDER BY {at} DESC, {key} DESC LIMIT :most"""


def page(after: Cursor | None, limit: int) -> dict[str, Any]:
    """What `paged` takes; one more than `limit`."""
    return {"after": after and after.created_at, "last": after and after.id, "most": limit + 1}


async def three_rates(connection: AsyncConnection, period: Period, group: Group) -> Sequence[RowMapping]:
    """The counts of a period by group, the largest first; the last row, whose key is NULL, is all of them."""
    query = text(
        f"WITH {_COUNTED} SELECT {_KEYS[group]} AS key, min({_LABELS[group]}) AS label, {counts(_CONDITIONS)} FROM counted"
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
SELECT * FROM counted WHERE {_CONDITIONS[figure]} AND (CAST(:key AS text) IS NULL OR {_KEYS[group]} = CAST(:key AS text))
   {paged("opened_at", "id")}""")
    return (await connection.execute(query, period.values() | page(after, limit) | {"key": key})).mappings().all()


# From whole second to whole second, so that stretches add up to what they are parts of.
_SECONDS = "(trunc(extract(epoch FROM {until})) - trunc(extract(epoch FROM {since})))::bigint"
_IN_PERIOD = _SECONDS.format(
    until="least(coalesce(h.until_at, app_now()), :until)", since="greatest(h.from_at, :since)"
)

_HELD = f"""
held AS MATERIALIZED (
  SELECT md5(h.matter_id || ':' || h.version)::uuid AS id, h.matter_id, h.unit_id, h.seat_id, h.holder, h.from_at, h.until_at,
         s.level, s.name AS seat_name, u.name AS unit_name, m.category, m.state, k.name AS category_name, p.name AS place_name,
         {_IN_PERIOD} AS seconds
    FROM hold h JOIN place p ON p.id = h.place_id JOIN matter m ON m.id = h.matter_id
    JOIN place s ON s.id = h.seat_id LEFT JOIN unit u ON u.id = h.unit_id JOIN case_detail d ON d.matter_id = h.matter_id
    JOIN case_category k ON k.id = d.category_id
   WHERE h.from_at < :until AND coalesce(h.until_at, app_now()) > :since AND {within("h")})"""


# Who holds it while it is called back or deliberated is not the office of its level.
_HOLDER_KEY = "coalesce(unit_id::text, CASE holder WHEN 'seat' THEN seat_id::text ELSE seat_id || ':' || holder END)"


async def hold_times(connection: AsyncConnection, period: Period, group: Group) -> Sequence[RowMapping]:
    """Who held cases how long within a period, in seconds: the sum, and the median of the stretches; the longest first. The
    last row, whose key is NULL, is all of them. By unit each row says in which capacity (`holder`)."""
    key = _held_by(group)
    query = text(
        f"WITH {_HELD} SELECT {key} AS key, min({_LABELS[group]}) AS label, min(holder) AS holder,"
        " count(DISTINCT matter_id) AS cases,"
        " count(*) AS stretches, coalesce(sum(seconds), 0)::bigint AS seconds,"
        " coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0)::bigint AS median_seconds"
        f" FROM held GROUP BY GROUPING SETS (({key}), ()) ORDER BY grouping({key}), seconds DESC, label"
    )
    return (await connection.execute(query, period.values())).mappings().all()


def _held_by(group: Group) -> str:
    return _HOLDER_KEY if group is Group.UNIT else _KEYS[group]


async def hold_time_cases(
    connection: AsyncConnection, period: Period, group: Group, key: str | None, after: Cursor | None, limit: int
) -> Sequence[RowMapping]:
    """The stretches behind the hold-times – of one group, or with no key of all –, those that began last first, each with its
    seconds within the period; one more than `limit`."""
    query = text(f"""
WITH {_HELD}
SELECT * FROM held WHERE (CAST(:key AS text) IS NULL OR {_held_by(group)} = CAST(:key AS text))
   {paged("from_at", "id")}""")
    return (await connection.execute(query, period.values() | page(after, limit) | {"key": key})).mappings().all()


_CASE_HOLDS = text(f"""
SELECT h.version, h.holder, h.from_at, h.until_at, s.name AS seat_name, s.level, u.name AS unit_name,
       {_SECONDS.format(until="coalesce(h.until_at, app_now())", since="h.from_at")} AS seconds
  FROM hold h JOIN place s ON s.id = h.seat_id LEFT JOIN unit u ON u.id = h.unit_id
 WHERE h.matter_id = :id ORDER BY h.from_at, h.version""")


async def case_holds(connection: AsyncConnection, case_id: UUID) -> Sequence[RowMapping]:
    """Who held one case from when until when, the oldest first."""
    return (await connection.execute(_CASE_HOLDS, {"id": case_id})).mappings().all()


_MAY_EXPORT = text(f"SELECT app_reaches(p.id, {_READERS}) AS may FROM place p WHERE p.id = :place")
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
        raise NotAllowed(rules=FIGURES)
    await connection.execute(_AUDITED, period.values() | {"id": new_id()})
