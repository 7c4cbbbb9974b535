"""Runs the benchmark: python -m benchmarks [--rounds N] [--each N]. See `benchmarks/report.py` for what it expects."""

import argparse
import asyncio
import base64
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import psutil
from alembic import command
from alembic.config import Config

from app.domain.orders import dispatching, placing
from app.kernel.command import Caller
from app.kernel.ids import new_id
from app.kernel.tokens import AccessTokens
from app.kernel.vault import Vault
from app.local.home import free_port
from app.local.postgres import EmbeddedPostgres, PostgresServer, create_database, drop_database
from app.local.valkey import EmbeddedValkey
from benchmarks import lateness, sweeping, world
from benchmarks.floors import NUMBER, Messages, bare_script, copy_tables, pgbench, record
from benchmarks.lateness import Lateness
from benchmarks.load import Outcome, Plan
from benchmarks.processes import ROOT, Neighbours, cpu_seconds, http_server, over_http, resident_mib, running, swept
from benchmarks.report import Machine, Sample, Series, show

CLIENTS = 32
VERBS = {"place": placing.place, "accept": dispatching.accept}
PLACE_BODY = json.dumps({"service_id": str(world.SERVICE), "note": world.NOTE}, ensure_ascii=False)


@dataclass
class Bench:
    """What runs, and what was measured so far."""

    server: PostgresServer
    postgres: psutil.Process
    tokens: AccessTokens
    each: dict[str, int]
    environment: dict[str, str] = field(default_factory=dict)
    api: psutil.Process | None = None
    peer: psutil.Process | None = None
    ports: dict[str, int] = field(default_factory=dict)
    scripts: dict[str, str] = field(default_factory=dict)
    series: dict[str, Series] = field(default_factory=dict)
    memory: dict[str, float] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    lateness: dict[str, Lateness] = field(default_factory=dict)

    def take(self, name: str) -> int:
        """Orders that nobody has used yet, for one measurement; Linli and its messages share tables, and so numbers."""
        tables = name.replace("linli", "messages")
        first = self.taken.get(tables, NUMBER)
        self.taken[tables] = first + CLIENTS * self.each[name]
        return first

    def add(self, name: str, sample: Sample) -> None:
        self.series.setdefault(name, Series()).samples.append(sample)

    @contextmanager
    def superuser(self, database: str) -> Iterator[Callable[[Any], Any]]:
        """Run a coroutine function with a superuser's connection."""

        def run(work: Any) -> Any:
            async def connected() -> Any:
                connection = await asyncpg.connect(self.server.url("postgres", database))
                try:
                    return await work(connection)
                finally:
                    await connection.close()

            return asyncio.run(connected())

        yield run

    # ── place and accept ─────────────────────────────────────────────────────────────────────────────────────

    def requests(self, verb: str, port: int, first: int, each: int) -> Plan:
        """Every connection's requests, with the persons of the orders' groups."""

        def one(number: int) -> bytes:
            group = number // world.GROUP
            if verb == "place":
                person, path, body = world.resident(self.tokens, group), "/v1/orders", PLACE_BODY.encode()
            else:
                path = f"/v1/orders/{world.named(world.ORDER, number)}/accept"
                person, body = world.volunteer(self.tokens, group), b""
            head = (
                f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {person.token}\r\n"
                f"Idempotency-Key: {new_id()}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            return head.encode() + body

        return Plan(port, [[one(first + c * each + j) for j in range(each)] for c in range(CLIENTS)])

    def measure(self, name: str, process: psutil.Process | None, work: Callable[[int], Outcome]) -> Outcome:
        """One measurement: CPU before and after, whatever it is."""
        first, each = self.take(name), self.each[name]
        app, postgres = (cpu_seconds(process) if process else 0.0), cpu_seconds(self.postgres)
        outcome = work(first)
        operations = CLIENTS * each
        if outcome.failures:
            raise RuntimeError(f"{name}: {outcome.failures} of {operations} failed: {outcome.first_failure[:600]}")
        sample = Sample(
            outcome.rate,
            outcome.p50,
            outcome.p99,
            (cpu_seconds(process) - app) * 1000 / operations if process else 0.0,
            (cpu_seconds(self.postgres) - postgres) * 1000 / operations,
        )
        self.add(name, sample)
        return outcome

    def contestants(self, verb: str) -> list[tuple[str, psutil.Process | None, Callable[[int], Outcome]]]:
        def http(who: str) -> Callable[[int], Outcome]:
            return lambda first: over_http(self.requests(verb, self.ports[who], first, self.each[f"{verb} {who}"]))

        def floor(role: str, which: str) -> Callable[[int], Outcome]:
            each = self.each[f"{verb} {which}"]
            return lambda first: pgbench(
                self.server, role, "bench", self.scripts[f"{verb} {which}"],
                clients=CLIENTS, each=each, base=first,
            )  # fmt: skip

        return [
            (f"{verb} messages", None, floor("linli_app", "messages")),
            (f"{verb} linli", self.api, http("linli")),
            (f"{verb} bare", None, floor("postgres", "bare")),
            (f"{verb} peer", self.peer, http("peer")),
        ]

    # ── the sweep ────────────────────────────────────────────────────────────────────────────────────────────

    def sweep(self, name: str, kind: str, workers: int) -> None:
        """One sweep of a fresh copy of the database."""
        drop_database(self.server, "swept")
        create_database(self.server, "swept", template="bench_sweep")
        with self.superuser("swept") as run:
            for table in ("deadline", "matter", "history", "outbox", "mark"):
                run(lambda c, t=table: c.fetchval(f"SELECT count(*) FROM {t}"))
            run(lambda c: c.execute("CHECKPOINT"))
        spent: list[float] = []
        seconds, moved = swept(
            kind, self.server.url("linli_worker", "swept"), workers, lambda: spent.append(cpu_seconds(self.postgres))
        )
        if moved != sweeping.DUE:
            raise RuntimeError(f"{name}: moved {moved} of {sweeping.DUE}")
        self.add(name, Sample(sweeping.DUE / seconds, 0, 0, 0, (cpu_seconds(self.postgres) - spent[0]) * 1000 / moved))

    def late(self, name: str, environment: dict[str, str]) -> None:
        """The worker, while five hundred deadlines a second fall due in a fresh copy of the database."""
        drop_database(self.server, "late")
        create_database(self.server, "late", template="bench_late")
        environment = {**environment, "LINLI_WORKER_URL": self.server.url("linli_worker", "late")}
        with self.superuser("late") as run, running("-m", "app.cli", "worker", **environment):
            run(lateness.spread)
            self.lateness[name] = run(lateness.measured)


def prepare(bench: Bench, vault: Vault, rounds: int) -> None:
    """Both databases, migrated and populated; the floors' scripts made from the code."""
    stock = (rounds + 1) * CLIENTS * max(bench.each.values())
    for database in ("bench", "bench_sweep", "bench_late"):
        create_database(bench.server, database)
        config = Config(attributes={"url": bench.server.url("linli_owner", database)})
        config.set_main_option("script_location", str(ROOT / "migrations"))
        command.upgrade(config, "head")

    async def fill(connection: asyncpg.Connection) -> None:
        await world.populate(connection, vault)
        await world.add_orders(connection, "rated", 0, 40_000)
        await world.add_orders(connection, "offered", NUMBER - world.GROUP, stock + world.GROUP)
        await connection.execute("SET session_replication_role = origin")
        for verb in VERBS:
            await scripted(connection, verb)
        await copy_tables(connection)
        await connection.execute(PEER_TABLES.format(stock=stock, first=NUMBER, GROUP=world.GROUP))
        await connection.execute("VACUUM ANALYZE")

    async def scripted(connection: asyncpg.Connection, verb: str) -> None:
        number = NUMBER - world.GROUP  # an order of its own, in a group of its own
        group = number // world.GROUP
        requester = world.resident(bench.tokens, group)
        person = requester if verb == "place" else world.volunteer(bench.tokens, group)
        caller = Caller(person.id, person.family)
        inputs = {"service_id": world.SERVICE, "note": world.NOTE} if verb == "place" else {}
        inputs |= {"name": None, "phone": None, "address": None} if verb == "place" else {}
        subject = None if verb == "place" else world.named(world.ORDER, number)
        recorded = await record(bench.server.url("linli_app", "bench"), VERBS[verb], caller, subject, inputs)
        place = world.named(world.PLACE, 10 + group % world.RESIDENTS % world.COMMUNITIES)
        messages = Messages(recorded, verb, caller, place, requester.id, number)
        await messages.store(connection)
        bench.scripts[f"{verb} messages"] = messages.script()
        bench.scripts[f"{verb} bare"] = bare_script(verb)

    async def fill_sweep(connection: asyncpg.Connection) -> None:
        await world.populate(connection, vault)
        await world.add_orders(connection, "submitted", NUMBER, sweeping.OPEN, due=sweeping.DUE)
        await connection.execute("VACUUM ANALYZE")

    with bench.superuser("bench") as run:
        run(fill)
    with bench.superuser("bench_sweep") as run:
        run(fill_sweep)
    with bench.superuser("bench_late") as run:
        run(lambda connection: lateness.populate(connection, vault))


PEER_TABLES = """
CREATE TABLE peer_user (id uuid PRIMARY KEY, place_id uuid NOT NULL);
CREATE TABLE peer_order (id uuid PRIMARY KEY, place_id uuid NOT NULL, requester_id uuid NOT NULL REFERENCES peer_user,
  assignee_id uuid REFERENCES peer_user, service_id uuid NOT NULL, note varchar NOT NULL, state varchar NOT NULL,
  version int NOT NULL, created_at timestamptz NOT NULL);
CREATE INDEX ON peer_order (place_id);
CREATE INDEX ON peer_order (requester_id);
CREATE INDEX ON peer_order (assignee_id);
CREATE TABLE peer_history (id serial PRIMARY KEY, order_id uuid NOT NULL REFERENCES peer_order, action varchar NOT NULL,
  actor_id uuid NOT NULL, at timestamptz NOT NULL);
CREATE INDEX ON peer_history (order_id);
CREATE TABLE peer_deadline (id serial PRIMARY KEY, order_id uuid NOT NULL REFERENCES peer_order, kind varchar NOT NULL,
  due_at timestamptz NOT NULL, stopped_at timestamptz);
CREATE INDEX ON peer_deadline (order_id);
CREATE INDEX ON peer_deadline (due_at);
CREATE TABLE peer_notice (id serial PRIMARY KEY, order_id uuid NOT NULL, topic varchar NOT NULL, created_at timestamptz NOT NULL);
CREATE TABLE peer_idempotency (key varchar PRIMARY KEY, order_id uuid NOT NULL);
INSERT INTO peer_user SELECT id, (SELECT id FROM place LIMIT 1) FROM person;
INSERT INTO peer_order SELECT id, place_id, requester_id, assignee_id, place_id, 'note', state, 2, created_at FROM matter;
INSERT INTO peer_deadline (order_id, kind, due_at)
SELECT matter_id, kind, due_at FROM deadline WHERE stopped_at IS NULL;
INSERT INTO peer_history (order_id, action, actor_id, at) SELECT matter_id, action, actor_id, at FROM history;
"""


def main() -> int:
    """Measure and report. 0: as expected. 1: below, or something broke."""
    ask = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    ask.add_argument("--rounds", type=int, default=5)
    ask.add_argument("--sweeps", type=int, default=3)
    ask.add_argument("--each", type=int, default=100, help="commands of each of 32 connections in a round")
    chosen = ask.parse_args()
    began = time.monotonic()
    each = {
        f"{verb} {who}": count
        for verb in VERBS
        for who, count in (
            ("linli", chosen.each), ("messages", chosen.each), ("bare", chosen.each * 2), ("peer", max(chosen.each // 8, 8))
        )
    }  # fmt: skip
    secret, keyring, index_key = (base64.b64encode(secrets.token_bytes(32)).decode() for _ in range(3))
    vault = Vault.from_text(f"k1:{keyring}", index_key)
    with ExitStack() as stack:
        # The moment of a commit is kept, for the lateness of marks.
        embedded = EmbeddedPostgres(durable=True, settings={"track_commit_timestamp": "on"})
        server = stack.enter_context(embedded)
        if embedded.process is None:
            raise RuntimeError("no server")
        valkey = stack.enter_context(EmbeddedValkey())
        bench = Bench(server, psutil.Process(embedded.process.pid), world.token_maker(secret), each)
        prepare(bench, vault, chosen.rounds)
        print(f"prepared in {time.monotonic() - began:.0f} s", file=sys.stderr)
        environment = {
            "LINLI_MODE": "local", "LINLI_DATABASE_URL": server.url("linli_app", "bench"),
            "LINLI_WORKER_URL": server.url("linli_worker", "swept"), "LINLI_MIGRATION_URL": server.url("linli_owner", "bench"),
            "LINLI_REDIS_URL": valkey.url, "LINLI_SECRET_KEY": secret, "LINLI_KEYRING": f"k1:{keyring}",
            "LINLI_INDEX_KEY": index_key, "LINLI_WECHAT_URL": "http://127.0.0.1:9",
            "LINLI_WECHAT_APPID": "wx-bench", "LINLI_WECHAT_SECRET": "bench",
        }  # fmt: skip
        peer_url = server.url("postgres", "bench").replace("postgresql:", "postgresql+asyncpg:")
        bench.api, bench.ports["linli"] = stack.enter_context(
            http_server("-m", "app.cli", "api", port_name="LINLI_PORT", **environment)
        )
        bench.peer, bench.ports["peer"] = stack.enter_context(
            http_server("-m", "benchmarks.peer", port_name="PEER_PORT", PEER_URL=peer_url, PEER_SECRET=secret)
        )
        neighbours = Neighbours()
        for round_number in range(chosen.rounds + 1):
            for verb in VERBS:
                for name, process, work in bench.contestants(verb):
                    bench.measure(name, process, work)
            if round_number == 0:
                bench.series.clear()  # it warms caches and connections
            print(f"round {round_number} of {chosen.rounds} at {time.monotonic() - began:.0f} s", file=sys.stderr)
        bench.memory["API"] = resident_mib(bench.api)
        for _ in range(chosen.sweeps):
            bench.sweep("sweep by hand", "by_hand", 1)
            bench.sweep("sweep linli", "ours", 1)
            bench.sweep("sweep linli ×2", "ours", 2)
        with running("-m", "app.cli", "worker", **environment) as worker:
            end = time.monotonic() + 8
            while time.monotonic() < end and worker.is_running():
                bench.memory["worker"] = max(bench.memory.get("worker", 0), resident_mib(worker))
                time.sleep(0.2)
        nowhere = f"redis://127.0.0.1:{free_port()}/0"
        for name, redis in (("with Redis", valkey.url), ("Redis dead", nowhere)):
            bench.late(name, {**environment, "LINLI_REDIS_URL": redis})
        machine = Machine(
            server.psql("-c", "show server_version").strip(), neighbours.share(), time.monotonic() - began
        )
        good = show(bench.series, bench.memory, bench.lateness, machine)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
