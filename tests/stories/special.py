"""What the stories of wishes, errands and service days share: a service of a form, a team, and what somebody was told."""

from app.kernel.ids import new_id
from tests.people import Someone
from tests.stories.conftest import Street
from tests.world import LONG_AGO


async def service_of(street: Street, form: str, name: str, category: str = "") -> str:
    """A service of this form, published for the whole street."""
    service_id = new_id()
    await street.world.owner.execute(
        "INSERT INTO service (id, place_id, category, name, description, form, published_by, created_at, version)"
        " VALUES ($1, $2, $3, $4, $4, $5, $6, $7, 1)",
        service_id,
        street.world.street,
        category,
        name,
        form,
        street.administrator.id,
        LONG_AGO,
    )
    return str(service_id)


async def team_of(street: Street, lead: Someone, *members: Someone) -> str:
    """A team that serves the east community, led by `lead`."""
    team_id, owner = new_id(), street.world.owner
    await owner.execute(
        "WITH t AS (INSERT INTO team (id, place_id, name, colour, lead_id, led, created_by, created_at, version)"
        "  VALUES ($1, $2, '白衣义诊队', 'white', $3, true, $4, $5, 1))"
        "INSERT INTO team_member (id, team_id, place_id, person_id, live, added_by, joined_at, version)"
        " SELECT gen_random_uuid(), $1, $2, x.id, true, $4, $5, 1 FROM unnest($6::uuid[]) x(id)",
        team_id,
        street.world.east,
        lead.id,
        street.administrator.id,
        LONG_AGO,
        [lead.id, *(member.id for member in members)],
    )
    return str(team_id)


async def told(someone: Someone, *topics: str) -> list[str]:
    """The texts of somebody's messages on these topics, oldest first."""
    items = (await someone.get("/v1/inbox"))["items"]
    return [item["text"] for item in reversed(items) if item["topic"] in topics]
