"""The sweep: fires every mark that is due, set-based, in four messages for up to a thousand deadlines of all kinds.

1 begin · 2 lock the matters of what is due, skipping those that somebody else holds · 3 under a fresh snapshot look again
what is still due, insert the marks, and do their effects: fold by matter, move each matter once, tell, hand over, open,
emit · 4 commit. The primary key of `mark` is what makes a mark fire once; whatever dies before 4 leaves nothing.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from app.kernel.calendar_store import calendar, know
from app.kernel.command import SYSTEM_CALLER, Key, execute
from app.kernel.crash import crash_point
from app.kernel.database import Database, begin
from app.kernel.deadline_tables import Primitive
from app.kernel.deadlines import Policy, opening
from app.kernel.errors import NotFound, TransitionRefused
from app.kernel.ids import NOBODY
from app.kernel.verbs import Verb
from app.kernel.writing import STARTED, WAITS_FOR_OPENING
from app.workers import metrics

BATCH = 1000
IDLE_SECONDS = 1.0
BACK_OFF_SECONDS = 0.02

_DUE = """
SELECT d.id, d.policy_id, m.place_id, m.kind, m.category, m.round, app_now() AS now
  FROM deadline d JOIN matter m ON m.id = d.matter_id
 WHERE d.next_at <= (SELECT app_now()) ORDER BY d.next_at LIMIT $1 FOR NO KEY UPDATE OF m SKIP LOCKED"""

# `fired` counts the marks that were dealt with; a mark that a late stop has already written is not fired again.
# All that a matter's marks want is folded into one row and carried along in it: nothing is joined to it again, since the
# planner expects a row where a thousand come, and would compare each with each. A seat is looked up once a place.
# Whoever is made the holder is told, unless the same mark tells that role anyway.
# Events are answered in the order in which their marks were due, so that a worker who overslept leaves what one who was awake
# would have: they are to be tried from that moment on, which is past.
_FIRE = """
WITH quiet AS MATERIALIZED (
  SELECT coalesce(array_agg(p.kind || '.' || p.state), '{{}}') AS states FROM promised_state p WHERE p.only_told),
due AS MATERIALIZED (
  SELECT d.id, d.matter_id, d.place_id, d.kind, d.policy_id, x.percent, x.due, x.ordinal
    FROM deadline d CROSS JOIN LATERAL unnest(d.percents, d.times) WITH ORDINALITY x(percent, due, ordinal)
   WHERE d.id = ANY($1::uuid[]) AND d.stopped_at IS NULL AND d.next_at <= $2 AND x.ordinal > d.fired AND x.due <= $2),
k AS (
  INSERT INTO mark (deadline_id, percent, matter_id, place_id, due_at, fired_at)
  SELECT id, percent, matter_id, place_id, due, $2 FROM due),
f AS (
  UPDATE deadline d SET fired = last.ordinal
    FROM (SELECT id, max(ordinal) AS ordinal FROM due GROUP BY id) last WHERE d.id = last.id),
fold AS MATERIALIZED (
  SELECT due.matter_id, due.place_id,
         jsonb_agg(DISTINCT jsonb_build_object('deadline', due.kind, 'percent', due.percent)) AS marks,
         bool_or(e.primitive = 'open_pool') AS open_pool,
         (array_agg(e.target ORDER BY e.percent DESC, due.id) FILTER (WHERE e.primitive = 'set_holder'))[1] AS holder_role,
         (array_agg({payload} ORDER BY e.percent DESC, due.id) FILTER (WHERE e.primitive = 'set_holder'))[1] AS handed,
         jsonb_agg(jsonb_build_object('primitive', e.primitive, 'target', e.target, 'due', due.due,
                     'payload', {payload}))
           FILTER (WHERE e.primitive IN ('notify', 'start', 'event')) AS told
    FROM due LEFT JOIN policy_effect e ON e.policy_id = due.policy_id AND e.percent = due.percent
   GROUP BY due.matter_id, due.place_id),
wanted AS MATERIALIZED (
  SELECT x.*, seat.person_id AS holder_id
    FROM (SELECT place_id, holder_role, array_agg(matter_id) AS ids, array_agg(open_pool) AS opens, array_agg(marks) AS marks,
                 array_agg(told) AS told, array_agg(handed) AS handed
            FROM fold GROUP BY place_id, holder_role) g
    LEFT JOIN LATERAL holders_of(g.place_id, g.holder_role) seat ON g.holder_role IS NOT NULL AND seat.ordinal = 1
    CROSS JOIN LATERAL unnest(g.ids, g.opens, g.marks, g.told, g.handed) x(matter_id, open_pool, marks, told, handed)),
m AS (
  UPDATE matter t SET open_pool = t.open_pool OR (coalesce(w.open_pool, false) AND {acts}),
                      holder_id = CASE WHEN {acts} THEN coalesce(w.holder_id, t.holder_id) ELSE t.holder_id END, changed_at = $2
    FROM wanted w WHERE t.id = w.matter_id
  RETURNING t.id, t.kind, t.category, t.version, t.place_id, t.state, t.round, t.requester_id, t.assignee_id, w.marks, w.told,
            CASE WHEN {acts} AND w.holder_id IS NOT NULL AND NOT coalesce(
                   w.told @> jsonb_build_array(jsonb_build_object('primitive', 'notify', 'payload', w.handed)), false)
                 THEN jsonb_build_array(jsonb_build_object('primitive', 'set_holder', 'payload',
                        w.handed || jsonb_build_object('holder', w.holder_id))) ELSE '[]' END AS handed,
            {acts} AS acts, {acts} AND w.open_pool IS TRUE AS opened, {acts} AND w.holder_id IS NOT NULL AS held),
h AS (
  INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
  SELECT id, version, place_id, 'mark', state, state, $3, 'system', $2, jsonb_build_object('marks', marks) FROM m),
o AS (
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, to_role, payload, created_by,
                      created_at, retry_at, attempts)
  SELECT gen_random_uuid(), CASE e.primitive WHEN 'event' THEN 'event' ELSE 'notice' END,
         CASE e.primitive WHEN 'event' THEN e.target ELSE 'deadline.mark' END, m.kind, m.id, m.place_id,
         CASE WHEN e.primitive = 'set_holder' THEN (e.payload ->> 'holder')::uuid
              WHEN e.primitive = 'notify' AND e.target = 'assignee' THEN m.assignee_id
              WHEN e.primitive = 'notify' AND e.target = 'requester' THEN m.requester_id END,
         CASE WHEN e.primitive = 'notify' AND e.target NOT IN ('assignee', 'requester') THEN e.target END,
         e.payload, $3, $2, CASE e.primitive WHEN 'event' THEN e.due ELSE $2 END, 0
    FROM m CROSS JOIN LATERAL jsonb_to_recordset(coalesce(m.told, '[]') || m.handed)
                    e(primitive text, target text, due timestamptz, payload jsonb)
   WHERE e.primitive = 'notify' AND (e.target <> 'assignee' OR m.assignee_id IS NOT NULL)
      OR e.primitive = 'event' AND m.acts OR e.primitive = 'set_holder'
  RETURNING sort){followers}
SELECT (SELECT count(*) FROM m) AS matters, ARRAY(SELECT extract(epoch FROM $2 - due)::float FROM due) AS lateness,
       (SELECT count(*) FROM o WHERE sort = 'notice') AS notify, (SELECT count(*) FROM o WHERE sort = 'event') AS event,
       (SELECT count(*) FROM m WHERE opened) AS open_pool, (SELECT count(*) FROM m WHERE held) AS set_holder,
       {started} AS start"""

# A follower starts at the moment of the sweep, so one computation serves all of a place and category. Where time does not
# count yet (a promise that was missed at night), the requester is told so.
_FOLLOWERS = f""",
b AS MATERIALIZED (
  SELECT m.id AS about, m.kind AS about_kind, m.requester_id, x.*
    FROM m CROSS JOIN LATERAL jsonb_to_recordset(m.told) e(primitive text, target text)
    JOIN jsonb_to_recordset($4::jsonb) AS x(matter_kind text, category text, waits jsonb, {STARTED})
      ON x.matter_kind = m.kind AND x.category = m.category AND x.place_id = m.place_id
     AND x.round = m.round AND x.kind = e.target
   WHERE e.primitive = 'start' AND m.acts
     AND NOT EXISTS (SELECT 1 FROM deadline d WHERE d.matter_id = m.id AND d.kind = e.target AND d.stopped_at IS NULL)),
n AS (
  INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired,
                        budget_seconds, hours_id, workdays_id, calendar_missing, pausable)
  SELECT gen_random_uuid(), about, place_id, kind, round, policy_id, started_at, due_at, percents, times, 0,
         budget_seconds, hours_id, workdays_id, calendar_missing, pausable FROM b
  ON CONFLICT DO NOTHING RETURNING 1),
w AS (
  INSERT INTO outbox (id, sort, topic, subject_kind, subject_id, place_id, to_person, payload, created_by, created_at,
                      retry_at, attempts)
  SELECT gen_random_uuid(), 'notice', '{WAITS_FOR_OPENING}', about_kind, about, place_id, requester_id, waits, $3, $2, $2, 0
    FROM b WHERE waits IS NOT NULL)"""

_PAYLOAD = "jsonb_build_object('deadline', due.kind, 'deadline_id', due.id, 'percent', due.percent, 'to', e.target)"
_ACTS = "(t.kind || '.' || t.state) <> ALL ((SELECT states FROM quiet)::text[])"
FIRE = _FIRE.format(acts=_ACTS, payload=_PAYLOAD, followers="", started="0")
FIRE_AND_START = _FIRE.format(acts=_ACTS, payload=_PAYLOAD, followers=_FOLLOWERS, started="(SELECT count(*) FROM n)")

# Which policies begin another deadline at some mark. Policies are never altered, so what is known stays true.
_BEGINS = """
SELECT p.id, coalesce(array_agg(DISTINCT e.target) FILTER (WHERE e.target IS NOT NULL), '{}') AS kinds
  FROM unnest($1::uuid[]) p(id) LEFT JOIN policy_effect e ON e.policy_id = p.id AND e.primitive = 'start' GROUP BY p.id"""
_known_followers: dict[UUID, tuple[str, ...]] = {}

_POLICIES = """
SELECT x.place_id, x.kind, x.category, x.round, policies_in_force(x.place_id, x.kind, x.kinds, x.category) AS policies
  FROM jsonb_to_recordset($1::jsonb) AS x(place_id uuid, kind text, category text, round int, kinds text[])"""

_NEXT = """
SELECT least(extract(epoch FROM min(d.next_at) - app_now()), 3600)::float AS wait FROM deadline d WHERE d.next_at IS NOT NULL"""


async def sweep_once(connection: asyncpg.Connection, limit: int = BATCH) -> int:
    """Fire what is due, up to `limit` deadlines; answers how many matters were moved. 0: nothing due, or all of it locked."""
    began = time.monotonic()
    await connection.execute(begin(NOBODY))
    try:
        crash_point("sweep", 1)
        due = await connection.fetch(_DUE, limit)
        crash_point("sweep", 2)
        if not due:
            await connection.execute("ROLLBACK")
            return 0
        ids: list[UUID] = [row["id"] for row in due]
        now: datetime = max(row["now"] for row in due)
        followers = await _followers(connection, due, now)
        if followers:
            fired = await connection.fetchrow(
                FIRE_AND_START, ids, now, NOBODY, orjson.dumps(followers, default=str).decode()
            )
        else:
            fired = await connection.fetchrow(FIRE, ids, now, NOBODY)
        crash_point("sweep", 3)
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    await connection.execute("COMMIT")
    crash_point("sweep", 4)
    effects = {primitive.value: fired[primitive.value] for primitive in Primitive}
    metrics.fired(fired["lateness"], effects, time.monotonic() - began)
    return int(fired["matters"])


async def _followers(
    connection: asyncpg.Connection, due: Sequence[asyncpg.Record], now: datetime
) -> list[dict[str, Any]]:
    """The deadlines that marks of these may begin, one for each place, category and kind: two messages, or none."""
    unknown = {row["policy_id"] for row in due} - _known_followers.keys()
    if unknown:
        for row in await connection.fetch(_BEGINS, list(unknown)):
            _known_followers[row["id"]] = tuple(row["kinds"])
    wanted: dict[tuple[UUID, str, str, int], set[str]] = {}
    for row in due:
        if kinds := _known_followers[row["policy_id"]]:
            wanted.setdefault((row["place_id"], row["kind"], row["category"], row["round"]), set()).update(kinds)
    if not wanted:
        return []
    asked = [
        {"place_id": place_id, "kind": kind, "category": category, "round": number, "kinds": sorted(kinds)}
        for (place_id, kind, category, number), kinds in wanted.items()
    ]
    found = [
        (row, Policy.of(policy))
        for row in await connection.fetch(_POLICIES, orjson.dumps(asked, default=str).decode())
        for policy in orjson.loads(row["policies"] or "[]")
    ]
    await know(connection, [pinned for _, policy in found for pinned in (policy.hours_id, policy.workdays_id)])
    started = []
    for row, policy in found:
        timing = policy.begin(calendar(policy.calendar, policy.hours_id, policy.workdays_id), now, row["round"])
        about = {"matter_kind": row["kind"]} | {name: row[name] for name in ("place_id", "category", "round")}
        started.append(about | policy.row(timing) | {"waits": opening([(policy.kind, timing)])})
    return started


async def sweep_forever(
    database: Database,
    beat: Callable[[], Awaitable[None]],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Sweep until cancelled: sleeps exactly until the next mark is due, at most a second, since an earlier one may come.

    When all that is due is locked by others it backs off for some milliseconds instead of spinning.
    """
    while True:
        async with database.pool.acquire() as connection:
            fired = await sweep_once(connection)
            wait = 0.0 if fired else await connection.fetchval(_NEXT)
        await beat()
        if not fired:
            wait = IDLE_SECONDS if wait is None else wait
            await sleep(BACK_OFF_SECONDS if wait <= 0 else min(wait, IDLE_SECONDS))


# Deadlines that were computed without a notice for a year that has come since, a matter each.
_UNSURE = """
SELECT DISTINCT d.matter_id, m.kind, m.version, w.id AS workdays_id
  FROM deadline d JOIN matter m ON m.id = d.matter_id JOIN workday_set s ON s.id = d.workdays_id
  JOIN LATERAL (SELECT * FROM workday_set n WHERE n.published_at IS NOT NULL ORDER BY n.version DESC LIMIT 1) w
    ON w.version > s.version AND NOT w.years <@ s.years
 WHERE d.calendar_missing AND d.stopped_at IS NULL LIMIT $1"""


async def recalculate_once(database: Database, verbs: Mapping[str, Verb[Any, Any]], limit: int = BATCH) -> int:
    """Compute anew, through the door of each kind of matter, what waited for a calendar; answers how many were moved."""
    async with database.pool.acquire() as connection:
        waiting = await connection.fetch(_UNSURE, limit)
        await know(connection, [row["workdays_id"] for row in waiting])
    moved = 0
    for row in waiting:
        with suppress(NotFound, TransitionRefused):
            name = f"{row['workdays_id']}:{row['matter_id']}:{row['version']}"
            key = Key("recalculate", name, name)
            await execute(
                database, verbs[row["kind"]], SYSTEM_CALLER, key, row["matter_id"], {"workdays_id": row["workdays_id"]}
            )
            moved += 1
    return moved
