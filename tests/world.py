"""A small world for the tests: one street with two communities, and people with roles, written by the owner."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg

from app.domain.orders import placing
from app.kernel.command import Caller, Key, Receipt, execute
from app.kernel.database import Database
from app.kernel.ids import new_id
from app.kernel.rules import Role
from app.kernel.verbs import Verb

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def new_key(key: str | None = None, fingerprint: str = "one request") -> Key:
    return Key("operation", key or str(new_id()), fingerprint)


@dataclass
class World:
    """Ids of the world's places, people and service."""

    owner: asyncpg.Connection
    street: UUID
    east: UUID
    west: UUID
    service: UUID = field(default_factory=new_id)
    people: dict[str, UUID] = field(default_factory=dict)
    families: dict[UUID, UUID] = field(default_factory=dict)

    async def person(self, name: str, role: Role | None = None, place: UUID | None = None) -> UUID:
        """A person with, if wanted, a role at a place; residents get a sealed contact."""
        person_id = new_id()
        sealed = b"\x01" + name.encode()
        await self.owner.execute(
            "INSERT INTO person (id, openid, name_sealed, phone_sealed, address_sealed, created_at, version)"
            " VALUES ($1, $2, $3, $3, $3, $4, 1)",
            person_id,
            str(person_id),
            sealed,
            LONG_AGO,
        )
        if role is not None and place is not None:
            await self.grant(person_id, role, place)
        self.people[name] = person_id
        await self.caller(person_id)
        return person_id

    async def estate(self, community: UUID, name: str, estate_type: str | None = None) -> UUID:
        """A new estate below a community."""
        place_id = new_id()
        await self.owner.execute(
            "INSERT INTO place (id, code, parent_id, level, name, estate_type, created_at, updated_at)"
            " SELECT $1::uuid, code || 'X' || right($1::uuid::text, 12), id, 'estate', $3, $4, $5, $5 FROM place WHERE id = $2",
            place_id,
            community,
            name,
            estate_type,
            LONG_AGO,
        )
        await self.owner.execute(
            "INSERT INTO place_ancestor SELECT $1::uuid, ancestor_id, depth + 1 FROM place_ancestor WHERE place_id = $2"
            " UNION ALL SELECT $1::uuid, $1::uuid, 0",
            place_id,
            community,
        )
        return place_id

    async def district(self) -> UUID:
        """A new district between the province and the street."""
        place_id = new_id()
        await self.owner.execute(
            "INSERT INTO place (id, code, parent_id, level, name, created_at, updated_at)"
            " SELECT $1, code || 'D', parent_id, 'district', '试验区', $3, $3 FROM place WHERE id = $2",
            place_id,
            self.street,
            LONG_AGO,
        )
        await self.owner.execute("UPDATE place SET parent_id = $1 WHERE id = $2", place_id, self.street)
        await self.owner.execute(
            "WITH below AS (SELECT place_id, depth FROM place_ancestor WHERE ancestor_id = $2),"
            " deeper AS (UPDATE place_ancestor a SET depth = a.depth + 1 FROM below b JOIN place_ancestor s"
            "   ON s.place_id = $2 AND s.ancestor_id <> $2 WHERE a.place_id = b.place_id AND a.ancestor_id = s.ancestor_id)"
            " INSERT INTO place_ancestor (place_id, ancestor_id, depth)"
            " SELECT place_id, $1::uuid, depth + 1 FROM below UNION ALL SELECT $1::uuid, $1::uuid, 0"
            " UNION ALL SELECT $1::uuid, ancestor_id, depth FROM place_ancestor WHERE place_id = $2 AND ancestor_id <> $2",
            place_id,
            self.street,
        )
        return place_id

    async def caller(self, person_id: UUID) -> Caller:
        """The person, logged in."""
        if person_id not in self.families:
            self.families[person_id] = new_id()
            await self.owner.execute(
                "INSERT INTO session (family, person_id, created_at) VALUES ($1, $2, $3)",
                self.families[person_id],
                person_id,
                LONG_AGO,
            )
        return Caller(person_id, self.families[person_id])

    async def place(self, app: Database, who: str = "王奶奶", key: Key | None = None) -> Receipt:
        """An order for the world's service."""
        inputs = {"service_id": self.service, "note": "陪我去医院"}
        return await execute(app, placing.place, await self.caller(self.people[who]), key or new_key(), None, inputs)

    async def do(self, app: Database, verb: Verb[Any, Any], who: str | UUID, order: UUID, **inputs: Any) -> Receipt:
        """A verb on an order, by a name or an id, under a key of its own."""
        person = self.people[who] if isinstance(who, str) else who
        return await execute(app, verb, await self.caller(person), new_key(), order, inputs)

    async def grant(self, person_id: UUID, role: Role, place: UUID) -> UUID:
        grant_id = new_id()
        await self.owner.execute(
            "INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)"
            " VALUES ($1, $2, $3, $4, $5, $2, 1) ON CONFLICT DO NOTHING",
            grant_id,
            person_id,
            place,
            role,
            LONG_AGO,
        )
        return grant_id


async def tireless(owner: asyncpg.Connection, *people: UUID) -> None:
    """These volunteers take as many orders a day as a test has."""
    await owner.execute(
        "INSERT INTO volunteer_profile (id, person_id, daily_capacity, version)"
        " SELECT gen_random_uuid(), p, 1000, 1 FROM unnest($1::uuid[]) p ON CONFLICT (person_id) DO NOTHING",
        list(people),
    )


_STREETS = count(new_id().int % 10**7)
"""The codes of streets are short: at random, one in a dozen long runs would draw one twice."""


async def build(owner_url: str) -> World:
    """A new world beside those that exist: tests share a database and never each other's places."""
    owner = await asyncpg.connect(owner_url)
    street, east, west = new_id(), new_id(), new_id()
    base = f"99{next(_STREETS) % 10**7:07d}"
    province = await owner.fetchval(
        "INSERT INTO place (id, code, level, name, created_at, updated_at) VALUES ($1, '99', 'province', '试验省', $2, $2)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id",
        new_id(),
        LONG_AGO,
    )
    await owner.execute("INSERT INTO place_ancestor VALUES ($1, $1, 0) ON CONFLICT DO NOTHING", province)
    for place_id, code, parent, level, name in (
        (street, base, province, "street", "试验街道"),
        (east, f"{base}001", street, "community", "东社区"),
        (west, f"{base}002", street, "community", "西社区"),
    ):
        await owner.execute(
            "INSERT INTO place (id, code, parent_id, level, name, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$6)",
            place_id,
            code,
            parent,
            level,
            name,
            LONG_AGO,
        )
        await owner.execute(
            "INSERT INTO place_ancestor SELECT $1::uuid, ancestor_id, depth + 1 FROM place_ancestor WHERE place_id = $2"
            " UNION ALL SELECT $1::uuid, $1::uuid, 0",
            place_id,
            parent,
        )
    world = World(owner, street, east, west)
    admin = await world.person("管理员", Role.ADMINISTRATOR, street)
    await owner.execute(
        "INSERT INTO service (id, place_id, name, description, published_by, created_at, version)"
        " VALUES ($1, $2, '陪诊取药', '陪老人去医院', $3, $4, 1)",
        world.service,
        street,
        admin,
        LONG_AGO,
    )
    await around_the_clock(owner, street, admin)
    await world.person("王奶奶", Role.RESIDENT, east)
    await world.person("西居民", Role.RESIDENT, west)
    await world.person("小李", Role.VOLUNTEER, east)
    await world.person("小赵", Role.VOLUNTEER, street)
    await tireless(owner, world.people["小李"], world.people["小赵"])
    await world.person("派单员", Role.DISPATCHER, east)
    await world.person("书记", Role.SECRETARY, east)
    await world.person("西派单员", Role.DISPATCHER, west)
    return world


async def around_the_clock(owner: asyncpg.Connection, place: UUID, admin: UUID) -> None:
    """The standard limits on the calendar WALL, published at a place: tests run at any hour. The calendars have stories and
    tables of their own, and so has the matcher: here people dispatch."""
    await owner.execute(
        "WITH standard AS ("
        "  SELECT DISTINCT ON (matter_kind, deadline_kind, category) * FROM deadline_policy WHERE place_id IS NULL"
        "   ORDER BY matter_kind, deadline_kind, category, version DESC), made AS ("
        "  SELECT gen_random_uuid() AS new_id, * FROM standard), policies AS ("
        "  INSERT INTO deadline_policy (id, place_id, matter_kind, deadline_kind, category, version, calendar, budget_seconds,"
        "    later_round_percent, pause_limit_seconds, percents, published_by, published_at)"
        "  SELECT new_id, $1, matter_kind, deadline_kind, category, 1, 'WALL',"
        "         CASE deadline_kind WHEN 'dispatch' THEN 2592000 ELSE coalesce(budget_seconds, budget_days * 86400) END,"
        "         later_round_percent, pause_limit_seconds, percents, $2, $3 FROM made)"
        "INSERT INTO policy_effect (policy_id, percent, primitive, target)"
        "SELECT m.new_id, e.percent, e.primitive, e.target FROM made m JOIN policy_effect e ON e.policy_id = m.id"
        " WHERE m.deadline_kind <> 'dispatch'",
        place,
        admin,
        LONG_AGO,
    )
