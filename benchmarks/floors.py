"""The floors: pgbench sends what the application sends, and pgbench sends the bare minimum.

The first floor is made from the code: one real command is run and its messages are recorded; then every value that
differs from command to command becomes a variable, and the SQL text stays as it is. BEGIN goes with the context in one
round trip (a pipeline of two), as in the application. So what the ratio shows is the price of Python, and of nothing
else. The second floor shows what our SQL costs: the same operation by hand, as one statement with the same look-ups and
the same rows, on copies of the tables with the same keys, indexes and checks, without row-level security and triggers.
"""

import re
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from app.kernel.command import Caller, Key, execute
from app.kernel.verbs import Verb
from app.local.account import clean_environment
from app.local.postgres import PostgresServer
from benchmarks import world
from benchmarks.load import Outcome, counted

NUMBER = 100_000_000_000
"""Where orders are counted from: numbers of twelve digits stand in an id without padding."""

MADE = {"place": "019900", "accept": "019901"}
"""What the ids of new rows begin with."""

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_COPIES = ("matter", "order_detail", "order_contact", "order_search", "deadline", "history", "outbox", "idempotency")


@dataclass(frozen=True)
class Recorded:
    """Messages 2 and 3 of one command, and the values that it sent with them."""

    load: str
    load_values: tuple[Any, ...]
    write: str
    write_values: tuple[Any, ...]
    order: UUID


class _Recorder:
    """Stands in for the pool: hands out one connection and keeps what is sent through it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self.pool = self

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator["_Recorder"]:
        yield self

    def is_closed(self) -> bool:
        return self.connection.is_closed()

    async def execute(self, statement: str) -> Any:
        return await self.connection.execute(statement)

    async def fetchrow(self, statement: str, *values: Any) -> Any:
        self.sent.append((statement, values))
        return await self.connection.fetchrow(statement, *values)

    async def fetch(self, statement: str, *values: Any) -> Any:
        self.sent.append((statement, values))
        return await self.connection.fetch(statement, *values)


async def record(
    app_url: str, verb: Verb[Any, Any], caller: Caller, order: UUID | None, inputs: dict[str, Any]
) -> Recorded:
    """Run one command through the application's own door, and tell what it sent."""
    connection = await asyncpg.connect(app_url)
    recorder = _Recorder(connection)
    key = Key(f"{verb.name}Order", "recorded-command", "f" * 64)
    receipt = await execute(recorder, verb, caller, key, order, inputs)  # type: ignore[arg-type]
    await connection.close()
    # Between them the first command of a process reads the calendars once.
    (load, load_values), *_, (write, write_values) = recorder.sent
    return Recorded(load, load_values, write, write_values, receipt.id)


class Messages:
    """A verb's messages for every group of orders, as rows that a script's client reads once a group."""

    def __init__(
        self, recorded: Recorded, verb: str, caller: Caller, place: UUID, requester: UUID, number: int
    ) -> None:
        self.recorded = recorded
        self.verb = verb
        self._known = {str(caller.person_id): "<actor>", str(caller.family): "<family>", str(place): "<place>"}
        self._known.setdefault(str(requester), "<requester>")
        self._number = f"{number:012d}"
        self._fixed: set[str] = {str(world.SERVICE)}

    async def store(self, connection: asyncpg.Connection) -> None:
        """Make the table of this verb's values, one row a group of orders."""
        texts = [self._template(value) for value in (*self.recorded.load_values, *self.recorded.write_values)]
        columns = ", ".join(f"v{index} text" for index in range(len(texts)))
        await connection.execute(
            f"CREATE TABLE bench.{self.verb} (g int PRIMARY KEY, actor text, family text, place text, requester text, {columns});"
            f" GRANT SELECT ON bench.{self.verb} TO linli_app"
        )
        rows = [self._row(texts, group) for group in range(world.RESIDENTS)]
        marks = ", ".join(f"${index + 1}" for index in range(len(rows[0])))
        await connection.executemany(f"INSERT INTO bench.{self.verb} VALUES ({marks})", rows)

    def _row(self, texts: list[str | None], group: int) -> tuple[Any, ...]:
        acting = group if self.verb == "place" else world.RESIDENTS + group % world.VOLUNTEERS
        names = {
            "<actor>": str(world.named(world.PERSON, acting)),
            "<family>": str(world.named(world.FAMILY, acting)),
            "<place>": str(world.named(world.PLACE, 10 + group % world.COMMUNITIES)),
            "<requester>": str(world.named(world.PERSON, group)),
        }
        return (group, *names.values(), *(None if text is None else _replaced(text, names) for text in texts))

    def _template(self, value: Any) -> str | None:
        """The value as text, in which the ids of this one command are names, or carry the number of the order."""
        if value is None:
            return None
        if isinstance(value, list):
            value = "{" + ",".join(map(str, value)) + "}"
        return _UUID.sub(self._named, str(value)).replace("recorded-command", f"{self.verb}-#")

    def _named(self, match: re.Match[str]) -> str:
        found = match[0]
        if found in self._known:
            return self._known[found]
        if found.endswith(self._number):
            return f"{found[:-12]}#"
        if found in self._fixed or found.startswith("00000000-0000-"):
            return found
        self._known[found] = f"{MADE[self.verb]}{len(self._known):02d}-0000-7000-8000-#"
        return self._known[found]

    def script(self) -> str:
        """The four messages for pgbench -M prepared. `base` and `each` are given by -D: where to count from, and how far."""
        r, count = self.recorded, len(self.recorded.load_values)
        load = _bound(r.load, ["", *(self._expression(index, value) for index, value in enumerate(r.load_values))])
        write = _bound(
            r.write, ["", *(self._expression(count + index, value) for index, value in enumerate(r.write_values))]
        )
        return f"""{_counter(self.verb)}
\\startpipeline
BEGIN;
SELECT set_config('app.actor', :actor, true);
\\endpipeline
{load};
{write};
COMMIT;
\\set j :j + 1
"""

    def _expression(self, index: int, value: Any) -> str:
        text = self._template(value)
        if text is None:
            return f":v{index}"
        return f"replace(:v{index}, '#', :k)" if "#" in text else f":v{index}"


def _replaced(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def _bound(statement: str, expressions: list[str]) -> str:
    """The statement with an expression for each $n. `replace` gives text, so where the type was inferred it is said."""

    def bind(match: re.Match[str]) -> str:
        expression, cast = expressions[int(match[1])], match[2] or ""
        return f"({expression}){cast}" if expression.startswith("replace") else f"{expression}{cast}"

    return re.sub(r"\$(\d+)((?:::\w+(?:\[\])?)?)", bind, statement)


def _counter(verb: str) -> str:
    return f"""\\set k :base + :client_id * :each + :j
\\set g :k / {world.GROUP} % {world.RESIDENTS}
\\if :j = 0 OR :k % {world.GROUP} = 0
SELECT * FROM bench.{verb} WHERE g = :g \\gset
\\endif"""


async def copy_tables(connection: asyncpg.Connection) -> None:
    """Schema `bare`: the tables that a command writes, with their rows, indexes, checks and foreign keys, and no more."""
    await connection.execute("CREATE SCHEMA bare")
    for table in _COPIES:
        await connection.execute(f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING ALL)")
        columns = await connection.fetchval(
            "SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute"
            " WHERE attrelid = $1::text::regclass AND attnum > 0 AND attgenerated = '' AND NOT attisdropped",
            table,
        )
        await connection.execute(f"INSERT INTO bare.{table} ({columns}) SELECT {columns} FROM public.{table}")
    keys = await connection.fetch(
        "SELECT conrelid::regclass::text AS on_table, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
        " WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conrelid::regclass::text = ANY ($1::text[])",
        _COPIES,
    )
    for key in keys:
        definition = key["definition"].replace("REFERENCES matter(", "REFERENCES bare.matter(")
        await connection.execute(f"ALTER TABLE bare.{key['on_table']} ADD {definition}")


_LOG_IN = """s AS MATERIALIZED (SELECT s.person_id FROM session s JOIN person p ON p.id = s.person_id
  WHERE s.family = :family::uuid AND s.person_id = :actor::uuid AND s.revoked_at IS NULL AND p.disabled_at IS NULL)"""

_HOME = f"""home AS MATERIALIZED (SELECT g.place_id, p.name_sealed, p.phone_sealed, p.phone_index, p.address_sealed
  FROM s JOIN person p ON p.id = s.person_id
  JOIN role_grant g ON g.person_id = p.id AND g.role = 'resident' AND g.ends_at IS NULL
 WHERE EXISTS (SELECT 1 FROM service v JOIN place_ancestor a ON a.ancestor_id = v.place_id
                WHERE v.id = '{world.SERVICE}' AND v.withdrawn_at IS NULL AND a.place_id = g.place_id
                  AND (v.paused_at IS NULL OR v.paused_until <= now()))
   AND NOT EXISTS (SELECT 1 FROM place_ancestor b JOIN refused_term r ON r.place_id = b.ancestor_id
                    WHERE b.place_id = g.place_id AND r.ended_at IS NULL AND strpos('{world.NOTE}', r.folded) > 0))"""

_PLACE = f"""m AS (INSERT INTO bare.matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by,
                              open_pool, moved_by, moved_in, created_at, changed_at)
  SELECT {{order}}, 'order', place_id, 'submitted', 1, 1, :actor::uuid, :actor::uuid, :actor::uuid, false, :actor::uuid, 0,
         now(), now() FROM home RETURNING *),
x AS (INSERT INTO bare.order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
  SELECT id, place_id, '{world.SERVICE}'::uuid, '{world.NOTE}', 0, 0 FROM m),
f AS (INSERT INTO bare.order_search (matter_id, place_id, created_at, body, tokens)
  SELECT m.id, m.place_id, m.created_at, w.form, search_grams(w.form) || ('p:' || m.place_id)
    FROM m JOIN service v ON v.id = '{world.SERVICE}'
    CROSS JOIN LATERAL search_form('{world.NOTE} ' || v.name) w(form)),
c AS (INSERT INTO bare.order_contact (matter_id, place_id, name_sealed, phone_sealed, phone_index, address_sealed)
  SELECT m.id, m.place_id, name_sealed, phone_sealed, phone_index, address_sealed FROM m, home)"""

_ACCEPT = """m AS (UPDATE bare.matter t SET state = 'accepted', version = version + 1, changed_at = now() FROM s
  WHERE t.id = {order} AND t.state = 'offered' AND t.assignee_id = s.person_id AND t.placed_by <> s.person_id
    AND EXISTS (SELECT 1 FROM place_ancestor a JOIN role_grant g ON g.place_id = a.ancestor_id
                 WHERE a.place_id = t.place_id AND g.person_id = s.person_id AND g.role = 'volunteer'
                   AND g.starts_at <= now() AND (g.ends_at IS NULL OR g.ends_at > now()))
    AND NOT EXISTS (SELECT 1 FROM representation r WHERE r.representative_id = s.person_id
                     AND r.beneficiary_id = t.beneficiary_id AND r.consented_at IS NOT NULL AND r.ended_at IS NULL)
    AND NOT EXISTS (SELECT 1 FROM order_refusal c WHERE c.matter_id = t.id AND c.person_id = s.person_id
                     AND c.reason = 'complaint')
  RETURNING t.*),
e AS (UPDATE bare.deadline d SET stopped_at = now() FROM m WHERE d.matter_id = m.id AND d.kind IN ('respond', 'offer')
  AND d.stopped_at IS NULL)"""

_STARTS = """d AS (INSERT INTO bare.deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents,
                                 times, fired, budget_seconds, hours_id, workdays_id, pausable)
  SELECT ('{begins}' || k.n || '-0000-7000-8000-' || :k)::uuid, m.id, m.place_id, k.kind, 1, p.id, changed_at,
         changed_at + make_interval(secs => p.seconds), p.percents,
         ARRAY(SELECT changed_at + make_interval(secs => p.seconds * percent / 100) FROM unnest(p.percents) percent), 0,
         p.seconds, p.hours_id, p.workdays_id, p.pause_limit_seconds IS NOT NULL
    FROM m CROSS JOIN (VALUES (20, 'respond'), (21, 'reply'), (22, 'coordinate'), (23, 'plan'), (24, 'dispatch')) k(n, kind)
   CROSS JOIN LATERAL (
      SELECT q.*, coalesce(q.budget_seconds, 25200) AS seconds,
             (SELECT h.id FROM calendar_hours h
                LEFT JOIN place_ancestor b ON b.ancestor_id = h.place_id AND b.place_id = m.place_id
               WHERE h.calendar = q.calendar AND (h.place_id IS NULL OR b.place_id IS NOT NULL)
               ORDER BY b.depth NULLS LAST, h.version DESC LIMIT 1) AS hours_id,
             (SELECT w.id FROM workday_set w WHERE w.published_at IS NOT NULL AND q.calendar = 'WORK'
               ORDER BY w.version DESC LIMIT 1) AS workdays_id
        FROM deadline_policy q LEFT JOIN place_ancestor a ON a.ancestor_id = q.place_id AND a.place_id = m.place_id
       WHERE q.matter_kind = 'order' AND q.deadline_kind = k.kind AND (q.place_id IS NULL OR a.place_id IS NOT NULL)
         AND q.category IN ('', m.category)
       ORDER BY a.depth NULLS LAST, q.category DESC, q.version DESC LIMIT 1) p),
"""

_REST = """h AS (INSERT INTO bare.history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at,
                                note)
  SELECT id, version, place_id, '{verb}', {before}, state, :actor::uuid, 'requester', changed_at, '{{}}'::jsonb FROM m),
o AS (INSERT INTO bare.outbox (id, sort, topic, subject_kind, subject_id, place_id, {to}, payload, created_by,
                               created_at, retry_at, attempts)
  SELECT {outbox}, 'notice', 'order.done', 'order', id, place_id, {whom}, '{{}}'::jsonb, :actor::uuid, changed_at,
         changed_at, 0 FROM m),
i AS (INSERT INTO bare.idempotency (actor_id, operation, key, fingerprint, receipt, created_at)
  SELECT :actor::uuid, '{verb}Order', 'bare-' || :k, repeat('f', 64),
         jsonb_build_object('id', id, 'state', state, 'version', version, 'at', changed_at), now() FROM m)
SELECT id, version FROM m"""


def bare_script(verb: str) -> str:
    """Place or accept by hand, as one statement: the same look-ups and the same rows, and nothing that protects them."""

    def made(word: str) -> str:
        return f"('{word}-0000-7000-8000-' || :k)::uuid"

    begins = MADE[verb]
    if verb == "place":
        first = [_LOG_IN, _HOME, _PLACE.format(order=made(f"{begins}01"))]
        words = {"before": "NULL", "to": "to_role", "whom": "'dispatcher'"}
        starts = _STARTS.format(begins=begins)
    else:
        first = [_LOG_IN, _ACCEPT.format(order=made(world.ORDER))]
        words = {"before": "'offered'", "to": "to_person", "whom": "requester_id"}
        starts = ""
    rest = starts + _REST.format(verb=verb, outbox=made(f"{begins}03"), **words)
    return f"{_counter(verb)}\nWITH " + ",\n".join([*first, rest]) + ";\n\\set j :j + 1\n"


def pgbench(
    server: PostgresServer, role: str, database: str, script: str, *, clients: int, each: int, base: int
) -> Outcome:
    """Run a script, every client `each` times, counted in the same way as the load over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(script)
        command = [
            f"{server.programs}/pgbench", "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-t", str(each),
            "-D", f"base={base}", "-D", f"each={each}", "-D", "j=0", "-f", str(file),
            "-l", f"--log-prefix={folder}/log",
            "-h", server.host, "-p", str(server.port), "-U", role, database,
        ]  # fmt: skip
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(PGPASSWORD=server.passwords[role], PGOPTIONS="-c plan_cache_mode=force_generic_plan"),
        )
        if done.returncode != 0 or "aborted" in done.stderr:
            raise RuntimeError(f"pgbench failed:\n{done.stderr[-3000:]}")
        ends: list[float] = []
        latencies: list[float] = []
        for log in Path(folder).glob("log*"):
            for line in log.read_text().splitlines():
                _, _, took, _, second, micro = line.split()[:6]
                ends.append(int(second) + int(micro) / 1e6)
                latencies.append(int(took) / 1e6)
    rate, p50, p99 = counted(ends, latencies)
    return Outcome(rate, p50 * 1000, p99 * 1000, 0, "")
