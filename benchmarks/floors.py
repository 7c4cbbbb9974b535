"""The floors: pgbench sends what the application sends, and pgbench sends the bare minimum.

The first floor is made from the code: one real command is run and its messages are recorded; then every value that
differs from command to command becomes a variable, and the SQL text stays as it is. BEGIN goes with the context in one
round trip (a pipeline of two), as in the application. So what the ratio shows is the price of Python, and of nothing
else. The second floor shows what the SQL itself costs: one statement with the least writes, on copies of the tables
with the same indexes, without row-level security, triggers, foreign keys and checks.
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
_COPIES = ("matter", "order_detail", "order_contact", "deadline", "history", "outbox", "idempotency")


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
    (load, load_values), (write, write_values) = recorder.sent
    return Recorded(load, load_values, write, write_values, receipt.id)


class Messages:
    """A verb's messages for every group of orders, as rows that a script's client reads once a group."""

    def __init__(self, recorded: Recorded, verb: str, caller: Caller, place: UUID, requester: UUID, number: int) -> None:
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
        for group in range(world.RESIDENTS):
            requester = str(world.named(world.PERSON, group))
            acting = group if self.verb == "place" else world.RESIDENTS + group % world.VOLUNTEERS
            values = {
                "<actor>": str(world.named(world.PERSON, acting)),
                "<family>": str(world.named(world.FAMILY, acting)),
                "<place>": str(world.named(world.PLACE, 10 + group % world.COMMUNITIES)),
                "<requester>": requester,
            }
            filled = [None if text is None else _replaced(text, values) for text in texts]
            row = (group, values["<actor>"], values["<family>"], values["<place>"], requester, *filled)
            marks = ", ".join(f"${index + 1}" for index in range(len(row)))
            await connection.execute(f"INSERT INTO bench.{self.verb} VALUES ({marks})", *row)

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
        write = _bound(r.write, ["", *(self._expression(count + index, value) for index, value in enumerate(r.write_values))])
        return f"""{_counter(self.verb)}
\\startpipeline
BEGIN;
SELECT set_config('app.actor', :actor, true), set_config('plan_cache_mode', 'force_generic_plan', true);
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

    return re.sub(r"\$(\d)((?:::\w+(?:\[\])?)?)", bind, statement)


def _counter(verb: str) -> str:
    return f"""\\set k :base + :client_id * :each + :j
\\set g :k / {world.GROUP} % {world.RESIDENTS}
\\if :j % {world.GROUP} = 0
SELECT * FROM bench.{verb} WHERE g = :g \\gset
\\endif"""


async def copy_tables(connection: asyncpg.Connection) -> None:
    """Schema `bare`: the tables of one command with their indexes and generated columns, and nothing else."""
    await connection.execute("CREATE SCHEMA bare")
    for table in _COPIES:
        await connection.execute(f"CREATE TABLE bare.{table} (LIKE public.{table} INCLUDING GENERATED INCLUDING INDEXES)")
    for table in ("matter", "deadline"):
        columns = ", ".join(
            row[0]
            for row in await connection.fetch(
                "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND attgenerated = ''"
                " AND NOT attisdropped ORDER BY attnum",
                table,
            )
        )
        await connection.execute(f"INSERT INTO bare.{table} ({columns}) SELECT {columns} FROM public.{table}")


_RECEIPT = """i AS (INSERT INTO bare.idempotency (actor_id, operation, key, fingerprint, receipt, created_at)
  SELECT :actor::uuid, '{verb}Order', 'bare-' || :k, repeat('f', 64),
         jsonb_build_object('id', id, 'state', state, 'version', version, 'at', changed_at), now() FROM m)"""

_HISTORY = """h AS (INSERT INTO bare.history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
  SELECT id, version, place_id, '{verb}', {before}, state, :actor::uuid, 'requester', changed_at, '{{}}'::jsonb FROM m)"""

_OUTBOX = """o AS (INSERT INTO bare.outbox (id, sort, topic, subject_kind, subject_id, place_id, {to}, payload, created_by,
                                created_at, retry_at, attempts)
  SELECT {outbox}, 'notice', 'order.done', 'order', id, place_id, {whom}, '{{}}'::jsonb, :actor::uuid, changed_at, changed_at, 0
    FROM m)"""

_DEADLINE = """d AS (INSERT INTO bare.deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired)
  SELECT {deadline}, id, place_id, '{kind}', 1, '{policy}'::uuid, changed_at, changed_at + interval '20 minutes', '{{80,100}}'::int[],
         ARRAY[changed_at + interval '16 minutes', changed_at + interval '20 minutes'], 0 FROM m)"""


def bare_script(verb: str) -> str:
    """The bare minimum of place or accept as one statement."""

    def made(word: str) -> str:
        return f"('{MADE[verb] if len(word) == 2 else ''}{word}-0000-7000-8000-' || :k)::uuid"

    if verb == "place":
        matter = f"""m AS (INSERT INTO bare.matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id,
  open_pool, moved_by, moved_in, created_at, changed_at)
  VALUES ({made("01")}, 'order', :place::uuid, 'submitted', 1, 1, :actor::uuid, :actor::uuid, false, :actor::uuid, 0, now(), now())
  RETURNING *),
x AS (INSERT INTO bare.order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
  SELECT id, place_id, '{world.SERVICE}'::uuid, '周三上午想请人陪我去医院取药', 0, 0 FROM m),
c AS (INSERT INTO bare.order_contact (matter_id, place_id, name_sealed, phone_sealed, address_sealed)
  SELECT id, place_id, decode(repeat('ab', 40), 'hex'), decode(repeat('ab', 40), 'hex'), decode(repeat('ab', 50), 'hex') FROM m)"""
        before, to, whom, kind = "NULL", "to_role", "'dispatcher'", "respond"
    else:
        matter = f"""m AS (UPDATE bare.matter SET state = 'accepted', version = version + 1, changed_at = now()
  WHERE id = {made(world.ORDER)} AND state = 'offered' AND assignee_id = :actor::uuid RETURNING *),
s AS (UPDATE bare.deadline SET stopped_at = now()
  WHERE id IN ({made(world.DEADLINE)}, {made(world.OFFER)}) AND stopped_at IS NULL)"""
        before, to, whom, kind = "'offered'", "to_person", "requester_id", "finish"
    parts = [
        matter,
        _DEADLINE.format(deadline=made("02"), kind=kind, policy=world.RESPOND_POLICY),
        _HISTORY.format(verb=verb, before=before),
        _OUTBOX.format(to=to, outbox=made("03"), whom=whom),
        _RECEIPT.format(verb=verb),
    ]
    return f"{_counter(verb)}\nWITH " + ",\n".join(parts) + "\nSELECT id, version FROM m;\n\\set j :j + 1\n"


def pgbench(
    server: PostgresServer, role: str, database: str, script: str, *, clients: int, each: int, base: int, settle: int
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
            command, capture_output=True, text=True, check=False, env=clean_environment(PGPASSWORD=server.passwords[role])
        )
        if done.returncode != 0 or "aborted" in done.stderr:
            raise RuntimeError(f"pgbench failed:\n{done.stderr[-3000:]}")
        ends: list[list[float]] = [[] for _ in range(clients)]
        latencies: list[list[float]] = [[] for _ in range(clients)]
        for log in Path(folder).glob("log*"):
            for line in log.read_text().splitlines():
                client, _, took, _, second, micro = line.split()[:6]
                ends[int(client)].append(int(second) + int(micro) / 1e6)
                latencies[int(client)].append(int(took) / 1e6)
    rate, p50, p99 = counted(ends, latencies, settle)
    return Outcome(rate, p50 * 1000, p99 * 1000, 0, "")
