"""What the stories of wishes, errands and service days share: a service of a form, a team, and what somebody was told."""

from uuid import UUID

from app.kernel.ids import new_id
from tests.people import Someone
from tests.world import LONG_AGO, World


async def service_of(world: World, form: str, name: str, category: str = "") -> str:
    """A service of this form, published for the whole street."""
    service_id = new_id()
    await world.owner.execute(
        "INSERT INTO service (id, place_id, category, name, description, form, published_by, created_at, version)"
        " VALUES ($1, $2, $3, $4, $4, $5, $6, $7, 1)",
        service_id,
        world.street,
        category,
        name,
        form,
        world.people["管理员"],
        LONG_AGO,
    )
    return str(service_id)


async def team_of(world: World, lead_id: UUID, place_id: UUID | None = None) -> str:
    """A team that serves a community, the east one if none is named, led by its only member."""
    team_id = new_id()
    await world.owner.execute(
        "WITH t AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, version)"
        "  VALUES ($1, $2, '白衣义诊队', 'white', $3, true, $4, $5, 1))"
        "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
        " VALUES (gen_random_uuid(), $1, $2, $3, true, $4, $5, 1)",
        team_id,
        place_id or world.east,
        lead_id,
        world.people["管理员"],
        LONG_AGO,
    )
    return str(team_id)


async def told(someone: Someone, *topics: str) -> list[str]:
    """The texts of somebody's messages on these topics, oldest first."""
    items = (await someone.get("/v1/inbox"))["items"]
    return [item["text"] for item in reversed(items) if item["topic"] in topics]
