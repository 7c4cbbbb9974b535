"""A small world for the tests: one street with two communities, and people with roles, written by the owner."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from app.kernel.ids import new_id
from app.kernel.rules import Role

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class World:
    """Ids of the world's places, people and service."""

    owner: asyncpg.Connection
    street: UUID
    east: UUID
    west: UUID
    service: UUID = field(default_factory=new_id)
    people: dict[str, UUID] = field(default_factory=dict)

    async def person(self, name: str, role: Role | None = None, place: UUID | None = None) -> UUID:
        """A person with, if wanted, a role at a place; residents get a sealed contact."""
        person_id = new_id()
        sealed = b"\x01" + name.encode()
        await self.owner.execute(
            "INSERT INTO person (id, openid, name_sealed, phone_sealed, address_sealed, created_at, version)"
            " VALUES ($1, $2, $3, $3, $3, $4, 1)",
            person_id, str(person_id), sealed, LONG_AGO,
        )
        if role is not None and place is not None:
            await self.grant(person_id, role, place)
        self.people[name] = person_id
        return person_id

    async def grant(self, person_id: UUID, role: Role, place: UUID) -> UUID:
        grant_id = new_id()
        await self.owner.execute(
            "INSERT INTO role_grant (id, person_id, place_id, role, starts_at, granted_by, version)"
            " VALUES ($1, $2, $3, $4, $5, $2, 1)",
            grant_id, person_id, place, role, LONG_AGO,
        )
        return grant_id


async def build(owner_url: str) -> World:
    """A new world beside those that exist: tests share a database and never each other's places."""
    owner = await asyncpg.connect(owner_url)
    street, east, west = new_id(), new_id(), new_id()
    base = f"99{new_id().int % 10**7:07d}"
    province = await owner.fetchval(
        "INSERT INTO place (id, code, level, name, created_at, updated_at) VALUES ($1, '99', 'province', '试验省', $2, $2)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name RETURNING id",
        new_id(), LONG_AGO,
    )
    await owner.execute("INSERT INTO place_ancestor VALUES ($1, $1, 0) ON CONFLICT DO NOTHING", province)
    for place_id, code, parent, level, name in (
        (street, base, province, "street", "试验街道"),
        (east, f"{base}001", street, "community", "东社区"),
        (west, f"{base}002", street, "community", "西社区"),
    ):
        await owner.execute(
            "INSERT INTO place (id, code, parent_id, level, name, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$6)",
            place_id, code, parent, level, name, LONG_AGO,
        )
        await owner.execute(
            "INSERT INTO place_ancestor SELECT $1::uuid, ancestor_id, depth + 1 FROM place_ancestor WHERE place_id = $2"
            " UNION ALL SELECT $1::uuid, $1::uuid, 0",
            place_id, parent,
        )
    world = World(owner, street, east, west)
    admin = await world.person("管理员", Role.ADMINISTRATOR, street)
    await owner.execute(
        "INSERT INTO service (id, place_id, name, description, published_by, created_at, version)"
        " VALUES ($1, $2, '陪同就医', '陪老人去医院', $3, $4, 1)",
        world.service, street, admin, LONG_AGO,
    )
    await world.person("王奶奶", Role.RESIDENT, east)
    await world.person("西居民", Role.RESIDENT, west)
    await world.person("小李", Role.VOLUNTEER, east)
    await world.person("小赵", Role.VOLUNTEER, street)
    await world.person("派单员", Role.DISPATCHER, east)
    await world.person("书记", Role.SECRETARY, east)
    await world.person("西派单员", Role.DISPATCHER, west)
    return world
