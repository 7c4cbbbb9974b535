"""What the stories of teams and of their services share."""

from tests.people import Someone
from tests.stories.conftest import Street

NOT_ALLOWED = (403, "not-allowed")


async def team(street: Street, lead: Someone, place: str = "east", name: str = "红马甲") -> str:
    body = {"place_id": str(getattr(street.world, place)), "name": name, "colour": "red", "lead_id": str(lead.id)}
    return (await street.administrator.post("/v1/teams", body))["id"]


async def told(someone: Someone) -> list[str]:
    return [message["topic"] for message in (await someone.get("/v1/inbox"))["items"]]


def person(someone: Someone) -> dict[str, str]:
    return {"person_id": str(someone.id)}
