"""What the application's role can read of every table, asked of the catalogue: a new table joins by itself."""

from collections.abc import Sequence

import asyncpg

OPEN = frozenset(
    {
        # The rules themselves, the clock, the heart, the migrations.
        *("allowed_transition", "promised_state", "clock_shift", "heartbeat", "alembic_version"),
        # The tree, what is offered, and the limits: nobody's secret (contract: listPlaces, listServices, getDeadlinePolicy).
        *("place", "place_ancestor", "station", "service", "deadline_policy", "policy_effect"),
        # What the limits are counted on: hours and working days (contract: explainDeadline).
        *("calendar_hours", "workday_set"),
        # Which units there are, what each answers for, and the catalogue of cases (contract: listUnits, listCategories).
        *("unit", "responsibility", "case_category", "admission_list"),
    }
)

_COLUMNS = """
  SELECT c.relname, array_agg(quote_ident(a.attname) ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
   WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     AND has_column_privilege('linli_app', c.oid, a.attnum, 'SELECT')
   GROUP BY c.relname ORDER BY c.relname"""


async def closed_tables(connection: asyncpg.Connection) -> dict[str, list[str]]:
    """Tables whose rows belong to somebody, with the columns that the application may read."""
    return {row["relname"]: row["columns"] for row in await connection.fetch(_COLUMNS) if row["relname"] not in OPEN}


async def found(connection: asyncpg.Connection, canaries: Sequence[str]) -> dict[str, int]:
    """In each closed table, how many rows that this connection reads hold one of the canaries."""
    counts = {}
    for table, columns in (await closed_tables(connection)).items():
        counts[table] = await connection.fetchval(
            f"SELECT count(*) FROM (SELECT {', '.join(columns)} FROM {table}) r WHERE r::text LIKE ANY ($1)",
            [f"%{canary}%" for canary in canaries],
        )
    return counts


async def everything(connection: asyncpg.Connection) -> dict[str, int]:
    """In each closed table, how many rows this connection reads at all."""
    tables = await closed_tables(connection)
    return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in tables}
