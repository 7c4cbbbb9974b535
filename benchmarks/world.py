"""The world that is measured: a street of forty communities, two thousand residents, and a stock of offered orders.

Every id is made of a word of eight hex digits and a number, so that the floors' scripts can name rows without asking.
Rows are written set-based with triggers off; the shapes are those that the verbs write.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from app.kernel.tokens import AccessTokens
from app.kernel.vault import Vault

RESIDENTS = 2000
VOLUNTEERS = 200
COMMUNITIES = 40
BUILDINGS = 70
GROUP = 40
"""So many orders in a row belong to one resident and one volunteer; the floors' clients change persons as often."""

PERSON, FAMILY, PLACE, ORDER, DEADLINE, OFFER = (
    "01980001", "01980002", "01980003", "01980004", "01980005", "01980006",
)  # fmt: skip
SERVICE = UUID("01980007-0000-7000-8000-000000000000")
NOTE = "周三上午想请人陪我去医院取药"
RESPOND_POLICY, OFFER_POLICY = (f"00000000-0000-7000-8000-{number:012d}" for number in (1, 2))


def named(word: str, number: int) -> UUID:
    """The id of the `number`th thing of a sort; SQL's twin is bench.id."""
    return UUID(f"{word}-0000-7000-8000-{number:012d}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is logged in."""

    id: UUID
    family: UUID
    token: str


def resident(tokens: AccessTokens, group: int) -> Person:
    """The resident of a group of orders."""
    return _person(tokens, group % RESIDENTS)


def volunteer(tokens: AccessTokens, group: int) -> Person:
    """The volunteer whom a group of orders was offered to."""
    return _person(tokens, RESIDENTS + group % VOLUNTEERS)


def _person(tokens: AccessTokens, number: int) -> Person:
    person_id, family = named(PERSON, number), named(FAMILY, number)
    return Person(person_id, family, tokens.issue(person_id, family).text)


_PLACES = """
CREATE SCHEMA bench;
GRANT USAGE ON SCHEMA bench TO linli_app;
CREATE FUNCTION bench.id(word text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
$$ SELECT (word || '-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid $$;
SET session_replication_role = replica;
INSERT INTO place (id, code, parent_id, level, name)
SELECT bench.id('{PLACE}', n), code, CASE WHEN up IS NOT NULL THEN bench.id('{PLACE}', up) END, level, level || ' ' || n
  FROM (VALUES (0, '14', NULL::int, 'province'), (1, '1401', 0, 'city'), (2, '140106', 1, 'district'),
               (3, '140106001', 2, 'street')) top(n, code, up, level)
UNION ALL
SELECT bench.id('{PLACE}', 10 + c), '140106001' || lpad(c::text, 3, '0'), bench.id('{PLACE}', 3), 'community', 'community ' || c
  FROM generate_series(0, {COMMUNITIES} - 1) c
UNION ALL
SELECT bench.id('{PLACE}', 1000 + c * 100 + b), '140106001' || lpad(c::text, 3, '0') || lpad(b::text, 4, '0'),
       bench.id('{PLACE}', 10 + c), 'building', 'building ' || b
  FROM generate_series(0, {COMMUNITIES} - 1) c, generate_series(0, {BUILDINGS} - 1) b;
WITH RECURSIVE up AS (
  SELECT id AS place_id, id AS ancestor_id, parent_id, 0 AS depth FROM place
  UNION ALL SELECT u.place_id, p.id, p.parent_id, u.depth + 1 FROM up u JOIN place p ON p.id = u.parent_id)
INSERT INTO place_ancestor (place_id, ancestor_id, depth) SELECT place_id, ancestor_id, depth FROM up;
"""

_PEOPLE = """
INSERT INTO person (id, openid, name_sealed, phone_sealed, address_sealed, created_at, version)
SELECT bench.id('{PERSON}', n), 'bench-' || n, $1, $2, $3, now(), 1
  FROM generate_series(0, {RESIDENTS} + {VOLUNTEERS} + 2 * {COMMUNITIES} - 1) n"""

_ROLES = """
INSERT INTO session (family, person_id, created_at)
SELECT bench.id('{FAMILY}', n), bench.id('{PERSON}', n), now() FROM generate_series(0, {RESIDENTS} + {VOLUNTEERS} - 1) n;
INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)
SELECT gen_random_uuid(), bench.id('{PERSON}', n), bench.id('{PLACE}', place), role, '2026-01-01', bench.id('{PERSON}', n), 1
  FROM (SELECT n, 10 + n % {COMMUNITIES} AS place, 'resident' AS role FROM generate_series(0, {RESIDENTS} - 1) n
        UNION ALL SELECT {RESIDENTS} + n, 3, 'volunteer' FROM generate_series(0, {VOLUNTEERS} - 1) n
        UNION ALL SELECT {RESIDENTS} + {VOLUNTEERS} + n, 10 + n % {COMMUNITIES},
                         CASE WHEN n < {COMMUNITIES} THEN 'dispatcher' ELSE 'secretary' END
                    FROM generate_series(0, 2 * {COMMUNITIES} - 1) n) g(n, place, role);
INSERT INTO service (id, place_id, name, description, published_by, created_at, version)
VALUES ('{SERVICE}', bench.id('{PLACE}', 3), '陪同就医', '陪老人去医院', bench.id('{PERSON}', 0), now(), 1);
"""

# Orders `first` … `first + count - 1` in one state. Offered ones start in the future: on a slow machine too no mark is due
# while they wait. Of the submitted ones, which are there for the sweep alone, the first `due` have their second mark
# (100 % of respond) behind them.
_ORDERS = """
CREATE TEMP TABLE wave AS
SELECT bench.id('{ORDER}', k) AS id, bench.id('{PLACE}', 10 + (k / {GROUP} % {RESIDENTS}) % {COMMUNITIES}) AS place_id,
       bench.id('{PERSON}', k / {GROUP} % {RESIDENTS}) AS requester_id, k, '{state}' AS state,
       CASE WHEN '{state}' <> 'submitted' THEN bench.id('{PERSON}', {RESIDENTS} + k / {GROUP} % {VOLUNTEERS}) END AS assignee_id,
       CASE '{state}' WHEN 'offered' THEN now() + interval '20 minutes' WHEN 'rated' THEN now() - interval '2 days'
                      ELSE now() - CASE WHEN k < {due} THEN interval '21 minutes' ELSE interval '0' END END AS at
  FROM generate_series({first}::bigint, {first} + {count} - 1) k;
INSERT INTO matter (id, kind, place_id, state, version, round, requester_id, beneficiary_id, placed_by, assignee_id,
                    open_pool, moved_by, moved_in, created_at, changed_at)
SELECT id, 'order', place_id, state, 2, 1, requester_id, requester_id, requester_id, assignee_id, false, requester_id, 0,
       at, at FROM wave;
INSERT INTO order_detail (matter_id, place_id, service_id, note, failures, wrong_codes)
SELECT id, place_id, '{SERVICE}', '{NOTE}', 0, 0 FROM wave WHERE state <> 'submitted';
INSERT INTO order_contact (matter_id, place_id, name_sealed, phone_sealed, address_sealed)
SELECT w.id, w.place_id, p.name_sealed, p.phone_sealed, p.address_sealed FROM wave w JOIN person p ON p.id = w.requester_id
 WHERE w.state <> 'submitted';
INSERT INTO history (matter_id, version, place_id, action, from_state, to_state, actor_id, through, at, note)
SELECT id, v, place_id, CASE v WHEN 1 THEN 'place' ELSE 'offer' END, CASE v WHEN 2 THEN 'submitted' END,
       CASE v WHEN 1 THEN 'submitted' ELSE state END, requester_id, 'requester', at, '{{}}' FROM wave, generate_series(1, 2) v;
INSERT INTO deadline (id, matter_id, place_id, kind, round, policy_id, started_at, due_at, percents, times, fired, stopped_at,
                      budget_seconds)
SELECT bench.id('{DEADLINE}', k), id, place_id, 'respond', 1, '{RESPOND_POLICY}'::uuid, at, at + interval '20 minutes',
       '{{80,100,150}}'::int[], ARRAY[at + interval '16 minutes', at + interval '20 minutes', at + interval '30 minutes'],
       CASE WHEN at < now() - interval '16 minutes' THEN 1 ELSE 0 END, CASE state WHEN 'rated' THEN at + interval '1 minute' END,
       1200
  FROM wave
UNION ALL
SELECT bench.id('{OFFER}', k), id, place_id, 'offer', 1, '{OFFER_POLICY}'::uuid, at, at + interval '8 minutes',
       '{{80,100}}'::int[], ARRAY[at + interval '384 seconds', at + interval '8 minutes'], 0, NULL, 480
  FROM wave WHERE state = 'offered'
UNION ALL
SELECT gen_random_uuid(), w.id, w.place_id, p.deadline_kind, 1, p.id, at, at + interval '2 days', p.percents,
       ARRAY[at + interval '1 day', at + interval '2 days'], 0, NULL, 172800
  FROM wave w JOIN deadline_policy p ON p.deadline_kind IN ('reply', 'coordinate', 'plan') AND p.place_id IS NULL
        AND p.matter_kind = 'order' AND p.category = ''
        AND NOT EXISTS (SELECT 1 FROM deadline_policy q WHERE q.place_id IS NULL AND q.matter_kind = 'order'
                           AND q.deadline_kind = p.deadline_kind AND q.category = '' AND q.version > p.version)
 WHERE w.state = 'offered';
DROP TABLE wave;
"""


async def populate(connection: asyncpg.Connection, vault: Vault) -> None:
    """Places, people, their roles and log-ins, and the one service. The connection is a superuser's."""
    await connection.execute(_filled(_PLACES))
    sealed = vault.seal("name", "王秀英"), vault.seal("phone", "13812345678"), vault.seal("address", "西峪东街 8 号院")
    await connection.execute(_filled(_PEOPLE), *sealed)
    await connection.execute(_filled(_ROLES))


async def add_orders(connection: asyncpg.Connection, state: str, first: int, count: int, due: int = 0) -> None:
    """Orders with these numbers in this state, with their details, history and deadlines."""
    await connection.execute(_filled(_ORDERS, state=state, first=first, count=count, due=first + due))


def _filled(sql: str, **more: object) -> str:
    names = (
        "RESIDENTS", "VOLUNTEERS", "COMMUNITIES", "BUILDINGS", "GROUP", "PERSON", "FAMILY", "PLACE", "ORDER", "DEADLINE",
        "OFFER", "SERVICE", "NOTE", "RESPOND_POLICY", "OFFER_POLICY",
    )  # fmt: skip
    return sql.format(**{name: globals()[name] for name in names}, **more)


def token_maker(secret: str) -> AccessTokens:
    """Tokens that live as long as any benchmark."""
    return AccessTokens(secret, timedelta(hours=4))
