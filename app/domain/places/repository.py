"""The SQL of the tree: look-ups and lists over SQLAlchemy, and the set-based statements of an import over asyncpg."""

from collections.abc import AsyncIterable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg
from sqlalchemy import RowMapping, Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from app.domain.places.errors import PlaceNotFound
from app.domain.places.models import CODE_LENGTH, EstateType, Level, Place, PlaceAncestor, Station
from app.domain.places.policy import (
    LISTED_MOST,
    PARENT_LEVELS,
    BadLine,
    Fault,
    Listed,
    Moved,
    NamedPlace,
    Renamed,
    Retyped,
)
from app.kernel.errors import NotAllowed
from app.kernel.text import contains

# ---------------------------------------------------------------- look-ups and lists


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place as it is read."""

    id: UUID
    code: str
    parent_id: UUID | None
    level: Level
    name: str
    estate_type: EstateType | None


_Places = Select[UUID, str, UUID | None, Level, str, EstateType | None]
_PLACE: Final = (
    col(Place.id),
    col(Place.code),
    col(Place.parent_id),
    col(Place.level),
    col(Place.name),
    col(Place.estate_type),
)


async def get_place(connection: AsyncConnection, key: UUID | str) -> PlaceRow:
    """The place with this id (a UUID) or this code (a str). Raises PlaceNotFound."""
    query = select(*_PLACE).where(col(Place.id) == key if isinstance(key, UUID) else col(Place.code) == key)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise PlaceNotFound
    return PlaceRow(*row)


async def station_of(connection: AsyncConnection, place_id: UUID) -> RowMapping | None:
    """The station of a place, or the nearest above it that is known, with the name of the place whose it is."""
    s, a = Station, PlaceAncestor
    query: Select[*tuple[Any, ...]] = (
        select(col(s.phone), col(s.address), col(s.place_id), col(Place.name).label("place_name"))
        .join(a, col(a.ancestor_id) == col(s.place_id))
        .join(Place, col(Place.id) == col(s.place_id))
        .where(col(a.place_id) == place_id)
        .order_by(col(a.depth), col(s.version).desc())
        .limit(1)
    )
    found: RowMapping | None = (await connection.execute(query)).mappings().one_or_none()
    return found


async def list_places(
    connection: AsyncConnection,
    *,
    parent: UUID | None = None,
    level: Level | None = None,
    estate_type: EstateType | None = None,
    search: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> list[PlaceRow]:
    """Up to `limit` places in the order of their codes, those behind the code `after`.

    Without level, type and search: the direct children of `parent` (the provinces without one). With any of them: every
    place below `parent` (of the whole tree without one) that is on the level, of the type, and whose name contains `search`.
    A parent that does not exist has nothing below it.
    """
    query = select(*_PLACE).order_by(col(Place.code)).limit(limit)
    if level is None and estate_type is None and not search:
        query = query.where(col(Place.parent_id) == parent if parent else col(Place.parent_id).is_(None))
    elif parent is not None:
        query = _below(query, parent)
    if level is not None:
        query = query.where(col(Place.level) == level)
    if estate_type is not None:
        query = query.where(col(Place.estate_type) == estate_type)
    if search:
        query = query.where(col(Place.name).like(contains(search)))
    if after is not None:
        query = query.where(col(Place.code) > after)
    return [PlaceRow(*row) for row in await connection.execute(query)]


def _below(query: _Places, parent: UUID) -> _Places:
    """The closure says who stands below. The codes say it too (each begins with its parent's, below the community with
    the community's), which lets a page walk just the parent's stretch of the index: 461 → 2 ms late in a province.
    """
    code, closure = col(Place.code), PlaceAncestor
    stem = select(func.left(code, CODE_LENGTH[Level.COMMUNITY])).where(col(Place.id) == parent).scalar_subquery()
    return query.join(closure, col(closure.place_id) == col(Place.id)).where(
        col(closure.ancestor_id) == parent, col(closure.depth) > 0, code >= stem, code < stem.concat("\U0010ffff")
    )


async def ancestors(connection: AsyncConnection, place_id: UUID) -> list[PlaceRow]:
    """The places above this one, from the province down to the parent; empty for a province or an unknown id."""
    query = (
        select(*_PLACE)
        .join(PlaceAncestor, col(PlaceAncestor.ancestor_id) == col(Place.id))
        .where(col(PlaceAncestor.place_id) == place_id, col(PlaceAncestor.depth) > 0)
        .order_by(col(PlaceAncestor.depth).desc())
    )
    return [PlaceRow(*row) for row in await connection.execute(query)]


async def children_counts(connection: AsyncConnection, place_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many direct children each of these places has; 0 for those without."""
    counts = dict.fromkeys(place_ids, 0)
    if place_ids:
        parent = col(Place.parent_id)
        query = select(parent, func.count()).where(parent.in_(place_ids)).group_by(parent)
        counts |= {row[0]: row[1] for row in await connection.execute(query) if row[0] is not None}
    return counts


# ---------------------------------------------------------------- an import over HTTP: once a key, and told in the audit

EARLIER_IMPORT: Final = """
SELECT fingerprint, (receipt -> 'report')::text AS report FROM idempotency
 WHERE actor_id = $1 AND operation = 'importPlaces' AND key = $2"""

RECORD_IMPORT: Final = """
WITH a AS (
  INSERT INTO audit (subject_id, version, kind, place_id, action, actor_id, at, note)
  VALUES ($1::uuid, 1, 'place', NULL, 'import', $2::uuid, app_now(), $5::jsonb - 'bad_lines'))
INSERT INTO idempotency (actor_id, operation, key, fingerprint, receipt, created_at)
VALUES ($2::uuid, 'importPlaces', $3::text, $4::text,
        jsonb_build_object('id', $1::uuid, 'state', 'import', 'version', 1, 'at', app_now(), 'report', $5::jsonb),
        clock_timestamp())"""

# ---------------------------------------------------------------- an import, statement by statement

IMPORT_LOCK: Final = 0x4C696E6C69_01
"""The advisory lock that an import holds until its transaction ends."""

SECONDS: Final = 900.0
"""How long one statement of an import may take; the short limits of a command are not meant for it."""

COLUMNS: Final = ("line", "id", "code", "parent_code", "level", "name", "estate_type", "sound")
"""A staged line: its number, the id it gets if it is new, its cells, and whether it is right by itself. The type of an estate
is empty where it has none, and NULL in a file that says nothing of types."""

Staged = tuple[int, UUID, str, str, str, str, str | None, bool]

_SETTINGS: Final = """
SELECT set_config(name, value, true)
  FROM (VALUES ('statement_timeout', '0'), ('transaction_timeout', '0'), ('lock_timeout', '30s'),
               ('idle_in_transaction_session_timeout', '5min'), ('work_mem', '64MB'), ('jit', 'off')) own (name, value)
  JOIN pg_settings USING (name)"""  # the join leaves out what this server's version does not know

_STAGE: Final = """
CREATE TEMPORARY TABLE place_staged (
    line integer NOT NULL, id uuid NOT NULL, code text COLLATE "C" NOT NULL, parent_code text COLLATE "C" NOT NULL,
    level text NOT NULL, name text NOT NULL, estate_type text, sound boolean NOT NULL) ON COMMIT DROP"""

# One row for each code of the file, with what the tree says of it. An id that the tree already has wins over a new one.
_PLAN: Final = """
CREATE TEMPORARY TABLE place_plan ON COMMIT DROP AS
WITH once AS MATERIALIZED (SELECT DISTINCT ON (code) * FROM pg_temp.place_staged ORDER BY code, line)
SELECT o.line, coalesce(p.id, o.id) AS id, o.code, o.parent_code, o.level, o.name, o.sound, p.id IS NULL AS fresh,
       p.level AS old_level, p.name AS old_name, p.parent_id AS old_parent_id, p.estate_type AS old_estate_type,
       CASE WHEN o.estate_type IS NULL THEN p.estate_type ELSE nullif(o.estate_type, '') END AS estate_type,
       u.code IS NULL AS topmost,
       coalesce(q.id, u.id) AS parent_id, coalesce(q.level, u.level) AS parent_level,
       coalesce(u.sound, true) AS parent_sound
  FROM once o
  LEFT JOIN place p ON p.code = o.code
  LEFT JOIN once u ON u.code = o.parent_code
  LEFT JOIN place q ON q.code = o.parent_code"""

# A parent whose own line is bad is named once, there; its children are not blamed for it.
_BAD: Final = """
SELECT line, code, fault, count(*) OVER () AS total FROM (
    SELECT s.line, s.code, 'code-repeated' AS fault
      FROM pg_temp.place_staged s JOIN pg_temp.place_plan p USING (code) WHERE s.sound AND s.line <> p.line
    UNION ALL
    SELECT line, code, CASE WHEN old_level <> level THEN 'level-changed'
                            WHEN parent_code <> '' AND parent_id IS NULL THEN 'parent-missing'
                            WHEN parent_code <> '' AND parent_sound AND (level, parent_level) NOT IN (
                                SELECT * FROM unnest($1::text[], $2::text[])) THEN 'parent-level-wrong' END
      FROM pg_temp.place_plan WHERE sound) found
 WHERE fault IS NOT NULL ORDER BY line LIMIT $3"""

_CREATED: Final = """
SELECT code, level, name, count(*) OVER () AS total FROM pg_temp.place_plan WHERE fresh ORDER BY line LIMIT $1"""

_RENAMED: Final = """
SELECT code, old_name, name, count(*) OVER () AS total
  FROM pg_temp.place_plan WHERE NOT fresh AND old_name <> name ORDER BY line LIMIT $1"""

_MOVED: Final = """
SELECT p.code, was.code AS old_parent, p.parent_code, count(*) OVER () AS total
  FROM pg_temp.place_plan p JOIN place was ON was.id = p.old_parent_id
 WHERE NOT p.fresh AND p.old_parent_id <> p.parent_id ORDER BY p.line LIMIT $1"""

_RETYPED: Final = """
SELECT code, old_estate_type, estate_type, count(*) OVER () AS total
  FROM pg_temp.place_plan WHERE NOT fresh AND old_estate_type IS DISTINCT FROM estate_type ORDER BY line LIMIT $1"""

_UNCHANGED: Final = """
SELECT count(*) FROM pg_temp.place_plan
 WHERE NOT fresh AND old_name = name AND old_parent_id IS NOT DISTINCT FROM parent_id
   AND old_estate_type IS NOT DISTINCT FROM estate_type"""

_ABSENT: Final = """
WITH tops AS MATERIALIZED (SELECT id FROM pg_temp.place_plan WHERE topmost AND NOT fresh)
SELECT p.code, p.level, p.name, count(*) OVER () AS total FROM place p
 WHERE p.id IN (SELECT a.place_id FROM tops t JOIN place_ancestor a ON a.ancestor_id = t.id
                EXCEPT SELECT id FROM pg_temp.place_plan)
 ORDER BY p.code LIMIT $1"""

_INSERT: Final = """
INSERT INTO place (id, code, parent_id, level, name, estate_type)
SELECT id, code, parent_id, level, name, estate_type FROM pg_temp.place_plan WHERE fresh ORDER BY line"""

_UPDATE: Final = """
UPDATE place p SET name = n.name, parent_id = n.parent_id, estate_type = n.estate_type, updated_at = now()
  FROM pg_temp.place_plan n
 WHERE p.id = n.id AND NOT n.fresh AND (n.old_name <> n.name OR n.old_parent_id IS DISTINCT FROM n.parent_id
                                        OR n.old_estate_type IS DISTINCT FROM n.estate_type)"""

# Whose rows of the closure are to be made: new places, and the whole subtree of each moved one by the closure so far.
_RELINK: Final = """
CREATE TEMPORARY TABLE place_relink ON COMMIT DROP AS
SELECT id, parent_id, level, true AS fresh FROM pg_temp.place_plan WHERE fresh
UNION ALL
SELECT p.id, p.parent_id, p.level, false FROM place p
 WHERE p.id IN (SELECT a.place_id FROM pg_temp.place_plan n JOIN place_ancestor a ON a.ancestor_id = n.id
                 WHERE NOT n.fresh AND n.old_parent_id <> n.parent_id)"""

_UNLINK: Final = """
DELETE FROM place_ancestor a USING pg_temp.place_relink r WHERE NOT r.fresh AND a.place_id = r.id"""

# In the order of the key, so that its index grows at one end: a quarter less time for the nation.
_LINK: Final = """
INSERT INTO place_ancestor (place_id, ancestor_id, depth)
SELECT r.id, a.ancestor_id, a.depth + 1
  FROM pg_temp.place_relink r JOIN place_ancestor a ON a.place_id = r.parent_id WHERE r.level = $1
UNION ALL
SELECT id, id, 0 FROM pg_temp.place_relink WHERE level = $1
 ORDER BY 1"""


async def begin_import(connection: asyncpg.Connection) -> bool:
    """Take the lock and make room for the lines; False when another import holds the lock. Inside a transaction."""
    await connection.execute(_SETTINGS)
    if not await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", IMPORT_LOCK):
        return False
    await connection.execute(_STAGE)
    return True


async def stage(connection: asyncpg.Connection, records: Iterable[Staged] | AsyncIterable[Staged]) -> None:
    """COPY the lines to the server as they come."""
    await connection.copy_records_to_table(
        "place_staged", schema_name="pg_temp", records=records, columns=COLUMNS, timeout=SECONDS
    )
    await connection.execute("ANALYZE pg_temp.place_staged", timeout=SECONDS)  # nothing else would tell the planner


async def plan(connection: asyncpg.Connection) -> None:
    """Lay the lines beside the tree."""
    await connection.execute(_PLAN, timeout=SECONDS)
    await connection.execute("ANALYZE pg_temp.place_plan", timeout=SECONDS)


async def _listed(connection: asyncpg.Connection, query: str, *arguments: Any) -> tuple[int, list[Mapping[str, Any]]]:
    rows = await connection.fetch(query, *arguments, LISTED_MOST, timeout=SECONDS)
    return (rows[0]["total"] if rows else 0), rows


async def bad_lines(connection: asyncpg.Connection) -> Listed[BadLine]:
    """What is wrong with lines that are right by themselves: against each other and against the tree."""
    pairs = [(level.value, parent.value) for level, parents in PARENT_LEVELS.items() for parent in parents]
    total, rows = await _listed(connection, _BAD, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    faults = [(row["line"], row["code"], Fault(row["fault"])) for row in rows]
    return Listed(total, tuple(BadLine(line, code, fault, fault.reason) for line, code, fault in faults))


async def created(connection: asyncpg.Connection) -> Listed[NamedPlace]:
    total, rows = await _listed(connection, _CREATED)
    return Listed(total, tuple(NamedPlace(row["code"], Level(row["level"]), row["name"]) for row in rows))


async def renamed(connection: asyncpg.Connection) -> Listed[Renamed]:
    total, rows = await _listed(connection, _RENAMED)
    return Listed(total, tuple(Renamed(row["code"], row["old_name"], row["name"]) for row in rows))


async def moved(connection: asyncpg.Connection) -> Listed[Moved]:
    total, rows = await _listed(connection, _MOVED)
    return Listed(total, tuple(Moved(row["code"], row["old_parent"], row["parent_code"]) for row in rows))


async def retyped(connection: asyncpg.Connection) -> Listed[Retyped]:
    total, rows = await _listed(connection, _RETYPED)
    types = [
        (row["code"], *(kind and EstateType(kind) for kind in (row["old_estate_type"], row["estate_type"])))
        for row in rows
    ]
    return Listed(total, tuple(Retyped(*entry) for entry in types))


async def unchanged(connection: asyncpg.Connection) -> int:
    count: int = await connection.fetchval(_UNCHANGED, timeout=SECONDS)
    return count


async def absent_in_file(connection: asyncpg.Connection) -> Listed[NamedPlace]:
    """Places at or below the topmost places of the file that it does not name, by the closure before the import."""
    total, rows = await _listed(connection, _ABSENT)
    return Listed(total, tuple(NamedPlace(row["code"], Level(row["level"]), row["name"]) for row in rows))


async def write_places(connection: asyncpg.Connection, *, changed: int) -> None:
    """Insert what is new and update the `changed` places that were renamed, moved or are of another type.

    Raises NotAllowed where row-level security keeps the caller off the tree. An UPDATE would pass over such rows
    without a word, hence the count.
    """
    try:
        await connection.execute(_INSERT, timeout=SECONDS)
        status: str = await connection.execute(_UPDATE, timeout=SECONDS)
    except asyncpg.InsufficientPrivilegeError as refused:
        raise NotAllowed from refused
    if status != f"UPDATE {changed}":
        raise NotAllowed


async def unlink(connection: asyncpg.Connection, *, moves: bool) -> dict[Level, int]:
    """Note whose closure rows are to be made and take away those of moved subtrees; how many places on each level."""
    await connection.execute(_RELINK, timeout=SECONDS)
    await connection.execute("ANALYZE pg_temp.place_relink", timeout=SECONDS)
    if moves:
        await connection.execute(_UNLINK, timeout=SECONDS)
    counts = await connection.fetch("SELECT level, count(*) FROM pg_temp.place_relink GROUP BY level", timeout=SECONDS)
    return {Level(row["level"]): row["count"] for row in counts}


async def link(connection: asyncpg.Connection, level: Level) -> None:
    """Make the closure rows of the noted places on one level. Levels go from the top: the parent's rows are whole."""
    await connection.execute(_LINK, level.value, timeout=SECONDS)


async def end_import(connection: asyncpg.Connection) -> None:
    """Leave nothing behind, also where the caller's own transaction goes on."""
    await connection.execute("DROP TABLE pg_temp.place_staged, pg_temp.place_plan, pg_temp.place_relink")
