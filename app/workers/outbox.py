"""The relay: carries what changes have told and emitted from the outbox onward, each row once.

Notices become messages in inboxes, set-based, in one statement. Events become verbs (`reactions.py`), one at a time, each in
a transaction of its own and under an idempotency key that is the row's id, so that dying between the verb and the removal
of the row does nothing twice. What keeps failing is parked, visibly, and holds up nobody else.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import asyncpg
import orjson
import structlog

from app.kernel.command import SYSTEM_CALLER, Key, execute
from app.kernel.crash import crash_point
from app.kernel.database import Database
from app.kernel.errors import NotFound, TransitionRefused
from app.kernel.verbs import Verb
from app.kernel.writing import WAITS_FOR_OPENING
from app.workers import metrics

BATCH = 500
POLL_SECONDS = 0.25
ATTEMPTS = 5

_log = structlog.get_logger("relay")

Reaction = Callable[[asyncpg.Record, dict[str, Any]], dict[str, Any]]
"""From an outbox row and its payload to the inputs of the verb; `subject_id` among them when it is about another subject."""

# From when time counts for a matter is told once an opening: what starts later in the same night says nothing more.
_NOTICES = f"""
WITH batch AS MATERIALIZED (
  SELECT * FROM outbox WHERE sort = 'notice' AND failed_at IS NULL AND retry_at <= app_now()
   ORDER BY retry_at, id LIMIT $1 FOR UPDATE SKIP LOCKED),
unheard AS MATERIALIZED (
  SELECT b.id, m.placed_by, m.place_id, m.assignee_id, EXISTS (
           SELECT 1 FROM unnest('{{administrator,dispatcher,secretary,station_staff}}'::text[]) r
            WHERE person_holds(m.placed_by, m.place_id, r)) AS by_staff
    FROM batch b JOIN matter m ON m.id = b.subject_id AND m.kind IN ('order', 'case')
    JOIN person caller ON caller.id = b.to_person AND num_nonnulls(caller.openid, caller.login_name) = 0
   WHERE m.requester_id = b.to_person
      OR (m.beneficiary_id = b.to_person AND NOT person_represents(m.requester_id, m.beneficiary_id))),
told AS MATERIALIZED (
  SELECT b.*, b.to_person AS person_id, NULL::text AS as_role, false AS nobody_in_post
    FROM batch b WHERE b.to_person IS NOT NULL
  UNION ALL
  SELECT b.*, h.person_id, b.to_role, h.nobody_in_post
    FROM batch b CROSS JOIN LATERAL told_of(b.subject_id, b.place_id, b.to_role) h WHERE b.to_role IS NOT NULL
  UNION ALL
  -- Who has no log-in reads no inbox: who of the staff placed it for them passes it on; where nobody of them did, the
  -- station, or without one whoever dispatches.
  SELECT b.*, c.placed_by, NULL, false FROM unheard c JOIN batch b ON b.id = c.id
   WHERE c.by_staff AND c.placed_by NOT IN (b.to_person, b.created_by)
  UNION ALL
  SELECT b.*, h.person_id, h.role, h.nobody_in_post
    FROM unheard c JOIN batch b ON b.id = c.id CROSS JOIN LATERAL (
      SELECT s.person_id, r.role, s.nobody_in_post
        FROM unnest('{{station_staff,dispatcher}}'::text[]) WITH ORDINALITY r(role, place)
       CROSS JOIN LATERAL holders_of(c.place_id, r.role) s
       ORDER BY s.nobody_in_post, r.place FETCH FIRST 1 ROWS WITH TIES) h
   WHERE NOT c.by_staff AND b.topic <> 'order.passed_on' AND h.person_id <> b.created_by
     AND h.person_id IS DISTINCT FROM c.assignee_id
     AND NOT EXISTS (SELECT 1 FROM order_refusal f WHERE f.matter_id = b.subject_id AND f.person_id = h.person_id)),
gone AS (DELETE FROM outbox WHERE id IN (SELECT id FROM told)),
parked AS (
  UPDATE outbox SET failed_at = app_now(), last_error = 'nobody to tell'
   WHERE id IN (SELECT id FROM batch EXCEPT SELECT id FROM told)
  RETURNING 1),
made AS (
INSERT INTO inbox_message (id, outbox_id, person_id, place_id, topic, subject_kind, subject_id, payload, as_role,
                           nobody_in_post, created_at, version, delivery, attempts, retry_at)
SELECT gen_random_uuid(), t.id, t.person_id, t.place_id, t.topic, t.subject_kind, t.subject_id,
       CASE WHEN t.person_id <> t.to_person THEN t.payload || '{{"pass_on": true}}' ELSE t.payload END, t.as_role,
       t.nobody_in_post, t.created_at, 1, CASE WHEN p.openid IS NULL THEN 'none' ELSE 'due' END, 0, clock_timestamp()
  FROM told t JOIN person p ON p.id = t.person_id
 WHERE t.topic <> '{WAITS_FOR_OPENING}' OR NOT EXISTS (
   SELECT 1 FROM inbox_message i
    WHERE i.person_id = t.person_id AND i.created_at > t.created_at - interval '31 days' AND i.topic = t.topic
      AND i.subject_id = t.subject_id AND i.payload -> 'opens_at' = t.payload -> 'opens_at')
   AND NOT EXISTS (
   SELECT 1 FROM told e
    WHERE e.topic = t.topic AND e.person_id = t.person_id AND e.subject_id = t.subject_id
      AND e.payload -> 'opens_at' = t.payload -> 'opens_at' AND (e.created_at, e.id) < (t.created_at, t.id))
ON CONFLICT DO NOTHING
RETURNING 1)
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM parked) AS parked"""

_EVENT = """
SELECT * FROM outbox WHERE sort = 'event' AND failed_at IS NULL AND retry_at <= app_now()
 ORDER BY retry_at, id LIMIT 1 FOR UPDATE SKIP LOCKED"""

_PARK = """
UPDATE outbox SET attempts = attempts + 1, last_error = $2, retry_at = app_now() + make_interval(secs => 2 ^ attempts),
                  failed_at = CASE WHEN attempts + 1 >= $3 THEN app_now() END
 WHERE id = $1 RETURNING failed_at IS NOT NULL"""


async def relay_notices(connection: asyncpg.Connection, limit: int = BATCH) -> int:
    """Put up to `limit` notices into the inboxes of whoever must be told; answers how many messages were made."""
    done = await connection.fetchrow(_NOTICES, limit)
    crash_point("relay", 1)
    metrics.MESSAGES.inc(done["made"])
    metrics.PARKED.labels("notice").inc(done["parked"])
    return int(done["made"])


async def react_once(database: Database, reactions: Mapping[str, tuple[Verb[Any, Any], Reaction]]) -> bool:
    """Answer one event; False when there is none. That the world has moved on is an answer too; anything else is tried
    again later and, after the last attempt, parked."""
    async with database.pool.acquire() as connection:
        async with connection.transaction():
            outcome = await _react(database, connection, reactions)
        if outcome is None:
            return False
    metrics.REACTIONS.labels(outcome).inc()
    if outcome == "parked":
        metrics.PARKED.labels("event").inc()
    return True


async def _react(
    database: Database, connection: asyncpg.Connection, reactions: Mapping[str, tuple[Verb[Any, Any], Reaction]]
) -> str | None:
    """What became of the next event: done, too_late, failed or parked; None when there is none."""
    row = await connection.fetchrow(_EVENT)
    if row is None:
        return None
    outcome = "done"
    try:
        verb, reaction = reactions[row["topic"]]
        inputs = reaction(row, orjson.loads(row["payload"]))
        subject_id = inputs.pop("subject_id", row["subject_id"])
        key = Key(f"reaction.{row['topic']}", str(row["id"]), str(row["id"]))
        await execute(database, verb, SYSTEM_CALLER, key, subject_id, inputs)
    except (TransitionRefused, NotFound) as refusal:
        _log.info("event came too late", topic=row["topic"], subject=str(row["subject_id"]), code=refusal.code)
        outcome = "too_late"
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - one bad event must not stop the others
        _log.exception("event failed", topic=row["topic"], outbox=str(row["id"]))
        given_up = await connection.fetchval(_PARK, row["id"], type(error).__name__, ATTEMPTS)
        return "parked" if given_up else "failed"
    crash_point("reaction", 1)
    await connection.execute("DELETE FROM outbox WHERE id = $1", row["id"])
    return outcome


async def relay_forever(
    database: Database,
    reactions: Mapping[str, tuple[Verb[Any, Any], Reaction]],
    beat: Callable[[], Awaitable[None]],
    wake: Callable[[], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Relay until cancelled; `wake` is called after new messages, so that deliveries need not wait for their period."""
    while True:
        async with database.pool.acquire() as connection:
            told = await relay_notices(connection)
        reacted = await react_once(database, reactions)
        await beat()
        if told:
            await wake()
        elif not reacted:
            await sleep(POLL_SECONDS)
